"""Reading an attempt: the paper while it runs, and afterwards what the exam lets one see."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import exams as rules
from legaled.domain.attempts import Answer, Marked, Saved, State, mark, shown_key, state
from legaled.domain.banks import Kind
from legaled.domain.errors import NotFoundError
from legaled.domain.exams import Show, Stage
from legaled.domain.permissions import Actor
from legaled.models import Attempt, Exam, QuestionVersion, Slot
from legaled.services.accounts import Hot
from legaled.services.attempts import saved_answers
from legaled.services.exams import windows as windows_of
from legaled.services.saving import BIGGEST_ID, LAST_STEPS, saved_of
from legaled.services.sitting import still_running


@dataclass(frozen=True)
class PaperSlot:
    number: int
    version_id: int
    option_order: str
    points: int


@dataclass(frozen=True)
class Paper:
    """A paper as its candidate may see it: no key, no explanation."""

    attempt_id: int
    exam_id: int
    exam_code: str
    title: str
    deadline: datetime
    running: bool
    slots: list[PaperSlot]
    saved: dict[int, Saved]


@dataclass(frozen=True)
class Content:
    """What a question version shows while it is being answered."""

    kind: Kind
    stem: str
    options: tuple[str, ...]
    gaps: int


_ATTEMPT = (
    sa.select(
        Attempt.exam_id, Exam.code, Exam.title, Attempt.deadline, Attempt.submitted,
        Exam.cancelled, Attempt.voided,
    )
    .join(Exam, Exam.id == Attempt.exam_id)
    .where(
        Attempt.id == sa.bindparam("attempt_id"), Attempt.person_id == sa.bindparam("person_id")
    )
)
_SLOTS = (
    sa.select(Slot.number, Slot.version_id, Slot.option_order, Slot.points)
    .where(Slot.attempt_id == sa.bindparam("attempt_id"))
    .order_by(Slot.number)
)


def paper(hot: Hot, actor: Actor, attempt_id: int, now: datetime) -> Paper:
    """Three statements by the cheap door; somebody else's attempt looks like none."""
    if attempt_id > BIGGEST_ID:
        raise NotFoundError()
    found = hot.row(_ATTEMPT, attempt_id=attempt_id, person_id=actor.id)
    if found is None:
        raise NotFoundError()
    exam_id, code, title, deadline, submitted, cancelled, voided = found
    over = cancelled or voided
    running = not over and state(submitted, deadline, now) is State.OPEN
    slots = [PaperSlot(*row) for row in hot.rows(_SLOTS, attempt_id=attempt_id)]
    saved = saved_of(hot.rows(LAST_STEPS, attempt_id=attempt_id))
    return Paper(attempt_id, exam_id, code, title, deadline, running, slots, saved)


def contents(session: Session, version_ids: Iterable[int]) -> dict[int, Content]:
    """The texts of question versions; they never change, so callers may keep them."""
    rows = session.execute(
        sa.select(
            QuestionVersion.id, QuestionVersion.kind, QuestionVersion.stem,
            QuestionVersion.options, QuestionVersion.key,
        ).where(QuestionVersion.id.in_(list(version_ids)))
    )
    return {
        row.id: Content(
            row.kind, row.stem, tuple(row.options), len(row.key) if row.kind is Kind.BLANK else 0
        )
        for row in rows
    }


@dataclass(frozen=True)
class ReviewedSlot:
    """One question afterwards. `chosen` and `right` are letters of this paper, or gap texts."""

    number: int
    kind: Kind
    stem: str
    options: tuple[tuple[str, str], ...]
    chosen: Answer
    right: Answer
    earned: int
    points: int
    explanation: str
    law: str
    article: str


@dataclass(frozen=True)
class Review:
    """What may be seen of a closed attempt now; `score` and `slots` are None when hidden."""

    attempt_id: int
    exam_id: int
    exam_code: str
    title: str
    number: int
    attempts: int
    best_counts: bool
    submitted: datetime | None
    deadline: datetime
    cancelled: bool
    voided: bool
    total: int
    pass_line: int
    excellent_line: int
    score: int | None
    slots: list[ReviewedSlot] | None
    closes: datetime
    exam_closed: bool
    after_close: Show

    @property
    def passed(self) -> bool | None:
        return None if self.score is None else self.score >= self.pass_line


def review(session: Session, actor: Actor, attempt_id: int, now: datetime) -> Review | None:
    """None while the attempt still runs. A GET may call it: nothing is written."""
    attempt, exam = _own(session, actor, attempt_id)
    cancelled, voided = exam.cancelled is not None, attempt.voided is not None
    running = state(attempt.submitted, attempt.deadline, now) is State.OPEN
    if running and not cancelled and not voided:
        return None
    windows = windows_of(session, [exam.id])[exam.id]
    at = rules.stage(exam.published, exam.cancelled, windows, now)
    writing = exam.id in still_running(session, [exam.id], now)
    show = rules.shown(
        exam.after_submit, exam.after_close, at,
        still_writing=writing, dropped=cancelled or voided,
    )
    slots = _reviewed(session, attempt.id)
    return Review(
        attempt_id=attempt.id,
        exam_id=exam.id,
        exam_code=exam.code,
        title=exam.title,
        number=attempt.number,
        attempts=exam.attempts,
        best_counts=exam.counts is rules.Counts.BEST,
        submitted=attempt.submitted,
        deadline=attempt.deadline,
        cancelled=cancelled,
        voided=voided,
        total=sum(slot.points for slot in slots),
        pass_line=exam.pass_line,
        excellent_line=exam.excellent_line,
        score=None if show is Show.NOTHING else sum(slot.earned for slot in slots),
        slots=slots if show is Show.ALL else None,
        closes=max(window.closes for window in windows),
        exam_closed=at is Stage.CLOSED and not writing,
        after_close=exam.after_close,
    )


def _reviewed(session: Session, attempt_id: int) -> list[ReviewedSlot]:
    rows = session.execute(
        sa.select(Slot, QuestionVersion)
        .join(QuestionVersion, QuestionVersion.id == Slot.version_id)
        .where(Slot.attempt_id == attempt_id)
        .order_by(Slot.number)
    ).all()
    answers = {slot: saved.answer for slot, saved in saved_answers(session, attempt_id).items()}
    found = []
    for slot, version in rows:
        given = answers.get(slot.number, ())
        marked = Marked(version.kind, version.key, slot.option_order, slot.points)
        options = tuple(
            (rules.LETTERS[place], version.options[rules.LETTERS.index(letter)])
            for place, letter in enumerate(slot.option_order)
        )
        found.append(
            ReviewedSlot(
                slot.number, version.kind, version.stem, options, given,
                shown_key(marked), mark(marked, given), slot.points, version.explanation,
                version.law, version.article,
            )
        )
    return found


def _own(session: Session, actor: Actor, attempt_id: int) -> tuple[Attempt, Exam]:
    if attempt_id > BIGGEST_ID:
        raise NotFoundError()
    row = session.execute(
        sa.select(Attempt, Exam)
        .join(Exam, Exam.id == Attempt.exam_id)
        .where(Attempt.id == attempt_id, Attempt.person_id == actor.id)
    ).one_or_none()
    if row is None:
        raise NotFoundError()
    return row[0], row[1]
