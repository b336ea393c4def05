"""README, CHANGELOG and docs say what the code does: tables, commands, paths and links."""

import csv
import re
import tomllib
from collections import Counter
from pathlib import Path

import click
import pytest

from legaled.config import Config
from legaled.domain import rates
from legaled.domain.bank_headers import FIELD_LABEL, HEADER_SYNONYMS, MAX_LENGTH
from legaled.domain.bank_problems import ERRORS, WARNINGS
from legaled.domain.banks import SUFFIXES
from legaled.domain.permissions import ROLE_LABEL, RULES, Permission, Role
from legaled.files.people import COLUMNS
from legaled.services import demo
from legaled.web import attempts, errors, exams
from legaled.web.words import MESSAGES
from tests.load import floor

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
README = PAGES[0].read_text("utf-8")
OURS = ("legaled/", "templates/", "tests/", "docs/", "question_banks/", "tools/")


def doc(name):
    return (ROOT / "docs" / name).read_text("utf-8")


def section(text, heading):
    """What stands under a `##` heading."""
    return re.split(r"^## ", text.split(f"\n## {heading}\n", 1)[1], maxsplit=1, flags=re.M)[0]


def tables(text):
    """Every Markdown table as rows of cells, without its ruler."""
    found = []
    for block in re.findall(r"(?:^\|.*\|\n?)+", text, flags=re.M):
        rows = [
            [cell.strip() for cell in re.split(r"(?<!\\)\|", line.strip()[1:-1])]
            for line in block.strip().splitlines()
        ]
        found.append([row for row in rows if not all(re.fullmatch("-+", cell) for cell in row)])
    return found


def bare(cell):
    return cell.strip("`")


class Asked(dict):
    """An environment that notes which variables somebody looks up."""

    def __init__(self, instance):
        super().__init__(LEGALED_INSTANCE=str(instance))
        self.names = set()

    def get(self, name, default=None):
        self.names.add(name)
        return super().get(name, default)


def test_the_settings_table_is_what_config_reads(tmp_path):
    asked = Asked(tmp_path)
    config = Config.from_env(asked)
    settings, for_tests = tables(section(README, "设置"))
    said = {bare(name): bare(default) for name, default, _ in settings[1:]}
    assert set(said) == asked.names
    for name in ("host", "port", "idle_minutes", "log_level", "contact"):
        assert said[f"LEGALED_{name.upper()}"] == str(getattr(config, name)), name
    in_tests = {
        name for path in (ROOT / "tests").rglob("*.py")
        for name in re.findall(r'environ(?:\.get\(|\[)"(LEGALED_[A-Z]+)"', path.read_text("utf-8"))
    }
    assert {bare(row[0]) for row in for_tests[1:]} == in_tests - asked.names


def test_the_table_of_roles_is_the_table_of_permissions():
    header, *rows = tables(section(README, "角色"))[0]
    assert header[1:] == [ROLE_LABEL[role] for role in Role]
    said = {
        re.search(r"`([a-z.]+)`", words)[1]: frozenset(
            role for role, mark in zip(Role, marks, strict=True) if mark == "✓"
        )
        for words, *marks in rows
    }
    assert said == {permission.value: RULES[permission] for permission in Permission}


def test_the_demonstration_accounts():
    (table,) = tables(section(README, "第一次启动"))
    assert [tuple(row) for row in table[1:]] == list(demo.LOGINS)
    assert f"密码都是 `{demo.PASSWORD}`" in README


def test_the_columns_of_people_and_bank_files():
    people = tables(section(README, "导入人员"))[0]
    assert [row[0] for row in people[1:]] == list(COLUMNS.values())
    assert f"`{', '.join(FIELD_LABEL.values())}`" in section(README, "导入题库")


def commands(text):
    """(noun, verb, options) of every `flask …` in a page; a noun alone has no verb."""
    for line in re.findall(r"flask [a-z].*?(?=`|#|$)", text, flags=re.M):
        words = [word.strip("[]…") for word in line.split()[1:]]
        noun, *rest = words
        verb = rest[0] if rest and re.fullmatch("[a-z-]+", rest[0]) else None
        yield noun, verb, [word for word in words if word.startswith("--")]


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_command_and_option_exists(path, app_without_database):
    for noun, verb, options in commands(path.read_text("utf-8")):
        group = app_without_database.cli.commands[noun]
        assert isinstance(group, click.Group), noun
        if verb is None:
            continue
        known = {name for option in group.commands[verb].params for name in option.opts}
        assert set(options) <= known, (noun, verb)


def test_every_command_is_named(app_without_database):
    named = {(noun, verb) for page in PAGES for noun, verb, _ in commands(page.read_text("utf-8"))}
    ours = {"bank", "content", "db", "demo", "exams", "people", "stats"}
    for noun in ours:
        for verb in app_without_database.cli.commands[noun].commands:
            assert (noun, verb) in named


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_path_exists(path):
    tokens = re.findall(r"`([\w./-]+)`", path.read_text("utf-8"))
    named = [token for token in tokens if token.startswith(OURS)]
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_picture_of_the_house_is_the_house():
    picture = re.search(r"```text\n(.*?)```", section(README, "房子的样子"), flags=re.S)[1]
    missing = []
    for line in picture.splitlines():
        folder = ROOT / "legaled" if line.startswith("  ") else ROOT
        names = re.split(r" {3,}", line.strip())[0].split()
        missing += [name for name in names if not (folder / name).exists()]
    assert missing == []


def anchors(text):
    """The anchors that GitHub gives to the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.M)
    return {re.sub(r"[^\w\- ]", "", one.lower()).replace(" ", "-") for one in headings}


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_resolves(path):
    text = path.read_text("utf-8")
    for target in re.findall(r"\]\(([^)]+)\)|src=\"([^\"]+)\"", text):
        place, _, anchor = "".join(target).partition("#")
        if place.startswith("https://"):
            continue
        found = path.parent / place if place else path
        assert found.is_file(), target
        if anchor:
            assert anchor in anchors(found.read_text("utf-8")), target


def test_pictures_are_small():
    pictures = list((ROOT / "docs" / "img").iterdir())
    assert pictures
    for picture in pictures:
        assert picture.read_bytes().startswith(b"\x89PNG"), picture
        assert picture.stat().st_size < 150_000, picture


def test_the_newest_change_is_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    newest = re.search(r"^## \[(.+)\] - \d{4}-\d{2}-\d{2}$", PAGES[1].read_text("utf-8"), re.M)
    assert newest[1] == version


def test_the_floor_is_described_in_its_own_words():
    words = " ".join(floor.__doc__.split())
    said = "bare Flask view on the same server: read the session cookie, BEGIN IMMEDIATE, " \
        "INSERT one row with sqlite3, COMMIT, synchronous=FULL"
    assert said in words
    assert f"a {said}" in section(README, "性能")


# ---- docs/rates.md ----


def test_rates_name_every_figure_and_rate():
    text = doc("rates.md")
    assert rates.DEFINITION in text
    labels = (rates.FIGURE_LABEL, rates.RATE_LABEL, rates.DIFFERENCE_LABEL,
              rates.EXEMPTION_LABEL, rates.ABSENCE_LABEL)
    for label in (word for words in labels for word in words.values()):
        assert label in text, label
    keys = {bare(key): label for key, label in tables(text)[-1][1:]}
    assert keys == {**rates.FIGURE_LABEL, **rates.RATE_LABEL}


def test_the_rates_of_the_demonstration_year_follow_from_its_counts():
    header, *rows = next(t for t in tables(doc("rates.md")) if "口径B" in t[0])
    for row in rows:
        line = dict(zip(header, row, strict=True))
        count = {name: int(line[label]) for name, label in rates.FIGURE_LABEL.items()
                 if label in line}
        assert count["required"] == count["roster"] - count["exempt"]
        assert count["absent"] == count["required"] - count["sat"]
        for label, rate in (("参考率", "participation"), ("口径A", "first_pass_of_sat"),
                            ("口径B", "first_pass_of_required"), ("通过率", "pass_of_sat")):
            part, whole = rates.RATES[rate]
            assert line[label] == rates.percent(count[part], count[whole])


# ---- docs/bank.md ----


def test_bank_columns_with_their_other_names():
    (_, *rows) = tables(section(doc("bank.md"), "模板"))[0]
    said = {bare(field): (label, *words.split("、")) for label, field, _, words, _ in rows}
    known = {name: {label, *HEADER_SYNONYMS[name]}
             for name, label in FIELD_LABEL.items()}
    assert {name: set(words) for name, words in said.items()} == known
    lengths = {bare(row[1]): int(row[2]) for row in rows if row[2] != "—"}
    assert lengths == dict(MAX_LENGTH)


@pytest.mark.parametrize(("heading", "codes"), [("错误", ERRORS), ("提醒", WARNINGS)])
def test_bank_codes_in_the_product_s_own_sentences(heading, codes):
    (_, *rows) = tables(section(doc("bank.md"), heading))[0]
    assert {bare(code): words for code, words in rows} == dict(codes)


def test_bank_formats():
    (_, *rows) = tables(section(doc("bank.md"), "能读的文件"))[0]
    assert {bare(suffix).removeprefix(".") for suffix, _ in rows} == set(SUFFIXES)


# ---- docs/exam.md ----

PROTOCOL = ("domain/exams.py", "domain/attempts.py", "services/attempts.py", "services/saving.py",
            "services/papers.py", "web/exams.py", "web/attempts.py")
RAISED = re.compile(r'(?:Conflict|Forbidden|Invalid)Error\("(\w+)"')


def test_every_call_of_the_protocol(app_without_database):
    said = {bare(row[0]) for row in tables(section(doc("exam.md"), "请求"))[0][1:]}
    known = {
        f"{method} {re.sub('<int:', '<', rule.rule)}"
        for rule in app_without_database.url_map.iter_rules()
        if rule.endpoint.split(".")[0] in {exams.bp.name, attempts.bp.name}
        for method in rule.methods - {"HEAD", "OPTIONS"}
    }
    assert said == known


def test_every_code_of_the_protocol():
    rows = tables(section(doc("exam.md"), "代码"))[0][1:]
    said = {bare(code) for _, code, _ in rows}
    raised = {code for name in PROTOCOL
              for code in RAISED.findall((ROOT / "legaled" / name).read_text("utf-8"))}
    assert raised | {"stale", "csrf", "login_required", "password_change_required"} <= said
    assert said <= set(MESSAGES)
    statuses = {code: status for status, code, _ in rows}
    assert {int(statuses[f"`{code}`"]) for code in raised} <= set(errors.STATUS.values())


# ---- docs/content.md ----


def test_content_counts_the_banks_that_ship():
    header, *rows = tables(doc("content.md"))[0]
    words = header[2:]
    known = []
    for path in (ROOT / "question_banks").glob("*/bank.csv"):
        with path.open(encoding="utf-8-sig", newline="") as file:
            questions = list(csv.DictReader(file))
        seen = Counter(question[column] for question in questions for column in ("题型", "难度"))
        assert seen.total() == sum(seen[word] for word in words) == 2 * len(questions)
        known.append([path.parent.name, len(questions), *(seen[word] for word in words)])
    said = [[name, *map(int, numbers)] for name, *numbers in rows]
    assert sorted(said[:-1]) == sorted(known)
    assert said[-1][1:] == [sum(column) for column in zip(*(one[1:] for one in known), strict=True)]


def test_content_says_which_rule_each_procedure_question_rests_on():
    path = ROOT / "question_banks" / "档案行政处罚程序" / "bank.csv"
    with path.open(encoding="utf-8-sig", newline="") as file:
        laws = Counter(question["法规"] for question in csv.DictReader(file))
    text = doc("content.md")
    assert f"{laws['档案行政处罚程序规定']} 道题引的是《档案行政处罚程序规定》" in text
    assert f"其余 {laws['行政处罚法']} 道引的是《行政处罚法》" in text


def test_content_tells_the_figures_of_the_blind_check():
    with (ROOT / "question_banks" / "blind.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) >= 200
    drawn = Counter(row["题库"] for row in rows)
    _, *said = tables(section(doc("content.md"), "怎么核对的"))[0]
    assert {name: int(number) for name, number in said} == {**drawn, "合计": len(rows)}
    same = [row for row in rows if row["结论"].startswith("一致")]
    doubts = [row for row in rows if row["结论"] != "一致"]
    kept = [row for row in doubts if row["改动"].startswith("不改")]
    assert all(row["改动"] for row in doubts)
    assert (f"{len(same)} 道和答案一致，不一致的 {len(rows) - len(same)} 道。"
            f"{len(doubts)} 道一致但措辞有疑：{len(doubts) - len(kept)} 道改了题干、选项或解析，"
            f"{len(kept)} 道核对条文后没有改") in doc("content.md")
