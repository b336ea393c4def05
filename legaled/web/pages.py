"""What every template may use: finished values, dates in words, the menu of the actor."""

import re
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from flask import Flask, current_app, g, request
from markupsafe import Markup

from legaled.domain.permissions import ROLE_LABEL, Actor, Permission
from legaled.web.access import optional_actor
from legaled.web.clock import BEIJING, now

STAFF_TABS = (
    ("study.index", "学习", "study"),
    ("practice.index", "练习", "challenge"),
    ("exams.index", "考试", "exam"),
    ("home.me", "我的", "me"),
)
# (heading, [(endpoint, label, icon, permission)]): the left menu, by the work to be done
DESK_MENU: tuple[tuple[str, tuple[tuple[str, str, str, Permission], ...]], ...] = (
    ("考试", (
        ("manage.index", "安排与进行", "exam", Permission.EXAM_READ),
    )),
    ("学法", (
        ("plans.index", "学习计划", "calendar", Permission.STUDY_EDIT),
        ("sessions.index", "学法活动", "people", Permission.STUDY_EDIT),
        ("record.people", "学法档案", "file", Permission.STUDY_EDIT),
    )),
    ("挑战赛", (
        ("challenge_desk.index", "安排与成绩", "challenge", Permission.CHALLENGE_EDIT),
    )),
    ("题库", (
        ("banks.index", "题库与题目", "bank", Permission.BANK_READ),
        ("imports.upload", "导入题目", "upload", Permission.BANK_EDIT),
        ("laws.manage", "法规", "study", Permission.BANK_READ),
        ("laws.changes.review", "待复核", "alert", Permission.BANK_READ),
    )),
    ("年度", (
        ("stats.index", "参考率与通过率", "rates", Permission.STATS_READ),
    )),
    ("人员", (
        ("people.index", "人员与账号", "people", Permission.PEOPLE_EDIT),
        ("people.units", "单位与科室", "file", Permission.PEOPLE_EDIT),
    )),
)


def init_app(app: Flask) -> None:
    app.context_processor(_context)
    app.jinja_env.filters.update(
        day=day, moment=moment, clock=clock, when=when, isotime=isotime
    )
    app.jinja_env.globals.update(with_query=with_query, icon=icon, used_icons=used_icons)


def _context() -> dict[str, Any]:
    who = optional_actor()
    config = current_app.config["LEGALED"]
    return {
        "who": who,
        "contact": config.contact,
        "staff_tabs": STAFF_TABS,
        "desk_menu": desk_menu(who) if who else (),
        "role_words": "、".join(ROLE_LABEL[r] for r in ROLE_LABEL if who and r in who.roles),
    }


def desk_menu(who: Actor) -> list[tuple[str, list[tuple[str, str, str]]]]:
    """The menu entries that the actor may open; empty for those who only study and sit exams."""
    menu = []
    for heading, entries in DESK_MENU:
        mine = [(end, label, icon) for end, label, icon, need in entries if who.may(need)]
        if mine:
            menu.append((heading, mine))
    return menu


def day(value: date | datetime | None) -> str:
    """2026年11月23日; the year is left out when it is this one."""
    if value is None:
        return "—"
    value = value.astimezone(BEIJING) if isinstance(value, datetime) else value
    year = "" if value.year == now().astimezone(BEIJING).year else f"{value.year}年"
    return f"{year}{value.month}月{value.day}日"


def clock(value: datetime) -> str:
    at = value.astimezone(BEIJING)
    return f"{at.hour:02d}:{at.minute:02d}:{at.second:02d}"  # strftime takes three times as long


def moment(value: datetime | None) -> str:
    """11月23日 18:00, Beijing time."""
    return f"{day(value)} {value.astimezone(BEIJING):%H:%M}" if value else "—"


def when(opens: datetime, closes: datetime) -> str:
    """A window in words; the day is said once when both ends share it."""
    if opens.astimezone(BEIJING).date() == closes.astimezone(BEIJING).date():
        return f"{moment(opens)} 至 {closes.astimezone(BEIJING):%H:%M}"
    return f"{moment(opens)} 至 {moment(closes)}"


def isotime(value: datetime) -> str:
    """The protocol's time: UTC with milliseconds and Z."""
    return value.strftime("%Y-%m-%dT%H:%M:%S.") + f"{value.microsecond // 1000:03d}Z"


def with_query(**changes: object) -> str:
    """This page's address with some query values changed; None removes one."""
    values = {**request.args.to_dict(), **changes}
    query = urlencode({k: v for k, v in values.items() if v is not None and v != ""})
    return f"{request.path}?{query}" if query else request.path


def icon(name: str) -> Markup:
    """An icon from static/icons.svg; the page ends with the symbols that it used."""
    g.setdefault("icons", {})[name] = _symbols()[name]
    return Markup(f'<svg class="i" aria-hidden="true"><use href="#i-{name}"/></svg>')  # noqa: S704


def used_icons() -> Markup:
    return Markup("".join(g.get("icons", {}).values()))  # noqa: S704 - our own file


@cache
def _symbols() -> dict[str, str]:
    text = (Path(__file__).resolve().parent.parent / "static" / "icons.svg").read_text("utf-8")
    found = re.finditer(r'(<symbol id="i-([a-z]+)".*?</symbol>)', text)
    return {match[2]: match[1] for match in found}
