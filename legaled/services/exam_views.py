"""What the exam desk shows: the list of exams, and one exam with everything about it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain import rates
from legaled.domain.banks import Kind
from legaled.domain.errors import NotFoundError
from legaled.domain.exams import (
    PAPER_ORDER,
    Counts,
    Show,
    Stage,
    Window,
    stage,
    total_points,
)
from legaled.domain.permissions import Actor, Permission
from legaled.models import (
    Attempt,
    Bank,
    Exam,
    ExamBank,
    Question,
    QuestionVersion,
    Quota,
    Sitting,
    StudyPlan,
)
from legaled.services import freezing
from legaled.services.bank_imports import is_current
from legaled.services.exams import exam_for, windows
from legaled.services.headcounts import NOBODY, head_counts
from legaled.services.paging import Page, page_of

PER_PAGE = 20


@dataclass(frozen=True)
class ExamLine:
    id: int
    code: str
    title: str
    year: int
    stage: Stage
    windows: tuple[Window, ...]
    figures: rates.Figures


@dataclass(frozen=True)
class ExamList:
    lines: tuple[ExamLine, ...]
    years: tuple[int, ...]
    page: Page


@dataclass(frozen=True)
class QuotaLine:
    kind: Kind
    count: int
    points: int


@dataclass(frozen=True)
class BankLine:
    """A bank and how many reviewed active questions it holds of each kind that an exam can mark."""

    id: int
    name: str
    practice: bool
    counts: Mapping[Kind, int]


@dataclass(frozen=True)
class RequiredPlan:
    """The study plan that an exam asks for. `stands`: it is published and not cancelled."""

    id: int
    title: str
    stands: bool


@dataclass(frozen=True)
class ExamView:
    """One exam. `preview` is there for a draft only; `figures` are empty until publication."""

    id: int
    code: str
    title: str
    year: int
    stage: Stage
    windows: tuple[Window, ...]
    minutes: int
    pass_line: int
    excellent_line: int
    attempts: int
    counts: Counts
    quotas: tuple[QuotaLine, ...]
    total: int
    banks: tuple[BankLine, ...]
    has_password: bool
    networks: tuple[str, ...]
    practice_share: int
    required_laws: tuple[str, ...]
    required_minutes: int
    required_plan: RequiredPlan | None
    after_submit: Show
    after_close: Show
    published: datetime | None
    cancelled: datetime | None
    cancel_reason: str
    figures: rates.Figures
    running: int
    finished: int
    preview: freezing.Preview | None


def list_exams(
    session: Session,
    actor: Actor,
    now: datetime,
    year: int | None = None,
    query: str = "",
    page: int = 1,
) -> ExamList:
    """Exams of a year (of all years without one), the latest first; five queries."""
    if not actor.may(Permission.EXAM_READ):
        raise NotFoundError()
    years = session.scalars(sa.select(Exam.year).distinct().order_by(Exam.year.desc())).all()
    wanted = [Exam.year == year] if year is not None else []
    if query.strip():
        text = query.strip()
        wanted.append(
            sa.or_(
                Exam.title.icontains(text, autoescape=True),
                Exam.code.icontains(text, autoescape=True),
            )
        )
    total = session.scalar(sa.select(sa.func.count()).select_from(Exam).where(*wanted)) or 0
    shown = page_of(total, page, PER_PAGE)
    exams = session.scalars(
        sa.select(Exam)
        .outerjoin(Sitting, sa.and_(Sitting.exam_id == Exam.id, Sitting.number == 0))
        .where(*wanted)
        .order_by(Exam.year.desc(), Sitting.opens.desc(), Exam.id.desc())
        .offset(shown.offset)
        .limit(shown.size)
    ).all()
    return ExamList(_lines(session, exams, now), tuple(years), shown)


def exam_view(session: Session, actor: Actor, exam_id: int, now: datetime) -> ExamView:
    """Everything the desk shows of an exam; as many queries for 5 people as for 10,000."""
    exam = exam_for(session, actor, exam_id, Permission.EXAM_READ)
    line = _lines(session, [exam], now)[0]
    quotas = {
        quota.kind: QuotaLine(quota.kind, quota.count, quota.points)
        for quota in session.scalars(sa.select(Quota).where(Quota.exam_id == exam_id))
    }
    running, finished = _attempts(session, exam_id, now)
    return ExamView(
        id=exam.id, code=exam.code, title=exam.title, year=exam.year,
        stage=line.stage, windows=line.windows, minutes=exam.minutes,
        pass_line=exam.pass_line, excellent_line=exam.excellent_line,
        attempts=exam.attempts, counts=exam.counts,
        quotas=tuple(quotas[kind] for kind in PAPER_ORDER if kind in quotas),
        total=total_points({q.kind: (q.count, q.points) for q in quotas.values()}),
        banks=bank_lines(session, actor, exam_id=exam_id),
        has_password=bool(exam.password_hash), networks=tuple(exam.networks),
        practice_share=exam.practice_share, required_laws=tuple(exam.required_laws),
        required_minutes=exam.required_minutes,
        required_plan=_required_plan(session, exam.required_plan_id),
        after_submit=exam.after_submit, after_close=exam.after_close,
        published=exam.published, cancelled=exam.cancelled, cancel_reason=exam.cancel_reason,
        figures=line.figures, running=running, finished=finished,
        preview=freezing.preview(session, exam_id, now) if line.stage is Stage.DRAFT else None,
    )


def _required_plan(session: Session, plan_id: int | None) -> RequiredPlan | None:
    plan = session.get(StudyPlan, plan_id) if plan_id is not None else None
    if plan is None:
        return None
    stands = plan.published is not None and plan.cancelled is None
    return RequiredPlan(plan.id, plan.title, stands)


def bank_lines(
    session: Session, actor: Actor, exam_id: int | None = None
) -> tuple[BankLine, ...]:
    """The banks that an exam draws from, or every bank, by name; two queries."""
    if not actor.may(Permission.EXAM_READ):
        raise NotFoundError()
    banks = sa.select(Bank.id, Bank.name, Bank.practice).order_by(Bank.name)
    if exam_id is not None:
        banks = banks.join(ExamBank, ExamBank.bank_id == Bank.id).where(
            ExamBank.exam_id == exam_id
        )
    known = session.execute(banks).all()
    counts: dict[int, dict[Kind, int]] = defaultdict(dict)
    for bank_id, kind, count in session.execute(
        sa.select(Question.bank_id, QuestionVersion.kind, sa.func.count())
        .join(QuestionVersion, is_current())
        .where(
            Question.retired.is_(None), QuestionVersion.approved.is_not(None),
            Question.bank_id.in_([bank.id for bank in known]),
        )
        .group_by(Question.bank_id, QuestionVersion.kind)
    ):
        counts[bank_id][kind] = count
    return tuple(
        BankLine(
            bank.id, bank.name, bank.practice,
            {kind: counts[bank.id].get(kind, 0) for kind in PAPER_ORDER},
        )
        for bank in known
    )


def _lines(session: Session, exams: Sequence[Exam], now: datetime) -> tuple[ExamLine, ...]:
    there = windows(session, [exam.id for exam in exams])
    figures = head_counts(session, {exam.id: there[exam.id] for exam in exams}, now)
    return tuple(
        ExamLine(
            exam.id, exam.code, exam.title, exam.year,
            stage(exam.published, exam.cancelled, there[exam.id], now),
            there[exam.id], figures.get(exam.id, NOBODY),
        )
        for exam in exams
    )


def _attempts(session: Session, exam_id: int, now: datetime) -> tuple[int, int]:
    """Valid attempts that are running, and those that are over; one query."""
    runs = sa.and_(Attempt.submitted.is_(None), Attempt.deadline > now)
    row = session.execute(
        sa.select(
            sa.func.count().filter(runs), sa.func.count().filter(sa.not_(runs))
        ).where(Attempt.exam_id == exam_id, Attempt.voided.is_(None))
    ).one()
    return row[0], row[1]
