"""Signing in to a session: by the QR code on the screen, or by the six digits below it."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.domain.sessions import (
    SIGNING_OPENS,
    Figures,
    LawPart,
    Presence,
    SessionKind,
    SessionStage,
    SignedBy,
    after_miss,
    must_wait,
    presence,
    stage,
    year_bounds,
    year_of,
)
from legaled.domain.sign_codes import (
    accepts,
    accepts_digits,
    code_for,
    digits_for,
    seconds_left,
    step_of,
)
from legaled.models import Attendance, StudySession
from legaled.services.session_views import figures_of, laws_of
from legaled.services.sessions import LARGEST_ID, session_for
from legaled.services.units import unique_or

REFUSED = {
    SessionStage.CANCELLED: "session_cancelled_sign",
    SessionStage.PLANNED: "signing_not_open",
    SessionStage.OVER: "signing_over",
}


@dataclass(frozen=True)
class MySession:
    """A session to which the actor is invited, and how the actor stands in it."""

    id: int
    kind: SessionKind
    title: str
    starts: datetime
    ends: datetime
    opens: datetime
    place: str
    host: str
    agenda: str
    stage: SessionStage
    presence: Presence
    signed: datetime | None
    leave: str
    cancel_reason: str
    laws: tuple[LawPart, ...]

    @property
    def can_sign(self) -> bool:
        return self.stage is SessionStage.SIGNING and self.signed is None


@dataclass(frozen=True)
class Signed:
    """`again`: the person had signed before, nothing has changed."""

    at: datetime
    late: bool
    again: bool


@dataclass(frozen=True)
class Missed:
    """Six digits that were not on the screen; `wait` until when no more are looked at."""

    wait: datetime | None


@dataclass(frozen=True)
class Screen:
    """What the projector shows. The codes are empty while nobody can sign."""

    title: str
    stage: SessionStage
    opens: datetime
    ends: datetime
    code: str
    digits: str
    seconds: int
    figures: Figures


def screen(session: Session, actor: Actor, session_id: int, now: datetime) -> Screen:
    """The codes of this moment; two queries."""
    found = session_for(session, actor, session_id)
    at = stage(found.starts, found.ends, found.cancelled, now)
    step, is_open = step_of(now), at is SessionStage.SIGNING
    return Screen(
        found.title, at, found.starts - SIGNING_OPENS, found.ends,
        code_for(found.secret, session_id, step) if is_open else "",
        digits_for(found.secret, session_id, step) if is_open else "",
        seconds_left(now), figures_of(session, [session_id])[session_id],
    )


def my_sessions(session: Session, actor: Actor, now: datetime) -> tuple[MySession, ...]:
    """The sessions to come, or going on, to which the actor is invited; the next one first.

    Two queries.
    """
    wanted = [StudySession.cancelled.is_(None), StudySession.ends > now]
    return _mine(session, actor, wanted, now)


def my_year(
    session: Session, actor: Actor, year: int, now: datetime
) -> tuple[MySession, ...]:
    """The actor's sessions of a year, cancelled ones too, in their order; two queries."""
    first, after = year_bounds(year)
    wanted = [StudySession.starts >= first, StudySession.starts < after]
    return _mine(session, actor, wanted, now)


def my_years(session: Session, actor: Actor) -> tuple[int, ...]:
    """The years in which the actor was invited to anything, newest first."""
    starts = session.scalars(
        sa.select(StudySession.starts)
        .join(Attendance, Attendance.session_id == StudySession.id)
        .where(Attendance.person_id == actor.id))
    return tuple(sorted({year_of(one) for one in starts}, reverse=True))


def my_session(
    session: Session, actor: Actor, session_id: int, now: datetime
) -> MySession:
    """One of the actor's own; who is not on its list gets NotFoundError `not_invited`."""
    wanted = [StudySession.id == min(session_id, LARGEST_ID)]
    found = _mine(session, actor, wanted, now)
    if not found:
        raise NotFoundError("not_invited")
    return found[0]


def was_on_screen(session: Session, session_id: int, code: str, at: datetime) -> bool:
    """Whether the QR code of this session carried the code at that moment or just before."""
    secret = session.scalar(
        sa.select(StudySession.secret).where(StudySession.id == min(session_id, LARGEST_ID)))
    return secret is not None and accepts(secret, session_id, code, at)


def sign(
    session: Session, actor: Actor, session_id: int, device: str, now: datetime
) -> Signed:
    """Sign the actor in; the caller has made sure that the code was scanned by the actor.

    Twice is once. Raises NotFoundError `not_invited`, and ConflictError when signing is not open
    or the device has signed somebody else in.
    """
    meeting, row = _own_row(session, actor, session_id)
    if row.signed is not None:
        return _signed(meeting, row, again=True)
    return _sign(session, meeting, row, SignedBy.QR, device, now)


def sign_by_digits(
    session: Session, actor: Actor, session_id: int, digits: str, device: str, now: datetime
) -> Signed | Missed:
    """As `sign`, if the six digits are on the screen. A miss is counted, and is a result, so that
    the count is kept; after five within ten minutes even the right digits have to wait."""
    meeting, row = _own_row(session, actor, session_id)
    if row.signed is not None:
        return _signed(meeting, row, again=True)
    _check_open(meeting, now)
    if until := must_wait(row.misses, row.missed, now):
        return Missed(until)
    if not accepts_digits(meeting.secret, session_id, digits, now):
        row.misses, row.missed = after_miss(row.misses, row.missed, now), now
        session.flush()
        return Missed(must_wait(row.misses, row.missed, now))
    return _sign(session, meeting, row, SignedBy.CODE, device, now)


def _sign(
    session: Session, meeting: StudySession, row: Attendance, by: SignedBy, device: str,
    now: datetime,
) -> Signed:
    _check_open(meeting, now)
    taken = session.scalar(sa.select(Attendance.id).where(
        Attendance.session_id == meeting.id, Attendance.device == device))
    if taken is not None:
        raise ConflictError("device_used")
    row.signed, row.signed_by, row.device = now, by, device
    row.late, row.leave, row.misses, row.missed = None, "", 0, None
    with unique_or("device_used"):
        session.flush()
    return _signed(meeting, row, again=False)


def _check_open(meeting: StudySession, now: datetime) -> None:
    at = stage(meeting.starts, meeting.ends, meeting.cancelled, now)
    if at is not SessionStage.SIGNING:
        raise ConflictError(REFUSED[at])


def _own_row(
    session: Session, actor: Actor, session_id: int
) -> tuple[StudySession, Attendance]:
    """The actor's row, kept for this transaction."""
    wanted = min(session_id, LARGEST_ID)
    row = session.scalar(
        sa.select(Attendance)
        .where(Attendance.session_id == wanted, Attendance.person_id == actor.id)
        .with_for_update().execution_options(populate_existing=True))
    if row is None:
        raise NotFoundError("not_invited")
    return session.get_one(StudySession, wanted, populate_existing=True), row


def _signed(meeting: StudySession, row: Attendance, *, again: bool) -> Signed:
    at = row.signed
    if at is None:
        raise ValueError("the row is not signed")
    found = presence(at, row.late, row.leave, meeting.late_from)
    return Signed(at, found is Presence.LATE, again)


def _mine(
    session: Session, actor: Actor, wanted: list[sa.ColumnElement[bool]], now: datetime
) -> tuple[MySession, ...]:
    rows = session.execute(
        sa.select(StudySession, Attendance)
        .join(Attendance, Attendance.session_id == StudySession.id)
        .where(Attendance.person_id == actor.id, *wanted)
        .order_by(StudySession.starts, StudySession.id)
    ).all()
    laws = laws_of(session, [found.id for found, _ in rows])
    return tuple(
        MySession(
            one.id, one.kind, one.title, one.starts, one.ends, one.starts - SIGNING_OPENS,
            one.place, one.host, one.agenda, stage(one.starts, one.ends, one.cancelled, now),
            presence(row.signed, row.late, row.leave, one.late_from), row.signed, row.leave,
            one.cancel_reason, laws[one.id],
        )
        for one, row in rows
    )
