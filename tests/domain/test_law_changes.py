"""What a new text of a law changes: which article is which, and which words differ."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.law_changes import PREAMBLE, Change, Mark, compare, counted, marks
from legaled.domain.law_numbers import ArticleNumber
from tests.law_texts import LETTERS, MadeLaw, made_laws

TEXTS = st.text("档案法第二十七条 ABC12，\n", max_size=60)
WORDS = st.text(LETTERS, min_size=12, max_size=40)


def numbered(*texts, start=1):
    return {ArticleNumber(start + place): text for place, text in enumerate(texts)}


def told(found):
    return [(one.change.value, one.old and one.old.short, one.new and one.new.short)
            for one in found]


# ---- the words ----

@given(TEXTS, TEXTS)
def test_the_segments_are_both_texts(old, new):
    found = marks(old, new)
    assert "".join(one.text for one in found if one.mark is not Mark.INS) == old
    assert "".join(one.text for one in found if one.mark is not Mark.DEL) == new
    assert all(one.text for one in found)
    assert (old == new) is all(one.mark is Mark.SAME for one in found)


@given(TEXTS, TEXTS)
def test_what_is_marked_is_no_confetti(old, new):
    """Between two changes more than two characters are the same, or the line ends there."""
    found = marks(old, new)
    assert all(a.mark is not b.mark for a, b in pairwise(found))
    assert all(len(one.text) > 2 or "\n" in one.text for one in found[1:-1]
               if one.mark is Mark.SAME)


@pytest.mark.parametrize(("old", "new", "shown"), [
    ("满三十年的档案", "满二十五年的档案", "满-三十+二十五=年的档案"),
    ("满二十五年", "满二十年", "满-二十五+二十=年"),
    ("应当移交", "应当按期移交", "应当+按期=移交"),
    ("应当按期移交", "应当移交", "应当-按期=移交"),
    ("处五百元罚款", "处一千元以下罚款", "处-五百元+一千元以下=罚款"),
    ("第27条", "第28条", "第-27+28=条"),
    ("", "新的", "+新的"),
])
def test_the_words_as_a_reader_sees_them(old, new, shown):
    signs = {Mark.SAME: "=", Mark.DEL: "-", Mark.INS: "+"}
    made = "".join(signs[one.mark] + one.text for one in marks(old, new)).removeprefix("=")
    assert made == shown


# ---- the articles ----

def test_added_repealed_changed_and_the_same():
    old = numbered("甲" * 20, "单位应当移交档案，不得拖延。", "丙" * 20, "丁" * 20)
    new = numbered("甲" * 20, "单位应当按期移交档案，不得拖延。", "丙　" * 20)
    assert told(compare(old, new)) == [("changed", "2", "2"), ("repealed", "4", None)]
    assert told(compare(new, old)) == [("changed", "2", "2"), ("added", None, "4")]
    assert counted(compare(old, new)) == {
        Change.ADDED: 0, Change.REPEALED: 1, Change.CHANGED: 1, Change.MOVED: 0}


def test_renumbered_articles_are_moved():
    texts = ["为了加强档案管理，制定本法。", "档案由国家档案馆永久保管。", "移交期限由省级规定。",
             "违反规定的，给予警告处分。"]
    old = numbered(*texts)
    new = numbered(texts[0], "新增一条说的是数字资源共享。", *texts[1:3],
                   "违反规定的，给予警告或者记过处分。")
    assert told(compare(old, new)) == [
        ("added", None, "2"), ("moved", "2", "3"), ("moved", "3", "4"), ("changed", "4", "5")]


def test_an_article_between_two_numbers():
    old = numbered("单位应当移交档案。", "馆藏应当按期开放。")
    new = {**old, ArticleNumber(1, 1): "电子档案应当备份。"}
    assert told(compare(old, new)) == [("added", None, "1之一")]


def test_an_article_with_quite_other_words_keeps_its_number_when_nothing_moved():
    old = numbered("甲乙丙丁戊己庚辛", "单位应当移交档案。")
    new = numbered("子丑寅卯辰巳午未", "单位应当移交档案。")
    assert told(compare(old, new)) == [("changed", "1", "1")]


def test_the_preamble_changes_like_an_article():
    old = {PREAMBLE: "我们走过了很长的路。", **numbered("甲")}
    assert told(compare(old, {**old, PREAMBLE: "我们走过了不长的路。"})) == [("changed", "0", "0")]
    assert told(compare(old, numbered("甲"))) == [("repealed", "0", None)]


def test_a_law_of_identical_articles():
    """Nothing moves where nothing can be told apart."""
    old = numbered(*["主管部门应当检查，不符合的应当补正。"] * 30)
    new = {**old, ArticleNumber(12): "主管部门可以检查，不符合的应当补正。"}
    assert told(compare(old, new)) == [("changed", "12", "12")]


@given(made_laws())
def test_the_same_law_has_no_changes(law: MadeLaw):
    texts = {ArticleNumber(one.number, one.sub): "\n".join(one.lines) for one in law.articles}
    assert compare(texts, texts) == ()


@given(st.dictionaries(st.integers(1, 30), WORDS, max_size=12),
       st.dictionaries(st.integers(1, 30), WORDS, max_size=12))
def test_every_article_is_accounted_for_once(one, other):
    old = {ArticleNumber(number): text for number, text in one.items()}
    new = {ArticleNumber(number): text for number, text in other.items()}
    found = compare(old, new)
    olds = [change.old for change in found if change.old]
    news = [change.new for change in found if change.new]
    assert len(set(olds)) == len(olds)
    assert len(set(news)) == len(news)
    untouched = old.keys() - set(olds)
    assert untouched == new.keys() - set(news)
    assert all(old[number] == new[number] for number in untouched)
    for change in found:
        assert change.before == (old[change.old] if change.old else "")
        assert change.after == (new[change.new] if change.new else "")
        assert (change.change is Change.MOVED) is (
            change.old is not None and change.before == change.after)


@given(st.lists(WORDS, min_size=3, max_size=25, unique=True), st.data())
def test_one_article_more_moves_the_others(texts, data):
    """However the law is renumbered by it, no article counts as repealed."""
    place = data.draw(st.integers(0, len(texts)))
    extra = "新增条款关于完全不同事情之规定"
    found = compare(numbered(*texts), numbered(*texts[:place], extra, *texts[place:]))
    assert told(found) == [("added", None, str(place + 1))] + [
        ("moved", str(n), str(n + 1)) for n in range(place + 1, len(texts) + 1)]
