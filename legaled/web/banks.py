"""Question banks: lists, questions, and the import desk."""


from flask import (
    Blueprint,
    flash,
    redirect,
    render_template,
    request,
    url_for,
)
from werkzeug import Response

from legaled import db
from legaled.domain.permissions import Permission
from legaled.forms.banks import (
    FilterForm,
)
from legaled.services import banks
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.downloads import BYTES, download
from legaled.web.numbers import whole

bp = Blueprint("banks", __name__, url_prefix="/banks")
Page = str | tuple[str, int] | Response


@bp.get("")
@allow(Permission.BANK_READ)
def index() -> Page:
    lines = banks.list_banks(db.get_session())
    total = sum(line.active for line in lines)
    return render_template(
        "banks/list.html", banks=lines, total=total, may_edit=actor().may(Permission.BANK_EDIT))


@bp.get("/<int:bank_id>")
@allow(Permission.BANK_READ)
def show(bank_id: int) -> Page:
    form = FilterForm(request.args)
    page = banks.bank_page(
        db.get_session(), actor(), bank_id, now(), form.q.data or "", form.kind.data or "",
        form.law.data or "", form.state.data or "active", _page_number())
    filtered = any(request.args.get(name) for name in ("q", "kind", "law", "state"))
    return render_template(
        "banks/show.html", view=page, form=form.with_laws(page.laws), filtered=filtered,
        may_edit=actor().may(Permission.BANK_EDIT))


@bp.get("/<int:bank_id>/export.csv")
@allow(Permission.BANK_READ)
def export(bank_id: int) -> Page:
    session = db.get_session()
    name = banks.bank_name_of(session, bank_id)
    drafts = banks.export_bank(session, actor(), bank_id, now())
    data = banks.write_template(drafts)
    with db.database().write() as log:
        banks.note_export(log, actor(), name, len(drafts), now())
    return download(data, f"{name}.csv", BYTES)


@bp.post("/<int:bank_id>/practice")
@allow(Permission.BANK_EDIT)
def practice(bank_id: int) -> Page:
    on = request.form.get("practice") == "on"
    banks.set_practice(db.get_session(), actor(), bank_id, on, now())
    flash("职工现在可以用这个题库练习。" if on else "职工不能再用这个题库练习。考试不受影响。")
    return redirect(url_for(".show", bank_id=bank_id), 303)


@bp.get("/<int:bank_id>/questions/<int:question_id>")
@allow(Permission.BANK_READ)
def question(bank_id: int, question_id: int) -> Page:
    found = banks.question_page(db.get_session(), actor(), bank_id, question_id, now())
    return render_template(
        "banks/question.html", q=found, may_edit=actor().may(Permission.BANK_EDIT))


@bp.post("/<int:bank_id>/questions/<int:question_id>/retire")
@allow(Permission.BANK_EDIT)
def retire(bank_id: int, question_id: int) -> Page:
    banks.retire(db.get_session(), actor(), bank_id, question_id, now())
    flash("这道题已停用，以后组卷不再抽到。已经发布的考试和答卷不变。")
    return redirect(url_for(".question", bank_id=bank_id, question_id=question_id), 303)


@bp.post("/<int:bank_id>/questions/<int:question_id>/restore")
@allow(Permission.BANK_EDIT)
def restore(bank_id: int, question_id: int) -> Page:
    banks.restore(db.get_session(), actor(), bank_id, question_id, now())
    flash("这道题已恢复使用，以后组卷可以抽到。")
    return redirect(url_for(".question", bank_id=bank_id, question_id=question_id), 303)


def _page_number() -> int:
    return whole(request.args, "page", 1)
