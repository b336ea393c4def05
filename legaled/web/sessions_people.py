"""The people of a session: inviting, the paper list, correcting, the sheet, the file."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.errors import ConflictError
from legaled.domain.people import CATEGORY_LABEL
from legaled.domain.permissions import Permission
from legaled.domain.sessions import (
    FIGURE_LABEL,
    PRESENCE_LABEL,
    SESSION_KIND_LABEL,
    SIGNED_BY_LABEL,
    Presence,
    SessionStage,
)
from legaled.files.stats import Cell, Table, to_csv, to_xlsx
from legaled.forms.sessions import CorrectForm, InviteForm, PaperList
from legaled.services import people, session_people, session_views
from legaled.services.session_views import Attendee, PeoplePage, SessionView
from legaled.web.access import actor, allow
from legaled.web.clock import BEIJING, now
from legaled.web.downloads import CSV, XLSX, download
from legaled.web.numbers import whole

bp = Blueprint("people", __name__, url_prefix="/<int:session_id>")
Page = str | tuple[str, int] | Response
HEADER = ("单位", "工号", "姓名", "结果", "签到时间", "签到方式", "请假事由")
COUNTED, NOT_YET = tuple(FIGURE_LABEL.items()), "未到"


@bp.get("/people")
@allow(Permission.STUDY_EDIT)
def index(session_id: int) -> Page:
    return _people_page(_found(session_id))


@bp.post("/people")
@allow(Permission.STUDY_EDIT)
def mark(session_id: int) -> Page:
    found = _found(session_id)
    sent = PaperList.of(request.form, _people_sent(request.form))
    if sent.errors:
        return _people_page(found, sent), 422
    marks = list(sent.rows.values())
    done = session_people.mark(db.get_session(), actor(), session_id, marks, now())
    flash(f"已保存，改动 {done.changed} 人。" if done.changed else "没有要改的，名单没有变化。")
    if done.kept:
        flash(f"{'、'.join(done.kept[:10])}{' 等' if len(done.kept) > 10 else ''}"
              f"（{len(done.kept)} 人）刚才已经签到或由别人登记，没有改动。请核对后再办。", "warn")
    return redirect(request.full_path.rstrip("?"), 303)


@bp.get("/people/invite")
@allow(Permission.STUDY_EDIT)
def choose(session_id: int) -> Page:
    view, units = _to_invite(session_id)
    return render_template("sessions/invite.html", view=view, form=InviteForm(units, None))


@bp.post("/people/invite")
@allow(Permission.STUDY_EDIT)
def invite(session_id: int) -> Page:
    view, units = _to_invite(session_id)
    form = InviteForm(units)
    if not form.validate():
        return render_template("sessions/invite.html", view=view, form=form), 422
    done = session_people.invite(
        db.get_session(), actor(), session_id, form.invitation(), now())
    flash(f"符合条件的有 {done.fit} 人，新列入名单 {done.added} 人。")
    return _to_people(session_id)


@bp.get("/people/add")
@allow(Permission.STUDY_EDIT)
def candidates(session_id: int) -> Page:
    session, query = db.get_session(), request.args.get("q", "")
    view = session_views.session_view(session, actor(), session_id, now())
    found = session_people.off_list_people(session, actor(), session_id, query, now())
    return render_template("sessions/add.html", view=view, people=found, query=query,
                           category_label=CATEGORY_LABEL)


@bp.post("/people/add/<int:person_id>")
@allow(Permission.STUDY_EDIT)
def add(session_id: int, person_id: int) -> Page:
    name = session_people.add(db.get_session(), actor(), session_id, person_id, now())
    flash(f"已把 {name} 补入名单，现在可以签到。")
    return _to_people(session_id)


@bp.get("/people/<int:person_id>")
@allow(Permission.STUDY_EDIT)
def show(session_id: int, person_id: int) -> Page:
    return _person_page(session_id, person_id)


@bp.post("/people/<int:person_id>")
@allow(Permission.STUDY_EDIT)
def correct(session_id: int, person_id: int) -> Page:
    form = CorrectForm()
    if not form.validate():
        return _person_page(session_id, person_id, form), 422
    session_people.correct(db.get_session(), actor(), session_id, person_id, form.to(),
                           form.reason.data, now())
    flash("已更正，原来的结果和更正原因都留有记录。")
    return _to_people(session_id)


@bp.post("/people/<int:person_id>/remove")
@allow(Permission.STUDY_EDIT)
def remove(session_id: int, person_id: int) -> Page:
    name = session_people.remove(db.get_session(), actor(), session_id, person_id, now())
    flash(f"已把 {name} 移出名单。")
    return _to_people(session_id)


@bp.get("/sheet")
@allow(Permission.STUDY_EDIT)
def sheet(session_id: int) -> Page:
    """To be printed: empty for signatures, or with what came of it."""
    view, rows = session_views.sheet(db.get_session(), actor(), session_id, now())
    return render_template(
        "sessions/sheet.html", view=view, line=view.line, rows=rows, held=_held(view),
        words=_presences(view), counted=_counted(view),
        results=bool(request.args.get("results")))


@bp.get("/attendance.<any(csv, xlsx):kind>")
@allow(Permission.STUDY_EDIT)
def export(session_id: int, kind: str) -> Page:
    view, rows = session_views.sheet(db.get_session(), actor(), session_id, now())
    words = _presences(view)
    tables = [_summary(view), Table("名单", HEADER, [_cells(row, words) for row in rows])]
    name = f"签到情况-{view.line.title[:40]}-{view.line.starts.astimezone(BEIJING):%Y%m%d}"
    if kind == "xlsx":
        return download(to_xlsx(tables), f"{name}.xlsx", XLSX)
    return download(to_csv(tables), f"{name}.csv", CSV)


def _found(session_id: int) -> PeoplePage:
    shown = request.args
    with db.database().read() as session:
        return session_views.people_page(
            session, actor(), session_id, now(), figure=shown.get("figure", ""),
            query=shown.get("q", ""), unit=shown.get("unit", ""), page=whole(shown, "page", 1))


def _people_page(found: PeoplePage, sent: PaperList | None = None) -> str:
    shown = {name: request.args.get(name, "") for name in ("figure", "q", "unit")}
    return render_template(
        "sessions/people.html", found=found, view=found.view, line=found.view.line, shown=shown,
        counted=COUNTED, sent=sent.rows if sent else {}, errors=sent.errors if sent else {})


def _people_sent(form: Mapping[str, str]) -> list[int]:
    """The people whose rows were sent, whichever page of the list they were on."""
    ends = (name.removeprefix("was-") for name in form if name.startswith("was-"))
    return [int(one) for one in ends if one.isascii() and one.isdecimal() and len(one) < 10]


def _to_invite(session_id: int) -> tuple[SessionView, list[tuple[int, str]]]:
    with db.database().read() as session:
        view = session_views.session_view(session, actor(), session_id, now())
        units = people.unit_options(session)
    if view.cancelled is not None:
        raise ConflictError("session_cancelled")
    return view, units


def _person_page(session_id: int, person_id: int, form: CorrectForm | None = None) -> str:
    with db.database().read() as session:
        view, row = session_views.attendee(session, actor(), session_id, person_id, now())
    initial: dict[str, Any] = {"presence": row.presence.value, "leave": row.leave}
    return render_template("sessions/person.html", view=view, row=row,
                           form=form or CorrectForm(None, data=initial))


def _to_people(session_id: int) -> Response:
    return redirect(url_for("sessions.people.index", session_id=session_id), 303)


def _summary(view: SessionView) -> Table:
    line, figures = view.line, view.line.figures
    rows: list[tuple[Cell, Cell]] = [
        ("主题", line.title), ("形式", SESSION_KIND_LABEL[line.kind]),
        ("时间", _held(view)), ("地点", line.place), ("主持人", line.host),
        ("法规", "；".join(f"{one.law} {one.part}".strip() for one in line.laws)),
        *((word, figures[name]) for name, word in _counted(view)), ("到会率", figures.rate),
    ]
    return Table("情况", ("项目", "内容"), rows)


def _held(view: SessionView) -> str:
    """The time with its year: what is printed is read in other years too."""
    starts, ends = (at.astimezone(BEIJING) for at in (view.line.starts, view.line.ends))
    until = f"{ends:%H:%M}" if starts.date() == ends.date() else _instant(ends)
    return f"{_instant(starts)} 至 {until}"


def _instant(at: datetime) -> str:
    return f"{at.year}年{at.month}月{at.day}日 {at:%H:%M}"


def _presences(view: SessionView) -> dict[Presence, str]:
    """Nobody is absent (缺席) before the session is over."""
    over = view.line.stage is SessionStage.OVER
    return PRESENCE_LABEL if over else {**PRESENCE_LABEL, Presence.ABSENT: NOT_YET}


def _counted(view: SessionView) -> list[tuple[str, str]]:
    over = view.line.stage is SessionStage.OVER
    return [(name, word if over or name != "absent" else NOT_YET) for name, word in COUNTED]


def _cells(row: Attendee, words: Mapping[Presence, str]) -> tuple[Cell, ...]:
    at = f"{row.signed.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}" if row.signed else ""
    by = SIGNED_BY_LABEL[row.signed_by] if row.signed_by else ""
    return (row.unit_path, row.number, row.name, words[row.presence],
            at if row.by_phone else "", by, row.leave)
