"""What the session pages show: the list, one session, its people, its sheet."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.domain.sessions import (
    SIGNING_OPENS,
    Figures,
    LawPart,
    Presence,
    SessionKind,
    SessionStage,
    SignedBy,
    presence,
    stage,
    year_bounds,
    year_of,
)
from legaled.models import Attendance, Person, SessionLaw, StudySession
from legaled.services.paging import Page, page_of
from legaled.services.sessions import session_for

PER_PAGE, PEOPLE_PER_PAGE = 20, 100


@dataclass(frozen=True)
class SessionLine:
    """One session in a list, with what its attendance comes to."""

    id: int
    kind: SessionKind
    title: str
    starts: datetime
    ends: datetime
    place: str
    host: str
    stage: SessionStage
    figures: Figures
    laws: tuple[LawPart, ...]


@dataclass(frozen=True)
class SessionPage:
    lines: tuple[SessionLine, ...]
    years: tuple[int, ...]
    page: Page


@dataclass(frozen=True)
class SessionView:
    """Everything about one session but the names of its people."""

    line: SessionLine
    opens: datetime
    late_from: datetime
    agenda: str
    record: str
    cancelled: datetime | None
    cancel_reason: str
    author: str

    @property
    def late_after(self) -> int:
        return int((self.late_from - self.line.starts).total_seconds()) // 60


@dataclass(frozen=True)
class Attendee:
    """A person of the list. `by_phone`: signed in by the person, so only corrected by name."""

    person: int
    number: str
    name: str
    unit_path: str
    presence: Presence
    signed: datetime | None
    signed_by: SignedBy | None
    leave: str
    recorded: datetime | None
    recorder: str

    @property
    def by_phone(self) -> bool:
        return self.signed_by in (SignedBy.QR, SignedBy.CODE)


@dataclass(frozen=True)
class PeoplePage:
    """`units`: (path of codes, path of names) of every unit that holds people of the list."""

    view: SessionView
    rows: tuple[Attendee, ...]
    units: tuple[tuple[str, str], ...]
    page: Page


def list_sessions(
    session: Session,
    actor: Actor,
    now: datetime,
    *,
    year: int | None = None,
    kind: SessionKind | None = None,
    query: str = "",
    page: int = 1,
) -> SessionPage:
    """Sessions, newest first; five queries whatever the size."""
    if not actor.may(Permission.STUDY_EDIT):
        raise NotFoundError()
    wanted = list(_conditions(year, kind, query.strip()))
    total = session.scalar(
        sa.select(sa.func.count()).select_from(StudySession).where(*wanted)) or 0
    shown = page_of(total, page, PER_PAGE)
    found = session.scalars(
        sa.select(StudySession).where(*wanted)
        .order_by(StudySession.starts.desc(), StudySession.id.desc())
        .offset(shown.offset).limit(shown.size)
    ).all()
    return SessionPage(lines_of(session, found, now), years(session), shown)


def session_view(
    session: Session, actor: Actor, session_id: int, now: datetime
) -> SessionView:
    """Four queries."""
    found = session_for(session, actor, session_id)
    author = session.scalar(sa.select(Person.name).where(Person.id == found.author_id))
    return SessionView(
        lines_of(session, [found], now)[0], found.starts - SIGNING_OPENS, found.late_from,
        found.agenda, found.record, found.cancelled, found.cancel_reason, author or "",
    )


def people_page(
    session: Session,
    actor: Actor,
    session_id: int,
    now: datetime,
    *,
    figure: str = "",
    query: str = "",
    unit: str = "",
    page: int = 1,
) -> PeoplePage:
    """People of a list by unit and number; `figure` is one of FIGURE_LABEL, else everybody."""
    view = session_view(session, actor, session_id, now)
    wanted = [Attendance.session_id == session_id, conditions().get(figure, sa.true())]
    if text := query.strip():
        wanted.append(sa.or_(Attendance.name.icontains(text, autoescape=True),
                             Attendance.number.icontains(text, autoescape=True)))
    if unit:
        below = Attendance.unit_codes.startswith(unit + "/", autoescape=True)
        wanted.append(sa.or_(Attendance.unit_codes == unit, below))
    total = session.scalar(
        sa.select(sa.func.count()).select_from(Attendance)
        .join(StudySession, StudySession.id == Attendance.session_id).where(*wanted)) or 0
    shown = page_of(total, page, PEOPLE_PER_PAGE)
    rows = _attendees(session, wanted, shown.offset, shown.size)
    return PeoplePage(view, rows, _units(session, session_id), shown)


def sheet(
    session: Session, actor: Actor, session_id: int, now: datetime
) -> tuple[SessionView, tuple[Attendee, ...]]:
    """The session and everybody on its list, as it is printed or written to a file."""
    view = session_view(session, actor, session_id, now)
    return view, _attendees(session, [Attendance.session_id == session_id])


def attendee(
    session: Session, actor: Actor, session_id: int, person_id: int, now: datetime
) -> tuple[SessionView, Attendee]:
    """One row of a list; raises NotFoundError."""
    view = session_view(session, actor, session_id, now)
    wanted = [Attendance.session_id == session_id, Attendance.person_id == person_id]
    rows = _attendees(session, wanted)
    if not rows:
        raise NotFoundError()
    return view, rows[0]


def conditions() -> dict[str, sa.ColumnElement[bool]]:
    """What each figure counts, over Attendance joined with StudySession."""
    came, left = Attendance.signed.is_not(None), Attendance.leave != ""
    in_words = sa.and_(Attendance.late.is_(None), Attendance.signed > StudySession.late_from)
    return {
        "listed": sa.true(),
        "came": came,
        "late": sa.and_(came, sa.or_(Attendance.late.is_(True), in_words)),
        "leave": sa.and_(~came, left),
        "absent": sa.and_(~came, ~left),
    }


def figures_of(session: Session, session_ids: Sequence[int]) -> dict[int, Figures]:
    """What each session's attendance comes to; one grouped query."""
    counts = conditions()
    rows = session.execute(
        sa.select(Attendance.session_id, sa.func.count(), *(
            sa.func.sum(sa.case((counts[name], 1), else_=0)) for name in ("came", "late", "leave")
        ))
        .join(StudySession, StudySession.id == Attendance.session_id)
        .where(Attendance.session_id.in_(session_ids))
        .group_by(Attendance.session_id)
    )
    found = {row[0]: Figures(*map(int, row[1:])) for row in rows}
    return {one: found.get(one, Figures()) for one in session_ids}


def lines_of(
    session: Session, found: Sequence[StudySession], now: datetime
) -> tuple[SessionLine, ...]:
    """Sessions with their figures and laws; two queries."""
    ids = [one.id for one in found]
    figures, laws = figures_of(session, ids), laws_of(session, ids)
    return tuple(
        SessionLine(one.id, one.kind, one.title, one.starts, one.ends, one.place, one.host,
                    stage(one.starts, one.ends, one.cancelled, now), figures[one.id],
                    laws[one.id])
        for one in found
    )


def laws_of(session: Session, session_ids: Iterable[int]) -> dict[int, tuple[LawPart, ...]]:
    found: dict[int, list[LawPart]] = {one: [] for one in session_ids}
    for session_id, law, part in session.execute(
        sa.select(SessionLaw.session_id, SessionLaw.law, SessionLaw.part)
        .where(SessionLaw.session_id.in_(list(found)))
        .order_by(SessionLaw.session_id, SessionLaw.position)
    ):
        found[session_id].append(LawPart(law, part))
    return {one: tuple(laws) for one, laws in found.items()}


def _conditions(
    year: int | None, kind: SessionKind | None, query: str
) -> Iterable[sa.ColumnElement[bool]]:
    if year is not None and 1900 <= year < 2200:
        first, after = year_bounds(year)
        yield StudySession.starts >= first
        yield StudySession.starts < after
    if kind is not None:
        yield StudySession.kind == kind
    if query:
        about = sa.select(SessionLaw.session_id).where(
            SessionLaw.law.icontains(query, autoescape=True))
        yield sa.or_(
            *(column.icontains(query, autoescape=True)
              for column in (StudySession.title, StudySession.place, StudySession.host)),
            StudySession.id.in_(about))


def years(session: Session) -> tuple[int, ...]:
    """From the newest year with a session to the oldest."""
    oldest, newest = session.execute(
        sa.select(sa.func.min(StudySession.starts), sa.func.max(StudySession.starts))).one()
    if oldest is None:
        return ()
    return tuple(range(year_of(newest), year_of(oldest) - 1, -1))


def _units(session: Session, session_id: int) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for codes, names in session.execute(
        sa.select(Attendance.unit_codes, Attendance.unit_path)
        .where(Attendance.session_id == session_id).distinct()
    ):
        code, name = codes.split("/"), names.split("/")
        for depth in range(1, len(code) + 1):
            found["/".join(code[:depth])] = "/".join(name[:depth])
    return tuple(sorted(found.items(), key=lambda unit: unit[0].split("/")))


def _attendees(
    session: Session, wanted: Sequence[sa.ColumnElement[bool]], offset: int = 0,
    limit: int | None = None,
) -> tuple[Attendee, ...]:
    rows = session.execute(
        sa.select(Attendance, StudySession.late_from, Person.name)
        .join(StudySession, StudySession.id == Attendance.session_id)
        .outerjoin(Person, Person.id == Attendance.recorder_id)
        .where(*wanted)
        .order_by(Attendance.unit_codes, Attendance.number)
        .offset(offset).limit(limit)
    )
    return tuple(
        Attendee(row.person_id, row.number, row.name, row.unit_path,
                 presence(row.signed, row.late, row.leave, late_from), row.signed,
                 row.signed_by, row.leave, row.recorded, recorder or "")
        for row, late_from, recorder in rows
    )
