"""The arithmetic of a question's figures."""

import random
from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.bank_stats import (
    ENOUGH,
    Papers,
    discrimination,
    item_stats,
    quality,
    two_decimals,
)

PAPERS = st.lists(st.builds(
    Papers, order=st.sampled_from(["ABCD", "DCBA", "BADC"]),
    answer=st.sampled_from([(), ("A",), ("B",), ("A", "C")]), right=st.booleans(),
    rest=st.one_of(st.none(), st.fractions(0, 1, max_denominator=10)),
    count=st.integers(1, 20)), max_size=25)


def single(right, rest):
    return Papers("ABCD", ("A",), right, Fraction(rest), 1)


def test_letters_are_the_authors():
    papers = [Papers("DCBA", ("A",), False, None, 3), Papers("ABCD", ("A", "C"), True, None, 2),
              Papers("ABCD", (), False, None, 4)]
    found = item_stats(papers)
    assert (found.shown, found.right, found.open) == (9, 2, 4)
    assert found.chosen == {"D": 3, "A": 2, "C": 2}
    assert found.discrimination is None


def test_gap_texts_are_no_letters():
    found = item_stats([Papers("", ("A", "二十五"), True, None, 1)])
    assert (found.shown, found.right, found.open, found.chosen) == (1, 1, 0, {})


@given(PAPERS)
def test_counts_add_up_and_grouping_does_not_matter(papers):
    found = item_stats(papers)
    assert found.shown == sum(one.count for one in papers)
    assert found.right <= found.shown
    assert all(count <= found.shown for count in found.chosen.values())
    apart = [replace(one, count=1) for one in papers for _ in range(one.count)]
    random.Random(3).shuffle(apart)
    assert item_stats(apart) == found


@given(PAPERS)
def test_a_discrimination_lies_between_minus_one_and_one(papers):
    value = discrimination(papers)
    ranked = sum(one.count for one in papers if one.rest is not None)
    assert value is None or (ranked >= ENOUGH and -1 <= value <= 1)
    if value is not None:
        turned = [replace(one, right=not one.right) for one in papers]
        assert discrimination(turned) == -value


def test_the_best_and_the_worst_27_percent_are_compared():
    papers = [single(place >= 50, Fraction(place, 100)) for place in range(100)]
    assert discrimination(papers) == 1
    papers = [single(place % 2 == 0, Fraction(place, 100)) for place in range(100)]
    assert discrimination(papers) == Fraction(13, 27) - Fraction(14, 27)


def test_ties_at_the_edge_enter_in_proportion():
    """Of 40, 11 are in a group: 5 sure ones and 6 of the 30 in the middle."""
    papers = [single(True, 1)] * 5 + [single(False, 0)] * 5
    papers += [single(place < 15, "1/2") for place in range(30)]
    assert discrimination(papers) == (5 + Fraction(15 * 6, 30) - Fraction(15 * 6, 30)) / 11


def test_few_papers_or_equal_scores_give_none():
    papers = [single(place % 2 == 0, Fraction(place, 30)) for place in range(ENOUGH - 1)]
    assert discrimination(papers) is None
    assert discrimination([*papers, single(True, 1)]) is not None
    assert discrimination([single(True, "1/2")] * 50) is None


@pytest.mark.parametrize(("value", "words", "text"), [
    (Fraction(2, 5), "很好", "0.40"), (Fraction(39, 100), "良好", "0.39"),
    (Fraction(1, 5), "一般", "0.20"), (Fraction(0), "较低，可以改进", "0.00"),
    (Fraction(-1, 8), "为负，请核对答案", "-0.13"),
    (Fraction(-1, 1000), "为负，请核对答案", "0.00"),
    (Fraction(1), "很好", "1.00"),
])
def test_words_and_digits(value, words, text):
    assert (quality(value), two_decimals(value)) == (words, text)
