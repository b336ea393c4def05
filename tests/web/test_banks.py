"""The pages of banks and the import desk."""

import io
import re
from datetime import timedelta

import pytest
import sqlalchemy as sa

from legaled.domain.permissions import SYSTEM, Role
from legaled.models import AuditEvent, Bank, Question, QuestionVersion
from legaled.services import banks
from tests import factories
from tests.factories import NOW, question

HEADER = "题干,选项A,选项B,答案\n"
GOOD = HEADER + "档案的定义在第几条？,第一条,第二条,B\n任何人不得损毁档案。,,,对\n"
THREE_BAD = GOOD + "没有答案,甲,乙,\n选项太少,甲,,A\n看不懂的答案,甲,乙,见课件\n"


@pytest.fixture
def people(database):
    """The ids of two trainers, somebody of the office and a member of staff."""
    with database.write() as session:
        unit = factories.unit(session)
        roles = {"t1": Role.TRAINER, "t2": Role.TRAINER, "office": Role.OFFICE, "s": Role.STAFF}
        return {
            number: factories.person(session, number, unit, role).id
            for number, role in roles.items()
        }


@pytest.fixture
def trainer(browse, people):
    return browse(people["t1"])


@pytest.fixture
def bank_id(database):
    with database.write() as session:
        return factories.bank(session, "档案法").id


@pytest.fixture
def content(database):
    """How many banks, questions and versions there are."""

    def count():
        with database.read() as session:
            return [session.scalar(sa.select(sa.func.count()).select_from(model))
                    for model in (Bank, Question, QuestionVersion)]

    return count


def send(browser, text, name="题库.csv", **fields):
    data = text if isinstance(text, bytes) else text.encode()
    return browser.post("/banks/upload", {
        "bank": "新题库", "file": (io.BytesIO(data), name), **fields})


def send_big(browser, data):
    """As `send`, without the temporary file that the test client makes and forgets."""
    parts = [f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
             for name, value in (("csrf_token", browser.csrf), ("bank", "新题库"))]
    head = '--x\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n'
    body = "".join([*parts, head]).encode() + data + b"\r\n--x--\r\n"
    return browser.client.post(
        "/banks/upload", data=body, content_type="multipart/form-data; boundary=x")


def kept(browser, text, **fields):
    """Upload a file that is kept; the address of its page."""
    response = send(browser, text, **fields)
    assert response.status_code == 303, response.get_data(as_text=True)
    return response.location


def read(browser, url):
    response = browser.get(url)
    assert response.status_code == 200
    return response.get_data(as_text=True)


def words(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


# ---- the import desk ----

@pytest.mark.parametrize(("data", "encoding"), [
    (GOOD.encode(), "UTF-8"), (GOOD.encode("utf-8-sig"), "UTF-8（带 BOM）"),
    (GOOD.encode("gbk"), "GB18030（GBK）"), (GOOD.encode("utf-16"), "UTF-16"),
])
def test_a_good_file_is_checked_shown_and_written(trainer, content, data, encoding):
    url = kept(trainer, data)
    page = words(read(trainer, url))
    assert "读到 2 行，2 题可以写入" in page
    assert encoding in page
    assert "单选 1，判断 1" in page
    assert "档案的定义在第几条？" in page
    assert content() == [0, 0, 0]
    response = trainer.post(url)
    assert response.status_code == 303
    assert content() == [1, 2, 2]
    assert "已写入：新题 2，新版本 0，原来就有 0。" in read(trainer, response.location)
    assert trainer.get(url).status_code == 404
    assert "题库里已有，不变 2" in words(read(trainer, kept(trainer, data)))


def test_three_bad_rows_are_named_and_block_until_told(trainer, content):
    url = kept(trainer, THREE_BAD)
    page = read(trainer, url)
    for code in ("missing_answer", "too_few_options", "answer_not_understood"):
        assert f"<code>{code}</code>" in page
    assert "见课件" in page
    refusal = trainer.post(url)
    assert refusal.status_code == 422
    assert "什么都没有写入" in refusal.get_data(as_text=True)
    assert content() == [0, 0, 0]
    assert trainer.post(url, {"valid_only": "y"}).status_code == 303
    assert content() == [1, 2, 2]


def test_problems_are_filtered_by_code(trainer):
    url = kept(trainer, THREE_BAD)
    page = read(trainer, f"{url}?code=missing_answer")
    table = page[page.index("<tbody>"):page.index("</tbody>")]
    assert "missing_answer" in table
    assert "answer_not_understood" not in table
    table = read(trainer, f"{url}?code=nonsense&page=99")
    assert table.count("<tr>") == 4


def test_refused_rows_can_be_downloaded_as_they_came(trainer):
    url = kept(trainer, THREE_BAD.encode("gbk"))
    response = trainer.get(f"{url}/refused")
    assert response.status_code == 200
    assert "attachment" in response.headers["Content-Disposition"]
    text = response.data.decode("gb18030")
    assert "看不懂的答案,甲,乙,见课件" in text
    assert "档案的定义" not in text
    assert "原因" in text.splitlines()[0]


@pytest.mark.parametrize(("data", "said"), [
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, "不是表格"),
    (b"", "文件里没有题目"),
    (HEADER.encode(), "文件里没有题目"),
    (b"\xff\xfe\xff\xff\xff", "编码"),
    ("随便写的一句话".encode(), "不是表格"),
])
def test_a_file_that_cannot_be_read_is_not_kept(trainer, content, app, data, said):
    response = send(trainer, data)
    assert response.status_code == 422
    page = response.get_data(as_text=True)
    assert said in page
    assert "文件没有保存，题库没有变化。" in page
    assert 'value="新题库"' in page
    assert content() == [0, 0, 0]
    assert not list((app.config["LEGALED"].instance / "uploads").glob("*"))


def test_too_many_rows_are_refused_quickly(trainer, content):
    data = HEADER.encode() + "题,甲,乙,A\n".encode() * 200_000
    response = send_big(trainer, data)
    assert response.status_code == 422
    assert "题目多于 100000 道" in response.get_data(as_text=True)
    assert content() == [0, 0, 0]


def test_more_than_20_mb_is_refused(trainer, content):
    response = send_big(trainer, b"x" * (21 * 1024 * 1024))
    assert response.status_code == 413
    assert content() == [0, 0, 0]


def test_a_form_that_is_not_filled_in(trainer, people, browse):
    response = trainer.post("/banks/upload", {"bank": " ", "valid_only": "y"})
    page = response.get_data(as_text=True)
    assert response.status_code == 422
    assert "请选择一个题库文件" in page
    assert "请填写题库名" in page
    assert re.search(r"<input checked[^>]*valid_only", page)


def test_a_missing_column_is_named_by_hand_and_remembered(trainer, content):
    text = "出的题,甲,乙,结果\n档案的定义在第几条？,第一条,第二条,B\n"
    url = kept(trainer, text)
    page = words(read(trainer, url))
    assert "找不到：题干、答案" in page
    assert trainer.post(url, {"valid_only": "y"}).status_code == 422
    for wrong in ({}, {"m0": "stem", "m1": "stem", "m3": "answer"}, {"m0": "x", "m3": "answer"}):
        assert trainer.post(f"{url}/columns", wrong).status_code == 422
    assert content() == [0, 0, 0]
    fields = {"m0": "stem", "m1": "option_a", "m2": "option_b", "m3": "answer"}
    assert trainer.post(f"{url}/columns", fields).location == url
    assert "1 题可以写入" in words(read(trainer, url))
    assert "1 题可以写入" in words(read(trainer, kept(trainer, text)))
    assert trainer.post(url).status_code == 303
    assert content() == [1, 1, 1]


def test_text_behind_an_answer_is_taken_only_on_purpose(trainer):
    url = kept(trainer, HEADER + "档案的定义在第几条？,第一条,第二条,B（见课件）\n")
    assert "0 题可以写入" in words(read(trainer, url))
    for accept, ready in (("on", "1 题可以写入"), ("off", "0 题可以写入")):
        assert trainer.post(f"{url}/trailing", {"accept": accept}).location == url
        assert ready in words(read(trainer, url))


def test_conflicts_are_shown_and_taken_only_on_purpose(trainer, content):
    trainer.post(kept(trainer, GOOD))
    other = GOOD.replace(",B\n", ",A\n")
    url = kept(trainer, other)
    page = words(read(trainer, url))
    assert "冲突 1 题" in page
    assert "题库，L-" in page
    trainer.post(url)
    assert content() == [1, 2, 2]
    trainer.post(kept(trainer, other), {"take_conflicts": "y"})
    assert content() == [1, 2, 3]


def test_an_import_waits_for_its_owner_only(trainer, browse, people, app):
    url = kept(trainer, GOOD, name="我的题库.csv")
    assert url in read(trainer, "/banks/upload")
    other = browse(people["t2"])
    assert "我的题库" not in read(other, "/banks/upload")
    for path in ("", "/refused"):
        assert other.get(url + path).status_code == 404
    for path in ("", "/columns", "/trailing", "/delete"):
        assert other.post(url + path).status_code == 404
    for token in ("x", "..%2f..%2fsecret_key", "a" * 32, "columns.known"):
        assert trainer.get(f"/banks/imports/{token}").status_code == 404
    assert trainer.post(f"{url}/delete").status_code == 303
    assert trainer.get(url).status_code == 404
    assert not list((app.config["LEGALED"].instance / "uploads").glob("*"))


def test_files_are_kept_for_seven_days(trainer, clock, app):
    folder = app.config["LEGALED"].instance / "uploads"
    old = kept(trainer, GOOD)
    clock.now = NOW + timedelta(minutes=20)
    young = kept(trainer, GOOD)
    assert len(list(folder.glob("*.json"))) == 2
    clock.now = NOW + timedelta(days=7, minutes=10)
    with trainer.client.session_transaction() as cookie:
        cookie["seen"] = int(clock.now.timestamp())
    kept(trainer, GOOD)
    assert trainer.get(old).status_code == 404
    assert trainer.get(young).status_code == 200


@pytest.mark.parametrize("name", ["../../etc/passwd.csv", "题/a.csv", "长" * 300 + ".csv"])
def test_a_file_name_is_only_a_name(trainer, name):
    page = read(trainer, kept(trainer, GOOD, name=name))
    shown = re.search(r"<h1>导入题目</h1><p>([^，]+)，", page)[1]
    assert shown in {"passwd.csv", "a.csv", "长" * 116 + ".csv"}


def test_the_template_is_empty_and_ours(trainer):
    response = trainer.get("/banks/template.csv")
    assert response.data.startswith("\ufeff题号,题型,题干,".encode())
    assert response.data.count(b"\r\n") == 1
    assert send(trainer, response.data).status_code == 422


def test_practice_follows_the_import(trainer, database):
    trainer.post(kept(trainer, GOOD, practice="y", accept_trailing="y"))
    with database.read() as session:
        assert session.scalar(sa.select(Bank.practice))


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
    assert read(trainer, f"/banks/{bank_id}?page=2").count('data-label="题号"') == 26
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
    page = words(read(trainer, kept(trainer, response.data, bank="档案法")))
    assert "题库里已有，不变 16" in page
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
        assert trainer.post(f"/banks/{bank_id}/practice", {"practice": value}).status_code == 303
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
    for path in ("/banks/upload", f"/banks/{bank_id}/practice", f"{pages[1]}/retire"):
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
