"""学法档案: what one person studied in a year, as plain facts and what may be said of them."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum
from typing import Any

from legaled.domain.exams import Show
from legaled.domain.people import Category
from legaled.domain.plans import ItemKind, PlanStage
from legaled.domain.rates import FIGURES, Row, percent
from legaled.domain.rates_words import outcome
from legaled.domain.sessions import Presence, SessionKind, SessionStage
from legaled.domain.times import BEIJING


class Scores(Enum):
    """Whose results a reader may see: one's own as each exam shows them, all, or none."""

    OWN = "own"
    ALL = "all"
    NONE = "none"


NOT_OVER, SAT, NOT_SHOWN = "未结束", "已考", "已考，成绩未公布"
WITHOUT_RESULT = frozenset({"免考", "缺考", "缓考待考"})
NOTES = (
    "学习时间由服务器按实际阅读计，按北京时间的日期归入年度；不足一分钟的零头不计。",
    "年度计划只算计划起止日期之内的学习和标记；免学、移出的计划不要求完成。",
    "集中学法按签到记录：到会、迟到、请假、缺席；已取消的不列，没有结束的不判缺席。",
    "练习只计每轮每题的第一次作答；到期复习是系统安排重现的题，答对比例即实测记住率。",
    "考试按统计口径 A-1，只写已结束的考试的结果，没有结束的写“未结束”。补考不改变是否一次性通过。",
    "核对号由本件全部数字算出：内容相同，核对号相同；有改动，核对号不同。",
)


@dataclass(frozen=True)
class ItemLine:
    """One thing of a plan. `missing` says what is left to do, "" when it is done."""

    kind: ItemKind
    title: str
    part: str
    minutes: int
    seconds: int
    is_done: bool
    missing: str


@dataclass(frozen=True)
class PlanLine:
    title: str
    programme: str
    stage: PlanStage
    starts: date
    ends: date
    minutes: int
    seconds: int
    is_exempt: bool
    is_completed: bool
    items: tuple[ItemLine, ...]

    @property
    def done(self) -> int:
        return sum(item.is_done for item in self.items)


@dataclass(frozen=True)
class SessionLine:
    """A study session on whose list the person stands; no `presence` before it is over, unless
    the person has signed or is on leave."""

    starts: datetime
    kind: SessionKind
    title: str
    laws: tuple[str, ...]
    stage: SessionStage
    presence: Presence | None


@dataclass(frozen=True)
class ReadingLine:
    """`kind` is 法规, 指南 or 材料."""

    kind: str
    title: str
    seconds: int


@dataclass(frozen=True)
class Practice:
    """`due` of the answers were asked for again by the schedule, `recalled` of them right;
    `missed` questions stand in the 错题本 now."""

    answers: int = 0
    right: int = 0
    due: int = 0
    recalled: int = 0
    missed: int = 0


@dataclass(frozen=True)
class ExamLine:
    """What may be said of one exam; scores that the reader may not see are None."""

    title: str
    code: str
    closes: datetime
    pass_line: int
    full: int
    outcome: str
    first: int | None
    best: int | None
    note: str
    is_good: bool | None


@dataclass(frozen=True)
class ChallengeLine:
    title: str
    runs: int
    answered: int
    right: int
    score: int | None


@dataclass(frozen=True)
class Owner:
    id: int
    number: str
    name: str
    post: str
    category: Category
    unit: str


@dataclass(frozen=True)
class Record:
    """A person's year as of `at`, as one reader may see it."""

    year: int
    at: datetime
    owner: Owner
    plans: tuple[PlanLine, ...]
    sessions: tuple[SessionLine, ...]
    reading: tuple[ReadingLine, ...]
    practice: Practice
    exams: tuple[ExamLine, ...]
    challenges: tuple[ChallengeLine, ...]

    @property
    def seconds(self) -> int:
        return sum(line.seconds for line in self.reading)

    @property
    def plans_required(self) -> int:
        return sum(not plan.is_exempt for plan in self.plans)

    @property
    def plans_completed(self) -> int:
        return sum(plan.is_completed and not plan.is_exempt for plan in self.plans)

    def count(self, *presences: Presence) -> int:
        return sum(line.presence in presences for line in self.sessions)

    @property
    def held(self) -> int:
        """应到: sessions that are over, or at which the person has signed or is on leave."""
        return self.count(*Presence)

    @property
    def came(self) -> int:
        return self.count(Presence.PRESENT, Presence.LATE)


def year_of(year: int) -> tuple[datetime, datetime]:
    """The year in Beijing, half open."""
    return datetime(year, 1, 1, tzinfo=BEIJING), datetime(year + 1, 1, 1, tzinfo=BEIJING)


def exam_line(row: Row, closes: datetime, full: int, scores: Scores, after_close: Show) -> ExamLine:
    """A roster row as the reader may see it. A result is said of closed exams only."""
    word = outcome(row)
    shown = row.terms.closed and (
        scores is Scores.ALL or (scores is Scores.OWN and after_close is not Show.NOTHING)
    )
    if not row.terms.closed:
        word = word if word == "免考" else NOT_OVER
    elif not shown and word not in WITHOUT_RESULT and row.has_sat:
        word = NOT_SHOWN if scores is Scores.OWN else SAT
    good = None
    if shown or word == "缺考":
        good = FIGURES["passed"](row) if FIGURES["required"](row) else None
    return ExamLine(
        row.terms.title, row.terms.code, closes, row.terms.pass_line, full, word,
        row.first_score if shown else None, row.best_score if shown else None, row.note, good,
    )


def presence_shown(presence: Presence, stage: SessionStage) -> Presence | None:
    """Nobody is absent from what is not over."""
    over = stage is SessionStage.OVER
    return presence if over or presence is not Presence.ABSENT else None


def minutes(seconds: int) -> int:
    """Whole minutes; what is less than one is not counted."""
    return seconds // 60


def rate(part: int, whole: int) -> str:
    return f"{percent(part, whole)}（{part}/{whole}）" if whole else "—"


def check_number(data: Mapping[str, Any]) -> str:
    """The number by which a paper is checked: made of everything that it says."""
    plain = json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    digest = hashlib.sha256(plain.encode()).hexdigest().upper()
    return "-".join(digest[at:at + 4] for at in range(0, 16, 4))
