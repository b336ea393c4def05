"""Time really spent reading, as the server measured it."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.models.base import Model


class StudyPulse(Model):
    """A reader's last heartbeat: one row a person, so that two tabs never count twice."""

    __tablename__ = "study_pulse"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    at: Mapped[datetime]
    subject: Mapped[str] = mapped_column(sa.String(120))
    part: Mapped[str] = mapped_column(sa.String(40))


class StudyTime(Model):
    """Seconds earned by a person on a Beijing day at one part of one text.

    `subject` is `law:3` (id of the law), `guide:档案法` (its folder) or `material:5`; `part` is the
    anchor of an article (`27`, `12-1`), `preamble`, the number of a guide's chapter, or empty.
    """

    __tablename__ = "study_time"
    __table_args__ = (
        sa.CheckConstraint("seconds >= 0", "seconds_not_negative"),
        {"sqlite_with_rowid": False},
    )
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    day: Mapped[date] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    part: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    seconds: Mapped[int]
