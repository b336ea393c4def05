"""`flask exams …`: what runs by the clock, and a list for other programs."""

import json
from datetime import UTC, datetime

import click
from flask.cli import AppGroup

from legaled import db
from legaled.clock import now
from legaled.domain.permissions import SYSTEM
from legaled.domain.times import BEIJING
from legaled.services import exam_views, marking
from legaled.services.exam_views import ExamLine

group = AppGroup("exams", help="考试：到时收卷、列出考试。")


@group.command("close-due")
def close_due() -> None:
    """把到时而没有交的答卷按已保存的答案收卷。"""
    closed = 0
    while True:
        with db.ready().write() as session:
            batch = marking.close_due(session, now())
        if batch == 0:
            break
        closed += batch
    click.echo(f"收卷 {closed} 份。")


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="给程序读的 JSON。")
@click.option("--year", type=int, help="只列一个考试年度。")
def list_exams(as_json: bool, year: int | None) -> None:
    """列出全部考试。"""
    lines = _all(year)
    if as_json:
        click.echo(json.dumps([_json(line) for line in lines], ensure_ascii=False, indent=2))
        return
    for line in lines:
        opens = f"{line.windows[0].opens.astimezone(BEIJING):%Y-%m-%d %H:%M}"
        counts = f"{line.figures['sat']}/{line.figures['required']}"
        click.echo("\t".join((line.code, line.stage.value, opens, counts, line.title)))


def _all(year: int | None) -> list[ExamLine]:
    lines: list[ExamLine] = []
    with db.ready().read() as session:
        while True:
            page = len(lines) // exam_views.PER_PAGE + 1
            found = exam_views.list_exams(session, SYSTEM, now(), year, page=page)
            lines += found.lines
            if page >= found.page.pages:
                return lines


def _json(line: ExamLine) -> dict[str, object]:
    return {
        "exam": line.code,
        "title": line.title,
        "year": line.year,
        "state": line.stage.value,
        "sittings": [
            {"number": w.number, "opens": _iso(w.opens), "closes": _iso(w.closes)}
            for w in line.windows
        ],
        **{name: line.figures[name] for name in ("roster", "exempt", "required", "sat", "absent")},
    }


def _iso(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
