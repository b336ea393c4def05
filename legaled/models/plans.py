"""The study plan of a year, its items, and the people it was set for."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.domain.people import Category
from legaled.domain.plans import Audience, ItemKind
from legaled.domain.rates import Exemption
from legaled.models.base import Id, Model


class StudyPlan(Model):
    """Draft until `published`, which freezes who must. `minutes` is asked of everybody in all."""

    __tablename__ = "study_plan"
    __table_args__ = (
        sa.CheckConstraint("starts <= ends", "starts_before_ends"),
        sa.CheckConstraint("minutes >= 0", "minutes_not_negative"),
    )
    id: Mapped[Id]
    year: Mapped[int] = mapped_column(index=True)
    title: Mapped[str] = mapped_column(sa.String(100))
    programme: Mapped[str] = mapped_column(sa.String(40), default="")
    audience: Mapped[Audience]
    unit_ids: Mapped[list[int]] = mapped_column(default=list)
    starts: Mapped[date]
    ends: Mapped[date]
    minutes: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    created: Mapped[datetime]
    published: Mapped[datetime | None]
    cancelled: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(sa.String(500), default="")


class Material(Model):
    """A file to be read, kept in the instance folder under its SHA-256."""

    __tablename__ = "material"
    id: Mapped[Id]
    title: Mapped[str] = mapped_column(sa.String(200))
    filename: Mapped[str] = mapped_column(sa.String(200))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    digest: Mapped[str] = mapped_column(sa.String(64), unique=True)
    size: Mapped[int]
    letters: Mapped[int] = mapped_column(default=0)
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    created: Mapped[datetime]


class StudyItem(Model):
    """One thing to study. Of a law: all of it, or the articles `first` to `last` (anchors)."""

    __tablename__ = "study_item"
    __table_args__ = (
        sa.UniqueConstraint("plan_id", "position"),
        sa.CheckConstraint("minutes >= 0", "minutes_not_negative"),
    )
    id: Mapped[Id]
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("study_plan.id"))
    position: Mapped[int]
    kind: Mapped[ItemKind]
    title: Mapped[str] = mapped_column(sa.String(200))
    law_id: Mapped[int | None] = mapped_column(sa.ForeignKey("law.id"), index=True)
    first: Mapped[str] = mapped_column(sa.String(40), default="")
    last: Mapped[str] = mapped_column(sa.String(40), default="")
    guide: Mapped[str] = mapped_column(sa.String(100), default="")
    material_id: Mapped[int | None] = mapped_column(sa.ForeignKey("material.id"), index=True)
    url: Mapped[str] = mapped_column(sa.String(500), default="")
    minutes: Mapped[int] = mapped_column(default=0)


class PlanEntry(Model):
    """A person for whom the plan was set, as frozen at publication."""

    __tablename__ = "plan_entry"
    __table_args__ = (sa.UniqueConstraint("plan_id", "person_id"),)
    id: Mapped[Id]
    plan_id: Mapped[int] = mapped_column(sa.ForeignKey("study_plan.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(60))
    category: Mapped[Category]
    unit_path: Mapped[str] = mapped_column(sa.String(400))
    unit_codes: Mapped[str] = mapped_column(sa.String(400))
    frozen: Mapped[datetime]
    removed: Mapped[datetime | None]
    exempt: Mapped[Exemption | None]
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    reason_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))


class ItemMark(Model):
    """The person declared this item studied; what else it asks (minutes) is measured."""

    __tablename__ = "item_mark"
    item_id: Mapped[int] = mapped_column(sa.ForeignKey("study_item.id"), primary_key=True)
    person_id: Mapped[int] = mapped_column(
        sa.ForeignKey("person.id"), primary_key=True, index=True
    )
    done: Mapped[datetime]
