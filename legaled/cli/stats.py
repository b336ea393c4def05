"""`flask stats year Y`: the rates of a year, as a table or as JSON."""

import json

import click
from flask.cli import AppGroup

from legaled import db
from legaled.clock import now
from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import SYSTEM
from legaled.domain.rates import FIGURE_LABEL, FIGURES, RATE_LABEL, RATES, Figures
from legaled.domain.text import width
from legaled.services import stats

group = AppGroup("stats", help="参考率与一次性通过率。")


@group.command("year")
@click.argument("number", metavar="YEAR", type=int)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON，供其他程序读取。")
def show(number: int, as_json: bool) -> None:
    """打印一个考试年度的参考率与一次性通过率。"""
    try:
        with db.ready().read() as session:
            year = stats.year(session, SYSTEM, number, now())
            text = (
                json.dumps(stats.as_json(year), ensure_ascii=False, indent=2)
                if as_json else _table(year)
            )
    except NotFoundError as error:
        raise click.ClickException(f"没有 {number} 这个考试年度。") from error
    click.echo(text)


def _table(year: stats.Year) -> str:
    lines = [("", *FIGURE_LABEL.values(), *RATE_LABEL.values())]
    lines.append(_line("全年，按人次", year.sittings))
    lines.append(_line("全年，按人", year.people))
    for unit in year.units:
        for label, figures in (("按人次", unit.sittings), ("按人", unit.people)):
            if figures is not None:
                lines.append(_line(f"{unit.path}，{label}", figures))
    widths = [max(width(line[column]) for line in lines) for column in range(len(lines[0]))]
    table = ["  ".join(_pad(text, wide, column > 0) for column, (text, wide) in
                       enumerate(zip(line, widths, strict=True))).rstrip() for line in lines]
    return "\n".join([f"{year.year} 考试年度", *_exams(year), "", *table])


def _line(label: str, figures: Figures) -> tuple[str, ...]:
    counts = (str(figures[name]) for name in FIGURES)
    return (label, *counts, *(figures.rate(name) for name in RATES))


def _exams(year: stats.Year) -> list[str]:
    if not year.exams:
        return ["本年没有考试。"]
    return [
        f"{exam.terms.code} {exam.terms.title}："
        + ("已结束" if exam.terms.closed else "进行中，未计入合计")
        for exam in year.exams
    ]


def _pad(text: str, wide: int, right: bool) -> str:
    space = " " * (wide - width(text))
    return space + text if right else text + space
