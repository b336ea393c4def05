"""The one error page, and the same for JSON. It needs no database and no session."""

import secrets

import structlog
from flask import Flask, Response, g, jsonify, make_response, render_template, session
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException, RequestEntityTooLarge

from legaled import db
from legaled.domain.errors import (
    ConflictError,
    DomainError,
    ForbiddenError,
    InvalidError,
    NotFoundError,
)
from legaled.web.access import (
    LoginRequiredError,
    PasswordChangeRequiredError,
    RoleRequiredError,
    wants_json,
)
from legaled.web.words import MESSAGES

log = structlog.get_logger()
STATUS: dict[type[DomainError], int] = {
    NotFoundError: 404,
    ConflictError: 409,
    ForbiddenError: 403,
    InvalidError: 422,
    LoginRequiredError: 401,
    PasswordChangeRequiredError: 403,
    RoleRequiredError: 403,
}
HTTP_CODE = {404: "not_found", 405: "method_not_allowed", 413: "too_large", 429: "busy",
             503: "busy"}


def init_app(app: Flask) -> None:
    app.register_error_handler(DomainError, _domain)
    app.register_error_handler(CSRFError, lambda _error: _answer(400, "csrf"))
    app.register_error_handler(RequestEntityTooLarge, lambda _error: _answer(413, "too_large"))
    app.register_error_handler(HTTPException, _http)
    app.register_error_handler(Exception, _unexpected)


def message(error: DomainError) -> str:
    """The Chinese sentence of a refusal: what happened, what is safe, what to do."""
    template = MESSAGES.get(error.code, MESSAGES["refused"])
    return template.format(**error.facts) if error.facts else template


def _domain(error: DomainError) -> Response:
    status = next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 400)
    return _answer(status, error.code, message(error))


def _http(error: HTTPException) -> Response:
    original = getattr(error, "original_exception", None)
    if original is not None:  # it broke after the view, in the commit for instance
        return _unexpected(original)
    status = error.code or 500
    return _answer(status, HTTP_CODE.get(status, "bad_request" if status < 500 else "server"))


def _unexpected(error: Exception) -> Response:
    session.pop("_flashes", None)  # they tell of something that was not kept
    if isinstance(error, RecursionError):  # JSON that is nested without end
        return _answer(400, "bad_request")
    if db.is_busy(error):
        log.warning("busy", exc_info=error)
        return _answer(503, "busy")
    number = f"E-{secrets.token_hex(3).upper()}"
    log.error("unexpected", number=number, exc_info=error)
    return _answer(500, "server", number=number)


def _answer(status: int, code: str, text: str = "", number: str = "") -> Response:
    db.rollback()  # raising means that nothing is kept
    g.setdefault("actor", None)  # who calls is not asked again: the database may be away
    text = text or MESSAGES.get(code, MESSAGES["refused"])
    if wants_json():
        response = jsonify(error=code, message=text)
    else:
        page = render_template("errors/error.html", status=status, message=text, number=number)
        response = make_response(page)
    response.status_code = status
    if status in {429, 503}:
        response.headers["Retry-After"] = "3"
    return response
