"""A study plan, its draft for the next year and a material, for the pages that show them."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.permissions import Actor
from legaled.domain.plans import Audience, ItemDraft, ItemKind, PlanDraft
from legaled.domain.times import beijing_day
from legaled.models import Law, Material, PlanEntry, StudyPlan
from legaled.services import materials, plan_items, plans

PDF = b"%PDF-1.4\n1 0 obj\n<</Type/Catalog/Pages 2 0 R>>\nendobj\n%%EOF\n"
DRAFT_ONLY = ("plans.edit", "plans.items.new_law", "plans.items.new_guide",
              "plans.items.new_file", "plans.items.new_link")


def prepare(session: Session, instance: Path, trainer: Actor, now: datetime) -> None:
    """A published plan with an item of every kind, and a copy of it that is still a draft."""
    year = beijing_day(now).year
    plan_id = plans.create(session, trainer, PlanDraft(
        year, f"{year} 年度学法计划", "“九五”普法", Audience.ALL, (), date(year, 1, 1),
        date(year, 12, 31), 60), now)
    law_id = session.scalars(sa.select(sa.func.min(Law.id))).one()
    checked = materials.check("讲义.pdf", PDF)
    materials.store(instance / "materials", checked)
    kept = materials.keep(session, trainer, checked, "讲义", now)
    for item in (
        ItemDraft(ItemKind.LAW, "测试条例", 10, law_id=law_id, first="3", last="9"),
        ItemDraft(ItemKind.GUIDE, "《档案法》学习指南", 5, guide="档案法"),
        ItemDraft(ItemKind.FILE, "讲义", material_id=kept),
        ItemDraft(ItemKind.LINK, "专题网页", url="https://example.org/a"),
    ):
        plan_items.add(session, trainer, plan_id, item, now)
    plans.copy(session, trainer, plan_id, now)
    plans.publish(session, trainer, plan_id, now)


def values(found: Callable[[Any], list[Any]], who: Actor) -> dict[str, Sequence[Any]]:
    """Real values for the arguments of the addresses of plans, as this person has them."""
    drafts = found(sa.select(StudyPlan.id).where(StudyPlan.published.is_(None)))
    mine = sa.select(PlanEntry.plan_id).where(PlanEntry.person_id == who.id)
    return {
        "plan_id": found(sa.select(StudyPlan.id).where(StudyPlan.published.is_not(None))),
        "plans.show plan_id": found(sa.select(StudyPlan.id)),
        "my_plans.show plan_id": found(mine), "material_id": found(sa.select(Material.id)),
        **{f"{view} plan_id": drafts for view in DRAFT_ONLY},
    }
