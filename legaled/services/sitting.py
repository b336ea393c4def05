"""Who is sitting an exam at this moment, and what is shut to them and to others meanwhile."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from legaled.domain.errors import ConflictError
from legaled.domain.permissions import Actor
from legaled.models import (
    Attempt,
    Bank,
    Exam,
    ExamBank,
    PoolItem,
    Question,
    QuestionVersion,
)


def running(now: Any) -> sa.ColumnElement[bool]:
    """Of an Attempt: it may still be written at this moment (a datetime, or a parameter)."""
    return sa.and_(
        Attempt.submitted.is_(None), Attempt.voided.is_(None), Attempt.deadline > now
    )


def banks_in_use(session: Session, person_id: int | None, now: datetime) -> frozenset[int]:
    """The banks that the person's running attempts are drawn from; one query."""
    return frozenset(
        session.scalars(
            sa.select(ExamBank.bank_id)
            .join(Exam, Exam.id == ExamBank.exam_id)
            .join(Attempt, Attempt.exam_id == Exam.id)
            .where(Attempt.person_id == person_id, Exam.cancelled.is_(None), running(now))
        )
    )


def shut(person_id: int | None, now: datetime) -> sa.ColumnElement[bool]:
    """Of a Question: the person sits an exam that is drawn from its bank, or that may put the
    same question out of another bank."""
    mine = (
        sa.select(Attempt.exam_id)
        .join(Exam, Exam.id == Attempt.exam_id)
        .where(Attempt.person_id == person_id, Exam.cancelled.is_(None), running(now))
    )
    twin = aliased(Question)
    marks = (
        sa.select(twin.fingerprint)
        .join(QuestionVersion, QuestionVersion.question_id == twin.id)
        .join(PoolItem, PoolItem.version_id == QuestionVersion.id)
        .where(PoolItem.exam_id.in_(mine))
    )
    return sa.or_(
        Question.bank_id.in_(sa.select(ExamBank.bank_id).where(ExamBank.exam_id.in_(mine))),
        Question.fingerprint.in_(marks),
    )


def check_bank(session: Session, actor: Actor, bank_id: int, now: datetime) -> None:
    """Raises ConflictError `sitting` while the actor sits an exam drawn from this bank."""
    if actor.id is not None and bank_id in banks_in_use(session, actor.id, now):
        raise ConflictError("sitting")


def check_bank_named(session: Session, actor: Actor, name: str, now: datetime) -> None:
    """As `check_bank`; a bank that is not there yet holds no secrets."""
    bank_id = session.scalar(sa.select(Bank.id).where(Bank.name == name))
    if bank_id is not None:
        check_bank(session, actor, bank_id, now)


def still_running(
    session: Session, exam_ids: Collection[int], now: datetime
) -> frozenset[int]:
    """Those of the exams at which somebody is writing, also by an extension after the window
    has closed; one query."""
    return frozenset(
        session.scalars(
            sa.select(Attempt.exam_id)
            .where(Attempt.exam_id.in_(exam_ids), running(now))
            .distinct()
        )
    )
