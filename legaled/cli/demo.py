"""`flask demo fill`, and what a first start does to an empty database."""

import click
from flask import current_app
from flask.cli import AppGroup

from legaled import db
from legaled.clock import now
from legaled.services import banks, demo, people

group = AppGroup("demo", help="演示数据。")


@group.command("fill")
def fill() -> None:
    """空库填入演示单位：示例区档案馆，23 人，去年两场考试，今年一场进行中。"""
    db.upgrade(db.ready())
    with db.ready().write() as session:
        if not demo.is_empty(session):
            raise click.ClickException("数据库里已经有人员，没有改动。演示数据只填入空库。")
        demo.fill(session, current_app.config["LEGALED"].laws, now())
    click.echo(logins())


def first_run(*, demo_wanted: bool) -> str:
    """Fill an empty database; returns the words to print about how to sign in, or ""."""
    with db.ready().read() as session:
        if not demo.is_empty(session):
            return logins() if demo.is_demo(session) else ""
    with db.ready().write() as session:
        laws = current_app.config["LEGALED"].laws
        if demo_wanted:
            demo.fill(session, laws, now())
            return logins()
        banks.ship(session, laws, now())
        password = people.ensure_admin(session, "admin", now())
    return f"账号管理员：工号 admin，一次性密码 {password}（首次登录须修改，只显示这一次）"


def logins() -> str:
    lines = [f"  {words}：工号 {number}" for number, words in demo.LOGINS]
    return "\n".join([f"演示账号，密码都是 {demo.PASSWORD}", *lines])
