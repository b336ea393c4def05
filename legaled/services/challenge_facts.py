"""The facts of a run and of a person, written by the fold when a run ends or is corrected.

Everybody locks the person's entry first and the run behind it, so nobody waits in a circle.
"""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from typing import Any, NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.challenges import RANGES, Result, Rules, passed_level, total
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.models import Challenge, ChallengeEntry, ChallengeRun, ChallengeSlot
from legaled.services import audit, memory
from legaled.services.accounts import Hot
from legaled.services.challenge_draw import Rows, rows_of
from legaled.services.challenge_runs import Live, read_run
from legaled.services.saving import BIGGEST_ID
from legaled.services.within import Within

BATCH = 100
REASON_MAX = 500
GRACE_MOST = timedelta(seconds=RANGES["grace"][1])
_OPEN = (ChallengeRun.ended.is_(None), ChallengeRun.voided.is_(None))
_WHOSE = (ChallengeEntry.challenge_id == ChallengeRun.challenge_id) & (
    ChallengeEntry.person_id == ChallengeRun.person_id)
_ENTRY_OF = (
    sa.select(ChallengeEntry.id)
    .join(ChallengeRun, _WHOSE)
    .where(ChallengeRun.id == sa.bindparam("run_id"))
    .with_for_update(of=ChallengeEntry)
)


class RunFacts(NamedTuple):
    """A run as its player's result and the caps see it."""

    id: int
    day: date
    level: int
    counted: bool
    ended: datetime | None
    voided: datetime | None
    given_back: bool
    score: int
    answered: int
    right: int
    millis: int


_FACTS = sa.select(*(getattr(ChallengeRun, name) for name in RunFacts._fields)).where(
    ChallengeRun.challenge_id == sa.bindparam("challenge_id"),
    ChallengeRun.person_id == sa.bindparam("person_id"),
).order_by(ChallengeRun.id)


_RUN = ChallengeRun.id == sa.bindparam("run_id")
_HEAD = sa.select(
    ChallengeRun.challenge_id, ChallengeRun.person_id, ChallengeRun.started, ChallengeRun.ended,
    ChallengeRun.voided,
).where(_RUN).with_for_update()
_WHOM = sa.select(ChallengeRun.person_id).where(_RUN)
_KEPT = ("ended", "end", "score", "answered", "right", "streak", "millis", "fast", "given_back")
_END = sa.update(ChallengeRun).where(ChallengeRun.id == sa.bindparam("of_run")).values({
    name: sa.bindparam(f"to_{name}", type_=getattr(ChallengeRun, name).type) for name in _KEPT})
_FOLD = sa.update(ChallengeEntry).where(
    ChallengeEntry.challenge_id == sa.bindparam("of_challenge"),
    ChallengeEntry.person_id == sa.bindparam("of_person"),
).values({
    name: sa.bindparam(f"to_{name}", type_=getattr(ChallengeEntry, name).type)
    for name in ("runs", "counted_runs", "answered", "right", "level", "score", "best_millis",
                 "best_ended", "best_run_id", "changed")
})
_ASKED = memory.among(
    sa.select(ChallengeSlot.version_id).where(ChallengeSlot.run_id == sa.bindparam("run_id")))


def runs_of(rows: Rows, challenge_id: int, person_id: int) -> list[RunFacts]:
    """All runs of a person in their order, without an object for each: a season has hundreds."""
    found = rows(_FACTS, challenge_id=challenge_id, person_id=person_id)
    return [RunFacts(*row) for row in found]


def close_run(door: Hot, run_id: int, now: datetime, *, leave: bool = False) -> bool:
    """Store the facts of a run that is over, or that its player leaves; True if it is ended.

    Running it again changes nothing. `door` is a transaction.
    """
    door.row(_ENTRY_OF, run_id=run_id)
    head = door.row(_HEAD, run_id=run_id)
    if head is None:
        raise NotFoundError()
    challenge_id, person_id, started, ended, voided = head
    if ended is not None or voided is not None:
        return True
    live = read_run(door.rows, run_id, now)
    if live.state.over is None and leave:
        live = live.left_at(now)
    if live.state.over is None:
        return False
    facts = _facts_of(live, started)
    door.append(_END, of_run=run_id, **{f"to_{name}": facts[name] for name in _KEPT})
    _refold(door, live.challenge.rules, challenge_id, person_id, now)
    if live.missed:
        missed = {slot.put.version_id for slot in live.missed}
        memory.learn_misses(door, _ASKED, person_id, missed, now, run_id=run_id)
    return True


def leave_run(door: Hot, actor: Actor, run_id: int, now: datetime) -> None:
    """The player ends the run: what was answered counts, the question that waits does not."""
    head = door.row(_WHOM, run_id=run_id) if run_id <= BIGGEST_ID else None
    if head is None or head[0] != actor.id:
        raise NotFoundError()
    close_run(door, run_id, now, leave=True)


def _locked(session: Session, run_id: int) -> ChallengeRun:
    session.execute(_ENTRY_OF, {"run_id": run_id})
    run = session.get(ChallengeRun, run_id, with_for_update=True, populate_existing=True)
    if run is None:
        raise NotFoundError()
    return run


def _lock_entry(session: Session, challenge_id: int, person_id: int) -> None:
    session.execute(
        sa.select(ChallengeEntry.id)
        .where(ChallengeEntry.challenge_id == challenge_id, ChallengeEntry.person_id == person_id)
        .with_for_update()
    )


def _keep(run: ChallengeRun, live: Live) -> None:
    for name, value in _facts_of(live, run.started).items():
        setattr(run, name, value)


def _facts_of(live: Live, started: datetime) -> dict[str, Any]:
    """The columns of a run that its end writes."""
    state = live.state
    return {
        "ended": max(state.ended or live.deadline, started),
        "end": state.over.value if state.over else "",
        "score": state.score, "answered": state.answered, "right": state.right,
        "streak": state.best_streak, "millis": state.millis, "fast": state.fast,
        "given_back": state.given_back,
    }


def refold_run(session: Session, run_id: int, now: datetime) -> None:
    """Recompute a run that has ended from its steps, and its player's result."""
    run = _locked(session, run_id)
    if run.ended is not None:
        _keep(run, read_run(rows_of(session), run_id, now))
        session.flush()
    refold_entry(session, run.challenge_id, run.person_id, now)


def refold_entry(session: Session, challenge_id: int, person_id: int, now: datetime) -> None:
    """Recompute a person's result from the facts of the runs that ended and were not voided.

    `runs` counts practice too; `answered` and `right` are of counted runs, first tries only.
    """
    _lock_entry(session, challenge_id, person_id)
    rules = Rules.from_data(session.get_one(Challenge, challenge_id).rules)
    _refold(Within(session), rules, challenge_id, person_id, now)


def _refold(
    door: Hot, rules: Rules, challenge_id: int, person_id: int, now: datetime
) -> None:
    """With the entry locked."""
    runs = [
        run for run in runs_of(door.rows, challenge_id, person_id)
        if run.ended is not None and run.voided is None
    ]
    results = results_of(runs)
    best = total(rules, results)
    counted = [run for run in runs if run.counted]
    door.append(
        _FOLD,
        of_challenge=challenge_id,
        of_person=person_id,
        to_runs=len(runs),
        to_counted_runs=len(counted),
        to_answered=sum(run.answered for run in counted),
        to_right=sum(run.right for run in counted),
        to_level=passed_level(rules, results),
        to_score=best.score if best else None,
        to_best_millis=best.millis if best else None,
        to_best_ended=best.ended if best else None,
        to_best_run_id=best.run_id if best else None,
        to_changed=now,
    )


def results_of(runs: Iterable[RunFacts | ChallengeRun]) -> list[Result]:
    """The counted runs that have ended, as the rules see them."""
    return [
        Result(run.id, run.level, run.score, run.right, run.millis, run.ended)
        for run in runs
        if run.counted and run.ended is not None and run.voided is None
    ]


# ── by the clock, and by the keepers ────────────────────────────────────────


def has_due(session: Session, now: datetime) -> bool:
    """True if a run is past its time and its facts are not stored yet."""
    return bool(_due(session, now, 1))


def close_due(session: Session, now: datetime) -> int:
    """Store the facts of up to 100 runs past their time, as of that time; returns how many."""
    due = _due(session, now, BATCH)
    door = Within(session)
    return sum(close_run(door, run_id, now) for run_id in due)


def _due(session: Session, now: datetime, most: int) -> list[int]:
    """Past the deadline and any grace, in the order in which everybody locks."""
    late = now - GRACE_MOST
    rows = session.execute(
        sa.select(ChallengeRun.id)
        .where(*_OPEN, ChallengeRun.deadline < late)
        .order_by(ChallengeRun.challenge_id, ChallengeRun.person_id, ChallengeRun.id)
        .limit(most)
    )
    return [run_id for (run_id,) in rows]


def void_run(
    session: Session, actor: Actor, run_id: int, reason: str, now: datetime
) -> None:
    """Declare a run invalid (a fault): it never counts, and its place in the day is given back.

    Raises NotFoundError, InvalidError `reason_needed`, ConflictError `already_voided`.
    """
    if not actor.may(Permission.CHALLENGE_EDIT) or run_id > BIGGEST_ID:
        raise NotFoundError()
    words = reason.strip()[:REASON_MAX]
    if not words:
        raise InvalidError("reason_needed")
    run = _locked(session, run_id)
    if run.voided is not None:
        raise ConflictError("already_voided")
    run.voided, run.voided_by, run.void_reason = now, actor.id, words
    session.flush()
    refold_entry(session, run.challenge_id, run.person_id, now)
    audit.note(session, actor, "challenge.void", f"challenge_run {run_id}", now, detail=words)
