"""Sitting an exam: starting, saving, submitting (EXAM_PROTOCOL.md)."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import exams as rules
from legaled.domain.attempts import (
    Saved,
    State,
    Verdict,
    judge_step,
    read_answer,
    state,
)
from legaled.domain.errors import ConflictError, ForbiddenError, InvalidError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.models import (
    Attempt,
    Exam,
    QuestionVersion,
    RosterEntry,
    Slot,
    Step,
)
from legaled.services import study_gate
from legaled.services.drawing import open_attempt
from legaled.services.exams import windows as windows_of
from legaled.services.marking import close
from legaled.services.saving import BIGGEST_ID, LAST_STEPS, saved_of, step_names

# ── starting ────────────────────────────────────────────────────────────────


def exam_password(session: Session, exam_id: int) -> str:
    """The hash that a start must satisfy, or "". Compared before the transaction begins."""
    found = session.scalar(sa.select(Exam.password_hash).where(Exam.id == exam_id))
    return found or ""


def start(
    session: Session,
    actor: Actor,
    exam_id: int,
    now: datetime,
    *,
    address: str = "127.0.0.1",
    password_ok: bool = True,
) -> int:
    """Open the actor's attempt, or find the one already open; returns its id.

    Raises the protocol's refusals; pressing twice, or on two devices, opens one attempt.
    """
    exam = session.get(Exam, exam_id)
    if exam is None or exam.published is None:
        raise NotFoundError()
    mine = (
        sa.select(Attempt)
        .where(Attempt.exam_id == exam_id, Attempt.person_id == actor.id)
        .order_by(Attempt.number)
    )
    session.execute(mine.with_for_update())  # attempts first, as everybody does (marking)
    entry = session.scalar(
        sa.select(RosterEntry)
        .where(RosterEntry.exam_id == exam_id, RosterEntry.person_id == actor.id)
        .with_for_update()
    )
    own = session.scalars(mine.execution_options(populate_existing=True)).all()
    valid = [attempt for attempt in own if not attempt.voided]
    if exam.cancelled is None:
        for attempt in valid:
            if _state(attempt, now) is State.OPEN:
                return attempt.id
    due = [a for a in valid if not a.closed and _state(a, now) is State.OVERDUE]
    if due:
        close(session, due, now)
    window = _check(session, actor, exam, entry, valid, now)
    rules.check_address(exam.networks, address)
    if not password_ok:
        raise ForbiddenError("password_required")
    return open_attempt(session, actor, exam, window, len(own) + 1, now)


def _state(attempt: Attempt, now: datetime) -> State:
    return state(attempt.submitted, attempt.deadline, now)


def _check(
    session: Session,
    actor: Actor,
    exam: Exam,
    entry: RosterEntry | None,
    valid: Sequence[Attempt],
    now: datetime,
) -> rules.Window:
    """Every refusal but address and password; returns the sitting that is open."""
    if entry is None or entry.removed is not None:
        raise ConflictError("not_on_roster")
    if entry.exempt is not None:
        raise ConflictError("exempt")
    if exam.cancelled is not None:
        raise ConflictError("not_open")
    windows = windows_of(session, [exam.id])[exam.id]
    window = rules.open_window(windows, now)
    formal = {w.id for w in windows if w.number == 0}
    candidate = rules.Candidate(
        formal_attempts=sum(a.sitting_id in formal for a in valid),
        make_up_attempts=sum(a.sitting_id == window.id for a in valid),
        passed=any((a.score or 0) >= exam.pass_line for a in valid if a.closed),
        missing=study_gate.gap(session, int(actor.id or 0), exam, now).words,
    )
    rules.check_start(candidate, window, exam.attempts)
    return window


# ── submitting ──────────────────────────────────────────────────────────────


@dataclass(frozen=True)
class Submission:
    """`late`: the time was up and what was sent is dropped. `stale`: slots that were ignored."""

    late: bool = False
    stale: list[int] = field(default_factory=list)


def submit(
    session: Session, actor: Actor, attempt_id: int, sent: Mapping[str, Any], now: datetime
) -> Submission:
    """Close the attempt with what is saved and the last answers sent; again gives the same."""
    attempt = _locked(session, actor, attempt_id)
    if attempt.submitted is not None:
        return Submission(stale=_judge(session, attempt, sent, now)[1])
    if _state(attempt, now) is State.OVERDUE:
        if attempt.closed is None:
            close(session, [attempt], now)
        return Submission(late=True)
    stale = _keep(session, attempt, sent, now)
    attempt.submitted = now
    close(session, [attempt], now)
    return Submission(stale=stale)


def save_form(
    session: Session,
    actor: Actor,
    attempt_id: int,
    sent: Mapping[int, tuple[list[str], int]],
    now: datetime,
) -> list[int]:
    """Keep what a plain form changed; returns the slots where it was behind. 409 when closed."""
    attempt = _locked(session, actor, attempt_id)
    if attempt.submitted is not None or _state(attempt, now) is not State.OPEN:
        raise ConflictError("closed")
    return _keep(session, attempt, _changes(session, attempt, sent), now)


def submit_form(
    session: Session,
    actor: Actor,
    attempt_id: int,
    sent: Mapping[int, tuple[list[str], int]],
    now: datetime,
) -> Submission:
    """Submit with what a plain form changed."""
    attempt = _locked(session, actor, attempt_id)
    return submit(session, actor, attempt_id, _changes(session, attempt, sent), now)


def _locked(session: Session, actor: Actor, attempt_id: int) -> Attempt:
    if attempt_id > BIGGEST_ID:
        raise NotFoundError()
    attempt = session.get(Attempt, attempt_id, with_for_update=True)
    if attempt is None or attempt.person_id != actor.id:
        raise NotFoundError()
    exam = session.get_one(Exam, attempt.exam_id)
    if exam.cancelled is not None or attempt.voided is not None:
        raise ConflictError("closed")
    return attempt


def _changes(
    session: Session, attempt: Attempt, sent: Mapping[int, tuple[list[str], int]]
) -> dict[str, Any]:
    """Of a form that holds every slot, those whose answer differs from what is saved."""
    current = saved_answers(session, attempt.id)
    return {
        str(slot): {"answer": answer if any(answer) else [], "seq": seq, "tab": "form"}
        for slot, (answer, seq) in sent.items()
        if tuple(answer if any(answer) else ()) != current.get(slot, Saved()).answer
    }


def _keep(session: Session, attempt: Attempt, sent: Mapping[str, Any], now: datetime) -> list[int]:
    """Write the steps that are the next of their slot; returns the slots of the others."""
    rows, stale = _judge(session, attempt, sent, now)
    if rows:
        session.connection().execute(sa.insert(Step), rows)
    return stale


def _judge(
    session: Session, attempt: Attempt, sent: Mapping[str, Any], now: datetime
) -> tuple[list[dict[str, Any]], list[int]]:
    """Of what was sent: the steps to write, and the slots that are stale or not understood."""
    if not sent:
        return [], []
    slots = {
        row.number: (row.kind, len(row.option_order), len(row.key))
        for row in session.execute(
            sa.select(
                Slot.number, QuestionVersion.kind, Slot.option_order, QuestionVersion.key
            )
            .join(QuestionVersion, QuestionVersion.id == Slot.version_id)
            .where(Slot.attempt_id == attempt.id)
        )
    }
    current = saved_answers(session, attempt.id)
    stale, rows = [], []
    for name, item in sent.items():
        number = int(name) if name.isdecimal() and len(name) < 5 else 0
        if number not in slots:
            continue
        try:
            answer = read_answer(*slots[number], item.get("answer"))
            seq, tab = step_names(item.get("seq"), item.get("tab", ""))
        except (InvalidError, AttributeError):
            stale.append(number)
            continue
        verdict = judge_step(current.get(number, Saved()), answer, seq, tab)
        if verdict is Verdict.STALE:
            stale.append(number)
        elif verdict is Verdict.NEW:
            text = json.dumps(answer, ensure_ascii=False)
            rows.append({"attempt_id": attempt.id, "slot": number, "seq": seq,
                         "answer": text, "tab": tab, "saved": now})
    return rows, sorted(stale)


def saved_answers(session: Session, attempt_id: int) -> dict[int, Saved]:
    """The last step of every slot that has one; one query."""
    return saved_of(session.execute(LAST_STEPS, {"attempt_id": attempt_id}))
