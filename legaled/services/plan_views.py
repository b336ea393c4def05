"""What the desk shows of study plans: the list by year, and one plan with its items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import rates_study
from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.domain.plans import Audience, ItemKind, PlanStage, plan_stage
from legaled.domain.rates_study import StudyFigures, StudyRow
from legaled.models import Exam, PlanEntry, StudyItem, StudyPlan
from legaled.services.paging import Page, page_of
from legaled.services.plan_facts import Facts, facts
from legaled.services.plan_items import range_words
from legaled.services.plans import audience_size, items_of, plan_for
from legaled.services.units import unit_paths

PER_PAGE = 20
NOBODY = rates_study.figures(())


@dataclass(frozen=True)
class PlanLine:
    id: int
    year: int
    title: str
    programme: str
    stage: PlanStage
    starts: date
    ends: date
    figures: StudyFigures


@dataclass(frozen=True)
class PlanList:
    lines: tuple[PlanLine, ...]
    years: tuple[int, ...]
    page: Page


@dataclass(frozen=True)
class ItemLine:
    """`part` is the range of articles in words."""

    id: int
    kind: ItemKind
    title: str
    part: str
    law_id: int | None
    first: str
    guide: str
    material_id: int | None
    url: str
    minutes: int


@dataclass(frozen=True)
class PlanView:
    """`people` is for how many a draft would be set; `exams` ask for this plan."""

    id: int
    year: int
    title: str
    programme: str
    stage: PlanStage
    audience: Audience
    unit_ids: tuple[int, ...]
    units: tuple[str, ...]
    starts: date
    ends: date
    minutes: int
    items: tuple[ItemLine, ...]
    published: datetime | None
    cancelled: datetime | None
    cancel_reason: str
    figures: StudyFigures
    people: int
    exams: tuple[tuple[int, str], ...]


def list_plans(
    session: Session, actor: Actor, now: datetime, year: int | None = None, page: int = 1
) -> PlanList:
    """Plans of a year (of all years without one), the latest first; eight queries at most."""
    if not actor.may(Permission.STUDY_EDIT):
        raise NotFoundError()
    years = session.scalars(
        sa.select(StudyPlan.year).distinct().order_by(StudyPlan.year.desc())).all()
    wanted = StudyPlan.year == year if year is not None else sa.true()
    total = session.scalar(
        sa.select(sa.func.count()).select_from(StudyPlan).where(wanted)) or 0
    shown = page_of(total, page, PER_PAGE)
    plans = session.scalars(
        sa.select(StudyPlan).where(wanted)
        .order_by(StudyPlan.year.desc(), StudyPlan.starts.desc(), StudyPlan.id.desc())
        .offset(shown.offset).limit(shown.size)
    ).all()
    return PlanList(_lines(session, plans, now), tuple(years), shown)


def plans_of_year(session: Session, actor: Actor, year: int, now: datetime) -> list[PlanLine]:
    """The published plans of a year that stand, for the year's statistics; six queries."""
    if not actor.may(Permission.STATS_READ):
        raise NotFoundError()
    plans = session.scalars(
        sa.select(StudyPlan)
        .where(StudyPlan.year == year, StudyPlan.published.is_not(None),
               StudyPlan.cancelled.is_(None))
        .order_by(StudyPlan.starts, StudyPlan.id)
    ).all()
    return list(_lines(session, plans, now))


def plan_choices(session: Session) -> list[tuple[int, str]]:
    """(id, title) of the plans that an exam may ask for: published and not cancelled."""
    rows = session.execute(
        sa.select(StudyPlan.id, StudyPlan.year, StudyPlan.title, StudyPlan.published)
        .where(StudyPlan.cancelled.is_(None))
        .order_by(StudyPlan.year.desc(), StudyPlan.id.desc()))
    return [
        (row.id, f"{row.title}（{row.year}{'' if row.published else '，草稿'}）")
        for row in rows
    ]


def plan_view(session: Session, actor: Actor, plan_id: int, now: datetime) -> PlanView:
    """Everything the desk shows of a plan; as many queries for 5 people as for 10,000."""
    plan = plan_for(session, actor, plan_id)
    line = _lines(session, [plan], now)[0]
    paths = unit_paths(session)
    exams = session.execute(
        sa.select(Exam.id, Exam.title)
        .where(Exam.required_plan_id == plan_id, Exam.cancelled.is_(None)).order_by(Exam.id))
    return PlanView(
        id=plan.id, year=plan.year, title=plan.title, programme=plan.programme,
        stage=line.stage, audience=plan.audience, unit_ids=tuple(plan.unit_ids),
        units=tuple(paths[one].names for one in plan.unit_ids if one in paths),
        starts=plan.starts, ends=plan.ends, minutes=plan.minutes,
        items=tuple(item_line(one) for one in items_of(session, plan_id)),
        published=plan.published, cancelled=plan.cancelled, cancel_reason=plan.cancel_reason,
        figures=line.figures,
        people=audience_size(session, plan, now) if line.stage is PlanStage.DRAFT else 0,
        exams=tuple((row.id, row.title) for row in exams),
    )


def study_rows(
    entries: Sequence[PlanEntry], plans: Mapping[int, StudyPlan], known: Facts
) -> dict[int, list[StudyRow]]:
    """The rows that 参学率 counts, by plan."""
    found: dict[int, list[StudyRow]] = {plan_id: [] for plan_id in plans}
    for one in entries:
        done = known.of(plans[one.plan_id], one.person_id)
        found[one.plan_id].append(StudyRow(
            one.person_id, one.number, one.name, one.unit_codes, one.unit_path, one.frozen,
            one.removed is not None, one.exempt is not None, done.completed,
        ))
    return found


def _lines(
    session: Session, plans: Sequence[StudyPlan], now: datetime
) -> tuple[PlanLine, ...]:
    set_plans = {plan.id: plan for plan in plans if plan.published is not None}
    rows: dict[int, list[StudyRow]] = {}
    if set_plans:
        known = facts(session, list(set_plans.values()))
        entries = session.scalars(
            sa.select(PlanEntry).where(PlanEntry.plan_id.in_(set_plans))).all()
        rows = study_rows(entries, set_plans, known)
    return tuple(
        PlanLine(
            plan.id, plan.year, plan.title, plan.programme,
            plan_stage(plan.published, plan.cancelled, plan.starts, plan.ends, now),
            plan.starts, plan.ends,
            rates_study.figures(rows[plan.id]) if plan.id in rows else NOBODY,
        )
        for plan in plans
    )


def item_line(one: StudyItem) -> ItemLine:
    return ItemLine(one.id, one.kind, one.title, range_words(one.first, one.last), one.law_id,
                    one.first, one.guide, one.material_id, one.url, one.minutes)
