"""A person's result from the runs that counted, and the key by which boards rank results."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from legaled.domain.challenge_rules import Across, LastTie, Rules, Tie


@dataclass(frozen=True)
class Result:
    """A counted run that is over."""

    run_id: int
    level: int
    score: int
    right: int
    millis: int
    ended: datetime


@dataclass(frozen=True)
class Total:
    """What stands on the board for a person."""

    score: int
    millis: int
    ended: datetime
    run_id: int


Key = tuple[int, float, float, str]


def rank_key(rules: Rules, score: int, millis: int, ended: datetime, draw: str) -> Key:
    """Sorts results, the best first; `draw` is `lot(seed, person)`, so no two are equal."""
    by_time, by_finish = float(millis), ended.timestamp()
    first, second = (by_time, by_finish) if rules.tie is Tie.TIME else (by_finish, by_time)
    return (-score, first, second if rules.last_tie is LastTie.OTHER else 0.0, draw)


def lot(seed: str, person_id: int) -> str:
    """The person's lot in this event, fixed with its seed: sha256(seed:person)."""
    return sha256(f"{seed}:{person_id}".encode()).hexdigest()


def total(rules: Rules, results: Iterable[Result]) -> Total | None:
    """A person's counted runs as one result; None without any."""
    ordered = sorted(results, key=lambda one: (one.ended, one.run_id))
    return ACROSS[rules.across](rules, ordered) if ordered else None


def _best(rules: Rules, results: Sequence[Result]) -> Total:
    chosen = min(results, key=lambda one: rank_key(rules, one.score, one.millis, one.ended, ""))
    return Total(chosen.score, chosen.millis, chosen.ended, chosen.run_id)


def _sum(rules: Rules, results: Sequence[Result]) -> Total:
    """Reached with the last run that added anything."""
    last = next((one for one in reversed(results) if one.score), results[-1])
    score, millis = sum(one.score for one in results), sum(one.millis for one in results)
    return Total(score, millis, last.ended, last.run_id)


def _levels(rules: Rules, results: Sequence[Result]) -> Total:
    by_level: dict[int, list[Result]] = {}
    for one in results:
        by_level.setdefault(one.level, []).append(one)
    best = [_best(rules, runs) for runs in by_level.values()]
    last = max(best, key=lambda one: (one.ended, one.run_id))
    return Total(
        sum(one.score for one in best), sum(one.millis for one in best), last.ended, last.run_id
    )


ACROSS: Mapping[Across, Callable[[Rules, Sequence[Result]], Total]] = {
    Across.BEST: _best, Across.SUM: _sum, Across.LEVELS: _levels,
}


def passed_level(rules: Rules, results: Iterable[Result]) -> int:
    """The highest level so that it and all before it are passed; 0 for none."""
    passed = {one.level for one in results if one.right >= rules.gate}
    level = 0
    while level < rules.levels and level + 1 in passed:
        level += 1
    return level
