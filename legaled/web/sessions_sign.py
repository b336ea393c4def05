"""Signing in: the projector's screen, the page a scan leads to, and one's own sessions."""

from urllib.parse import urlsplit

from flask import (
    Blueprint,
    Response,
    current_app,
    flash,
    jsonify,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from markupsafe import Markup
from werkzeug import Response as AnyResponse

from legaled import db
from legaled.domain.errors import ConflictError
from legaled.domain.permissions import Permission
from legaled.domain.sessions import MOST_MISSES, SessionStage
from legaled.files.qr import qr_svg
from legaled.forms.sessions import CodeForm
from legaled.services import audit, session_photos, session_signing
from legaled.services.session_signing import Missed, MySession, Screen, Signed
from legaled.web import sessions_device
from legaled.web.access import actor, allow, optional_actor
from legaled.web.clock import now
from legaled.web.errors import message
from legaled.web.numbers import whole
from legaled.web.pages import clock
from legaled.web.sessions_device import Ticket
from legaled.web.words import MESSAGES

bp = Blueprint("sign", __name__)
Page = str | tuple[str, int] | AnyResponse
CODE_LONGEST = 40
ONLY_HERE = ("127.0.0.1", "localhost", "::1")  # addresses that a phone looks for in itself


# ---- the screen ----

@bp.get("/<int:session_id>/screen")
@allow(Permission.STUDY_EDIT)
def screen(session_id: int) -> Page:
    return _screen("sessions/screen.html", session_id, _shown(session_id))


@bp.get("/<int:session_id>/screen.json")
@allow(Permission.STUDY_EDIT)
def screen_now(session_id: int) -> Page:
    """The part of the screen that changes, for the script, and for how many seconds it holds."""
    shown = _shown(session_id)
    return jsonify(html=_screen("sessions/_screen.html", session_id, shown), seconds=shown.seconds)


def _shown(session_id: int) -> Screen:
    return session_signing.screen(db.get_session(), actor(), session_id, now())


def _screen(template: str, session_id: int, shown: Screen) -> str:
    drawn = Markup(qr_svg(sign_url(session_id, shown.code))) if shown.code else ""  # noqa: S704
    return render_template(template, shown=shown, session_id=session_id, drawn=drawn,
                           short=_site() + url_for("sessions.sign.today"),
                           only_here=urlsplit(_site()).hostname in ONLY_HERE)


def sign_url(session_id: int, code: str) -> str:
    """What the QR code says: the whole address, as a phone can reach it."""
    return _site() + url_for("sessions.sign.page", session_id=session_id, c=code)


def _site() -> str:
    """The address of this site up to where our own paths begin."""
    public: str = current_app.config["LEGALED"].public_url
    return public.removesuffix(request.script_root) or request.host_url.rstrip("/")


# ---- one's own sessions ----

@bp.get("/mine")
@allow(Permission.MEMBER)
def mine() -> Page:
    session, at = db.get_session(), now()
    years = session_signing.my_years(session, actor())
    year = min(max(whole(request.args, "year", years[0] if years else 2000), 1900), 2199)
    return render_template(
        "sessions/mine.html", years=years, year=year,
        coming=session_signing.my_sessions(session, actor(), at),
        found=session_signing.my_year(session, actor(), year, at))


@bp.get("/<int:session_id>/mine")
@allow(Permission.MEMBER)
def my_session(session_id: int) -> Page:
    session = db.get_session()
    one = session_signing.my_session(session, actor(), session_id, now())
    return render_template("sessions/my_session.html", one=one,
                           photos=session_photos.photos_of(session, session_id))


# ---- signing ----

@bp.get("/sign")
@allow(Permission.MEMBER)
def today() -> Page:
    """For those who type: the sessions in which they can sign now."""
    found = session_signing.my_sessions(db.get_session(), actor(), now())
    is_open = [one for one in found if one.stage is SessionStage.SIGNING]
    if len(is_open) == 1:
        return redirect(url_for("sessions.sign.page", session_id=is_open[0].id))
    return render_template("sessions/today.html", found=is_open, coming=found)


@bp.get("/<int:session_id>/sign")
@allow(Permission.MEMBER)
def page(session_id: int) -> Page:
    session, code = db.get_session(), request.args.get("c", "")[:CODE_LONGEST]
    one = session_signing.my_session(session, actor(), session_id, now())
    device, response = sessions_device.device_of(), make_response("")
    if device is None:
        response, device = sessions_device.give_device(response)
    ticket, problem = "", ""
    if code and one.can_sign:
        if _is_scan(session_id, code):
            at = int(now().timestamp())
            ticket = Ticket(session_id, int(actor().id or 0), device, at).seal()
        else:
            problem = MESSAGES["scan_old"]
    response.set_data(_sign_page(one, CodeForm(None), ticket, problem))
    return response


@bp.post("/<int:session_id>/sign")
@allow(Permission.MEMBER)
def sign(session_id: int) -> Page:
    device = sessions_device.device_of()
    if ticket := request.form.get("ticket", ""):
        person = int(actor().id or 0)
        problem = sessions_device.ticket_problem(ticket, session_id, person, device, now())
        if problem or device is None:
            return _again(session_id, MESSAGES[problem or "ticket_bad"], CodeForm(None))
        return _scanned(session_id, device)
    form = CodeForm()
    if not form.validate():
        return _again(session_id, "", form)
    if device is None:
        return _again(session_id, MESSAGES["device_needed"], CodeForm(None))
    return _typed(session_id, form, device)


def _scanned(session_id: int, device: str) -> Page:
    try:
        done = session_signing.sign(db.get_session(), actor(), session_id, device, now())
    except ConflictError as error:
        return _refused(session_id, error)
    return _done(session_id, done)


def _typed(session_id: int, form: CodeForm, device: str) -> Page:
    try:
        done = session_signing.sign_by_digits(
            db.get_session(), actor(), session_id, form.digits.data, device, now())
    except ConflictError as error:
        return _refused(session_id, error)
    if isinstance(done, Missed):
        form.digits.errors = [_miss_words(done)]
        return _again(session_id, "", form)
    return _done(session_id, done)


def _done(session_id: int, done: Signed) -> Page:
    if not done.again:
        flash("签到成功，记为迟到。" if done.late else "签到成功。")
    return redirect(url_for("sessions.sign.page", session_id=session_id), 303)


def _miss_words(done: Missed) -> str:
    if done.wait is not None:
        return (f"已经连续错了 {MOST_MISSES} 次，{clock(done.wait)[:5]} 以后才能再填。"
                "现在可以扫大屏幕上的二维码，或请主持人登记。")
    return "签到码不对，没有签到。码每 30 秒换一次，请看大屏幕上现在的 6 位数字再填。"


def _refused(session_id: int, error: ConflictError) -> Page:
    """The page with the sentence; a phone used for two people is noted."""
    db.rollback()
    if error.code == "device_used":
        with db.database().write() as session:
            audit.note(session, actor(), "session.sign", f"session {session_id}", now(),
                       ok=False, detail=error.code)
    words, _ = _again(session_id, message(error), CodeForm(None))
    return words, 409


def _again(session_id: int, problem: str, form: CodeForm) -> tuple[str, int]:
    with db.database().read() as session:
        one = session_signing.my_session(session, actor(), session_id, now())
    return _sign_page(one, form, "", problem), 422


def _sign_page(one: MySession, form: CodeForm, ticket: str, problem: str) -> str:
    return render_template("sessions/sign.html", one=one, form=form, ticket=ticket,
                           problem=problem)


def _is_scan(session_id: int, code: str) -> bool:
    """The code is on the screen, or was when this browser first came with it, before the person
    had signed in to the site."""
    session, at = db.get_session(), now()
    if session_signing.was_on_screen(session, session_id, code, at):
        return True
    before = sessions_device.scanned_at(session_id, code, at)
    return before is not None and session_signing.was_on_screen(session, session_id, code, before)


@bp.after_request
def _remember_scan(response: Response) -> Response:
    """A stranger is on the way to the login page: keep when the code was scanned."""
    code = request.args.get("c", "")
    if request.endpoint == "sessions.sign.page" and request.method == "GET" \
            and 0 < len(code) <= CODE_LONGEST and optional_actor() is None:
        session_id = int((request.view_args or {})["session_id"])
        sessions_device.note_scan(response, session_id, code, now())
    return response
