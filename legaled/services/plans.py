"""Arranging the plan of a year: draft, publish, extend, cancel, copy. One door: `plan_for`."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.people import Category, on_roster_by_default
from legaled.domain.permissions import Actor, Permission
from legaled.domain.plans import LAST_YEAR, Audience, PlanDraft, draft_problems
from legaled.domain.times import beijing_day
from legaled.models import Person, PlanEntry, StudyItem, StudyPlan, Unit
from legaled.services import audit
from legaled.services.exams import LARGEST_ID
from legaled.services.units import UnitPath, unit_paths

PARTS = ("kind", "title", "law_id", "first", "last", "guide", "material_id", "url", "minutes")


def plan_for(
    session: Session, actor: Actor, plan_id: int, *, lock: bool = False
) -> StudyPlan:
    """The desk's only door to a plan; NotFoundError for those who do not arrange study."""
    if not actor.may(Permission.STUDY_EDIT) or plan_id > LARGEST_ID:
        raise NotFoundError()
    plan = session.get(StudyPlan, plan_id, with_for_update=lock or None, populate_existing=lock)
    if plan is None:
        raise NotFoundError()
    return plan


def draft_for(session: Session, actor: Actor, plan_id: int) -> StudyPlan:
    """A plan that may still be changed; raises ConflictError for any other."""
    plan = plan_for(session, actor, plan_id, lock=True)
    if plan.cancelled is not None:
        raise ConflictError("plan_cancelled")
    if plan.published is not None:
        raise ConflictError("plan_published")
    return plan


def published_for(session: Session, actor: Actor, plan_id: int) -> StudyPlan:
    """A plan that is set for people; raises ConflictError for any other."""
    plan = plan_for(session, actor, plan_id, lock=True)
    if plan.cancelled is not None:
        raise ConflictError("plan_cancelled")
    if plan.published is None:
        raise ConflictError("plan_not_published")
    return plan


def create(session: Session, actor: Actor, draft: PlanDraft, now: datetime) -> int:
    """Keep a new draft, which nobody has to study yet; returns its id."""
    if not actor.may(Permission.STUDY_EDIT):
        raise NotFoundError()
    _check(session, draft)
    plan = StudyPlan(author_id=actor.id, created=now)
    _copy(plan, draft)
    session.add(plan)
    session.flush()
    audit.note(session, actor, "plan.create", f"plan {plan.id}", now, detail=draft.title)
    return plan.id


def edit(session: Session, actor: Actor, plan_id: int, draft: PlanDraft, now: datetime) -> None:
    """Replace everything of a draft but its items."""
    plan = draft_for(session, actor, plan_id)
    _check(session, draft)
    _copy(plan, draft)
    session.flush()
    audit.note(session, actor, "plan.edit", f"plan {plan_id}", now, detail=draft.title)


def publish(session: Session, actor: Actor, plan_id: int, now: datetime) -> int:
    """Set the plan for the people of this day, under their units of this day; returns how many.

    Raises ConflictError `plan_empty` without items, `plan_over` when its last day has passed and
    `plan_nobody` when nobody is among those it is meant for.
    """
    plan = draft_for(session, actor, plan_id)
    if session.scalar(sa.select(StudyItem.id).where(StudyItem.plan_id == plan_id).limit(1)) is None:
        raise ConflictError("plan_empty")
    if plan.ends < beijing_day(now):
        raise ConflictError("plan_over")
    paths = unit_paths(session)
    people = _people(session, plan, paths, now)
    if not people:
        raise ConflictError("plan_nobody")
    session.connection().execute(
        sa.insert(PlanEntry), [entry_values(plan_id, one, paths, now) for one in people])
    plan.published = now
    audit.note(session, actor, "plan.publish", f"plan {plan_id}", now, detail=str(len(people)))
    return len(people)


def audience_size(session: Session, plan: StudyPlan, now: datetime) -> int:
    """For how many people publishing would set it now; two queries."""
    return len(_people(session, plan, unit_paths(session), now))


def entry_values(
    plan_id: int, person: Any, paths: dict[int, UnitPath], now: datetime
) -> dict[str, Any]:
    """A person as a plan freezes them."""
    path = paths[person.unit_id]
    return {
        "plan_id": plan_id, "person_id": person.id, "number": person.number,
        "name": person.name, "category": person.category, "unit_path": path.names,
        "unit_codes": path.codes, "frozen": now, "reason": "",
    }


def cancel(session: Session, actor: Actor, plan_id: int, reason: str, now: datetime) -> None:
    """Call the plan off for good: it is asked of nobody, at no exam, and enters no figure."""
    plan = plan_for(session, actor, plan_id, lock=True)
    if plan.cancelled is not None:
        raise ConflictError("plan_cancelled")
    plan.cancelled, plan.cancel_reason = now, needed(reason)
    audit.note(session, actor, "plan.cancel", f"plan {plan_id}", now, detail=plan.cancel_reason)


def extend(
    session: Session, actor: Actor, plan_id: int, ends: date, reason: str, now: datetime
) -> None:
    """Move the last day of a published plan; only to a later day, so that nobody loses any."""
    plan = published_for(session, actor, plan_id)
    if ends <= plan.ends or ends.year > LAST_YEAR:
        raise InvalidError("plan_extend_back", field="ends")
    words = f"{plan.ends} → {ends}：{needed(reason)}"
    plan.ends = ends
    audit.note(session, actor, "plan.extend", f"plan {plan_id}", now, detail=words)


def copy(session: Session, actor: Actor, plan_id: int, now: datetime) -> int:
    """The plan again as a draft for the year after it, with the same items; returns its id."""
    old = plan_for(session, actor, plan_id)
    new = StudyPlan(
        year=min(old.year + 1, LAST_YEAR), title=old.title.replace(
            str(old.year), str(old.year + 1)), programme=old.programme,
        audience=old.audience, unit_ids=_still_there(session, old.unit_ids),
        starts=_next_year(old.starts), ends=_next_year(old.ends), minutes=old.minutes,
        author_id=actor.id, created=now,
    )
    session.add(new)
    session.flush()
    for item in items_of(session, plan_id):
        values = {name: getattr(item, name) for name in PARTS}
        session.add(StudyItem(plan_id=new.id, position=item.position, **values))
    audit.note(session, actor, "plan.copy", f"plan {new.id}", now, detail=f"plan {plan_id}")
    return new.id


def items_of(session: Session, plan_id: int) -> Sequence[StudyItem]:
    """The items in their order; one query."""
    return session.scalars(
        sa.select(StudyItem).where(StudyItem.plan_id == plan_id).order_by(StudyItem.position)
    ).all()


def needed(reason: str) -> str:
    """The reason without blanks around it; raises InvalidError without one."""
    if not reason.strip():
        raise InvalidError("reason_needed", field="reason")
    return reason.strip()[:500]


def _people(
    session: Session, plan: StudyPlan, paths: dict[int, UnitPath], now: datetime
) -> list[Any]:
    today = beijing_day(now)
    wanted = sa.select(
        Person.id, Person.number, Person.name, Person.category, Person.unit_id,
        Person.joined_on, Person.left_on,
    ).where(Person.category == Category.ESTABLISHED).order_by(Person.id)
    if plan.audience is Audience.LEADERS:
        wanted = wanted.where(Person.is_leader.is_(True))
    below = _below(plan.unit_ids, paths)
    return [
        row for row in session.execute(wanted)
        if row.unit_id in below
        and on_roster_by_default(row.category, row.joined_on, row.left_on, today)
    ]


def _below(unit_ids: Collection[int], paths: dict[int, UnitPath]) -> set[int]:
    """The chosen units with everything under them; without a choice all units."""
    if not unit_ids:
        return set(paths)
    tops = [paths[one].codes + "/" for one in unit_ids if one in paths]
    return {
        one for one, path in paths.items()
        if any(f"{path.codes}/".startswith(top) for top in tops)
    }


def _still_there(session: Session, unit_ids: Sequence[int]) -> list[int]:
    known = set(session.scalars(sa.select(Unit.id).where(Unit.id.in_(unit_ids))))
    return [one for one in unit_ids if one in known]


def _check(session: Session, draft: PlanDraft) -> None:
    if problems := draft_problems(draft):
        field, code = problems[0]
        raise InvalidError(code, field=field)
    if len(_still_there(session, draft.unit_ids)) < len(draft.unit_ids):
        raise InvalidError("unit_unknown", field="unit_ids")


def _copy(plan: StudyPlan, draft: PlanDraft) -> None:
    plan.year, plan.title, plan.programme = draft.year, draft.title, draft.programme
    plan.audience, plan.unit_ids = draft.audience, list(draft.unit_ids)
    plan.starts, plan.ends, plan.minutes = draft.starts, draft.ends, draft.minutes


def _next_year(day: date) -> date:
    """The same day a year later; 29 February becomes the 28th."""
    year = min(day.year + 1, LAST_YEAR)
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
