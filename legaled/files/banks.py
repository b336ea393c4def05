"""Question-bank files: bytes in, records and problems out.

A file is kept whole or refused whole (`UnreadableFileError`); what is wrong with a single row is
a `Problem`, judged in `legaled.domain.bank_rows`.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from legaled.domain.bank_columns import header_place, infer_columns, looks_like_header, name_columns
from legaled.domain.bank_headers import (
    FIELD_LABEL,
    FIELDS,
    OPTION_FIELDS,
    doubtful_headers,
    map_headers,
)
from legaled.domain.bank_options import spread_options
from legaled.domain.bank_problems import Problem, problem, refuse
from legaled.domain.bank_prose import Prose, read_prose
from legaled.domain.bank_record import Record
from legaled.domain.banks import MAX_ROWS
from legaled.domain.text import WHITE
from legaled.files.bank_records import Columns, read_records
from legaled.files.decoding import decode
from legaled.files.delimited import HEAD, MAX_COLUMNS, Line, lines_of, read_pipes, trimmed, width_of
from legaled.files.documents import Document, read_document
from legaled.files.moodle import read_moodle
from legaled.files.tables import (
    Table,
    content_of,
    open_package,
    suffix_of,
    text_table,
    workbook_table,
)

_BEGINNING = 20_000  # lines that tell whether a long text holds questions
_SAMPLE = 500  # rows that tell what a table without a header holds


@dataclass(frozen=True)
class BankFile:
    """A file as read. `rows` keeps every record as found, also those that are no `records`.

    `unsure` names the columns whose meaning is a guess; `sheets` all that a trainer may choose.
    """

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
    sheets: Sequence[str] = ()
    unsure: Sequence[str] = ()


def read_bank(data: bytes, filename: str, *, sheet: str | None = None,
              mapping: Mapping[str, str] | None = None) -> BankFile:
    """The records of a file and what is wrong with its shape; raises UnreadableFileError.

    `mapping` (header as found, or 列1, 列2, … of a table without a header -> field, or `""` for
    a column to leave out) goes before the guess.
    """
    chosen = mapping or {}
    if not set(chosen.values()) <= {*FIELDS, ""}:
        raise ValueError(f"unknown field in {chosen!r}")
    content = content_of(data)
    if content == "text":
        return _from_text(data, filename, chosen)
    if content == "xml":
        records, blocks, problems = read_moodle(data)
        return _in_blocks(BankFile(filename, "xml"), records, blocks, problems)
    if content == "xls":
        return _from_table(filename, workbook_table(data, sheet, None), chosen)
    name, archive = open_package(data)
    if name == "xlsx":
        return _from_table(filename, workbook_table(data, sheet, archive), chosen)
    return _from_document(read_document(data), filename, chosen)


def unknown_columns(bank: BankFile, mapping: Mapping[str, str]) -> list[str]:
    """Columns that somebody named and the file has not; none while its header is not known."""
    return sorted(set(mapping) - set(bank.headers)) if bank.headers else []


# ---- one file, several ways to read it ----

def _from_text(data: bytes, filename: str, chosen: Mapping[str, str]) -> BankFile:
    """A table with a header or columns that show what they are, else questions in prose."""
    text, encoding = decode(data)
    lines = lines_of(text)
    table = text_table(lines, encoding, chosen)
    rows = _rows(table.lines)
    suffix = suffix_of(filename)
    if suffix == "md" and (pipes := read_pipes(lines)):
        table, rows = Table("md", encoding, "|", None, ()), pipes
    shape = _shape(filename, table)
    found = _with_header(shape, rows, table.errors, chosen)
    if not found and not chosen and not _is_plain_table(rows) and (prose := _prose(lines)):
        name = suffix if suffix in ("md", "txt") else "txt"
        return _in_prose(BankFile(filename, name, encoding), prose)
    return found or _without_header(shape, rows, table.errors, chosen)


def _is_plain_table(rows: Sequence[Line]) -> bool:
    width = width_of(rows[:_SAMPLE])
    whole = [row.cells for row in rows[:_SAMPLE] if len(row.cells) == width and not row.broken]
    return width > 2 and 2 * len(whole) > len(rows[:_SAMPLE]) and bool(infer_columns(whole))


def _prose(lines: Sequence[str]) -> Prose | None:
    """The questions in a text; None when it has none, told soon from how a long one begins."""
    if len(lines) > _BEGINNING:
        begun = len(_numbered(lines[:_BEGINNING]).blocks)
        if begun * len(lines) > 2 * MAX_ROWS * _BEGINNING:
            raise refuse("too_many_rows")
        if not begun:
            return None
    prose = _numbered(lines)
    return prose if prose.records or prose.problems else None


def _numbered(lines: Sequence[str]) -> Prose:
    return read_prose(enumerate((line.rstrip("\r\n") for line in lines), start=1))


def _from_document(document: Document, filename: str, chosen: Mapping[str, str]) -> BankFile:
    """The tables of a document that have a header of questions, else its paragraphs."""
    shape = BankFile(filename, "docx")
    tables = [_rows(Line(row, tuple(cells)) for row, cells in enumerate(table, start=1))
              for table in document.tables]
    read = [found for rows in tables if (found := _with_header(shape, rows, (), chosen))]
    best = max(read, key=lambda one: len(one.records), default=None)
    if best and best.records:
        return best
    prose = read_prose(document.lines)
    if prose.records or prose.problems:
        return _in_prose(shape, prose)
    largest = max(tables, key=len, default=[])
    if best is None and not largest:
        raise refuse("not_a_table", "文档里没有认得出的题目。")
    return best or _without_header(shape, largest, (), chosen)


def _from_table(filename: str, table: Table, chosen: Mapping[str, str]) -> BankFile:
    shape, rows = _shape(filename, table), _rows(table.lines)
    return (_with_header(shape, rows, table.errors, chosen)
            or _without_header(shape, rows, table.errors, chosen))


def _shape(filename: str, table: Table) -> BankFile:
    return BankFile(filename, table.format, table.encoding, table.delimiter, table.sheet,
                    sheets=table.sheets)


def _in_prose(shape: BankFile, prose: Prose) -> BankFile:
    return _in_blocks(shape, prose.records, prose.blocks, prose.problems)


def _in_blocks(shape: BankFile, records: Sequence[Record], blocks: Mapping[int, str],
               problems: Sequence[Problem]) -> BankFile:
    if len(blocks) > MAX_ROWS:
        return replace(shape, errors=[problem("too_many_rows")])
    if not blocks and not problems:
        return replace(shape, errors=[problem("no_rows")])
    return replace(shape, records=records, errors=problems,
                   rows={row: (block,) for row, block in blocks.items()})


def _rows(lines: Iterable[Line]) -> list[Line]:
    """The lines with anything in them, one more than a bank may have."""
    full = (line for line in lines if "".join(line.cells).strip(WHITE))
    return list(islice(full, MAX_ROWS + HEAD + 1))


# ---- columns ----

def _with_header(shape: BankFile, lines: Sequence[Line], errors: Sequence[Problem],
                 chosen: Mapping[str, str]) -> BankFile | None:
    """The records below the header; None when there is none to be seen."""
    head = [() if line.broken else line.cells for line in lines[:HEAD]]
    place = header_place(head, frozenset(chosen))
    if place is None:
        return None
    cells, below = trimmed(head[place]), lines[place + 1:]
    if len(cells) > MAX_COLUMNS:
        raise refuse("not_a_table", f"表格多于 {MAX_COLUMNS} 列。")
    headers, spread = spread_options(cells)
    spread = {one: name for one, name in spread.items()
              if one not in chosen and name not in chosen.values()}
    if below and _is_second_header(below[0]):
        below = below[1:]
    both = {**spread, **_mapping(headers, chosen)}
    found = {one: both[one] for one in headers if both.get(one)}
    unsure = [one for one in (*doubtful_headers(headers), *spread)
              if one in found and one not in chosen]
    shape = replace(shape, header_row=lines[place].row, mapping=found, headers=headers,
                    unsure=unsure)
    return _named(shape, below, errors, chosen)


def _is_second_header(line: Line) -> bool:
    """A row of `A B C D` under a header that spans them."""
    words = [cell for cell in line.cells if cell.strip(WHITE)]
    return len(words) > 1 and set(map_headers(words).values()) == {*OPTION_FIELDS[:len(words)]}


def _mapping(headers: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    taken = {chosen[header] for header in headers if header in chosen}
    guess = map_headers([header for header in headers if header not in chosen])
    both = {**{h: name for h, name in guess.items() if name not in taken}, **chosen}
    return {header: both[header] for header in headers if both.get(header)}


def _without_header(shape: BankFile, lines: Sequence[Line], errors: Sequence[Problem],
                    chosen: Mapping[str, str]) -> BankFile:
    """The records of a table whose columns show what they are, or are said by `chosen`."""
    if not lines:
        return replace(shape, errors=[problem("no_rows")])
    width = width_of(lines[:_SAMPLE])
    if lines[0].broken or width < 2:
        raise refuse("not_a_table", "第一行不是表头，也没有认得出的题目。")
    if width > MAX_COLUMNS:
        raise refuse("not_a_table", f"表格多于 {MAX_COLUMNS} 列。")
    headers = name_columns(width)
    first = trimmed(lines[0].cells)
    names_itself = looks_like_header(first)
    if names_itself and not set(chosen) & set(headers):
        named = replace(shape, header_row=lines[0].row, headers=first,
                        mapping=_mapping(first, chosen))
        return _named(named, lines[1:], errors, chosen)
    guess = infer_columns([one.cells[:width] for one in lines[:_SAMPLE] if not one.broken])
    guessed = {headers[place]: name for place, name in sorted(guess.items())
               if headers[place] not in chosen and name not in chosen.values()}
    both = {**guessed, **{header: name for header, name in chosen.items() if name}}
    found = {header: both[header] for header in headers if header in both}
    return _named(replace(shape, headers=headers, mapping=found, unsure=[*guessed]),
                  lines[1:] if names_itself else lines, errors, chosen)


def _named(shape: BankFile, lines: Sequence[Line], errors: Sequence[Problem],
           chosen: Mapping[str, str]) -> BankFile:
    lost = _lost_column(shape, chosen)
    if lost:
        return replace(shape, errors=[lost])
    found = read_records(Columns(shape.headers, shape.mapping, shape.header_row), lines, errors)
    return replace(shape, records=found.records, rows=found.rows, errors=found.errors)


def _lost_column(bank: BankFile, chosen: Mapping[str, str]) -> Problem | None:
    """A column that was named or is needed, and is not there."""
    found = " | ".join(bank.headers)
    if unknown := unknown_columns(bank, chosen):
        names = "、".join(f"「{name}」" for name in unknown)
        has = "、".join(filter(None, bank.headers))
        return replace(problem("missing_column", bank.header_row, None, found),
                       message=f"文件里没有这一列：{names}。文件的列是：{has}。")
    lost = [name for name in ("stem", "answer") if name not in bank.mapping.values()]
    names = "、".join(FIELD_LABEL[name] for name in lost)
    return problem("missing_column", bank.header_row, None, found,
                   f"找不到：{names}。") if lost else None
