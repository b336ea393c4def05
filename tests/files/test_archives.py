"""Zip packages of strangers: each trick is a clear refusal."""

import io
import struct
import zipfile
import zlib

import pytest

from legaled.domain.bank_problems import UnreadableFileError
from legaled.files.archives import MAX_PARTS, open_archive


def package(*parts, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(buffer := io.BytesIO(), "w", method) as archive:
        for name, content in parts:
            archive.writestr(name, content)
    return buffer.getvalue()


def refused(data):
    with pytest.raises(UnreadableFileError) as caught:
        open_archive(data)
    return caught.value.problem


GOOD = (("[Content_Types].xml", b"<Types/>"), ("xl/workbook.xml", b"<workbook>" + b"x" * 9_999))


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_an_honest_package_is_opened(method):
    archive = open_archive(package(*GOOD, ("xl/media/a.svg", b"<!DOCTYPE svg>"), method=method))
    assert archive.read("xl/workbook.xml").startswith(b"<workbook>")


@pytest.mark.parametrize("name", [
    "../evil.xml", "a/../../evil.xml", "/etc/x", "\\x", "a\\..\\b", "C:/x", ".."])
def test_no_part_leads_outside(name):
    assert refused(package(*GOOD, (name, b"x"))).code == "unsafe_archive"


def test_a_bomb_in_one_part_or_in_many():
    big = b"\0" * (101 << 20)
    assert refused(package(("xl/workbook.xml", big), ("b.xml", big))).code == "unsafe_archive"
    many = package(*((f"{n}.xml", b"") for n in range(MAX_PARTS + 1)))
    assert refused(many).code == "unsafe_archive"
    tags = package(("xl/workbook.xml", b"<a>" * 21_000_000))
    assert refused(tags).code == "unsafe_archive"


def test_a_part_that_is_larger_than_it_says():
    data = package(("xl/workbook.xml", b"a" * 5_000_000))
    for wrong in (100, 5_000_001):
        lie = data.replace(struct.pack("<I", 5_000_000), struct.pack("<I", wrong))
        assert refused(lie).code == "unsafe_archive"
    crc = struct.pack("<I", zlib.crc32(b"a" * 5_000_000))
    short = struct.pack("<I", zlib.crc32(b"a" * 100))
    lie = data.replace(struct.pack("<I", 5_000_000), struct.pack("<I", 100)).replace(crc, short)
    assert refused(lie).code == "unsafe_archive"


def test_the_same_name_twice_and_two_directories():
    with pytest.warns(UserWarning, match="Duplicate name"):
        twice = package(*GOOD, GOOD[1])
    assert refused(twice).code == "unsafe_archive"
    data = package(*GOOD)
    hidden = data[:-2] + struct.pack("<H", 22) + data[-22:]
    assert refused(hidden).code == "unsafe_archive"


@pytest.mark.parametrize("declared", [
    b'<?xml version="1.0"?><!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    b"<! doctype a><a/>", '<!DOCTYPE a [<!ENTITY x "y">]><a/>'.encode("utf-16"),
    b"<!--" + b"-" * ((1 << 20) - 9) + b"--><!DOCTYPE a><a/>"])
def test_no_part_declares_entities(declared):
    assert refused(package(*GOOD, ("word/document.xml", declared))).code == "unsafe_archive"


@pytest.mark.parametrize("name", [
    "xl/vbaProject.bin", "word/VBAPROJECT.BIN", "xl/macrosheets/a.xml"])
def test_programs_have_a_sentence_of_their_own(name):
    found = refused(package(*GOOD, (name, b"x")))
    assert (found.code, "宏" in found.message) == ("unsafe_archive", True)


def test_a_password():
    data = bytearray(package(*GOOD))
    at = data.rfind(b"PK\x01\x02")
    data[at + 8] |= 1
    assert refused(bytes(data)).code == "password_protected"


@pytest.mark.parametrize("cut", [30, 100, 2_000, -1, -30])
def test_a_package_cut_short_is_a_broken_one(cut):
    data = package(*GOOD, method=zipfile.ZIP_STORED)
    assert refused(data[:cut]).code == "not_a_table"


def test_other_ways_of_packing_are_not_read():
    assert refused(package(*GOOD, method=zipfile.ZIP_LZMA)).code == "unsafe_archive"
