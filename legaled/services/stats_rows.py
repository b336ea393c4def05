"""The exams of some years and their rosters, as the rows that statistics count."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.attempts import Facts
from legaled.domain.exams import Counts, Stage, Window, stage
from legaled.domain.rates import ABSENCE_LABEL, EXEMPTION_LABEL, Row, Terms
from legaled.models import Attempt, Exam, Quota, RosterEntry
from legaled.services import exams, marking


@dataclass(frozen=True)
class Listed:
    """A published exam of the year. `terms.closed` says whether it enters the totals."""

    terms: Terms
    stage: Stage
    opens: datetime
    closes: datetime
    full: int


def listed_exams(
    session: Session, first: int, last: int, now: datetime
) -> list[tuple[int, Listed]]:
    """Published, not cancelled exams by year and time. An exam is closed when every sitting has
    closed and nobody with extra time is still writing."""
    full = (
        sa.select(sa.func.sum(Quota.count * Quota.points))
        .where(Quota.exam_id == Exam.id).scalar_subquery()
    )
    writing = sa.exists().where(
        Attempt.exam_id == Exam.id, Attempt.submitted.is_(None), Attempt.closed.is_(None),
        Attempt.voided.is_(None), Attempt.deadline > now,
    )
    found = session.execute(
        sa.select(
            Exam.id, Exam.code, Exam.title, Exam.year, Exam.pass_line, Exam.excellent_line,
            Exam.counts, Exam.published, Exam.cancelled, full.label("full"),
            writing.label("writing"),
        ).where(
            Exam.year.between(first, last),
            Exam.published.is_not(None), Exam.cancelled.is_(None),
        )
    ).all()
    windows = exams.windows(session, [exam.id for exam in found])
    listed = [
        (exam.year, _listed(exam, windows[exam.id], now)) for exam in found if windows[exam.id]
    ]
    return sorted(listed, key=lambda one: (one[0], one[1].opens, one[1].terms.code))


def _listed(exam: Any, windows: Sequence[Window], now: datetime) -> Listed:
    at = stage(exam.published, exam.cancelled, windows, now)
    terms = Terms(
        exam.code, exam.title, exam.pass_line, exam.excellent_line,
        exam.counts is Counts.BEST, at is Stage.CLOSED and not exam.writing,
        any(window.number > 0 and now >= window.closes for window in windows),
        exam.id,
    )
    opens, closes = min(one.opens for one in windows), max(one.closes for one in windows)
    return Listed(terms, at, opens, closes, exam.full or 100)


def roster_rows(
    session: Session, terms: Mapping[int, Terms], now: datetime,
    person_ids: Collection[int] | None = None,
) -> list[Row]:
    """The roster rows of these exams, of everybody or of these people; one query, and one for
    attempts that ran out of time."""
    only = sa.true() if person_ids is None else RosterEntry.person_id.in_(person_ids)
    kept = session.execute(
        sa.select(
            RosterEntry.exam_id, RosterEntry.person_id, RosterEntry.number, RosterEntry.name,
            RosterEntry.unit_codes, RosterEntry.unit_path, Exam.published.label("frozen"),
            RosterEntry.removed, RosterEntry.exempt, RosterEntry.exempt_by,
            RosterEntry.exempt_on, RosterEntry.deferred, RosterEntry.absence,
            RosterEntry.absence_note, RosterEntry.sat, RosterEntry.first_score,
            RosterEntry.best_score, RosterEntry.first_make_up,
        )
        .join(Exam, Exam.id == RosterEntry.exam_id)
        .where(RosterEntry.exam_id.in_(terms), only)
        .order_by(RosterEntry.exam_id, RosterEntry.unit_codes, RosterEntry.number)
    ).all()
    overdue = marking.overdue_facts(session, terms, now) if terms else {}
    rows = []
    for row in kept:
        stored = Facts(row.sat, row.first_score, row.best_score, row.first_make_up)
        facts = overdue.get((row.exam_id, row.person_id), stored)
        rows.append(Row(
            terms[row.exam_id], row.person_id, row.number, row.name, row.unit_codes,
            row.unit_path, row.frozen, row.removed is not None, row.exempt is not None,
            row.deferred, facts.sat, facts.first_score, facts.best_score,
            facts.first_make_up, row.absence, _note(row, facts.sat),
        ))
    return rows


def _note(row: Any, has_sat: bool) -> str:
    """What stands beside the name: exemption, absence reason, deferral, removal."""
    notes = []
    if row.removed is not None:
        notes.append("已移出名册")
    if row.exempt is not None:
        on = f"{row.exempt_on:%Y-%m-%d}" if row.exempt_on else ""
        by = f"{row.exempt_by}批准" if row.exempt_by else ""
        notes.append("，".join(filter(None, (f"免考：{EXEMPTION_LABEL[row.exempt]}", by, on))))
    elif not has_sat and row.absence is not None:
        notes.append("，".join(filter(None, (ABSENCE_LABEL[row.absence], row.absence_note))))
    if row.deferred and not has_sat:
        notes.append("缓考")
    if has_sat and row.first_make_up:
        notes.append("第一次作答是补考")
    return "；".join(notes)
