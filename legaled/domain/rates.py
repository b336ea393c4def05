"""What every rate means (definition A-1): the only place where anything is counted.

Every figure is the length of a list of rows, and the list is what a page shows behind it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

DEFINITION = "A-1"


class Exemption(Enum):
    RETIRING = "retiring"
    SICK = "sick"
    ABROAD = "abroad"
    SECONDED_AWAY = "seconded_away"
    LENT = "lent"
    OTHER = "other"


EXEMPTION_LABEL = {
    Exemption.RETIRING: "当年退休",
    Exemption.SICK: "长期病假",
    Exemption.ABROAD: "长期出国(境)",
    Exemption.SECONDED_AWAY: "省外挂职",
    Exemption.LENT: "借调在外",
    Exemption.OTHER: "其他",
}


class Absence(Enum):
    ABSENT = "absent"
    LEAVE = "leave"
    DEFERRED_NOT_MADE_UP = "deferred_not_made_up"
    VOIDED_NOT_RESAT = "voided_not_resat"


ABSENCE_LABEL = {
    Absence.ABSENT: "缺考",
    Absence.LEAVE: "请假",
    Absence.DEFERRED_NOT_MADE_UP: "缓考未补",
    Absence.VOIDED_NOT_RESAT: "作废后未再考",
}


@dataclass(frozen=True)
class Terms:
    """The lines of an exam. `by_best`: the counted score is the best one, else the first."""

    code: str
    title: str
    pass_line: int
    excellent_line: int
    by_best: bool
    closed: bool
    make_up_closed: bool
    exam: int = 0


@dataclass(frozen=True)
class Row:
    """One person on the roster of one exam, with the facts kept there."""

    terms: Terms
    person: int
    number: str
    name: str
    unit_codes: str
    unit_path: str
    frozen: datetime
    removed: bool = False
    is_exempt: bool = False
    is_deferred: bool = False
    has_sat: bool = False
    first_score: int | None = None
    best_score: int | None = None
    first_make_up: bool = False
    absence: Absence | None = None
    note: str = ""

    @property
    def counted_score(self) -> int | None:
        return self.best_score if self.terms.by_best else self.first_score


def _reaches(score: int | None, line: int) -> bool:
    return score is not None and score >= line


def _required(row: Row) -> bool:
    return not row.removed and not row.is_exempt


def _sat(row: Row) -> bool:
    return _required(row) and row.has_sat


def counts_at_all(row: Row) -> bool:
    """False for a person taken off the roster who has no attempt either."""
    return not row.removed or row.has_sat


def _absent(row: Row) -> bool:
    return _required(row) and not row.has_sat


FIGURES: Mapping[str, Callable[[Row], bool]] = {
    "roster": lambda row: not row.removed,
    "exempt": lambda row: not row.removed and row.is_exempt,
    "required": _required,
    "sat": _sat,
    "absent": _absent,
    "deferred": lambda row: (
        _absent(row) and row.is_deferred and not row.terms.make_up_closed
    ),
    "extra": lambda row: row.has_sat and not _required(row),
    "make_up_only": lambda row: _sat(row) and row.first_make_up,
    "first_passed": lambda row: _sat(row) and _reaches(row.first_score, row.terms.pass_line),
    "passed": lambda row: _sat(row) and _reaches(row.best_score, row.terms.pass_line),
    "excellent": lambda row: (
        _sat(row) and _reaches(row.counted_score, row.terms.excellent_line)
    ),
}
FIGURE_LABEL = {
    "roster": "名册",
    "exempt": "免考",
    "required": "应考",
    "sat": "实考",
    "absent": "缺考",
    "deferred": "缓考待考",
    "extra": "名册外",
    "make_up_only": "仅补考",
    "first_passed": "一次性通过",
    "passed": "通过",
    "excellent": "优秀",
}
RATES: Mapping[str, tuple[str, str]] = {
    "participation": ("sat", "required"),
    "first_pass_of_sat": ("first_passed", "sat"),
    "first_pass_of_required": ("first_passed", "required"),
    "pass_of_sat": ("passed", "sat"),
    "excellent_of_sat": ("excellent", "sat"),
}
RATE_LABEL = {
    "participation": "参考率",
    "first_pass_of_sat": "一次性通过率（口径A）",
    "first_pass_of_required": "一次性通过率（口径B）",
    "pass_of_sat": "通过率",
    "excellent_of_sat": "优秀率",
}
# Lists that a page offers beside the figures: who is in the one figure and not in the other.
DIFFERENCES: Mapping[str, tuple[str, str]] = {
    "not_first_passed": ("sat", "first_passed"),
    "not_passed": ("sat", "passed"),
}
DIFFERENCE_LABEL = {"not_first_passed": "没有一次通过", "not_passed": "没有通过"}
# Of several exams of one person: these figures need every required exam, the others any exam.
EVERY_EXAM = frozenset({"sat", "first_passed", "passed", "excellent"})


@dataclass(frozen=True)
class Person:
    """A person's rows of one year, counted as one (按人). `row` is the latest-frozen one."""

    row: Row
    rows: tuple[Row, ...]

    def counts_as(self, figure: str) -> bool:
        rostered = [row for row in self.rows if not row.removed]
        required = [row for row in rostered if not row.is_exempt]
        whole = {
            "roster": bool(rostered),
            "exempt": bool(rostered) and not required,
            "required": bool(required),
        }
        if figure in whole:
            return whole[figure]
        if figure == "absent":
            return bool(required) and not self.counts_as("sat")
        test = FIGURES[figure]
        if figure in EVERY_EXAM:
            return bool(required) and all(test(row) for row in required)
        return any(test(row) for row in self.rows)


def people(rows: Iterable[Row]) -> list[Person]:
    """Rows of several exams, gathered by person; the unit is that of the latest-frozen roster."""
    by_person: dict[int, list[Row]] = {}
    for row in rows:
        if counts_at_all(row):
            by_person.setdefault(row.person, []).append(row)
    gathered = []
    for own in by_person.values():
        latest = max(own, key=lambda row: (not row.removed, row.frozen, row.terms.code))
        gathered.append(Person(latest, tuple(own)))
    return sorted(gathered, key=lambda person: (person.row.unit_codes, person.row.number))


def rows_behind(rows: Iterable[Row], figure: str) -> list[Row]:
    """按人次: the roster rows that a figure (or a difference of two) counts."""
    if figure in DIFFERENCES:
        whole, part = (FIGURES[name] for name in DIFFERENCES[figure])
        return [row for row in rows if whole(row) and not part(row)]
    return [row for row in rows if FIGURES[figure](row)]


def people_behind(persons: Iterable[Person], figure: str) -> list[Person]:
    """按人: the people that a figure of a year (or a difference of two) counts."""
    if figure in DIFFERENCES:
        whole, part = DIFFERENCES[figure]
        return [one for one in persons if one.counts_as(whole) and not one.counts_as(part)]
    return [person for person in persons if person.counts_as(figure)]


def in_unit(unit_codes: str, unit: str) -> bool:
    """True if the path of codes lies in the subtree of the unit (a path of codes; "" is all).

    A unit that ends in "/" is the part of a unit that sits in none of its sub-units (本级).
    """
    if unit.endswith("/"):
        return unit_codes == unit[:-1]
    return not unit or unit_codes == unit or unit_codes.startswith(unit + "/")


@dataclass(frozen=True)
class Figures:
    """The integer counts of RATES.md; rates are made when they are printed."""

    counts: Mapping[str, int]

    def __getitem__(self, figure: str) -> int:
        return self.counts[figure]

    def __add__(self, other: "Figures") -> "Figures":
        return Figures({name: self.counts[name] + other.counts[name] for name in FIGURES})

    def rate(self, name: str) -> str:
        part, whole = RATES[name]
        return percent(self.counts[part], self.counts[whole])

    def rate_with_counts(self, name: str) -> str:
        part, whole = RATES[name]
        return f"{self.rate(name)}（{self.counts[part]}/{self.counts[whole]}）"

    def as_json(self) -> dict[str, int | str]:
        return {**self.counts, **{name: self.rate(name) for name in RATES}}


def by_sittings(rows: Iterable[Row]) -> Figures:
    rows = list(rows)
    return Figures({figure: len(rows_behind(rows, figure)) for figure in FIGURES})


def by_people(persons: Iterable[Person]) -> Figures:
    persons = list(persons)
    return Figures({figure: len(people_behind(persons, figure)) for figure in FIGURES})


def percent(part: int, whole: int) -> str:
    """Two decimals, half up; "100%" and "0%" only when exactly so; "—" when nobody is counted."""
    if whole == 0:
        return "—"
    if part == whole:
        return "100%"
    if part == 0:
        return "0%"
    hundredths = (part * 20000 + whole) // (2 * whole)
    hundredths = min(max(hundredths, 1), 9999)
    return f"{hundredths // 100}.{hundredths % 100:02d}%"
