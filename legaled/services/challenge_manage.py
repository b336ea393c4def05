"""Arranging a challenge: draft, publish, freeze and reveal, extend, cancel.

Every way of its keepers to a challenge goes by `challenge_for`.
"""

import secrets
from collections.abc import Collection
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.challenge_drafts import ChallengeDraft, draft_problems, freeze_problems
from legaled.domain.challenge_rules import Rules
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.people import Category
from legaled.domain.permissions import Actor, Permission
from legaled.models import Challenge, ChallengeBank, ChallengeRun
from legaled.services import audit, challenge_freezing

LARGEST_ID = 2**31 - 1


def challenge_for(
    session: Session, actor: Actor, challenge_id: int, *, lock: bool = False
) -> Challenge:
    """The keepers' door to a challenge; missing and forbidden alike raise NotFoundError."""
    if not actor.may(Permission.CHALLENGE_EDIT) or challenge_id > LARGEST_ID:
        raise NotFoundError()
    found = session.get(
        Challenge, challenge_id, with_for_update=lock or None, populate_existing=lock
    )
    if found is None:
        raise NotFoundError()
    return found


def create(session: Session, actor: Actor, draft: ChallengeDraft, now: datetime) -> int:
    """Keep a new draft, which nobody but its keepers sees; returns its id.

    Raises InvalidError with the first problem.
    """
    if not actor.may(Permission.CHALLENGE_EDIT):
        raise NotFoundError()
    _check(draft)
    made = Challenge(seed=secrets.token_hex(16), author_id=actor.id, created=now)
    _copy(made, draft)
    session.add(made)
    session.flush()
    _copy_banks(session, made.id, draft)
    audit.note(session, actor, "challenge.create", f"challenge {made.id}", now, detail=made.title)
    return made.id


def edit(
    session: Session, actor: Actor, challenge_id: int, draft: ChallengeDraft, now: datetime
) -> None:
    """Replace everything in a draft. A published challenge stays as it was announced."""
    found = _draft_for(session, actor, challenge_id)
    _check(draft)
    _copy(found, draft)
    session.execute(
        sa.delete(ChallengeBank).where(ChallengeBank.challenge_id == challenge_id)
    )
    _copy_banks(session, challenge_id, draft)
    audit.note(session, actor, "challenge.edit", f"challenge {challenge_id}", now)


def publish(
    session: Session, actor: Actor, challenge_id: int, categories: Collection[Category],
    unit_codes: str, now: datetime,
) -> tuple[int, int]:
    """Announce it: rules, questions and who may play are fixed; returns (people, questions).

    Raises ConflictError `window_over`, `challenge_short` or `challenge_nobody` before anything
    is written.
    """
    found = _draft_for(session, actor, challenge_id)
    if found.ends <= now:
        raise ConflictError("window_over")
    rules = Rules.from_data(found.rules)
    people = challenge_freezing.freeze_people(session, found.id, categories, unit_codes, now)
    questions = challenge_freezing.freeze_items(session, found, rules, now)
    found.published = now
    audit.note(session, actor, "challenge.publish", f"challenge {found.id}", now,
               detail=f"{people} people, {questions} questions")
    return people, questions


def cancel(
    session: Session, actor: Actor, challenge_id: int, reason: str, now: datetime
) -> None:
    """Call it off for good: nobody goes on playing, and it enters no figure."""
    found = _standing(session, actor, challenge_id)
    found.cancelled, found.cancel_reason = now, _reason(reason)
    audit.note(session, actor, "challenge.cancel", f"challenge {challenge_id}", now,
               detail=found.cancel_reason)


def extend(
    session: Session, actor: Actor, challenge_id: int, ends: datetime, reason: str, now: datetime
) -> None:
    """Let a published challenge end later; its last stage too when that ended with it.

    Raises ConflictError `challenge_shorter` unless the end moves to a later time, and
    `challenge_over` when it has ended already.
    """
    found = _published(session, actor, challenge_id)
    if found.ends <= now:
        raise ConflictError("challenge_over")
    if ends <= found.ends:
        raise ConflictError("challenge_shorter")
    words = f"{found.ends.isoformat()} → {ends.isoformat()} {_reason(reason)}"
    rules = dict(found.rules)
    last = found.ends.isoformat()
    rules["stages"] = [
        {**one, "ends": ends.isoformat()}
        if datetime.fromisoformat(one["ends"]) == datetime.fromisoformat(last) else one
        for one in rules.get("stages", [])
    ]
    found.rules, found.ends = rules, ends
    audit.note(session, actor, "challenge.extend", f"challenge {challenge_id}", now, detail=words)


def freeze_from(
    session: Session, actor: Actor, challenge_id: int, at: datetime | None, now: datetime
) -> None:
    """When the board stops moving for all but the keepers; None for never. Only until then."""
    found = _published(session, actor, challenge_id)
    if found.frozen_from is not None and found.frozen_from <= now:
        raise ConflictError("challenge_frozen")
    if at is not None and at < now:
        raise InvalidError("challenge_freeze_past", field="frozen_from")
    if problems := freeze_problems(at, found.starts, found.ends):
        raise InvalidError("challenge_freeze", field=problems[0].field)
    found.frozen_from = at
    audit.note(session, actor, "challenge.freeze", f"challenge {challenge_id}", now,
               detail=at.isoformat() if at else "never")


def reveal(session: Session, actor: Actor, challenge_id: int, now: datetime) -> None:
    """Show the board as it is again, after the end. Doing it twice changes nothing."""
    found = _published(session, actor, challenge_id)
    if found.ends > now:
        raise ConflictError("challenge_running")
    if found.revealed is None:
        found.revealed = now
        audit.note(session, actor, "challenge.reveal", f"challenge {challenge_id}", now)


def check_run(session: Session, actor: Actor, challenge_id: int, run_id: int) -> None:
    """Raises NotFoundError unless the run belongs to this challenge."""
    challenge_for(session, actor, challenge_id)
    run = session.get(ChallengeRun, run_id) if run_id <= LARGEST_ID else None
    if run is None or run.challenge_id != challenge_id:
        raise NotFoundError()


def _standing(session: Session, actor: Actor, challenge_id: int) -> Challenge:
    found = challenge_for(session, actor, challenge_id, lock=True)
    if found.cancelled is not None:
        raise ConflictError("challenge_cancelled")
    return found


def _draft_for(session: Session, actor: Actor, challenge_id: int) -> Challenge:
    found = _standing(session, actor, challenge_id)
    if found.published is not None:
        raise ConflictError("challenge_published")
    return found


def _published(session: Session, actor: Actor, challenge_id: int) -> Challenge:
    found = _standing(session, actor, challenge_id)
    if found.published is None:
        raise ConflictError("challenge_not_published")
    return found


def _check(draft: ChallengeDraft) -> None:
    if problems := draft_problems(draft):
        raise InvalidError("challenge_rules", field=problems[0].field)


def _reason(text: str) -> str:
    if not text.strip():
        raise InvalidError("reason_needed")
    return text.strip()


def _copy(found: Challenge, draft: ChallengeDraft) -> None:
    found.title, found.year, found.preset = draft.title, draft.year, draft.preset
    found.rules = draft.rules.to_data()
    found.starts, found.ends, found.frozen_from = draft.starts, draft.ends, draft.frozen_from


def _copy_banks(session: Session, challenge_id: int, draft: ChallengeDraft) -> None:
    session.add_all(
        ChallengeBank(challenge_id=challenge_id, bank_id=bank) for bank in set(draft.bank_ids)
    )
    session.flush()
