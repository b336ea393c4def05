"""Study sessions for the look at every page: one running, one over, one to come, one called off."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from legaled.domain.people import Category
from legaled.domain.permissions import Actor
from legaled.domain.sessions import Invitation, LawPart, PaperMark, Presence, SessionDraft
from legaled.domain.sessions import SessionKind as Kind
from legaled.files import photos
from legaled.models import Attendance, SessionPhoto, StudySession, Unit
from legaled.services import session_people, session_photos, session_signing, sessions
from tests.factories import DAY, HOUR, MINUTE
from tests.sessions_world import camera_exif, jpeg

QUERIES: Mapping[str, Sequence[str]] = {
    "sessions.index": ("", "?kind=lecture", "?q=没有这样的会"),
    "sessions.people.index": ("", "?figure=late", "?q=没有这个人"),
    "sessions.people.candidates": ("", "?q=没有这个人"),
    "sessions.people.sheet": ("", "?results=1"),
    "sessions.sign.page": ("", "?c=0123456789abcdef0123"),
}


def prepare(session: Any, instance: Path, trainer: Actor, now: datetime) -> None:
    roots = tuple(session.scalars(sa.select(Unit.id).where(Unit.parent_id.is_(None))))
    for title, starts in (
        ("学习《中华人民共和国档案法》第三章：档案的管理", now - 10 * MINUTE),
        ("旁听行政诉讼庭审", now - 9 * DAY), ("宪法日讲座", now + 3 * DAY),
        ("取消的一次", now + DAY),
    ):
        draft = SessionDraft(Kind.COLLECTIVE, title, starts, starts + 2 * HOUR, "三楼会议室",
                             "李馆长", "领学\n讨论", 5, (LawPart("档案法", "第三章"),))
        made = sessions.create(session, trainer, draft, now)
        session_people.invite(session, trainer, made, Invitation(roots, frozenset(Category)), now)
    sessions.cancel(session, trainer, made, "停电", now)
    first = session.scalars(sa.select(sa.func.min(StudySession.id))).one()
    session_signing.sign(session, trainer, first, "phone", now)
    away = session.scalars(sa.select(sa.func.max(Attendance.person_id))).one()
    leave = PaperMark(away, Presence.LEAVE, "到省里开会", Presence.ABSENT, "")
    session_people.mark(session, trainer, first, [leave], now)
    for photo in (photos.read_photo(jpeg(exif=camera_exif())), photos.read_photo(jpeg("navy"))):
        with photos.alone(instance / "photos"):
            photos.store(instance / "photos", photo)
        session_photos.add_photos(session, trainer, first, [photo], now)


def values(every: Callable[[Any], list[Any]]) -> dict[str, Sequence[Any]]:
    """For Known: the sessions that can be opened, and pairs that belong together."""
    all_of_them = every(sa.select(StudySession.id).order_by(StudySession.id))
    there = every(sa.select(StudySession.id).where(StudySession.cancelled.is_(None))
                  .order_by(StudySession.id))
    return {
        "session_id": all_of_them,
        "sessions.edit session_id": there, "sessions.people.choose session_id": there,
        "sessions.photos.picture session_id": there[:1],
        "sessions.photos.thumb session_id": there[:1],
        "photo_id": every(sa.select(SessionPhoto.id)),
        "sessions.people.show person_id": every(sa.select(Attendance.person_id))[-2:],
    }
