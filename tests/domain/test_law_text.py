"""Official texts are read the same in every layout; what is wrong with them is said by line."""

import re
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legaled.domain.law_lines import Level
from legaled.domain.law_problems import ERRORS, MATTERS, WARNINGS, LawUnreadableError
from legaled.domain.law_text import Kind, parse
from tests.law_texts import LAYOUTS, MadeLaw, gazette, made_laws, plain, printed

HEAD = "测试条例\n（2020年1月1日通过）\n"


def law(*lines):
    return parse([HEAD + "\n".join(lines)])


def shorts(text):
    return [one.number.short for one in text.articles]


def texts(text):
    return [one.text for one in text.articles]


def codes(text):
    return {one.code for one in text.warnings} - {"no_effective_date"}


def expect(found, made: MadeLaw):
    assert shorts(found) == [one.short for one in made.articles]
    assert texts(found) == ["\n".join(one.lines) for one in made.articles]
    assert found.preamble == made.preamble
    words = [re.split("　", one)[1] for _, one in made.headings]
    assert [one.title for one in found.headings] == words
    assert found.title == made.title
    assert found.dates.promulgated == date(2023, 1, 2)
    assert (found.gaps, found.repeats, codes(found)) == ((), (), set())


# ---- the same law in every layout ----

@pytest.mark.parametrize("layout", LAYOUTS)
@given(made=made_laws())
@settings(max_examples=60, deadline=None)
def test_a_law_comes_back_from_every_layout(layout, made):
    expect(parse([LAYOUTS[layout](made)]), made)


@given(made=made_laws())
@settings(max_examples=60, deadline=None)
def test_layouts_have_one_digest(made):
    assert len({parse([layout(made)]).digest for layout in LAYOUTS.values()}) == 1


@given(made=made_laws(), width=st.sampled_from([28, 32, 40]))
@settings(max_examples=60, deadline=None)
def test_lines_of_print_are_joined_again(made, width):
    found = parse([printed(made, width)])
    assert shorts(found) == [one.short for one in made.articles]
    assert "".join(texts(found)).replace("\n", "") == "".join(
        line for one in made.articles for line in one.lines)


@given(made=made_laws(), cut=st.integers(0, 100))
@settings(max_examples=40, deadline=None)
def test_a_law_in_two_files_in_any_order(made, cut):
    lines = gazette(made, "\n").split("\n")
    starts = [place for place, line in enumerate(lines) if re.match("　　第.{1,4}条　", line)]
    place = starts[cut % len(starts)]
    first, second = "\n".join(lines[:place]), f"{made.title}\n\n" + "\n".join(lines[place:])
    if place == starts[0]:
        return
    assert parse([first, second]).digest == parse(["\n".join(lines)]).digest
    assert parse([second, first]).digest == parse(["\n".join(lines)]).digest


# ---- what starts an article ----

@pytest.mark.parametrize("line", [
    "第二十条第一款规定的情形，由机关处理。", "第二十条规定的期限，另行计算。",
    "第九条、第十条同样适用。",
    "第一条的规定不适用。", "第三条所称档案，是指记录。", "第十二条至第十五条适用于个人。",
    "第三条 规定的事项，报上级批准。", "第二条　第二款的规定，适用于单位。",
    "第二十条（一）项除外。",
])
def test_a_sentence_that_begins_with_a_reference_is_text(line):
    found = law("第一条　甲。", "第二条　乙：", line, "第三条　丙。")
    assert shorts(found) == ["1", "2", "3"]
    assert texts(found)[1].split("\n")[1] == re.sub("[ 　]", "", line)
    assert codes(found) == set()


def test_a_reference_broken_off_at_the_end_of_a_line_is_joined():
    found = law("第一条 甲。", "第二条 违反规定的，依照", "第一条、第三条以及",
                "第三条 处理。", "第三条 丙。")
    assert texts(found) == ["甲。", "违反规定的，依照第一条、第三条以及第三条处理。", "丙。"]


def test_articles_whose_words_follow_at_once():
    found = law("第一条为了规范，制定本条例。", "第二条依照本条例办理。", "第一条规定的内容。",
                "第四条丁。")
    assert shorts(found) == ["1", "2", "4"]
    assert found.gaps == ("3",)


def test_an_article_may_begin_with_the_word_for_rules():
    found = law("第一条 甲。", "第二条 规定期限的，从其规定。", "第三条 和平时期适用。",
                "第四条 丁。")
    assert shorts(found) == ["1", "2", "3", "4"]


@pytest.mark.parametrize(("words", "short"), [
    ("第一百零一条", "101"), ("第一百〇一条", "101"), ("第一千二百六十条", "1260"),
    ("第１２条", "12"), ("第12条", "12"), ("第一百二十条之一", "120之一"),
    ("第一百二十条之十二", "120之十二"),
    ("第 二 十 条", "20"), ("第一百二十之一条", "120之一"), ("**第三十条**", "30"),
    ("#### 第三十条", "30"), ("第二百条", "200"), ("第一〇五条", "105"),
])
def test_numbers_as_they_are_written(words, short):
    assert shorts(law(f"{words}　甲乙丙。")) == [short]


def test_the_words_may_stand_below_the_number():
    found = law("第一条", "甲乙丙。", "第二条", "丁。")
    assert texts(found) == ["甲乙丙。", "丁。"]


def test_parts_of_an_article():
    found = law("第一条　下列事项：", "（一）甲；", "1.子；", "（2）丑；", "（二）乙。",
                "前款不适用于个人。")
    kinds = [(one.kind, one.mark, one.text) for one in found.articles[0].paragraphs]
    assert kinds == [
        (Kind.PARAGRAPH, "", "下列事项："), (Kind.ITEM, "（一）", "甲；"),
        (Kind.SUBITEM, "1.", "子；"), (Kind.SUBITEM, "（2）", "丑；"),
        (Kind.ITEM, "（二）", "乙。"), (Kind.PARAGRAPH, "", "前款不适用于个人。")]


def test_spaces_and_line_ends_of_all_kinds():
    text = "测试条例\r\n第一章\u00a0总\u3000则\r\n\u00a0\u00a0第一条\u00a0甲 乙，"
    found = parse([text + "自 2020 年 1 月起。\r第二条&nbsp;丙。"])
    assert texts(found) == ["甲乙，自2020年1月起。", "丙。"]
    assert found.headings[0].title == "总则"


# ---- headings ----

def test_chapters_begin_again_in_each_part():
    found = law("第一编 总则", "第一章 甲", "第一条 一。", "第二章 乙", "第一节 丙", "第二条 二。",
                "第二编 分则", "第一分编 丁", "第一章 戊", "第三条 三。", "附　则", "第四条 四。")
    assert [(one.level, one.title, one.parent) for one in found.headings] == [
        (Level.PART, "总则", None), (Level.CHAPTER, "甲", 0), (Level.CHAPTER, "乙", 0),
        (Level.SECTION, "丙", 2), (Level.PART, "分则", None), (Level.SUBPART, "丁", 4),
        (Level.CHAPTER, "戊", 5), (Level.PART, "附则", None)]
    assert (found.chapters, found.sections) == (3, 1)
    assert [one.heading for one in found.articles] == [1, 3, 6, 7]


@pytest.mark.parametrize("line", [
    "第三章规定的程序，适用本条。", "第二节的规定，不适用。", "第一章至第三章，另行规定。",
])
def test_a_sentence_that_begins_with_a_chapter_is_text(line):
    found = law("第一章 总则", "第一条 甲。", line, "第二条 乙。")
    assert texts(found)[0] == f"甲。\n{line}"
    assert found.chapters == 1


def test_a_title_on_the_line_below():
    assert law("第一章", "总　则", "第一条 甲。").headings[0].title == "总则"


@pytest.mark.parametrize("contents", [
    ["目录", "第一章 总则", "第二章 附则"], ["目　次", "第一章 总则……1", "第二章 附则……12", ""],
    ["第一章 总则", "第二章 附则", ""], ["- [第一章 总则](#a)", "- [第二章 附则](#b)"],
    ["目录", "第一章 总则（第一条—第一条）", "第二章 附则（第二条）"],
])
def test_a_table_of_contents_is_no_body(contents):
    found = law(*contents, "第一章 总则", "第一条 甲。", "第二章 附则", "第二条 乙。")
    assert (found.chapters, texts(found)) == (2, ["甲。", "乙。"])
    assert [one.title for one in found.headings] == ["总则", "附则"]


# ---- title and dates ----

@pytest.mark.parametrize(("head", "title"), [
    ("# 中华人民共和国测试法\n\n2020年1月1日 通过", "中华人民共和国测试法"),
    ("---\ntitle: '测试法'\n---\n\n正文", "测试法"),
    ("中华人民共和国主席令\n第四十七号\n《中华人民共和国测试法》已由大会于2020年6月20日通过，"
     "现予公布，自2021年1月1日起施行。\n主席　某某\n2020年6月20日\n\n中华人民共和国测试法",
     "中华人民共和国测试法"),
    ("中华人民共和国测试法\n实施条例\n（2020年1月1日公布）", "中华人民共和国测试法实施条例"),
    ("测试行政处罚程序规定\n（令第20号，2023年2月15日公布）", "测试行政处罚程序规定"),
    ("某某办法（试行）", "某某办法（试行）"), ("# 测试法典 第一编 总则", "测试法典"),
])
def test_titles(head, title):
    assert parse([f"{head}\n\n第一章 总则\n第一条 甲。"], "文件名").title == title


def test_the_file_gives_the_title_that_the_text_has_not():
    assert parse(["第一条 甲。\n第二条 乙。"], "某某办法").title == "某某办法"


@pytest.mark.parametrize(("head", "end", "dates"), [
    ("（1987年9月5日通过　根据1996年7月5日《决定》第一次修正　2020年6月20日修订）",
     "本法自2021年1月1日起施行。", (date(2020, 6, 20), date(2021, 1, 1))),
    ("2015年7月1日 某会议通过", "本法自公布之日起施行。", (date(2015, 7, 1), date(2015, 7, 1))),
    ("（令第20号，2023年2月15日公布，自2023年4月1日起施行。）", "乙。",
     (date(2023, 2, 15), date(2023, 4, 1))),
    ("（二○二○年六月二十日通过）", "本法自二〇二一年一月一日起施行。",
     (date(2020, 6, 20), date(2021, 1, 1))),
    ("", "本条例自2024年3月1日起施行。《某某实施办法》同时废止。", (None, date(2024, 3, 1))),
    ("（2020年2月30日通过）", "乙。", (None, None)),
    ("2020 年 6 月 20 日通过", "本法自 2021 年 1 月 1 日起施行。",
     (date(2020, 6, 20), date(2021, 1, 1))),
    ("1982年12月4日 大会通过\n1982年12月4日 公告公布施行\n2018年3月11日 大会通过的《某修正案》",
     "乙。", (date(2018, 3, 11), date(1982, 12, 4))),
])
def test_dates(head, end, dates):
    found = parse([f"测试法\n{head}\n第一条 甲。\n第二条 {end}"]).dates
    assert (found.promulgated, found.effective) == dates


# ---- what is wrong with it ----

def test_a_missing_article_is_a_gap_with_its_line():
    found = law("第一条　甲。", "第二条　乙。", "第五条　戊。")
    assert found.gaps == ("3", "4")
    assert [(one.line, one.code) for one in found.warnings][-1] == (5, "gap")
    assert not found.is_clean


def test_a_missing_article_between_two():
    assert law("第一条　甲。", "第二条之二　乙。", "第三条　丙。").gaps == ("2", "2之一")
    assert law("第一条　甲。", "第一条之一　乙。", "第二条　丙。").gaps == ()


def test_a_repeated_number_keeps_the_first():
    found = law("第一条　甲。", "第二条　乙。", "第二条　又乙。", "第三条　丙。",
                "第一条之一　丁。")
    assert (found.repeats, texts(found)) == (("2",), ["甲。", "丁。", "乙。", "丙。"])
    assert {(one.line, one.code) for one in found.warnings if one.line} == {
        (5, "repeat"), (7, "out_of_order")}


def test_a_chapter_that_was_pasted_twice_is_all_repeats():
    chapter = ("第一章 总则", "第一条　甲。", "第二条　乙。")
    found = law(*chapter, *chapter, "第三条　丙。")
    assert (shorts(found), found.repeats) == (["1", "2", "3"], ("1", "2"))


def test_an_article_without_words():
    assert "empty_article" in codes(law("第一条　甲。", "第二条", "第三条　丙。"))


AMENDMENTS = ["第一条　宪法第十一条增加规定：“甲”。", "第二条　宪法第十条第四款修改为：“乙”。"]


@pytest.mark.parametrize("lines", [
    ["测试宪法修正案", "（1988年4月12日通过）", *AMENDMENTS, "测试宪法修正案", "（1993年通过）",
     *AMENDMENTS],
    ["# 测试法修正案（十一）", "第一条 将第十七条修改为：“甲”。"],
    ["历次修改", *AMENDMENTS, "第一条　宪法序言第三段修改为：“甲”。"],
])
def test_a_list_of_amendments_is_refused_with_the_reason(lines):
    with pytest.raises(LawUnreadableError, match="修正案") as refused:
        parse(["\n".join(lines)])
    assert refused.value.problem.code == "amendment_list"


def test_a_decision_to_amend_is_refused():
    with pytest.raises(LawUnreadableError) as refused:
        parse(["关于修改〈测试法〉的决定\n（2020年通过）\n第一条 将第三条修改为“甲”。"])
    assert refused.value.problem.code == "amending_decision"


def test_amendments_behind_the_body_are_left_out():
    found = law("第一条　甲。", "第二条　乙。", "", "测试宪法修正案", "（1988年通过）", *AMENDMENTS)
    assert (texts(found), codes(found)) == (["甲。", "乙。"], {"amendments_left_out"})
    assert found.is_clean


def test_another_law_behind_the_body_is_left_out():
    found = law("第一条　甲。", "第二条　乙。", "某某实施办法", "第一条　丙。", "第二条　丁。")
    assert (texts(found), codes(found)) == (["甲。", "乙。"], {"another_text_left_out"})


def test_an_annex_is_left_out():
    found = law("第一条　甲。", "第二条　乙。", "附件：名单", "张三")
    assert (texts(found), codes(found)) == (["甲。", "乙。"], {"annex_left_out"})


@pytest.mark.parametrize(("text", "code"), [
    ("", "empty"), (" \n\u3000\n", "empty"), ("没有条文。", "no_articles"),
    ("依照第三条规定的内容。", "no_articles"),
])
def test_what_is_no_law(text, code):
    with pytest.raises(LawUnreadableError) as refused:
        parse([text])
    assert refused.value.problem.code == code


def test_two_laws_at_once_are_refused():
    with pytest.raises(LawUnreadableError) as refused:
        parse(["甲乙条例\n第一条　甲。", "丙丁条例\n第二条　乙。"])
    assert refused.value.problem.code == "two_laws"


def test_the_sentences_of_all_codes():
    assert set(WARNINGS) >= MATTERS
    assert all(words.endswith("。") for words in [*ERRORS.values(), *WARNINGS.values()])


# ---- anything ----

PIECES = st.sampled_from([
    "第一条", "第二条", "第三条之一", "第二十条", "第一章", "第一节 甲", "目录", "序言", "附则",
    "　", " ", "\n", "\n\n", "第", "条", "一", "百", "（一）", "1.", "甲乙丙", "。", "，", "**",
    "# ", "---\n", "<!--", "-->", "规定", "修正案", "（2020年1月1日通过）", "测试条例", "附件：",
    "— 3 —", "\r", "\x00", "《", "》"])


def read(text):
    """The law, or the code of the refusal."""
    try:
        return parse([text])
    except LawUnreadableError as refused:
        return refused.problem.code


@given(st.lists(PIECES, max_size=60).map("".join) | st.text(max_size=80))
@settings(max_examples=400, deadline=None)
def test_any_text_is_read_or_refused(text):
    found = read(text)
    if found in ERRORS:
        return
    numbers = [one.number for one in found.articles]
    assert numbers == sorted(set(numbers))
    assert found.as_json()["articles"] == len(numbers)
    for one in found.articles:
        assert one.heading is None or one.heading < len(found.headings)
    assert all(one.parent is None or one.parent < place
               for place, one in enumerate(found.headings))


@pytest.mark.parametrize("text", [
    "第" * 200_000, "第一条" * 60_000, "-" * 300_000, "[" * 300_000, "<!--" * 60_000,
    "第一章" + "." * 300_000, "（" * 200_000 + "\n第一条 甲", "第一条 " + "将第一条" * 60_000,
    "修正案" * 60_000 + "\n第一条 甲", "目录\n" * 60_000, "2020年1月1日" * 30_000 + "\n第一条 甲",
    "第一条　甲\n" * 40_000, "< a" * 100_000, "第一条\n" + "自2020年1月1日" * 20_000,
    "# " * 100_000, "> " * 100_000,
], ids=range(16))
def test_a_text_made_to_be_slow_is_read_at_once(text):
    """A search that grows with the square of the text would take hours."""
    found = read(text)
    assert found in ERRORS or found.articles


def test_a_long_law():
    found = parse([plain(1259)])
    assert len(found.articles) == 1260
    assert found.is_clean
