"""The first page: what is due, in one line with one button; one's own results; the desk."""

from typing import Any

from flask import Blueprint, current_app, jsonify, redirect, render_template, url_for
from markupsafe import Markup
from werkzeug import Response

from legaled import db
from legaled.domain.permissions import ROLE_LABEL, Actor, Permission
from legaled.files import guides
from legaled.services import (
    candidate,
    desk,
    plan_mine,
    practice_mistakes,
    practice_recall,
    session_signing,
    study,
    units,
)
from legaled.services.candidate import MyExam
from legaled.services.plan_mine import MyPlan
from legaled.web.access import ANYONE, actor, allow
from legaled.web.challenges import event_lines
from legaled.web.clock import BEIJING, now
from legaled.web.exams import may_start
from legaled.web.my_plans import card
from legaled.web.pages import day, desk_menu, moment
from legaled.web.review import counts_words

bp = Blueprint("home", __name__)
WEEKDAYS = "一二三四五六日"


@bp.get("/healthz")
@allow(ANYONE)
def healthz() -> Response:
    with db.database().read() as session:
        desk.ping(session)
    return jsonify(status="ok")


@bp.get("/")
@allow(Permission.MEMBER)
def index() -> str:
    session, who, at = db.get_session(), actor(), now()
    mine = candidate.my_exams(session, who, at)
    today = at.astimezone(BEIJING)
    exam, plan = _due(mine), _study_due(plan_mine.due_plan(session, who, at))
    return render_template(
        "home/index.html",
        today=f"{day(at)} 星期{WEEKDAYS[today.weekday()]}",
        due=exam or plan,
        plan=plan if exam else None,
        laws=_laws(who),
        coming=session_signing.my_sessions(session, who, at),
        challenges=event_lines(at),
        results=_results(mine)[:5],
    )


def _due(mine: list[MyExam]) -> dict[str, Any] | None:
    """The one thing to do now: go on with a running paper, else the exam that ends first."""
    running = [exam for exam in mine if exam.running is not None]
    if running:
        exam, attempt = running[0], running[0].running
        assert attempt is not None  # noqa: S101 - chosen for it
        return {
            "title": Markup('{}正在进行，<span class="nobr">{}</span> 收卷').format(
                exam.title, moment(attempt.over)
            ),
            "words": "已保存的答案都在，接着答就行。",
            "url": url_for("attempts.show", attempt_id=attempt.id),
            "button": "继续作答",
        }
    waiting = sorted(
        (exam for exam in mine if may_start(exam) and not exam.passed),
        key=lambda exam: exam.window.closes,
    )
    if not waiting:
        return None
    exam = waiting[0]
    again = f"第 {len(exam.valid) + 1} 次" if exam.valid else ""
    return {
        "title": Markup('{}{}，<span class="nobr">{}</span> 截止').format(
            exam.title, "还没通过" if exam.valid else "还没考", moment(exam.window.closes)
        ),
        "words": f"{exam.questions} 题，{exam.minutes} 分钟，{exam.pass_line} 分及格。"
        + counts_words(exam.attempts_allowed, exam.best_counts),
        "url": url_for("exams.show", exam_id=exam.id),
        "button": f"进入{again}考试",
    }


def _study_due(plan: MyPlan | None) -> dict[str, Any] | None:
    """What the plan still asks: its first open item, or the minutes in all."""
    if plan is None:
        return None
    title = Markup('{}，<span class="nobr">{}</span> 截止').format(plan.title, day(plan.ends))
    open_items = [item for item in card(plan)["items"] if not item["done"]]
    if not open_items:
        return {"title": title, "words": f"内容都学完了，总学习时间还差 {plan.minutes_left} 分钟。",
                "url": url_for("study.index"), "button": "去学习"}
    first = open_items[0]
    return {
        "title": title,
        "words": f"还有 {len(open_items)} 项没有完成，先学：{first['title']}，{first['missing']}。",
        "url": url_for("my_plans.show", plan_id=plan.id) if first["outside"] else first["url"],
        "button": "去学习",
    }


def _laws(who: Actor) -> list[tuple[str, str, bool, str]]:
    read = study.read_laws(db.get_session(), int(who.id or 0))
    shelf = guides.shipped(current_app.config["LEGALED"].laws)
    return [
        (
            guide.title,
            url_for("study.law", law=guide.name),
            guide.name in read,
            f"{day(read[guide.name])} 学完" if guide.name in read else f"约 {guide.minutes} 分钟",
        )
        for guide in shelf
    ]


def _results(mine: list[MyExam]) -> list[tuple[str, str, str, str, str]]:
    """(title, url, when, words, state) of every closed attempt, the latest first."""
    rows = []
    for exam in mine:
        for attempt in exam.attempts:
            if attempt.running:
                continue
            words, state = "成绩未公布", ""
            if attempt.voided:
                words, state = "已作废", ""
            elif attempt.score is not None:
                passed = attempt.score >= exam.pass_line
                first = passed and exam.valid and attempt.id == exam.valid[0].id
                words = f"{attempt.score} 分，" + (
                    "一次通过" if first else "通过" if passed else "未通过"
                )
                state = "ok" if passed else "warn"
            url = url_for("attempts.review", attempt_id=attempt.id)
            when = f"{day(attempt.over)}，第 {attempt.number} 次"
            rows.append((attempt.over, (exam.title, url, when, words, state)))
    return [row for _, row in sorted(rows, reverse=True)]


@bp.get("/me")
@allow(Permission.MEMBER)
def me() -> str:
    session, who = db.get_session(), actor()
    return render_template(
        "home/me.html",
        name=who.name,
        number=who.number,
        unit=units.unit_paths(session)[who.unit_id].names if who.unit_id else "",
        roles="、".join(ROLE_LABEL[role] for role in ROLE_LABEL if role in who.roles),
        results=_results(candidate.my_exams(session, who, now())),
        due=practice_mistakes.due(session, who, now()),
        recall=practice_recall.recall(session, who.id),
    )


@bp.get("/desk")
@allow(Permission.MEMBER)
def desk_page() -> str | Response:
    who = actor()
    if not desk_menu(who):
        return redirect(url_for("home.index"))
    tasks = desk.tasks(db.get_session(), who, now())
    return render_template(
        "home/desk.html",
        tasks=[
            (task.words, task.detail, _address(task), task.count) for task in tasks
        ],
    )


def _address(task: desk.Task) -> str:
    values: dict[str, Any] = dict(task.values)
    return url_for(task.endpoint, **values)
