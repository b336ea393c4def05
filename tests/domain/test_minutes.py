"""What a beat is worth, with a clock that the test sets."""

from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.errors import ConflictError, ForbiddenError, InvalidError
from legaled.domain.minutes import (
    DAY_MOST,
    EXTRA,
    LONGEST,
    SHORTEST,
    VALID,
    Reading,
    Standing,
    check_beat,
    credit,
    part_most,
)
from legaled.domain.times import beijing_day

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
SERVED = NOW - timedelta(minutes=5)
LONG = 1_000_000  # letters: a part that no test fills


def after(seconds):
    return NOW + timedelta(seconds=seconds)


class Reader:
    """A person on the server: what its beats have earned, by day and part."""

    def __init__(self, letters=LONG):
        self.letters = letters
        self.last = None
        self.earned = defaultdict(int)

    def beat(self, now, part="1", begins=False, served=SERVED):
        day = beijing_day(now)
        today = sum(seconds for (one, _), seconds in self.earned.items() if one == day)
        standing = Standing(self.last, self.earned[day, part], today)
        found = credit(standing, self.letters, served, begins, now)
        self.earned[day, part] += found.seconds
        self.last = found.at or self.last
        return found.seconds

    @property
    def total(self):
        return sum(self.earned.values())


def test_a_reader_earns_the_time_between_beats():
    reader = Reader()
    assert [reader.beat(after(15 * number)) for number in range(5)] == [0, 15, 15, 15, 15]


def test_ten_minutes_in_the_background_add_less_than_a_minute():
    reader = Reader()
    for number in range(5):
        reader.beat(after(15 * number))
    before = reader.total
    reader.beat(after(60 + 600), begins=True)
    assert reader.total == before
    for number in range(3):
        reader.beat(after(660 + 15 * number))
    assert reader.total == before + 30


def test_a_browser_that_throttles_a_hidden_page_to_a_beat_a_minute_earns_nothing():
    reader = Reader()
    for minute in range(10):
        reader.beat(after(60 * minute))
    assert reader.total == 0


def test_two_tabs_earn_no_more_than_one():
    reader = Reader()
    for second in range(0, 601, 15):
        reader.beat(after(second), "1")
        reader.beat(after(second + 7), "2")
    assert 590 <= reader.total <= 607


def test_a_hundred_beats_a_second_earn_wall_time():
    reader = Reader()
    for number in range(100 * 60 + 1):
        reader.beat(after(number / 100))
    assert 55 <= reader.total <= 60


def test_time_away_does_not_count_when_the_reader_comes_back():
    reader = Reader()
    reader.beat(NOW)
    assert reader.beat(after(12), begins=True) == 0
    assert reader.beat(after(27)) == 15


def test_parts_of_a_second_are_not_lost():
    reader = Reader()
    for number in range(41):
        reader.beat(after(15.9 * number))
    assert reader.total == int(15.9 * 40)


def test_a_page_earns_nothing_from_before_it_was_served():
    reader = Reader()
    reader.beat(NOW)
    assert reader.beat(after(18), served=after(10)) == 8


@pytest.mark.parametrize(("gap", "earned"), [
    (SHORTEST - 0.001, 0), (SHORTEST, SHORTEST), (LONGEST, LONGEST), (LONGEST + 0.001, 0),
])
def test_where_the_time_between_two_beats_begins_and_ends_to_count(gap, earned):
    reader = Reader()
    reader.beat(NOW)
    assert reader.beat(after(gap)) == earned


def test_a_clock_that_goes_back_earns_nothing_and_counting_goes_on():
    reader = Reader()
    reader.beat(NOW)
    assert reader.beat(after(-3600)) == 0
    assert reader.beat(after(-3600 + 15), served=after(-7200)) == 15
    assert reader.beat(after(-3600 + 14), served=after(-7200)) == 0  # beats that passed each other
    assert reader.beat(after(-3600 + 30), served=after(-7200)) == 15


def test_a_part_earns_what_its_length_can_need():
    assert (part_most(0), part_most(1), part_most(200)) == (EXTRA, EXTRA + 1, EXTRA + 60)
    reader = Reader(letters=100)
    for number in range(41):
        reader.beat(after(15 * number))
    assert reader.total == part_most(100) == 50


def test_a_script_that_only_posts_earns_the_caps_of_what_it_was_served():
    """An hour of beats over a page of three short articles: 3 × 50 s and not a second more."""
    reader = Reader(letters=100)
    for number in range(241):
        reader.beat(after(15 * number), str(number % 3))
    assert reader.total == 3 * 50


def test_a_day_has_an_end():
    reader = Reader()
    for number in range(DAY_MOST // 15 + 100):
        reader.beat(after(15 * number))
    assert reader.total == DAY_MOST


def test_midnight_in_beijing_begins_a_new_day_with_new_caps():
    midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    reader = Reader(letters=0)
    for number in range(-10, 11):
        reader.beat(midnight + timedelta(seconds=15 * number), served=midnight - VALID)
    days = {day.day: seconds for (day, _), seconds in reader.earned.items()}
    assert days == {23: EXTRA, 24: EXTRA}
    assert reader.earned[beijing_day(midnight), "1"] == EXTRA  # the beat at midnight is the 24th's


@given(
    st.lists(
        st.tuples(st.integers(-30_000, 60_000), st.sampled_from("abc"), st.booleans()),
        max_size=80,
    ),
    st.integers(0, 300),
)
def test_nobody_earns_more_than_time_or_length_allow(beats, letters):
    """Whatever comes when, clock backwards too: each second forwards is earned once at most."""
    reader, now, forwards = Reader(letters), NOW, 0
    for step, part, begins in beats:
        now += timedelta(milliseconds=step)
        forwards += max(step, 0)
        assert 0 <= reader.beat(now, part, begins, served=NOW - timedelta(hours=1)) <= LONGEST
    assert reader.total <= forwards / 1000
    assert max(reader.earned.values(), default=0) <= part_most(letters)


@given(st.lists(st.integers(0, 40_000), max_size=80))
def test_with_a_clock_that_only_goes_on_the_sum_is_less_than_the_wall(steps):
    reader, now = Reader(), NOW
    for step in steps:
        now += timedelta(milliseconds=step)
        reader.beat(now)
    assert reader.total <= sum(steps) / 1000


PAGE = Reading(7, "law:3", NOW, {"27": 120, "preamble": 0})


def test_a_beat_names_a_part_of_the_page():
    assert check_beat(PAGE, 7, "27", NOW) == 120
    assert check_beat(PAGE, 7, "preamble", NOW + VALID) == 0
    for part in ("28", "", None, 27, ["27"], {}):
        with pytest.raises(InvalidError, match="reading_no_part"):
            check_beat(PAGE, 7, part, NOW)


@pytest.mark.parametrize("person", [8, None, "7"])
def test_the_page_of_another_person_counts_for_nobody(person):
    with pytest.raises(ForbiddenError, match="reading_not_yours"):
        check_beat(PAGE, person, "27", NOW)


@pytest.mark.parametrize("away", [timedelta(seconds=-1), VALID + timedelta(seconds=1)])
def test_a_page_from_the_future_or_the_past_is_stale(away):
    with pytest.raises(ConflictError, match="reading_stale"):
        check_beat(PAGE, 7, "27", NOW + away)
