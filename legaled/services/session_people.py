"""Who is on a session's list, and what the paper list says. Every change is noted."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.people import Category
from legaled.domain.permissions import Actor
from legaled.domain.sessions import (
    PRESENCE_LABEL,
    SIGNED_BY_LABEL,
    Invitation,
    PaperMark,
    Presence,
    SessionStage,
    SignedBy,
    presence,
    stage,
)
from legaled.domain.times import BEIJING, beijing_day
from legaled.models import Attendance, Person, StudySession
from legaled.services import audit
from legaled.services.sessions import LARGEST_ID, open_session_for, session_for
from legaled.services.units import UnitPath, unique_or, unit_paths

CANDIDATES = 20


@dataclass(frozen=True)
class Invited:
    """How many people fit, and how many of them were not on the list before."""

    fit: int
    added: int


@dataclass(frozen=True)
class Candidate:
    person: int
    number: str
    name: str
    category: Category
    unit_path: str


@dataclass(frozen=True)
class Marked:
    """`kept`: the names of those who were marked by somebody else meanwhile; left as they are."""

    changed: int
    kept: tuple[str, ...]


def invite(
    session: Session, actor: Actor, session_id: int, whom: Invitation, now: datetime
) -> Invited:
    """Put everybody who fits on the list, under the unit of today; who is there stays so.

    Counted are those who are here on the day of the session. Three queries and one insert.
    """
    meeting = open_session_for(session, actor, session_id)
    paths = unit_paths(session)
    fit = session.execute(
        sa.select(Person.id, Person.number, Person.name, Person.category, Person.unit_id)
        .where(*_fits(whom, paths, meeting)).order_by(Person.id)).all()
    there = set(session.scalars(
        sa.select(Attendance.person_id).where(Attendance.session_id == session_id)))
    rows = [_row(session_id, one, paths) for one in fit if one.id not in there]
    if rows:
        session.connection().execute(sa.insert(Attendance), rows)
        audit.note(session, actor, "session.invite", f"session {session_id}", now,
                   detail=f"{len(rows)} 人")
    return Invited(len(fit), len(rows))


def off_list_people(
    session: Session, actor: Actor, session_id: int, query: str, now: datetime
) -> tuple[Candidate, ...]:
    """Up to 20 people, still here, who match a name or number and are not on the list."""
    session_for(session, actor, session_id)
    text = query.strip()
    if not text:
        return ()
    there = sa.select(Attendance.person_id).where(Attendance.session_id == session_id)
    rows = session.execute(
        sa.select(Person.id, Person.number, Person.name, Person.category, Person.unit_id)
        .where(
            Person.id.not_in(there),
            sa.or_(Person.left_on.is_(None), Person.left_on > beijing_day(now)),
            sa.or_(Person.name.icontains(text, autoescape=True),
                   Person.number.icontains(text, autoescape=True)),
        )
        .order_by(Person.number).limit(CANDIDATES)
    ).all()
    paths = unit_paths(session) if rows else {}
    return tuple(
        Candidate(row.id, row.number, row.name, row.category, paths[row.unit_id].names)
        for row in rows)


def add(
    session: Session, actor: Actor, session_id: int, person_id: int, now: datetime
) -> str:
    """Put one person on the list, whatever category; returns the name.

    Raises ConflictError `on_session_list` if the person is there already.
    """
    open_session_for(session, actor, session_id)
    person = session.get(Person, person_id) if person_id <= LARGEST_ID else None
    if person is None:
        raise NotFoundError()
    session.add(Attendance(**_row(session_id, person, unit_paths(session))))
    with unique_or("on_session_list"):
        session.flush()
    _note(session, actor, "session.add", session_id, person_id, now, person.name)
    return person.name


def remove(
    session: Session, actor: Actor, session_id: int, person_id: int, now: datetime
) -> str:
    """Take a person off the list; returns the name. Who has signed in or asked for leave stays:
    ConflictError `attendance_there`."""
    open_session_for(session, actor, session_id)
    row = _locked(session, session_id, [person_id]).get(person_id)
    if row is None:
        raise NotFoundError()
    if row.signed is not None or row.leave:
        raise ConflictError("attendance_there")
    session.delete(row)
    session.flush()
    _note(session, actor, "session.remove", session_id, person_id, now, row.name)
    return row.name


def mark(
    session: Session, actor: Actor, session_id: int, marks: Sequence[PaperMark], now: datetime
) -> Marked:
    """Write what the paper list changes. Nobody's own sign-in, and nothing that another has
    written since the page was made, is overwritten: those names come back in `kept`."""
    meeting = open_session_for(session, actor, session_id)
    changes = [one for one in marks if one.is_change]
    _check_begun(meeting, (one.presence for one in changes), now)
    rows = _locked(session, session_id, [one.person for one in changes])
    changed, kept = 0, []
    for one in changes:
        row = rows.get(one.person)
        if row is None:
            continue
        if _by_phone(row) or _state(row, meeting) != (one.was, one.was_leave):
            kept.append(row.name)
            continue
        _write(session, actor, meeting, row, (one.presence, one.leave), now, "")
        changed += 1
    session.flush()
    return Marked(changed, tuple(kept))


def correct(
    session: Session,
    actor: Actor,
    session_id: int,
    person_id: int,
    to: tuple[Presence, str],
    reason: str,
    now: datetime,
) -> None:
    """Change one row, also one signed by phone, and keep why. `to`: presence and, for a leave,
    its reason. The time of a sign-in stays while the person counts as having come."""
    meeting = open_session_for(session, actor, session_id)
    if not reason.strip():
        raise InvalidError("reason_needed")
    _check_begun(meeting, [to[0]], now)
    row = _locked(session, session_id, [person_id]).get(person_id)
    if row is None:
        raise NotFoundError()
    _write(session, actor, meeting, row, to, now, reason.strip())
    session.flush()


def _fits(
    whom: Invitation, paths: dict[int, UnitPath], meeting: StudySession
) -> list[sa.ColumnElement[bool]]:
    tops = [paths[one].codes + "/" for one in whom.unit_ids if one in paths]
    below = [one for one, path in paths.items()
             if any(f"{path.codes}/".startswith(top) for top in tops)]
    day = beijing_day(meeting.starts)
    found = [
        Person.unit_id.in_(below), Person.category.in_(whom.categories),
        sa.or_(Person.joined_on.is_(None), Person.joined_on <= day),
        sa.or_(Person.left_on.is_(None), Person.left_on > day),
    ]
    return [*found, Person.is_leader.is_(True)] if whom.leaders_only else found


def _row(session_id: int, person: Any, paths: dict[int, UnitPath]) -> dict[str, Any]:
    path = paths[person.unit_id]
    return {
        "session_id": session_id, "person_id": person.id, "number": person.number,
        "name": person.name, "category": person.category, "unit_path": path.names,
        "unit_codes": path.codes,
    }


def _locked(
    session: Session, session_id: int, person_ids: Sequence[int]
) -> dict[int, Attendance]:
    rows = session.scalars(
        sa.select(Attendance)
        .where(Attendance.session_id == session_id, Attendance.person_id.in_(person_ids))
        .order_by(Attendance.id).with_for_update().execution_options(populate_existing=True))
    return {row.person_id: row for row in rows}


def _check_begun(meeting: StudySession, wanted: Iterable[Presence], now: datetime) -> None:
    """Nobody has come before signing is open; a leave may be written down at any time."""
    came = any(one in (Presence.PRESENT, Presence.LATE) for one in wanted)
    at = stage(meeting.starts, meeting.ends, meeting.cancelled, now)
    if came and at is SessionStage.PLANNED:
        raise ConflictError("session_not_begun")


def _by_phone(row: Attendance) -> bool:
    return row.signed_by in (SignedBy.QR, SignedBy.CODE)


def _state(row: Attendance, meeting: StudySession) -> tuple[Presence, str]:
    return presence(row.signed, row.late, row.leave, meeting.late_from), row.leave


def _write(
    session: Session,
    actor: Actor,
    meeting: StudySession,
    row: Attendance,
    to: tuple[Presence, str],
    now: datetime,
    why: str,
) -> None:
    new, leave = to
    if new is Presence.LEAVE and not leave.strip():
        raise InvalidError("leave_reason_needed")
    before = _said(row, meeting)
    if new in (Presence.PRESENT, Presence.LATE):
        row.signed = row.signed or now
        row.signed_by = row.signed_by or SignedBy.PAPER
        row.late, row.leave = new is Presence.LATE, ""
    else:
        row.signed = row.signed_by = row.late = row.device = None
        row.leave = leave.strip()[:200] if new is Presence.LEAVE else ""
    row.recorder_id, row.recorded = actor.id, now
    words = f"{row.name}：{before} → {_said(row, meeting)}"
    _note(session, actor, "session.attend", meeting.id, row.person_id, now,
          f"{words}。{why}" if why else words)


def _said(row: Attendance, meeting: StudySession) -> str:
    now_is, leave = _state(row, meeting)
    words = PRESENCE_LABEL[now_is] + (f"（{leave}）" if leave else "")
    if row.signed is None or row.signed_by is None:
        return words
    at = row.signed.astimezone(BEIJING)
    return f"{words}（{SIGNED_BY_LABEL[row.signed_by]} {at:%m-%d %H:%M}）"


def _note(
    session: Session, actor: Actor, action: str, session_id: int, person_id: int, now: datetime,
    detail: str,
) -> None:
    subject = f"session {session_id} person {person_id}"
    audit.note(session, actor, action, subject, now, detail=detail)
