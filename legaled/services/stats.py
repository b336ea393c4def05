"""Rates of a year: the figures, what a page shows of them, and the names behind them.

Everything here looks at a `Year`, which was read once; nothing here asks the database again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from legaled.domain.errors import ForbiddenError, InvalidError
from legaled.domain.permissions import Actor, Permission
from legaled.domain.rates import (
    DEFINITION,
    DIFFERENCES,
    FIGURES,
    Figures,
    Row,
    by_people,
    by_sittings,
    people_behind,
    rows_behind,
)
from legaled.domain.rates_units import parent_of, units
from legaled.services.stats_rows import Listed
from legaled.services.stats_year import UnitLine, Year, span, year, years

__all__ = [
    "Listed", "NameRow", "Sheet", "Todo", "UnitLine", "Year", "as_json", "listed", "names",
    "sheet", "span", "todo", "trend", "year", "years",
]
BY = ("sittings", "people")
TREND_YEARS = 5


def as_json(year: Year) -> dict[str, Any]:
    """The year as RATES.md prints it; figures that the actor must not see are null."""
    return {
        "year": year.year,
        "definition": DEFINITION,
        "exams": [
            {
                **by_sittings(year.rows_of(exam)).as_json(),
                "exam": exam.terms.code,
                "title": exam.terms.title,
                "state": "closed" if exam.terms.closed else "open",
            }
            for exam in year.exams
        ],
        "totals": {
            "by_sittings": year.sittings.as_json(), "by_people": year.people.as_json()
        },
        "units": [
            {
                "unit": line.path,
                "code": line.own_code,
                "by_sittings": line.sittings.as_json() if line.sittings else None,
                "by_people": line.people.as_json() if line.people else None,
            }
            for line in year.units
            if not line.is_rest
        ],
    }


# ---- what a page shows ----


@dataclass(frozen=True)
class Sheet:
    """The figures of one choice of exam and unit. `unit` "" is everybody; `place` is its name.

    `children` are the units one step down (beside it, if `is_leaf`), `crumbs` the units above,
    `exams` every exam of the year with its figures in this unit, `scores` the first scores of
    `scored`.
    """

    exam: Listed | None
    unit: str
    place: str
    sittings: Figures
    people: Figures
    crumbs: tuple[UnitLine, ...]
    children: tuple[UnitLine, ...]
    is_leaf: bool
    exams: tuple[tuple[Listed, Figures], ...]
    scored: Listed | None
    scores: tuple[int, ...]


def sheet(year: Year, exam: str | None = None, unit: str | None = None) -> Sheet:
    """Raises NotFoundError for an exam or a unit that this actor does not see in this year."""
    chosen = year.exam(exam) if exam else None
    line = year.unit(unit) if unit else None
    code = line.code if line else ""
    top = code or year.common_unit()
    below = _below(year, chosen, top)
    closed = [one for one in year.exams if one.terms.closed]
    scored = chosen if chosen is not None else (closed[-1] if closed else None)
    sat = rows_behind(year.chosen(scored, code), "sat") if scored else []
    return Sheet(
        exam=chosen,
        unit=line.key if line else "",
        place=line.path if line else _place(year, top),
        sittings=by_sittings(year.chosen(chosen, code)),
        people=by_people(year.chosen_people(chosen, code)),
        crumbs=_above(year, code),
        children=below or _below(year, chosen, parent_of(top)),
        is_leaf=not below,
        exams=tuple((one, by_sittings(year.chosen(one, code))) for one in year.exams),
        scored=scored,
        scores=tuple(row.first_score for row in sat if row.first_score is not None),
    )


def trend(span: dict[int, Year], unit: str = "") -> list[tuple[int, Figures | None]]:
    """按人次 of each year, oldest first; None where there is nothing to show (or to see)."""
    shown: list[tuple[int, Figures | None]] = []
    for number, one in sorted(span.items()):
        if not unit:
            shown.append((number, one.sittings if one.rows else None))
            continue
        line = next((line for line in one.units if unit in (line.key, line.code)), None)
        shown.append((number, line.sittings if line else None))
    return shown


def _below(year: Year, exam: Listed | None, code: str) -> tuple[UnitLine, ...]:
    tree = year.unit_lines(units(year.rows_of(exam))) if exam else year.units
    return tuple(line for line in tree if parent_of(line.code) == code)


def _place(year: Year, top: str) -> str:
    return next((line.path for line in year.units if line.code == top), "")


def _above(year: Year, code: str) -> tuple[UnitLine, ...]:
    return tuple(
        line for line in year.units
        if line.code != code and not line.is_rest and code.startswith(line.code + "/")
    )


@dataclass(frozen=True)
class Todo:
    """What has to be done before a year can be signed: absent rows without a reason."""

    unexplained: tuple[Row, ...]
    open_exams: tuple[tuple[Listed, Figures], ...]

    def __len__(self) -> int:
        return len(self.unexplained) + len(self.open_exams)


def todo(year: Year) -> Todo:
    absent = rows_behind(year.rows, "absent")
    still_open = [exam for exam in year.exams if not exam.terms.closed]
    return Todo(
        tuple(row for row in absent if row.absence is None),
        tuple((exam, by_sittings(year.rows_of(exam))) for exam in still_open),
    )


# ---- the names behind a figure ----


@dataclass(frozen=True)
class NameRow:
    """A name on a list: one exam (按人次) or all of the person's exams (按人)."""

    person: int
    number: str
    name: str
    unit: str
    rows: tuple[Row, ...]


def names(
    session: Session,
    actor: Actor,
    year_number: int,
    now: datetime,
    *,
    figure: str,
    by: str = "sittings",
    exam: str | None = None,
    unit: str | None = None,
) -> list[NameRow]:
    """The people that a figure counts, exactly as many as the figure says.

    Raises ForbiddenError for actors who may see figures but no names.
    """
    if not actor.may(Permission.STATS_NAMES):
        raise ForbiddenError("forbidden")
    return listed(year(session, actor, year_number, now), figure, by, exam, unit)


def listed(
    year: Year, figure: str, by: str = "sittings",
    exam: str | None = None, unit: str | None = None,
) -> list[NameRow]:
    """As `names`, for a year that was read already."""
    if not year.may_name:
        raise ForbiddenError("forbidden")
    if by not in BY or (figure not in FIGURES and figure not in DIFFERENCES):
        raise InvalidError("bad_request")
    chosen = year.exam(exam) if exam else None
    code = year.unit(unit).code if unit else ""
    if by == "sittings":
        rows = rows_behind(year.chosen(chosen, code), figure)
        return [_name(row, (row,)) for row in rows]
    persons = people_behind(year.chosen_people(chosen, code), figure)
    return [_name(person.row, person.rows) for person in persons]


def _name(row: Row, rows: Sequence[Row]) -> NameRow:
    return NameRow(row.person, row.number, row.name, row.unit_path, tuple(rows))
