"""Arranging an exam: draft, publish, cancel, make-up. Every way to an exam goes by `exam_for`."""

import secrets
from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.exams import ExamDraft, Window, draft_problems, make_up_problem
from legaled.domain.permissions import Actor, Permission
from legaled.models import Exam, ExamBank, Quota, Sitting, StudyPlan
from legaled.services import audit, freezing
from legaled.services.accounts import hash_password

LARGEST_ID = 2**31 - 1


def exam_for(
    session: Session, actor: Actor, exam_id: int, need: Permission, *, lock: bool = False
) -> Exam:
    """The only door to an exam. Missing and forbidden alike, and a draft for those who only
    sit exams, raise NotFoundError. `lock` keeps others from changing it meanwhile."""
    if not actor.may(need) or exam_id > LARGEST_ID:
        raise NotFoundError()
    exam = session.get(Exam, exam_id, with_for_update=lock or None, populate_existing=lock)
    if exam is None or (need is Permission.MEMBER and exam.published is None):
        raise NotFoundError()
    return exam


def windows(session: Session, exam_ids: Iterable[int]) -> dict[int, tuple[Window, ...]]:
    """The sittings of each exam, the formal one first; one query."""
    found: dict[int, list[Window]] = defaultdict(list)
    chosen = list(exam_ids)
    for exam_id, sitting_id, number, opens, closes in session.execute(
        sa.select(Sitting.exam_id, Sitting.id, Sitting.number, Sitting.opens, Sitting.closes)
        .where(Sitting.exam_id.in_(chosen))
        .order_by(Sitting.number)
    ):
        found[exam_id].append(Window(sitting_id, number, opens, closes))
    return {exam_id: tuple(found[exam_id]) for exam_id in chosen}


def create(
    session: Session,
    actor: Actor,
    draft: ExamDraft,
    now: datetime,
    *,
    password_hash: str | None = None,
) -> int:
    """Keep a new draft, which no candidate sees; returns its id.

    `password_hash` is `hash_password(draft.password)` if it was made before the transaction
    began. Raises ConflictError `code_taken`, and InvalidError with the first problem.
    """
    _may_edit(actor)
    _check(session, draft)
    exam = Exam(code=draft.code, seed=secrets.token_hex(16), created=now)
    _copy(exam, draft, password_hash)
    session.add(exam)
    _flush_code(session)
    _copy_parts(session, exam.id, draft)
    audit.note(session, actor, "exam.create", f"exam {draft.code}", now)
    return exam.id


def edit(
    session: Session,
    actor: Actor,
    exam_id: int,
    draft: ExamDraft,
    now: datetime,
    *,
    password_hash: str | None = None,
) -> None:
    """Replace everything in a draft. A published exam stays as it was announced."""
    exam = _draft_for(session, actor, exam_id)
    _check(session, draft)
    exam.code = draft.code
    _copy(exam, draft, password_hash)
    _flush_code(session)
    for part in (Quota, ExamBank, Sitting):
        session.execute(sa.delete(part).where(part.exam_id == exam_id))
    _copy_parts(session, exam_id, draft)
    audit.note(session, actor, "exam.edit", f"exam {draft.code}", now)


def publish(session: Session, actor: Actor, exam_id: int, now: datetime) -> None:
    """Announce the exam: from now on neither its questions nor its roster change by themselves.

    Raises ConflictError `bank_too_small`, `too_open`, `window_over`, or `exam_plan` when the
    study plan it asks for is not published, before anything is written.
    """
    exam = _draft_for(session, actor, exam_id)
    if all(window.closes <= now for window in windows(session, [exam_id])[exam_id]):
        raise ConflictError("window_over")
    _check_plan(session, exam)
    freezing.freeze_pool(session, exam_id, now)
    freezing.freeze_roster(session, exam_id, now)
    exam.published = now
    audit.note(session, actor, "exam.publish", f"exam {exam.code}", now)


def cancel(session: Session, actor: Actor, exam_id: int, reason: str, now: datetime) -> None:
    """Call the exam off for good: it enters no figure, and nobody can go on answering."""
    exam = exam_for(session, actor, exam_id, Permission.EXAM_EDIT, lock=True)
    if exam.cancelled is not None:
        raise ConflictError("exam_cancelled")
    if not reason.strip():
        raise InvalidError("reason_needed")
    exam.cancelled, exam.cancel_reason = now, reason.strip()
    audit.note(session, actor, "exam.cancel", f"exam {exam.code}", now, detail=reason.strip())


def add_make_up(
    session: Session,
    actor: Actor,
    exam_id: int,
    opens: datetime,
    closes: datetime,
    now: datetime,
) -> None:
    """Announce a make-up sitting, after those there are; the exam is open until it has closed."""
    exam = exam_for(session, actor, exam_id, Permission.EXAM_EDIT, lock=True)
    if exam.cancelled is not None:
        raise ConflictError("exam_cancelled")
    if exam.published is None:
        raise ConflictError("exam_not_published")
    there = windows(session, [exam_id])[exam_id]
    if problem := make_up_problem(there, opens, closes, exam.minutes, now):
        raise ConflictError(problem)
    number = 1 + max(window.number for window in there)
    session.add(Sitting(exam_id=exam_id, number=number, opens=opens, closes=closes))
    audit.note(session, actor, "exam.make_up", f"exam {exam.code}", now, detail=str(number))


def _may_edit(actor: Actor) -> None:
    if not actor.may(Permission.EXAM_EDIT):
        raise NotFoundError()


def _draft_for(session: Session, actor: Actor, exam_id: int) -> Exam:
    exam = exam_for(session, actor, exam_id, Permission.EXAM_EDIT, lock=True)
    if exam.cancelled is not None:
        raise ConflictError("exam_cancelled")
    if exam.published is not None:
        raise ConflictError("exam_published")
    return exam


def _check(session: Session, draft: ExamDraft) -> None:
    if problems := draft_problems(draft):
        field, code = problems[0]
        raise InvalidError(code, field=field)
    wanted = draft.required_plan_id
    if wanted is not None and session.get(StudyPlan, wanted) is None:
        raise InvalidError("plan_unknown", field="required_plan")


def _check_plan(session: Session, exam: Exam) -> None:
    """The plan that the exam asks for is set for people, and stays so while we write."""
    if exam.required_plan_id is None:
        return
    plan = session.get(StudyPlan, exam.required_plan_id, with_for_update={"read": True},
                       populate_existing=True)
    if plan is None or plan.published is None or plan.cancelled is not None:
        raise ConflictError("exam_plan", plan=plan.title if plan else "")


def _copy(exam: Exam, draft: ExamDraft, password_hash: str | None) -> None:
    exam.title, exam.year, exam.minutes = draft.title, draft.year, draft.minutes
    exam.pass_line, exam.excellent_line = draft.pass_line, draft.excellent_line
    exam.attempts, exam.counts = draft.attempts, draft.counts
    exam.networks, exam.practice_share = list(draft.networks), draft.practice_share
    exam.required_laws = list(draft.required_laws)
    exam.required_minutes = draft.required_minutes
    exam.required_plan_id = draft.required_plan_id
    exam.after_submit, exam.after_close = draft.after_submit, draft.after_close
    if draft.password:
        exam.password_hash = password_hash or hash_password(draft.password)
    elif draft.password is not None:
        exam.password_hash = ""


def _flush_code(session: Session) -> None:
    """The code is the only thing here that two exams can both want."""
    try:
        session.flush()
    except IntegrityError as error:
        raise ConflictError("code_taken") from error


def _copy_parts(session: Session, exam_id: int, draft: ExamDraft) -> None:
    session.add(Sitting(exam_id=exam_id, number=0, opens=draft.opens, closes=draft.closes))
    session.add_all(
        Quota(exam_id=exam_id, kind=kind, count=count, points=points)
        for kind, (count, points) in draft.quotas.items()
    )
    session.add_all(ExamBank(exam_id=exam_id, bank_id=bank) for bank in set(draft.bank_ids))
    session.flush()
