"""The rows behind 学法档案, of one person or of many: each part one or two grouped queries."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date, datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute, Session

from legaled.domain.exams import Show
from legaled.domain.plans import plan_stage
from legaled.domain.rates import counts_at_all
from legaled.domain.record import (
    ChallengeLine,
    ExamLine,
    ItemLine,
    PlanLine,
    Practice,
    ReadingLine,
    Scores,
    SessionLine,
    exam_line,
    presence_shown,
    year_of,
)
from legaled.domain.sessions import presence, stage
from legaled.models import (
    Attendance,
    Card,
    Challenge,
    ChallengeEntry,
    Exam,
    PlanEntry,
    PracticeAnswer,
    SessionLaw,
    StudyPlan,
    StudySession,
    StudyTime,
)
from legaled.services.minutes import subject_names
from legaled.services.plan_facts import facts
from legaled.services.plan_items import range_words
from legaled.services.stats_rows import listed_exams, roster_rows

Line = TypeVar("Line")
Lines = dict[int, tuple[Line, ...]]
SUBJECT_LABEL = {"law": "法规", "guide": "指南", "material": "材料"}
GONE = "已删除的内容"


def plan_lines(
    session: Session, people: Sequence[int], year: int, now: datetime
) -> Lines[PlanLine]:
    """The published plans of the year that were set for the person; five queries."""
    rows = session.execute(
        sa.select(PlanEntry.person_id, PlanEntry.exempt, StudyPlan)
        .join(StudyPlan, StudyPlan.id == PlanEntry.plan_id)
        .where(PlanEntry.person_id.in_(people), PlanEntry.removed.is_(None),
               StudyPlan.year == year, StudyPlan.published.is_not(None),
               StudyPlan.cancelled.is_(None))
        .order_by(StudyPlan.starts, StudyPlan.id)
    ).all()
    plans = list({plan.id: plan for _, _, plan in rows}.values())
    known = facts(session, plans, people)
    found = defaultdict[int, list[PlanLine]](list)
    for person, exempt, plan in rows:
        done = known.of(plan, person)
        items = tuple(
            ItemLine(item.kind, item.title, range_words(item.first, item.last), item.minutes,
                     state.seconds, state.is_done, state.missing)
            for item, state in zip(known.items[plan.id], done.items, strict=True)
        )
        found[person].append(PlanLine(
            plan.title, plan.programme,
            plan_stage(plan.published, plan.cancelled, plan.starts, plan.ends, now),
            plan.starts, plan.ends, plan.minutes, done.seconds, exempt is not None,
            done.completed, items,
        ))
    return _frozen(found)


def session_lines(
    session: Session, people: Sequence[int], year: int, now: datetime
) -> Lines[SessionLine]:
    """The sessions of the year on whose list the person stands; two queries."""
    begins, ends = year_of(year)
    rows = session.execute(
        sa.select(
            Attendance.person_id, Attendance.signed, Attendance.late, Attendance.leave,
            StudySession.id, StudySession.starts, StudySession.ends, StudySession.kind,
            StudySession.title, StudySession.late_from,
        )
        .join(StudySession, StudySession.id == Attendance.session_id)
        .where(Attendance.person_id.in_(people), StudySession.cancelled.is_(None),
               StudySession.starts >= begins, StudySession.starts < ends)
        .order_by(StudySession.starts, StudySession.id)
    ).all()
    laws = defaultdict[int, list[str]](list)
    for session_id, law, part in session.execute(
        sa.select(SessionLaw.session_id, SessionLaw.law, SessionLaw.part)
        .where(SessionLaw.session_id.in_({row.id for row in rows}))
        .order_by(SessionLaw.session_id, SessionLaw.position, SessionLaw.law)
    ):
        laws[session_id].append(f"《{law}》{part}")
    found = defaultdict[int, list[SessionLine]](list)
    for row in rows:
        at = stage(row.starts, row.ends, None, now)
        came = presence(row.signed, row.late, row.leave, row.late_from)
        found[row.person_id].append(SessionLine(
            row.starts, row.kind, row.title, tuple(laws[row.id]), at, presence_shown(came, at)))
    return _frozen(found)


def reading_lines(session: Session, people: Sequence[int], year: int) -> Lines[ReadingLine]:
    """Seconds of the year by law, guide and material, the most read first; two queries."""
    rows = session.execute(
        sa.select(StudyTime.person_id, StudyTime.subject, sa.func.sum(StudyTime.seconds))
        .where(StudyTime.person_id.in_(people), StudyTime.seconds > 0,
               StudyTime.day.between(date(year, 1, 1), date(year, 12, 31)))
        .group_by(StudyTime.person_id, StudyTime.subject)
    ).all()
    names = subject_names(session, {subject for _, subject, _ in rows})
    found = defaultdict[int, list[ReadingLine]](list)
    for person, subject, seconds in rows:
        kind = SUBJECT_LABEL.get(subject.partition(":")[0], "其他")
        found[person].append(ReadingLine(kind, names.get(subject, GONE), int(seconds)))
    for lines in found.values():
        lines.sort(key=lambda line: (-line.seconds, line.kind, line.title))
    return _frozen(found)


def practice_figures(
    session: Session, people: Sequence[int], year: int
) -> dict[int, Practice]:
    """What was answered in the year, and the 错题本 as it is now; two queries."""
    begins, ends = year_of(year)
    missed = {
        person: int(count) for person, count in session.execute(
            sa.select(Card.person_id, sa.func.count())
            .where(Card.person_id.in_(people), Card.missed.is_not(None))
            .group_by(Card.person_id))
    }
    found = {person: Practice(missed=count) for person, count in missed.items()}
    due = PracticeAnswer.was_due
    for person, answers, right, asked, recalled in session.execute(
        sa.select(PracticeAnswer.person_id, sa.func.count(), _count(PracticeAnswer.right),
                  _count(due), _count(sa.and_(due, PracticeAnswer.right)))
        .where(PracticeAnswer.person_id.in_(people),
               PracticeAnswer.at >= begins, PracticeAnswer.at < ends)
        .group_by(PracticeAnswer.person_id)
    ):
        found[person] = Practice(
            int(answers), int(right), int(asked), int(recalled), missed.get(person, 0))
    return found


def exam_lines(
    session: Session, people: Sequence[int], year: int, now: datetime, scores: Scores
) -> Lines[ExamLine]:
    """The published exams of the year on whose roster the person stands; up to six queries."""
    listed = {exam.terms.exam: exam for _, exam in listed_exams(session, year, year, now)}
    rows = roster_rows(session, {id: exam.terms for id, exam in listed.items()}, now, people)
    shows: dict[int, Show] = dict(
        session.execute(sa.select(Exam.id, Exam.after_close).where(Exam.id.in_(listed))).all())
    found = defaultdict[int, list[ExamLine]](list)
    for row in rows:
        if counts_at_all(row):
            exam = listed[row.terms.exam]
            found[row.person].append(exam_line(
                row, exam.closes, exam.full, scores, shows[row.terms.exam]))
    for lines in found.values():
        lines.sort(key=lambda line: (line.closes, line.code))
    return _frozen(found)


def challenge_lines(
    session: Session, people: Sequence[int], year: int
) -> Lines[ChallengeLine]:
    """The challenges of the year that the person has played; one query."""
    found = defaultdict[int, list[ChallengeLine]](list)
    for row in session.execute(
        sa.select(ChallengeEntry.person_id, Challenge.title, ChallengeEntry.runs,
                  ChallengeEntry.answered, ChallengeEntry.right, ChallengeEntry.score)
        .join(Challenge, Challenge.id == ChallengeEntry.challenge_id)
        .where(ChallengeEntry.person_id.in_(people), ChallengeEntry.runs > 0,
               Challenge.year == year, Challenge.published.is_not(None),
               Challenge.cancelled.is_(None))
        .order_by(Challenge.starts, Challenge.id)
    ):
        found[row.person_id].append(
            ChallengeLine(row.title, row.runs, row.answered, row.right, row.score))
    return _frozen(found)


def _count(
    condition: sa.ColumnElement[bool] | InstrumentedAttribute[bool]
) -> sa.ColumnElement[int]:
    return sa.func.sum(sa.case((condition, 1), else_=0))


def _frozen(found: dict[int, list[Line]]) -> Lines[Line]:
    return {person: tuple(lines) for person, lines in found.items()}
