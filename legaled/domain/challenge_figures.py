"""What a challenge comes to in figures: integers inside, rates when they are printed (RATES.md).

They stand beside those of exams and never enter them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from legaled.domain.challenge_boards import Standing
from legaled.domain.rates import percent

FIGURE_LABEL: Mapping[str, str] = {
    "listed": "名单人数", "players": "参与人数", "runs": "人次", "answered": "答题数",
    "right": "答对数",
}
RATE_LABEL: Mapping[str, str] = {
    "participation": "参与率", "runs_a_player": "人均次数", "accuracy": "正确率",
}
DEFINITIONS = (
    ("名单人数", "发布时固定的可参加人员，单位按当时的记。全年按人合计时，一人只算一次。"),
    ("参与人数", "名单里至少有一次计分挑战已经结束的人，一人算一次。作废的不算。"),
    ("参与率", "参与人数 ÷ 名单人数。"),
    ("人次", "已经结束的计分挑战次数相加；练习和作废的不算。"),
    ("人均次数", "人次 ÷ 参与人数，四舍五入到两位小数。"),
    ("正确率", "答对数 ÷ 答题数，只看计分挑战里答过的题，超时未答不在其内。"),
    ("不计入", "挑战赛的人数和成绩不进入普法考试的任何比率。"),
    ("取位", "四舍五入到两位小数。全部达到才写 100%，一个没有才写 0%，其余最高 99.99%、最低 0.01%。"
             "没有人可算时写 —。"),
)


@dataclass(frozen=True)
class Figures:
    """Counts over counted runs that have ended and were not voided."""

    listed: int
    players: int
    runs: int
    answered: int
    right: int

    @property
    def participation(self) -> str:
        return percent(self.players, self.listed)

    @property
    def accuracy(self) -> str:
        return percent(self.right, self.answered)

    @property
    def runs_a_player(self) -> str:
        return quotient(self.runs, self.players)

    def rate_with_counts(self, name: str) -> str:
        """As pages and reports print it: the counts stand beside the rate."""
        parts = {
            "participation": (self.players, self.listed),
            "accuracy": (self.right, self.answered),
            "runs_a_player": (self.runs, self.players),
        }
        part, whole = parts[name]
        return f"{getattr(self, name)}（{part}/{whole}）"

    def as_json(self) -> dict[str, int | str]:
        counts: dict[str, int | str] = {name: getattr(self, name) for name in FIGURE_LABEL}
        return counts | {name: str(getattr(self, name)) for name in RATE_LABEL}


def figures(standings: Iterable[Standing]) -> Figures:
    """Of one challenge."""
    return year_figures([standings])


def year_figures(challenges: Iterable[Iterable[Standing]]) -> Figures:
    """Of several: people once each, runs and answers added up."""
    listed, players = set[int](), set[int]()
    runs = answered = right = 0
    for standings in challenges:
        for one in standings:
            listed.add(one.person_id)
            if one.counted_runs:
                players.add(one.person_id)
            runs, answered = runs + one.counted_runs, answered + one.answered
            right += one.right
    return Figures(len(listed), len(players), runs, answered, right)


def quotient(part: int, whole: int) -> str:
    """Two decimals, half up; "—" when there is nothing to divide by."""
    if not whole:
        return "—"
    hundredths = (part * 200 + whole) // (2 * whole)
    return f"{hundredths // 100}.{hundredths % 100:02d}"


def lasted(millis: int) -> str:
    """4 分 12 秒; whole seconds, cut off. Below a minute with one digit behind the point."""
    seconds = millis // 1000
    if seconds < 60:
        return f"{seconds}.{millis % 1000 // 100} 秒"
    return f"{seconds // 60} 分 {seconds % 60} 秒"
