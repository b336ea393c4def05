"""The rosters of a year as figures: read once, counted in `domain.rates`."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.domain.rates import Figures, Person, Row, by_people, by_sittings, in_unit, people
from legaled.domain.rates_units import UnitFigures, hidden_units, parent_of, units
from legaled.models import Exam
from legaled.services.stats_rows import Listed, listed_exams, roster_rows

YEARS = range(1900, 2200)


@dataclass(frozen=True)
class UnitLine:
    """A unit beside its siblings; the figures are None when they would name people.

    `key` addresses it: the unit's own code, or its whole path where that is not unique.
    """

    key: str
    code: str
    path: str
    sittings: Figures | None
    people: Figures | None

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def own_code(self) -> str:
        return _own_code(self.code)

    @property
    def is_rest(self) -> bool:
        return self.code.endswith("/")


@dataclass(frozen=True)
class Year:
    """A year as one actor may see it. `rows` are the rosters of closed exams, `open_rows` those
    of the others; what is counted is made from them when asked for."""

    year: int
    at: datetime
    may_name: bool
    exams: tuple[Listed, ...]
    rows: tuple[Row, ...]
    open_rows: tuple[Row, ...]

    @cached_property
    def persons(self) -> list[Person]:
        return people(self.rows)

    @cached_property
    def sittings(self) -> Figures:
        return by_sittings(self.rows)

    @cached_property
    def people(self) -> Figures:
        return by_people(self.persons)

    @cached_property
    def units(self) -> tuple[UnitLine, ...]:
        """Every unit on the rosters of closed exams, parents before children."""
        return self.unit_lines(self._unit_figures)

    @cached_property
    def _unit_figures(self) -> list[UnitFigures]:
        return units(self.rows)

    @cached_property
    def hidden(self) -> frozenset[str]:
        """The units (by path of codes) of which this actor sees no figure."""
        if self.may_name:
            return frozenset()
        views = [{one.code: one.people["required"] for one in self._unit_figures},
                 {one.code: one.sittings["required"] for one in self._unit_figures}]
        for exam in self.exams:
            figures = units(self.rows_of(exam))
            views.append({one.code: one.sittings["required"] for one in figures})
        return hidden_units(*views)

    def rows_of(self, exam: Listed) -> list[Row]:
        rows = self.rows if exam.terms.closed else self.open_rows
        return [row for row in rows if row.terms.exam == exam.terms.exam]

    def unit_lines(self, figures: Iterable[UnitFigures]) -> tuple[UnitLine, ...]:
        """Figures of units with what this actor must not see left out."""
        lines = []
        for one in figures:
            shown = one.code not in self.hidden
            lines.append(UnitLine(
                self._keys.get(one.code, one.code), one.code, one.path,
                one.sittings if shown else None, one.people if shown else None,
            ))
        return tuple(lines)

    @cached_property
    def _keys(self) -> dict[str, str]:
        """How a unit (by path of codes) is addressed: by its own code where that is enough."""
        own = {one.code: _own_code(one.code) for one in self._unit_figures}
        uses = Counter(own.values())
        return {code: key if uses[key] == 1 else code for code, key in own.items()}

    def exam(self, code: str) -> Listed:
        """Raises NotFoundError unless the exam is listed in this year."""
        for exam in self.exams:
            if exam.terms.code == code:
                return exam
        raise NotFoundError()

    def unit(self, key: str) -> UnitLine:
        """Raises NotFoundError unless the actor sees figures of that unit in this year."""
        for line in self.units:
            if key in (line.key, line.code) and line.sittings is not None:
                return line
        raise NotFoundError()

    def common_unit(self) -> str:
        """The deepest unit that everybody on a roster belongs to; "" when there are several."""
        code, below = "", self._children("")
        while len(below) == 1:
            code, below = below[0], self._children(below[0])
        return code

    def _children(self, code: str) -> list[str]:
        return [line.code for line in self.units if parent_of(line.code) == code
                and line.code != code]

    def chosen(self, exam: Listed | None, unit: str) -> list[Row]:
        """The rows that enter a figure: of one exam or of all closed ones, within a unit."""
        rows = self.rows if exam is None else self.rows_of(exam)
        return [row for row in rows if in_unit(row.unit_codes, unit)]

    def chosen_people(self, exam: Listed | None, unit: str) -> list[Person]:
        """As `chosen`, but each person once, under the unit of the latest roster."""
        persons = self.persons if exam is None else people(self.rows_of(exam))
        return [person for person in persons if in_unit(person.row.unit_codes, unit)]


def years(session: Session) -> list[int]:
    """The years that have an exam to show, the latest last; one query."""
    return list(session.scalars(
        sa.select(Exam.year).where(Exam.published.is_not(None), Exam.cancelled.is_(None))
        .distinct().order_by(Exam.year)
    ))


def year(session: Session, actor: Actor, year: int, now: datetime) -> Year:
    """The figures of a year as of now; a year without exams has none."""
    return span(session, actor, year, year, now)[year]


def span(
    session: Session, actor: Actor, first: int, last: int, now: datetime
) -> dict[int, Year]:
    """Each year from first to last; a constant number of queries. Raises NotFoundError for
    actors who may not see statistics, and for years out of this world."""
    if not actor.may(Permission.STATS_READ) or first not in YEARS or last not in YEARS:
        raise NotFoundError()
    listed = listed_exams(session, first, last, now)
    rows = roster_rows(session, {exam.terms.exam: exam.terms for _, exam in listed}, now)
    found = {}
    for number in range(first, last + 1):
        own = tuple(exam for of, exam in listed if of == number)
        codes = {exam.terms.exam for exam in own}
        mine = [row for row in rows if row.terms.exam in codes]
        found[number] = Year(
            number, now, actor.may(Permission.STATS_NAMES), own,
            tuple(row for row in mine if row.terms.closed),
            tuple(row for row in mine if not row.terms.closed),
        )
    return found


def _own_code(code: str) -> str:
    rest = "/" if code.endswith("/") else ""
    return code.removesuffix("/").rpartition("/")[2] + rest
