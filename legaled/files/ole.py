"""Files of old Office programs (XLS): looked through before calamine, which trusts what they say.

A sector chain that runs in a circle or a sheet that claims a million columns would fill the
memory of the process; here every chain is walked and every record counted first.
"""

import struct
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from legaled.domain.bank_problems import UnreadableFileError, refuse
from legaled.domain.banks import MAX_ROWS

MAGIC = b"\xd0\xcf\x11\xe0"
MAX_RECORDS = 3_000_000
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_FREE = 0xFFFFFFFA  # and above: no sector
_CELLS = frozenset((0x0203, 0x0204, 0x0205, 0x027E, 0x00BD, 0x00FD, 0x0006, 0x00D6, 0x0201,
                    0x00BE, 0x0003, 0x0004, 0x0005))
_MULTIPLE = frozenset((0x00BD, 0x00BE))
_FORMULA, _END, _SHEET, _LOCKED, _STRINGS, _EXTENT = 0x06, 0x0A, 0x85, 0x2F, 0xFC, 0x0200
_SQUARE = 65_536 * 256


@dataclass
class Extent:
    """How far a sheet reaches, and which of its cells hold formulas (row and column from 0)."""

    rows: int = 0
    columns: int = 0
    formulas: list[tuple[int, int]] = field(default_factory=list)


def check_old_workbook(data: bytes) -> list[Extent]:
    """The extents of the sheets of an XLS file in their order; UnreadableFileError for any other
    file of this kind, a broken one, one with a password or one with a program in it."""
    try:
        table = _table(data)
        streams = _streams(data, table)
        names = set(streams)
        if "EncryptedPackage" in names:
            raise refuse("password_protected")
        if "_VBA_PROJECT_CUR" in names:
            raise refuse("unsafe_archive", message="文件里带有宏程序，没有打开。"
                         "请另存为不带宏的 XLSX 再上传。")
        book = streams.get("Workbook") or streams.get("Book")
        if book is None:
            raise _other(names)
        return _extents(_content(data, table, *book))
    except (struct.error, IndexError, OverflowError) as error:
        raise _broken() from error
    except UnreadableFileError as error:
        if _ENCRYPTED in data and error.problem.code == "not_a_table":
            raise refuse("password_protected") from error
        raise


def _broken() -> UnreadableFileError:
    return refuse("not_a_table", "文件已损坏，或者没有传完整。")


def _other(names: set[str]) -> UnreadableFileError:
    if "WordDocument" in names:
        return refuse("not_a_table", message="这是旧版 Word 文档（DOC），读不了。"
                      "请在 Word 或 WPS 里另存为 DOCX 再上传。")
    return refuse("not_a_table", "这是别的程序的文件。")


# ---- sectors ----

def _sector(data: bytes, number: int) -> bytes:
    size = 1 << data[30]
    at = (number + 1) * size
    found = data[at:at + size]
    if number >= _FREE or not found:
        raise _broken()
    return found


def _table(data: bytes) -> list[int]:
    """Which sector follows which."""
    if len(data) < 512 or data[30] not in (9, 12):
        raise _broken()
    places = list(struct.unpack_from("<109I", data, 76))
    following, seen = struct.unpack_from("<I", data, 68)[0], 0
    while following < _FREE:
        more = _words(_sector(data, following))
        following, seen = more.pop(), seen + 1
        places += more
        if seen > len(data) // 512:
            raise _broken()
    table: list[int] = []
    for place in places:
        if place < _FREE:
            table += _words(_sector(data, place))
        if len(table) > len(data) // 64 + 2_048:
            raise _broken()
    return table


def _words(sector: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(sector) // 4}I", sector))  # struct.error: cut short


def _chain(table: list[int], first: int) -> Iterator[int]:
    seen = 0
    while first < _FREE:
        yield first
        first, seen = table[first], seen + 1
        if seen > len(table):
            raise _broken()


def _streams(data: bytes, table: list[int]) -> Mapping[str, tuple[int, int]]:
    """Name -> the first sector and the length of every stream; folders are listed too."""
    start, mini = (struct.unpack_from("<I", data, at)[0] for at in (48, 60))
    folder = b"".join(_sector(data, one) for one in _chain(table, start))
    streams: dict[str, tuple[int, int]] = {}
    for at in range(0, len(folder) - 127, 128):
        first, length = struct.unpack_from("<II", folder, at + 116)
        name = folder[at:at + 64].decode("utf-16-le", "replace").split("\0", 1)[0]
        streams.setdefault(name, (first, length))
    root = struct.unpack_from("<I", folder, 116)[0]
    for first in (mini, root):
        deque(_chain(table, first), maxlen=0)
    return streams


def _content(data: bytes, table: list[int], first: int, length: int) -> bytes:
    if length < 4_096:  # it would stand among the small streams, where no program puts a workbook
        raise _broken()
    content = b"".join(_sector(data, one) for one in _chain(table, first))[:length]
    if len(content) < length:
        raise _broken()
    return content


# ---- records ----

def _records(book: bytes, at: int) -> Iterator[tuple[int, int, int]]:
    """(type, where its content begins, how long it is) up to the end of the part."""
    unpack = struct.Struct("<HH").unpack_from
    while at + 4 <= len(book):
        kind, length = unpack(book, at)
        yield kind, at + 4, length
        if kind == _END:
            return
        at += 4 + length
    raise _broken()


def _extents(book: bytes) -> list[Extent]:
    places = []
    for kind, at, length in _records(book, 0):
        if kind == _LOCKED and length >= 2:
            raise refuse("password_protected")
        if kind == _SHEET:
            places.append(struct.unpack_from("<I", book, at)[0])
        elif kind == _STRINGS and struct.unpack_from("<I", book, at + 4)[0] > len(book):
            raise _broken()
    left, extents = MAX_RECORDS, []
    for place in places:
        extent, used = _extent(book, place)
        extents.append(extent)
        left -= used
        if left < 0:
            raise refuse("unsafe_archive")
    return extents


def _extent(book: bytes, place: int) -> tuple[Extent, int]:
    extent, used = Extent(), 0
    unpack = struct.Struct("<HH").unpack_from
    for kind, at, length in _records(book, place):
        used += 1
        if kind in _CELLS:
            row, column = unpack(book, at)
            if kind == _FORMULA:
                extent.formulas.append((row, column))
            if kind in _MULTIPLE:
                column = max(column, unpack(book, at + length - 4)[1])
            extent.rows = max(extent.rows, row + 1)
            extent.columns = max(extent.columns, column + 1)
        elif kind == _EXTENT:
            _check_claim(book[at:at + length])
        if len(extent.formulas) > MAX_ROWS:
            raise refuse("formula_cell")
        if used > MAX_RECORDS:
            raise refuse("unsafe_archive")
    return extent, used


def _check_claim(content: bytes) -> None:
    """calamine makes room for the whole square that a sheet claims."""
    layout = "<IIHH" if len(content) >= 12 else "<HHHH"
    first, last, left, right = struct.unpack_from(layout, content)
    if (last or right) and (last < first or right < left
                            or (last - first + 1) * (right - left + 1) > 2 * _SQUARE):
        raise refuse("unsafe_archive")
