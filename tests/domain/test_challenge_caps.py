"""How many runs are left, with and without runs that were given back."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.challenge_caps import Go, left
from legaled.domain.challenge_rules import Rules

DAY = date(2026, 11, 2)
goes = st.lists(st.builds(
    Go, st.integers(0, 3).map(lambda n: DAY + timedelta(days=n)), st.booleans(), st.booleans()),
    max_size=12)
rules = st.builds(
    Rules, st.just(5), counted_a_day=st.integers(1, 3), runs_a_day=st.integers(0, 4),
    runs_in_all=st.integers(0, 5))


@given(rules, goes)
def test_without_a_run_given_back_the_caps_are_the_plain_ones(caps, runs):
    runs = [one._replace(given_back=False) for one in runs]
    today = [one for one in runs if one.day == DAY]
    counted = caps.counted_a_day - sum(one.counted for one in today)
    if caps.runs_a_day:
        counted = min(counted, caps.runs_a_day - len(today))
    if caps.runs_in_all:
        counted = min(counted, caps.runs_in_all - sum(one.counted for one in runs))
    found = left(caps, runs, DAY)
    assert found.counted == max(counted, 0)
    assert found.practice == (caps.practice and (
        not caps.runs_a_day or len(today) < caps.runs_a_day))


@given(st.integers(1, 3), st.integers(0, 4), st.integers(0, 3), st.integers(0, 3))
def test_every_run_given_back_is_one_more_and_no_second(a_day, in_all, given_back, later):
    """Played as often as it is allowed, on the day itself and on the days after it."""
    caps = Rules(5, counted_a_day=a_day, runs_a_day=a_day, runs_in_all=in_all)
    runs = []
    while left(caps, runs, DAY).counted:
        runs.append(Go(DAY, counted=True, given_back=False))
    given_back = min(given_back, len(runs))
    plain = len(runs)
    runs = [one._replace(given_back=n < given_back) for n, one in enumerate(runs)]
    day = DAY + timedelta(days=later)
    while left(caps, runs, day).counted:
        runs.append(Go(day, counted=True, given_back=False))
        assert len(runs) < 20
    fresh = a_day if later else 0
    room = in_all - plain if in_all else fresh
    assert len(runs) == plain + min(fresh, room) + min(
        given_back, given_back + room - min(fresh, room) if in_all else given_back)
    assert not left(caps, runs, day).counted
