"""Signing in and out, and one's own password."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.errors import InvalidError
from legaled.domain.permissions import Permission
from legaled.forms.accounts import LoginForm, PasswordForm
from legaled.services import accounts
from legaled.web import access
from legaled.web.access import ANYONE, actor, allow
from legaled.web.clock import now
from legaled.web.errors import message
from legaled.web.pages import clock

bp = Blueprint("accounts", __name__)
Page = str | tuple[str, int] | Response


@bp.get("/login")
@allow(ANYONE)
def login() -> Page:
    if access.optional_actor():
        return redirect(_next())
    return render_template("accounts/login.html", form=LoginForm())


@bp.post("/login")
@allow(ANYONE)
def sign_in() -> Page:
    form = LoginForm()
    if not form.validate():
        return render_template("accounts/login.html", form=form), 422
    with db.database().read() as session:
        known = accounts.credentials(session, form.number.data.strip())
    right = accounts.verify(known, form.password.data)
    result = accounts.try_sign_in(db.get_session(), known, right, now())
    if result.person_id is None:
        form.password.errors = [_refusal(result)]
        return render_template("accounts/login.html", form=form), 422
    access.sign_in(result.person_id, now())
    return redirect(_next(), 303)


@bp.post("/logout")
@allow(Permission.MEMBER)
def logout() -> Page:
    access.sign_out()
    return redirect(url_for("accounts.login"), 303)


@bp.get("/password")
@allow(Permission.MEMBER)
def password() -> Page:
    return render_template("accounts/password.html", form=PasswordForm())


@bp.post("/password")
@allow(Permission.MEMBER)
def change_password() -> Page:
    form, person = PasswordForm(), actor()
    if form.validate() and form.chosen.data != form.again.data:
        form.again.errors = ["两次输入的新密码不一样，请重新输入"]
    elif not form.errors:
        with db.database().read() as session:
            known = accounts.credentials(session, person.number)
        if not accounts.verify(known, form.current.data):
            form.current.errors = ["现在的密码不对"]
        elif form.current.data == form.chosen.data:
            form.chosen.errors = ["新密码不能和现在的一样"]
        else:
            return _change(form, int(person.id or 0))
    return render_template("accounts/password.html", form=form), 422


def _change(form: PasswordForm, person_id: int) -> Page:
    chosen_hash = accounts.hash_password(form.chosen.data)
    try:
        accounts.change_password(
            db.get_session(), person_id, form.chosen.data, chosen_hash, now()
        )
    except InvalidError as error:
        db.rollback()
        form.chosen.errors = [message(error)]
        return render_template("accounts/password.html", form=form), 422
    access.sign_in(person_id, now())
    flash("密码已修改。其他设备上的登录已全部退出。")
    return redirect(url_for("home.index"), 303)


def _next() -> str:
    """Where the person wanted to go; only a path of this site."""
    wanted = request.args.get("next", "")
    plain = all(character > " " and character != "\\" for character in wanted)
    local = plain and wanted.startswith("/") and not wanted.startswith("//")
    return wanted if local else url_for("home.index")


def _refusal(result: accounts.SignInResult) -> str:
    if result.locked_until is not None:
        until = clock(result.locked_until)[:5]
        return f"连续输错多次，账号锁定到 {until}。到时再试，或请账号管理员重置密码。"
    return "工号或密码不对，请重新输入，注意大小写。连续错 5 次会锁定 15 分钟。"
