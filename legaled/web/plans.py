"""Study plans at the desk: the list, a draft, publication, and what may be done afterwards."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.errors import InvalidError
from legaled.domain.permissions import Permission
from legaled.domain.plans import (
    AUDIENCE_LABEL,
    ITEM_KIND_LABEL,
    PLAN_STAGE_LABEL,
    RATE_RULES,
    RULES,
    ItemKind,
    PlanStage,
)
from legaled.domain.times import beijing_day
from legaled.forms.exams import ReasonForm
from legaled.forms.plans import ExtendPlanForm, ItemMinutesForm, PlanForm, new_plan
from legaled.services import plan_views, plans, units
from legaled.services.plan_views import PlanView
from legaled.web import plan_items, plan_people
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.errors import message
from legaled.web.numbers import whole

bp = Blueprint("plans", __name__, url_prefix="/plans/manage")
bp.register_blueprint(plan_items.bp)
bp.register_blueprint(plan_people.bp)
Page = str | tuple[str, int] | Response
STAGE_LOOK = {
    PlanStage.DRAFT: ("", "file"),
    PlanStage.WAITING: ("", "calendar"),
    PlanStage.RUNNING: ("warn", "clock"),
    PlanStage.CLOSED: ("ok", "check"),
    PlanStage.CANCELLED: ("bad", "close"),
}


@bp.context_processor
def _words() -> dict[str, Any]:
    return {
        "plan_stage_label": PLAN_STAGE_LABEL, "plan_stage_look": STAGE_LOOK,
        "item_kind_label": ITEM_KIND_LABEL, "audience_label": AUDIENCE_LABEL,
        "plan_stages": PlanStage, "item_kinds": ItemKind,
    }


@bp.get("")
@allow(Permission.STUDY_EDIT)
def index() -> Page:
    year = whole(request.args, "year")
    found = plan_views.list_plans(
        db.get_session(), actor(), now(), year, whole(request.args, "page", 1))
    return render_template("plans/list.html", found=found, year=year)


@bp.get("/new")
@allow(Permission.STUDY_EDIT)
def new() -> Page:
    return _form_page(_form(new_plan(beijing_day(now()))), None)


@bp.post("/new")
@allow(Permission.STUDY_EDIT)
def create() -> Page:
    form = _form()
    if not form.validate():
        return _form_page(form, None), 422
    plan_id = plans.create(db.get_session(), actor(), form.draft(), now())
    flash("草稿已保存，职工还看不到。下面添加要学的内容，再公布。")
    return redirect(url_for(".show", plan_id=plan_id), 303)


@bp.get("/<int:plan_id>")
@allow(Permission.STUDY_EDIT)
def show(plan_id: int) -> Page:
    return _plan_page(_plan(plan_id))


@bp.get("/<int:plan_id>/edit")
@allow(Permission.STUDY_EDIT)
def edit(plan_id: int) -> Page:
    plan = _draft(plan_id)
    return _form_page(_form(_initial(plan)), plan)


@bp.post("/<int:plan_id>/edit")
@allow(Permission.STUDY_EDIT)
def update(plan_id: int) -> Page:
    plan, form = _draft(plan_id), _form()
    if not form.validate():
        return _form_page(form, plan), 422
    plans.edit(db.get_session(), actor(), plan_id, form.draft(), now())
    flash("草稿已保存。")
    return redirect(url_for(".show", plan_id=plan_id), 303)


@bp.post("/<int:plan_id>/publish")
@allow(Permission.STUDY_EDIT)
def publish(plan_id: int) -> Page:
    people = plans.publish(db.get_session(), actor(), plan_id, now())
    flash(f"已公布，{people} 人应学，名单已经固定。")
    return redirect(url_for(".show", plan_id=plan_id), 303)


@bp.post("/<int:plan_id>/cancel")
@allow(Permission.STUDY_EDIT)
def cancel(plan_id: int) -> Page:
    form = ReasonForm(prefix="cancel-")
    if not form.validate():
        return _plan_page(_plan(plan_id), cancel=form), 422
    plans.cancel(db.get_session(), actor(), plan_id, form.reason.data, now())
    flash("计划已取消，不再要求任何人，也不计入任何数字。")
    return redirect(url_for(".show", plan_id=plan_id), 303)


@bp.post("/<int:plan_id>/extend")
@allow(Permission.STUDY_EDIT)
def extend(plan_id: int) -> Page:
    form = ExtendPlanForm(prefix="extend-")
    if not form.validate():
        return _plan_page(_plan(plan_id), extend=form), 422
    try:
        plans.extend(db.get_session(), actor(), plan_id, form.ends.data, form.reason.data, now())
    except InvalidError as error:
        db.rollback()
        form.ends.errors = [message(error)]
        return _plan_page(_plan(plan_id), extend=form), 422
    flash("结束日期已延长。")
    return redirect(url_for(".show", plan_id=plan_id), 303)


@bp.post("/<int:plan_id>/copy")
@allow(Permission.STUDY_EDIT)
def copy(plan_id: int) -> Page:
    made = plans.copy(db.get_session(), actor(), plan_id, now())
    flash("已复制为下一年的草稿。核对名称、日期和内容后再公布。")
    return redirect(url_for(".show", plan_id=made), 303)


def _plan(plan_id: int) -> PlanView:
    with db.database().read() as session:
        return plan_views.plan_view(session, actor(), plan_id, now())


def _draft(plan_id: int) -> PlanView:
    """Raises ConflictError for a plan that cannot be edited any more."""
    with db.database().read() as session:
        plans.draft_for(session, actor(), plan_id)
    return _plan(plan_id)


def _form(initial: dict[str, Any] | None = None) -> PlanForm:
    with db.database().read() as session:
        paths = units.unit_paths(session)
    return PlanForm([(one, path.names) for one, path in paths.items()], data=initial)


def _initial(plan: PlanView) -> dict[str, Any]:
    return {
        "title": plan.title, "programme": plan.programme, "year": plan.year,
        "starts": plan.starts, "ends": plan.ends, "minutes": plan.minutes,
        "audience": plan.audience.value, "units": list(plan.unit_ids),
    }


def _form_page(form: PlanForm, plan: PlanView | None) -> str:
    return render_template("plans/edit.html", form=form, plan=plan)


def _plan_page(
    plan: PlanView, cancel: ReasonForm | None = None, extend: ExtendPlanForm | None = None
) -> str:
    minutes = {
        item.id: ItemMinutesForm(None, prefix=f"item-{item.id}-", minutes=item.minutes)
        for item in plan.items
    }
    return render_template(
        "plans/show.html", plan=plan, minutes=minutes, rules=RULES, rate_rules=RATE_RULES,
        cancel=cancel or ReasonForm(None, prefix="cancel-"),
        extend=extend or ExtendPlanForm(None, prefix="extend-"),
    )
