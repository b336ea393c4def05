"""Measured recall: what was right when it was due, beside what FSRS had expected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.rates import percent
from legaled.domain.times import BEIJING
from legaled.models import PracticeAnswer

MONTHS = 12


@dataclass(frozen=True)
class Recall:
    """Due reviews, how many were right, and the sum of what FSRS expected of them."""

    due: int
    right: int
    expected_sum: float

    @property
    def rate(self) -> str:
        return percent(self.right, self.due)

    @property
    def expected(self) -> str:
        """FSRS's mean, in the same form; "—" without a review."""
        return percent(round(self.expected_sum * 10_000), self.due * 10_000)


@dataclass(frozen=True)
class Recalls:
    """All there is, and the last months that have any, as (year, month), newest first."""

    total: Recall
    months: Sequence[tuple[tuple[int, int], Recall]]


def recall(session: Session, person_id: int | None) -> Recall:
    """One person's measured recall of all time; one query."""
    due, right, expected = session.execute(
        sa.select(
            sa.func.count(), sa.func.sum(sa.case((PracticeAnswer.right, 1), else_=0)),
            sa.func.sum(PracticeAnswer.expected),
        ).where(PracticeAnswer.person_id == person_id, PracticeAnswer.was_due)
    ).one()
    return Recall(due, int(right or 0), float(expected or 0))


def recalls(session: Session, person_id: int | None, now: datetime) -> Recalls:
    """With the last twelve months, this one among them; two queries."""
    today = now.astimezone(BEIJING)
    year, month = divmod(today.year * 12 + today.month - MONTHS, 12)
    since = datetime(year, month + 1, 1, tzinfo=BEIJING)
    rows = session.execute(
        sa.select(PracticeAnswer.at, PracticeAnswer.right, PracticeAnswer.expected)
        .where(PracticeAnswer.person_id == person_id, PracticeAnswer.was_due,
               PracticeAnswer.at >= since))
    return Recalls(recall(session, person_id), _by_month(
        (at, right, expected) for at, right, expected in rows))


def _by_month(
    rows: Iterable[tuple[datetime, bool, float | None]]
) -> list[tuple[tuple[int, int], Recall]]:
    months: dict[tuple[int, int], Recall] = {}
    for at, right, expected in rows:
        day = at.astimezone(BEIJING)
        before = months.get((day.year, day.month), Recall(0, 0, 0.0))
        months[day.year, day.month] = Recall(
            before.due + 1, before.right + right, before.expected_sum + (expected or 0))
    return sorted(months.items(), reverse=True)
