"""The boards that everybody may look at: person, unit, section, levels; fresh without a reload."""

import json
from typing import Any
from zlib import crc32

from flask import Blueprint, make_response, render_template, request
from werkzeug import Response

from legaled import db
from legaled.domain.challenge_boards import Place, UnitPlace, unit_rule
from legaled.domain.challenge_figures import lasted, quotient
from legaled.domain.challenge_names import masked
from legaled.domain.challenges import TIE_LABEL, Across
from legaled.domain.permissions import Actor, Permission
from legaled.domain.rates import percent
from legaled.services import challenge_boards, challenge_results
from legaled.services.challenge_boards import Board
from legaled.services.paging import page_of
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.downloads import download
from legaled.web.numbers import whole

bp = Blueprint("challenge_boards", __name__, url_prefix="/challenges")
PDF = "application/pdf"
TOP = 50
TABS = (("people", "个人"), ("units", "单位"), ("sections", "科室"), ("levels", "闯关"))


@bp.get("/<int:challenge_id>/board")
@allow(Permission.MEMBER)
def show(challenge_id: int) -> str:
    who, session, at = actor(), db.get_session(), now()
    board = challenge_boards.board(session, who, challenge_id, at)
    by = request.args.get("by", "people")
    tabs = _tabs(board)
    by = by if by in dict(tabs) else "people"
    return render_template(
        "challenges/board.html", board=board, terms=board.terms, tabs=tabs, by=by,
        keeps=_keeps(who), at=at, tie=TIE_LABEL[board.terms.rules.tie], rule=unit_rule(board.least),
        award=challenge_results.award(session, challenge_id, who.id or 0, at),
        own=_own(session, board, who), counts=_counts(board), **_part(board, by, who),
    )


@bp.get("/<int:challenge_id>/board.json")
@allow(Permission.MEMBER)
def live(challenge_id: int) -> Response:
    """The top of the person board and the caller's own place; 304 while nothing has changed."""
    who, session = actor(), db.get_session()
    board = challenge_boards.board(session, who, challenge_id, now())
    mine = json.dumps(_own(session, board, who), ensure_ascii=False).encode()
    shared, digest = _shared(board, who)
    tag = f'"{digest:08x}{crc32(mine):08x}"'  # the same whichever process answers
    if request.headers.get("If-None-Match") == tag:
        response = make_response(b"", 304)
    else:
        response = make_response(b'{"own":' + mine + b"," + shared[1:])
        response.headers["Content-Type"] = "application/json"
    response.headers["ETag"] = tag
    return response


@bp.get("/<int:challenge_id>/<any(certificate, participation):what>.pdf")
@allow(Permission.MEMBER)
def own_paper(challenge_id: int, what: str) -> Response:
    who = actor()
    with db.database().read() as session:
        data = challenge_results.paper(session, who, challenge_id, who.id or 0, what, now())
    word = {"certificate": "证书", "participation": "参与证明"}[what]
    return download(data, f"{word}-{who.name}.pdf", PDF)


# ---- finished values ----


def _keeps(who: Actor) -> bool:
    return who.may(Permission.CHALLENGE_EDIT)


def _tabs(board: Board) -> list[tuple[str, str]]:
    gone = set() if board.terms.rules.levels else {"levels"}
    if [one.code for one in board.units] == [one.code for one in board.sections]:
        gone.add("sections")
    return [(name, label) for name, label in TABS if name not in gone]


def _counts(board: Board) -> str:
    return f"{len(board.standings)} 人可参加，{len(board.places)} 人有成绩，共 {board.runs} 次"


def _part(board: Board, by: str, who: Actor) -> dict[str, Any]:
    """What the chosen tab shows."""
    if by == "people":
        page = page_of(len(board.places), whole(request.args, "page", 1), TOP)
        lines = board.places[page.offset:page.offset + TOP]
        near = [line for line in board.around(who.id) if line not in lines]
        on_page = any(line.who.person_id == who.id for line in lines)
        return {"page": page, "lines": _lines(board, lines, who),
                "near": [] if on_page else _lines(board, near, who)}
    if by == "levels":
        return {"levels": board.levels}
    units = board.units if by == "units" else board.sections
    return {"units": [_unit(board, one, who) for one in units]}


def _lines(board: Board, lines: list[Place], who: Actor) -> list[dict[str, Any]]:
    keeps, home = _keeps(who), _home(board, who)
    return [
        _line(board, one) | {
            "me": one.who.person_id == who.id,
            "name": one.who.name if keeps or one.who.unit_codes == home else masked(one.who.name),
        }
        for one in lines
    ]


def _line(board: Board, one: Place) -> dict[str, Any]:
    """A line as its keepers see it."""
    return {
        "place": one.place, "name": one.who.name,
        "unit": challenge_results.shown_unit(board, one.who.unit_path, one.who.unit_codes),
        "score": one.who.score, "time": lasted(one.who.best_millis or 0),
        "ended": one.who.best_ended,
    }


def _home(board: Board, who: Actor) -> str:
    mine = board.standings.get(who.id or 0)
    return mine.unit_codes if mine else ""


def _unit(board: Board, one: UnitPlace, who: Actor) -> dict[str, Any]:
    """A unit's line; without figures where they would name people."""
    hidden = one.code in board.small and not _keeps(who)
    home = _home(board, who)
    return {
        "place": None if hidden else one.place, "name": one.name, "hidden": hidden,
        "mine": bool(home) and (home + "/").startswith(one.code.rstrip("/") + "/"),
        "participation": percent(one.players, one.listed), "players": one.players,
        "listed": one.listed, "mean": quotient(one.total, one.players),
    }


def _shared(board: Board, who: Actor) -> tuple[bytes, int]:
    """The part that many are given, and its checksum; made once a snapshot for each who are given
    the same: the keepers, a section that stands in the top, the rest."""
    top: list[tuple[str, str, str]] = board.kept.get("top") or _top(board)
    board.kept["top"] = top
    home = _home(board, who)
    variant = "keepers" if _keeps(who) else home if home in {one[0] for one in top} else ""
    made: tuple[bytes, int] | None = board.kept.get(("json", variant))
    if made is None:
        rows = "".join(
            named if variant in ("keepers", codes) else hidden for codes, named, hidden in top
        )
        data = json.dumps(
            {"rows": rows, "counts": _counts(board), "frozen": board.frozen}, ensure_ascii=False
        ).encode()
        made = data, crc32(data)
        board.kept["json", variant] = made
    return made


def _top(board: Board) -> list[tuple[str, str, str]]:
    """(section, line with the name, line with the name masked) of the first places."""
    places = board.places[:TOP]
    lines = [_line(board, one) | {"me": False} for one in places]
    hidden = [line | {"name": masked(line["name"])} for line in lines]
    named_rows, hidden_rows = (
        render_template("challenges/_board_rows.html", lines=some, terms=board.terms).splitlines()
        for some in (lines, hidden)
    )
    codes = [one.who.unit_codes for one in places]
    return list(zip(codes, named_rows, hidden_rows, strict=True))


def _own(session: Any, board: Board, who: Actor) -> dict[str, Any]:
    """The caller's place in words, and where it stands; while frozen, with the score of now."""
    place = board.place_of.get(who.id or 0)
    mine = board.standings.get(who.id or 0)
    words = ""
    if mine is not None and mine.score is not None:
        words = f"{_score(board, mine.score)}，{lasted(mine.best_millis or 0)}"
    if board.frozen and mine is not None:
        current = challenge_boards.live_board(session, board.terms.id, now())
        latest = current.standings[mine.person_id]
        if latest.score is not None:
            words = (f"封榜时的名次。你现在的成绩是 {_score(board, latest.score)}，"
                     f"{lasted(latest.best_millis or 0)}")
    return {"place": place, "words": words, "listed": mine is not None}


def _score(board: Board, score: int) -> str:
    total = board.terms.rules.across is not Across.BEST
    return f"{'累计 ' if total else ''}{score} 分"


