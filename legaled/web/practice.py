"""Practising by bank, by law, chapter and article: for everybody, on a phone first."""

from flask import Blueprint, render_template, request

from legaled import db
from legaled.domain.banks import KIND_LABEL
from legaled.domain.permissions import Permission
from legaled.domain.practice import Only
from legaled.services import practice, practice_laws, practice_mistakes
from legaled.services.practice_runs import Scope
from legaled.web.access import actor, allow
from legaled.web.challenges import event_lines
from legaled.web.cites import shelf
from legaled.web.clock import now
from legaled.web.practice_runs import (
    Page,
    Place,
    answer,
    article_asked,
    kind_asked,
    only_asked,
    show,
)

bp = Blueprint("practice", __name__, url_prefix="/practice")


@bp.get("")
@allow(Permission.MEMBER)
def index() -> Page:
    session = db.get_session()
    outlines = practice.practice_outlines(session)
    return render_template(
        "practice/list.html",
        outlines=outlines,
        kind_label=KIND_LABEL,
        challenges=event_lines(now()),
        due=practice_mistakes.due(session, actor(), now()),
        laws={one.law: law_id for one in outlines
              if (law_id := shelf().find(one.law)) is not None},
    )


@bp.get("/<law>")
@allow(Permission.MEMBER)
def bank(law: str) -> Page:
    return show(_bank_place(law))


@bp.post("/<law>")
@allow(Permission.MEMBER)
def answer_bank(law: str) -> Page:
    return answer(_bank_place(law))


@bp.get("/laws/<int:law_id>")
@allow(Permission.MEMBER)
def law(law_id: int) -> Page:
    found = practice_laws.law_outline(db.get_session(), law_id, now())
    return render_template("practice/law.html", law=found)


@bp.get("/laws/<int:law_id>/run")
@allow(Permission.MEMBER)
def cited(law_id: int) -> Page:
    return show(_law_place(law_id))


@bp.post("/laws/<int:law_id>/run")
@allow(Permission.MEMBER)
def answer_cited(law_id: int) -> Page:
    return answer(_law_place(law_id))


def _bank_place(law: str) -> Place:
    scope = Scope(law, kind_asked(), request.args.get("topic", ""),
                  only=only_asked(Only.ALL, Only.WEAK))
    return Place.of_request(scope, law, {"law": law})


def _law_place(law_id: int) -> Place:
    scope = Scope(law_id=law_id, kind=kind_asked(), chapter=article_asked("chapter"),
                  article=article_asked("article"))
    title = practice_laws.law_title(shelf(), law_id).removeprefix("中华人民共和国")
    if scope.chapter:
        with db.database().read() as session:
            found = practice_laws.chapter_of(session, shelf(), law_id, scope.chapter)
        title = f"{title} {found.words}"
    return Place.of_request(scope, title, {"law_id": law_id})
