"""Units as a tree, the people in them, and their sign-ins."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.domain.people import Category
from legaled.domain.permissions import Role
from legaled.models.base import Id, Model


class Unit(Model):
    """A node of the organisation: 区, 单位 or 科室. The code never changes."""

    __tablename__ = "unit"
    __table_args__ = (sa.UniqueConstraint("parent_id", "name"),)
    id: Mapped[Id]
    parent_id: Mapped[int | None] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(100))
    position: Mapped[int] = mapped_column(default=0)


class Person(Model):
    """One account. `unit_id` is the unit under which the person is counted (考核归属单位)."""

    __tablename__ = "person"
    id: Mapped[Id]
    number: Mapped[str] = mapped_column(sa.String(40), unique=True)
    name: Mapped[str] = mapped_column(sa.String(60))
    unit_id: Mapped[int] = mapped_column(sa.ForeignKey("unit.id"), index=True)
    post: Mapped[str] = mapped_column(sa.String(60), default="")
    is_leader: Mapped[bool] = mapped_column(default=False)
    category: Mapped[Category] = mapped_column(default=Category.ESTABLISHED)
    joined_on: Mapped[date | None]
    left_on: Mapped[date | None]
    roles: Mapped[frozenset[Role]]
    password_hash: Mapped[str] = mapped_column(sa.String(200))
    must_change_password: Mapped[bool] = mapped_column(default=True)
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]


class SignIn(Model):
    """One browser in which a person is signed in; the cookie holds the token, we its hash."""

    __tablename__ = "sign_in"
    token_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    started: Mapped[datetime]
    ended: Mapped[datetime | None]
