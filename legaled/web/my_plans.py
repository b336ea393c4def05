"""One's own study plans: what is asked, what is missing, and declaring it done."""

from typing import Any

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.permissions import Permission
from legaled.domain.plans import ITEM_KIND_LABEL, PLAN_STAGE_LABEL, RULES, ItemKind, PlanStage
from legaled.services import plan_mine
from legaled.services.plan_mine import MyItem, MyPlan
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.pages import day

bp = Blueprint("my_plans", __name__, url_prefix="/plans")


@bp.get("/<int:plan_id>/mine")
@allow(Permission.MEMBER)
def show(plan_id: int) -> str:
    plan = plan_mine.my_plan(db.get_session(), actor(), plan_id, now())
    return render_template("plans/mine.html", plan=card(plan), rules=RULES)


@bp.post("/<int:plan_id>/items/<int:item_id>/done")
@allow(Permission.MEMBER)
def mark(plan_id: int, item_id: int) -> Response:
    title = plan_mine.mark(db.get_session(), actor(), plan_id, item_id, now())
    flash(f"已记下：「{title}」学完了。")
    return redirect(url_for(".show", plan_id=plan_id), 303)


@bp.post("/<int:plan_id>/items/<int:item_id>/undone")
@allow(Permission.MEMBER)
def unmark(plan_id: int, item_id: int) -> Response:
    title = plan_mine.unmark(db.get_session(), actor(), plan_id, item_id, now())
    flash(f"已撤销「{title}」的学完记录，随时可以重新记下。")
    return redirect(url_for(".show", plan_id=plan_id), 303)


def card(plan: MyPlan) -> dict[str, Any]:
    """A plan as the pages of staff show it: finished words and links."""
    running = plan.stage is PlanStage.RUNNING
    return {
        "id": plan.id, "title": plan.title, "programme": plan.programme,
        "stage": PLAN_STAGE_LABEL[plan.stage], "period": f"{day(plan.starts)} 至 {day(plan.ends)}",
        "url": url_for("my_plans.show", plan_id=plan.id),
        "done": plan.done, "total": len(plan.items),
        "minutes": plan.minutes, "minutes_done": plan.minutes_done,
        "minutes_left": plan.minutes_left, "completed": plan.completed,
        "exempt": plan.exempt, "running": running,
        "items": [_item(plan.id, item, running) for item in plan.items],
    }


def _item(plan_id: int, item: MyItem, running: bool) -> dict[str, Any]:
    words = [ITEM_KIND_LABEL[item.kind]]
    if item.part:
        words.append(item.part)
    if item.state.minutes:
        words.append(f"学习 {item.state.seconds // 60}/{item.state.minutes} 分钟")
    return {
        "id": item.id, "title": item.title, "words": "，".join(words), "url": item_url(item),
        "outside": item.kind is ItemKind.LINK, "done": item.state.is_done,
        "missing": item.state.missing, "marked": item.state.marked,
        "may_mark": running and item.state.needs_mark and not item.state.marked,
        "may_unmark": running and item.state.needs_mark and item.state.marked
        and item.kind is not ItemKind.GUIDE,
        "plan_id": plan_id,
    }


def item_url(item: MyItem) -> str:
    """Where the item is studied."""
    if item.kind is ItemKind.LAW:
        anchor = item.first or None
        return url_for("laws.show", law_id=item.law_id, article=anchor, _anchor=anchor)
    if item.kind is ItemKind.GUIDE:
        return url_for("study.law", law=item.guide)
    if item.kind is ItemKind.FILE:
        return url_for("materials.show", material_id=item.material_id)
    return item.url
