"""Saving one answer: the hot path of an exam morning, two statements and no ORM."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from legaled.domain.attempts import Answer, Saved, Verdict, is_text, judge_step, read_answer
from legaled.domain.banks import Kind
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.models import Attempt, Exam, QuestionVersion, Slot, Step
from legaled.services.accounts import Hot

TAB_MAX = 64
BIGGEST_ID = 2**31 - 1


class StaleError(Exception):
    """The step was not the next one; `saved` is what the server has."""

    def __init__(self, saved: Saved, deadline: datetime) -> None:
        super().__init__()
        self.saved, self.deadline = saved, deadline


_LATER = Step.__table__.alias("later")
LAST_STEPS = sa.select(Step.slot, Step.answer, Step.seq, Step.tab, Step.saved).where(
    Step.attempt_id == sa.bindparam("attempt_id"),
    Step.seq
    == sa.select(sa.func.max(_LATER.c.seq))
    .where(_LATER.c.attempt_id == Step.attempt_id, _LATER.c.slot == Step.slot)
    .correlate(Step)
    .scalar_subquery(),
)


def saved_of(rows: Iterable[Any]) -> dict[int, Saved]:
    """The rows of LAST_STEPS, by slot."""
    return {
        slot: Saved(tuple(json.loads(answer)), seq, tab, at) for slot, answer, seq, tab, at in rows
    }


_LAST = sa.select(sa.func.max(Step.seq)).where(
    Step.attempt_id == Slot.attempt_id, Step.slot == Slot.number
)
_SLOT_STATE = (
    sa.select(
        Attempt.deadline, Attempt.submitted, Attempt.closed, Exam.cancelled, Attempt.voided,
        Slot.option_order, QuestionVersion.kind, QuestionVersion.key,
        Step.answer, Step.seq, Step.tab, Step.saved,
    )
    .select_from(Attempt)
    .join(Exam, Exam.id == Attempt.exam_id)
    .join(Slot, Slot.attempt_id == Attempt.id)
    .join(QuestionVersion, QuestionVersion.id == Slot.version_id)
    .outerjoin(
        Step,
        sa.and_(
            Step.attempt_id == Slot.attempt_id,
            Step.slot == Slot.number,
            Step.seq == _LAST.correlate(Slot).scalar_subquery(),
        ),
    )
    .where(
        Attempt.id == sa.bindparam("attempt_id"),
        Attempt.person_id == sa.bindparam("person_id"),
        Slot.number == sa.bindparam("slot"),
    )
)
# One durable statement: kept only while the attempt runs; the primary key settles a race.
_ADD_STEP = sa.insert(Step).from_select(
    ["attempt_id", "slot", "seq", "answer", "tab", "saved"],
    sa.select(
        Attempt.id,
        sa.bindparam("slot", type_=sa.Integer),
        sa.bindparam("seq", type_=sa.Integer),
        sa.bindparam("answer", type_=sa.Text),
        sa.bindparam("tab", type_=sa.String),
        sa.bindparam("saved", type_=Step.saved.type),
    )
    .where(
        Attempt.id == sa.bindparam("attempt_id"),
        Attempt.submitted.is_(None),
        Attempt.closed.is_(None),
        Attempt.voided.is_(None),
        Attempt.deadline > sa.bindparam("saved", type_=Step.saved.type),
    )
    .with_for_update(read=True),
)


@dataclass(frozen=True)
class SlotState:
    """What a save depends on: is the attempt running, what may be answered, what is saved."""

    deadline: datetime
    running: bool
    kind: Kind
    options: int
    gaps: int
    saved: Saved


def slot_state(hot: Hot, actor: Actor, attempt_id: int, slot: int, now: datetime) -> SlotState:
    """One statement; somebody else's attempt looks like none."""
    row = hot.row(_SLOT_STATE, attempt_id=attempt_id, person_id=actor.id, slot=slot)
    if row is None:
        raise NotFoundError()
    deadline, *over, order, kind, key, answer, seq, tab, saved = row
    last = Saved(tuple(json.loads(answer)), seq, tab, saved) if seq else Saved()
    running = now < deadline and not any(over)  # submitted, closed, cancelled, voided
    return SlotState(deadline, running, kind, len(order), len(key), last)


def save(
    hot: Hot,
    actor: Actor,
    attempt_id: int,
    slot: int,
    sent: object,
    seq: object,
    tab: object,
    now: datetime,
) -> tuple[Saved, datetime]:
    """Keep one answer; returns what is saved, and the deadline, once the write is durable.

    Raises StaleError, ConflictError `closed`, InvalidError `bad_answer`, NotFoundError.
    """
    if slot > BIGGEST_ID or attempt_id > BIGGEST_ID:
        raise NotFoundError()
    current = slot_state(hot, actor, attempt_id, slot, now)
    if not current.running:
        raise ConflictError("closed")
    answer = read_answer(current.kind, current.options, current.gaps, sent)
    number, name = step_names(seq, tab)
    verdict = judge_step(current.saved, answer, number, name)
    if verdict is Verdict.STALE:
        raise StaleError(current.saved, current.deadline)
    if verdict is Verdict.SAME:
        return current.saved, current.deadline
    try:
        written = hot.append(
            _ADD_STEP,
            attempt_id=attempt_id,
            slot=slot,
            seq=number,
            answer=json.dumps(answer, ensure_ascii=False),
            tab=name,
            saved=now,
        )
    except hot.race:
        written = 0
    if written == 1:
        return Saved(answer, number, name, now), current.deadline
    return _lost_race(hot, actor, attempt_id, slot, answer, number, name, now)


def _lost_race(
    hot: Hot,
    actor: Actor,
    attempt_id: int,
    slot: int,
    answer: Answer,
    seq: int,
    tab: str,
    now: datetime,
) -> tuple[Saved, datetime]:
    """Between our read and our write somebody saved or submitted: say which."""
    current = slot_state(hot, actor, attempt_id, slot, now)
    if judge_step(current.saved, answer, seq, tab) is Verdict.SAME:
        return current.saved, current.deadline
    if not current.running:
        raise ConflictError("closed")
    raise StaleError(current.saved, current.deadline)


def step_names(seq: object, tab: object) -> tuple[int, str]:
    """The seq and tab that a browser sent; raises InvalidError `bad_answer`."""
    whole = isinstance(seq, int) and not isinstance(seq, bool) and 0 <= seq <= BIGGEST_ID
    if not whole or not is_text(tab) or len(str(tab)) > TAB_MAX:
        raise InvalidError("bad_answer")
    return seq, str(tab)  # type: ignore[return-value]  # `whole` says that seq is an int
