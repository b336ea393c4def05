"""Question banks: importing, exporting, and what ships with the product."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.bank_problems import Problem
from legaled.domain.banks import Kind, QuestionDraft
from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import SYSTEM, Actor
from legaled.domain.text import clean
from legaled.files.bank_check import CheckReport, check
from legaled.files.bank_writing import EXPORTS, write_bank, write_template
from legaled.models import Bank, Question, QuestionVersion
from legaled.services import audit
from legaled.services.bank_imports import (
    CONTENT,
    NAME_MAX,
    Conflict,
    ImportResult,
    bank_title,
    compare,
    draft_of,
    import_drafts,
    is_current,
    number_of,
    plan_import,
)
from legaled.services.bank_pages import bank_page, list_banks, shown
from legaled.services.bank_question import question_page
from legaled.services.sitting import check_bank

__all__ = [
    "EXPORTS", "NAME_MAX", "Conflict", "ImportResult", "bank_id_of", "bank_name_of", "bank_names",
    "bank_page", "bank_title", "compare", "draft_of", "export_bank", "import_drafts",
    "kind_counts", "list_banks", "note_export", "number_of", "plan_import",
    "question_page", "ship", "shown",
    "with_rivals", "write_bank", "write_template",
]


@dataclass(frozen=True)
class Shipped:
    """What became of one bank that comes with the product."""

    name: str
    added: int
    was_there: bool
    problems: Sequence[Problem] = ()


def with_rivals(report: CheckReport, take_conflicts: bool) -> Sequence[QuestionDraft]:
    """What to import from a file; on purpose also the rows that contradict an earlier one."""
    if not take_conflicts:
        return report.drafts
    return sorted((*report.drafts, *report.rivals), key=lambda draft: draft.row)


def bank_names(session: Session) -> list[str]:
    return list(session.scalars(sa.select(Bank.name).order_by(Bank.name)))


def bank_id_of(session: Session, name: str) -> int:
    """Raises NotFoundError when no bank has this name."""
    found = session.scalar(sa.select(Bank.id).where(Bank.name == clean(name)))
    if found is None:
        raise NotFoundError()
    return found


def bank_name_of(session: Session, bank_id: int) -> str:
    found = session.scalar(sa.select(Bank.name).where(Bank.id == bank_id))
    if found is None:
        raise NotFoundError()
    return found


def export_bank(
    session: Session, actor: Actor, bank_id: int, now: datetime
) -> list[QuestionDraft]:
    """The active questions by 题号, for `write_template`. Importing them changes nothing.

    Raises ConflictError `sitting` while the actor sits an exam drawn from this bank.
    """
    check_bank(session, actor, bank_id, now)
    rows = session.execute(
        sa.select(Question.id, *CONTENT).join(QuestionVersion, is_current())
        .where(Question.bank_id == bank_id, Question.retired.is_(None)).order_by(Question.id))
    return [draft_of(question_id, content) for question_id, *content in rows]


def note_export(session: Session, actor: Actor, name: str, count: int, now: datetime) -> None:
    """Say in the log who took a bank's questions and answers out; in a transaction of its own."""
    audit.note(session, actor, "bank.export", f"bank {name}", now, detail=f"{count} questions")


def kind_counts(session: Session, bank_ids: Iterable[int]) -> dict[Kind, int]:
    """How many active questions of each kind these banks hold together, none counted twice."""
    found = session.execute(
        sa.select(QuestionVersion.kind, sa.func.count(Question.fingerprint.distinct()))
        .select_from(Question)
        .join(QuestionVersion, is_current())
        .where(Question.bank_id.in_(list(bank_ids)), Question.retired.is_(None))
        .group_by(QuestionVersion.kind))
    return {kind: 0 for kind in Kind} | dict(found.all())


def ship(session: Session, folder: Path, now: datetime) -> list[Shipped]:
    """Import each `<law>/bank.csv` as the practice bank <law>, unless a bank has that name.

    A bank that a trainer has since changed is left alone; a file with errors is not taken.
    """
    there, done = set(bank_names(session)), list[Shipped]()
    for path in sorted(folder.glob("*/bank.csv")):
        name = path.parent.name
        if name in there:
            done.append(Shipped(name, 0, True))
            continue
        report = check(path.read_bytes(), path.name)
        if report.exit_code:
            done.append(Shipped(name, 0, False, tuple(report.errors)))
            continue
        result = import_drafts(session, SYSTEM, name, report.drafts, now, practice=True)
        done.append(Shipped(name, result.added, False))
    return done
