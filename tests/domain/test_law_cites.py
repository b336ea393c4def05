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
    ("第三十条、三十一条", "30 31"), ("第三十条、三十一、三十二", "30 31 32"), ("8、9条", "8 9"),
    ("十二条之一", "12之一"), ("第十二条之一、之二", "12之一 12之二"), ("第八条至十条", "8 9 10"),
    ("第三条第一款、二款", "3"), ("第三条第（一）、（三）项", "3"),
    ("第三条第二、三款、第六条", "3 6"), ("《二十条意见》第三条", "二十条意见3"),
    ("条例第八条", "8"),
])
def test_cells(cell, wanted):
    found = cites_of_cell(cell)
    if "至" in cell:
        found = {one for one in found if not one[1].sub}
    assert short(found) == sorted(wanted.split())


def test_between_two_articles_are_those_that_came_in_later_too():
    assert short(cites_of_cell("第十二条之一至第十二条之三")) == ["12之一", "12之三", "12之二"]
    found = cites_of_cell("第十条至第十二条")
    assert ("", ArticleNumber(10, 1)) in found
    assert ("", ArticleNumber(11, 9)) in found
    assert ("", ArticleNumber(12, 1)) not in found
    assert ("", ArticleNumber(12)) in cites_of_cell("第十条至第十二条之一")


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
