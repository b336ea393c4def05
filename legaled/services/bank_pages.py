"""What the pages about banks show: the banks, and the questions of one, as finished values."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.banks import KIND_LABEL, LETTERS, Kind, QuestionDraft
from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import Actor
from legaled.models import Bank, Question, QuestionVersion
from legaled.services import bank_stats
from legaled.services.bank_plan import is_current, number_of
from legaled.services.bank_search import Facet, Search, conditions, facets
from legaled.services.paging import Page, page_of
from legaled.services.sitting import check_bank

PER_PAGE = 50
ANYTHING = Search()


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
    law: str
    article: str
    facts: Sequence[tuple[str, str]]


@dataclass(frozen=True)
class BankLine:
    """A bank in the list; counts are of active questions, of which `waiting` are not reviewed."""

    id: int
    name: str
    practice: bool
    review: bool
    created: datetime
    kinds: Sequence[tuple[str, int]]
    active: int
    waiting: int
    retired: int


@dataclass(frozen=True)
class QuestionLine:
    """`right` and `papers` are counted only when the list is sorted by them."""

    id: int
    number: str
    kind: str
    stem: str
    law: str
    article: str
    topic: str
    difficulty: str
    version: int
    waiting: bool
    retired: bool
    right: int
    papers: int


@dataclass(frozen=True)
class BankPage:
    """One page of a bank's questions; `laws` and `difficulties` are the choices for filters."""

    bank: BankLine
    lines: Sequence[QuestionLine]
    laws: Sequence[str]
    difficulties: Sequence[str]
    page: Page


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
            () if options else draft.key), draft.explanation, draft.law, draft.article,
        tuple((label, text) for label, text in facts if text))


def list_banks(session: Session) -> list[BankLine]:
    """All banks by name; two queries."""
    columns = (Question.bank_id, QuestionVersion.kind, Question.retired.is_not(None),
               QuestionVersion.approved.is_(None))
    found: dict[int, list[Facet]] = {}
    for bank_id, kind, retired, waiting, count in session.execute(
        sa.select(*columns, sa.func.count()).select_from(Question)
        .join(QuestionVersion, is_current()).group_by(*columns)
    ):
        found.setdefault(bank_id, []).append(
            Facet(kind, "", "", bool(retired), bool(waiting), count))
    return [_bank_line(bank, found.get(bank.id, ()))
            for bank in session.scalars(sa.select(Bank).order_by(Bank.name))]


def bank_line(session: Session, bank_id: int) -> BankLine:
    """One bank with its counts; two queries. Raises NotFoundError."""
    bank = session.get(Bank, bank_id)
    if bank is None:
        raise NotFoundError()
    return _bank_line(bank, facets(session, bank_id))


def _bank_line(bank: Bank, found: Iterable[Facet]) -> BankLine:
    kinds: Counter[Kind] = Counter()
    waiting = retired = 0
    for one in found:
        if one.retired:
            retired += one.count
        else:
            kinds[one.kind] += one.count
            waiting += one.count * one.waiting
    return BankLine(
        bank.id, bank.name, bank.practice, bank.review, bank.created,
        tuple((KIND_LABEL[kind], kinds[kind]) for kind in Kind if kinds[kind]),
        sum(kinds.values()), waiting, retired)


def bank_page(
    session: Session, actor: Actor, bank_id: int, now: datetime, search: Search = ANYTHING,
    page: int = 1,
) -> BankPage:
    """Fifty questions by 题号, or as the search sorts them; as many queries for 50 questions as
    for 50,000.

    Raises ConflictError `sitting` while the actor sits an exam drawn from this bank.
    """
    check_bank(session, actor, bank_id, now)
    bank = session.get(Bank, bank_id)
    if bank is None:
        raise NotFoundError()
    counts = facets(session, bank_id)
    total = None if search.needs_reading else sum(
        one.count for one in counts if one.fits(search))
    place, found = _find(session, bank_id, search, now, total, page)
    return BankPage(
        _bank_line(bank, counts), _lines(session, found),
        tuple(sorted({one.law for one in counts} - {""})),
        tuple(sorted({one.difficulty for one in counts} - {""})), place)


def _find(
    session: Session, bank_id: int, search: Search, now: datetime, total: int | None, page: int
) -> tuple[Page, Sequence[Any]]:
    """The place, and its (id, right, papers, all) in order. Texts are read in one pass, which
    also counts; only beyond the last page it takes another."""
    counted: sa.ColumnElement[int] = sa.func.count().over() if total is None else sa.literal(total)
    if search.sort == "hard":
        done = bank_stats.right_counts(session, bank_id, now).subquery()
        right, papers = sa.func.coalesce(done.c.right, 0), sa.func.coalesce(done.c.papers, 0)
        query = sa.select(Question.id, right, papers, counted).outerjoin(
            done, done.c.question_id == Question.id)
        order: list[sa.ColumnElement[Any]] = [
            (done.c.right * 1.0 / done.c.papers).asc().nulls_last(), Question.id.asc()]
    else:
        query = sa.select(Question.id, sa.literal(0), sa.literal(0), counted)
        order = [QuestionVersion.id.desc() if search.sort == "new" else Question.id.asc()]
    query = (query.join(QuestionVersion, is_current())
             .where(*conditions(session, bank_id, search)).order_by(*order).limit(PER_PAGE))
    if total is None:
        there = session.execute(query.offset((max(page, 1) - 1) * PER_PAGE)).all()
        if there or page <= 1:
            return page_of(there[0][3] if there else 0, page, PER_PAGE), there
        first = session.execute(query).first()
        total = first[3] if first else 0
    place = page_of(total, page, PER_PAGE)
    return place, session.execute(query.offset(place.offset)).all()


def _lines(session: Session, found: Sequence[Any]) -> tuple[QuestionLine, ...]:
    rows = session.execute(
        sa.select(
            Question.id, QuestionVersion.kind, QuestionVersion.stem, QuestionVersion.law,
            QuestionVersion.article, QuestionVersion.topic, QuestionVersion.difficulty,
            Question.version, QuestionVersion.approved, Question.retired)
        .join(QuestionVersion, is_current()).where(Question.id.in_([one[0] for one in found])))
    by_id = {row.id: row for row in rows}
    return tuple(
        QuestionLine(
            row.id, number_of(row.id), KIND_LABEL[row.kind], row.stem, row.law, row.article,
            row.topic, row.difficulty, row.version, row.approved is None,
            row.retired is not None, right, papers)
        for question_id, right, papers, _ in found if (row := by_id[question_id]))
