"""A run of practice as pages: where one is, the question, the answer with the article beside it."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug import Response

from legaled import db
from legaled.domain.attempts import is_text
from legaled.domain.banks import KIND_LABEL, Kind
from legaled.domain.errors import InvalidError, NotFoundError
from legaled.domain.law_changes import CHANGE_LABEL
from legaled.domain.law_numbers import ArticleNumber, read_article
from legaled.domain.practice import Only
from legaled.services import (
    law_flags_open,
    practice,
    practice_laws,
    practice_mistakes,
    practice_runs,
)
from legaled.services.practice import Asked, Checked
from legaled.services.practice_runs import Scope
from legaled.web.access import actor
from legaled.web.clock import now
from legaled.web.numbers import whole

Page = str | tuple[str, int] | Response
SEED_MAX = 16
NO_CHOICE = "还没有选答案。请选好再按「确定」，这一题还没有计入。"
NO_TEXT = "还没有填答案。请填好再按「确定」，这一题还没有计入。"
ONLY_WORDS = {Only.DUE: "今天该复习的", Only.MISSED: "错题复习", Only.WEAK: "薄弱题"}


@dataclass(frozen=True)
class Place:
    """Where in which run: everything stands in the address. `path` are the parts of its path."""

    endpoint: str
    scope: Scope
    seed: str
    number: int
    title: str
    path: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of_request(cls, scope: Scope, title: str, path: dict[str, Any]) -> "Place":
        """Raises NotFoundError for an address that no page of ours links to."""
        seed, number = request.args.get("seed", ""), request.args.get("n", "1")
        fits = number.isascii() and number.isdecimal() and len(number) <= 6
        if len(seed) > SEED_MAX or not fits or not is_text(seed + scope.bank + scope.topic):
            raise NotFoundError()
        endpoint = (request.endpoint or "").replace("answer_", "")
        return cls(endpoint, scope, seed, int(number), title, path)

    @property
    def only(self) -> str:
        """What the run is narrowed to, in words; empty for all of it."""
        scope = self.scope
        words = [KIND_LABEL[scope.kind] + "题"] if scope.kind else []
        words += [scope.topic] if scope.topic else []
        words += [scope.article.words] if scope.article else []
        words += [ONLY_WORDS[scope.only]] if scope.only in ONLY_WORDS and self.path else []
        return "，".join(words)

    @property
    def run(self) -> str:
        """Names the run in the cookie; the seed is random, so it alone would nearly do."""
        scope = self.scope
        kind = scope.kind.value if scope.kind else ""
        return f"{self.seed}:{kind}:{scope.topic[:20]}"

    @property
    def is_review(self) -> bool:
        return self.scope.only in (Only.DUE, Only.MISSED)

    def url(self, number: int | None = None, seed: str | None = None) -> str:
        scope = self.scope
        query: dict[str, Any] = {
            "kind": scope.kind.value if scope.kind else None,
            "topic": scope.topic or None,
            "chapter": scope.chapter.anchor if scope.chapter else None,
            "article": scope.article.anchor if scope.article else None,
            "only": scope.only.value or None,
        }
        return url_for(
            self.endpoint, seed=self.seed if seed is None else seed or None, n=number,
            **self.path, **query)


def kind_asked() -> Kind | None:
    """?kind=, NotFoundError for one that there is not."""
    found: Kind | None = _one_of({"": None, **{each.value: each for each in Kind}}, "kind")
    return found


def only_asked(*allowed: Only) -> Only:
    """?only=, the first of these when it is not said."""
    found: Only = _one_of({"": allowed[0], **{each.value: each for each in allowed}}, "only")
    return found


def article_asked(name: str) -> ArticleNumber | None:
    """An article in the address, as `anchor` or in words; NotFoundError for what is none."""
    text = request.args.get(name, "")
    if not text:
        return None
    if (found := read_article(text[:30])) is None:
        raise NotFoundError()
    return found


def _one_of(known: dict[str, Any], name: str) -> Any:
    asked = request.args.get(name, "")
    if asked not in known:
        raise NotFoundError()
    return known[asked]


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


def show(place: Place) -> Page:
    """The question at this place, or the end of the run; without a seed a new run begins."""
    if not place.seed:
        return redirect(place.url(1, seed=secrets.token_hex(4)))
    session = db.get_session()
    run = practice_runs.make_run(session, actor(), place.scope, place.seed, now())
    if run.total == 0 or place.number == run.total + 1:
        return render_template(
            "practice/end.html", place=place, total=run.total, tally=Tally.of_cookie(place),
            due=practice_mistakes.due(session, actor(), now()))
    return _question(place, run.total, practice.practice_question(session, run, place.number))


def answer(place: Place) -> Page:
    """Mark, keep it in one short transaction, and tell; all reading is done before."""
    version = whole(request.form, "version", 0)
    with db.database().read() as session:
        run = practice_runs.make_run(session, actor(), place.scope, place.seed, now())
        checked = practice.check_answer(session, run, version, request.form.getlist("answer"))
        if not checked.answer:
            problem = NO_TEXT if checked.asked.kind is Kind.BLANK else NO_CHOICE
            return _question(place, run.total, checked.asked, problem), 422
        if not 1 <= place.number <= run.total:
            raise InvalidError("bad_answer")
        beside = practice_laws.articles_beside(session, checked.law, checked.article, now())
        flags = law_flags_open.open_flags(session, [version], now()).get(version, ())
    with db.database().write() as session:
        practice.remember(session, actor(), checked, place.seed, now())
    changed = "、".join(
        f"《{one.law}》{one.article.words}（{CHANGE_LABEL[one.change]}）" for one in flags)
    return _feedback(place, run.total, checked, beside, changed)


def _question(place: Place, total: int, asked: Asked, problem: str = "") -> str:
    return render_template(
        "practice/question.html",
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


def _feedback(
    place: Place, total: int, checked: Checked, beside: Sequence[practice_laws.Beside],
    changed: str,
) -> Page:
    tally = Tally.of_cookie(place).after(place.number, checked.right)
    tally.keep(place)
    gaps = zip(checked.answer, checked.key, strict=False) if checked.asked.gaps else ()
    return render_template(
        "practice/feedback.html",
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
        beside=beside,
        changed=changed,
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
