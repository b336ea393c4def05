"""The rules for shipped banks: of one question, of a bank, against the text of a law."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain import (
    content_articles,
    content_balance,
    content_exceptions,
    content_guides,
    content_likeness,
    content_questions,
)
from legaled.domain.banks import Kind, QuestionDraft
from legaled.domain.content import (
    DEMANDS,
    OF_QUESTION,
    TOTAL,
    WHOLE,
    Bank,
    Demand,
    missing,
    total,
    whole,
)
from legaled.domain.content_exceptions import Accepted
from legaled.domain.content_numbers import Figure, figure_set, number, numbers
from legaled.domain.content_texts import Texts, cited
from legaled.domain.law_numbers import ArticleNumber, to_chinese
from legaled.domain.law_text import parse

LAW = """测试管理法
（2020年1月1日通过）
序言
档案事业属于人民，保存历史是共同的责任。
第一章 总则
第一条　为了规范档案的保存和利用，制定本法。
第二条　国务院统一领导保存工作，每五年普查一次。
第二章 移交
第三条　单位应当自形成之日起满二十年向国家档案馆移交档案，执法检查不得少于两人。
第四条　违反移交规定的，由国家档案主管部门责令改正，罚五千元以上五万元以下，逾期每日加处百分之三。
第五条　听证应当在举行的七日前通知，七日是指工作日。
第六条　四分之三以上委员同意，方可延期，延期不得超过6个月。
第三章 附则
第七条　本法自2020年3月1日起施行。
"""
TEXTS = Texts([parse([LAW])])
GOOD = QuestionDraft(
    2, None, "", Kind.SINGLE, "某县一家单位的档案，自形成之日起满多少年移交？",
    ("十年", "二十年", "三十年", "五十年"), ("B",),
    explanation="第三条写明单位自形成之日起满二十年向国家档案馆移交，其他三个年限都不是这一条规定的移交年限。",
    difficulty="中", law="测试管理法", article="第三条", source="自编")


def codes(findings):
    return [one.code for one in findings]


def of_text(**changes):
    return codes(content_articles.judge("库", replace(GOOD, **changes), TEXTS))


# ---- figures ----

@pytest.mark.parametrize(("one", "other"), [
    ("三十日内", "30日内"), ("二万元以上二十万元以下", "20000元至200000元"), ("百分之三", "3%"),
    ("四分之三以上", "4分之3"), ("不少于两人", "2名"), ("十至二十日", "10天到20天"),
    ("6个月", "六个月"), ("二〇二四年五月一日", "2024年5月1日"), ("十二万五千元", "125000元"),
])
def test_figures_mean_the_same_however_written(one, other):
    assert figure_set(one) == figure_set(other) != frozenset()


@pytest.mark.parametrize("text", ["第三次会议", "上一级机关", "一般情况", "统一管理",
                                  "第二十条第一款", "一名职工", "三类人员", "十分重要",
                                  "下一周的周五"])
def test_words_with_a_numeral_are_no_figures(text):
    assert figure_set(text) == frozenset()


def test_figures_that_differ_are_not_equal():
    assert figure_set("三十日") != figure_set("三十年")
    assert Figure(Fraction(10), "日") not in figure_set("十五日以下二十日以上")


@given(st.integers(1, 9_999))
def test_every_number_is_read_in_digits_and_in_words(value):
    assert number(to_chinese(value)) == number(str(value)) == value
    assert figure_set(f"满{to_chinese(value)}年的") == figure_set(f"满{value}年的")
    assert Fraction(value) in numbers(f"自形成之日起满{to_chinese(value)}年移交")


@given(st.text("零一二三十百千万亿两至到、分之%0123456789年月日元人周岁个工作第上下", max_size=30))
def test_any_row_of_numerals_can_be_read(text):
    figure_set(text)
    numbers(text)


# ---- one question ----

def test_a_good_question_has_no_fault():
    assert content_questions.judge("库", GOOD) == []
    assert content_articles.judge("库", GOOD, TEXTS) == []


@pytest.mark.parametrize(("code", "changes"), [
    ("source", {"source": "网络"}), ("difficulty", {"difficulty": "易难"}),
    ("law_missing", {"law": ""}), ("explanation_length", {"explanation": "太短。"}),
    ("explanation_length", {"explanation": "长" * 201}),
    ("explanation_names_option", {"explanation": GOOD.explanation + "所以选项A不对。"}),
    ("explanation_names_option", {"explanation": GOOD.explanation + "A、C项错。"}),
    ("stem_too_long", {"stem": "问" * 201}),
    ("option_too_long", {"options": ("十年" * 31, "二十年", "三十年", "五十年")}),
    ("catch_all_option", {"options": ("十年", "二十年", "三十年", "以上都不对")}),
    ("catch_all_option", {"options": ("十年", "二十年", "三十年", "上述各项")}),
    ("key_stands_out", {"options": ("十年", "自形成之日起满二十年", "三十年", "五十年")}),
    ("key_stands_out", {"options": ("自形成之日起满十年", "二十年", "自形成之日起满三年",
                                    "自形成之日起满八年")}),
])
def test_each_fault_of_a_question_is_found(code, changes):
    assert codes(content_questions.judge("库", replace(GOOD, **changes))) == [code]


@pytest.mark.parametrize("option", ["以上级机关的决定为准", "五年以上都可以移交", "全部移交档案馆"])
def test_ordinary_options_are_no_catch_alls(option):
    changed = replace(GOOD, options=(option, "满二十年移交", "满三十年移交", "满五十年移交"))
    assert "catch_all_option" not in codes(content_questions.judge("库", changed))


# ---- against the text ----

@pytest.mark.parametrize(("code", "changes"), [
    ("law_without_text", {"law": "另一部法"}), ("article_missing", {"article": ""}),
    ("article_unknown", {"article": "第八条"}), ("article_unknown", {"article": "第三条,第九条"}),
    ("figure_not_in_article", {"key": ("C",)}),
    ("term_not_in_article", {"options": ("国务院", "馆", "甲", "乙"), "key": ("A",)}),
    ("term_not_in_article", {"options": ("“孤本”", "馆", "甲", "乙"), "key": ("A",)}),
    ("explanation_article", {"explanation": GOOD.explanation + "第十二条也这样写。"}),
    ("explanation_article", {"explanation": "第二条写明单位自形成之日起满二十年移交。"}),
    ("explanation_figure", {"explanation": GOOD.explanation + "逾期十五日以内补交。"}),
])
def test_what_the_articles_do_not_say_is_found(code, changes):
    assert of_text(**changes) == [code]


def test_figures_of_the_story_and_of_the_stem_are_no_faults():
    assert of_text(stem=GOOD.stem + "有人说是三十年。", key=("C",)) == []
    assert of_text(options=("十七周岁的学生", "老师", "职员", "工人"), key=("A",)) == []


def test_a_body_that_the_law_never_names_is_somebody_in_the_story():
    assert of_text(options=("海关", "接收馆", "形成单位", "保管单位"), key=("A",)) == []


def test_a_citation_of_another_article_is_found():
    changes = {"stem": "违反移交规定的，由谁责令改正并处罚款，逾期怎样加处？",
               "options": ("主管部门责令改正", "接收馆自行处理", "形成单位上报", "保管单位封存"),
               "key": ("A",),
               "explanation": "违反移交规定，由主管部门责令改正并处罚款，逾期每日加处。"}
    assert of_text(**changes, article="第四条") == []
    assert of_text(**changes, article="第一条") == ["other_article"]
    assert of_text(**changes, article="第一条,第四条") == []


def test_true_statements_are_held_to_their_limits():
    judge = {"kind": Kind.JUDGE, "options": (), "article": "第六条",
             "explanation": "延期须有委员多数同意，并且有最长的期限，说法合乎这一条的规定。"}
    assert of_text(**judge, stem="延期不得超过六个月。", key=("A",)) == []
    assert of_text(**judge, stem="延期不得超过八个月。", key=("A",)) == ["figure_not_in_article"]
    assert of_text(**judge, stem="延期不得超过八个月。", key=("B",)) == []
    assert of_text(**judge, stem="某馆等了八个月才申请延期。", key=("A",)) == []


@pytest.mark.parametrize(("stem", "article", "key", "found"), [
    ("自形成之日起满____年移交。", "第三条", "二十|20", []),
    ("自形成之日起满____年移交。", "第三条", "20", []),
    ("自形成之日起满____移交。", "第三条", "20年", []),
    ("自形成之日起满____年移交。", "第三条", "三十|30", ["gap_not_in_article"]),
    ("检查不得少于____年。", "第三条", "两", ["gap_not_in_article"]),
    ("由____责令改正。", "第四条", "主管局|国家档案主管部门", []),
    ("由____责令改正。", "第四条", "国务院", ["gap_not_in_article"]),
    ("本法自____起施行。", "第七条", "2020年3月1日", []),
])
def test_gaps_are_filled_from_the_article(stem, article, key, found):
    assert of_text(kind=Kind.BLANK, stem=stem, options=(), key=(key,), article=article,
                   explanation="这一条就是这样写的，别的写法都和原文不同。") == found


def test_days_of_an_article_that_speaks_of_working_days():
    changes = {"stem": "听证何时通知？", "article": "第五条",
               "options": ("举行的七个工作日前", "举行当日", "举行以后", "不必通知"), "key": ("A",),
               "explanation": "听证应当在举行以前通知，这里的日是工作日。"}
    assert of_text(**changes) == []


def test_the_preamble_can_be_cited():
    changes = {"stem": "档案事业属于谁？", "options": ("人民", "单位", "个人", "集体"),
               "key": ("A",), "explanation": "序言写明档案事业属于人民。"}
    assert of_text(**changes, article="序言") == []
    bare = Texts([parse([LAW.replace("序言\n档案事业属于人民，保存历史是共同的责任。\n", "")])])
    draft = replace(GOOD, **changes, article="序言")
    assert codes(content_articles.judge("库", draft, bare)) == ["article_unknown"]


def test_articles_are_read_from_every_spelling():
    wanted = (ArticleNumber(10), ArticleNumber(12, 1))
    assert cited("第十条,第十二条之一第二款") == wanted
    assert cited("10, 12") == (ArticleNumber(10), ArticleNumber(12))
    assert cited("序言") == cited("") == ()


def test_the_latest_text_of_a_law_counts():
    old = LAW.replace("2020年1月1日", "2010年1月1日").replace("满二十年", "满三十年")
    for texts in ([old, LAW], [LAW, old]):
        found = Texts([parse([text]) for text in texts])
        assert len(found.laws) == 1
        assert "满二十年" in found.find("中华人民共和国测试管理法").whole


# ---- a bank as a whole ----

def bank_of(drafts, name="库"):
    return Bank(name, [replace(one, row=row) for row, one in enumerate(drafts, start=2)])


def singles(keys, options=("甲甲", "乙乙", "丙丙", "丁丁")):
    return [replace(GOOD, options=options, key=(key,)) for key in keys]


@pytest.mark.parametrize(("code", "drafts"), [
    ("too_few_hard", singles("ABCD" * 5)),
    ("key_letters", singles("ABCB" * 5)),
    ("key_longest", singles("ABCD" * 3) + singles("A" * 20, ("甲甲甲", "乙", "丙", "丁"))),
    ("key_only_longest", singles("ABCD" * 3) + singles("A" * 20, ("甲甲甲", "乙", "丙", "丁"))),
    ("key_only_shortest", singles("ABCD" * 3) + singles("A" * 20, ("甲", "乙乙", "丙丙", "丁丁"))),
    ("multi_share", singles("ABCD" * 5)),
    ("multi_all_right", [replace(one, kind=Kind.MULTI, key=tuple("ABCD"))
                         for one in singles("A" * 12)]),
    ("multi_right_longer", [replace(one, kind=Kind.MULTI, key=("A", "B"),
                                    options=("甲甲甲甲", "乙乙乙", "丙丙", "丁丁"))
                            for one in singles("A" * 12)]),
    ("judge_balance", [replace(GOOD, kind=Kind.JUDGE, options=(), key=("A",))] * 12),
    ("too_few_cases", [replace(one, stem="移交年限是多少？") for one in singles("ABCD" * 5)]),
])
def test_each_fault_of_a_bank_is_found(code, drafts):
    assert code in codes(content_balance.judge(bank_of(drafts)))


def test_a_balanced_bank_has_no_fault():
    hard = [replace(one, difficulty="难") for one in singles("ABCD" * 5)]
    multis = [replace(one, kind=Kind.MULTI, key=("A", "C")) for one in singles("A" * 15)]
    judges = [replace(GOOD, kind=Kind.JUDGE, options=(), key=(key,)) for key in "AB" * 8]
    assert content_balance.judge(bank_of(hard + multis + judges)) == []


def test_a_few_questions_have_no_shares():
    assert content_balance.judge(bank_of(singles("AAAA"))) == []


def test_equally_long_options_give_nothing_away():
    found = content_balance.facts(singles("ABCD" * 3))
    assert (found.longest, found.only_longest, found.only_shortest) == (3, 0, 0)


def test_counts_that_the_year_needs():
    assert codes(content_balance.judge(bank_of([GOOD], "档案法"))) == ["too_few_questions"]
    assert len(missing(["档案法"])) == len(DEMANDS) - 1
    assert codes(total([bank_of([GOOD] * (TOTAL - 1))])) == ["too_few_in_all"]
    assert total([bank_of([GOOD] * TOTAL)]) == []


# ---- likeness ----

OTHER = replace(
    GOOD, stem="某区档案馆要延长一批档案的期限，须有多少委员同意？", article="第六条",
    options=("三分之一以上", "二分之一以上", "三分之二以上", "四分之三以上"), key=("D",))


def like(*drafts):
    return [(one.row, one.code) for one in content_likeness.judge([bank_of(drafts)])]


def test_different_questions_are_not_alike():
    assert like(GOOD, OTHER) == []


def test_the_same_question_in_other_clothes_is_found():
    again = replace(GOOD, stem="某县有一家单位的档案，自形成之日起满多少年应移交？",
                    options=("五十年", "二十年", "十年", "三十年"))
    assert like(OTHER, GOOD, again) == [(4, "same_again")]
    banks = [bank_of([GOOD], "甲"), bank_of([again], "乙")]
    found = content_likeness.judge(banks)
    assert [(one.bank, one.code) for one in found] == [("乙", "same_again")]
    assert "甲 第 2 行" in found[0].message


def test_one_stem_with_other_options_is_another_question():
    one = replace(GOOD, stem="依《测试管理法》，下列说法正确的是哪一项？", article="第二条",
                  options=("普查每五年一次", "普查每十年一次", "普查由各省自办", "普查可以不办"))
    other = replace(one, article="第四条", key=("C",), options=(
        "罚款由接收馆决定", "罚款没有上限", "逾期每日加处百分之三", "违反移交规定的不受处罚"))
    assert like(one, other) == []


def test_the_same_point_with_the_same_key_is_found():
    again = replace(GOOD, stem="自形成之日起，某县一家单位的档案满几年要移交？", options=(
        "十五年以后", "二十年", "二十五年以后", "没有年限"))
    assert like(GOOD, again) == [(3, "asks_the_same")]
    assert like(GOOD, replace(again, article="第四条")) == []


def test_a_stem_that_tells_an_answer_is_found():
    teller = replace(GOOD, kind=Kind.JUDGE, options=(), key=("A",),
                     stem="县里一家单位的档案，自形成之日起满二十年移交，不能再往后拖。")
    assert like(GOOD, teller) == [(2, "gives_away")]
    assert like(GOOD, replace(teller, key=("B",))) == []
    assert like(GOOD, replace(teller, article="第四条")) == []


def test_a_question_about_the_body_that_is_the_key_elsewhere_tells_nothing():
    heir = replace(GOOD, stem="馆长缺位时，由谁继任馆长的职位？", key=("A",),
                   options=("第一副馆长", "办公室主任", "总工程师", "档案局局长"))
    asked = replace(OTHER, stem="第一副馆长缺位时，怎样产生继任的人？", article="第三条")
    assert like(heir, asked) == []
    stated = replace(asked, kind=Kind.JUDGE, options=(), key=("A",),
                     stem="馆长缺位时，由第一副馆长继任馆长。")
    assert like(heir, stated) == [(2, "gives_away")]


@given(st.lists(st.sampled_from([GOOD, OTHER]), max_size=6))
def test_every_further_copy_is_found(drafts):
    copies = len(drafts) - len({one.stem for one in drafts})
    assert len({row for row, code in like(*drafts) if code == "same_again"}) == copies


# ---- exceptions ----

def excepted(*accepted, count=100, findings=None):
    stems = [f"第{place}个不同的问题怎么办？" for place in range(count)]
    bank = bank_of([replace(GOOD, stem=stem) for stem in stems])
    if findings is None:
        findings = content_questions.judge("库", replace(bank.questions[3], source="网络"))
    return content_exceptions.apply(bank, findings, accepted)


def test_an_exception_with_a_reason_is_accepted_and_shown():
    found = excepted(Accepted(2, "第3个不同的问题怎么办？", "source", "征得作者同意"))
    assert [(one.code, one.reason) for one in found] == [("source", "征得作者同意")]
    found = excepted(Accepted(2, "第3个不同的问题", "source", "征得作者同意"))
    assert found[0].reason == "征得作者同意"


@pytest.mark.parametrize(("code", "accepted"), [
    ("exception_unknown", Accepted(2, "没有的问题没有的问题", "source", "理由")),
    ("exception_unknown", Accepted(2, "第3个不同的问题怎么办？", "too_few_hard", "理由")),
    ("exception_unknown", Accepted(2, "第", "source", "理由")),
    ("exception_without_reason", Accepted(2, "第3个不同的问题怎么办？", "source", "")),
    ("exception_unused", Accepted(2, "第5个不同的问题怎么办？", "source", "理由")),
])
def test_an_exception_that_says_nothing_is_a_fault(code, accepted):
    found = excepted(accepted)
    assert codes(found) == ["source", code]
    assert not any(one.reason for one in found)


def test_more_than_two_in_a_hundred_are_too_many():
    lines = [Accepted(row, f"第{row}个不同的问题怎么办？", "source", "理由") for row in (2, 3, 4)]
    assert "too_many_exceptions" in codes(excepted(*lines))
    assert "too_many_exceptions" not in codes(excepted(*lines[:2]))


def test_faults_of_a_bank_cannot_be_accepted():
    faults = [whole("库", "too_few_hard")]
    line = Accepted(2, "第3个不同的问题怎么办？", "too_few_hard", "理由")
    found = excepted(line, findings=faults)
    assert codes(found) == ["too_few_hard", "exception_unknown"]
    assert not OF_QUESTION.keys() & WHOLE.keys()


# ---- guides ----

GUIDE = """# 测试管理法

2020年1月1日通过，2020年3月1日起施行（第七条）。

## 第一章 总则

- 每五年普查一次（第二条）；其他地方另有十年一次的

## 第二章 移交

- 满二十年移交（第三条）

## 第三章 附则

- 自2020年3月1日起施行（第七条）

## 要记住的数字

| 数字 | 是什么 | 条款 |
| --- | --- | --- |
| 3% | 每日加处 | 第四条 |

## 与旧法相比的变化

- 从三十年改为二十年（第三条）

## 三个工作场景

**场景一：到期。** 形成八年的档案（第三条）。

**场景二：受罚。** 罚三千元对不对（第四条）。

**场景三：听证。** 提前七个工作日（第五条）。
"""
DEMAND = Demand("测试管理法", 0, ("测试管理法",), {"令9": "测试管理法"})


def of_guide(old="", new="", minutes=15, texts=TEXTS, demand=DEMAND):
    return codes(content_guides.judge(demand, GUIDE.replace(old, new, 1), minutes, texts))


def test_a_good_guide_has_no_fault():
    assert of_guide() == []
    assert of_guide(texts=None) == []
    assert of_guide("2020年1月1日通过", "经两次会议，2020年1月1日通过") == []


@pytest.mark.parametrize(("code", "old", "new"), [
    ("guide_article_missing", "满二十年移交（第三条）", "移交（第三十条）"),
    ("guide_article_missing", "满二十年移交（第三条）", "移交（令9第八条）"),
    ("guide_law_unknown", "满二十年移交（第三条）", "移交（《另一部法》第三条）"),
    ("guide_figure", "满二十年移交", "满三十年移交"), ("guide_figure", "| 3% |", "| 5% |"),
    ("guide_figure", "2020年1月1日通过", "2019年1月1日通过"),
    ("guide_part_missing", "要记住的数字", "别的"), ("guide_part_missing", "场景三", "又"),
    ("guide_part_missing", "变化", "别的"), ("guide_part_missing", "第二章 移交", "第二章"),
    ("guide_part_missing", "| --- | --- | --- |\n", ""),
])
def test_each_fault_of_a_guide_is_found(code, old, new):
    if old == "场景三":
        old, new = "**场景三：听证。**", "听证"
    assert code in of_guide(old, new)


def test_a_guide_is_read_in_a_quarter_of_an_hour():
    assert of_guide(minutes=16) == ["guide_too_long"]


def test_a_guide_without_the_text_of_its_law_is_told():
    assert of_guide(demand=Demand("别的", 0, ("别的法",))) == ["guide_law_unknown"]
