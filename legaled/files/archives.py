"""Zip packages that strangers send (XLSX, DOCX): looked through before any reader opens them.

Nothing is trusted that the package says about itself: every part is unpacked once, piece by
piece, against one budget of bytes and tags, so that no content makes this slow or large.
"""

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from zipfile import ZipFile

from legaled.domain.bank_problems import refuse

MAX_UNPACKED = 200 * 1024 * 1024
MAX_PARTS = 2_000
MAX_TAGS = 20_000_000
MAX_RATIO = 150  # a sheet of one line again and again packs to a fiftieth
MAX_TEXT = 4  # pieces without a tag: a cell of megabytes
PIECE = 1 << 20
__all__ = ("MAX_UNPACKED", "ZipFile", "open_archive")
_ENTRY, _END, _LOCAL = b"PK\x01\x02", b"PK\x05\x06", b"PK\x03\x04"
_TAIL = 65_557  # the end record with its longest comment
_DECLARED = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)
_MACROS = re.compile(r"vbaproject\.bin$|vbadata\.xml$|/macrosheets/", re.IGNORECASE)
_OUTSIDE = re.compile(r"[/\\]|[A-Za-z]:|(?:.*[/\\])?\.\.(?:[/\\]|$)", re.DOTALL)
_FOREIGN = re.compile(r"(?:^|/)(?:media|embeddings|fonts)/", re.IGNORECASE)
_BROKEN = (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, LookupError,
           NotImplementedError, RuntimeError)


def open_archive(data: bytes) -> ZipFile:
    """The package, safe to read whole: every part has the size that it says, none is XML with a
    DOCTYPE, none is a program. UnreadableFileError for anything else."""
    if data.count(_ENTRY) > MAX_PARTS:
        raise refuse("unsafe_archive", f"文件里的部件多于 {MAX_PARTS} 个。")
    if data.count(_END, max(0, len(data) - _TAIL)) > 1:
        raise refuse("unsafe_archive")
    try:
        archive = ZipFile(io.BytesIO(data))
        _check_directory(archive.infolist(), len(data))
        _check_parts(archive, data)
    except _BROKEN as error:
        raise refuse("not_a_table", "文件已损坏，或者没有传完整。") from error
    return archive


def _check_directory(parts: list[zipfile.ZipInfo], size: int) -> None:
    """What the directory alone gives away."""
    names = [part.filename for part in parts]
    if any(part.flag_bits & 1 for part in parts):
        raise refuse("password_protected")
    if any(map(_MACROS.search, names)):
        raise refuse("unsafe_archive", message="文件里带有宏程序，没有打开。"
                     "请另存为不带宏的文件（.xlsx 或 .docx）再上传。")
    if any(map(_OUTSIDE.match, names)) or len(set(names)) < len(names):
        raise refuse("unsafe_archive")
    if sum(part.compress_size for part in parts) > size:
        raise refuse("unsafe_archive")
    unpacked = sum(part.file_size for part in parts)
    if unpacked > max(MAX_RATIO * size, MAX_UNPACKED // 10) or unpacked > MAX_UNPACKED:
        raise refuse("unsafe_archive")


def _check_parts(archive: ZipFile, data: bytes) -> None:
    tags = 0
    for part in archive.infolist():
        found, quiet, end = 0, 0, b""
        foreign = _FOREIGN.search(part.filename) is not None
        for piece in _unpacked(part, data):
            found += len(piece)
            fresh = 0 if foreign else piece.count(b"<")
            tags, quiet = tags + fresh, 0 if fresh or foreign else quiet + 1
            if found > part.file_size or tags > MAX_TAGS or quiet > MAX_TEXT:
                raise refuse("unsafe_archive")
            if not foreign:
                end = _check_xml(end + piece)
        if found != part.file_size:
            raise refuse("unsafe_archive")


def _check_xml(piece: bytes) -> bytes:
    """Refuses declarations in any encoding; the end of the piece, to be looked at again."""
    text = piece.replace(b"\0", b"") if b"\0" in piece else piece
    if b"<!" in text and _DECLARED.search(text):
        raise refuse("unsafe_archive")
    return piece[-64:]


def _unpacked(part: zipfile.ZipInfo, data: bytes) -> Iterator[bytes]:
    """The content as it is packed, whatever size the directory claims for it."""
    head = data[part.header_offset:part.header_offset + 30]
    if len(head) < 30 or not head.startswith(_LOCAL):
        raise zipfile.BadZipFile("no local header")
    start = part.header_offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(
        head[28:30], "little")
    packed = memoryview(data)[start:start + part.compress_size]
    if len(packed) < part.compress_size:
        raise zipfile.BadZipFile("cut short")
    if part.compress_type == zipfile.ZIP_STORED:
        yield from (bytes(packed[at:at + PIECE]) for at in range(0, len(packed), PIECE))
    elif part.compress_type == zipfile.ZIP_DEFLATED:
        yield from _inflated(packed)
    else:
        raise refuse("unsafe_archive")


def _inflated(packed: memoryview) -> Iterator[bytes]:
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    for at in range(0, len(packed), PIECE):
        rest = bytes(packed[at:at + PIECE])
        while rest:
            yield stream.decompress(rest, PIECE)
            rest = stream.unconsumed_tail
    while piece := stream.decompress(b"", PIECE):
        yield piece
    if not stream.eof:
        raise zipfile.BadZipFile("cut short")
