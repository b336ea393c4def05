"""Studying a law's guide: which there are, and who has read them."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legaled.domain.errors import ForbiddenError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.files.guides import Guide as Guide
from legaled.files.guides import shipped
from legaled.models import StudyMark


def guides(folder: Path) -> tuple[Guide, ...]:
    """Every law that has a guide."""
    return shipped(folder)


def guide(folder: Path, law: str) -> Guide:
    """The guide of this law; raises NotFoundError for anything that is not in the list."""
    for found in guides(folder):
        if found.name == law:
            return found
    raise NotFoundError()


# ---- what has been read ----


def mark_read(session: Session, actor: Actor, law: str, now: datetime) -> None:
    """The actor declares the guide read. Declaring it again keeps the first time."""
    if actor.id is None:
        raise ForbiddenError()
    if session.get(StudyMark, (actor.id, law)) is not None:
        return
    try:
        with session.begin_nested():
            session.add(StudyMark(person_id=actor.id, law=law, read=now))
    except IntegrityError:  # the same button, pressed twice at once
        return


def unmark_read(session: Session, actor: Actor, law: str) -> None:
    """Take the declaration back; nothing happens if there is none."""
    session.execute(
        sa.delete(StudyMark).where(StudyMark.person_id == actor.id, StudyMark.law == law)
    )


def read_laws(session: Session, person_id: int | None) -> dict[str, datetime]:
    """The laws that the person has read, and since when."""
    rows = session.execute(
        sa.select(StudyMark.law, StudyMark.read).where(StudyMark.person_id == person_id)
    )
    return {law: read for law, read in rows}


def missing(session: Session, person_id: int | None, laws: Iterable[str]) -> tuple[str, ...]:
    """Those of the laws that the person has not read yet, in the given order."""
    read = read_laws(session, person_id)
    return tuple(law for law in laws if law not in read)
