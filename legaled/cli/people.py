"""`flask people …`: bring in a list of people, make the first administrator."""

import os
import sys
from pathlib import Path
from typing import NoReturn

import click
from flask.cli import AppGroup

from legaled import db
from legaled.clock import now
from legaled.domain.bank_problems import Problem, UnreadableFileError
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.permissions import SYSTEM
from legaled.services import people

group = AppGroup("people", help="人员与账号。")
PRIVATE = os.O_CREAT | os.O_EXCL | os.O_WRONLY


@group.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--create-units", is_flag=True, help="同时建立名单里没有的单位和科室。")
@click.option("--passwords", type=click.Path(path_type=Path),
              help="一次性密码写入这个文件（只有本人可读），不写在屏幕上。")
def import_(file: Path, create_units: bool, passwords: Path | None) -> None:
    """导入人员名单 FILE（CSV 或 XLSX），全部没错才写入。"""
    try:
        found = people.read_people(file.read_bytes())
    except UnreadableFileError as error:
        _stop(2, error.problem.message)
    except OSError as error:
        _stop(2, f"打不开文件 {file}：{error.strerror}")
    if passwords is not None and passwords.exists():
        _stop(2, f"{passwords} 已经存在，什么都没有写入。请换一个文件名。")
    try:
        with db.ready().write() as session:
            plan = people.plan_people(session, SYSTEM, found, create_units)
            if plan.problems:
                _stop(1, *map(_line, plan.problems))
            done = people.import_people(session, SYSTEM, found.rows, now(), create_units)
            if passwords is not None and done.passwords:
                _write_private(passwords, people.write_passwords(done.passwords))
    except OSError as error:
        _stop(2, f"写不了 {passwords}：{error.strerror}。什么都没有写入。")
    _report(done, passwords)


@group.command("admin")
@click.option("--number", default="admin", show_default=True, help="工号，也就是登录名。")
@click.option("--reset", is_flag=True, help="给这个账号管理员一个新的一次性密码。")
def admin(number: str, reset: bool) -> None:
    """没有账号管理员时建立一个；--reset 给现有的一个重置密码。显示一次性密码。"""
    give = people.reset_admin if reset else people.ensure_admin
    try:
        with db.ready().write() as session:
            password = give(session, number, now())
    except NotFoundError:
        _stop(1, f"没有工号是 {number} 的账号管理员，什么都没有改。请用 --number 写对工号。")
    except ConflictError:
        _stop(1, f"工号 {number} 已经有人用了，请用 --number 另选一个。")
    except InvalidError:
        _stop(1, f"工号「{number}」不能用，请用 --number 另选一个。")
    if password is None:
        click.echo("已经有账号管理员，没有新建。")
    else:
        click.echo(f"工号 {number}，一次性密码 {password}。登录后要先改成自己的密码。")


def _report(done: people.PeopleImport, passwords: Path | None) -> None:
    click.echo(f"新增 {done.added} 人，修改 {done.changed} 人，没有变化 {done.unchanged} 人，"
               f"新建单位和科室 {len(done.units)} 个。")
    if passwords is not None:
        found = f"一次性密码在 {passwords}。" if done.passwords else "没有新增的人，没有新密码。"
        click.echo(found)
        return
    for number, name, password in done.passwords:
        click.echo(f"{number}\t{name}\t{password}")


def _line(one: Problem) -> str:
    """第 3 行 单位：没有这个单位。……"""
    where = " ".join(filter(None, (f"第 {one.row} 行" if one.row else "", one.column)))
    return f"{where}：{one.message}" if where else one.message


def _write_private(path: Path, data: bytes) -> None:
    with open(os.open(path, PRIVATE, 0o600), "wb") as file:
        file.write(data)


def _stop(code: int, *lines: str) -> NoReturn:
    for line in lines:
        click.echo(line, err=True)
    sys.exit(code)
