"""How many people of a roster stand where, for the exam desk.

The definition is that of `domain/rates.py`; here are its head counts over groups of like rows,
and the same conditions in SQL, so that every count is the length of the list behind it.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import rates
from legaled.domain.exams import Window
from legaled.models import Attempt, RosterEntry

NOBODY = rates.by_sittings(())
OWN = ("running", "idle", "removed")  # asked for by this desk only


def sat_by_now(now: datetime) -> sa.ColumnElement[bool]:
    """The stored fact, or an attempt that is over though nobody has written it down yet."""
    overdue = (
        sa.select(Attempt.id)
        .where(
            Attempt.exam_id == RosterEntry.exam_id,
            Attempt.person_id == RosterEntry.person_id,
            Attempt.closed.is_(None),
            Attempt.voided.is_(None),
            Attempt.deadline <= now,
        )
        .correlate(RosterEntry)
        .exists()
    )
    return sa.or_(RosterEntry.sat, overdue)


def head_counts(
    session: Session, there: Mapping[int, Sequence[Window]], now: datetime
) -> dict[int, rates.Figures]:
    """Head counts by exam, counted by the one definition over groups of like rows; one query.

    Figures that need scores are 0 here: they belong to the statistics.
    """
    like = (
        sa.select(
            RosterEntry.exam_id,
            RosterEntry.removed.is_not(None).label("removed"),
            RosterEntry.exempt.is_not(None).label("exempt"),
            RosterEntry.deferred,
            sat_by_now(now).label("sat"),
        )
        .where(RosterEntry.exam_id.in_(there))
        .subquery()
    )
    found: dict[int, Counter[str]] = defaultdict(Counter)
    groups = sa.select(*like.c).add_columns(sa.func.count()).group_by(*like.c)
    for exam_id, removed, exempt, deferred, sat, count in session.execute(groups):
        row = _sample(there[exam_id], now, removed, exempt, deferred, sat)
        found[exam_id].update(
            {figure: count for figure, test in rates.FIGURES.items() if test(row)}
        )
    return {
        exam_id: rates.Figures({figure: counts[figure] for figure in rates.FIGURES})
        for exam_id, counts in found.items()
    }


def _sample(
    there: Sequence[Window], now: datetime, removed: bool, exempt: bool, deferred: bool, sat: bool
) -> rates.Row:
    terms = rates.Terms("", "", 0, 0, True, False, make_up_closed(there, now))
    return rates.Row(
        terms, 0, "", "", "", "", now,
        removed=bool(removed), is_exempt=bool(exempt), is_deferred=deferred, has_sat=bool(sat),
    )


def make_up_closed(there: Sequence[Window], now: datetime) -> bool:
    return any(window.number > 0 and window.closes <= now for window in there)


def _has_attempt() -> sa.ColumnElement[bool]:
    return (
        sa.select(Attempt.id)
        .where(
            Attempt.exam_id == RosterEntry.exam_id,
            Attempt.person_id == RosterEntry.person_id,
            Attempt.voided.is_(None),
        )
        .correlate(RosterEntry)
        .exists()
    )


def conditions(made_up: bool, now: datetime) -> dict[str, sa.ColumnElement[bool]]:
    """The figures of RATES.md that need no score, and three more that only this desk asks for."""
    there = RosterEntry.removed.is_(None)
    required = sa.and_(there, RosterEntry.exempt.is_(None))
    sat = sat_by_now(now)
    absent = sa.and_(required, sa.not_(sat))
    deferred = sa.false() if made_up else sa.and_(absent, RosterEntry.deferred)
    return {
        "roster": there,
        "exempt": sa.and_(there, RosterEntry.exempt.is_not(None)),
        "required": required,
        "sat": sa.and_(required, sat),
        "absent": absent,
        "deferred": deferred,
        "extra": sa.and_(sat, sa.not_(required)),
        "running": sa.and_(absent, _has_attempt()),
        "idle": sa.and_(absent, sa.not_(_has_attempt())),
        "removed": RosterEntry.removed.is_not(None),
    }


def counts(
    session: Session, exam_id: int, there: Sequence[Window], now: datetime
) -> dict[str, int]:
    """Every condition's count for one roster; two queries."""
    known = head_counts(session, {exam_id: there}, now).get(exam_id, NOBODY)
    tests = conditions(make_up_closed(there, now), now)
    row = session.execute(
        sa.select(*(sa.func.count().filter(tests[name]) for name in OWN)).where(
            RosterEntry.exam_id == exam_id
        )
    ).one()
    return {**known.counts, **dict(zip(OWN, row, strict=True))}
