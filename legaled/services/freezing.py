"""What publication freezes: the questions an exam may draw, and the people it counts.

Only reviewed words are drawn. A question whose current version waits for a second trainer is
left out altogether: its earlier version was changed for a reason.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from legaled.domain.banks import KIND_LABEL, Kind
from legaled.domain.errors import ConflictError
from legaled.domain.exams import PAPER_ORDER, most_practisable
from legaled.domain.people import Category, on_roster_by_default
from legaled.domain.rates import percent
from legaled.domain.times import beijing_day
from legaled.models import (
    Bank,
    Exam,
    ExamBank,
    Person,
    PoolItem,
    Question,
    QuestionVersion,
    Quota,
    RosterEntry,
    Sitting,
)
from legaled.services.bank_imports import is_current
from legaled.services.law_flags_open import is_left_out
from legaled.services.units import unit_paths


@dataclass(frozen=True)
class Shortage:
    """A kind of which the banks hold fewer questions than the exam wants."""

    kind: Kind
    need: int
    have: int


@dataclass(frozen=True)
class Openness:
    """How many of the questions can be practised, and how many of them may be."""

    questions: int
    practisable: int
    most: int

    @property
    def is_too_open(self) -> bool:
        return self.practisable > self.most

    @property
    def share(self) -> str:
        return percent(self.practisable, self.questions)


@dataclass(frozen=True)
class Preview:
    """What publishing would freeze at this moment. Left out would be the `waiting` questions,
    which are not reviewed yet, and the `outdated` ones, which cite an article that will have
    changed when the exam is over (待复核)."""

    people: int
    questions: int
    available: Mapping[Kind, int]
    shortages: tuple[Shortage, ...]
    waiting: int
    outdated: int
    openness: Openness


@dataclass(frozen=True)
class _Pool:
    """What may be drawn, and how many questions are left out: because they wait for a second
    trainer, and because the law has changed."""

    drawn: tuple[tuple[int, Kind], ...]
    practisable: int
    waiting: int
    outdated: int

    def openness(self, share: int) -> Openness:
        count = len(self.drawn)
        return Openness(count, self.practisable, most_practisable(count, share))


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
    """Writes nothing; six queries."""
    pool = _pool(session, exam_id, now)
    available = Counter(kind for _, kind in pool.drawn)
    return Preview(
        len(_people(session, now)),
        sum(available.values()),
        {kind: available[kind] for kind in PAPER_ORDER},
        shortages(_quotas(session, exam_id), available),
        pool.waiting,
        pool.outdated,
        pool.openness(_share(session, exam_id)),
    )


def freeze_pool(session: Session, exam_id: int, now: datetime) -> int:
    """Keep the current version of every question the exam may draw; returns how many.

    Raises ConflictError `bank_too_small`, or `too_open` when more of them can be practised than
    the exam allows, before anything is written.
    """
    session.execute(  # nobody takes an import back in between
        sa.select(Bank.id).join(ExamBank, ExamBank.bank_id == Bank.id)
        .where(ExamBank.exam_id == exam_id).order_by(Bank.id).with_for_update(read=True, of=Bank))
    pool = _pool(session, exam_id, now)
    short = shortages(_quotas(session, exam_id), Counter(kind for _, kind in pool.drawn))
    if short:
        first = short[0]
        raise ConflictError(
            "bank_too_small", kind=KIND_LABEL[first.kind], need=first.need, have=first.have
        )
    share = _share(session, exam_id)
    found = pool.openness(share)
    if found.is_too_open:
        raise ConflictError("too_open", questions=found.questions, have=found.practisable,
                            percent=found.share, limit=share, most=found.most)
    rows = [{"exam_id": exam_id, "version_id": version_id} for version_id, _ in pool.drawn]
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


def _pool(session: Session, exam_id: int, now: datetime) -> _Pool:
    """The reviewed version of every active question of the exam's banks whose kind is wanted.

    A question that stands in several banks is there once, in the words that came first; when one
    of them is 待复核 all are left out.
    """
    closes = session.scalar(
        sa.select(sa.func.max(Sitting.closes)).where(Sitting.exam_id == exam_id))
    last_day = beijing_day(max(now, closes) if closes else now)
    rows = session.execute(
        sa.select(
            Question.fingerprint, QuestionVersion.id, QuestionVersion.kind,
            QuestionVersion.approved.is_not(None), _can_be_practised(),
            is_left_out(session, last_day),
        )
        .join(Question, is_current())
        .join(ExamBank, ExamBank.bank_id == Question.bank_id)
        .join(
            Quota,
            sa.and_(Quota.exam_id == ExamBank.exam_id, Quota.kind == QuestionVersion.kind),
        )
        .where(ExamBank.exam_id == exam_id, Question.retired.is_(None))
        .order_by(QuestionVersion.id)
    ).all()
    once: dict[str, tuple[int, Kind]] = {}
    practisable = set[str]()
    for fingerprint, version_id, kind, is_reviewed, is_open, _ in rows:
        if is_reviewed:
            once.setdefault(fingerprint, (version_id, kind))
            practisable |= {fingerprint} if is_open else set()
    waiting = {fingerprint for fingerprint, *_ in rows} - once.keys()
    outdated = {fingerprint for fingerprint, *_, is_out in rows if is_out} & once.keys()
    drawn = tuple(found for mark, found in once.items() if mark not in outdated)
    return _Pool(drawn, len(practisable - outdated), len(waiting), len(outdated))


def _can_be_practised() -> sa.ColumnElement[bool]:
    """Whether the same question is in use in any bank that is open for practice."""
    twin, home = aliased(Question), aliased(Bank)
    return (
        sa.select(twin.id)
        .join(home, home.id == twin.bank_id)
        .where(
            twin.fingerprint == Question.fingerprint, twin.retired.is_(None),
            home.practice.is_(True),
        )
        .correlate(Question)
        .exists()
    )


def _share(session: Session, exam_id: int) -> int:
    return session.execute(sa.select(Exam.practice_share).where(Exam.id == exam_id)).scalar_one()


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
