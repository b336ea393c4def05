"""After a challenge: result lists, certificates, the figures of a year."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.challenge_boards import Place, UnitPlace, common_unit, unit_rule
from legaled.domain.challenge_figures import (
    DEFINITIONS,
    FIGURE_LABEL,
    RATE_LABEL,
    Figures,
    figures,
    lasted,
    quotient,
    year_figures,
)
from legaled.domain.challenge_names import masked
from legaled.domain.challenges import sentences
from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.domain.rates import percent
from legaled.domain.times import BEIJING
from legaled.files.pdf import make_pdf
from legaled.files.stats import Cell, Table, to_csv, to_xlsx
from legaled.models import Challenge
from legaled.services.challenge_boards import Board, live_board
from legaled.services.challenge_manage import challenge_for

AWARDED = 10  # the places that get a certificate; passing every level gets one too
FORMATS = {"csv": to_csv, "xlsx": to_xlsx}
NOTE = "名次和成绩以系统记录为准。挑战赛成绩不计入普法考试的任何比率。"


# ── lists ───────────────────────────────────────────────────────────────────


def result_list(
    session: Session, actor: Actor, challenge_id: int, kind: str, now: datetime, *, full: bool
) -> bytes:
    """The result as "csv" or "xlsx": `full` with names and numbers, to keep; else masked, without
    numbers, and without the figures of units that would name people, to publish."""
    challenge_for(session, actor, challenge_id)
    if kind not in FORMATS:
        raise NotFoundError()
    board = live_board(session, challenge_id, now)
    tables = [_people(board, full), _units(board, "单位榜", board.units, full)]
    if [one.code for one in board.sections] != [one.code for one in board.units]:
        tables.append(_units(board, "科室榜", board.sections, full))
    if board.terms.rules.levels:
        tables.append(Table("闯关", ["关", "通过人数"],
                            [[one.level, one.passed] for one in board.levels]))
    return FORMATS[kind]([*tables, _figures(board), _rules(board)])


def _people(board: Board, full: bool) -> Table:
    if not full:
        return Table("个人榜", ["名次", "姓名", "单位", "得分", "用时", "完成时间"], [
            [line.place, masked(line.who.name),
             shown_unit(board, line.who.unit_path, line.who.unit_codes), *_result(line)]
            for line in board.places])
    header = ["名次", "工号", "姓名", "单位", "得分", "用时", "完成时间", "计分次数", "答题数",
              "答对数", "过关"]
    rows: list[list[Cell]] = [
        [line.place, line.who.number, line.who.name, line.who.unit_path, *_result(line),
         line.who.counted_runs, line.who.answered, line.who.right, line.who.level]
        for line in board.places
    ]
    rows += [
        [None, one.number, one.name, one.unit_path, None, None, "没有计分成绩", 0, 0, 0, 0]
        for one in sorted(board.standings.values(), key=lambda one: one.number)
        if one.score is None
    ]
    return Table("个人榜", header, rows)


def _result(line: Place) -> list[Cell]:
    ended = line.who.best_ended
    return [line.who.score, lasted(line.who.best_millis or 0), _moment(ended) if ended else ""]


def shown_unit(board: Board, path: str, codes: str) -> str:
    """The name of somebody's section, or of the unit above it where that would name the person."""
    names, parts = path.split("/"), codes.split("/")
    while len(parts) > 1 and ("/".join(parts) in board.small
                              or "/".join(parts) + "/" in board.small):
        names, parts = names[:-1], parts[:-1]
    return names[-1]


def _units(board: Board, title: str, units: Sequence[UnitPlace], full: bool) -> Table:
    header = ["名次", "单位", "名单人数", "参与人数", "参与率", "平均分"]
    rows: list[list[Cell]] = []
    for one in units:
        if not full and one.code in board.small:
            rows.append([None, one.path, "不显示", "不显示", "不显示", "不显示"])
        else:
            rows.append([one.place, one.path, one.listed, one.players,
                         percent(one.players, one.listed), quotient(one.total, one.players)])
    return Table(title, header, rows)


def _figures(board: Board) -> Table:
    found = figures(board.standings.values())
    labels = {**FIGURE_LABEL, **RATE_LABEL}
    rows: list[list[Cell]] = [[labels[name], value] for name, value in found.as_json().items()]
    return Table("数字", ["名目", "数"], rows + [[f"口径：{name}", words]
                                             for name, words in DEFINITIONS])


def _rules(board: Board) -> Table:
    terms = board.terms
    lines = [*sentences(terms.rules, terms.starts, terms.ends), unit_rule(board.least)]
    return Table("规则", ["序号", "规则"], [[n, line] for n, line in enumerate(lines, 1)])


# ── certificates ────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Award:
    """What a person may download after a challenge."""

    place: int | None
    certificate: bool
    participation: bool


def award(session: Session, challenge_id: int, person_id: int, now: datetime) -> Award:
    """Nothing before the end, while the board is frozen, or when it was cancelled."""
    return _award(live_board(session, challenge_id, now), person_id, now)


def _award(board: Board, person_id: int, now: datetime) -> Award:
    who = board.standings.get(person_id)
    terms = board.terms
    over = terms.ends <= now and terms.cancelled is None and not terms.is_frozen(now)
    if who is None or not over:
        return Award(None, False, False)
    place = board.place_of.get(person_id)
    all_levels = 0 < terms.rules.levels <= who.level
    return Award(
        place, place is not None and (place <= AWARDED or all_levels), who.counted_runs > 0
    )


def paper(
    session: Session, actor: Actor, challenge_id: int, person_id: int, what: str, now: datetime
) -> bytes:
    """A person's "certificate" or "participation" as PDF; one's own, or anybody's for keepers.

    Raises NotFoundError where there is none.
    """
    if actor.id != person_id and not actor.may(Permission.CHALLENGE_EDIT):
        raise NotFoundError()
    board = live_board(session, challenge_id, now)
    found = _award(board, person_id, now)
    if what not in ("certificate", "participation") or not getattr(found, what):
        raise NotFoundError()
    return make_pdf(what, _paper(board, person_id, what, now), now.replace(microsecond=0))


@dataclass(frozen=True)
class Owner:
    """Whose paper it is."""

    person_id: int
    place: int
    number: str
    name: str
    unit: str


def awarded(
    session: Session, actor: Actor, challenge_id: int, what: str, now: datetime
) -> list[int]:
    """Who gets this paper, the first place first. Raises ConflictError `challenge_no_award` when
    nobody does, as before the end."""
    challenge_for(session, actor, challenge_id)
    board = live_board(session, challenge_id, now)
    people = [line.who.person_id for line in board.places
              if getattr(_award(board, line.who.person_id, now), what)]
    if not people:
        raise ConflictError("challenge_no_award")
    return people


def papers(
    session: Session, actor: Actor, challenge_id: int, people: Sequence[int], what: str,
    now: datetime,
) -> list[tuple[Owner, dict[str, Any]]]:
    """The words of these people's papers. Raises ConflictError `challenge_no_award` if a run was
    voided meanwhile and one of them gets none any more."""
    challenge_for(session, actor, challenge_id)
    board = live_board(session, challenge_id, now)
    if not all(getattr(_award(board, one, now), what) for one in people):
        raise ConflictError("challenge_no_award")
    return [
        (Owner(who.person_id, board.place_of[who.person_id], who.number, who.name, who.unit_path),
         _paper(board, who.person_id, what, now))
        for who in (board.standings[one] for one in people)
    ]


def _paper(board: Board, person_id: int, what: str, now: datetime) -> dict[str, Any]:
    terms, who = board.terms, board.standings[person_id]
    place = board.place_of.get(person_id)
    season = f"{_day(terms.starts)}至{_day(terms.ends)}"
    result = f"得分 {who.score}，用时 {lasted(who.best_millis or 0)}"
    common = {
        "title": f"{terms.title} {who.name}", "name": who.name, "unit": who.unit_path,
        "serial": f"TZ-{terms.year}-{terms.id}-{who.number}", "issuer": _issuer(board),
        "date": _day(now), "note": NOTE,
    }
    if what == "certificate":
        levels = f"闯过全部 {terms.rules.levels} 关，" if (
            0 < terms.rules.levels <= who.level) else ""
        return common | {"heading": "证书", "lines": [
            f"在 {terms.year} 年「{terms.title}」（{season}）中，{levels}{result}，"
            f"名列第 {place} 名。"]}
    return common | {
        "heading": "参与证明",
        "lines": [f"{who.name}（工号 {who.number}）参加了{season}举办的「{terms.title}」。"
                  "特此证明。"],
        "facts": [
            ["单位", who.unit_path], ["计分次数", f"{who.counted_runs} 次"],
            ["答题", f"{who.answered} 题，答对 {who.right} 题"],
            ["成绩", f"{result}，第 {place} 名（共 {len(board.places)} 人）"],
        ],
    }


def _issuer(board: Board) -> str:
    """The unit that everybody listed belongs to."""
    people = list(board.standings.values())
    depth = common_unit(people).count("/")
    return people[0].unit_path.split("/")[depth]


# ── a year ──────────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class ChallengeYear:
    """The challenges of a year: (title, whether it has ended, figures), and those that have ended
    together, in which a person counts once."""

    events: tuple[tuple[str, bool, Figures], ...]
    total: Figures


def figures_of_year(session: Session, year: int, now: datetime) -> ChallengeYear:
    """For the annual report. Drafts and cancelled challenges are nowhere; one that has not ended
    is listed and enters no total."""
    chosen = session.execute(
        sa.select(Challenge.id, Challenge.title, Challenge.ends)
        .where(Challenge.year == year, Challenge.published.is_not(None),
               Challenge.cancelled.is_(None))
        .order_by(Challenge.starts, Challenge.id)
    ).all()
    boards = [live_board(session, one.id, now) for one in chosen]
    crowds = [list(board.standings.values()) for board in boards]
    return ChallengeYear(
        tuple((one.title, one.ends <= now, figures(crowd))
              for one, crowd in zip(chosen, crowds, strict=True)),
        year_figures(
            crowd for one, crowd in zip(chosen, crowds, strict=True) if one.ends <= now
        ),
    )


def _moment(at: datetime) -> str:
    return f"{at.astimezone(BEIJING):%Y-%m-%d %H:%M:%S}"


def _day(at: datetime) -> str:
    local = at.astimezone(BEIJING)
    return f"{local.year}年{local.month}月{local.day}日"

