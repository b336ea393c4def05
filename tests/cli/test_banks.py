"""`flask bank`: the JSON keys and exit codes of the contract."""

import json
import subprocess
import sys

import pytest
import sqlalchemy as sa

from legaled import create_app
from legaled.config import ROOT, Config
from legaled.models import Question

GOOD = "题干,选项A,选项B,答案\n档案的定义在第几条？,第一条,第二条,B\n任何人不得损毁档案。,,,对\n"
BAD = GOOD + "没有答案的题,甲,乙,\n"
KEYS = ["file", "format", "encoding", "delimiter", "sheet", "header_row", "mapping", "records",
        "valid", "errors", "warnings", "duplicates", "conflicts", "added", "changed", "unchanged"]


@pytest.fixture
def bank(app, tmp_path):
    """bank(verb, …) → exit code and output; `text=` becomes the file 题库.csv."""

    def run(verb, *args, text=None, encoding="utf-8"):
        path = tmp_path / "题库.csv"
        if text is not None:
            path.write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
            args = (str(path), *args)
        result = app.test_cli_runner().invoke(args=["bank", verb, *args])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.output
        return result.exit_code, json.loads(result.output) if "--json" in args else result.output

    return run


@pytest.fixture
def stored(database):
    def count():
        with database.read() as session:
            return session.scalar(sa.select(sa.func.count()).select_from(Question))

    return count


def three(found):
    return found["added"], found["changed"], found["unchanged"]


def test_check_tells_everything_and_writes_nothing(bank, stored):
    code, found = bank("check", "--json", text=BAD, encoding="gbk")
    assert code == 1
    assert list(found) == KEYS
    assert (found["file"], found["format"], found["encoding"]) == ("题库.csv", "csv", "gb18030")
    assert found["valid"] == {"single": 1, "multi": 0, "judge": 1, "blank": 0, "essay": 0}
    assert list(found["errors"][0]) == ["row", "column", "code", "value", "message"]
    assert (found["errors"][0]["row"], found["errors"][0]["code"]) == (4, "missing_answer")
    assert three(found) == (None, None, None)
    assert stored() == 0


def test_check_against_a_bank(bank, stored):
    code, found = bank("check", "--bank", "新库", "--json", text=GOOD)
    assert (code, three(found)) == (0, (2, 0, 0))
    bank("import", "--bank", "新库", text=GOOD)
    other = GOOD.replace(",B\n", ",A\n")
    code, found = bank("check", "--bank", "新库", "--json", text=other)
    assert (code, three(found)) == (0, (0, 0, 1))
    assert [list(one) for one in found["conflicts"]] == [["row", "of"]]
    assert found["conflicts"][0]["of"].startswith("L-")
    assert stored() == 2


def test_import_is_all_or_nothing_unless_told(bank, stored):
    code, found = bank("import", "--bank", "库", "--json", text=BAD)
    assert (code, three(found), stored()) == (1, (0, 0, 0), 0)
    code, found = bank("import", "--bank", "库", "--valid-only", "--json", text=BAD)
    assert (code, three(found), stored()) == (1, (2, 0, 0), 2)
    code, found = bank("import", "--bank", "库", "--json", text=GOOD)
    assert (code, three(found), stored()) == (0, (0, 0, 2), 2)


def test_conflicts_are_taken_only_on_purpose(bank):
    bank("import", "--bank", "库", text=GOOD)
    other = GOOD.replace(",B\n", ",A\n")
    code, found = bank("import", "--bank", "库", "--json", text=other)
    assert (code, three(found), len(found["conflicts"])) == (0, (0, 0, 1), 1)
    code, found = bank("import", "--bank", "库", "--take-conflicts", "--json", text=other)
    assert (code, three(found)) == (0, (0, 1, 1))


@pytest.mark.parametrize("text", [b"\x89PNG\r\n\x1a\n" + bytes(300), b"\xff\xfe\xff\xff\xff"])
def test_an_unreadable_file_ends_with_two(bank, stored, text):
    code, found = bank("check", "--json", text=text)
    assert (code, list(found)) == (2, KEYS)
    assert found["errors"][0]["message"]
    code, found = bank("import", "--bank", "库", "--valid-only", "--json", text=text)
    assert (code, three(found), stored()) == (2, (0, 0, 0), 0)
    code, said = bank("check", text=text)
    assert code == 2
    assert "什么都没有写入" in said


def test_trailing_text_and_named_columns(bank):
    text = "试题说明,甲,乙,结果\n档案的定义在第几条？,第一条,第二条,B（见课件）\n"
    names = ["--map", "试题说明=stem", "--map", "甲=option_a", "--map", "乙=option_b",
             "--map", "结果=answer"]
    code, found = bank("check", *names, "--json", text=text)
    assert (code, found["errors"][0]["code"]) == (1, "answer_trailing_text")
    code, found = bank("check", *names, "--accept-trailing", "--json", text=text)
    assert (code, found["valid"]["single"]) == (0, 1)
    code, said = bank("check", "--map", "甲=nothing", text=text)
    assert code == 2
    assert "看不懂" in said


@pytest.mark.parametrize("verb", [("check",), ("import", "--bank", "库")])
def test_a_column_that_the_file_has_not(app, stored, tmp_path, verb):
    path = tmp_path / "题库.csv"
    path.write_text(GOOD, "utf-8")
    ran = app.test_cli_runner().invoke(
        args=["bank", *verb, str(path), "--map", "不存在的列=topic", "--json"])
    assert (ran.exit_code, ran.stdout, stored()) == (2, "", 0)
    assert "文件里没有这一列：「不存在的列」" in ran.stderr
    assert "题干、选项A、选项B、答案" in ran.stderr
    assert "没有题干列" not in ran.stderr


@pytest.mark.parametrize("form", ["csv", "xlsx", "xml"])
def test_export_then_import_changes_nothing(bank, tmp_path, form):
    bank("import", "--bank", "库", text=GOOD)
    path = tmp_path / f"导出.{form.upper()}"
    code, said = bank("export", "库", str(path))
    assert code == 0
    assert "2 题" in said
    assert path.read_bytes().startswith(
        {"csv": b"\xef\xbb\xbf", "xlsx": b"PK", "xml": b"<?xml"}[form])
    code, found = bank("import", str(path), "--bank", "库", "--json")
    assert (code, three(found), found["format"]) == (0, (0, 0, 2), form)
    assert (found["errors"], found["conflicts"], found["duplicates"]) == ([], [], [])
    code, said = bank("export", "没有", str(path))
    assert code == 1
    assert "没有叫「没有」的题库" in said


@pytest.mark.parametrize("name", ["导出.docx", "导出", "导出.xls", ".csv"])
def test_an_unknown_ending_exports_nothing(bank, tmp_path, name):
    bank("import", "--bank", "库", text=GOOD)
    path = tmp_path / name
    code, said = bank("export", "库", str(path))
    assert code == 2
    assert ".csv、.xlsx、.xml" in said
    assert "什么都没有写出" in said
    assert not path.exists()


def test_list(bank):
    assert "还没有题库" in bank("list")[1]
    bank("import", "--bank", "库", text=GOOD)
    assert bank("list", "--json")[1] == [{
        "name": "库", "practice": False, "active": 2, "retired": 0,
        "kinds": {"single": 1, "multi": 0, "judge": 1, "blank": 0, "essay": 0}}]
    assert "库：2 题（单选 1，判断 1）" in bank("list")[1]


def test_people_read_a_table(bank):
    code, said = bank("check", "--bank", "库", text=BAD)
    assert code == 1
    assert "missing_answer" in said
    assert "没有答案。请填上答案后再导入这一行。" in said
    assert "新增 2，新版本 0，不变 0" in said
    assert "没有写入" in said


def test_a_bank_needs_a_name(bank, stored):
    assert bank("import", "--bank", " ", text=GOOD)[0] == 2
    assert stored() == 0


def test_many_problems_are_shown_by_code(bank):
    rows = "".join(f"第{n}题对不对？,甲,乙,\n" for n in range(190))
    rows += "".join(f"第{n}问是哪一个？,甲,乙,C\n" for n in range(20))
    code, said = bank("check", text="题干,选项A,选项B,答案\n" + rows)
    assert code == 1
    assert "错误 210 个" in said
    assert said.index("missing_answer：190 个") < said.index("answer_has_no_option：20 个")
    assert said.count("没有答案。请填上答案后再导入这一行。") == 50
    assert "还有 140 个没有列出，加 --json 看全部。" in said
    assert said.count("没有选项 C。") == 20
    assert len(bank("check", "--json", text="题干,选项A,选项B,答案\n" + rows)[1]["errors"]) == 210


def test_checking_needs_no_database(tmp_path):
    config = Config(secret_key="t", instance=tmp_path, testing=True, log_level="CRITICAL",
                    database_url="postgresql+psycopg://nobody@127.0.0.1:1/nothing")
    made = create_app(config)
    (tmp_path / "题库.csv").write_text(GOOD, "utf-8")
    ran = made.test_cli_runner().invoke(args=["bank", "check", str(tmp_path / "题库.csv")])
    made.extensions["database"].close()
    assert ran.exit_code == 0
    assert "可用 2 题" in ran.output


def test_commands_start_without_what_only_documents_need():
    asked = "import sys, legaled; print(sorted({'docx', 'lxml', 'pandas'} & set(sys.modules)))"
    ran = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True,
                         cwd=ROOT)
    assert ran.stdout == "[]\n"


def test_the_help_names_every_format(bank):
    assert "Moodle XML" in bank("check", "--help")[1]
    assert ".xlsx" in bank("export", "--help")[1]
