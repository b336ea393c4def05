"""The pages of compared texts and of 待复核."""

import io
import re

import pytest

from legaled.domain.law_text import parse
from legaled.domain.permissions import SYSTEM, Role
from legaled.services import laws
from tests import factories
from tests.factories import NOW, question
from tests.law_texts import plain

OLD = plain(20)
NEW = OLD.replace("第十二条　主管部门应当", "第十二条　主管部门<可以>")


@pytest.fixture
def people(database):
    with database.write() as session:
        unit = factories.unit(session)
        roles = {"t": Role.TRAINER, "office": Role.OFFICE, "s": Role.STAFF}
        return {number: factories.person(session, number, unit, role).id
                for number, role in roles.items()}


@pytest.fixture
def law_id(database):
    with database.write() as session:
        factories.bank(session, "甲题库", [
            question(2, law="测试条例", article="第十二条"),
            question(3, law="测试条例", article="第十二条第二款"),
            question(4, law="测试条例", article="第十三条"),
            question(5, law="测试条例", article="")])
        factories.bank(session, "乙题库", [question(2, law="测试条例", article="12")])
        return laws.import_law(session, SYSTEM, parse([OLD]), "a.txt", NOW).law_id


@pytest.fixture
def newer(database, law_id):
    with database.write() as session:
        return laws.import_law(session, SYSTEM, parse([NEW]), "b.txt", NOW).version_id


@pytest.fixture
def trainer(browse, people):
    return browse(people["t"])


def read(browser, url, status=200):
    response = browser.get(url)
    assert response.status_code == status, url
    return response.get_data(as_text=True)


def lines(page):
    return re.findall(r"L-\d{6}</a>", page)


def test_an_import_says_before_and_after_what_it_flags(trainer, law_id):
    files = [(io.BytesIO(NEW.encode()), "新.txt")]
    address = trainer.post("/laws/upload", {"files": files}).location
    page = read(trainer, address)
    assert "引了这些条的 3 道题成为待复核" in page
    assert "<dt>修改</dt><dd>1 " in page
    assert "没有待复核的题目" in read(trainer, "/laws/review")
    trainer.post(address, {"effective": "2024-05-01"})
    page = read(trainer, "/laws/review")
    assert "和上一文本有 1 条不同，3 道题待复核。" in page


def test_the_list_shows_the_words_beside_the_questions(trainer, newer):
    page = read(trainer, "/laws/review")
    assert len(lines(page)) == 3
    assert '<del><span class="visually-hidden">〔删去〕</span>应当</del>' in page
    assert '<ins><span class="visually-hidden">〔新增〕</span>&lt;可以&gt;</ins>' in page
    assert "选项2甲" in page
    assert len(lines(read(trainer, "/laws/review?bank=2"))) == 1
    assert len(lines(read(trainer, "/laws/review?law=1&bank=1"))) == 2
    assert "没有待复核" in read(trainer, "/laws/review?law=7")
    assert "没有待复核的指南" in read(trainer, "/laws/review?show=guides")


def test_still_right(trainer, newer):
    answer = trainer.post("/laws/review?bank=1", {"flag": ["1", "2", "x"], "note": "文字不影响"})
    assert (answer.status_code, answer.location) == (303, "/laws/review?bank=1")
    page = read(trainer, "/laws/review")
    assert "2 处已记为仍然正确" in page
    assert len(lines(page)) == 1
    trainer.post("/laws/review", {"flag": "1"})
    assert "没有改动" in read(trainer, "/laws/review")
    trainer.post("/laws/review", {"flag": "3", "note": "长" * 501})
    page = read(trainer, "/laws/review")
    assert "最多 500 个字" in page
    assert len(lines(page)) == 1


def test_the_office_reads_and_does_not_settle(browse, people, newer):
    office = browse(people["office"])
    page = read(office, "/laws/review")
    assert len(lines(page)) == 3
    assert "仍然正确</button>" not in page
    assert office.post("/laws/review", {"flag": "1"}).status_code == 403
    assert browse(people["s"]).get("/laws/review").status_code == 403


def test_banks_of_an_exam_one_sits_are_hidden(browse, database, newer):
    with database.write() as session:
        made = factories.world(session)
        both = factories.person(session, "both", factories.unit(session, "乙"), Role.TRAINER)
        from legaled.models import Bank, ExamBank

        exam = factories.exams.create(session, SYSTEM, factories.draft(
            [made.bank_id], code="KS-7"), NOW)
        factories.exams.publish(session, SYSTEM, exam, NOW)
        session.add(ExamBank(exam_id=exam, bank_id=session.get_one(Bank, 1).id))
        factories.begin(session, factories.actor(both), exam)
        number = both.id
    browser = browse(number)
    page = read(browser, "/laws/review")
    assert "还有 2 处，考完才能看" in page
    assert len(lines(page)) == 1
    browser.post("/laws/review", {"flag": ["1", "2"]})
    assert "没有改动" in read(browser, "/laws/review")


def test_two_texts_compared(browse, people, law_id, newer):
    staff = browse(people["s"])
    page = read(staff, f"/laws/{law_id}/compare")
    assert "<dt>修改</dt><dd>1 " in page
    assert "<dt>新增</dt><dd>0 " in page
    assert "&lt;可以&gt;</ins>" in page
    assert "与上一文本比较" in read(staff, f"/laws/{law_id}")
    assert "与上一文本比较" in read(browse(people["t"]), f"/laws/{law_id}/manage")
    assert "没有可比的" in read(staff, f"/laws/{law_id}/compare?new=1")
    read(staff, f"/laws/{law_id}/compare?old=99", 404)
    read(staff, "/laws/99/compare", 404)
    for number in ("x", "-1", "9" * 30):
        assert staff.get(f"/laws/{law_id}/compare?page={number}").status_code == 200


def test_a_comparison_of_1260_articles_is_no_large_page(browse, people, database):
    long = plain(1259)
    with database.write() as session:
        laws.import_law(session, SYSTEM, parse([long]), "a.txt", NOW)
        found = laws.import_law(
            session, SYSTEM, parse([long.replace("国家", "本国").replace("期限", "时限")]),
            "b.txt", NOW)
    for page in (1, 2, 99):
        response = browse(people["s"]).get(f"/laws/{found.law_id}/compare?page={page}")
        assert response.status_code == 200
        assert len(response.get_data()) < 150_000


def test_an_exam_says_how_many_are_left_out(trainer, database, newer):
    with database.write() as session:
        exam = factories.exams.create(session, SYSTEM, factories.draft(
            [1], quotas={factories.Kind.SINGLE: (2, 50)}), NOW)
    page = read(trainer, f"/manage/{exam}")
    assert "待复核 2 道" in page
    assert "可抽考题 2 道" in page
    assert 'href="/laws/review"' in page
