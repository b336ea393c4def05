"""The demonstration gives the demo year of the definition in page, CSV, XLSX and JSON.

The expected figures are written down here, by unit, from who the demonstration says was exempt,
absent, or failed at first; pandas reads the files, as somebody outside would.
"""

import io
import json
import re

import pandas as pd
import pytest
import sqlalchemy as sa

from legaled import db
from legaled.models import Person, RosterEntry, Slot
from legaled.services import demo, marking
from tests.factories import NOW

# 名册 免考 应考 实考 缺考 一次性通过 通过: exam 1, exam 2, the year by sittings, the year by people
SIZES = {"办公室": 6, "征集接收科": 5, "保管利用科": 5, "编研宣教科": 4, "信息技术科": 3}
SITTINGS = {  # office: (roster, exempt, required, sat, absent, first_passed, passed)
    "办公室": (12, 1, 11, 11, 0, 11, 11),
    "征集接收科": (10, 0, 10, 10, 0, 10, 10),
    "保管利用科": (10, 0, 10, 9, 1, 7, 9),
    "编研宣教科": (8, 0, 8, 8, 0, 8, 8),
    "信息技术科": (6, 0, 6, 6, 0, 6, 6),
    "示例区档案馆": (46, 1, 45, 44, 1, 42, 44),
    "示例区": (46, 1, 45, 44, 1, 42, 44),
}
PEOPLE = {
    "办公室": (6, 0, 6, 6, 0, 6, 6),
    "征集接收科": (5, 0, 5, 5, 0, 5, 5),
    "保管利用科": (5, 0, 5, 4, 1, 3, 4),
    "编研宣教科": (4, 0, 4, 4, 0, 4, 4),
    "信息技术科": (3, 0, 3, 3, 0, 3, 3),
    "示例区档案馆": (23, 0, 23, 22, 1, 21, 22),
    "示例区": (23, 0, 23, 22, 1, 21, 22),
}
EXAMS = {"2025-1": (23, 1, 22, 21, 1, 20, 21), "2025-2": (23, 0, 23, 23, 0, 22, 23)}
FIGURES = ("roster", "exempt", "required", "sat", "absent", "first_passed", "passed")
LABELS = ("名册", "免考", "应考", "实考", "缺考", "一次性通过", "通过")
RATES = {"by_sittings": ("97.78%", "95.45%", "93.33%", "100%"),
         "by_people": ("95.65%", "95.45%", "91.30%", "100%"),
         "2025-1": ("95.45%", "95.24%", "90.91%", "100%"),
         "2025-2": ("100%", "95.65%", "95.65%", "100%")}
RATE_KEYS = ("participation", "first_pass_of_sat", "first_pass_of_required", "pass_of_sat")
EXEMPT, ABSENT, FAILED_FIRST = {"唐秀兰"}, {"何建军"}, {"罗文斌"}


@pytest.fixture
def office(app, browse, database, clock):
    clock.now = NOW
    with database.write() as session:
        demo.fill(session, app.config["LEGALED"].laws, NOW)
        boss = session.scalar(sa.select(Person.id).where(Person.number == "D001"))
    return browse(boss)


def figures(body):
    return tuple(body[name] for name in FIGURES)


def rates(body):
    return tuple(body[name] for name in RATE_KEYS)


def test_json(app, office):
    answer = app.test_cli_runner().invoke(args=["stats", "year", "2025", "--json"])
    assert answer.exit_code == 0, answer.output
    year = json.loads(answer.output)
    assert list(year) == ["year", "definition", "exams", "totals", "units"]
    assert (year["year"], year["definition"]) == (2025, "A-1")
    assert {exam["exam"]: figures(exam) for exam in year["exams"]} == EXAMS
    for exam in year["exams"]:
        assert rates(exam) == RATES[exam["exam"]]
        assert exam["state"] == "closed"
    for kind, (roster, *rest) in (("by_sittings", SITTINGS["示例区"]), ("by_people",
                                                                    PEOPLE["示例区"])):
        assert figures(year["totals"][kind]) == (roster, *rest)
        assert rates(year["totals"][kind]) == RATES[kind]
    found = {unit["unit"].rpartition("/")[2]: unit for unit in year["units"]}
    assert {name: figures(unit["by_sittings"]) for name, unit in found.items()} == SITTINGS
    assert {name: figures(unit["by_people"]) for name, unit in found.items()} == PEOPLE
    assert found["办公室"]["unit"] == "示例区/示例区档案馆/办公室"


def test_page(office):
    page = re.sub(r"<[^>]*>|\s", "", office.get("/stats?year=2025").get_data(as_text=True))
    for printed in ("97.78%", "95.45%", "44/45人次", "42/44人次", "93.33%（42/45）",
                    "95.65%（22/23）", "95.45%（21/22）", "95.24%（20/21）", "90.91%（20/22）",
                    "77.78%（7/9）", "90.00%（9/10）"):
        assert printed in page, printed
    assert "何建军缺考，没有填原因" in page


def section(text, title):
    """A titled table of the CSV, as a frame of text."""
    blocks = text.removeprefix("﻿").split("\r\n\r\n")
    block = next(block for block in blocks if block.startswith(title + "\r\n"))
    return pd.read_csv(io.StringIO(block.partition("\r\n")[2]), dtype=str, keep_default_na=False)


def check_frames(totals, units, exams):
    for row, kind in zip(totals.to_dict("records"), ("by_sittings", "by_people"), strict=True):
        expected = (SITTINGS if kind == "by_sittings" else PEOPLE)["示例区"]
        assert tuple(int(row[label]) for label in LABELS) == expected
        assert row["参考率"] == RATES[kind][0]
    for row in exams.to_dict("records"):
        if row["考试代码"] in EXAMS:
            assert tuple(int(row[label]) for label in LABELS) == EXAMS[row["考试代码"]]
    seen = set()
    for row in units.to_dict("records"):
        name = row["单位"].rpartition("/")[2]
        table = SITTINGS if "人次" in row["算法"] else PEOPLE
        assert tuple(int(row[label]) for label in LABELS) == table[name], row
        seen.add((name, row["算法"]))
    assert len(seen) == 2 * len(SITTINGS)


def test_csv(office):
    data = office.get("/stats/export.csv?year=2025").get_data()
    assert data.startswith(b"\xef\xbb\xbf")
    text = data.decode("utf-8")
    check_frames(*(section(text, title) for title in ("全年", "各单位", "各场考试")))


def test_xlsx(office):
    data = office.get("/stats/export.xlsx?year=2025").get_data()
    sheets = pd.read_excel(
        io.BytesIO(data), sheet_name=None, dtype=str, keep_default_na=False, engine="calamine"
    )
    check_frames(*(sheets[title] for title in ("全年", "各单位", "各场考试")))


@pytest.mark.parametrize(("query", "expected"), [
    ("figure=exempt&by=sittings", EXEMPT),
    ("figure=absent&by=sittings", ABSENT),
    ("figure=absent&by=people", ABSENT),
    ("figure=exempt&by=people", set()),
    ("figure=not_first_passed&by=people", FAILED_FIRST),
])
def test_names(office, query, expected):
    page = office.get(f"/stats/names?year=2025&{query}").get_data(as_text=True)
    assert all(name in page for name in expected)
    data = office.get(f"/stats/names.csv?year=2025&{query}").get_data()
    rows = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    assert set(rows["姓名"]) == expected


def test_the_lists_are_as_long_as_the_figures(office):
    for by, table in (("sittings", SITTINGS), ("people", PEOPLE)):
        for figure, count in zip(FIGURES, table["示例区"], strict=True):
            data = office.get(f"/stats/names.csv?year=2025&figure={figure}&by={by}").get_data()
            rows = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
            assert len(rows) == count, (by, figure)


def test_the_facts_kept_on_the_roster_are_those_of_the_steps(office, database):
    with database.read() as session:
        from legaled.models import Attempt

        by_entry = {}
        for attempt in session.scalars(sa.select(Attempt).order_by(Attempt.started)):
            marks = marking.marks_of(session, [attempt.id])[attempt.id]
            by_entry.setdefault((attempt.exam_id, attempt.person_id), []).append(
                sum(marks.values())
            )
        for entry in session.scalars(sa.select(RosterEntry)):
            scores = by_entry.get((entry.exam_id, entry.person_id), [])
            assert entry.sat == bool(scores)
            assert entry.first_score == (scores[0] if scores else None)
            assert entry.best_score == (max(scores) if scores else None)
        assert session.scalar(sa.select(sa.func.count()).select_from(Slot)) > 0


def test_a_demonstration_is_only_filled_into_an_empty_database(app, office):
    answer = app.test_cli_runner().invoke(args=["demo", "fill"])
    assert answer.exit_code == 1
    assert "已经有人员" in answer.output
    with app.app_context(), db.database().read() as session:
        assert session.scalar(sa.select(sa.func.count(Person.id))) == 23
