"""参学率 (definition A-1): people who completed the required study / people required to study.

Every figure is the length of a list of rows, as in `domain/rates.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from legaled.domain.rates import in_unit, percent
from legaled.domain.rates_units import REST, hidden_units, parent_of


@dataclass(frozen=True)
class StudyRow:
    """One person for whom a plan was set, and whether the plan is completed."""

    person: int
    number: str
    name: str
    unit_codes: str
    unit_path: str
    frozen: datetime
    removed: bool = False
    is_exempt: bool = False
    has_completed: bool = False


def _required(row: StudyRow) -> bool:
    return not row.removed and not row.is_exempt


FIGURES: Mapping[str, Callable[[StudyRow], bool]] = {
    "roster": lambda row: not row.removed,
    "exempt": lambda row: not row.removed and row.is_exempt,
    "required": _required,
    "completed": lambda row: _required(row) and row.has_completed,
    "missing": lambda row: _required(row) and not row.has_completed,
    "removed": lambda row: row.removed,
}
FIGURE_LABEL = {
    "roster": "名单", "exempt": "免学", "required": "应学", "completed": "已完成",
    "missing": "未完成", "removed": "已移出",
}


def rows_behind(rows: Iterable[StudyRow], figure: str, unit: str = "") -> list[StudyRow]:
    """The rows that a figure counts, within a unit (path of codes; "" is everybody)."""
    counts = FIGURES[figure]
    return [row for row in rows if counts(row) and in_unit(row.unit_codes, unit)]


@dataclass(frozen=True)
class StudyFigures:
    """The integer counts; the rate is made when it is printed."""

    counts: Mapping[str, int]

    def __getitem__(self, figure: str) -> int:
        return self.counts[figure]

    def __add__(self, other: "StudyFigures") -> "StudyFigures":
        return StudyFigures({name: self[name] + other[name] for name in FIGURES})

    @property
    def rate(self) -> str:
        return percent(self["completed"], self["required"])

    @property
    def rate_with_counts(self) -> str:
        return f"{self.rate}（{self['completed']}/{self['required']}）"


def figures(rows: Iterable[StudyRow]) -> StudyFigures:
    rows = list(rows)
    return StudyFigures({name: len(rows_behind(rows, name)) for name in FIGURES})


@dataclass(frozen=True)
class StudyUnit:
    """A unit's figures over its subtree. A `code` that ends in "/" is what sits in none of the
    sub-units (本级), so that siblings sum to their parent. `figures` is None where the actor
    must not see them."""

    code: str
    path: str
    figures: StudyFigures | None

    @property
    def depth(self) -> int:
        return self.path.count("/")

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]


def units(rows: Sequence[StudyRow], *, may_see_small: bool) -> list[StudyUnit]:
    """Every unit on the paths of the rows, parents before children."""
    names = _names(rows)
    own = dict[str, list[StudyRow]]()
    for row in rows:
        own.setdefault(row.unit_codes, []).append(row)
    sums = {code: figures(()) for code in names}
    for home, found in own.items():
        counted = figures(found)
        for code in (*_above(home), f"{home}/"):
            if code in sums:
                sums[code] += counted
    hidden = hidden_units({code: one["required"] for code, one in sums.items()})
    return [
        StudyUnit(code, names[code],
                  sums[code] if may_see_small or code not in hidden else None)
        for code in sorted(names, key=lambda code: code.split("/"))
    ]


def _names(rows: Iterable[StudyRow]) -> dict[str, str]:
    """Path of codes → path of names as last frozen, with a 本级 where a parent has own people."""
    latest: dict[str, tuple[datetime, str]] = {}
    homes = set[str]()
    for row in rows:
        homes.add(row.unit_codes)
        path = row.unit_path.split("/")
        for depth, code in enumerate(_above(row.unit_codes), 1):
            named = (row.frozen, "/".join(path[:depth]))
            latest[code] = max(latest.get(code, named), named)
    names = {code: path for code, (_, path) in latest.items()}
    parents = {parent_of(code) for code in names}
    return names | {f"{code}/": f"{names[code]}/{REST}" for code in homes & parents}


def _above(code: str) -> list[str]:
    parts = code.split("/")
    return ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
