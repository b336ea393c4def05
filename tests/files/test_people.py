"""People files: encodings, shapes, every bad cell; what goes out comes back in."""

import csv
import io
from contextlib import suppress
from datetime import date, datetime
from typing import Any

import pytest
import xlsxwriter
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.bank_problems import UnreadableFileError
from legaled.domain.people import CATEGORY_LABEL, Category
from legaled.domain.permissions import ROLE_LABEL, Role
from legaled.files.people import (
    COLUMNS,
    PeopleFile,
    PersonRow,
    judge,
    pack,
    read_people,
    unpack,
    write_passwords,
    write_table,
    write_template,
)

HEADER = ",".join(COLUMNS.values())
GOOD = "0012,张三,示例区档案馆,办公室,主任,是,职工、培训员,在编,2026/1/5,2026年11月23日"
PERSON = PersonRow(
    2, "0012", "张三", "示例区档案馆", "办公室", "主任", True,
    frozenset({Role.STAFF, Role.TRAINER}), Category.ESTABLISHED, date(2026, 1, 5),
    date(2026, 11, 23),
)


def text(*lines: str) -> str:
    return "\r\n".join([HEADER, *lines]) + "\r\n"


def read(*lines: str) -> PeopleFile:
    return read_people(text(*lines).encode())


def row(**cells: str) -> str:
    values = {"number": "1", "name": "张三", "unit": "馆", **cells}
    out = io.StringIO()
    csv.writer(out).writerow([values.get(name, "") for name in COLUMNS])
    return out.getvalue().strip("\r\n")


def xlsx(*rows: list[Any], **options: Any) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for y, cells in enumerate(rows):
            for x, cell in enumerate(cells):
                if isinstance(cell, datetime):
                    sheet.write_datetime(y, x, cell, day)
                else:
                    sheet.write(y, x, cell)
    return out.getvalue()


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_every_encoding_reads_the_same(codec: str) -> None:
    found = read_people(text(GOOD).encode(codec))
    assert (list(found.rows), list(found.problems)) == ([PERSON], [])


def test_columns_in_any_order_with_others_between_and_marked_headers() -> None:
    found = read_people(
        "备注,离岗日期,到岗日期,人员类别,角色,领导干部（是/否）,职务,科室,单位 *,姓名,工号\n"
        ",,,返聘,,,,,馆,李四,7\n\n".encode())
    assert list(found.problems) == []
    assert list(found.rows) == [PersonRow(2, "7", "李四", "馆", category=Category.REHIRED)]


def test_blank_cells_have_their_meaning() -> None:
    found = read(row())
    assert list(found.rows) == [PersonRow(2, "1", "张三", "馆")]
    assert found.rows[0].roles == {Role.STAFF}


def test_xlsx_with_real_dates_and_numbers() -> None:
    day = datetime(2026, 1, 5)  # noqa: DTZ001 - a spreadsheet knows no time zones
    cells = [12, "张三", "馆", "", "", "否", "办公室", "编外", day, "2026-11-23"]
    found = read_people(xlsx(list(COLUMNS.values()), cells))
    assert list(found.problems) == []
    assert found.rows[0] == PersonRow(
        2, "12", "张三", "馆", roles=frozenset({Role.OFFICE}), category=Category.CONTRACT,
        joined_on=date(2026, 1, 5), left_on=date(2026, 11, 23))


def test_a_formula_is_refused_where_it_matters_and_ignored_where_not() -> None:
    header = [*COLUMNS.values(), "备注"]
    cells = ["1", "张三", "馆", "", "", "", "", "", "", "", "=1+1"]
    assert list(read_people(xlsx(header, cells)).problems) == []
    cells[1] = "=1+1"
    found = read_people(xlsx(header, cells))
    assert [(one.row, one.column, one.code) for one in found.problems] == [
        (2, "姓名", "formula_cell")]


@pytest.mark.parametrize(("cells", "code", "column"), [
    ({"number": ""}, "missing_number", "工号"),
    ({"name": " "}, "missing_name", "姓名"),
    ({"unit": ""}, "missing_unit", "单位"),
    ({"leader": "对"}, "bad_yes_no", "领导干部"),
    ({"roles": "职工、馆长"}, "unknown_role", "角色"),
    ({"category": "临聘"}, "unknown_category", "人员类别"),
    ({"joined": "2026-2-30"}, "bad_date", "到岗日期"),
    ({"joined": "46349"}, "bad_date", "到岗日期"),
    ({"left": "2026-11/23"}, "bad_date", "离岗日期"),
    ({"left": "23-11-2026"}, "bad_date", "离岗日期"),
    ({"joined": "2026-11-23", "left": "2026-11-22"}, "left_before_joined", "离岗日期"),
    ({"number": "1" * 41}, "field_too_long", "工号"),
    ({"name": "张" * 61}, "field_too_long", "姓名"),
    ({"post": "长" * 61}, "field_too_long", "职务"),
    ({"name": "张\x07三"}, "control_character", "姓名"),
    ({"number": "1\n2"}, "control_character", "工号"),
    ({"unit": "馆\u200b室"}, "control_character", "单位"),
])
def test_each_bad_cell(cells: dict[str, str], code: str, column: str) -> None:
    found = read(row(number="0"), row(**cells))
    assert [(one.row, one.column, one.code) for one in found.problems] == [(3, column, code)]
    assert len(found.rows) == 1
    assert found.problems[0].message.endswith("。")


def test_the_same_number_twice_names_the_first_line() -> None:
    problem, = read(row(), row(number="2"), row(name="李四")).problems
    assert (problem.row, problem.column, problem.code, problem.value) == (
        4, "工号", "duplicate_number", "1")
    assert "第 2 行" in problem.message


def test_all_that_is_wrong_is_said_at_once_in_order() -> None:
    found = read(row(name="", leader="?"), row(roles="x"))
    assert [(one.row, one.code) for one in found.problems] == [
        (2, "missing_name"), (2, "bad_yes_no"), (3, "duplicate_number"), (3, "unknown_role")]


@pytest.mark.parametrize(("content", "code"), [
    (b"", "no_rows"),
    (HEADER.encode(), "no_rows"),
    (HEADER.encode() + b"\n,,,,\n", "no_rows"),
    (HEADER.replace("单位,", "").encode() + b"\n1,a", "missing_column"),
    (HEADER.encode() + ",姓名\n1,a".encode(), "repeated_column"),
    (text(row() + ",多出来的").encode(), "ragged_row"),
    (text('1,"张三,馆').encode(), "ragged_row"),
])
def test_a_bad_shape(content: bytes, code: str) -> None:
    problem, = read_people(content).problems
    assert problem.code == code


def test_a_missing_column_is_named() -> None:
    problem, = read_people("工号,姓名\n1,张三".encode()).problems
    assert "单位、科室、职务、领导干部、角色、人员类别、到岗日期、离岗日期" in problem.message


def test_too_many_rows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("legaled.files.people.MAX_ROWS", 2)
    assert not read(row(), row(number="2")).problems
    assert read(row(), row(number="2"), row(number="3")).problems[0].code == "too_many_rows"


@pytest.mark.parametrize(("content", "code"), [
    (b"\x89PNG\r\n\x1a\n" + bytes(range(256)), "not_a_table"),
    (b"\xff\xd8\xff\xe0 not a table", "not_a_table"),
    (b"PK\x03\x04 broken", "not_a_table"),
    (xlsx(["工号"])[:-40], "not_a_table"),
    (b"\x81\xff\xff\xff", "undecodable"),
    (HEADER.encode() + b"\n" + "张三李四王五".encode() + b"\n" + "馆".encode("gbk") + b"\n",
     "mixed_encodings"),
])
def test_what_is_no_table(content: bytes, code: str) -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read_people(content)
    assert caught.value.problem.code == code
    assert "题库" not in caught.value.problem.message


def test_a_huge_file_is_not_read() -> None:
    with pytest.raises(UnreadableFileError) as caught:
        read_people(b"x" * (20 * 1024 * 1024 + 1))
    assert caught.value.problem.code == "file_too_large"


def test_template_is_readable_and_empty() -> None:
    assert read_people(write_template()).problems[0].code == "no_rows"


def test_passwords_are_written_for_excel_and_cannot_become_formulas() -> None:
    data = write_passwords([("1", "=cmd()", "abc")])
    assert data.decode("utf-8-sig") == "工号,姓名,一次性密码\r\n1,'=cmd(),abc\r\n"


words = st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=20)
days = st.none() | st.dates(date(1950, 1, 1), date(2090, 1, 1))


@st.composite
def people(draw: Any) -> list[list[str]]:
    numbers = draw(st.lists(words, min_size=1, max_size=8, unique=True))
    table = []
    for number in numbers:
        roles = draw(st.sets(st.sampled_from(list(Role))))
        joined, left = sorted([draw(days), draw(days)], key=lambda day: day or date.min)
        table.append([
            number, draw(words), draw(words), draw(words | st.just("")), draw(words | st.just("")),
            draw(st.sampled_from(["", "是", "否"])),
            draw(st.sampled_from("、,，")).join(ROLE_LABEL[role] for role in roles),
            draw(st.sampled_from(["", *CATEGORY_LABEL.values()])),
            joined.isoformat() if joined else "", left.isoformat() if left else "",
        ])
    return table


@given(people())
def test_what_is_written_is_read(table: list[list[str]]) -> None:
    found = read_people(write_table(tuple(COLUMNS.values()), table))
    assert list(found.problems) == []
    assert [[one.number, one.name, one.unit, one.office, one.post] for one in found.rows] == [
        cells[:5] for cells in table]


@given(people())
def test_packing_loses_nothing(table: list[list[str]]) -> None:
    found = read_people(write_table(tuple(COLUMNS.values()), table))
    assert unpack(pack(found.records)) == found


@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda raw: raw.hex()))
def test_what_was_not_packed_is_refused(sent: str) -> None:
    with pytest.raises(UnreadableFileError):
        unpack(sent)


def test_a_packed_bomb_is_refused() -> None:
    import base64
    import zlib

    bomb = base64.b64encode(zlib.compress(b"[" * 50_000_000)).decode()
    with pytest.raises(UnreadableFileError):
        unpack(bomb)


def test_rows_from_a_browser_are_judged_again() -> None:
    records = read(row()).records
    sent = pack([type(records[0])(2, {**records[0].cells, "roles": "馆长"})])
    assert unpack(sent).problems[0].code == "unknown_role"


@given(st.binary(max_size=300))
def test_any_bytes_are_judged_or_refused(data: bytes) -> None:
    with suppress(UnreadableFileError):
        assert read_people(data).problems


def test_judge_keeps_all_records() -> None:
    found = read(row(), row(number=""))
    assert len(judge(found.records).records) == 2
