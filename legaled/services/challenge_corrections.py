"""A question of a published challenge is corrected: void, or with another key.

What is written down at once is the correction; the runs that were shown the question are then
recomputed from their steps, a batch a transaction, so that nobody who plays has to wait.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.banks import Kind
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.models import (
    Challenge,
    ChallengeCorrection,
    ChallengeItem,
    ChallengeRun,
    ChallengeSlot,
    QuestionVersion,
)
from legaled.services import audit, challenge_facts
from legaled.services.challenge_checks import check_sitting
from legaled.services.challenge_draw import rows_of
from legaled.services.challenge_manage import LARGEST_ID, challenge_for
from legaled.services.paging import Page, page_of

BATCH = 50  # runs recomputed in one transaction
PER_PAGE = 30
_DONE = ChallengeCorrection.done.is_not(None)


@dataclass(frozen=True)
class Correction:
    """One that was made; without a `key` the question is void."""

    key: tuple[str, ...]
    reason: str
    at: datetime
    done: bool


@dataclass(frozen=True)
class Question:
    """A question that the challenge may draw, as published; `corrections` in their order."""

    id: int
    kind: Kind
    stem: str
    options: tuple[str, ...]
    key: tuple[str, ...]
    law: str
    article: str
    runs: int
    corrections: tuple[Correction, ...]


@dataclass(frozen=True)
class QuestionList:
    challenge_id: int
    title: str
    lines: tuple[Question, ...]
    page: Page
    corrected: int


def list_questions(
    session: Session, actor: Actor, challenge_id: int, now: datetime, query: str = "",
    corrected: bool = False, page: int = 1,
) -> QuestionList:
    """The questions of a published challenge, those that were shown most often first."""
    found = _published(session, actor, challenge_id, now)
    wanted = [ChallengeItem.challenge_id == challenge_id]
    known = sa.select(ChallengeCorrection.version_id).where(
        ChallengeCorrection.challenge_id == challenge_id).distinct()
    if corrected:
        wanted.append(ChallengeItem.version_id.in_(known))
    if query.strip():
        wanted.append(QuestionVersion.stem.icontains(query.strip(), autoescape=True))
    total = session.scalar(
        sa.select(sa.func.count()).select_from(ChallengeItem)
        .join(QuestionVersion, QuestionVersion.id == ChallengeItem.version_id).where(*wanted)) or 0
    shown = page_of(total, page, PER_PAGE)
    count = session.scalar(sa.select(sa.func.count()).select_from(known.subquery())) or 0
    return QuestionList(
        challenge_id, found.title, _questions(session, challenge_id, wanted, shown), shown, count)


def one_question(
    session: Session, actor: Actor, challenge_id: int, version_id: int, now: datetime
) -> tuple[str, Question]:
    """(the challenge's title, the question). Raises NotFoundError for one it may not draw."""
    found = _published(session, actor, challenge_id, now)
    wanted = [ChallengeItem.challenge_id == challenge_id, ChallengeItem.version_id == version_id]
    lines = _questions(session, challenge_id, wanted, page_of(1, 1, 1)) if (
        version_id <= LARGEST_ID) else ()
    if not lines:
        raise NotFoundError()
    return found.title, lines[0]


def correct(
    session: Session, actor: Actor, challenge_id: int, version_id: int, key: Sequence[str],
    reason: str, now: datetime,
) -> None:
    """Declare a question void (no key), or give it this key. The runs follow by `close_due`.

    Raises NotFoundError, ConflictError `challenge_cancelled`, `sitting` or `challenge_same_key`,
    InvalidError `reason_needed`.
    """
    challenge_for(session, actor, challenge_id, lock=True)
    _, question = one_question(session, actor, challenge_id, version_id, now)
    words = reason.strip()[:challenge_facts.REASON_MAX]
    if not words:
        raise InvalidError("reason_needed")
    now_key = question.corrections[-1].key if question.corrections else question.key
    if tuple(key) == now_key:
        raise ConflictError("challenge_same_key")
    session.add(ChallengeCorrection(
        challenge_id=challenge_id, version_id=version_id, key=list(key), reason=words,
        author_id=actor.id, at=now))
    audit.note(
        session, actor, "challenge.correct", f"challenge {challenge_id} question {version_id}",
        now, detail=f"{'、'.join(now_key) or 'void'} → {'、'.join(key) or 'void'} {words}")


def has_due(session: Session, now: datetime) -> bool:
    """True if a correction waits for runs to be recomputed."""
    return session.scalar(sa.select(ChallengeCorrection.id).where(~_DONE).limit(1)) is not None


def close_due(session: Session, now: datetime) -> int:
    """Recompute up to `BATCH` runs that were shown a corrected question; returns how many.

    A run that goes on is left alone: its state is judged by the correction anyway.
    """
    waiting = session.scalars(
        sa.select(ChallengeCorrection).where(~_DONE).order_by(ChallengeCorrection.id)
        .limit(1).with_for_update()
    ).first()
    if waiting is None:
        return 0
    runs = session.execute(
        sa.select(ChallengeRun.person_id, ChallengeRun.id)
        .where(ChallengeRun.challenge_id == waiting.challenge_id, ChallengeRun.id > waiting.done_to,
               _shows(waiting.version_id))
        .order_by(ChallengeRun.id).limit(BATCH)
    ).all()
    for _, run_id in sorted((person, run_id) for person, run_id in runs):
        challenge_facts.refold_run(session, run_id, now)
    if runs:
        waiting.done_to = runs[-1].id
    if len(runs) < BATCH:
        waiting.done = now
    return len(runs)


def _shows(version_id: int) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        ChallengeSlot.run_id == ChallengeRun.id, ChallengeSlot.version_id == version_id)


def _published(
    session: Session, actor: Actor, challenge_id: int, now: datetime
) -> Challenge:
    """As every page with answers: not to who sits an exam from one of its banks."""
    found = challenge_for(session, actor, challenge_id)
    if found.published is None:
        raise NotFoundError()
    if found.cancelled is not None:
        raise ConflictError("challenge_cancelled")
    check_sitting(rows_of(session), actor, challenge_id, now)
    return found


def _questions(
    session: Session, challenge_id: int, wanted: Sequence[sa.ColumnElement[bool]], shown: Page
) -> tuple[Question, ...]:
    words = QuestionVersion
    runs = (
        sa.select(ChallengeSlot.version_id, sa.func.count(ChallengeRun.id.distinct()).label("runs"))
        .join(ChallengeRun, ChallengeRun.id == ChallengeSlot.run_id)
        .where(ChallengeRun.challenge_id == challenge_id)
        .group_by(ChallengeSlot.version_id).subquery()
    )
    count = sa.func.coalesce(runs.c.runs, 0)
    rows = session.execute(
        sa.select(words.id, words.kind, words.stem, words.options, words.key, words.law,
                  words.article, count)
        .join(ChallengeItem, ChallengeItem.version_id == words.id)
        .outerjoin(runs, runs.c.version_id == words.id)
        .where(*wanted).order_by(count.desc(), words.id)
        .offset(shown.offset).limit(shown.size)
    ).all()
    made: dict[int, list[Correction]] = {row[0]: [] for row in rows}
    for one in session.scalars(
        sa.select(ChallengeCorrection)
        .where(ChallengeCorrection.challenge_id == challenge_id,
               ChallengeCorrection.version_id.in_(list(made)))
        .order_by(ChallengeCorrection.id)
    ):
        made[one.version_id].append(
            Correction(tuple(one.key), one.reason, one.at, one.done is not None))
    return tuple(
        Question(row[0], row[1], row[2], tuple(row[3]), tuple(row[4]), row[5], row[6], row[7],
                 tuple(made[row[0]]))
        for row in rows
    )
