"""A practice run: which questions, in which order, for one person at this moment."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.banks import Kind
from legaled.domain.errors import NotFoundError
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.memory import RETENTION
from legaled.domain.permissions import Actor
from legaled.domain.practice import Only, cited_articles
from legaled.domain.times import beijing_day
from legaled.models import Bank, Card, PracticeAnswer, Question, QuestionVersion
from legaled.services import memory, practice_laws, sitting
from legaled.services.law_versions import shelf
from legaled.services.practice import Run, current


@dataclass(frozen=True)
class Scope:
    """What to practise. `bank` is a bank's name, "" for all that are open; `chapter` is any
    article of the chapter and needs `law_id`, as `article` does."""

    bank: str = ""
    kind: Kind | None = None
    topic: str = ""
    law_id: int | None = None
    chapter: ArticleNumber | None = None
    article: ArticleNumber | None = None
    only: Only = Only.ALL


def make_run(session: Session, actor: Actor, scope: Scope, seed: str, now: datetime) -> Run:
    """The run of this seed: the same until a bank changes, and then but for what changed.

    What comes from one's memory stays in the run when it has been answered in it. Questions of
    an exam that the actor sits are left out; raises NotFoundError when no bank of that name is
    open or the library has no such law or chapter, and ConflictError `sitting` when all of the
    bank is shut.
    """
    query = current().where(~sitting.shut(actor.id, now))
    if scope.bank:
        query = query.where(Bank.id == _open_bank(session, actor, scope.bank, now))
    if scope.kind is not None:
        query = query.where(QuestionVersion.kind == scope.kind)
    if scope.topic:
        query = query.where(QuestionVersion.topic == scope.topic)
    if scope.only is not Only.ALL:
        found = _remembered(session, actor, scope.only, query, seed, now)
    elif scope.law_id is not None:
        found = _citing(session, scope, query, now)
    else:
        found = session.execute(query.add_columns(Question.id, QuestionVersion.id, sa.null()))
    ordered = sorted(
        (due.timestamp() if due else 0.0, sha256(f"{seed}:{question}".encode()).digest(), version)
        for question, version, due in found
    )
    return Run(scope.bank, tuple(version for *_, version in ordered), actor.id, now)


def practice_run(
    session: Session, actor: Actor, law: str, seed: str, now: datetime,
    kind: Kind | None = None, topic: str = "",
) -> Run:
    """The run of a bank by its name."""
    return make_run(session, actor, Scope(law, kind, topic), seed, now)


def _open_bank(session: Session, actor: Actor, name: str, now: datetime) -> int:
    bank = session.scalar(sa.select(Bank.id).where(Bank.name == name, Bank.practice.is_(True)))
    if bank is None:
        raise NotFoundError()
    sitting.check_bank(session, actor, bank, now)
    return bank


def _citing(
    session: Session, scope: Scope, query: Any, now: datetime
) -> Iterable[tuple[int, int, None]]:
    """Those that rest on an article of the law, its chapter, or this one article."""
    law_id, known = scope.law_id or 0, shelf(session, now)
    names = practice_laws.names_of(session, known, law_id)
    wanted: frozenset[ArticleNumber] | None = None
    if scope.article:
        wanted = frozenset([scope.article])
    elif scope.chapter:
        wanted = practice_laws.chapter_of(session, known, law_id, scope.chapter).articles
    rows = session.execute(
        query.add_columns(Question.id, QuestionVersion.id, QuestionVersion.article)
        .where(QuestionVersion.law.in_(names)))
    return [(question, version, None) for question, version, cell in rows
            if wanted is None or wanted & cited_articles(cell)]


def _remembered(
    session: Session, actor: Actor, only: Only, query: Any, seed: str, now: datetime
) -> Iterable[tuple[int, int, datetime | None]]:
    """Those with a card that is due, missed or weak, and those answered in this very run; by the
    day for which they had been due, weak ones without."""
    rows = session.execute(
        query.add_columns(Question.id, QuestionVersion.id, Card, PracticeAnswer.id,
                          PracticeAnswer.due)
        .join(Card, sa.and_(Card.question_id == Question.id, Card.person_id == actor.id))
        .outerjoin(PracticeAnswer, sa.and_(
            PracticeAnswer.question_id == Question.id, PracticeAnswer.run == seed,
            PracticeAnswer.person_id == actor.id)))
    found = []
    for question, version, card, answer, was_due in rows:
        if answer is not None or _fits(only, card, now):
            due = was_due if answer is not None else card.due
            found.append((question, version, None if only is Only.WEAK else due))
    return found


def _fits(only: Only, card: Card, now: datetime) -> bool:
    if only is Only.WEAK:
        return card.missed is not None or _recall(card, now) < RETENTION
    return card.due <= now and (only is Only.DUE or card.missed is not None)


def _recall(card: Card, now: datetime) -> float:
    known = memory.memory_of(card)
    if known.trace is None or known.day is None:
        return 0.0
    return memory.retrievability(known.trace, known.day, beijing_day(now))
