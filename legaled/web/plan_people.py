"""How far people are with a plan, by person, unit and item; amending for whom it is set."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.permissions import Permission
from legaled.domain.plans import RATE_RULES, RULES
from legaled.domain.rates import Exemption
from legaled.domain.rates_study import FIGURE_LABEL
from legaled.forms.base import Form
from legaled.forms.plans import PlanExemptForm
from legaled.forms.roster import ChangeForm
from legaled.services import audit, plan_export, plan_people, plan_progress
from legaled.services.plan_progress import Progress
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.downloads import CSV, XLSX, download
from legaled.web.numbers import whole

bp = Blueprint("people", __name__, url_prefix="/<int:plan_id>")
Page = str | tuple[str, int] | Response
MIME = {"csv": CSV, "xlsx": XLSX}
FIGURES = ("required", "missing", "completed", "exempt", "removed")
STATE_LOOK = {
    "completed": ("已完成", "ok", "check"), "missing": ("未完成", "warn", "clock"),
    "exempt": ("免学", "", ""), "removed": ("已移出", "", "close"),
}
# what an amendment is called in the address: (verb, what is said when it is done)
CHANGES: dict[str, tuple[Callable[..., None], str]] = {
    "remove": (plan_people.remove, "已移出计划，不再要求。"),
    "restore": (plan_people.restore, "已恢复到计划。"),
    "end-exemption": (plan_people.end_exemption, "已撤销免学，计入应学。"),
}
OFFERS = {
    "missing": ("exempt", "remove"), "completed": ("exempt", "remove"),
    "exempt": ("end-exemption", "remove"), "removed": ("restore",),
}
OFFER_WORDS = {"exempt": "免学", "remove": "移出计划", "restore": "恢复到计划",
               "end-exemption": "撤销免学"}


@bp.get("/people")
@allow(Permission.STUDY_EDIT)
def index(plan_id: int) -> Page:
    found, asked = _read(plan_id), _asked()
    people = plan_progress.people_page(found, *asked, whole(request.args, "page", 1), _item())
    return render_template(
        "plans/people.html", found=found, people=people, state_look=STATE_LOOK,
        figures=[(name, FIGURE_LABEL[name], found.figures[name]) for name in FIGURES],
        shown=dict(zip(("figure", "unit", "q"), asked, strict=True)), item=_item(),
        item_title=next((one.item.title for one in found.items if one.item.id == _item()), ""),
    )


@bp.get("/people.<any(csv, xlsx):kind>")
@allow(Permission.STUDY_EDIT)
def export_people(plan_id: int, kind: str) -> Response:
    found, (figure, unit, _) = _read(plan_id), _asked()
    data = plan_export.export_people(found, found.behind(figure, unit, _item()), kind)
    return _file(data, kind, f"{found.title}-{FIGURE_LABEL[figure]}",
                 "plan.export_people", f"plan {plan_id} {figure} {unit}".strip())


@bp.get("/units")
@allow(Permission.STUDY_EDIT)
def units(plan_id: int) -> Page:
    return render_template("plans/units.html", found=_read(plan_id), rate_rules=RATE_RULES)


@bp.get("/contents")
@allow(Permission.STUDY_EDIT)
def contents(plan_id: int) -> Page:
    return render_template("plans/contents.html", found=_read(plan_id), rules=RULES)


@bp.get("/progress.<any(csv, xlsx):kind>")
@allow(Permission.STUDY_EDIT)
def export(plan_id: int, kind: str) -> Response:
    found = _read(plan_id)
    return _file(plan_export.export(found, kind), kind, f"{found.title}-参学情况",
                 "plan.export", f"plan {plan_id} {kind}")


@bp.get("/people/add")
@allow(Permission.STUDY_EDIT)
def candidates(plan_id: int) -> Page:
    return _candidates(plan_id, None, 0)


@bp.post("/people/add/<int:person_id>")
@allow(Permission.STUDY_EDIT)
def add(plan_id: int, person_id: int) -> Page:
    form = ChangeForm(prefix=f"add-{person_id}-")
    if not form.validate():
        return _candidates(plan_id, form, person_id), 422
    plan_people.add(db.get_session(), actor(), plan_id, person_id, form.reason.data, now())
    flash("已补入计划，单位按现在的归属固定。")
    return _to_person(plan_id, person_id)


@bp.get("/people/<int:person_id>")
@allow(Permission.STUDY_EDIT)
def show(plan_id: int, person_id: int) -> Page:
    return _person_page(plan_id, person_id, {})


@bp.post("/people/<int:person_id>/exempt")
@allow(Permission.STUDY_EDIT)
def exempt(plan_id: int, person_id: int) -> Page:
    form = PlanExemptForm(prefix="exempt-")
    if not form.validate():
        return _person_page(plan_id, person_id, {"exempt": form}), 422
    plan_people.exempt(db.get_session(), actor(), plan_id, person_id,
                       Exemption(form.category.data), form.reason.data or "", now())
    flash("已记为免学，不计入应学。")
    return _to_person(plan_id, person_id)


@bp.post("/people/<int:person_id>/<any(remove, restore, 'end-exemption'):what>")
@allow(Permission.STUDY_EDIT)
def change(plan_id: int, person_id: int, what: str) -> Page:
    verb, done = CHANGES[what]
    form = ChangeForm(prefix=f"{what}-")
    if not form.validate():
        return _person_page(plan_id, person_id, {what: form}), 422
    verb(db.get_session(), actor(), plan_id, person_id, form.reason.data, now())
    flash(done)
    return _to_person(plan_id, person_id)


def _read(plan_id: int) -> Progress:
    with db.database().read() as session:
        return plan_progress.progress(session, actor(), plan_id, now())


def _asked() -> tuple[str, str, str]:
    args = request.args
    return args.get("figure") or "required", args.get("unit", ""), args.get("q", "")


def _item() -> int | None:
    return whole(request.args, "item")


def _file(data: bytes, kind: str, name: str, action: str, subject: str) -> Response:
    with db.database().write() as session:
        audit.note(session, actor(), action, subject, now())
    return download(data, f"{name}.{kind}", MIME[kind])


def _to_person(plan_id: int, person_id: int) -> Response:
    return redirect(url_for(".show", plan_id=plan_id, person_id=person_id), 303)


def _candidates(plan_id: int, bound: ChangeForm | None, person_id: int) -> str:
    query = request.args.get("q", "")
    with db.database().read() as session:
        people = plan_people.candidates(session, actor(), plan_id, query, now())
    forms = {
        one.person: bound if bound is not None and one.person == person_id
        else ChangeForm(None, prefix=f"add-{one.person}-")
        for one in people
    }
    return render_template("plans/candidates.html", plan_id=plan_id, people=people,
                           forms=forms, query=query)


def _person_page(plan_id: int, person_id: int, bound: dict[str, Form]) -> str:
    found = _read(plan_id)
    line = plan_progress.person_line(found, person_id)
    with db.database().read() as session:
        changes = plan_people.changes(session, actor(), plan_id, person_id)
    return render_template(
        "plans/person.html", found=found, line=line, changes=changes, state_look=STATE_LOOK,
        forms=_forms(plan_id, person_id, line.state, bound), items=found.items)


def _forms(
    plan_id: int, person_id: int, state: str, bound: dict[str, Form]
) -> list[dict[str, Any]]:
    """What may be amended now, each with its form; one that was sent wrongly comes first."""
    offers = dict.fromkeys([*bound, *OFFERS[state]])
    return [
        {
            "name": name, "words": OFFER_WORDS[name],
            "form": bound.get(name) or _blank(name), "open": name in bound,
            "url": url_for(".exempt", plan_id=plan_id, person_id=person_id) if name == "exempt"
            else url_for(".change", plan_id=plan_id, person_id=person_id, what=name),
        }
        for name in offers
    ]


def _blank(name: str) -> Form:
    kind = PlanExemptForm if name == "exempt" else ChangeForm
    return kind(None, prefix=f"{name}-")
