"""What each person knows of each question, kept by FSRS; the only home of the fsrs package."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

import sqlalchemy as sa
from fsrs import Card as FsrsCard
from fsrs import Rating, Scheduler, State
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legaled.domain.memory import (
    FRESH,
    LONGEST,
    RETENTION,
    Memory,
    Trace,
    answered,
    forgotten,
)
from legaled.domain.times import beijing_day
from legaled.models import Card, PracticeAnswer, QuestionVersion

RUN_MAX = 40
_STEP = (timedelta(days=1),)
_SCHEDULER = Scheduler(
    desired_retention=RETENTION, learning_steps=_STEP, relearning_steps=_STEP,
    maximum_interval=LONGEST, enable_fuzzing=False,
)


@dataclass(frozen=True)
class Target:
    """The words that were answered, and whose they are."""

    question_id: int
    version_id: int


def review(trace: Trace | None, last: date | None, today: date, right: bool) -> tuple[Trace, int]:
    """FSRS's own step: Good for right, Again for wrong; days are days, whatever the hour."""
    rating = Rating.Good if right else Rating.Again
    after, _ = _SCHEDULER.review_card(_fsrs(trace, last, today), rating, _noon(today))
    if after.stability is None or after.difficulty is None:
        raise RuntimeError("FSRS gave no stability")
    made = Trace(after.state.value, after.step, after.stability, after.difficulty)
    return made, (after.due - _noon(today)).days


def retrievability(trace: Trace, last: date, today: date) -> float:
    """How probable FSRS thinks a right answer today."""
    return _SCHEDULER.get_card_retrievability(_fsrs(trace, last, today), _noon(today))


def record(
    session: Session, person_id: int, target: Target, run: str, right: bool, now: datetime
) -> bool:
    """Keep the first answer to a question of a run; False, and nothing changed, for a later one.

    Two tabs at once do not disturb each other: the second waits and then counts, or does not.
    """
    known = sa.select(PracticeAnswer.id).where(
        PracticeAnswer.person_id == person_id, PracticeAnswer.run == run[:RUN_MAX],
        PracticeAnswer.question_id == target.question_id)
    if session.scalar(known) is not None:
        return False
    try:
        with session.begin_nested():
            before = _learn(session, person_id, target, right, now)
            session.add(_answer(person_id, target, run[:RUN_MAX], right, now, before))
    except IntegrityError:
        return False
    return True


def add_misses(
    session: Session, person_id: int, version_ids: Iterable[int], now: datetime
) -> int:
    """Wrong answers given elsewhere (an exam, a challenge) go into the 错题本, due tomorrow.

    They are no practice answers and no measure of recall. Returns how many questions there were;
    a version that does not exist is none.
    """
    targets = {
        row.question_id: Target(row.question_id, row.id) for row in session.execute(
            sa.select(QuestionVersion.question_id, QuestionVersion.id)
            .where(QuestionVersion.id.in_(version_ids)).order_by(QuestionVersion.id))
    }
    known = {
        card.question_id: card for card in session.scalars(
            sa.select(Card)
            .where(Card.person_id == person_id, Card.question_id.in_(targets))
            .order_by(Card.question_id).with_for_update()
            .execution_options(populate_existing=True))
    }
    fresh = [target for target in targets.values() if target.question_id not in known]
    for card in known.values():
        _move(session, card, targets[card.question_id], False, now)
    try:
        with session.begin_nested():
            session.add_all(_fresh(person_id, target, False, now) for target in fresh)
    except IntegrityError:  # another tab knew one of them first
        for target in fresh:
            _learn(session, person_id, target, False, now)
    return len(targets)


def memory_of(card: Card) -> Memory:
    """A stored card as the rules see it."""
    known = card.stability is not None and card.difficulty is not None
    trace = Trace(card.state, card.step, card.stability or 0, card.difficulty or 0)
    return Memory(trace if known else None, card.due, card.last, card.answers, card.misses,
                  card.missed, card.recalled)


def _learn(
    session: Session, person_id: int, target: Target, right: bool, now: datetime
) -> Memory:
    """Move the card; returns the memory as it was before."""
    card = _locked(session, person_id, target)
    if card is None:
        try:
            with session.begin_nested():
                session.add(_fresh(person_id, target, right, now))
            return FRESH
        except IntegrityError:  # another tab was first; it has committed by now
            card = _locked(session, person_id, target)
            if card is None:
                raise
    return _move(session, card, target, right, now)


def _fresh(person_id: int, target: Target, right: bool, now: datetime) -> Card:
    card = Card(person_id=person_id, question_id=target.question_id)
    _keep(card, target, answered(FRESH, right, now, review))
    return card


def _move(session: Session, card: Card, target: Target, right: bool, now: datetime) -> Memory:
    before = memory_of(card)
    if not _same_question(session, card, target):
        before = forgotten(before)
    _keep(card, target, answered(before, right, now, review))
    return before


def _locked(session: Session, person_id: int, target: Target) -> Card | None:
    return session.get(Card, (person_id, target.question_id), with_for_update=True,
                       populate_existing=True)


def _keep(card: Card, target: Target, memory: Memory) -> None:
    if memory.trace is None or memory.due is None or memory.last is None:
        raise RuntimeError("an answered question has a schedule")
    card.version_id = target.version_id
    card.state, card.step = memory.trace.state, memory.trace.step
    card.stability, card.difficulty = memory.trace.stability, memory.trace.difficulty
    card.due, card.last = memory.due, memory.last
    card.answers, card.misses = memory.answers, memory.misses
    card.missed, card.recalled = memory.missed, memory.recalled


def _answer(
    person_id: int, target: Target, run: str, right: bool, now: datetime, before: Memory
) -> PracticeAnswer:
    was_due, expected = before.is_due(now), None
    if before.trace and before.day:
        expected = retrievability(before.trace, before.day, beijing_day(now))
    return PracticeAnswer(
        person_id=person_id, question_id=target.question_id, version_id=target.version_id,
        run=run, at=now, right=right, due=before.due, was_due=was_due, expected=expected,
    )


def _same_question(session: Session, card: Card, target: Target) -> bool:
    """Whether the words answered last ask the same: a mended stem does, another key does not."""
    if card.version_id == target.version_id:
        return True
    asks = session.execute(
        sa.select(QuestionVersion.kind, QuestionVersion.options, QuestionVersion.key)
        .where(QuestionVersion.id.in_([card.version_id, target.version_id]))
    ).all()
    return len(asks) == 2 and tuple(asks[0]) == tuple(asks[1])


def _fsrs(trace: Trace | None, last: date | None, today: date) -> FsrsCard:
    if trace is None or last is None:
        return FsrsCard(card_id=1, due=_noon(today))
    return FsrsCard(1, State(trace.state), trace.step, trace.stability, trace.difficulty,
                    _noon(today), _noon(last))


def _noon(day: date) -> datetime:
    return datetime.combine(day, time(12), UTC)
