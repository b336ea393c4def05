"""What people have done of study plans: measured seconds and declarations inside the period.

Four statements for one plan or twenty, for one person or ten thousand.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from legaled.domain.plans import Done, ItemKind, article_range, is_completed
from legaled.domain.times import beijing_day
from legaled.models import (
    ItemMark,
    LawArticle,
    LawVersion,
    PlanEntry,
    StudyItem,
    StudyMark,
    StudyPlan,
    StudyTime,
)

TOGETHER = 20  # plans in one statement: PostgreSQL takes 1,664 columns


@dataclass(frozen=True)
class PersonDone:
    """`seconds` in all inside the period; `items` in the order of the plan."""

    seconds: int
    items: tuple[Done, ...]
    completed: bool

    @property
    def done(self) -> int:
        return sum(item.is_done for item in self.items)


class Facts:
    """What each person has done of each plan; somebody without a trace has done nothing."""

    def __init__(
        self,
        items: Mapping[int, Sequence[StudyItem]],
        seconds: Mapping[tuple[int, int], Sequence[int]],
        marks: frozenset[tuple[int, int]],
    ) -> None:
        self.items = items
        self._seconds, self._marks = seconds, marks

    def of(self, plan: StudyPlan, person_id: int) -> PersonDone:
        items = self.items[plan.id]
        total, *each = self._seconds.get((plan.id, person_id), [0] * (len(items) + 1))
        done = tuple(
            Done(item.kind, item.minutes, spent, (item.id, person_id) in self._marks)
            for item, spent in zip(items, each, strict=True)
        )
        return PersonDone(total, done, is_completed(done, total, plan.minutes))


def facts(
    session: Session, plans: Sequence[StudyPlan], person_id: int | Collection[int] | None = None
) -> Facts:
    """Of everybody on these plans, of one person or of these people; four queries for up to
    twenty plans."""
    items = defaultdict[int, list[StudyItem]](list)
    for item in session.scalars(
        sa.select(StudyItem).where(StudyItem.plan_id.in_([plan.id for plan in plans]))
        .order_by(StudyItem.plan_id, StudyItem.position)
    ):
        items[item.plan_id].append(item)
    for plan in plans:
        items[plan.id]  # a plan without items has an empty list
    seconds = dict[tuple[int, int], Sequence[int]]()
    for at in range(0, len(plans), TOGETHER):
        seconds |= _seconds(session, plans[at:at + TOGETHER], items, person_id)
    return Facts(items, seconds, _marks(session, plans, items, person_id))


def _seconds(
    session: Session, plans: Sequence[StudyPlan], items: Mapping[int, Sequence[StudyItem]],
    person_id: int | Collection[int] | None,
) -> dict[tuple[int, int], Sequence[int]]:
    """(plan, person) → the total, then each item's."""
    columns: list[sa.ColumnElement[int]] = []
    for plan in plans:
        inside = StudyTime.day.between(plan.starts, plan.ends)
        columns.append(_sum(inside))
        columns += [_sum(sa.and_(inside, _parts(item))) for item in items[plan.id]]
    who = _who(StudyTime.person_id, person_id) if person_id is not None else (
        StudyTime.person_id.in_(sa.select(PlanEntry.person_id).where(
            PlanEntry.plan_id.in_([plan.id for plan in plans])))
    )
    found = dict[tuple[int, int], Sequence[int]]()
    for person, *sums in session.execute(
        sa.select(StudyTime.person_id, *columns)
        .where(who, StudyTime.day.between(min(plan.starts for plan in plans),
                                          max(plan.ends for plan in plans)))
        .group_by(StudyTime.person_id)
    ):
        at = 0
        for plan in plans:
            size = len(items[plan.id]) + 1
            found[plan.id, person] = [int(one) for one in sums[at:at + size]]
            at += size
    return found


def _who(
    column: InstrumentedAttribute[int], person_id: int | Collection[int] | None
) -> sa.ColumnElement[bool]:
    if person_id is None:
        return sa.true()
    return column.in_([person_id] if isinstance(person_id, int) else person_id)


def _sum(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, StudyTime.seconds), else_=0))


def _parts(item: StudyItem) -> sa.ColumnElement[bool]:
    """The rows of reading that count for an item; a web page has none."""
    subject = {
        ItemKind.LAW: f"law:{item.law_id}", ItemKind.GUIDE: f"guide:{item.guide}",
        ItemKind.FILE: f"material:{item.material_id}",
    }.get(item.kind)
    if subject is None:
        return sa.false()
    if not item.first:
        return StudyTime.subject == subject
    low, high = article_range(item.first, item.last)
    number, sub = sa.cast(LawArticle.number, sa.String), sa.cast(LawArticle.sub, sa.String)
    anchors = (
        sa.select(sa.case((LawArticle.sub == 0, number), else_=number + "-" + sub))
        .join(LawVersion, LawVersion.id == LawArticle.version_id)
        .where(
            LawVersion.law_id == item.law_id,
            sa.tuple_(LawArticle.number, LawArticle.sub) >= sa.tuple_(*map(sa.literal, low)),
            sa.tuple_(LawArticle.number, LawArticle.sub) <= sa.tuple_(*map(sa.literal, high)),
        )
    )
    return sa.and_(StudyTime.subject == subject, StudyTime.part.in_(anchors))


def _marks(
    session: Session, plans: Sequence[StudyPlan], items: Mapping[int, Sequence[StudyItem]],
    person_id: int | Collection[int] | None,
) -> frozenset[tuple[int, int]]:
    """(item, person) of every declaration that was made inside the item's period."""
    period = {plan.id: (plan.starts, plan.ends) for plan in plans}
    own = {item.id: item for plan in plans for item in items[plan.id]}
    guides = defaultdict[str, list[StudyItem]](list)
    for item in own.values():
        if item.kind is ItemKind.GUIDE:
            guides[item.guide].append(item)
    only = _who(ItemMark.person_id, person_id)
    found = set[tuple[int, int]]()

    def note(item: StudyItem, person: int, at: datetime) -> None:
        starts, ends = period[item.plan_id]
        if starts <= beijing_day(at) <= ends:
            found.add((item.id, person))

    for item_id, person, done in session.execute(
        sa.select(ItemMark.item_id, ItemMark.person_id, ItemMark.done)
        .join(StudyItem, StudyItem.id == ItemMark.item_id)
        .where(StudyItem.plan_id.in_(period), only)
    ):
        note(own[item_id], person, done)
    only = _who(StudyMark.person_id, person_id)
    for law, person, read in session.execute(
        sa.select(StudyMark.law, StudyMark.person_id, StudyMark.read)
        .where(StudyMark.law.in_(list(guides)), only)
    ):
        for item in guides[law]:
            note(item, person, read)
    return frozenset(found)
