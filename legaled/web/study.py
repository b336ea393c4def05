"""Reading the guides and practising: for everybody, on a phone first."""

import secrets
from dataclasses import dataclass

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug import Response

from legaled import db
from legaled.domain.banks import KIND_LABEL, Kind
from legaled.domain.errors import InvalidError, NotFoundError
from legaled.domain.permissions import Permission
from legaled.services import study
from legaled.services.study import Asked, Checked, Guide
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.numbers import whole

bp = Blueprint("study", __name__)
Page = str | tuple[str, int] | Response
SEED_MAX = 16
NO_CHOICE = "还没有选答案。请选好再按「确定」，这一题还没有计入。"
NO_TEXT = "还没有填答案。请填好再按「确定」，这一题还没有计入。"


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
        guides=guides,
        read=read,
        done=sum(guide.name in read for guide in guides),
        first=next((guide.name for guide in guides if guide.name not in read), ""),
        questions={found.law: found.total for found in study.practice_outlines(session)},
    )


@bp.get("/study/<law>")
@allow(Permission.MEMBER)
def law(law: str) -> Page:
    guide, session = _guide(law), db.get_session()
    return render_template(
        "study/show.html",
        guide=guide,
        read=study.read_laws(session, actor().id).get(law),
        questions=study.practice_outline(session, law).total,
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


@bp.get("/practice")
@allow(Permission.MEMBER)
def practices() -> Page:
    outlines = study.practice_outlines(db.get_session())
    return render_template("study/practices.html", outlines=outlines, kind_label=KIND_LABEL)


@dataclass(frozen=True)
class Place:
    """Where in which run: everything stands in the address."""

    law: str
    seed: str
    number: int
    kind: Kind | None
    topic: str

    @classmethod
    def of_request(cls, law: str) -> "Place":
        """Raises NotFoundError for an address that no page of ours links to."""
        seed, number = request.args.get("seed", ""), request.args.get("n", "1")
        kind, topic = request.args.get("kind", ""), request.args.get("topic", "")
        known = {"": None, **{each.value: each for each in Kind}}
        number_fits = number.isascii() and number.isdecimal() and len(number) <= 6
        if len(seed) > SEED_MAX or not number_fits or kind not in known or "\0" in law + topic:
            raise NotFoundError()
        return cls(law, seed, int(number), known[kind], topic)

    @property
    def only(self) -> str:
        """What the run is narrowed to, in words; empty for all of the law."""
        words = [KIND_LABEL[self.kind] + "题"] if self.kind else []
        return "，".join([*words, self.topic] if self.topic else words)

    @property
    def run(self) -> str:
        """Names the run in the cookie; the seed is random, so it alone would nearly do."""
        return f"{self.seed}:{self.kind.value if self.kind else ''}:{self.topic[:20]}"

    def url(self, number: int | None = None, seed: str | None = None) -> str:
        return url_for(
            "study.practice",
            law=self.law,
            seed=self.seed if seed is None else seed or None,
            n=number,
            kind=self.kind.value if self.kind else None,
            topic=self.topic or None,
        )


@dataclass(frozen=True)
class Tally:
    """Right and answered of this run. Only the first answer to a question counts."""

    answered: int = 0
    right: int = 0
    last: int = 0

    @classmethod
    def of_cookie(cls, place: Place) -> "Tally":
        run, *counts = cookie.get("practice", [""])
        return cls(*counts) if run == place.run else cls()

    def after(self, number: int, right: bool) -> "Tally":
        if number <= self.last:
            return self
        return Tally(self.answered + 1, self.right + right, number)

    def keep(self, place: Place) -> None:
        cookie["practice"] = [place.run, self.answered, self.right, self.last]


@dataclass(frozen=True)
class Option:
    """An option as a row. `look` is right, wrong or nothing, and `word` says it."""

    letter: str
    text: str
    chosen: bool = False
    look: str = ""
    word: str = ""


@bp.get("/practice/<law>")
@allow(Permission.MEMBER)
def practice(law: str) -> Page:
    place, session = Place.of_request(law), db.get_session()
    if not place.seed:
        return redirect(place.url(1, seed=secrets.token_hex(4)))
    run = study.practice_run(
        session, actor(), law, place.seed, now(), place.kind, place.topic
    )
    if run.total == 0 or place.number == run.total + 1:
        return render_template(
            "study/end.html", place=place, total=run.total, tally=Tally.of_cookie(place)
        )
    return _question(place, run.total, study.practice_question(session, run, place.number))


@bp.post("/practice/<law>")
@allow(Permission.MEMBER)
def answer(law: str) -> Page:
    place = Place.of_request(law)
    version = whole(request.form, "version", 0)
    with db.database().read() as session:
        run = study.practice_run(
            session, actor(), law, place.seed, now(), place.kind, place.topic
        )
        checked = study.check_answer(session, run, version, request.form.getlist("answer"))
    if not checked.answer:
        problem = NO_TEXT if checked.asked.kind is Kind.BLANK else NO_CHOICE
        return _question(place, run.total, checked.asked, problem), 422
    return _feedback(place, run.total, checked)


def _question(place: Place, total: int, asked: Asked, problem: str = "") -> str:
    return render_template(
        "study/practice.html",
        place=place,
        total=total,
        tally=Tally.of_cookie(place),
        asked=asked,
        kind=KIND_LABEL[asked.kind],
        control="checkbox" if asked.kind is Kind.MULTI else "radio",
        options=[Option(letter, text) for letter, text in asked.options],
        gaps=range(1, asked.gaps + 1),
        problem=problem,
    )


def _feedback(place: Place, total: int, checked: Checked) -> Page:
    if not 1 <= place.number <= total:
        raise InvalidError("bad_answer")
    tally = Tally.of_cookie(place).after(place.number, checked.right)
    tally.keep(place)
    gaps = zip(checked.answer, checked.key, strict=False) if checked.asked.gaps else ()
    return render_template(
        "study/feedback.html",
        place=place,
        total=total,
        tally=tally,
        checked=checked,
        kind=KIND_LABEL[checked.asked.kind],
        control="checkbox" if checked.asked.kind is Kind.MULTI else "radio",
        options=_verdicts(checked),
        gaps=[(given or "未填", key.replace("|", " 或 ")) for given, key in gaps],
        right_words="、".join(checked.key),
        article=checked.article.replace(",", "、"),
    )


def _verdicts(checked: Checked) -> list[Option]:
    """Every right option says so, and so does what was chosen wrongly or left out."""
    missed = "应选" if checked.asked.kind is Kind.MULTI else "正确"
    options = []
    for letter, text in checked.asked.options:
        chosen, right = letter in checked.answer, letter in checked.key
        look = "right" if right else "wrong" if chosen else ""
        word = {"right": "正确" if chosen else missed, "wrong": "你选的"}.get(look, "")
        options.append(Option(letter, text, chosen, look, word))
    return options
