"""The demo year from rosters in the database, who may see what of it, and what it costs."""

import csv
import io
import json
from datetime import timedelta
from typing import Any

import pytest
import python_calamine
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from legaled import db
from legaled.domain.attempts import Marked, shown_key
from legaled.domain.errors import ForbiddenError, InvalidError, NotFoundError
from legaled.domain.permissions import SYSTEM
from legaled.domain.rates import DIFFERENCES, FIGURES, RATES
from legaled.models import QuestionVersion, RosterEntry, Slot, Step
from legaled.services import exams, stats, stats_export
from tests import factories, rates_world
from tests.rates_world import ARCHIVES, COUNTS, DISTRICT, NOW, PRINTED, expected

ROOT = f"{DISTRICT}/{ARCHIVES}"


def read(session: Session, who: Any = SYSTEM, year: int = 2026, now: Any = NOW) -> stats.Year:
    return stats.year(session, who, year, now)


def rates(figures: Any) -> tuple[str, ...]:
    return tuple(figures.rate(name) for name in list(RATES)[:4])


# ---- the demo year ----


def test_the_demo_year(session: Session) -> None:
    rates_world.demo_year(session)
    year = read(session)
    assert rates(year.sittings) == PRINTED["sittings"]
    assert rates(year.people) == PRINTED["people"]
    for exam in year.exams:
        figures = stats.sheet(year, exam.terms.code).sittings
        assert rates(figures) == PRINTED[exam.terms.code]
    found = {
        line.path: {"sittings": line.sittings.counts, "people": line.people.counts}
        for line in year.units if line.sittings and line.people
    }
    assert found == expected()


def test_json_has_exactly_the_agreed_keys(session: Session) -> None:
    rates_world.demo_year(session)
    found = stats.as_json(read(session))
    counts = [*COUNTS, *RATES]
    assert list(found) == ["year", "definition", "exams", "totals", "units"]
    assert (found["year"], found["definition"]) == (2026, "A-1")
    assert [list(exam) for exam in found["exams"]] == [[*counts, "exam", "title", "state"]] * 2
    assert {exam["state"] for exam in found["exams"]} == {"closed"}
    assert list(found["totals"]) == ["by_sittings", "by_people"]
    assert list(found["totals"]["by_sittings"]) == counts
    assert [unit["code"] for unit in found["units"]] == ["Q", "G", "K1", "K2", "K3", "K4", "K5"]
    for unit in found["units"]:
        assert list(unit) == ["unit", "code", "by_sittings", "by_people"]
        want = expected()[unit["unit"]]
        assert {name: unit["by_sittings"][name] for name in COUNTS} == want["sittings"]
        assert {name: unit["by_people"][name] for name in COUNTS} == want["people"]
    whole = found["totals"]["by_people"]
    assert (whole["participation"], whole["first_pass_of_required"]) == ("95.65%", "91.30%")
    empty = stats.as_json(read(session, year=2025))
    assert (empty["exams"], empty["units"]) == ([], [])
    assert empty["totals"]["by_sittings"]["participation"] == "—"


def test_every_list_is_as_long_as_its_figure(session: Session) -> None:
    rates_world.demo_year(session)
    year = read(session)
    for unit in (None, *(line.key for line in year.units)):
        for exam in (None, "2026-1", "2026-2"):
            sheet = stats.sheet(year, exam, unit)
            for figure in FIGURES:
                assert len(stats.listed(year, figure, "sittings", exam, unit)) == (
                    sheet.sittings[figure]
                )
                assert len(stats.listed(year, figure, "people", exam, unit)) == (
                    sheet.people[figure]
                )
            for figure, (whole, part) in DIFFERENCES.items():
                names = stats.listed(year, figure, "sittings", exam, unit)
                assert len(names) == sheet.sittings[whole] - sheet.sittings[part]


def test_names_tell_who_failed_first_and_why_somebody_was_absent(session: Session) -> None:
    rates_world.demo_year(session)
    failed = stats.names(session, SYSTEM, 2026, NOW, figure="not_first_passed", by="people")
    assert [(row.name, len(row.rows)) for row in failed] == [("人员21", 2)]
    absent = stats.names(session, SYSTEM, 2026, NOW, figure="absent")
    assert [(row.name, row.rows[0].note) for row in absent] == [("人员14", "请假，产假")]
    exempt = stats.names(session, SYSTEM, 2026, NOW, figure="exempt", exam="2026-1")
    assert exempt[0].rows[0].note == "免考：当年退休，林静批准，2026-03-02"
    assert exempt[0].unit == f"{ROOT}/征集接收科"


@pytest.mark.parametrize("wrong", [{"figure": "nobody"}, {"figure": "sat", "by": "unit"}])
def test_unknown_lists_are_refused(session: Session, wrong: dict[str, str]) -> None:
    rates_world.demo_year(session)
    with pytest.raises(InvalidError):
        stats.names(session, SYSTEM, 2026, NOW, **wrong)


def test_unknown_exams_units_and_years_are_not_found(session: Session) -> None:
    rates_world.demo_year(session)
    year = read(session)
    for choice in ({"exam": "X"}, {"unit": "X"}):
        with pytest.raises(NotFoundError):
            stats.sheet(year, **choice)
    with pytest.raises(NotFoundError):
        read(session, year=10**12)


# ---- open, cancelled, draft ----


def test_only_closed_exams_enter_totals_and_only_published_ones_are_listed(
    session: Session,
) -> None:
    world = rates_world.demo_year(session)
    later = NOW + timedelta(days=9)
    still = rates_world.exam(session, world, "2026-3", closes=later)
    make_up = rates_world.exam(
        session, world, "2026-4", sittings=(NOW - timedelta(days=9), later)
    )
    cancelled = rates_world.exam(session, world, "2026-5", cancelled=NOW)
    draft = rates_world.exam(session, world, "2026-6", published=None)
    for exam in (still, make_up, cancelled, draft):
        session.add_all([
            rates_world.entry(world, exam, n, sat=True, frozen=NOW) for n in range(23)
        ])
    session.flush()
    year = read(session)
    assert rates(year.sittings) == PRINTED["sittings"]
    assert rates(year.people) == PRINTED["people"]
    states = {exam["exam"]: exam["state"] for exam in stats.as_json(year)["exams"]}
    assert states == {"2026-1": "closed", "2026-2": "closed", "2026-3": "open", "2026-4": "open"}
    assert len(stats.listed(year, "sat", "sittings", "2026-3")) == 23
    assert [exam.terms.code for exam, _ in stats.todo(year).open_exams] == ["2026-4", "2026-3"]
    assert read(session, now=later).sittings["roster"] == 46 + 2 * 23
    assert stats.years(session) == [2026]


def test_deferred_until_the_make_up_has_closed(session: Session) -> None:
    world = rates_world.organisation(session)
    plain = rates_world.exam(session, world, "A")
    made_up = rates_world.exam(
        session, world, "B", sittings=(NOW - timedelta(9), NOW - timedelta(5))
    )
    for exam in (plain, made_up):
        session.add(rates_world.entry(world, exam, 0, deferred=True))
    session.flush()
    figures = [stats.sheet(read(session), code).sittings for code in ("A", "B")]
    assert [(one["absent"], one["deferred"]) for one in figures] == [(1, 1), (1, 0)]
    assert len(stats.todo(read(session)).unexplained) == 2


# ---- what time has closed ----


def answer_rightly(session: Session, attempt_id: int) -> None:
    rows = session.execute(
        sa.select(Slot.number, QuestionVersion.kind, QuestionVersion.key, Slot.option_order)
        .join(QuestionVersion, QuestionVersion.id == Slot.version_id)
        .where(Slot.attempt_id == attempt_id)
    )
    for number, kind, key, order in rows:
        answer = [text.split("|")[0] for text in shown_key(Marked(kind, key, order, 0))]
        session.add(Step(
            attempt_id=attempt_id, slot=number, seq=1, tab="t", saved=factories.NOW,
            answer=json.dumps(answer),
        ))
    session.flush()


def test_an_overdue_attempt_counts_before_anything_is_written(session: Session) -> None:
    world = factories.world(session)
    answer_rightly(session, factories.begin(session, world["s1"], world.exam_id).id)
    factories.begin(session, world["s2"], world.exam_id)
    session.flush()
    running = stats.listed(read(session, now=factories.NOW), "sat", "sittings", "KS-1")
    assert running == []
    after = read(session, now=factories.NOW + 2 * factories.DAY)
    figures = after.sittings
    assert [figures[n] for n in ("roster", "sat", "first_passed", "excellent")] == [6, 2, 1, 1]
    stored = session.scalars(sa.select(RosterEntry.sat)).all()
    assert not any(stored)


def test_an_exam_is_open_while_somebody_with_extra_time_writes(session: Session) -> None:
    world = factories.world(session)
    begun = factories.begin(session, world["s1"], world.exam_id)
    closes = exams.windows(session, [world.exam_id])[world.exam_id][0].closes
    begun.deadline = closes + timedelta(minutes=10)
    session.flush()
    assert read(session, now=closes).exams[0].terms.closed is False
    assert read(session, now=closes + timedelta(minutes=10)).exams[0].terms.closed is True


# ---- who may see what ----


def hidden_codes(year: stats.Year) -> set[str]:
    return {line.own_code for line in year.units if line.sittings is None}


def test_small_units_are_hidden_from_those_who_may_not_see_names(session: Session) -> None:
    world = rates_world.demo_year(session)
    trainer = read(session, factories.actor(world.trainer))
    assert hidden_codes(trainer) == {"K2", "K4", "K5"}  # K2 had four in the first exam
    assert hidden_codes(read(session, factories.actor(world.office))) == set()
    found = {unit["code"]: unit for unit in stats.as_json(trainer)["units"]}
    assert found["K5"] == {
        "unit": f"{ROOT}/信息技术科", "code": "K5", "by_sittings": None, "by_people": None
    }
    assert found["K1"]["by_sittings"]["roster"] == 12
    for code in ("K2", "K4", "K5"):
        with pytest.raises(NotFoundError):
            stats.sheet(trainer, unit=code)
        span = {2026: trainer}
        assert stats.trend(span, code) == [(2026, None)]
    for exam in (None, "2026-1", "2026-2"):
        shown = stats.sheet(trainer, exam).children
        assert {line.own_code for line in shown if line.sittings is None} == {"K2", "K4", "K5"}


def test_names_need_the_permission(session: Session) -> None:
    world = rates_world.demo_year(session)
    with pytest.raises(ForbiddenError):
        stats.names(session, factories.actor(world.trainer), 2026, NOW, figure="sat")
    with pytest.raises(NotFoundError):
        read(session, factories.actor(world.people[5]))


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_files_give_the_demo_year_for_every_unit(session: Session, kind: str) -> None:
    world = rates_world.demo_year(session)
    for who in (world.office, world.trainer):
        year = read(session, factories.actor(who))
        tables = read_tables(stats_export.export(year, kind), kind)
        names = ["全年", "各单位", "各场考试", *(["名单"] if who is world.office else []), "口径"]
        assert list(tables) == names
        assert [row[2 + len(COUNTS):][:4] for row in tables["全年"][1:]] == [
            list(PRINTED["sittings"]), list(PRINTED["people"])
        ]
        hidden = hidden_codes(year)
        assert len(tables["各单位"]) == 1 + 7 * 2
        for path, code, by, *cells in tables["各单位"][1:]:
            counts = expected()[path]["sittings" if by == "按人次" else "people"]
            want = ["不显示"] * 16 if code in hidden else [str(counts[name]) for name in COUNTS]
            assert cells[: len(want)] == want
        assert [row[-5:-1] for row in tables["各场考试"][1:]] == [
            list(PRINTED["2026-1"]), list(PRINTED["2026-2"])
        ]
        assert any(row[0] == "取位" for row in tables["口径"])
        if who is world.office:
            assert len(tables["名单"]) == 1 + 46
    with pytest.raises(NotFoundError):
        stats_export.export(year, "pdf")


def read_tables(data: bytes, kind: str) -> dict[str, list[list[str]]]:
    if kind == "xlsx":
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        return {
            name: [[_text(cell) for cell in row] for row in
                   book.get_sheet_by_name(name).to_python()]
            for name in book.sheet_names
        }
    tables: dict[str, list[list[str]]] = {}
    rows: list[list[str]] = []
    for line in csv.reader(io.StringIO(data.decode("utf-8-sig"), newline="")):
        if len(line) == 1 and line[0]:
            rows = tables[line[0]] = []
        elif line:
            rows.append(line)
    return tables


def _text(cell: object) -> str:
    return str(int(cell)) if isinstance(cell, float) else str(cell)


def test_a_name_cannot_become_a_formula(session: Session) -> None:
    world = rates_world.demo_year(session)
    session.execute(
        sa.update(RosterEntry).where(RosterEntry.number == world.people[20].number)
        .values(name="=HYPERLINK(1)")
    )
    rows = stats.names(session, SYSTEM, 2026, NOW, figure="not_first_passed")
    data = stats_export.export_names(rows, "csv").decode("utf-8-sig")
    assert ",'=HYPERLINK(1)," in data


# ---- trend, sheet ----


def test_trend_has_one_entry_a_year(session: Session) -> None:
    world = rates_world.demo_year(session)
    old = rates_world.exam(session, world, "2024-1", year=2024)
    session.add(rates_world.entry(world, old, 0, sat=True, first_score=60, best_score=60))
    session.flush()
    span = stats.span(session, SYSTEM, 2022, 2026, NOW)
    found = stats.trend(span)
    assert [number for number, _ in found] == [2022, 2023, 2024, 2025, 2026]
    assert [one["sat"] if one else None for _, one in found] == [None, None, 1, None, 44]
    assert [one["sat"] if one else None for _, one in stats.trend(span, "K2")][2:] == [
        None, None, 9
    ]


def test_a_sheet_starts_where_people_part_and_shows_siblings_of_a_leaf(
    session: Session,
) -> None:
    rates_world.demo_year(session)
    year = read(session)
    top = stats.sheet(year)
    assert (top.place, [line.key for line in top.children]) == (
        ROOT, ["K1", "K2", "K3", "K4", "K5"]
    )
    leaf = stats.sheet(year, unit="K3")
    assert leaf.is_leaf
    assert [line.key for line in leaf.crumbs] == ["Q", "G"]
    assert [line.key for line in leaf.children] == ["K1", "K2", "K3", "K4", "K5"]
    assert (leaf.scored.terms.code if leaf.scored else "", len(leaf.scores)) == ("2026-2", 5)


def test_a_unit_that_moved_keeps_both_places(session: Session) -> None:
    world = rates_world.demo_year(session)
    moved = rates_world.exam(session, world, "2026-3")
    session.add(rates_world.entry(
        world, moved, 22, unit_codes="Q/H/K5", unit_path="示例区/新馆/信息技术科",
        frozen=NOW, sat=True, first_score=70, best_score=70,
    ))
    session.flush()
    year = read(session)
    keys = {line.key: line for line in year.units}
    assert {"Q/G/K5", "Q/H/K5"} <= set(keys)
    assert year.unit("Q/H/K5").sittings["sat"] == 1
    both = [line for line in year.units if line.own_code == "K5"]
    assert sum(line.people["roster"] for line in both if line.people) == 3


def test_leaders_beside_the_sections_are_a_unit_on_the_page_and_not_in_json(
    session: Session,
) -> None:
    world = rates_world.demo_year(session)
    session.execute(
        sa.update(RosterEntry).where(RosterEntry.person_id == world.people[0].id)
        .values(unit_codes="Q/G", unit_path=ROOT)
    )
    year = read(session)
    children = stats.sheet(year).children
    assert (children[0].key, children[0].name) == ("G/", "本级")
    assert sum(line.sittings["sat"] for line in children if line.sittings) == 44
    assert [row.name for row in stats.listed(year, "sat", "people", unit="G/")] == ["人员1"]
    assert [line.key for line in stats.sheet(year, unit="G/").crumbs] == ["Q", "G"]
    assert [unit["code"] for unit in stats.as_json(year)["units"]] == [
        "Q", "G", "K1", "K2", "K3", "K4", "K5"
    ]
    trainer = read(session, factories.actor(world.trainer))
    assert "" in {line.code.rpartition("/")[2] for line in trainer.units if not line.sittings}


# ---- what it costs ----


def test_the_number_of_queries_does_not_depend_on_the_data(
    session: Session, count_queries: list[str]
) -> None:
    world = rates_world.demo_year(session)

    def cost() -> int:
        session.expire_all()
        count_queries.clear()
        stats.years(session)
        year = stats.span(session, SYSTEM, 2022, 2026, NOW)[2026]
        stats.sheet(year), stats.todo(year), stats.as_json(year)
        stats.listed(year, "sat", "people")
        return len(count_queries)

    small = cost()
    for number in range(8):
        more = rates_world.exam(session, world, f"M{number}", year=2022 + number % 5)
        session.add_all([rates_world.entry(world, more, n) for n in range(23)])
    session.flush()
    assert cost() == small <= 5


# ---- the command ----


def test_the_command_prints_json_and_a_table(app: Flask, database: db.Database, clock: Any) -> None:
    clock.now = NOW
    with database.write() as session:
        rates_world.demo_year(session)
    run = app.test_cli_runner().invoke
    printed = run(args=["stats", "year", "2026", "--json"])
    assert printed.exit_code == 0
    with database.read() as session:
        want = stats.as_json(read(session))
    assert printed.output == json.dumps(want, ensure_ascii=False, indent=2) + "\n"
    assert "示例区/示例区档案馆/信息技术科" in printed.output
    table = run(args=["stats", "year", "2026"]).output
    assert "2026-1 宪法与法治宣传教育法考试：已结束" in table
    assert all(rate in table for rate in (*PRINTED["sittings"], *PRINTED["people"]))
    assert "本年没有考试。" in run(args=["stats", "year", "2020"]).output
    assert run(args=["stats", "year", "99999"]).exit_code == 1
