"""What the pages about banks show: lists and single questions, as finished values."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.banks import KIND_LABEL, LETTERS, Kind, QuestionDraft
from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import SYSTEM, Actor
from legaled.domain.text import clean
from legaled.models import Bank, Exam, Person, PoolItem, Question, QuestionVersion
from legaled.services.bank_imports import CONTENT, draft_of, is_current, number_of
from legaled.services.paging import Page, page_of
from legaled.services.sitting import check_bank

PER_PAGE = 50
STATES = ("active", "retired")


@dataclass(frozen=True)
class Option:
    letter: str
    text: str
    right: bool


@dataclass(frozen=True)
class Shown:
    """A question as a page shows it; `answer` is for kinds without options."""

    kind: str
    stem: str
    options: Sequence[Option]
    answer: str
    explanation: str
    basis: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class BankLine:
    """A bank in the list; counts are of active questions."""

    id: int
    name: str
    practice: bool
    created: datetime
    kinds: Sequence[tuple[str, int]]
    active: int
    retired: int


@dataclass(frozen=True)
class QuestionLine:
    id: int
    number: str
    kind: str
    stem: str
    law: str
    topic: str
    version: int
    retired: bool


@dataclass(frozen=True)
class BankPage:
    """One page of a bank's questions; `laws` are the choices for the filter."""

    bank: BankLine
    lines: Sequence[QuestionLine]
    laws: Sequence[str]
    page: Page


@dataclass(frozen=True)
class VersionLine:
    version: int
    author: str
    created: datetime
    shown: Shown


@dataclass(frozen=True)
class QuestionPage:
    """A question with all its versions, newest first, and the exams that may draw it."""

    id: int
    number: str
    foreign_number: str
    bank_id: int
    bank: str
    retired: datetime | None
    current: Shown
    versions: Sequence[VersionLine]
    exams: Sequence[str]


def shown(draft: QuestionDraft) -> Shown:
    """The draft or stored question in words."""
    judge = draft.kind is Kind.JUDGE
    options = tuple(
        Option("" if judge else letter, text, letter in draft.key)
        for letter, text in zip(LETTERS, draft.options, strict=False)
    )
    points = format(draft.points, "f") if draft.points is not None else ""
    facts = (("难度", draft.difficulty), ("分值", points), ("知识点", draft.topic),
             ("来源", draft.source))
    return Shown(
        KIND_LABEL[draft.kind], draft.stem, options, draft.answer_text or "；".join(
            () if options else draft.key), draft.explanation,
        " ".join(filter(None, (draft.law, draft.article))),
        tuple((label, text) for label, text in facts if text))


def list_banks(session: Session, bank_id: int | None = None) -> list[BankLine]:
    """All banks by name, or only this one; two queries."""
    only = Bank.id == bank_id if bank_id is not None else sa.true()
    counts: dict[int, Counter[Kind | None]] = {}
    for bank, kind, retired, number in session.execute(
        sa.select(
            Question.bank_id, QuestionVersion.kind, Question.retired.is_not(None), sa.func.count())
        .join(QuestionVersion, is_current())
        .where(sa.true() if bank_id is None else Question.bank_id == bank_id)
        .group_by(Question.bank_id, QuestionVersion.kind, Question.retired.is_not(None))
    ):
        counts.setdefault(bank, Counter())[None if retired else kind] += number
    return [
        _bank_line(bank, counts.get(bank.id, Counter()))
        for bank in session.scalars(sa.select(Bank).where(only).order_by(Bank.name))
    ]


def _bank_line(bank: Bank, counts: Counter[Kind | None]) -> BankLine:
    kinds = tuple((KIND_LABEL[kind], counts[kind]) for kind in Kind if counts[kind])
    active = sum(number for _, number in kinds)
    return BankLine(
        bank.id, bank.name, bank.practice, bank.created, kinds, active, counts[None])


def bank_page(
    session: Session, actor: Actor, bank_id: int, now: datetime, query: str = "", kind: str = "",
    law: str = "", state: str = "active", page: int = 1,
) -> BankPage:
    """Fifty questions by 题号. An unknown kind or state filters nothing; six queries.

    Raises ConflictError `sitting` while the actor sits an exam drawn from this bank.
    """
    check_bank(session, actor, bank_id, now)
    lines = list_banks(session, bank_id)
    if not lines:
        raise NotFoundError()
    where = [Question.bank_id == bank_id, *_filters(query, kind, law, state)]
    total = session.scalar(
        sa.select(sa.func.count()).select_from(Question)
        .join(QuestionVersion, is_current()).where(*where)) or 0
    place = page_of(total, page, PER_PAGE)
    rows = session.execute(
        sa.select(
            Question.id, QuestionVersion.kind, QuestionVersion.stem, QuestionVersion.law,
            QuestionVersion.topic, Question.version, Question.retired)
        .join(QuestionVersion, is_current()).where(*where).order_by(Question.id)
        .limit(PER_PAGE).offset(place.offset))
    found = tuple(
        QuestionLine(id_, number_of(id_), KIND_LABEL[kind_], stem, law_, topic, version,
                     retired is not None)
        for id_, kind_, stem, law_, topic, version, retired in rows)
    laws = session.scalars(
        sa.select(QuestionVersion.law).distinct().join(Question, is_current())
        .where(Question.bank_id == bank_id, QuestionVersion.law != "")
        .order_by(QuestionVersion.law))
    return BankPage(lines[0], found, tuple(laws), place)


def _filters(query: str, kind: str, law: str, state: str) -> list[sa.ColumnElement[bool]]:
    filters: list[sa.ColumnElement[bool]] = []
    if words := clean(query.replace("\0", "")):
        filters.append(QuestionVersion.stem.icontains(words, autoescape=True))
    if kind in {one.value for one in Kind}:
        filters.append(QuestionVersion.kind == Kind(kind))
    if law := law.replace("\0", ""):
        filters.append(QuestionVersion.law == law)
    if state in STATES:
        retired = Question.retired.is_not(None)
        filters.append(retired if state == "retired" else ~retired)
    return filters


def question_page(
    session: Session, actor: Actor, bank_id: int, question_id: int, now: datetime
) -> QuestionPage:
    """Four queries; raises NotFoundError when this bank has no such question, and
    ConflictError `sitting` while the actor sits an exam drawn from it."""
    check_bank(session, actor, bank_id, now)
    row = session.execute(
        sa.select(Question, Bank.name).join(Bank, Bank.id == Question.bank_id)
        .where(Question.id == question_id, Question.bank_id == bank_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError()
    question, bank_name = row
    history = session.execute(
        sa.select(QuestionVersion.version, Person.name, QuestionVersion.created, *CONTENT)
        .outerjoin(Person, Person.id == QuestionVersion.author_id)
        .where(QuestionVersion.question_id == question_id)
        .order_by(QuestionVersion.version.desc())).all()
    versions = tuple(
        VersionLine(version, author or SYSTEM.name, created, shown(draft_of(question_id, content)))
        for version, author, created, *content in history)
    exams = session.scalars(
        sa.select(Exam.title).distinct().join(PoolItem, PoolItem.exam_id == Exam.id)
        .join(QuestionVersion, QuestionVersion.id == PoolItem.version_id)
        .where(QuestionVersion.question_id == question_id).order_by(Exam.title))
    return QuestionPage(
        question_id, number_of(question_id), history[0].foreign_number, bank_id, bank_name,
        question.retired, versions[0].shown, versions, tuple(exams))
