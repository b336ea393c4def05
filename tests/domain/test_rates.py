"""Every rule of RATES.md, by example and by property."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legaled.domain.attempts import Result, facts
from legaled.domain.rates import (
    ABSENCE_LABEL,
    DIFFERENCES,
    EXEMPTION_LABEL,
    FIGURE_LABEL,
    FIGURES,
    RATE_LABEL,
    RATES,
    Absence,
    Exemption,
    Row,
    Terms,
    by_people,
    by_sittings,
    in_unit,
    people,
    people_behind,
    percent,
    rows_behind,
)
from legaled.domain.rates_units import SMALL_UNIT, hidden_units, parent_of, units
from legaled.domain.rates_words import DEFINITIONS, outcome

# a busy machine is not a mistake in the rules
calm = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
T0 = datetime(2026, 3, 1, tzinfo=UTC)
EXAM = Terms("E1", "考试一", 60, 90, by_best=True, closed=True, make_up_closed=False, exam=1)
OTHER = replace(EXAM, code="E2", title="考试二", exam=2)


def row(person: int = 1, terms: Terms = EXAM, unit: str = "Q/G/K1", **values: Any) -> Row:
    names = "/".join(f"名{code}" for code in unit.split("/"))
    return Row(terms, person, f"{person:04d}", f"人员{person}", unit, names, T0, **values)


def sat(person: int = 1, *scores: int, **values: Any) -> Row:
    """A row whose facts are folded from attempts with these scores, in order of start."""
    results = [Result(T0 + timedelta(days=n), score, False) for n, score in enumerate(scores)]
    return row(person, **values | as_facts(results))


def as_facts(results: list[Result]) -> dict[str, Any]:
    kept = facts(results)
    return {
        "has_sat": kept.sat, "first_score": kept.first_score, "best_score": kept.best_score,
        "first_make_up": kept.first_make_up,
    }


# ---- one exam ----


def test_every_figure_and_rate_has_a_word() -> None:
    assert list(FIGURE_LABEL) == list(FIGURES) == [
        "roster", "exempt", "required", "sat", "absent", "deferred", "extra", "make_up_only",
        "first_passed", "passed", "excellent",
    ]
    assert list(RATE_LABEL) == list(RATES)
    assert set(EXEMPTION_LABEL) == set(Exemption)
    assert set(ABSENCE_LABEL) == set(Absence)
    words = {term for term, _ in DEFINITIONS}
    assert {"参考率", "通过率", "优秀率", "参学率", "补考", "取位", "不算", "缓考待考"} <= words


def test_exactly_on_the_line_passes() -> None:
    figures = by_sittings([sat(1, 60), sat(2, 59), sat(3, 90), sat(4, 89)])
    assert (figures["first_passed"], figures["excellent"]) == (3, 1)


def test_a_score_of_zero_is_present() -> None:
    figures = by_sittings([sat(1, 0)])
    assert (figures["sat"], figures["absent"], figures["passed"]) == (1, 0, 0)


def test_an_exempt_person_leaves_the_denominator_and_stays_on_the_list() -> None:
    figures = by_sittings([row(1, is_exempt=True), sat(2, 70)])
    assert [figures[name] for name in ("roster", "exempt", "required", "sat")] == [2, 1, 1, 1]
    assert figures.rate("participation") == "100%"


@pytest.mark.parametrize("values", [{"removed": True}, {"is_exempt": True}])
def test_extra_attempts_are_listed_and_enter_no_count(values: dict[str, bool]) -> None:
    extra = sat(1, 95, **values)
    figures = by_sittings([extra, sat(2, 50)])
    assert figures["extra"] == 1
    assert [figures[n] for n in ("required", "sat", "first_passed", "excellent")] == [1, 1, 0, 0]
    assert rows_behind([extra], "extra") == [extra]
    assert outcome(extra) == "名册外"


def test_deferred_counts_as_absent_until_a_make_up_has_closed() -> None:
    waiting = row(1, is_deferred=True)
    assert by_sittings([waiting])["deferred"] == by_sittings([waiting])["absent"] == 1
    assert outcome(waiting) == "缓考待考"
    over = replace(waiting, terms=replace(EXAM, make_up_closed=True))
    assert (by_sittings([over])["deferred"], by_sittings([over])["absent"]) == (0, 1)
    assert outcome(over) == "缺考"


def test_a_deferred_person_who_sat_the_make_up_is_not_deferred_any_more() -> None:
    assert by_sittings([sat(1, 70, is_deferred=True)])["deferred"] == 0


def test_make_up_only() -> None:
    made_up = row(1, **as_facts([Result(T0, 80, True)]))
    again = row(2, **as_facts([Result(T0, 40, False), Result(T0 + timedelta(1), 80, True)]))
    figures = by_sittings([made_up, again])
    assert (figures["make_up_only"], figures["first_passed"], figures["passed"]) == (1, 1, 2)


@calm
@given(st.integers(0, 59), st.lists(st.integers(60, 100), min_size=1, max_size=3))
def test_a_second_passing_attempt_changes_the_pass_rate_only(fail: int, more: list[int]) -> None:
    before, after = by_sittings([sat(1, fail)]), by_sittings([sat(1, fail, *more)])
    assert (before["passed"], after["passed"]) == (0, 1)
    for name in ("first_passed", "sat", "absent", "required", "make_up_only"):
        assert before[name] == after[name]
    assert before.rate("first_pass_of_sat") == after.rate("first_pass_of_sat") == "0%"


@calm
@given(st.lists(st.integers(0, 100), min_size=2, max_size=4), st.randoms())
def test_facts_do_not_depend_on_the_order_they_are_read_in(scores: list[int], rnd: Any) -> None:
    results = [Result(T0 + timedelta(days=n), score, n > 0) for n, score in enumerate(scores)]
    shuffled = list(results)
    rnd.shuffle(shuffled)
    assert as_facts(shuffled) == as_facts(results)
    assert facts(results).first_score == scores[0]
    assert facts(results[1:]).first_score == scores[1]  # the first was voided


@pytest.mark.parametrize(("by_best", "excellent"), [(True, 1), (False, 0)])
def test_the_counted_score_is_the_best_or_the_first(by_best: bool, excellent: int) -> None:
    one = sat(1, 70, 95, terms=replace(EXAM, by_best=by_best))
    assert by_sittings([one])["excellent"] == excellent


def test_an_open_exam_says_that_people_have_not_sat_yet() -> None:
    assert outcome(row(1, replace(EXAM, closed=False))) == "未考"
    assert outcome(row(1)) == "缺考"
    assert [outcome(one) for one in (sat(1, 60), sat(1, 50, 60), sat(1, 50))] == [
        "一次性通过", "再考通过", "未通过"
    ]


# ---- a year ----


def test_by_people_needs_every_exam_that_was_required() -> None:
    rows = [
        sat(1, 70), sat(1, 50, 80, terms=OTHER),
        sat(2, 70), row(2, OTHER),
        row(3, is_exempt=True), sat(3, 95, terms=OTHER),
        row(4, is_exempt=True), row(4, OTHER, is_exempt=True),
    ]
    figures = by_people(people(rows))
    assert [figures[name] for name in FIGURES] == [4, 1, 3, 2, 1, 0, 0, 0, 1, 2, 1]


def test_a_person_belongs_to_the_unit_of_the_latest_frozen_roster() -> None:
    early = sat(1, 70, unit="Q/G/K1")
    late = replace(sat(1, 70, unit="Q/G/K2", terms=OTHER), frozen=T0 + timedelta(days=90))
    for rows in ([early, late], [late, early]):
        assert [person.row for person in people(rows)] == [late]
        by_code = {one.code: one for one in units(rows)}
        assert by_code["Q/G/K1"].sittings["roster"] == 1
        assert by_code["Q/G/K1"].people["roster"] == 0
        assert by_code["Q/G/K2"].people["roster"] == 1
    removed = replace(late, removed=True, has_sat=False)
    assert people([early, removed])[0].row == early


def test_a_unit_that_was_renamed_bears_its_last_name() -> None:
    old = sat(1, 70)
    new = replace(
        sat(1, 70, terms=OTHER), frozen=T0 + timedelta(days=9), unit_path="名Q/名G/新名"
    )
    assert units([new, old])[-1].path == "名Q/名G/新名"


def test_people_beside_the_sub_units_form_a_unit_of_their_own() -> None:
    found = units([sat(1, 70, unit="Q/G"), sat(2, 70), sat(3, 50)])
    assert [(one.code, one.path, one.sittings["sat"]) for one in found] == [
        ("Q", "名Q", 3), ("Q/G", "名Q/名G", 3), ("Q/G/", "名Q/名G/本级", 1),
        ("Q/G/K1", "名Q/名G/名K1", 2),
    ]
    assert [one.is_rest for one in found] == [False, False, True, False]


def test_codes_that_begin_alike_are_different_units() -> None:
    assert in_unit("Q/G1", "Q/G1")
    assert in_unit("Q/G1/K", "Q/G1")
    assert not in_unit("Q/G10", "Q/G1")
    assert in_unit("Q/G1", "Q/G1/")
    assert not in_unit("Q/G1/K", "Q/G1/")


def test_who_was_taken_off_and_never_sat_is_nowhere() -> None:
    assert units([row(1, unit="Q/X", removed=True), sat(2, 70)])[-1].code == "Q/G/K1"
    assert people([row(1, removed=True)]) == []


UNITS = ("Q", "Q/G", "Q/G/K1", "Q/G/K2", "Q/G/K2/Z", "Q/H", "P", "P/G")


@st.composite
def rosters(draw: Any) -> list[Row]:
    """Any rosters of up to three exams; the facts are folded from attempts."""
    rows = []
    for number in range(1, draw(st.integers(1, 3)) + 1):
        terms = Terms(
            f"E{number}", "考试", draw(st.integers(0, 100)), 90, draw(st.booleans()), True,
            draw(st.booleans()), number,
        )
        terms = replace(terms, excellent_line=max(terms.pass_line, 90))
        for person in draw(st.sets(st.integers(1, 9))):
            results = draw(st.lists(st.builds(
                Result, st.integers(0, 99).map(lambda days: T0 + timedelta(days=days)),
                st.integers(0, 100), st.booleans(),
            ), max_size=3, unique_by=lambda result: result.started))
            rows.append(replace(
                row(person, terms, draw(st.sampled_from(UNITS)), **as_facts(results)),
                removed=draw(st.integers(0, 5)) == 0, is_exempt=draw(st.integers(0, 4)) == 0,
                is_deferred=draw(st.booleans()),
                frozen=T0 + timedelta(days=draw(st.integers(0, 3))),
            ))
    return rows


@calm
@given(rosters())
def test_what_must_always_hold(rows: list[Row]) -> None:
    for unit in units(rows):
        for one in (unit.sittings, unit.people):
            assert 0 <= one["first_passed"] <= one["passed"] <= one["sat"] <= one["required"]
            assert one["required"] == one["roster"] - one["exempt"]
            assert one["absent"] == one["required"] - one["sat"]
            assert 0 <= one["deferred"] <= one["absent"]
            assert 0 <= one["excellent"] <= one["sat"]
            assert 0 <= one["make_up_only"] <= one["required"]


@calm
@given(rosters())
def test_every_figure_is_the_length_of_the_list_behind_it(rows: list[Row]) -> None:
    persons = people(rows)
    assert len({person.row.person for person in persons}) == len(persons)
    for unit in units(rows):
        own = [one for one in rows if in_unit(one.unit_codes, unit.code)]
        homes = [one for one in persons if in_unit(one.row.unit_codes, unit.code)]
        for figure in FIGURES:
            assert len(rows_behind(own, figure)) == unit.sittings[figure]
            assert len(people_behind(homes, figure)) == unit.people[figure]
        for figure, (whole, part) in DIFFERENCES.items():
            assert len(rows_behind(own, figure)) == unit.sittings[whole] - unit.sittings[part]
            assert len(people_behind(homes, figure)) == unit.people[whole] - unit.people[part]


@calm
@given(rosters())
def test_siblings_sum_to_their_parent(rows: list[Row]) -> None:
    found = {unit.code: unit for unit in units(rows)}
    parents = {parent_of(code) for code in found}
    for parent in parents:
        children = [unit for code, unit in found.items() if parent_of(code) == parent]
        for figure in FIGURES:
            sittings = found[parent].sittings if parent else by_sittings(rows)
            whole = found[parent].people if parent else by_people(people(rows))
            assert sum(unit.sittings[figure] for unit in children) == sittings[figure]
            assert sum(unit.people[figure] for unit in children) == whole[figure]


@calm
@given(rosters())
def test_by_sittings_is_the_sum_of_the_exams(rows: list[Row]) -> None:
    total = by_sittings(())
    for code in {one.terms.code for one in rows}:
        total += by_sittings(one for one in rows if one.terms.code == code)
    assert total.counts == by_sittings(rows).counts


# ---- printing ----


@pytest.mark.parametrize(("part", "whole", "printed"), [
    (13, 800, "1.63%"), (22, 23, "95.65%"), (21, 22, "95.45%"), (0, 0, "—"), (0, 5, "0%"),
    (5, 5, "100%"), (199999, 200000, "99.99%"), (1, 200000, "0.01%"), (1, 8, "12.50%"),
    (19999, 20000, "99.99%"), (1, 20000, "0.01%"), (1, 3, "33.33%"), (2, 3, "66.67%"),
])
def test_percent(part: int, whole: int, printed: str) -> None:
    assert percent(part, whole) == printed


@calm
@given(st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_percent_rounds_half_up_and_never_to_all_or_nothing(pair: tuple[int, int]) -> None:
    part, whole = pair
    printed = percent(part, whole)
    assert (printed == "100%") == (part == whole)
    assert (printed == "0%") == (part == 0)
    if 0 < part < whole:
        exact = Fraction(100 * part, whole)
        value = Decimal(exact.numerator) / Decimal(exact.denominator)
        rounded = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
        rounded = min(max(rounded, Decimal("0.01")), Decimal("99.99"))
        assert printed == f"{rounded}%"


def test_counts_stand_beside_the_rate() -> None:
    figures = by_sittings([sat(1, 70), sat(2, 50), row(3)])
    assert figures.rate_with_counts("participation") == "66.67%（2/3）"
    assert figures.as_json()["first_pass_of_sat"] == "50.00%"
    assert by_sittings(()).rate_with_counts("pass_of_sat") == "—（0/0）"


# ---- small units ----


def test_a_small_unit_takes_the_next_smallest_with_it() -> None:
    sizes = {"Q": 20, "Q/A": 3, "Q/B": 6, "Q/C": 11}
    assert hidden_units(sizes) == {"Q/A", "Q/B"}


def test_two_small_units_hide_each_other() -> None:
    sizes = {"Q": 23, "Q/A": 6, "Q/B": 5, "Q/C": 5, "Q/D": 4, "Q/E": 3}
    assert hidden_units(sizes) == {"Q/D", "Q/E"}


def test_what_lies_below_a_hidden_unit_is_hidden() -> None:
    sizes = {"Q": 40, "Q/A": 3, "Q/B": 7, "Q/C": 30, "Q/B/X": 7, "Q/C/X": 30}
    assert hidden_units(sizes) == {"Q/A", "Q/B", "Q/B/X"}


def test_a_unit_that_is_small_in_one_exam_is_hidden_in_all() -> None:
    first = {"Q": 20, "Q/A": 4, "Q/B": 16}
    second = {"Q": 26, "Q/A": 6, "Q/C": 8, "Q/D": 12}
    assert hidden_units(first, second) == {"Q/A", "Q/B", "Q/C"}


def test_nobody_is_nothing_to_hide_and_the_total_is_shown() -> None:
    assert hidden_units({"Q": 3, "Q/A": 0, "Q/B": 3}) == {"Q/B"}
    assert hidden_units({"Q": 20, "Q/A": 0, "Q/B": 20}) == frozenset()
    assert hidden_units({"P": 3, "Q": 20}) == {"P", "Q"}
    assert hidden_units() == frozenset()


@calm
@given(st.lists(st.lists(
    st.tuples(st.sampled_from([*UNITS, "Q/G/K3", "Q/G/K4", "Q/G/"]), st.integers(1, 9)),
    max_size=14), min_size=1, max_size=3))
def test_hidden_figures_cannot_be_had_by_subtraction(
    views: list[list[tuple[str, int]]],
) -> None:
    sizes = [_over_subtrees(view) for view in views]
    hidden = hidden_units(*sizes)
    codes = {code for view in sizes for code in view}
    roots = {code for code in codes if not parent_of(code)}
    for view in sizes:
        for parent in {parent_of(code) for code in view}:
            group = [c for c in view if parent_of(c) == parent and view[c]]
            covered = [code for code in group if code in hidden]
            if parent in hidden:
                assert covered == group
            assert len(covered) != 1 or len(group) == 1
        for code, size in view.items():
            if size < SMALL_UNIT and not (code in roots and len(roots) == 1):
                assert code in hidden


def _over_subtrees(own: list[tuple[str, int]]) -> dict[str, int]:
    sizes: dict[str, int] = {}
    for code, size in own:
        parts = code.rstrip("/").split("/")
        above = ["/".join(parts[:depth]) for depth in range(1, len(parts) + 1)]
        for unit in {*above, code}:
            sizes[unit] = sizes.get(unit, 0) + size
    return sizes
