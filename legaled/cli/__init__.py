"""`flask <noun> <verb>`: parse, call a service, print. One file a noun."""

from flask import Flask

from legaled.cli import banks, challenges, content, database, demo, exams, laws, people, stats


def init_app(app: Flask) -> None:
    for module in (database, people, banks, laws, content, exams, challenges, stats, demo):
        app.cli.add_command(module.group)
