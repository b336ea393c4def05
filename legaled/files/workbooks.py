"""Workbooks: XLSX and XLS, by calamine, after everything in them was counted.

A sheet is read where it stands: the header may be in any of its first rows, and the sheet with
questions in it is found among several.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import islice
from typing import IO, NamedTuple

import python_calamine
from python_calamine import CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from legaled.domain.bank_columns import header_place
from legaled.domain.bank_headers import map_headers
from legaled.domain.bank_problems import Problem, UnreadableFileError, problem, refuse
from legaled.domain.banks import MAX_ROWS
from legaled.domain.text import WHITE
from legaled.files.archives import PIECE
from legaled.files.delimited import MAX_COLUMNS, Line, column_letters
from legaled.files.ole import Extent, check_old_workbook

HEAD = 30  # rows among which a header is looked for
MAX_SHEETS = 100
MAX_CELLS = 2_000_000  # 100,000 rows of our template
_SHEET = re.compile(rb'<(?:\w+:)?sheet\s[^>]*?\br:id="([^"]+)"')
_COLUMN = re.compile(rb"""r\s*=\s*["']([A-Za-z]{1,9})\d""")
_NUMBER = re.compile(rb"""r\s*=\s*["'][A-Za-z]{0,9}(\d+)""")
_ROW = re.compile(rb"<(?:\w+:)?row[\s/>]")
_CELL = re.compile(rb"<(?:\w+:)?c[\s/>]")
_FORMULA = re.compile(
    rb"""<(?:\w+:)?c\s[^<>]*?\br\s*=\s*["']([A-Z]+)(\d+)["'][^<>]*>\s*<(?:\w+:)?f[\s/>]""")
_IS_FORMULA = re.compile(rb"<(?:\w+:)?f[\s/>]")
_GAP = re.compile(rb"r\s{64}")
_UNENDED = 256 * 1024  # no tag and no text of a sheet is longer


@dataclass(frozen=True)
class SheetTable:
    """The sheet that was asked for or that has questions, and the names of all that may be."""

    name: str
    names: tuple[str, ...]
    lines: Sequence[Line]
    errors: tuple[Problem, ...]


class _Choice(NamedTuple):
    """How much a sheet looks like a bank; the greatest is taken."""

    both: bool
    visible: bool
    fields: int
    rows: int
    place: int  # negative: the first of equals


def read_xlsx(archive: zipfile.ZipFile, data: bytes, sheet: str | None) -> SheetTable:
    """A sheet of an archive that `open_archive` let through; UnreadableFileError."""
    with _only_refusals():
        book = CalamineWorkbook.from_filelike(io.BytesIO(data))
        parts = _parts(archive)
        if len(parts) > MAX_SHEETS:
            raise refuse("unsafe_archive", f"工作表多于 {MAX_SHEETS} 张。")
        extents = [Extent() if part is None else _counted(archive, part) for part in parts]
        if sum(one.rows * one.columns for one in extents if not _is_wide(one)) > 2 * MAX_CELLS:
            raise _too_wide()
        return _read(book, extents, sheet)


def read_xls(data: bytes, sheet: str | None) -> SheetTable:
    """A sheet of an XLS file; UnreadableFileError."""
    extents = check_old_workbook(data)
    if sum(one.rows * one.columns for one in extents) > MAX_CELLS or any(map(_is_wide, extents)):
        raise _too_wide()
    with _only_refusals():
        return _read(CalamineWorkbook.from_filelike(io.BytesIO(data)), extents, sheet)


@contextmanager
def _only_refusals() -> Iterator[None]:
    """A workbook that a library stumbles over is a broken one, also when it panics."""
    try:
        yield
    except python_calamine.PasswordError as error:
        raise refuse("password_protected") from error
    except (python_calamine.CalamineError, zipfile.BadZipFile, zlib.error, OSError, LookupError,
            ValueError, EOFError, NotImplementedError) as error:
        raise refuse("not_a_table", "没有这张工作表，或文件已损坏、没有传完整。") from error
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # pyo3 derives it from BaseException
            raise
        raise refuse("not_a_table", "文件已损坏，或者没有传完整。") from error


# ---- which sheet ----

def _read(book: CalamineWorkbook, extents: Sequence[Extent], wanted: str | None) -> SheetTable:
    sheets = [(place, one) for place, one in enumerate(book.sheets_metadata)
              if one.typ is SheetTypeEnum.WorkSheet]
    seen = [one.name for _, one in sheets if one.visible is SheetVisibleEnum.Visible]
    names = tuple(seen or [one.name for _, one in sheets])
    if wanted is None and len(sheets) > 1:
        wanted = _best(book, extents, sheets, set(seen))
    place = ([one.name for _, one in sheets].index(wanted) if wanted is not None else 0)
    at, chosen = sheets[place]
    extent = extents[at]
    if _is_wide(extent):
        raise _too_wide()
    errors = (problem("formula_cell", row + 1, column_letters(column))
              for row, column in extent.formulas)
    return SheetTable(chosen.name, names, _lines(book, at), tuple(errors))


def _best(
    book: CalamineWorkbook, extents: Sequence[Extent],
    sheets: Sequence[tuple[int, python_calamine.SheetMetadata]], seen: set[str],
) -> str:
    """The sheet with the best header, then with most rows."""
    choices = []
    for order, (place, one) in enumerate(sheets):
        extent = extents[place]
        if _is_wide(extent) or not extent.rows:
            continue
        head = [[_as_text(cell) for cell in row]
                for row in islice(book.get_sheet_by_index(place).iter_rows(), HEAD)]
        at = header_place(head, frozenset())
        names = set(map_headers(head[at]).values()) if at is not None else set()
        choices.append((_Choice({"stem", "answer"} <= names, one.name in seen, len(names),
                                extent.rows, -order), one.name))
    if not choices:
        if any(extents[place].rows for place, _ in sheets):
            raise _too_wide()
        return sheets[0][1].name
    return max(choices)[1]


def _lines(book: CalamineWorkbook, place: int) -> list[Line]:
    """The rows of a sheet with anything in them, by their numbers."""
    lines: list[Line] = []
    sheet = book.get_sheet_by_index(place)
    merged = _merged(sheet.merged_cell_ranges or ())
    for row, cells in enumerate(sheet.iter_rows(), start=1):
        texts = [cell if type(cell) is str else _as_text(cell)
                 for cell in cells[:MAX_COLUMNS + 1]]
        for column, held in merged.pop(row, ()):
            if column < len(texts):
                texts[column] = held.setdefault(column, texts[column])
        if "".join(texts).strip(WHITE):
            lines.append(Line(row, tuple(texts)))
            if len(lines) > MAX_ROWS + HEAD:
                break
    return lines


def _merged(
    ranges: Sequence[tuple[tuple[int, int], tuple[int, int]]]
) -> dict[int, list[tuple[int, dict[int, str]]]]:
    """Row -> the columns in which a cell goes on from the row above, and what it held there."""
    rows: dict[int, list[tuple[int, dict[int, str]]]] = {}
    room = MAX_CELLS // 10
    for (top, left), (bottom, _) in ranges:
        room -= bottom - top + 1
        if bottom == top or room < 0:
            continue
        held: dict[int, str] = {}
        for row in range(top + 1, bottom + 2):
            rows.setdefault(row, []).append((left, held))
    return rows


def _as_text(value: object) -> str:
    """`1.0` as `1`: a spreadsheet has no whole numbers; a day without an hour is a day."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    if isinstance(value, datetime):
        return str(value.date() if value.time() == time() else value.replace(microsecond=0))
    return value.isoformat() if isinstance(value, date) else str(value)


# ---- counting the cells of an XLSX, which calamine would lay out as one square ----

def _is_wide(extent: Extent) -> bool:
    return extent.rows * extent.columns > MAX_CELLS or extent.columns > 16_384  # as far as Excel


def _too_wide() -> UnreadableFileError:
    return refuse("unsafe_archive", "表格的范围太大，请删去空白的行和列。")


def _parts(archive: zipfile.ZipFile) -> list[str | None]:
    """The part of each sheet, in the order of the workbook."""
    relations = archive.read("xl/_rels/workbook.xml.rels")
    targets = {}
    for tag in re.findall(rb"<[^<>]*Relationship\s[^<>]*>", relations):
        name, target = (re.search(rb'\b%b="([^"]*)"' % word, tag) for word in (b"Id", b"Target"))
        if name and target:
            path = target[1].decode()
            targets[name[1]] = path[1:] if path.startswith("/") else f"xl/{path}"
    known = {name.lower(): name for name in archive.namelist()}
    return [known.get(targets.get(one, "").lower())
            for one in _SHEET.findall(archive.read("xl/workbook.xml"))]


def _counted(archive: zipfile.ZipFile, part: str) -> Extent:
    """How far the sheet reaches at most, and where its formulas are; piece by piece.

    Cells may leave out where they stand, so they are also counted row by row.
    """
    extent, lines, cells = Extent(), 0, 0
    with archive.open(part) as stream:
        for piece in _whole_tags(stream):
            extent.rows = max(extent.rows, *map(int, {*_NUMBER.findall(piece), b"0"}))
            extent.columns = max(extent.columns, *map(_number, {*_COLUMN.findall(piece), b""}))
            if _IS_FORMULA.search(piece):
                extent.formulas += [(int(row) - 1, _number(column) - 1)
                                    for column, row in _FORMULA.findall(piece)]
            first, *others = _ROW.split(piece)
            counts = [cells + len(_CELL.findall(first)),
                      *(one.count(b"<c") + one.count(b":c") for one in others)]
            if max(counts) > extent.columns:
                counts[1:] = [len(_CELL.findall(one)) for one in others]
                extent.columns = max(extent.columns, *counts)
            if len(extent.formulas) > MAX_ROWS:
                raise refuse("formula_cell")
            if _is_wide(extent):
                return extent
            cells = counts[-1] if others else counts[0]
            lines += len(others)
    extent.rows = max(extent.rows, lines)
    return extent


def _whole_tags(stream: IO[bytes]) -> Iterator[bytes]:
    """The content in pieces that end behind a closed element, or at least behind a tag."""
    rest = b""
    while fresh := stream.read(PIECE):
        piece = rest + fresh
        cut = max(piece.rfind(b"</"), 0) or max(piece.rfind(b"<"), 0)
        rest = piece[cut:]
        if len(rest) > _UNENDED or _GAP.search(piece):
            raise refuse("unsafe_archive")
        yield piece[:cut]
    yield rest


def _number(letters: bytes) -> int:
    """A -> 1, AA -> 27."""
    number = 0
    for letter in letters.upper():
        number = number * 26 + letter - 64
    return number
