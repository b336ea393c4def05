"""Question-bank files: bytes in, records and problems out; drafts in, a template out.

A file is read as text and kept whole or refused whole (`UnreadableFileError`); what is wrong with
a single row is a `Problem`, judged in `legaled.domain.banks`.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import PurePath
from typing import NamedTuple

import python_calamine

from legaled.domain.banks import (
    FIELD_LABEL,
    FIELDS,
    KIND_LABEL,
    LETTERS,
    MAX_ROWS,
    MORE_OPTIONS,
    OPTION_FIELDS,
    Kind,
    Pair,
    Problem,
    QuestionDraft,
    Record,
    UnreadableFileError,
    clean,
    duplicates_and_conflicts,
    escape_cell,
    is_extra_option,
    judge_record,
    map_headers,
    problem,
    unescape_cell,
)

MAX_BYTES = 20 * 1024 * 1024
MAX_UNPACKED = 200 * 1024 * 1024
# One limit for the whole process; csv's own 128 KB would turn a long cell into a parse error.
csv.field_size_limit(MAX_BYTES)


class Line(NamedTuple):
    """One row of a table where it starts in the file; `broken` when its quotes do not pair."""

    row: int
    cells: tuple[str, ...]
    broken: bool = False


@dataclass(frozen=True)
class Table:
    """What a reader makes of a file, before anybody knows what its columns mean."""

    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    lines: Iterable[Line]
    errors: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class BankFile:
    """A file as read. `rows` keeps every record as found, also those that are no `records`."""

    file: str
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    records: Sequence[Record] = ()
    errors: Sequence[Problem] = ()
    headers: Sequence[str] = ()
    rows: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def _refuse(code: str, detail: str = "") -> UnreadableFileError:
    return UnreadableFileError(problem(code, detail=detail))


# ---- bytes to text: BOM, NUL share, strict UTF-8, strict GB18030; never a lossy decode ----

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig", "utf-8"), (b"\xff\xfe", "utf-16-le", "utf-16-le"),
         (b"\xfe\xff", "utf-16-be", "utf-16-be"))
_TEXT = re.compile("[\t\n\r -~\u00a0-\u00ff\u2010-\u203f\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_SURE_UTF8 = re.compile("[\u2000-\U0010ffff]")


def decode(data: bytes) -> tuple[str, str]:
    """The text without its BOM, and the encoding by the name that the contract gives it."""
    for bom, name, codec in _BOMS:
        if data.startswith(bom):
            return _strictly(data[len(bom):], codec), name
    if b"\0" in data:
        return _without_bom(data)
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        if _is_mixed(data):
            raise _refuse("mixed_encodings") from None
    return _strictly(data, "gb18030"), "gb18030"


def _strictly(data: bytes, codec: str) -> str:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        code = "mixed_encodings" if codec == "utf-8" and _is_mixed(data) else "undecodable"
        raise _refuse(code) from None
    if "\0" in text:
        raise _refuse("undecodable", "文件里有空字节。")
    return text


def _without_bom(data: bytes) -> tuple[str, str]:
    """UTF-16 by which half of its byte pairs reads as text; anything else with NULs is refused."""
    best = (0.8, "")
    for codec in ("utf-16-le", "utf-16-be"):
        sample = data[:10_000].decode(codec, errors="replace")
        best = max(best, (len(_TEXT.findall(sample)) / len(sample), codec))
    if not best[1]:
        raise _refuse("undecodable", "文件里有空字节。")
    return _strictly(data, best[1]), best[1]


def _is_mixed(data: bytes) -> bool:
    """Whether some lines are surely UTF-8 and some can only be GB18030 (also a cut UTF-8 file).

    GB18030 would read such a file without complaint, and wrongly. A GB line that happens to be
    valid UTF-8 gives two-byte letters, or hardly ever four long characters in a row.
    """
    sure = other = False
    for line in set(data.splitlines()):
        if line.isascii():
            continue
        try:
            sure = len(_SURE_UTF8.findall(line.decode())) > 3 or sure
        except UnicodeDecodeError:
            with suppress(UnicodeDecodeError):
                other = bool(line.decode("gb18030")) or other
        if sure and other:
            return True
    return False


# ---- delimiter text ----

def _parsed(lines: Sequence[str], delimiter: str) -> Iterator[Line]:
    """Records with the physical line where each starts.

    The csv module and not pandas, because a trainer needs line numbers and pandas forgets them as
    soon as a cell holds a line end. Strict, because csv else drops quotes and swallows the rest of
    the file behind an open one; then reading goes on at the next line, at most twenty times.
    """
    start, resumed = 0, 0
    while start < len(lines):
        reader = csv.reader(islice(lines, start, None), delimiter=delimiter, strict=True)
        offset, begin = start, start
        start = len(lines)
        while True:
            try:
                cells = next(reader)
            except StopIteration:
                break
            except csv.Error:
                end = offset + reader.line_num
                if end == len(lines) and end - begin > 1 and resumed < 20:
                    start, resumed, end = begin + 1, resumed + 1, begin + 1
                yield Line(begin + 1, ("".join(lines[begin:end]).rstrip("\r\n"),), broken=True)
                if start < len(lines):
                    break
            else:
                yield Line(begin + 1, tuple(cells))
            begin = offset + reader.line_num


def _delimiter(lines: Sequence[str], known: Mapping[str, str]) -> str:
    """The one that makes most of the header: columns that we know, then columns at all."""
    def gain(delimiter: str) -> tuple[int, int]:
        header = next((line for line in _parsed(lines, delimiter) if any(line.cells)), None)
        cells = header.cells if header and not header.broken else ()
        return len(map_headers(cells)) + len(set(cells) & set(known)), len(cells)
    return max((",", "\t", ";"), key=gain)


_MAGIC = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"PK\x03\x04", b"PK\x05\x06",
          b"\xd0\xcf\x11\xe0", b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"RIFF", b"{\\rtf")


def read_delimited(data: bytes, sheet: str | None, known: Mapping[str, str]) -> Table:
    if data.startswith(_MAGIC):
        raise _refuse("not_a_table", "里面是图片、压缩包或别的程序的文件。")
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise _refuse("undecodable", "这是 UTF-32 编码。")
    text, encoding = decode(data)
    lines = io.StringIO(text, newline="").readlines()
    delimiter = _delimiter(lines, known)
    name = "tsv" if delimiter == "\t" else "csv"
    return Table(name, encoding, delimiter, None, _parsed(lines, delimiter))


# ---- XLSX: the sheet asked for or the first, its header in row 1; other layouts come later ----

_SHEET_ID = re.compile(rb'<(?:\w+:)?sheet\s[^>]*?\br:id="([^"]+)"')
_PLACE = re.compile(rb'\sr="([A-Z]{0,3})(\d{1,7})"')
_FORMULA = re.compile(rb'<(?:\w+:)?c\s[^>]*?\br="([A-Z]+)(\d+)"[^>]*>\s*<(?:\w+:)?f\b')


def read_xlsx(data: bytes, sheet: str | None, known: Mapping[str, str]) -> Table:
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        locked = "EncryptedPackage".encode("utf-16-le") in data
        raise _refuse("password_protected" if locked else "not_a_table")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            _check_archive(archive)
            book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
            name = book.sheet_names[0] if sheet is None else sheet
            part = _sheet_part(archive, book.sheet_names.index(name))
            _check_extent(part)
            values = book.get_sheet_by_name(name).to_python(skip_empty_area=False)
    except (zipfile.BadZipFile, zlib.error, python_calamine.CalamineError, LookupError, EOFError,
            ValueError, NotImplementedError) as error:
        raise _refuse("not_a_table", "没有这张工作表，或文件已损坏、不是 XLSX。") from error
    lines = (Line(row, tuple(map(_as_text, cells))) for row, cells in enumerate(values, start=1))
    formulas = (problem("formula_cell", int(row), column.decode())
                for column, row in _FORMULA.findall(part))
    return Table("xlsx", None, None, name, lines, tuple(formulas))


def _check_archive(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise _refuse("password_protected")
    outside = any(".." in part.filename or part.filename.startswith(("/", "\\")) for part in parts)
    if outside or len(parts) > 2_000 or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise _refuse("unsafe_archive")
    if archive.testzip() is not None:  # reads all, at most the size that each part declares
        raise _refuse("unsafe_archive")


def _sheet_part(archive: zipfile.ZipFile, place: int) -> bytes:
    """The XML of a sheet, which still knows the formulas that calamine leaves out."""
    wanted = b'Id="%b"' % _SHEET_ID.findall(archive.read("xl/workbook.xml"))[place]
    relations = archive.read("xl/_rels/workbook.xml.rels")
    tags = re.findall(rb"<[^>]*Relationship\s[^>]*>", relations)
    tag = b"".join(tag for tag in tags if wanted in tag)
    target = re.findall(rb'Target="([^"]+)"', tag)[0].decode()
    return archive.read(f"xl/{target}" if not target.startswith("/") else target[1:])


def _check_extent(part: bytes) -> None:
    """One cell at the far corner makes calamine build the whole square: refuse it before."""
    places = _PLACE.findall(part)
    rows = max((int(row) for _, row in places), default=0)
    wide = max((len(column) for column, _ in places), default=0) > 2  # AAA, the 703rd column
    if wide or rows > MAX_ROWS * 2:
        raise _refuse("unsafe_archive", "表格的范围太大，请删去空白的行和列。")


def _as_text(value: object) -> str:
    """`1.0` as `1`: a spreadsheet has no whole numbers; text stays as it is."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


Reader = Callable[[bytes, str | None, Mapping[str, str]], Table]
READERS: Mapping[str, Reader] = {"csv": read_delimited, "tsv": read_delimited,
                                 "txt": read_delimited, "xlsx": read_xlsx}


# ---- a table to records ----

def _format(filename: str) -> str:
    return PurePath(filename).suffix.lower().removeprefix(".")


def read_bank(data: bytes, filename: str, *, sheet: str | None = None,
              mapping: Mapping[str, str] | None = None) -> BankFile:
    """The records of a file and what is wrong with its shape; raises UnreadableFileError.

    `mapping` (header as found -> field, or `""` for a column to leave out) goes before the guess.
    """
    chosen = mapping or {}
    if not set(chosen.values()) <= {*FIELDS, ""}:
        raise ValueError(f"unknown field in {chosen!r}")
    if len(data) > MAX_BYTES:
        raise _refuse("file_too_large")
    reader = READERS.get(_format(filename), read_delimited)
    table = reader(data, sheet, chosen)
    lines = (line for line in table.lines if any(map(clean, line.cells)))
    header = next(lines, None)
    shape = BankFile(filename, table.format, table.encoding, table.delimiter, table.sheet)
    if header is None:
        return replace(shape, errors=[problem("no_rows")])
    headers = _trimmed(header.cells)
    found = _mapping(headers, chosen)
    if header.broken or (len(headers) < 2 and not found):
        raise _refuse("not_a_table", "第一行不是表头。")
    shape = replace(shape, header_row=header.row, mapping=found, headers=headers)
    lost = [name for name in ("stem", "answer") if name not in found.values()]
    lost_headers = sorted(set(chosen) - set(headers))
    if lost or lost_headers:
        names = "、".join([*(FIELD_LABEL[name] for name in lost), *lost_headers])
        return replace(shape, errors=[problem("missing_column", header.row, None,
                                            " | ".join(headers), f"找不到：{names}。")])
    return _records(shape, list(islice(lines, MAX_ROWS + 1)), table.errors)


def _trimmed(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Without empty columns at the end, which spreadsheets like to add."""
    end = max((place for place, cell in enumerate(cells, start=1) if clean(cell)), default=0)
    return cells[:end]


def _mapping(headers: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    taken = {chosen[header] for header in headers if header in chosen}
    guess = map_headers([header for header in headers if header not in chosen])
    both = {**{h: name for h, name in guess.items() if name not in taken}, **chosen}
    return {header: both[header] for header in headers if both.get(header)}


def _records(shape: BankFile, lines: Sequence[Line], errors: Sequence[Problem]) -> BankFile:
    if not lines:
        return replace(shape, errors=[problem("no_rows", shape.header_row)])
    if len(lines) > MAX_ROWS:
        return replace(shape, errors=[problem("too_many_rows")])
    places = {name: shape.headers.index(header) for header, name in shape.mapping.items()}
    extra = [place for place, header in enumerate(shape.headers) if is_extra_option(header)]
    ragged = [line for line in lines if _is_ragged(line, len(shape.headers))]
    bad = {line.row for line in ragged} | {error.row for error in errors}
    records = [Record(line.row, _cells(line.cells, places, extra))
               for line in lines if line.row not in bad]
    return replace(shape, records=records, rows={line.row: line.cells for line in lines},
                 errors=[*(_ragged(line, len(shape.headers)) for line in ragged), *errors])


def _is_ragged(line: Line, width: int) -> bool:
    return line.broken or len(line.cells) < width or any(map(clean, line.cells[width:]))


def _ragged(line: Line, width: int) -> Problem:
    detail = ("引号没有成对。" if line.broken
              else f"表头有 {width} 格，这一行有 {len(line.cells)} 格。")
    return problem("ragged_row", line.row, None, " | ".join(line.cells), detail)


def _cells(cells: Sequence[str], places: Mapping[str, int], extra: Sequence[int]) -> dict[str, str]:
    found = {name: unescape_cell(cells[place]) for name, place in places.items()}
    if extra and (more := " | ".join(cells[place] for place in extra if clean(cells[place]))):
        found[MORE_OPTIONS] = more
    return found


# ---- the report ----

@dataclass(frozen=True)
class CheckReport:
    """What a file holds and what is wrong with it. `drafts` is what an import would take."""

    bank: BankFile
    valid: Mapping[Kind, int]
    drafts: Sequence[QuestionDraft]
    errors: Sequence[Problem]
    warnings: Sequence[Problem]
    duplicates: Sequence[Pair]
    conflicts: Sequence[Pair]
    exit_code: int
    rivals: Sequence[QuestionDraft] = ()  # the drafts behind `conflicts`, for --take-conflicts

    def as_json(self) -> dict[str, object]:
        """The keys of BANK_FORMAT.md in its order; the last three are for who knows the bank."""
        bank = self.bank
        return {
            "file": bank.file, "format": bank.format, "encoding": bank.encoding,
            "delimiter": bank.delimiter, "sheet": bank.sheet, "header_row": bank.header_row,
            "mapping": dict(bank.mapping), "records": len(bank.rows),
            "valid": {kind.value: self.valid.get(kind, 0) for kind in Kind},
            "errors": [one.as_json() for one in self.errors],
            "warnings": [one.as_json() for one in self.warnings],
            "duplicates": [{"row": row, "of": of} for row, of in self.duplicates],
            "conflicts": [{"row": row, "of": of} for row, of in self.conflicts],
            "added": None, "changed": None, "unchanged": None,
        }


def check(data: bytes, filename: str, *, accept_trailing: bool = False,
          articles: Callable[[str], int | None] | None = None, sheet: str | None = None,
          mapping: Mapping[str, str] | None = None) -> CheckReport:
    """Reads and judges a whole file; never raises for what is in it and writes nothing."""
    try:
        bank = read_bank(data, filename, sheet=sheet, mapping=mapping)
    except UnreadableFileError as error:
        shape = BankFile(filename, _format(filename))
        return CheckReport(shape, {}, (), [error.problem], (), (), (), 2)
    headers = {name: header for header, name in bank.mapping.items()}
    headers |= [(MORE_OPTIONS, header) for header in bank.headers if is_extra_option(header)][:1]
    errors, warnings, drafts = list(bank.errors), list[Problem](), list[QuestionDraft]()
    for record in bank.records:
        draft, wrong, doubtful = judge_record(
            record, accept_trailing=accept_trailing, articles=articles, headers=headers)
        errors += wrong
        warnings += doubtful
        if draft:
            drafts.append(draft)
    valid = {kind: sum(draft.kind is kind for draft in drafts) for kind in Kind}
    kept, duplicates, conflicts = duplicates_and_conflicts(drafts)
    against = {row for row, _ in conflicts}
    errors.sort(key=lambda one: one.row or 0)
    return CheckReport(bank, valid, kept, errors, warnings, duplicates, conflicts,
                       1 if errors else 0, [one for one in drafts if one.row in against])


# ---- writing ----

def _write(rows: Iterable[Sequence[str]], delimiter: str, encoding: str) -> bytes:
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    bom = "\ufeff" if encoding.startswith("utf-16") else ""
    return (bom + text.getvalue()).encode(encoding)


def _key_text(draft: QuestionDraft) -> str:
    if draft.kind is Kind.JUDGE:
        return draft.options[LETTERS.index(draft.key[0])]
    return {Kind.BLANK: "；".join(draft.key), Kind.ESSAY: draft.answer_text}.get(
        draft.kind, "".join(draft.key))


def _template_row(draft: QuestionDraft) -> list[str]:
    options = () if draft.kind is Kind.JUDGE else draft.options
    cells = {
        "number": draft.number or draft.foreign_number, "kind": KIND_LABEL[draft.kind],
        "stem": draft.stem, **dict(zip(OPTION_FIELDS, options, strict=False)),
        "answer": _key_text(draft), "explanation": draft.explanation,
        "difficulty": draft.difficulty,
        "points": "" if draft.points is None else format(draft.points, "f"),
        "topic": draft.topic, "law": draft.law, "article": draft.article, "source": draft.source,
    }
    return [escape_cell(cells.get(name, "")) for name in FIELDS]


def write_template(rows: Iterable[QuestionDraft]) -> bytes:
    """The template with these questions: checking it again gives the same drafts."""
    return _write([list(FIELD_LABEL.values()), *map(_template_row, rows)], ",", "utf-8-sig")


def refused_rows(bank: BankFile, problems: Iterable[Problem]) -> bytes:
    """The rows with problems, and why, as a file like the one that came (XLSX: CSV for Excel)."""
    reasons: dict[int, list[str]] = {}
    for one in problems:
        if one.row is not None and one.row in bank.rows:
            where = f"{one.column}：" if one.column else ""
            reasons.setdefault(one.row, []).append(where + one.message)
    width = len(bank.headers)
    table = [[*bank.headers, "原因"]]
    for row, why in sorted(reasons.items()):
        cells = [escape_cell(unescape_cell(cell)) for cell in bank.rows[row]]
        cells += [""] * (width - len(cells))
        table.append([*cells[:width], " ".join(dict.fromkeys(why)), *cells[width:]])
    return _write(table, bank.delimiter or ",", bank.encoding or "utf-8-sig")
