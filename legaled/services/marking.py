"""Closing attempts: steps are folded, marked, and the facts kept on the roster row."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import exams as rules
from legaled.domain.attempts import Answer, Facts, Marked, Result, State, facts, fold, mark, state
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.models import Attempt, Exam, QuestionVersion, RosterEntry, Sitting, Slot, Step
from legaled.services import audit

BATCH = 100
_OVERDUE = (Attempt.closed.is_(None), Attempt.voided.is_(None))


def answers_of(session: Session, attempt_ids: Sequence[int]) -> dict[int, dict[int, Answer]]:
    """Each attempt's paper as the fold of its steps; one query."""
    steps: dict[int, list[tuple[int, int, Answer]]] = defaultdict(list)
    query = sa.select(Step.attempt_id, Step.slot, Step.seq, Step.answer)
    for attempt_id, slot, seq, answer in session.execute(
        query.where(Step.attempt_id.in_(attempt_ids))
    ):
        steps[attempt_id].append((slot, seq, tuple(json.loads(answer))))
    return {attempt_id: fold(steps[attempt_id]) for attempt_id in attempt_ids}


def marks_of(session: Session, attempt_ids: Sequence[int]) -> dict[int, dict[int, int]]:
    """What each slot of each attempt earns, from its steps; two queries, nothing written."""
    answers = answers_of(session, attempt_ids)
    earned: dict[int, dict[int, int]] = {attempt_id: {} for attempt_id in attempt_ids}
    rows = session.execute(
        sa.select(
            Slot.attempt_id, Slot.number, QuestionVersion.kind, QuestionVersion.key,
            Slot.option_order, Slot.points,
        )
        .join(QuestionVersion, QuestionVersion.id == Slot.version_id)
        .where(Slot.attempt_id.in_(attempt_ids))
    )
    for attempt_id, number, kind, key, order, points in rows:
        answer = answers[attempt_id].get(number, ())
        earned[attempt_id][number] = mark(Marked(kind, key, order, points), answer)
    return earned


def close(session: Session, attempts: Sequence[Attempt], now: datetime) -> None:
    """Mark attempts that are over and store their facts. Running it again changes nothing."""
    earned = marks_of(session, [attempt.id for attempt in attempts])
    slots = [
        {"b_attempt": attempt_id, "b_number": number, "b_earned": points}
        for attempt_id, marks in earned.items()
        for number, points in marks.items()
    ]
    if slots:
        table = Slot.__table__
        session.connection().execute(
            sa.update(Slot)
            .where(
                table.c.attempt_id == sa.bindparam("b_attempt"),
                table.c.number == sa.bindparam("b_number"),
            )
            .values(earned=sa.bindparam("b_earned")),
            slots,
        )
    for attempt in attempts:
        attempt.score = sum(earned[attempt.id].values())
        attempt.closed = attempt.closed or now
    session.flush()
    for exam_id, person_id in sorted({(a.exam_id, a.person_id) for a in attempts}):
        refresh_facts(session, exam_id, person_id)


def refresh_facts(session: Session, exam_id: int, person_id: int) -> Facts:
    """Fold the person's valid, stored attempts onto the roster row.

    Locks the row first: of two who fold at once, the second sees what the first has stored.
    Everybody locks attempts before the roster row, so nobody waits in a circle.
    """
    session.execute(
        sa.select(RosterEntry.id)
        .where(RosterEntry.exam_id == exam_id, RosterEntry.person_id == person_id)
        .with_for_update()
    )
    rows = session.execute(
        sa.select(Attempt.started, Attempt.score, Sitting.number)
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .where(
            Attempt.exam_id == exam_id,
            Attempt.person_id == person_id,
            Attempt.closed.is_not(None),
            Attempt.voided.is_(None),
        )
    )
    found = facts(Result(started, score or 0, number > 0) for started, score, number in rows)
    session.execute(
        sa.update(RosterEntry)
        .where(RosterEntry.exam_id == exam_id, RosterEntry.person_id == person_id)
        .values(
            sat=found.sat,
            first_score=found.first_score,
            best_score=found.best_score,
            first_make_up=found.first_make_up,
        )
    )
    return found


def has_due(session: Session, now: datetime) -> bool:
    """True if an attempt ran out of time and its facts are not stored yet."""
    due = sa.select(Attempt.id).where(*_OVERDUE, Attempt.deadline <= now).limit(1)
    return session.scalar(due) is not None


def close_due(session: Session, now: datetime) -> int:
    """Store the facts of up to 100 attempts that ran out of time; returns how many."""
    due = session.scalars(
        sa.select(Attempt)
        .where(*_OVERDUE, Attempt.deadline <= now)
        .order_by(Attempt.deadline)
        .limit(BATCH)
        .with_for_update(skip_locked=True)
    ).all()
    if due:
        close(session, due, now)
    return len(due)


def overdue_facts(
    session: Session, exam_ids: Iterable[int], now: datetime
) -> dict[tuple[int, int], Facts]:
    """Facts of people with an attempt that is over but not stored yet; nothing is written."""
    chosen = list(exam_ids)
    due = session.execute(
        sa.select(Attempt.id, Attempt.exam_id, Attempt.person_id).where(
            *_OVERDUE, Attempt.deadline <= now, Attempt.exam_id.in_(chosen)
        )
    ).all()
    if not due:
        return {}
    scores = {
        attempt_id: sum(marks.values())
        for attempt_id, marks in marks_of(session, [row.id for row in due]).items()
    }
    results: dict[tuple[int, int], list[Result]] = {(r.exam_id, r.person_id): [] for r in due}
    rows = session.execute(
        sa.select(
            Attempt.id, Attempt.exam_id, Attempt.person_id, Attempt.started, Attempt.score,
            Attempt.closed, Sitting.number,
        )
        .join(Sitting, Sitting.id == Attempt.sitting_id)
        .where(
            Attempt.exam_id.in_(chosen),
            Attempt.person_id.in_({person_id for _, person_id in results}),
            Attempt.voided.is_(None),
        )
    )
    for row in rows:
        own = results.get((row.exam_id, row.person_id))
        if own is not None and (row.closed is not None or row.id in scores):
            score = scores.get(row.id, row.score or 0)
            own.append(Result(row.started, score, row.number > 0))
    return {key: facts(own) for key, own in results.items()}


def void(session: Session, actor: Actor, attempt_id: int, reason: str, now: datetime) -> None:
    """Declare an attempt invalid (a fault, approved): it never counts, the next one is first."""
    attempt = _attempt_for(session, actor, attempt_id)
    if not reason.strip():
        raise InvalidError("reason_needed")
    if attempt.voided is not None:
        raise ConflictError("already_voided")
    attempt.voided, attempt.voided_by, attempt.void_reason = now, actor.id, reason.strip()
    session.flush()
    refresh_facts(session, attempt.exam_id, attempt.person_id)
    audit.note(session, actor, "attempt.void", f"attempt {attempt.id}", now, detail=reason)


def extend(session: Session, actor: Actor, attempt_id: int, minutes: int, now: datetime) -> None:
    """Give a running attempt more minutes; the deadline moves, also beyond the window's end."""
    attempt = _attempt_for(session, actor, attempt_id)
    if not 1 <= minutes <= 600:
        raise InvalidError("bad_extension")
    over = attempt.voided or attempt.closed
    if over or state(attempt.submitted, attempt.deadline, now) is not State.OPEN:
        raise ConflictError("closed")
    limits = session.execute(
        sa.select(Exam.minutes, Sitting.closes)
        .join(Sitting, Sitting.exam_id == Exam.id)
        .where(Sitting.id == attempt.sitting_id)
    ).one()
    attempt.extension += minutes
    attempt.deadline = rules.deadline(
        attempt.started, limits.minutes, attempt.extension, limits.closes
    )
    audit.note(session, actor, "attempt.extend", f"attempt {attempt.id}", now, detail=str(minutes))


def _attempt_for(session: Session, actor: Actor, attempt_id: int) -> Attempt:
    attempt = session.get(Attempt, attempt_id, with_for_update=True)
    if attempt is None or not actor.may(Permission.ROSTER_EDIT):
        raise NotFoundError()
    return attempt
