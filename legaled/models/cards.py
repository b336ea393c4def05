"""Practice remembered: what a person knows of each question, and every practice answer."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.models.base import Id, Model


class Card(Model):
    """One question in one person's memory, as FSRS keeps it, by Beijing days.

    `missed` puts it into the 错题本, `recalled` counts the due reviews in a row that were right
    since. `version_id` is what was answered last; it goes, with all, when an import is taken back.
    """

    __tablename__ = "card"
    __table_args__ = (
        sa.Index("ix_card_person_id_due", "person_id", "due"),
        {"sqlite_with_rowid": False},
    )
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    question_id: Mapped[int] = mapped_column(
        sa.ForeignKey("question.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    version_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("question_version.id", ondelete="SET NULL"), index=True
    )
    state: Mapped[int]
    step: Mapped[int | None]
    stability: Mapped[float | None]
    difficulty: Mapped[float | None]
    due: Mapped[datetime]
    last: Mapped[datetime]
    answers: Mapped[int]
    misses: Mapped[int]
    missed: Mapped[datetime | None]
    recalled: Mapped[int]


class PracticeAnswer(Model):
    """One first answer to a question of a practice run; only ever added to.

    `was_due`: the schedule had asked for it again, so it measures recall; `expected` is the
    probability of recall that FSRS gave at that moment. `due` is when it had been due.
    """

    __tablename__ = "practice_answer"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "run", "question_id"),
        sa.Index("ix_practice_answer_person_id_at", "person_id", "at"),
    )
    id: Mapped[Id]
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"))
    question_id: Mapped[int] = mapped_column(
        sa.ForeignKey("question.id", ondelete="CASCADE"), index=True
    )
    version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("question_version.id", ondelete="CASCADE"), index=True
    )
    run: Mapped[str] = mapped_column(sa.String(40))
    at: Mapped[datetime]
    right: Mapped[bool]
    due: Mapped[datetime | None]
    was_due: Mapped[bool]
    expected: Mapped[float | None]
