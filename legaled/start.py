"""`python app.py`: migrate, fill an empty database, serve."""

import argparse
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from flask import Flask
from sqlalchemy.orm import Session

from legaled import create_app, db
from legaled.cli.demo import first_run
from legaled.clock import utc_now
from legaled.config import Config
from legaled.server import PortTakenError, refuse_taken_port, serve
from legaled.services import challenge_corrections, challenge_facts, marking


def main(arguments: list[str] | None = None) -> None:
    """Serve until SIGTERM or Ctrl-C. Exits with a Chinese sentence when something is wrong."""
    options = _options(arguments)
    try:
        config = Config.from_env()
    except ValueError as error:
        sys.exit(str(error))
    if options.lan:
        config = replace(config, host="0.0.0.0")  # noqa: S104 - asked for
    os.umask(0o077)  # the database holds people's scores: its files are for this account only
    try:
        refuse_taken_port(config.host, config.port)
    except PortTakenError:
        sys.exit(f"端口 {config.port} 已被占用。请先停掉另一个程序，或用 LEGALED_PORT 换一个端口。")
    app = create_app(config)
    with app.app_context():
        db.upgrade(db.database())
        words = first_run(demo_wanted=not options.no_demo)
    _announce(config, words)
    serve(config, tick=lambda: _tick(app))


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run", description="启动学法用法平台。")
    parser.add_argument("--lan", action="store_true", help="允许局域网内其他电脑和手机访问")
    parser.add_argument(
        "--no-demo", action="store_true", help="空库不填演示数据，只建一个账号管理员"
    )
    return parser.parse_args(arguments)


def _tick(app: Flask) -> None:
    """Store the facts of what ran out of time, and of challenge runs that are corrected."""
    with app.app_context():
        for overdue in (marking, challenge_facts, challenge_corrections):
            _close_due(overdue.has_due, overdue.close_due, overdue.BATCH)


def _close_due(
    has_due: Callable[[Session, datetime], bool],
    close_due: Callable[[Session, datetime], int],
    batch: int,
) -> None:
    with db.database().read() as session:
        waiting = has_due(session, utc_now())
    while waiting:
        with db.database().write() as session:
            waiting = close_due(session, utc_now()) == batch


def _announce(config: Config, words: str) -> None:
    lines = [f"学法用法平台已启动：http://127.0.0.1:{config.port}"]
    if config.host == "0.0.0.0":  # noqa: S104 - asked for
        lines.append(f"局域网地址：http://{_lan_address()}:{config.port}")
    elif config.host != "127.0.0.1":
        lines = [f"学法用法平台已启动：http://{config.host}:{config.port}"]
    if config.public_url:
        lines.append(f"对外地址：{config.public_url}")
    print("\n".join([*lines, words or LOGINS_HINT, "按 Ctrl-C 停止。"]), flush=True)


LOGINS_HINT = "用已有的账号登录。忘记管理员密码：.venv/bin/flask people admin --reset"


def _lan_address() -> str:
    """The address of this machine that others on its network reach; nothing is sent."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return socket.gethostname()
        return str(probe.getsockname()[0])
