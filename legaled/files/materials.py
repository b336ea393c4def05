"""Study materials as files: what is accepted, told by content, and kept once by its SHA-256."""

import hashlib
import os
import re
import secrets
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from legaled.domain.bank_problems import UnreadableFileError
from legaled.files.archives import open_archive

MAX_SIZE = 20 * 1024 * 1024
PDF = "application/pdf"
_OFFICE = "application/vnd.openxmlformats-officedocument."
# extension → (media type, the part that such a package has)
_PACKAGES = {
    "docx": (f"{_OFFICE}wordprocessingml.document", "word/document.xml"),
    "pptx": (f"{_OFFICE}presentationml.presentation", "ppt/presentation.xml"),
    "xlsx": (f"{_OFFICE}spreadsheetml.sheet", "xl/workbook.xml"),
}
_OLE_MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
# extension → (media type, the name of a stream that such a file has)
_OLE = {
    "doc": ("application/msword", "WordDocument"),
    "ppt": ("application/vnd.ms-powerpoint", "PowerPoint Document"),
    "xls": ("application/vnd.ms-excel", "Workbook"),
}
ACCEPTED = ("pdf", *_PACKAGES, *_OLE)
_DIGEST = re.compile(r"[0-9a-f]{64}")


class MaterialRefusedError(Exception):
    """The file is not taken; `message` says why and what to do."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class MaterialDiskError(Exception):
    """There is no room for the file; nothing of it is left."""


@dataclass(frozen=True)
class Checked:
    """A file that may be kept."""

    name: str
    media_type: str
    digest: str
    data: bytes


def check(name: str, data: bytes) -> Checked:
    """Raises MaterialRefusedError unless the content is what the name says it is."""
    extension = name.rpartition(".")[2].lower()
    if not data:
        raise MaterialRefusedError("这个文件是空的，没有保存。请换一个文件。")
    if len(data) > MAX_SIZE:
        raise MaterialRefusedError("文件超过 20 MB，没有保存。请压缩后再上传。")
    if extension not in ACCEPTED:
        raise MaterialRefusedError(
            "不能上传这种文件，没有保存。请用 PDF、Word、PPT 或 Excel 文件。")
    media_type = _media_type(extension, data)
    if media_type is None:
        raise MaterialRefusedError(
            f"文件的内容不是 {extension.upper()}，没有保存。"
            "请在原来的软件里另存为这种格式，不要只改文件名。")
    return Checked(name, media_type, hashlib.sha256(data).hexdigest(), data)


def store(folder: Path, checked: Checked) -> None:
    """Keep the bytes under their SHA-256; the same bytes are kept once. MaterialDiskError."""
    path = folder / checked.digest
    if path.exists():
        return
    draft = folder / f"{checked.digest}.{secrets.token_hex(4)}.new"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with draft.open("xb") as file:
            file.write(checked.data)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except OSError as error:
        draft.unlink(missing_ok=True)
        raise MaterialDiskError from error


def find(folder: Path, digest: str) -> bytes | None:
    """The bytes, or None when they are gone."""
    if not _DIGEST.fullmatch(digest):
        return None
    with suppress(OSError):
        return (folder / digest).read_bytes()
    return None


def _media_type(extension: str, data: bytes) -> str | None:
    if extension == "pdf":
        return PDF if b"%PDF-" in data[:1024] and b"%%EOF" in data[-2048:] else None
    if extension in _PACKAGES:
        media_type, part = _PACKAGES[extension]
        return media_type if part in _parts(data) else None
    media_type, stream = _OLE[extension]
    wanted = stream.encode("utf-16-le")
    return media_type if data.startswith(_OLE_MAGIC) and wanted in data else None


def _parts(data: bytes) -> frozenset[str]:
    """The names in a package that is safe to open; none for anything else."""
    if not data.startswith(b"PK"):
        return frozenset()
    try:
        with open_archive(data) as archive:
            return frozenset(archive.namelist())
    except UnreadableFileError as error:
        raise MaterialRefusedError(f"{error.problem.message}没有保存。") from error
