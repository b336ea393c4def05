"""Moodle XML: what Moodle exports is read, what we write comes back unchanged."""

import contextlib
import re
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from legaled.domain.bank_problems import UnreadableFileError
from legaled.domain.bank_record import Record
from legaled.domain.bank_rows import judge_record
from legaled.domain.banks import JUDGE_OPTIONS, MAX_ROWS, Kind, QuestionDraft
from legaled.domain.text import clean
from legaled.files.moodle import read_moodle, write_moodle
from legaled.files.moodle_text import from_html, to_html


def quiz(*questions, head='<?xml version="1.0" encoding="UTF-8"?>\n'):
    return (head + "<quiz>\n" + "\n".join(questions) + "\n</quiz>\n").encode()


def question(kind, inside, stem="档案的定义在第几条？"):
    return (f'<question type="{kind}"><name><text>名</text></name><questiontext format="html">'
            f"<text>{stem}</text></questiontext>{inside}</question>")


def answer(fraction, text, more=""):
    return f'<answer fraction="{fraction}" format="html"><text>{text}</text>{more}</answer>'


CHOICE = "<single>{}</single>" + answer("0", "第一条") + answer("{}", "第二条") + answer(
    "{}", "第三条")
ONE = question("multichoice", CHOICE.format("true", "100", "0"))


def judged(data):
    """The drafts of a file in which nothing is wrong."""
    records, rows, problems = read_moodle(data)
    assert problems == []
    assert [record.row for record in records] == list(rows)
    found = [judge_record(record) for record in records]
    assert [errors for _, errors, _ in found] == [[] for _ in found]
    return [draft for draft, _, _ in found]


def only(data):
    (draft,) = judged(data)
    return draft


def codes(data):
    records, _, problems = read_moodle(data)
    wrong = [one for record in records for one in judge_record(record)[1]]
    return [(one.row, one.code) for one in [*problems, *wrong]]


# ---- what Moodle exports ----

EXPORTED = """<?xml version="1.0" encoding="UTF-8"?>
<quiz>
<!-- question: 0  -->
  <question type="category">
    <category><text>$course$/top/档案法</text></category>
    <info format="moodle_auto_format"><text></text></info>
    <idnumber></idnumber>
  </question>
<!-- question: 41  -->
  <question type="multichoice">
    <name><text>保管期限</text></name>
    <questiontext format="html">
      <text><![CDATA[<p dir="ltr">下列哪些属于<b>档案</b>？</p>
<p>可&nbsp;多选&lt;注意&gt;<br></p>]]></text>
    </questiontext>
    <generalfeedback format="html"><text><![CDATA[<p>见第二条</p>]]></text></generalfeedback>
    <defaultgrade>2.0000000</defaultgrade>
    <penalty>0.3333333</penalty>
    <hidden>0</hidden>
    <idnumber>DA-7</idnumber>
    <single>false</single>
    <shuffleanswers>true</shuffleanswers>
    <answernumbering>abc</answernumbering>
    <correctfeedback format="html"><text>对</text></correctfeedback>
    <answer fraction="50" format="html">
      <text><![CDATA[<p>甲</p>]]></text>
      <feedback format="html"><text></text></feedback>
    </answer>
    <answer fraction="-50" format="html">
      <text><![CDATA[<p>乙</p>]]></text>
      <feedback format="html"><text></text></feedback>
    </answer>
    <answer fraction="50" format="html">
      <text><![CDATA[<p>面积 10 m<sup>2</sup></p>]]></text>
      <feedback format="html"><text></text></feedback>
    </answer>
    <tags>
      <tag><text>法规:档案法</text></tag>
      <tag><text>条款：27,28</text></tag>
      <tag><text>难度:易</text></tag>
      <tag><text>来源:第一讲</text></tag>
    </tags>
  </question>
<!-- question: 42  -->
  <question type="truefalse">
    <name><text>判断</text></name>
    <questiontext format="plain_text"><text>1 &lt; 2 成立。</text></questiontext>
    <defaultgrade>1.0000000</defaultgrade>
    <answer fraction="0" format="moodle_auto_format"><text>true</text></answer>
    <answer fraction="100" format="moodle_auto_format"><text>false</text></answer>
    <tags><tag><text>期中</text></tag><tag><text>必考</text></tag></tags>
  </question>
  <question type="shortanswer">
    <name><text>填空</text></name>
    <questiontext format="moodle_auto_format"><text>第一行
档案法自____年施行</text></questiontext>
    <usecase>0</usecase>
    <answer fraction="100" format="moodle_auto_format"><text>2021</text></answer>
    <answer fraction="100" format="moodle_auto_format"><text>二〇二一</text></answer>
    <answer fraction="0" format="moodle_auto_format"><text>*</text></answer>
  </question>
  <question type="cloze">
    <name><text>完形</text></name>
    <questiontext format="html"><text><![CDATA[<p>满\
{1:SHORTANSWER:=二十五#好~%100%25~%50%三十~*#错}年\
开放，由{:SA:=县级\\}以上}人民政府（ {1:MW:主管} ）</p>]]></text></questiontext>
  </question>
  <question type="essay">
    <name><text>简答</text></name>
    <questiontext format="html"><text>简述归档。</text></questiontext>
    <graderinfo format="html"><text><![CDATA[<ul><li>收集</li>
<li>整理</li></ul>]]></text></graderinfo>
  </question>
</quiz>
"""


def test_what_moodle_exports():
    data = EXPORTED.replace("{1:MW:主管}", "{1:MW:=主管}").encode()
    multi, judge, short, cloze, essay = judged(data)
    assert multi == QuestionDraft(
        1, None, "DA-7", Kind.MULTI, "下列哪些属于档案？\n可 多选<注意>",
        ("甲", "乙", "面积 10 m²"), ("A", "C"), "", "见第二条", "易", Decimal(2), "档案法",
        "档案法", "27,28", "第一讲")
    assert (judge.stem, judge.key, judge.topic) == ("1 < 2 成立。", ("B",), "期中、必考")
    assert (short.stem, short.key) == ("第一行\n档案法自____年施行", ("2021|二〇二一",))
    assert (cloze.stem, cloze.key) == (
        "满____年开放，由____人民政府（ ）", ("二十五|25", "县级}以上", "主管"))
    assert (essay.kind, essay.answer_text) == (Kind.ESSAY, "收集\n整理")


def test_the_rows_are_the_questions_as_found():
    _, rows, _ = read_moodle(EXPORTED.encode())
    assert list(rows) == [1, 2, 3, 4, 5]
    for raw in rows.values():
        assert raw in EXPORTED
        assert re.fullmatch(r"<question type=.*</question>", raw, re.DOTALL)
    assert 'type="truefalse"' in rows[2]


def test_a_gap_without_a_right_answer_is_said():
    assert codes(EXPORTED.encode()) == [(4, "answer_not_understood")]


def test_single_takes_the_whole_mark_and_multi_every_part_of_it():
    assert only(quiz(ONE)).key == ("B",)
    parts = question("multichoice", CHOICE.format("false", "33.33333", "66.66667"))
    assert (only(quiz(parts)).kind, only(quiz(parts)).key) == (Kind.MULTI, ("B", "C"))
    assert codes(quiz(question("multichoice", CHOICE.format("true", "100", "100")))) == [
        (1, "single_with_many")]
    assert codes(quiz(question("multichoice", CHOICE.format("true", "50", "50")))) == [
        (1, "missing_answer")]
    every = question("multichoiceset", CHOICE.format("true", "100", "100"))
    assert (only(quiz(every)).kind, only(quiz(every)).key) == (Kind.MULTI, ("B", "C"))


def test_an_option_too_many_and_an_option_without_text():
    nine = "".join(answer("100" if n == 8 else "0", f"项{n}") for n in range(9))
    assert codes(quiz(question("multichoice", nine))) == [
        (1, "too_many_options"), (1, "answer_has_no_option")]
    empty = answer("0", "甲") + answer("0", "乙") + answer("100", "")
    assert codes(quiz(question("multichoice", empty))) == [(1, "answer_has_no_option")]


@pytest.mark.parametrize("kind", ["description", "matching", "numerical", "ddwtos", ""])
def test_what_we_have_no_kind_for_is_told_and_keeps_its_number(kind):
    data = quiz(question(kind, ""), ONE)
    records, rows, problems = read_moodle(data)
    assert [(one.row, one.code, one.value) for one in problems] == [(1, "kind_unknown", kind)]
    assert [record.row for record in records] == [2]
    assert list(rows) == [1, 2]


def test_a_gap_that_offers_choices_is_no_blank():
    data = quiz(question("cloze", "", "首都是{1:MULTICHOICE:=北京~上海}和{1:SA:=甲}"))
    assert codes(data) == [(1, "kind_unknown")]


@pytest.mark.parametrize("text", ["甲；乙", "甲|乙", "*档案*"])
def test_an_answer_that_we_could_not_keep_apart_is_refused(text):
    assert codes(quiz(question("shortanswer", answer("100", text)))) == [
        (1, "answer_not_understood")]


@pytest.mark.parametrize(("stem", "files"), [
    ('<![CDATA[看图<img src="@@PLUGINFILE@@/a.png">]]>',
     '<file name="a.png" encoding="base64">AA==</file>'),
    ('<![CDATA[看图<img src="data:image/png;base64,AA==">]]>', ""), ("听录音", "<file name='a'/>")])
def test_a_picture_is_never_lost_silently(stem, files):
    inside = CHOICE.format("true", "100", "0") + files
    records, _, problems = read_moodle(quiz(question("multichoice", inside, stem)))
    assert [(one.row, one.code) for one in problems] == [(1, "picture_left_out")]
    assert judge_record(records[0])[0].stem in stem


@pytest.mark.parametrize(("written", "read"), [
    ("1.0000000", "1"), ("0.3333333", "0.3333"), ("10", "10"), ("2.50", "2.50"), ("x", "x"),
    ("1e99999999", "1e99999999"), ("0.0000000", "0"), ("NaN.00000", "NaN.00000")])
def test_marks_as_moodle_writes_them(written, read):
    data = quiz(ONE.replace("</question>", f"<defaultgrade>{written}</defaultgrade></question>"))
    assert read_moodle(data)[0][0].cells["points"] == read


@pytest.mark.parametrize(("path", "topic"), [
    ("$course$/top/Default for 档案", ""), ("top", ""), ("$system$", ""), ("甲/乙//丙", "乙/丙"),
    ("$course$/档案法", "档案法"), ("档案课默认", "")])
def test_a_category_is_no_question_and_may_be_the_topic(path, topic):
    category = f'<question type="category"><category><text>{path}</text></category></question>'
    assert only(quiz(category, ONE)).topic == topic


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_every_encoding(encoding):
    head = f'<?xml version="1.0" encoding="{encoding.removesuffix("-sig")}"?>\n'
    assert only(quiz(ONE, head=head).decode().encode(encoding)).stem == "档案的定义在第几条？"


# ---- what is refused ----

@pytest.mark.parametrize(("data", "code"), [
    (b"", "not_a_table"), (b"hello", "not_a_table"), (b"\x89PNG\r\n\x1a\n\0\0", "not_a_table"),
    (b"<html><body>x</body></html>", "not_a_table"), (b"<quiz>", "not_a_table"),
    (b"<quiz><question></quiz>", "not_a_table"),
    (quiz(ONE).partition(b"</single>")[0], "not_a_table"),
    (b"<quiz>\xff\xff\xff</quiz>", "undecodable"), (b"<quiz>&nothing;</quiz>", "not_a_table"),
    (b"<!DOCTYPE quiz><quiz></quiz>", "unsafe_archive"),
    (b'<!DOCTYPE q [<!ENTITY a "aaa">]><quiz>&a;</quiz>', "unsafe_archive"),
    (b'<!DOCTYPE q [<!ENTITY a SYSTEM "file:///etc/passwd">]><quiz>&a;</quiz>', "unsafe_archive"),
    (b'<!DOCTYPE q SYSTEM "http://127.0.0.1/x.dtd"><quiz/>', "unsafe_archive"),
    (b"<quiz>" + b"<a/>" * 2_000_001 + b"</quiz>", "unsafe_archive"),
    (b"<quiz>" + b"<a>" * 200 + b"</a>" * 200 + b"</quiz>", "unsafe_archive"),
    (b"<quiz><a " + b'b="c" ' * 30_000 + b"/></quiz>", "unsafe_archive")])
def test_what_is_no_moodle_file_is_refused_with_words(data, code):
    with pytest.raises(UnreadableFileError) as caught:
        read_moodle(data)
    assert caught.value.problem.code == code
    assert caught.value.problem.message.endswith("。")


def test_no_questions_and_too_many():
    assert [one.code for one in read_moodle(b"<quiz></quiz>")[2]] == ["no_rows"]
    data = b"<quiz>" + b"<question/>" * (MAX_ROWS + 1) + b"</quiz>"
    assert [one.code for one in read_moodle(data)[2]] == ["too_many_rows"]


# ---- round trip ----

def test_a_draft_of_each_kind_round_trips():
    wanted = [
        QuestionDraft(1, "L-000001", "", Kind.SINGLE, "=甲<b>？  x", ("=一", "'+二 &amp; ]]>"),
                      ("B",), explanation="a\n\nb \t c", points=Decimal(2), topic="a:b",
                      law="档案法", article="27,28", source="x", difficulty="难"),
        QuestionDraft(2, None, "7", Kind.MULTI, "乙？", ("一", "二", "三"), ("A", "B", "C"),
                      points=Decimal("1.50")),
        QuestionDraft(3, "L-000003", "", Kind.JUDGE, "丙。", JUDGE_OPTIONS, ("B",)),
        QuestionDraft(4, None, "", Kind.BLANK, "____和（ ）与(____)及______ {1:SA:=x}和（\n）", (),
                      ("甲|乙{}~#=%", "丙*\\", "丁", "a  b", r"\*")),
        QuestionDraft(5, None, "", Kind.BLANK, "没有空", (), ("甲", "丙")),
        QuestionDraft(6, None, "", Kind.BLANK, "一空____", (), ("甲*|丙&amp",)),
        QuestionDraft(7, None, "", Kind.ESSAY, "戊？", answer_text="-略\n2")]
    assert judged(write_moodle(wanted)) == wanted


def test_a_character_that_xml_cannot_hold_comes_back_where_text_is_shown():
    wanted = QuestionDraft(1, None, "", Kind.SINGLE, "In\x1ffinit\x0b\uffff", ("一\x01", "二"),
                           ("A",), explanation="\x02", topic="甲\x1f乙")
    assert only(write_moodle([wanted])) == replace(wanted, topic="甲\ufffd乙")
    assert from_html('<span class="ctrl-0"></span><span class="ctrl-65"></span>') == ("", False)


def test_what_moodle_needs_is_there():
    text = write_moodle([
        QuestionDraft(1, None, "", Kind.MULTI, "很长" * 60, ("一", "二", "三"), ("A", "B", "C"))
    ]).decode()
    assert f"<name><text>{'很长' * 20}…</text></name>" in text
    assert "<answernumbering>none</answernumbering>" in text
    assert text.count('fraction="33.33333"') == 3
    assert "<defaultgrade>" not in text
    assert "<single>false</single>" in text


words = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=30)
cells = st.one_of(words, st.sampled_from([
    "=1+1", "'=x", "<b>甲</b>", "&nbsp;", "&amp;", "]]>", "<![CDATA[", "a\r\nb", "（ ）", "____",
    "()", "<!-- x -->", "{1:SA:=x}", "  两  格 ", "a\tb", "<br>", "A、B两项", "😀", "（____）",
    "\\*", "*"]))
short = st.text("甲乙:：<&'=A、 .", max_size=8)
gaps = st.lists(
    st.sampled_from(["____", "（ ）", "()", "______", "（\u3000）"]), min_size=1, max_size=4)
gap_answer = st.text("甲乙{}~#=%*\\&<> \"'A1", min_size=1, max_size=6)


@st.composite
def drafts(draw, row):
    kind = draw(st.sampled_from(["单选", "多选", "判断", "填空", "简答"]))
    record = {name: draw(cells) for name in ("stem", "explanation", "option_a", "option_b",
                                             "option_c")}
    answer = draw(st.one_of(st.sampled_from(["A", "AB", "对", "×", "甲|乙；丙"]), cells))
    if kind == "填空":
        places = draw(gaps)
        record["stem"] = "".join(draw(cells) + gap for gap in places) + draw(cells)
        answer = "；".join("|".join(draw(st.lists(gap_answer, min_size=1, max_size=3)))
                          for _ in places)
    record |= {name: draw(short) for name in ("difficulty", "topic", "law", "article", "source")}
    record |= {"number": draw(st.sampled_from(["", "L-000123", "001", "=7"])), "kind": kind,
               "answer": answer, "points": draw(st.sampled_from(["", "2", "1.50", "0.0625"]))}
    return judge_record(Record(row, record))[0]


@settings(max_examples=400, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(drafts(1))
def test_writing_and_reading_changes_nothing(wanted):
    if wanted is not None:
        assert judged(write_moodle([wanted])) == [wanted]


@settings(max_examples=300, deadline=None)
@given(words)
@example("a  b\n\n\tc")
def test_html_that_we_write_shows_the_same_text(text):
    text = clean(text)
    assert from_html(to_html(text)) == (text, False)
    assert from_html(f"<p>\n  {to_html(text)}  \n</p>") == (text, False)


@pytest.mark.parametrize("html", [
    "<" * 200_000, "<!--" * 50_000, "&" * 200_000, "<a" * 100_000, "{1:SA:" * 30_000,
    "<p>" * 60_000, "{" + " " * 100_000])
def test_hostile_text_stays_linear(html):
    from_html(html)
    stem = html.replace("&", "&amp;").replace("<", "&lt;")
    read_moodle(quiz(question("cloze", "", stem)))


# ---- whatever people send ----

@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
@example(b"<\0")
@example(b"\xff\xfe<\0")
def test_random_bytes_only_ever_raise_unreadable(data):
    with contextlib.suppress(UnreadableFileError):
        read_moodle(data)


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_mutated_files_only_ever_raise_unreadable(data):
    raw = bytearray(EXPORTED.encode())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(raw) - 1))
        size = data.draw(st.sampled_from([0, 1, 1, 1, 20, 500]))
        raw[at:at + size] = data.draw(st.binary(max_size=4))
    with contextlib.suppress(UnreadableFileError):
        for record in read_moodle(bytes(raw))[0]:
            judge_record(record)
