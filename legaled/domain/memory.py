"""When a question comes back: by Beijing days, never by the minute.

Missed today is due tomorrow; each right answer on its day puts it off longer than the last time.
How long is FSRS's to say; it is handed in, so that the rules around it stay plain.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeAlias

from legaled.domain.times import BEIJING, beijing_day

RETENTION = 0.9  # a question is due on the day on which recalling it has become this uncertain
LONGEST = 365  # days: whatever is known well is asked again within a year
MASTERED = 2  # due reviews in a row that take a question out of the 错题本


@dataclass(frozen=True)
class Trace:
    """What FSRS keeps of a question."""

    state: int
    step: int | None
    stability: float
    difficulty: float


# (trace, day of the last answer that moved it, today, right) → (trace, days until it is due)
Review: TypeAlias = Callable[[Trace | None, date | None, date, bool], tuple[Trace, int]]


@dataclass(frozen=True)
class Memory:
    """One question in one person's memory. `last` is the last answer that moved the schedule.

    `missed` is set while the question is in the 错题本; without a trace nothing is known of it.
    """

    trace: Trace | None = None
    due: datetime | None = None
    last: datetime | None = None
    answers: int = 0
    misses: int = 0
    missed: datetime | None = None
    recalled: int = 0

    @property
    def day(self) -> date | None:
        return beijing_day(self.last) if self.last else None

    def is_due(self, now: datetime) -> bool:
        """Whether its day has come; false for what has never been answered."""
        return self.trace is not None and self.due is not None and self.due <= now


FRESH = Memory()


def start_of(day: date) -> datetime:
    """The instant at which a Beijing day begins."""
    return datetime.combine(day, time(), BEIJING).astimezone(UTC)


def answered(before: Memory, right: bool, now: datetime, review: Review) -> Memory:
    """The memory after an answer. A day moves the schedule once, and once more for a miss:

    whoever has just read the answer does not recall it, and a second miss tells nothing new.
    """
    counted = replace(before, answers=before.answers + 1, misses=before.misses + (not right))
    today = beijing_day(now)
    if before.trace is not None and before.day == today and (right or _missed_on(before, today)):
        return counted
    trace, days = review(before.trace, before.day, today, right)
    moved = replace(counted, trace=trace, last=now)
    if not right:
        return replace(moved, due=_days_on(today, 1), missed=now, recalled=0)
    return replace(_recalled(moved, before.is_due(now)), due=_put_off(before, days, now))


def forgotten(before: Memory) -> Memory:
    """The question has become another one: what was learnt of it says nothing any more.

    It stays in the 错题本 until the new one is known.
    """
    return replace(before, trace=None, due=None, last=None, recalled=0)


def _missed_on(memory: Memory, day: date) -> bool:
    return memory.missed is not None and beijing_day(memory.missed) == day


def _recalled(memory: Memory, was_due: bool) -> Memory:
    if memory.missed is None or not was_due:
        return memory
    times = memory.recalled + 1
    if times < MASTERED:
        return replace(memory, recalled=times)
    return replace(memory, missed=None, recalled=0)


def _put_off(before: Memory, days: int, now: datetime) -> datetime:
    """On its day, after a right answer, always longer than the last time; never sooner than it
    would have been."""
    today = beijing_day(now)
    knew = before.missed is None or before.missed != before.last
    if before.is_due(now) and knew and before.due and before.day:
        days = max(days, (beijing_day(before.due) - before.day).days + 1)
    due = _days_on(today, min(max(days, 1), LONGEST))
    return max(due, before.due) if before.due else due


def _days_on(today: date, days: int) -> datetime:
    return start_of(today + timedelta(days=days))
