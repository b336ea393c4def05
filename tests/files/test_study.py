"""The guides that ship: read safely, with outline, foldable tables and a reading time."""

import os
import re
from pathlib import Path

import pytest

from legaled.config import ROOT
from legaled.files.guides import parse, shipped

GUIDES = shipped(ROOT / "question_banks")


def test_the_shipped_guides_are_listed_by_name() -> None:
    assert {"宪法", "档案法", "档案行政处罚程序"} <= {guide.name for guide in GUIDES}
    assert [guide.name for guide in GUIDES] == sorted(guide.name for guide in GUIDES)


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_a_shipped_guide_is_complete(guide) -> None:
    text = (ROOT / "question_banks" / guide.name / "guide.md").read_text("utf-8")
    assert f"# {guide.title}" in text
    assert [section.heading for section in guide.sections] == re.findall(r"(?m)^## (.+)$", text)
    html = guide.intro + "".join(section.html for section in guide.sections)
    assert html.count("<li>") == len(re.findall(r"(?m)^ *(?:-|\d+\.) ", text))
    assert html.count('<th scope="row"') == len(re.findall(r"(?m)^\| (?!---)", text)) - 1
    assert "style=" not in html
    assert "**" not in html
    assert 4 <= guide.minutes <= 12


@pytest.mark.parametrize("guide", GUIDES, ids=lambda guide: guide.name)
def test_anchors_are_unique_and_plain(guide) -> None:
    anchors = [section.anchor for section in guide.sections]
    assert len(set(anchors)) == len(anchors)
    assert all(re.fullmatch(r"s-[\w-]+", anchor) for anchor in anchors)


def test_anchors_of_odd_headings() -> None:
    guide = parse("x", '## A <b> "c"\n\n## A b c\n\n## A b c\n\n## ？\n\n## main\n')
    assert [section.anchor for section in guide.sections] == [
        "s-a-b-c", "s-a-b-c--2", "s-a-b-c--3", "s", "s-main",
    ]


def test_html_and_script_links_are_shown_not_run() -> None:
    guide = parse("x", "# 甲\n\n<script>alert(1)</script> [去](javascript:alert(1))\n")
    assert "<script" not in guide.intro
    assert "<a" not in guide.intro
    assert "&lt;script&gt;" in guide.intro


def test_a_guide_without_headings_is_named_after_its_folder() -> None:
    guide = parse("乙", "只有一段。")
    assert (guide.title, guide.sections, guide.minutes) == ("乙", (), 1)
    assert "只有一段" in guide.intro


def test_reading_time_is_four_hundred_characters_a_minute() -> None:
    assert parse("x", "字" * 400).minutes == 1
    assert parse("x", "字" * 401).minutes == 2
    assert parse("x", "字 " * 400).minutes == 1


def test_a_wide_table_folds_and_carries_its_headings() -> None:
    head = "| 甲 | 乙 | 丙 | 丁 |\n| --- | :-: | --- | --: |\n"
    row = "| 一 | 二 | 三 | 四四四四四四四四 |\n"
    html = parse("x", head + row).intro
    assert '<table class="table-x table-fold">' in html
    assert '<th scope="row" class="keep">一</th>' in html
    assert '<td data-label="乙">二</td>' in html
    assert '<td data-label="丁">四四四四四四四四</td>' in html
    assert "style=" not in html


def test_a_narrow_table_stays_a_table() -> None:
    html = parse("x", "| 甲 | 乙 |\n| --- | --- |\n| 一 | 第一条、第二条 |\n").intro
    assert '<table class="table-x">' in html
    assert '<td data-label="乙" class="keep">第一条、第二条</td>' in html


def test_a_changed_guide_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "甲" / "guide.md"
    path.parent.mkdir()
    path.write_text("# 旧\n", "utf-8")
    assert [guide.title for guide in shipped(tmp_path)] == ["旧"]
    path.write_text("# 新\n", "utf-8")
    os.utime(path, ns=(1, 1))
    assert [guide.title for guide in shipped(tmp_path)] == ["新"]


def test_folders_without_a_guide_are_left_out(tmp_path: Path) -> None:
    (tmp_path / "甲").mkdir()
    assert shipped(tmp_path) == ()
    assert shipped(tmp_path / "nowhere") == ()
