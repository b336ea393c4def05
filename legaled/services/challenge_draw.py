"""What publication froze of a challenge, read once a process: rules, questions, their keys."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.attempts import Marked
from legaled.domain.banks import Kind
from legaled.domain.challenge_draw import Pool, draw_order
from legaled.domain.challenges import Rules
from legaled.domain.errors import NotFoundError
from legaled.models import Challenge, ChallengeItem, QuestionVersion

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
    key: tuple[str, ...]
    explanation: str
    law: str
    article: str

    @property
    def gaps(self) -> int:
        return len(self.key) if self.kind is Kind.BLANK else 0

    def marked(self, order: str) -> Marked:
        return Marked(self.kind, self.key, order, 1)


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

    def order(self, seed: str, level: int) -> tuple[int, ...]:
        """The questions of a run. A level without questions of its own draws from the common."""
        known = self.orders.get(seed)
        if known is None:
            pool = self.pools.get(level) or self.pools.get(0, ())
            if len(self.orders) >= KEPT_ORDERS:
                self.orders.clear()
            known = self.orders[seed] = draw_order(self.rules, seed, pool)
        return known


_HEAD = sa.select(Challenge.title, Challenge.seed, Challenge.rules).where(
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


def frozen(rows: Rows, challenge_id: int, seed: str | None = None) -> Frozen:
    """Two statements the first time, none later if the caller knows the seed.

    `rows` is `Hot.rows`, or `rows_of(session)`. Raises NotFoundError for a challenge that is not
    published.
    """
    known = _KNOWN.get((challenge_id, seed)) if seed else None
    if known is not None:
        return known
    head = rows(_HEAD, challenge_id=challenge_id)
    if not head:
        raise NotFoundError()
    title, seed, data = head[0]
    items, pools = dict[int, Item](), dict[int, list[tuple[int, Kind]]]()
    for level, version_id, kind, stem, options, key, *words in rows(
        _ITEMS, challenge_id=challenge_id
    ):
        items[version_id] = Item(version_id, kind, stem, tuple(options), tuple(key), *words)
        pools.setdefault(level, []).append((version_id, kind))
    made = Frozen(
        challenge_id, title, seed, Rules.from_data(data), items,
        {level: tuple(pool) for level, pool in pools.items()},
    )
    if len(_KNOWN) >= KEPT:
        _KNOWN.clear()
    _KNOWN[challenge_id, seed] = made
    return made


def rows_of(session: Session) -> Rows:
    """The session as `frozen` wants it: sees what it has not committed yet."""

    def rows(statement: Any, **values: Any) -> Sequence[Any]:
        return session.execute(statement, values).all()

    return rows


_KNOWN: dict[tuple[int, str | None], Frozen] = {}
