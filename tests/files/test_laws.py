"""Files with official texts: every encoding and format, and what is no text at all."""

import io
import json
import zipfile

import docx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legaled.config import ROOT
from legaled.domain.law_problems import (
    ERRORS,
    MATTERS,
    MAX_MB,
    WARNINGS,
    LawUnreadableError,
)
from legaled.files.laws import read_law, read_text, title_of
from tests.law_texts import gazette, made_laws, markdown, plain

TEXT = "测试条例\n（2020年1月1日通过）\n第一条　为了规范管理，制定本条例。\n第二条　乙。\n"
COUNTS = {
    "宪法(2018修正).md": (143, 4, 8), "档案法(2020-06-20).md": (53, 8, 0),
    "档案法.plain_fullwidth_toc.utf8.txt": (53, 8, 0), "档案法实施条例(2024-01-12).md": (52, 8, 0),
    "行政处罚法(2021-01-22).md": (86, 8, 4), "行政处罚法.front-matter.md": (86, 8, 4),
    "保守国家秘密法(2024-02-27).md": (65, 6, 0), "国家安全法(2015-07-01).md": (84, 7, 5),
    "法治宣传教育法.md": (65, 7, 0),
    "档案行政处罚程序规定(国家档案局令第20号)-第1至9条.txt": (9, 2, 0),
}
DATES = {
    "档案法(2020-06-20).md": ("2020-06-20", "2021-01-01"),
    "档案法.plain_fullwidth_toc.utf8.txt": ("2020-06-20", "2021-01-01"),
    "档案法实施条例(2024-01-12).md": (None, "2024-03-01"),
    "国家安全法(2015-07-01).md": ("2015-07-01", "2015-07-01"),
    "法治宣传教育法.md": ("2025-09-12", "2025-11-01"),
    "档案行政处罚程序规定(国家档案局令第20号)-第1至9条.txt": ("2023-02-15", "2023-04-01"),
}


def word(lines):
    made, data = docx.Document(), io.BytesIO()
    for line in lines:
        made.add_paragraph(line)
    made.save(data)
    return data.getvalue()


def code_of(data, name="法规.txt"):
    with pytest.raises(LawUnreadableError) as refused:
        read_law([(name, data)])
    return refused.value.problem.code


# ---- the real laws ----

@pytest.mark.parametrize("name", COUNTS)
def test_official_texts(outside_data, name):
    found = read_law([(name, (outside_data / "laws" / name).read_bytes())])
    assert (len(found.articles), found.chapters, found.sections) == COUNTS[name]
    assert (found.gaps, found.repeats, found.warnings) == ((), (), ())
    assert bool(found.preamble) == name.startswith("宪法")
    dates = found.as_json()["dates"]
    assert (dates["promulgated"], dates["effective"]) == DATES.get(name, tuple(dates.values()))


def test_every_official_text_is_counted_here(outside_data):
    assert {path.name for path in (outside_data / "laws").iterdir()} == set(COUNTS)


@pytest.mark.parametrize("names", [
    ("档案法(2020-06-20).md", "档案法.plain_fullwidth_toc.utf8.txt"),
    ("行政处罚法(2021-01-22).md", "行政处罚法.front-matter.md"),
])
def test_two_layouts_of_an_official_text_are_the_same_words(outside_data, names):
    first, second = (
        read_law([(name, (outside_data / "laws" / name).read_bytes())]) for name in names)
    assert [one.text for one in first.articles] == [one.text for one in second.articles]
    assert first.digest == second.digest


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16", "utf-8-sig"])
def test_an_official_text_in_other_encodings(outside_data, encoding):
    path = outside_data / "laws" / "宪法(2018修正).md"
    text = path.read_text("utf-8")
    assert read_law([("a.md", text.encode(encoding))]).digest == read_law(
        [("a.md", path.read_bytes())]).digest


# ---- formats ----

@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16", "utf-16-le", "utf-16-be"])
def test_encodings(encoding):
    found = read_law([("a.txt", TEXT.encode(encoding))])
    assert [one.text for one in found.articles] == ["为了规范管理，制定本条例。", "乙。"]
    assert found.title == "测试条例"


@given(made=made_laws())
@settings(max_examples=15, deadline=None)
def test_a_word_document_is_the_text(made):
    lines = gazette(made, "\n").split("\n")
    assert read_law([("a.docx", word(lines))]).digest == read_law(
        [("a.md", markdown(made).encode())]).digest


def test_lines_of_a_word_document_are_its_paragraphs():
    found = read_law([("a.docx", word(["测试条例", "第一条　甲。", "", "第三条　丙。"]))])
    assert [(one.line, one.code) for one in found.warnings if one.line] == [(4, "gap")]


def test_a_word_document_by_its_content_and_not_its_name():
    assert len(read_law([("a.txt", word(["测试条例", "第一条　甲。"]))]).articles) == 1


def test_a_law_in_several_files():
    first = "# 测试法\n\n## 第一章 总则\n\n第一条 甲。\n"
    second = "---\ntitle: 测试法\n---\n# 测试法\n\n## 第二章 附则\n\n第二条 乙。\n"
    found = read_law([("2.md", second.encode()), ("1.md", first.encode("gb18030"))])
    assert ([one.text for one in found.articles], found.chapters) == (["甲。", "乙。"], 2)


@pytest.mark.parametrize(("name", "title"), [
    ("档案法(2020-06-20).md", "档案法"), ("某某办法（试行）.txt", "某某办法"), ("a", "a"),
])
def test_the_title_in_a_file_s_name(name, title):
    assert title_of(name) == title


# ---- refusals ----

@pytest.mark.parametrize(("data", "code"), [
    (b"", "empty"), (b" \r\n\t", "empty"), (b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "not_text"),
    (b"\xff\xd8\xff\xe0" + b"x" * 99, "not_text"), (b"%PDF-1.7 x", "not_text"),
    (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "not_text"), (bytes(range(256)) * 40, "not_text"),
    (b"PK\x03\x04" + b"x" * 200, "unreadable_docx"), (b"\x01\x02\x03\x04" * 200, "not_text"),
    ("甲".encode() * 20 + b"\xff\xfe\xfd", "undecodable"), ("没有条文".encode(), "no_articles"),
    (TEXT.encode() + "第三条　丙。".encode("gb18030"), "undecodable"),
])
def test_what_is_no_text_of_a_law(data, code):
    assert code_of(data) == code


def test_a_file_of_five_megabytes():
    data = (plain(30) + "甲" * 2_000_000).encode()
    assert len(data) > MAX_MB * 1024 * 1024
    assert code_of(data) == "file_too_large"
    half = data[:len(data) // 2 + 1]
    with pytest.raises(LawUnreadableError, match="4 MB"):
        read_law([("1.txt", half), ("2.txt", half)])


def test_a_spreadsheet_and_a_locked_document():
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr("xl/workbook.xml", "<x/>")
    assert code_of(data.getvalue(), "a.docx") == "unreadable_docx"
    locked = b"\xd0\xcf\x11\xe0" + b"\0" * 99 + "EncryptedPackage".encode("utf-16-le")
    assert code_of(locked, "a.docx") == "unreadable_docx"


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data):
    try:
        text = read_text("a", data)
    except LawUnreadableError as refused:
        text = refused.problem.message
    assert isinstance(text, str)


def test_the_report_is_json():
    found = read_law([("a.txt", TEXT.encode())]).as_json()
    assert list(found) == [
        "title", "articles", "first", "last", "gaps", "repeats", "chapters", "sections",
        "preamble", "dates", "warnings"]
    assert json.loads(json.dumps(found)) == found


def rows(heading):
    """The cells of the table under a heading of docs/laws.md."""
    text = (ROOT / "docs" / "laws.md").read_text("utf-8").split(f"\n## {heading}\n")[1]
    lines = [line for line in text.split("\n## ")[0].splitlines() if line.startswith("| `")]
    return [[cell.strip(" `") for cell in line.strip("|").split("|")] for line in lines]


def test_the_page_says_every_code_in_the_product_s_words():
    assert {code: words for code, words in rows("读不了")} == dict(ERRORS)
    assert {code: words for code, _, words in rows("提醒")} == dict(WARNINGS)
    assert {code for code, weight, _ in rows("提醒") if weight == "要核对"} == MATTERS
