"""Questions of a published challenge that turned out wrong: void, or with another answer."""

import time

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.banks import KIND_LABEL, Kind
from legaled.domain.errors import ConflictError
from legaled.domain.exams import LETTERS
from legaled.domain.permissions import Permission
from legaled.forms.challenge_corrections import CorrectionForm
from legaled.services import challenge_corrections
from legaled.services.challenge_corrections import Question
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.errors import message
from legaled.web.numbers import whole

bp = Blueprint("challenge_corrections", __name__, url_prefix="/challenge-desk")
Page = str | tuple[str, int] | Response
MOMENT = 3.0  # seconds of recomputing before the page is answered; the rest follows by the clock


@bp.get("/<int:challenge_id>/questions")
@allow(Permission.CHALLENGE_EDIT)
def index(challenge_id: int) -> Page:
    query, corrected = request.args.get("q", ""), "corrected" in request.args
    found = challenge_corrections.list_questions(
        db.get_session(), actor(), challenge_id, now(), query, corrected,
        whole(request.args, "page", 1))
    return render_template(
        "challenge_desk/questions.html", found=found, query=query, corrected=corrected,
        kinds=KIND_LABEL)


@bp.get("/<int:challenge_id>/questions/<int:version_id>")
@allow(Permission.CHALLENGE_EDIT)
def question(challenge_id: int, version_id: int) -> Page:
    title, found = _find(challenge_id, version_id)
    return _page(challenge_id, title, found, _form(found))


@bp.post("/<int:challenge_id>/questions/<int:version_id>")
@allow(Permission.CHALLENGE_EDIT)
def correct(challenge_id: int, version_id: int) -> Page:
    title, found = _find(challenge_id, version_id)
    form = _form(found)
    if not form.validate():
        return _page(challenge_id, title, found, form), 422
    try:
        with db.database().write() as session:
            challenge_corrections.correct(
                session, actor(), challenge_id, version_id, form.key, form.reason.data, now())
    except ConflictError as error:
        form.answer.errors = [message(error)]
        return _page(challenge_id, title, found, form), 422
    flash("已更正，有关的各轮和名次已重算。" if _follow() else
          "已更正，有关的各轮正在重算，名次会陆续跟上，不用等。")
    return redirect(
        url_for(".question", challenge_id=challenge_id, version_id=version_id), 303)


def _follow() -> bool:
    """Recompute in short transactions, so that players get in between; True when all is done."""
    until = time.monotonic() + MOMENT
    waiting = True
    while waiting and time.monotonic() < until:
        with db.database().write() as session:
            challenge_corrections.close_due(session, now())
            waiting = challenge_corrections.has_due(session, now())
    return not waiting


def _find(challenge_id: int, version_id: int) -> tuple[str, Question]:
    with db.database().read() as session:
        return challenge_corrections.one_question(
            session, actor(), challenge_id, version_id, now())


def _form(found: Question) -> CorrectionForm:
    gaps = len(found.key) if found.kind is Kind.BLANK else 0
    return CorrectionForm(found.kind, found.stem, found.options, gaps)


def _page(challenge_id: int, title: str, found: Question, form: CorrectionForm) -> str:
    return render_template(
        "challenge_desk/question.html", challenge_id=challenge_id, title=title, it=found,
        form=form, kind=KIND_LABEL[found.kind], key=_key_words(found, found.key),
        options=list(zip(LETTERS, found.options, strict=False)),
        made=[(one, _key_words(found, one.key)) for one in found.corrections],
    )


def _key_words(found: Question, key: tuple[str, ...]) -> str:
    if found.kind is Kind.JUDGE and key:
        return found.options[LETTERS.index(key[0])]
    return "；".join(key) if found.kind is Kind.BLANK else "".join(key)
