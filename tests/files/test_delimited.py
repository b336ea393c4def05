"""Delimited text of every habit, and text that is something else."""

import io

import pytest
import xlsxwriter

from legaled.domain.bank_problems import UnreadableFileError
from legaled.domain.banks import Kind
from legaled.files.bank_check import check
from legaled.files.banks import read_bank
from legaled.files.tables import MAX_BYTES, read_table

QUESTIONS = [(f"第{n}题，下列关于档案的说法，哪项正确？", f"甲{n}, 乙", f"丙{n}", f"丁'{n}", "戊")
             for n in range(1, 9)]


def codes(report):
    return [(one.code, one.row) for one in report.errors]


def refused(data, filename="x.csv"):
    with pytest.raises(UnreadableFileError) as caught:
        read_bank(data, filename)
    assert check(data, filename).exit_code == 2
    return caught.value.problem


def quoted(row, quote="'", between=","):
    return between.join(quote + cell.replace(quote, quote * 2) + quote for cell in row)


# ---- quotes and delimiters ----

@pytest.mark.parametrize("between", [",", ", ", "\t", ";", "|"])
@pytest.mark.parametrize("quote", ["'", '"'])
def test_cells_in_either_quotes_between_any_delimiter(quote, between):
    header = ("题干", "选项A", "选项B", "选项C", "选项D", "答案")
    rows = [header, *((*row, "ABCD"[n % 4]) for n, row in enumerate(QUESTIONS))]
    report = check("\n".join(quoted(row, quote, between) for row in rows).encode(), "a.txt")
    assert report.bank.delimiter == between.strip(" ")
    assert [one.options for one in report.drafts] == [row[1:] for row in QUESTIONS]
    assert codes(report) == []


def test_answers_as_texts_between_single_quotes_without_a_header():
    rows = [(*row, row[1 + n % 4]) for n, row in enumerate(QUESTIONS)]
    report = check("\n".join(map(quoted, rows)).encode("gbk"), "a.csv")
    assert (report.bank.header_row, report.bank.encoding) == (None, "gb18030")
    assert [one.key for one in report.drafts] == [("A",), ("B",), ("C",), ("D",)] * 2
    assert [one.options for one in report.drafts] == [row[1:] for row in QUESTIONS]


def test_a_single_quote_in_text_is_no_quote():
    text = "题干,答案\n'甲'是对的,对\n'乙',错\n丙',对\n"
    report = check(text.encode(), "a.csv")
    assert [one.stem for one in report.drafts] == ["'甲'是对的", "'乙'", "丙'"]


def test_rows_of_sql():
    values = ",\n".join(f"({quoted((*row, 'B'))})" for row in QUESTIONS)
    inserts = "\n".join(f"INSERT INTO `t` (`a`) VALUES ({quoted((*row, 'B'))});"
                        for row in QUESTIONS)
    for text in (values, inserts):
        report = check(text.encode(), "a.txt")
        assert [one.options for one in report.drafts] == [row[1:] for row in QUESTIONS]


def test_a_bar_parts_cells_only_when_it_clearly_does():
    assert check("题干|A|B|答案\n甲？|一|二|A\n".encode(), "a.txt").bank.delimiter == "|"
    report = check("题干,选项,答案\n甲？,一|二,A|B\n乙？,三|四,A\n".encode(), "a.txt")
    assert (report.bank.delimiter, len(report.drafts)) == (",", 2)


def test_a_table_in_markdown():
    text = ("# 题库\n\n|题干|A|B|答案|\n|:--|---|---|--:|\n"
            "|甲\\|乙？|一|二|A|\n| 丙？ | 三 | 四 | B |\n")
    report = check(text.encode(), "a.md")
    assert (report.bank.format, report.bank.delimiter, report.bank.header_row) == ("md", "|", 3)
    assert [(one.row, one.stem) for one in report.drafts] == [(5, "甲|乙？"), (6, "丙？")]


def test_a_header_below_a_title():
    text = "2024年普法题库,,,\n说明：请勿改动,,,\n\n题目,选项A,选项B,答案\n甲？,一,二,A\n"
    report = check(text.encode(), "a.csv")
    assert (report.bank.header_row, [one.row for one in report.drafts]) == (4, [5])
    assert report.as_json()["records"] == 1


# ---- tables without a header ----

def test_the_answer_first_and_options_that_say_true_and_false():
    rows = ["A,档案馆应当依法保管档案。,对,错", "B,任何人都可以涂改档案。,对,错",
            "A,公民有利用档案的权利。,错,对", "AC,下列哪些是档案？,甲,乙,丙,丁"]
    report = check("\n".join(rows).encode(), "a.csv")
    assert [(one.kind, one.key) for one in report.drafts] == [
        (Kind.JUDGE, ("A",)), (Kind.JUDGE, ("B",)), (Kind.JUDGE, ("B",)),
        (Kind.MULTI, ("A", "C"))]
    assert (codes(report), report.bank.header_row) == ([], None)
    assert report.bank.mapping["列1"] == "answer"


def test_what_cannot_be_told_is_asked():
    report = check("甲。,乙。\n丙。,丁。\n".encode(), "a.csv")
    assert codes(report) == [("missing_column", None)]
    assert (report.bank.headers, report.bank.mapping) == (("列1", "列2"), {})
    named = check("甲,对\n丙,错\n".encode(), "a.csv", mapping={"列1": "stem", "列2": "answer"})
    assert [(one.row, one.stem) for one in named.drafts] == [(1, "甲"), (2, "丙")]
    assert (named.bank.header_row, list(named.bank.unsure)) == (None, [])
    wrong = check("甲,对\n丙,错\n".encode(), "a.csv", mapping={"列9": "stem"})
    assert codes(wrong) == [("missing_column", None)]


def test_a_header_of_unknown_words_is_shown_as_found():
    report = check("考题正文,标的\n档案馆应当依法保管档案。,对\n".encode(), "a.csv")
    assert codes(report) == [("missing_column", 1)]
    assert report.bank.headers == ("考题正文", "标的")
    chosen = {"考题正文": "stem", "标的": "answer"}
    assert len(check("考题正文,标的\n甲。,对\n".encode(), "a.csv", mapping=chosen).drafts) == 1


def test_questions_in_prose_are_no_table():
    text = ("一、单选题\n1. 甲,乙,丙？\nA. 一,二,三\nB. 二\n答案：A\n"
            "2. 丁？\nA. 一\nB. 二\n答案：B\n")
    report = check(text.encode("gbk"), "a.csv")
    assert (report.bank.format, report.bank.encoding, report.bank.headers) == (
        "txt", "gb18030", ())
    assert [one.key for one in report.drafts] == [("A",), ("B",)]
    assert (report.bank.delimiter, report.bank.header_row, report.bank.mapping) == (None, None, {})
    assert all(len(cells) == 1 for cells in report.bank.rows.values())


# ---- what is refused ----

@pytest.mark.parametrize(("data", "said"), [
    (b"\x89PNG\r\n\x1a\n" + bytes(99), "图片"), (b"%PDF-1.7\n", "PDF"), (b"{\\rtf1 x}", "RTF"),
    (b"Rar!\x1a\x07\0", "压缩包"), (b"SQLite format 3\0", "数据库"), (b"BM\x36\0\0\0\0\0", "图片"),
    (b"<html><body><table><tr><td>x", "网页"), (b"\n <!DOCTYPE html><p>", "网页"),
    ("<table><tr><td>题干".encode("utf-16"), "网页"),
    (b'<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?><Workbook/>', "XML")])
@pytest.mark.parametrize("name", ["a.csv", "a.xls", "a.xlsx", "a.docx", "a.txt"])
def test_other_files_by_any_name(data, said, name):
    found = refused(data, name)
    assert (found.code, said in found.message) == ("not_a_table", True)


def test_ten_thousand_columns():
    assert refused((",".join(["题干", "答案", *"x" * 9_998]) + "\n甲,对\n").encode()).code == (
        "not_a_table")
    assert refused((",".join(["甲"] * 10_000) + "\n").encode() * 3).code == "not_a_table"
    report = check(("题干,答案\n甲,对\n乙,错" + ",x" * 9_999 + "\n丙,对" + "," * 9_999).encode(),
                   "a.csv")
    assert codes(report) == [("ragged_row", 3)]
    assert [one.row for one in report.drafts] == [2, 4]


def test_a_cell_of_five_megabytes():
    report = check(("题干,答案\n" + "长" * 1_700_000 + ",对\n乙,错\n").encode(), "a.csv")
    assert codes(report) == [("field_too_long", 2)]
    assert len(report.drafts) == 1
    assert len(report.errors[0].value) < 300


@pytest.mark.parametrize(("data", "code"), [
    ("题干,答案\n甲\0,对\n".encode(), "undecodable"),
    ("题干,答案\n甲乙丙丁,对\n".encode() + "戊己庚辛,错\n".encode("gbk"), "mixed_encodings"),
    ("题干,答案\n甲乙丙丁,对\n戊己庚辛".encode()[:-1], "undecodable"),
    ("题干,答案\n甲乙丙丁,对\n戊己庚辛".encode()[:-2], "mixed_encodings"),
    ("题干,答案\n".encode() * 5 + b"\xff\xff\xff", "undecodable"),
    (b"x" * (MAX_BYTES + 1), "file_too_large"),
    (b"a,b\n" * 4_000_000, "too_many_rows")])
def test_bytes_that_no_reader_should_guess_at(data, code):
    assert refused(data).code == code


def test_a_file_cut_in_the_middle_of_a_quote_loses_that_row_alone():
    report = check('题干,答案\n甲,对\n"乙,错\n丙,对\n"丁'.encode(), "a.csv")
    assert report.exit_code == 1
    assert {code for code, _ in codes(report)} == {"ragged_row"}
    assert [one.stem for one in report.drafts][:1] == ["甲"]


def test_the_same_bank_whatever_its_file():
    header = ["题干", "选项A", "选项B", "答案"]
    rows = [["甲，“乙”？", "一", "二", "B"], ["丙？", "三", "四", "A"]]
    text = "\r\n".join(",".join(row) for row in [header, *rows])
    with xlsxwriter.Workbook(buffer := io.BytesIO(), {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for place, row in enumerate([header, *rows]):
            sheet.write_row(place, 0, row)
    files = [text.encode(codec) for codec in ("utf-8", "utf-8-sig", "gb18030", "utf-16")]
    first, *others = [check(data, "a").drafts for data in (*files, buffer.getvalue())]
    assert len(first) == 2
    assert all(one == first for one in others)


def test_people_are_read_by_the_same_reader():
    table = read_table("工号;姓名\n1;张三\n".encode(), None, {"工号": "", "姓名": ""})
    assert (table.delimiter, [line.cells for line in table.lines]) == (
        ";", [("工号", "姓名"), ("1", "张三")])
