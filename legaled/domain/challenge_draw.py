"""Which questions a run puts and how their options stand: by seed, so that it can be shown again.

What somebody saw before plays no part: everybody has the same chance for every question.
"""

import random
from collections.abc import Iterable, Mapping
from datetime import date
from hashlib import sha256

from legaled.domain.banks import Kind
from legaled.domain.challenge_rules import Rules
from legaled.domain.exams import LETTERS, PAPER_ORDER, SHUFFLED

Pool = tuple[tuple[int, Kind], ...]


def run_seed(seed: str, person_id: int, day: date, number: int) -> str:
    return sha256(f"{seed}:{person_id}:{day.isoformat()}:{number}".encode()).hexdigest()


def draw_order(rules: Rules, seed: str, pool: Iterable[tuple[int, Kind]]) -> tuple[int, ...]:
    """The versions of a run in their order: the quotas by kind, or any; then what may be needed
    to make up for a lost one. The order in which the pool comes does not matter."""
    chance = random.Random(f"{seed}:draw")  # noqa: S311 - a draw that can be shown in a dispute
    mixed = sorted(pool, key=lambda one: one[0])
    chance.shuffle(mixed)
    if not rules.questions:
        return tuple(version for version, _ in mixed)
    if not rules.quotas:
        return tuple(version for version, _ in mixed[: rules.questions + rules.spares])
    chosen = [
        version
        for kind in PAPER_ORDER
        for version in [one for one, own in mixed if own is kind][: rules.quotas.get(kind, 0)]
    ]
    rest = [one for one, own in mixed if own in rules.quotas and one not in chosen]
    return (*chosen, *rest[: rules.spares])


def option_order(seed: str, number: int, kind: Kind, options: int) -> str:
    """By displayed letter the author's; each time a question comes its options stand anew."""
    letters = list(LETTERS[:options])
    if kind in SHUFFLED:
        random.Random(f"{seed}:{number}").shuffle(letters)  # noqa: S311 - as above
    return "".join(letters)


def shortages(rules: Rules, pool: Mapping[Kind, int]) -> list[tuple[Kind | None, int, int]]:
    """(kind, wanted, there) of what a level's pool has too few of; None for all kinds together."""
    short: list[tuple[Kind | None, int, int]] = [
        (kind, count, pool.get(kind, 0))
        for kind, count in rules.quotas.items()
        if pool.get(kind, 0) < count
    ]
    usable = sum(n for kind, n in pool.items() if not rules.quotas or kind in rules.quotas)
    if not short and usable < rules.needed:
        short.append((None, rules.needed, usable))
    return short
