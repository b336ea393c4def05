"""What each person knows of each question, kept by FSRS; the only home of the fsrs package."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from fsrs import Card as FsrsCard
from fsrs import Rating, Scheduler, State
from sqlalchemy.dialects.postgresql import insert  # its ON CONFLICT is SQLite's as well
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session, aliased

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
from legaled.services.accounts import Hot
from legaled.services.within import Within

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


class _Known(NamedTuple):
    """A card as it is stored, with the words that were answered last."""

    question_id: int
    version_id: int | None
    state: int
    step: int | None
    stability: float | None
    difficulty: float | None
    due: datetime
    last: datetime
    answers: int
    misses: int
    missed: datetime | None
    recalled: int
    kind: Any
    options: Any
    key: Any


_CHANGED = _Known._fields[1:-3]
_TO = {name: sa.bindparam(f"to_{name}", type_=getattr(Card, name).type) for name in _CHANGED}
_ADD_CARD = insert(Card).values(
    person_id=sa.bindparam("to_person"), question_id=sa.bindparam("to_question"), **_TO
).on_conflict_do_nothing()
_MOVE_CARD = sa.update(Card).where(
    Card.person_id == sa.bindparam("of_person"), Card.question_id == sa.bindparam("of_question")
).values(_TO)


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


@dataclass(frozen=True)
class Among:
    """Statements over the questions of some versions: the words, and a person's cards of them."""

    asked: sa.Select[*tuple[Any, ...]]
    cards: sa.Select[*tuple[Any, ...]]


def among(version_ids: sa.Select[int]) -> Among:
    """For `learn_misses`; made once where the versions are named by a parameter."""
    words, then = QuestionVersion, aliased(QuestionVersion)
    asked = sa.select(
        words.question_id, words.id, words.kind, words.options, words.key
    ).where(words.id.in_(version_ids)).order_by(words.id)
    mine = sa.select(words.question_id).where(words.id.in_(version_ids))
    cards = sa.select(
        *(getattr(Card, name) for name in _Known._fields[:-3]), then.kind, then.options, then.key
    ).outerjoin(then, then.id == Card.version_id).where(
        Card.person_id == sa.bindparam("person_id"), Card.question_id.in_(mine)
    ).order_by(Card.question_id).with_for_update(of=Card)
    return Among(asked, cards)


def add_misses(
    session: Session, person_id: int, version_ids: Iterable[int], now: datetime
) -> int:
    """Wrong answers given elsewhere (an exam, a challenge) go into the 错题本, due tomorrow.

    They are no practice answers and no measure of recall. Returns how many questions there were;
    a version that does not exist is none.
    """
    wanted = set(version_ids)
    chosen = among(sa.select(QuestionVersion.id).where(QuestionVersion.id.in_(wanted)))
    return learn_misses(Within(session), chosen, person_id, wanted, now)


def learn_misses(
    door: Hot, chosen: Among, person_id: int, wanted: Collection[int], now: datetime,
    **values: Any,
) -> int:
    """As `add_misses`, of those versions among `chosen` that are `wanted`; two reading statements
    however many there are. `values` are the parameters of `chosen`."""
    asked = {question_id: (version_id, tuple(words))
             for question_id, version_id, *words in door.rows(chosen.asked, **values)
             if version_id in wanted}
    known = _cards(door, chosen, person_id, values)
    for question_id, (version_id, words) in asked.items():
        target, card = Target(question_id, version_id), known.get(question_id)
        if card is None:
            made = _columns(target, answered(FRESH, False, now, review))
            if door.append(_ADD_CARD, to_person=person_id, to_question=question_id, **made):
                continue
            # another tab knew it first, and has committed by now
            card = _cards(door, chosen, person_id, values)[question_id]
        before = memory_of(card)
        if card.version_id != version_id and (card.kind, card.options, card.key) != words:
            before = forgotten(before)
        made = _columns(target, answered(before, False, now, review))
        door.append(_MOVE_CARD, of_person=person_id, of_question=question_id, **made)
    return len(asked)


def _cards(
    door: Hot, chosen: Among, person_id: int, values: Mapping[str, Any]
) -> dict[int, _Known]:
    rows = door.rows(chosen.cards, person_id=person_id, **values)
    return {card.question_id: card for card in (_Known(*row) for row in rows)}


def _columns(target: Target, memory: Memory) -> dict[str, Any]:
    return {f"to_{name}": value for name, value in _facts(target, memory).items()}


def memory_of(card: Card | _Known) -> Memory:
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
    for name, value in _facts(target, memory).items():
        setattr(card, name, value)


def _facts(target: Target, memory: Memory) -> dict[str, Any]:
    """The columns of a card that an answer changes."""
    if memory.trace is None or memory.due is None or memory.last is None:
        raise RuntimeError("an answered question has a schedule")
    trace = memory.trace
    return {
        "version_id": target.version_id, "state": trace.state, "step": trace.step,
        "stability": trace.stability, "difficulty": trace.difficulty, "due": memory.due,
        "last": memory.last, "answers": memory.answers, "misses": memory.misses,
        "missed": memory.missed, "recalled": memory.recalled,
    }


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
