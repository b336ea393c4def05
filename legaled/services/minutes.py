"""Minutes really spent reading: what a beat earns, and what was earned."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import minutes
from legaled.domain.minutes import Reading, Standing
from legaled.domain.permissions import Actor
from legaled.domain.times import beijing_day
from legaled.models import Law, Material, StudyPulse, StudyTime
from legaled.services.accounts import Hot

MANY = 1000  # more people than this are picked out here, not named in the statement
_SECONDS = sa.func.sum(StudyTime.seconds)


# ---- a beat: one statement to read, one transaction to write ----

_MINE = sa.and_(
    StudyTime.person_id == sa.bindparam("person_id"),
    StudyTime.day == sa.bindparam("day", type_=sa.Date),
)
_STANDING = sa.select(
    sa.select(StudyPulse.at)
    .where(StudyPulse.person_id == sa.bindparam("person_id"))
    .scalar_subquery(),
    sa.select(StudyTime.seconds)
    .where(
        _MINE, StudyTime.subject == sa.bindparam("subject"), StudyTime.part == sa.bindparam("part")
    )
    .scalar_subquery(),
    sa.select(_SECONDS).where(_MINE).scalar_subquery(),
)
# Of two beats at once one finds `last` still there; the other changes nothing and earns nothing.
_MOVE = sa.text(
    "INSERT INTO study_pulse (person_id, at, subject, part)"
    " VALUES (:person_id, :at, :subject, :part)"
    " ON CONFLICT (person_id) DO UPDATE"
    " SET at = excluded.at, subject = excluded.subject, part = excluded.part"
    " WHERE study_pulse.at = :last"
).bindparams(
    sa.bindparam("at", type_=StudyPulse.at.type), sa.bindparam("last", type_=StudyPulse.at.type)
)
_EARN = sa.text(
    "INSERT INTO study_time (person_id, day, subject, part, seconds)"
    " VALUES (:person_id, :day, :subject, :part, :seconds)"
    " ON CONFLICT (person_id, day, subject, part) DO UPDATE"
    " SET seconds = study_time.seconds + excluded.seconds"
).bindparams(sa.bindparam("day", type_=sa.Date))


@dataclass(frozen=True)
class Counted:
    """After a beat: what it earned, today's seconds, and whether part or day can earn more."""

    earned: int
    today: int
    part_full: bool
    day_full: bool


def beat(
    hot: Hot, actor: Actor, reading: Reading, part: object, begins: bool, now: datetime
) -> Counted:
    """Count the time since the person's last beat; returns when it is durable.

    Raises what `domain.minutes.check_beat` raises.
    """
    letters = minutes.check_beat(reading, actor.id, part, now)
    keys = {
        "person_id": actor.id, "day": beijing_day(now), "subject": reading.subject, "part": part,
    }
    last, of_part, of_day = hot.row(_STANDING, **keys) or (None, 0, 0)
    standing = Standing(last, of_part or 0, int(of_day or 0))
    earned = minutes.credit(standing, letters, reading.served, begins, now)
    seconds = earned.seconds
    if earned.at is not None:
        then = _EARN if seconds else None
        moved = hot.append(_MOVE, then, **keys, at=earned.at, last=last, seconds=seconds)
        seconds = seconds if moved else 0
    return Counted(
        seconds, standing.day + seconds,
        standing.part + seconds >= minutes.part_most(letters),
        standing.day + seconds >= minutes.DAY_MOST,
    )


# ---- what was earned ----


def seconds_by_person(
    session: Session, person_ids: Collection[int] | None, first: date, last: date
) -> dict[int, int]:
    """Seconds of each person (None: of everybody) from `first` to `last`; those without are out."""
    query = _between(first, last, StudyTime.person_id)
    return {person: seconds for person, seconds in _of(session, query, person_ids)}


def seconds_by_subject(
    session: Session, person_id: int | None, first: date, last: date
) -> dict[str, int]:
    """Seconds of one person by subject (`law:3`, `guide:档案法`, `material:5`)."""
    query = _between(first, last, StudyTime.subject).where(StudyTime.person_id == person_id)
    return {subject: int(seconds) for subject, seconds in session.execute(query)}


def seconds_by_part(
    session: Session,
    person_ids: Collection[int] | None,
    subjects: Iterable[str],
    first: date,
    last: date,
) -> dict[tuple[int, str, str], int]:
    """Seconds by (person, subject, part) in these subjects; `part` as `StudyTime` says."""
    columns = (StudyTime.person_id, StudyTime.subject, StudyTime.part)
    query = _between(first, last, *columns).where(StudyTime.subject.in_(set(subjects)))
    return {
        (person, subject, part): seconds
        for person, subject, part, seconds in _of(session, query, person_ids)
    }


def _between(first: date, last: date, *columns: Any) -> Any:
    return (
        sa.select(*columns, _SECONDS)
        .where(StudyTime.day >= first, StudyTime.day <= last, StudyTime.seconds > 0)
        .group_by(*columns)
    )


def _of(session: Session, query: Any, person_ids: Collection[int] | None) -> list[list[Any]]:
    """The rows of these people; the first column is the person, the last the seconds."""
    if person_ids is None:
        rows = session.execute(query)
    elif len(person_ids) <= MANY:
        rows = session.execute(query.where(StudyTime.person_id.in_(person_ids)))
    else:
        wanted = set(person_ids)
        return [[*row[:-1], int(row[-1])] for row in session.execute(query) if row[0] in wanted]
    return [[*row[:-1], int(row[-1])] for row in rows]


# ---- one's own page ----


@dataclass(frozen=True)
class MyYear:
    """A person's year: seconds today, by month (twelve), and by subject, the most read first."""

    year: int
    years: tuple[int, ...]  # those that have any, and this one
    today: int
    total: int
    months: tuple[int, ...]
    subjects: tuple[tuple[str, str, int], ...]  # subject, its name ("" unknown), seconds


def my_year(session: Session, person_id: int | None, year: int, now: datetime) -> MyYear:
    """Five statements whatever was read. Of a guide the name is its folder's."""
    today = beijing_day(now)
    first, last = date(year, 1, 1), date(year, 12, 31)
    by_subject = seconds_by_subject(session, person_id, first, last)
    names = subject_names(session, by_subject)
    found = sorted(by_subject.items(), key=lambda item: (-item[1], item[0]))
    mine = StudyTime.person_id == person_id
    month = sa.extract("month", StudyTime.day)
    by_month = {
        int(number): int(seconds)
        for number, seconds in session.execute(_between(first, last, month).where(mine))
    }
    day_of = sa.extract("year", StudyTime.day)
    years = session.scalars(sa.select(day_of).where(mine, StudyTime.seconds > 0).group_by(day_of))
    now_seconds = sum(seconds_by_subject(session, person_id, today, today).values())
    return MyYear(
        year, tuple(sorted({today.year, *map(int, years)}, reverse=True)), now_seconds,
        sum(by_subject.values()), tuple(by_month.get(number, 0) for number in range(1, 13)),
        tuple((subject, names.get(subject, ""), seconds) for subject, seconds in found),
    )


def subject_names(session: Session, subjects: Iterable[str]) -> dict[str, str]:
    """The names of laws, materials and guides by subject; one that is gone has none."""
    ids: dict[str, list[int]] = {"law": [], "material": []}
    names = {}
    for subject in subjects:
        kind, _, key = subject.partition(":")
        if kind == "guide":
            names[subject] = key
        elif kind in ids and key.isdecimal():
            ids[kind].append(int(key))
    laws = sa.select(sa.literal("law"), Law.id, Law.name).where(Law.id.in_(ids["law"]))
    materials = sa.select(sa.literal("material"), Material.id, Material.title).where(
        Material.id.in_(ids["material"])
    )
    for kind, number, name in session.execute(laws.union_all(materials)):
        names[f"{kind}:{number}"] = name
    return names
