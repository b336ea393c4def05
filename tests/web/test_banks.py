"""The pages of banks and their questions."""

import re

import sqlalchemy as sa

from legaled.domain.permissions import SYSTEM
from legaled.files.bank_check import check
from legaled.models import AuditEvent, Bank, Question
from legaled.services import banks
from tests import factories
from tests.factories import NOW, question


def read(browser, url):
    response = browser.get(url)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def words(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


# ---- banks and questions ----

def test_an_empty_list_says_what_to_do(trainer, browse, people):
    assert "下载模板" in read(trainer, "/banks")
    assert "请联系培训员" in read(browse(people["office"]), "/banks")


def test_the_list_counts_by_kind(trainer, bank_id):
    page = words(read(trainer, "/banks"))
    assert "1 个题库，使用中的题 16 道" in page
    assert "单选 6，多选 4，判断 4，填空 2" in page


def test_questions_are_searched_filtered_and_paged(trainer, database, bank_id):
    with database.write() as session:
        factories.bank(session, "档案法", [question(row) for row in range(100, 160)])
    page = read(trainer, f"/banks/{bank_id}")
    assert "第 1/2 页，共 76 条" in page
    assert read(trainer, f"/banks/{bank_id}?page=2").count('name="id"') == 26
    page = read(trainer, f"/banks/{bank_id}?q=问题&kind=judge&law=档案法&state=all")
    assert "找到 4 题" in page
    assert "没有符合条件的题" in read(trainer, f"/banks/{bank_id}?q=%25没有")
    assert trainer.get(f"/banks/{bank_id}?page=x").status_code == 200
    assert trainer.get("/banks/999999").status_code == 404
    assert trainer.get("/banks/99999999999999").status_code == 404


def test_the_page_of_a_bank_costs_the_same_whatever_its_size(
    trainer, database, count_queries
):
    sizes = []
    for number in (5, 60):
        with database.write() as session:
            made = factories.bank(session, f"库{number}", [question(r) for r in range(number)]).id
        read(trainer, f"/banks/{made}")
        count_queries.clear()
        read(trainer, f"/banks/{made}")
        sizes.append(len(count_queries))
    assert sizes[0] == sizes[1] <= 8


def test_the_export_comes_back_unchanged_and_is_noted(trainer, database, bank_id, content):
    before = content()
    response = trainer.get(f"/banks/{bank_id}/export.csv")
    assert response.status_code == 200
    with database.read() as session:
        note = session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert (note.action, note.subject) == ("bank.export", "bank 档案法")
        back = banks.compare(session, "档案法", check(response.data, "a.csv").drafts)
    assert (back.added, back.changed, back.unchanged) == (0, 0, 16)
    assert content() == before


def test_a_question_shows_its_versions_and_can_be_retired(trainer, database, bank_id):
    with database.write() as session:
        first = banks.export_bank(session, SYSTEM, bank_id, NOW)[0]
        changed = factories.question(2, explanation="讲得更清楚的解析")
        banks.import_drafts(session, SYSTEM, "档案法", [changed], NOW)
    url = f"/banks/{bank_id}/questions/{int(first.number[2:])}"
    page = words(read(trainer, url))
    assert "第 2 版（当前）" in page
    assert "讲得更清楚的解析" in page
    assert "还没有已发布的考试用过这道题" in page
    assert trainer.post(f"{url}/retire").status_code == 303
    assert "已停用" in read(trainer, url)
    assert first.number not in read(trainer, f"/banks/{bank_id}")
    assert first.number in read(trainer, f"/banks/{bank_id}?state=retired")
    assert trainer.post(f"{url}/restore").status_code == 303
    assert first.number in read(trainer, f"/banks/{bank_id}")
    assert trainer.post(f"/banks/{bank_id}/questions/999999/retire").status_code == 404


def test_practice_is_switched(trainer, database, bank_id):
    for value, there in (("on", True), ("off", False)):
        sent = {"name": "档案法", **({"practice": "y"} if value == "on" else {})}
        assert trainer.post(f"/banks/{bank_id}/settings", sent).status_code == 303
        with database.read() as session:
            assert session.get_one(Bank, bank_id).practice is there


def test_the_office_reads_and_does_not_edit(browse, people, bank_id, database, content):
    office, staff = browse(people["office"]), browse(people["s"])
    with database.read() as session:
        question_id = session.scalar(sa.select(sa.func.min(Question.id)))
    pages = [f"/banks/{bank_id}", f"/banks/{bank_id}/questions/{question_id}"]
    before = content()
    for page in pages:
        found = read(office, page)
        assert "导入题目" not in found
        assert 'method="post" action="/banks' not in found
        assert staff.get(page).status_code == 403
    for path in ("/banks/upload", f"/banks/{bank_id}/settings", f"{pages[1]}/retire"):
        assert office.post(path).status_code == 403
    assert content() == before


def test_a_candidate_does_not_see_the_bank_while_sitting(browse, database):
    with database.write() as session:
        made = factories.world(session)
        question_id = session.scalar(sa.select(sa.func.min(Question.id)))
        for number in ("trainer", "office"):
            factories.begin(session, made[number], made.exam_id)
        count = session.scalar(sa.select(sa.func.count()).select_from(AuditEvent))
    bank = f"/banks/{made.bank_id}"
    for number in ("trainer", "office"):
        browser = browse(made[number].id)
        for path in (bank, f"{bank}/questions/{question_id}", f"{bank}/export.csv"):
            answer = browser.get(path)
            assert answer.status_code == 409, path
            assert "你正在考试" in answer.get_data(as_text=True)
        assert browser.get("/banks").status_code == 200
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(AuditEvent)) == count


def test_downloads_are_kept_by_no_cache(trainer, bank_id):
    for path in (f"/banks/{bank_id}/export.csv", "/banks/template.csv", f"/banks/{bank_id}"):
        assert trainer.get(path).headers.getlist("Cache-Control") == ["no-store"], path
