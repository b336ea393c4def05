"""The plan of a year: what has to be studied, by whom, until when, and when it is done.

Everything is derived from facts: measured seconds and declarations inside the period.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import Enum

from legaled.domain.text import clean
from legaled.domain.times import beijing_day


class ItemKind(Enum):
    LAW = "law"
    GUIDE = "guide"
    FILE = "file"
    LINK = "link"


ITEM_KIND_LABEL = {
    ItemKind.LAW: "法规",
    ItemKind.GUIDE: "指南",
    ItemKind.FILE: "材料",
    ItemKind.LINK: "网页",
}


class Audience(Enum):
    ALL = "all"
    LEADERS = "leaders"


AUDIENCE_LABEL = {Audience.ALL: "全体在编人员", Audience.LEADERS: "领导干部"}


class PlanStage(Enum):
    DRAFT = "draft"
    WAITING = "waiting"
    RUNNING = "running"
    CLOSED = "closed"
    CANCELLED = "cancelled"


PLAN_STAGE_LABEL = {
    PlanStage.DRAFT: "草稿",
    PlanStage.WAITING: "未开始",
    PlanStage.RUNNING: "进行中",
    PlanStage.CLOSED: "已结束",
    PlanStage.CANCELLED: "已取消",
}
FIRST_YEAR, LAST_YEAR, MOST_MINUTES, MOST_ITEMS = 2000, 2100, 60_000, 60
RULES = (
    "学习时间由服务器按实际阅读计，只算起止日期之内的（北京时间，含首尾两天）。",
    "法规：规定条文的学习时间达到要求即完成；要求 0 分钟的，按「我已学完」完成。",
    "指南：学习时间达到要求，并且标记学完。学完标记也要在起止日期之内。",
    "材料：学习时间达到要求，并且按「我已学完」。网页不计时间，按「我已学完」完成。",
    "全部内容完成，并且起止日期之内的学习总时间（学什么都算）达到总要求，才算完成计划。",
)
RATE_RULES = (
    "应学 = 名单 − 免学。名单在计划公布时固定：在编、在岗，按当时的单位；以后的增减都留下原因。",
    "参学率 = 完成计划的人 ÷ 应学的人。免学、移出的人不在分母，名单保留。",
    "上级单位是下属人数相加再相除，不取比率的平均；一人只属一个单位。",
    "四舍五入到两位小数；全部完成才写 100%，一个没有才写 0%，没有人可算时写 —。",
)


@dataclass(frozen=True)
class PlanDraft:
    """What a trainer arranges, beside the items. No `unit_ids` means every unit."""

    year: int
    title: str
    programme: str
    audience: Audience
    unit_ids: Sequence[int]
    starts: date
    ends: date
    minutes: int


@dataclass(frozen=True)
class ItemDraft:
    """One thing to study. Of a law: all of it, or the articles `first` to `last` (anchors)."""

    kind: ItemKind
    title: str
    minutes: int = 0
    law_id: int | None = None
    first: str = ""
    last: str = ""
    guide: str = ""
    material_id: int | None = None
    url: str = ""


@dataclass(frozen=True)
class Done:
    """How far a person has come with one item."""

    kind: ItemKind
    minutes: int
    seconds: int
    marked: bool

    @property
    def needs_mark(self) -> bool:
        return needs_mark(self.kind, self.minutes)

    @property
    def has_time(self) -> bool:
        return self.seconds >= self.minutes * 60

    @property
    def is_done(self) -> bool:
        return self.has_time and (self.marked or not self.needs_mark)

    @property
    def missing(self) -> str:
        """What is left to do, in words; "" when it is done."""
        words = []
        if not self.has_time:
            words.append(f"还差 {minutes_left(self.seconds, self.minutes)} 分钟")
        if self.needs_mark and not self.marked:
            words.append("还没有标记学完")
        return "，".join(words)


def needs_mark(kind: ItemKind, minutes: int) -> bool:
    """Minutes alone are enough for a law only, and only when some are asked."""
    return kind is not ItemKind.LAW or minutes == 0


def is_completed(items: Iterable[Done], seconds: int, minutes: int) -> bool:
    """The person has completed the plan: every item, and the minutes in all."""
    return seconds >= minutes * 60 and all(item.is_done for item in items)


def minutes_left(seconds: int, minutes: int) -> int:
    """Whole minutes still to read, rounded up; 0 when there are none."""
    return max(0, -(-(minutes * 60 - seconds) // 60))


def plan_stage(
    published: datetime | None, cancelled: datetime | None, starts: date, ends: date,
    now: datetime,
) -> PlanStage:
    """Derived from facts; the last day belongs to the plan."""
    if cancelled is not None:
        return PlanStage.CANCELLED
    if published is None:
        return PlanStage.DRAFT
    today = beijing_day(now)
    if today < starts:
        return PlanStage.WAITING
    return PlanStage.RUNNING if today <= ends else PlanStage.CLOSED


def draft_problems(draft: PlanDraft) -> list[tuple[str, str]]:
    """(field, code) of everything that is wrong with a plan; empty when it may be kept."""
    problems = []
    if not clean(draft.title) or len(draft.title) > 100:
        problems.append(("title", "plan_title"))
    if len(draft.programme) > 40:
        problems.append(("programme", "plan_programme"))
    if not FIRST_YEAR <= draft.year <= LAST_YEAR:
        problems.append(("year", "plan_year"))
    if draft.ends < draft.starts:
        problems.append(("ends", "plan_ends_first"))
    elif not FIRST_YEAR <= draft.starts.year <= draft.ends.year <= LAST_YEAR:
        problems.append(("starts", "plan_year"))
    if not 0 <= draft.minutes <= MOST_MINUTES:
        problems.append(("minutes", "plan_minutes"))
    return problems


def url_ok(url: str) -> bool:
    """An address of the web and of nothing else: http or https, a host, nothing invisible."""
    scheme, found, rest = url.partition("://")
    host = rest.split("/", 1)[0].split("?", 1)[0].split("#", 1)[0]
    plain = url.isprintable() and not any(char.isspace() or char in '"<>\\' for char in url)
    return bool(found) and scheme.lower() in {"http", "https"} and bool(host.strip(".@:")) \
        and "@" not in host and plain and len(url) <= 500


def article_range(first: str, last: str) -> tuple[tuple[int, int], tuple[int, int]]:
    """Two anchors (`27`, `12-1`) as numbers that sort as the law does; both ends belong to it."""
    return _anchor(first), _anchor(last)


def in_range(part: str, first: str, last: str) -> bool:
    """Whether a part of a law lies in what an item asks; without `first` it is all of it."""
    if not first:
        return True
    if not part or not part.replace("-", "").isdecimal():
        return False
    low, high = article_range(first, last)
    return low <= _anchor(part) <= high


def _anchor(text: str) -> tuple[int, int]:
    number, _, sub = text.partition("-")
    return int(number), int(sub or 0)
