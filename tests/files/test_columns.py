"""What columns are called and what they hold: headers, options in one cell, scrambled text."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.bank_columns import infer_columns, looks_like_header
from legaled.domain.bank_headers import doubtful_headers, map_headers
from legaled.domain.bank_options import split_options, spread_options
from legaled.domain.bank_warnings import is_prose, is_scrambled
from legaled.files.bank_check import check


def codes(report):
    return [(one.code, one.row) for one in report.warnings]


# ---- headers ----

@pytest.mark.parametrize(("header", "name"), [
    ("题干*", "stem"), ("*题干", "stem"), ("试题题干（必填）", "stem"), ("题目描述", "stem"),
    ("**题目**", "stem"), ("正确答案(必填)", "answer"), ("正确答案【多选用逗号分隔】", "answer"),
    ("标准答案：", "answer"), ("选 项A", "option_a"), ("A.", "option_a"), ("（A）", "option_a"),
    ("[B]", "option_b"), ("选项Ｂ", "option_b"), ("选项2", "option_b"), ("备选答案C", "option_c"),
    ("答案D", "option_d"), ("试题类型", "kind"), ("难易度", "difficulty"), ("所属章节", "topic"),
    ("题目解析", "explanation"), ("法律依据", "source"), ("所属法规", "law"), ("条文", "article"),
    ("Correct Answer", "answer"), ("Option A", "option_a"), ("备注", None), ("()", None),
    ("*", None), ("", None)])
def test_one_header(header, name):
    assert map_headers([header]) == ({header: name} if name else {})


def test_a_column_of_all_options_and_one_of_the_right_option():
    assert map_headers(["题干", "答案选项", "答案"]) == {
        "题干": "stem", "答案选项": "option_a", "答案": "answer"}
    assert map_headers(["题干", "A", "B", "答案选项"])["答案选项"] == "answer"


def test_guesses_that_somebody_should_look_at():
    assert doubtful_headers(["题干", "答案", "选项A", "章节"]) == ()
    assert doubtful_headers(["input", "output", "A", "B"]) == ("input", "output")
    assert doubtful_headers(["题目", "问题", "答案"]) == ("题目",)
    assert doubtful_headers(["题干", "题目", "答案"]) == ()
    report = check("题目,问题,依据,答案\n甲,乙,丙,对\n".encode(), "a.csv", mapping={"依据": "law"})
    assert list(report.bank.unsure) == ["题目"]


# ---- options ----

@pytest.mark.parametrize("cell", [
    "A.甲\nB.乙\nC.丙", "A、甲 B、乙 C、丙", "A:甲|B:乙|C:丙", "甲\n乙\n丙", "甲|乙|丙",
    "甲；乙；丙", "甲;乙;丙;", "（A）甲 （B）乙 （C）丙",
    '["甲", "乙", "丙"]', '{"A": "甲", "B": "乙", "C": "丙"}', "A．甲；B．乙；C．丙；",
    "甲\t乙\t丙"])
def test_options_in_one_cell(cell):
    assert split_options(cell) == {"option_a": "甲", "option_b": "乙", "option_c": "丙"}


@pytest.mark.parametrize("cell", ["", "甲", "A、甲", "A、B两项", "[1, 2]", "[", "甲,乙", "；"])
def test_one_option_is_not_split(cell):
    assert split_options(cell) == {}


def test_options_of_one_cell_in_a_file():
    report = check("题目,选项,答案\n甲？,A.一|B.二|C.三,AC\n乙？,A.一,A\n".encode(), "a.csv")
    assert report.drafts[0].options == ("一", "二", "三")
    assert [(one.code, one.row, one.column) for one in report.errors] == [
        ("too_few_options", 3, "选项")]
    cell = "|".join("一二三四五六七八九")
    nine = check(f"题目,选项,答案\n甲？,{cell},A\n".encode(), "a.csv")
    assert [one.code for one in nine.errors] == ["too_many_options"]


def test_a_header_over_several_columns_of_options():
    assert spread_options(["题干", "选项", "", "选项", "答案", ""]) == (
        ("题干", "选项", "列3", "列4", "答案", ""), {"列3": "option_b", "列4": "option_c"})
    assert spread_options(["题干", "选项A", "选项B", ""])[1] == {}


@given(st.text(max_size=60))
def test_splitting_never_fails_and_loses_no_letter(cell):
    parts = split_options(cell)
    assert len(parts) != 1
    assert all(isinstance(part, str) for part in parts.values())


# ---- tables without a header ----

@given(st.lists(st.lists(st.text("甲乙ABX对错1，。？ ", max_size=9), max_size=7), max_size=12))
def test_guessing_gives_every_field_one_column_and_never_half_a_table(rows):
    found = infer_columns(rows)
    assert len(set(found.values())) == len(found)
    assert not found or {"stem", "answer"} <= set(found.values())


def test_two_columns_that_may_both_be_the_answer_are_not_chosen_from():
    rows = [[f"第{n}项下列正确的是哪些？", "AB"[n % 2], "BA"[n % 2], "甲", "乙"] for n in range(6)]
    assert infer_columns(rows) == {}


def test_answers_that_mean_no_option_are_no_answers():
    rows = [[f"第{n}项下列正确的是哪些？", f"甲{n}", f"乙{n}", "GH"[n % 2]] for n in range(6)]
    assert infer_columns(rows) == {}


def test_the_explanation_may_be_longer_than_the_stem():
    rows = [[f"{n}号馆由谁主管？", f"国家{n}", f"省{n}", "AB"[n % 2], f"依照第{n}条的规定。" * 9]
            for n in range(6)]
    assert infer_columns(rows) == {0: "stem", 1: "option_a", 2: "option_b", 3: "answer",
                                   4: "explanation"}


def test_words_that_may_be_headers():
    assert looks_like_header(["考题正文", "标的"])
    for row in (["甲", "甲"], ["甲", "对"], ["甲", "AB"], ["甲", "12"], ["单选题", "甲"], ["甲"],
                ["这样对吗？", "甲"]):
        assert not looks_like_header(row)


# ---- scrambled text ----

STEMS = ["档案是什么？", "档案馆由谁主管？", "国家所有的档案归谁所有？", "下列哪项正确？",
         "公民有什么权利？", "违反规定的怎样处理？", "何时起施行？", "可以向社会开放吗？"] * 4
GLYPHS = "".join(sorted({char for stem in STEMS for char in stem if char > "\u4e00"}))


def _scrambled(seed):
    rare = [chr(0x5000 + 37 * place) for place in range(len(GLYPHS))]
    random.Random(seed).shuffle(rare)
    table = str.maketrans(GLYPHS, "".join(rare))
    return [stem.translate(table) for stem in STEMS]


@pytest.mark.parametrize("seed", range(5))
def test_short_stems_of_a_scrambled_file(seed):
    stems = _scrambled(seed)
    assert all(map(is_prose, stems))
    assert is_scrambled(stems)
    text = "题目,答案\n" + "".join(f"{stem},对\n" for stem in stems)
    report = check(text.encode(), "a.csv")
    assert codes(report) == [("not_prose", row) for row in range(2, len(stems) + 2)]
    assert report.exit_code == 0


def test_ordinary_files_are_not_scrambled():
    assert not is_scrambled(STEMS)
    assert not is_scrambled(["龘靐？"])
    assert not is_scrambled(["What is an archive?"] * 99)


def test_characters_of_a_private_font_in_options_and_answers():
    text = "题目,A,B,答案\n甲？,一\ue001,二,A\n乙？,一,二,二\ufffd\n"
    report = check(text.encode(), "a.csv")
    assert [(one.code, one.row, one.column) for one in report.warnings] == [
        ("not_prose", 2, "A"), ("not_prose", 3, "答案")]


@pytest.mark.parametrize("name", [
    "adoremai_题库.csv", "disc_mcq_mult_cpa.csv", "disc_mcq_mult_nje.csv",
    "disc_mcq_sing_lbk.csv", "xxt_题库.xlsx", "xuzhou_answer.txt", "adoremai_题库.md"])
def test_other_peoples_banks_are_prose(outside_data, name):
    report = check((outside_data / "banks" / name).read_bytes(), name)
    assert [one for one in report.warnings if one.code == "not_prose"] == []


def test_laws_are_prose(outside_data):
    for path in (outside_data / "laws").iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        assert not is_scrambled(lines), path.name
        assert not any(is_scrambled(lines[at:at + 20]) for at in range(0, len(lines), 20))


def test_a_few_short_stems_in_another_order_of_glyphs():
    stems = ["箕馩魧瀆祳齗？", "馩觎嘺锟距蠚？", "飼馩埛踙瀆？", "襕凪鵻璊究？", "霴建瀆殜謷？"]
    assert not is_scrambled(stems)
    assert is_scrambled([*stems, "璊幒轾旡？"])
    assert is_scrambled(stems, ["胰竞輭蛪魧", "鯕霴攉罇"])
    assert not is_scrambled(["下列哪个是昆明？"], ["昭通曲靖楚雄", "渭南咸阳榆林", "荆州襄樊"])


def test_texts_of_options_as_answers_with_a_full_stop():
    rows = [(f"下列第{n}项是什么？", f"甲{n}", f"乙{n}", f"丙{n}", f"{'甲乙丙'[n % 3]}{n}。")
            for n in range(6)]
    assert infer_columns(rows)[4] == "answer"
    text = "\n".join(",".join(row) for row in rows)
    assert [one.key for one in check(text.encode(), "a.csv").drafts] == [
        ("A",), ("B",), ("C",)] * 2


def test_the_header_again_and_headings_within_a_table_are_no_questions():
    text = ("题干,A,B,答案\n一、判断题（每题1分）\n甲。,,,1\n题干,A,B,答案\n乙。,,,0\n"
            "二、多选题,,,\n丙？,一,二,A\n")
    report = check(text.encode(), "a.csv")
    assert [(one.row, one.kind.value) for one in report.drafts] == [
        (3, "judge"), (5, "judge"), (7, "multi")]
    assert (report.errors, list(report.bank.rows)) == ([], [3, 5, 7])
    assert [one.code for one in check("题干,答案\n什么是题\n".encode(), "a.csv").errors] == [
        "ragged_row"]


def test_an_answer_behind_a_tab_is_no_header():
    text = "".join(f"{n}.\t下列第{n}项是什么？\nA.\t甲\nB.\t乙\n答案：\tA\n" for n in range(1, 5))
    report = check(text.encode(), "a.txt")
    assert (report.bank.format, [one.key for one in report.drafts]) == ("txt", [("A",)] * 4)
