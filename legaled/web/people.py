"""People, their accounts and their units: for the account administrator."""

from collections.abc import Sequence

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.bank_problems import Problem, UnreadableFileError
from legaled.domain.errors import DomainError, InvalidError, NotFoundError
from legaled.domain.people import Category
from legaled.domain.permissions import Permission, Role
from legaled.domain.times import beijing_day
from legaled.forms.people import (
    ConfirmForm,
    ImportForm,
    PasswordsForm,
    PeopleFilter,
    PersonForm,
    UnitForm,
    UnitNameForm,
)
from legaled.services import people
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.downloads import download
from legaled.web.errors import message
from legaled.web.numbers import whole
from legaled.web.pages import clock

bp = Blueprint("people", __name__, url_prefix="/people")
Page = str | tuple[str, int] | Response
SHOWN = 200  # changes and problems listed on a page; the counts are always of all
# where on the form a refusal belongs
FIELD = {
    "number_taken": "number", "roles_missing": "roles", "left_before_joined": "left_on",
    "unit_unknown": "unit_id", "own_admin_role": "roles", "own_account_end": "left_on",
    "unit_code_bad": "code", "unit_code_taken": "code", "unit_too_deep": "parent_id",
    "person_words_bad": "name", "unit_name_bad": "name", "unit_name_taken": "name",
}


# ---- the list ----

@bp.get("")
@allow(Permission.PEOPLE_EDIT)
def index() -> Page:
    form = PeopleFilter(request.args)
    found = people.list_people(db.get_session(), _query(form), now())
    form.offer(found.units)
    narrowed = any(request.args.get(name) for name in ("q", "unit", "role", "category"))
    return render_template("people/list.html", form=form, found=found, narrowed=narrowed)


def _query(form: PeopleFilter) -> people.PeopleQuery:
    """The address as a query; a word that means nothing does not narrow the list."""
    roles = {role.value: role for role in Role}
    categories = {category.value: category for category in Category}
    return people.PeopleQuery(
        text=form.q.data, unit_id=whole(request.args, "unit"),
        role=roles.get(form.role.data), category=categories.get(form.category.data),
        sort=form.sort.data or "number", page=whole(request.args, "page", 1),
    )


# ---- one person ----

@bp.get("/new")
@allow(Permission.PEOPLE_EDIT)
def new() -> Page:
    form = PersonForm.to_add(people.unit_options(db.get_session()))
    return render_template("people/new.html", form=form)


@bp.post("/new")
@allow(Permission.PEOPLE_EDIT)
def add() -> Page:
    with db.database().read() as session:
        form = PersonForm.to_add(people.unit_options(session))
    if form.validate():
        try:
            made = people.add_person(db.get_session(), actor(), form.draft(), now())
        except DomainError as error:
            _refuse(form, error)
        else:
            return render_template("people/password.html", account=made, is_new=True)
    return render_template("people/new.html", form=form), 422


@bp.get("/<int:person_id>/edit")
@allow(Permission.PEOPLE_EDIT)
def edit(person_id: int) -> Page:
    session = db.get_session()
    card = people.find_person(session, actor(), person_id, now())
    form = PersonForm.to_edit(people.unit_options(session), card.draft)
    return _person_page(form, card)


@bp.post("/<int:person_id>/edit")
@allow(Permission.PEOPLE_EDIT)
def change(person_id: int) -> Page:
    with db.database().read() as session:
        card = people.find_person(session, actor(), person_id, now())
        form = PersonForm.to_edit(people.unit_options(session), card.draft)
    if form.validate():
        try:
            people.edit_person(db.get_session(), actor(), person_id, form.draft(), now())
        except DomainError as error:
            _refuse(form, error)
        else:
            flash(f"已保存 {form.name.data} 的信息。")
            return redirect(url_for("people.index"), 303)
    return _person_page(form, card), 422


@bp.post("/<int:person_id>/password")
@allow(Permission.PEOPLE_EDIT)
def reset_password(person_id: int) -> Page:
    account = people.reset_password(db.get_session(), actor(), person_id, now())
    return render_template("people/password.html", account=account, is_new=False)


def _person_page(form: PersonForm, card: people.PersonCard) -> str:
    locked = clock(card.locked_until)[:5] if card.locked_until else ""
    return render_template("people/edit.html", form=form, card=card, locked=locked,
                           has_record=actor().may(Permission.STUDY_EDIT))


def _refuse(form: PersonForm | UnitForm | UnitNameForm, error: DomainError) -> None:
    """Put the sentence at its field; a refusal without a field goes to the error page."""
    if isinstance(error, NotFoundError) or error.code not in FIELD:
        raise error
    db.rollback()
    form[FIELD[error.code]].errors = [message(error)]


# ---- a file of people: check, confirm, hand out the passwords ----

@bp.get("/import")
@allow(Permission.PEOPLE_EDIT)
def upload() -> Page:
    return render_template("people/import.html", form=ImportForm(), problems=(), total=0)


@bp.get("/import/template.csv")
@allow(Permission.PEOPLE_EDIT)
def template() -> Page:
    return download(people.write_template(), "人员名单模板.csv")


@bp.post("/import")
@allow(Permission.PEOPLE_EDIT)
def check() -> Page:
    form = ImportForm()
    if not form.validate():
        return render_template("people/import.html", form=form, problems=(), total=0), 422
    try:
        found = people.read_people(form.file.data.read())
    except UnreadableFileError as error:
        return _problems([error.problem], form)
    with db.database().read() as session:
        plan = people.plan_people(session, actor(), found, form.create_units.data)
    if plan.problems:
        return _problems(plan.problems, form)
    packed = ConfirmForm(formdata=None, rows=people.pack(found.records),
                         create_units="1" if form.create_units.data else "")
    return render_template("people/check.html", form=packed, plan=plan, shown=SHOWN)


@bp.post("/import/confirm")
@allow(Permission.PEOPLE_EDIT)
def confirm() -> Page:
    form = ConfirmForm()
    if not form.validate():
        raise InvalidError("people_lost")
    try:
        found = people.unpack(form.rows.data)
        if found.problems:
            return _problems(found.problems, ImportForm(formdata=None))
        with db.database().write() as session:
            done = people.import_people(session, actor(), found.rows, now(),
                                        bool(form.create_units.data))
    except UnreadableFileError as error:
        raise InvalidError("people_lost") from error
    except people.PeopleRefusedError as error:
        return _problems(error.problems, ImportForm(formdata=None))
    return render_template("people/imported.html", done=done, form=PasswordsForm(formdata=None))


@bp.post("/import/passwords.csv")
@allow(Permission.PEOPLE_EDIT)
def passwords() -> Page:
    form = PasswordsForm()
    if not form.validate():
        raise InvalidError("people_lost")
    return download(people.write_passwords(form.passwords), "一次性密码.csv")


def _problems(problems: Sequence[Problem], form: ImportForm) -> Page:
    page = render_template("people/import.html", form=form, problems=problems[:SHOWN],
                           total=len(problems))
    return page, 422


# ---- units ----

@bp.get("/units")
@allow(Permission.PEOPLE_EDIT)
def units() -> Page:
    session = db.get_session()
    return _units_page(UnitForm.under(people.unit_options(session)),
                       people.unit_tree(session, beijing_day(now())))


@bp.post("/units")
@allow(Permission.PEOPLE_EDIT)
def add_unit() -> Page:
    with db.database().read() as session:
        form = UnitForm.under(people.unit_options(session))
        tree = people.unit_tree(session, beijing_day(now()))
    if form.validate():
        try:
            people.add_unit(db.get_session(), actor(), form.parent_id.data or None,
                            form.name.data, form.code.data, now())
        except DomainError as error:
            _refuse(form, error)
        else:
            flash(f"已建立 {form.name.data}。")
            return redirect(url_for("people.units"), 303)
    return _units_page(form, tree), 422


@bp.get("/units/<int:unit_id>")
@allow(Permission.PEOPLE_EDIT)
def unit(unit_id: int) -> Page:
    card = people.find_unit(db.get_session(), unit_id)
    return render_template("people/unit.html", form=UnitNameForm(name=card.name), card=card)


@bp.post("/units/<int:unit_id>")
@allow(Permission.PEOPLE_EDIT)
def rename_unit(unit_id: int) -> Page:
    form = UnitNameForm()
    with db.database().read() as session:
        card = people.find_unit(session, unit_id)
    if form.validate():
        try:
            people.rename_unit(db.get_session(), actor(), unit_id, form.name.data, now())
        except DomainError as error:
            _refuse(form, error)
        else:
            flash(f"已改名为 {form.name.data}。")
            return redirect(url_for("people.units"), 303)
    return render_template("people/unit.html", form=form, card=card), 422


def _units_page(form: UnitForm, tree: Sequence[people.UnitNode]) -> str:
    return render_template("people/units.html", form=form, tree=tree)
