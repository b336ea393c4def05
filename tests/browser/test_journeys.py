"""The first sign-in, a faulty file of questions, and the figures of a year, as people meet them."""

import csv
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import python_calamine
import sqlalchemy as sa
from playwright.sync_api import Page, expect

from legaled.clock import utc_now
from legaled.domain.times import beijing_day
from legaled.models import Bank, Exam, Person, Question, RosterEntry
from legaled.services import accounts
from legaled.web.words import MESSAGES
from tests.browser.conftest import DESK, PHONE, Site, Visit

pytestmark = pytest.mark.browser
Visits = Callable[..., Visit]


# ---- the first sign-in ----

@pytest.mark.parametrize(("size", "number"), [(PHONE, "D008"), (DESK, "D009")])
def test_the_first_sign_in_changes_the_password(
    site: Site, visit: Visits, size: tuple[int, int], number: str
) -> None:
    mine = sa.select(Person.id).where(Person.number == number)
    with site.database.write() as session:
        initial = accounts.reset_password(session, session.execute(mine).scalar_one(), utc_now())
    visitor = visit(size)
    page = visitor.page
    visitor.open("/")
    expect(page.get_by_role("heading", level=1)).to_have_text("登录")
    visitor.look("login")
    visitor.sign_in(number, initial)
    expect(page).to_have_url(re.compile("/password$"))
    expect(page.get_by_text("这是初始密码，请先换成自己的密码")).to_be_visible()
    visitor.look("must-change")
    visitor.open("/exams")
    expect(page).to_have_url(re.compile("/password$"))

    _change(page, initial, "abcdefgh")
    expect(page.get_by_text(MESSAGES["password_simple"])).to_be_visible()
    expect(page.get_by_label("新密码", exact=True)).to_have_attribute("aria-invalid", "true")
    visitor.look("too-simple")
    _change(page, initial, "Dangan-2026")
    expect(page).to_have_url(f"{site.url}/")
    expect(page.get_by_text("密码已修改。其他设备上的登录已全部退出。")).to_be_visible()
    visitor.look("home")
    assert site.value(mine.with_only_columns(Person.must_change_password)) is False

    again = visit(size)
    again.sign_in(number, "Dangan-2026")
    expect(again.page).to_have_url(f"{site.url}/")


def _change(page: Page, current: str, chosen: str) -> None:
    page.get_by_label("现在的密码").fill(current)
    page.get_by_label("新密码", exact=True).fill(chosen)
    page.get_by_label("再输一次").fill(chosen)
    page.get_by_role("button", name="修改密码").click()


# ---- a faulty file ----

BANK = "保密与档案安全"
HEAD = "题型,题干,选项A,选项B,选项C,选项D,答案,解析,法规,条款"
GOOD = (
    "单选,保管档案的库房应当首先保证什么？,安全,宽敞,安静,美观,A,库房以安全为先。,档案法,第十九条",
    "多选,下列哪些行为违反档案法？,擅自销毁档案,擅自抄录档案,倒卖档案,依法查阅档案,ABC,依法查阅是权利。,"
    "档案法,第四十八条",
    "判断,一切国家机关都有保护档案的义务。,,,,,对,这是法律规定的义务。,档案法,第五条",
)
# as the trainer wrote it, as it should be, what the page says of it
BAD = (
    ("单选,,移交,销毁,出售,赠送,A,,档案法,第十五条",
     "单选,单位应当怎样处理到期的档案？,移交,销毁,出售,赠送,A,,档案法,第十五条",
     "题干", "missing_stem", "没有题干。请填上题干后再导入这一行。"),
    ("单选,档案库房的温度由谁每天记录？,管理员,访客,,,D,,档案法,第十九条",
     "单选,档案库房的温度由谁每天记录？,管理员,访客,,,A,,档案法,第十九条",
     "答案", "answer_has_no_option", "答案里的字母没有对应的选项。请改答案，或补上这个选项。"),
    ("抢答,档案属于国家所有的可以买卖吗？,可以,不可以,,,B,,档案法,第二十二条",
     "单选,档案属于国家所有的可以买卖吗？,可以,不可以,,,B,,档案法,第二十二条",
     "题型", "kind_unknown", "题型看不懂。请写 单选、多选、判断、填空 或 简答。"),
)


def _file(column: int) -> dict[str, object]:
    """The questions as a GBK file; column 0 is as first written, 1 is mended."""
    lines = [HEAD, *GOOD, *(row[column] for row in BAD)]
    content = "\r\n".join([*lines, ""]).encode("gbk")
    return {"name": f"保密题库{column}.csv", "mimeType": "text/csv", "buffer": content}


def test_a_faulty_file_is_mended_and_imported(site: Site, visit: Visits) -> None:
    visitor = visit(DESK)
    page = visitor.page
    known = site.value(sa.select(sa.func.count(Question.id)))
    visitor.sign_in("D007")
    page.get_by_role("link", name="工作台").click()
    visitor.look("desk")
    menu = page.get_by_role("navigation", name="左侧菜单")
    menu.get_by_role("link", name="导入题目").click()
    visitor.look("upload")
    _upload(page, 0)
    expect(page.get_by_role("heading", name="读到 6 行，3 题可以写入")).to_be_visible()
    expect(page.get_by_text("GB18030（GBK）")).to_be_visible()
    for row, (_, _, column, code, sentence) in enumerate(BAD, start=5):
        line = page.get_by_role("row").filter(has_text=code)
        expect(line.get_by_role("cell").nth(0)).to_have_text(str(row))
        expect(line.get_by_role("cell").nth(1)).to_have_text(column)
        expect(line.get_by_role("cell").last).to_contain_text(sentence)
    expect(page.locator("td .state-bad")).to_have_count(len(BAD))
    visitor.look("problems")
    page.get_by_role("button", name="写入 3 题").click()
    expect(page.get_by_text(MESSAGES["errors_left"])).to_be_visible()
    visitor.look("refused")
    assert site.value(sa.select(sa.func.count(Question.id))) == known

    page.get_by_role("button", name="放弃").click()
    expect(page.get_by_text("已放弃「保密题库0.csv」，题库没有变化。")).to_be_visible()
    _upload(page, 1)
    expect(page.get_by_role("heading", name="读到 6 行，6 题可以写入")).to_be_visible()
    expect(page.locator("td .state-bad")).to_have_count(0)
    visitor.look("mended")
    page.get_by_role("button", name="写入 6 题").click()
    expect(page.get_by_role("heading", name=f"已写入「{BANK}」：新题 6，新版本 0")).to_be_visible()
    visitor.look("written")
    page.get_by_role("link", name="看题库").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(BANK)
    expect(page.get_by_text("使用中 6 题：单选 4，多选 1，判断 1；已停用 0 题")).to_be_visible()
    visitor.look("bank")
    menu.get_by_role("link", name="题库与题目").click()
    line = page.get_by_role("row").filter(has_text=BANK)
    expect(line).to_contain_text("单选 4，多选 1，判断 1")
    visitor.look("banks")
    inside = sa.select(sa.func.count(Question.id)).join(Bank, Bank.id == Question.bank_id)
    assert site.value(inside.where(Bank.name == BANK)) == 6


def _upload(page: Page, column: int) -> None:
    page.get_by_label("题库文件").set_input_files(_file(column))  # type: ignore[arg-type]
    page.get_by_label("写入哪个题库").fill(BANK)
    page.get_by_role("button", name="检查文件").click()
    expect(page.get_by_role("heading", name="导入题目", exact=True)).to_be_visible()
    expect(page).to_have_url(re.compile("/imports/"))


# ---- the figures of a year ----

RATES = ["97.78%", "95.45%", "93.33%"]  # RATES.md, the demo year by sittings


def test_the_office_finds_the_names_behind_a_rate(site: Site, visit: Visits) -> None:
    visitor = visit(DESK)
    page = visitor.page
    year = beijing_day(utc_now()).year - 1
    visitor.sign_in("D001")
    page.get_by_role("link", name="工作台").click()
    visitor.look("desk")
    menu = page.get_by_role("navigation", name="左侧菜单")
    menu.get_by_role("link", name="参考率与通过率").click()
    visitor.look("this-year")
    page.get_by_role("navigation", name="考试年度").get_by_role("link", name=str(year)).click()
    for figure in ("97.78%", "95.45%"):
        expect(page.locator(".rate b").filter(has_text=figure)).to_be_visible()
    expect(page.locator(".beside").filter(has_text="93.33%")).to_be_visible()
    visitor.look("year")

    page.get_by_role("link", name=re.compile("一次性通过名单， ?42.44 人次")).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("一次性通过：42 人次")
    visitor.look("names")
    assert _listed(page) == _first_passed(site, year)
    page.go_back()
    page.get_by_role("link", name="1 人次", exact=True).first.click()
    expect(page.get_by_role("heading", level=1)).to_have_text("缺考：1 人次")
    assert _listed(page) == {("D012", "上半年档案法专题考试")}
    visitor.look("absent")
    page.go_back()

    table = list(csv.reader(io.StringIO(_csv(page))))
    _has_figures(table[1], table[2])
    book = python_calamine.CalamineWorkbook.from_path(str(_download(page, "XLSX")))
    sheet = book.get_sheet_by_name("全年").to_python()
    _has_figures([str(cell) for cell in sheet[0]], [str(cell) for cell in sheet[1]])


def _listed(page: Page) -> set[tuple[str, str]]:
    """(number, exam) of every line of the list, as printed."""
    people = page.locator("main table tbody")
    return {
        (one.locator("th small").inner_text(), exam)
        for one in people.all()
        for exam in one.locator("td[data-label=考试]").all_inner_texts()
    }


def _first_passed(site: Site, year: int) -> set[tuple[str, str]]:
    with site.read() as session:
        rows = session.execute(
            sa.select(RosterEntry.number, Exam.title)
            .join(Exam, Exam.id == RosterEntry.exam_id)
            .where(Exam.year == year, RosterEntry.first_score >= Exam.pass_line)
        )
        return {(number, title) for number, title in rows}


def _csv(page: Page) -> str:
    data = _download(page, "CSV").read_bytes()
    assert data.startswith(b"\xef\xbb\xbf"), "Excel needs the BOM"
    return data.decode("utf-8-sig")


def _download(page: Page, name: str) -> Path:
    with page.expect_download() as waiting:
        page.get_by_role("link", name=name, exact=True).click()
    return Path(waiting.value.path())


def _has_figures(header: list[str], row: list[str]) -> None:
    figures = dict(zip(header, row, strict=True))
    assert figures["算法"] == "按人次"
    assert [figures[name] for name in figures if figures[name] in RATES] == RATES
    counts = [int(float(figures[name])) for name in ("应考", "实考", "缺考", "免考")]
    assert counts == [45, 44, 1, 1]
