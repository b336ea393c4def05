"""What is kept of who did what. Rows are only ever added."""

from datetime import datetime

from sqlalchemy.orm import Session

from legaled.domain.permissions import Actor
from legaled.models import AuditEvent


def note(
    session: Session,
    actor: Actor,
    action: str,
    subject: str,
    now: datetime,
    *,
    ok: bool = True,
    detail: str = "",
) -> None:
    """Add one row; the caller's transaction decides whether it stays."""
    session.add(
        AuditEvent(at=now, actor_id=actor.id, action=action, subject=subject, ok=ok, detail=detail)
    )
