"""People files: bytes in, rows and problems out; one-time passwords out.

A file is read as text and judged row by row. What only the database knows (is there such a
unit?) is judged in `legaled.services.people`.
"""

import base64
import binascii
import json
import re
import unicodedata
import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from legaled.domain import people as rules
from legaled.domain.bank_problems import ERRORS, Problem, UnreadableFileError, shortened
from legaled.domain.bank_record import Record
from legaled.domain.people import CATEGORY_LABEL, Category, has_control
from legaled.domain.permissions import ROLE_LABEL, Role
from legaled.domain.text import clean, escape_cell, squeeze, unescape_cell
from legaled.files.delimited import Line
from legaled.files.tables import Table, read_table, write_csv

COLUMNS: Mapping[str, str] = {
    "number": "工号", "name": "姓名", "unit": "单位", "office": "科室", "post": "职务",
    "leader": "领导干部", "roles": "角色", "category": "人员类别", "joined": "到岗日期",
    "left": "离岗日期",
}
MAX_ROWS = 20_000
MAX_UNPACKED = 8 * 1024 * 1024
UNIT_MAX = 400
LENGTH = {"number": rules.NUMBER_MAX, "name": rules.NAME_MAX, "post": rules.POST_MAX}
WORDS: Mapping[str, str] = {
    "missing_number": "没有工号。工号是登录名，请填上。",
    "missing_name": "没有姓名，请填上。",
    "missing_unit": "没有单位。请填单位的名称、编号或完整路径（如 示例区/示例区档案馆）。",
    "duplicate_number": "工号和上面第 {of} 行相同。一人一个工号，请改正或删去一行。",
    "bad_yes_no": "请写 是 或 否，留空算否。",
    "unknown_role": "没有这个角色。请写 职工、培训员、办公室、账号管理员，"
                    "几个之间用顿号；留空算职工。",
    "unknown_category": "没有这个人员类别。请写 在编、编外 或 返聘，留空算在编。",
    "bad_date": "日期看不懂，或者没有这一天。请写成 2026-11-23。",
    "left_before_joined": "离岗日期早于到岗日期，请核对这两个日期。",
    "field_too_long": "最多 {limit} 个字，请缩短。",
    "control_character": "有看不见的字符或换行。请把这一格重新输入一遍。",
    "missing_column": "表头缺少这些列：{names}。请在第一行写齐："
                      + "、".join(COLUMNS.values()) + "。",
    "repeated_column": "表头里这一列出现了两次，请只留一列。",
    "no_rows": "文件里没有人员。请在表头下面一人一行填写。",
    "too_many_rows": f"人员多于 {MAX_ROWS} 行。请分成几个文件，分次导入。",
    "not_a_table": "这个文件不是表格，或者已经损坏。请上传 CSV 或 XLSX 文件。",
    "ragged_row": "这一行比表头多出格子，或者引号没有成对。请看文字里的逗号和引号。",
    "not_packed": "检查结果没有完整传回来，什么都没有写入。请重新选文件检查。",
}
_ROLES = {label: role for role, label in ROLE_LABEL.items()}
_CATEGORIES = {label: category for category, label in CATEGORY_LABEL.items()}
_BRACKETED = re.compile(r"\(.*\)$|\*")
_DATE = re.compile(r"([0-9]{4})(?:-([0-9]{1,2})-([0-9]{1,2})|/([0-9]{1,2})/([0-9]{1,2})"
                   r"|年([0-9]{1,2})月([0-9]{1,2})日)(?: 00:00:00)?")


@dataclass(frozen=True)
class PersonRow:
    """One person as a row of a file says it; `unit` and `office` are still words."""

    row: int
    number: str
    name: str
    unit: str
    office: str = ""
    post: str = ""
    is_leader: bool = False
    roles: frozenset[Role] = frozenset({Role.STAFF})
    category: Category = Category.ESTABLISHED
    joined_on: date | None = None
    left_on: date | None = None


@dataclass(frozen=True)
class PeopleFile:
    """A file as judged: the good rows, what is wrong with the others, and all rows as found."""

    rows: Sequence[PersonRow]
    problems: Sequence[Problem]
    records: Sequence[Record] = ()


def trouble(code: str, row: int | None = None, column: str | None = None, value: str = "",
            **facts: object) -> Problem:
    """A problem with the sentence of its code; long values are cut after 200."""
    sentence = WORDS.get(code) or ERRORS[code]
    return Problem(row, column, code, shortened(value), sentence.format(**facts))


# ---- bytes to records ----

def read_people(data: bytes) -> PeopleFile:
    """Rows and problems of a CSV or XLSX file; UnreadableFileError when it is no table at all."""
    try:
        table = read_table(data, None, dict.fromkeys(COLUMNS.values(), ""))
        lines = (line for line in table.lines if any(map(clean, line.cells)))
        header = next(lines, None)
        found = list(islice(lines, MAX_ROWS + 1))
    except UnreadableFileError as error:
        if error.problem.code not in WORDS:
            raise
        raise UnreadableFileError(trouble(error.problem.code)) from error
    if header is None:
        return PeopleFile((), [trouble("no_rows")])
    places, problems = _places(header)
    if not problems and len(found) not in range(1, MAX_ROWS + 1):
        problems = [trouble("too_many_rows" if found else "no_rows", header.row)]
    if problems:
        return PeopleFile((), problems)
    return _read(table, found, places, len(header.cells))


def _places(header: Line) -> tuple[dict[str, int], list[Problem]]:
    words = [_BRACKETED.sub("", squeeze(cell)) for cell in header.cells]
    lost = [label for label in COLUMNS.values() if label not in words]
    if lost:
        return {}, [trouble("missing_column", header.row, None, " | ".join(header.cells),
                            names="、".join(lost))]
    twice = [trouble("repeated_column", header.row, label)
             for label in COLUMNS.values() if words.count(label) > 1]
    return {name: words.index(label) for name, label in COLUMNS.items()}, twice


def _read(table: Table, lines: Sequence[Line], places: Mapping[str, int], width: int) -> PeopleFile:
    ragged = [trouble("ragged_row", line.row, None, " | ".join(line.cells)) for line in lines
              if line.broken or any(map(clean, line.cells[width:]))]
    ours = {place: COLUMNS[name] for name, place in places.items()}
    formulas = [trouble(one.code, one.row, ours[place]) for one in table.errors
                if (place := _column(one.column or "")) in ours]
    bad = {one.row for one in (*ragged, *formulas)}
    records = [Record(line.row, _cells(line, places)) for line in lines if line.row not in bad]
    return judge(records, [*ragged, *formulas])


def _column(letters: str) -> int:
    """A is 0, AA is 26: a spreadsheet's column."""
    place = 0
    for letter in letters:
        place = place * 26 + ord(letter) - ord("A") + 1
    return place - 1


def _cells(line: Line, places: Mapping[str, int]) -> dict[str, str]:
    cells = line.cells
    return {name: clean(unescape_cell(cells[place])) if place < len(cells) else ""
            for name, place in places.items()}


# ---- records to rows ----

def judge(records: Iterable[Record], problems: Iterable[Problem] = ()) -> PeopleFile:
    """Every rule that needs no database, on every row."""
    records, rows, found = list(records), list[PersonRow](), list(problems)
    first: dict[str, int] = {}
    for record in records:
        row, wrong = _Desk(record).row()
        found += wrong
        number = record.cells["number"]
        if number and first.setdefault(number, record.row) != record.row:
            found.append(trouble("duplicate_number", record.row, "工号", number, of=first[number]))
        if not wrong:
            rows.append(row)
    return PeopleFile(rows, sorted(found, key=by_place), records)


def by_place(one: Problem) -> tuple[int, int]:
    """Problems in the order in which one reads the file."""
    labels = list(COLUMNS.values())
    return one.row or 0, labels.index(one.column) if one.column in labels else -1


class _Desk:
    """One record while it is judged: what it means, and what was found wrong so far."""

    def __init__(self, record: Record) -> None:
        self.record = record
        self.wrong: list[Problem] = []

    def row(self) -> tuple[PersonRow, list[Problem]]:
        for name in COLUMNS:
            self.shape(name)
        text = self.record.cells
        joined, left = self.day("joined"), self.day("left")
        if joined and left and left < joined:
            self.say("left_before_joined", "left")
        row = PersonRow(self.record.row, text["number"], text["name"], text["unit"],
                        text["office"], text["post"], self.leader(), self.roles(),
                        self.category(), joined, left)
        return row, self.wrong

    def say(self, code: str, name: str, **facts: object) -> None:
        self.wrong.append(trouble(code, self.record.row, COLUMNS[name], self.record.cells[name],
                                  **facts))

    def shape(self, name: str) -> None:
        text = self.record.cells[name]
        if not text and name in {"number", "name", "unit"}:
            self.say(f"missing_{name}", name)
        elif has_control(text):
            self.say("control_character", name)
        elif len(text) > (limit := LENGTH.get(name, UNIT_MAX)):
            self.say("field_too_long", name, limit=limit)

    def leader(self) -> bool:
        if self.record.cells["leader"] not in {"", "是", "否"}:
            self.say("bad_yes_no", "leader")
        return self.record.cells["leader"] == "是"

    def roles(self) -> frozenset[Role]:
        words = [clean(word) for word in re.split("[、,，;；]", self.record.cells["roles"])]
        if any(word and word not in _ROLES for word in words):
            self.say("unknown_role", "roles")
        return frozenset(_ROLES[word] for word in words if word in _ROLES) or frozenset(
            {Role.STAFF})

    def category(self) -> Category:
        word = self.record.cells["category"]
        if word and word not in _CATEGORIES:
            self.say("unknown_category", "category")
        return _CATEGORIES.get(word, Category.ESTABLISHED)

    def day(self, name: str) -> date | None:
        text = self.record.cells[name]
        found = _date(text)
        if text and found is None:
            self.say("bad_date", name)
        return found


def _date(text: str) -> date | None:
    match = _DATE.fullmatch(unicodedata.normalize("NFKC", text))
    try:
        return date(*(int(part) for part in match.groups() if part)) if match else None
    except ValueError:
        return None


# ---- from the page that shows what will happen, back to the server ----

def pack(records: Sequence[Record]) -> str:
    """Records as one line of text for a form field; a server keeps nothing in between."""
    table = [[record.row, *(record.cells[name] for name in COLUMNS)] for record in records]
    raw = json.dumps(table, ensure_ascii=False, separators=(",", ":")).encode()
    return base64.b64encode(zlib.compress(raw, 9)).decode()


def unpack(text: str) -> PeopleFile:
    """What `pack` was given, judged again: it comes from a browser. Raises UnreadableFileError."""
    try:
        inflate = zlib.decompressobj()
        raw = inflate.decompress(base64.b64decode(text, validate=True), MAX_UNPACKED)
        table = json.loads(raw)
        records = [Record(int(row), dict(zip(COLUMNS, map(str, cells), strict=True)))
                   for row, *cells in table]
    except (binascii.Error, zlib.error, ValueError, TypeError, RecursionError) as error:
        raise UnreadableFileError(trouble("not_packed")) from error
    if not records:
        raise UnreadableFileError(trouble("not_packed"))
    return judge(records)


# ---- writing ----

def write_passwords(passwords: Iterable[tuple[str, str, str]]) -> bytes:
    """工号, 姓名 and one-time password as a CSV that Excel opens."""
    return write_table(("工号", "姓名", "一次性密码"), passwords)


def write_template() -> bytes:
    """The header that `read_people` wants, to fill in."""
    return write_table(tuple(COLUMNS.values()), ())


def write_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    """A CSV for Excel; what it would run as a formula is escaped."""
    return write_csv([escape_cell(cell) for cell in row] for row in (header, *rows))
