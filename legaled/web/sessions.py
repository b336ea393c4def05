"""Study sessions at the desk: the list, arranging one, its record. People and signing are in
`web/sessions_people.py` and `web/sessions_sign.py`, photographs in `web/sessions_photos.py`."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.errors import ConflictError
from legaled.domain.permissions import Permission
from legaled.domain.sessions import (
    FIGURE_LABEL,
    LAWS_MAX,
    PRESENCE_LABEL,
    SESSION_KIND_LABEL,
    SESSION_STAGE_LABEL,
    SIGNED_BY_LABEL,
    Presence,
    SessionKind,
    SessionStage,
    year_of,
)
from legaled.forms.exams import ReasonForm, typed
from legaled.forms.sessions import RecordForm, SessionForm
from legaled.services import session_photos, session_views, sessions
from legaled.services.session_views import SessionView
from legaled.web import sessions_people, sessions_photos, sessions_sign
from legaled.web.access import actor, allow
from legaled.web.clock import BEIJING, now
from legaled.web.numbers import whole

bp = Blueprint("sessions", __name__, url_prefix="/sessions")
bp.register_blueprint(sessions_sign.bp)
bp.register_blueprint(sessions_people.bp)
bp.register_blueprint(sessions_photos.bp)
Page = str | tuple[str, int] | Response
# how a stage and a presence look: (colour, icon)
STAGE_LOOK = {
    SessionStage.PLANNED: ("", "calendar"),
    SessionStage.SIGNING: ("warn", "clock"),
    SessionStage.OVER: ("ok", "check"),
    SessionStage.CANCELLED: ("bad", "close"),
}
PRESENCE_LOOK = {
    Presence.PRESENT: ("ok", "check"),
    Presence.LATE: ("warn", "clock"),
    Presence.LEAVE: ("", "calendar"),
    Presence.ABSENT: ("bad", "close"),
}


@bp.context_processor
def _words() -> dict[str, Any]:
    return {
        "kind_label": SESSION_KIND_LABEL, "stage_label": SESSION_STAGE_LABEL,
        "stage_look": STAGE_LOOK, "stages": SessionStage, "presence_label": PRESENCE_LABEL,
        "presence_look": PRESENCE_LOOK, "presences": Presence, "figure_label": FIGURE_LABEL,
        "signed_by_label": SIGNED_BY_LABEL,
    }


@bp.get("")
@allow(Permission.STUDY_EDIT)
def index() -> Page:
    year, query = whole(request.args, "year"), request.args.get("q", "")
    known = {one.value: one for one in SessionKind}
    kind = known.get(request.args.get("kind", ""))
    found = session_views.list_sessions(
        db.get_session(), actor(), now(), year=year, kind=kind, query=query,
        page=whole(request.args, "page", 1))
    return render_template("sessions/list.html", found=found, year=year, kind=kind, query=query)


@bp.get("/laws")
@allow(Permission.STUDY_EDIT)
def laws() -> Page:
    """The laws of a year's sessions that are over."""
    session = db.get_session()
    years = session_views.years(session)
    year = whole(request.args, "year", years[0] if years else year_of(now()))
    found = sessions.laws_studied(session, min(max(year, 1900), 2199), now())
    return render_template("sessions/laws.html", found=found, year=year, years=years)


@bp.get("/new")
@allow(Permission.STUDY_EDIT)
def new() -> Page:
    at = now().astimezone(BEIJING).replace(hour=14, minute=30, second=0, microsecond=0)
    at = at.replace(tzinfo=None) + timedelta(days=1)
    form = SessionForm(None, data={"starts": at, "ends": at + timedelta(hours=2)})
    return _form_page(form)


@bp.post("/new")
@allow(Permission.STUDY_EDIT)
def create() -> Page:
    form = SessionForm()
    if not form.validate():
        return _form_page(form), 422
    made = sessions.create(db.get_session(), actor(), form.draft(), now())
    flash("已保存。现在选谁参加，名单会固定成今天的单位。")
    return redirect(url_for("sessions.people.choose", session_id=made), 303)


@bp.get("/<int:session_id>")
@allow(Permission.STUDY_EDIT)
def show(session_id: int) -> Page:
    return _session_page(session_id)


@bp.get("/<int:session_id>/edit")
@allow(Permission.STUDY_EDIT)
def edit(session_id: int) -> Page:
    view = _open(session_id)
    return _form_page(SessionForm(None, data=_initial(view)), view)


@bp.post("/<int:session_id>/edit")
@allow(Permission.STUDY_EDIT)
def update(session_id: int) -> Page:
    form, view = SessionForm(), _open(session_id)
    if not form.validate():
        return _form_page(form, view), 422
    sessions.edit(db.get_session(), actor(), session_id, form.draft(), now())
    flash("已保存。")
    return _to(session_id)


@bp.post("/<int:session_id>/record")
@allow(Permission.STUDY_EDIT)
def write_record(session_id: int) -> Page:
    form = RecordForm(prefix="record-")
    if not form.validate():
        return _session_page(session_id, record=form), 422
    sessions.write_record(
        db.get_session(), actor(), session_id, form.record.data or "", now())
    flash("会议记录已保存。")
    return _to(session_id)


@bp.post("/<int:session_id>/cancel")
@allow(Permission.STUDY_EDIT)
def cancel(session_id: int) -> Page:
    form = ReasonForm(prefix="cancel-")
    if not form.validate():
        return _session_page(session_id, cancel=form), 422
    sessions.cancel(db.get_session(), actor(), session_id, form.reason.data, now())
    flash("这次学法已取消，不计入任何统计。")
    return _to(session_id)


def _to(session_id: int) -> Response:
    return redirect(url_for("sessions.show", session_id=session_id), 303)


def _open(session_id: int) -> SessionView:
    """The session, unless it is cancelled."""
    with db.database().read() as session:
        view = session_views.session_view(session, actor(), session_id, now())
    if view.cancelled is not None:
        raise ConflictError("session_cancelled")
    return view


def _initial(view: SessionView) -> dict[str, Any]:
    line = view.line
    rows = [{"law": one.law, "part": one.part} for one in line.laws]
    return {
        "kind": line.kind.value, "title": line.title, "starts": typed(line.starts),
        "ends": typed(line.ends), "late_after": view.late_after, "place": line.place,
        "host": line.host, "agenda": view.agenda,
        "laws": [*rows, *({} for _ in range(min(2, LAWS_MAX - len(rows))))],
    }


def _form_page(form: SessionForm, view: SessionView | None = None) -> str:
    with db.database().read() as session:
        known = sessions.law_names(session)
    return render_template("sessions/edit.html", form=form, view=view, known=known)


def _session_page(
    session_id: int, record: RecordForm | None = None, cancel: ReasonForm | None = None
) -> str:
    with db.database().read() as session:
        view = session_views.session_view(session, actor(), session_id, now())
        photos = session_photos.photos_of(session, session_id)
    return render_template(
        "sessions/show.html", view=view, line=view.line, photos=photos,
        record=record or RecordForm(None, prefix="record-", record=view.record),
        cancel=cancel or ReasonForm(None, prefix="cancel-"),
    )
