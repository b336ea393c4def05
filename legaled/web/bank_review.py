"""The second pair of eyes: what waits in a bank, approving it, sending it back."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.permissions import Permission
from legaled.forms.banks import ReturnForm, picked_ids, picked_versions
from legaled.services import bank_question, bank_review
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.numbers import whole

bp = Blueprint("review", __name__)
Page = str | tuple[str, int] | Response


@bp.get("/<int:bank_id>/review")
@allow(Permission.BANK_READ)
def index(bank_id: int) -> Page:
    found = bank_review.review_page(
        db.get_session(), actor(), bank_id, now(), whole(request.args, "page", 1))
    return render_template("banks/review.html", view=found)


@bp.post("/<int:bank_id>/review")
@allow(Permission.BANK_EDIT)
def approve(bank_id: int) -> Page:
    everything = "all" in request.form
    seen = picked_versions(request.form.getlist("seen" if everything else "pick"))
    done = bank_review.approve(db.get_session(), actor(), bank_id, seen, now())
    words = [f"{done.count} 道题审核通过，可以进考试了。" if done.count else "没有题被通过。"]
    if done.own:
        words.append(f"{done.own} 道是你自己写的，要另一位培训员来审。")
    if done.gone:
        words.append(f"{done.gone} 道刚才有人审过或改过，没有动，请看新的内容。")
    flash("".join(words), "message" if done.count else "warn")
    return redirect(url_for(".index", bank_id=bank_id), 303)


@bp.post("/<int:bank_id>/questions/<int:question_id>/return")
@allow(Permission.BANK_EDIT)
def send_back(bank_id: int, question_id: int) -> Page:
    form = ReturnForm()
    if not form.validate():
        return _question_page(bank_id, question_id, form), 422
    version = (picked_ids([form.version.data or ""]) or [0])[0]
    has_older = bank_review.send_back(
        db.get_session(), actor(), bank_id, question_id, version, form.note.data, now())
    flash("已退回，恢复成上次审过的内容。" if has_older else
          "已退回。这道题还没有审过的内容，已停用；改好以后再恢复使用。")
    return redirect(url_for("banks.question", bank_id=bank_id, question_id=question_id), 303)


def _question_page(bank_id: int, question_id: int, form: ReturnForm) -> str:
    with db.database().read() as session:
        found = bank_question.question_page(session, actor(), bank_id, question_id, now())
    return render_template("banks/question.html", q=found, back=form)
