"""Study plans in the browser: the desk's pages, bad input, one's own plan, the gate of an exam."""

import io
import re
from datetime import date

import pytest
import sqlalchemy as sa

from legaled.domain.law_text import parse
from legaled.domain.permissions import SYSTEM
from legaled.domain.plans import Audience, ItemDraft, ItemKind, PlanDraft
from legaled.models import Exam, ItemMark, Material, StudyItem, StudyPlan, StudyTime
from legaled.services import exams, laws, plan_items, plan_people, plans
from tests import factories
from tests.factories import NOW
from tests.law_texts import plain

TODAY = date(2026, 11, 23)
PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 200
LINK = ItemDraft(ItemKind.LINK, "专题网页", url="https://example.org/a")


@pytest.fixture
def world(database):
    with database.write() as session:
        return factories.world(session)


@pytest.fixture
def trainer(world, browse):
    return browse(world["trainer"].id)


@pytest.fixture
def staff(world, browse):
    return browse(world["s1"].id)


def typed(**values):
    """A form of the desk that is right in every field, but for `values`."""
    return {"title": "2026 年度学法计划", "programme": "“九五”普法", "year": "2026",
            "starts": "2026-01-01", "ends": "2026-12-31", "minutes": "0", "audience": "all",
            **values}


def text(answer):
    page = answer.get_data(as_text=True)
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", page))


def made_plan(database, *items, publish=True, **values):
    with database.write() as session:
        plan_id = plans.create(session, SYSTEM, PlanDraft(**{
            "year": 2026, "title": "年度计划", "programme": "", "audience": Audience.ALL,
            "unit_ids": (), "starts": date(2026, 1, 1), "ends": date(2026, 12, 31),
            "minutes": 0, **values}), NOW)
        for item in items or (LINK,):
            plan_items.add(session, SYSTEM, plan_id, item, NOW)
        if publish:
            plans.publish(session, SYSTEM, plan_id, NOW)
        return plan_id


def count(database, model):
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model))


# ---- arranging ----


def test_from_a_draft_to_the_names(world, trainer, database):
    answer = trainer.post("/plans/manage/new", typed(minutes="60"))
    assert answer.status_code == 303
    with database.write() as session:
        law_id = laws.import_law(session, SYSTEM, parse([plain(20)]), "条例.txt", NOW).law_id
    page = text(trainer.get("/plans/manage/1"))
    assert "还没有学习内容，还不能公布" in page
    base = "/plans/manage/1/items"
    for url, data in (
        (f"{base}/law/{law_id}", {"part": "own", "first": "第三条", "last": "7", "minutes": "5"}),
        (f"{base}/law/{law_id}", {"part": "all", "minutes": "0"}),
        (f"{base}/guide", {"guide": "档案法", "minutes": "10"}),
        (f"{base}/link", {"title": "专题", "url": "https://example.org"}),
        (f"{base}/file", {"minutes": "0", "material": "0",
                          "file": (io.BytesIO(PDF), "C:\\讲义\\第一讲.pdf")}),
    ):
        answer = trainer.post(url, data, content_type="multipart/form-data")
        assert answer.status_code == 303, text(answer)
    page = text(trainer.get("/plans/manage/1"))
    for words in ("第三条至第七条", "《档案法》学习指南", "第一讲", "公布，6 人应学"):
        assert words in page, words
    trainer.post("/plans/manage/1/items/5/up")
    trainer.post("/plans/manage/1/items/1/minutes", {"item-1-minutes": "7"})
    trainer.post("/plans/manage/1/items/2/delete")
    with database.read() as session:
        rows = session.execute(sa.select(StudyItem.id, StudyItem.minutes)
                               .order_by(StudyItem.position)).all()
    assert [tuple(row) for row in rows] == [(1, 7), (3, 10), (5, 0), (4, 0)]
    assert trainer.post("/plans/manage/1/publish").status_code == 303
    for url in ("/plans/manage", "/plans/manage?year=2026", "/plans/manage/1",
                "/plans/manage/1/people", "/plans/manage/1/units", "/plans/manage/1/contents",
                "/plans/manage/1/people/add?q=s", "/stats?year=2026"):
        answer = trainer.get(url)
        assert answer.status_code == 200, url
        shown = text(answer)
        assert "0%（0/6）" in shown or "0% 0/6" in shown or "add" in url, url
    assert trainer.get("/plans/manage/1/people.csv?figure=missing").data.count(b"\r\n") == 7
    assert trainer.get("/plans/manage/1/progress.xlsx").data.startswith(b"PK")


@pytest.mark.parametrize(("field", "value", "words"), [
    ("ends", "2025-12-31", "结束日期不能早于开始日期"), ("ends", "明天", "date"),
    ("starts", "", "请填写开始日期"), ("ends", "0001-01-01", "年份应在"),
    ("minutes", "-1", "应在 0 到 60000 之间"), ("minutes", "", "请填写分钟数"),
    ("title", "", "请填写计划名称"), ("title", "字" * 101, "最多 100 个字"),
    ("year", "99999", "应在 2000 到 2100"), ("audience", "nobody", ""), ("units", "999", ""),
])
def test_a_wrong_form_says_where_and_loses_nothing(trainer, database, field, value, words):
    answer = trainer.post("/plans/manage/new", typed(programme="保留我", **{field: value}))
    assert answer.status_code == 422
    page = answer.get_data(as_text=True)
    assert "保留我" in page
    assert "field-error" in page
    assert "没有保存。填过的内容都在" in page
    if words and words != "date":
        assert words in page
    assert count(database, StudyPlan) == 0


def test_editing_shows_what_is_kept(trainer, database):
    plan_id = made_plan(database, publish=False)
    page = trainer.get(f"/plans/manage/{plan_id}/edit").get_data(as_text=True)
    assert 'value="2026-12-31"' in page
    bad = trainer.post(f"/plans/manage/{plan_id}/edit", typed(ends="2020-01-01"))
    assert bad.status_code == 422
    good = typed(title="改名", ends="2026-11-30")
    assert trainer.post(f"/plans/manage/{plan_id}/edit", good).status_code == 303
    assert "改名" in text(trainer.get("/plans/manage"))


@pytest.mark.parametrize(("name", "data", "words"), [
    ("照片.pdf", PNG, "文件的内容不是 PDF"), ("讲义.docx", PNG, "文件的内容不是 DOCX"),
    ("程序.exe", PDF, "不能上传这种文件"), ("空.pdf", b"", "空的"), ("", b"", "请选择一个文件"),
])
def test_a_wrong_file_is_refused_beside_its_field(trainer, database, name, data, words):
    plan_id = made_plan(database, publish=False)
    answer = trainer.post(
        f"/plans/manage/{plan_id}/items/file",
        {"minutes": "3", "material": "0", "title": "我的讲义", "file": (io.BytesIO(data), name)},
        content_type="multipart/form-data")
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert "我的讲义" in answer.get_data(as_text=True)
    assert count(database, Material) == 0


def test_21_megabytes_are_too_large(trainer, database):
    plan_id = made_plan(database, publish=False)
    head = (f'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n{trainer.csrf}\r\n'
            '--x\r\nContent-Disposition: form-data; name="file"; filename="a.pdf"\r\n\r\n')
    body = head.encode() + PDF + b" " * 21 * 1024 * 1024 + b"\r\n--x--\r\n"
    answer = trainer.client.post(  # the test client would make a temporary file and forget it
        f"/plans/manage/{plan_id}/items/file", data=body,
        content_type="multipart/form-data; boundary=x")
    assert answer.status_code == 413
    assert "20 MB" in answer.get_data(as_text=True)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "x.cn", "https://a@b.cn", ""])
def test_a_link_must_be_of_the_web(trainer, database, url):
    plan_id = made_plan(database, publish=False)
    answer = trainer.post(f"/plans/manage/{plan_id}/items/link", {"title": "名", "url": url})
    assert answer.status_code == 422
    assert count(database, StudyItem) == 1
    assert f'href="{url}"' not in answer.get_data(as_text=True) or not url


@pytest.mark.parametrize(("first", "last", "status"), [
    ("3", "7", 303), ("7", "3", 422), ("3", "99", 422), ("甲", "7", 422), ("", "", 422)])
def test_articles_of_a_law_in_order(trainer, database, first, last, status):
    plan_id = made_plan(database, publish=False)
    with database.write() as session:
        law_id = laws.import_law(session, SYSTEM, parse([plain(20)]), "条例.txt", NOW).law_id
    assert trainer.get(f"/plans/manage/{plan_id}/items/law").status_code == 200
    assert trainer.get(f"/plans/manage/{plan_id}/items/law?law={law_id}").status_code == 200
    answer = trainer.post(
        f"/plans/manage/{plan_id}/items/law/{law_id}",
        {"part": "own", "first": first, "last": last, "minutes": "1"})
    assert answer.status_code == status


def test_amending_after_publication(world, trainer, database):
    plan_id = made_plan(database)
    base = f"/plans/manage/{plan_id}"
    who = world["s1"].id
    assert trainer.get(f"{base}/edit").status_code == 409
    assert trainer.get(f"{base}/items/link").status_code == 409
    empty = trainer.post(f"{base}/people/{who}/exempt", {"exempt-category": "other"})
    assert empty.status_code == 422
    assert "请写明原因" in text(empty)
    sent = {"exempt-category": "sick", "exempt-reason": "住院"}
    assert trainer.post(f"{base}/people/{who}/exempt", sent).status_code == 303
    page = text(trainer.get(f"{base}/people/{who}"))
    assert "长期病假：住院" in page
    assert trainer.post(f"{base}/people/{who}/end-exemption", {
        "end-exemption-reason": "返岗"}).status_code == 303
    assert trainer.post(f"{base}/people/{who}/remove", {}).status_code == 422
    assert trainer.post(f"{base}/people/{who}/remove", {
        "remove-reason": "调出"}).status_code == 303
    assert trainer.get(f"{base}/people?figure=removed&q=s1").data.count(b"rowgroup") == 0
    assert trainer.post(f"{base}/people/{who}/restore", {
        "restore-reason": "误"}).status_code == 303
    bad = trainer.post(f"{base}/extend", {"extend-ends": "2026-12-30", "extend-reason": "晚"})
    assert bad.status_code == 422
    assert "只能往后延" in text(bad)
    assert "晚" in text(bad)
    assert trainer.post(f"{base}/extend", {
        "extend-ends": "2027-01-31", "extend-reason": "晚"}).status_code == 303
    copied = trainer.post(f"{base}/copy")
    assert copied.status_code == 303
    assert trainer.post(f"{base}/cancel", {"cancel-reason": ""}).status_code == 422
    assert trainer.post(f"{base}/cancel", {"cancel-reason": "重复"}).status_code == 303
    assert "已取消，不再要求任何人" in text(trainer.get(base))


def test_adding_somebody_who_came_later(world, trainer, database, browse):
    plan_id = made_plan(database)
    with database.write() as session:
        unit = session.get_one(factories.Unit, world.unit_id)
        late = factories.person(session, "late", unit).id
    base = f"/plans/manage/{plan_id}/people/add"
    assert "人员late" in text(trainer.get(f"{base}?q=late"))
    assert trainer.post(f"{base}/{late}?q=late", {}).status_code == 422
    sent = {f"add-{late}-reason": "新到岗"}
    assert trainer.post(f"{base}/{late}", sent).status_code == 303
    assert "年度计划" in text(browse(late).get("/study"))
    assert trainer.post(f"{base}/{late}", sent).status_code == 409


# ---- one's own ----


def test_one_sees_what_is_missing_and_declares_it(world, staff, database, browse):
    plan_id = made_plan(
        database, LINK, ItemDraft(ItemKind.GUIDE, "档案法指南", 2, guide="档案法"), minutes=3)
    study = staff.get("/study").get_data(as_text=True)
    assert f"/plans/{plan_id}/mine" in study
    assert "完成 0/2 项，学习 0/3 分钟" in study
    page = staff.get(f"/plans/{plan_id}/mine").get_data(as_text=True)
    assert 'href="https://example.org/a" target="_blank" rel="noopener noreferrer"' in page
    assert "怎样算完成" in page
    assert staff.post(f"/plans/{plan_id}/items/1/done").status_code == 303
    assert staff.post(f"/plans/{plan_id}/items/1/done").status_code == 303
    assert count(database, ItemMark) == 1
    with database.write() as session:
        session.add(StudyTime(person_id=world["s1"].id, day=TODAY, subject="guide:档案法",
                              part="1", seconds=180))
    assert "完成 1/2 项，学习 3/3 分钟" in staff.get("/study").get_data(as_text=True)
    staff.post("/study/档案法/read")
    assert "已完成" in text(staff.get(f"/plans/{plan_id}/mine"))
    staff.post(f"/plans/{plan_id}/items/1/undone")
    assert "完成 1/2 项" in text(staff.get(f"/plans/{plan_id}/mine"))
    with database.write() as session:
        plan_people.remove(session, SYSTEM, plan_id, world["s2"].id, "调出", NOW)
    other = browse(world["s2"].id)
    assert other.get(f"/plans/{plan_id}/mine").status_code == 404
    assert other.post(f"/plans/{plan_id}/items/1/done").status_code == 404


def test_the_first_page_says_what_the_plan_asks_after_an_exam_that_is_due(
    world, staff, database
):
    made_plan(database, LINK)
    page = staff.get("/").get_data(as_text=True)
    assert page.index("进入考试") < page.index("还有 1 项没有完成，先学：专题网页")
    with database.write() as session:
        exams.cancel(session, SYSTEM, world.exam_id, "停", NOW)
    page = staff.get("/").get_data(as_text=True)
    assert "还有 1 项没有完成，先学：专题网页" in page
    assert 'href="/plans/1/mine">去学习' in page
    staff.post("/plans/1/items/1/done")
    assert "现在没有要参加的考试" in text(staff.get("/"))


def test_a_material_is_served_as_what_it_is(world, trainer, staff, database):
    plan_id = made_plan(database, publish=False)
    docx = io.BytesIO()
    import zipfile
    with zipfile.ZipFile(docx, "w") as archive:
        archive.writestr("word/document.xml", "<x/>")
    for name, data in (("讲 义.pdf", PDF), ("讲义.docx", docx.getvalue())):
        trainer.post(f"/plans/manage/{plan_id}/items/file",
                     {"minutes": "0", "material": "0", "file": (io.BytesIO(data), name)},
                     content_type="multipart/form-data")
    assert staff.get("/materials/1").status_code == 404
    assert staff.get("/materials/1/file").status_code == 404
    trainer.post(f"/plans/manage/{plan_id}/publish")
    page = staff.get("/materials/1").get_data(as_text=True)
    assert "<iframe" in page
    assert "data-reading" in page
    pdf = staff.get("/materials/1/file")
    assert pdf.data == PDF
    assert pdf.headers["Content-Type"] == "application/pdf"
    assert pdf.headers["Content-Disposition"].startswith("inline; filename*=UTF-8''%E8")
    assert pdf.headers["X-Content-Type-Options"] == "nosniff"
    assert "frame-ancestors 'self'" in pdf.headers["Content-Security-Policy"]
    assert "frame-ancestors 'none'" in staff.get("/materials/1").headers["Content-Security-Policy"]
    assert staff.get("/materials/1/file?download=1").headers["Content-Disposition"].startswith(
        "attachment")
    word = staff.get("/materials/2/file")
    assert word.headers["Content-Disposition"].startswith("attachment")
    assert "<iframe" not in staff.get("/materials/2").get_data(as_text=True)


# ---- the gate ----


def test_the_gate_from_the_form_to_the_paper(world, trainer, staff, database):
    plan_id = made_plan(database, publish=False)
    form = {
        "code": "KS-2", "title": "专题考试", "year": "2026", "opens": "2026-11-23T09:00",
        "closes": "2026-11-24T18:00", "minutes": "60", "attempts": "1", "counts": "best",
        "single_count": "4", "single_points": "25", "pass_line": "60", "excellent_line": "90",
        "banks": [str(world.bank_id)], "after_submit": "score", "after_close": "all",
        "laws": ["档案法"], "required_minutes": "10", "required_plan": str(plan_id),
    }
    wrong = trainer.post("/manage/new", {**form, "required_minutes": "-3"})
    assert wrong.status_code == 422
    assert trainer.post("/manage/new", {**form, "required_plan": "77"}).status_code == 422
    assert trainer.post("/manage/new", form).status_code == 303
    page = text(trainer.get("/manage/2"))
    assert "2026 年学习满 10 分钟；完成学习计划「年度计划」" in page
    assert "没有公布或已经取消，还不能发布" in page
    assert 'value="10"' in trainer.get("/manage/2/edit").get_data(as_text=True)
    refused = trainer.post("/manage/2/publish")
    assert refused.status_code == 409
    assert "年度计划" in text(refused)
    trainer.post(f"/plans/manage/{plan_id}/publish")
    assert trainer.post("/manage/2/publish").status_code == 303
    assert "专题考试" in text(trainer.get(f"/plans/manage/{plan_id}"))
    start = staff.get("/exams/2").get_data(as_text=True)
    for link in ('href="/study/%E6%A1%A3%E6%A1%88%E6%B3%95"', 'href="/study"',
                 f'href="/plans/{plan_id}/mine"'):
        assert link in start
    assert "2026 年以来学习 0 分钟，要求 10 分钟" in start
    answer = staff.send("POST", "/exams/2/attempts", {})
    assert answer.status_code == 409
    assert answer.json == {
        "error": "study_required",
        "message": "开始考试前还要学习：《档案法》指南未学完；2026 年以来学习 0 分钟，"
        "要求 10 分钟；学习计划「年度计划」还差 1 项。学够后回到这里即可开始。"}
    with database.write() as session:
        session.add(StudyTime(person_id=world["s1"].id, day=TODAY, subject="guide:档案法",
                              part="1", seconds=600))
    staff.post("/study/档案法/read")
    staff.post(f"/plans/{plan_id}/items/1/done")
    assert "先学完" not in text(staff.get("/exams/2"))
    assert staff.post("/exams/2/attempts").status_code == 303


def test_an_exam_without_demands_is_kept_as_such(world, trainer, database):
    with database.read() as session:
        found = session.get_one(Exam, world.exam_id)
        assert (found.required_minutes, found.required_plan_id) == (0, None)
    assert "考前学习" in text(trainer.get(f"/manage/{world.exam_id}"))
