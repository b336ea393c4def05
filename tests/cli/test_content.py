"""`flask content check`: its table, its JSON, its exit codes."""

import csv
import json

import pytest

from legaled import create_app
from legaled.config import Config
from legaled.domain.content import DEMANDS
from tests.files.test_content import GUIDE, HEADER, LAW, ROW


@pytest.fixture
def place(tmp_path):
    """A folder with one law, and one with its text."""
    bank = tmp_path / "banks" / "测试管理法"
    bank.mkdir(parents=True)
    (tmp_path / "laws").mkdir()
    (tmp_path / "laws" / "测试管理法.txt").write_text(LAW, "utf-8")
    (bank / "guide.md").write_text(GUIDE, "utf-8")
    return bank


def write(place, *rows):
    with (place / "bank.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([HEADER, *rows])


@pytest.fixture
def run(tmp_path):
    """The command, in an application that has no database."""
    app = create_app(Config(secret_key="t", instance=tmp_path / "none", testing=True,
                            laws=tmp_path / "banks"))
    return lambda *words: app.test_cli_runner().invoke(args=["content", "check", *words])


def test_a_clean_folder_ends_with_0_and_needs_no_database(run, place, tmp_path):
    write(place, ROW)
    result = run(str(tmp_path / "banks"), "--laws", str(tmp_path / "laws"))
    assert result.exit_code == 0, result.output
    assert "1 个题库 1 题，对照了 1 部法规的原文，没有问题。" in result.output
    assert not (tmp_path / "none").exists()
    assert "没有对照法规原文" in run(str(tmp_path / "banks")).output


def test_faults_end_with_1_and_are_listed_by_line(run, place, tmp_path):
    write(place, ROW, [*ROW[:-1], "网络"])
    (tmp_path / "laws" / "说明.txt").write_text("不是法规", "utf-8")
    words = (str(tmp_path / "banks"), "--laws", str(tmp_path / "laws"))
    result = run(*words)
    assert result.exit_code == 1
    assert "duplicate" in result.output
    assert "“说明.txt”不是法规原文" in result.output
    found = json.loads(run(*words, "--json").output)
    assert [(one["row"], one["code"]) for one in found["banks"][0]["findings"]] == [
        (3, "duplicate")]


def test_exceptions_are_shown_with_their_reason(run, place, tmp_path):
    write(place, *([*ROW[:1], f"第{word}批档案满多少年移交？", *ROW[2:-1], source]
                   for word, source in (("甲", "网络"), ("乙", "自编"))))
    (place / "exceptions.csv").write_text(
        "题干,代码,理由\n第甲批档案满多少年移交？,source,征得作者同意\n", "utf-8")
    result = run(str(tmp_path / "banks"))
    assert "例外 1 个" in result.output
    assert "理由：征得作者同意" in result.output
    assert result.exit_code == 1  # one of two is more than 2 %


def test_without_a_folder_the_shipped_banks_must_be_whole(run, place):
    write(place, ROW)
    result = run("--json")
    assert result.exit_code == 1
    found = json.loads(result.output)
    assert [one["code"] for one in found["findings"]] == [
        *["bank_missing"] * len(DEMANDS), "too_few_in_all"]


def test_what_cannot_be_read_ends_with_2(run, place, tmp_path):
    (place / "bank.csv").write_bytes(b"\x89PNG\r\n\x1a\n\0\0")
    result = run(str(tmp_path / "banks"))
    assert (result.exit_code, "读不了" in result.output) == (2, True)
    found = json.loads(run(str(tmp_path / "banks"), "--json").output)
    assert (found["clean"], found["findings"][0]["code"]) == (False, "unreadable")
    (tmp_path / "laws" / "测试管理法.txt").unlink()
    write(place, ROW)
    assert run(str(tmp_path / "banks"), "--laws", str(tmp_path / "laws")).exit_code == 2
