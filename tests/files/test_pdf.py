"""PDF making: text as it is, the same bytes, and no character lost in silence."""

import io
import threading
from datetime import UTC, datetime, timedelta

import pypdf
import pytest

from legaled.files.pdf import MissingGlyphError, make_pages, make_pdf

MADE = datetime(2026, 5, 1, 8, 0, tzinfo=UTC)


def text_of(pdf: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(pdf)).pages)


def probe(*lines: str, made: datetime = MADE) -> bytes:
    return make_pdf("probe", {"title": "试印", "lines": list(lines)}, made)


def fonts_of(pdf: bytes) -> set[str]:
    return {
        str(font.get_object()["/BaseFont"]).partition("+")[2]
        for page in pypdf.PdfReader(io.BytesIO(pdf)).pages
        for font in page["/Resources"]["/Font"].values()  # type: ignore[index]
    }


@pytest.mark.parametrize("text", [
    "中华人民共和国档案法", "㐱硚喆堃", "买买提·吐尔逊", "一、二；三“四”《五》——六……",
    "Ω 3.14% ①②√×≥",
])
def test_chinese_text_comes_out_as_it_went_in(text):
    assert text in text_of(probe(text))


@pytest.mark.parametrize("text", [
    "#sys.version", "*x*", "_y_", "#panic()", "$a^2$", "`raw`", "<label>", "@ref", "= 标题",
    "\\u{41}", "#import \"/etc/passwd\"", "https://example.com/a", "// c", "/* c */", "]#[", "~",
    "- a", '")#panic("', "${x}", "--", "'q'", '"q"',
])
def test_nothing_in_the_data_is_taken_for_markup(text):
    printed = "".join(text_of(probe(f"甲{text}乙")).split())
    assert f"甲{text}乙".replace(" ", "") in printed


def test_the_same_data_gives_the_same_bytes_and_the_time_is_part_of_it():
    assert probe("张三") == probe("张三")
    assert probe("张三") != probe("李四")
    assert probe("张三") != probe("张三", made=MADE + timedelta(days=1))


def test_only_our_fonts_are_used_and_the_standard_is_named():
    pdf = probe("档案 abc 123 √")
    assert fonts_of(pdf) <= {"NotoSerifSC-Regular-Identity-H", "NotoSansSC-Regular-Identity-H",
                             "NotoSerifSC-Regular", "NotoSansSC-Regular"}
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    xmp = reader.trailer["/Root"]["/Metadata"].get_data().decode()  # type: ignore[index]
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>U</pdfaid:conformance>" in xmp
    assert reader.metadata is not None
    assert reader.metadata.title == "试印"


@pytest.mark.parametrize(("text", "character", "code"), [
    ("𠮷田一郎", "𠮷", "U+20BB7"), ("好😀", "😀", "U+1F600"), ("响\x07铃", "�", "U+0007"),
    ("\ue000", "�", "U+E000"),
])
def test_a_character_that_no_font_has_is_refused_by_name(text, character, code):
    with pytest.raises(MissingGlyphError) as refused:
        probe("没有问题", text)
    facts = refused.value.facts
    assert (facts["character"], facts["glyph"]) == (character, code)
    assert character in str(facts["text"])


def test_the_place_of_a_missing_character_is_shown_around_it():
    with pytest.raises(MissingGlyphError) as refused:
        probe("甲" * 50 + "𠮷" + "乙" * 50)
    assert refused.value.facts["text"] == "甲" * 10 + "𠮷" + "乙" * 9


def test_a_broken_template_is_our_fault_and_says_so():
    with pytest.raises(RuntimeError, match="does not compile"):
        make_pdf("probe", {"lines": []}, MADE)


def test_pages_as_pictures():
    pages = make_pages("probe", {"title": "试印", "lines": ["字"] * 120}, MADE)
    assert len(pages) == len(pypdf.PdfReader(io.BytesIO(probe(*["字"] * 120))).pages) > 1
    assert all(page.startswith(b"\x89PNG") for page in pages)


def test_threads_get_each_their_own():
    found: dict[int, bytes] = {}
    threads = [
        threading.Thread(target=lambda n=n: found.update({n: probe(f"第{n}人")}))
        for n in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for n, pdf in found.items():
        assert pdf == probe(f"第{n}人")
    assert len(found) == 8
