"""The roster of an exam: looking at it, and amending it with a reason."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.attempts import State
from legaled.domain.errors import NotFoundError
from legaled.domain.exams import Stage
from legaled.domain.people import CATEGORY_LABEL
from legaled.domain.permissions import Permission
from legaled.domain.rates import ABSENCE_LABEL, EXEMPTION_LABEL, Absence, Exemption
from legaled.domain.roster import ACTION_LABEL, Action, Standing
from legaled.domain.times import beijing_day
from legaled.forms.base import Form
from legaled.forms.roster import AbsenceForm, ChangeForm, ExemptForm, ExtendForm
from legaled.services import marking, roster, roster_views
from legaled.services.roster_views import AttemptLine, EntryView
from legaled.web.access import actor, allow, optional_actor
from legaled.web.clock import now
from legaled.web.numbers import whole

bp = Blueprint("roster", __name__, url_prefix="/<int:exam_id>/roster")
Page = str | tuple[str, int] | Response
# how a person stands: (word, colour, icon)
STANDING = {
    Standing.REMOVED: ("已移出", "", "close"),
    Standing.EXEMPT: ("免考", "", "info"),
    Standing.SAT: ("已考", "ok", "check"),
    Standing.RUNNING: ("作答中", "warn", "clock"),
    Standing.DEFERRED: ("缓考", "warn", "calendar"),
    Standing.NOT_SAT: ("未考", "", ""),
}
FIGURES = {
    "": "全部", "exempt": "免考", "deferred": "缓考", "sat": "已考", "absent": "未考",
    "removed": "移出",
}
# changes that need a reason and nothing else: (service, what is said afterwards)
CHANGES: dict[str, tuple[Action, Callable[..., None], str]] = {
    "end-exemption": (Action.END_EXEMPTION, roster.end_exemption, "已撤销免考，重新计入应考。"),
    "defer": (Action.DEFER, roster.defer, "已记为缓考，仍计入应考。"),
    "end-deferral": (Action.END_DEFERRAL, roster.end_deferral, "已撤销缓考。"),
    "remove": (Action.REMOVE, roster.remove, "已移出名册，不计入应考。"),
    "restore": (Action.RESTORE, roster.restore, "已恢复到名册。"),
}


@bp.context_processor
def _words() -> dict[str, Any]:
    who = optional_actor()  # a stranger's error page asks too
    return {
        "category_label": CATEGORY_LABEL, "action_label": ACTION_LABEL,
        "exemption_label": EXEMPTION_LABEL, "absence_label": ABSENCE_LABEL,
        "may_amend": who is not None and who.may(Permission.ROSTER_EDIT),
        "may_score": who is not None and who.may(Permission.STATS_NAMES),
    }


def absent_word(stage: Stage) -> str:
    """未考 while there is still time; once the exam is closed it is 缺考, as in 统计."""
    return "缺考" if stage is Stage.CLOSED else "未考"


def _standing(stage: Stage) -> dict[Standing, tuple[str, str, str]]:
    return STANDING | {Standing.NOT_SAT: (absent_word(stage), "", "")}


@bp.get("")
@allow(Permission.EXAM_READ)
def index(exam_id: int) -> Page:
    shown = {name: request.args.get(name, "") for name in ("figure", "q", "unit")}
    page = whole(request.args, "page", 1)
    found = roster_views.roster_page(
        db.get_session(), actor(), exam_id, now(),
        shown["figure"], shown["q"], shown["unit"], page,
    )
    figures = FIGURES | {"absent": absent_word(found.stage)}
    return render_template("manage/roster.html", found=found, figures=figures.items(),
                           standing=_standing(found.stage), shown=shown)


@bp.get("/add")
@allow(Permission.ROSTER_EDIT)
def candidates(exam_id: int) -> Page:
    return _candidates(exam_id, None, 0)


@bp.post("/add/<int:person_id>")
@allow(Permission.ROSTER_EDIT)
def add(exam_id: int, person_id: int) -> Page:
    form = ChangeForm(prefix=f"add-{person_id}-")
    if not form.validate():
        return _candidates(exam_id, form, person_id), 422
    roster.add(db.get_session(), actor(), exam_id, person_id, form.reason.data, now())
    flash("已补入名册，单位按现在的归属固定。")
    return _to_person(exam_id, person_id)


@bp.get("/<int:person_id>")
@allow(Permission.EXAM_READ)
def show(exam_id: int, person_id: int) -> Page:
    return _person_page(exam_id, person_id, {})


@bp.post("/<int:person_id>/<any('end-exemption', defer, 'end-deferral', remove, restore):what>")
@allow(Permission.ROSTER_EDIT)
def change(exam_id: int, person_id: int, what: str) -> Page:
    action, verb, done = CHANGES[what]
    form = ChangeForm(prefix=f"{action.value}-")
    if not form.validate():
        return _person_page(exam_id, person_id, {action: form}), 422
    verb(db.get_session(), actor(), exam_id, person_id, form.reason.data, now())
    flash(done)
    return _to_person(exam_id, person_id)


@bp.post("/<int:person_id>/exempt")
@allow(Permission.ROSTER_EDIT)
def exempt(exam_id: int, person_id: int) -> Page:
    form = ExemptForm(beijing_day(now()), prefix="exempt-")
    if not form.validate():
        return _person_page(exam_id, person_id, {Action.EXEMPT: form}), 422
    roster.exempt(
        db.get_session(), actor(), exam_id, person_id, Exemption(form.category.data),
        form.approver.data, form.approved_on.data, form.reason.data or "", now(),
    )
    flash("已记为免考，不计入应考。")
    return _to_person(exam_id, person_id)


@bp.post("/<int:person_id>/absence")
@allow(Permission.ROSTER_EDIT)
def absence(exam_id: int, person_id: int) -> Page:
    form = AbsenceForm(prefix="absence-")
    if not form.validate():
        return _person_page(exam_id, person_id, {Action.EXPLAIN: form}), 422
    roster.set_absence(
        db.get_session(), actor(), exam_id, person_id, Absence(form.absence.data),
        form.note.data or "", now(),
    )
    flash("缺考原因已保存。")
    return _to_person(exam_id, person_id)


@bp.post("/<int:person_id>/attempts/<int:attempt_id>/void")
@allow(Permission.ROSTER_EDIT)
def void(exam_id: int, person_id: int, attempt_id: int) -> Page:
    form = ChangeForm(prefix=f"void-{attempt_id}-")
    if not form.validate():
        return _person_page(exam_id, person_id, {f"void-{attempt_id}": form}), 422
    _check_attempt(exam_id, person_id, attempt_id)
    marking.void(db.get_session(), actor(), attempt_id, form.reason.data, now())
    flash("这次作答已作废，不计成绩；下一次作答算第一次。")
    return _to_person(exam_id, person_id)


@bp.post("/<int:person_id>/attempts/<int:attempt_id>/extend")
@allow(Permission.ROSTER_EDIT)
def extend(exam_id: int, person_id: int, attempt_id: int) -> Page:
    form = ExtendForm(prefix=f"extend-{attempt_id}-")
    if not form.validate():
        return _person_page(exam_id, person_id, {f"extend-{attempt_id}": form}), 422
    _check_attempt(exam_id, person_id, attempt_id)
    marking.extend(db.get_session(), actor(), attempt_id, form.minutes.data, now())
    flash(f"已延长 {form.minutes.data} 分钟。")
    return _to_person(exam_id, person_id)


def _to_person(exam_id: int, person_id: int) -> Response:
    to = url_for("manage.roster.show", exam_id=exam_id, person_id=person_id)
    return redirect(to, 303)


def _entry(exam_id: int, person_id: int) -> EntryView:
    with db.database().read() as session:
        return roster_views.entry_view(session, actor(), exam_id, person_id, now())


def _check_attempt(exam_id: int, person_id: int, attempt_id: int) -> None:
    """Refused unless the attempt is this person's at this exam."""
    if attempt_id not in {line.id for line in _entry(exam_id, person_id).attempts}:
        raise NotFoundError()


def _candidates(exam_id: int, bound: ChangeForm | None, person_id: int) -> str:
    query = request.args.get("q", "")
    with db.database().read() as session:
        found = roster_views.roster_page(session, actor(), exam_id, now(), "roster")
        people = roster_views.off_roster_people(session, actor(), exam_id, query, now())
    forms = {
        one.person: bound
        if bound is not None and one.person == person_id
        else ChangeForm(None, prefix=f"add-{one.person}-")
        for one in people
    }
    return render_template(
        "manage/candidates.html", found=found, people=people, forms=forms, query=query
    )


def _person_page(exam_id: int, person_id: int, bound: dict[Action | str, Form]) -> str:
    view, may = _entry(exam_id, person_id), actor().may(Permission.ROSTER_EDIT)
    may = may and view.stage is not Stage.CANCELLED
    return render_template(
        "manage/person.html",
        opened=request.args.get("do", ""), standing=_standing(view.stage),
        view=view, forms=_forms(view, bound) if may else [],
        attempts=[_attempt(one, bound, may) for one in view.attempts],
        changes={action.value: what for what, (action, _, _) in CHANGES.items()},
    )


def _forms(view: EntryView, bound: dict[Action | str, Form]) -> list[tuple[Action, Form]]:
    """What may be done with the row now, each with its form."""
    today = beijing_day(now())
    made: dict[Action, Callable[[], Form]] = {
        Action.EXEMPT: lambda: ExemptForm(today, None, prefix="exempt-"),
        Action.EXPLAIN: lambda: AbsenceForm(
            None, prefix="absence-", note=view.row.absence_note,
            absence=view.row.absence.value if view.row.absence else None,
        ),
    }
    return [
        (
            action,
            bound.get(action)
            or made.get(action, lambda a=action: ChangeForm(None, prefix=f"{a.value}-"))(),
        )
        for action in view.row.actions
    ]


def _attempt(
    line: AttemptLine, bound: dict[Action | str, Form], may: bool
) -> dict[str, Any]:
    """An attempt, how it stands, and the forms that fit it."""
    void, more = f"void-{line.id}", f"extend-{line.id}"
    running = line.voided is None and line.state is State.OPEN
    forms: dict[str, Form | None] = {"void": None, "extend": None}
    if may and line.voided is None:
        forms["void"] = bound.get(void) or ChangeForm(None, prefix=f"{void}-")
    if may and running:
        forms["extend"] = bound.get(more) or ExtendForm(None, prefix=f"{more}-")
    return {"line": line, "running": running, **forms}
