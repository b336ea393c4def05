"""Who did what, when, and whether it was allowed. Only ever added to."""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from legaled.models.base import Id, Model


class AuditEvent(Model):
    __tablename__ = "audit_event"
    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(index=True)
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("person.id"))
    action: Mapped[str] = mapped_column(sa.String(40))
    subject: Mapped[str] = mapped_column(sa.String(200), default="")
    ok: Mapped[bool] = mapped_column(default=True)
    detail: Mapped[str] = mapped_column(sa.Text, default="")
