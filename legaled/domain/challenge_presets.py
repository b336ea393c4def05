"""Five events to start from; each is copied into a challenge and changed there."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from legaled.domain.banks import Kind
from legaled.domain.challenge_rules import Across, End, Rules, Tie


@dataclass(frozen=True)
class Preset:
    title: str
    words: str
    rules: Rules


PRESETS: Mapping[str, Preset] = MappingProxyType({
    "day": Preset(
        "宪法日赛",
        "50 道单选题，每题 2 分，每人一次，先比分数再比用时。",
        Rules(
            questions=50, quotas={Kind.SINGLE: 50}, minutes=60, points=2,
            runs_a_day=1, counted_a_day=1, runs_in_all=1, tie=Tie.TIME,
        ),
    ),
    "daily": Preset(
        "每日一练",
        "每轮 5 题，每天 5 轮，赛期内每轮得分相加。",
        Rules(
            questions=5, minutes=10, points=1, runs_a_day=5, counted_a_day=5,
            across=Across.SUM, tie=Tie.FINISH,
        ),
    ),
    "streak": Preset(
        "挑战答题",
        "答错即止，每题 30 秒，每天 1 轮计分，练习不限。",
        Rules(
            questions=0, end=End.FIRST_WRONG, spares=1, seconds=30, minutes=120, points=1,
            runs_a_day=0, counted_a_day=1, tie=Tie.TIME,
        ),
    ),
    "levels": Preset(
        "闯关",
        "8 关，每关 5 题，答对 4 题过关，各关最好成绩相加。",
        Rules(
            questions=5, seconds=30, spares=1, minutes=10, points=10, combo=5, combo_every=3,
            last_points=20, runs_a_day=20, counted_a_day=20, across=Across.LEVELS, levels=8,
            gate=4, tie=Tie.TIME,
        ),
    ),
    "cloud": Preset(
        "云赛",
        "每轮 10 题，错题再答，直到全对。",
        Rules(
            questions=10, end=End.UNTIL_RIGHT, minutes=30, points=10,
            runs_a_day=3, counted_a_day=3, tie=Tie.TIME,
        ),
    ),
})
