"""The 错题本: what one person has missed and does not know yet, and when it comes back."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.banks import KIND_LABEL
from legaled.domain.errors import ConflictError
from legaled.domain.memory import start_of
from legaled.domain.permissions import Actor
from legaled.domain.practice import Tried, weakest
from legaled.domain.text import clean
from legaled.domain.times import beijing_day
from legaled.models import Bank, Card, PracticeAnswer, Question, QuestionVersion, Slot
from legaled.services import memory, papers, sitting
from legaled.services.paging import Page, page_of
from legaled.services.practice import current

PER_PAGE = 20


@dataclass(frozen=True)
class Due:
    """How many questions come back today and tomorrow, and how many of them are mistakes.

    What is not reviewed today is still there tomorrow: `tomorrow` counts it too.
    """

    today: int
    tomorrow: int
    missed: int
    missed_today: int
    missed_tomorrow: int


@dataclass(frozen=True)
class Mistake:
    """One line of the 错题本; nothing in it tells the answer."""

    kind: str
    stem: str
    bank: str
    law: str
    article: str
    misses: int
    recalled: int
    due: datetime
    is_due: bool


@dataclass(frozen=True)
class Mistakes:
    """A page of the 错题本. `laws` are (bank, count) of all of it, for the filter."""

    lines: Sequence[Mistake]
    page: Page
    laws: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Added:
    """What became of an exam's wrong answers: into the 错题本, or not open for practice."""

    added: int
    closed: int


def due(session: Session, actor: Actor, now: datetime) -> Due:
    """One query. Only what can be practised now is counted."""
    until = Card.due <= start_of(beijing_day(now) + timedelta(days=1))
    is_due, is_missed = Card.due <= now, Card.missed.is_not(None)
    row = session.execute(_mine(
        actor, now, _count(is_due), _count(until), _count(is_missed),
        _count(sa.and_(is_due, is_missed)), _count(sa.and_(until, is_missed)))).one()
    return Due(*(int(count or 0) for count in row))


def mistakes(
    session: Session, actor: Actor, now: datetime, *,
    query: str = "", bank: str = "", only_due: bool = False, page: int = 1,
) -> Mistakes:
    """What is missed and not known yet, what is due first; three queries whatever the number."""
    missed = Card.missed.is_not(None)
    wanted: list[sa.ColumnElement[bool]] = [missed]
    if words := clean(query.replace("\0", "")):
        wanted.append(sa.or_(QuestionVersion.stem.icontains(words, autoescape=True),
                             QuestionVersion.article.icontains(words, autoescape=True)))
    if bank:
        wanted.append(Bank.name == bank)
    if only_due:
        wanted.append(Card.due <= now)
    total = session.scalar(_mine(actor, now, sa.func.count()).where(*wanted)) or 0
    place = page_of(total, page, PER_PAGE)
    rows = session.execute(
        _mine(actor, now, QuestionVersion.kind, QuestionVersion.stem, Bank.name,
              QuestionVersion.law, QuestionVersion.article, Card.misses, Card.recalled, Card.due)
        .where(*wanted).order_by(Card.due, Question.id).limit(place.size).offset(place.offset))
    lines = [
        Mistake(KIND_LABEL[kind], stem, name, law, article, misses, recalled, at, at <= now)
        for kind, stem, name, law, article, misses, recalled, at in rows]
    laws = session.execute(
        _mine(actor, now, Bank.name, sa.func.count()).where(missed)
        .group_by(Bank.name).order_by(Bank.name))
    return Mistakes(lines, place, [(name, count) for name, count in laws])


def weak_articles(session: Session, actor: Actor, now: datetime) -> list[Tried]:
    """Where the actor's practice goes worst, by article; one query."""
    rows = session.execute(
        current(QuestionVersion.law, QuestionVersion.article, sa.func.count(),
                _count(PracticeAnswer.right))
        .join(PracticeAnswer, PracticeAnswer.question_id == Question.id)
        .where(PracticeAnswer.person_id == actor.id, QuestionVersion.law != "",
               QuestionVersion.article != "", ~sitting.shut(actor.id, now))
        .group_by(QuestionVersion.law, QuestionVersion.article))
    return weakest(Tried(law, article, answers, int(right or 0))
                   for law, article, answers, right in rows)


def add_from_attempt(
    session: Session, actor: Actor, attempt_id: int, now: datetime
) -> Added:
    """Put what was wrong in an exam into the actor's 错题本, once its answers may be seen.

    A question counts when it, or the same one in another bank, is open for practice. Pressed
    again it adds nothing. Raises NotFoundError, or ConflictError `not_shown_yet`.
    """
    seen = papers.review(session, actor, attempt_id, now)
    if seen is None or seen.slots is None or actor.id is None:
        raise ConflictError("not_shown_yet")
    wrong = [slot.number for slot in seen.slots if slot.earned < slot.points]
    rows = session.execute(
        sa.select(QuestionVersion.id, Question.fingerprint)
        .join(Slot, Slot.version_id == QuestionVersion.id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Slot.attempt_id == attempt_id, Slot.number.in_(wrong))).all()
    open_now = _practisable(session, [mark for _, mark in rows])
    mine = set(session.scalars(
        sa.select(Card.question_id).where(Card.person_id == actor.id, Card.missed.is_not(None))))
    new = [version_id for question_id, version_id in open_now.values() if question_id not in mine]
    added = memory.add_misses(session, actor.id, new, now)
    return Added(added, len(rows) - len(open_now))


def _practisable(session: Session, marks: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(question, version) by fingerprint, of what is open for practice."""
    rows = session.execute(
        current(Question.fingerprint, Question.id, QuestionVersion.id)
        .where(Question.fingerprint.in_(marks)).order_by(Question.id.desc()))
    return {mark: (question_id, version_id) for mark, question_id, version_id in rows}


def _mine(actor: Actor, now: datetime, *columns: Any) -> Any:
    """The actor's cards whose question can be practised at this moment."""
    return (current(*columns).join(Card, Card.question_id == Question.id)
            .where(Card.person_id == actor.id, ~sitting.shut(actor.id, now)))


def _count(condition: Any) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))
