"""How many runs a person may still start: the caps, and the runs that were given back."""

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from legaled.domain.challenge_rules import Rules


class Go(NamedTuple):
    """A run that was not voided. `given_back`: a question that ended it was corrected."""

    day: date
    counted: bool
    given_back: bool


class Left(NamedTuple):
    """`counted` runs that may still be started today; whether a practice run may."""

    counted: int
    practice: bool


def left(rules: Rules, runs: Iterable[Go], today: date) -> Left:
    """A run that was given back may be made up on any later day, beyond the caps, once."""
    goes = list(runs)
    every, counted = Counter(one.day for one in goes), Counter(
        one.day for one in goes if one.counted)
    given = sum(one.counted and one.given_back for one in goes)
    beyond = sum(_beyond(rules, every[day], counted[day]) for day in counted)
    extra = max(given - beyond, 0)
    free = max(rules.counted_a_day - counted[today], 0) + extra
    if rules.runs_a_day:
        free = min(free, max(rules.runs_a_day - every[today], 0) + extra)
    if rules.runs_in_all:
        free = min(free, rules.runs_in_all + given - counted.total())
    fits = not rules.runs_a_day or every[today] < rules.runs_a_day
    return Left(max(free, 0), rules.practice and fits)


def _beyond(rules: Rules, every: int, counted: int) -> int:
    """Runs of a day that only a run given back allowed."""
    over = every - rules.runs_a_day if rules.runs_a_day else 0
    return max(counted - rules.counted_a_day, over, 0)
