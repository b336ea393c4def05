"""Boards against a slow recount in plain Python, whatever the order in which people come."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from legaled.domain import challenge_boards as boards
from legaled.domain import challenge_figures as figures
from legaled.domain.challenge_boards import Standing
from legaled.domain.challenge_names import COMPOUND, masked

NOW = datetime(2026, 12, 4, 1, tzinfo=UTC)
UNITS = ("Q/G/A", "Q/G/B", "Q/G", "Q/H", "Q/H/C", "Q/K/D")


def by_time(one):
    return (-one.score, one.best_millis, one.number)


@st.composite
def crowds(draw):
    count = draw(st.integers(0, 40))
    people = []
    for number in range(count):
        codes = draw(st.sampled_from(UNITS))
        played = draw(st.booleans())
        answered = draw(st.integers(1, 9)) if played else 0
        people.append(Standing(
            number + 1, f"{number:04d}", f"人员{number}", codes.replace("Q", "区"), codes,
            runs=int(played), counted_runs=int(played), answered=answered,
            right=draw(st.integers(0, answered)), level=draw(st.integers(0, 8)),
            score=draw(st.integers(0, 5)) if played else None,
            best_millis=draw(st.integers(0, 3)) if played else None,
            best_ended=NOW + timedelta(seconds=draw(st.integers(0, 3))) if played else None,
        ))
    return people


@given(crowds(), st.randoms())
def test_the_person_board_is_the_slow_one_whatever_the_order(people, chance):
    board = boards.person_board(people, by_time)
    mixed = list(people)
    chance.shuffle(mixed)
    assert boards.person_board(mixed, by_time) == board
    assert [line.place for line in board] == list(range(1, len(board) + 1))
    for line in board:
        better = [
            one for one in people
            if one.score is not None and (
                one.score > line.who.score
                or (one.score == line.who.score and one.best_millis < line.who.best_millis)
                or (one.score == line.who.score and one.best_millis == line.who.best_millis
                    and one.number < line.who.number)
            )
        ]
        assert line.place == len(better) + 1


@given(crowds(), st.integers(1, 6), st.randoms())
def test_units_add_up_and_do_not_depend_on_the_order(people, least, chance):
    played = [one for one in people if one.score is not None]
    mixed = list(people)
    chance.shuffle(mixed)
    for board_of in (boards.unit_board, boards.section_board):
        board = board_of(people, least)
        assert board_of(mixed, least) == board
        assert sum(one.listed for one in board) == len(people)
        assert sum(one.players for one in board) == len(played)
        assert sum(one.total for one in board) == sum(one.score for one in played)
        assert len({one.code for one in board}) == len(board)
        ranked = [one for one in board if one.place is not None]
        assert [one.place for one in ranked] == list(range(1, len(ranked) + 1))
        assert all((one.listed >= least) == (one.place is not None) for one in board)
        for above, below in pairwise(ranked):
            assert (above.participation, above.mean) >= (below.participation, below.mean)


@given(crowds())
def test_a_section_is_the_people_who_sit_in_it(people):
    for line in boards.section_board(people):
        own = [one for one in people if one.unit_codes == line.code.rstrip("/")]
        assert line.listed == len(own)


@given(crowds(), st.integers(1, 8))
def test_levels_are_counted_from_above(people, levels):
    lines = boards.levels_board(people, levels)
    assert [line.level for line in lines] == list(range(levels, 0, -1))
    for line in lines:
        assert line.passed == sum(min(one.level, levels) >= line.level for one in people)


def standing(number, codes, score):
    path = codes.replace("Q", "区")
    return Standing(number, f"{number:04d}", "罗玉凤", path, codes, 1, 1, 5, 5, 0, score, 1, NOW)


def test_one_person_with_100_does_not_top_thirty_with_98():
    crowd = [standing(n, "Q/G", 98) for n in range(30)] + [standing(99, "Q/H", 100)]
    first, last = boards.unit_board(crowd)
    assert (first.code, first.place, first.mean) == ("Q/G", 1, 98)
    assert (last.code, last.place) == ("Q/H", None)


def test_participation_comes_before_the_mean():
    eager = [standing(n, "Q/G", 60) for n in range(5)]
    able = [standing(n, "Q/H", 100 if n < 14 else None) for n in range(10, 15)]
    first, second = boards.unit_board(eager + able)
    assert (first.code, first.participation) == ("Q/G", 1)
    assert (second.participation, second.mean) == (Fraction(4, 5), 100)


def test_people_above_the_units_are_a_unit_of_their_own():
    crowd = [standing(1, "Q", 1), standing(2, "Q/G", 2), standing(3, "Q/G/A", 3)]
    assert {(one.code, one.path, one.listed) for one in boards.unit_board(crowd)} == {
        ("Q/", "区/本级", 1), ("Q/G", "区/G", 2),
    }


def test_a_lone_small_unit_takes_the_next_smallest_with_it():
    crowd = [standing(n, "Q/A" if n < 2 else "Q/B" if n < 8 else "Q/C", 1) for n in range(20)]
    board = boards.unit_board(crowd)
    assert boards.small_units(board) == {"Q/A", "Q/B"}


@given(st.text(min_size=1, max_size=20))
def test_a_masked_name_keeps_its_length_and_never_the_name(name):
    hidden = masked(name)
    assert len(hidden) == len(name)
    assert "*" in hidden
    assert len(hidden.rstrip("*")) <= 2
    assert hidden != name or set(name) == {"*"} or name.endswith("*")


def test_names_are_masked_as_people_write_them():
    assert [masked(name) for name in ("罗玉凤", "林静", "欧阳修", "欧阳娜娜", "欧阳", "王")] == [
        "罗**", "林*", "欧阳*", "欧阳**", "欧*", "*"]
    assert all(len(name) == 2 for name in COMPOUND)


@given(crowds())
def test_figures_are_the_lengths_of_lists(people):
    found = figures.figures(people)
    assert found.listed == len(people)
    assert found.players == sum(one.counted_runs > 0 for one in people)
    assert found.runs == sum(one.counted_runs for one in people)
    assert found.right <= found.answered
    twice = figures.year_figures([people, people])
    assert (twice.listed, twice.players) == (found.listed, found.players)
    assert (twice.runs, twice.answered) == (2 * found.runs, 2 * found.answered)


def test_rates_are_printed_as_everywhere():
    found = figures.Figures(800, 13, 21, 8, 8)
    assert found.rate_with_counts("participation") == "1.63%（13/800）"
    assert found.rate_with_counts("accuracy") == "100%（8/8）"
    assert found.rate_with_counts("runs_a_player") == "1.62（21/13）"
    assert figures.Figures(0, 0, 0, 0, 0).as_json()["participation"] == "—"
