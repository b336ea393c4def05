"""Playing: a run is opened, questions are put one by one, each is answered once."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa

from legaled.domain.attempts import Answer, read_answer
from legaled.domain.challenge_draw import option_order, run_seed
from legaled.domain.challenges import (
    Outcome,
    Put,
    latest,
    next_version,
    open_stage,
    run_deadline,
)
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.domain.times import beijing_day
from legaled.models import (
    Challenge,
    ChallengeCorrection,
    ChallengeEntry,
    ChallengeRun,
    ChallengeSlot,
    ChallengeStep,
)
from legaled.services.accounts import Hot
from legaled.services.challenge_checks import check_caps, check_level, check_sitting
from legaled.services.challenge_draw import frozen
from legaled.services.challenge_facts import RunFacts, close_run, runs_of
from legaled.services.challenge_runs import Live, SlotRow, read_run
from legaled.services.saving import BIGGEST_ID

# ── starting ────────────────────────────────────────────────────────────────


_CHALLENGE = sa.select(
    Challenge.seed, Challenge.starts, Challenge.ends, Challenge.cancelled,
    sa.select(sa.func.max(ChallengeCorrection.id))
    .where(ChallengeCorrection.challenge_id == Challenge.id).scalar_subquery(),
).where(Challenge.id == sa.bindparam("challenge_id"), Challenge.published.is_not(None))
# The row everybody locks first, so that starts wait for each other.
_ENTRY = sa.select(ChallengeEntry.id).where(
    ChallengeEntry.challenge_id == sa.bindparam("challenge_id"),
    ChallengeEntry.person_id == sa.bindparam("person_id"),
).with_for_update()
_NEW = ("challenge_id", "person_id", "day", "number", "level", "counted", "seed", "started",
        "deadline")
_FACTS = ("score", "answered", "right", "streak", "millis", "fast")
_ADD_RUN = sa.insert(ChallengeRun).values(
    {name: sa.bindparam(f"to_{name}", type_=getattr(ChallengeRun, name).type) for name in _NEW}
    | {name: sa.literal_column("0") for name in _FACTS}
    | {"end": sa.literal_column("''"), "given_back": sa.false(),
       "void_reason": sa.literal_column("''")}
)
_RUN_ID = sa.select(ChallengeRun.id).where(
    ChallengeRun.challenge_id == sa.bindparam("challenge_id"),
    ChallengeRun.person_id == sa.bindparam("person_id"),
    ChallengeRun.day == sa.bindparam("day", type_=ChallengeRun.day.type),
    ChallengeRun.number == sa.bindparam("number"),
)


def start_run(
    door: Hot,
    actor: Actor,
    challenge_id: int,
    now: datetime,
    *,
    level: int = 0,
    practice: bool = False,
) -> int:
    """Open a run with its first question, or find the one that is running; returns its id.

    `door` is a transaction. Raises NotFoundError, ConflictError `sitting`, `challenge_not_open`,
    `challenge_not_listed`, `challenge_cap`, `challenge_no_practice`, `challenge_level_locked`.
    """
    head = door.row(_CHALLENGE, challenge_id=challenge_id) if challenge_id <= BIGGEST_ID else None
    if head is None or actor.id is None:
        raise NotFoundError()
    seed, starts, ends, cancelled, corrected = head
    if door.row(_ENTRY, challenge_id=challenge_id, person_id=actor.id) is None:
        raise ConflictError("challenge_not_listed")
    check_sitting(door.rows, actor, challenge_id, now)
    runs = runs_of(door.rows, challenge_id, actor.id)
    if cancelled is None:
        runs, goes_on = _running_of(door, runs, challenge_id, actor.id, now)
        if goes_on is not None:
            return goes_on
    challenge = frozen(door.rows, challenge_id, seed, corrected)
    stage = open_stage(challenge.rules, starts, ends, now)
    if stage is None or cancelled is not None:
        raise ConflictError("challenge_not_open")
    valid = [run for run in runs if run.voided is None]
    check_caps(challenge.rules, valid, now, practice)
    check_level(challenge.rules, valid, level)
    day = beijing_day(now)
    number = sum(run.day == day for run in runs) + 1
    return _open(door, {
        "challenge_id": challenge_id, "person_id": actor.id, "day": day, "number": number,
        "level": level, "counted": not practice, "started": now,
        "seed": run_seed(seed, actor.id, day, number),
        "deadline": run_deadline(challenge.rules, now, stage),
    })


def _running_of(
    door: Hot, runs: list[RunFacts], challenge_id: int, person_id: int, now: datetime
) -> tuple[list[RunFacts], int | None]:
    """The runs, and which one goes on; those that ran out of time are closed."""
    open_still = [run.id for run in runs if run.ended is None and run.voided is None]
    for run_id in open_still:
        if not close_run(door, run_id, now):
            return runs, run_id
    return runs_of(door.rows, challenge_id, person_id) if open_still else runs, None


def _open(door: Hot, run: Mapping[str, Any]) -> int:
    """The next number of the day; the unique key refuses it if somebody else just took it."""
    door.append(_ADD_RUN, **{f"to_{name}": run[name] for name in _NEW})
    whose = {name: run[name] for name in ("challenge_id", "person_id", "day", "number")}
    ((run_id,),) = door.rows(_RUN_ID, **whose)
    live = read_run(door.rows, run_id, run["started"])
    door.append(_ADD_SLOT, run_id=run_id, **_next_slot(live, run["started"]))
    return int(run_id)


# ── a question, an answer ───────────────────────────────────────────────────

_ADD_SLOT = sa.insert(ChallengeSlot).from_select(
    ["run_id", "number", "version_id", "option_order", "shown", "deadline"],
    sa.select(
        ChallengeRun.id,
        sa.bindparam("number", type_=sa.Integer),
        sa.bindparam("version_id", type_=sa.Integer),
        sa.bindparam("option_order", type_=sa.String),
        sa.bindparam("shown", type_=ChallengeSlot.shown.type),
        sa.bindparam("deadline", type_=ChallengeSlot.shown.type),
    )
    .where(
        ChallengeRun.id == sa.bindparam("run_id"),
        ChallengeRun.ended.is_(None),
        ChallengeRun.voided.is_(None),
    )
    .with_for_update(read=True),
)
# Kept only while the run is open; the primary key settles a race of two devices.
_ADD_STEP = sa.insert(ChallengeStep).from_select(
    ["run_id", "slot", "answer", "at", "millis", "in_time"],
    sa.select(
        ChallengeRun.id,
        sa.bindparam("slot", type_=sa.Integer),
        sa.bindparam("answer", type_=sa.Text),
        sa.bindparam("at", type_=ChallengeStep.at.type),
        sa.bindparam("millis", type_=sa.Integer),
        sa.bindparam("in_time", type_=sa.Boolean),
    )
    .where(
        ChallengeRun.id == sa.bindparam("run_id"),
        ChallengeRun.ended.is_(None),
        ChallengeRun.voided.is_(None),
    )
    .with_for_update(read=True),
)


@dataclass(frozen=True)
class Checked:
    """What became of an answer. `repeated`: the slot had its answer before, which stands."""

    slot: SlotRow
    outcome: Outcome
    live: Live
    repeated: bool = False


def running(hot: Hot, actor: Actor, run_id: int, now: datetime) -> Live:
    """The actor's run as it stands; writes nothing. Raises NotFoundError."""
    if actor.id is None:
        raise NotFoundError()
    return read_run(hot.rows, run_id, now, actor.id)


def show_next(hot: Hot, actor: Actor, run_id: int, now: datetime) -> Live:
    """Put the next question, unless one waits for its answer or the run is over.

    A question that waits is the same on every device, with the time that is left.
    """
    live = running(hot, actor, run_id, now)
    if live.state.over is not None:
        return live
    _check_open(live)
    if live.state.next is None:
        return live
    row = _next_slot(live, now)
    try:
        written = hot.append(_ADD_SLOT, run_id=run_id, **row)
    except hot.race:  # the other device asked first: its question is ours
        written = 0
    if not written:
        return running(hot, actor, run_id, now)
    put = Put(row["number"], row["version_id"], row["shown"], row["deadline"])
    slot = SlotRow(put, row["option_order"], live.challenge.items[put.version_id])
    return live.with_slots([*live.slots, slot], now)


def _check_open(live: Live) -> None:
    if live.is_shut:
        raise ConflictError("challenge_run_over")
    if live.sitting:
        raise ConflictError("sitting")


def _next_slot(live: Live, now: datetime) -> dict[str, Any]:
    number = live.state.next or 1
    item = live.challenge.items[next_version(live.state, live.order, live.asked)]
    seconds = live.challenge.rules.seconds
    return {
        "number": number,
        "version_id": item.version_id,
        "option_order": option_order(live.seed, number, item.kind, len(item.options)),
        "shown": now,
        "deadline": now + timedelta(seconds=seconds) if seconds else None,
    }


def answer(
    hot: Hot, actor: Actor, run_id: int, number: int, sent: object, now: datetime
) -> Checked:
    """Keep the one answer to a question and judge it; durable when this returns.

    Sent again, also with other words, it gives the first verdict. After the clock and the grace
    it is kept and does not count. Raises NotFoundError, ConflictError `challenge_run_over` or
    `sitting`, InvalidError `bad_answer` or `challenge_no_answer`.
    """
    live = running(hot, actor, run_id, now)
    slot = live.slot(number)
    if slot.chosen is not None:
        return _checked(live, number, repeated=True)
    _check_open(live)
    item = slot.item
    chosen = read_answer(item.kind, len(item.options), item.gaps, sent)
    if not chosen:
        raise InvalidError("challenge_no_answer")
    made = _given(live, slot, chosen, now)
    try:
        written = hot.append(
            _ADD_STEP, run_id=run_id, slot=number, at=now, millis=made.millis,
            answer=json.dumps(chosen, ensure_ascii=False), in_time=made.in_time,
        )
    except hot.race:
        return _checked(running(hot, actor, run_id, now), number, repeated=True)
    if not written:
        raise ConflictError("challenge_run_over")
    slots = [made if one is slot else one for one in live.slots]
    return _checked(live.with_slots(slots, now), number)


def _given(live: Live, slot: SlotRow, chosen: Answer, now: datetime) -> SlotRow:
    """The answer with its time: never more than the question's clock, the grace is not charged."""
    in_time = live.state.open is not None and live.state.open.number == slot.put.number
    end = _end(live, slot.put)
    millis = max(int((min(now, end) - slot.put.shown) / timedelta(milliseconds=1)), 0)
    return replace(slot, chosen=chosen, at=now, millis=millis, in_time=in_time)


def _end(live: Live, put: Put) -> datetime:
    return latest(live.challenge.rules, put, live.deadline) - timedelta(
        seconds=live.challenge.rules.grace
    )


def _checked(live: Live, number: int, repeated: bool = False) -> Checked:
    return Checked(live.slot(number), live.outcome(number), live, repeated)


def check_playable(live: Live) -> None:
    """Raises ConflictError `sitting` while the player sits an exam from one of its banks."""
    if live.sitting:
        raise ConflictError("sitting")


def last_checked(live: Live) -> Checked | None:
    """The last question if it waits for nothing any more: answered, or out of time."""
    if not live.slots or live.state.open is not None:
        return None
    return _checked(live, live.slots[-1].put.number)
