"""The folder of banks and guides: read, judged, and the shipped one without a fault."""

import csv
import json
from pathlib import Path

import pytest

from legaled.domain.content import DEMANDS, TOTAL
from legaled.domain.content_texts import cited
from legaled.files.content import ContentUnreadableError, check_content

SHIPPED = Path(__file__).resolve().parents[2] / "question_banks"
HEADER = ["题型", "题干", "选项A", "选项B", "选项C", "选项D", "答案", "解析", "难度", "法规",
          "条款", "来源"]
LAW = ("测试管理法\n（2020年1月1日通过）\n第一章 移交\n第一条　档案自形成之日起满二十年移交。\n"
       "第二条　本法自2020年3月1日起施行。\n")
WHY = "第一条写明自形成之日起满二十年移交，其他三个年限都不是这一条规定的移交年限，所以不选。"
ROW = ["单选", "档案自形成之日起满多少年移交？", "十年", "二十年", "三十年", "五十年", "B", WHY,
       "中", "测试管理法", "第一条", "自编"]
GUIDE = """# 测试管理法

## 第一章 移交

- 满二十年移交（第一条）

## 要记住的数字

| 数字 | 是什么 | 条款 |
| --- | --- | --- |
| 二十年 | 移交 | 第一条 |

## 与旧法相比的变化

没有旧法。

## 三个工作场景

**场景一。** 甲（第一条）。

**场景二。** 乙（第一条）。

**场景三。** 丙（第二条）。
"""


def other(**changes):
    """The row with some columns changed."""
    return [changes.get(name, cell) for name, cell in zip(HEADER, ROW, strict=True)]


@pytest.fixture
def folder(tmp_path):
    """`make(name, rows, guide, exceptions)` puts one law into the folder."""
    root = tmp_path / "banks"
    root.mkdir()

    def make(rows=(ROW,), guide=GUIDE, exceptions=None, name="测试管理法"):
        place = root / name
        place.mkdir(exist_ok=True)
        if rows is not None:
            with (place / "bank.csv").open("w", encoding="utf-8-sig", newline="") as file:
                csv.writer(file).writerows([HEADER, *rows])
        if guide is not None:
            (place / "guide.md").write_text(guide, "utf-8")
        if exceptions is not None:
            (place / "exceptions.csv").write_text(exceptions, "utf-8-sig")
        return root

    return make


@pytest.fixture
def laws(tmp_path):
    place = tmp_path / "laws"
    place.mkdir()
    (place / "测试管理法.md").write_text(LAW, "utf-8")
    (place / "readme.md").write_text("这里是原文。", "utf-8")
    return place


def codes(report):
    return [one.code for bank in report.banks for one in bank.faults]


def test_a_good_folder_is_clean(folder, laws):
    report = check_content(folder(), laws, all_banks=False)
    assert (report.clean, report.questions, codes(report)) == (True, 1, [])
    assert (report.laws, report.no_laws) == (["测试管理法"], ["readme.md"])
    assert (report.banks[0].minutes, report.banks[0].facts.questions) == (1, 1)


def test_without_texts_nothing_is_held_against_them(folder, laws):
    root = folder([other(条款="第九条", 答案="C")])
    assert codes(check_content(root, all_banks=False)) == []
    assert codes(check_content(root, laws, all_banks=False)) == ["article_unknown"]


def test_faults_name_the_line_of_the_file(folder, laws):
    rows = [ROW, other(题干="档案满多少年就要移交进馆？", 答案="C", 来源="网络")]
    report = check_content(folder(rows), laws, all_banks=False)
    found = {one.code: one for one in report.banks[0].faults}
    assert {"source", "figure_not_in_article"} <= set(found)
    assert found["source"].row == found["figure_not_in_article"].row == 3
    assert "三十年" in found["figure_not_in_article"].message


def test_what_bank_check_says_is_a_fault(folder):
    rows = [ROW, ROW, other(答案="A"), other(题干="", 答案="B"), other(题干=" 空白在前的题干？")]
    found = codes(check_content(folder(rows), all_banks=False))
    assert {"duplicate", "conflict", "missing_stem", "stem_edge_space"} <= set(found)


def test_likeness_goes_over_all_banks(folder):
    folder(name="甲法")
    report = check_content(folder(name="乙法"), all_banks=False)
    assert [(bank.name, codes_of(bank)) for bank in report.banks] == [
        ("乙法", []), ("甲法", ["same_again"])]


def codes_of(bank):
    return [one.code for one in bank.faults if one.code == "same_again"]


@pytest.mark.parametrize(("rows", "guide", "code"), [
    (None, GUIDE, "bank_missing"), ((ROW,), None, "guide_missing")])
def test_half_a_law_is_told(folder, rows, guide, code):
    assert codes(check_content(folder(rows, guide), all_banks=False)) == [code]


def test_a_bank_without_a_question_is_a_fault(folder):
    root = folder()
    (root / "测试管理法" / "bank.csv").write_bytes(b"")
    assert codes(check_content(root, all_banks=False)) == ["no_rows"]


def test_a_long_guide_is_told(folder):
    guide = GUIDE.replace("没有旧法。", "没有旧法。" * 1_300)
    assert codes(check_content(folder(guide=guide), all_banks=False)) == ["guide_too_long"]


def test_exceptions_are_read_beside_the_bank(folder):
    rows = [other(题干=f"第{word}批材料怎么办？", 来源="网络" if word == "甲" else "自编")
            for word in "甲乙"]
    lines = "题干,代码,理由\n第甲批材料怎么办？,source,征得作者同意\n"
    report = check_content(folder(rows, exceptions=lines), all_banks=False)
    assert [(one.code, one.reason) for one in report.banks[0].accepted] == [
        ("source", "征得作者同意")]
    assert "source" not in codes(report)
    assert "too_many_exceptions" in codes(report)


def test_exceptions_with_other_columns_are_told(folder):
    found = codes(check_content(folder(exceptions="题,码\n甲,乙\n"), all_banks=False))
    assert found == ["exceptions_unreadable"]


def test_the_shipped_folder_must_be_whole(folder):
    report = check_content(folder(), all_banks=True)
    assert [one.code for one in report.whole] == [
        *["bank_missing"] * len(DEMANDS), "too_few_in_all"]
    assert not report.clean


def test_json_tells_everything(folder, laws):
    root = folder([other(来源="网络")])
    found = json.loads(json.dumps(check_content(root, laws, all_banks=False).as_json()))
    assert (found["clean"], found["questions"], found["laws"]) == (False, 1, ["测试管理法"])
    (bank,) = found["banks"]
    assert (bank["name"], bank["kinds"]["single"], bank["guide_minutes"]) == ("测试管理法", 1, 1)
    (fault,) = bank["findings"]
    assert (fault["row"], fault["code"]) == (2, "source")


@pytest.mark.parametrize("spoil", ["nothing", "bytes", "guide", "laws"])
def test_what_cannot_be_read_is_refused_in_words(folder, laws, tmp_path, spoil):
    root, texts = tmp_path / "none", None
    root.mkdir()
    if spoil != "nothing":
        root = folder()
    if spoil == "bytes":
        (root / "测试管理法" / "bank.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    if spoil == "guide":
        (root / "测试管理法" / "guide.md").write_bytes("移交".encode("gbk"))
    if spoil == "laws":
        texts = laws
        (laws / "测试管理法.md").unlink()
    with pytest.raises(ContentUnreadableError) as error:
        check_content(root, texts, all_banks=False)
    assert str(error.value).endswith(("。", "！"))


# ---- what ships ----

def test_what_ships_is_clean_without_the_texts():
    report = check_content(SHIPPED, all_banks=True)
    assert [one.as_json() for one in (*report.whole, *faults(report))] == []
    assert report.questions >= TOTAL


def test_what_ships_is_clean_against_the_official_texts(outside_data):
    report = check_content(SHIPPED, outside_data / "laws", all_banks=True)
    assert [one.as_json() for one in (*report.whole, *faults(report))] == []


def faults(report):
    return [one for bank in report.banks for one in bank.faults]


def test_the_rules_of_procedure_are_cited_only_as_far_as_they_are_known():
    rows = [row for path in SHIPPED.glob("*/bank.csv")
            for row in csv.DictReader(path.read_text("utf-8-sig").splitlines(keepends=True))]
    own = [row for row in rows if row["法规"] == "档案行政处罚程序规定"]
    assert own
    assert all(max(cited(row["条款"])).number <= 9 for row in own)


def test_every_blind_answer_is_the_key_of_a_question_that_ships():
    stems = {(path.parent.name, row["题干"]): row for path in SHIPPED.glob("*/bank.csv")
             for row in lines(path)}
    blind = lines(SHIPPED / "blind.csv")
    assert len({(row["题库"], row["题干"]) for row in blind}) == len(blind) >= 200
    for row in blind:
        question = stems[row["题库"], row["题干"]]
        assert row["所据条款"]
        assert agrees(row["盲答"], question), (row["题库"], row["序号"])


def lines(path):
    return list(csv.DictReader(path.read_text("utf-8-sig").splitlines(keepends=True)))


def agrees(answer, question):
    """The answer of the blind check is the key; a gap takes any answer that its key lists."""
    if question["题型"] != "填空":
        return sorted(answer) == sorted(question["答案"])
    given, gaps = answer.split(";"), question["答案"].split(";")
    return len(given) == len(gaps) and all(
        one in gap.split("|") for one, gap in zip(given, gaps, strict=True))
