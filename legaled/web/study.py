"""Reading the guides: for everybody, on a phone first."""

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.permissions import Permission
from legaled.services import plan_mine, practice, practice_laws, session_signing, study
from legaled.services.study import Guide
from legaled.web.access import actor, allow
from legaled.web.cites import shelf
from legaled.web.clock import now
from legaled.web.minutes import letters_in, reading
from legaled.web.my_plans import card

bp = Blueprint("study", __name__)
Page = str | tuple[str, int] | Response


def _guide(law: str) -> Guide:
    return study.guide(current_app.config["LEGALED"].laws, law)


@bp.get("/study")
@allow(Permission.MEMBER)
def index() -> Page:
    session = db.get_session()
    guides = study.guides(current_app.config["LEGALED"].laws)
    read = study.read_laws(session, actor().id)
    return render_template(
        "study/list.html",
        my_plans=[card(one) for one in plan_mine.my_plans(session, actor(), now())],
        coming=session_signing.my_sessions(session, actor(), now()),
        guides=guides,
        read=read,
        done=sum(guide.name in read for guide in guides),
        first=next((guide.name for guide in guides if guide.name not in read), ""),
        questions={found.law: found.total for found in practice.practice_outlines(session)},
    )


@bp.get("/study/<law>")
@allow(Permission.MEMBER)
def law(law: str) -> Page:
    guide, session = _guide(law), db.get_session()
    parts = {str(number): letters_in(each.html) for number, each in enumerate(guide.sections, 1)}
    return render_template(
        "study/show.html",
        reading=reading(f"guide:{law}", {"": letters_in(guide.intro), **parts}),
        guide=guide,
        read=study.read_laws(session, actor().id).get(law),
        questions=practice.practice_outline(session, law).total,
        chapters=practice_laws.chapter_links(
            session, shelf(), law, [section.heading for section in guide.sections]),
    )


@bp.post("/study/<law>/read")
@allow(Permission.MEMBER)
def mark_read(law: str) -> Page:
    guide = _guide(law)
    study.mark_read(db.get_session(), actor(), guide.name, now())
    flash(f"已记下：你学完了《{guide.title}》指南。")
    return redirect(url_for("study.index"), 303)


@bp.post("/study/<law>/unread")
@allow(Permission.MEMBER)
def unmark_read(law: str) -> Page:
    guide = _guide(law)
    study.unmark_read(db.get_session(), actor(), guide.name)
    flash(f"已撤销《{guide.title}》的学完记录，随时可以重新记下。")
    return redirect(url_for("study.law", law=guide.name), 303)
