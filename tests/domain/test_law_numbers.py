"""Numbers as the law writes them, names of laws, and what a text refers to."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.law_head import made_word
from legaled.domain.law_links import OWN, pieces
from legaled.domain.law_names import find_law, law_key
from legaled.domain.law_numbers import ArticleNumber, from_chinese, read_article, to_chinese


@given(st.integers(1, 9999))
def test_numbers_come_back(number):
    assert from_chinese(to_chinese(number)) == number


@given(st.text("零一二三四五六七八九十百千0123〇两 ", max_size=12))
def test_any_numeral_is_a_number_or_none(text):
    found = from_chinese(text)
    assert found is None or 0 <= found <= 9999


@pytest.mark.parametrize(("text", "number"), [
    ("第二十七条", (27, 0)), ("第27条第一款", (27, 0)), ("27", (27, 0)), ("120之一", (120, 1)),
    ("120-1", (120, 1)), ("第一百二十条之一", (120, 1)), ("第 一百 二十 条", (120, 0)),
    ("二十七", (27, 0)), ("没有", None), ("", None), ("0", (0, 0)), ("99999", None),
])
def test_an_article_as_people_write_it(text, number):
    found = read_article(text)
    assert found == number if number else found is None


def test_an_article_in_words():
    number = ArticleNumber(120, 1)
    assert (number.short, number.words, number.anchor) == ("120之一", "第一百二十条之一", "120-1")
    assert ArticleNumber(101).words == "第一百零一条"


@pytest.mark.parametrize(("name", "key"), [
    ("中华人民共和国档案法", "档案法"), ("《档案法》", "档案法"),
    ("档案法（2020年修订）", "档案法"), ("宪法(2018修正)", "宪法"),
    ("档案法2020修订", "档案法"), (" 档案 法 ", "档案法"),
    ("《中华人民共和国档案法》实施条例", "档案法实施条例"), ("某某办法（试行）", "某某办法(试行)"),
])
def test_laws_that_are_one_have_one_key(name, key):
    assert law_key(name) == key


@given(st.text(max_size=40))
def test_a_key_is_its_own_key(name):
    assert law_key(law_key(name)) == law_key(name) or len(law_key(name)) > 30


KNOWN = {"档案法": 1, "档案法实施条例": 2, "保守国家秘密法": 3, "旧名": 1}


@pytest.mark.parametrize(("name", "law"), [
    ("中华人民共和国档案法", 1), ("档案法", 1), ("实施条例", 2), ("保密法", 3), ("旧名", 1),
    ("档案法（2020修订）", 1), ("案法", None), ("刑法", None), ("", None),
])
def test_a_law_by_its_short_name(name, law):
    assert find_law(name, KNOWN) == law


def test_the_end_of_two_names_is_neither():
    assert find_law("实施条例", {"甲法实施条例": 1, "乙法实施条例": 2}) is None


def links(text, known=frozenset()):
    return [(one.text, one.law, one.article and one.article.short)
            for one in pieces(text, known) if one.law is not None]


@pytest.mark.parametrize(("text", "found"), [
    ("依照《档案法》第八条第一款的规定", [("《档案法》第八条", "档案法", "8")]),
    ("违反本法第四十八条、第四十九条和第五十条的",
     [("本法第四十八条", OWN, "48"), ("第四十九条", OWN, "49"), ("第五十条", OWN, "50")]),
    ("《甲法》第一条、第二条，依照第三条", [
        ("《甲法》第一条", "甲法", "1"), ("第二条", "甲法", "2"), ("第三条", OWN, "3")]),
    ("《甲法》的规定", [("《甲法》", "甲法", None)]),
    ("依照刑法第一百条处罚", []),
    ("依照档案法第八条处罚", [("档案法第八条", "档案法", "8")]),
    ("第一百二十条之一规定", [("第一百二十条之一", OWN, "120之一")]),
    ("《甲法》（以下简称甲法）第三条", [("《甲法》", "甲法", None), ("第三条", "甲法", "3")]),
    ("没有引用", []),
])
def test_what_a_text_refers_to(text, found):
    assert links(text, {"档案法"}) == found


@given(st.lists(st.sampled_from(
    ["《甲法》", "《", "》", "第", "三条", "第三条", "本法", "、", "和", "之一", "档案法", "甲。",
     "款"]),
    max_size=20).map("".join))
def test_pieces_are_the_text(text):
    assert "".join(one.text for one in pieces(text, {"档案法"})) == text


def test_what_happened_on_a_day():
    from datetime import date

    history = ["1987年9月5日通过 1996年7月5日第一次修正 2020年6月20日修订"]
    assert [made_word(history, date(*day)) for day in (
        (1987, 9, 5), (1996, 7, 5), (2020, 6, 20), (2021, 1, 1))] == [
            "通过", "修正", "修订", "公布"]
