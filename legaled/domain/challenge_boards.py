"""The boards of a challenge: people, units, sections and levels, made from the same facts.

Nothing here knows who looks: what others must not see is decided by `domain.challenge_names`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any, NamedTuple

from legaled.domain.rates_units import REST, SMALL_UNIT, hidden_units

LEAST_MEMBERS = SMALL_UNIT


class Standing(NamedTuple):
    """A person who may play, as of one moment; `score` is None while no counted run has ended."""

    person_id: int
    number: str
    name: str
    unit_path: str
    unit_codes: str
    runs: int
    counted_runs: int
    answered: int
    right: int
    level: int
    score: int | None
    best_millis: int | None
    best_ended: datetime | None

    @property
    def unit(self) -> str:
        return self.unit_path.rpartition("/")[2]


Key = Callable[[Standing], Any]


class Place(NamedTuple):
    """A line of the person board; no two lines share a place."""

    place: int
    who: Standing


@dataclass(frozen=True)
class UnitPlace:
    """A unit with the figures its place comes from. `place` is None with too few members."""

    place: int | None
    code: str
    path: str
    listed: int
    players: int
    total: int  # the sum of its players' best scores
    runs: int = 0

    @property
    def name(self) -> str:
        return self.path.rpartition("/")[2]

    @property
    def participation(self) -> Fraction:
        return Fraction(self.players, self.listed) if self.listed else Fraction(0)

    @property
    def mean(self) -> Fraction:
        """Of the best score of each member who played; 0 when nobody did."""
        return Fraction(self.total, self.players) if self.players else Fraction(0)


@dataclass(frozen=True)
class LevelLine:
    """How many people have passed this level, and how many stand at it as their highest."""

    level: int
    passed: int
    highest: int


def person_board(standings: Iterable[Standing], key: Key) -> list[Place]:
    """Everybody with a counted result by the rule's key, the best first.

    The key must tell any two people apart, so the order in which they come does not matter.
    """
    played = sorted((one for one in standings if one.score is not None), key=key)
    return [Place(number, one) for number, one in enumerate(played, 1)]


def common_unit(standings: Iterable[Standing]) -> str:
    """The path of codes of the deepest unit that all of them belong to; "" for none."""
    common: list[str] | None = None
    for codes in {one.unit_codes for one in standings}:
        parts = codes.split("/")
        if common is None:
            common = parts
        else:
            same = [a == b for a, b in zip(common, parts, strict=False)]
            common = common[: same.index(False) if False in same else len(same)]
    return "/".join(common or ())


def unit_board(
    standings: Sequence[Standing], least: int = LEAST_MEMBERS
) -> list[UnitPlace]:
    """The units below the one that all share: by share of members who played, then by the mean
    of the players' best scores, then the larger one, then by code. Units with fewer than `least`
    members stand behind, without a place."""
    top = common_unit(standings)
    depth = len(top.split("/")) + 1 if top else 1
    return _ranked(_gathered(standings, lambda codes: _at(codes, depth)), least)


def section_board(
    standings: Sequence[Standing], least: int = LEAST_MEMBERS
) -> list[UnitPlace]:
    """The same rule for the units in which people sit themselves (科室)."""
    above = {codes.rpartition("/")[0] for codes in {one.unit_codes for one in standings}}
    return _ranked(
        _gathered(standings, lambda codes: codes + "/" if codes in above else codes), least
    )


def levels_board(standings: Iterable[Standing], levels: int) -> list[LevelLine]:
    """For each level, from the highest down."""
    highest = [0] * (levels + 1)
    for one in standings:
        highest[min(one.level, levels)] += 1
    lines, passed = [], 0
    for level in range(levels, 0, -1):
        passed += highest[level]
        lines.append(LevelLine(level, passed, highest[level]))
    return lines


def small_units(*boards: Iterable[UnitPlace]) -> frozenset[str]:
    """Units whose figures would name people, as RATES.md hides them: fewer than five members,
    and the next smallest beside a lone one."""
    return hidden_units(*({one.code: one.listed for one in board} for board in boards))


def _at(codes: str, depth: int) -> str:
    """The unit at this depth above somebody; who sits higher up is counted as its 本级."""
    parts = codes.split("/")
    return "/".join(parts[:depth]) if len(parts) >= depth else codes + "/"


def _gathered(
    standings: Iterable[Standing], unit_of: Callable[[str], str]
) -> dict[str, UnitPlace]:
    known: dict[str, str] = {}
    sums: dict[str, list[int]] = {}
    paths: dict[str, str] = {}
    for one in standings:
        if one.unit_codes not in known:
            code = known[one.unit_codes] = unit_of(one.unit_codes)
            path = max(paths.get(code, ""), _path(one.unit_path, code))
            paths[code] = path
        sums_of = sums.setdefault(known[one.unit_codes], [0, 0, 0, 0])
        sums_of[0] += 1
        sums_of[3] += one.runs
        if one.score is not None:
            sums_of[1] += 1
            sums_of[2] += one.score
    return {code: UnitPlace(None, code, paths[code], *sums[code]) for code in sums}


def _path(unit_path: str, code: str) -> str:
    if code.endswith("/"):
        return f"{unit_path}/{REST}"
    return "/".join(unit_path.split("/")[: code.count("/") + 1])


def _ranked(units: Mapping[str, UnitPlace], least: int) -> list[UnitPlace]:
    ordered = sorted(
        units.values(),
        key=lambda one: (one.listed < least, -one.participation, -one.mean, -one.listed, one.code),
    )
    return [
        UnitPlace(place if one.listed >= least else None, one.code, one.path, one.listed,
                  one.players, one.total, one.runs)
        for place, one in enumerate(ordered, 1)
    ]


def unit_rule(least: int = LEAST_MEMBERS) -> str:
    """The rule of the unit boards in words, as the page prints it."""
    return (
        "先比参与率：有计分成绩的人数 ÷ 名单人数。相同再比平均分：有成绩的人各取自己的成绩，"
        "相加后除以有成绩的人数。还相同的，名单人数多的在前；再相同，按单位编号。"
        f"名单不到 {least} 人的单位不排名次。"
    )
