"""Which articles a 条款 cell and a guide's line cite."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.law_changes import PREAMBLE
from legaled.domain.law_cites import cites_of_cell, cites_of_text, lines_of
from legaled.domain.law_numbers import ArticleNumber


def short(found):
    return sorted(f"{law}{number.short}" for law, number in found)


@pytest.mark.parametrize(("cell", "wanted"), [
    ("第三条", "3"), ("第三条,第五条", "3 5"), ("第三条，第五条；第七条", "3 5 7"),
    ("第二十条第一款第（三）项", "20"), ("第三条第一款、第五条第（二）项", "3 5"),
    ("第三、五条", "3 5"), ("第三至五条", "3 4 5"), ("第三条至第六条", "3 4 5 6"),
    ("第三条第一款至第五条", "3 4 5"), ("27", "27"), ("10、12", "10 12"), ("3至5", "3 4 5"),
    ("第一百二十条之一", "120之一"), ("120之一", "120之一"), ("120-1", "120之一"),
    ("第 27 条", "27"), ("第２７条", "27"), ("二十七", "27"), ("第三条\n第五条", "3 5"),
    ("《保密法》第八条、第九条", "保密法8 保密法9"), ("第十二条", "12"), ("", ""),
    ("第二章", ""), ("全文", ""), ("第三条 《保密法》第八条", "3 保密法8"),
])
def test_cells(cell, wanted):
    assert short(cites_of_cell(cell)) == sorted(wanted.split())


def test_the_preamble_is_cited_too():
    assert cites_of_cell("序言") == {("", PREAMBLE)}
    assert cites_of_cell("序言、第一条") == {("", PREAMBLE), ("", ArticleNumber(1))}


def test_lines_of_a_guide():
    page = ("<p>期满开放（第二十七条）</p>\n<ul>\n"
            "<li><strong>满</strong>二十五年 &amp; 提前</li></ul>"
            "<table><tr><th>甲</th><td>乙</td></tr></table>")
    assert lines_of(page) == ["期满开放（第二十七条）", "满二十五年 & 提前", "甲 乙"]
    assert short(cites_of_text("按档案法第三条和保密法第五条办（第八条）",
                               {"档案法", "保密法"})) == ["8", "保密法5", "档案法3"]


@given(st.text("第三五十条款项至、，《》保密法0123-（）序言 ", max_size=40))
def test_no_cell_is_too_much(cell):
    assert all(0 <= number.number <= 9999 for _, number in cites_of_cell(cell))
