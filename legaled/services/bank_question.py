"""One question: its versions and what changed between them, where it was used, how it did."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from legaled.domain.bank_changes import Pieces, changes
from legaled.domain.bank_stats import ItemStats, item_stats
from legaled.domain.banks import KIND_LABEL, LETTERS, Kind, QuestionDraft
from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import SYSTEM, Actor
from legaled.models import (
    AuditEvent,
    Bank,
    Exam,
    ExamBank,
    Person,
    PoolItem,
    Question,
    QuestionVersion,
)
from legaled.services import bank_stats
from legaled.services.bank_pages import Shown, shown
from legaled.services.bank_plan import CONTENT, draft_of, number_of
from legaled.services.sitting import check_bank

NEWEST = 10  # versions that a page shows at once


@dataclass(frozen=True)
class FieldChange:
    """A field that differs between two versions, or the stem that tells which question it is."""

    label: str
    old: Pieces
    new: Pieces


@dataclass(frozen=True)
class VersionLine:
    """`since` is what differs from the version before it; `stats` None when nobody met it."""

    id: int
    version: int
    author: str
    author_id: int | None
    created: datetime
    approved: datetime | None
    approver: str
    note: str
    shown: Shown
    since: Sequence[FieldChange]
    stats: ItemStats | None


@dataclass(frozen=True)
class ExamUse:
    """A published exam that may draw the question; `version` is the one in its pool."""

    id: int
    title: str
    year: int
    version: int
    papers: int
    is_over: bool


@dataclass(frozen=True)
class QuestionPage:
    """A question with its versions, newest first. `waiting`: the current one is not reviewed;
    `is_own`: the actor wrote it and may not approve it. `stats` counts all versions together."""

    id: int
    number: str
    foreign_number: str
    bank_id: int
    bank: str
    review: bool
    retired: datetime | None
    waiting: bool
    is_own: bool
    current: Shown
    versions: Sequence[VersionLine]
    older: int
    exams: Sequence[ExamUse]
    stats: ItemStats | None


def question_page(
    session: Session, actor: Actor, bank_id: int, question_id: int, now: datetime,
    *, every: bool = False,
) -> QuestionPage:
    """The newest ten versions, or every one; as many queries for one version as for a hundred.

    Raises NotFoundError when this bank has no such question, and ConflictError `sitting` while
    the actor sits an exam drawn from it.
    """
    check_bank(session, actor, bank_id, now)
    row = session.execute(
        sa.select(Question, Bank).join(Bank, Bank.id == Question.bank_id)
        .where(Question.id == question_id, Question.bank_id == bank_id)
    ).one_or_none()
    if row is None:
        raise NotFoundError()
    question, bank = row
    history = _history(session, question_id)
    numbers = {one.id: one.version for one in history}
    exams, over = _uses(session, bank_id, numbers, now)
    papers = bank_stats.papers_of(session, list(numbers), over)
    stats = {version_id: item_stats(found) for version_id, found in papers.items()}
    together = [one for found in papers.values() for one in found]
    last = history[0]
    versions = _versions(session, question, history if every else history[: NEWEST + 1], stats)
    return QuestionPage(
        question_id, number_of(question_id), last.foreign_number, bank_id, bank.name, bank.review,
        question.retired, last.approved is None,
        bank.review and last.author_id is not None and last.author_id == actor.id,
        versions[0].shown, versions if every else versions[:NEWEST],
        0 if every else max(0, len(history) - NEWEST), exams,
        item_stats(together) if together else None)


def _history(session: Session, question_id: int) -> Sequence[Any]:
    author, approver = aliased(Person), aliased(Person)
    return session.execute(
        sa.select(
            QuestionVersion.id, QuestionVersion.version, QuestionVersion.author_id,
            author.name.label("author"), QuestionVersion.created, QuestionVersion.approved,
            approver.name.label("approver"), *CONTENT)
        .outerjoin(author, author.id == QuestionVersion.author_id)
        .outerjoin(approver, approver.id == QuestionVersion.approver_id)
        .where(QuestionVersion.question_id == question_id)
        .order_by(QuestionVersion.version.desc())).all()


def _versions(
    session: Session, question: Question, history: Sequence[Any], stats: Mapping[int, ItemStats]
) -> tuple[VersionLine, ...]:
    notes = _notes(session, question, [one.created for one in history])
    drafts = [draft_of(question.id, one[-len(CONTENT):]) for one in history]
    before = [*drafts[1:], None]
    return tuple(
        VersionLine(
            one.id, one.version, one.author or SYSTEM.name, one.author_id, one.created,
            one.approved, one.approver or "", notes.get(one.created, ""), shown(draft),
            differences(older, draft) if older else (), stats.get(one.id))
        for one, draft, older in zip(history, drafts, before, strict=True))


def _notes(
    session: Session, question: Question, moments: Sequence[datetime]
) -> dict[datetime, str]:
    """What was said when a version was sent back: found by the moment, in which it was made."""
    rows = session.execute(
        sa.select(AuditEvent.at, AuditEvent.detail).where(
            AuditEvent.at.in_([*moments, *filter(None, [question.retired])]),
            AuditEvent.action == "question.return",
            AuditEvent.subject == f"question {number_of(question.id)}"))
    found = {at: detail for at, detail in rows}
    if question.retired in found:  # it was sent back with nothing to fall back on
        found[moments[0]] = found[question.retired]
    return found


def _uses(
    session: Session, bank_id: int, numbers: Mapping[int, int], now: datetime
) -> tuple[tuple[ExamUse, ...], frozenset[int]]:
    """The published exams that hold a version, the latest first, and which of them are over."""
    drawing = sa.select(ExamBank.exam_id).where(ExamBank.bank_id == bank_id)  # of all pools, few
    rows = session.execute(
        sa.select(Exam, PoolItem.version_id).join(PoolItem, PoolItem.exam_id == Exam.id)
        .where(PoolItem.exam_id.in_(drawing), PoolItem.version_id.in_(numbers))
        .order_by(Exam.published.desc(), Exam.id.desc())
    ).all()
    over = bank_stats.over(session, [exam for exam, _ in rows], now)
    papers = bank_stats.papers_by_exam(session, list(numbers))
    return tuple(
        ExamUse(exam.id, exam.title, exam.year, numbers[version_id], papers.get(exam.id, 0),
                exam.id in over)
        for exam, version_id in rows), over


def differences(old: QuestionDraft, new: QuestionDraft) -> tuple[FieldChange, ...]:
    """The fields that differ, and always the stem; where it is the same it carries no marks."""
    before, after = _fields(old), _fields(new)
    labels = list(dict.fromkeys([*before, *after]))
    order = sorted(labels, key=list(_LABELS).index)
    return tuple(
        FieldChange(label, *changes(before.get(label, ""), after.get(label, "")))
        for label in order
        if label == "题干" or before.get(label, "") != after.get(label, ""))


_LABELS = ("题型", "题干", *(f"选项{letter}" for letter in LETTERS), "答案", "解析", "难度",
           "分值", "知识点", "法规", "条款", "来源")


def _fields(draft: QuestionDraft) -> dict[str, str]:
    judge = draft.kind is Kind.JUDGE
    answer = "；".join(draft.key) if draft.kind is Kind.BLANK else "".join(draft.key)
    if judge and draft.key:
        answer = draft.options[LETTERS.index(draft.key[0])]
    options = () if judge else draft.options
    return {
        "题型": KIND_LABEL[draft.kind], "题干": draft.stem,
        **{f"选项{letter}": text for letter, text in zip(LETTERS, options, strict=False)},
        "答案": draft.answer_text or answer, "解析": draft.explanation,
        "难度": draft.difficulty, "分值": format(draft.points, "f") if draft.points else "",
        "知识点": draft.topic, "法规": draft.law, "条款": draft.article, "来源": draft.source,
    }
