"""Whether a person may start a run now: no exam from the same bank, caps, levels."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.challenges import Rules, passed_level
from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.domain.times import beijing_day
from legaled.models import ChallengeBank, ChallengeRun
from legaled.services import sitting
from legaled.services.challenge_facts import results_of


def check_sitting(session: Session, actor: Actor, challenge_id: int, now: datetime) -> None:
    """Raises ConflictError `sitting` while the actor sits an exam from one of its banks."""
    busy = sitting.banks_in_use(session, actor.id, now)
    mine = sa.select(ChallengeBank.bank_id).where(ChallengeBank.challenge_id == challenge_id)
    if busy and busy & set(session.scalars(mine)):
        raise ConflictError("sitting")


def check_caps(
    rules: Rules, valid: Sequence[ChallengeRun], now: datetime, practice: bool
) -> None:
    """Raises ConflictError `challenge_cap`, or `challenge_no_practice`."""
    today = [run for run in valid if run.day == beijing_day(now)]
    if rules.runs_a_day and len(today) >= rules.runs_a_day:
        raise ConflictError("challenge_cap")
    if practice:
        if not rules.practice:
            raise ConflictError("challenge_no_practice")
        return
    counted_in_all = sum(run.counted for run in valid)
    if sum(run.counted for run in today) >= rules.counted_a_day or (
        rules.runs_in_all and counted_in_all >= rules.runs_in_all
    ):
        raise ConflictError("challenge_cap")


def check_level(rules: Rules, valid: Sequence[ChallengeRun], level: int) -> None:
    """Raises ConflictError `challenge_level_locked`, NotFoundError for a level there is not."""
    if not rules.levels:
        if level:
            raise NotFoundError()
        return
    if not 1 <= level <= rules.levels:
        raise NotFoundError()
    if level > passed_level(rules, results_of(valid)) + 1:
        raise ConflictError("challenge_level_locked")
