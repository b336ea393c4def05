"""Running text: how lines are named, how lists of answers are read, and that nothing breaks it."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legaled.domain.bank_prose import read_prose
from legaled.domain.bank_prose_keys import answer_head, bare_letters, key_items
from legaled.domain.bank_prose_lines import MAX_ANSWERS, MAX_LINES, read_lines, split_fields
from legaled.domain.bank_prose_parts import inline_options, split_options
from legaled.domain.bank_prose_words import kind_heading


def read(text):
    return read_prose(enumerate(text.split("\n"), start=1))


def cells(text):
    return [one.cells for one in read(text).records]


# ---- lists of answers ----

@pytest.mark.parametrize(("text", "expected"), [
    ("1-5 ABCDA", "1A 2B 3C 4D 5A"), ("1—5：ABCDA", "1A 2B 3C 4D 5A"),
    ("1-3 A B C 4-5 DA", "1A 2B 3C 4D 5A"), ("1~3、AB ACD BD", "1AB 2ACD 3BD"),
    ("6-8 √×√", "6√ 7× 8√"), ("第1-2题：对 错", "1对 2错"), ("1～2 正确 错误", "1正确 2错误"),
    ("1.A 2.BD 3.C", "1A 2BD 3C"), ("1、√ 2、×", "1√ 2×"), ("1. A、C；2. B。", "1A、C 2B"),
    ("１．Ａ　２．Ｂ", "1A 2B"), ("(1)A (2)b", "1A 2B"), ("1.（A）2.【B】", "1A 2B"),
    ("1A2B3C", "1A 2B 3C"), ("1.【答案】B", "1B"), ("第3题：B", "3B"), ("1\tB\t11\tC", "1B 11C"),
    ("1. T 2. F", "1T 2F"), ("1-3 AB", "1 2 3"), ("3-1 AB", ""), ("1-5", ""),
    ("1. ABC企业", ""), ("1. A. 甲", ""), ("1. 对外开放", ""), ("1. 是否", ""), ("A", ""),
    ("", ""), ("2021年", ""), ("1.5 米", ""), ("1.A 乙", ""), ("1-99999 A", ""),
    ("1-5 TFTTF", "1T 2F 3T 4T 5F"), ("1-3 FFT 4-5 TT", "1F 2F 3T 4T 5T"), ("1-2000 ABCD", "1"),
    ("1.A " * 20_000, "")])
def test_lists_of_answers(text, expected):
    assert " ".join(f"{number}{answer}" for number, answer in key_items(text)) == expected


@pytest.mark.parametrize(("text", "expected"), [
    ("B", ("B", "")), ("B。解析：因为", ("B", "解析：因为")),
    ("【答案】AB 【解析】", ("AB", "【解析】")),
    ("对", ("对", "")), ("对外开放", ("", "")), ("A市", ("", "")), ("(B)", ("B", ""))])
def test_the_answer_in_front_of_an_explanation(text, expected):
    assert answer_head(text) == expected


def test_letters_without_numbers():
    assert bare_letters("BCDAB CDABC") == list("BCDABCDABC")
    assert (bare_letters("B"), bare_letters("AB超"), bare_letters("")) == ([], [], [])


# ---- lines ----

@pytest.mark.parametrize(("text", "kind", "points"), [
    ("一、单选题", "单选", ""), ("（二）多项选择题（每题2分，共20分）", "多选", "2"),
    ("单选题", "单选", ""),
    ("第一部分 判断题", "判断", ""), ("【单选题】", "单选", ""), ("三、是非题：", "判断", ""),
    ("二、多选（多选、少选均不得分）", "多选", ""), ("4. 简答题", "简答", ""),
    ("五、名词解释（每小题1.5分）", "简答", "1.5"), ("一、档案法填空题（10题）", "填空", ""),
    ("一、单项选择题：本大题共2小题，每小题1分。每小题只有一项是正确的。", "单选", "1"),
    ("（一）单选题 1-5 ABCDA", "单选", "")])
def test_headings_name_the_kind_and_the_points(text, kind, points):
    found = kind_heading(text)
    assert (found.kind, found.points) == (kind, points)


@pytest.mark.parametrize("text", [
    "判断题的解题方法有哪些？", "1. 下列判断正确的是（ ）", "单选题：下列说法正确的是（ ）", "选择",
    "1. (判断题, 5分)甲", "(单选题，2.0分)甲", "[单选题,2分]甲", "1. (判断题, 5分)",
    "【判断题】以下单位是组成部分", "2.[判断题]（2分）甲（乙）",
    "【单选题】甲是什么？", "[多选]1. 甲", "一、总则", "第二十七条", "", "题" * 1000])
def test_other_lines_are_no_headings(text):
    assert kind_heading(text) is None


@pytest.mark.parametrize(("text", "expected"), [
    ("答案：B", [("answer", "B")]), ("[答案] B", [("answer", "B")]), ("【答案】B【解析】因", [
        ("answer", "B"), ("explanation", "因")]),
    ("正确答案: AB 难度：易 知识点：开放", [
        ("answer", "AB"), ("difficulty", "易"), ("topic", "开放")]),
    ("（答案：B）", [("answer", "B")]), ("答案是：C", [("answer", "C")]),
    ("答案B", [("answer", "B")]),
    ("我的答案：A；正确答案：B；", [("mine", "A"), ("answer", "B")]),
    ("解析", [("explanation", "")]),
    ("答案：甲；乙", [("answer", "甲；乙")]), ("法律依据：《档案法》", [("source", "《档案法》")]),
    ("答案不唯一", []), ("试题", []), ("找到了第二个答案，即自我革命", []), ("依据法律", [])])
def test_labels(text, expected):
    assert split_fields(text) == expected


def test_inline_options():
    assert inline_options("正确的是（ ）A.甲 B.乙") == ("正确的是（ ）", [("A", "甲"), ("B", "乙")])
    assert inline_options("甲是多少A.1 B.2 C.3")[1] == [("A", "1"), ("B", "2"), ("C", "3")]
    for text in ("甲与A、B、C三人", "A.甲", "见附件A.1和B.2", "A市、B市", "", "U.S.A. B."):
        assert inline_options(text) == (text, [])


def test_one_line_holds_several_options_only_in_order():
    assert split_options([["A", "甲 B.乙"], ["C", "丙 D.丁"]]) == [
        ("A", "甲"), ("B", "乙"), ("C", "丙"), ("D", "丁")]
    glued = [["A", "甲 B、子 C、丑"], ["B", "乙"], ["C", "丙 C.丁"]]
    assert split_options(glued) == [tuple(one) for one in glued]


# ---- questions ----

QUESTION = "1. 开放年限是（ ）\nA. 十年\nB. 二十五年\n"


def test_rows_and_blocks_are_those_of_the_text():
    prose = read(f"题库\n\n{QUESTION}答案：B\n\n\n  2. 对。\n答案：对\n\n")
    assert [one.row for one in prose.records] == [3, 9]
    assert prose.blocks == {3: f"{QUESTION}答案：B", 9: "  2. 对。\n答案：对"}


def test_own_answers_are_never_the_key():
    assert "answer" not in cells(f"{QUESTION}我的答案：B")[0]


def test_a_letter_in_the_stem_stays_where_an_answer_line_says_it():
    text = "1. 下列年限是（ B ）\nA. 十年\nB. 二十五年\n"
    assert cells(f"{text}答案：B")[0]["stem"] == "下列年限是（ B ）"
    assert cells(text)[0]["stem"] == "下列年限是（ ）"
    assert "answer" not in cells(text.replace("（ B ）", "（ F ）"))[0]
    assert "answer" not in cells("一、单选题\n1. 甲（A）乙（B）\nA. 十年\nB. 二十五年")[0]
    assert cells("一、多选题\n1. 甲（A）乙（B）\nA. 十年\nB. 二十五年")[0]["answer"] == "AB"


def test_options_marked_as_right():
    for text in ("A. 十年\nB. 二十五年（正确答案）", "A. 十年\nB. 二十五年 √",
                 "A. 十年\n√B. 二十五年", "- [ ] A. 十年\n- [x] B. 二十五年"):
        found = cells(f"1. 年限是（ ）\n{text}")[0]
        assert (found["answer"], found["option_b"]) == ("B", "二十五年")
    assert "answer" not in cells("1. 年限是（ ）\nA. 十年√\nB. 二十五年√")[0]


def test_the_text_behind_a_bold_answer_belongs_to_it():
    found = cells(f"{QUESTION}- **答案：B\n答案解析：\nB\n三、判断题**\n\n"
                  "2. 乙（ ）\nA. 一\nB. 二\n**答案：A**")
    assert [one["answer"] for one in found] == ["B\n答案解析：\nB\n三、判断题", "A"]


def test_gaps_get_one_answer_each():
    stem = "一、填空题\n1. 共____章，自（ ）起施行。\n答案："
    for answer in ("八；今日", "①八 ②今日", "八、今日", "（1）八（2）今日", "八\n今日"):
        assert cells(stem + answer)[0]["answer"] == "八；今日"
    assert cells(f"{stem}八、九、今日")[0]["answer"] == "八、九、今日"


def test_numbers_inside_answers_begin_no_questions():
    text = ("一、简答题\n1. 甲？\n答：1. 子；\n2. 丑；\n3. 寅。\n"
            "2. 乙？\n答：（1）子；\n（2）丑。\n3. 丙？\n答：卯。")
    assert [(one["stem"], one["answer"]) for one in cells(text)] == [
        ("甲？", "1. 子；\n2. 丑；\n3. 寅。"), ("乙？", "（1）子；\n（2）丑。"), ("丙？", "卯。")]


def test_answers_for_no_question_and_lines_that_do_not_fit_are_said():
    prose = read(f"{QUESTION}2. 甲（ ）\nA. 一\nB. 二\n参考答案\n1.B 7.A\n2-4 AB")
    assert [(one.row, one.code) for one in prose.problems] == [
        (8, "missing_stem"), (9, "answer_not_understood")]
    assert "第 7 题" in prose.problems[0].message
    assert [one.cells.get("answer") for one in prose.records] == ["B", None]


def test_an_answer_of_its_own_goes_before_the_list():
    found = read(f"{QUESTION}答案：B\n2. 甲（ ）\nA. 一\nB. 二\n参考答案\n1.A 2.A")
    assert [one.cells["answer"] for one in found.records] == ["B", "A"]
    assert list(found.problems) == []


@pytest.mark.parametrize("text", [
    "", "\n\n", "你好", "第一条 为了加强管理，制定本法。\n（一）甲；\n（二）乙。",
    "1. 甲\n2. 乙\n3. 丙", "1. 目标\nA. 近期\nB. 远期\n2. 办法", "答案", "答案：", "A. 甲\nB. 乙",
    "来源：新华社", "姓名,单位\n甲,乙"])
def test_texts_without_questions_have_none(text):
    assert (read(text).records, read(text).problems) == ((), ())


# ---- whatever comes in ----

PIECES = (
    "1、", "2.", "3．", "(1)", "（2）", "第3题", "【4】", "一、", "二、多选题", "单选题",
    "判断题（每题2分）", "# ", "### ", "A、", "B.", "C．", "（D）", "b)", "答案：",
    "正确答案：AB", "[答案]B", "【解析】", "解析：", "参考答案", "1-5 ABCDA", "1.A 2.B", "题目：",
    "题型：单选", "问：", "答：", "难度：", "**", "- ", "甲？", "（ ）", "（B）", "（√）", "____",
    "\u200b", "档案", "&nbsp;", "\\_", "<br>", "[x] ", "我的答案：B", "A市", "B超", "题号", "|",
    "---", "25", "2021年", "选项：", "，", "。", "；", "第一章", "\n\n", "\t", " ", "\u3000",
    "\r", "- **答案：错\n", "已完成**\n", "# 一、单选题\n", *["\n"] * 15)


def check_whole(text):
    prose = read(text)
    rows = [one.row for one in prose.records]
    assert rows == sorted(rows)
    assert set(rows) == set(prose.blocks)
    assert all(value for one in prose.records for name, value in one.cells.items()
               if name != "kind")


@given(st.text(max_size=300))
@settings(max_examples=300, deadline=None)
def test_any_text_is_read(text):
    check_whole(text)


@given(st.lists(st.sampled_from(PIECES), max_size=120).map("".join))
@settings(max_examples=500, deadline=None)
def test_any_order_of_what_banks_hold_is_read(text):
    check_whole(text)


@pytest.mark.parametrize("unit", [
    "A、", "1.", "1.\n", "（", "）", "_", " ", "\t", "\u3000", "*", "**", "答案：", "答案：\n",
    "1-", "1.A ", "1-5 ABCDA ", "1.A\n", "# \n", "一、单选题\n", "第一章\n", "【", "选", "题",
    "A甲\n", "1-2000 ABCD ", "1-2000 ABCD\n", "1-100 A ", "1 2 3\nA B C\n",
    "A B ", "√", "1 ", "题号 1 2\n", "参考答案\n1.A\n2.B\n", "<u> ", "&nbsp;", "\\", "A.甲 B.乙 ",
    "一、单选题\n1.甲\n参考答案\n1.A\n", "参考答案\n第一章\n一、单选题\n1.A\n", "（A）",
    "问：\n",
    "- **答案：\n", "\u200b\n", "a\r", "甲\n\n", "二、单选题 1.A "])
def test_endless_repetition_ends(unit):
    """A pattern that went over the same text again and again would never come back from this."""
    check_whole(unit * (100_000 // len(unit)))


def test_more_answers_than_a_file_may_have_are_refused():
    prose = read("参考答案\n" + "1.A 2.B 3.C 4.D 5.E\n" * (MAX_ANSWERS // 5 + 1))
    assert (prose.records, [one.code for one in prose.problems]) == ((), ["too_many_rows"])


def test_endless_files_are_cut_off():
    lines = ((row, "1.") for row in range(1, 10**12))
    assert len(read_lines(lines)) == MAX_LINES + 1
    prose = read_prose((row, "1.") for row in range(1, MAX_LINES + 3))
    assert (prose.records, [one.code for one in prose.problems]) == ((), ["too_many_rows"])
