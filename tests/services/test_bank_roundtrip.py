"""Import, export, import: nothing changes, whatever file the questions came from."""

import io
import json

import pytest
import xlsxwriter

from legaled.domain.permissions import SYSTEM
from legaled.files.bank_check import check
from legaled.files.bank_writing import write_bank
from legaled.services import banks
from tests.factories import NOW

FORMATS = ("csv", "xlsx", "xml")
SAMPLE = """题型,题干,选项A,选项B,选项C,选项D,答案,解析,难度,分值,知识点,法规,条款,来源
单选,档案馆是什么性质的机构？,行政机关,文化事业机构,企业,社会团体,B,见第十条。,易,2,机构,档案法,第十条,自编
多选,"下列哪些材料
应当归档？",公文,合同,照片,草稿纸,A、C、B,,中,2.5,,,,
判断,个人可以拒绝归档。,,,,,×,,,,,,,
填空,自形成之日起满____年，由____开放。,,,,,二十五|25；档案馆,,,,,,,
简答,=简述档案的定义,,,,,"直接形成，
有保存价值",,难,,,,,
单选,硚口区的简称含有哪个字？,-硚,@汉,+江,=武,A,,,,,,,
"""


def bank_of(report, session, name):
    """The questions as they stand in the bank after this file."""
    result = banks.import_drafts(session, SYSTEM, name, report.drafts, NOW)
    return banks.export_bank(session, SYSTEM, result.bank_id, NOW)


def content(drafts):
    return [(one.kind, one.stem, one.options, one.key, one.answer_text, one.explanation,
             one.points, one.topic, one.law, one.article, one.source) for one in drafts]


def assert_nothing_changes(session, report):
    drafts = bank_of(report, session, "来回")
    assert drafts
    for format_ in FORMATS:
        back = check(write_bank(drafts, format_), f"back.{format_}")
        assert [one.code for one in back.errors] == []
        result = banks.import_drafts(session, SYSTEM, "来回", back.drafts, NOW)
        assert (result.added, result.changed) == (0, 0), format_
        assert (result.unchanged, len(result.conflicts)) == (len(drafts), 0), format_
    again = banks.import_drafts(session, SYSTEM, "来回", report.drafts, NOW)
    assert (again.added, again.changed, len(again.conflicts)) == (0, 0, 0)


def test_a_file_of_all_kinds_comes_back_unchanged(session):
    assert_nothing_changes(session, check(SAMPLE.encode(), "a.csv"))


def as_workbook(text):
    """The same table as an XLSX, every cell as text."""
    import csv

    data = io.BytesIO()
    with xlsxwriter.Workbook(data, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for place, cells in enumerate(csv.reader(io.StringIO(text, newline=""))):
            for column, cell in enumerate(cells):
                sheet.write_string(place, column, cell)
    return data.getvalue()


@pytest.mark.parametrize(("codec", "name"), [
    ("utf-8", "a.csv"), ("utf-8-sig", "a.csv"), ("gb18030", "a.csv"), ("utf-16", "a.csv"),
    ("utf-16-le", "a.csv"), ("utf-16-be", "a.csv"), (None, "a.xlsx"),
])
def test_the_same_table_is_the_same_bank_in_any_encoding(session, codec, name):
    data = as_workbook(SAMPLE) if codec is None else SAMPLE.encode(codec)
    report = check(data, name)
    assert [one.code for one in report.errors] == []
    assert content(report.drafts) == content(check(SAMPLE.encode(), "a.csv").drafts)
    result = banks.import_drafts(session, SYSTEM, "甲", report.drafts, NOW)
    same = banks.import_drafts(
        session, SYSTEM, "甲", check(SAMPLE.encode(), "a.csv").drafts, NOW)
    assert (result.added, same.added, same.changed, same.unchanged) == (6, 0, 0, 6)


def test_every_real_bank_comes_back_unchanged(session, outside_data):
    folder = outside_data / "banks"
    for name in json.loads((folder / "TRUTH.json").read_bytes()):
        with session.begin_nested() as aside:
            assert_nothing_changes(session, check((folder / name).read_bytes(), name))
            aside.rollback()
        session.expire_all()
