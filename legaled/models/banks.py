"""Question banks: a question is an identity, its versions are what people saw."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.domain.banks import Kind
from legaled.models.base import Id, Model


class Bank(Model):
    """`practice`: staff may practise with it. `review`: a second trainer must approve a version
    before an exam may draw it."""

    __tablename__ = "bank"
    id: Mapped[Id]
    name: Mapped[str] = mapped_column(sa.String(100), unique=True)
    practice: Mapped[bool] = mapped_column(default=False)
    review: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    created: Mapped[datetime]


class BankImport(Model):
    """A file that was written into a bank: who, what came of it, and whether it was taken back.

    `token` is the waiting file's own, so that one confirmation never writes twice.
    """

    __tablename__ = "bank_import"
    id: Mapped[Id]
    token: Mapped[str] = mapped_column(sa.String(64), unique=True)
    bank_id: Mapped[int] = mapped_column(sa.ForeignKey("bank.id"), index=True)
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    file: Mapped[str] = mapped_column(sa.String(200))
    created: Mapped[datetime]
    added: Mapped[int]
    changed: Mapped[int]
    unchanged: Mapped[int]
    undone: Mapped[datetime | None]


class Question(Model):
    """`id` printed as L-000123 is its 题号; `version` is the number of the current version."""

    __tablename__ = "question"
    __table_args__ = (
        sa.UniqueConstraint("bank_id", "fingerprint"),
        sa.Index("ix_question_fingerprint", "fingerprint"),
    )
    id: Mapped[Id]
    bank_id: Mapped[int] = mapped_column(sa.ForeignKey("bank.id"), index=True)
    fingerprint: Mapped[str] = mapped_column(sa.String(64))
    version: Mapped[int] = mapped_column(default=1)
    retired: Mapped[datetime | None]


class SpentNumber(Model):
    """The last 题号 of an import that was taken back; SQLite would give it to another question,
    and a file that was exported in between would change that one."""

    __tablename__ = "spent_number"
    id: Mapped[Id]


class QuestionVersion(Model):
    """Its words are never changed. `options` in the author's order; `key` as in QuestionDraft.

    `approved` is empty while it waits for a second trainer; without review it is `created`.
    """

    __tablename__ = "question_version"
    __table_args__ = (sa.UniqueConstraint("question_id", "version"),)
    id: Mapped[Id]
    question_id: Mapped[int] = mapped_column(sa.ForeignKey("question.id"))
    version: Mapped[int]
    kind: Mapped[Kind]
    stem: Mapped[str] = mapped_column(sa.Text)
    options: Mapped[list[str]]
    key: Mapped[list[str]]
    answer_text: Mapped[str] = mapped_column(sa.Text, default="")
    explanation: Mapped[str] = mapped_column(sa.Text, default="")
    difficulty: Mapped[str] = mapped_column(sa.String(20), default="")
    points: Mapped[str] = mapped_column(sa.String(20), default="")
    topic: Mapped[str] = mapped_column(sa.String(200), default="")
    law: Mapped[str] = mapped_column(sa.String(200), default="")
    article: Mapped[str] = mapped_column(sa.String(200), default="")
    source: Mapped[str] = mapped_column(sa.String(500), default="")
    foreign_number: Mapped[str] = mapped_column(sa.String(100), default="")
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    created: Mapped[datetime]
    approved: Mapped[datetime | None]
    approver_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    import_id: Mapped[int | None] = mapped_column(sa.ForeignKey("bank_import.id"), index=True)
