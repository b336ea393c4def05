"""The import desk: a trainer's file on its way into a question bank, and out of it again."""

from pathlib import Path
from typing import Any

from flask import (
    Blueprint,
    current_app,
    flash,
    jsonify,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug import Response

from legaled import db
from legaled.domain.errors import ConflictError, DomainError, InvalidError, NotFoundError
from legaled.domain.permissions import Permission
from legaled.forms.imports import (
    COLUMN_CHOICES,
    EmptyForm,
    ImportForm,
    UploadForm,
    read_choices,
    read_columns,
    read_every,
)
from legaled.services import bank_desk, bank_undo, banks, import_review
from legaled.services.bank_desk import Waiting
from legaled.services.import_jobs import Jobs
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.downloads import BYTES, download
from legaled.web.errors import message
from legaled.web.numbers import whole

bp = Blueprint("imports", __name__, url_prefix="/banks")
Page = str | tuple[str, int] | Response
VERDICT = 5.0  # seconds in which a file that cannot be read is refused on the upload page
MOMENT = 0.8  # what a page waits for work that is nearly done


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
    except InvalidError as error:
        form.file.errors = [message(error)]
        return _upload_page(form), 422
    _jobs().start(kept.token)
    if _jobs().settle(kept, VERDICT, read=True).failed:
        form.file.errors = [_refusal(kept.token)]
        return _upload_page(form), 422
    return redirect(url_for(".show", token=kept.token), 303)


@bp.get("/imports/<token>")
@allow(Permission.BANK_EDIT)
def show(token: str) -> Page:
    waiting = _look(token)
    if waiting.stage == "ready":
        form = ImportForm(data={"valid_only": waiting.upload.options["valid_only"]})
        return _review_page(waiting, form)
    if waiting.stage == "written":
        return redirect(url_for(".result", bank_id=waiting.state.bank_id,
                                import_id=waiting.state.import_id))
    if waiting.stage == "failed":
        return render_template("imports/failed.html", it=waiting, words=_failure(waiting),
                               sheets=import_review.sheets(_folder(), waiting))
    return render_template("imports/working.html", it=waiting)


@bp.get("/imports/<token>/state.json")
@allow(Permission.BANK_EDIT)
def state(token: str) -> Page:
    waiting = _look(token, 0)
    return jsonify(settled=waiting.is_settled, words=waiting.words, stage=waiting.stage,
                   done=waiting.state.done, total=waiting.state.total)


@bp.post("/imports/<token>")
@allow(Permission.BANK_EDIT)
def confirm(token: str) -> Page:
    form, waiting = ImportForm(), _look(token)
    try:
        bank_desk.confirm(_folder(), waiting, *read_choices(request.form),
                          valid_only=form.valid_only.data, seen=request.form.get("seen"))
    except InvalidError as error:
        form.valid_only.errors = [message(error)]
        return _review_page(waiting, form), 422
    _jobs().start(token)
    return redirect(url_for(".show", token=token), 303)


@bp.post("/imports/<token>/columns")
@allow(Permission.BANK_EDIT)
def columns(token: str) -> Page:
    waiting = _look(token)
    headers = import_review.headers(_folder(), waiting)
    mapping, wrong = read_columns(request.form, headers)
    if wrong:
        return _review_page(waiting, ImportForm(formdata=None), mapping, wrong), 422
    bank_desk.remap(_folder(), waiting, mapping)
    return _again(token, "已按你指定的列重新检查。下次同样的表头直接这样读。")


@bp.post("/imports/<token>/sheet")
@allow(Permission.BANK_EDIT)
def sheet(token: str) -> Page:
    bank_desk.set_sheet(_folder(), _look(token), request.form.get("sheet", ""))
    return _again(token, "已按你选的工作表重新检查。")


@bp.post("/imports/<token>/trailing")
@allow(Permission.BANK_EDIT)
def trailing(token: str) -> Page:
    accept = request.form.get("accept") == "on"
    bank_desk.set_trailing(_folder(), _look(token), accept)
    return _again(token, "已重新检查：答案后面有别的字时，"
                  + ("只取前面的答案。" if accept else "那一行不写入。"))


@bp.post("/imports/<token>/choices")
@allow(Permission.BANK_EDIT)
def choices(token: str) -> Page:
    bank_desk.choose(_folder(), _look(token), *read_choices(request.form),
                     read_every(request.form))
    page = whole(request.form, "cpage", 1)
    return redirect(url_for(".show", token=token, cpage=page, _anchor="conf"), 303)


@bp.post("/imports/<token>/retry")
@allow(Permission.BANK_EDIT)
def retry(token: str) -> Page:
    bank_desk.retry(_folder(), _look(token))
    return _again(token, "")


@bp.post("/imports/<token>/delete")
@allow(Permission.BANK_EDIT)
def delete(token: str) -> Page:
    waiting = bank_desk.open_import(_folder(), actor(), token)
    bank_desk.drop(_folder(), waiting)
    flash(f"「{waiting.upload.name}」已从列表移去，题库没有变化。" if waiting.stage == "written"
          else f"已放弃「{waiting.upload.name}」，题库没有变化。")
    return redirect(url_for(".upload"), 303)


@bp.get("/imports/<token>/refused")
@allow(Permission.BANK_EDIT)
def refused(token: str) -> Page:
    waiting = bank_desk.open_import(_folder(), actor(), token)
    try:
        name, data = bank_desk.refused(_folder(), waiting)
    except NotFoundError:
        if waiting.stage != "checking":
            raise
        return redirect(url_for(".show", token=token), 303)
    return download(data, name, BYTES)


@bp.get("/<int:bank_id>/imports")
@allow(Permission.BANK_READ)
def history(bank_id: int) -> Page:
    session = db.get_session()
    lines, page = bank_undo.import_lines(session, bank_id, whole(request.args, "page", 1))
    return render_template("imports/history.html", bank_id=bank_id, lines=lines, page=page,
                           bank=banks.bank_name_of(session, bank_id))


@bp.get("/<int:bank_id>/imports/<int:import_id>")
@allow(Permission.BANK_READ)
def result(bank_id: int, import_id: int) -> Page:
    session = db.get_session()
    line = bank_undo.import_line(session, bank_id, import_id)
    found = bank_undo.obstacle(session, line)
    why = message(ConflictError(found.code, names=found.names)) if found else ""
    lines, page = bank_undo.written(
        session, actor(), line, whole(request.args, "page", 1), now())
    left = import_review.left_out(_folder(), actor(), line.token)
    return render_template(
        "imports/result.html", line=line, why=why, lines=lines, page=page, left=left,
        later=bank_undo.later(session, line), may_edit=actor().may(Permission.BANK_EDIT))


@bp.post("/<int:bank_id>/imports/<int:import_id>/undo")
@allow(Permission.BANK_EDIT)
def undo(bank_id: int, import_id: int) -> Page:
    with db.database().read() as session:
        before = bank_undo.prepare(session, bank_id, import_id)
    line = bank_undo.undo(db.get_session(), actor(), bank_id, import_id, now(), before)
    flash(f"已撤销「{line.file or line.bank}」的导入：删去新题 {line.added}，"
          f"退回上一版 {line.changed}。")
    return redirect(url_for(".result", bank_id=bank_id, import_id=import_id), 303)


def _upload_page(form: UploadForm) -> str:
    waiting = bank_desk.pending(_folder(), actor())
    for one in waiting:
        if not one.is_settled:
            _jobs().start(one.token)
    with db.database().read() as session:
        names = banks.bank_names(session)
    return render_template("imports/upload.html", form=form, names=names, pending=waiting,
                           empty=EmptyForm(formdata=None))


def _review_page(
    waiting: Waiting, form: ImportForm, mapping: Any = None, wrong: str | None = None
) -> str:
    pages = {name: whole(request.args, name, 1) for name in ("page", "cpage", "vpage", "rpage")}
    with db.database().read() as session:
        view = import_review.review(
            session, _folder(), actor(), waiting, request.args.get("code", ""), pages, now())
    return render_template(
        "imports/show.html", it=waiting, view=view, form=form, fields=COLUMN_CHOICES,
        mapping=mapping or {one.header: one.field for one in view.columns}, wrong=wrong)


def _look(token: str, seconds: float = MOMENT) -> Waiting:
    """The actor's file as it is now; work on it that nobody does is begun."""
    waiting = bank_desk.open_import(_folder(), actor(), token)
    with db.database().read() as session:
        waiting = bank_desk.refresh(session, _folder(), actor(), waiting, now())
    if waiting.is_settled:
        return waiting
    _jobs().start(token)
    _jobs().settle(waiting.upload, seconds)
    return bank_desk.open_import(_folder(), actor(), token)


def _again(token: str, words: str) -> Response:
    _jobs().start(token)
    if words:
        flash(words)
    return redirect(url_for(".show", token=token), 303)


def _refusal(token: str) -> str:
    """Why the file that was just sent is of no use; it is forgotten."""
    waiting = bank_desk.open_import(_folder(), actor(), token)
    bank_desk.drop(_folder(), waiting)
    return f"{_failure(waiting)}文件没有保存，题库没有变化。"


def _failure(waiting: Waiting) -> str:
    return waiting.state.message or message(DomainError(waiting.state.failed))


def _jobs() -> Jobs:
    """The worker's own thread for waiting files; in tests the work is done at once."""
    made: Jobs | None = current_app.extensions.get("import_jobs")
    if made is None:
        inline = bool(current_app.config["LEGALED"].testing)
        made = current_app.extensions.setdefault("import_jobs", Jobs(
            db.database(), _folder(), current_app.extensions["clock"], inline=inline))
    return made


def _folder() -> Path:
    """Where uploaded files wait: beside the database, never under a public path."""
    instance: Path = current_app.config["LEGALED"].instance
    return instance / "uploads"
