"""The exam protocol (EXAM_PROTOCOL.md): the paper, saving, submitting, review."""

from typing import Any

from flask import Blueprint, flash, jsonify, redirect, render_template, request, url_for
from flask_wtf.csrf import generate_csrf
from werkzeug import Response

from legaled import db
from legaled.domain.attempts import Saved
from legaled.domain.errors import ConflictError, InvalidError
from legaled.domain.exams import LETTERS
from legaled.domain.permissions import Permission
from legaled.services import attempts, papers, saving
from legaled.services.papers import Paper
from legaled.web import paper as fragments
from legaled.web.access import actor, allow, wants_json
from legaled.web.clock import now
from legaled.web.pages import isotime
from legaled.web.review import as_json, as_page
from legaled.web.words import MESSAGES

bp = Blueprint("attempts", __name__, url_prefix="/attempts")
Answer = Response | str | tuple[Response | str, int]


@bp.get("/<int:attempt_id>")
@allow(Permission.MEMBER)
def show(attempt_id: int) -> Answer:
    paper = papers.paper(db.hot(), actor(), attempt_id, now())
    if not paper.running:
        return redirect(url_for("attempts.review", attempt_id=attempt_id))
    return render_template("attempts/paper.html", **_page(paper))


def _page(paper: Paper) -> dict[str, Any]:
    at = now()
    left = max(int((paper.deadline - at).total_seconds()), 0)
    answered = {number for number, saved in paper.saved.items() if saved.answer}
    return {
        "attempt_id": paper.attempt_id,
        "exam_id": paper.exam_id,
        "title": paper.title,
        "person_name": actor().name,
        "slots_html": fragments.page_of(
            paper.slots, paper.saved, lambda ids: papers.contents(db.get_session(), ids)
        ),
        "cells_html": fragments.cells_of(paper.slots, answered),
        "total": len(paper.slots),
        "answered": len(answered),
        "deadline": paper.deadline,
        "deadline_iso": isotime(paper.deadline),
        "now_iso": isotime(at),
        "left_words": f"{left // 60:02d}:{left % 60:02d}",
    }


@bp.get("/<int:attempt_id>/paper.json")
@allow(Permission.MEMBER)
def paper_json(attempt_id: int) -> Answer:
    at = now()
    paper = papers.paper(db.hot(), actor(), attempt_id, at)
    if not paper.running:
        raise ConflictError("closed")
    texts = papers.contents(db.get_session(), {slot.version_id for slot in paper.slots})
    return jsonify(
        attempt=paper.attempt_id,
        exam=paper.exam_code,
        csrf=generate_csrf(),
        deadline=isotime(paper.deadline),
        now=isotime(at),
        slots=[
            {
                "slot": slot.number,
                "kind": texts[slot.version_id].kind.value,
                "stem": texts[slot.version_id].stem,
                "points": slot.points,
                "options": [
                    {"key": LETTERS[place],
                     "text": texts[slot.version_id].options[LETTERS.index(original)]}
                    for place, original in enumerate(slot.option_order)
                ],
            }
            for slot in paper.slots
        ],
        saved={str(number): _saved(saved) for number, saved in paper.saved.items()},
    )


def _saved(saved: Saved) -> dict[str, Any]:
    at = isotime(saved.saved_at) if saved.saved_at else None
    return {"answer": list(saved.answer), "seq": saved.seq, "saved_at": at}


@bp.put("/<int:attempt_id>/answers/<int:slot>")
@allow(Permission.MEMBER)
def save(attempt_id: int, slot: int) -> Answer:
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise InvalidError("bad_answer")
    try:
        saved, deadline = saving.save(
            db.hot(), actor(), attempt_id, slot,
            sent.get("answer"), sent.get("seq"), sent.get("tab", ""), now(),
        )
    except saving.StaleError as stale:
        body = {"error": "stale", "message": MESSAGES["stale"], "saved": _saved(stale.saved)}
        return jsonify(slot=slot, deadline=isotime(stale.deadline), **body), 409
    at = isotime(saved.saved_at or now())
    return jsonify(slot=slot, seq=saved.seq, saved_at=at, deadline=isotime(deadline))


@bp.post("/<int:attempt_id>")
@allow(Permission.MEMBER)
def save_form(attempt_id: int) -> Answer:
    """The paper without JavaScript: a plain form with every question."""
    session, who, at = db.get_session(), actor(), now()
    if "submit" in request.form or request.form.get("action") == "submit":
        return _submitted(attempt_id, attempts.submit_form(session, who, attempt_id, _form(), at))
    stale = attempts.save_form(session, who, attempt_id, _form(), at)
    _tell_stale(stale)
    if not stale and "confirm" in request.form:
        return redirect(url_for("attempts.confirm", attempt_id=attempt_id), 303)
    if not stale:
        flash("已保存。请在结束前交卷；时间到会自动收卷。")
    return redirect(url_for("attempts.show", attempt_id=attempt_id), 303)


def _form() -> dict[int, tuple[list[str], int]]:
    """slot → (answer, seq), from the fields `slot-3` (repeated) and `seq-3`."""
    sent = {}
    for name, seq in request.form.items():
        number = name.removeprefix("seq-")
        if name.startswith("seq-") and number.isdecimal() and seq.isdecimal():
            answer = request.form.getlist(f"slot-{number}")
            sent[int(number[:6])] = (answer, int(seq[:9]))
    return sent


def _tell_stale(stale: list[int]) -> None:
    if stale:
        numbers = "、".join(map(str, stale))
        flash(f"第 {numbers} 题在别的页面或设备上有更新的答案，已保留较新的，请核对。", "warn")


@bp.get("/<int:attempt_id>/confirm")
@allow(Permission.MEMBER)
def confirm(attempt_id: int) -> Answer:
    paper = papers.paper(db.hot(), actor(), attempt_id, now())
    if not paper.running:
        return redirect(url_for("attempts.review", attempt_id=attempt_id))
    empty = [s.number for s in paper.slots if not paper.saved.get(s.number, Saved()).answer]
    return render_template(
        "attempts/confirm.html",
        attempt_id=attempt_id,
        title=paper.title,
        open_count=len(empty),
        open_list=runs(empty),
        deadline=paper.deadline,
    )


def runs(numbers: list[int]) -> str:
    """[3, 4, 5, 9] → "3 至 5、9"."""
    found: list[list[int]] = []
    for number in numbers:
        if found and found[-1][-1] == number - 1:
            found[-1].append(number)
        else:
            found.append([number])
    return "、".join(
        f"{run[0]} 至 {run[-1]}" if len(run) > 2 else "、".join(map(str, run)) for run in found
    )


@bp.post("/<int:attempt_id>/submit")
@allow(Permission.MEMBER)
def submit(attempt_id: int) -> Answer:
    session, at = db.get_session(), now()
    if not request.is_json:
        return _submitted(attempt_id, attempts.submit(session, actor(), attempt_id, {}, at))
    sent = request.get_json(silent=True)
    answers = sent.get("answers", {}) if isinstance(sent, dict) else None
    if not isinstance(answers, dict):
        raise InvalidError("bad_answer")
    done = attempts.submit(session, actor(), attempt_id, answers, at)
    seen = papers.review(session, actor(), attempt_id, at)
    extra: dict[str, Any] = {"stale": done.stale} if done.stale else {}
    if done.late:
        extra["late"] = True
    return jsonify({**as_json(seen), **extra})


def _submitted(attempt_id: int, done: attempts.Submission) -> Answer:
    if done.late:
        flash("时间已到，系统按已保存的答案收卷。", "warn")
    _tell_stale(done.stale)
    return redirect(url_for("attempts.review", attempt_id=attempt_id), 303)


@bp.get("/<int:attempt_id>/review")
@allow(Permission.MEMBER)
def review(attempt_id: int) -> Answer:
    seen = papers.review(db.get_session(), actor(), attempt_id, now())
    if wants_json():
        return jsonify(as_json(seen))
    if seen is None:
        return redirect(url_for("attempts.show", attempt_id=attempt_id))
    return render_template("attempts/review.html", **as_page(seen, now()))
