"""参考率与一次性通过率: the year's page, the names behind every figure, and the files."""

from datetime import datetime
from typing import Any

from flask import Blueprint, jsonify, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain import charts
from legaled.domain.permissions import Permission
from legaled.domain.plans import PLAN_STAGE_LABEL
from legaled.domain.rates import (
    DIFFERENCE_LABEL,
    DIFFERENCES,
    FIGURE_LABEL,
    RATES,
    Figures,
    Row,
)
from legaled.domain.rates_words import DEFINITIONS, outcome
from legaled.domain.times import beijing_day
from legaled.services import audit, plan_views, stats, stats_export
from legaled.services.paging import page_of
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.downloads import CSV, XLSX, download
from legaled.web.numbers import whole

bp = Blueprint("stats", __name__, url_prefix="/stats")
LABEL = {**FIGURE_LABEL, **DIFFERENCE_LABEL}
EQUATION = {"required": ("roster", "exempt"), "absent": ("required", "sat"), **DIFFERENCES}
SHOWN_RATES = ("participation", "first_pass_of_sat")
SIZE = 100
UNEXPLAINED = 8  # names shown on the year's page; the rest is on their list
MIME = {"csv": CSV, "xlsx": XLSX}


@bp.get("")
@allow(Permission.STATS_READ)
def index() -> str:
    session, at = db.get_session(), now()
    known = stats.years(session)
    chosen = _year(known, at)
    span = stats.span(session, actor(), chosen - stats.TREND_YEARS + 1, chosen, at)
    year = span[chosen]
    sheet = stats.sheet(year, _text("exam"), _text("unit"))
    return render_template(
        "stats/show.html", years=known, year=year, sheet=sheet, todo=_todo(year),
        trend=_trend(span, sheet.unit), bars=_bars(sheet), histogram=_histogram(sheet),
        definitions=DEFINITIONS, card="card" in request.args, listing=_listing(sheet),
        choice={"year": chosen, "exam": _text("exam"), "unit": _text("unit")},
        study_plans=plan_views.plans_of_year(session, actor(), chosen, at),
        may_study=actor().may(Permission.STUDY_EDIT), plan_stage_label=PLAN_STAGE_LABEL,
    )


@bp.get("/names")
@allow(Permission.STATS_NAMES)
def names() -> str:
    year, rows = _names()
    sheet = stats.sheet(year, _text("exam"), _text("unit"))
    found = _search(rows, request.args.get("q", "").strip())
    page = page_of(len(found), whole(request.args, "page", 1), SIZE)
    figure, by = _figure()
    return render_template(
        "stats/names.html", year=year, sheet=sheet, figure=figure, by=by, page=page,
        label=_label(figure, sheet), total=len(rows), equation=_equation(figure, by, sheet),
        unit_word="人次" if by == "sittings" else "人",
        lines=[_line(row) for row in found[page.offset : page.offset + SIZE]],
        choice={"year": year.year, "exam": _text("exam"), "unit": _text("unit")},
        query={"figure": figure, "by": by, "q": request.args.get("q", "")},
    )


@bp.get("/names.<any(csv, xlsx):kind>")
@allow(Permission.STATS_NAMES)
def export_names(kind: str) -> Response:
    year, rows = _names()
    figure, by = _figure()
    data = stats_export.export_names(rows, kind)
    subject = f"{year.year} {figure} {by} {_text('exam') or ''} {_text('unit') or ''}".strip()
    return _file(data, kind, f"{LABEL[figure]}-{year.year}", "stats.export_names", subject)


@bp.get("/export.<any(csv, xlsx):kind>")
@allow(Permission.STATS_READ)
def export(kind: str) -> Response:
    year = _read_year()
    data = stats_export.export(year, kind)
    name = f"参考率与一次性通过率-{year.year}"
    return _file(data, kind, name, "stats.export", f"{year.year} {kind}")


@bp.get("/export.json")
@allow(Permission.STATS_READ)
def export_json() -> Response:
    year = _read_year()
    _note("stats.export", f"{year.year} json")
    return jsonify(stats.as_json(year))


# ---- reading ----


def _text(name: str) -> str | None:
    return request.args.get(name) or None


def _year(known: list[int], at: datetime) -> int:
    """The year asked for, else the latest with an exam, else this one."""
    latest = known[-1] if known else beijing_day(at).year
    return whole(request.args, "year", latest)


def _read_year() -> stats.Year:
    with db.database().read() as session:
        at = now()
        return stats.year(session, actor(), _year(stats.years(session), at), at)


def _figure() -> tuple[str, str]:
    return request.args.get("figure", "roster"), request.args.get("by", "sittings")


def _names() -> tuple[stats.Year, list[stats.NameRow]]:
    year = _read_year()
    figure, by = _figure()
    return year, stats.listed(year, figure, by, _text("exam"), _text("unit"))


def _search(rows: list[stats.NameRow], words: str) -> list[stats.NameRow]:
    return [row for row in rows if words in f"{row.number}\n{row.name}\n{row.unit}"]


def _file(data: bytes, kind: str, name: str, action: str, subject: str) -> Response:
    _note(action, subject)
    return download(data, f"{name}.{kind}", MIME[kind])


def _note(action: str, subject: str) -> None:
    with db.database().write() as session:
        audit.note(session, actor(), action, subject, now())


# ---- finished values for the templates ----


def _label(figure: str, sheet: stats.Sheet) -> str:
    still_open = sheet.exam is not None and not sheet.exam.terms.closed
    return "未考" if figure == "absent" and still_open else LABEL[figure]


def _listing(sheet: stats.Sheet) -> bool:
    """True when the figures of the choice may be printed as final: not for an open exam."""
    return sheet.exam.terms.closed if sheet.exam else any(e.terms.closed for e, _ in sheet.exams)


def _equation(figure: str, by: str, sheet: stats.Sheet) -> str:
    if figure not in EQUATION:
        return ""
    figures = sheet.sittings if by == "sittings" else sheet.people
    whole, part = EQUATION[figure]
    return f"{LABEL[whole]} {figures[whole]} − {LABEL[part]} {figures[part]}"


def _line(row: stats.NameRow) -> dict[str, Any]:
    return {
        "number": row.number, "name": row.name, "unit": row.unit, "person": row.person,
        "exams": [
            {"title": one.terms.title, "first": one.first_score, "best": one.best_score,
             "outcome": outcome(one), "note": one.note, "url": _roster_url(one)}
            for one in row.rows
        ],
    }


def _roster_url(row: Row) -> str:
    """Where an absence reason is filled in, for an absent row."""
    if row.removed or row.is_exempt or row.has_sat:
        return ""
    return url_for("manage.roster.show", exam_id=row.terms.exam, person_id=row.person)


def _todo(year: stats.Year) -> dict[str, Any]:
    todo = stats.todo(year)
    shown = todo.unexplained[:UNEXPLAINED] if year.may_name else ()
    return {
        "count": len(todo.unexplained) + len(todo.open_exams),
        "unexplained": len(todo.unexplained),
        "rows": [
            {"name": row.name, "unit": row.unit_path.rpartition("/")[2],
             "exam": row.terms.title, "note": row.note, "url": _roster_url(row)}
            for row in shown
        ],
        "more": len(todo.unexplained) - len(shown) if year.may_name else 0,
        "open": todo.open_exams,
    }


def _part(figures: Figures, rate: str) -> tuple[int, int]:
    part, whole = RATES[rate]
    return figures[part], figures[whole]


def _trend(span: dict[int, stats.Year], unit: str) -> dict[str, Any] | None:
    """The chart and the table under it; None when no year has figures."""
    years = stats.trend(span, unit)
    if all(figures is None for _, figures in years):
        return None
    series = [
        [_part(figures, rate) if figures else None for _, figures in years]
        for rate in SHOWN_RATES
    ]
    return {"chart": charts.trend(series), "years": years}


def _bars(sheet: stats.Sheet) -> list[dict[str, Any]]:
    bars = []
    for line in sheet.children:
        widths = {}
        for rate in SHOWN_RATES:
            part, whole = _part(line.sittings, rate) if line.sittings else (0, 0)
            widths[rate] = f"{100 * part / whole:.2f}" if whole else "0"
        bars.append({"line": line, "figures": line.sittings, "widths": widths})
    return bars


def _histogram(sheet: stats.Sheet) -> charts.Histogram | None:
    if sheet.scored is None:
        return None
    return charts.histogram(sheet.scores, sheet.scored.terms.pass_line, sheet.scored.full)
