"""Putting a file's questions into a bank: which are new, which change one that is there.

`compare` and `import_drafts` go the same way (`bank_plan`); only the second writes. What it writes
is one `BankImport`, found again by its token, so that the same confirmation never writes twice.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legaled.domain.banks import QuestionDraft
from legaled.domain.errors import InvalidError
from legaled.domain.permissions import Actor
from legaled.domain.text import clean
from legaled.files.collector import paused_collector
from legaled.models import Bank, BankImport
from legaled.services import audit, bank_rows
from legaled.services.bank_plan import (
    BIGGEST_ID,
    CONTENT,
    Conflict,
    Plan,
    Take,
    draft_of,
    is_current,
    number_of,
    plan_drafts,
    stamp_of,
)

__all__ = [
    "BIGGEST_ID", "CONTENT", "NAME_MAX", "Conflict", "ImportResult", "OutlivedError", "bank_title",
    "compare", "draft_of", "import_drafts", "is_current", "number_of", "plan_import", "result_of",
]
NAME_MAX = 100
FILE_MAX = 200


class OutlivedError(Exception):
    """The bank has changed since the plan was made; nothing was written."""


@dataclass(frozen=True)
class ImportResult:
    """What an import did, or would do (`bank_id` None: there is no such bank yet)."""

    bank_id: int | None
    added: int
    changed: int
    unchanged: int
    conflicts: Sequence[Conflict]
    import_id: int | None = None


@paused_collector()
def plan_import(
    session: Session, bank_name: str, drafts: Iterable[QuestionDraft], *,
    take_conflicts: Take = False,
) -> Plan:
    """What `import_drafts` would do now; given to it, only the writing itself is left."""
    bank_id = session.scalar(sa.select(Bank.id).where(Bank.name == clean(bank_name)))
    plan = plan_drafts(session, bank_id, drafts, take_conflicts)
    plan.words = bank_rows.version_words(
        session, (one.draft for one in (*plan.new, *plan.changed)))
    return plan


def compare(
    session: Session, bank_name: str, drafts: Iterable[QuestionDraft], *,
    take_conflicts: Take = False,
) -> ImportResult:
    """What `import_drafts` would say now. Writes nothing."""
    bank_id = session.scalar(sa.select(Bank.id).where(Bank.name == clean(bank_name)))
    return _result(plan_drafts(session, bank_id, drafts, take_conflicts))


@paused_collector()
def import_drafts(
    session: Session, actor: Actor, bank_name: str, drafts: Sequence[QuestionDraft], now: datetime,
    *, take_conflicts: Take = False, practice: bool = False, plan: Plan | None = None,
    as_planned: bool = False, token: str = "", file: str = "",
) -> ImportResult:
    """Write the drafts into the bank of that name, which is made when there is none.

    The same drafts a second time change nothing, nor does a `token` that was already written.
    Conflicts are left out and listed; with `take_conflicts` (all, or those of these rows) they
    become new versions, and of several rows for one question the last wins. A 题号 whose new text
    is already another question of the bank stays a conflict either way. A `plan` of the same
    drafts is used as long as the bank has not changed since it was made; else a new one is made,
    or with `as_planned` OutlivedError raised.
    """
    bank = _bank(session, bank_title(bank_name), now)
    if token and (done := result_of(session, token)):
        return done
    if plan is None or plan.stamp != stamp_of(session, bank.id):  # an empty bank is like none
        if as_planned:
            raise OutlivedError
        plan = plan_import(session, bank.name, drafts, take_conflicts=take_conflicts)
    bank.practice = bank.practice or practice
    made = BankImport(
        token=token or secrets.token_urlsafe(24), bank_id=bank.id, author_id=actor.id,
        file=file[-FILE_MAX:], created=now, added=len(plan.new), changed=len(plan.changed),
        unchanged=plan.unchanged)
    session.add(made)
    session.flush()
    _write(session, actor, bank, plan, made.id, now)
    audit.note(session, actor, "bank.import", f"bank {bank.name}", now,
               detail=f"added {made.added}, changed {made.changed}")
    return _result(plan, bank.id, made.id)


def result_of(session: Session, token: str) -> ImportResult | None:
    """What the import with this token did; None when it has not written anything."""
    made = session.scalar(sa.select(BankImport).where(BankImport.token == token))
    if made is None:
        return None
    return ImportResult(made.bank_id, made.added, made.changed, made.unchanged, (), made.id)


def bank_title(text: str) -> str:
    """The name as kept; raises InvalidError when it is empty or too long."""
    name = clean(text)
    if not 1 <= len(name) <= NAME_MAX or not {"\n", "\0"}.isdisjoint(name):
        raise InvalidError("bank_name")
    return name


def _bank(session: Session, name: str, now: datetime) -> Bank:
    """The bank of this name, locked until the end; made when there is none."""
    wanted = sa.select(Bank).where(Bank.name == name).with_for_update()
    found = session.scalar(wanted)
    if found is None:
        try:
            with session.begin_nested():
                session.add(Bank(name=name, created=now))
        except IntegrityError:
            pass  # somebody else made it at this moment
        found = session.scalars(wanted).one()
    return found


def _result(
    plan: Plan, bank_id: int | None = None, import_id: int | None = None
) -> ImportResult:
    return ImportResult(
        bank_id or plan.bank_id, len(plan.new), len(plan.changed), plan.unchanged,
        tuple(plan.conflicts), import_id)


def _write(
    session: Session, actor: Actor, bank: Bank, plan: Plan, import_id: int, now: datetime
) -> None:
    for one in plan.changed:
        one.version += 1
    moved = [one for one in plan.changed if one.mark != one.known_mark]
    # two questions may swap fingerprints, so all let go before any takes
    bank_rows.move_questions(session, [(one.id, f"moving {one.id}", one.version) for one in moved])
    bank_rows.move_questions(session, [(one.id, one.mark, one.version) for one in plan.changed])
    ids = bank_rows.add_questions(session, bank.id, [one.mark for one in plan.new])
    places = ([(ids[one.mark], 1) for one in plan.new]
              + [(one.id, one.version) for one in plan.changed])
    bank_rows.add_versions(session, places, plan.words, {
        "author_id": actor.id, "created": now, "approved": None if bank.review else now,
        "import_id": import_id})
