"""An exam, what it is drawn from, and its sittings."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.domain.banks import Kind
from legaled.domain.exams import Counts, Show
from legaled.models.base import Id, Model


class Exam(Model):
    """Draft until `published`; `after_submit`/`after_close` say what the candidate may see.

    `practice_share`: at most so many percent of its questions may be open for practice.
    `required_*` is what must have been studied before the first start.
    """

    __tablename__ = "exam"
    __table_args__ = (
        sa.CheckConstraint("minutes > 0", "minutes_positive"),
        sa.CheckConstraint("attempts BETWEEN 1 AND 3", "attempts_one_to_three"),
        sa.CheckConstraint("0 <= pass_line AND pass_line <= excellent_line", "lines_in_order"),
        sa.CheckConstraint("practice_share BETWEEN 0 AND 100", "practice_share_percent"),
        sa.CheckConstraint("required_minutes >= 0", "required_minutes_not_negative"),
    )
    id: Mapped[Id]
    code: Mapped[str] = mapped_column(sa.String(40), unique=True)
    title: Mapped[str] = mapped_column(sa.String(100))
    year: Mapped[int] = mapped_column(index=True)
    minutes: Mapped[int]
    pass_line: Mapped[int]
    excellent_line: Mapped[int]
    attempts: Mapped[int] = mapped_column(default=1)
    counts: Mapped[Counts] = mapped_column(default=Counts.BEST)
    seed: Mapped[str] = mapped_column(sa.String(40))
    password_hash: Mapped[str] = mapped_column(sa.String(200), default="")
    networks: Mapped[list[str]] = mapped_column(default=list)
    practice_share: Mapped[int] = mapped_column(default=100, server_default="100")
    required_laws: Mapped[list[str]] = mapped_column(default=list)
    required_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    required_plan_id: Mapped[int | None] = mapped_column(sa.ForeignKey("study_plan.id"))
    after_submit: Mapped[Show] = mapped_column(default=Show.SCORE)
    after_close: Mapped[Show] = mapped_column(default=Show.ALL)
    created: Mapped[datetime]
    published: Mapped[datetime | None]
    cancelled: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(sa.String(500), default="")


class Sitting(Model):
    """A window of an exam: number 0 is the formal one, the others are make-ups (补考)."""

    __tablename__ = "sitting"
    __table_args__ = (
        sa.UniqueConstraint("exam_id", "number"),
        sa.CheckConstraint("opens < closes", "opens_before_closes"),
    )
    id: Mapped[Id]
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"))
    number: Mapped[int] = mapped_column(default=0)
    opens: Mapped[datetime]
    closes: Mapped[datetime]


class Quota(Model):
    """So many questions of a kind, each worth so many points."""

    __tablename__ = "quota"
    __table_args__ = (sa.CheckConstraint("count > 0 AND points > 0", "positive"),)
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"), primary_key=True)
    kind: Mapped[Kind] = mapped_column(primary_key=True)
    count: Mapped[int]
    points: Mapped[int]


class ExamBank(Model):
    """A bank that an exam draws from."""

    __tablename__ = "exam_bank"
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"), primary_key=True)
    bank_id: Mapped[int] = mapped_column(sa.ForeignKey("bank.id"), primary_key=True)


class PoolItem(Model):
    """A question version that an exam may draw; frozen when the exam is published."""

    __tablename__ = "pool_item"
    exam_id: Mapped[int] = mapped_column(sa.ForeignKey("exam.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("question_version.id"), primary_key=True, index=True
    )
