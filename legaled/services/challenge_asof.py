"""A board as it was at a moment, made from the runs that had ended by then and still count."""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.challenge_boards import Key, Standing
from legaled.domain.challenges import Result, Rules, lot, passed_level, rank_key, total
from legaled.models import ChallengeCorrection, ChallengeRun


def key_of(rules: Rules, seed: str, lots: dict[int, str]) -> Key:
    """The sorting key of the person board; lots that were drawn once are kept in `lots`."""

    def key(one: Standing) -> Any:
        draw = lots.get(one.person_id)
        if draw is None:
            draw = lots[one.person_id] = lot(seed, one.person_id)
        assert one.score is not None and one.best_ended is not None  # noqa: S101, PT018 - on board
        return rank_key(rules, one.score, one.best_millis or 0, one.best_ended, draw)

    return key


def _ended_by(challenge_id: int, moment: datetime) -> sa.ColumnElement[bool]:
    return sa.and_(
        ChallengeRun.challenge_id == challenge_id, ChallengeRun.counted,
        ChallengeRun.voided.is_(None), ChallengeRun.ended <= moment,
    )


def token(session: Session, challenge_id: int, moment: datetime) -> Any:
    """Changes when a run below a frozen board is voided or corrected; one statement."""
    return tuple(session.execute(
        sa.select(
            sa.func.count(), sa.func.sum(ChallengeRun.score), sa.func.sum(ChallengeRun.millis),
            sa.func.sum(ChallengeRun.right), sa.func.sum(ChallengeRun.answered),
            sa.select(sa.func.sum(ChallengeCorrection.done_to)).where(
                ChallengeCorrection.challenge_id == challenge_id).scalar_subquery(),
        ).where(_ended_by(challenge_id, moment))
    ).one())


def standings(
    session: Session, challenge_id: int, rules: Rules, listed: Iterable[Standing],
    moment: datetime,
) -> dict[int, Standing]:
    """Everybody listed, with what they had at the moment; one statement."""
    runs: defaultdict[int, list[Any]] = defaultdict(list)
    for row in session.execute(
        sa.select(
            ChallengeRun.person_id, ChallengeRun.id, ChallengeRun.level, ChallengeRun.score,
            ChallengeRun.right, ChallengeRun.millis, ChallengeRun.ended, ChallengeRun.answered,
        ).where(_ended_by(challenge_id, moment))
    ):
        runs[row.person_id].append(row)
    return {one.person_id: _as_of(rules, one, runs.get(one.person_id, ())) for one in listed}


def _as_of(rules: Rules, one: Standing, runs: Iterable[Any]) -> Standing:
    rows = list(runs)
    results = [
        Result(row.id, row.level, row.score, row.right, row.millis, row.ended) for row in rows
    ]
    best = total(rules, results)
    return one._replace(
        runs=len(rows), counted_runs=len(rows), answered=sum(row.answered for row in rows),
        right=sum(row.right for row in rows),
        level=passed_level(rules, results) if rules.levels else 0,
        score=best.score if best else None, best_millis=best.millis if best else None,
        best_ended=best.ended if best else None,
    )


