"""XLSX and XLS: where the questions stand, what cells hold, and what would fill the memory."""

import contextlib
import datetime
import io
import json
import struct
import zipfile

import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st

from legaled.domain.bank_problems import UnreadableFileError
from legaled.domain.banks import Kind
from legaled.files.bank_check import check
from legaled.files.banks import read_bank
from tests.files import ole

HEADER = ["题型", "题干", "选项A", "选项B", "答案"]
ROWS = [["单选", "甲？", "A、一", "B、二", "B"], ["判断", "乙。", "", "", "对"]]


def refused(data, filename="x.xlsx", **options):
    with pytest.raises(UnreadableFileError) as caught:
        read_bank(data, filename, **options)
    assert check(data, filename, **options).exit_code == 2
    return caught.value.problem


def codes(report):
    return [(one.code, one.row) for one in report.errors]


def workbook(*sheets, hidden=(), work=lambda book, sheet: None):
    with xlsxwriter.Workbook(buffer := io.BytesIO(), {"in_memory": True}) as book:
        for name, rows in sheets:
            sheet = book.add_worksheet(name)
            for place, cells in enumerate(rows):
                sheet.write_row(place, 0, cells)
            if name in hidden:
                sheet.hide()
            work(book, sheet)
    return buffer.getvalue()


def patched(data, part, change):
    """The workbook with one part changed."""
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(
            buffer := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            content = old.read(name)
            new.writestr(name, change(content) if name == part else content)
    return buffer.getvalue()


def both(rows, name="题库"):
    return [workbook((name, rows)), ole.xls((name, ole.cells(*rows)))]


# ---- where the questions stand ----

@pytest.mark.parametrize("above", [[], [[]], [["2024年题库"], ["请勿改动表头"], []], [[]] * 20])
@pytest.mark.parametrize("name", ["a.xlsx", "a.xls", "a.csv", "无后缀"])
def test_the_header_may_stand_below_other_rows(above, name):
    for data, kind in zip(both([*above, HEADER, *ROWS]), ["xlsx", "xls"], strict=True):
        report = check(data, name)
        assert (report.bank.format, report.bank.header_row) == (kind, len(above) + 1)
        assert [(one.row, one.key) for one in report.drafts] == [
            (len(above) + 2, ("B",)), (len(above) + 3, ("A",))]
        assert list(report.bank.mapping) == HEADER
        assert codes(report) == []


def test_the_sheet_with_questions_is_found_and_another_may_be_asked_for():
    sheets = (("说明", [["本题库仅供练习"]]), ("地名", [["编号", "名称"], ["1", "甲"]]),
              ("二", [["题干", "答案"], ["丙。", "错"]]), ("一", [HEADER, *ROWS]), ("空", []))
    for data in (workbook(*sheets), ole.xls(*((n, ole.cells(*rows)) for n, rows in sheets))):
        bank = read_bank(data, "a.xlsx")
        assert (bank.sheet, bank.sheets) == ("一", ("说明", "地名", "二", "一", "空"))
        assert len(read_bank(data, "a.xlsx", sheet="二").records) == 1
        assert refused(data, sheet="没有").code == "not_a_table"
        assert codes(check(data, "a.xlsx", sheet="空")) == [("no_rows", None)]


def test_a_hidden_sheet_is_the_last_to_be_read():
    sheets = (("旧", [HEADER, *ROWS, *ROWS]), ("新", [HEADER, *ROWS]))
    bank = read_bank(workbook(*sheets, hidden=["旧"], work=_last_is_active), "a.xlsx")
    assert (bank.sheet, bank.sheets) == ("新", ("新",))
    only = workbook(("说明", [["题库在后面"]]), sheets[0], hidden=["旧"])
    assert read_bank(only, "a.xlsx").sheet == "旧"


def _last_is_active(book, sheet):
    if sheet.get_name() == "新":
        sheet.activate()
        sheet.set_first_sheet()


def test_a_workbook_without_a_header_is_told_by_its_columns():
    rows = [[n, "单选题", f"第{n}号下列哪项正确？", f"甲{n}", f"乙{n}", "AB"[n % 2]]
            for n in range(1, 7)]
    for data in both(rows):
        report = check(data, "a.xls")
        assert (report.bank.header_row, report.valid[Kind.SINGLE]) == (None, 6)
        assert report.bank.mapping == {"列1": "number", "列2": "kind", "列3": "stem",
                                       "列4": "option_a", "列5": "option_b", "列6": "answer"}
        assert list(report.bank.unsure) == list(report.bank.mapping)


def test_merged_cells():
    def merge(book, sheet):
        sheet.merge_range(0, 0, 0, 4, "2024年题库")
        sheet.merge_range(1, 0, 2, 0, "题干")
        sheet.merge_range(1, 1, 1, 3, "选项")
        sheet.merge_range(1, 4, 2, 4, "答案")
        sheet.merge_range(1, 5, 2, 5, "章节")
        sheet.merge_range(3, 5, 4, 5, "第一章")
        sheet.write_row(2, 1, ["A", "B", "C"])
        for row in (3, 4):
            sheet.write_row(row, 0, [f"{row}？", "一", "二", "三", "C"])
    report = check(workbook(("题库", []), work=merge), "a.xlsx")
    assert [(one.row, one.key, one.topic) for one in report.drafts] == [
        (4, ("C",), "第一章"), (5, ("C",), "第一章")]
    assert codes(report) == []


# ---- what cells hold ----

def test_cells_as_text():
    def write(book, sheet):
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        sheet.write_row(0, 0, ["题干", "选项A", "选项B", "选项C", "选项D", "答案", "", ""])
        sheet.write_row(1, 0, ["何时？", 1949.0, 1.5, "NA"])
        sheet.write_datetime(1, 4, datetime.date(2024, 3, 1), day)
        sheet.write(1, 5, "A")
        sheet.write_row(2, 0, ["对吗？", "", "", "", ""])
        sheet.write_boolean(2, 5, False)
    report = check(workbook(("题库", []), work=write), "a.xlsx")
    assert report.drafts[0].options == ("1949", "1.5", "NA", "2024-03-01")
    assert report.drafts[1].key == ("B",)
    assert codes(report) == []


def test_formulas_in_both_kinds():
    def write(book, sheet):
        sheet.write_formula(3, 1, '="甲"&"？"', None, "甲？")
    new = workbook(("题库", [["=不是公式"], HEADER, *ROWS]), work=write)
    old = ole.xls(("题库", [*ole.cells([], HEADER, *ROWS), (3, 1, ole.formula(3, 1, 7.0))]))
    for data in (new, old):
        report = check(data, "a.xlsx")
        assert [(one.code, one.row, one.column) for one in report.errors] == [
            ("formula_cell", 4, "B")]
        assert [one.row for one in report.drafts] == [3]


# ---- what is refused ----

def test_passwords_programs_and_other_old_files():
    assert refused(ole.compound(EncryptionInfo=b"x", EncryptedPackage=b"y")).code == (
        "password_protected")
    locked = ole.book(("一", ())).replace(
        ole.record(0x0A), ole.record(0x2F, b"\1\0" + bytes(52)) + ole.record(0x0A), 1)
    assert refused(ole.compound(Workbook=locked)).code == "password_protected"
    macros = refused(ole.compound(Workbook=ole.book(("一", ())), _VBA_PROJECT_CUR=b"x"))
    assert (macros.code, "宏" in macros.message) == ("unsafe_archive", True)
    word = refused(ole.compound(WordDocument=b"x"), "a.doc")
    assert (word.code, "DOCX" in word.message) == ("not_a_table", True)
    assert refused(ole.compound(Other=b"x")).code == "not_a_table"


@pytest.mark.parametrize(("part", "said"), [
    ("ppt/presentation.xml", "演示文稿"), ("content.xml", "ODF"), ("xl/workbook.bin", "XLSB"),
    ("题库.csv", "压缩包")])
def test_other_packages(part, said):
    with zipfile.ZipFile(buffer := io.BytesIO(), "w") as archive:
        archive.writestr(part, "题干,答案\n")
    found = refused(buffer.getvalue(), "a.csv")
    assert (found.code, said in found.message) == ("not_a_table", True)


@pytest.mark.parametrize("cell", [
    b'<c r="XFD1048576"><v>1</v></c>', b'<c x=\' r="A1"\' r="XFD1048576"><v>1</v></c>',
    b'<c\nr\n=\n\'XFD1048576\'><v>1</v></c>', b"<c><v>1</v></c>" * 2_000_000,
    b"</row>" + b"<row/>" * 1_000_000 + b'<row r="9"><c r="ZZ9"/>',
    b"<c r" + b" " * 5_000 + b'="XFD1048576"/>'])
def test_a_sheet_that_would_fill_the_memory(cell):
    data = patched(workbook(("题库", [HEADER])), "xl/worksheets/sheet1.xml",
                   lambda part: part.replace(b"</row>", cell + b"</row>", 1))
    assert refused(data).code == "unsafe_archive"


def test_an_entity_is_refused():
    data = patched(workbook(("题库", [HEADER])), "xl/sharedStrings.xml", lambda part: part.replace(
        b"<sst", b'<!DOCTYPE sst [<!ENTITY x SYSTEM "file:///etc/hostname">]><sst', 1))
    assert refused(data).code == "unsafe_archive"


def test_a_long_cell_and_many_columns():
    long = patched(workbook(("题库", [["题干", "答案"], ["长" * 9, "对"]])), "xl/sharedStrings.xml",
                   lambda part: part.replace("长".encode(), "长".encode() * 200_000))
    assert codes(check(long, "a.xlsx")) == [("field_too_long", 2)]
    wide = workbook(("题库", [["题干", "答案", *range(9_998)]]))
    assert refused(wide).code == "not_a_table"


def test_old_workbooks_that_lie():
    good = ole.cells(HEADER, *ROWS)
    far = ole.xls(("题库", [*good, (65_535, 65_000, 1.0)]))
    assert refused(far).code == "unsafe_archive"
    claim = (0, 0, ole.record(0x0200, struct.pack("<IIHHH", 0, 4_000_000_000, 0, 60_000, 0)))
    assert refused(ole.xls(("题库", [claim, *good]))).code == "unsafe_archive"
    backwards = (0, 0, ole.record(0x0200, struct.pack("<IIHHH", 9, 1, 0, 5, 0)))
    assert refused(ole.xls(("题库", [backwards, *good]))).code == "unsafe_archive"
    strings = ole.record(0xFC, struct.pack("<II", 1, 2_000_000_000))
    many = ole.book(("题库", good)).replace(ole.record(0x0A), strings + ole.record(0x0A), 1)
    assert refused(ole.compound(Workbook=many)).code == "not_a_table"
    circle = bytearray(ole.xls(("题库", good)))
    circle[-512:-508] = struct.pack("<I", 0)  # the first sector follows itself
    assert refused(bytes(circle)).code == "not_a_table"


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_workbooks_cut_short(share):
    for data in both([HEADER, *ROWS * 50]):
        assert refused(data[:int(len(data) * share)], "a.xls").code == "not_a_table"


NEW, OLD = both([HEADER, *ROWS])


@settings(max_examples=150, deadline=None)
@given(st.data(), st.sampled_from([OLD, NEW]))
def test_mutated_workbooks_only_ever_raise_unreadable(data, good):
    raw = bytearray(good)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at:at + 4] = data.draw(st.sampled_from([b"\0\0\0\0", b"\xff\xff\xff\xff", b"\1\2\3\4"]))
    with contextlib.suppress(UnreadableFileError):
        read_bank(bytes(raw), "a.xls")
    json.dumps(check(bytes(raw), "a.xls").as_json())


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_mutated_records_only_ever_raise_unreadable(data):
    raw = bytearray(ole.book(("题库", ole.cells(HEADER, *ROWS))))
    for _ in range(data.draw(st.integers(1, 6))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    json.dumps(check(ole.compound(Workbook=bytes(raw)), "a.xls").as_json())
