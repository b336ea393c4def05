"""Files with tables: bytes in, lines of text out, whatever the encoding; CSV out.

A file is read as text and kept whole or refused whole (`UnreadableFileError`). What its columns
mean is said in `legaled.files.banks` and `legaled.files.people`.
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import islice
from pathlib import PurePath
from typing import NamedTuple

import python_calamine

from legaled.domain.bank_headers import map_headers
from legaled.domain.bank_problems import Problem, UnreadableFileError, problem
from legaled.domain.banks import MAX_ROWS, SUFFIXES

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


def refuse(code: str, detail: str = "") -> UnreadableFileError:
    """The error to raise for a file that cannot be read as a whole."""
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
            raise refuse("mixed_encodings") from None
    return _strictly(data, "gb18030"), "gb18030"


def _strictly(data: bytes, codec: str) -> str:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        code = "mixed_encodings" if codec == "utf-8" and _is_mixed(data) else "undecodable"
        raise refuse(code) from None
    if "\0" in text:
        raise refuse("undecodable", "文件里有空字节。")
    return text


def _without_bom(data: bytes) -> tuple[str, str]:
    """UTF-16 by which half of its byte pairs reads as text; anything else with NULs is refused."""
    best = (0.8, "")
    for codec in ("utf-16-le", "utf-16-be"):
        sample = data[:10_000].decode(codec, errors="replace")
        best = max(best, (len(_TEXT.findall(sample)) / len(sample), codec))
    if not best[1]:
        raise refuse("undecodable", "文件里有空字节。")
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
        raise refuse("not_a_table", "里面是图片、压缩包或别的程序的文件。")
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise refuse("undecodable", "这是 UTF-32 编码。")
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
        raise refuse("password_protected" if locked else "not_a_table")
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
        raise refuse("not_a_table", "没有这张工作表，或文件已损坏、不是 XLSX。") from error
    lines = (Line(row, tuple(map(_as_text, cells))) for row, cells in enumerate(values, start=1))
    formulas = (problem("formula_cell", int(row), column.decode())
                for column, row in _FORMULA.findall(part))
    return Table("xlsx", None, None, name, lines, tuple(formulas))


def _check_archive(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    if any(part.flag_bits & 1 for part in parts):
        raise refuse("password_protected")
    outside = any(".." in part.filename or part.filename.startswith(("/", "\\")) for part in parts)
    if outside or len(parts) > 2_000 or sum(part.file_size for part in parts) > MAX_UNPACKED:
        raise refuse("unsafe_archive")
    if archive.testzip() is not None:  # reads all, at most the size that each part declares
        raise refuse("unsafe_archive")


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
        raise refuse("unsafe_archive", "表格的范围太大，请删去空白的行和列。")


def _as_text(value: object) -> str:
    """`1.0` as `1`: a spreadsheet has no whole numbers; text stays as it is."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


Reader = Callable[[bytes, str | None, Mapping[str, str]], Table]
READERS: Mapping[str, Reader] = {**dict.fromkeys(SUFFIXES, read_delimited), "xlsx": read_xlsx}


def suffix_of(filename: str) -> str:
    """`csv` of `a.CSV`."""
    return PurePath(filename).suffix.lower().removeprefix(".")


def read_table(
    data: bytes, filename: str, sheet: str | None, known: Mapping[str, str]
) -> Table:
    """The table by the end of its file's name, anything unknown as text; UnreadableFileError.

    `known`: headers by which the delimiter is told, besides those of banks.
    """
    if len(data) > MAX_BYTES:
        raise refuse("file_too_large")
    return READERS.get(suffix_of(filename), read_delimited)(data, sheet, known)


# ---- writing ----

def write_csv(
    rows: Iterable[Sequence[object]], delimiter: str = ",", encoding: str = "utf-8-sig"
) -> bytes:
    """Text with CRLF that Excel opens, UTF-16 with its BOM."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    bom = "\ufeff" if encoding.startswith("utf-16") else ""
    return (bom + text.getvalue()).encode(encoding)
