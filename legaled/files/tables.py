"""Files with tables: bytes in, lines of text out, whatever the encoding; CSV out.

What a file is, its content says and not its name. It is kept whole or refused whole
(`UnreadableFileError`). What its columns mean is said in `legaled.files.banks` and
`legaled.files.people`.
"""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from legaled.domain.bank_problems import Problem, refuse
from legaled.files import archives, ole
from legaled.files.decoding import decode
from legaled.files.delimited import Line, lines_of, read_delimited
from legaled.files.workbooks import read_xls, read_xlsx

MAX_BYTES = 20 * 1024 * 1024


@dataclass(frozen=True)
class Table:
    """What a reader makes of a file, before anybody knows what its columns mean."""

    format: str
    encoding: str | None
    delimiter: str | None
    sheet: str | None
    lines: Iterable[Line]
    errors: tuple[Problem, ...] = ()
    sheets: Sequence[str] = ()


# ---- what a file is ----

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_OTHERS = {
    "图片": (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"II*\0", b"MM\0*", b"RIFF",
           b"\x00\x00\x01\x00"),
    "PDF 文档": (b"%PDF",),
    "压缩包": (b"Rar!", b"7z\xbc\xaf", b"\x1f\x8b", b"BZh", b"\xfd7zXZ"),
    "RTF 文档": (b"{\\rtf",),
    "数据库文件": (b"SQLite format 3", b"\x00\x01\x00\x00Standard"),
}
_WEB = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,999}(?:<!--.{0,999}?-->\s{0,999})?"
                  rb"<(?:!doctype\s+html|html|head|body|table|meta|script|style|div)\b",
                  re.IGNORECASE | re.DOTALL)
_XML = re.compile(rb"(?:\xef\xbb\xbf)?\s{0,999}<(?:\?xml\b|quiz\b)")
_PARTS = {"xl/workbook.xml": "xlsx", "word/document.xml": "docx"}


def content_of(data: bytes) -> str:
    """`xlsx`, `docx`, `xls`, `xml` or `text`, by what is in the file; UnreadableFileError."""
    if len(data) > MAX_BYTES:
        raise refuse("file_too_large")
    if data.startswith(_ZIP):
        return "zip"
    if data.startswith(ole.MAGIC):
        return "xls"
    for name, starts in _OTHERS.items():
        if data.startswith(starts) and not _is_text(data, name):
            raise refuse("not_a_table", f"这是{name}。")
    if data.startswith((b"\xff\xfe\0\0", b"\0\0\xfe\xff")):
        raise refuse("undecodable", "这是 UTF-32 编码。")
    head = data[:4_096].replace(b"\0", b"").removeprefix(b"\xff\xfe").removeprefix(b"\xfe\xff")
    return _markup(head)


def _is_text(data: bytes, name: str) -> bool:
    """`BM` and `RIFF` may also begin a word."""
    return name == "图片" and data[:2] in (b"BM", b"RI") and b"\0" not in data[:64]


def _markup(head: bytes) -> str:
    if _WEB.match(head) or (_XML.match(head) and b"<html" in head.lower()):
        raise refuse("not_a_table", message="这是网页，只是名字像表格。"
                     "请用 Excel 或 WPS 打开，另存为 XLSX 再上传。")
    if not _XML.match(head):
        return "text"
    if b"schemas-microsoft-com:office" in head or b"Excel.Sheet" in head:
        raise refuse("not_a_table", message="这是 XML 电子表格，只是名字像表格。"
                     "请用 Excel 或 WPS 打开，另存为 XLSX 再上传。")
    return "xml"


def open_package(data: bytes) -> tuple[str, archives.ZipFile]:
    """`xlsx` or `docx` and its archive, looked through; UnreadableFileError for other packages."""
    archive = archives.open_archive(data)
    names = set(archive.namelist())
    for part, name in _PARTS.items():
        if part in names:
            return name, archive
    detail = {"xl/workbook.bin": "这是 XLSB 工作簿，请另存为 XLSX。",
              "content.xml": "这是 ODF 文件，请另存为 XLSX 或 DOCX。",
              "ppt/presentation.xml": "这是演示文稿。"}
    raise refuse("not_a_table", next((words for part, words in detail.items() if part in names),
                                     "这是压缩包，请先解压。"))


def workbook_table(data: bytes, sheet: str | None, archive: archives.ZipFile | None) -> Table:
    """A sheet of an XLSX (with its archive) or an XLS; UnreadableFileError."""
    found = read_xlsx(archive, data, sheet) if archive else read_xls(data, sheet)
    return Table("xlsx" if archive else "xls", None, None, found.name, found.lines,
                 found.errors, found.names)


def text_table(lines: Sequence[str], encoding: str, known: Mapping[str, str]) -> Table:
    """Text with a delimiter, whichever makes most of it."""
    delimiter, rows = read_delimited(lines, known)
    return Table("tsv" if delimiter == "\t" else "csv", encoding, delimiter, None, rows)


def suffix_of(filename: str) -> str:
    """`csv` of `a.CSV`."""
    return PurePath(filename).suffix.lower().removeprefix(".")


def read_table(data: bytes, sheet: str | None, known: Mapping[str, str]) -> Table:
    """The table in a file, by its content and whatever its name; UnreadableFileError.

    `known`: headers by which the delimiter is told, besides those of banks.
    """
    content = content_of(data)
    if content == "zip":
        name, archive = open_package(data)
        if name == "xlsx":
            return workbook_table(data, sheet, archive)
    if content == "xls":
        return workbook_table(data, sheet, None)
    if content != "text":
        raise refuse("not_a_table")
    text, encoding = decode(data)
    return text_table(lines_of(text), encoding, known)


# ---- writing ----

def write_csv(
    rows: Iterable[Sequence[object]], delimiter: str = ",", encoding: str = "utf-8-sig"
) -> bytes:
    """Text with CRLF that Excel opens, UTF-16 with its BOM."""
    text = io.StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator="\r\n").writerows(rows)
    bom = "\ufeff" if encoding.startswith("utf-16") else ""
    return (bom + text.getvalue()).encode(encoding)
