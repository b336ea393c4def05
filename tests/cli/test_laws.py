"""`flask law check | import | list`, and their exit codes."""

import json

import pytest

from legaled import create_app
from legaled.config import Config
from tests import factories

GOOD = ("测试条例\n（2020年1月1日通过）\n第一章 总则\n第一条　甲。\n"
        "第二条　本条例自2020年3月1日起施行。\n")
GAP = GOOD.replace("第二条", "第四条")


@pytest.fixture
def file(tmp_path):
    def make(text, name="测试条例.txt"):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return str(path)

    return make


@pytest.fixture
def run(app):
    return lambda *words: app.test_cli_runner().invoke(args=["law", *words])


def test_check_needs_no_database(tmp_path, file):
    app = create_app(Config(secret_key="t", instance=tmp_path / "none", testing=True))
    result = app.test_cli_runner().invoke(args=["law", "check", file(GOOD), "--json"])
    assert result.exit_code == 0
    assert not (tmp_path / "none").exists()
    assert json.loads(result.output) == {
        "title": "测试条例", "articles": 2, "first": 1, "last": 2, "gaps": [], "repeats": [],
        "chapters": 1, "sections": 0, "preamble": False,
        "dates": {"promulgated": "2020-01-01", "effective": "2020-03-01"}, "warnings": []}


def test_gaps_are_told_and_nothing_is_written(run, file):
    result = run("check", file(GAP), "--json")
    assert (result.exit_code, json.loads(result.output)["gaps"]) == (1, ["2", "3"])
    assert json.loads(result.output)["warnings"][0]["line"] == 5
    assert "缺第二条、第三条" in run("check", file(GAP)).output
    result = run("import", file(GAP))
    assert (result.exit_code, "没有写入" in result.output) == (1, True)
    assert "还没有法规" in run("list").output
    result = run("import", file(GAP), "--checked")
    assert (result.exit_code, "新的法规" in result.output) == (1, True)


@pytest.mark.parametrize("data", [b"", b"\x89PNG\r\n\x1a\n" + b"\0" * 50, "没有条文".encode()])
def test_what_cannot_be_read(run, file, data):
    result = run("import", file(data, "图.md"), "--json")
    assert result.exit_code == 2
    report = json.loads(result.output)
    assert (report["articles"], len(report["warnings"])) == (0, 1)
    assert run("check", file(data, "图.md")).exit_code == 2


def test_the_same_file_twice_adds_nothing(run, file):
    assert "新的法规" in run("import", file(GOOD)).output
    assert "没有变化" in run("import", file(GOOD)).output
    assert "日期已改" in run("import", file(GOOD), "--effective", "2020-05-01").output
    changed = run("import", file(GOOD.replace("甲", "乙")), "--json")
    assert (changed.exit_code, json.loads(changed.output)["added"]) == (0, 1)
    listed = json.loads(run("list", "--json").output)
    assert [(one["name"], len(one["versions"])) for one in listed] == [("测试条例", 2)]


def test_several_files_are_one_law(run, file):
    first = file("# 测试法\n第一条　甲。", "1.md")
    second = file("# 测试法\n第二条　本法自2020年3月1日起施行。", "2.md")
    assert json.loads(run("check", first, second, "--json").output)["articles"] == 2
    assert run("import", first, second).exit_code == 0
    assert "测试法：2 条，2020-03-01 起施行，1 个版本" in run("list").output


def test_two_laws_are_refused(run, file):
    other = file("别的办法\n第二条　乙。", "b.txt")
    result = run("check", file(GOOD), other)
    assert (result.exit_code, "不同的法规" in result.output) == (2, True)


def test_a_new_text_tells_what_it_changes_and_flags(run, file, app):
    with app.app_context(), app.extensions["database"].write() as session:
        factories.bank(session, "题库", [
            factories.question(2, law="测试条例", article="第一条"),
            factories.question(3, law="测试条例", article="第二条")])
    first = json.loads(run("import", file(GOOD), "--json").output)
    nothing = {"added": 0, "repealed": 0, "changed": 0, "moved": 0}
    assert (first["changes"], first["flagged"]) == (nothing, {"questions": 0, "guides": 0})
    newer = GOOD.replace("甲。", "乙丙。").replace("2020年1月1日", "2021年1月1日")
    result = run("import", file(newer, "新.txt"))
    assert "新增 0 条，废止 0 条，修改 1 条，移动 0 条" in result.output
    assert "待复核：1 道题，0 份指南" in result.output
    again = json.loads(run("import", file(newer, "新.txt"), "--json").output)
    assert (again["added"], again["changes"]) == (0, nothing)
    third = GOOD.replace("甲。", "丁戊。").replace("2020年1月1日", "2022年1月1日")
    report = json.loads(run("import", file(third, "三.txt"), "--json").output)
    assert report["changes"] == {**nothing, "changed": 1}
    assert report["flagged"] == {"questions": 1, "guides": 0}
