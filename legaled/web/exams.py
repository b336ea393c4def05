"""The candidate's exams: the list, the start page, and starting."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.errors import ConflictError, DomainError, ForbiddenError
from legaled.domain.exams import Stage
from legaled.domain.permissions import Permission
from legaled.services import accounts, attempts, candidate
from legaled.services.candidate import MyExam
from legaled.services.study_gate import Gap, minutes_words, plan_words
from legaled.web.access import actor, allow, wants_json
from legaled.web.clock import now
from legaled.web.errors import message
from legaled.web.pages import moment, when
from legaled.web.review import counts_words

bp = Blueprint("exams", __name__, url_prefix="/exams")
STAGE_WORDS = {
    Stage.ANNOUNCED: "未开始",
    Stage.OPEN: "进行中",
    Stage.BETWEEN: "等待补考",
    Stage.CLOSED: "已结束",
    Stage.CANCELLED: "已取消",
    Stage.DRAFT: "未发布",
}
RULES = (
    "计时以服务器为准，从点「开始考试」起算；离开页面、关机，时间照常计算。",
    "每答一题自动保存，页面上会写明保存的时间；换一台电脑或手机登录，可以接着答。",
    "断网时答案存在本机，恢复后自动补交；时间到系统自动收卷，已保存的答案都算数。",
    "一次性通过只看第一次有效作答，交白卷也算一次。",
)


@bp.get("")
@allow(Permission.MEMBER)
def index() -> str:
    mine = candidate.my_exams(db.get_session(), actor(), now())
    due = [exam for exam in mine if _action(exam) in ("start", "resume")]
    others = [exam for exam in mine if exam not in due]
    return render_template(
        "exams/index.html", due=[_card(exam) for exam in due], others=[_card(e) for e in others]
    )


def _action(exam: MyExam) -> str | None:
    if exam.running is not None:
        return "resume"
    if may_start(exam):
        return "start"
    return "review" if exam.valid else None


def may_start(exam: MyExam) -> bool:
    """A guess for buttons and lists; `attempts.start` decides."""
    if exam.stage is not Stage.OPEN or exam.exempt:
        return False
    if exam.window.number > 0:
        return not exam.passed
    return len(exam.valid) < exam.attempts_allowed


def _card(exam: MyExam) -> dict[str, Any]:
    action = _action(exam)
    last = exam.valid[-1] if exam.valid else None
    urls = {
        "start": url_for("exams.show", exam_id=exam.id),
        "resume": url_for("attempts.show", attempt_id=exam.running.id) if exam.running else "",
        "review": url_for("attempts.review", attempt_id=last.id) if last else "",
        None: url_for("exams.show", exam_id=exam.id),
    }
    return {
        "id": exam.id,
        "title": exam.title,
        "window": ("补考 " if exam.window.number else "") + when(
            exam.window.opens, exam.window.closes
        ),
        "stage": STAGE_WORDS[exam.stage],
        "minutes": exam.minutes,
        "questions": exam.questions,
        "attempts": f"已考 {exam.finished} 次，可考 {exam.attempts_allowed} 次",
        "action": action,
        "action_url": urls[action],
        "note": _note(exam),
    }


def _note(exam: MyExam) -> str:
    if exam.exempt:
        return "已获批免考"
    scores = [attempt.score for attempt in exam.valid if attempt.score is not None]
    if not scores:
        return ""
    return f"{max(scores)} 分，{'通过' if exam.passed else '未通过'}"


@bp.get("/<int:exam_id>")
@allow(Permission.MEMBER)
def show(exam_id: int) -> str | Response:
    exam = candidate.my_exam(db.get_session(), actor(), exam_id, now())
    if exam.running is not None:
        return redirect(url_for("attempts.show", attempt_id=exam.running.id))
    return _start_page(exam, None)


def _start_page(exam: MyExam, refusal: str | None, password_error: str = "") -> str:
    missing = candidate.missing_study(db.get_session(), actor(), exam, now())
    makeup = "（补考）" if exam.window.number else ""
    return render_template(
        "exams/start.html",
        exam_id=exam.id,
        title=exam.title,
        facts=[
            (f"时间{makeup}", when(exam.window.opens, exam.window.closes)),
            ("题目", f"{exam.questions} 题，共 {exam.total} 分"),
            ("限时", f"{exam.minutes} 分钟"),
            ("及格线", f"{exam.pass_line} 分，含 {exam.pass_line} 分"),
            ("次数", counts_words(exam.attempts_allowed, exam.best_counts)),
            ("已考", f"{len(exam.valid)} 次"),
        ],
        rules=RULES,
        needs_password=exam.needs_password,
        password_error=password_error,
        missing_laws=_missing(missing),
        refusal=refusal or _closed_words(exam),
        action_words=f"开始第 {len(exam.valid) + 1} 次考试" if exam.valid else "开始考试",
    )


def _missing(gap: Gap) -> list[tuple[str, str]]:
    """Each thing that has to be studied first, with the page where that is done."""
    found = [(f"{law}指南", url_for("study.law", law=law)) for law in gap.laws]
    if gap.minutes:
        found.append((minutes_words(gap.minutes), url_for("study.index")))
    if gap.plan:
        found.append((plan_words(gap.plan), url_for("my_plans.show", plan_id=gap.plan.plan_id)))
    return found


def _closed_words(exam: MyExam) -> str | None:
    if may_start(exam):
        return None
    if exam.exempt:
        return "你已获批免考这场考试，不需要参加。"
    if exam.stage is Stage.OPEN:
        return "这场考试的作答次数已经用完。"
    if exam.stage is Stage.ANNOUNCED:
        return f"考试还没有开始，{moment(exam.window.opens)} 可以进入。"
    return f"这场考试{STAGE_WORDS[exam.stage]}。"


@bp.post("/<int:exam_id>/attempts")
@allow(Permission.MEMBER)
def start(exam_id: int) -> Response | tuple[str, int]:
    password_ok = _password_ok(exam_id)
    try:
        attempt_id = attempts.start(
            db.get_session(), actor(), exam_id, now(),
            address=request.remote_addr or "", password_ok=password_ok,
        )
    except (ConflictError, ForbiddenError) as error:
        if wants_json():
            raise
        return _refused(exam_id, error)
    return redirect(url_for("attempts.show", attempt_id=attempt_id), 303)


def _password_ok(exam_id: int) -> bool:
    """Compared before the writing transaction begins: it is slow on purpose."""
    with db.database().read() as session:
        stored = attempts.exam_password(session, exam_id)
    sent = request.get_json(silent=True) if request.is_json else request.form
    given = sent.get("password", "") if isinstance(sent, Mapping) else ""
    return not stored or accounts.password_matches(stored, str(given))


def _refused(exam_id: int, error: DomainError) -> tuple[str, int]:
    db.rollback()
    with db.database().read() as session:
        mine = [e for e in candidate.my_exams(session, actor(), now()) if e.id == exam_id]
    if not mine:
        raise error
    status = 403 if isinstance(error, ForbiddenError) else 409
    if error.code == "password_required":  # the field stays, so that it can be typed again
        return _start_page(mine[0], None, message(error)), status
    return _start_page(mine[0], message(error)), status
