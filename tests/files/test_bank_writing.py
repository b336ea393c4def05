"""What we hand out: a bank in every format, and the refused rows of somebody's file."""

import io
import zipfile
from dataclasses import replace
from decimal import Decimal

import pytest
import python_calamine
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legaled.domain.bank_headers import FIELD_LABEL
from legaled.domain.bank_problems import ERRORS, REASON_LINE
from legaled.domain.bank_record import Record
from legaled.domain.bank_rows import judge_record
from legaled.domain.banks import JUDGE_OPTIONS, Kind, QuestionDraft
from legaled.files.bank_check import check
from legaled.files.bank_writing import (
    EXPORTS,
    refused_rows,
    refused_suffix,
    write_bank,
    write_template,
)
from legaled.files.banks import BankFile
from legaled.files.moodle import read_moodle
from tests.bank_drafts import drafts

EACH = [
    QuestionDraft(2, "L-000001", "", Kind.SINGLE, "=甲？", ("=一", "'+二"), ("B",),
                  points=Decimal(2), explanation="第一行\n第二行"),
    QuestionDraft(3, None, "007", Kind.MULTI, "-乙<b>？", ("@一", "二|三", "\t四"[1:]), ("A", "C"),
                  law="宪法", article="27,28"),
    QuestionDraft(4, "L-000003", "", Kind.JUDGE, "丙😀。", JUDGE_OPTIONS, ("B",), difficulty="难"),
    QuestionDraft(5, "L-000004", "", Kind.BLANK, "____和（ ）", (), ("甲|乙", "丙")),
    QuestionDraft(6, "L-000005", "", Kind.ESSAY, "戊？", answer_text="-略", source="'来源"),
    QuestionDraft(7, None, "1.50", Kind.JUDGE, "http://例.cn 是网址。", JUDGE_OPTIONS, ("A",),
                  topic="_x0041_")]


def without_rows(drafts):
    """The drafts wherever they stand: a format has its own rows."""
    return [replace(one, row=0) for one in drafts]


# ---- a whole bank ----

@pytest.mark.parametrize("form", EXPORTS)
def test_export_then_import_changes_nothing(form):
    report = check(write_bank(EACH, form), f"题库.{form}")
    assert (report.errors, report.bank.format) == ([], form)
    assert without_rows(report.drafts) == without_rows(EACH)


def test_an_unknown_format_is_no_export():
    with pytest.raises(ValueError, match="docx"):
        write_bank(EACH, "docx")


def test_csv_is_the_template():
    assert write_bank(EACH, "csv") == write_template(EACH)
    assert write_bank((), "csv").decode("utf-8-sig").split("\r\n")[0] == ",".join(
        FIELD_LABEL.values())


def sheet_of(data):
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return archive.read("xl/worksheets/sheet1.xml").decode()


def rows_of(data):
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
    return book.get_sheet_by_index(0).to_python(skip_empty_area=False)


def test_a_workbook_holds_nothing_but_text():
    data = write_bank(EACH, "xlsx")
    sheet = sheet_of(data)
    assert "<f>" not in sheet
    assert "<v>" not in sheet
    assert "<hyperlink" not in sheet
    assert 'state="frozen"' in sheet
    rows = rows_of(data)
    assert rows[0] == list(FIELD_LABEL.values())
    assert [row[2] for row in rows[1:]] == [one.stem for one in EACH]
    assert rows[2][:2] == ["007", "多选"]
    assert rows[1][4] == "''+二"
    assert rows[6][0] == "1.50"


@settings(max_examples=200, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(drafts(), st.sampled_from(["csv", "xlsx"]))
def test_tables_bring_every_text_back(draft, form):
    if draft is not None:
        report = check(write_bank([draft], form), f"题库.{form}")
        assert (report.errors, list(report.drafts)) == ([], [draft])


# ---- refused rows ----

TABLE = "题干,答案,备注,题型\n甲,对,好,判断\n乙,,=1,\n丙,错,多,判断,一格\n丁,大概,,判断\n"
ENCODINGS = [("utf-8", ""), ("utf-8-sig", ""), ("gb18030", ""), ("utf-16-le", "\ufeff"),
             ("utf-16-be", "\ufeff")]


def refused(data, name):
    """The refused rows of a file, checked: bank, bytes, and what reading them again tells."""
    report = check(data, name)
    again = refused_rows(report.bank, report.errors)
    return report.bank, again, check(again, f"退回.{refused_suffix(report.bank)}")


def mended(data, name, old, new):
    return [one.stem for one in check(data.replace(old, new), name).drafts]


@pytest.mark.parametrize(("encoding", "bom"), ENCODINGS)
@pytest.mark.parametrize(("delimiter", "suffix"), [(",", "csv"), ("\t", "tsv"), (";", "txt")])
def test_delimited_rows_keep_their_delimiter_and_encoding(encoding, bom, delimiter, suffix):
    text = bom + TABLE.replace(",", delimiter)
    bank, data, again = refused(text.encode(encoding), f"b.{suffix}")
    assert refused_suffix(bank) == suffix
    assert (again.bank.encoding, again.bank.delimiter) == (encoding, delimiter)
    assert list(again.bank.headers) == ["题干", "答案", "备注", "题型", "原因"]
    rows = list(again.bank.rows.values())
    assert [row[:3] for row in rows] == [("乙", "", "'=1"), ("丙", "错", "多"), ("丁", "大概", "")]
    assert ERRORS["missing_answer"] in rows[0][4]
    assert rows[1][5] == "一格"
    codec = encoding.removesuffix("-sig")
    assert mended(data, f"b.{suffix}", "大概".encode(codec), "对".encode(codec)) == ["丁"]


def test_a_reason_is_not_told_twice():
    text = TABLE.replace(",一格", "")
    _, data, again = refused(text.encode(), "b.csv")
    once_more = refused_rows(again.bank, again.errors)
    assert once_more == data


def test_any_character_can_stand_in_a_reason():
    text = "题型,备注😀,答案,题干\n判断,甲,大概,硚口\ue000㐀𠀀\n"
    _, _, again = refused(text.encode("gb18030"), "b.csv")
    assert again.bank.encoding == "gb18030"
    assert [row[3] for row in again.bank.rows.values()] == ["硚口\ue000㐀𠀀"]


def test_a_table_without_a_header_comes_back_with_one():
    bank = BankFile("b.csv", "csv", "utf-8", ",", mapping={"列1": "stem", "列3": "answer"},
                    headers=("列1", "列2", "列3"), rows={1: ("甲对不对？", "x", "大概")})
    problems = judge_record(Record(1, {"stem": "甲对不对？", "answer": "大概", "kind": "判断"}))[1]
    data = refused_rows(bank, problems)
    assert data.decode().split("\r\n")[0] == "题干,列2,答案,原因"
    assert mended(data, "b.csv", "大概".encode(), "对".encode()) == ["甲对不对？"]


def test_a_column_that_somebody_named_is_known_again():
    text = "试题说明,甲(一),乙,结果,别的\n第几条？,第一条,第二条,C,x\n"
    names = {"试题说明": "stem", "甲(一)": "option_a", "乙": "option_b", "结果": "answer"}
    report = check(text.encode(), "b.csv", mapping=names)
    data = refused_rows(report.bank, report.errors)
    assert data.decode().split("\r\n")[0] == (
        "题干（试题说明）,选项A（甲一）,选项B（乙）,答案（结果）,别的,原因")
    assert mended(data, "b.csv", b",C,", b",B,") == ["第几条？"]


def test_a_markdown_table_stays_one():
    text = "| 题型 | 题干 | 答案 |\n|---|:-:|---|\n| 判断 | 甲\\|乙 | 大概 |\n| 判断 | 丙 | 对 |\n"
    bank, data, again = refused(text.encode(), "b.md")
    assert (bank.format, refused_suffix(bank), again.bank.format) == ("md", "md", "md")
    assert [row[:3] for row in again.bank.rows.values()] == [("判断", "甲|乙", "大概")]
    assert mended(data, "b.md", "大概".encode(), "对".encode()) == ["甲|乙"]


@pytest.mark.parametrize("form", ["xlsx", "xls"])
def test_workbooks_come_back_as_xlsx(form):
    bank = BankFile("b." + form, form, sheet="第[1]批", header_row=3, headers=("题干", "答案"),
                    mapping={"题干": "stem", "答案": "answer"},
                    rows={4: ("=甲", "大概"), 5: ("'=乙", "对")})
    problems = judge_record(Record(4, {"stem": "=甲", "answer": "大概", "kind": "判断"}))[1]
    data = refused_rows(bank, [*problems, *problems])
    assert refused_suffix(bank) == "xlsx"
    header, row = rows_of(data)
    assert header == ["题干", "答案", "原因"]
    assert row[:2] == ["=甲", "大概"]
    assert row[2].count("答案看不懂") == 1
    assert "<f>" not in sheet_of(data)


def test_a_refused_workbook_can_be_imported_when_mended():
    data = write_bank(EACH, "xlsx")
    report = check(data, "b.xlsx")
    row = next(row for row, cells in report.bank.rows.items() if cells[0] == "007")
    problem = judge_record(Record(row, {"stem": "乙"}))[1][0]
    again = check(refused_rows(report.bank, [problem]), "再传.xlsx")
    assert [one.stem for one in again.drafts] == ["-乙<b>？"]


PROSE = ("一、单选题\n1、档案法自何时施行？\nA、2020年\nB、2021年\n答案：C\n\n"
         "2、档案的定义在第几条？\nA、第一条\nB、第二条\n答案：B\n\n"
         "二、多选题\n1、档案包括哪些？\nA、文字\nB、图表\nC、空气\n答案：D\n")


@pytest.mark.parametrize(("encoding", "bom"), ENCODINGS)
@pytest.mark.parametrize("form", ["txt", "md"])
def test_prose_comes_back_in_its_encoding_and_goes_in_again(encoding, bom, form):
    bank, data, again = refused((bom + PROSE).encode(encoding), f"b.{form}")
    codec = encoding.removesuffix("-sig")
    assert (bank.format, refused_suffix(bank)) == (form, form)
    text = data.decode(codec).lstrip("\ufeff")
    assert text.count(REASON_LINE) == 2
    assert "第几条" not in text
    assert again.bank.encoding == encoding
    assert [(one.code, one.value) for one in again.errors] == [
        ("answer_has_no_option", "C"), ("answer_has_no_option", "D")]
    text = bom + text.replace("答案：C", "答案：B").replace("答案：D", "答案：AB")
    fixed = check(text.encode(codec), f"b.{form}")
    assert fixed.errors == []
    assert [(one.kind, one.stem, one.key) for one in fixed.drafts] == [
        (Kind.SINGLE, "档案法自何时施行？", ("B",)), (Kind.MULTI, "档案包括哪些？", ("A", "B"))]


def test_an_answer_that_stood_in_a_list_at_the_end_comes_along():
    text = ("一、单选题\n1、档案法自何时施行？\nA、2020年\nB、2021年\n"
            "2、定义在第几条？\nA、第一条\nB、第二条\n参考答案\n一、单选题\n1.C 2.B\n")
    _, data, again = refused(text.encode(), "b.txt")
    assert [(one.code, one.value) for one in again.errors] == [("answer_has_no_option", "C")]
    assert mended(data, "b.txt", "答案：C\r\n".encode(), "答案：B\r\n".encode()) == [
        "档案法自何时施行？"]


def test_documents_come_back_as_documents():
    docx = pytest.importorskip("docx")
    document = docx.Document()
    for line in PROSE.split("\n"):
        document.add_paragraph(line)
    document.save(out := io.BytesIO())
    bank, data, again = refused(out.getvalue(), "b.docx")
    assert (bank.format, refused_suffix(bank), again.bank.format) == ("docx", "docx", "docx")
    assert [one.code for one in again.errors] == ["answer_has_no_option"] * 2
    fixed = docx.Document(io.BytesIO(data))
    for paragraph in fixed.paragraphs:
        paragraph.text = paragraph.text.replace("答案：C", "答案：B").replace("答案：D", "答案：AB")
    fixed.save(out := io.BytesIO())
    assert [(one.kind, one.key) for one in check(out.getvalue(), "b.docx").drafts] == [
        (Kind.SINGLE, ("B",)), (Kind.MULTI, ("A", "B"))]


def test_moodle_questions_come_back_as_they_were():
    good, bad = EACH[1], QuestionDraft(1, None, "", Kind.SINGLE, "坏的？", ("一", "二"), ("A",))
    source = write_bank([good, bad], "xml").replace(
        b'<answer fraction="100" format="html">', b'<answer fraction="50" format="html">')
    bank, data, again = refused(source, "b.xml")
    assert (bank.format, refused_suffix(bank)) == ("xml", "xml")
    _, rows, _ = read_moodle(data)
    assert list(rows.values()) == [bank.rows[2][0]]
    assert f"<!-- {REASON_LINE}".encode() in data
    assert [one.code for one in again.errors] == ["missing_answer"]
    assert mended(data, "b.xml", b'fraction="50"', b'fraction="100"') == ["坏的？"]


def test_a_lost_picture_is_a_warning_and_keeps_no_question_out():
    source = write_bank(EACH[:1], "xml").replace(
        b"</questiontext>", b"<file name='a.png'/></questiontext>")
    report = check(source, "b.xml")
    assert report.errors == []
    assert ("picture_left_out", 1, "a.png") in {
        (one.code, one.row, one.value) for one in report.warnings}
    assert without_rows(report.drafts) == without_rows(EACH[:1])


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030"])
def test_moodle_files_in_other_encodings(encoding):
    data = write_bank(EACH, "xml").decode().replace("UTF-8", encoding).encode(
        encoding, "xmlcharrefreplace")
    assert without_rows(check(data, "b.xml").drafts) == without_rows(EACH)


def test_a_reason_cannot_end_its_comment():
    bank = BankFile("b.xml", "xml", rows={1: ("<question type='-->x'/>",)})
    problems = read_moodle(b"<quiz><question type='--&gt;x'/></quiz>")[2]
    data = refused_rows(bank, problems)
    assert [one.code for one in read_moodle(data)[2]] == ["kind_unknown"]
