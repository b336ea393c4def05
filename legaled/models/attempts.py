"""One person's go at one exam: the paper as seen, and the answers as append-only steps."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.models.base import Id, Model


class Attempt(Model):
    """Open, overdue or closed is derived from `submitted`, `deadline` and now.

    `closed` says when its facts were stored; `score` is the mark that the last marking gave.
    """

    __tablename__ = "attempt"
    __table_args__ = (
        sa.UniqueConstraint("exam_id", "person_id", "number"),
        sa.CheckConstraint("submitted IS NULL OR submitted >= started", "submitted_after_start"),
        sa.Index("ix_attempt_closed_deadline", "closed", "deadline"),
    )
    id: Mapped[Id]
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    sitting_id: Mapped[int] = mapped_column(sa.ForeignKey("sitting.id"))
    number: Mapped[int]
    started: Mapped[datetime]
    extension: Mapped[int] = mapped_column(default=0)
    deadline: Mapped[datetime]
    submitted: Mapped[datetime | None]
    closed: Mapped[datetime | None]
    score: Mapped[int | None]
    voided: Mapped[datetime | None]
    voided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    void_reason: Mapped[str] = mapped_column(sa.String(500), default="")


class Slot(Model):
    """A question on a paper: which version, in which order its options stood, what it is worth.

    `option_order` gives, for each displayed letter, the letter in the author's order.
    """

    __tablename__ = "slot"
    __table_args__ = ({"sqlite_with_rowid": False},)
    attempt_id: Mapped[int] = mapped_column(sa.ForeignKey("attempt.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"), index=True)
    option_order: Mapped[str] = mapped_column(sa.String(8), default="")
    points: Mapped[int]
    earned: Mapped[int | None]


class Step(Model):
    """One saved answer; never changed, never deleted. `answer` is a JSON array of text."""

    __tablename__ = "step"
    __table_args__ = (
        sa.ForeignKeyConstraint(["attempt_id", "slot"], ["slot.attempt_id", "slot.number"]),
        {"sqlite_with_rowid": False},
    )
    attempt_id: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int] = mapped_column(primary_key=True)
    answer: Mapped[str] = mapped_column(sa.Text)
    tab: Mapped[str] = mapped_column(sa.String(64), default="")
    saved: Mapped[datetime]
