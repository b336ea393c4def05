"""Challenges for those who play: the events, one question a screen, the result."""

from datetime import datetime

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug import Response

from legaled import db
from legaled.domain.challenges import Why
from legaled.domain.errors import InvalidError
from legaled.domain.permissions import Permission
from legaled.services import challenge_facts, challenge_play, challenge_views
from legaled.services.challenge_boards import my_place
from legaled.services.challenge_runs import Live
from legaled.web.access import actor, allow, wants_json
from legaled.web.challenge_screens import feedback, frame, question, shown_of, time_words
from legaled.web.clock import now
from legaled.web.numbers import whole
from legaled.web.words import MESSAGES

bp = Blueprint("challenges", __name__, url_prefix="/challenges")
Page = str | Response | tuple[Response | str, int]
WHY_WORDS = {
    Why.ALL: "全部题目答完", Why.WRONG: "答错一题，这一轮结束", Why.LIVES: "机会用完",
    Why.TIME: "时间到", Why.LEFT: "你结束了这一轮",
}


@bp.get("")
@allow(Permission.MEMBER)
def index() -> Page:
    lists = challenge_views.events(db.get_session(), actor(), now())
    return render_template("challenges/list.html", lists=lists)


@bp.get("/<int:challenge_id>")
@allow(Permission.MEMBER)
def show(challenge_id: int) -> Page:
    session, at = db.get_session(), now()
    event = challenge_views.event(session, actor(), challenge_id, at)
    place = my_place(session, challenge_id, int(actor().id or 0), at)
    return render_template(
        "challenges/show.html",
        event=event,
        place=place,
        leaving=event.running if request.args.get("leave") == str(event.running) else None,
        board_url=url_for("challenge_boards.show", challenge_id=challenge_id),
        time_words=time_words,
    )


@bp.post("/<int:challenge_id>/start")
@allow(Permission.MEMBER)
def start(challenge_id: int) -> Page:
    level = whole(request.form, "level", 0)
    with db.hot().turn() as turn:
        run_id = challenge_play.start_run(
            turn, actor(), challenge_id, now(),
            level=level, practice="practice" in request.form,
        )
    return redirect(url_for("challenges.play", challenge_id=challenge_id, run_id=run_id), 303)


@bp.get("/<int:challenge_id>/runs/<int:run_id>")
@allow(Permission.MEMBER)
def play(challenge_id: int, run_id: int) -> Page:
    live = challenge_play.running(db.hot(), actor(), run_id, now())
    challenge_play.check_playable(live)
    checked = challenge_play.last_checked(live)
    if live.is_shut and live.state.over in (None, Why.TIME, Why.LEFT):
        return redirect(_url("result", live))
    return _page(live, feedback(checked) if checked else question(live))


@bp.post("/<int:challenge_id>/runs/<int:run_id>/next")
@allow(Permission.MEMBER)
def put_next(challenge_id: int, run_id: int) -> Page:
    live = challenge_play.show_next(db.hot(), actor(), run_id, now())
    if live.state.over:
        if not live.is_shut:
            _close(run_id)
        return _to(live, "result")
    if wants_json():
        return jsonify(frame(live) | {"html": question(live)})
    return _to(live, "play")


@bp.post("/<int:challenge_id>/runs/<int:run_id>/answers/<int:slot>")
@allow(Permission.MEMBER)
def answer(challenge_id: int, run_id: int, slot: int) -> Page:
    try:
        checked = challenge_play.answer(
            db.hot(), actor(), run_id, slot, request.form.getlist("answer"), now()
        )
    except InvalidError as error:
        return _refused(run_id, error)
    if checked.live.state.over and not checked.live.is_shut:
        _close(run_id)
    if wants_json():
        return jsonify(frame(checked.live) | {"html": feedback(checked)})
    return redirect(_url("play", checked.live), 303)


@bp.post("/<int:challenge_id>/runs/<int:run_id>/leave")
@allow(Permission.MEMBER)
def leave(challenge_id: int, run_id: int) -> Page:
    with db.hot().turn() as turn:
        challenge_facts.leave_run(turn, actor(), run_id, now())
    flash("这一轮已结束，已答的算数。")
    return redirect(url_for("challenges.result", challenge_id=challenge_id, run_id=run_id), 303)


@bp.get("/<int:challenge_id>/runs/<int:run_id>/result")
@allow(Permission.MEMBER)
def result(challenge_id: int, run_id: int) -> Page:
    session, at = db.get_session(), now()
    found = challenge_views.result(session, actor(), run_id, at)
    if found is None:
        return redirect(url_for("challenges.play", challenge_id=challenge_id, run_id=run_id))
    return render_template(
        "challenges/result.html",
        event=found.event,
        live=found.live,
        why=_why(found.live),
        better=_better(found),
        misses=[shown_of(found.live, slot) for slot in found.live.missed],
        fixed=[shown_of(found.live, slot) for slot in found.live.slots if slot.item.correction],
        place=my_place(session, found.event.id, int(actor().id or 0), at),
        board_url=url_for("challenge_boards.show", challenge_id=found.event.id),
        time_words=time_words,
    )


@bp.get("/<int:challenge_id>/runs/<int:run_id>/paper")
@allow(Permission.MEMBER)
def paper(challenge_id: int, run_id: int) -> Page:
    live = challenge_views.paper(db.get_session(), actor(), run_id, now())
    return render_template(
        "challenges/paper.html",
        live=live,
        mine=live.person_id == actor().id,
        keeps=actor().may(Permission.CHALLENGE_EDIT),
        slots=[shown_of(live, slot) for slot in live.slots],
        time_words=time_words,
    )


def _close(run_id: int) -> None:
    """Store a run that is over, in a short transaction: the page is made outside of it."""
    with db.hot().turn() as turn:
        challenge_facts.close_run(turn, run_id, now())


def _page(live: Live, screen: str) -> str:
    finished = Markup(screen)  # noqa: S704 - from an autoescaped template
    return render_template("challenges/play.html", screen=finished, **frame(live))


def _refused(run_id: int, error: InvalidError) -> Page:
    """The question again with what is wrong; nothing was counted."""
    words = MESSAGES[error.code]
    live = challenge_play.running(db.hot(), actor(), run_id, now())
    if wants_json():
        return jsonify(error=error.code, message=words), 422
    if live.state.open is None:
        return redirect(_url("play", live), 303)
    return _page(live, question(live, words)), 422


def _url(view: str, live: Live) -> str:
    return url_for(f"challenges.{view}", challenge_id=live.challenge.id, run_id=live.id)


def _to(live: Live, view: str) -> Page:
    """Where to go on: a redirect, or its address for the page's script."""
    if wants_json():
        return jsonify(go=_url(view, live))
    return redirect(_url(view, live), 303)


def _why(live: Live) -> str:
    if live.state.given_back:
        return "当时判为答错，这一轮结束"
    return WHY_WORDS[live.state.over] if live.state.over else ""


def _better(found: challenge_views.RunResult) -> str:
    """This run beside the best before it, in words."""
    score, before = found.live.state.score, found.before
    if not found.live.counted:
        return "练习，不计分"
    if found.live.voided:
        return "这一轮已作废，不计分"
    if before is None:
        return "第一次的成绩"
    if score > before:
        return f"比上次最好多 {score - before} 分"
    return "与上次最好相同" if score == before else f"离上次最好差 {before - score} 分"


def event_lines(at: datetime) -> list[challenge_views.EventPage]:
    """The challenges that the actor may play now, for `challenges/_current.html`."""
    return challenge_views.current_events(db.get_session(), actor(), at)
