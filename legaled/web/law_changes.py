"""Two texts of a law compared, and 待复核: what cites an article that has changed."""

from collections.abc import Sequence

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.law_changes import CHANGE_LABEL, article_words
from legaled.domain.permissions import Permission
from legaled.forms.law_flags import SettleForm, picked_flags
from legaled.services import (
    law_changes,
    law_flags,
    law_flags_list,
    laws,
    study,
)
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.numbers import whole

bp = Blueprint("changes", __name__)
Page = str | tuple[str, int] | Response


@bp.context_processor
def _words() -> dict[str, object]:
    return {"change_label": CHANGE_LABEL, "article_words": article_words}


def shipped_guides() -> Sequence[study.Guide]:
    return study.guides(current_app.config["LEGALED"].laws)


def effect_words(effects: laws.Effects) -> str:
    """What an import made 待复核, in a sentence; "" when it changed nothing."""
    if effects.old is None or not effects.articles:
        return ""
    words = f"和上一文本有 {effects.articles} 条不同，"
    if not effects.questions and not effects.guides:
        return f"{words}没有题目和指南引用这些条。"
    found = [f"{effects.questions} 道题"] if effects.questions else []
    found += [f"{effects.guides} 份指南"] if effects.guides else []
    return f"{words}{'、'.join(found)}待复核。"


@bp.get("/<int:law_id>/compare")
@allow(Permission.MEMBER)
def compare(law_id: int) -> Page:
    found = law_changes.compare_page(
        db.get_session(), law_id, now(), old_id=whole(request.args, "old"),
        new_id=whole(request.args, "new"), page=whole(request.args, "page", 1))
    return render_template("laws/compare.html", found=found)


@bp.get("/review")
@allow(Permission.BANK_READ)
def review() -> Page:
    found = law_flags_list.flag_list(
        db.get_session(), actor(), shipped_guides(), now(), law_id=whole(request.args, "law"),
        bank_id=whole(request.args, "bank"), of_guides=request.args.get("show") == "guides",
        page=whole(request.args, "page", 1))
    return render_template(
        "laws/review.html", found=found, law_id=whole(request.args, "law"),
        bank_id=whole(request.args, "bank"), of_guides=request.args.get("show") == "guides",
        form=SettleForm(formdata=None), may_edit=actor().may(Permission.BANK_EDIT))


@bp.post("/review")
@allow(Permission.BANK_EDIT)
def settle() -> Page:
    """Back to the same list: the address keeps its filters."""
    form, flags = SettleForm(), picked_flags(request.form.getlist("flag"))
    form.validate()
    if form.note.errors:
        flash(f"{form.note.errors[0]}，没有改动。", "warn")
    else:
        guides = shipped_guides()
        done = law_flags.settle(
            db.get_session(), actor(), flags, form.note.data or "", guides, now())
        flash(f"{done} 处已记为仍然正确，不再待复核。" if done
              else "没有改动：这些已经有人复核过，或内容已经改了。", "message" if done else "warn")
    kept = {name: request.args[name] for name in ("law", "bank", "show", "page")
            if name in request.args}
    return redirect(url_for(".review", **kept), 303)  # type: ignore[arg-type]
