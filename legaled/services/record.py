"""学法档案: a person's year, put together from the rows of every feature."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.domain.record import Owner, Practice, Record, Scores, year_of
from legaled.domain.times import beijing_day
from legaled.models import (
    Attendance,
    Exam,
    Person,
    PlanEntry,
    PracticeAnswer,
    RosterEntry,
    StudyPlan,
    StudySession,
    StudyTime,
)
from legaled.services import record_rows as rows
from legaled.services.exams import LARGEST_ID
from legaled.services.paging import Page, page_of
from legaled.services.units import unit_paths

YEARS = range(2000, 2101)
PER_PAGE = 50


@dataclass(frozen=True)
class PersonLine:
    id: int
    number: str
    name: str
    unit: str
    gone: bool


@dataclass(frozen=True)
class People:
    """A page of the people whose records may be read; `units` are (code, path of names)."""

    lines: Sequence[PersonLine]
    page: Page
    units: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class UnitPeople:
    """A unit with everybody in it and below it whose year it is."""

    code: str
    path: str
    people: tuple[int, ...]


def may_read(actor: Actor, person_id: int) -> bool:
    """One's own, and everybody's for those who look after study."""
    return person_id == actor.id or actor.may(Permission.STUDY_EDIT)


def person_record(
    session: Session, actor: Actor, person_id: int, year: int, now: datetime
) -> Record:
    """The person's year as the actor may see it; as many queries whatever there is.

    Exam scores are one's own as the exam shows them, or all for those who may see names in
    statistics. Raises NotFoundError for a record that is not the actor's to read.
    """
    if not may_read(actor, person_id):
        raise NotFoundError()
    return records(session, actor, [person_id], year, now)[0]


def records(
    session: Session, actor: Actor, people: Sequence[int], year: int, now: datetime
) -> list[Record]:
    """As `person_record` for each, in this order; as many queries for one as for a hundred."""
    if year not in YEARS or not all(may_read(actor, one) for one in people):
        raise NotFoundError()
    owners = _owners(session, people)
    scores = _scores(actor, people)
    plans = rows.plan_lines(session, people, year, now)
    sessions = rows.session_lines(session, people, year, now)
    reading = rows.reading_lines(session, people, year)
    practice = rows.practice_figures(session, people, year)
    exams = rows.exam_lines(session, people, year, now, scores)
    challenges = rows.challenge_lines(session, people, year)
    return [
        Record(year, now, owners[one], plans.get(one, ()), sessions.get(one, ()),
               reading.get(one, ()), practice.get(one, Practice()), exams.get(one, ()),
               challenges.get(one, ()))
        for one in people
    ]


def years(session: Session, person_id: int, now: datetime) -> list[int]:
    """From the first year with anything in it to this one, the latest first; one query."""
    row = session.execute(sa.select(
        _first(Exam.year, RosterEntry.person_id == person_id, RosterEntry.exam_id == Exam.id),
        _first(StudyPlan.year, PlanEntry.person_id == person_id,
               PlanEntry.plan_id == StudyPlan.id, StudyPlan.published.is_not(None)),
        _first(StudyTime.day, StudyTime.person_id == person_id),
        _first(StudySession.starts, Attendance.person_id == person_id,
               Attendance.session_id == StudySession.id),
        _first(PracticeAnswer.at, PracticeAnswer.person_id == person_id),
    )).one()
    this = beijing_day(now).year
    found = {this, *(_year(value) for value in row if value is not None)}
    return list(range(this, max(min(found), YEARS[0]) - 1, -1))


def people(
    session: Session, actor: Actor, text: str, unit: str, page: int, now: datetime
) -> People:
    """Those who match a name or number, in a unit and below it ("" is everywhere); 3 queries."""
    if not actor.may(Permission.STUDY_EDIT):
        raise NotFoundError()
    paths = unit_paths(session)
    chosen = {one: path for one, path in paths.items() if unit in ("", *path.codes.split("/"))}
    wanted: list[sa.ColumnElement[bool]] = [Person.unit_id.in_(chosen)] if unit else []
    if text:
        wanted.append(sa.or_(Person.name.icontains(text, autoescape=True),
                             Person.number.icontains(text, autoescape=True)))
    total = session.scalar(sa.select(sa.func.count(Person.id)).where(*wanted)) or 0
    at = page_of(total, page, PER_PAGE)
    found = session.execute(
        sa.select(Person.id, Person.number, Person.name, Person.unit_id, Person.left_on)
        .where(*wanted).order_by(Person.number).offset(at.offset).limit(at.size))
    today = beijing_day(now)
    lines = [
        PersonLine(id, number, name, paths[unit_id].names,
                   left_on is not None and left_on <= today)
        for id, number, name, unit_id, left_on in found
    ]
    units = [(path.codes.rpartition("/")[2], path.names) for path in paths.values()]
    return People(lines, at, units)


def unit_people(session: Session, actor: Actor, code: str, year: int) -> UnitPeople:
    """Everybody whose unit is this one or below it and who was here in the year, by unit and
    number; two queries. NotFoundError for actors who may not see names, and unknown units."""
    if not actor.may(Permission.STATS_NAMES) or year not in YEARS:
        raise NotFoundError()
    paths = unit_paths(session)
    top = next((path for path in paths.values() if path.codes.split("/")[-1] == code), None)
    if top is None:
        raise NotFoundError()
    order = {id: at for at, (id, path) in enumerate(paths.items())
             if f"{path.codes}/".startswith(f"{top.codes}/")}
    begins, ends = (day.date() for day in year_of(year))
    found = session.execute(
        sa.select(Person.id, Person.unit_id)
        .where(Person.unit_id.in_(order),
               sa.or_(Person.joined_on.is_(None), Person.joined_on < ends),
               sa.or_(Person.left_on.is_(None), Person.left_on > begins))
        .order_by(Person.number)
    ).all()
    return UnitPeople(code, top.names, tuple(
        row.id for row in sorted(found, key=lambda row: order[row.unit_id])))


def _scores(actor: Actor, people: Sequence[int]) -> Scores:
    if actor.may(Permission.STATS_NAMES):
        return Scores.ALL
    return Scores.OWN if list(people) == [actor.id] else Scores.NONE


def _owners(session: Session, people: Sequence[int]) -> dict[int, Owner]:
    paths = unit_paths(session)
    found = {
        row.id: Owner(row.id, row.number, row.name, row.post, row.category,
                      paths[row.unit_id].names)
        for row in session.execute(
            sa.select(Person.id, Person.number, Person.name, Person.post, Person.category,
                      Person.unit_id)
            .where(Person.id.in_([min(one, LARGEST_ID) for one in people])))
    }
    if not set(people) <= set(found):
        raise NotFoundError()
    return found


def _first(column: Any, *where: sa.ColumnElement[bool]) -> sa.ColumnElement[Any]:
    return sa.select(sa.func.min(column)).where(*where).scalar_subquery()


def _year(value: int | date | datetime) -> int:
    if isinstance(value, datetime):
        return beijing_day(value).year
    return value.year if isinstance(value, date) else value
