"""The photographs of a session: who may see them, adding, naming, taking away."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.files.photos import Photo
from legaled.models import Attendance, SessionPhoto
from legaled.services import audit
from legaled.services.sessions import LARGEST_ID, open_session_for

PHOTOS_MAX = 60


@dataclass(frozen=True)
class PhotoLine:
    """A photograph in a list. `taken` is what the camera's clock said."""

    id: int
    digest: str
    taken: datetime | None
    width: int
    height: int
    caption: str


@dataclass(frozen=True)
class Added:
    """How many were new; `there`: places in what was sent that the session had already."""

    new: int
    there: tuple[int, ...]


def photos_of(session: Session, session_id: int) -> tuple[PhotoLine, ...]:
    """In the order taken; those whose time nobody knows come last. One query."""
    rows = session.scalars(
        sa.select(SessionPhoto).where(SessionPhoto.session_id == session_id)
        .order_by(SessionPhoto.taken.is_(None), SessionPhoto.taken, SessionPhoto.id))
    return tuple(PhotoLine(row.id, row.digest, row.taken, row.width, row.height, row.caption)
                 for row in rows)


def photo_for(
    session: Session, actor: Actor, session_id: int, photo_id: int
) -> PhotoLine:
    """For those who arrange sessions and those who were invited; else NotFoundError."""
    row = _photo(session, session_id, photo_id)
    if not actor.may(Permission.STUDY_EDIT):
        invited = session.scalar(sa.select(Attendance.id).where(
            Attendance.session_id == session_id, Attendance.person_id == actor.id))
        if invited is None:
            raise NotFoundError()
    return PhotoLine(row.id, row.digest, row.taken, row.width, row.height, row.caption)


def add_photos(
    session: Session, actor: Actor, session_id: int, found: Sequence[Photo], now: datetime
) -> Added:
    """Keep what was checked; the same picture is kept once. ConflictError `too_many_photos`."""
    open_session_for(session, actor, session_id)
    digests = set(session.scalars(
        sa.select(SessionPhoto.digest).where(SessionPhoto.session_id == session_id)))
    there = []
    for place, one in enumerate(found):
        if one.digest in digests:
            there.append(place)
            continue
        if len(digests) >= PHOTOS_MAX:
            raise ConflictError("too_many_photos", most=PHOTOS_MAX)
        digests.add(one.digest)
        session.add(SessionPhoto(
            session_id=session_id, digest=one.digest, taken=one.taken, width=one.width,
            height=one.height, size=len(one.picture), author_id=actor.id, added=now))
    session.flush()
    new = len(found) - len(there)
    if new:
        audit.note(session, actor, "session.photos", f"session {session_id}", now,
                   detail=f"{new} 张")
    return Added(new, tuple(there))


def name_photo(
    session: Session, actor: Actor, session_id: int, photo_id: int, caption: str
) -> None:
    open_session_for(session, actor, session_id)
    _photo(session, session_id, photo_id).caption = caption.strip()


def remove_photo(
    session: Session, actor: Actor, session_id: int, photo_id: int, now: datetime
) -> str | None:
    """Forget a photograph. Returns its digest if no other session keeps the same picture."""
    open_session_for(session, actor, session_id)
    row = _photo(session, session_id, photo_id)
    digest, caption = row.digest, row.caption
    session.delete(row)
    session.flush()
    audit.note(session, actor, "session.photo.remove", f"session {session_id} photo {photo_id}",
               now, detail=f"{caption} {digest[:12]}".strip())
    other = session.scalar(
        sa.select(SessionPhoto.id).where(SessionPhoto.digest == digest).limit(1))
    return digest if other is None else None


def _photo(session: Session, session_id: int, photo_id: int) -> SessionPhoto:
    row = session.get(SessionPhoto, photo_id) if photo_id <= LARGEST_ID else None
    if row is None or row.session_id != session_id:
        raise NotFoundError()
    return row
