"""What a waiting file means for the bank it is meant for, kept beside it until the bank changes."""

from collections.abc import Iterator

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.text import clean
from legaled.files.import_drafts import Against
from legaled.files.import_store import Store
from legaled.models import Bank
from legaled.services.bank_plan import Plan, plan_drafts, stamp_of


def is_fresh(session: Session, store: Store, bank_name: str) -> bool:
    """Whether `compare` would say the same again."""
    bank_id = _bank_id(session, bank_name)
    return bool(store.fact("stamp") == [bank_id or 0, *stamp_of(session, bank_id)])


def compare(session: Session, store: Store, bank_name: str) -> None:
    """Work out what an import would do now, and keep it. The database is only read."""
    bank_id = _bank_id(session, bank_name)
    plan = plan_drafts(session, bank_id, store.drafts())
    counts = {"added": len(plan.new), "changed": len(plan.changed), "unchanged": plan.unchanged}
    store.set_against([bank_id or 0, *plan.stamp], counts, _lines(plan))


def _bank_id(session: Session, name: str) -> int | None:
    return session.scalar(sa.select(Bank.id).where(Bank.name == clean(name)))


def _lines(plan: Plan) -> Iterator[Against]:
    changed = set(plan.changed)
    for row, target in plan.known():
        is_changed = target in changed
        yield Against(row, "changed" if is_changed else "same", str(target.name), target.retired,
                      *((target.known, target.draft) if is_changed else ()))
    for one in plan.conflicts:
        there = plan.by_number.get(str(one.of))
        yield Against(one.row, "conflict", str(one.of), there is not None and there.retired,
                      one.kept)
