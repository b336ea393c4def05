"""The roster of an exam: who is counted, under which unit, and what became of them."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.domain.people import Category
from legaled.domain.rates import Absence, Exemption
from legaled.models.base import Id, Model


class RosterEntry(Model):
    """A person as frozen at publication. `unit_path` and `unit_codes` run from the root, by "/".

    `sat`, `first_score`, `best_score` and `first_make_up` are facts written by the fold over the
    person's valid attempts; statistics read nothing else.
    """

    __tablename__ = "roster_entry"
    __table_args__ = (sa.UniqueConstraint("exam_id", "person_id"),)
    id: Mapped[Id]
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(60))
    category: Mapped[Category]
    unit_path: Mapped[str] = mapped_column(sa.String(400))
    unit_codes: Mapped[str] = mapped_column(sa.String(400))
    frozen: Mapped[datetime]
    removed: Mapped[datetime | None]
    exempt: Mapped[Exemption | None]
    exempt_by: Mapped[str] = mapped_column(sa.String(60), default="")
    exempt_on: Mapped[date | None]
    deferred: Mapped[bool] = mapped_column(default=False)
    absence: Mapped[Absence | None]
    absence_note: Mapped[str] = mapped_column(sa.String(500), default="")
    absence_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    absence_at: Mapped[datetime | None]
    sat: Mapped[bool] = mapped_column(default=False)
    first_score: Mapped[int | None]
    best_score: Mapped[int | None]
    first_make_up: Mapped[bool] = mapped_column(default=False)


class RosterChange(Model):
    """An amendment after the roster was frozen: what, why, by whom, when. Only ever added to."""

    __tablename__ = "roster_change"
    id: Mapped[Id]
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"), index=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    action: Mapped[str] = mapped_column(sa.String(20))
    reason: Mapped[str] = mapped_column(sa.String(500))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]
