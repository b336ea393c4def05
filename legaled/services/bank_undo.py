"""The imports of a bank, and taking one back: as if it had never been written.

What an exam has frozen, and what somebody has built upon since, is never taken away; then the
whole import stays, and the refusal says which exam or question stands in the way.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legaled.domain.banks import KIND_LABEL, fingerprint
from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import SYSTEM, Actor
from legaled.models import (
    Bank,
    BankImport,
    Exam,
    Person,
    PoolItem,
    Question,
    QuestionVersion,
    SpentNumber,
)
from legaled.services import audit, bank_rows
from legaled.services.bank_plan import CHUNK, CONTENT, draft_of, number_of
from legaled.services.paging import Page, page_of
from legaled.services.sitting import check_bank

PER_PAGE = 30
NAMED = 3  # how many exams or questions a refusal names
Before = Mapping[int, tuple[str, int]]  # question -> its earlier fingerprint and version


@dataclass(frozen=True)
class ImportLine:
    """One import of a bank; `undone` when it was taken back. `practice`: the bank is open."""

    id: int
    token: str
    bank_id: int
    bank: str
    file: str
    author: str
    author_id: int | None
    created: datetime
    added: int
    changed: int
    unchanged: int
    undone: datetime | None
    practice: bool


@dataclass(frozen=True)
class Written:
    """A question that an import added (version 1) or changed; `retired` by now."""

    id: int
    number: str
    version: int
    kind: str
    stem: str
    retired: bool


@dataclass(frozen=True)
class Obstacle:
    """Why an import cannot be taken back: a code of the catalogue, and what it names."""

    code: str
    names: str


def import_lines(session: Session, bank_id: int, page: int) -> tuple[Sequence[ImportLine], Page]:
    """The imports of a bank, newest first; two queries. NotFoundError when there is no such bank.
    """
    mine = BankImport.bank_id == bank_id
    total = session.scalar(sa.select(sa.func.count()).select_from(BankImport).where(mine)) or 0
    place = page_of(total, page, PER_PAGE)
    return _lines(session, mine, place), place


def import_line(session: Session, bank_id: int, import_id: int) -> ImportLine:
    """NotFoundError when this bank has no such import."""
    wanted = sa.and_(BankImport.id == import_id, BankImport.bank_id == bank_id)
    for line in _lines(session, wanted, page_of(1, 1, 1)):
        return line
    raise NotFoundError()


def written(
    session: Session, actor: Actor, line: ImportLine, page: int, now: datetime
) -> tuple[Sequence[Written], Page]:
    """The questions that the import added or changed, as it wrote them; at most three queries.

    Raises ConflictError `sitting` while the actor sits an exam drawn from the bank.
    """
    check_bank(session, actor, line.bank_id, now)
    total = 0 if line.undone else line.added + line.changed
    place = page_of(total, page, PER_PAGE)
    rows = session.execute(
        sa.select(QuestionVersion.question_id, QuestionVersion.version, QuestionVersion.kind,
                  QuestionVersion.stem, Question.retired.is_not(None))
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(QuestionVersion.import_id == line.id).order_by(QuestionVersion.id)
        .limit(place.size).offset(place.offset))
    return tuple(
        Written(question_id, number_of(question_id), version, KIND_LABEL[kind], stem, retired)
        for question_id, version, kind, stem, retired in rows), place


def _lines(
    session: Session, wanted: sa.ColumnElement[bool], place: Page
) -> tuple[ImportLine, ...]:
    rows: Iterable[Any] = session.execute(
        sa.select(
            BankImport.id, BankImport.token, BankImport.bank_id, Bank.name, BankImport.file,
            sa.func.coalesce(Person.name, SYSTEM.name), BankImport.author_id, BankImport.created,
            BankImport.added, BankImport.changed, BankImport.unchanged, BankImport.undone,
            Bank.practice)
        .join(Bank, Bank.id == BankImport.bank_id)
        .outerjoin(Person, Person.id == BankImport.author_id)
        .where(wanted).order_by(BankImport.id.desc()).limit(place.size).offset(place.offset))
    return tuple(ImportLine(*row) for row in rows)


def obstacle(session: Session, line: ImportLine) -> Obstacle | None:
    """Why this import cannot be taken back now; None when it can. At most three queries."""
    if line.undone is not None:
        return Obstacle("undo_done", "")
    mine = QuestionVersion.import_id == line.id
    exams = session.scalars(
        sa.select(Exam.title).distinct().join(PoolItem, PoolItem.exam_id == Exam.id)
        .join(QuestionVersion, QuestionVersion.id == PoolItem.version_id)
        .where(mine).order_by(Exam.title).limit(NAMED + 1)).all()
    if exams:
        return Obstacle("undo_in_exam", _some([f"「{title}」" for title in exams]))
    newer = session.scalars(
        sa.select(Question.id).join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .where(mine, Question.version > QuestionVersion.version)
        .order_by(Question.id).limit(NAMED + 1)).all()
    return Obstacle("undo_changed_since", _some(map(number_of, newer))) if newer else None


def later(session: Session, line: ImportLine) -> int:
    """How many later imports found questions in the bank, as these may be: they have none of
    their own, and would lose them."""
    return session.scalar(
        sa.select(sa.func.count()).select_from(BankImport)
        .where(BankImport.bank_id == line.bank_id, BankImport.id > line.id,
               BankImport.undone.is_(None), BankImport.unchanged > 0)) or 0


def prepare(session: Session, bank_id: int, import_id: int) -> Before:
    """What `undo` would go back to: the long part of it, for which no lock is needed. It stays
    right as long as `undo` is not refused, for words are never changed."""
    mine = sa.and_(QuestionVersion.import_id == import_id, QuestionVersion.version > 1,
                   Question.bank_id == bank_id)
    ids = session.scalars(
        sa.select(Question.id)
        .join(QuestionVersion, QuestionVersion.question_id == Question.id).where(mine)).all()
    return _versions_before(session, ids, import_id)


def undo(
    session: Session, actor: Actor, bank_id: int, import_id: int, now: datetime,
    before: Before | None = None,
) -> ImportLine:
    """Take an import back: what it added is deleted, what it changed is as before (`prepare`).

    ConflictError `undo_done`, `undo_in_exam`, `undo_changed_since` or `undo_text_taken`, naming
    what stands in the way, and `sitting` while the actor sits an exam drawn from the bank; then
    nothing has changed.
    """
    check_bank(session, actor, bank_id, now)
    session.execute(sa.select(Bank.id).where(Bank.id == bank_id).with_for_update())
    line = import_line(session, bank_id, import_id)
    if found := obstacle(session, line):
        raise ConflictError(found.code, names=found.names)
    if before is None:
        before = prepare(session, bank_id, import_id)
    try:
        _take_back(session, line, before)
    except IntegrityError as error:  # an exam has frozen it at this very moment
        raise ConflictError("undo_in_exam", names="") from error
    session.execute(
        sa.update(BankImport).where(BankImport.id == import_id).values(undone=now))
    audit.note(session, actor, "bank.undo", f"bank {line.bank}", now,
               detail=f"import {import_id}: {line.added} added, {line.changed} changed")
    return line


def _take_back(session: Session, line: ImportLine, before: Before) -> None:
    touched = sa.select(QuestionVersion.question_id).where(QuestionVersion.import_id == line.id)
    ids = list(session.scalars(touched))
    session.execute(sa.delete(QuestionVersion).where(QuestionVersion.import_id == line.id))
    added = [one for one in ids if one not in before]
    if added:
        session.add(SpentNumber(id=max(added)))
    for chunk in _chunks(added):
        session.execute(sa.delete(Question).where(Question.id.in_(chunk)))
    rows = [(one, mark, version) for one, (mark, version) in before.items()]
    if taken := _taken(session, line.bank_id, rows):
        raise ConflictError("undo_text_taken", names=_some(map(number_of, taken)))
    bank_rows.move_questions(session, [(one, f"moving {one}", version) for one, _, version in rows])
    bank_rows.move_questions(session, rows)


def _versions_before(session: Session, ids: Sequence[int], import_id: int) -> Before:
    """Fingerprint and number of the newest version that each question has besides this import's.
    """
    others = sa.or_(QuestionVersion.import_id.is_(None), QuestionVersion.import_id != import_id)
    found: dict[int, tuple[str, int]] = {}
    for chunk in _chunks(ids):
        rows = session.execute(
            sa.select(QuestionVersion.question_id, QuestionVersion.version, *CONTENT)
            .where(QuestionVersion.question_id.in_(chunk), others)
            .order_by(QuestionVersion.version))
        for question_id, version, *content in rows:
            draft = draft_of(question_id, content)
            mark = fingerprint(draft.kind, draft.stem, draft.options)
            found[question_id] = (mark, version)
    return found


def _taken(
    session: Session, bank_id: int, rows: Sequence[tuple[int, str, int]]
) -> list[int]:
    """The questions whose earlier text is another question of the bank by now."""
    ours = {mark: question_id for question_id, mark, _ in rows}
    own = set(ours.values())
    others: list[int] = []
    for chunk in _chunks(list(ours)):
        found = session.execute(
            sa.select(Question.fingerprint, Question.id)
            .where(Question.bank_id == bank_id, Question.fingerprint.in_(chunk)))
        others += [ours[mark] for mark, question_id in found if question_id not in own]
    return others


def _chunks(values: Sequence[object]) -> Iterable[Sequence[object]]:
    return (values[at : at + CHUNK] for at in range(0, len(values), CHUNK))


def _some(names: Iterable[str]) -> str:
    """The first few, and that there are more."""
    found = list(names)
    return "、".join(found[:NAMED]) + (" 等" if len(found) > NAMED else "")
