"""Question banks: lists, questions, settings. Editing and reviewing have files of their own."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.bank_stats import quality, two_decimals
from legaled.domain.errors import ConflictError
from legaled.domain.permissions import Permission
from legaled.domain.rates import percent
from legaled.forms.banks import FilterForm, ReturnForm, SettingsForm, picked_ids
from legaled.services import bank_edits, bank_pages, banks
from legaled.services.bank_search import Search
from legaled.web import bank_edits as edit_views
from legaled.web import bank_review as review_views
from legaled.web.access import actor, allow, optional_actor
from legaled.web.clock import now
from legaled.web.downloads import BYTES, download
from legaled.web.errors import message
from legaled.web.numbers import whole

bp = Blueprint("banks", __name__, url_prefix="/banks")
bp.register_blueprint(edit_views.bp)
bp.register_blueprint(review_views.bp)
Page = str | tuple[str, int] | Response


@bp.context_processor
def _words() -> dict[str, object]:
    who = optional_actor()  # a stranger's error page asks too
    return {
        "may_edit": who is not None and who.may(Permission.BANK_EDIT),
        "may_see_exams": who is not None and who.may(Permission.EXAM_READ),
        "percent": percent, "quality": quality, "two_decimals": two_decimals,
    }


@bp.get("")
@allow(Permission.BANK_READ)
def index() -> Page:
    lines = banks.list_banks(db.get_session())
    return render_template(
        "banks/list.html", banks=lines, total=sum(line.active for line in lines),
        waiting=sum(line.waiting for line in lines))


@bp.get("/<int:bank_id>")
@allow(Permission.BANK_READ)
def show(bank_id: int) -> Page:
    form = FilterForm(request.args)
    view = banks.bank_page(
        db.get_session(), actor(), bank_id, now(), Search(**form.search()),
        whole(request.args, "page", 1))
    return render_template(
        "banks/show.html", view=view, form=form.with_choices(view.laws, view.difficulties),
        filtered=form.is_filtered, query=request.query_string.decode("ascii", "ignore"))


@bp.post("/<int:bank_id>/questions")
@allow(Permission.BANK_EDIT)
def bulk(bank_id: int) -> Page:
    picked, session = picked_ids(request.form.getlist("id")), db.get_session()
    if request.form.get("action") == "restore":
        done = bank_edits.restore(session, actor(), bank_id, picked, now())
        words = f"{done} 道题已恢复使用，以后组卷可以抽到。"
    else:
        done = bank_edits.retire(session, actor(), bank_id, picked, now())
        words = f"{done} 道题已停用，以后组卷不再抽到。已经发布的考试和答卷不变。"
    flash(words if done else "没有选中要改的题，什么都没有改动。", "message" if done else "warn")
    query = request.form.get("back", "")
    return redirect(url_for(".show", bank_id=bank_id) + (f"?{query}" if query else ""), 303)


@bp.get("/<int:bank_id>/export.<any(csv,xlsx,xml):kind>")
@allow(Permission.BANK_READ)
def export(bank_id: int, kind: str) -> Page:
    session = db.get_session()
    name = banks.bank_name_of(session, bank_id)
    drafts = banks.export_bank(session, actor(), bank_id, now())
    data = banks.write_bank(drafts, kind)
    with db.database().write() as log:
        banks.note_export(log, actor(), name, len(drafts), now())
    return download(data, f"{name}.{kind}", BYTES)


@bp.get("/<int:bank_id>/settings")
@allow(Permission.BANK_EDIT)
def settings(bank_id: int) -> Page:
    with db.database().read() as session:
        bank = bank_edits.bank_for(session, actor(), bank_id, now())
        initial = {"name": bank.name, "practice": bank.practice, "review": bank.review}
    return _settings_page(bank_id, SettingsForm(formdata=None, data=initial))


@bp.post("/<int:bank_id>/settings")
@allow(Permission.BANK_EDIT)
def save_settings(bank_id: int) -> Page:
    form = SettingsForm()
    if not form.validate():
        return _settings_page(bank_id, form), 422
    try:
        bank_edits.save_settings(
            db.get_session(), actor(), bank_id, form.name.data, now(),
            practice=form.practice.data, review=form.review.data)
    except ConflictError as error:
        if error.code != "bank_name_taken":
            raise
        db.rollback()
        form.name.errors = [message(error)]
        return _settings_page(bank_id, form), 422
    flash("题库设置已保存。")
    return redirect(url_for(".show", bank_id=bank_id), 303)


@bp.post("/<int:bank_id>/delete")
@allow(Permission.BANK_EDIT)
def delete(bank_id: int) -> Page:
    name = bank_edits.delete_bank(db.get_session(), actor(), bank_id, now())
    flash(f"题库「{name}」已删除。它里面没有题，别的题库和考试不受影响。")
    return redirect(url_for(".index"), 303)


@bp.get("/<int:bank_id>/questions/<int:question_id>")
@allow(Permission.BANK_READ)
def question(bank_id: int, question_id: int) -> Page:
    every = request.args.get("versions") == "all"
    found = banks.question_page(
        db.get_session(), actor(), bank_id, question_id, now(), every=every)
    return render_template("banks/question.html", q=found, back=ReturnForm(formdata=None))


@bp.post("/<int:bank_id>/questions/<int:question_id>/retire")
@allow(Permission.BANK_EDIT)
def retire(bank_id: int, question_id: int) -> Page:
    session = db.get_session()
    bank_edits.question_of(session, bank_id, question_id)
    bank_edits.retire(session, actor(), bank_id, [question_id], now())
    flash("这道题已停用，以后组卷不再抽到。已经发布的考试和答卷不变。")
    return redirect(url_for(".question", bank_id=bank_id, question_id=question_id), 303)


@bp.post("/<int:bank_id>/questions/<int:question_id>/restore")
@allow(Permission.BANK_EDIT)
def restore(bank_id: int, question_id: int) -> Page:
    session = db.get_session()
    bank_edits.question_of(session, bank_id, question_id)
    bank_edits.restore(session, actor(), bank_id, [question_id], now())
    flash("这道题已恢复使用，以后组卷可以抽到。")
    return redirect(url_for(".question", bank_id=bank_id, question_id=question_id), 303)


def _settings_page(bank_id: int, form: SettingsForm) -> str:
    with db.database().read() as session:
        bank_edits.bank_for(session, actor(), bank_id, now())
        line = bank_pages.bank_line(session, bank_id)
    return render_template("banks/settings.html", bank=line, form=form)
