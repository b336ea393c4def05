"""A trainer's file from the drop to a usable bank, and back again, in a real browser."""

import base64
import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
import xlsxwriter
from playwright.sync_api import Page, expect

from legaled.clock import utc_now
from legaled.domain.banks import Kind
from legaled.domain.permissions import SYSTEM
from legaled.models import Bank, BankImport, Exam, PoolItem, Question, QuestionVersion
from legaled.services import exams
from tests import factories
from tests.browser.conftest import DESK, PHONE, Site, Visit
from tests.factories import DAY

pytestmark = pytest.mark.browser
Visits = Callable[..., Visit]
FAULTY = "adoremai_题库.csv"
# the rows that the file's description names, by what is wrong with them
MISSING_ANSWER = (21, 22, 23, 24)
TOO_FEW = (1413,)
TRAILING = (
    182, 196, 212, 248, 307, 340, 365, 379, 426, 474, 485, 510, 529, 631, 709, 733, 740, 813, 898,
    978, 1044, 1106, 1133, 1172, 1209, 1227, 1242, 1254, 1316, 1371, 1433, 1485, 1545,
)
DROP = """([name, type, data]) => {
    const bytes = Uint8Array.from(atob(data), one => one.charCodeAt(0));
    const carried = new DataTransfer();
    carried.items.add(new File([bytes], name, {type}));
    const zone = document.querySelector('[data-drop]');
    zone.dispatchEvent(new DragEvent('dragover', {dataTransfer: carried, bubbles: true}));
    zone.dispatchEvent(new DragEvent('drop', {dataTransfer: carried, bubbles: true}));
}"""


def _drop(page: Page, name: str, data: bytes) -> None:
    """As when a file is let go over the page."""
    page.evaluate(DROP, [name, "text/csv", base64.b64encode(data).decode()])
    expect(page.locator("[data-drop-words]")).to_have_text(f"已选：{name}")


def _check(page: Page, bank: str) -> None:
    page.get_by_label("写入哪个题库").fill(bank)
    page.get_by_role("button", name="检查文件").click()
    expect(page.get_by_role("heading", name=re.compile("^读到 "))).to_be_visible(timeout=30_000)


def _rows(page: Page) -> list[int]:
    """The row numbers in the table of problems, over all its pages."""
    found: list[int] = []
    while True:
        found += [int(text) for text in page.locator(".problems tbody td:first-child")
                  .all_inner_texts()]
        following = page.locator("section[aria-labelledby=prob] .pager").get_by_text("下一页")
        if not following.count():
            return found
        following.click()


def test_a_real_file_becomes_a_bank_is_undone_and_comes_again(
    site: Site, visit: Visits, outside_data: Path
) -> None:
    data = (outside_data / "banks" / FAULTY).read_bytes()
    visitor = visit(DESK)
    page = visitor.page
    visitor.sign_in("D007")
    visitor.open("/banks/upload")
    _drop(page, FAULTY, data)
    visitor.look("dropped")
    _check(page, "学习通")
    expect(page.get_by_role("heading", name="读到 1550 行，1473 题可以写入")).to_be_visible()
    expect(page.get_by_text("UTF-8（带 BOM）")).to_be_visible()
    expect(page.get_by_text("单选 789，多选 384，判断 333，填空 1，简答 5")).to_be_visible()
    visitor.look("result")

    address = page.url
    for code, rows in (("missing_answer", MISSING_ANSWER), ("too_few_options", TOO_FEW),
                       ("answer_trailing_text", TRAILING)):
        page.goto(f"{address}?code={code}")
        assert _rows(page) == list(rows), code
        visitor.look(code, axe=False)
    page.goto(f"{address}?code=must")
    assert sorted(_rows(page)) == sorted([*MISSING_ANSWER, *TOO_FEW, *TRAILING])
    with page.expect_download() as download:
        page.get_by_role("link", name=re.compile("下载没通过的 38 行")).click()
    assert download.value.suggested_filename == "adoremai_题库_未通过.csv"
    assert download.value.path().read_bytes().startswith(b"\xef\xbb\xbf")

    page.get_by_label("有错的行不写入").check()
    page.get_by_role("button", name="写入 1473 题").click()
    expect(page.get_by_role("heading", name=re.compile("已写入「学习通」"))).to_be_visible()
    visitor.look("written")
    mine = sa.select(Bank.id).where(Bank.name == "学习通")
    assert _drawn(site, site.value(mine)) > 0
    count = (sa.select(sa.func.count(Question.id)).where(Question.bank_id == mine.scalar_subquery())
             .where(Question.retired.is_(None)))
    assert site.value(count) == 1473

    visitor.open(f"/banks/{site.value(mine)}/imports")
    visitor.look("record")
    page.get_by_role("link", name=FAULTY).click()
    expect(page.get_by_text("已发布的考试「导入后的考试」用了其中的题")).to_be_visible()
    visitor.look("no-undo")


def _drawn(site: Site, bank_id: int) -> int:
    """Publish an exam from the bank; how many questions it may draw."""
    now = utc_now()
    with site.database.write() as session:
        draft = factories.draft(
            [bank_id], code="KS-IMPORT", title="导入后的考试", opens=now + DAY,
            closes=now + 2 * DAY, pass_line=6, excellent_line=8,
            quotas={Kind.SINGLE: (5, 1), Kind.MULTI: (3, 1), Kind.JUDGE: (2, 1)})
        exam_id = exams.create(session, SYSTEM, draft, now)
        exams.publish(session, SYSTEM, exam_id, now)
    return int(site.value(
        sa.select(sa.func.count()).select_from(PoolItem).join(Exam, Exam.id == PoolItem.exam_id)
        .where(Exam.id == exam_id)))


def test_an_import_is_taken_back_and_done_again(
    site: Site, visit: Visits, outside_data: Path
) -> None:
    data = (outside_data / "banks" / FAULTY).read_bytes()
    visitor = visit(DESK)
    page = visitor.page
    visitor.sign_in("D007")
    for _ in range(2):
        visitor.open("/banks/upload")
        _drop(page, FAULTY, data)
        page.get_by_label("有错的行不写入，其余的写入").check()
        _check(page, "学习通")
        page.get_by_role("button", name="写入 1473 题").click()
        expect(page.get_by_role("heading", name=re.compile("已写入「学习通」"))).to_be_visible()
        mine = sa.select(sa.func.count(Question.id)).join(Bank, Bank.id == Question.bank_id).where(
            Bank.name == "学习通")
        assert site.value(mine) == 1473
        if site.value(sa.select(sa.func.count()).where(BankImport.undone.is_not(None))) == 0:
            page.get_by_role("button", name="撤销这次导入").click()
            expect(page.get_by_text(f"已撤销「{FAULTY}」的导入：删去新题 1473")).to_be_visible()
            visitor.look("undone")
            assert site.value(mine) == 0
    assert site.value(sa.select(sa.func.count(QuestionVersion.id)).where(
        QuestionVersion.import_id == sa.select(sa.func.max(BankImport.id)).scalar_subquery()
    )) == 1473


def _workbook() -> bytes:
    """As trainers keep them: a title over the table, notes on the first sheet, other headings."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out) as book:
        book.add_worksheet("说明").write_column(0, 0, ["本表由办公室汇总", "请勿外传"])
        sheet = book.add_worksheet("题目")
        sheet.write(0, 0, "2026 年档案法题库")
        for place, cells in enumerate([
            ("序号", "试题内容", "A", "B", "C", "正确选项", "依据"),
            ("1", "档案库房首先要保证什么？", "安全", "宽敞", "美观", "A", "档案法第十九条"),
            ("2", "下列哪些属于档案？", "文书", "照片", "信封", "AB", "档案法第二条"),
            ("3", "谁都可以损毁档案吗？", "可以", "不可以", "", "D", "档案法第五条"),
        ], start=2):
            sheet.write_row(place, 0, cells)
    return out.getvalue()


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_a_workbook_with_two_sheets_is_understood_without_script(
    site: Site, visit: Visits, size: tuple[int, int]
) -> None:
    visitor = visit(size, java_script_enabled=False)
    page = visitor.page
    visitor.sign_in("D007")
    visitor.open("/banks/upload")
    page.get_by_label("题库文件").set_input_files({
        "name": "题库.xlsx", "mimeType": "application/octet-stream", "buffer": _workbook()})
    _check(page, "办公室题库")
    expect(page.get_by_role("heading", name="读到 3 行，2 题可以写入")).to_be_visible()
    expect(page.get_by_text("表头在第 3 行")).to_be_visible()
    visitor.look("workbook", axe=False)
    page.get_by_label("工作簿里有 2 张工作表").select_option("说明")
    page.get_by_role("button", name="改读这一张").click()
    visitor.look("other-sheet", axe=False)
    page.locator("select[name=sheet]").select_option("题目")
    page.get_by_role("button", name=re.compile("改读这一张|重新检查$")).first.click()
    expect(page.get_by_role("heading", name="读到 3 行，2 题可以写入")).to_be_visible()
    page.get_by_label("有错的行不写入").check()
    page.get_by_role("button", name="写入 2 题").click()
    expect(page.get_by_role("heading", name=re.compile("已写入「办公室题库」"))).to_be_visible()
    visitor.look("written", axe=False)
