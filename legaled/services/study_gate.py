"""What an exam asks to be studied first, and what of it a person still lacks."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.plans import PlanStage, minutes_left, plan_stage
from legaled.domain.times import beijing_day
from legaled.models import PlanEntry, StudyPlan
from legaled.services import minutes, study
from legaled.services.plan_facts import facts


class Demand(Protocol):
    """An exam, as far as it asks for study. `year` is its calendar year in Beijing."""

    @property
    def year(self) -> int: ...
    @property
    def required_laws(self) -> Sequence[str]: ...
    @property
    def required_minutes(self) -> int: ...
    @property
    def required_plan_id(self) -> int | None: ...


@dataclass(frozen=True)
class MinutesGap:
    """Whole minutes read since the first day of `year`, and how many are asked."""

    year: int
    read: int
    required: int


@dataclass(frozen=True)
class PlanGap:
    """What is left of a plan: open items of so many, and minutes in all; and the plan's days."""

    plan_id: int
    title: str
    items: int
    minutes: int
    stage: PlanStage
    starts: date
    ends: date


@dataclass(frozen=True)
class Gap:
    """What is missing; while anything is, the exam cannot be started."""

    laws: tuple[str, ...] = ()
    minutes: MinutesGap | None = None
    plan: PlanGap | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """A short phrase for each thing that is missing."""
        words = [f"《{law}》指南未学完" for law in self.laws]
        if self.minutes:
            words.append(minutes_words(self.minutes))
        if self.plan:
            words.append(plan_words(self.plan))
        return tuple(words)


def minutes_words(gap: MinutesGap) -> str:
    return f"{gap.year} 年以来学习 {gap.read} 分钟，要求 {gap.required} 分钟"


def plan_words(gap: PlanGap) -> str:
    """学习计划「…」还差 2 项、30 分钟; and what to do where its days have not come or are over."""
    parts = [f"{gap.items} 项" if gap.items else "", f"{gap.minutes} 分钟" if gap.minutes else ""]
    words = f"学习计划「{gap.title}」还差 {'、'.join(filter(None, parts))}"
    if gap.stage is PlanStage.WAITING:
        return f"{words}（{_day(gap.starts)}开始）"
    if gap.stage is PlanStage.CLOSED:
        return f"{words}（{_day(gap.ends)}已结束，请联系培训员延长）"
    return words


def _day(day: date) -> str:
    return f"{day.year} 年 {day.month} 月 {day.day} 日"


def gap(session: Session, person_id: int, exam: Demand, now: datetime) -> Gap:
    """What the person lacks: one query for the marks, one for the minutes if the exam asks for
    them, and the plan's own if it asks for one."""
    return Gap(
        study.missing(session, person_id, exam.required_laws),
        _minutes(session, person_id, exam, now) if exam.required_minutes else None,
        _plan(session, person_id, exam.required_plan_id, now) if exam.required_plan_id else None,
    )


def _minutes(
    session: Session, person_id: int, exam: Demand, now: datetime
) -> MinutesGap | None:
    """Minutes read from the exam's year up to today, where they are not enough.

    Whoever is short of them can always read on: also for a make-up in the January after, and for
    an exam that is held before its year begins.
    """
    today = beijing_day(now)
    year = min(exam.year, today.year)
    read = minutes.seconds_by_person(session, [person_id], date(year, 1, 1), today)
    seconds = read.get(person_id, 0)
    enough = seconds >= exam.required_minutes * 60
    return None if enough else MinutesGap(year, seconds // 60, exam.required_minutes)


def _plan(session: Session, person_id: int, plan_id: int, now: datetime) -> PlanGap | None:
    """Nothing is asked of people the plan was not set for, nor by a plan that was cancelled."""
    plan = session.scalar(
        sa.select(StudyPlan).join(PlanEntry, PlanEntry.plan_id == StudyPlan.id)
        .where(
            StudyPlan.id == plan_id, StudyPlan.published.is_not(None),
            StudyPlan.cancelled.is_(None), PlanEntry.person_id == person_id,
            PlanEntry.removed.is_(None), PlanEntry.exempt.is_(None),
        )
    )
    if plan is None:
        return None
    done = facts(session, [plan], person_id).of(plan, person_id)
    if done.completed:
        return None
    open_items = len(done.items) - done.done
    return PlanGap(
        plan.id, plan.title, open_items, minutes_left(done.seconds, plan.minutes),
        plan_stage(plan.published, plan.cancelled, plan.starts, plan.ends, now),
        plan.starts, plan.ends,
    )
