"""Official texts as they come: Markdown, TXT and DOCX in any encoding, read as a law."""

from collections.abc import Sequence
from pathlib import PurePath

from legaled.domain.bank_problems import UnreadableFileError
from legaled.domain.law_problems import MAX_MB, LawUnreadableError
from legaled.domain.law_text import LawText, parse
from legaled.files.decoding import decode
from legaled.files.documents import read_document

MAX_BYTES = MAX_MB * 1024 * 1024
SUFFIXES = ("md", "txt", "docx")
_ZIP = b"PK"
_OLD_WORD = b"\xd0\xcf\x11\xe0"
_LOCKED = "EncryptedPackage".encode("utf-16-le")
_FOREIGN = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"BM", b"%PDF", b"Rar!", b"7z\xbc\xaf",
            b"\x1f\x8b", b"RIFF", b"{\\rtf", b"II*\0", b"MM\0*", b"\x7fELF", b"MZ",
            b"SQLite format 3")
_CONTROL = {*range(32)} - {*b"\t\n\v\f\r\x1b"} | {127}


def read_law(files: Sequence[tuple[str, bytes]]) -> LawText:
    """One law from its files (name, bytes). Raises LawUnreadableError and nothing else."""
    return parse(read_texts(files), title_of(files[0][0]) if files else "")


def read_texts(files: Sequence[tuple[str, bytes]]) -> list[str]:
    """The text of each file; together they may be no larger than one."""
    if sum(len(data) for _, data in files) > MAX_BYTES:
        raise LawUnreadableError("file_too_large")
    return [read_text(name, data) for name, data in files]


def title_of(filename: str) -> str:
    """What to call a law whose text has no title: its file, without the note behind it."""
    return PurePath(filename).stem.split("(")[0].split("（")[0].strip()


def read_text(name: str, data: bytes) -> str:
    """The text of one file, whatever its name says; refused when it is no text."""
    if not data.strip():
        raise LawUnreadableError("empty", detail=f"“{name}”：")
    if data.startswith(_ZIP):
        return _docx(name, data)
    if data.startswith(_OLD_WORD) and _LOCKED in data:
        raise LawUnreadableError("unreadable_docx", detail=f"“{name}”：")
    if data.startswith(_OLD_WORD):
        raise LawUnreadableError("not_text", detail="旧版 Word（.doc）请另存为 DOCX。")
    if data.startswith(_FOREIGN):
        raise LawUnreadableError("not_text", detail=f"“{name}”：")
    try:
        text, _ = decode(data)
    except UnreadableFileError as error:
        code = "not_text" if b"\0" in data else "undecodable"
        raise LawUnreadableError(code, detail=f"“{name}”：") from error
    if 50 * sum(text.count(chr(char)) for char in _CONTROL) > len(text):
        raise LawUnreadableError("not_text", detail=f"“{name}”：")
    return text


def _docx(name: str, data: bytes) -> str:
    """A line for each paragraph, so that line numbers are those of the paragraphs.

    A break inside a paragraph is a line too; the empty paragraphs behind it make up for that.
    """
    try:
        document = read_document(data)
    except UnreadableFileError as error:
        raise LawUnreadableError("unreadable_docx", detail=f"“{name}”：") from error
    lines: list[str] = []
    for number, text in document.lines:
        lines += [""] * (number - len(lines) - 1)
        lines += text.split("\n")
    return "\n".join(lines)
