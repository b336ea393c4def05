"""Studying a law's guide, and practising its questions. Nothing here touches an exam."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legaled.domain.attempts import MARKERS, Answer, Marked, mark, read_answer, shown_key
from legaled.domain.banks import KIND_LABEL, LETTERS, Kind
from legaled.domain.errors import ForbiddenError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.files.guides import Guide as Guide
from legaled.files.guides import shipped
from legaled.models import Bank, Question, QuestionVersion, StudyMark
from legaled.services import sitting
from legaled.services.bank_imports import is_current


def guides(folder: Path) -> tuple[Guide, ...]:
    """Every law that has a guide."""
    return shipped(folder)


def guide(folder: Path, law: str) -> Guide:
    """The guide of this law; raises NotFoundError for anything that is not in the list."""
    for found in guides(folder):
        if found.name == law:
            return found
    raise NotFoundError()


# ---- what has been read ----


def mark_read(session: Session, actor: Actor, law: str, now: datetime) -> None:
    """The actor declares the guide read. Declaring it again keeps the first time."""
    if actor.id is None:
        raise ForbiddenError()
    if session.get(StudyMark, (actor.id, law)) is not None:
        return
    try:
        with session.begin_nested():
            session.add(StudyMark(person_id=actor.id, law=law, read=now))
    except IntegrityError:  # the same button, pressed twice at once
        return


def unmark_read(session: Session, actor: Actor, law: str) -> None:
    """Take the declaration back; nothing happens if there is none."""
    session.execute(
        sa.delete(StudyMark).where(StudyMark.person_id == actor.id, StudyMark.law == law)
    )


def read_laws(session: Session, person_id: int | None) -> dict[str, datetime]:
    """The laws that the person has read, and since when."""
    rows = session.execute(
        sa.select(StudyMark.law, StudyMark.read).where(StudyMark.person_id == person_id)
    )
    return {law: read for law, read in rows}


def missing(session: Session, person_id: int | None, laws: Iterable[str]) -> tuple[str, ...]:
    """Those of the laws that the person has not read yet, in the given order."""
    read = read_laws(session, person_id)
    return tuple(law for law in laws if law not in read)


# ---- practice ----


@dataclass(frozen=True)
class Outline:
    """What can be practised of one law: how many questions by kind and by topic."""

    law: str
    kinds: tuple[tuple[Kind, int], ...]
    topics: tuple[tuple[str, int], ...]

    @property
    def total(self) -> int:
        return sum(count for _, count in self.kinds)


@dataclass(frozen=True)
class Run:
    """The questions of one practice run, in the order that its seed gives.

    Made by `practice_run` only, so whoever holds one may practise this bank at this moment.
    """

    law: str
    versions: tuple[int, ...]

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


def _current(*columns: Any) -> Any:
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
    query = _current(*columns, sa.func.count()).group_by(*columns)
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


def practice_run(
    session: Session,
    actor: Actor,
    law: str,
    seed: str,
    now: datetime,
    kind: Kind | None = None,
    topic: str = "",
) -> Run:
    """The run of this seed: the same until the bank changes, and then but for what changed.

    Raises NotFoundError when no bank of that name is open for practice, and ConflictError
    `sitting` while the actor sits an exam drawn from it.
    """
    bank = session.scalar(sa.select(Bank.id).where(Bank.name == law, Bank.practice.is_(True)))
    if bank is None:
        raise NotFoundError()
    sitting.check_bank(session, actor, bank, now)
    query = _current(Question.id, QuestionVersion.id).where(Bank.id == bank)
    if kind is not None:
        query = query.where(QuestionVersion.kind == kind)
    if topic:
        query = query.where(QuestionVersion.topic == topic)
    found = sorted(
        (sha256(f"{seed}:{question}".encode()).digest(), version)
        for question, version in session.execute(query)
    )
    return Run(law, tuple(version for _, version in found))


def practice_question(session: Session, run: Run, number: int) -> Asked:
    """The question at this place of the run, counted from 1; raises NotFoundError beyond it."""
    if not 1 <= number <= run.total:
        raise NotFoundError()
    return _asked(_version(session, run.law, run.versions[number - 1]))


def check_answer(session: Session, run: Run, version_id: int, sent: object) -> Checked:
    """Mark what was sent for a question that practice of the run's bank has put.

    The question is named by the version that the person saw, so a correction in between does
    not matter. Raises NotFoundError for a question of another bank and InvalidError
    `bad_answer`; an empty answer is returned as wrong with an empty `answer`.
    """
    version = _version(session, run.law, version_id)
    asked = _asked(version)
    answer = read_answer(asked.kind, len(asked.options), asked.gaps, sent)
    slot = Marked(asked.kind, version.key, LETTERS[: len(asked.options)], 1)
    return Checked(
        asked, answer, mark(slot, answer) > 0, shown_key(slot),
        version.explanation, version.law, version.article,
    )


def _version(session: Session, law: str, version_id: int) -> QuestionVersion:
    """Only of a bank open for practice: an exam's questions cannot be asked for by number."""
    found = session.scalar(
        sa.select(QuestionVersion)
        .join(Question, Question.id == QuestionVersion.question_id)
        .join(Bank, Bank.id == Question.bank_id)
        .where(
            QuestionVersion.id == version_id, Bank.name == law, Bank.practice.is_(True),
            QuestionVersion.kind.in_(MARKERS),
        )
    )
    if found is None:
        raise NotFoundError()
    return found


def _asked(version: QuestionVersion) -> Asked:
    gaps = len(version.key) if version.kind is Kind.BLANK else 0
    options = tuple(zip(LETTERS, version.options, strict=False))
    return Asked(version.id, version.kind, version.stem, options, gaps)
