"""The pages of the account administrator."""

import io
import json
import re
from datetime import date
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask, send_file

from legaled import db
from legaled.domain.permissions import SYSTEM, Role
from legaled.models import Person, Unit
from legaled.services import accounts, people
from legaled.web.access import allow
from tests import factories
from tests.factories import NOW

HEADER = "工号,姓名,单位,科室,职务,领导干部,角色,人员类别,到岗日期,离岗日期"
NUMBERS = {"s1": Role.STAFF, "trainer": Role.TRAINER, "office": Role.OFFICE,
           "admin": Role.ACCOUNTS}


@pytest.fixture
def ids(database: db.Database) -> dict[str, int]:
    """One person of each role, and the unit they are in."""
    with database.write() as session:
        root = factories.unit(session)
        made = {number: factories.person(session, number, root, role).id
                for number, role in NUMBERS.items()}
        return {**made, "unit": root.id}


@pytest.fixture
def admin(browse: Any, ids: dict[str, int]) -> Any:
    return browse(ids["admin"])


def everything(database: db.Database) -> list[Any]:
    with database.read() as session:
        return [*session.execute(sa.select(*Person.__table__.c).order_by(Person.id)),
                *session.execute(sa.select(*Unit.__table__.c).order_by(Unit.id))]


def text(response: Any) -> str:
    return str(response.get_data(as_text=True))


def upload(browser: Any, *lines: str, codec: str = "utf-8", header: str = HEADER,
           name: str = "people.csv", **values: str) -> Any:
    return upload_bytes(browser, "\r\n".join([header, *lines]).encode(codec), name, **values)


def upload_bytes(browser: Any, data: bytes, name: str = "people.csv", **values: str) -> Any:
    return browser.post("/people/import", {"file": (io.BytesIO(data), name), **values},
                        content_type="multipart/form-data")


def hidden(page: str, name: str) -> str:
    found = re.search(rf'name="{name}"[^>]* value="([^"]*)"', page)
    assert found, page
    return found[1]


def confirm(browser: Any, response: Any) -> Any:
    page = text(response)
    return browser.post("/people/import/confirm", {
        "rows": hidden(page, "rows"), "create_units": hidden(page, "create_units")})


def form(ids: dict[str, int], **values: Any) -> dict[str, Any]:
    return {"number": "7", "name": "张三", "unit_id": ids["unit"], "post": "",
            "category": "established", "roles": ["staff"], "joined_on": "", "left_on": "",
            **values}


VIEWS = [
    ("GET", "/people"), ("GET", "/people/new"), ("POST", "/people/new"),
    ("GET", "/people/{s1}/edit"), ("POST", "/people/{s1}/edit"), ("POST", "/people/{s1}/password"),
    ("GET", "/people/import"), ("POST", "/people/import"), ("POST", "/people/import/confirm"),
    ("POST", "/people/import/passwords.csv"), ("GET", "/people/import/template.csv"),
    ("GET", "/people/units"), ("POST", "/people/units"), ("GET", "/people/units/{unit}"),
    ("POST", "/people/units/{unit}"),
]


@pytest.mark.parametrize(("method", "path"), VIEWS)
def test_only_the_administrator_comes_in(
    browse: Any, database: db.Database, ids: dict[str, int], method: str, path: str
) -> None:
    before = everything(database)
    url = path.format(**ids)
    for number in ("s1", "trainer", "office"):
        browser = browse(ids[number])
        answer = browser.get(url) if method == "GET" else browser.post(url)
        assert answer.status_code == 403, (number, url)
    stranger = browse().client.open(url, method=method)
    assert stranger.status_code in {302, 401}
    assert everything(database) == before
    browser = browse(ids["admin"])
    answer = browser.get(url) if method == "GET" else browser.post(url)
    assert answer.status_code in {200, 422}, text(answer)
    assert answer.headers["Cache-Control"] == "no-store"


def test_every_view_is_in_the_table_above(app: Flask) -> None:
    rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("people.")]
    wanted = {(next(iter(rule.methods & {"GET", "POST"})),
               re.sub(r"<[^>]+>", "#", str(rule))) for rule in rules}
    assert wanted == {(method, re.sub(r"{\w+}", "#", path)) for method, path in VIEWS}


def test_posts_need_the_token(
    admin: Any, database: db.Database, ids: dict[str, int]
) -> None:
    before = everything(database)
    for method, path in VIEWS:
        if method == "POST":
            answer = admin.client.post(path.format(**ids), data=form(ids))
            assert answer.status_code == 400
    assert everything(database) == before


# ---- the list ----

def test_the_list_takes_the_same_number_of_queries_whatever_its_size(
    admin: Any, database: db.Database, ids: dict[str, int], count_queries: list[str]
) -> None:
    seen = []
    for count in (5, 50):
        with database.write() as session:
            for number in range(count):
                where = factories.unit(session, f"科室{count}-{number}")
                factories.person(session, f"{count}-{number}", where)
        for url, most in (("/people", 3), ("/people/units", 3)):
            count_queries.clear()
            assert admin.get(url).status_code == 200
            seen.append(sum(one.startswith("SELECT") for one in count_queries))
            assert seen[-1] <= most
    assert seen[:2] == seen[2:]


def test_search_filter_and_paging_live_in_the_address(
    admin: Any, database: db.Database, ids: dict[str, int]
) -> None:
    with database.write() as session:
        root = session.get_one(Unit, ids["unit"])
        for number in range(60):
            factories.person(session, f"x{number:02}", root, left_on=date(2026, 11, 23))
    page = text(admin.get("/people?q=x&role=staff&sort=name"))
    assert "符合条件的有 60 人" in page
    assert "已离岗" in page
    assert "q=x&amp;role=staff&amp;sort=name&amp;page=2" in page
    assert "x55" in text(admin.get("/people?q=x&page=2"))
    assert "没有符合条件的人" in text(admin.get("/people?q=nobody"))
    assert "共 64 人" in text(admin.get("/people"))
    for odd in ("?unit=abc", "?role=boss&category=x&sort=y", "?page=-3", "?page=abc", "?unit=-1"):
        assert admin.get(f"/people{odd}").status_code == 200


# ---- one person ----

def test_adding_shows_the_password_once(
    admin: Any, database: db.Database, ids: dict[str, int]
) -> None:
    boxes = re.findall(r'<input (checked)?[^>]*name="roles"[^>]*value="(\w+)"',
                       text(admin.get("/people/new")))
    assert boxes == [("checked", "staff"), ("", "trainer"), ("", "office"), ("", "accounts")]
    page = admin.post("/people/new", form(ids, roles=["staff", "trainer"], is_leader="y",
                                          joined_on="2026-01-05"))
    assert page.status_code == 200
    found = re.search(r"<code>(\w{12})</code>", text(page))
    assert found
    with database.read() as session:
        assert accounts.verify(accounts.credentials(session, "7"), found[1])
        made = session.scalars(sa.select(Person).where(Person.number == "7")).one()
        assert made.roles == {Role.STAFF, Role.TRAINER}
        assert (made.is_leader, made.joined_on) == (True, date(2026, 1, 5))
        assert found[1] not in text(admin.get(f"/people/{made.id}/edit"))


@pytest.mark.parametrize(("values", "words"), [
    ({"number": ""}, "请填写工号"), ({"name": " "}, "请填写姓名"),
    ({"number": "7" * 41}, "最多 40 个字"), ({"name": "张\u200b三"}, "看不见的字符"),
    ({"roles": []}, "请至少选一个角色"), ({"roles": ["boss"]}, "field-error"),
    ({"unit_id": "999"}, "field-error"), ({"category": "x"}, "field-error"),
    ({"joined_on": "昨天"}, "field-error"), ({"number": "s1"}, "已经有人用了"),
    ({"joined_on": "2026-02-02", "left_on": "2026-02-01"}, "离岗日期早于到岗日期"),
])
def test_a_bad_form_comes_back_as_typed_and_nothing_is_written(
    admin: Any, database: db.Database, ids: dict[str, int], values: dict[str, Any], words: str
) -> None:
    before = everything(database)
    for url in ("/people/new", f"/people/{ids['trainer']}/edit"):
        answer = admin.post(url, form(ids, post="科员甲", **values))
        assert answer.status_code == 422
        assert words in text(answer)
        assert "科员甲" in text(answer)
    assert everything(database) == before


def test_editing(admin: Any, database: db.Database, ids: dict[str, int]) -> None:
    page = text(admin.get(f"/people/{ids['s1']}/edit"))
    assert 'value="s1"' in page
    answer = admin.post(f"/people/{ids['s1']}/edit", form(ids, number="s1", name="新名"))
    assert (answer.status_code, answer.location) == (303, "/people")
    assert "已保存 新名 的信息" in text(admin.get("/people"))
    assert admin.get("/people/999/edit").status_code == 404
    assert admin.post("/people/999/edit", form(ids)).status_code == 404
    assert admin.post("/people/999/password").status_code == 404


def test_administrators_cannot_shut_themselves_out(
    admin: Any, database: db.Database, ids: dict[str, int]
) -> None:
    before = everything(database)
    own = form(ids, number="admin")
    for values, words in (
        ({"roles": ["staff"]}, "不能去掉自己的账号管理员角色"),
        ({"roles": ["accounts"], "left_on": "2027-01-01"}, "不能给自己填离岗日期"),
    ):
        answer = admin.post(f"/people/{ids['admin']}/edit", {**own, **values})
        assert (answer.status_code, words in text(answer)) == (422, True)
    assert everything(database) == before


def test_who_leaves_today_is_out_at_once(browse: Any, admin: Any, ids: dict[str, int]) -> None:
    leaver = browse(ids["office"])
    assert leaver.get("/password").status_code == 200
    admin.post(f"/people/{ids['office']}/edit", form(ids, number="office", left_on="2026-11-23"))
    assert leaver.get("/password").status_code == 302


def test_resetting_shows_a_password_that_works(
    admin: Any, database: db.Database, ids: dict[str, int]
) -> None:
    answer = admin.post(f"/people/{ids['s1']}/password")
    found = re.search(r"<code>(\w{12})</code>", text(answer))
    assert found
    assert answer.headers["Cache-Control"] == "no-store"
    with database.read() as session:
        assert accounts.verify(accounts.credentials(session, "s1"), found[1])
        assert session.get_one(Person, ids["s1"]).must_change_password


def test_ones_own_password_is_changed_elsewhere(
    admin: Any, database: db.Database, ids: dict[str, int]
) -> None:
    before = everything(database)
    answer = admin.post(f"/people/{ids['admin']}/password")
    assert (answer.status_code, "请到「修改密码」" in text(answer)) == (409, True)
    assert everything(database) == before
    assert "重置密码" not in text(admin.get(f"/people/{ids['admin']}/edit"))


# ---- import ----

def test_an_import_from_the_file_to_the_password_list(
    admin: Any, database: db.Database, ids: dict[str, int]
) -> None:
    before = everything(database)
    lines = ("001,=张三,示例区档案馆,新科室,科员,是,办公室,返聘,2026/1/5,",
             "s1,改名,示例区档案馆,,,,,,,", "office,人员office,示例区档案馆,,,,办公室,,,")
    checked = upload(admin, *lines, codec="gb18030", create_units="y")
    assert checked.status_code == 200
    page = text(checked)
    assert re.findall(r"<dt>(.*?)</dt><dd>(\d+)</dd>", page) == [
        ("新增", "1"), ("修改", "1"), ("没有变化", "1"), ("新建单位和科室", "1")]
    assert "示例区档案馆/新科室" in page
    assert everything(database) == before
    done = confirm(admin, checked)
    assert done.status_code == 200
    assert done.headers["Cache-Control"] == "no-store"
    found = re.search(r"<code>(\w{12})</code>", text(done))
    assert found
    with database.read() as session:
        assert accounts.verify(accounts.credentials(session, "001"), found[1])
    lines_json = hidden(text(done), "lines").replace("&#34;", '"')
    listed = admin.post("/people/import/passwords.csv", {"lines": lines_json})
    assert listed.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert listed.headers["Cache-Control"] == "no-store"
    assert listed.get_data().decode("utf-8-sig") == (
        f"工号,姓名,一次性密码\r\n001,'=张三,{found[1]}\r\n")
    after = everything(database)
    again = confirm(admin, checked)
    assert "没有新增的人" in text(again)
    assert everything(database) == after
    same = upload(admin, *lines)
    assert "不需要写入" in text(same)
    assert "form.confirm" not in text(same)


@pytest.mark.parametrize(("lines", "column", "code_words"), [
    (["1,张三,示例区档案馆,,,,,,,", "1,李四,示例区档案馆,,,,,,,"], "工号", "第 2 行相同"),
    (["1,张三,没有的馆,,,,,,,"], "单位", "没有这个单位"),
    (["1,张三,示例区档案馆,没有的科,,,,,,"], "科室", "没有这个科室"),
    (["1,张三,示例区档案馆,,,对,,,,"], "领导干部", "请写 是 或 否"),
    (["1,张三,示例区档案馆,,,,,,2026-13-1,"], "到岗日期", "日期看不懂"),
    (["admin,张三,示例区档案馆,,,,职工,,,"], "角色", "不能去掉自己的账号管理员角色"),
    ([], "—", "文件里没有人员"),
])
def test_a_bad_file_is_a_table_of_what_to_do(
    admin: Any, database: db.Database, lines: list[str], column: str, code_words: str
) -> None:
    before = everything(database)
    for codec in ("utf-8", "utf-8-sig", "gbk", "utf-16"):
        answer = upload(admin, "2,好人,示例区档案馆,,,,,,,", *lines, codec=codec) if lines else (
            upload(admin, codec=codec))
        assert answer.status_code == 422
        page = text(answer)
        assert "什么都没有写入" in page
        assert f'data-label="列">{column}<' in page
        assert code_words.replace("第 2 行", "第 3 行") in page
    assert everything(database) == before


def test_all_that_is_wrong_with_a_row_is_said_at_once(admin: Any) -> None:
    page = text(upload(admin, ",张三,没有的馆,,,对,,,,"))
    assert re.findall(r'data-label="列">(\w+)<', page) == ["工号", "单位", "领导干部"]


@pytest.mark.parametrize(("data", "name", "words"), [
    (b"\x89PNG\r\n\x1a\n....", "people.xlsx", "这个文件不是表格"),
    (b"\x89PNG\r\n\x1a\n....", "people.csv", "这个文件不是表格"),
    ("工号,姓名\n1,张三".encode(), "people.csv", "表头缺少这些列：单位、科室"),
    (b"", "people.csv", "文件里没有人员"),
    (b"\x81\xff\xff\xff", "people.csv", "编码认不出来"),
])
def test_what_is_no_list_of_people(
    admin: Any, database: db.Database, data: bytes, name: str, words: str
) -> None:
    before = everything(database)
    answer = upload_bytes(admin, data, name)
    assert (answer.status_code, words in text(answer)) == (422, True)
    assert everything(database) == before


def test_no_file_chosen(admin: Any) -> None:
    answer = admin.post("/people/import", {}, content_type="multipart/form-data")
    assert (answer.status_code, "请选择一个 CSV 或 XLSX 文件" in text(answer)) == (422, True)


def test_confirming_judges_again(admin: Any, database: db.Database, ids: dict[str, int]) -> None:
    checked = upload(admin, "1,张三,示例区档案馆,,,,,,,")
    admin.post(f"/people/units/{ids['unit']}", {"name": "改了名"})
    before = everything(database)
    answer = confirm(admin, checked)
    assert (answer.status_code, "没有这个单位" in text(answer)) == (422, True)
    for rows in ("", "nonsense", "eJw="):
        answer = admin.post("/people/import/confirm", {"rows": rows})
        assert (answer.status_code, "没有完整传回来" in text(answer)) == (422, True)
    assert everything(database) == before


def test_a_tampered_row_is_refused(admin: Any, database: db.Database) -> None:
    before = everything(database)
    record = people.read_people(f"{HEADER}\n1,张三,示例区档案馆".encode()).records[0]
    bad = type(record)(2, {**record.cells, "name": "x" * 61})
    answer = admin.post("/people/import/confirm", {"rows": people.pack([bad])})
    assert (answer.status_code, "最多 60 个字" in text(answer)) == (422, True)
    assert everything(database) == before


def test_two_thousand_people_fit_through_the_pages(admin: Any) -> None:
    lines = [f"{n},人员{n:05},示例区档案馆,,,,,,," for n in range(2000)]
    answer = confirm(admin, upload(admin, *lines))
    assert "已写入 2000 人" in text(answer)
    assert len(set(re.findall(r"<code>(\w{12})</code>", text(answer)))) == 2000


@pytest.mark.parametrize("lines", ["", "x", "[1]", '[["a","b"]]', json.dumps({"a": 1})])
def test_a_password_list_that_is_none(admin: Any, lines: str) -> None:
    assert admin.post("/people/import/passwords.csv", {"lines": lines}).status_code == 422


def test_the_template_is_the_header(admin: Any) -> None:
    answer = admin.get("/people/import/template.csv")
    assert answer.get_data().decode("utf-8-sig").strip() == HEADER


# ---- units ----

def test_units_page(admin: Any, database: db.Database, ids: dict[str, int]) -> None:
    answer = admin.post("/people/units", {"parent_id": ids["unit"], "name": "办公室", "code": ""})
    assert (answer.status_code, answer.location) == (303, "/people/units")
    page = text(admin.get("/people/units"))
    assert "已建立 办公室" in page
    assert "U001" in page
    assert "4 人" in page
    with database.read() as session:
        made, parent = session.execute(
            sa.select(Unit.id, Unit.parent_id).where(Unit.code == "U001")).one()
    assert parent == ids["unit"]
    assert admin.post(f"/people/units/{made}", {"name": "综合科"}).status_code == 303
    assert "综合科" in text(admin.get("/people/units"))


def test_bad_units(admin: Any, database: db.Database, ids: dict[str, int]) -> None:
    with database.write() as session:
        people.add_unit(session, SYSTEM, ids["unit"], "办公室", "A1", NOW)
    before = everything(database)
    base = {"parent_id": ids["unit"], "name": "新科", "code": ""}
    for values, words in (
        ({"name": ""}, "请填写名称"), ({"name": "办公室"}, "已经有这个名称"),
        ({"name": "甲/乙"}, "名称要有 1 到 60 个字"), ({"code": "a1"}, "这个编号已经用了"),
        ({"code": "编号"}, "编号只能用字母"), ({"parent_id": 999}, "field-error"),
    ):
        answer = admin.post("/people/units", {**base, **values})
        assert (answer.status_code, words in text(answer)) == (422, True), values
    answer = admin.post(f"/people/units/{ids['unit']}", {"name": ""})
    assert answer.status_code == 422
    assert admin.get("/people/units/999").status_code == 404
    assert admin.post("/people/units/999", {"name": "x"}).status_code == 404
    assert everything(database) == before


def test_a_download_says_its_character_set_once_and_is_kept_by_no_cache(admin: Any) -> None:
    answer = admin.get("/people/import/template.csv")
    assert answer.headers.getlist("Content-Type") == ["text/csv; charset=utf-8"]
    assert answer.headers.getlist("Cache-Control") == ["no-store"]


def test_no_cache_keeps_what_send_file_gives_and_static_files_are_kept(app: Flask) -> None:
    @app.get("/file")
    @allow(None)
    def file() -> Any:
        return send_file(io.BytesIO(b"x"), download_name="x.csv", as_attachment=True)

    client = app.test_client()
    sent = client.get("/file")
    assert sent.headers.getlist("Cache-Control") == ["no-store"]
    sent.close()
    for path in ("/static/theme.css", "/bootstrap/bootstrap.min.css"):
        found = client.get(path)
        assert "immutable" in found.headers["Cache-Control"]
        found.close()
        assert client.get(f"{path}x").headers.getlist("Cache-Control") == ["no-store"]
