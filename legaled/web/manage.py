"""The exam desk: arranging, publishing and watching exams. The rosters are in `web/roster.py`."""

from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from werkzeug import Response

from legaled import db
from legaled.domain.banks import KIND_LABEL
from legaled.domain.errors import ConflictError
from legaled.domain.exams import COUNTS_LABEL, SHOW_LABEL, STAGE_LABEL, ExamDraft, Stage
from legaled.domain.permissions import Permission
from legaled.domain.times import beijing_day
from legaled.forms.exams import (
    WORDS,
    ExamForm,
    MakeUpForm,
    ReasonForm,
    instant,
    new_exam,
    quota_fields,
    typed,
)
from legaled.services import accounts, exam_views, exams, plan_views, roster_views, study
from legaled.services.exam_views import BankLine, ExamView
from legaled.web import roster
from legaled.web.access import actor, allow, optional_actor
from legaled.web.clock import now
from legaled.web.errors import message
from legaled.web.numbers import whole

bp = Blueprint("manage", __name__, url_prefix="/manage")
bp.register_blueprint(roster.bp)
Page = str | tuple[str, int] | Response
# how a stage looks: (colour, icon)
STAGE_LOOK = {
    Stage.DRAFT: ("", "file"),
    Stage.ANNOUNCED: ("", "calendar"),
    Stage.OPEN: ("warn", "clock"),
    Stage.BETWEEN: ("warn", "calendar"),
    Stage.CLOSED: ("ok", "check"),
    Stage.CANCELLED: ("bad", "close"),
}
RUNNING_FIGURES = (("", "全部"), ("idle", "未开始"), ("running", "作答中"), ("sat", "已考"))


@bp.context_processor
def _words() -> dict[str, Any]:
    who = optional_actor()  # a stranger's error page asks too
    return {
        "stage_label": STAGE_LABEL, "stage_look": STAGE_LOOK, "kind_label": KIND_LABEL,
        "counts_label": COUNTS_LABEL, "show_label": SHOW_LABEL, "stages": Stage,
        "may_edit": who is not None and who.may(Permission.EXAM_EDIT),
    }


@bp.get("")
@allow(Permission.EXAM_READ)
def index() -> Page:
    year, query = whole(request.args, "year"), request.args.get("q", "")
    page = whole(request.args, "page", 1)
    found = exam_views.list_exams(db.get_session(), actor(), now(), year, query, page)
    return render_template("manage/list.html", found=found, year=year, query=query)


@bp.get("/new")
@allow(Permission.EXAM_EDIT)
def new() -> Page:
    banks = _banks()
    form = _exam_form(banks, new_exam(beijing_day(now())))
    return _form_page(form, banks)


@bp.post("/new")
@allow(Permission.EXAM_EDIT)
def create() -> Page:
    banks = _banks()
    form = _exam_form(banks)
    if not form.validate():
        return _form_page(form, banks), 422
    draft = form.draft(keep_password=False)
    hashed = _hashed(draft)
    try:
        exam_id = exams.create(db.get_session(), actor(), draft, now(), password_hash=hashed)
    except ConflictError as error:
        return _taken(form, banks, None, error)
    flash("草稿已保存，职工还看不到。核对后请发布。")
    return redirect(url_for("manage.show", exam_id=exam_id), 303)


@bp.get("/<int:exam_id>")
@allow(Permission.EXAM_READ)
def show(exam_id: int) -> Page:
    return _exam_page(_exam(exam_id))


@bp.get("/<int:exam_id>/edit")
@allow(Permission.EXAM_EDIT)
def edit(exam_id: int) -> Page:
    exam, banks = _draft(exam_id), _banks()
    form = _exam_form(banks, _initial(exam))
    return _form_page(form, banks, exam)


@bp.post("/<int:exam_id>/edit")
@allow(Permission.EXAM_EDIT)
def update(exam_id: int) -> Page:
    exam, banks = _draft(exam_id), _banks()
    form = _exam_form(banks)
    if not form.validate():
        return _form_page(form, banks, exam), 422
    draft = form.draft(keep_password=exam.has_password)
    hashed = _hashed(draft)
    try:
        exams.edit(db.get_session(), actor(), exam_id, draft, now(), password_hash=hashed)
    except ConflictError as error:
        return _taken(form, banks, exam, error)
    flash("草稿已保存。")
    return redirect(url_for("manage.show", exam_id=exam_id), 303)


@bp.post("/<int:exam_id>/publish")
@allow(Permission.EXAM_EDIT)
def publish(exam_id: int) -> Page:
    exams.publish(db.get_session(), actor(), exam_id, now())
    flash("已发布，名册和考题已经固定。")
    return redirect(url_for("manage.show", exam_id=exam_id), 303)


@bp.post("/<int:exam_id>/cancel")
@allow(Permission.EXAM_EDIT)
def cancel(exam_id: int) -> Page:
    form = ReasonForm(prefix="cancel-")
    if not form.validate():
        return _exam_page(_exam(exam_id), cancel=form), 422
    exams.cancel(db.get_session(), actor(), exam_id, form.reason.data, now())
    flash("考试已取消，不计入任何统计。")
    return redirect(url_for("manage.show", exam_id=exam_id), 303)


@bp.post("/<int:exam_id>/make-up")
@allow(Permission.EXAM_EDIT)
def make_up(exam_id: int) -> Page:
    form = MakeUpForm(prefix="makeup-")
    if not form.validate():
        return _exam_page(_exam(exam_id), make_up=form), 422
    opens, closes = instant(form.opens), instant(form.closes)
    try:
        exams.add_make_up(db.get_session(), actor(), exam_id, opens, closes, now())
    except ConflictError as error:
        if error.code not in WORDS:
            raise
        db.rollback()
        form.refuse(error.code)
        return _exam_page(_exam(exam_id), make_up=form), 422
    flash("补考已公布。")
    return redirect(url_for("manage.show", exam_id=exam_id), 303)


@bp.get("/<int:exam_id>/progress")
@allow(Permission.EXAM_READ)
def progress(exam_id: int) -> Page:
    figure, query = request.args.get("figure", ""), request.args.get("q", "")
    page = whole(request.args, "page", 1)
    found = roster_views.roster_page(
        db.get_session(), actor(), exam_id, now(), figure or "required", query, "", page
    )
    return render_template(
        "manage/progress.html",
        found=found, figure=figure, query=query, figures=RUNNING_FIGURES,
    )


def _exam(exam_id: int) -> ExamView:
    with db.database().read() as session:
        return exam_views.exam_view(session, actor(), exam_id, now())


def _draft(exam_id: int) -> ExamView:
    exam = _exam(exam_id)
    if exam.stage is not Stage.DRAFT:
        raise ConflictError("exam_cancelled" if exam.cancelled else "exam_published")
    return exam


def _banks() -> tuple[BankLine, ...]:
    with db.database().read() as session:
        return exam_views.bank_lines(session, actor())


def _exam_form(
    banks: tuple[BankLine, ...], initial: dict[str, Any] | None = None
) -> ExamForm:
    laws = [guide.name for guide in study.guides(current_app.config["LEGALED"].laws)]
    choices = [(bank.id, bank.name) for bank in banks]
    with db.database().read() as session:
        plans = plan_views.plan_choices(session)
    return ExamForm(choices, laws, plans, data=initial)


def _initial(exam: ExamView) -> dict[str, Any]:
    """What the form of a draft starts with."""
    return {
        "code": exam.code, "title": exam.title, "year": exam.year, "minutes": exam.minutes,
        "opens": typed(exam.windows[0].opens), "closes": typed(exam.windows[0].closes),
        "attempts": exam.attempts, "counts": exam.counts.value,
        "pass_line": exam.pass_line, "excellent_line": exam.excellent_line,
        **quota_fields((line.kind, line.count, line.points) for line in exam.quotas),
        "banks": [bank.id for bank in exam.banks], "laws": list(exam.required_laws),
        "required_minutes": exam.required_minutes or None,
        "required_plan": exam.required_plan.id if exam.required_plan else 0,
        "networks": "\n".join(exam.networks), "practice_share": exam.practice_share,
        "after_submit": exam.after_submit.value, "after_close": exam.after_close.value,
    }


def _form_page(
    form: ExamForm, banks: tuple[BankLine, ...], exam: ExamView | None = None
) -> str:
    return render_template("manage/edit.html", form=form, bank_lines=banks, exam=exam)


def _taken(
    form: ExamForm, banks: tuple[BankLine, ...], exam: ExamView | None, error: ConflictError
) -> Page:
    """The form again if the code belongs to another exam; every other refusal is a page."""
    if error.code != "code_taken":
        raise error
    db.rollback()
    form.code.errors = [message(error)]
    return _form_page(form, banks, exam), 422


def _hashed(draft: ExamDraft) -> str | None:
    return accounts.hash_password(draft.password) if draft.password else None


def _exam_page(
    exam: ExamView, cancel: ReasonForm | None = None, make_up: MakeUpForm | None = None
) -> str:
    at = now()
    return render_template(
        "manage/show.html",
        exam=exam,
        absent_word=roster.absent_word(exam.stage),
        cancel=cancel or ReasonForm(None, prefix="cancel-"),
        make_up=make_up or MakeUpForm(None, prefix="makeup-"),
        over=exam.preview is not None and all(window.closes <= at for window in exam.windows),
    )
