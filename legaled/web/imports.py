"""The import desk: a trainer's file on its way into a question bank."""

from pathlib import Path
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.bank_problems import UnreadableFileError
from legaled.domain.errors import InvalidError
from legaled.domain.permissions import Permission
from legaled.forms.imports import COLUMN_CHOICES, EmptyForm, ImportForm, UploadForm, read_columns
from legaled.services import bank_desk, banks
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.downloads import BYTES, download
from legaled.web.errors import message
from legaled.web.numbers import whole

bp = Blueprint("imports", __name__, url_prefix="/banks")
Page = str | tuple[str, int] | Response


@bp.get("/template.csv")
@allow(Permission.BANK_EDIT)
def template() -> Page:
    return download(bank_desk.blank_template(), "题库模板.csv", BYTES)


@bp.get("/upload")
@allow(Permission.BANK_EDIT)
def upload() -> Page:
    return _upload_page(UploadForm(data={"bank": request.args.get("bank", "")}))


@bp.post("/upload")
@allow(Permission.BANK_EDIT)
def receive() -> Page:
    form = UploadForm()
    if not form.validate():
        return _upload_page(form), 422
    content, options = form.content(), form.options()
    try:
        kept = bank_desk.receive(_folder(), actor(), form.filename(), content, options, now())
    except UnreadableFileError as error:
        form.file.errors = [f"{error.problem.message}文件没有保存，题库没有变化。"]
        return _upload_page(form), 422
    return redirect(url_for(".show", token=kept.token), 303)


@bp.get("/imports/<token>")
@allow(Permission.BANK_EDIT)
def show(token: str) -> Page:
    opened = bank_desk.open_import(_folder(), actor(), token)
    form = ImportForm(data={"valid_only": opened.upload.options["valid_only"]})
    return _import_page(opened, form)


@bp.post("/imports/<token>")
@allow(Permission.BANK_EDIT)
def confirm(token: str) -> Page:
    form, opened = ImportForm(), bank_desk.open_import(_folder(), actor(), token)
    try:
        with db.database().write() as session:  # committed before the file goes
            result = bank_desk.confirm(session, actor(), opened, now(), **form.choice())
    except InvalidError as error:
        form.valid_only.errors = [message(error)]
        return _import_page(opened, form), 422
    bank_desk.drop(_folder(), actor(), token)
    flash(f"已写入：新题 {result.added}，新版本 {result.changed}，原来就有 {result.unchanged}。")
    return redirect(url_for("banks.show", bank_id=result.bank_id), 303)


@bp.post("/imports/<token>/columns")
@allow(Permission.BANK_EDIT)
def columns(token: str) -> Page:
    opened = bank_desk.open_import(_folder(), actor(), token)
    mapping, wrong = read_columns(request.form, opened.report.bank.headers)
    if wrong:
        return _import_page(opened, ImportForm(formdata=None), mapping, wrong), 422
    bank_desk.remap(_folder(), opened, mapping)
    flash("已按你指定的列重新检查。下次同样的表头直接这样读。")
    return redirect(url_for(".show", token=token), 303)


@bp.post("/imports/<token>/trailing")
@allow(Permission.BANK_EDIT)
def trailing(token: str) -> Page:
    accept = request.form.get("accept") == "on"
    bank_desk.set_trailing(_folder(), bank_desk.open_import(_folder(), actor(), token), accept)
    flash("已重新检查：答案后面有别的字时，" + ("只取前面的答案。" if accept else "那一行不写入。"))
    return redirect(url_for(".show", token=token), 303)


@bp.post("/imports/<token>/delete")
@allow(Permission.BANK_EDIT)
def delete(token: str) -> Page:
    name = bank_desk.drop(_folder(), actor(), token)
    flash(f"已放弃「{name}」，题库没有变化。")
    return redirect(url_for(".upload"), 303)


@bp.get("/imports/<token>/refused")
@allow(Permission.BANK_EDIT)
def refused(token: str) -> Page:
    name, data = bank_desk.refused(bank_desk.open_import(_folder(), actor(), token))
    return download(data, name, BYTES)


def _upload_page(form: UploadForm) -> str:
    with db.database().read() as session:
        names = banks.bank_names(session)
    return render_template(
        "imports/upload.html", form=form, names=names, empty=EmptyForm(formdata=None),
        pending=bank_desk.pending(_folder(), actor()))


def _import_page(
    opened: bank_desk.Opened, form: ImportForm, columns: Any = None, wrong: str | None = None
) -> str:
    with db.database().read() as session:
        review = bank_desk.review(
            session, actor(), opened, request.args.get("code", ""), _page_number(), now())
    return render_template(
        "imports/show.html", opened=opened, view=review, form=form, fields=COLUMN_CHOICES,
        mapping=columns or opened.report.bank.mapping, wrong=wrong, code=review.code)


def _folder() -> Path:
    """Where uploaded files wait: beside the database, never under a public path."""
    instance: Path = current_app.config["LEGALED"].instance
    return instance / "uploads"


def _page_number() -> int:
    return whole(request.args, "page", 1)
