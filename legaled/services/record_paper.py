"""A record in finished words: what the page, the PDF and the index of a bundle all print."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from legaled.domain.people import CATEGORY_LABEL
from legaled.domain.plans import ITEM_KIND_LABEL, PLAN_STAGE_LABEL, PlanStage
from legaled.domain.record import (
    NOTES,
    ExamLine,
    ItemLine,
    PlanLine,
    Record,
    SessionLine,
    check_number,
    minutes,
    rate,
)
from legaled.domain.sessions import (
    PRESENCE_LABEL,
    SESSION_KIND_LABEL,
    SESSION_STAGE_LABEL,
    Presence,
)
from legaled.domain.times import BEIJING
from legaled.files.pdf import make_pdf

TEMPLATE = "record"
INDEX = [
    "工号", "姓名", "单位", "计划完成", "计划要求", "学习分钟", "应到", "到会（含迟到）", "请假",
    "缺席", "练习题次", "练习答对", "到期复习", "复习答对", "考试", "核对号",
]


def paper(record: Record) -> dict[str, Any]:
    """The record as plain words and lists, with its check number and the time of its making."""
    owner = record.owner
    facts: dict[str, Any] = {
        "title": f"个人学法档案（{record.year}年度）",
        "year": record.year,
        "name": owner.name,
        "facts": [
            ["姓名", owner.name], ["工号", owner.number], ["单位", owner.unit.replace("/", " / ")],
            ["职务", owner.post or "—"], ["人员类别", CATEGORY_LABEL[owner.category]],
        ],
        "summary": _summary(record),
        "plans": [_plan(line) for line in record.plans],
        "sessions": [_session(line) for line in record.sessions],
        "reading": [
            {"kind": line.kind, "title": line.title, "minutes": minutes(line.seconds)}
            for line in record.reading
        ],
        "reading_minutes": minutes(record.seconds),
        "practice": _practice(record),
        "exams": [_exam(line) for line in record.exams],
        "challenges": [
            {"title": line.title, "runs": line.runs, "right": rate(line.right, line.answered),
             "score": "—" if line.score is None else str(line.score)}
            for line in record.challenges
        ],
        "notes": list(NOTES),
    }
    return {**facts, "number": check_number(facts), "made": _moment(record.at)}


def make(words: Mapping[str, Any], at: datetime) -> bytes:
    """The PDF of a `paper`; raises MissingGlyphError."""
    return make_pdf(TEMPLATE, words, at.replace(microsecond=0))


def index_row(record: Record, number: str) -> list[str | int | None]:
    """One line of the index of a unit, under `INDEX`."""
    owner, practice = record.owner, record.practice
    return [
        owner.number, owner.name, owner.unit, record.plans_completed, record.plans_required,
        minutes(record.seconds), record.held, record.came,
        record.count(Presence.LEAVE), record.count(Presence.ABSENT), practice.answers,
        practice.right, practice.due, practice.recalled,
        "；".join(f"{line.title}：{_result(line)}" for line in record.exams), number,
    ]


def _summary(record: Record) -> list[list[str]]:
    practice = record.practice
    return [
        ["年度计划", f"完成 {record.plans_completed}/{record.plans_required}"
         if record.plans_required else "没有要求"],
        ["集中学法", f"到会 {record.came}/{record.held}"
         if record.held else "没有安排"],
        ["学习时间", f"{minutes(record.seconds)} 分钟"],
        ["练习", f"{practice.answers} 题次"],
        ["考试", f"{len(record.exams)} 场"],
    ]


def _plan(line: PlanLine) -> dict[str, Any]:
    over = line.stage is PlanStage.CLOSED
    done = line.is_completed and not line.is_exempt
    result = "免学" if line.is_exempt else "已完成" if done else "未完成" if over \
        else PLAN_STAGE_LABEL[line.stage]
    return {
        "title": line.title,
        "programme": line.programme,
        "period": f"{_day(line.starts)} 至 {_day(line.ends)}",
        "result": result,
        "good": None if line.is_exempt or not (over or done) else done,
        "done": f"{line.done}/{len(line.items)} 项",
        "time": f"{minutes(line.seconds)} 分钟"
        + (f"（要求 {line.minutes}）" if line.minutes else ""),
        "items": [_item(item) for item in line.items],
    }


def _item(item: ItemLine) -> dict[str, Any]:
    return {
        "kind": ITEM_KIND_LABEL[item.kind],
        "title": f"{item.title}（{item.part}）" if item.part else item.title,
        "asked": f"{item.minutes} 分钟" if item.minutes else "—",
        "spent": f"{minutes(item.seconds)} 分钟",
        "state": "已完成" if item.is_done else item.missing,
        "good": True if item.is_done else None,
    }


def _session(line: SessionLine) -> dict[str, Any]:
    state = SESSION_STAGE_LABEL[line.stage] if line.presence is None \
        else PRESENCE_LABEL[line.presence]
    good = {Presence.PRESENT: True, Presence.LATE: True, Presence.ABSENT: False}
    return {
        "day": _day(line.starts), "kind": SESSION_KIND_LABEL[line.kind], "title": line.title,
        "laws": "、".join(line.laws) or "—", "state": state,
        "good": good.get(line.presence) if line.presence else None,
    }


def _practice(record: Record) -> list[list[str]]:
    practice = record.practice
    if not practice.answers and not practice.missed:
        return []
    return [
        ["作答", f"{practice.answers} 题次"],
        ["答对", rate(practice.right, practice.answers)],
        ["到期复习答对（实测记住率）", rate(practice.recalled, practice.due)],
        ["错题本现有", f"{practice.missed} 题"],
    ]


def _exam(line: ExamLine) -> dict[str, Any]:
    return {
        "title": line.title, "day": _day(line.closes), "result": line.outcome,
        "first": "—" if line.first is None else str(line.first),
        "best": "—" if line.best is None else str(line.best),
        "line": f"{line.pass_line}/{line.full}", "note": line.note, "good": line.is_good,
    }


def _result(line: ExamLine) -> str:
    best = "" if line.best is None else f" {line.best} 分"
    return line.outcome + best


def _day(value: date | datetime) -> str:
    value = value.astimezone(BEIJING) if isinstance(value, datetime) else value
    return f"{value.year}年{value.month}月{value.day}日"


def _moment(value: datetime) -> str:
    return f"{_day(value)} {value.astimezone(BEIJING):%H:%M}"
