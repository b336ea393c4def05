"""The items of a draft plan: laws, guides, files and web pages."""

from pathlib import Path

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.errors import InvalidError
from legaled.domain.permissions import Permission
from legaled.domain.plans import ItemKind
from legaled.forms.base import Form
from legaled.forms.plans import (
    ALL,
    FileItemForm,
    GuideItemForm,
    ItemMinutesForm,
    LawItemForm,
    LinkItemForm,
)
from legaled.services import laws, materials, plan_items, plans, study
from legaled.services.plan_items import LawParts
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.errors import message
from legaled.web.numbers import whole

bp = Blueprint("items", __name__, url_prefix="/<int:plan_id>/items")
Page = str | tuple[str, int] | Response
LETTERS_A_MINUTE = 400


@bp.get("/law")
@allow(Permission.STUDY_EDIT)
def new_law(plan_id: int) -> Page:
    law_id = whole(request.args, "law")
    if law_id is None:
        _check_draft(plan_id)
        return render_template("plans/laws.html", plan_id=plan_id,
                               laws=laws.law_list(db.get_session(), now()))
    parts = _parts(plan_id, law_id)
    return _law_page(plan_id, parts, _law_form(parts, {"part": ALL}))


@bp.post("/law/<int:law_id>")
@allow(Permission.STUDY_EDIT)
def add_law(plan_id: int, law_id: int) -> Page:
    parts = _parts(plan_id, law_id)
    form = _law_form(parts)
    if not form.validate():
        return _law_page(plan_id, parts, form), 422
    draft = form.draft(law_id, parts.name)
    try:
        plan_items.add(db.get_session(), actor(), plan_id, draft, now())
    except InvalidError as error:
        db.rollback()
        form.last.errors = [message(error)]
        return _law_page(plan_id, parts, form), 422
    return _added(plan_id, draft.title)


@bp.get("/guide")
@allow(Permission.STUDY_EDIT)
def new_guide(plan_id: int) -> Page:
    _check_draft(plan_id)
    return _page(plan_id, ItemKind.GUIDE, _guide_form())


@bp.post("/guide")
@allow(Permission.STUDY_EDIT)
def add_guide(plan_id: int) -> Page:
    form = _guide_form()
    if not form.validate():
        return _page(plan_id, ItemKind.GUIDE, form), 422
    draft = form.draft()
    plan_items.add(db.get_session(), actor(), plan_id, draft, now(), _guides())
    return _added(plan_id, draft.title)


@bp.get("/file")
@allow(Permission.STUDY_EDIT)
def new_file(plan_id: int) -> Page:
    _check_draft(plan_id)
    return _page(plan_id, ItemKind.FILE, _file_form())


@bp.post("/file")
@allow(Permission.STUDY_EDIT)
def receive(plan_id: int) -> Page:
    form = _file_form()
    if not form.validate():
        return _page(plan_id, ItemKind.FILE, form), 422
    _check_draft(plan_id)
    if form.material.data:
        return _add_material(plan_id, form, form.material.data)
    try:
        checked = materials.check(*form.content())
    except materials.MaterialRefusedError as error:
        form.file.errors = [error.message]
        return _page(plan_id, ItemKind.FILE, form), 422
    materials.store(current_app.config["LEGALED"].instance / "materials", checked)
    title = form.name_of(checked.name)
    material_id = materials.keep(db.get_session(), actor(), checked, title, now())
    return _add_material(plan_id, form, material_id)


@bp.get("/link")
@allow(Permission.STUDY_EDIT)
def new_link(plan_id: int) -> Page:
    _check_draft(plan_id)
    return _page(plan_id, ItemKind.LINK, LinkItemForm(None))


@bp.post("/link")
@allow(Permission.STUDY_EDIT)
def add_link(plan_id: int) -> Page:
    form = LinkItemForm()
    if not form.validate():
        return _page(plan_id, ItemKind.LINK, form), 422
    draft = form.draft()
    plan_items.add(db.get_session(), actor(), plan_id, draft, now())
    return _added(plan_id, draft.title)


@bp.post("/<int:item_id>/minutes")
@allow(Permission.STUDY_EDIT)
def set_minutes(plan_id: int, item_id: int) -> Page:
    form = ItemMinutesForm(prefix=f"item-{item_id}-")
    if not form.validate():
        raise InvalidError("plan_minutes")
    plan_items.set_minutes(
        db.get_session(), actor(), plan_id, item_id, form.minutes.data, now())
    flash("要求的分钟数已改。")
    return _back(plan_id)


@bp.post("/<int:item_id>/<any(up, down):way>")
@allow(Permission.STUDY_EDIT)
def move(plan_id: int, item_id: int, way: str) -> Page:
    plan_items.move(db.get_session(), actor(), plan_id, item_id, way == "up")
    return _back(plan_id)


@bp.post("/<int:item_id>/delete")
@allow(Permission.STUDY_EDIT)
def delete(plan_id: int, item_id: int) -> Page:
    title = plan_items.remove(db.get_session(), actor(), plan_id, item_id, now())
    flash(f"已去掉「{title}」。")
    return _back(plan_id)


def _add_material(plan_id: int, form: FileItemForm, material_id: int) -> Page:
    session = db.get_session()
    known = materials.material(session, actor(), material_id)
    draft = form.draft(material_id, form.title.data or known.title)
    plan_items.add(session, actor(), plan_id, draft, now())
    return _added(plan_id, draft.title)


def _added(plan_id: int, title: str) -> Response:
    flash(f"已添加「{title}」。")
    return _back(plan_id)


def _back(plan_id: int) -> Response:
    return redirect(url_for("plans.show", plan_id=plan_id, _anchor="items"), 303)


def _check_draft(plan_id: int) -> None:
    with db.database().read() as session:
        plans.draft_for(session, actor(), plan_id)


def _parts(plan_id: int, law_id: int) -> LawParts:
    with db.database().read() as session:
        plans.draft_for(session, actor(), plan_id)
        return plan_items.law_parts(session, law_id, now())


def _law_form(parts: LawParts, initial: dict[str, str] | None = None) -> LawItemForm:
    return LawItemForm(
        [(one.first, one.last, f"{one.words}，{one.articles} 条，约 {_reading(one.letters)} 分钟")
         for one in parts.chapters], data=initial)


def _reading(letters: int) -> int:
    return max(1, -(-letters // LETTERS_A_MINUTE))


def _law_page(plan_id: int, parts: LawParts, form: LawItemForm) -> str:
    return render_template("plans/item.html", plan_id=plan_id, kind=ItemKind.LAW, form=form,
                           law=parts, reading=_reading(parts.letters),
                           action=url_for(".add_law", plan_id=plan_id, law_id=parts.law_id))


def _guide_form() -> GuideItemForm:
    return GuideItemForm([(one.name, one.title) for one in study.guides(_guides())])


def _guides() -> Path:
    folder: Path = current_app.config["LEGALED"].laws
    return folder


def _file_form() -> FileItemForm:
    with db.database().read() as session:
        return FileItemForm(materials.material_choices(session, actor()))


def _page(plan_id: int, kind: ItemKind, form: Form) -> str:
    return render_template("plans/item.html", plan_id=plan_id, kind=kind, form=form, law=None,
                           reading=0, action=request.path)
