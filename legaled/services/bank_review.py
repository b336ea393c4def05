"""A second trainer looks at new versions before an exam may draw them."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from legaled.domain.errors import ConflictError, InvalidError
from legaled.domain.permissions import SYSTEM, Actor
from legaled.models import Bank, Person, Question, QuestionVersion
from legaled.services import audit
from legaled.services.bank_edits import bank_for, question_of, write_version
from legaled.services.bank_pages import Shown, shown
from legaled.services.bank_plan import BIGGEST_ID, CONTENT, draft_of, is_current, number_of
from legaled.services.bank_question import FieldChange, differences
from legaled.services.law_flags import carry_over
from legaled.services.paging import Page, page_of

PER_PAGE = 20
NOTE_MAX = 400


@dataclass(frozen=True)
class WaitingLine:
    """A version that waits. `since` is what differs from the version reviewed last, which is
    `base`; both are empty for a new question. `is_own`: the actor may not approve it."""

    question_id: int
    number: str
    version: int
    author: str
    created: datetime
    is_own: bool
    shown: Shown
    base: int | None
    since: Sequence[FieldChange]


@dataclass(frozen=True)
class ReviewPage:
    bank_id: int
    bank: str
    review: bool
    lines: Sequence[WaitingLine]
    page: Page


@dataclass(frozen=True)
class Approved:
    """How many versions were approved; those the actor wrote, and those that somebody else
    approved or changed in the meantime, are left as they are."""

    count: int
    own: int
    gone: int


@dataclass(frozen=True)
class Waiting:
    """So many versions of a bank wait for this actor."""

    bank_id: int
    bank: str
    count: int


def _waits() -> list[sa.ColumnElement[bool]]:
    return [QuestionVersion.approved.is_(None), Question.retired.is_(None)]


def _is_own(bank: Bank, actor: Actor, author_id: int | None) -> bool:
    """With the setting off a trainer's word is enough, also about what waited before."""
    return bank.review and author_id is not None and author_id == actor.id


def review_page(
    session: Session, actor: Actor, bank_id: int, now: datetime, page: int = 1
) -> ReviewPage:
    """Twenty versions that wait, the oldest first; as many queries for one as for a thousand."""
    bank = bank_for(session, actor, bank_id, now)
    mine = [Question.bank_id == bank_id, *_waits()]
    total = session.scalar(
        sa.select(sa.func.count()).select_from(Question)
        .join(QuestionVersion, is_current()).where(*mine)) or 0
    place = page_of(total, page, PER_PAGE)
    rows = session.execute(
        sa.select(
            Question.id, Question.version, QuestionVersion.author_id, Person.name,
            QuestionVersion.created, *CONTENT)
        .join(QuestionVersion, is_current())
        .outerjoin(Person, Person.id == QuestionVersion.author_id)
        .where(*mine).order_by(QuestionVersion.id).limit(PER_PAGE).offset(place.offset)).all()
    before = _reviewed_last(session, [row.id for row in rows])
    return ReviewPage(
        bank_id, bank.name, bank.review,
        tuple(_line(bank, actor, row, before.get(row.id)) for row in rows), place)


def _line(bank: Bank, actor: Actor, row: Any, older: Any) -> WaitingLine:
    draft = draft_of(row.id, row[-len(CONTENT):])
    since = differences(draft_of(row.id, older[-len(CONTENT):]), draft) if older else ()
    return WaitingLine(
        row.id, number_of(row.id), row.version, row.name or SYSTEM.name, row.created,
        _is_own(bank, actor, row.author_id), shown(draft), older.version if older else None, since)


def _reviewed_last(session: Session, question_ids: Collection[int]) -> dict[int, Any]:
    """The newest reviewed version of each question, if there is one; one query."""
    other = aliased(QuestionVersion)
    last = (
        sa.select(sa.func.max(other.version))
        .where(other.question_id == QuestionVersion.question_id, other.approved.is_not(None))
        .correlate(QuestionVersion).scalar_subquery())
    rows = session.execute(
        sa.select(QuestionVersion.question_id, QuestionVersion.version, *CONTENT)
        .where(QuestionVersion.question_id.in_(question_ids), QuestionVersion.version == last))
    return {row.question_id: row for row in rows}


def approve(
    session: Session, actor: Actor, bank_id: int, seen: Collection[tuple[int, int]], now: datetime
) -> Approved:
    """Approve these (question, version): exactly what the actor has looked at.

    Raises ConflictError `own_version` when there is nothing among them but the actor's own.
    """
    bank = bank_for(session, actor, bank_id, now, lock=True)
    wanted = {one for one in seen if max(one) <= BIGGEST_ID}
    versions = session.scalars(
        sa.select(QuestionVersion).join(Question, is_current())
        .where(Question.bank_id == bank_id, Question.id.in_({one for one, _ in wanted}),
               *_waits())
        .order_by(QuestionVersion.id)).all()
    found = [one for one in versions if (one.question_id, one.version) in wanted]
    others = [one for one in found if not _is_own(bank, actor, one.author_id)]
    if found and not others:
        raise ConflictError("own_version")
    for one in others:
        one.approved, one.approver_id = now, actor.id
        audit.note(session, actor, "question.approve", f"question {number_of(one.question_id)}",
                   now, detail=f"version {one.version}")
    return Approved(len(others), len(found) - len(others), len(wanted) - len(found))


def send_back(
    session: Session, actor: Actor, bank_id: int, question_id: int, version: int, note: str,
    now: datetime,
) -> bool:
    """Refuse a version that waits. The words reviewed last come back as a new version; a question
    that was never reviewed is retired. Returns whether there were such words.

    Raises ConflictError `question_changed` when that version does not wait any more,
    `question_twin` when its earlier words have become another question, and InvalidError
    `reason_needed`.
    """
    bank = bank_for(session, actor, bank_id, now, lock=True)
    question = question_of(session, bank_id, question_id)
    session.refresh(question, with_for_update=True)
    waits = session.scalar(
        sa.select(QuestionVersion.id).join(Question, is_current())
        .where(Question.id == question_id, *_waits()))
    if question.version != version or waits is None:
        raise ConflictError("question_changed", version=question.version)
    reason = note.strip()
    if not 1 <= len(reason) <= NOTE_MAX:
        raise InvalidError("reason_needed")
    older = _reviewed_last(session, [question_id]).get(question_id)
    if older is None:
        question.retired = now
    else:
        draft = draft_of(question_id, older[-len(CONTENT):])
        write_version(session, actor, bank, question, draft, now, approved=now, approver=actor)
        carry_over(session, question_id, older.version, question.version)
    audit.note(session, actor, "question.return", f"question {number_of(question_id)}", now,
               detail=reason)
    return older is not None


def waiting_for(session: Session, actor: Actor) -> list[Waiting]:
    """What the actor could approve, by bank; one query."""
    others = sa.or_(
        QuestionVersion.author_id.is_(None), QuestionVersion.author_id != actor.id)
    rows = session.execute(
        sa.select(Bank.id, Bank.name, sa.func.count())
        .join(Question, Question.bank_id == Bank.id).join(QuestionVersion, is_current())
        .where(Bank.review.is_(True), *_waits(), others)
        .group_by(Bank.id, Bank.name).order_by(Bank.name))
    return [Waiting(*row) for row in rows]
