"""What the roster pages show: the list, one person's row, who could be added, who is sitting.

Scores are None for those who may not see the people behind a figure.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from legaled.domain.attempts import State, state
from legaled.domain.errors import NotFoundError
from legaled.domain.exams import Stage, Window, stage
from legaled.domain.people import Category
from legaled.domain.permissions import Actor, Permission
from legaled.domain.rates import Absence, Exemption
from legaled.domain.roster import Action, Place, Standing, possible, standing
from legaled.domain.times import beijing_day
from legaled.models import Attempt, Exam, Person, RosterChange, RosterEntry
from legaled.services.exams import LARGEST_ID, exam_for, windows
from legaled.services.headcounts import conditions, counts, make_up_closed, sat_by_now
from legaled.services.paging import Page, page_of
from legaled.services.units import unit_paths

PER_PAGE = 50
CANDIDATES = 20


@dataclass(frozen=True)
class Row:
    """One person of a roster. `started` and `deadline` are those of the last valid attempt."""

    person: int
    number: str
    name: str
    category: Category
    unit_path: str
    standing: Standing
    actions: tuple[Action, ...]
    exempt: Exemption | None
    exempt_by: str
    exempt_on: date | None
    deferred: bool
    absence: Absence | None
    absence_note: str
    first_score: int | None
    best_score: int | None
    started: datetime | None
    deadline: datetime | None
    submitted: datetime | None


@dataclass(frozen=True)
class RosterPage:
    """`units`: (path of codes, path of names) of every unit that holds people of the roster."""

    exam: int
    title: str
    stage: Stage
    rows: tuple[Row, ...]
    counts: Mapping[str, int]
    units: tuple[tuple[str, str], ...]
    page: Page


@dataclass(frozen=True)
class AttemptLine:
    id: int
    number: int
    make_up: int
    started: datetime
    deadline: datetime
    extension: int
    submitted: datetime | None
    state: State
    score: int | None
    voided: datetime | None
    void_reason: str


@dataclass(frozen=True)
class ChangeLine:
    action: Action
    reason: str
    author: str
    at: datetime


@dataclass(frozen=True)
class EntryView:
    exam: int
    title: str
    stage: Stage
    row: Row
    attempts: tuple[AttemptLine, ...]
    changes: tuple[ChangeLine, ...]


@dataclass(frozen=True)
class Candidate:
    """Somebody who is not on the roster and could be added."""

    person: int
    number: str
    name: str
    category: Category
    unit_path: str


def roster_page(
    session: Session,
    actor: Actor,
    exam_id: int,
    now: datetime,
    figure: str = "",
    query: str = "",
    unit: str = "",
    page: int = 1,
) -> RosterPage:
    """People of a roster by unit and number; as many queries for 5 people as for 50.

    `figure` is a key of `figures(now)`; an unknown one shows everybody.
    """
    exam = exam_for(session, actor, exam_id, Permission.EXAM_READ)
    there = windows(session, [exam_id])[exam_id]
    figures = conditions(make_up_closed(there, now), now)
    wanted = [RosterEntry.exam_id == exam_id, figures.get(figure, sa.true())]
    if query.strip():
        wanted.append(_matches(RosterEntry.name, RosterEntry.number, query.strip()))
    if unit:
        below = RosterEntry.unit_codes.startswith(unit + "/", autoescape=True)
        wanted.append(sa.or_(RosterEntry.unit_codes == unit, below))
    total = session.scalar(
        sa.select(sa.func.count()).select_from(RosterEntry).where(*wanted)
    ) or 0
    shown = page_of(total, page, PER_PAGE)
    rows = _rows(session, actor, exam, there, wanted, now, shown)
    return RosterPage(
        exam_id, exam.title, stage(exam.published, exam.cancelled, there, now), rows,
        counts(session, exam_id, there, now), _units(session, exam_id), shown,
    )


def entry_view(
    session: Session, actor: Actor, exam_id: int, person_id: int, now: datetime
) -> EntryView:
    """One person's row with every attempt and every change; voided attempts too."""
    exam = exam_for(session, actor, exam_id, Permission.EXAM_READ)
    there = windows(session, [exam_id])[exam_id]
    wanted = [RosterEntry.exam_id == exam_id, RosterEntry.person_id == min(person_id, LARGEST_ID)]
    rows = _rows(session, actor, exam, there, wanted, now, page_of(1, 1, 1))
    if not rows:
        raise NotFoundError()
    return EntryView(
        exam_id, exam.title, stage(exam.published, exam.cancelled, there, now), rows[0],
        _attempts(session, actor, exam_id, person_id, there, now),
        _changes(session, exam_id, person_id),
    )


def off_roster_people(
    session: Session, actor: Actor, exam_id: int, query: str, now: datetime
) -> tuple[Candidate, ...]:
    """Up to 20 people, still here, who match a name or number and have no row; two queries."""
    exam_for(session, actor, exam_id, Permission.ROSTER_EDIT)
    if not query.strip():
        return ()
    rows = session.execute(
        sa.select(Person.id, Person.number, Person.name, Person.category, Person.unit_id)
        .outerjoin(
            RosterEntry,
            sa.and_(RosterEntry.person_id == Person.id, RosterEntry.exam_id == exam_id),
        )
        .where(
            RosterEntry.id.is_(None),
            sa.or_(Person.left_on.is_(None), Person.left_on > beijing_day(now)),
            _matches(Person.name, Person.number, query.strip()),
        )
        .order_by(Person.number)
        .limit(CANDIDATES)
    ).all()
    paths = unit_paths(session) if rows else {}
    return tuple(
        Candidate(row.id, row.number, row.name, row.category, paths[row.unit_id].names)
        for row in rows
    )


def _matches(
    name: InstrumentedAttribute[str], number: InstrumentedAttribute[str], text: str
) -> sa.ColumnElement[bool]:
    return sa.or_(
        name.icontains(text, autoescape=True), number.icontains(text, autoescape=True)
    )


def _units(session: Session, exam_id: int) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for codes, names in session.execute(
        sa.select(RosterEntry.unit_codes, RosterEntry.unit_path)
        .where(RosterEntry.exam_id == exam_id)
        .distinct()
    ):
        code, name = codes.split("/"), names.split("/")
        for depth in range(1, len(code) + 1):
            found["/".join(code[:depth])] = "/".join(name[:depth])
    return tuple(sorted(found.items(), key=lambda unit: unit[0].split("/")))


def _rows(
    session: Session,
    actor: Actor,
    exam: Exam,
    there: Sequence[Window],
    wanted: Sequence[sa.ColumnElement[bool]],
    now: datetime,
    page: Page,
) -> tuple[Row, ...]:
    other = aliased(Attempt)
    later = sa.select(sa.func.max(other.number)).where(
        other.exam_id == RosterEntry.exam_id,
        other.person_id == RosterEntry.person_id,
        other.voided.is_(None),
    )
    found = session.execute(
        sa.select(
            RosterEntry, sat_by_now(now), Attempt.started, Attempt.deadline, Attempt.submitted
        )
        .outerjoin(
            Attempt,
            sa.and_(
                Attempt.exam_id == RosterEntry.exam_id,
                Attempt.person_id == RosterEntry.person_id,
                Attempt.number == later.correlate(RosterEntry).scalar_subquery(),
            ),
        )
        .where(*wanted)
        .order_by(RosterEntry.unit_codes, RosterEntry.number)
        .offset(page.offset)
        .limit(page.size)
    )
    made_up, scores = make_up_closed(there, now), actor.may(Permission.STATS_NAMES)
    return tuple(
        _row(entry, exam, scores, bool(sat), started, deadline, submitted, made_up)
        for entry, sat, started, deadline, submitted in found
    )


def _row(
    entry: RosterEntry, exam: Exam, scores: bool, sat: bool, started: datetime | None,
    deadline: datetime | None, submitted: datetime | None, make_up_closed: bool,
) -> Row:
    place = Place(
        entry.removed is not None, entry.exempt is not None, entry.deferred,
        started is not None or sat, sat, make_up_closed,
    )
    return Row(
        entry.person_id, entry.number, entry.name, entry.category, entry.unit_path,
        standing(place), possible(place) if exam.cancelled is None else (),
        entry.exempt, entry.exempt_by, entry.exempt_on, entry.deferred,
        entry.absence, entry.absence_note,
        entry.first_score if scores else None, entry.best_score if scores else None,
        started, deadline, submitted,
    )


def _attempts(
    session: Session, actor: Actor, exam_id: int, person_id: int, there: Sequence[Window],
    now: datetime,
) -> tuple[AttemptLine, ...]:
    numbers = {window.id: window.number for window in there}
    scores = actor.may(Permission.STATS_NAMES)
    return tuple(
        AttemptLine(
            a.id, a.number, numbers.get(a.sitting_id, 0), a.started, a.deadline, a.extension,
            a.submitted, state(a.submitted, a.deadline, now), a.score if scores else None,
            a.voided, a.void_reason,
        )
        for a in session.scalars(
            sa.select(Attempt)
            .where(Attempt.exam_id == exam_id, Attempt.person_id == person_id)
            .order_by(Attempt.number)
        )
    )


def _changes(session: Session, exam_id: int, person_id: int) -> tuple[ChangeLine, ...]:
    rows = session.execute(
        sa.select(RosterChange.action, RosterChange.reason, Person.name, RosterChange.at)
        .outerjoin(Person, Person.id == RosterChange.author_id)
        .where(RosterChange.exam_id == exam_id, RosterChange.person_id == person_id)
        .order_by(RosterChange.id.desc())
    )
    return tuple(
        ChangeLine(Action(action), reason, author or "命令行", at)
        for action, reason, author, at in rows
    )
