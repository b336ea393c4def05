"""A run as it stands in the tables: read by the cheap door or a session, judged by the fold."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa

from legaled.domain.attempts import Answer, shown_key
from legaled.domain.challenges import Given, Outcome, Put, RunState, Why, fold
from legaled.domain.errors import NotFoundError
from legaled.models import (
    Attempt,
    Challenge,
    ChallengeBank,
    ChallengeCorrection,
    ChallengeRun,
    ChallengeSlot,
    ChallengeStep,
    Exam,
    ExamBank,
)
from legaled.services.challenge_draw import Frozen, Item, Rows, frozen
from legaled.services.saving import BIGGEST_ID

_SITTING = (
    sa.select(Attempt.id)
    .join(Exam, Exam.id == Attempt.exam_id)
    .join(ExamBank, ExamBank.exam_id == Exam.id)
    .join(ChallengeBank, ChallengeBank.bank_id == ExamBank.bank_id)
    .where(
        Attempt.person_id == ChallengeRun.person_id,
        ChallengeBank.challenge_id == ChallengeRun.challenge_id,
        Attempt.submitted.is_(None),
        Attempt.voided.is_(None),
        Exam.cancelled.is_(None),
        Attempt.deadline > sa.bindparam("now", type_=Attempt.deadline.type),
    )
    .correlate(ChallengeRun)
    .exists()
)
_CORRECTED = (
    sa.select(sa.func.max(ChallengeCorrection.id))
    .where(ChallengeCorrection.challenge_id == ChallengeRun.challenge_id)
    .correlate(ChallengeRun)
    .scalar_subquery()
)
_RUN = (
    sa.select(
        ChallengeRun.challenge_id, Challenge.seed, _CORRECTED, ChallengeRun.person_id,
        ChallengeRun.day, ChallengeRun.number, ChallengeRun.level, ChallengeRun.counted,
        ChallengeRun.seed, ChallengeRun.started, ChallengeRun.deadline, ChallengeRun.ended,
        ChallengeRun.end, ChallengeRun.voided, Challenge.cancelled, _SITTING,
    )
    .join(Challenge, Challenge.id == ChallengeRun.challenge_id)
    .where(ChallengeRun.id == sa.bindparam("run_id"))
)
_SLOTS = (
    sa.select(
        ChallengeSlot.number, ChallengeSlot.version_id, ChallengeSlot.option_order,
        ChallengeSlot.shown, ChallengeSlot.deadline, ChallengeStep.answer, ChallengeStep.at,
        ChallengeStep.millis, ChallengeStep.in_time,
    )
    .outerjoin(
        ChallengeStep,
        sa.and_(
            ChallengeStep.run_id == ChallengeSlot.run_id,
            ChallengeStep.slot == ChallengeSlot.number,
        ),
    )
    .where(ChallengeSlot.run_id == sa.bindparam("run_id"))
    .order_by(ChallengeSlot.number)
)


@dataclass(frozen=True)
class SlotRow:
    """A question of a run with its answer, if there is one. `chosen` and `key` are letters as
    they stood on the screen, or texts of gaps."""

    put: Put
    order: str
    item: Item
    chosen: Answer | None = None
    at: datetime | None = None
    millis: int = 0
    in_time: bool = False

    @cached_property
    def right(self) -> bool:
        return self.chosen is not None and self.item.is_right(self.order, self.chosen)

    @property
    def key(self) -> Answer:
        return shown_key(self.item.marked(self.order))

    @cached_property
    def given(self) -> Given | None:
        if self.chosen is None or self.at is None:
            return None
        told = self.item.was_right(self.order, self.chosen, self.at)
        return Given(self.put.number, self.right, self.at, self.millis, self.in_time, told)


@dataclass(frozen=True)
class Live:
    """A run and its state at the moment it was read."""

    id: int
    challenge: Frozen
    person_id: int
    day: date
    number: int
    level: int
    counted: bool
    seed: str
    started: datetime
    deadline: datetime
    ended: datetime | None
    end: str
    voided: datetime | None
    cancelled: datetime | None
    sitting: bool
    slots: tuple[SlotRow, ...]
    state: RunState

    @property
    def order(self) -> tuple[int, ...]:
        return self.challenge.order(self.seed, self.level, self.started)

    @property
    def is_shut(self) -> bool:
        """No new question, no new answer."""
        return bool(self.ended or self.voided or self.cancelled)

    @property
    def missed(self) -> tuple[SlotRow, ...]:
        """The questions that were answered wrongly, or not in time and not made up."""
        bad = (Outcome.WRONG, Outcome.MISSED)
        return tuple(slot for slot in self.slots if self.outcome(slot.put.number) in bad)

    @property
    def asked(self) -> int:
        """How many different questions were put."""
        return len({slot.put.version_id for slot in self.slots})

    def slot(self, number: int) -> SlotRow:
        """Raises NotFoundError for a number that was not put."""
        for slot in reversed(self.slots):
            if slot.put.number == number:
                return slot
        raise NotFoundError()

    def outcome(self, number: int) -> Outcome:
        return self.state.outcomes.get(number, Outcome.MISSED)

    def with_slots(self, slots: Sequence[SlotRow], now: datetime) -> "Live":
        """The same run after one more question or answer."""
        return replace(self, slots=tuple(slots), state=judge(self, slots, now))

    def left_at(self, when: datetime) -> "Live":
        """The same run, ended by its player."""
        made = replace(self, ended=when, end=Why.LEFT.value)
        return replace(made, state=judge(made, made.slots, when))


def judge(live: Live, slots: Sequence[SlotRow], now: datetime) -> RunState:
    """The fold over these slots."""
    return fold(
        live.challenge.rules,
        [slot.put for slot in slots],
        [given for slot in slots if (given := slot.given) is not None],
        now,
        deadline=live.deadline,
        drawn=len(live.order),
        left=live.ended if live.end == Why.LEFT.value else None,
        void=live.challenge.void,
    )


def read_run(rows: Rows, run_id: int, now: datetime, person_id: int | None = None) -> Live:
    """Two statements. With `person_id`, somebody else's run looks like none."""
    if run_id > BIGGEST_ID:
        raise NotFoundError()
    found = rows(_RUN, run_id=run_id, now=now)
    if not found or (person_id is not None and found[0][3] != person_id):
        raise NotFoundError()
    challenge_id, seed, corrected, *facts = found[0]
    challenge = frozen(rows, challenge_id, seed, corrected)
    slots = tuple(_slot(challenge, row) for row in rows(_SLOTS, run_id=run_id))
    bare = Live(*(run_id, challenge, *facts, slots, RunState()))
    return replace(bare, state=judge(bare, slots, now))


def _slot(challenge: Frozen, row: Any) -> SlotRow:
    number, version_id, order, shown, deadline, answer, at, millis, in_time = row
    put, item = Put(number, version_id, shown, deadline), challenge.items[version_id]
    if at is None:
        return SlotRow(put, order, item)
    return SlotRow(put, order, item, tuple(json.loads(answer)), at, millis, bool(in_time))
