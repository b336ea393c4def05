"""`flask db …`: create and migrate the tables."""

import click
from flask import current_app
from flask.cli import AppGroup

from legaled import db

group = AppGroup("db", help="建表与升级。")


@group.command("upgrade")
def upgrade() -> None:
    """Create the tables, or bring them to this version; one process at a time."""
    db.upgrade(db.database())
    click.echo(f"数据库已是最新：{current_app.config['LEGALED'].url}")
