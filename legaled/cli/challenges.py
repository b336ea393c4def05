"""`flask challenges …`: what runs by the clock."""

import click
from flask.cli import AppGroup

from legaled import db
from legaled.clock import now
from legaled.services import challenge_facts

group = AppGroup("challenges", help="挑战赛：到时结束。")


@group.command("close-due")
def close_due() -> None:
    """把到时而没有答完的各轮按已收到的答案结束。"""
    closed = 0
    while True:
        with db.ready().write() as session:
            batch = challenge_facts.close_due(session, now())
        if batch == 0:
            break
        closed += batch
    click.echo(f"结束 {closed} 轮。")
