"""One person's study plans: what is asked, what is done, what is missing."""

from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.domain.plans import Done, ItemKind, PlanStage, minutes_left, plan_stage
from legaled.domain.times import beijing_day
from legaled.models import ItemMark, PlanEntry, StudyItem, StudyPlan
from legaled.services.exams import LARGEST_ID
from legaled.services.plan_facts import Facts, facts
from legaled.services.plan_items import range_words


@dataclass(frozen=True)
class MyItem:
    """`part` is the range of articles in words; `first` is the anchor to begin at."""

    id: int
    kind: ItemKind
    title: str
    part: str
    law_id: int | None
    first: str
    guide: str
    material_id: int | None
    url: str
    state: Done


@dataclass(frozen=True)
class MyPlan:
    id: int
    year: int
    title: str
    programme: str
    stage: PlanStage
    starts: date
    ends: date
    minutes: int
    seconds: int
    exempt: bool
    completed: bool
    items: tuple[MyItem, ...]

    @property
    def done(self) -> int:
        return sum(item.state.is_done for item in self.items)

    @property
    def minutes_done(self) -> int:
        return self.seconds // 60

    @property
    def minutes_left(self) -> int:
        return minutes_left(self.seconds, self.minutes)

    @property
    def open_items(self) -> tuple[MyItem, ...]:
        return tuple(item for item in self.items if not item.state.is_done)


def my_plans(session: Session, actor: Actor, now: datetime) -> list[MyPlan]:
    """Those of this year and those that run, the one that ends first on top; five queries."""
    today = beijing_day(now)
    wanted = sa.or_(StudyPlan.year == today.year,
                    sa.and_(StudyPlan.starts <= today, StudyPlan.ends >= today))
    found = _plans(session, actor, wanted, now)
    return sorted(found, key=lambda plan: (plan.ends < today, plan.ends, plan.id))


def my_plan(session: Session, actor: Actor, plan_id: int, now: datetime) -> MyPlan:
    """One of the actor's plans of any year; NotFoundError for a plan set for others only."""
    found = _plans(session, actor, StudyPlan.id == min(plan_id, LARGEST_ID), now)
    if not found:
        raise NotFoundError()
    return found[0]


def due_plan(session: Session, actor: Actor, now: datetime) -> MyPlan | None:
    """The running plan that the person has not completed and that ends first."""
    today = beijing_day(now)
    running = sa.and_(StudyPlan.starts <= today, StudyPlan.ends >= today)
    waiting = [plan for plan in _plans(session, actor, running, now)
               if not plan.completed and not plan.exempt]
    return min(waiting, key=lambda plan: (plan.ends, plan.id), default=None)


def mark(session: Session, actor: Actor, plan_id: int, item_id: int, now: datetime) -> str:
    """The actor declares an item studied; again keeps the first time. Returns its title.

    Raises NotFoundError, and ConflictError `plan_not_running` before and after the period.
    """
    item = _open_item(session, actor, plan_id, item_id, now)
    if session.get(ItemMark, (item_id, actor.id)) is None:
        try:
            with session.begin_nested():
                session.add(ItemMark(item_id=item_id, person_id=int(actor.id or 0), done=now))
        except IntegrityError:  # the same button, pressed twice at once
            pass
    return item.title


def unmark(session: Session, actor: Actor, plan_id: int, item_id: int, now: datetime) -> str:
    """Take the declaration back; nothing happens if there is none."""
    item = _open_item(session, actor, plan_id, item_id, now)
    session.execute(sa.delete(ItemMark).where(
        ItemMark.item_id == item_id, ItemMark.person_id == actor.id))
    return item.title


def _open_item(
    session: Session, actor: Actor, plan_id: int, item_id: int, now: datetime
) -> StudyItem:
    row = session.execute(
        sa.select(StudyItem, StudyPlan)
        .join(StudyPlan, StudyPlan.id == StudyItem.plan_id)
        .join(PlanEntry, PlanEntry.plan_id == StudyPlan.id)
        .where(StudyItem.id == min(item_id, LARGEST_ID), StudyPlan.id == min(plan_id, LARGEST_ID),
               *_mine(actor))
    ).one_or_none()
    if row is None:
        raise NotFoundError()
    item, plan = row
    stage = plan_stage(plan.published, plan.cancelled, plan.starts, plan.ends, now)
    if stage is not PlanStage.RUNNING:
        raise ConflictError("plan_not_running")
    found: StudyItem = item
    return found


def _mine(actor: Actor) -> tuple[sa.ColumnElement[bool], ...]:
    return (PlanEntry.person_id == actor.id, PlanEntry.removed.is_(None),
            StudyPlan.published.is_not(None), StudyPlan.cancelled.is_(None))


def _plans(
    session: Session, actor: Actor, wanted: sa.ColumnElement[bool], now: datetime
) -> list[MyPlan]:
    if actor.id is None:
        return []
    rows = session.execute(
        sa.select(StudyPlan, PlanEntry.exempt)
        .join(PlanEntry, PlanEntry.plan_id == StudyPlan.id).where(wanted, *_mine(actor))
        .order_by(StudyPlan.ends, StudyPlan.id)
    ).all()
    if not rows:
        return []
    known = facts(session, [plan for plan, _ in rows], actor.id)
    return [_my_plan(plan, exempt is not None, known, actor.id, now) for plan, exempt in rows]


def _my_plan(
    plan: StudyPlan, exempt: bool, known: Facts, person_id: int, now: datetime
) -> MyPlan:
    done = known.of(plan, person_id)
    items = tuple(
        MyItem(item.id, item.kind, item.title, range_words(item.first, item.last), item.law_id,
               item.first, item.guide, item.material_id, item.url, state)
        for item, state in zip(known.items[plan.id], done.items, strict=True)
    )
    return MyPlan(
        plan.id, plan.year, plan.title, plan.programme,
        plan_stage(plan.published, plan.cancelled, plan.starts, plan.ends, now),
        plan.starts, plan.ends, plan.minutes, done.seconds, exempt, done.completed, items,
    )
