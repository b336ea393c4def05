"""Who has come how far with a plan: by person, by unit, by item.

Trainers and the office see every name here, because they remind people; the rates of very small
units are for the office alone, as everywhere (RATES.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import rates_study
from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.domain.plans import PlanStage, minutes_left, plan_stage
from legaled.domain.rates import EXEMPTION_LABEL, in_unit
from legaled.domain.rates_study import FIGURES, StudyFigures, StudyRow, StudyUnit
from legaled.models import PlanEntry, StudyPlan
from legaled.services.paging import Page, page_of
from legaled.services.plan_facts import Facts, PersonDone, facts
from legaled.services.plan_views import ItemLine, item_line, study_rows
from legaled.services.plans import plan_for

PER_PAGE = 50


@dataclass(frozen=True)
class PersonLine:
    """One person of a plan. `missing` says what is left, in words."""

    row: StudyRow
    done: PersonDone
    missing: str
    note: str

    @property
    def minutes(self) -> int:
        return self.done.seconds // 60

    @property
    def state(self) -> str:
        """completed, missing, exempt or removed."""
        if self.row.removed:
            return "removed"
        if self.row.is_exempt:
            return "exempt"
        return "completed" if self.row.has_completed else "missing"


@dataclass(frozen=True)
class ItemFigures:
    """How many of those required have done an item."""

    item: ItemLine
    done: int
    required: int


@dataclass(frozen=True)
class PeoplePage:
    """`lines` of a page; `total` behind the figure and unit before anybody is searched for."""

    lines: tuple[PersonLine, ...]
    page: Page
    total: int


class Progress:
    """A plan as of now, read once. `units` leaves out what the actor must not see."""

    def __init__(
        self, plan: StudyPlan, lines: Sequence[PersonLine], known: Facts,
        may_see_small: bool, now: datetime,
    ) -> None:
        self.plan_id, self.title, self.year = plan.id, plan.title, plan.year
        self.starts, self.ends, self.minutes = plan.starts, plan.ends, plan.minutes
        self.stage: PlanStage = plan_stage(
            plan.published, plan.cancelled, plan.starts, plan.ends, now)
        self.lines, self.may_see_small = tuple(lines), may_see_small
        self._items = [item_line(one) for one in known.items[plan.id]]

    @cached_property
    def rows(self) -> list[StudyRow]:
        return [line.row for line in self.lines]

    @cached_property
    def figures(self) -> StudyFigures:
        return rates_study.figures(self.rows)

    @cached_property
    def units(self) -> list[StudyUnit]:
        return rates_study.units(self.rows, may_see_small=self.may_see_small)

    @cached_property
    def items(self) -> list[ItemFigures]:
        required = [line for line in self.lines if FIGURES["required"](line.row)]
        return [
            ItemFigures(item, sum(line.done.items[at].is_done for line in required),
                        len(required))
            for at, item in enumerate(self._items)
        ]

    def unit_name(self, code: str) -> str:
        """The path of names; NotFoundError for a unit that is not on the plan."""
        for unit in self.units:
            if unit.code == code:
                return unit.path
        raise NotFoundError()

    def behind(self, figure: str, unit: str = "", item: int | None = None) -> list[PersonLine]:
        """The people that a figure counts, within a unit; with `item` those of them who have
        not done it. NotFoundError for a figure or item there is not."""
        if figure not in FIGURES:
            raise NotFoundError()
        at = None if item is None else self._place(item)
        return [
            line for line in self.lines
            if FIGURES[figure](line.row) and in_unit(line.row.unit_codes, unit)
            and (at is None or not line.done.items[at].is_done)
        ]

    def _place(self, item_id: int) -> int:
        for at, item in enumerate(self._items):
            if item.id == item_id:
                return at
        raise NotFoundError()


def progress(session: Session, actor: Actor, plan_id: int, now: datetime) -> Progress:
    """Of a published plan; six queries for 5 people as for 10,000. NotFoundError for drafts."""
    plan = plan_for(session, actor, plan_id)
    if plan.published is None:
        raise NotFoundError()
    entries = session.scalars(
        sa.select(PlanEntry).where(PlanEntry.plan_id == plan_id)
        .order_by(PlanEntry.unit_codes, PlanEntry.number)
    ).all()
    known = facts(session, [plan])
    rows = study_rows(entries, {plan_id: plan}, known)[plan_id]
    lines = [
        _line(plan, entry, row, known.of(plan, entry.person_id), known)
        for entry, row in zip(entries, rows, strict=True)
    ]
    return Progress(plan, lines, known, actor.may(Permission.STATS_NAMES), now)


def people_page(
    found: Progress, figure: str, unit: str, query: str, page: int, item: int | None = None
) -> PeoplePage:
    """A page of those behind a figure whose name or number holds the words."""
    lines = found.behind(figure, unit, item)
    words = query.strip().casefold()
    chosen = [line for line in lines
              if words in f"{line.row.number}\n{line.row.name}".casefold()]
    shown = page_of(len(chosen), page, PER_PAGE)
    return PeoplePage(tuple(chosen[shown.offset:shown.offset + shown.size]), shown, len(lines))


def person_line(found: Progress, person_id: int) -> PersonLine:
    """One person's; NotFoundError for somebody the plan was never set for."""
    for line in found.lines:
        if line.row.person == person_id:
            return line
    raise NotFoundError()


def _line(
    plan: StudyPlan, entry: PlanEntry, row: StudyRow, done: PersonDone, known: Facts
) -> PersonLine:
    words = [
        f"{item.title}：{state.missing}"
        for item, state in zip(known.items[plan.id], done.items, strict=True)
        if not state.is_done
    ]
    if left := minutes_left(done.seconds, plan.minutes):
        words.append(f"总学习时间还差 {left} 分钟")
    notes = []
    if entry.removed is not None:
        notes.append("已移出")
    if entry.exempt is not None:
        notes.append(f"免学：{EXEMPTION_LABEL[entry.exempt]}")
    if entry.reason:
        notes.append(entry.reason)
    return PersonLine(row, done, "；".join(words), "，".join(notes))
