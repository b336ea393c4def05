"""Rules of an exam: when it may be started, until when it runs, how a paper is drawn."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from legaled.domain.banks import Kind
from legaled.domain.errors import ConflictError, ForbiddenError

SHORTEST = timedelta(minutes=1)
PAPER_ORDER = (Kind.SINGLE, Kind.MULTI, Kind.JUDGE, Kind.BLANK)
SHUFFLED = frozenset({Kind.SINGLE, Kind.MULTI})
LETTERS = "ABCDEFGH"


class Counts(Enum):
    """Which of several valid attempts gives the counted score. "last" is not offered (RATES)."""

    BEST = "best"
    FIRST = "first"


class Show(Enum):
    """What a candidate may see of a closed attempt."""

    NOTHING = "nothing"
    SCORE = "score"
    ALL = "all"


class Stage(Enum):
    DRAFT = "draft"
    ANNOUNCED = "announced"
    OPEN = "open"
    BETWEEN = "between"  # a make-up is announced and has not opened yet
    CLOSED = "closed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class Window:
    """A sitting: half open, `opens` inside and `closes` outside."""

    id: int
    number: int
    opens: datetime
    closes: datetime

    def holds(self, now: datetime) -> bool:
        return self.opens <= now < self.closes


@dataclass(frozen=True)
class Candidate:
    """What the start of an attempt depends on, for one required person and one exam."""

    formal_attempts: int  # not voided, in the formal sitting
    make_up_attempts: int  # not voided, in the sitting that is open now
    passed: bool
    missing: Sequence[str] = ()  # what has to be studied first, in short phrases


def stage(
    published: datetime | None,
    cancelled: datetime | None,
    windows: Sequence[Window],
    now: datetime,
) -> Stage:
    """Derived from facts; an exam whose announced make-up has not closed is not closed."""
    if cancelled is not None:
        return Stage.CANCELLED
    if published is None or not windows:
        return Stage.DRAFT
    if any(window.holds(now) for window in windows):
        return Stage.OPEN
    if all(now >= window.closes for window in windows):
        return Stage.CLOSED
    started = any(now >= window.opens for window in windows)
    return Stage.BETWEEN if started else Stage.ANNOUNCED


def shown(
    after_submit: Show, after_close: Show, at: Stage, *, still_writing: bool, dropped: bool
) -> Show:
    """What a candidate may see of an attempt that is over.

    `still_writing`: somebody with an extension has not finished, so the exam is not over for all.
    `dropped`: the attempt was voided or its exam cancelled.
    """
    if dropped:
        return Show.NOTHING
    return after_close if at is Stage.CLOSED and not still_writing else after_submit


def open_window(windows: Sequence[Window], now: datetime) -> Window:
    """The sitting that can be started now; refused with less than a minute left."""
    for window in windows:
        if window.holds(now) and window.closes - now >= SHORTEST:
            return window
    raise ConflictError("not_open")


def check_start(candidate: Candidate, window: Window, attempts: int) -> None:
    """Raises the protocol's refusal, or returns: the person may start a new attempt."""
    if window.number == 0:
        used_up = candidate.formal_attempts >= attempts
    else:
        used_up = candidate.make_up_attempts >= 1 or candidate.passed
    if used_up:
        raise ConflictError("no_attempts_left")
    if candidate.missing:
        raise ConflictError("study_required", missing="；".join(candidate.missing))


def check_address(networks: Sequence[str], address: str) -> None:
    """Refused unless the address lies in one of the networks; no networks allow every address."""
    if networks and not any(_address(address) in ip_network(net) for net in networks):
        raise ForbiddenError("address_not_allowed")


def _address(text: str) -> IPv4Address | IPv6Address:
    """An IPv4 address that came in IPv6 clothes is an IPv4 address; nonsense is nobody's."""
    try:
        found = ip_address(text)
    except ValueError:
        return IPv6Address("::")
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def deadline(started: datetime, minutes: int, extension: int, closes: datetime) -> datetime:
    """min(started + minutes + extension, window end + extension)."""
    more = timedelta(minutes=extension)
    return min(started + timedelta(minutes=minutes) + more, closes + more)


@dataclass(frozen=True)
class Drawn:
    """One slot to be: the version and, by displayed letter, the letter in the author's order."""

    version_id: int
    option_order: str
    points: int


def draw(
    seed: str,
    pool: Mapping[Kind, Sequence[tuple[int, int]]],
    quotas: Mapping[Kind, tuple[int, int]],
) -> list[Drawn]:
    """A paper: by kind in the usual order, `count` of the pool's (version, number of options).

    The same seed, pool and quotas give the same paper. Raises ValueError if the pool is short.
    """
    chance = random.Random(seed)  # noqa: S311 - a seeded draw that can be shown in a dispute
    paper: list[Drawn] = []
    for kind in PAPER_ORDER:
        count, points = quotas.get(kind, (0, 0))
        for version_id, options in chance.sample(sorted(pool.get(kind, ())), count):
            letters = list(LETTERS[:options])
            if kind in SHUFFLED:
                chance.shuffle(letters)
            paper.append(Drawn(version_id, "".join(letters), points))
    return paper


# ── arranging an exam ───────────────────────────────────────────────────────

MOST_MINUTES, MOST_ATTEMPTS, MOST_QUESTIONS, MOST_POINTS = 600, 3, 500, 1000
MOST_STUDY_MINUTES = 60_000
STAGE_LABEL = {
    Stage.DRAFT: "草稿",
    Stage.ANNOUNCED: "已公布",
    Stage.OPEN: "进行中",
    Stage.BETWEEN: "待补考",
    Stage.CLOSED: "已结束",
    Stage.CANCELLED: "已取消",
}
COUNTS_LABEL = {Counts.BEST: "取最高分", Counts.FIRST: "取第一次"}
SHOW_LABEL = {Show.NOTHING: "不显示", Show.SCORE: "只显示成绩", Show.ALL: "成绩、答案和解析"}


@dataclass(frozen=True)
class ExamDraft:
    """What a trainer arranges. `quotas` gives (count, points each) by kind.

    `password` is the text that candidates must type, "" for none; None keeps the one there is.
    `practice_share`: at most so many percent of its questions may be open for practice.
    `required_minutes`: of study in the exam's year, before the exam may be started.
    """

    code: str
    title: str
    year: int
    opens: datetime
    closes: datetime
    minutes: int
    pass_line: int
    excellent_line: int
    quotas: Mapping[Kind, tuple[int, int]]
    bank_ids: Sequence[int] = ()
    attempts: int = 1
    counts: Counts = Counts.BEST
    password: str | None = ""
    networks: Sequence[str] = ()
    required_laws: Sequence[str] = ()
    after_submit: Show = Show.SCORE
    after_close: Show = Show.ALL
    practice_share: int = 100
    required_minutes: int = 0
    required_plan_id: int | None = None

    @property
    def total_points(self) -> int:
        return total_points(self.quotas)


def total_points(quotas: Mapping[Kind, tuple[int, int]]) -> int:
    return sum(count * points for count, points in quotas.values())


def most_practisable(questions: int, share: int) -> int:
    """Of so many questions, how many may be open for practice under a limit in percent."""
    return questions * share // 100


def plain_network(text: str) -> str:
    """10.1.2.3/16 → 10.1.0.0/16; a single address is a network too. Raises ValueError."""
    return str(ip_network(text.strip(), strict=False))


def draft_problems(draft: ExamDraft) -> list[tuple[str, str]]:
    """(field, code) of everything that is wrong with a draft; empty when it may be kept."""
    return [
        *_window_problems(draft),
        *_quota_problems(draft),
        *_line_problems(draft),
        *([] if 1 <= draft.attempts <= MOST_ATTEMPTS else [("attempts", "attempts_range")]),
        *([] if all(map(_is_network, draft.networks)) else [("networks", "bad_network")]),
        *([] if 0 <= draft.practice_share <= 100 else [("practice_share", "share_range")]),
        *([] if 0 <= draft.required_minutes <= MOST_STUDY_MINUTES
          else [("required_minutes", "study_minutes_range")]),
    ]


def window_problem(opens: datetime, closes: datetime, minutes: int) -> str | None:
    """The code of what is wrong with a sitting of an exam of so many minutes, or None."""
    if closes <= opens:
        return "closes_before_opens"
    return "window_short" if closes - opens < timedelta(minutes=minutes) else None


def make_up_problem(
    windows: Sequence[Window], opens: datetime, closes: datetime, minutes: int, now: datetime
) -> str | None:
    """The code of what is wrong with a further sitting after those there are, or None."""
    if problem := window_problem(opens, closes, minutes):
        return problem
    if closes <= now:
        return "window_over"
    if any(opens < window.closes for window in windows):
        return "make_up_overlaps"
    return None


def _window_problems(draft: ExamDraft) -> list[tuple[str, str]]:
    if not 1 <= draft.minutes <= MOST_MINUTES:
        return [("minutes", "minutes_range")]
    problem = window_problem(draft.opens, draft.closes, draft.minutes)
    return [("closes", problem)] if problem else []


def _quota_problems(draft: ExamDraft) -> list[tuple[str, str]]:
    if not draft.quotas:
        return [("quotas", "no_quota")]
    if not set(draft.quotas) <= set(PAPER_ORDER):
        return [("quotas", "kind_not_marked")]
    within = all(
        1 <= count <= MOST_QUESTIONS and 1 <= points <= MOST_POINTS
        for count, points in draft.quotas.values()
    )
    return [] if within else [("quotas", "quota_range")]


def _line_problems(draft: ExamDraft) -> list[tuple[str, str]]:
    problems = []
    if not 0 < draft.pass_line <= draft.total_points:
        problems.append(("pass_line", "line_over_total"))
    if not draft.pass_line <= draft.excellent_line:
        problems.append(("excellent_line", "lines_in_order"))
    elif draft.excellent_line > draft.total_points:
        problems.append(("excellent_line", "line_over_total"))
    return problems


def _is_network(text: str) -> bool:
    try:
        ip_network(text)
    except ValueError:
        return False
    return True
