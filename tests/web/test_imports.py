"""The pages of the import desk."""

import errno
import io
import re
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
import xlsxwriter

from legaled.domain.bank_problems import ERRORS
from legaled.files import uploads
from legaled.files.uploads import State
from legaled.models import Bank, BankImport
from tests import factories
from tests.factories import NOW

HEADER = "题干,选项A,选项B,答案\n"
GOOD = HEADER + "档案的定义在第几条？,第一条,第二条,B\n任何人不得损毁档案。,,,对\n"
THREE_BAD = GOOD + "没有答案,甲,乙,\n选项太少,甲,,A\n看不懂的答案,甲,乙,见课件\n"


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
    """The page there, or where it leads to."""
    response = browser.get(url, follow_redirects=True)
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
    assert "已写入「新题库」：新题 2，新版本 0" in words(read(trainer, response.location))
    assert trainer.post(url).status_code == 303
    assert content() == [1, 2, 2]
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
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4, ERRORS["not_a_table"]),
    (b"", "文件里没有题目"),
    (HEADER.encode(), "文件里没有题目"),
    (b"\xff\xfe\xff\xff\xff", "编码"),
    ("随便写的一句话".encode(), ERRORS["not_a_table"]),
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
    assert "按那次读的" not in read(trainer, url)
    again = read(trainer, kept(trainer, text))
    assert "1 题可以写入" in words(again)
    assert "这样的表头以前有人指定过，按那次读的" in again
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
    assert page.count("不是答案") == 2
    trainer.post(url)
    assert content() == [1, 2, 2]
    assert 'value="file">' in read(trainer, kept(trainer, other))
    trainer.post(kept(trainer, other), {"c2": "file"})
    assert content() == [1, 2, 3]


def test_an_import_waits_for_its_owner_only(trainer, browse, people, app):
    url = kept(trainer, GOOD, name="我的题库.csv")
    assert url in read(trainer, "/banks/upload")
    other = browse(people["t2"])
    assert "我的题库" not in read(other, "/banks/upload")
    for path in ("", "/refused", "/state.json"):
        assert other.get(url + path).status_code == 404
    for path in ("", "/columns", "/trailing", "/delete", "/sheet", "/choices", "/retry"):
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
    assert len(list(folder.glob("*/notes.json"))) == 2
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


# ---- what was written, and taking it back ----

def test_the_result_tells_what_came_of_it_and_is_undone(trainer, content, browse, people):
    url = kept(trainer, THREE_BAD)
    trainer.post(url, {"valid_only": "y"})
    result = trainer.get(url).location
    page = words(read(trainer, result))
    for said in ("已写入「新题库」：新题 2，新版本 0", "有错，没有写入 3", "没有答案 1",
                 "下载没通过的 3 行", "这次写入的题", "档案的定义在第几条？"):
        assert said in page, said
    assert "下载没通过的" not in read(browse(people["t2"]), result)
    office = read(browse(people["office"]), result)
    assert "撤销这次导入" not in office
    assert browse(people["office"]).post(f"{result}/undo").status_code == 403
    assert trainer.post(f"{result}/undo").status_code == 303
    assert content() == [1, 0, 0]
    assert "删去新题 2，退回上一版 0" in read(trainer, result)
    refused = trainer.post(f"{result}/undo")
    assert refused.status_code == 409
    assert "已经撤销过" in refused.get_data(as_text=True)
    assert trainer.post(kept(trainer, THREE_BAD), {"valid_only": "y"}).status_code == 303
    assert content() == [1, 2, 2]


def test_the_record_lists_the_imports_of_a_bank(trainer, browse, people, bank_id):
    assert "随平台或命令行导入" in read(trainer, f"/banks/{bank_id}/imports")
    trainer.post(kept(trainer, GOOD, bank="档案法", name="甲.csv"))
    page = words(read(browse(people["office"]), f"/banks/{bank_id}/imports"))
    assert "共 2 次" in page
    assert page.index("甲.csv") < page.index("随平台或命令行导入")
    assert browse(people["s"]).get(f"/banks/{bank_id}/imports").status_code == 403
    for path in ("/banks/999/imports", f"/banks/{bank_id}/imports/999", "/banks/999/imports/1"):
        assert trainer.get(path).status_code == 404


def test_what_a_sitting_candidate_may_not_see(browse, database):
    with database.write() as session:
        made = factories.world(session)
        factories.begin(session, made["trainer"], made.exam_id)
        done = session.scalar(sa.select(sa.func.max(BankImport.id)))
    browser = browse(made["trainer"].id)
    assert browser.get(f"/banks/{made.bank_id}/imports/{done}").status_code == 409
    url = kept(browser, GOOD, bank="题库")
    for path in ("", "/state.json"):
        assert browser.get(url + path).status_code == 409
    for path in ("", "/columns", "/trailing", "/sheet", "/choices", "/retry"):
        assert browser.post(url + path).status_code == 409, path
    assert browser.post(f"/banks/{made.bank_id}/imports/{done}/undo").status_code == 409
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.max(BankImport.id))) == done
    assert browser.get(f"{url}/refused").status_code == 200
    assert browser.post(f"{url}/delete").status_code == 303


# ---- the work that shows itself ----

def test_work_that_goes_on_is_shown_with_and_without_script(trainer, app, people, monkeypatch):
    url = kept(trainer, GOOD)
    folder = app.config["LEGALED"].instance / "uploads"
    upload = uploads.find(folder, people["t1"], url.rsplit("/", 1)[1])
    assert trainer.get(f"{url}/state.json").json["settled"] is True
    uploads.set_state(folder, upload, State("checking", 12_000, 100_000))
    with uploads.alone(folder, upload):  # another process is at it
        page = read(trainer, url)
        found = trainer.get(f"{url}/state.json").json
        listed = words(read(trainer, "/banks/upload"))
    assert '<noscript><meta http-equiv="refresh" content="2"></noscript>' in page
    assert '<progress value="12000" max="100000"' in page
    assert found == {"settled": False, "words": "检查 12,000 / 100,000 行", "stage": "checking",
                     "done": 12_000, "total": 100_000}
    assert "正在检查" in listed
    assert "2 题可以写入" in words(read(trainer, url))


def test_a_failure_says_what_to_do_and_can_be_tried_again(trainer, app, people):
    url = kept(trainer, GOOD)
    folder = app.config["LEGALED"].instance / "uploads"
    upload = uploads.find(folder, people["t1"], url.rsplit("/", 1)[1])
    uploads.set_state(folder, upload, State(failed="import_broken"))
    assert "请再试一次" in read(trainer, url)
    assert trainer.post(url).status_code == 409
    assert trainer.post(f"{url}/retry").status_code == 303
    assert "2 题可以写入" in words(read(trainer, url))


def test_twenty_files_may_wait(trainer, app, monkeypatch):
    monkeypatch.setattr(uploads, "MOST", 2)
    first = kept(trainer, GOOD)
    kept(trainer, GOOD)
    refused = send(trainer, GOOD)
    assert refused.status_code == 422
    assert "还没有写入，这个文件没有保存" in refused.get_data(as_text=True)
    trainer.post(first)
    kept(trainer, GOOD)
    assert "移去" not in read(trainer, "/banks/upload")


def test_conflicts_are_paged_and_the_choices_kept(trainer, content):
    text = HEADER + "".join(f"第{n}件事是什么？,甲,乙,A\n" for n in range(23))
    trainer.post(kept(trainer, text))
    url = kept(trainer, text.replace(",A\n", ",B\n"))
    assert "第 1/3 页" in words(read(trainer, url))
    moved = trainer.post(f"{url}/choices", {"c2": "file", "c3": "bank", "cpage": "2", "cx": "file",
                                            "c999": "file"})
    assert moved.location == f"{url}?cpage=2#conf"
    page = words(read(trainer, moved.location))
    assert "已选 1 题用文件的" in page
    assert "写入 1 题" in page
    trainer.post(f"{url}/choices", {"every": "file", "c2": "bank"})
    assert "已选 23 题用文件的" in words(read(trainer, url))
    trainer.post(f"{url}/choices", {"every": "bank"})
    trainer.post(url, {"c24": "file"})
    assert content() == [1, 23, 24]


def test_the_workbook_sheet_is_chosen(trainer, app, people):
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        for name, count in (("单选", 2), ("多选", 1)):
            sheet = book.add_worksheet(name)
            rows = ["题干,选项A,选项B,答案", *["说的是什么？,甲,乙,A"] * count]
            for place, row in enumerate(rows):
                sheet.write_row(place, 0, row.split(","))
    url = kept(trainer, out.getvalue(), name="两张.xlsx")
    assert "读到 2 行" in words(read(trainer, url))
    assert trainer.post(f"{url}/sheet", {"sheet": "多选"}).location == url
    assert "读到 1 行" in words(read(trainer, url))
    trainer.post(f"{url}/sheet", {"sheet": "没有这张"})
    assert "没有办成" in words(read(trainer, url))
    trainer.post(f"{url}/sheet", {"sheet": "单选"})
    assert "读到 2 行" in words(read(trainer, url))
    folder = app.config["LEGALED"].instance / "uploads"
    url = kept(trainer, out.getvalue(), name="两张.xlsx")
    upload = uploads.find(folder, people["t1"], url.rsplit("/", 1)[1])
    uploads.set_state(folder, upload, State(failed="import_broken"))
    assert "换一张工作表" in words(read(trainer, url))


def test_a_column_that_is_a_guess_is_marked(trainer):
    text = "题干,选项A,选项B,答案,依据\n天是蓝的？,是,不是,A,常识\n"
    assert "1 列请确认" in words(read(trainer, kept(trainer, text)))


def test_what_has_moved_since_the_page_was_seen_is_shown_first(trainer, browse, people, content):
    url = kept(trainer, GOOD)
    seen = re.search(r'name="seen" value="([0-9a-f]{32})"', read(trainer, url))[1]
    other = browse(people["t2"])
    other.post(kept(other, GOOD.replace(",B\n", ",A\n")))
    assert content() == [1, 2, 2]
    page = trainer.post(url, {"seen": seen})
    assert page.status_code == 422
    assert "没有写入。请看一遍上面的新结果再写入" in page.get_data(as_text=True)
    assert "冲突 1 题" in words(page.get_data(as_text=True))
    assert content() == [1, 2, 2]
    seen = re.search(r'name="seen" value="([0-9a-f]{32})"', page.get_data(as_text=True))[1]
    assert trainer.post(url, {"seen": seen, "c2": "file"}).status_code == 303
    assert content() == [1, 2, 3]


def test_a_file_that_is_given_back_says_why(trainer, app, people):
    url = kept(trainer, GOOD)
    folder = app.config["LEGALED"].instance / "uploads"
    upload = uploads.find(folder, people["t1"], url.rsplit("/", 1)[1])
    state = uploads.state(folder, upload)
    uploads.set_state(folder, upload, replace(state, moved=True))
    assert "你确认以后，题库里有别人改了同样的题" in words(read(trainer, url))


def test_new_versions_are_shown_side_by_side(trainer):
    trainer.post(kept(trainer, GOOD))
    text = GOOD.replace("答案\n", "答案,解析\n").replace(",B\n", ",B,见第二条\n")
    trainer.post(kept(trainer, text.replace("解析\n", "来源\n").replace(",对\n", ",对,\n")))
    page = read(trainer, kept(trainer, text.replace(",对\n", ",对,\n")))
    assert "改过的题 1" in words(page)
    assert "<ins>见第二条</ins>" in page
    assert "来源" not in page[page.index('id="ver"'):page.index('id="rep"')]


def test_undoing_says_what_else_goes_and_what_stays(trainer):
    first = kept(trainer, GOOD, practice="y")
    assert "写入后职工可以用整个「新题库」练习" in read(trainer, first)
    trainer.post(first)
    result = trainer.get(first).location
    assert "记为“不变”" not in read(trainer, result)
    trainer.post(kept(trainer, GOOD))
    assert "这以后还有 1 次导入" in words(read(trainer, result))
    trainer.post(f"{result}/undo")
    assert "职工仍可以用「新题库」练习" in words(read(trainer, result))


def test_a_result_is_shown_although_what_was_found_is_lost(trainer, app, people):
    url = kept(trainer, THREE_BAD)
    trainer.post(url, {"valid_only": "y"})
    folder = app.config["LEGALED"].instance / "uploads"
    upload = uploads.find(folder, people["t1"], url.rsplit("/", 1)[1])
    uploads.store(folder, upload).write_bytes(b"spoilt" * 1000)
    assert "已写入「新题库」：新题 2" in words(read(trainer, trainer.get(url).location))
    assert trainer.get(f"{url}/refused").status_code == 404


def test_a_full_disk_is_said_on_the_page(trainer, monkeypatch, content):
    def full(*_values):
        raise OSError(errno.ENOSPC, "full")

    read(trainer, "/banks/upload")
    monkeypatch.setattr(uploads, "_write", full)
    response = send(trainer, GOOD)
    assert response.status_code == 422
    assert "服务器磁盘满了" in response.get_data(as_text=True)
    assert content() == [0, 0, 0]
