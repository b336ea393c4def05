"""Study sessions: arranging, writing up, calling off. Every way to one goes by `session_for`."""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.law_names import law_key
from legaled.domain.permissions import Actor, Permission
from legaled.domain.sessions import (
    SESSION_KIND_LABEL,
    LawPart,
    SessionDraft,
    draft_problem,
    joined_parts,
    year_bounds,
)
from legaled.domain.times import beijing_day
from legaled.models import Law, LawAlias, SessionLaw, StudySession
from legaled.services import audit

LARGEST_ID = 2**31 - 1


@dataclass(frozen=True)
class StudiedLaw:
    """A law that was studied together: which parts, in how many sessions, when first."""

    law: str
    parts: tuple[str, ...]
    sessions: int
    first: date


def session_for(
    session: Session, actor: Actor, session_id: int, *, lock: bool = False
) -> StudySession:
    """For those who arrange sessions. Missing and forbidden alike raise NotFoundError."""
    if not actor.may(Permission.STUDY_EDIT) or session_id > LARGEST_ID:
        raise NotFoundError()
    found = session.get(
        StudySession, session_id, with_for_update=lock or None, populate_existing=lock
    )
    if found is None:
        raise NotFoundError()
    return found


def open_session_for(session: Session, actor: Actor, session_id: int) -> StudySession:
    """As `session_for`, kept for this transaction; a cancelled one is refused."""
    found = session_for(session, actor, session_id, lock=True)
    if found.cancelled is not None:
        raise ConflictError("session_cancelled")
    return found


def create(session: Session, actor: Actor, draft: SessionDraft, now: datetime) -> int:
    """Keep a new session with an empty list of people; returns its id.

    Raises InvalidError with the first problem of the draft.
    """
    if not actor.may(Permission.STUDY_EDIT):
        raise NotFoundError()
    _check(draft)
    made = StudySession(secret=secrets.token_hex(32), author_id=actor.id, created=now)
    _copy(made, draft)
    session.add(made)
    session.flush()
    _put_laws(session, made.id, draft.laws)
    audit.note(session, actor, "session.create", f"session {made.id}", now, detail=_words(draft))
    return made.id


def edit(
    session: Session, actor: Actor, session_id: int, draft: SessionDraft, now: datetime
) -> None:
    """Replace what was arranged; who has signed stays signed, lateness follows the new times."""
    found = open_session_for(session, actor, session_id)
    _check(draft)
    _copy(found, draft)
    session.execute(sa.delete(SessionLaw).where(SessionLaw.session_id == session_id))
    _put_laws(session, session_id, draft.laws)
    audit.note(session, actor, "session.edit", f"session {session_id}", now, detail=_words(draft))


def write_record(
    session: Session, actor: Actor, session_id: int, record: str, now: datetime
) -> None:
    """The minutes of the meeting, as one text."""
    found = open_session_for(session, actor, session_id)
    found.record = record.strip()
    audit.note(session, actor, "session.record", f"session {session_id}", now)


def cancel(
    session: Session, actor: Actor, session_id: int, reason: str, now: datetime
) -> None:
    """Call the session off for good: nobody can sign, it enters no figure."""
    found = open_session_for(session, actor, session_id)
    if not reason.strip():
        raise InvalidError("reason_needed")
    found.cancelled, found.cancel_reason = now, reason.strip()
    audit.note(session, actor, "session.cancel", f"session {session_id}", now,
               detail=reason.strip())


def law_names(session: Session) -> list[str]:
    """The laws of the library by name: what a form suggests."""
    return list(session.scalars(sa.select(Law.name).order_by(Law.name)))


def laws_studied(
    session: Session, year: int, until: datetime | None = None
) -> tuple[StudiedLaw, ...]:
    """The laws of a year's sessions, each once, in the order first studied; three queries.

    A short and a full name are the same law; one that the library has goes by its name there.
    Cancelled sessions do not count, and with `until` neither do those not over by then.
    """
    first, after = year_bounds(year)
    over = StudySession.ends <= until if until is not None else sa.true()
    rows = session.execute(
        sa.select(SessionLaw.law, SessionLaw.part, SessionLaw.session_id, StudySession.starts)
        .join(StudySession, StudySession.id == SessionLaw.session_id)
        .where(StudySession.starts >= first, StudySession.starts < after,
               StudySession.cancelled.is_(None), over)
        .order_by(StudySession.starts, StudySession.id, SessionLaw.position)
    ).all()
    known = _known_names(session)
    found: dict[str, list[sa.Row[str, str, int, datetime]]] = {}
    for row in rows:
        key = law_key(row.law)
        found.setdefault(known.get(key, key), []).append(row)
    named = set(known.values())
    return tuple(_studied(key if key in named else own[0].law, own)
                 for key, own in found.items())


def _known_names(session: Session) -> dict[str, str]:
    """The library's name of a law by every key that it goes by."""
    names = dict(session.execute(
        sa.select(LawAlias.key, Law.name).join(Law, Law.id == LawAlias.law_id)).all())
    return {**names, **dict(session.execute(sa.select(Law.key, Law.name)).all())}


def _studied(law: str, rows: Sequence[sa.Row[str, str, int, datetime]]) -> StudiedLaw:
    parts = dict.fromkeys(row.part for row in rows if row.part)
    return StudiedLaw(law, tuple(parts), len({row.session_id for row in rows}),
                      beijing_day(rows[0].starts))


def _check(draft: SessionDraft) -> None:
    if problem := draft_problem(draft):
        field, code = problem
        raise InvalidError(code, field=field)


def _copy(found: StudySession, draft: SessionDraft) -> None:
    found.kind, found.title = draft.kind, draft.title
    found.starts, found.ends, found.late_from = draft.starts, draft.ends, draft.late_from
    found.place, found.host, found.agenda = draft.place, draft.host, draft.agenda


def _put_laws(session: Session, session_id: int, laws: Iterable[LawPart]) -> None:
    session.add_all(
        SessionLaw(session_id=session_id, law=one.law, part=one.part, position=position)
        for position, one in enumerate(joined_parts(laws))
    )
    session.flush()


def _words(draft: SessionDraft) -> str:
    return f"{SESSION_KIND_LABEL[draft.kind]}：{draft.title}"
