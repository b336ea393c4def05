"""Which files are taken as study materials: by what is in them, not by what they are called."""

import io
import zipfile

import pytest

from legaled.files import materials
from tests.files.ole import compound

PDF = b"%PDF-1.7\n1 0 obj\n<<>>\nendobj\n%%EOF\n"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 200


def package(*parts):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for part in ("[Content_Types].xml", *parts):
            archive.writestr(part, "<x/>")
    return out.getvalue()


DOCX, PPTX, XLSX = (package(part) for part in (
    "word/document.xml", "ppt/presentation.xml", "xl/workbook.xml"))


@pytest.mark.parametrize(("name", "data", "media"), [
    ("讲义.pdf", PDF, "application/pdf"), ("讲义.PDF", PDF, "application/pdf"),
    ("讲义.docx", DOCX, materials._PACKAGES["docx"][0]),
    ("课件.pptx", PPTX, materials._PACKAGES["pptx"][0]),
    ("表.xlsx", XLSX, materials._PACKAGES["xlsx"][0]),
    ("旧.doc", compound(WordDocument=b"x" * 5000), "application/msword"),
    ("旧.xls", compound(Workbook=b"x" * 5000), "application/vnd.ms-excel"),
])
def test_what_is_taken(name, data, media):
    found = materials.check(name, data)
    assert (found.media_type, found.name, len(found.digest)) == (media, name, 64)


@pytest.mark.parametrize(("name", "data"), [
    ("图.pdf", PNG), ("网页.pdf", b"<html><script>alert(1)</script></html>"), ("断.pdf", PDF[:20]),
    ("图.docx", PNG), ("课件.docx", PPTX), ("表.pptx", XLSX), ("讲义.doc", PDF),
    ("讲义.exe", PDF), ("讲义", PDF), ("讲义.html", b"<html>"), ("讲义.svg", b"<svg/>"),
    ("空.pdf", b""), ("坏.docx", DOCX[:60]), ("旧.doc", compound(Workbook=b"x" * 5000)),
    ("宏.docx", package("word/document.xml", "word/vbaProject.bin")),
    ("外.docx", package("word/document.xml", "../../etc/passwd")),
])
def test_what_is_refused_says_that_nothing_was_kept(name, data):
    with pytest.raises(materials.MaterialRefusedError, match=r"没有(保存|打开)"):
        materials.check(name, data)


def test_more_than_twenty_megabytes_are_refused():
    big = PDF[:-6] + b" " * (20 * 1024 * 1024) + b"%%EOF\n"
    with pytest.raises(materials.MaterialRefusedError, match="20 MB"):
        materials.check("大.pdf", big)
    assert materials.check("刚好.pdf", PDF[:-6] + b" " * (
        20 * 1024 * 1024 - len(PDF)) + b"%%EOF\n").digest


def test_a_full_disk_leaves_nothing(tmp_path, monkeypatch):
    def full(_file):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(materials.os, "fsync", full)
    with pytest.raises(materials.MaterialDiskError):
        materials.store(tmp_path, materials.check("讲义.pdf", PDF))
    assert list(tmp_path.iterdir()) == []
