"""The house: imports go down only, one commit, every view declared, every template compiles."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CODE = sorted((ROOT / "legaled").rglob("*.py"))
MAY_IMPORT = {
    "domain": {"domain"},
    "models": {"models", "domain"},
    "files": {"files", "domain"},
    "services": {"services", "models", "files", "domain"},
    "forms": {"forms", "domain"},
    "cli": {"cli", "services", "files", "domain", "db", "clock"},
    "web": {"web", "forms", "services", "files", "domain", "db", "config", "clock"},
}
# outside packages by floor: domain has none, the others only what their work is
OUTSIDE_BANNED = {
    "models": {"flask", "pandas", "wtforms", "click"},
    "files": {"flask", "sqlalchemy", "wtforms", "click"},
    "services": {"flask", "pandas", "wtforms", "flask_login", "flask_wtf", "click"},
    "forms": {"flask", "sqlalchemy", "pandas"},
    "web": {"sqlalchemy", "pandas", "click"},
    "cli": {"sqlalchemy", "pandas"},
}
STDLIB_ONLY = {"domain"}


def imports(path):
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom):
            if node.module == "legaled":
                yield from (f"legaled.{alias.name}" for alias in node.names)
            elif node.module:
                yield node.module
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def floor_of(path):
    first = path.relative_to(ROOT / "legaled").parts[0]
    return first if first in MAY_IMPORT else None


@pytest.mark.parametrize("path", CODE, ids=lambda p: str(p.relative_to(ROOT)))
def test_imports_go_down(path):
    import sys

    floor = floor_of(path)
    for name in imports(path):
        parts = name.split(".")
        if floor and parts[0] == "legaled" and len(parts) > 1:
            assert parts[1] in MAY_IMPORT[floor], f"{floor} imports {name}"
        if floor in STDLIB_ONLY and parts[0] != "legaled":
            assert parts[0] in sys.stdlib_module_names, f"{floor} imports {name}"
        assert parts[0] not in OUTSIDE_BANNED.get(floor, ()), f"{floor} imports {name}"


def test_the_floor_test_can_fail(tmp_path):
    tree = "from legaled.services import exams\nimport flask\nfrom legaled import db"
    (path := tmp_path / "probe.py").write_text(tree)
    assert list(imports(path)) == ["legaled.services", "flask", "legaled.db"]


DOORS = ("db.py", "hot.py")
"""The session's door and the one over a bare connection: nobody else ends a transaction."""


def test_only_the_two_doors_commit():
    guilty = [
        str(path) for path in CODE
        if path.name not in DOORS and (".commit(" in (text := path.read_text("utf-8"))
                                       or ".rollback(" in text.replace("db.rollback(", ""))
    ]
    assert guilty == []


def test_only_config_reads_the_environment():
    guilty = [
        str(path) for path in CODE
        if path.name != "config.py" and "os.environ" in path.read_text("utf-8")
    ]
    assert guilty == []


def test_nobody_reads_the_wall_clock_but_the_clock():
    guilty = [
        str(path) for path in CODE
        if path.name != "clock.py" and any(
            f"{call}(" in path.read_text("utf-8")
            for call in ("datetime.now", "utcnow", "date.today", "datetime.today")
        )
    ]
    assert guilty == []


def test_files_is_the_only_home_of_pandas_and_friends():
    for path in CODE:
        for name in imports(path):
            if name.split(".")[0] in {"pandas", "python_calamine", "xlsxwriter", "docx", "typst"}:
                assert floor_of(path) == "files", path


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates").rglob("*.html")), ids=lambda p: str(p.relative_to(ROOT))
)
def test_templates_compile_and_keep_the_csp(app_without_database, path):
    name = str(path.relative_to(ROOT / "templates"))
    app_without_database.jinja_env.get_template(name)
    text = path.read_text("utf-8")
    assert " style=" not in text
    assert " onclick=" not in text
    for script in text.split("<script")[1:]:
        assert " src=" in script.partition(">")[0]
