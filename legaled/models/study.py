"""What a person has read."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.models.base import Model


class StudyMark(Model):
    """The person declared the guide of this law (its folder name) read at that time."""

    __tablename__ = "study_mark"
    person_id: Mapped[int] = mapped_column(sa.ForeignKey("person.id"), primary_key=True)
    law: Mapped[str] = mapped_column(sa.String(100), primary_key=True)
    read: Mapped[datetime]
