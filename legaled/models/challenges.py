"""A challenge (答题挑战赛): the event, who may play, and every run as append-only steps."""

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.domain.people import Category
from legaled.models.base import Id, Model


class Challenge(Model):
    """Draft until `published`, which freezes the rules, the questions and who may play.

    `rules` is `domain.challenges.Rules` as plain data. `frozen_from` is when the board stops
    moving for everybody but its keepers; `revealed` when it was shown again.
    """

    __tablename__ = "challenge"
    __table_args__ = (sa.CheckConstraint("starts < ends", "starts_before_ends"),)
    id: Mapped[Id]
    title: Mapped[str] = mapped_column(sa.String(100))
    year: Mapped[int] = mapped_column(index=True)
    preset: Mapped[str] = mapped_column(sa.String(20))
    rules: Mapped[dict[str, Any]]
    starts: Mapped[datetime]
    ends: Mapped[datetime]
    frozen_from: Mapped[datetime | None]
    revealed: Mapped[datetime | None]
    seed: Mapped[str] = mapped_column(sa.String(40))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    created: Mapped[datetime]
    published: Mapped[datetime | None]
    cancelled: Mapped[datetime | None]
    cancel_reason: Mapped[str] = mapped_column(sa.String(500), default="")


class ChallengeBank(Model):
    """A bank that a challenge draws from."""

    __tablename__ = "challenge_bank"
    challenge_id: Mapped[int] = mapped_column(sa.ForeignKey("challenge.id"), primary_key=True)
    bank_id: Mapped[int] = mapped_column(sa.ForeignKey("bank.id"), primary_key=True)


class ChallengeItem(Model):
    """A question version that a challenge may draw; frozen when it is published."""

    __tablename__ = "challenge_item"
    challenge_id: Mapped[int] = mapped_column(sa.ForeignKey("challenge.id"), primary_key=True)
    version_id: Mapped[int] = mapped_column(
        sa.ForeignKey("question_version.id"), primary_key=True, index=True
    )
    level: Mapped[int] = mapped_column(default=0)


class ChallengeEntry(Model):
    """A person who may play, under the unit at publication, with the facts of the best run.

    The facts are written when a run ends or is corrected, and recomputed from the steps by a
    test; boards read nothing else. `score`, `best_millis` and `best_ended` are the person's result
    as `Rules.across` makes it: of the best run, or added up. `runs` counts practice too.
    """

    __tablename__ = "challenge_entry"
    __table_args__ = (
        sa.UniqueConstraint("challenge_id", "person_id"),
        sa.Index("ix_challenge_entry_challenge_id_changed", "challenge_id", "changed"),
    )
    id: Mapped[Id]
    challenge_id: Mapped[int] = mapped_column(sa.ForeignKey("challenge.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    number: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(60))
    category: Mapped[Category]
    unit_path: Mapped[str] = mapped_column(sa.String(400))
    unit_codes: Mapped[str] = mapped_column(sa.String(400))
    runs: Mapped[int] = mapped_column(default=0)
    counted_runs: Mapped[int] = mapped_column(default=0)
    answered: Mapped[int] = mapped_column(default=0)
    right: Mapped[int] = mapped_column(default=0)
    level: Mapped[int] = mapped_column(default=0)
    score: Mapped[int | None]
    best_millis: Mapped[int | None]
    best_ended: Mapped[datetime | None]
    best_run_id: Mapped[int | None]
    changed: Mapped[datetime | None]


class ChallengeRun(Model):
    """One go. The unique number of the day is what holds the daily cap under a race."""

    __tablename__ = "challenge_run"
    __table_args__ = (
        sa.UniqueConstraint("challenge_id", "person_id", "day", "number"),
        sa.CheckConstraint("ended IS NULL OR ended >= started", "ended_after_start"),
        sa.Index("ix_challenge_run_ended_deadline", "ended", "deadline"),
    )
    id: Mapped[Id]
    challenge_id: Mapped[int] = mapped_column(sa.ForeignKey("challenge.id"))
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), index=True)
    day: Mapped[date]
    number: Mapped[int]
    level: Mapped[int] = mapped_column(default=0)
    counted: Mapped[bool]
    seed: Mapped[str] = mapped_column(sa.String(64))
    started: Mapped[datetime]
    deadline: Mapped[datetime]
    ended: Mapped[datetime | None]
    end: Mapped[str] = mapped_column(sa.String(20), default="")
    score: Mapped[int] = mapped_column(default=0)
    answered: Mapped[int] = mapped_column(default=0)
    right: Mapped[int] = mapped_column(default=0)
    streak: Mapped[int] = mapped_column(default=0)
    millis: Mapped[int] = mapped_column(default=0)
    fast: Mapped[int] = mapped_column(default=0)
    given_back: Mapped[bool] = mapped_column(default=False)
    voided: Mapped[datetime | None]
    voided_by: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    void_reason: Mapped[str] = mapped_column(sa.String(500), default="")


class ChallengeSlot(Model):
    """A question as it was put in a run, once: when shown, and until when it may be answered."""

    __tablename__ = "challenge_slot"
    __table_args__ = ({"sqlite_with_rowid": False},)
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("challenge_run.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"), index=True)
    option_order: Mapped[str] = mapped_column(sa.String(8), default="")
    shown: Mapped[datetime]
    deadline: Mapped[datetime | None]


class ChallengeStep(Model):
    """The one answer to a slot; never changed, never deleted. `answer` is a JSON array of text."""

    __tablename__ = "challenge_step"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["run_id", "slot"], ["challenge_slot.run_id", "challenge_slot.number"]
        ),
        {"sqlite_with_rowid": False},
    )
    run_id: Mapped[int] = mapped_column(primary_key=True)
    slot: Mapped[int] = mapped_column(primary_key=True)
    answer: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime]
    millis: Mapped[int]
    in_time: Mapped[bool]


class ChallengeCorrection(Model):
    """A question of a challenge that was wrong: without a `key` it is void, else this is its key.

    The last one of a question is in force. `done_to` is the last run that was recomputed for it,
    `done` when the last of them was; the rest is never changed, and nothing is deleted.
    """

    __tablename__ = "challenge_correction"
    id: Mapped[Id]
    challenge_id: Mapped[int] = mapped_column(sa.ForeignKey("challenge.id"), index=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("question_version.id"), index=True)
    key: Mapped[list[str]]
    reason: Mapped[str] = mapped_column(sa.String(500))
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    at: Mapped[datetime]
    done_to: Mapped[int] = mapped_column(default=0)
    done: Mapped[datetime | None] = mapped_column(index=True)
