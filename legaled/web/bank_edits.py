"""Editing questions in the browser: a new version each time, and nothing typed is lost."""

from flask import Blueprint, flash, redirect, render_template, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.errors import ConflictError
from legaled.domain.permissions import Permission
from legaled.forms.banks import QuestionForm, question_fields
from legaled.services import bank_edits, bank_pages, bank_question, law_versions
from legaled.services.bank_plan import number_of
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.errors import message

bp = Blueprint("edits", __name__)
Page = str | tuple[str, int] | Response


@bp.get("/<int:bank_id>/questions/new")
@allow(Permission.BANK_EDIT)
def new(bank_id: int) -> Page:
    return _page(bank_id, QuestionForm(formdata=None))


@bp.post("/<int:bank_id>/questions/new")
@allow(Permission.BANK_EDIT)
def create(bank_id: int) -> Page:
    form = _sent()
    if not form.validate() or form.draft is None:
        return _page(bank_id, form), 422
    try:
        saved = bank_edits.add_question(db.get_session(), actor(), bank_id, form.draft, now())
    except ConflictError as error:
        return _refused(bank_id, None, form, error)
    return _done(bank_id, saved, form.warnings)


@bp.get("/<int:bank_id>/questions/<int:question_id>/edit")
@allow(Permission.BANK_EDIT)
def edit(bank_id: int, question_id: int) -> Page:
    with db.database().read() as session:
        found = bank_edits.stored(session, actor(), bank_id, question_id, now())
    fields = question_fields(found.draft, found.version)
    return _page(bank_id, QuestionForm(formdata=None, data=fields), question_id)


@bp.post("/<int:bank_id>/questions/<int:question_id>/edit")
@allow(Permission.BANK_EDIT)
def update(bank_id: int, question_id: int) -> Page:
    form = _sent()
    if not form.validate() or form.draft is None:
        return _page(bank_id, form, question_id), 422
    try:
        saved = bank_edits.edit_question(
            db.get_session(), actor(), bank_id, question_id, form.base.data, form.draft, now())
    except ConflictError as error:
        return _refused(bank_id, question_id, form, error)
    return _done(bank_id, saved, form.warnings)


def _sent() -> QuestionForm:
    """What was typed, with the laws of the library to judge it by."""
    with db.database().read() as session:
        return QuestionForm(law_versions.article_counts(session, now()))


def _done(bank_id: int, saved: bank_edits.Saved, warnings: list[str]) -> Response:
    number = number_of(saved.question_id)
    if not saved.is_new:
        flash("内容和现在的版本一样，没有存成新版本。")
    elif saved.waiting:
        flash(f"{number} 第 {saved.version} 版已保存，等另一位培训员审过才能进考试。")
    else:
        flash(f"{number} 第 {saved.version} 版已保存。已经发布的考试和答卷不变。")
    if warnings and saved.is_new:
        flash("已照你写的保存，请再看一眼：" + " ".join(warnings), "warn")
    return redirect(
        url_for("banks.question", bank_id=bank_id, question_id=saved.question_id), 303)


def _refused(
    bank_id: int, question_id: int | None, form: QuestionForm, error: ConflictError
) -> Page:
    """The page again with all that was typed: beside the newer version, or with the twin."""
    db.rollback()
    if error.code == "question_twin":
        return _page(bank_id, form, question_id, twin=error), 409
    if error.code == "question_changed" and question_id is not None:
        return _page(bank_id, form, question_id, is_behind=True), 409
    raise error


def _page(
    bank_id: int, form: QuestionForm, question_id: int | None = None,
    *, is_behind: bool = False, twin: ConflictError | None = None,
) -> str:
    """The form; behind a newer version with the differences, after which saving is on purpose."""
    with db.database().read() as session:
        bank = bank_edits.bank_for(session, actor(), bank_id, now())
        name, review = bank.name, bank.review
        theirs = question_id and bank_edits.stored(session, actor(), bank_id, question_id, now())
    changes = None
    if theirs and is_behind and form.draft:
        form.base.data = form.base.raw_data = None
        form.base.process_data(theirs.version)
        changes = bank_question.differences(theirs.draft, form.draft)
    return render_template(
        "banks/edit.html", form=form, bank_id=bank_id, bank=name, review=review,
        question_id=question_id, number=question_id and number_of(question_id),
        version=theirs and theirs.version, changes=changes,
        theirs=theirs and bank_pages.shown(theirs.draft),
        twin=twin and {"words": message(twin), **twin.facts})
