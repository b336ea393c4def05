"""What differs between two versions of a text."""

import re
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.bank_changes import MOST, changes

TEXTS = st.text("档案法第二十七条 ABC12，\n", max_size=40)


@given(TEXTS, TEXTS)
def test_joined_again_the_pieces_are_the_texts(old, new):
    before, after = changes(old, new)
    assert "".join(piece.text for piece in before) == old
    assert "".join(piece.text for piece in after) == new
    assert all(piece.text for piece in (*before, *after))
    assert (old == new) is not any(piece.changed for piece in (*before, *after))


@given(TEXTS, TEXTS)
def test_what_is_not_marked_stands_on_both_sides(old, new):
    kept = ["".join(piece.text for piece in side if not piece.changed)
            for side in changes(old, new)]
    assert kept[0] == kept[1]


@given(TEXTS, TEXTS)
def test_neighbours_are_never_of_one_sort(old, new):
    for side in changes(old, new):
        assert all(a.changed != b.changed for a, b in pairwise(side))


@pytest.mark.parametrize(("old", "new", "shown"), [
    ("满二十五年", "满三十五年", "满[二][三]十五年"),
    ("第27条", "第28条", "第[27][28]条"),
    ("选AB", "选ABD", "选[AB][ABD]"),
    ("应当移交", "应当及时移交", "应当[及时]移交"),
    ("满二十五年开放", "超30年就开放", "[满二十五年][超30年就]开放"),
    ("", "新的解析", "[新的解析]"),
])
def test_changes_as_a_reader_sees_them(old, new, shown):
    before, after = changes(old, new)
    gone = [p.text for p in before if p.changed]
    come = [p.text for p in after if p.changed]
    assert "".join(f"[{text}]" for text in (*gone, *come)) == "".join(
        part for part in re.findall(r"\[[^]]*\]", shown))


def test_two_long_texts_with_nothing_in_common_are_replaced_as_a_whole():
    size = int(MOST ** 0.5) + 1
    before, after = changes("头" + "甲乙" * size + "尾", "头" + "丙丁" * size + "尾")
    assert [piece.changed for piece in before] == [False, True, False]
    assert [len(piece.text) for piece in after] == [1, 2 * size, 1]
