"""The challenge desk: arranging, publishing, freezing, and what comes afterwards."""

from datetime import timedelta
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug import Response

from legaled import db
from legaled.domain.challenge_boards import unit_rule
from legaled.domain.challenge_drafts import brief
from legaled.domain.challenges import PRESETS, sentences
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.exams import STAGE_LABEL, Stage
from legaled.domain.people import CATEGORY_LABEL, Category
from legaled.domain.permissions import Permission
from legaled.domain.times import BEIJING, beijing_day
from legaled.files.qr import qr_svg
from legaled.forms.challenges import (
    ChallengeForm,
    ExtendForm,
    FreezeForm,
    PublishForm,
    draft_fields,
    rule_fields,
)
from legaled.forms.exams import ReasonForm, instant, typed
from legaled.services import (
    audit,
    challenge_bundle,
    challenge_desk,
    challenge_facts,
    challenge_manage,
    challenge_results,
    challenge_steps,
    exam_views,
    units,
)
from legaled.services.challenge_desk import ChallengeView
from legaled.services.exam_views import BankLine
from legaled.web import bundles
from legaled.web.access import actor, allow
from legaled.web.clock import now
from legaled.web.downloads import CSV, XLSX, download
from legaled.web.errors import message
from legaled.web.manage import STAGE_LOOK
from legaled.web.numbers import whole

bp = Blueprint("challenge_desk", __name__, url_prefix="/challenge-desk")
Page = str | tuple[str, int] | Response
MIME = {"csv": CSV, "xlsx": XLSX}
PDF = "application/pdf"
WORD = {"certificate": "证书", "participation": "参与证明"}


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"stage_label": STAGE_LABEL, "stage_look": STAGE_LOOK, "stages": Stage,
            "presets": PRESETS, "category_label": CATEGORY_LABEL}


@bp.get("")
@allow(Permission.CHALLENGE_EDIT)
def index() -> Page:
    year, page = whole(request.args, "year"), whole(request.args, "page", 1)
    found = challenge_desk.list_challenges(db.get_session(), actor(), now(), year, page)
    return render_template("challenge_desk/list.html", found=found, year=year)


@bp.get("/new")
@allow(Permission.CHALLENGE_EDIT)
def choose() -> Page:
    found = challenge_desk.list_challenges(db.get_session(), actor(), now())
    return render_template("challenge_desk/choose.html", found=found)


@bp.get("/new/<preset>")
@allow(Permission.CHALLENGE_EDIT)
def new(preset: str) -> Page:
    if preset not in PRESETS:
        raise NotFoundError()
    banks = _banks()
    return _form_page(_form(banks, _start(preset)), banks, preset)


@bp.get("/<int:challenge_id>/copy")
@allow(Permission.CHALLENGE_EDIT)
def copy(challenge_id: int) -> Page:
    view, banks = _view(challenge_id), _banks()
    initial = {**_initial(view), **_week()}
    return _form_page(_form(banks, initial), banks, view.preset)


@bp.post("/<int:challenge_id>/copy")
@allow(Permission.CHALLENGE_EDIT)
def create_copy(challenge_id: int) -> Page:
    return create(_view(challenge_id).preset)


@bp.post("/new/<preset>")
@allow(Permission.CHALLENGE_EDIT)
def create(preset: str) -> Page:
    if preset not in PRESETS:
        raise NotFoundError()
    banks = _banks()
    form = _form(banks)
    if not form.validate():
        return _form_page(form, banks, preset), 422
    made = challenge_manage.create(db.get_session(), actor(), form.draft(preset), now())
    flash("草稿已保存，职工还看不到。核对规则后请发布。")
    return redirect(url_for("challenge_desk.show", challenge_id=made), 303)


@bp.get("/<int:challenge_id>")
@allow(Permission.CHALLENGE_EDIT)
def show(challenge_id: int) -> Page:
    return _page(_view(challenge_id))


@bp.get("/<int:challenge_id>/edit")
@allow(Permission.CHALLENGE_EDIT)
def edit(challenge_id: int) -> Page:
    view, banks = _draft(challenge_id), _banks()
    return _form_page(_form(banks, _initial(view)), banks, view.preset, view)


@bp.post("/<int:challenge_id>/edit")
@allow(Permission.CHALLENGE_EDIT)
def update(challenge_id: int) -> Page:
    view, banks = _draft(challenge_id), _banks()
    form = _form(banks)
    if not form.validate():
        return _form_page(form, banks, view.preset, view), 422
    draft = form.draft(view.preset)
    challenge_manage.edit(db.get_session(), actor(), challenge_id, draft, now())
    flash("草稿已保存。")
    return redirect(url_for("challenge_desk.show", challenge_id=challenge_id), 303)


@bp.post("/<int:challenge_id>/publish")
@allow(Permission.CHALLENGE_EDIT)
def publish(challenge_id: int) -> Page:
    form = _publish_form()
    if not form.validate():
        return _page(_view(challenge_id), publish=form), 422
    people, questions = challenge_manage.publish(
        db.get_session(), actor(), challenge_id, form.chosen(), form.unit.data, now()
    )
    flash(f"已发布，固定了 {people} 人和 {questions} 道题。")
    return redirect(url_for("challenge_desk.show", challenge_id=challenge_id), 303)


@bp.post("/<int:challenge_id>/cancel")
@allow(Permission.CHALLENGE_EDIT)
def cancel(challenge_id: int) -> Page:
    form = ReasonForm(prefix="cancel-")
    if not form.validate():
        return _page(_view(challenge_id), cancel=form), 422
    challenge_manage.cancel(db.get_session(), actor(), challenge_id, form.reason.data, now())
    flash("挑战赛已取消，不计入任何统计。")
    return redirect(url_for("challenge_desk.show", challenge_id=challenge_id), 303)


@bp.post("/<int:challenge_id>/extend")
@allow(Permission.CHALLENGE_EDIT)
def extend(challenge_id: int) -> Page:
    form = ExtendForm(prefix="extend-")
    if not form.validate():
        return _page(_view(challenge_id), extend=form), 422
    ends, reason = instant(form.ends), form.reason.data
    try:
        challenge_manage.extend(db.get_session(), actor(), challenge_id, ends, reason, now())
    except ConflictError as error:
        db.rollback()
        form.ends.errors = [message(error)]
        return _page(_view(challenge_id), extend=form), 422
    flash("结束时间已延后。正在进行的一轮仍按开始时的截止时间。")
    return redirect(url_for("challenge_desk.show", challenge_id=challenge_id), 303)


@bp.post("/<int:challenge_id>/freeze")
@allow(Permission.CHALLENGE_EDIT)
def freeze(challenge_id: int) -> Page:
    form = FreezeForm(prefix="freeze-")
    if not form.validate():
        return _page(_view(challenge_id), freeze=form), 422
    at = instant(form.at) if form.at.data else None
    try:
        challenge_manage.freeze_from(db.get_session(), actor(), challenge_id, at, now())
    except (ConflictError, InvalidError) as error:
        db.rollback()
        form.at.errors = [message(error)]
        return _page(_view(challenge_id), freeze=form), 422
    flash("封榜时间已保存。" if at else "不封榜。")
    return redirect(url_for("challenge_desk.show", challenge_id=challenge_id), 303)


@bp.post("/<int:challenge_id>/reveal")
@allow(Permission.CHALLENGE_EDIT)
def reveal(challenge_id: int) -> Page:
    challenge_manage.reveal(db.get_session(), actor(), challenge_id, now())
    flash("已揭榜，职工看到最终名次。")
    return redirect(url_for("challenge_desk.show", challenge_id=challenge_id), 303)


@bp.get("/<int:challenge_id>/runs")
@allow(Permission.CHALLENGE_EDIT)
def runs(challenge_id: int) -> Page:
    return _runs_page(challenge_id)


@bp.post("/<int:challenge_id>/runs/<int:run_id>/void")
@allow(Permission.CHALLENGE_EDIT)
def void(challenge_id: int, run_id: int) -> Page:
    form = ReasonForm()
    if not form.validate():
        return _runs_page(challenge_id, run_id, form), 422
    session = db.get_session()
    challenge_manage.check_run(session, actor(), challenge_id, run_id)
    challenge_facts.void_run(session, actor(), run_id, form.reason.data, now())
    flash("这一轮已作废，名额退还，名次已重算。")
    return redirect(url_for("challenge_desk.runs", challenge_id=challenge_id), 303)


@bp.get("/<int:challenge_id>/poster")
@allow(Permission.CHALLENGE_EDIT)
def poster(challenge_id: int) -> Page:
    view = _view(challenge_id)
    if view.published is None or view.cancelled is not None:
        raise NotFoundError()
    base = current_app.config["LEGALED"].public_url or request.host_url.rstrip("/")
    address = f"{base}/challenges/{challenge_id}"
    return render_template(
        "challenge_desk/poster.html", view=view, line=view.line, address=address,
        code=Markup(qr_svg(address)),  # noqa: S704 - our own drawing
        lines=brief(view.rules, view.line.starts, view.line.ends),
    )


@bp.get("/<int:challenge_id>/<any(result, published):which>.<any(csv, xlsx):kind>")
@allow(Permission.CHALLENGE_EDIT)
def results(challenge_id: int, which: str, kind: str) -> Response:
    full = which == "result"
    with db.database().read() as session:
        data = challenge_results.result_list(
            session, actor(), challenge_id, kind, now(), full=full)
    _note("challenge.export", f"challenge {challenge_id} {which} {kind}")
    name = "挑战赛成绩（存档）" if full else "挑战赛成绩（公布）"
    return download(data, f"{name}-{challenge_id}.{kind}", MIME[kind])


@bp.get("/<int:challenge_id>/steps.csv")
@allow(Permission.CHALLENGE_EDIT)
def steps(challenge_id: int) -> Response:
    with db.database().read() as session:
        data = challenge_steps.steps(session, actor(), challenge_id, now())
    _note("challenge.export", f"challenge {challenge_id} steps")
    return download(data, f"挑战赛作答记录-{challenge_id}.csv")


@bp.post("/<int:challenge_id>/papers/<any(certificate, participation):what>")
@allow(Permission.CHALLENGE_EDIT)
def papers(challenge_id: int, what: str) -> Response:
    with db.database().read() as session:
        people = challenge_results.awarded(session, actor(), challenge_id, what, now())
    made = bundles.start(
        challenge_bundle.NAMES[what], f"{WORD[what]}-{challenge_id}.zip",
        {"challenge": challenge_id})
    audit.note(db.get_session(), actor(), f"challenge.{what}", f"challenge {challenge_id}", now(),
               detail=str(len(people)))
    return redirect(url_for("bundles.show", token=made.token), 303)


@bp.get("/<int:challenge_id>/people/<int:person_id>"
        "/<any(certificate, participation):what>.pdf")
@allow(Permission.CHALLENGE_EDIT)
def paper(challenge_id: int, person_id: int, what: str) -> Response:
    with db.database().read() as session:
        data = challenge_results.paper(session, actor(), challenge_id, person_id, what, now())
    return download(data, f"{WORD[what]}-{person_id}.pdf", PDF)


# ---- reading, and finished values ----


def _view(challenge_id: int) -> ChallengeView:
    with db.database().read() as session:
        return challenge_desk.challenge_view(session, actor(), challenge_id, now())


def _draft(challenge_id: int) -> ChallengeView:
    view = _view(challenge_id)
    if view.line.stage is not Stage.DRAFT:
        raise ConflictError("challenge_cancelled" if view.cancelled else "challenge_published")
    return view


def _banks() -> tuple[BankLine, ...]:
    with db.database().read() as session:
        return exam_views.bank_lines(session, actor())


def _form(
    banks: tuple[BankLine, ...], initial: dict[str, Any] | None = None
) -> ChallengeForm:
    return ChallengeForm([(bank.id, bank.name) for bank in banks], data=initial)


def _week() -> dict[str, Any]:
    """The week from tomorrow morning, and no stages: what a new form starts with."""
    first = now().astimezone(BEIJING).replace(hour=8, minute=0, second=0, microsecond=0)
    starts = typed(first + timedelta(days=1))
    return {"starts": starts, "ends": starts + timedelta(days=7), "frozen_from": None,
            "year": starts.year, "stages": ""}


def _start(preset: str) -> dict[str, Any]:
    title = f"{beijing_day(now()).year}年{PRESETS[preset].title}"
    return {**rule_fields(PRESETS[preset].rules), **_week(), "title": title}


def _initial(view: ChallengeView) -> dict[str, Any]:
    line = view.line
    return {
        **draft_fields(line.title, line.year, line.starts, line.ends, view.frozen_from),
        **rule_fields(view.rules), "banks": [bank for bank, _ in view.banks],
    }


def _form_page(
    form: ChallengeForm, banks: tuple[BankLine, ...], preset: str,
    view: ChallengeView | None = None,
) -> str:
    return render_template(
        "challenge_desk/edit.html", form=form, bank_lines=banks, preset=PRESETS.get(preset),
        view=view,
    )


def _publish_form(initial: dict[str, Any] | None = None) -> PublishForm:
    with db.database().read() as session:
        paths = units.unit_paths(session).values()
    choices = [(path.codes, path.names) for path in paths]
    return PublishForm(choices, data=initial, prefix="publish-")


def _page(view: ChallengeView, **forms: Any) -> str:
    at = now()
    initial = {"categories": [Category.ESTABLISHED.value], "unit": ""}
    over = view.line.ends <= at
    return render_template(
        "challenge_desk/show.html", view=view, line=view.line, over=over, at=at,
        rules=_rule_lines(view), unit_rule=unit_rule(view.rules.min_members),
        frozen=view.frozen_from is not None and view.frozen_from <= at and view.revealed is None,
        most=max([count for _, count in view.answers] + [1]),
        publish=forms.get("publish") or _publish_form(initial),
        cancel=forms.get("cancel") or ReasonForm(None, prefix="cancel-"),
        extend=forms.get("extend") or ExtendForm(None, prefix="extend-"),
        freeze=forms.get("freeze") or FreezeForm(
            None, prefix="freeze-",
            data={"at": typed(view.frozen_from) if view.frozen_from else None}),
    )


def _runs_page(
    challenge_id: int, run_id: int | None = None, form: ReasonForm | None = None
) -> str:
    query, marked = request.args.get("q", ""), "marked" in request.args
    with db.database().read() as session:
        found = challenge_desk.list_runs(
            session, actor(), challenge_id, now(), query, marked, whole(request.args, "page", 1))
    return render_template(
        "challenge_desk/runs.html", found=found, query=query, marked=marked,
        opened=run_id or whole(request.args, "run"), form=form or ReasonForm(None),
    )


def _rule_lines(view: ChallengeView) -> list[str]:
    return sentences(view.rules, view.line.starts, view.line.ends)


def _note(action: str, subject: str) -> None:
    with db.database().write() as session:
        audit.note(session, actor(), action, subject, now())
