"""What one person sees of exams: which there are, what is due, what came out."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import exams as rules
from legaled.domain.attempts import State, state
from legaled.domain.errors import NotFoundError
from legaled.domain.exams import Counts, Show, Stage, Window
from legaled.domain.permissions import Actor
from legaled.models import Attempt, Exam, Quota, RosterEntry
from legaled.services import exams
from legaled.services.marking import marks_of
from legaled.services.sitting import still_running
from legaled.services.study_gate import Gap, gap


@dataclass(frozen=True)
class MyAttempt:
    """`score` is None while it may not be seen; `over` is when it ended or will end."""

    id: int
    number: int
    running: bool
    voided: bool
    over: datetime
    score: int | None


@dataclass(frozen=True)
class MyExam:
    """An exam on whose roster the person stands. `window` is the sitting to look at now."""

    id: int
    title: str
    year: int
    stage: Stage
    window: Window
    minutes: int
    questions: int
    total: int
    pass_line: int
    attempts_allowed: int
    best_counts: bool
    exempt: bool
    needs_password: bool
    required_laws: tuple[str, ...]
    required_minutes: int
    required_plan_id: int | None
    attempts: tuple[MyAttempt, ...]
    after_close: Show

    @property
    def valid(self) -> tuple[MyAttempt, ...]:
        return tuple(attempt for attempt in self.attempts if not attempt.voided)

    @property
    def running(self) -> MyAttempt | None:
        return next((attempt for attempt in self.valid if attempt.running), None)

    @property
    def finished(self) -> int:
        return sum(not attempt.running for attempt in self.valid)

    @property
    def passed(self) -> bool:
        return any((attempt.score or 0) >= self.pass_line for attempt in self.valid)


def my_exams(session: Session, actor: Actor, now: datetime) -> list[MyExam]:
    """The person's exams, the latest window first; as many statements however many there are."""
    return _my_exams(session, actor, now, None)


def my_exam(session: Session, actor: Actor, exam_id: int, now: datetime) -> MyExam:
    """One of them; an exam on whose roster the actor is not looks like none."""
    found = _my_exams(session, actor, now, exam_id)
    if not found:
        raise NotFoundError()
    return found[0]


def missing_study(session: Session, actor: Actor, exam: MyExam, now: datetime) -> Gap:
    """What the person must study before this exam may be started."""
    return gap(session, int(actor.id or 0), exam, now)


def _my_exams(
    session: Session, actor: Actor, now: datetime, only: int | None
) -> list[MyExam]:
    query = (
        sa.select(Exam, RosterEntry.exempt)
        .join(RosterEntry, RosterEntry.exam_id == Exam.id)
        .where(
            RosterEntry.person_id == actor.id,
            RosterEntry.removed.is_(None),
            Exam.published.is_not(None),
        )
    )
    if only is not None:
        query = query.where(Exam.id == only)
    rows = session.execute(query).all()
    ids = [exam.id for exam, _ in rows]
    windows = exams.windows(session, ids)
    sizes = _sizes(session, ids)
    attempts = _attempts(session, actor, [exam for exam, _ in rows], windows, now)
    found = [
        _my_exam(exam, exempt is not None, windows[exam.id], sizes.get(exam.id, (0, 0)),
                 attempts[exam.id], now)
        for exam, exempt in rows
    ]
    return sorted(found, key=lambda exam: (exam.window.closes, exam.id), reverse=True)


def _my_exam(
    exam: Exam,
    exempt: bool,
    windows: Sequence[Window],
    size: tuple[int, int],
    attempts: Sequence[MyAttempt],
    now: datetime,
) -> MyExam:
    return MyExam(
        id=exam.id,
        title=exam.title,
        year=exam.year,
        stage=rules.stage(exam.published, exam.cancelled, windows, now),
        window=_window_now(windows, now),
        minutes=exam.minutes,
        questions=size[0],
        total=size[1],
        pass_line=exam.pass_line,
        attempts_allowed=exam.attempts,
        best_counts=exam.counts is Counts.BEST,
        exempt=exempt,
        needs_password=bool(exam.password_hash),
        required_laws=tuple(exam.required_laws),
        required_minutes=exam.required_minutes,
        required_plan_id=exam.required_plan_id,
        attempts=tuple(attempts),
        after_close=exam.after_close,
    )


def _window_now(windows: Sequence[Window], now: datetime) -> Window:
    """The sitting that is open or comes next; else the last one."""
    return next((window for window in windows if now < window.closes), windows[-1])


def _sizes(session: Session, exam_ids: list[int]) -> dict[int, tuple[int, int]]:
    rows = session.execute(
        sa.select(Quota.exam_id, sa.func.sum(Quota.count), sa.func.sum(Quota.count * Quota.points))
        .where(Quota.exam_id.in_(exam_ids))
        .group_by(Quota.exam_id)
    )
    return {exam_id: (int(count), int(total)) for exam_id, count, total in rows}


def _attempts(
    session: Session,
    actor: Actor,
    exams: list[Exam],
    windows: Mapping[int, Sequence[Window]],
    now: datetime,
) -> dict[int, list[MyAttempt]]:
    by_id = {exam.id: exam for exam in exams}
    own = session.scalars(
        sa.select(Attempt)
        .where(Attempt.person_id == actor.id, Attempt.exam_id.in_(by_id))
        .order_by(Attempt.exam_id, Attempt.number)
    ).all()
    due = [a.id for a in own if a.closed is None and a.deadline <= now and not a.voided]
    marks = marks_of(session, due) if due else {}
    writing = still_running(session, by_id, now)
    late = {attempt_id: sum(earned.values()) for attempt_id, earned in marks.items()}
    found: dict[int, list[MyAttempt]] = defaultdict(list)
    for attempt in own:
        exam = by_id[attempt.exam_id]
        dropped = exam.cancelled is not None or attempt.voided is not None
        running = not dropped and state(attempt.submitted, attempt.deadline, now) is State.OPEN
        at = rules.stage(exam.published, exam.cancelled, windows[exam.id], now)
        show = rules.shown(
            exam.after_submit, exam.after_close, at,
            still_writing=exam.id in writing, dropped=dropped,
        )
        visible = not running and show is not Show.NOTHING
        found[exam.id].append(
            MyAttempt(
                attempt.id, attempt.number, running, attempt.voided is not None,
                attempt.submitted or attempt.deadline,
                late.get(attempt.id, attempt.score) if visible else None,
            )
        )
    return found
