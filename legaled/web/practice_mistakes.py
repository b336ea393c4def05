"""The 错题本: what was missed, when it comes back, how much is remembered."""

from flask import Blueprint, flash, redirect, render_template, request, url_for

from legaled import db
from legaled.domain.memory import MASTERED
from legaled.domain.permissions import Permission
from legaled.domain.practice import Only
from legaled.forms.practice import MistakeSearchForm
from legaled.services import laws, practice_mistakes, practice_recall
from legaled.services.practice_mistakes import Added
from legaled.services.practice_runs import Scope
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.numbers import whole
from legaled.web.practice_runs import ONLY_WORDS, Page, Place, answer, only_asked, show

bp = Blueprint("mistakes", __name__, url_prefix="/mistakes")
EVERYTHING = "全部"


@bp.get("")
@allow(Permission.MEMBER)
def index() -> Page:
    session, form = db.get_session(), MistakeSearchForm(request.args)
    found = practice_mistakes.mistakes(
        session, actor(), now(), query=(form.q.data or "")[:100], bank=form.bank.data or "",
        only_due=bool(form.due.data), page=whole(request.args, "page", 1))
    form.bank.choices = [("", EVERYTHING), *((n, f"{n}（{count}）") for n, count in found.laws)]
    weak = practice_mistakes.weak_articles(session, actor(), now())
    return render_template(
        "mistakes/list.html",
        found=found,
        form=form,
        narrowed=bool(form.q.data or form.bank.data or form.due.data),
        due=practice_mistakes.due(session, actor(), now()),
        recalls=practice_recall.recalls(session, actor().id, now()),
        weak=weak,
        places=laws.links(session, [(one.law, one.article) for one in weak], now()),
        mastered=MASTERED,
    )


@bp.get("/run")
@allow(Permission.MEMBER)
def review() -> Page:
    return show(_place())


@bp.post("/run")
@allow(Permission.MEMBER)
def answer_review() -> Page:
    return answer(_place())


@bp.post("/attempts/<int:attempt_id>")
@allow(Permission.MEMBER)
def add(attempt_id: int) -> Page:
    done = practice_mistakes.add_from_attempt(db.get_session(), actor(), attempt_id, now())
    flash(_added_words(done))
    return redirect(url_for(".index"), 303)


def _place() -> Place:
    only = only_asked(Only.MISSED, Only.DUE, Only.WEAK)
    return Place.of_request(Scope(only=only), ONLY_WORDS[only], {})


def _added_words(done: Added) -> str:
    words = (f"已放进错题本 {done.added} 题，明天开始复习。" if done.added
             else "没有新的错题：能练习的都已经在错题本里。")
    return words + (f"另有 {done.closed} 题没有开放练习，不能放进来。" if done.closed else "")
