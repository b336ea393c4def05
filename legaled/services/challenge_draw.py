"""What publication froze of a challenge, read once a process: rules, questions, their keys.

Read again only when a question was corrected.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.attempts import Answer, Marked, mark
from legaled.domain.banks import Kind
from legaled.domain.challenge_draw import Pool, draw_order, shortages
from legaled.domain.challenge_fixes import Correction, in_force
from legaled.domain.challenges import Rules
from legaled.domain.errors import NotFoundError
from legaled.models import Challenge, ChallengeCorrection, ChallengeItem, QuestionVersion

Rows = Callable[..., Sequence[Any]]
KEPT = 16  # challenges that a process remembers
KEPT_ORDERS = 4096  # runs of each


@dataclass(frozen=True)
class Item:
    """A question of the pool, with its key: never handed out before it is answered."""

    version_id: int
    kind: Kind
    stem: str
    options: tuple[str, ...]
    published_key: tuple[str, ...]
    explanation: str
    law: str
    article: str
    corrections: tuple[Correction, ...] = ()

    @property
    def gaps(self) -> int:
        return len(self.published_key) if self.kind is Kind.BLANK else 0

    @cached_property
    def correction(self) -> Correction | None:
        """The one in force."""
        return in_force(self.corrections)

    @property
    def is_void(self) -> bool:
        return self.correction is not None and self.correction.is_void

    @property
    def key(self) -> tuple[str, ...]:
        """The key in force; that of publication for a question that is void."""
        return self.correction.key if self.correction and self.correction.key else (
            self.published_key)

    def marked(self, order: str) -> Marked:
        return Marked(self.kind, self.key, order, 1)

    def is_right(self, order: str, chosen: Answer) -> bool:
        return self.is_void or mark(self.marked(order), chosen) > 0

    def was_right(self, order: str, chosen: Answer, at: datetime) -> bool | None:
        """How its player was judged at that moment; None when nothing was corrected."""
        if not self.corrections:
            return None
        then = in_force(self.corrections, at)
        if then is not None and then.is_void:
            return True
        key = then.key if then is not None else self.published_key
        return mark(Marked(self.kind, key, order, 1), chosen) > 0


@dataclass(frozen=True)
class Frozen:
    """A published challenge as it is played."""

    id: int
    title: str
    seed: str
    rules: Rules
    items: Mapping[int, Item]
    pools: Mapping[int, Pool]
    orders: dict[str, tuple[int, ...]] = field(default_factory=dict, compare=False)

    @cached_property
    def void(self) -> frozenset[int]:
        return frozenset(one.version_id for one in self.items.values() if one.is_void)

    def order(self, seed: str, level: int, started: datetime) -> tuple[int, ...]:
        """The questions of a run. A level without questions of its own draws from the common;
        what was void when the run began is left out, if enough remain without it."""
        known = self.orders.get(seed)
        if known is None:
            pool = self._sound(self.pools.get(level) or self.pools.get(0, ()), started)
            if len(self.orders) >= KEPT_ORDERS:
                self.orders.clear()
            known = self.orders[seed] = draw_order(self.rules, seed, pool)
        return known

    @cached_property
    def _corrected(self) -> bool:
        return any(one.corrections for one in self.items.values())

    def _sound(self, pool: Pool, started: datetime) -> Pool:
        if not self._corrected:
            return pool
        sound = tuple(one for one in pool if not _was_void(self.items[one[0]], started))
        short = shortages(self.rules, Counter(kind for _, kind in sound))
        return pool if short else sound


def _was_void(item: Item, moment: datetime) -> bool:
    then = in_force(item.corrections, moment)
    return then is not None and then.is_void


_HEAD = sa.select(Challenge.title, Challenge.rules).where(
    Challenge.id == sa.bindparam("challenge_id"), Challenge.published.is_not(None)
)
_ITEMS = (
    sa.select(
        ChallengeItem.level, QuestionVersion.id, QuestionVersion.kind, QuestionVersion.stem,
        QuestionVersion.options, QuestionVersion.key, QuestionVersion.explanation,
        QuestionVersion.law, QuestionVersion.article,
    )
    .join(QuestionVersion, QuestionVersion.id == ChallengeItem.version_id)
    .where(ChallengeItem.challenge_id == sa.bindparam("challenge_id"))
    .order_by(QuestionVersion.id)
)
_CORRECTIONS = (
    sa.select(
        ChallengeCorrection.version_id, ChallengeCorrection.key, ChallengeCorrection.reason,
        ChallengeCorrection.at,
    )
    .where(ChallengeCorrection.challenge_id == sa.bindparam("challenge_id"))
    .order_by(ChallengeCorrection.id)
)


def frozen(rows: Rows, challenge_id: int, seed: str, corrected: int | None) -> Frozen:
    """Three statements the first time and after a correction, none later. `corrected` is the last
    correction that has been committed.

    `rows` is `Hot.rows`, or `rows_of(session)`. Raises NotFoundError for a challenge that is not
    published.
    """
    known = _KNOWN.get((challenge_id, seed, corrected))
    if known is not None:
        return known
    head = rows(_HEAD, challenge_id=challenge_id)
    if not head:
        raise NotFoundError()
    title, data = head[0]
    corrections = defaultdict[int, list[Correction]](list)
    for version_id, key, reason, at in rows(_CORRECTIONS, challenge_id=challenge_id):
        corrections[version_id].append(Correction(tuple(key), reason, at))
    items, pools = dict[int, Item](), defaultdict[int, list[tuple[int, Kind]]](list)
    for level, version_id, kind, stem, options, key, why, law, article in rows(
        _ITEMS, challenge_id=challenge_id
    ):
        items[version_id] = Item(version_id, kind, stem, tuple(options), tuple(key), why,
                                 law, article, tuple(corrections[version_id]))
        pools[level].append((version_id, kind))
    made = Frozen(
        challenge_id, title, seed, Rules.from_data(data), items,
        {level: tuple(pool) for level, pool in pools.items()},
    )
    if len(_KNOWN) >= KEPT:
        _KNOWN.clear()
    _KNOWN[challenge_id, seed, corrected] = made
    return made


def rows_of(session: Session) -> Rows:
    """The session as `frozen` wants it: sees what it has not committed yet."""

    def rows(statement: Any, **values: Any) -> Sequence[Any]:
        return session.execute(statement, values).all()

    return rows


_KNOWN: dict[tuple[int, str, int | None], Frozen] = {}
