"""What publication freezes: the questions an exam may draw, and the people it counts."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.banks import KIND_LABEL, Kind
from legaled.domain.errors import ConflictError
from legaled.domain.exams import PAPER_ORDER
from legaled.domain.people import Category, on_roster_by_default
from legaled.domain.times import beijing_day
from legaled.models import (
    ExamBank,
    Person,
    PoolItem,
    Question,
    QuestionVersion,
    Quota,
    RosterEntry,
)
from legaled.services.bank_imports import is_current
from legaled.services.units import unit_paths


@dataclass(frozen=True)
class Shortage:
    """A kind of which the banks hold fewer questions than the exam wants."""

    kind: Kind
    need: int
    have: int


@dataclass(frozen=True)
class Preview:
    """What publishing would freeze at this moment."""

    people: int
    questions: int
    available: Mapping[Kind, int]
    shortages: tuple[Shortage, ...]


def shortages(
    quotas: Mapping[Kind, int], available: Mapping[Kind, int]
) -> tuple[Shortage, ...]:
    """Kinds with fewer questions than wanted, in the order of a paper."""
    return tuple(
        Shortage(kind, quotas[kind], available.get(kind, 0))
        for kind in PAPER_ORDER
        if quotas.get(kind, 0) > available.get(kind, 0)
    )


def preview(session: Session, exam_id: int, now: datetime) -> Preview:
    """Writes nothing; three queries."""
    available = Counter(kind for _, kind in _pool(session, exam_id))
    return Preview(
        len(_people(session, now)),
        sum(available.values()),
        {kind: available[kind] for kind in PAPER_ORDER},
        shortages(_quotas(session, exam_id), available),
    )


def freeze_pool(session: Session, exam_id: int) -> int:
    """Keep the current version of every question the exam may draw; returns how many.

    Raises ConflictError `bank_too_small` before anything is written.
    """
    pool = _pool(session, exam_id)
    short = shortages(_quotas(session, exam_id), Counter(kind for _, kind in pool))
    if short:
        first = short[0]
        raise ConflictError(
            "bank_too_small", kind=KIND_LABEL[first.kind], need=first.need, have=first.have
        )
    rows = [{"exam_id": exam_id, "version_id": version_id} for version_id, _ in pool]
    if rows:
        session.connection().execute(sa.insert(PoolItem), rows)
    return len(rows)


def freeze_roster(session: Session, exam_id: int, now: datetime) -> int:
    """Keep everybody who is 在编 and here today, under the unit of today; returns how many."""
    paths = unit_paths(session)
    rows = [
        {
            "exam_id": exam_id,
            "person_id": person.id,
            "number": person.number,
            "name": person.name,
            "category": person.category,
            "unit_path": paths[person.unit_id].names,
            "unit_codes": paths[person.unit_id].codes,
            "frozen": now,
        }
        for person in _people(session, now)
    ]
    if rows:
        session.connection().execute(sa.insert(RosterEntry), rows)
    return len(rows)


def _pool(session: Session, exam_id: int) -> list[tuple[int, Kind]]:
    """(version, kind) of every active question of the exam's banks whose kind is wanted.

    A question that stands in several banks is there once, in the words that came first.
    """
    rows = session.execute(
        sa.select(Question.fingerprint, QuestionVersion.id, QuestionVersion.kind)
        .join(Question, is_current())
        .join(ExamBank, ExamBank.bank_id == Question.bank_id)
        .join(
            Quota,
            sa.and_(Quota.exam_id == ExamBank.exam_id, Quota.kind == QuestionVersion.kind),
        )
        .where(ExamBank.exam_id == exam_id, Question.retired.is_(None))
        .order_by(QuestionVersion.id)
    )
    once: dict[str, tuple[int, Kind]] = {}
    for fingerprint, version_id, kind in rows:
        once.setdefault(fingerprint, (version_id, kind))
    return list(once.values())


def _quotas(session: Session, exam_id: int) -> dict[Kind, int]:
    rows = session.execute(sa.select(Quota.kind, Quota.count).where(Quota.exam_id == exam_id))
    return {kind: count for kind, count in rows}


def _people(session: Session, now: datetime) -> list[sa.Row[tuple[int, str, str, Category, int]]]:
    today = beijing_day(now)
    rows = session.execute(
        sa.select(
            Person.id, Person.number, Person.name, Person.category, Person.unit_id,
            Person.joined_on, Person.left_on,
        )
        .where(Person.category == Category.ESTABLISHED)
        .order_by(Person.id)
    )
    return [
        row  # type: ignore[misc]  # the two dates behind are for the check only
        for row in rows
        if on_roster_by_default(row.category, row.joined_on, row.left_on, today)
    ]
