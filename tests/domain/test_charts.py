import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.charts import histogram, trend


def test_a_line_runs_from_the_floor_to_100() -> None:
    found = trend([[(80, 100), (9, 10), (1, 1)]])
    assert (found.floor, found.axis) == (80, ("100%", "95%", "90%", "85%", "80%"))
    assert found.lines[0].path == "M16.6667 100.00 L50 50.00 L83.3333 0.00"
    assert found.lines[0].dots.count("h.01") == 3


@pytest.mark.parametrize(("lowest", "floor"), [(80, 80), (79, 60), (60, 60), (59, 0), (0, 0)])
def test_the_floor_lies_under_every_point(lowest: int, floor: int) -> None:
    assert trend([[(lowest, 100)], [(1, 1)]]).floor == floor


def test_years_without_figures_leave_a_gap() -> None:
    line = trend([[(1, 1), None, (0, 0), (1, 1), (1, 1)]]).lines[0]
    assert line.path == "M10 0.00 M70 0.00 L90 0.00"
    assert trend([[None, None]]).lines[0].path == ""


def test_a_histogram_has_the_pass_line_as_an_edge() -> None:
    found = histogram([52, 59, 60, 69, 70, 90, 100], 60, 100)
    assert found is not None
    assert [(one.label, one.count) for one in found.bins] == [
        ("60 以下", 2), ("60–69", 2), ("70–79", 1), ("80–89", 0), ("90–100", 2)
    ]
    assert [one.cut for one in found.bins] == [False, True, False, False, False]
    assert (found.lowest, found.median, found.highest) == (52, "69", 100)
    assert histogram([], 60, 100) is None


@pytest.mark.parametrize(("scores", "median"), [([1, 2], "1.5"), ([1, 3], "2"), ([5], "5")])
def test_median(scores: list[int], median: str) -> None:
    found = histogram(scores, 60, 100)
    assert found is not None
    assert found.median == median


@given(st.lists(st.integers(0, 150), min_size=1), st.integers(0, 100), st.integers(0, 150))
def test_every_score_stands_in_exactly_one_column(
    scores: list[int], pass_line: int, full: int
) -> None:
    found = histogram(scores, pass_line, full)
    assert found is not None
    assert sum(one.count for one in found.bins) == found.total == len(scores)
    assert sum(one.count for one in found.bins if one.low) == sum(s < pass_line for s in scores)
    assert len(found.bins) <= 6
    assert all(0 <= one.height <= 100 for one in found.bins)
