"""Minutes spent reading: the token of a page that is read, its beats, and one's own minutes."""

import html
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

from flask import Blueprint, current_app, jsonify, render_template, request, url_for
from itsdangerous import BadData, URLSafeSerializer
from werkzeug import Response

from legaled import db
from legaled.domain import minutes as rules
from legaled.domain.errors import InvalidError, NotFoundError
from legaled.domain.permissions import Permission
from legaled.services import minutes, study
from legaled.web.access import actor, allow
from legaled.web.clock import BEIJING, now
from legaled.web.numbers import whole

bp = Blueprint("minutes", __name__, url_prefix="/minutes")
_TAG = re.compile(r"<[^>]*>")


@dataclass(frozen=True)
class Reading:
    """What `_macros/reading.html` writes into a page, so that its reader's time is counted."""

    token: str


def reading(subject: str, parts: Mapping[str, int]) -> Reading:
    """For a page that shows `subject` in these parts, each with its number of letters.

    The page marks each part with `data-part`, and calls the macro once.
    """
    served = round(now().timestamp() * 1000)
    token = _serializer().dumps([actor().id, subject, served, dict(parts)])
    return Reading(token if isinstance(token, str) else token.decode())


@lru_cache(maxsize=1024)
def letters_in(markup: str) -> int:
    """The letters that a piece of HTML shows, without white space."""
    return len("".join(html.unescape(_TAG.sub("", markup)).split()))


def _serializer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="legaled-reading")


def _opened(token: object) -> rules.Reading:
    """The page of this token; raises InvalidError `reading_forged` if it is not ours."""
    if not isinstance(token, str) or not token.isascii():
        raise InvalidError("reading_forged")
    try:
        person, subject, served, parts = _serializer().loads(token)
    except BadData as error:
        raise InvalidError("reading_forged") from error
    return rules.Reading(person, subject, datetime.fromtimestamp(served / 1000, UTC), parts)


@bp.post("/beat")
@allow(Permission.MEMBER)
def beat() -> Response:
    """`begins` can only lose time; nothing else that a browser says about time is looked at."""
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        raise InvalidError("reading_forged")
    counted = minutes.beat(
        db.hot(), actor(), _opened(sent.get("reading")), sent.get("part"),
        bool(sent.get("begins")), now(),
    )
    full = "day" if counted.day_full else "part" if counted.part_full else ""
    return jsonify(earned=counted.earned, today=counted.today, full=full)


@bp.get("")
@allow(Permission.MEMBER)
def mine() -> str:
    at = now()
    year = whole(request.args, "year", at.astimezone(BEIJING).year)
    if not 2000 <= year <= 9998:
        raise NotFoundError()
    found = minutes.my_year(db.get_session(), actor().id, year, at)
    return render_template(
        "minutes/show.html", year=found, rules=rules, months=_months(found.months),
        subjects=_lines(found.subjects), today=duration(found.today), total=duration(found.total),
        hours=rules.DAY_MOST // 3600, valid=rules.VALID.seconds // 3600,
        sample=rules.part_most(rules.LETTERS_A_MINUTE),
    )


def _months(seconds: Sequence[int]) -> list[tuple[int, str, float]]:
    """(month, in words, width of its bar in percent of the longest)."""
    most = max(*seconds, 1)
    return [
        (number, duration(each), round(100 * each / most, 1))
        for number, each in enumerate(seconds, 1)
    ]


def duration(seconds: int) -> str:
    """0 分钟, 不到 1 分钟, 12 分钟, 3 小时 5 分钟: whole minutes, never more than was earned."""
    if 0 < seconds < 60:
        return "不到 1 分钟"
    hours, rest = divmod(seconds // 60, 60)
    return f"{hours} 小时 {rest} 分钟" if hours else f"{rest} 分钟"


@dataclass(frozen=True)
class Line:
    """A text that was read; `url` is empty when it is gone."""

    kind: str
    name: str
    url: str
    words: str


def _lines(subjects: Iterable[tuple[str, str, int]]) -> list[Line]:
    titles = {one.name: one.title for one in study.guides(current_app.config["LEGALED"].laws)}
    return [_line(*subject, titles) for subject in subjects]


def _line(subject: str, name: str, seconds: int, titles: Mapping[str, str]) -> Line:
    kind, _, key = subject.partition(":")
    if kind == "guide":
        url = url_for("study.law", law=key) if key in titles else ""
        return Line("指南", titles.get(key, name), url, duration(seconds))
    url = url_for("laws.show", law_id=int(key)) if kind == "law" and name else ""
    return Line("法规" if kind == "law" else "资料", name or "已移出的内容", url, duration(seconds))
