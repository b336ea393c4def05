"""The shipped questions against the official texts: each rests on an article that exists."""

import csv
import re
from pathlib import Path

import pytest

from legaled.domain.bank_warnings import article_numbers, chinese_number

SHIPPED = sorted((Path(__file__).resolve().parents[2] / "question_banks").glob("*/bank.csv"))
TEXTS = {
    "档案法": "档案法(2020-06-20).md",
    "宪法": "宪法(2018修正).md",
    "行政处罚法": "行政处罚法(2021-01-22).md",
    "档案行政处罚程序规定": "档案行政处罚程序规定(国家档案局令第20号)-第1至9条.txt",
}


def questions(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def articles(text):
    """The numbers of the articles that the text contains."""
    heads = re.findall(r"^第([零一二三四五六七八九十百]+)条", text, re.MULTILINE)
    return {chinese_number(found) for found in heads}


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_every_question_cites_an_article_of_the_official_text(outside_data, path):
    known = {
        law: articles((outside_data / "laws" / name).read_text("utf-8"))
        for law, name in TEXTS.items()
    }
    for row in questions(path):
        cited = set(article_numbers(row["条款"]))
        assert cited or "序言" in row["条款"], row["题干"]
        assert cited <= known[row["法规"]], (row["题干"], row["条款"])


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_a_bank_has_forty_questions_of_three_kinds_with_explanations(path):
    rows = questions(path)
    assert len(rows) >= 40
    assert {row["题型"] for row in rows} == {"单选", "多选", "判断"}
    assert all(row["解析"] and row["来源"] == "自编" for row in rows)


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.parent.name)
def test_keys_are_spread_over_the_letters(path):
    singles = [row for row in questions(path) if row["题型"] == "单选"]
    for letter in "ABCD":
        share = sum(row["答案"] == letter for row in singles) / len(singles)
        assert 0.15 <= share <= 0.35, (letter, share)


def test_the_rules_of_procedure_are_cited_only_as_far_as_they_are_known():
    rows = [row for path in SHIPPED for row in questions(path)]
    own = [row for row in rows if row["法规"] == "档案行政处罚程序规定"]
    assert own
    assert all(max(article_numbers(row["条款"])) <= 9 for row in own)
