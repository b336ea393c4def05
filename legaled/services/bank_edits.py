"""Changing a bank by hand: its settings, its questions one by one. Nothing is ever overwritten."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legaled.domain.banks import QuestionDraft, fingerprint, same_content
from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.models import Bank, BankImport, Exam, ExamBank, Question, QuestionVersion
from legaled.services import audit, bank_rows
from legaled.services.bank_imports import bank_title
from legaled.services.bank_plan import BIGGEST_ID, CONTENT, draft_of, is_current, number_of
from legaled.services.sitting import check_bank


@dataclass(frozen=True)
class Saved:
    """What became of an edit: the number of the version that counts now, whether it is a new
    one, and whether it waits for a second trainer."""

    question_id: int
    version: int
    is_new: bool
    waiting: bool


@dataclass(frozen=True)
class Stored:
    """A question as an edit starts from it."""

    draft: QuestionDraft
    version: int


def bank_for(
    session: Session, actor: Actor, bank_id: int, now: datetime, *, lock: bool = False
) -> Bank:
    """The only door to a bank that is to be changed. Raises NotFoundError, and ConflictError
    `sitting` while the actor sits an exam drawn from it. `lock` keeps imports and others out."""
    check_bank(session, actor, bank_id, now)
    bank = session.get(Bank, bank_id, with_for_update=lock or None, populate_existing=lock)
    if bank is None:
        raise NotFoundError()
    return bank


def question_of(session: Session, bank_id: int, question_id: int) -> Question:
    """The bank's question; raises NotFoundError also for a question of another bank."""
    found = session.get(Question, question_id)
    if found is None or found.bank_id != bank_id:
        raise NotFoundError()
    return found


def stored(
    session: Session, actor: Actor, bank_id: int, question_id: int, now: datetime
) -> Stored:
    """The current words of a question, to be edited."""
    bank_for(session, actor, bank_id, now)
    return _stored(session, question_of(session, bank_id, question_id))


def _stored(session: Session, question: Question) -> Stored:
    row = session.execute(
        sa.select(*CONTENT).select_from(Question).join(QuestionVersion, is_current())
        .where(Question.id == question.id)).one()
    return Stored(draft_of(question.id, row), question.version)


def edit_question(
    session: Session, actor: Actor, bank_id: int, question_id: int, base: int,
    draft: QuestionDraft, now: datetime,
) -> Saved:
    """Keep the draft as a new version; the same words as now make none.

    `base` is the version that the editor saw. Raises ConflictError `question_changed` when there
    is a newer one, and `question_twin` (`number`, `question`) when the bank has these words as
    another question.
    """
    bank = bank_for(session, actor, bank_id, now, lock=True)
    question = question_of(session, bank_id, question_id)
    session.refresh(question, with_for_update=True)
    known = _stored(session, question)
    if same_content(known.draft, draft):
        return Saved(question_id, question.version, False, False)
    if question.version != base:
        raise ConflictError("question_changed", version=question.version)
    kept = replace(draft, foreign_number=known.draft.foreign_number)
    write_version(session, actor, bank, question, kept, now,
                  approved=None if bank.review else now)
    audit.note(session, actor, "question.edit", f"question {number_of(question_id)}", now,
               detail=f"version {question.version}")
    return Saved(question_id, question.version, True, bank.review)


def add_question(
    session: Session, actor: Actor, bank_id: int, draft: QuestionDraft, now: datetime
) -> Saved:
    """A new question; raises ConflictError `question_twin` when the bank has it already."""
    bank = bank_for(session, actor, bank_id, now, lock=True)
    mark = fingerprint(draft.kind, draft.stem, draft.options)
    _refuse_twin(session, bank_id, mark, 0)
    (question_id,) = bank_rows.add_questions(session, bank_id, [mark]).values()
    _add_version(session, actor, question_id, 1, draft, now, None if bank.review else now)
    audit.note(session, actor, "question.add", f"question {number_of(question_id)}", now)
    return Saved(question_id, 1, True, bank.review)


def write_version(
    session: Session, actor: Actor, bank: Bank, question: Question, draft: QuestionDraft,
    now: datetime, *, approved: datetime | None, approver: Actor | None = None,
) -> None:
    """The draft is the question's content from now on; raises ConflictError `question_twin`."""
    mark = fingerprint(draft.kind, draft.stem, draft.options)
    _refuse_twin(session, bank.id, mark, question.id)
    question.fingerprint, question.version = mark, question.version + 1
    session.flush()
    _add_version(session, actor, question.id, question.version, draft, now, approved, approver)


def _add_version(
    session: Session, actor: Actor, question_id: int, version: int, draft: QuestionDraft,
    now: datetime, approved: datetime | None, approver: Actor | None = None,
) -> None:
    words = bank_rows.version_words(session, [draft])
    shared: Mapping[str, int | datetime | None] = {
        "author_id": actor.id, "created": now, "approved": approved, "import_id": None}
    bank_rows.add_versions(session, [(question_id, version)], words, shared)
    if approver is not None:
        session.execute(
            sa.update(QuestionVersion).values(approver_id=approver.id)
            .where(QuestionVersion.question_id == question_id,
                   QuestionVersion.version == version))


def _refuse_twin(session: Session, bank_id: int, mark: str, own_id: int) -> None:
    twin = session.scalar(sa.select(Question.id).where(
        Question.bank_id == bank_id, Question.fingerprint == mark, Question.id != own_id))
    if twin is not None:
        raise ConflictError("question_twin", number=number_of(twin), question=twin)


def retire(
    session: Session, actor: Actor, bank_id: int, question_ids: Collection[int], now: datetime
) -> int:
    """Not drawn from now on; exams that are published and papers keep them. Returns how many
    were in use until now; ids of other banks and of questions retired before are left alone."""
    return _set_retired(session, actor, bank_id, question_ids, now, "question.retire")


def restore(
    session: Session, actor: Actor, bank_id: int, question_ids: Collection[int], now: datetime
) -> int:
    """Drawn again from now on; returns how many were retired until now."""
    return _set_retired(session, actor, bank_id, question_ids, now, "question.restore")


def _set_retired(
    session: Session, actor: Actor, bank_id: int, question_ids: Collection[int], now: datetime,
    action: str,
) -> int:
    bank_for(session, actor, bank_id, now)
    ends = action == "question.retire"
    wanted = Question.retired.is_(None) if ends else Question.retired.is_not(None)
    ids = [one for one in question_ids if one <= BIGGEST_ID]
    found = session.scalars(
        sa.select(Question).where(Question.id.in_(ids), Question.bank_id == bank_id, wanted)
        .order_by(Question.id).with_for_update()).all()
    for question in found:
        question.retired = now if ends else None
        audit.note(session, actor, action, f"question {number_of(question.id)}", now)
    return len(found)


def save_settings(
    session: Session, actor: Actor, bank_id: int, name: str, now: datetime,
    *, practice: bool, review: bool,
) -> None:
    """Rename the bank, open it for practice or not, ask for a second trainer or not.

    Versions that are reviewed stay so, and those that wait go on waiting. Raises ConflictError
    `bank_name_taken` and InvalidError `bank_name`.
    """
    bank = bank_for(session, actor, bank_id, now, lock=True)
    before = (bank.name, bank.practice, bank.review)
    bank.name, bank.practice, bank.review = bank_title(name), practice, review
    try:
        session.flush()
    except IntegrityError as error:
        raise ConflictError("bank_name_taken") from error
    if before != (bank.name, practice, review):
        audit.note(session, actor, "bank.settings", f"bank {before[0]}", now,
                   detail=f"name {bank.name}, practice {practice}, review {review}")


def delete_bank(session: Session, actor: Actor, bank_id: int, now: datetime) -> str:
    """Take away a bank that never came to hold a question, or lost them all by undoing; returns
    its name. Raises ConflictError `bank_not_empty`, or `bank_in_use` when an exam draws on it."""
    bank = bank_for(session, actor, bank_id, now, lock=True)
    if session.scalar(sa.select(Question.id).where(Question.bank_id == bank_id).limit(1)):
        raise ConflictError("bank_not_empty")
    exam = session.scalar(
        sa.select(Exam.title).join(ExamBank, ExamBank.exam_id == Exam.id)
        .where(ExamBank.bank_id == bank_id).order_by(Exam.id).limit(1))
    if exam is not None:
        raise ConflictError("bank_in_use", exam=exam)
    name = bank.name
    session.execute(sa.delete(BankImport).where(BankImport.bank_id == bank_id))
    session.delete(bank)
    session.flush()
    audit.note(session, actor, "bank.delete", f"bank {name}", now)
    return name
