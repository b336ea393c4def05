"""One row of a question bank: every code, every spelling of an answer, and who equals whom."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.bank_headers import FIELD_LABEL, HEADER_SYNONYMS, map_headers
from legaled.domain.bank_problems import ERRORS, WARNINGS, problem
from legaled.domain.bank_record import Record
from legaled.domain.bank_rows import judge_record
from legaled.domain.bank_warnings import article_numbers, is_prose
from legaled.domain.banks import (
    Kind,
    duplicates_and_conflicts,
    fingerprint,
    normalise,
    same_content,
)
from legaled.domain.text import escape_cell, squeeze, unescape_cell

STEM = "档案馆保管的档案，自形成之日起满多少年向社会开放？"
SINGLE = {"kind": "单选", "stem": STEM, "option_a": "十年", "option_b": "二十年",
          "option_c": "二十五年", "option_d": "三十年", "answer": "C"}
MULTI = {**SINGLE, "kind": "多选", "answer": "AB"}
JUDGE = {"kind": "判断", "stem": "档案法自2021年1月1日起施行。", "answer": "对"}
BLANK = {"kind": "填空", "stem": "档案满____年开放，县级馆满（ ）年接收。",
         "answer": "二十五|25；十"}
ESSAY = {"kind": "简答", "stem": "简述档案开放的条件。", "answer": "1. 满二十五年；\n2. 经审核。"}
ARTICLES = {"档案法": 53, "宪法": 143}.get


def record(base=SINGLE, row=2, **changes):
    return Record(row, {**base, **changes})


def judged(base=SINGLE, accept_trailing=False, articles=None, **changes):
    return judge_record(record(base, **changes), accept_trailing=accept_trailing,
                        articles=articles)


def draft(base=SINGLE, row=2, **changes):
    found, errors, _ = judge_record(record(base, row=row, **changes))
    assert found is not None, errors
    return found


def error_codes(*args, **changes):
    found, errors, _ = judged(*args, **changes)
    assert (found is None) == bool(errors)
    return [one.code for one in errors]


def warning_codes(*args, **changes):
    found, errors, warnings = judged(*args, **changes)
    assert found is not None, errors
    return [one.code for one in warnings]


@pytest.mark.parametrize("base", [SINGLE, MULTI, JUDGE, BLANK, ESSAY])
def test_a_good_row_has_nothing_to_say(base):
    found, errors, warnings = judged(base)
    assert found is not None
    assert (errors, warnings) == ([], [])


def test_a_draft_holds_everything():
    found = draft(number="L-000123", points="2.50分", difficulty="易", topic="开放", law="档案法",
                  article="第二十七条", source="自编", explanation=" 见第二十七条 ")
    assert found.number == "L-000123"
    assert (found.row, found.foreign_number, found.kind) == (2, "", Kind.SINGLE)
    assert found.options == ("十年", "二十年", "二十五年", "三十年")
    assert (found.key, found.points) == (("C",), Decimal("2.50"))
    assert (found.explanation, found.article) == ("见第二十七条", "第二十七条")
    assert (found.law, found.topic) == ("档案法", "开放")
    assert (found.source, found.difficulty) == ("自编", "易")
    foreign = draft(number="007")
    assert (foreign.number, foreign.foreign_number) == (None, "007")


def test_blank_and_essay_keys():
    assert draft(BLANK).key == ("二十五|25", "十")
    assert draft(BLANK, answer="第一空：25 | 二十五\n第二空：十").key == ("25|二十五", "十")
    assert draft(ESSAY).key == ()
    assert draft(ESSAY).answer_text == ESSAY["answer"]


@pytest.mark.parametrize("answer", [
    "AB", "A,B", "A、B", "A|B", "A;B", "A B", "ＡＢ", "Ａ，Ｂ", "ab", "a；b", "BA", "A\nB", " AB。",
    "答案：AB", "【正确答案】A、B", "[答案] AB", "（AB）", "A，B", "A/B"])
def test_letters_are_read_however_written(answer):
    assert draft(MULTI, answer=answer).key == ("A", "B")


@pytest.mark.parametrize(("answer", "key"), [
    *((word, "A") for word in ("对", "正确", "√", "是", "T", "True", "TRUE", "1", "Ｔ", "对。")),
    *((word, "B") for word in ("错", "错误", "×", "否", "F", "False", "0", "f", "答案：错"))])
def test_judge_words(answer, key):
    found = draft(JUDGE, answer=answer)
    assert (found.key, found.options) == ((key,), ("正确", "错误"))


@pytest.mark.parametrize(("a", "b", "answer", "key"), [
    ("对", "错", "A", "A"), ("对", "错", "B", "B"), ("错误", "正确", "A", "B"),
    ("√", "×", "b", "B"), ("A、对", "B、错", "B", "B"), ("对", "错", "错", "B")])
def test_judge_letters_over_its_own_options(a, b, answer, key):
    for kind in ("判断题", ""):
        found = draft(JUDGE, kind=kind, option_a=a, option_b=b, answer=answer)
        assert (found.kind, found.key) == (Kind.JUDGE, (key,))


@pytest.mark.parametrize("answer", ["二十五年", "二十五 年 ", "C、二十五年", "Ｃ．二十五年"])
def test_the_full_text_of_one_option(answer):
    assert draft(answer=answer).key == ("C",)


@pytest.mark.parametrize(("word", "kind"), [
    *((word, Kind.SINGLE) for word in ("单选", "单选题", "Single", "单项选择题", "1、单选题")),
    *((word, Kind.MULTI) for word in ("多选", "多选题", "多项选择题", "不定项选择题", "multi"))])
def test_kind_words_of_choices(word, kind):
    assert draft(kind=word, answer="AB" if kind is Kind.MULTI else "A").kind is kind


@pytest.mark.parametrize(("kind", "cells"), [
    (Kind.SINGLE, SINGLE), (Kind.MULTI, MULTI), (Kind.JUDGE, JUDGE), (Kind.BLANK, BLANK),
    (Kind.ESSAY, ESSAY),
    (Kind.SINGLE, {**SINGLE, "answer": "二十五年"}),
    (Kind.BLANK, {"stem": "档案法有____章", "answer": "1"}),
    (Kind.JUDGE, {"stem": "档案法共八章。（ ）", "answer": "√"}),
    (Kind.ESSAY, {"stem": "为什么？", "answer": "1.因为……\n2.所以……"})])
def test_kind_is_derived_without_a_kind_column(kind, cells):
    found, errors, _ = judge_record(Record(2, {k: v for k, v in cells.items() if k != "kind"}))
    assert found is not None, errors
    assert found.kind is kind


ERROR_ROWS = {
    "missing_stem": (SINGLE, {"stem": "  "}),
    "missing_answer": (ESSAY, {"answer": "\u200b"}),
    "too_few_options": (MULTI, {"option_b": "", "option_c": "", "option_d": ""}),
    "too_many_options": (SINGLE, {"option_more": "四十年"}),
    "answer_has_no_option": (SINGLE, {"answer": "E"}),
    "answer_not_understood": (SINGLE, {"answer": "见课件"}),
    "answer_trailing_text": (JUDGE, {"answer": "对\n章节测验"}),
    "single_with_many": (SINGLE, {"answer": "AC"}),
    "kind_unknown": (SINGLE, {"kind": "连线题"}),
    "field_too_long": (SINGLE, {"option_a": "年" * 501}),
}
FILE_CODES = {"ragged_row", "missing_column", "no_rows", "too_many_rows", "undecodable",
              "mixed_encodings", "not_a_table", "file_too_large", "password_protected",
              "unsafe_archive", "formula_cell"}


@pytest.mark.parametrize("code", ERROR_ROWS)
def test_each_error(code):
    base, changes = ERROR_ROWS[code]
    assert error_codes(base, **changes) == [code]


def test_every_error_of_the_contract_is_tested():
    assert set(ERRORS) == set(ERROR_ROWS) | FILE_CODES


def test_a_row_may_have_several_errors():
    assert error_codes(stem="", answer="", kind="?") == [
        "kind_unknown", "missing_stem", "missing_answer"]


@pytest.mark.parametrize(("base", "answer"), [
    (JUDGE, "A"), (BLANK, "二十五"), (BLANK, "二十五；；十"), (JUDGE, "大概对"),
    (JUDGE, "AB"), (JUDGE, "。"), (SINGLE, "D、十年")])
def test_more_answers_that_are_refused(base, answer):
    assert error_codes(base, answer=answer)[0].startswith("answer_")


@pytest.mark.parametrize(("base", "answer", "key"), [
    (JUDGE, "错\n章节测验\n已完成", ("B",)), (SINGLE, "D\n答案解析：\nD\nA、夏 B、先秦", ("D",)),
    (MULTI, "AC\n三、判断题", ("A", "C")), (SINGLE, "C（见第二十七条）", ("C",)),
    (JUDGE, "对 略", ("A",)),
    ({**JUDGE, "option_a": "错", "option_b": "对"}, "A\n章节测验", ("B",))])
def test_trailing_text_is_taken_only_on_purpose(base, answer, key):
    assert error_codes(base, answer=answer) == ["answer_trailing_text"]
    found, errors, _ = judged(base, accept_trailing=True, answer=answer)
    assert errors == []
    assert found.key == key


@pytest.mark.parametrize(("name", "limit"), [("stem", 2000), ("option_a", 500),
                                             ("explanation", 4000)])
def test_limits_are_inclusive(name, limit):
    assert error_codes(**{name: "的" * limit}) == []
    assert error_codes(**{name: "的" * (limit + 1)}) == ["field_too_long"]


WARNING_ROWS = {
    "multi_with_one_answer": (MULTI, {"answer": "A"}),
    "two_options_same_text": (SINGLE, {"option_b": "十 年"}),
    "newline_in_stem": (SINGLE, {"stem": "一\n二"}),
    "stem_edge_space": (SINGLE, {"stem": STEM + "\n"}),
    "glued_options": (SINGLE, {"option_c": "二十五年 D、四十年"}),
    "answer_letter_in_stem": (SINGLE, {"stem": "满（ C ）年开放"}),
    "option_prefix_differs": (SINGLE, {"option_d": "C、三十年"}),
    "not_prose": (SINGLE, {"stem": "\ue123\ue124是什么"}),
    "unknown_law": (SINGLE, {"law": "档案条例", "article": "1"}),
    "unknown_article": (SINGLE, {"law": "宪法", "article": "第一百五十条"}),
    "points_not_understood": (SINGLE, {"points": "两分"}),
}


@pytest.mark.parametrize("code", WARNING_ROWS)
def test_each_warning(code):
    base, changes = WARNING_ROWS[code]
    assert warning_codes(base, articles=ARTICLES, **changes) == [code]


def test_the_right_option_repeated():
    assert warning_codes(option_a="二十五年") == ["two_options_same_text", "right_option_repeated"]
    assert warning_codes(MULTI, answer="AAB") == ["right_option_repeated"]
    assert {*WARNING_ROWS, "right_option_repeated", "picture_left_out"} == set(WARNINGS)


@pytest.mark.parametrize("article", ["第二十七条", "27", "27,28", "第二十七条第二款", "53"])
def test_known_articles(article):
    assert warning_codes(law="档案法", article=article, articles=ARTICLES) == []
    assert warning_codes(law="没有", article="999") == []


@pytest.mark.parametrize("article", ["54", "0", "附则", "第五十四条", "27,99"])
def test_unknown_articles(article):
    assert warning_codes(law="档案法", article=article, articles=ARTICLES) == ["unknown_article"]


def test_article_numbers():
    assert article_numbers("第一百零三条、第十条、第二十条") == (103, 10, 20)
    assert article_numbers("２７，28") == (27, 28)


@pytest.mark.parametrize("text", [
    "A、B两公司", "维生素C、维生素D", "向A、B两地法院起诉", "F市检察院", "A.B两项都对"])
def test_letters_that_are_no_prefix_and_no_glue(text):
    found, _, warnings = judged(option_c=text)
    assert found.options[2] == text
    assert warnings == []


def test_own_prefixes_go_and_the_column_decides():
    found = draft(option_a="A、十年", option_b="（B）二十年", option_c="Ｃ．二十五年",
                  option_d="A.三十年")
    assert found.options == ("十年", "二十年", "二十五年", "三十年")


def test_an_empty_option_column_is_closed():
    found = draft(option_b="", answer="D")
    assert (found.options, found.key) == (("十年", "二十五年", "三十年"), ("C",))


def test_scrambled_text_is_not_prose():
    assert is_prose("档案馆应当按照国家有关规定定期向社会公布开放档案的目录并提供利用")
    assert not is_prose("龘靐齉爩鱻麤灪籱吁厵滟爨癵籲龖鸙麣灥虪饢驫犇猋骉蠱垚焱淼")


def test_a_problem_is_five_keys_and_one_sentence():
    one = judged(answer="E")[1][0]
    assert one.as_json() == {
        "row": 2, "column": "答案", "code": "answer_has_no_option", "value": "E",
        "message": "没有选项 E。答案里的字母没有对应的选项。请改答案，或补上这个选项。"}
    named = judge_record(record(answer="E"), headers={"answer": "正确选项"})[1][0]
    assert named.column == "正确选项"
    assert len(problem("no_rows", value="长" * 999).value) == 201


# ---- headers ----

def test_every_synonym_maps_to_its_field():
    for name, words in HEADER_SYNONYMS.items():
        for word in words:
            assert map_headers([f" {word} "]) == {f" {word} ": name}


def test_our_own_headers_and_the_ones_people_have():
    assert map_headers(list(FIELD_LABEL.values())) == {v: k for k, v in FIELD_LABEL.items()}
    odd = {"ｉｎｐｕｔ": "stem", "output": "answer", "A": "option_a", "Ｂ": "option_b",
           "题型（0单选，1多选）": "kind", "*选项三": "option_c"}
    assert map_headers([*odd, "乱写"]) == odd


def test_one_column_a_field_and_our_own_word_first():
    assert map_headers(["章节", "知识点", "题目", "问题"]) == {"知识点": "topic", "题目": "stem"}


# ---- identity ----

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
SPACES = st.sampled_from([" ", "\u3000", "\n", "\u200b", "\xa0", ""])


@given(texts)
def test_normalising_twice_changes_nothing(text):
    assert normalise(normalise(text)) == normalise(text)
    assert squeeze(squeeze(text)) == squeeze(text)


@given(st.text("甲乙丙ABC（）12", min_size=1).filter(lambda t: not t[0].isdigit() and t[0] != "（"),
       SPACES, st.sampled_from(["", "1、", "12.", " 3 ．", "（4）", "第5题："]))
def test_spacing_width_and_numbering_do_not_count(stem, space, number):
    wide = "".join(chr(ord(c) + 0xFEE0) if c in "ABC12" else c for c in stem)
    assert normalise(number + space + space.join(wide)) == normalise(stem)


@pytest.mark.parametrize("stem", ["1902年", "3.5亿", "12:30开馆", "2021年1月1日"])
def test_a_number_that_belongs_to_the_stem_stays(stem):
    assert normalise(stem) == stem


@given(st.permutations(["十年", "二十年", "二十五年"]))
def test_the_order_of_options_does_not_count(options):
    assert fingerprint(Kind.SINGLE, STEM, options) == fingerprint(
        Kind.MULTI, "1、" + STEM, ["二十五 年", "十年", "二十年"])


@given(st.lists(texts, max_size=4), st.lists(texts, max_size=4), texts, texts)
def test_a_fingerprint_is_the_stem_and_the_set_of_options(a, b, one, two):
    same = normalise(one) == normalise(two) and set(map(squeeze, a)) == set(map(squeeze, b))
    assert (fingerprint(Kind.MULTI, one, a) == fingerprint(Kind.MULTI, two, b)) == same


def test_judge_questions_ignore_options():
    assert fingerprint(Kind.JUDGE, "甲", ["正确", "错误"]) == fingerprint(Kind.JUDGE, "甲", [])
    assert fingerprint(Kind.SINGLE, "甲", ["是"]) != fingerprint(Kind.SINGLE, "甲", ["否"])


def test_any_difference_but_place_and_number_is_a_new_version():
    one = draft(number="L-000001")
    assert same_content(one, draft(row=9, number="x7"))
    for changes in ({"answer": "A"}, {"explanation": "新"}, {"points": "3"}, {"stem": STEM + "？"},
                    {"option_a": "二十年", "option_b": "十年"}):
        assert not same_content(one, draft(**changes))


def test_duplicates_are_later_ones_and_conflicts_have_another_key():
    turned = {"option_a": "二十五年", "option_b": "三十年", "option_c": "十年",
              "option_d": "二十年"}
    drafts = [draft(row=2), draft(row=3, stem="1、" + STEM, **turned, answer="A"),
              draft(row=4, answer="A"), draft(row=5, option_d="四十年"), draft(JUDGE, row=6),
              draft(JUDGE, row=7, answer="错"), draft(ESSAY, row=8), draft(ESSAY, row=9)]
    kept, duplicates, conflicts = duplicates_and_conflicts(drafts)
    assert [one.row for one in kept] == [2, 5, 6, 8]
    assert duplicates == [(3, 2), (9, 8)]
    assert conflicts == [(4, 2), (7, 6)]


def test_the_same_own_number_twice():
    rows = [draft(row=2, number="L-000001"), draft(row=3, number="L-000001"),
            draft(row=4, number="L-000001", stem="另一题"), draft(row=5, number="L-000002")]
    kept, duplicates, conflicts = duplicates_and_conflicts(rows)
    assert [one.row for one in kept] == [2]
    assert (duplicates, conflicts) == ([(3, 2), (5, 2)], [(4, 2)])


def test_a_foreign_number_is_never_matched():
    rows = [draft(row=2, number="1"), draft(row=3, number="1", stem="另一题")]
    assert [one.row for one in duplicates_and_conflicts(rows)[0]] == [2, 3]


# ---- cells ----

@given(st.text(st.sampled_from("'=+-@\t\rab"), max_size=6) | texts)
def test_escape_and_back(text):
    assert unescape_cell(escape_cell(text)) == text
    assert not escape_cell(text).startswith(("=", "+", "-", "@", "\t", "\r"))


def test_only_what_could_run_is_escaped():
    assert escape_cell("=1+1") == "'=1+1"
    assert escape_cell("'=1") == "''=1"
    assert escape_cell("'引号'") == unescape_cell("'引号'") == "'引号'"


@pytest.mark.parametrize(("word", "kind"), [
    ("选择题（单选）", Kind.SINGLE), ("选择题(多选题)", Kind.MULTI), ("判断正误", Kind.JUDGE),
    ("判断题（对错）", Kind.JUDGE), ("单选题（每题2分）", Kind.SINGLE)])
def test_a_kind_with_a_note_behind_it(word, kind):
    base = {Kind.SINGLE: SINGLE, Kind.MULTI: MULTI, Kind.JUDGE: JUDGE}[kind]
    assert draft(base, kind=word).kind is kind
    assert error_codes(kind=f"听力题{word[-1]}（对错）") == ["kind_unknown"]


@pytest.mark.parametrize("answer", ["Beijing", "State Council", "State-owned", "ABD"])
def test_an_answer_in_english_is_the_option_and_no_letters(answer):
    names = {"option_a": "Beijing", "option_b": "State Council", "option_c": "State-owned",
             "option_d": "ABD"}
    found = draft(SINGLE, kind="", answer=answer, **names)
    assert (found.kind, found.options["ABCD".index(found.key[0])]) == (Kind.SINGLE, answer)
    assert draft(SINGLE, kind="", answer="A、B").kind is Kind.MULTI


def test_a_full_stop_behind_the_text_of_an_option():
    assert draft(answer="二十五年。").key == draft(answer="二十五年").key == ("C",)


def test_v_and_x_are_judge_words():
    assert (draft(JUDGE, answer="v").key, draft(JUDGE, answer="X").key) == (("A",), ("B",))


@pytest.mark.parametrize(("column", "digit", "key"), [
    ("item1", "2", ("B",)), ("item1", "4", ("D",)), ("item1", "5", None), ("选项1", "2", None)])
def test_a_digit_over_items_is_a_letter(column, digit, key):
    found, errors, _ = judge_record(record(answer=digit), headers={"option_a": column})
    assert (found.key if found else None) == key
    assert bool(errors) is (key is None)
