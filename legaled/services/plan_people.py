"""Amending for whom a published plan is set. Every change keeps its reason, author and time."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.domain.rates import EXEMPTION_LABEL, Exemption
from legaled.domain.times import beijing_day
from legaled.models import AuditEvent, Person, PlanEntry
from legaled.services import audit
from legaled.services.exams import LARGEST_ID
from legaled.services.plans import entry_values, needed, plan_for, published_for
from legaled.services.units import unit_paths

CANDIDATES = 20
ACTION_WORDS = {
    "plan.add": "补入", "plan.remove": "移出", "plan.restore": "恢复", "plan.exempt": "免学",
    "plan.end_exemption": "撤销免学",
}


@dataclass(frozen=True)
class PlanCandidate:
    """Somebody for whom the plan is not set and could be."""

    person: int
    number: str
    name: str
    unit_path: str


@dataclass(frozen=True)
class PlanChange:
    action: str
    reason: str
    author: str
    at: datetime


def add(
    session: Session, actor: Actor, plan_id: int, person_id: int, reason: str, now: datetime
) -> None:
    """Set the plan for one more person, of whatever category, under the unit of this moment.

    Raises ConflictError `on_plan` if there is a row already; a removed one is restored instead.
    """
    published_for(session, actor, plan_id)
    words = needed(reason)
    person = session.get(Person, person_id) if person_id <= LARGEST_ID else None
    if person is None:
        raise NotFoundError()
    there = sa.select(PlanEntry.id).where(
        PlanEntry.plan_id == plan_id, PlanEntry.person_id == person_id)
    if session.scalar(there) is not None:  # the plan is locked, so nobody adds in between
        raise ConflictError("on_plan")
    entry = PlanEntry(**entry_values(plan_id, person, unit_paths(session), now))
    entry.reason, entry.reason_by = words, actor.id
    session.add(entry)
    _note(session, actor, entry, "plan.add", words, now)


def remove(
    session: Session, actor: Actor, plan_id: int, person_id: int, reason: str, now: datetime
) -> None:
    """Nothing more is asked of the person; the row stays."""
    entry = _entry(session, actor, plan_id, person_id)
    if entry.removed is not None:
        raise ConflictError("plan_removed")
    entry.removed = now
    _keep(session, actor, entry, "plan.remove", reason, now)


def restore(
    session: Session, actor: Actor, plan_id: int, person_id: int, reason: str, now: datetime
) -> None:
    """The plan is set for the person again, under the unit that was frozen first."""
    entry = _entry(session, actor, plan_id, person_id)
    if entry.removed is None:
        raise ConflictError("plan_not_removed")
    entry.removed = None
    _keep(session, actor, entry, "plan.restore", reason, now)


def exempt(
    session: Session, actor: Actor, plan_id: int, person_id: int, category: Exemption,
    reason: str, now: datetime,
) -> None:
    """Take the person out of the denominator; 其他 needs a reason, the others are one."""
    entry = _entry(session, actor, plan_id, person_id)
    if entry.removed is not None:
        raise ConflictError("plan_removed")
    if entry.exempt is not None:
        raise ConflictError("plan_exempt")
    words = reason.strip()
    if category is Exemption.OTHER:
        words = needed(reason)
    entry.exempt = category
    entry.reason, entry.reason_by = words[:500], actor.id
    label = EXEMPTION_LABEL[category]
    _note(session, actor, entry, "plan.exempt", f"{label}：{words}" if words else label, now)


def end_exemption(
    session: Session, actor: Actor, plan_id: int, person_id: int, reason: str, now: datetime
) -> None:
    """The plan is asked of the person again."""
    entry = _entry(session, actor, plan_id, person_id)
    if entry.exempt is None:
        raise ConflictError("plan_not_exempt")
    entry.exempt = None
    _keep(session, actor, entry, "plan.end_exemption", reason, now)


def candidates(
    session: Session, actor: Actor, plan_id: int, query: str, now: datetime
) -> tuple[PlanCandidate, ...]:
    """Up to 20 people, still here, who match a name or number and have no row; two queries."""
    published_or_missing(session, actor, plan_id)
    text = query.strip()
    if not text:
        return ()
    rows = session.execute(
        sa.select(Person.id, Person.number, Person.name, Person.unit_id)
        .outerjoin(PlanEntry, sa.and_(PlanEntry.person_id == Person.id,
                                      PlanEntry.plan_id == plan_id))
        .where(
            PlanEntry.id.is_(None),
            sa.or_(Person.left_on.is_(None), Person.left_on > beijing_day(now)),
            sa.or_(Person.name.icontains(text, autoescape=True),
                   Person.number.icontains(text, autoescape=True)),
        ).order_by(Person.number).limit(CANDIDATES)
    ).all()
    paths = unit_paths(session) if rows else {}
    return tuple(PlanCandidate(row.id, row.number, row.name, paths[row.unit_id].names)
                 for row in rows)


def changes(
    session: Session, actor: Actor, plan_id: int, person_id: int
) -> tuple[PlanChange, ...]:
    """What was amended of this person, the latest first; one query."""
    plan_for(session, actor, plan_id)
    rows = session.execute(
        sa.select(AuditEvent.action, AuditEvent.detail, AuditEvent.at, Person.name)
        .outerjoin(Person, Person.id == AuditEvent.actor_id)
        .where(AuditEvent.subject == _subject(plan_id, person_id))
        .order_by(AuditEvent.id.desc()))
    return tuple(
        PlanChange(ACTION_WORDS.get(row.action, row.action), row.detail, row.name or "命令行",
                   row.at)
        for row in rows)


def published_or_missing(session: Session, actor: Actor, plan_id: int) -> None:
    """NotFoundError unless the plan is set for people."""
    if plan_for(session, actor, plan_id).published is None:
        raise NotFoundError()


def _entry(session: Session, actor: Actor, plan_id: int, person_id: int) -> PlanEntry:
    published_for(session, actor, plan_id)
    entry = session.scalar(
        sa.select(PlanEntry)
        .where(PlanEntry.plan_id == plan_id, PlanEntry.person_id == min(person_id, LARGEST_ID))
        .with_for_update().execution_options(populate_existing=True))
    if entry is None:
        raise NotFoundError()
    return entry


def _keep(
    session: Session, actor: Actor, entry: PlanEntry, action: str, reason: str, now: datetime
) -> None:
    entry.reason, entry.reason_by = needed(reason), actor.id
    _note(session, actor, entry, action, entry.reason, now)


def _note(
    session: Session, actor: Actor, entry: PlanEntry, action: str, words: str, now: datetime
) -> None:
    audit.note(session, actor, action, _subject(entry.plan_id, entry.person_id), now,
               detail=words)
    session.flush()


def _subject(plan_id: int, person_id: int) -> str:
    return f"plan {plan_id} person {person_id}"
