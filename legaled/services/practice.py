"""Practising: what there is to practise, and how an answer is marked. Nothing touches an exam."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.attempts import MARKERS, Answer, Marked, mark, read_answer, shown_key
from legaled.domain.banks import KIND_LABEL, LETTERS, Kind
from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.models import Bank, Question, QuestionVersion
from legaled.services import memory, sitting
from legaled.services.bank_imports import is_current


@dataclass(frozen=True)
class Outline:
    """What can be practised of one bank: how many questions by kind and by topic."""

    law: str
    kinds: tuple[tuple[Kind, int], ...]
    topics: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.kinds)


@dataclass(frozen=True)
class Run:
    """The questions of one practice run, in their order.

    Made by `practice_runs` only, so whoever holds one may practise at this moment. `law` is the
    bank's name, "" for all banks that are open; `person_id` and `at` say who asks and when.
    """

    law: str
    versions: tuple[int, ...]
    person_id: int | None = None
    at: datetime | None = None

    @property
    def total(self) -> int:
        return len(self.versions)


@dataclass(frozen=True)
class Asked:
    """A question as it is put: nothing in it tells the answer. Options by letter."""

    version_id: int
    kind: Kind
    stem: str
    options: tuple[tuple[str, str], ...]
    gaps: int


@dataclass(frozen=True)
class Checked:
    """What became of an answer. `key` holds letters, or the accepted texts (by `|`) per gap."""

    asked: Asked
    answer: Answer
    right: bool
    key: Answer
    explanation: str
    law: str
    article: str
    question_id: int


def current(*columns: Any) -> Any:
    """The questions that practice may put: current, not retired, of a kind that can be marked."""
    return (
        sa.select(*columns)
        .select_from(Bank)
        .join(Question, Question.bank_id == Bank.id)
        .join(QuestionVersion, is_current())
        .where(
            Bank.practice.is_(True), Question.retired.is_(None), QuestionVersion.kind.in_(MARKERS)
        )
    )


def practice_outlines(session: Session) -> tuple[Outline, ...]:
    """Every bank open for practice that has questions, by name; one query."""
    return _outlines(session, None)


def practice_outline(session: Session, law: str) -> Outline:
    """What can be practised of this law; no questions, or no such bank, is an empty outline."""
    found = _outlines(session, law)
    return found[0] if found else Outline(law, (), ())


def _outlines(session: Session, law: str | None) -> tuple[Outline, ...]:
    columns = (Bank.name, QuestionVersion.kind, QuestionVersion.topic)
    query = current(*columns, sa.func.count()).group_by(*columns)
    if law is not None:
        query = query.where(Bank.name == law)
    counts: dict[str, tuple[dict[Kind, int], dict[str, int]]] = {}
    for name, kind, topic, count in session.execute(query):
        kinds, topics = counts.setdefault(name, ({}, {}))
        kinds[kind] = kinds.get(kind, 0) + count
        if topic:
            topics[topic] = topics.get(topic, 0) + count
    return tuple(
        Outline(
            name,
            tuple((kind, kinds[kind]) for kind in KIND_LABEL if kind in kinds),
            tuple(sorted(topics.items(), key=lambda item: (-item[1], item[0]))),
        )
        for name, (kinds, topics) in sorted(counts.items())
    )


def practice_question(session: Session, run: Run, number: int) -> Asked:
    """The question at this place of the run, counted from 1; raises NotFoundError beyond it."""
    if not 1 <= number <= run.total:
        raise NotFoundError()
    return _asked(_version(session, run, run.versions[number - 1]))


def check_answer(session: Session, run: Run, version_id: int, sent: object) -> Checked:
    """Mark what was sent for a question that practice of the run's bank has put.

    The question is named by the version that the person saw, so a correction in between does
    not matter. Raises NotFoundError for a question of another bank, ConflictError `sitting` for
    one of an exam that is being sat, and InvalidError `bad_answer`; an empty answer is returned
    as wrong with an empty `answer`.
    """
    version = _version(session, run, version_id)
    asked = _asked(version)
    answer = read_answer(asked.kind, len(asked.options), asked.gaps, sent)
    slot = Marked(asked.kind, version.key, LETTERS[: len(asked.options)], 1)
    return Checked(
        asked, answer, mark(slot, answer) > 0, shown_key(slot),
        version.explanation, version.law, version.article, version.question_id,
    )


def remember(session: Session, actor: Actor, checked: Checked, run: str, now: datetime) -> bool:
    """Keep the answer in the actor's memory; False when this run has one to the question."""
    if actor.id is None:
        return False
    target = memory.Target(checked.question_id, checked.asked.version_id)
    return memory.record(session, actor.id, target, run, checked.right, now)


def _version(session: Session, run: Run, version_id: int) -> QuestionVersion:
    """Only of a bank open for practice: an exam's questions cannot be asked for by number."""
    is_shut = sitting.shut(run.person_id, run.at) if run.person_id and run.at else sa.false()
    query = (
        sa.select(QuestionVersion, is_shut)
        .join(Question, Question.id == QuestionVersion.question_id)
        .join(Bank, Bank.id == Question.bank_id)
        .where(
            QuestionVersion.id == version_id, Bank.practice.is_(True),
            QuestionVersion.kind.in_(MARKERS),
        )
    )
    found = session.execute(query.where(Bank.name == run.law) if run.law else query).first()
    if found is None:
        raise NotFoundError()
    if found[1]:
        raise ConflictError("sitting")
    version: QuestionVersion = found[0]
    return version


def _asked(version: QuestionVersion) -> Asked:
    gaps = len(version.key) if version.kind is Kind.BLANK else 0
    options = tuple(zip(LETTERS, version.options, strict=False))
    return Asked(version.id, version.kind, version.stem, options, gaps)
