"""Opening an attempt: a paper drawn from what publication froze."""

from datetime import datetime
from typing import TypeAlias

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import exams as rules
from legaled.domain.banks import Kind
from legaled.domain.permissions import Actor
from legaled.models import Attempt, Exam, PoolItem, QuestionVersion, Quota, Slot

Pool: TypeAlias = dict[Kind, list[tuple[int, int]]]


def open_attempt(
    session: Session, actor: Actor, exam: Exam, window: rules.Window, number: int, now: datetime
) -> int:
    """The actor's attempt of this number with its slots; whether it may start is settled."""
    pool, quotas = _pool(session, exam)
    paper = rules.draw(f"{exam.seed}:{actor.id}:{number}", pool, quotas)
    attempt = Attempt(
        exam_id=exam.id,
        person_id=actor.id,
        sitting_id=window.id,
        number=number,
        started=now,
        deadline=rules.deadline(now, exam.minutes, 0, window.closes),
    )
    session.add(attempt)
    session.flush()
    session.connection().execute(
        sa.insert(Slot),
        [
            {
                "attempt_id": attempt.id,
                "number": position,
                "version_id": drawn.version_id,
                "option_order": drawn.option_order,
                "points": drawn.points,
            }
            for position, drawn in enumerate(paper, 1)
        ],
    )
    return attempt.id


def _pool(session: Session, exam: Exam) -> tuple[Pool, dict[Kind, tuple[int, int]]]:
    """What a paper is drawn from. Frozen at publication, so a process reads it once."""
    key = (exam.id, exam.seed)
    known = _POOLS.get(key)
    if known is None:
        pool: Pool = {}
        for version_id, kind, options in session.execute(
            sa.select(QuestionVersion.id, QuestionVersion.kind, QuestionVersion.options)
            .join(PoolItem, PoolItem.version_id == QuestionVersion.id)
            .where(PoolItem.exam_id == exam.id)
        ):
            pool.setdefault(kind, []).append((version_id, len(options)))
        quotas = {
            quota.kind: (quota.count, quota.points)
            for quota in session.scalars(sa.select(Quota).where(Quota.exam_id == exam.id))
        }
        if len(_POOLS) >= 64:
            _POOLS.clear()
        known = _POOLS[key] = (pool, quotas)
    return known


_POOLS: dict[tuple[int, str], tuple[Pool, dict[Kind, tuple[int, int]]]] = {}
