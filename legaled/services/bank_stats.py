"""How questions did in exams that are over. Nothing is told of an exam while it runs."""

import json
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from fractions import Fraction

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.bank_stats import Papers
from legaled.domain.exams import Stage, stage
from legaled.models import Attempt, Exam, ExamBank, QuestionVersion, Quota, Slot, Step
from legaled.services.exams import windows
from legaled.services.sitting import still_running


def over(session: Session, exams: Sequence[Exam], now: datetime) -> frozenset[int]:
    """Those of the exams that have closed for everybody and were not cancelled; two queries."""
    there = windows(session, [exam.id for exam in exams])
    writing = still_running(session, [exam.id for exam in exams], now)
    return frozenset(
        exam.id for exam in exams
        if stage(exam.published, exam.cancelled, there[exam.id], now) is Stage.CLOSED
        and exam.id not in writing)


def _counted(exam_ids: Collection[int]) -> list[sa.ColumnElement[bool]]:
    """A paper that was collected and marked, and not declared void."""
    return [Attempt.exam_id.in_(exam_ids), Attempt.closed.is_not(None),
            Attempt.voided.is_(None), Slot.earned.is_not(None)]


def right_counts(session: Session, bank_id: int, now: datetime) -> sa.Select[int, int, int]:
    """For each question of the bank that was asked: question_id, how many `papers`, how many
    `right`. Three queries to know which exams count, then a statement for the caller to join."""
    drawn = session.scalars(
        sa.select(Exam).join(ExamBank, ExamBank.exam_id == Exam.id)
        .where(ExamBank.bank_id == bank_id, Exam.published.is_not(None))).all()
    is_right: sa.ColumnElement[int] = sa.case((Slot.earned == Slot.points, 1), else_=0)
    return (
        sa.select(
            QuestionVersion.question_id, sa.func.count().label("papers"),
            sa.func.sum(is_right).label("right"))
        .select_from(Attempt)
        .join(Slot, Slot.attempt_id == Attempt.id)
        .join(QuestionVersion, QuestionVersion.id == Slot.version_id)
        .where(*_counted(over(session, drawn, now)))
        .group_by(QuestionVersion.question_id))


def papers_by_exam(session: Session, version_ids: Collection[int]) -> dict[int, int]:
    """On how many papers of each exam one of these versions stands, the void ones left out."""
    rows = session.execute(
        sa.select(Attempt.exam_id, sa.func.count())
        .join(Slot, Slot.attempt_id == Attempt.id)
        .where(Slot.version_id.in_(version_ids), Attempt.voided.is_(None))
        .group_by(Attempt.exam_id))
    return {exam_id: count for exam_id, count in rows}


def papers_of(
    session: Session, version_ids: Collection[int], exam_ids: Collection[int]
) -> Mapping[int, list[Papers]]:
    """By version, what became of it on the counted papers of these exams; two queries."""
    totals = {
        exam_id: total for exam_id, total in session.execute(
            sa.select(Quota.exam_id, sa.func.sum(Quota.count * Quota.points))
            .where(Quota.exam_id.in_(exam_ids)).group_by(Quota.exam_id))
    }
    last = (
        sa.select(sa.func.max(Step.seq))
        .where(Step.attempt_id == Slot.attempt_id, Step.slot == Slot.number)
        .correlate(Slot).scalar_subquery())
    alike = (
        Slot.version_id, Attempt.exam_id, Slot.option_order, Step.answer, Slot.earned,
        Slot.points, Attempt.score)
    rows = session.execute(
        sa.select(*alike, sa.func.count())
        .select_from(Slot)
        .join(Attempt, Attempt.id == Slot.attempt_id)
        .outerjoin(Step, sa.and_(Step.attempt_id == Slot.attempt_id, Step.slot == Slot.number,
                                 Step.seq == last))
        .where(Slot.version_id.in_(version_ids), *_counted(exam_ids))
        .group_by(*alike))
    found: dict[int, list[Papers]] = defaultdict(list)
    for version_id, exam_id, order, answer, earned, points, score, count in rows:
        others = totals.get(exam_id, 0) - points
        rest = Fraction((score or 0) - (earned or 0), others) if others > 0 else None
        given = tuple(json.loads(answer)) if answer else ()
        found[version_id].append(Papers(order, given, earned == points, rest, count))
    return found
