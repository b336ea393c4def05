"""What somebody arranges before a challenge is published, and what is wrong with it."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from legaled.domain import challenge_words as words
from legaled.domain.banks import KIND_LABEL, Kind
from legaled.domain.challenge_rules import Problem, Rules, check, check_season
from legaled.domain.exams import PAPER_ORDER


@dataclass(frozen=True)
class ChallengeDraft:
    """`preset` is the one it was started from, for the record; the rules are its own."""

    title: str
    year: int
    preset: str
    rules: Rules
    starts: datetime
    ends: datetime
    frozen_from: datetime | None = None
    bank_ids: Sequence[int] = ()


@dataclass(frozen=True)
class Shortage:
    """Fewer questions than the rules want, of one kind or (`kind` None) in all."""

    kind: Kind | None
    need: int
    have: int

    @property
    def words(self) -> str:
        what = f"{KIND_LABEL[self.kind]}题" if self.kind else "题目一共"
        return f"{what}要 {self.need} 道，现有 {self.have} 道"


def draft_problems(draft: ChallengeDraft) -> list[Problem]:
    """Everything wrong with it, field by field; empty when it may be kept."""
    return [
        *check(draft.rules), *check_season(draft.rules, draft.starts, draft.ends),
        *freeze_problems(draft.frozen_from, draft.starts, draft.ends),
    ]


def freeze_problems(
    frozen_from: datetime | None, starts: datetime, ends: datetime
) -> list[Problem]:
    if frozen_from is not None and not starts < frozen_from < ends:
        return [Problem("frozen_from", "封榜时间要在开始之后、结束之前。")]
    return []


def shortages(rules: Rules, available: Mapping[Kind, int]) -> tuple[Shortage, ...]:
    """What the banks lack for every level to have its questions."""
    parts = max(rules.levels, 1)
    found = [
        Shortage(kind, rules.quotas[kind] * parts, available.get(kind, 0))
        for kind in PAPER_ORDER
        if rules.quotas.get(kind, 0) * parts > available.get(kind, 0)
    ]
    have = sum(available.get(kind, 0) for kind in rules.quotas or PAPER_ORDER)
    if rules.needed * parts > have:
        found.append(Shortage(None, rules.needed * parts, have))
    return tuple(found)


def split_levels(
    seed: str, pool: Mapping[Kind, Sequence[int]], levels: int
) -> list[tuple[int, int]]:
    """(version, level) of every question; levels 1 to n hold as many of each kind, give or take
    one. Without levels everything is level 0. The same seed and pool give the same split."""
    if not levels:
        return [(version, 0) for kind in PAPER_ORDER for version in sorted(pool.get(kind, ()))]
    chance = random.Random(f"{seed}:levels")  # noqa: S311 - a seeded split that can be shown
    shared: list[tuple[int, int]] = []
    for kind in PAPER_ORDER:
        versions = sorted(pool.get(kind, ()))
        chance.shuffle(versions)
        at = len(shared)
        shared += [(one, (at + place) % levels + 1) for place, one in enumerate(versions)]
    return shared


def brief(rules: Rules, starts: datetime, ends: datetime) -> list[str]:
    """The rules for a poster: how it is played, how often, how places are made. The event page
    holds the rest."""
    chosen = (words.draw, words.ending, words.marks, words.caps, words.ranking)
    lines = [next(iter(part(rules, starts, ends))) for part in chosen]
    if rules.seconds:
        lines.insert(2, next(iter(words.clock(rules, starts, ends))))
    return [*lines, "挑战赛成绩不计入普法考试的任何比率。完整规则见活动页。"]
