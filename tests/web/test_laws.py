"""The pages of the law library."""

import io
import re

import pytest

from legaled.domain.law_text import parse
from legaled.domain.permissions import SYSTEM, Role
from legaled.services import laws
from tests import factories
from tests.factories import NOW
from tests.law_texts import plain

TEXT = """测试条例
（2020年1月1日通过）
第一章　总则
　　第一条　为了<规范>移交，制定本条例。
　　第二条　依照本条例第一条、《测试办法》第一条执行。
第二章　附则
　　第三条　下列事项：
　　（一）甲；
　　（二）乙。
　　第四条　本条例自2020年3月1日起施行。
"""
OTHER = "测试办法\n（2021年1月1日公布）\n第一条　甲。\n"


@pytest.fixture
def people(database):
    with database.write() as session:
        unit = factories.unit(session)
        roles = {"t": Role.TRAINER, "t2": Role.TRAINER, "office": Role.OFFICE, "s": Role.STAFF}
        return {number: factories.person(session, number, unit, role).id
                for number, role in roles.items()}


@pytest.fixture
def trainer(browse, people):
    return browse(people["t"])


@pytest.fixture
def staff(browse, people):
    return browse(people["s"])


@pytest.fixture
def law_id(database):
    with database.write() as session:
        laws.import_law(session, SYSTEM, parse([OTHER]), "b.txt", NOW)
        return laws.import_law(session, SYSTEM, parse([TEXT]), "a.txt", NOW).law_id


def read(browser, url, status=200):
    response = browser.get(url)
    assert response.status_code == status, url
    return response.get_data(as_text=True)


def send(browser, *texts, names=()):
    files = [(io.BytesIO(text if isinstance(text, bytes) else text.encode()),
              names[place] if names else f"{place}.txt") for place, text in enumerate(texts)]
    return browser.post("/laws/upload", {"files": files})


# ---- reading ----

def test_an_empty_library_tells_the_next_step(staff, trainer):
    assert "还没有法规" in read(staff, "/laws")
    assert "导入法规" in read(trainer, "/laws/manage")
    assert "没有找到" in read(staff, "/laws/search?q=档案")


def test_staff_read_a_law_by_chapter(staff, law_id):
    assert f'href="/laws/{law_id}"' in read(staff, "/laws")
    assert 'href="/laws"' in read(staff, "/study")
    page = read(staff, f"/laws/{law_id}")
    assert '<h3 id="1">第一条</h3>' in page
    assert "为了&lt;规范&gt;移交" in page
    assert "第三条" not in re.sub(r"(?s)<nav.*?</nav>", "", page)
    assert f'rel="next" href="/laws/{law_id}?page=2"' in page
    assert '<p class="item">（一）甲；</p>' in read(staff, f"/laws/{law_id}?page=2")


def test_links_inside_a_law(staff, law_id):
    page = read(staff, f"/laws/{law_id}")
    assert f'<a href="/laws/{law_id}?article=1#1">本条例第一条</a>' in page
    assert re.search(r'<a href="/laws/\d+\?article=1#1">《测试办法》第一条</a>', page)


@pytest.mark.parametrize("asked", ["3", "第三条", "第3条", "三"])
def test_a_jump_to_an_article(staff, law_id, asked):
    assert '<h3 id="3">' in read(staff, f"/laws/{law_id}?article={asked}")


def test_an_article_that_there_is_not(staff, law_id):
    assert "没有第九十九条" in read(staff, f"/laws/{law_id}?article=99")
    for query in ("?article=x", "?page=999", "?page=-1", "?page=x", "?article=" + "9" * 300):
        read(staff, f"/laws/{law_id}{query}")
    read(staff, "/laws/999", 404)
    read(staff, f"/laws/{law_id}?version=999", 404)


def test_an_older_version_says_so_and_keeps_to_itself(staff, database, law_id):
    with database.write() as session:
        newer = TEXT.replace("移交", "移送").replace("2020", "2022")
        laws.import_law(session, SYSTEM, parse([newer]), "c.txt", NOW)
        old = laws.law_line(session, law_id, NOW).versions[1].id
    page = read(staff, f"/laws/{law_id}?version={old}")
    assert "这是以前的文本" in page
    assert f'href="/laws/{law_id}?version={old}&amp;article=1#1"' in page
    assert "这是以前的文本" not in read(staff, f"/laws/{law_id}")


def test_a_search_marks_the_words(staff, law_id):
    page = read(staff, "/laws/search?q=移交")
    assert "为了&lt;规范&gt;<mark>移交</mark>" in page
    assert f'href="/laws/{law_id}?article=1#1">测试条例 第一条' in page
    assert "直接去看" in read(staff, "/laws/search?q=测试条例第三条")
    for query in ("", "?q=", "?q=%25", "?q=移交&law=99", "?q=" + "长" * 500, "?q=<b>"):
        read(staff, f"/laws/search{query}")


def test_a_long_law_is_light(staff, database):
    with database.write() as session:
        law_id = laws.import_law(
            session, SYSTEM, parse([plain(1259, per_chapter=400)]), "a.txt", NOW).law_id
    for number in (1, 2, 9):
        response = staff.get(f"/laws/{law_id}?page={number}")
        assert len(response.data) < 150_000
    assert '<h3 id="1200">' in read(staff, f"/laws/{law_id}?article=1200")


# ---- importing ----

def test_a_trainer_sees_what_was_understood_and_confirms(trainer):
    response = send(trainer, TEXT)
    assert response.status_code == 303
    page = read(trainer, response.location)
    assert "测试条例" in page
    assert "为了&lt;规范&gt;移交" in page
    assert 'value="2020-03-01"' in page
    done = trainer.post(response.location, {"effective": "2020-04-01"})
    assert done.status_code == 303
    page = read(trainer, done.location)
    assert "已收入「测试条例」，共 4 条。" in page
    assert "2020年4月1日起施行" in page
    assert trainer.get(response.location).status_code == 404


def test_the_same_text_again_changes_nothing(trainer, law_id):
    place = send(trainer, TEXT).location
    assert "已经在法规库里" in read(trainer, place)
    done = trainer.post(place, {"effective": "2020-03-01"})
    assert "没有变化" in read(trainer, done.location)


def test_another_text_is_announced_as_a_version(trainer, law_id):
    place = send(trainer, TEXT.replace("甲；", "丙；")).location
    assert "成为它的新版本" in read(trainer, place)
    assert "新版本" in read(trainer, trainer.post(place, {"effective": ""}).location)


def test_gaps_must_be_looked_at(trainer):
    place = send(trainer, TEXT.replace("第四条", "第六条")).location
    assert "缺第四条、第五条" in read(trainer, place)
    refused = trainer.post(place, {"effective": "2020-03-01"})
    assert refused.status_code == 422
    assert "没有看过" in refused.get_data(as_text=True)
    assert trainer.post(place, {"checked": "y"}).status_code == 303


def test_a_date_that_is_none(trainer):
    place = send(trainer, TEXT).location
    refused = trainer.post(place, {"effective": "2020-02-30"})
    assert refused.status_code == 422
    assert 'aria-invalid="true"' in refused.get_data(as_text=True)


def test_several_files_are_one_law(trainer):
    first, second = TEXT.split("第二章")
    place = send(trainer, "测试条例\n第二章" + second, first).location
    assert "第一条至第四条" in read(trainer, place)


@pytest.mark.parametrize(("data", "words"), [
    (b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "不是文字"), (b"", "空的"),
    ("没有条文".encode(), "没有找到条文"),
    ("测试法修正案\n第一条　将第二条修改为：“甲”。".encode(), "修正案"),
])
def test_what_is_no_law_is_refused_and_not_kept(trainer, app, data, words):
    response = send(trainer, data)
    assert response.status_code == 422
    assert words in response.get_data(as_text=True)
    folder = app.config["LEGALED"].instance / "law_uploads"
    assert not folder.exists() or not list(folder.iterdir())


def test_nothing_chosen(trainer):
    assert "请选择法规原文" in trainer.post("/laws/upload", {}).get_data(as_text=True)


def test_a_waiting_text_is_its_owner_s(trainer, browse, people):
    place = send(trainer, TEXT).location
    assert browse(people["t2"]).get(place).status_code == 404
    assert browse(people["t2"]).post(f"{place}/delete").status_code == 404
    assert trainer.post(f"{place}/delete").status_code == 303
    assert trainer.get(place).status_code == 404


# ---- names, versions ----

def test_names_and_versions_are_kept_by_trainers(trainer, law_id):
    added = trainer.post(f"/laws/{law_id}/aliases", {"name": "测条"})
    page = read(trainer, added.location)
    assert "测条" in page
    taken = trainer.post(f"/laws/{law_id}/aliases", {"name": "测试办法"})
    assert (taken.status_code, "已经有法规叫" in taken.get_data(as_text=True)) == (422, True)
    assert trainer.post(f"/laws/{law_id}/aliases", {"name": ""}).status_code == 422
    assert "直接去看" in read(trainer, "/laws/search?q=测条第一条")
    remove = re.search(rf'action="(/laws/{law_id}/aliases/\d+/delete)"', page)[1]
    assert trainer.post(remove).status_code == 303
    version = re.search(rf'action="(/laws/{law_id}/versions/\d+/delete)"', page)[1]
    assert trainer.post(version).status_code == 303
    assert trainer.get(f"/laws/{law_id}").status_code == 404


def test_the_office_reads_and_does_not_change(browse, people, law_id):
    office = browse(people["office"])
    page = read(office, f"/laws/{law_id}/manage")
    assert "移出" not in page
    assert office.get("/laws/upload").status_code == 403
    assert office.post(f"/laws/{law_id}/aliases", {"name": "x"}).status_code == 403


def test_what_a_question_cites_is_one_click_away(staff, trainer, law_id):
    answer = staff.get("/laws/cite?law=测试条例&article=第二条")
    assert answer.status_code == 303
    assert answer.location.endswith(f"/laws/{law_id}?article=2#2")
    assert staff.get("/laws/cite").location.endswith("/laws")
    assert "法规库里没有这一条" in read(staff, "/laws/cite?law=测试条例&article=第九十条", 404)
    assert "法规库里没有这部法规" in read(staff, "/laws/cite?law=没有的法", 404)
    assert "/laws/upload" in read(trainer, "/laws/cite?law=没有的法", 404)
