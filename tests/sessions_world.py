"""A study session for tests, made by the product's own services."""

import io
from datetime import datetime
from typing import Any

from PIL import Image
from sqlalchemy.orm import Session

from legaled.domain.people import Category
from legaled.domain.permissions import SYSTEM
from legaled.domain.sessions import Invitation, LawPart, SessionDraft, SessionKind
from legaled.domain.sign_codes import code_for, digits_for, step_of
from legaled.models import StudySession
from legaled.services import session_people, sessions
from tests.factories import HOUR, MINUTE, NOW, World


def draft(**values: Any) -> SessionDraft:
    """Began ten minutes ago, goes on for two hours; late after five minutes."""
    return SessionDraft(**{
        "kind": SessionKind.COLLECTIVE, "title": "学习档案法", "starts": NOW - 10 * MINUTE,
        "ends": NOW + 2 * HOUR, "place": "三楼会议室", "host": "李馆长", "agenda": "领学\n讨论",
        "late_after": 5, "laws": (LawPart("档案法", "第三章"),), **values,
    })


def meeting(session: Session, made: World, *, invite: bool = True, **values: Any) -> int:
    """A session to which everybody in 在编 of the world is invited."""
    found = sessions.create(session, SYSTEM, draft(**values), NOW)
    if invite:
        whom = Invitation((made.unit_id,), frozenset({Category.ESTABLISHED}))
        session_people.invite(session, SYSTEM, found, whom, NOW)
    return found


def secret_of(session: Session, session_id: int) -> str:
    return session.get_one(StudySession, session_id).secret


def qr(session: Session, session_id: int, at: datetime = NOW) -> str:
    return code_for(secret_of(session, session_id), session_id, step_of(at))


def digits(session: Session, session_id: int, at: datetime = NOW) -> str:
    return digits_for(secret_of(session, session_id), session_id, step_of(at))


def jpeg(color: str = "red", size: tuple[int, int] = (320, 200), **save: Any) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, color).save(out, "JPEG", **save)
    return out.getvalue()


def camera_exif(offset: str = "", orientation: int = 1) -> Image.Exif:
    """What a phone writes: model, place, time."""
    exif = Image.Exif()
    exif[0x0110], exif[0x0112] = "SecretPhone", orientation
    inner = exif.get_ifd(0x8769)
    inner[0x9003] = "2026:11:23 14:05:06"
    if offset:
        inner[0x9011] = offset
    place = exif.get_ifd(0x8825)
    place[1], place[2] = "N", (30.0, 35.0, 12.5)
    place[3], place[4] = "E", (114.0, 18.0, 3.25)
    return exif
