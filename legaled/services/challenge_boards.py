"""The boards of a challenge, read once for everybody who looks.

A process keeps one snapshot a challenge and refreshes it at most every `MAX_AGE` seconds, and only
while somebody asks: two statements, whoever is looking and however many. One thread refreshes,
the others are given what there is. Between whole readings only the changed rows are read.
"""

import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import challenge_boards as domain
from legaled.domain.challenge_boards import LevelLine, Place, Standing, UnitPlace
from legaled.domain.challenge_rules import Rules
from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.models import Challenge, ChallengeEntry
from legaled.services import challenge_asof

MAX_AGE = 0.5  # seconds that a board may be old
WHOLE_EVERY = 60.0  # seconds after which everything is read again, not only what changed
MOST = 64  # challenges that a process keeps a board of
OVERLAP = timedelta(seconds=15)  # transactions that began earlier and ended later are seen too

_TERMS = sa.select(
    Challenge.id, Challenge.title, Challenge.year, Challenge.rules, Challenge.starts,
    Challenge.ends, Challenge.frozen_from, Challenge.revealed, Challenge.cancelled,
    Challenge.published, Challenge.seed,
).where(Challenge.id == sa.bindparam("challenge"))
_COLUMNS = (
    ChallengeEntry.person_id, ChallengeEntry.number, ChallengeEntry.name,
    ChallengeEntry.unit_path, ChallengeEntry.unit_codes, ChallengeEntry.runs,
    ChallengeEntry.counted_runs, ChallengeEntry.answered, ChallengeEntry.right,
    ChallengeEntry.level, ChallengeEntry.score, ChallengeEntry.best_millis,
    ChallengeEntry.best_ended,
)
_ALL = sa.select(*_COLUMNS, ChallengeEntry.changed).where(
    ChallengeEntry.challenge_id == sa.bindparam("challenge")
)
_CHANGED = _ALL.where(
    ChallengeEntry.changed >= sa.bindparam("since", type_=ChallengeEntry.changed.type)
)


@dataclass(frozen=True)
class Terms:
    """What a board needs to know of its challenge."""

    id: int
    title: str
    year: int
    rules: Rules
    starts: datetime
    ends: datetime
    frozen_from: datetime | None
    revealed: datetime | None
    cancelled: datetime | None
    published: datetime | None
    seed: str

    def is_frozen(self, now: datetime) -> bool:
        """Whether all but the keepers see the board as of `frozen_from`."""
        return self.frozen_from is not None and now >= self.frozen_from and self.revealed is None


@dataclass
class Steady:
    """What stays from one snapshot to the next: lots, the sorting keys of standings that did not
    change, and the small units, which follow from who is listed."""

    lots: dict[int, str] = field(default_factory=dict)
    keys: dict[int, tuple[Standing, Any]] = field(default_factory=dict)
    small: frozenset[str] | None = None


@dataclass(frozen=True)
class Board:
    """Everybody's standing at one moment. `kept` is for what a page makes of it once."""

    terms: Terms
    version: str
    standings: dict[int, Standing]
    frozen: bool
    steady: Steady
    kept: dict[Any, Any] = field(default_factory=dict)

    @cached_property
    def places(self) -> list[Place]:
        key_of = challenge_asof.key_of(self.terms.rules, self.terms.seed, self.steady.lots)
        known = self.steady.keys

        def key(one: Standing) -> Any:
            pair = known.get(one.person_id)
            if pair is None or pair[0] is not one:
                pair = known[one.person_id] = one, key_of(one)
            return pair[1]

        return domain.person_board(self.standings.values(), key)

    @cached_property
    def place_of(self) -> dict[int, int]:
        return {line.who.person_id: line.place for line in self.places}

    @cached_property
    def units(self) -> list[UnitPlace]:
        return domain.unit_board(list(self.standings.values()), self.least)

    @cached_property
    def sections(self) -> list[UnitPlace]:
        return domain.section_board(list(self.standings.values()), self.least)

    @property
    def small(self) -> frozenset[str]:
        """Units whose figures only the keepers see."""
        if self.steady.small is None:
            self.steady.small = domain.small_units(self.units, self.sections)
        return self.steady.small

    @cached_property
    def levels(self) -> list[LevelLine]:
        return domain.levels_board(self.standings.values(), self.terms.rules.levels)

    @property
    def least(self) -> int:
        return self.terms.rules.min_members

    @cached_property
    def runs(self) -> int:
        return sum(one.counted_runs for one in self.standings.values())

    def around(self, person_id: int | None, reach: int = 2) -> list[Place]:
        """The person's own line and the neighbours; empty without a place."""
        place = self.place_of.get(person_id or 0)
        if place is None:
            return []
        return self.places[max(0, place - 1 - reach):place + reach]


@dataclass
class _Keeper:
    """What one process knows of one challenge."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    read_at: float = 0.0
    whole_at: float = 0.0
    changed: datetime | None = None
    live: Board | None = None
    frozen: Board | None = None
    frozen_token: Any = None
    frozen_at: float = 0.0
    number: int = 0
    steady: Steady = field(default_factory=Steady)


_KEEPERS: WeakKeyDictionary[sa.Engine, dict[int, _Keeper]] = WeakKeyDictionary()
_GUARD = threading.Lock()


def board(
    session: Session, actor: Actor, challenge_id: int, now: datetime
) -> Board:
    """The board as this actor may see it: frozen for all but the keepers while it is frozen.

    Raises NotFoundError for a challenge that is missing or not published.
    """
    if not actor.may(Permission.MEMBER):
        raise NotFoundError()
    keeps = actor.may(Permission.CHALLENGE_EDIT)
    return _board(session, challenge_id, now, live=keeps)


def live_board(session: Session, challenge_id: int, now: datetime) -> Board:
    """The board as it is, for those who have checked who asks."""
    return _board(session, challenge_id, now, live=True)


@dataclass(frozen=True)
class MyPlace:
    """A person's own place. While the board is frozen, `place` is that of the frozen board and
    `who` are the facts of now."""

    place: int | None
    players: int
    frozen: bool
    who: Standing | None


def my_place(
    session: Session, challenge_id: int, person_id: int, now: datetime
) -> MyPlace:
    """Where the person stands on the board that everybody sees; at most `MAX_AGE` seconds old."""
    seen = _board(session, challenge_id, now, live=False)
    current = _board(session, challenge_id, now, live=True)
    return MyPlace(
        seen.place_of.get(person_id), len(seen.places), seen.frozen,
        current.standings.get(person_id),
    )


def _board(session: Session, challenge_id: int, now: datetime, *, live: bool) -> Board:
    keeper = _keeper(session.get_bind().engine, challenge_id)
    found = keeper.live
    old = found is None or time.monotonic() - keeper.read_at > MAX_AGE
    if old and keeper.lock.acquire(blocking=found is None):
        try:
            _refresh(session, keeper, challenge_id, now)
        finally:
            keeper.lock.release()
    found = keeper.live
    if found is None or found.terms.published is None:
        raise NotFoundError()
    if live or not found.terms.is_frozen(now):
        return found
    return _frozen(session, keeper, found, now)


def _keeper(engine: sa.Engine, challenge_id: int) -> _Keeper:
    with _GUARD:
        known = _KEEPERS.setdefault(engine, {})
        if len(known) > MOST and challenge_id not in known:
            known.clear()
        return known.setdefault(challenge_id, _Keeper())


def _refresh(session: Session, keeper: _Keeper, challenge_id: int, now: datetime) -> None:
    """Read what changed; without a change the same board stays, with all that was made of it."""
    at = time.monotonic()
    if keeper.live is not None and at - keeper.read_at <= MAX_AGE:
        return
    row = session.execute(_TERMS, {"challenge": challenge_id}).one_or_none()
    if row is None:
        raise NotFoundError()
    terms = _terms(row)
    standings, fresh = _standings(session, keeper, challenge_id, at)
    old = keeper.live
    if old is None or old.terms != terms or fresh:
        keeper.number += 1
        version = f"{keeper.number}-{int(now.timestamp() * 1000):x}"
        keeper.live = Board(terms, version, standings, False, keeper.steady)
        if old is not None and old.terms != terms:
            keeper.frozen = None
    keeper.read_at = at


def _terms(row: Any) -> Terms:
    return Terms(
        row.id, row.title, row.year, Rules.from_data(row.rules), row.starts, row.ends,
        row.frozen_from, row.revealed, row.cancelled, row.published, row.seed,
    )


def _standings(
    session: Session, keeper: _Keeper, challenge_id: int, at: float
) -> tuple[dict[int, Standing], bool]:
    """All standings as of now, and whether any differs from those of the last reading."""
    whole = keeper.live is None or keeper.changed is None or at - keeper.whole_at > WHOLE_EVERY
    values: dict[str, Any] = {"challenge": challenge_id}
    if not whole and keeper.changed is not None:
        values["since"] = keeper.changed - OVERLAP
    rows: list[Any] = list(session.execute(_ALL if whole else _CHANGED, values))
    read = {row[0]: Standing(*row[:-1]) for row in rows}
    keeper.changed = max(
        (row[-1] for row in rows if row[-1] is not None), default=keeper.changed
    )
    if whole:
        keeper.whole_at, keeper.steady = at, Steady(keeper.steady.lots)
        return read, keeper.live is None or read != keeper.live.standings
    before = keeper.live.standings if keeper.live is not None else {}
    fresh = {person: one for person, one in read.items() if before.get(person) != one}
    return ({**before, **fresh} if fresh else before), bool(fresh)


FROZEN_CHECK = 5.0  # seconds between two looks for voided or corrected runs below a frozen board


def _frozen(session: Session, keeper: _Keeper, live: Board, now: datetime) -> Board:
    """The board as of `frozen_from`, made from the runs that had ended by then. It changes only
    when one of them is voided or corrected, which one small statement tells."""
    at = time.monotonic()
    found = keeper.frozen
    if found is not None and at - keeper.frozen_at <= FROZEN_CHECK:
        return found
    if not keeper.lock.acquire(blocking=found is None) and found is not None:
        return found
    try:
        moment = live.terms.frozen_from or now
        token = challenge_asof.token(session, live.terms.id, moment)
        if keeper.frozen is None or token != keeper.frozen_token:
            standings = challenge_asof.standings(
                session, live.terms.id, live.terms.rules, live.standings.values(), moment
            )
            keeper.number += 1
            version = f"{keeper.number}-{int(now.timestamp() * 1000):x}"
            keeper.frozen = Board(live.terms, version, standings, True, Steady(keeper.steady.lots))
            keeper.frozen_token = token
        keeper.frozen_at = at
        return keeper.frozen
    finally:
        keeper.lock.release()

