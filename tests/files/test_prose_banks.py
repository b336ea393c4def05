"""Question banks in running text, read and judged as whole files.

Every file in `samples/` has its reading beside it, one question a line:
`row kind key | stem | options | codes`; `\\n` stands for a break inside a text.
"""

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legaled.domain.bank_prose import read_prose
from legaled.domain.bank_rows import judge_record
from legaled.domain.text import squeeze
from legaled.files.bank_check import check

SAMPLES = Path(__file__).parent / "samples"
NAMES = sorted(path.name for path in SAMPLES.iterdir() if path.suffix != ".out")


def reading(text):
    """What a text holds, as the `.out` files write it."""
    prose = read_prose(enumerate(text.split("\n"), start=1))
    lines = [_line(record) for record in prose.records]
    lines += [f"! {one.row} {one.code} {one.message}" for one in prose.problems]
    return "".join(f"{line}\n".replace("\r", "") for line in lines)


def _line(record):
    draft, errors, warnings = judge_record(record)
    cells = record.cells
    kind = draft.kind.value if draft else cells.get("kind", "?")
    key = "".join(draft.key) if draft and kind in ("single", "multi", "judge") else (
        cells.get("answer", ""))
    options = " / ".join(cells[name] for name in cells if name.startswith("option_"))
    codes = " ".join(one.code for one in [*errors, *warnings])
    more = " ".join(f"{name}={cells[name]}" for name in (
        "points", "explanation", "difficulty", "topic", "law", "article", "source", "number")
        if name in cells)
    parts = (f"{record.row} {kind} {key}", cells.get("stem", ""), options, more, codes)
    return " | ".join(parts).rstrip(" |").replace("\n", "\\n")


@pytest.mark.parametrize("name", NAMES)
def test_samples_are_read_as_written_beside_them(name):
    path = SAMPLES / name
    assert reading(path.read_text("utf-8")) == path.with_name(f"{name}.out").read_text("utf-8")


def test_there_are_samples_of_many_layouts():
    assert len(NAMES) >= 50


@pytest.mark.parametrize("name", NAMES)
def test_line_ends_and_encodings_change_nothing(name):
    text = (SAMPLES / name).read_text("utf-8")
    expected = reading(text)
    assert reading(text.replace("\n", "\r\n")) == expected
    whole = [check(data, name).as_json() for data in (
        text.encode(), text.encode("utf-8-sig"), text.encode("gb18030"),
        "\ufeff".encode("utf-16-le") + text.encode("utf-16-le")) if "✅" not in text]
    for one in whole:
        one["encoding"] = None
    assert all(one == whole[0] for one in whole)


@pytest.mark.parametrize("name", NAMES)
def test_the_text_of_a_question_alone_is_that_question(name):
    """What is handed back for a refused question can be read again."""
    prose = read_prose(enumerate((SAMPLES / name).read_text("utf-8").split("\n"), start=1))
    assert set(prose.blocks) == {record.row for record in prose.records}
    for record in prose.records:
        stem = record.cells.get("stem", "").split("\n")[0]
        shown = squeeze(prose.blocks[record.row].replace("**", "").replace("&nbsp;", ""))
        assert squeeze(stem).strip("()")[:2] in shown


@pytest.mark.parametrize("name", ["law.txt", "essay.txt"])
def test_texts_without_questions_are_refused(name):
    report = check((SAMPLES / name).read_bytes(), name)
    assert (report.exit_code, len(report.drafts)) == (2, 0)
    assert [one.code for one in report.errors] == ["not_a_table"]


def test_answers_alone_say_what_is_missing():
    report = check((SAMPLES / "only_answers.txt").read_bytes(), "only_answers.txt")
    assert [one.code for one in report.errors] == ["no_rows"]
    assert "只有答案，没有题目" in report.errors[0].message


@pytest.mark.parametrize("name", ["adoremai_题库.md", "xuzhou_answer.txt", "xuzhou_answer.gbk.txt"])
def test_other_peoples_banks_are_read_as_counted_by_hand(outside_data, name):
    banks = outside_data / "banks"
    truth = json.loads((banks / "TRUTH.json").read_text("utf-8"))[name]
    report = check((banks / name).read_bytes(), name)
    found = report.as_json()
    counts = {**truth["valid_by_type"], **truth["not_choice_by_type"]}
    assert {kind: n for kind, n in found["valid"].items() if n} == counts
    assert found["records"] == truth["records"]
    wrong = {(code.split(":")[1], row) for code, told in truth["defective"].items()
             for row in told["rows"]}
    assert {(one.code, one.row) for one in report.errors} == wrong
    doubtful = {(code, row) for code, told in truth["warnings"].items() for row in told["rows"]}
    assert {(one.code, one.row) for one in report.warnings} == doubtful
    assert sorted((of, row) for row, of in report.duplicates) == sorted(
        map(tuple, truth["duplicate_pairs"]["pairs"]))


# ---- the same questions in any layout ----

WORD = st.text("档案法馆应当向社会开放国家保管期限移交鉴定销毁复制利用", min_size=4, max_size=14)
CHOICE = st.tuples(WORD, st.lists(WORD, min_size=2, max_size=6, unique=True), st.data())
NUMBERS = ("{}、", "{}.", "{}．", "{}. ", "({})", "（{}）", "第{}题 ", "【{}】", "{}、 ** ")
OPTIONS = ("{}、{}", "{}.{}", "{}. {}", "{}．{}", "（{}）{}", "{}：{}", "{}) {}", "   - {}. {}")
ANSWERS = ("答案：{}", "正确答案：{}", "[答案] {}", "【答案】{}", "**答案：{}**", "参考答案: {}",
           "   - **答案：{}**", "标准答案：{}", "（答案：{}）")
HEADS = ("{}、{}题", "{}、{}题（每题2分，共20分）", "### {}、{}题", "（{}）{}题", "第{}部分 {}题",
         "{}．{}")


LISTS = ("{}.{}", "{}、{}", "{} {}", "({}) {}", "{}.{}; {}", "第{}题：{}", "{}—{}：{}",
         "{}.【答案】{}")


def _listed(keys, form):
    """The answers of one section as a list: a line each, all on one, or as a range."""
    if form == "{}—{}：{}" and len(keys) > 1:
        return [f"1—{len(keys)}：{' '.join(keys)}"]
    each = form if form.count("{}") == 2 else "{}.{}"
    lines = [each.format(place, key) for place, key in enumerate(keys, start=1)]
    return ["  ".join(lines)] if form == "{}.{}; {}" else lines


@st.composite
def banks(draw):
    """(text, what it says): questions of three kinds in one layout, answers beside or apart."""
    number, option, answer, head = (draw(st.sampled_from(one)) for one in (
        NUMBERS, OPTIONS, ANSWERS, HEADS))
    one_line = draw(st.booleans()) and "-" not in option
    apart = draw(st.booleans())
    listed = draw(st.sampled_from(LISTS))
    blank = draw(st.booleans())
    lines, told, answers = [], [], []
    for place, kind in zip("一二三", ("单选", "多选", "判断"), strict=True):
        lines.append(head.format(place, kind))
        keys = []
        for count in range(1, draw(st.integers(1, 3)) + 1):
            stem, options, key = draw(question(kind))
            lines.append(f"{number.format(count)}{stem}")
            shown = [option.format(letter, text) for letter, text in zip(
                "ABCDEF", options, strict=False)]
            lines += ["  ".join(shown)] if one_line and shown else shown
            if apart:
                keys.append(key)
            else:
                lines.append(answer.format(key))
            lines += [""] if blank else []
            told.append((kind, stem, tuple(options), key))
        answers += [f"{place}、{kind}题", *_listed(keys, listed)]
    return "\n".join([*lines, *(["参考答案", *answers] if apart else [])]), told


@st.composite
def question(draw, kind):
    stem = draw(WORD)
    if kind == "判断":
        return f"{stem}。", [], draw(st.sampled_from("√×对错"))
    options = draw(st.lists(WORD, min_size=2, max_size=6, unique=True))
    letters = "ABCDEF"[:len(options)]
    least = 1 if kind == "单选" else 2
    key = draw(st.lists(st.sampled_from(letters), min_size=least, max_size=(
        1 if least == 1 else len(letters)), unique=True))
    return f"{stem}（ ）。", options, "".join(sorted(key))


@given(banks())
@settings(max_examples=300, deadline=None)
def test_a_bank_is_read_alike_in_every_layout(bank):
    text, told = bank
    prose = read_prose(enumerate(text.split("\n"), start=1))
    found = [(one.cells["kind"], one.cells["stem"],
              tuple(one.cells[name] for name in sorted(one.cells) if name.startswith("option_")),
              one.cells.get("answer", "")) for one in prose.records]
    assert (found, list(prose.problems)) == (told, []), text
