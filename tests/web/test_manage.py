"""The exam desk's pages: who may open them, what they say, what a wrong form keeps."""

import json
import re
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from legaled import db
from legaled.domain.exams import Stage
from legaled.domain.permissions import SYSTEM
from legaled.models import Attempt, Exam, RosterEntry
from legaled.services import accounts, attempts, exam_views, exams
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW, World


@pytest.fixture
def world(database: db.Database) -> World:
    with database.write() as session:
        return factories.world(session)


@pytest.fixture
def trainer(world: World, browse: Any) -> Any:
    return browse(world["trainer"].id)


@pytest.fixture
def office(world: World, browse: Any) -> Any:
    return browse(world["office"].id)


def typed(world: World, **values: Any) -> dict[str, Any]:
    """A form of the desk that is right in every field, but for `values`."""
    return {
        "code": "KS-2", "title": "专题考试", "year": "2026",
        "opens": "2026-11-24T09:00", "closes": "2026-11-24T18:00", "minutes": "60",
        "attempts": "2", "counts": "first",
        "single_count": "4", "single_points": "20", "judge_count": "2", "judge_points": "10",
        "pass_line": "60", "excellent_line": "90", "banks": [str(world.bank_id)],
        "laws": ["档案法"], "password": "", "networks": "10.1.2.3/16\n",
        "after_submit": "score", "after_close": "all", **values,
    }


def view(database: db.Database, exam_id: int) -> exam_views.ExamView:
    with database.read() as session:
        return exam_views.exam_view(session, SYSTEM, exam_id, NOW)


def count(database: db.Database, model: Any) -> int:
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model)) or 0


def test_a_draft_is_kept_published_and_seen(
    world: World, trainer: Any, database: db.Database
) -> None:
    answer = trainer.post("/manage/new", typed(world, password="口令8"))
    assert answer.status_code == 303
    page = trainer.get(answer.location).get_data(as_text=True)
    assert "发布，固定 6 人和 10 道题" in page
    assert "草稿" in page
    kept = view(database, 2)
    assert kept.windows[0].opens.isoformat() == "2026-11-24T01:00:00+00:00"
    assert (kept.networks, kept.required_laws) == (("10.1.0.0/16",), ("档案法",))
    assert (kept.total, kept.attempts, kept.counts.value, kept.has_password) == (
        100, 2, "first", True
    )
    with database.read() as session:
        known = accounts.Credentials(1, "", session.get_one(Exam, 2).password_hash)
    assert accounts.verify(known, "口令8")
    assert trainer.post("/manage/2/publish").status_code == 303
    assert view(database, 2).stage is Stage.ANNOUNCED
    assert view(database, 2).figures["roster"] == 6


def test_editing_shows_what_is_kept_and_leaves_the_password(
    world: World, trainer: Any, database: db.Database
) -> None:
    trainer.post("/manage/new", typed(world, password="口令8"))
    page = trainer.get("/manage/2/edit").get_data(as_text=True)
    for shown in ('value="2026-11-24T09:00"', 'value="专题考试"', "10.1.0.0/16", 'value="20"'):
        assert shown in page
    assert "口令8" not in page
    trainer.post("/manage/2/edit", typed(world, title="改过的"))
    assert (view(database, 2).title, view(database, 2).has_password) == ("改过的", True)
    trainer.post("/manage/2/edit", typed(world, clear_password="y"))
    assert not view(database, 2).has_password


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("code", "", "请填写考试编号"),
        ("code", "有 空格", "只用字母、数字"),
        ("code", "KS-1", "这个编号已经用过"),
        ("title", "", "请填写考试名称"),
        ("year", "26", "应在 2000 到 2100 之间"),
        ("opens", "明天", "请填写开始时间"),
        ("closes", "2026-11-24T08:00", "结束时间要晚于开始时间"),
        ("closes", "2026-11-24T09:59", "比作答时长还短"),
        ("minutes", "0", "应在 1 到 600 之间"),
        ("attempts", "4", "应在 1 到 3 之间"),
        ("single_points", "", "题数和每题分值要一起填"),
        ("pass_line", "101", "不超过卷面总分 100 分"),
        ("excellent_line", "59", "优秀线不能低于及格线"),
        ("excellent_line", "101", "不超过卷面总分 100 分"),
        ("networks", "馆内网", "有一行不是网络地址"),
    ],
)
def test_a_wrong_form_says_why_and_keeps_what_was_typed(
    world: World, trainer: Any, database: db.Database, field: str, value: str, sentence: str
) -> None:
    answer = trainer.post(
        "/manage/new", typed(world, **{"title": "留着的名称", field: value})
    )
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert sentence in page
    assert "没有保存" in page
    assert value in page
    assert field == "title" or "留着的名称" in page
    assert 'value="first"' in page
    assert count(database, Exam) == 1


def test_an_exam_without_questions_is_not_kept(world: World, trainer: Any) -> None:
    nothing = dict.fromkeys(
        ("single_count", "single_points", "judge_count", "judge_points"), ""
    )
    answer = trainer.post("/manage/new", typed(world, **nothing))
    assert answer.status_code == 422
    assert "至少选一种题型" in answer.get_data(as_text=True)


def test_a_wrong_number_is_refused_in_chinese(world: World, trainer: Any) -> None:
    page = trainer.post("/manage/new", typed(world, minutes="一小时")).get_data(as_text=True)
    assert "Not a valid" not in page
    assert "一小时" in page


def test_a_short_bank_shows_on_the_page_and_refuses_the_button(
    world: World, trainer: Any, database: db.Database
) -> None:
    trainer.post("/manage/new", typed(world, single_count="20", single_points="4"))
    page = trainer.get("/manage/2").get_data(as_text=True)
    assert "单选要 20 道，现有 6 道" in page
    assert "/manage/2/publish" not in page
    answer = trainer.post("/manage/2/publish")
    assert answer.status_code == 409
    assert "单选题只有 6 道，考试要 20 道" in answer.get_data(as_text=True)
    assert count(database, RosterEntry) == 6


def test_a_published_exam_cannot_be_edited(world: World, trainer: Any) -> None:
    assert trainer.get(f"/manage/{world.exam_id}/edit").status_code == 409
    answer = trainer.post(f"/manage/{world.exam_id}/edit", typed(world))
    assert answer.status_code == 409
    assert "已经发布" in answer.get_data(as_text=True)


def test_a_make_up_keeps_what_was_typed_when_it_overlaps(
    world: World, trainer: Any, database: db.Database
) -> None:
    url = f"/manage/{world.exam_id}/make-up"
    for opens, closes, sentence in (
        ("2026-11-24T11:00", "2026-11-26T12:00", "前面的场次全部结束之后"),
        ("2026-11-26T12:00", "2026-11-26T11:00", "结束时间要晚于开始时间"),
        ("2026-11-26T12:00", "2026-11-26T12:30", "比作答时长还短"),
        ("2026-11-26T12:00", "", "请填写补考结束"),
    ):
        answer = trainer.post(url, {"makeup-opens": opens, "makeup-closes": closes})
        page = answer.get_data(as_text=True)
        assert (answer.status_code, sentence in page, opens in page) == (422, True, True)
    assert len(view(database, world.exam_id).windows) == 1
    right = {"makeup-opens": "2026-11-24T12:00", "makeup-closes": "2026-11-25T12:00"}
    assert trainer.post(url, right).status_code == 303
    assert view(database, world.exam_id).windows[1].opens == NOW + DAY


def test_cancelling_asks_for_a_reason(world: World, trainer: Any, database: db.Database) -> None:
    url = f"/manage/{world.exam_id}/cancel"
    answer = trainer.post(url, {"cancel-reason": ""})
    assert answer.status_code == 422
    assert "请填写原因" in answer.get_data(as_text=True)
    assert trainer.post(url, {"cancel-reason": "全馆停电"}).status_code == 303
    assert view(database, world.exam_id).stage is Stage.CANCELLED
    assert "全馆停电" in trainer.get(f"/manage/{world.exam_id}").get_data(as_text=True)
    assert trainer.post(url, {"cancel-reason": "再来"}).status_code == 409


# who may: GET 200 or POST not refused by role (a wrong form is 422)
READ, EDIT, AMEND = {"trainer", "office"}, {"trainer"}, {"office"}
ROLES: list[tuple[str, str, set[str]]] = [
    ("GET", "", READ), ("GET", "/new", EDIT), ("POST", "/new", EDIT),
    ("GET", "/1", READ), ("GET", "/1/progress", READ), ("GET", "/1/roster", READ),
    ("GET", "/1/roster/1", READ), ("GET", "/1/roster/add?q=s", AMEND),
    ("GET", "/1/edit", EDIT), ("POST", "/1/edit", EDIT), ("POST", "/1/publish", EDIT),
    ("POST", "/1/cancel", EDIT), ("POST", "/1/make-up", EDIT),
    ("POST", "/1/roster/add/1", AMEND), ("POST", "/1/roster/1/exempt", AMEND),
    ("POST", "/1/roster/1/absence", AMEND),
    *(("POST", f"/1/roster/1/{what}", AMEND)
      for what in ("end-exemption", "defer", "end-deferral", "remove", "restore")),
    ("POST", "/1/roster/1/attempts/1/void", AMEND),
    ("POST", "/1/roster/1/attempts/1/extend", AMEND),
]


def test_every_page_asks_for_its_role(world: World, browse: Any) -> None:
    for number in ("s1", "trainer", "office", "admin", None):
        browser = browse(world[number].id if number else None)
        for method, path, allowed in ROLES:
            url = "/manage" + path
            status = (browser.get if method == "GET" else browser.client.post)(url).status_code
            if method == "POST" and number:
                status = browser.post(url).status_code
            expected = {302, 401} if number is None else {200, 409, 422}
            if number is not None and number not in allowed:
                expected = {403}
            assert status in expected, (number, method, url, status)


def test_candidates_do_not_see_a_draft(
    world: World, trainer: Any, browse: Any, database: db.Database
) -> None:
    trainer.post("/manage/new", typed(world, title="还没公布的考试"))
    page = browse(world["s1"].id).get("/exams").get_data(as_text=True)
    assert "还没公布的考试" not in page


def test_what_one_may_not_do_is_not_offered(world: World, trainer: Any, office: Any) -> None:
    url = f"/manage/{world.exam_id}"
    assert "取消这场考试" not in office.get(url).get_data(as_text=True)
    assert "新建考试" not in office.get("/manage").get_data(as_text=True)
    assert "补入人员" in office.get(url + "/roster").get_data(as_text=True)
    for path in ("/roster", f"/roster/{world['s1'].id}"):
        page = trainer.get(url + path).get_data(as_text=True)
        for word in ("补入人员", "移出名册", "缺考原因"):
            assert word not in page


def test_an_exemption_from_form_to_list(world: World, office: Any, database: db.Database) -> None:
    person = f"/manage/{world.exam_id}/roster/{world['s1'].id}"
    wrong = {
        "exempt-category": "other", "exempt-approver": "王馆长",
        "exempt-approved_on": "2026-11-24", "exempt-reason": "",
    }
    answer = office.post(person + "/exempt", wrong)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    for shown in ("批准日期不能晚于今天", "请写明原因", 'value="王馆长"', 'value="2026-11-24"'):
        assert shown in page
    right = {**wrong, "exempt-category": "sick", "exempt-approved_on": "2026-11-20"}
    assert office.post(person + "/exempt", right).status_code == 303
    listed = office.get(f"/manage/{world.exam_id}/roster?figure=exempt").get_data(as_text=True)
    assert "长期病假，王馆长批准，11月20日" in listed
    assert office.post(person + "/exempt", right).status_code == 409
    assert office.post(person + "/end-exemption", {"end_exemption-reason": ""}).status_code == 422
    answer = office.post(person + "/end-exemption", {"end_exemption-reason": "弄错了"})
    assert answer.status_code == 303
    assert "弄错了" in office.get(person).get_data(as_text=True)


def test_an_exemption_after_a_start_is_refused_in_words(
    world: World, office: Any, database: db.Database
) -> None:
    with database.write() as session:
        factories.begin(session, world["s1"], world.exam_id)
    person = f"/manage/{world.exam_id}/roster/{world['s1'].id}"
    assert "记为免考" not in office.get(person).get_data(as_text=True)
    answer = office.post(person + "/exempt", {
        "exempt-category": "sick", "exempt-approver": "王馆长",
        "exempt-approved_on": "2026-11-20",
    })
    assert answer.status_code == 409
    assert "已经开始作答" in answer.get_data(as_text=True)


def test_the_simple_changes_and_the_reason_of_an_absence(world: World, office: Any) -> None:
    person = f"/manage/{world.exam_id}/roster/{world['s1'].id}"
    for what, prefix in (
        ("defer", "defer"), ("end-deferral", "end_deferral"), ("remove", "remove"),
        ("restore", "restore"),
    ):
        answer = office.post(f"{person}/{what}", {f"{prefix}-reason": ""})
        assert (answer.status_code, what) == (422, what)
        answer = office.post(f"{person}/{what}", {f"{prefix}-reason": f"理由{what}"})
        assert (answer.status_code, what) == (303, what)
        assert f"理由{what}" in office.get(person).get_data(as_text=True)
    answer = office.post(person + "/absence", {"absence-note": "写了一半"})
    assert answer.status_code == 422
    assert "写了一半" in answer.get_data(as_text=True)
    sent = {"absence-absence": "leave", "absence-note": "病假"}
    assert office.post(person + "/absence", sent).status_code == 303
    assert "请假，病假" in office.get(person).get_data(as_text=True)


def test_adding_somebody_from_the_search(
    world: World, office: Any, database: db.Database
) -> None:
    with database.write() as session:
        root = session.get_one(factories.Unit, world.unit_id)
        guest = factories.person(session, "guest", root).id
    url = f"/manage/{world.exam_id}/roster/add"
    assert "人员guest" in office.get(url + "?q=guest").get_data(as_text=True)
    answer = office.post(f"{url}/{guest}?q=guest", {f"add-{guest}-reason": ""})
    assert answer.status_code == 422
    assert "请填写原因" in answer.get_data(as_text=True)
    answer = office.post(f"{url}/{guest}?q=guest", {f"add-{guest}-reason": "新调入"})
    assert answer.status_code == 303
    assert "新调入" in office.get(answer.location).get_data(as_text=True)


def test_voiding_and_extending(world: World, office: Any, database: db.Database) -> None:
    with database.write() as session:
        attempt = factories.begin(session, world["s1"], world.exam_id).id
        other = factories.begin(session, world["s2"], world.exam_id).id
    person = f"/manage/{world.exam_id}/roster/{world['s1'].id}"
    url = f"{person}/attempts/{attempt}"
    answer = office.post(url + "/extend", {f"extend-{attempt}-minutes": "601"})
    assert answer.status_code == 422
    assert 'value="601"' in answer.get_data(as_text=True)
    assert office.post(url + "/extend", {f"extend-{attempt}-minutes": "15"}).status_code == 303
    assert office.post(url + "/void", {f"void-{attempt}-reason": ""}).status_code == 422
    assert office.post(url + "/void", {f"void-{attempt}-reason": "断电"}).status_code == 303
    with database.read() as session:
        found = session.get_one(Attempt, attempt)
        assert found.deadline == NOW + HOUR + 15 * MINUTE
        assert found.void_reason == "断电"
    page = office.get(person).get_data(as_text=True)
    assert "已作废" in page
    answer = office.post(
        f"{person}/attempts/{other}/void", {f"void-{other}-reason": "别人的"}
    )
    assert answer.status_code == 404


def test_progress_says_who_is_where(
    world: World, trainer: Any, database: db.Database, clock: Any
) -> None:
    with database.write() as session:
        factories.begin(session, world["s1"], world.exam_id)
        done = factories.begin(session, world["s2"], world.exam_id)
        attempts.submit(session, world["s2"], done.id, {}, NOW)
    url = f"/manage/{world.exam_id}/progress"
    page = trainer.get(url).get_data(as_text=True)
    assert "应考 6 人，已考 1 人" in page
    for figure, names in (("running", ["s1"]), ("sat", ["s2"]), ("idle", ["s3", "office"])):
        page = trainer.get(f"{url}?figure={figure}").get_data(as_text=True)
        for number in ("s1", "s2", "s3", "office"):
            assert (f"人员{number}" in page) == (number in names)
    assert "人员s3" not in trainer.get(url + "?q=s1").get_data(as_text=True)
    clock.now = NOW + 2 * HOUR
    trainer = type(trainer)(trainer.app, world["trainer"].id)
    assert "到时收卷" in trainer.get(url + "?figure=sat").get_data(as_text=True)


def test_missing_exams_and_people_are_not_found(world: World, office: Any) -> None:
    for path in ("99", "99999999999", "99/roster", "99/progress", f"{world.exam_id}/roster/99"):
        assert office.get(f"/manage/{path}").status_code == 404


def test_odd_addresses_show_a_page(world: World, office: Any) -> None:
    for query in ("?page=0", "?page=-3", "?page=x", "?year=x", "?q=%25_'", "?figure=zzz&unit=%25"):
        assert office.get("/manage" + query).status_code == 200
        assert office.get(f"/manage/{world.exam_id}/roster{query}").status_code == 200


@pytest.mark.parametrize("people", [5, 50])
def test_the_roster_page_costs_the_same(
    database: db.Database, browse: Any, count_queries: list[str], people: int
) -> None:
    with database.write() as session:
        world = factories.world(session)
        root = session.get_one(factories.Unit, world.unit_id)
        for i in range(people):
            factories.person(session, f"n{i}", root)
        exam_id = exams.create(
            session, SYSTEM, factories.draft([world.bank_id], code="KS-2"), NOW
        )
        exams.publish(session, SYSTEM, exam_id, NOW)
    office = browse(world["office"].id)
    count_queries.clear()
    assert office.get(f"/manage/{exam_id}/roster").status_code == 200
    assert len([sql for sql in count_queries if not sql.startswith("BEGIN")]) == 7


def test_the_command_line_closes_and_lists(
    world: World, app: Flask, database: db.Database, clock: Any
) -> None:
    with database.write() as session:
        for number in ("s1", "s2"):
            factories.begin(session, world[number], world.exam_id)
    run = app.test_cli_runner().invoke
    assert "收卷 0 份" in run(args=["exams", "close-due"]).output
    clock.now = NOW + HOUR
    assert "收卷 2 份" in run(args=["exams", "close-due"]).output
    listed = json.loads(run(args=["exams", "list", "--json"]).output)
    assert [(one["exam"], one["state"], one["required"], one["sat"]) for one in listed] == [
        ("KS-1", "open", 6, 2)
    ]
    assert "KS-1" in run(args=["exams", "list"]).output


@pytest.mark.parametrize("year", ["0001", "0002", "1999", "2101", "9999"])
def test_a_time_at_the_end_of_the_calendar_is_not_taken(
    world: World, trainer: Any, database: db.Database, year: str
) -> None:
    for opens, closes in (
        (f"{year}-01-01T00:00", f"{year}-12-31T23:59"), ("2026-11-25T09:00", f"{year}-12-31T23:59"),
    ):
        answer = trainer.post(
            f"/manage/{world.exam_id}/make-up",
            {"makeup-opens": opens, "makeup-closes": closes},
        )
        assert answer.status_code == 422
        assert "年份应在 2000 到 2100 之间" in answer.get_data(as_text=True)
        answer = trainer.post("/manage/new", typed(world, opens=opens, closes=closes))
        assert answer.status_code == 422
        assert "年份应在 2000 到 2100 之间" in answer.get_data(as_text=True)
    with database.read() as session:
        assert len(exams.windows(session, [world.exam_id])[world.exam_id]) == 1
    assert count(database, Exam) == 1


def words(browser: Any, path: str) -> str:
    """A page without its tags."""
    answer = browser.get(path)
    assert answer.status_code == 200
    return re.sub(r"<[^>]+>", " ", answer.get_data(as_text=True))


def test_only_the_office_reads_scores_on_the_roster(
    world: World, trainer: Any, office: Any, database: db.Database
) -> None:
    with database.write() as session:
        attempt = factories.begin(session, world["s1"], world.exam_id)
        attempts.submit(session, world["s1"], attempt.id, {}, NOW)
        session.execute(sa.update(Attempt).values(score=77))
        session.execute(sa.update(RosterEntry).where(RosterEntry.sat).values(
            first_score=77, best_score=77))
    roster = f"/manage/{world.exam_id}/roster"
    hint = "成绩只有办公室可见"
    for path in (roster, f"{roster}/{world['s1'].id}"):
        shown = words(office, path)
        assert "77" in shown
        assert hint not in shown
        hidden = words(trainer, path)
        assert "77" not in hidden
        assert hidden.count(hint) == 1
    for browser in (trainer, office):
        page = words(browser, f"/manage/{world.exam_id}/progress?figure=sat")
        assert "人员s1" in page
        assert "77" not in page


def test_who_did_not_come_is_absent_once_the_exam_has_closed(
    world: World, office: Any, clock: Any
) -> None:
    exam = f"/manage/{world.exam_id}"
    pages = (exam, f"{exam}/roster", f"{exam}/roster/{world['s1'].id}")
    assert all("未考" in words(office, path) for path in pages)
    clock.now = NOW + 30 * DAY
    for path in pages:
        page = words(office, path)
        assert "未考" not in page
        assert "缺考" in page
