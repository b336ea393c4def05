"""Amending a roster after publication. Every change keeps its reason, author and time."""

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.domain.rates import ABSENCE_LABEL, EXEMPTION_LABEL, Absence, Exemption
from legaled.domain.roster import Action, Place, refusal
from legaled.domain.times import beijing_day
from legaled.models import Attempt, Exam, Person, RosterChange, RosterEntry
from legaled.services.exams import LARGEST_ID, exam_for
from legaled.services.marking import refresh_facts
from legaled.services.units import unit_paths


def exempt(
    session: Session,
    actor: Actor,
    exam_id: int,
    person_id: int,
    category: Exemption,
    approver: str,
    approved_on: date,
    reason: str,
    now: datetime,
) -> None:
    """Take the person out of the denominator; also before the exam opens.

    Refused with `has_attempt` once an attempt that was not voided has started. 其他 needs a
    reason; the other categories are one.
    """
    entry = _entry_for(session, actor, exam_id, person_id, Action.EXEMPT)
    if not approver.strip():
        raise InvalidError("approver_needed", field="approver")
    if approved_on > beijing_day(now):
        raise InvalidError("approved_in_future", field="approved_on")
    if category is Exemption.OTHER:
        _needed(reason)
    entry.exempt, entry.exempt_by, entry.exempt_on = category, approver.strip(), approved_on
    words = f"{EXEMPTION_LABEL[category]}，{approver.strip()} {approved_on} 批准"
    _note(session, actor, entry, Action.EXEMPT, _joined(words, reason), now)


def end_exemption(
    session: Session, actor: Actor, exam_id: int, person_id: int, reason: str, now: datetime
) -> None:
    """The person is required again."""
    entry = _entry_for(session, actor, exam_id, person_id, Action.END_EXEMPTION)
    entry.exempt, entry.exempt_by, entry.exempt_on = None, "", None
    _note(session, actor, entry, Action.END_EXEMPTION, _needed(reason), now)


def defer(
    session: Session, actor: Actor, exam_id: int, person_id: int, reason: str, now: datetime
) -> None:
    """The person stays required and waits for the make-up."""
    entry = _entry_for(session, actor, exam_id, person_id, Action.DEFER)
    entry.deferred = True
    _note(session, actor, entry, Action.DEFER, _needed(reason), now)


def end_deferral(
    session: Session, actor: Actor, exam_id: int, person_id: int, reason: str, now: datetime
) -> None:
    entry = _entry_for(session, actor, exam_id, person_id, Action.END_DEFERRAL)
    entry.deferred = False
    _note(session, actor, entry, Action.END_DEFERRAL, _needed(reason), now)


def set_absence(
    session: Session,
    actor: Actor,
    exam_id: int,
    person_id: int,
    absence: Absence,
    note: str,
    now: datetime,
) -> None:
    """Say why a required person has not sat; saying it again replaces it, the change list keeps
    both. Refused with `not_absent` once there is an attempt that was not voided."""
    entry = _entry_for(session, actor, exam_id, person_id, Action.EXPLAIN)
    entry.absence, entry.absence_note = absence, note.strip()
    entry.absence_by, entry.absence_at = actor.id, now
    words = _joined(ABSENCE_LABEL[absence], note)
    _note(session, actor, entry, Action.EXPLAIN, words, now)


def add(
    session: Session, actor: Actor, exam_id: int, person_id: int, reason: str, now: datetime
) -> None:
    """Put a person on the roster, of whatever category, under the unit of this moment.

    Refused with `on_roster` if there is a row already; a removed one is restored instead.
    """
    _published(session, actor, exam_id)
    person = session.get(Person, person_id) if person_id <= LARGEST_ID else None
    if person is None:
        raise NotFoundError()
    path = unit_paths(session)[person.unit_id]
    entry = RosterEntry(
        exam_id=exam_id, person_id=person_id, number=person.number, name=person.name,
        category=person.category, unit_path=path.names, unit_codes=path.codes, frozen=now,
    )
    session.add(entry)
    try:
        session.flush()
    except IntegrityError as error:
        raise ConflictError("on_roster") from error
    _note(session, actor, entry, Action.ADD, _needed(reason), now)
    refresh_facts(session, exam_id, person_id)


def remove(
    session: Session, actor: Actor, exam_id: int, person_id: int, reason: str, now: datetime
) -> None:
    """Take the person off the roster; the row stays, and so does what the person has done."""
    entry = _entry_for(session, actor, exam_id, person_id, Action.REMOVE)
    entry.removed = now
    _note(session, actor, entry, Action.REMOVE, _needed(reason), now)


def restore(
    session: Session, actor: Actor, exam_id: int, person_id: int, reason: str, now: datetime
) -> None:
    """Back on the roster, under the unit that was frozen first."""
    entry = _entry_for(session, actor, exam_id, person_id, Action.RESTORE)
    entry.removed = None
    _note(session, actor, entry, Action.RESTORE, _needed(reason), now)


def _published(session: Session, actor: Actor, exam_id: int) -> Exam:
    exam = exam_for(session, actor, exam_id, Permission.ROSTER_EDIT)
    if exam.cancelled is not None:
        raise ConflictError("exam_cancelled")
    if exam.published is None:
        raise ConflictError("exam_not_published")
    return exam


def _entry_for(
    session: Session, actor: Actor, exam_id: int, person_id: int, action: Action
) -> RosterEntry:
    """The row, kept for this transaction, if the action is possible now.

    Whoever starts an attempt takes the same row first, so an exemption cannot overtake a start.
    """
    _published(session, actor, exam_id)
    if person_id > LARGEST_ID:
        raise NotFoundError()
    entry = session.scalar(
        sa.select(RosterEntry)
        .where(RosterEntry.exam_id == exam_id, RosterEntry.person_id == person_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if entry is None:
        raise NotFoundError()
    started = session.scalar(
        sa.select(sa.func.count())
        .select_from(Attempt)
        .where(
            Attempt.exam_id == exam_id,
            Attempt.person_id == person_id,
            Attempt.voided.is_(None),
        )
    )
    place = Place(
        entry.removed is not None, entry.exempt is not None, entry.deferred,
        bool(started) or entry.sat,
    )
    if code := refusal(action, place):
        raise ConflictError(code)
    return entry


def _needed(reason: str) -> str:
    if not reason.strip():
        raise InvalidError("reason_needed", field="reason")
    return reason.strip()


def _joined(words: str, reason: str) -> str:
    return f"{words}：{reason.strip()}" if reason.strip() else words


def _note(
    session: Session, actor: Actor, entry: RosterEntry, action: Action, reason: str, now: datetime
) -> None:
    session.add(
        RosterChange(
            exam_id=entry.exam_id, person_id=entry.person_id, action=action.value,
            reason=reason[:500], author_id=actor.id, at=now,
        )
    )
    session.flush()
