"""待办: what waits for trainers, the office and account administrators."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.permissions import Actor, Permission
from legaled.domain.times import BEIJING
from legaled.models import Attempt, Bank, Exam, Person, Question, RosterEntry, Sitting
from legaled.services.bank_review import waiting_for
from legaled.services.law_flags_open import open_questions


@dataclass(frozen=True)
class Task:
    """One line of work: what, where (an endpoint and its values), how many if it is counted."""

    words: str
    detail: str
    endpoint: str
    count: int | None
    values: Mapping[str, int] = field(default_factory=dict)


def ping(session: Session) -> None:
    """Raises if the database does not answer."""
    session.execute(sa.select(1))


def tasks(session: Session, actor: Actor, now: datetime) -> list[Task]:
    """A constant number of statements, whatever there is to do."""
    found: list[Task] = []
    if actor.may(Permission.EXAM_READ):
        found += _exam_tasks(session, now, actor.may(Permission.EXAM_EDIT))
    if actor.may(Permission.ROSTER_EDIT):
        found += _absence_tasks(session, now)
    if actor.may(Permission.BANK_EDIT):
        found += _bank_tasks(session, actor)
    if actor.may(Permission.PEOPLE_EDIT):
        people = session.scalar(sa.select(sa.func.count(Person.id))) or 0
        if people <= 1:
            found.append(Task("还没有人员", "导入人员名单，发放初始密码", "people.index", None))
    return found


def _bank_tasks(session: Session, actor: Actor) -> list[Task]:
    """Where to begin, or the versions that others wrote and this trainer could approve."""
    if not session.scalar(sa.select(Bank.id).limit(1)):
        return [Task("还没有题库", "先导入一个题库，再组卷", "imports.upload", None)]
    outdated = session.scalar(open_questions(sa.func.count(Question.id.distinct()))) or 0
    found = [Task(f"{one.count} 道题等你审", one.bank, "banks.review.index", one.count,
                  {"bank_id": one.bank_id}) for one in waiting_for(session, actor)]
    if outdated:
        found.append(Task(f"{outdated} 道题待复核", "所引的条文有了新文本",
                          "laws.changes.review", outdated))
    return found


def _exam_tasks(session: Session, now: datetime, drafts: bool) -> list[Task]:
    """Exams that are announced or open; drafts too for those who can publish them."""
    last = sa.func.max(Sitting.closes).label("closes")
    current = last > now
    rows = session.execute(
        sa.select(Exam.id, Exam.title, Exam.published, last)
        .join(Sitting, Sitting.exam_id == Exam.id)
        .where(Exam.cancelled.is_(None))
        .group_by(Exam.id)
        .having(sa.or_(Exam.published.is_(None), current) if drafts else
                sa.and_(Exam.published.is_not(None), current))
        .order_by(last)
    ).all()
    waiting = _waiting(session, [row.id for row in rows], now)
    found = []
    for row in rows:
        ends = row.closes.astimezone(BEIJING)
        until = f"{ends.month}月{ends.day}日 {ends:%H:%M} 结束"
        left = waiting.get(row.id, 0) if row.published else None
        words = {None: "还没有发布", 0: "应考人员全部考完"}.get(left, f"还有 {left} 人未考")
        task = Task(f"{row.title}{words}", until, "manage.show", left, {"exam_id": row.id})
        found.append(task)
    return found


def _waiting(session: Session, exam_ids: list[int], now: datetime) -> dict[int, int]:
    """How many required people of each exam have not finished an attempt yet."""
    done = sa.select(Attempt.exam_id, Attempt.person_id).where(
        Attempt.voided.is_(None),
        sa.or_(Attempt.submitted.is_not(None), Attempt.deadline <= now),
    ).distinct().subquery()
    rows = session.execute(
        sa.select(RosterEntry.exam_id, sa.func.count(RosterEntry.id))
        .outerjoin(
            done,
            sa.and_(
                done.c.exam_id == RosterEntry.exam_id,
                done.c.person_id == RosterEntry.person_id,
            ),
        )
        .where(
            RosterEntry.exam_id.in_(exam_ids),
            RosterEntry.removed.is_(None),
            RosterEntry.exempt.is_(None),
            done.c.person_id.is_(None),
        )
        .group_by(RosterEntry.exam_id)
    )
    return {exam_id: count for exam_id, count in rows}


def _absence_tasks(session: Session, now: datetime) -> list[Task]:
    """People absent from an exam that is over, without a reason."""
    over = (
        sa.select(Sitting.exam_id)
        .group_by(Sitting.exam_id)
        .having(sa.func.max(Sitting.closes) <= now)
    )
    running = sa.select(Attempt.id).where(
        Attempt.exam_id == RosterEntry.exam_id,
        Attempt.person_id == RosterEntry.person_id,
        Attempt.voided.is_(None),
    )
    rows = session.execute(
        sa.select(Exam.id, Exam.title, sa.func.count(RosterEntry.id))
        .join(RosterEntry, RosterEntry.exam_id == Exam.id)
        .where(
            Exam.published.is_not(None),
            Exam.cancelled.is_(None),
            Exam.id.in_(over),
            RosterEntry.removed.is_(None),
            RosterEntry.exempt.is_(None),
            RosterEntry.sat.is_(False),
            RosterEntry.absence.is_(None),
            ~running.exists(),
        )
        .group_by(Exam.id, Exam.title)
        .order_by(Exam.id)
    )
    return [
        Task(f"{count} 人缺考没有填原因", title, "manage.roster.index", count, {"exam_id": exam_id})
        for exam_id, title, count in rows
    ]
