"""Study sessions: when and where the law was studied together, and who was there."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.domain.people import Category
from legaled.domain.sessions import SessionKind, SignedBy
from legaled.models.base import Id, Model


class StudySession(Model):
    """`secret` makes the sign-in codes. Who signs after `late_from` is late."""

    __tablename__ = "study_session"
    __table_args__ = (
        sa.CheckConstraint("starts < ends", "starts_before_ends"),
        sa.CheckConstraint("starts <= late_from AND late_from <= ends", "late_in_between"),
    )
    id: Mapped[Id]
    kind: Mapped[SessionKind]
    title: Mapped[str] = mapped_column(sa.String(200))
    starts: Mapped[datetime] = mapped_column(index=True)
    ends: Mapped[datetime]
    place: Mapped[str] = mapped_column(sa.String(200), default="")
    host: Mapped[str] = mapped_column(sa.String(60), default="")
    agenda: Mapped[str] = mapped_column(sa.Text, default="")
    record: Mapped[str] = mapped_column(sa.Text, default="")
    late_from: Mapped[datetime]
    secret: Mapped[str] = mapped_column(sa.String(64))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    created: Mapped[datetime]
    cancelled: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(sa.String(500), default="")


class SessionLaw(Model):
    """A law, or a part of it in words (第三章), that the session is about."""

    __tablename__ = "session_law"
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("study_session.id"), primary_key=True)
    law: Mapped[str] = mapped_column(sa.String(200), primary_key=True)
    part: Mapped[str] = mapped_column(sa.String(200), default="")
    position: Mapped[int] = mapped_column(default=0)


class Attendance(Model):
    """A person on the list of a session, under the unit of that day.

    `leave` (请假) carries its reason; `device` is the browser that signed in, once a session.
    `late` is what the paper list said; without it the time of signing decides. `misses` are the
    wrong six digits since `missed`.
    """

    __tablename__ = "attendance"
    __table_args__ = (
        sa.UniqueConstraint("session_id", "person_id"),
        sa.UniqueConstraint("session_id", "device"),
        sa.CheckConstraint("(signed IS NULL) = (signed_by IS NULL)", "signed_and_how"),
        sa.CheckConstraint("signed IS NULL OR leave = ''", "signed_or_leave"),
    )
    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("study_session.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(60))
    category: Mapped[Category]
    unit_path: Mapped[str] = mapped_column(sa.String(400))
    unit_codes: Mapped[str] = mapped_column(sa.String(400))
    signed: Mapped[datetime | None]
    signed_by: Mapped[SignedBy | None]
    late: Mapped[bool | None]
    device: Mapped[str | None] = mapped_column(sa.String(64))
    leave: Mapped[str] = mapped_column(sa.String(200), default="")
    misses: Mapped[int] = mapped_column(default=0)
    missed: Mapped[datetime | None]
    recorder_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    recorded: Mapped[datetime | None]


class SessionPhoto(Model):
    """A photograph, kept in the instance folder without its place; `taken` as the camera said."""

    __tablename__ = "session_photo"
    __table_args__ = (sa.UniqueConstraint("session_id", "digest"),)
    id: Mapped[Id]
    session_id: Mapped[int] = mapped_column(sa.ForeignKey("study_session.id"))
    digest: Mapped[str] = mapped_column(sa.String(64))
    taken: Mapped[datetime | None]
    width: Mapped[int]
    height: Mapped[int]
    size: Mapped[int]
    caption: Mapped[str] = mapped_column(sa.String(200), default="")
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    added: Mapped[datetime]
