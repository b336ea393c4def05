"""Whether a person may start a run now: no exam from the same bank, caps, levels."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from legaled.domain.challenge_caps import Go, left
from legaled.domain.challenges import Rules, passed_level
from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.domain.times import beijing_day
from legaled.models import Attempt, ChallengeBank, ChallengeRun, Exam, ExamBank
from legaled.services import sitting
from legaled.services.challenge_draw import Rows
from legaled.services.challenge_facts import RunFacts, results_of

_BUSY = (
    sa.select(Attempt.id)
    .join(Exam, Exam.id == Attempt.exam_id)
    .join(ExamBank, ExamBank.exam_id == Exam.id)
    .join(ChallengeBank, ChallengeBank.bank_id == ExamBank.bank_id)
    .where(
        Attempt.person_id == sa.bindparam("person_id"),
        ChallengeBank.challenge_id == sa.bindparam("challenge_id"),
        Exam.cancelled.is_(None),
        sitting.running(sa.bindparam("now", type_=Attempt.deadline.type)),
    )
)


def check_sitting(rows: Rows, actor: Actor, challenge_id: int, now: datetime) -> None:
    """Raises ConflictError `sitting` while the actor sits an exam from one of its banks."""
    if rows(_BUSY, person_id=actor.id, challenge_id=challenge_id, now=now):
        raise ConflictError("sitting")


def check_caps(
    rules: Rules, valid: Sequence[RunFacts | ChallengeRun], now: datetime, practice: bool
) -> None:
    """Raises ConflictError `challenge_cap`, or `challenge_no_practice`."""
    found = left(rules, goes_of(valid), beijing_day(now))
    if practice and not rules.practice:
        raise ConflictError("challenge_no_practice")
    if not (found.practice if practice else found.counted):
        raise ConflictError("challenge_cap")


def goes_of(valid: Sequence[RunFacts | ChallengeRun]) -> list[Go]:
    return [Go(run.day, run.counted, run.given_back) for run in valid]


def check_level(rules: Rules, valid: Sequence[RunFacts | ChallengeRun], level: int) -> None:
    """Raises ConflictError `challenge_level_locked`, NotFoundError for a level there is not."""
    if not rules.levels:
        if level:
            raise NotFoundError()
        return
    if not 1 <= level <= rules.levels:
        raise NotFoundError()
    if level > passed_level(rules, results_of(valid)) + 1:
        raise ConflictError("challenge_level_locked")
