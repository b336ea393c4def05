"""Who may call which view. A view that does not say so stops the app from starting."""

import hashlib
import secrets
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, TypeVar

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask_login import LoginManager, current_user, login_user, logout_user
from flask_wtf import CSRFProtect
from werkzeug import Response
from werkzeug.exceptions import BadRequest

from legaled import db
from legaled.domain.errors import DomainError
from legaled.domain.permissions import Actor, Permission
from legaled.services import accounts
from legaled.web.clock import now

View = TypeVar("View", bound=Callable[..., Any])
ANYONE = None
DECLARED: dict[Callable[..., Any], Permission | None] = {}
WHILE_PASSWORD_IS_INITIAL = frozenset({"accounts.password", "accounts.change_password",
                                       "accounts.logout"})
UPLOADS = frozenset({"imports.receive", "laws.receive", "people.check", "people.confirm",
                     "people.passwords", "plans.items.receive",
                     "sessions.photos.add"})
BODY, UPLOAD = 1024 * 1024, 20 * 1024 * 1024 + 64 * 1024  # bytes
GOOD_TOKENS = 20_000
SEEN_EVERY = 60  # seconds between two notes of activity in the cookie
login_manager = LoginManager()
csrf = CSRFProtect()


class LoginRequiredError(DomainError):
    code = "login_required"


class PasswordChangeRequiredError(DomainError):
    code = "password_change_required"


class RoleRequiredError(DomainError):
    code = "forbidden"


class Member:
    """The signed-in person as Flask-Login wants it; `actor` is what services get."""

    is_authenticated = is_active = True
    is_anonymous = False

    def __init__(self, actor: Actor, token: str) -> None:
        self.actor = actor
        self.token = token

    def get_id(self) -> str:
        return self.token


def allow(permission: Permission | None) -> Callable[[View], View]:
    """Declare who may call a view: everybody who holds the permission, or ANYONE."""

    def mark(view: View) -> View:
        DECLARED[view] = permission
        return view

    return mark


def init_app(app: Flask) -> None:
    login_manager.init_app(app, add_context_processor=False)  # the error page asks nobody
    login_manager.session_protection = None
    csrf.init_app(app)
    app.extensions["good_csrf"] = {}
    app.before_request(_gate)


def refuse_undeclared_views(app: Flask) -> None:
    silent = [n for n, v in app.view_functions.items() if n != "static" and v not in DECLARED]
    if silent:
        raise RuntimeError(f"views without @allow: {silent}")


def actor() -> Actor:
    """The person who calls. Only for views that are not open to ANYONE."""
    found = optional_actor()
    if found is None:
        raise LoginRequiredError()
    return found


def optional_actor() -> Actor | None:
    """The person who calls, or None; asked of Flask-Login once a request."""
    if "actor" not in g:
        g.actor = current_user.actor if current_user.is_authenticated else None
    found: Actor | None = g.actor
    return found


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def sign_in(person_id: int, at: datetime) -> None:
    """A new session: nothing of what the cookie held before is kept."""
    session.clear()
    token = secrets.token_urlsafe(24)
    signed_in = accounts.open_sign_in(db.get_session(), person_id, token_hash(token), at)
    login_user(Member(signed_in, token))
    g.pop("actor", None)
    session["seen"] = int(at.timestamp())


def sign_out() -> None:
    if current_user.is_authenticated:
        token = token_hash(current_user.token)
        accounts.close_sign_in(db.get_session(), token, now())
    logout_user()
    g.pop("actor", None)
    session.clear()


@login_manager.user_loader  # type: ignore[untyped-decorator]  # Flask-Login carries no types
def _load(token: str) -> Member | None:
    moment = now()
    at = int(moment.timestamp())
    idle = current_app.config["LEGALED"].idle_minutes * 60
    if at - session.get("seen", 0) > idle:
        return None
    found = accounts.actor_of(db.hot(), token_hash(token), moment)
    if found is None:
        return None
    if at - session["seen"] >= SEEN_EVERY:
        session["seen"] = at
    return Member(found, token)


def _gate() -> Response | None:
    if request.endpoint is None or request.endpoint == "static":
        return None
    need = DECLARED[current_app.view_functions[request.endpoint]]
    limit = UPLOAD if request.endpoint in UPLOADS else BODY
    request.max_content_length = request.max_form_memory_size = limit
    if need is not ANYONE and (elsewhere := _check_member(need)):
        return elsewhere
    _refuse_nul([request.path, *request.args.values()])
    if request.method not in db.SAFE:
        _check_csrf()
        _refuse_nul(request.form.values())
    return None


def _check_member(need: Permission) -> Response | None:
    """Raises, or sends a reader of pages to where the answer is: sign in, change the password."""
    reading = request.method == "GET" and not wants_json()
    who = optional_actor()
    if who is None:
        if reading:
            return redirect(url_for("accounts.login", next=request.full_path.rstrip("?")))
        raise LoginRequiredError()
    if who.must_change_password and request.endpoint not in WHILE_PASSWORD_IS_INITIAL:
        if reading:
            return redirect(url_for("accounts.password"))
        raise PasswordChangeRequiredError()
    if not who.may(need):
        raise RoleRequiredError()
    return None


def _check_csrf() -> None:
    """Flask-WTF's check; a token found good for this session stays good (no time limit)."""
    pair = (session.get("csrf_token"), request.headers.get("X-CSRFToken"))
    good: dict[Any, None] = current_app.extensions["good_csrf"]
    if pair in good and all(pair):
        g.csrf_token = pair[1]  # what Flask-WTF would sign anew for the answer's forms
        return
    csrf.protect()
    if "csrf_token" in request.form:  # then it was the form's token that was checked
        return
    if len(good) > GOOD_TOKENS:
        good.clear()
    good[pair] = None


def _refuse_nul(texts: Iterable[str]) -> None:
    """PostgreSQL cannot keep a NUL and nobody can type one."""
    if any("\0" in text for text in texts):
        raise BadRequest()


def wants_json() -> bool:
    """True for the protocol's calls: JSON in, or JSON asked for."""
    if "wants_json" not in g:
        accept = request.accept_mimetypes
        g.wants_json = (
            request.is_json
            or request.path.endswith(".json")
            or request.method == "PUT"
            or (accept.accept_json and not accept.accept_html)
        )
    return bool(g.wants_json)
