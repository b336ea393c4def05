"""Question-bank files: encodings, shapes, the report, the template and what comes back."""

import contextlib
import csv
import io
import json
import zipfile
from decimal import Decimal

import pytest
import xlsxwriter
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from legaled.domain.bank_headers import FIELD_LABEL
from legaled.domain.bank_problems import ERRORS, UnreadableFileError
from legaled.domain.bank_rows import judge_record
from legaled.domain.banks import JUDGE_OPTIONS, MAX_ROWS, Kind, QuestionDraft
from legaled.files.bank_check import check
from legaled.files.bank_writing import refused_rows, write_template
from legaled.files.banks import read_bank
from legaled.files.tables import MAX_BYTES
from tests.bank_drafts import drafts

HEADER = "题号,题型,题干,选项A,选项B,选项C,选项D,答案,解析"
ROWS = (HEADER, "1,单选,硚口区档案馆属于？,机关,文化事业机构,企业,社团,B,",
        "2,多选,下列属于档案的有？,甲,乙,丙,丁,A、C,见解析",
        '3,判断,"档案法\n自2021年施行",,,,,对,',
        "4,填空,满____年开放,,,,,二十五|25,", "5,简答,简述,,,,,=略,")
TEXT = "\r\n".join(ROWS) + "\r\n"


def codes(report):
    return [(one.code, one.row) for one in report.errors]


def refused(data, filename="x.csv", **options):
    with pytest.raises(UnreadableFileError) as caught:
        read_bank(data, filename, **options)
    assert check(data, filename, **options).exit_code == 2
    return caught.value.problem.code


ENCODINGS = [("utf-8", ""), ("utf-8-sig", ""), ("gb18030", ""), ("utf-16-le", "\ufeff"),
             ("utf-16-be", "\ufeff"), ("utf-16-le", ""), ("utf-16-be", "")]


@pytest.mark.parametrize(("encoding", "bom"), ENCODINGS)
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_the_same_bank_in_every_encoding_delimiter_and_line_end(encoding, bom, delimiter, end):
    wanted = check(TEXT.encode(), "bank.csv")
    text = TEXT.replace(",", delimiter).replace("\r\n", "\n").replace("\n", end)
    report = check((bom + text).encode(encoding), "bank.csv")
    assert (report.bank.encoding, report.bank.delimiter) == (encoding, delimiter)
    assert report.bank.format == ("tsv" if delimiter == "\t" else "csv")
    assert report.drafts == wanted.drafts
    assert [one.row for one in report.drafts] == [2, 3, 4, 6, 7]
    assert [one.kind for one in report.drafts] == list(Kind)


def test_gbk_is_reported_as_gb18030_and_characters_beyond_gb2312_survive():
    report = check(TEXT.encode("gbk"), "bank.csv")
    assert report.bank.encoding == "gb18030"
    assert report.drafts[0].stem == "硚口区档案馆属于？"


def test_the_json_has_exactly_the_keys_of_the_contract_in_order():
    text = TEXT + "6,单选,,甲,乙,,,A,\r\n7,单选,下列？,甲,乙,,,E,\r\n"
    report = check(text.encode(), "bank.csv")
    found = json.loads(json.dumps(report.as_json()))
    assert list(found) == [
        "file", "format", "encoding", "delimiter", "sheet", "header_row", "mapping", "records",
        "valid", "errors", "warnings", "duplicates", "conflicts", "added", "changed", "unchanged"]
    assert found["records"] == 7
    assert found["valid"] == {"single": 1, "multi": 1, "judge": 1, "blank": 1, "essay": 1}
    assert found["mapping"]["选项D"] == "option_d"
    assert list(found["errors"][0]) == ["row", "column", "code", "value", "message"]
    assert [(one["row"], one["code"]) for one in found["errors"]] == [
        (8, "missing_stem"), (9, "answer_has_no_option")]
    assert [(one["row"], one["code"]) for one in found["warnings"]] == [(4, "newline_in_stem")]
    assert (found["sheet"], found["header_row"], found["added"]) == (None, 1, None)
    assert report.exit_code == 1
    assert check(TEXT.encode(), "bank.csv").exit_code == 0


def test_duplicates_and_conflicts_are_left_out_of_drafts_but_count_as_valid():
    text = "题干,选项A,选项B,答案\n甲？,一,二,A\n1、甲？,二,一,B\n甲？,一,二,B\n"
    report = check(text.encode(), "b.csv")
    assert (report.duplicates, report.conflicts) == ([(3, 2)], [(4, 2)])
    assert [one.row for one in report.drafts] == [2]
    assert [one.row for one in report.rivals] == [4]
    assert (report.valid[Kind.SINGLE], report.exit_code) == (3, 0)


# ---- shapes ----

def test_ragged_rows_are_refused_and_the_others_kept():
    text = "题干,选项A,选项B,答案\n甲？,一,二,A\n乙,？,一,二,A\n丙？,一\n丁？,一,二,B,,\n,,,\n\n"
    report = check(text.encode(), "b.csv")
    assert codes(report) == [("ragged_row", 3), ("ragged_row", 4)]
    assert [one.row for one in report.drafts] == [2, 5]
    assert report.as_json()["records"] == 4


def test_a_row_may_end_behind_its_answer():
    text = "题干,答案,解析,A,B,C\n甲。,对\n乙？,A,,一,二\n丙,？,A,,一,二,三\n丁？\n戊？,\n"
    report = check(text.encode(), "b.csv")
    assert codes(report) == [("ragged_row", 4), ("ragged_row", 5), ("missing_answer", 6)]
    assert [one.row for one in report.drafts] == [2, 3]


def test_quotes_that_do_not_pair_lose_no_other_row():
    text = '题干,答案\n"甲"乙,对\n丙,错\n"丁,对\n戊,对\n己,错\n'
    report = check(text.encode(), "b.csv")
    assert codes(report) == [("ragged_row", 2), ("ragged_row", 4)]
    assert [one.row for one in report.drafts] == [3, 5, 6]
    assert "引号" in report.errors[0].message


def test_many_open_quotes_stay_fast():
    text = "题干,答案\n" + "甲,\"对\n" * 30_001
    assert check(text.encode(), "b.csv").exit_code == 1


def test_rows_start_where_their_record_starts():
    text = '题干,答案\n\n"一\n二\r\n三",对\n四,错\n'
    assert [one.row for one in read_bank(text.encode(), "b.csv").records] == [3, 6]


def test_missing_columns():
    report = check("题型,题干,选项A\n单选,甲,乙\n".encode(), "b.csv")
    assert codes(report) == [("missing_column", 1)]
    assert "答案" in report.errors[0].message
    named = check(TEXT.encode(), "b.csv", mapping={"没有这列": "stem"})
    assert codes(named) == [("missing_column", 1)]


def test_no_rows():
    assert codes(check(HEADER.encode(), "b.csv")) == [("no_rows", 1)]
    for data in (b"", b"\r\n \r\n", b"\xef\xbb\xbf"):
        assert codes(check(data, "b.csv")) == [("no_rows", None)]


def test_too_many_rows():
    data = ("题干,答案\n" + "甲,对\n" * (MAX_ROWS + 1)).encode()
    assert codes(check(data, "b.csv")) == [("too_many_rows", None)]


def test_columns_may_be_named_by_hand():
    text = "考点,题干,答,答案\n甲,旧,对,错\n"
    report = check(text.encode(), "b.csv", mapping={"考点": "stem", "答": "answer", "题干": ""})
    assert report.bank.mapping == {"考点": "stem", "答": "answer"}
    assert (report.drafts[0].stem, report.drafts[0].key) == ("甲", ("A",))
    with pytest.raises(ValueError, match="unknown field"):
        read_bank(TEXT.encode(), "b.csv", mapping={"答案": "nonsense"})


def test_a_ninth_option_is_too_many():
    options = ",".join(f"选项{letter}" for letter in "ABCDEFGHI")
    text = f"题干,{options},答案\n甲？,1,2,3,4,5,6,7,8,9,A\n乙？,1,2,3,4,5,6,7,8,,A\n"
    report = check(text.encode(), "b.csv")
    assert codes(report) == [("too_many_options", 2)]
    assert (report.errors[0].column, report.errors[0].value) == ("选项I", "9")
    assert len(report.drafts[0].options) == 8


# ---- files that are refused whole ----

@pytest.mark.parametrize("magic", [
    b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"PK\x03\x04", b"%PDF-1.7", b"GIF89a",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"])
def test_a_renamed_picture_or_archive_is_not_a_table(magic):
    assert refused(magic + b"\0\1\2\3" * 50) == "not_a_table"


def test_prose_is_not_a_table():
    assert refused("关于档案工作的通知\n各单位：\n".encode()) == "not_a_table"


@pytest.mark.parametrize("data", [
    TEXT.encode() + b"\0", b"\xff\xfe" + TEXT.encode("utf-16-le") + b"a", b"\0\1\2\3" * 9,
    TEXT.encode("utf-32"), "题干,答案\n".encode() + b"\xff\xff\xff\n"])
def test_undecodable(data):
    assert refused(data) == "undecodable"


@pytest.mark.parametrize("data", [
    ROWS[0].encode() + b"\n" + ROWS[1].encode("gb18030"),
    ROWS[0].encode("gb18030") + b"\n" + ROWS[1].encode(),
    b"\xef\xbb\xbf" + ROWS[0].encode() + b"\n" + ROWS[1].encode("gb18030"),
    TEXT.encode() + "略略".encode()[:-2]])
def test_mixed_encodings_are_never_read_as_one(data):
    assert refused(data) == "mixed_encodings"


def test_file_too_large():
    assert refused(b"x" * (MAX_BYTES + 1)) == "file_too_large"


# ---- XLSX ----

def workbook(*rows, formula=False):
    buffer = io.BytesIO()
    with xlsxwriter.Workbook(buffer, {"in_memory": True}) as book:
        sheet = book.add_worksheet("题库")
        for row, cells in enumerate(rows):
            sheet.write_row(row, 0, cells)
        if formula:
            sheet.write_formula(1, 1, '="对"', None, "对")
        book.add_worksheet("空")
    return buffer.getvalue()


def test_a_simple_workbook():
    data = workbook(["题号", "题干", "答案", "分值"],
                    ["001", "甲。", 1, 2.0], ["002", "乙。", True, 1.5])
    report = check(data, "b.XLSX")
    assert (report.bank.format, report.bank.sheet, report.bank.encoding) == ("xlsx", "题库", None)
    assert [(d.row, d.foreign_number, d.key, d.points) for d in report.drafts] == [
        (2, "001", ("A",), Decimal(2)), (3, "002", ("A",), Decimal("1.5"))]
    assert codes(check(data, "b.xlsx", sheet="空")) == [("no_rows", None)]
    assert refused(data, "b.xlsx", sheet="没有") == "not_a_table"


def test_a_formula_in_a_column_that_is_not_read_is_let_be():
    file = workbook(["题干", "备注", "答案"], ["甲。", "", "对"], formula=True)
    assert codes(check(file, "b.xlsx")) == []
    file = workbook(["题干", "序号", "答案"], ["甲。", "", "对"], formula=True)
    assert check(file, "b.xlsx").drafts[0].foreign_number == "对"


def test_a_formula_is_refused_where_it_stands():
    report = check(workbook(["题干", "答案"], ["甲。", ""], ["乙。", "错"], formula=True), "b.xlsx")
    assert codes(report) == [("formula_cell", 2)]
    assert [one.row for one in report.drafts] == [3]


def test_workbooks_that_are_refused():
    good = workbook(["题干", "答案"], ["甲。", "对"])
    locked = b"\xd0\xcf\x11\xe0" + "EncryptedPackage".encode("utf-16-le")
    assert refused(locked, "b.xlsx") == "password_protected"
    assert refused(b"PK\x03\x04 broken", "b.xlsx") == "not_a_table"
    assert len(check(TEXT.encode(), "b.xlsx").drafts) == 5  # its content says what a file is
    with zipfile.ZipFile(bomb := io.BytesIO(), "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", b"\0" * (201 * 1024 * 1024))
    assert refused(bomb.getvalue(), "b.xlsx") == "unsafe_archive"
    with zipfile.ZipFile(outside := io.BytesIO(good), "a") as archive:
        archive.writestr("../evil.xml", b"")
    assert refused(outside.getvalue(), "b.xlsx") == "unsafe_archive"


def test_one_cell_in_the_far_corner_does_not_fill_the_memory():
    with xlsxwriter.Workbook(buffer := io.BytesIO(), {"in_memory": True}) as book:
        book.add_worksheet().write(1_048_575, 16_383, "x")
    assert refused(buffer.getvalue(), "b.xlsx") == "unsafe_archive"


# ---- writing ----

def test_the_template_is_what_the_contract_says():
    data = write_template(check(TEXT.encode(), "b.csv").drafts)
    assert data.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")))
    assert rows[0] == list(FIELD_LABEL.values())
    assert rows[3][1:3] == ["判断", "档案法\n自2021年施行"]
    assert rows[5][rows[0].index("答案")] == "'=略"
    assert data.count(b"\r\n") == 6


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(st.lists(drafts().filter(lambda one: one is not None), min_size=1, max_size=3))
def test_export_then_import_changes_nothing(wanted):
    data = write_template(wanted)
    bank = read_bank(data, "export.csv")
    found = [judge_record(record) for record in bank.records]
    assert bank.errors == []
    assert [errors for _, errors, _ in found] == [[] for _ in wanted]
    again = [one for one, _, _ in found]
    assert [vars(one) | {"row": 2} for one in again] == [vars(one) for one in wanted]
    assert write_template(again) == data


def test_a_draft_of_each_kind_round_trips():
    wanted = [
        QuestionDraft(2, "L-000001", "", Kind.SINGLE, "=甲？", ("=一", "'+二"), ("B",),
                      points=Decimal(2)),
        QuestionDraft(3, None, "7", Kind.MULTI, "乙？", ("一", "二", "三"), ("A", "C"), law="宪法"),
        QuestionDraft(4, "L-000003", "", Kind.JUDGE, "丙。", JUDGE_OPTIONS, ("B",),
                      difficulty="难"),
        QuestionDraft(5, "L-000004", "", Kind.BLANK, "____和（ ）", (), ("甲|乙", "丙")),
        QuestionDraft(6, "L-000005", "", Kind.ESSAY, "戊？", answer_text="-略", article="27,28")]
    assert check(write_template(wanted), "b.csv").drafts == wanted


@pytest.mark.parametrize(("encoding", "bom"), ENCODINGS[:5])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_refused_rows_come_back_as_they_came_and_say_why(encoding, bom, delimiter):
    text = "题干,答案,备注,题型\n甲,对,好,判断\n乙,,=1,\n丙,错,多,判断,一格\n丁,大概,,判断\n"
    report = check((bom + text.replace(",", delimiter)).encode(encoding), "b.csv")
    data = refused_rows(report.bank, report.errors)
    back = read_bank(data, "refused.csv")
    assert (back.encoding, back.delimiter) == (encoding, delimiter)
    assert list(back.headers) == ["题干", "答案", "备注", "题型", "原因"]
    rows = list(back.rows.values())
    assert [row[:3] for row in rows] == [("乙", "", "'=1"), ("丙", "错", "多"), ("丁", "大概", "")]
    assert ERRORS["missing_answer"] in rows[0][4]
    assert rows[1][5] == "一格"
    codec = encoding.removesuffix("-sig")
    mended = check(data.replace("大概".encode(codec), "对".encode(codec)), "again.csv")
    assert [one.stem for one in mended.drafts] == ["丁"]


# ---- whatever people send ----

@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.txt", "a.xlsx", "a", "a.png"]))
@example(b"\xff\xfe", "a.csv")
@example(b"\0", "a.csv")
@example(b"\xd0\xcf\x11\xe0", "a.xls")
@example(b'"', "a.csv")
def test_random_bytes_only_ever_raise_unreadable(data, filename):
    with contextlib.suppress(UnreadableFileError):
        read_bank(data, filename)
    report = check(data, filename)
    json.dumps(report.as_json())
    assert {one.code for one in report.errors} <= set(ERRORS)


@settings(max_examples=300, deadline=None)
@given(st.data(), st.sampled_from(["utf-8", "utf-8-sig", "gb18030", "utf-16", "utf-16-le"]))
def test_mutated_files_only_ever_raise_unreadable(data, encoding):
    raw = bytearray(TEXT.encode(encoding))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        raw[at:at + data.draw(st.integers(0, 3))] = data.draw(
            st.sampled_from([b"", b'"', b",", b"\n", b"\0", b"\xff", b"\r", "的".encode(), b"="]))
    report = check(bytes(raw), "a.csv")
    json.dumps(report.as_json())
    assert report.exit_code in (0, 1, 2)


WORKBOOK = workbook(["题干", "答案"], ["甲。", "对"])  # once: it holds the time of its making


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_mutated_workbooks_only_ever_raise_unreadable(data):
    raw = bytearray(WORKBOOK)
    for _ in range(data.draw(st.integers(1, 3))):
        raw[data.draw(st.integers(0, len(raw) - 1))] = data.draw(st.integers(0, 255))
    assert check(bytes(raw), "a.xlsx").exit_code in (0, 1, 2)


def test_twenty_thousand_rows_take_seconds():
    rows = "".join(
        f"{n},单选,第{n}号档案馆保管的档案自形成之日起满多少年向社会开放？,"
        "A、十年,B、二十年,C、二十五年,D、三十年,C,见第二十七条\n" for n in range(20_000))
    report = check((HEADER + "\n" + rows).encode("gb18030"), "b.csv")
    assert len(report.drafts) == 20_000


# ---- other people's banks ----

def _by_code(problems):
    found = {}
    for one in problems:
        found.setdefault(one.code, set()).add(one.row)
    return found


@pytest.mark.parametrize("name", [
    "adoremai_题库.csv", "disc_mcq_mult_cpa.csv", "disc_mcq_mult_nje.csv",
    "disc_mcq_sing_lbk.csv", "disc_mcq_sing_lbk.utf16le.tsv", "xxt_题库.xlsx", "yanan_题库.xls",
    "adoremai_题库.md", "xuzhou_answer.txt", "xuzhou_answer.gbk.txt"])
def test_other_peoples_banks_are_read_as_counted_by_hand(outside_data, name):
    banks = outside_data / "banks"
    truth = json.loads((banks / "TRUTH.json").read_text(encoding="utf-8"))[name]
    report = check((banks / name).read_bytes(), name)
    valid = {kind.value: n for kind, n in report.valid.items() if n}
    assert valid == {**truth["valid_by_type"], **truth["not_choice_by_type"]}
    assert report.as_json()["records"] == truth["records"]
    wanted = {}
    for reason, where in truth["defective"].items():
        wanted.setdefault(reason.split(":")[1], set()).update(where["rows"])
    assert _by_code(report.errors) == wanted
    pairs = {tuple(pair) for pair in truth["duplicate_pairs"]["pairs"]}
    assert {(of, row) for row, of in report.duplicates} == pairs
    assert report.conflicts == []
    warned = _by_code(report.warnings)
    for code, where in truth["warnings"].items():
        if (name, code) != ("disc_mcq_mult_nje.csv", "glued_options"):  # `F市`, `A市中院、B市中院`
            assert len(warned.pop(code)) == where["n"]
    assert warned == {}
