"""The rules of a challenge as data: what may be set, what fits together, and plain JSON of it.

Playing (`challenge_runs`), printing (`challenge_words`) and the presets read the same object.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import datetime, timedelta
from enum import Enum
from itertools import pairwise
from typing import Any

from legaled.domain.attempts import MARKERS
from legaled.domain.banks import KIND_LABEL, Kind

LONGEST = timedelta(hours=24)  # of a run without a limit of its own


class End(Enum):
    """What ends a run, beside its questions being used up and the time."""

    ALL = "all"
    FIRST_WRONG = "first_wrong"
    LIVES = "lives"
    UNTIL_RIGHT = "until_right"  # the wrong ones come again until all are right


class Across(Enum):
    """How a person's counted runs make one result."""

    BEST = "best"
    SUM = "sum"
    LEVELS = "levels"  # the best run of each level, added up


class Tie(Enum):
    """What decides between equal scores."""

    TIME = "time"  # the shorter time
    FINISH = "finish"  # the earlier finish


class LastTie(Enum):
    """What decides when that is equal too; the lot is drawn from the seed, so nobody shares."""

    OTHER = "other"  # the other of time and finish, then the lot
    LOT = "lot"


@dataclass(frozen=True)
class Stage:
    """A part of the season in which runs may be started; `starts` inside, `ends` outside."""

    title: str
    starts: datetime
    ends: datetime


@dataclass(frozen=True)
class Rules:
    """Everything that playing and ranking depend on. 0 means "none" where a number may be absent.

    `questions` 0 puts the whole pool in the seed's order; `quotas` empty draws from all kinds.
    `runs_a_day` holds counted and practice runs together, `counted_a_day` the first kind only.
    `spares`: questions of a run that may stay without any answer in time and are made up.
    """

    questions: int
    quotas: Mapping[Kind, int] = field(default_factory=dict)
    end: End = End.ALL
    lives: int = 0
    spares: int = 0
    seconds: int = 0
    grace: int = 3
    minutes: int = 0
    runs_a_day: int = 1
    counted_a_day: int = 1
    runs_in_all: int = 0
    across: Across = Across.BEST
    points: int = 1
    combo: int = 0
    combo_every: int = 0
    last_points: int = 0
    tie: Tie = Tie.TIME
    last_tie: LastTie = LastTie.OTHER
    levels: int = 0
    gate: int = 0
    stages: tuple[Stage, ...] = ()
    min_members: int = 5
    fast_millis: int = 400

    @property
    def practice(self) -> bool:
        """Whether there are runs that do not count."""
        return self.runs_a_day == 0 or self.runs_a_day > self.counted_a_day

    @property
    def needed(self) -> int:
        """How many questions the pool of a level must hold."""
        return max(self.questions, 1) + (self.spares if self.questions else 0)

    def to_data(self) -> dict[str, Any]:
        """As plain JSON; `from_data` gives the same rules back."""
        return {name: _PLAIN.get(name, _same)(getattr(self, name)) for name in NAMES}

    @staticmethod
    def from_data(data: object) -> "Rules":
        """Raises ValueError naming what is unknown, missing or of the wrong shape."""
        if not isinstance(data, dict):
            raise ValueError("rules must be an object")
        unknown = sorted(str(name) for name in data.keys() - set(NAMES))
        if unknown or "questions" not in data:
            raise ValueError(f"unknown or missing: {', '.join(unknown) or 'questions'}")
        return Rules(**{name: _READ.get(name, _whole)(value) for name, value in data.items()})


NAMES = tuple(one.name for one in fields(Rules))


def _same(value: Any) -> Any:
    return value


def _whole(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool):
        raise ValueError(f"not a whole number: {value!r}")
    return value


def _quotas(value: object) -> dict[Kind, int]:
    if not isinstance(value, dict):
        raise ValueError("quotas must be an object")
    return {Kind(kind): _whole(count) for kind, count in value.items()}


def _stages(value: object) -> tuple[Stage, ...]:
    if not isinstance(value, list):
        raise ValueError("stages must be a list")
    return tuple(_stage(one) for one in value)


def _stage(value: object) -> Stage:
    if not isinstance(value, dict) or set(value) != {"title", "starts", "ends"}:
        raise ValueError("a stage has a title, starts and ends")
    if not all(isinstance(text, str) for text in value.values()):
        raise ValueError("a stage is made of texts")
    starts, ends = (datetime.fromisoformat(value[name]) for name in ("starts", "ends"))
    if starts.tzinfo is None or ends.tzinfo is None:
        raise ValueError("a stage's times need a zone")
    return Stage(value["title"], starts, ends)


def _enum(kind: type[Enum]) -> Callable[[object], Any]:
    return lambda value: kind(value)


_CHOICES: Mapping[str, type[Enum]] = {
    "end": End, "across": Across, "tie": Tie, "last_tie": LastTie,
}
_READ: Mapping[str, Callable[[object], Any]] = {
    **{name: _enum(kind) for name, kind in _CHOICES.items()},
    "quotas": _quotas, "stages": _stages,
}
_PLAIN: Mapping[str, Callable[[Any], Any]] = {
    **dict.fromkeys(_CHOICES, lambda value: value.value),
    "quotas": lambda value: {kind.value: count for kind, count in value.items()},
    "stages": lambda value: [
        {"title": one.title, "starts": one.starts.isoformat(), "ends": one.ends.isoformat()}
        for one in value
    ],
}

# ── what fits together ──────────────────────────────────────────────────────

RANGES: Mapping[str, tuple[int, int, str]] = {
    "questions": (0, 200, "每轮题数"),
    "lives": (0, 20, "机会"),
    "spares": (0, 5, "断线补题"),
    "seconds": (0, 600, "每题秒数"),
    "grace": (0, 30, "线路宽限"),
    "minutes": (0, 600, "每轮分钟数"),
    "runs_a_day": (0, 100, "每天轮数"),
    "counted_a_day": (1, 100, "每天计分轮数"),
    "runs_in_all": (0, 1000, "赛期计分轮数"),
    "points": (1, 100, "每题分数"),
    "combo": (0, 100, "连对加分"),
    "combo_every": (0, 100, "连对题数"),
    "last_points": (0, 1000, "最后一题分数"),
    "levels": (0, 50, "关数"),
    "gate": (0, 200, "过关题数"),
    "min_members": (1, 1000, "单位最少人数"),
    "fast_millis": (0, 5000, "过快毫秒数"),
}


@dataclass(frozen=True)
class Problem:
    """What is wrong with rules: the field and Chinese words."""

    field: str
    words: str


def check(rules: Rules) -> list[Problem]:
    """Everything that is wrong; rules without problems can be published and played."""
    found = [
        Problem(name, f"{label}应在 {least} 到 {most} 之间。")
        for name, (least, most, label) in RANGES.items()
        if not least <= getattr(rules, name) <= most
    ]
    return found + [Problem(name, words) for name, is_bad, words in _TOGETHER if is_bad(rules)]


def _overlapping(rules: Rules) -> bool:
    ordered = sorted(rules.stages, key=lambda one: one.starts)
    return any(a.ends > b.starts for a, b in pairwise(ordered))


_TOGETHER: tuple[tuple[str, Callable[[Rules], bool], str], ...] = (
    ("quotas", lambda r: any(kind not in MARKERS for kind in r.quotas),
     f"{KIND_LABEL[Kind.ESSAY]}题不能自动判分，不能用在挑战赛里。"),
    ("quotas", lambda r: any(count < 1 for count in r.quotas.values()), "各题型题数至少是 1。"),
    ("quotas", lambda r: bool(r.quotas) and sum(r.quotas.values()) != r.questions,
     "各题型题数之和应等于每轮题数。"),
    ("questions", lambda r: r.questions == 0 and r.end not in (End.FIRST_WRONG, End.LIVES),
     "题数不限时，应选「答错即止」或「机会用完为止」。"),
    ("lives", lambda r: (r.end is End.LIVES) != (r.lives > 0),
     "「机会用完为止」要填机会的次数，其他的结束方式不填。"),
    ("spares", lambda r: r.spares > 0 and (r.seconds == 0 or r.end is End.UNTIL_RIGHT),
     "断线补题只用于每题限时、错题不重答的比赛。"),
    ("runs_a_day", lambda r: 0 < r.runs_a_day < r.counted_a_day,
     "每天轮数不能少于每天计分轮数。"),
    ("combo", lambda r: (r.combo > 0) != (r.combo_every > 0),
     "连对加分要同时填「连对几题」和「加几分」。"),
    ("combo_every", lambda r: r.combo_every == 1, "连对加分至少从连对 2 题起。"),
    ("last_points", lambda r: r.last_points > 0 and r.questions == 0,
     "题数不限时没有最后一题。"),
    ("across", lambda r: (r.across is Across.LEVELS) != (r.levels > 0),
     "「各关最好成绩相加」要填关数，其他算法不填。"),
    ("gate", lambda r: r.levels > 0 and not 1 <= r.gate <= r.questions,
     "过关题数应在 1 到每轮题数之间。"),
    ("gate", lambda r: r.levels == 0 and r.gate > 0, "没有关卡时不填过关题数。"),
    ("stages", lambda r: any(one.starts >= one.ends for one in r.stages),
     "每个阶段的开始应早于结束。"),
    ("stages", _overlapping, "各阶段的时间不能重叠。"),
)


def check_season(rules: Rules, starts: datetime, ends: datetime) -> list[Problem]:
    """What is wrong between the rules and the dates of the event."""
    if starts >= ends:
        return [Problem("ends", "赛期的结束应晚于开始。")]
    outside = any(one.starts < starts or one.ends > ends for one in rules.stages)
    return [Problem("stages", "阶段应在赛期之内。")] if outside else []


def open_stage(rules: Rules, starts: datetime, ends: datetime, now: datetime) -> Stage | None:
    """The part of the season in which a run may be started now, or None."""
    stages = rules.stages or (Stage("", starts, ends),)
    for one in stages:
        first, last = max(one.starts, starts), min(one.ends, ends)
        if first <= now < last:
            return replace(one, starts=first, ends=last)
    return None


def run_deadline(rules: Rules, started: datetime, stage: Stage) -> datetime:
    """min(started + the run's limit, end of the stage)."""
    limit = timedelta(minutes=rules.minutes) if rules.minutes else LONGEST
    return min(started + limit, stage.ends)
