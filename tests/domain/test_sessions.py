"""Rules of sessions and of their codes."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from legaled.domain.sessions import (
    BEHIND,
    MISSES_LAST,
    MOST_MISSES,
    SIGNING_OPENS,
    Figures,
    LawPart,
    PaperMark,
    Presence,
    SessionDraft,
    SessionKind,
    SessionStage,
    after_miss,
    draft_problem,
    figures,
    joined_parts,
    must_wait,
    presence,
    stage,
    year_bounds,
    year_of,
)
from legaled.domain.sign_codes import (
    STEP_SECONDS,
    accepts,
    accepts_digits,
    code_for,
    digits_for,
    seconds_left,
    step_of,
)

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
MINUTE, SECOND = timedelta(minutes=1), timedelta(seconds=1)
MOMENTS = st.floats(10**9, 4 * 10**9).map(lambda at: datetime.fromtimestamp(at, UTC))
IDS = st.integers(1, 2**31 - 1)


@given(MOMENTS, IDS, st.integers(0, 400))
def test_a_code_lives_for_its_step_and_the_next(at, session_id, later):
    code = code_for("s", session_id, step_of(at))
    then = at + later * SECOND
    steps = step_of(then) - step_of(at)
    assert accepts("s", session_id, code, then) == (steps <= 1)
    assert not accepts("s", session_id, code, at - STEP_SECONDS * SECOND)  # not before its time


@given(MOMENTS, IDS, st.integers(0, 400))
def test_six_digits_live_one_step_longer(at, session_id, later):
    digits = digits_for("s", session_id, step_of(at))
    then = at + later * SECOND
    recent = {digits_for("s", session_id, step_of(then) - back) for back in range(3)}
    assert accepts_digits("s", session_id, digits, then) == (digits in recent)
    assert (step_of(then) - step_of(at) <= 2) <= (digits in recent)
    assert len(digits) == 6
    assert digits.isdecimal()


@given(MOMENTS, IDS, IDS)
def test_codes_belong_to_one_session_and_one_secret(at, one, other):
    assume(one != other)
    assert not accepts("s", other, code_for("s", one, step_of(at)), at)
    assert not accepts("t", one, code_for("s", one, step_of(at)), at)


@given(MOMENTS, IDS, st.text(max_size=30))
def test_nothing_typed_breaks_the_check(at, session_id, typed):
    accepts("s", session_id, typed, at)
    accepts_digits("s", session_id, typed, at)
    assert not accepts("s", session_id, "", at)


def test_the_digits_do_not_tell_the_code():
    assert digits_for("s", 1, 7) not in {code_for("s", 1, 7), code_for("s", 1, 7)[:6]}


@given(MOMENTS)
def test_the_seconds_left_lead_to_the_next_step(at):
    at = at.replace(microsecond=0)
    left = seconds_left(at)
    assert 1 <= left <= STEP_SECONDS
    assert step_of(at + left * SECOND) == step_of(at) + 1
    assert step_of(at + (left - 1) * SECOND) == step_of(at)


def test_signing_opens_thirty_minutes_before_and_closes_at_the_end():
    starts, ends = NOW, NOW + 60 * MINUTE
    for at, found in (
        (starts - SIGNING_OPENS - SECOND, SessionStage.PLANNED),
        (starts - SIGNING_OPENS, SessionStage.SIGNING),
        (ends - SECOND, SessionStage.SIGNING),
        (ends, SessionStage.OVER),
    ):
        assert stage(starts, ends, None, at) is found
    assert stage(starts, ends, NOW, starts) is SessionStage.CANCELLED


@pytest.mark.parametrize(("signed", "late", "leave", "found"), [
    (None, None, "", Presence.ABSENT),
    (None, None, "出差", Presence.LEAVE),
    (NOW, None, "", Presence.PRESENT),  # on the very moment
    (NOW + SECOND, None, "", Presence.LATE),
    (NOW + SECOND, False, "", Presence.PRESENT),  # the paper list says otherwise
    (NOW - SECOND, True, "", Presence.LATE),
])
def test_how_a_person_stands(signed, late, leave, found):
    assert presence(signed, late, leave, NOW) is found


@given(st.lists(st.sampled_from(list(Presence))))
def test_figures_are_what_the_lists_hold(found):
    made = figures(found)
    for name, wanted in BEHIND.items():
        assert made[name] == sum(one in wanted for one in found), name
    assert made.listed == made.came + made.leave + made.absent
    assert made.late <= made.came


def test_a_rate_is_printed_as_everywhere():
    assert Figures().rate == "—"
    assert Figures(3, 2).rate == "66.67%"
    assert Figures(20_000, 19_999).rate == "99.99%"


@given(st.lists(st.integers(0, 900), max_size=12))
def test_five_misses_within_ten_minutes_make_one_wait(gaps):
    """Whatever the pace, nobody gets more than five looks in ten minutes without a wait."""
    misses, missed, at = 0, None, NOW
    looks = []
    for gap in gaps:
        at += gap * SECOND
        if must_wait(misses, missed, at) is not None:
            continue
        misses, missed = after_miss(misses, missed, at), at
        looks.append(at)
        assert misses <= MOST_MISSES
    for place, first in enumerate(looks):
        run = [one for one in looks[place:] if one < first + MISSES_LAST]
        assert len(run) <= MOST_MISSES
    if misses == MOST_MISSES:
        assert must_wait(misses, missed, missed + MISSES_LAST - SECOND)
        assert must_wait(misses, missed, missed + MISSES_LAST) is None
        assert after_miss(misses, missed, missed + MISSES_LAST) == 1


def draft(**values):
    return SessionDraft(**{"kind": SessionKind.LECTURE, "title": "x", "starts": NOW,
                           "ends": NOW + 60 * MINUTE, **values})


def test_what_is_wrong_with_a_draft():
    assert draft_problem(draft()) is None
    assert draft_problem(draft(ends=NOW)) == ("ends", "session_ends_before")
    assert draft_problem(draft(ends=NOW + timedelta(days=32))) == ("ends", "session_too_long")
    assert draft_problem(draft(late_after=60)) is None
    assert draft_problem(draft(late_after=61)) == ("late_after", "late_after_end")


def test_a_law_named_twice_is_one_with_both_parts():
    rows = [LawPart("甲法", "第一章"), LawPart(" ", "x"), LawPart("乙法"),
            LawPart("甲法", "第二章"), LawPart("甲法", "第一章")]
    assert joined_parts(rows) == (LawPart("甲法", "第一章、第二章"), LawPart("乙法", ""))


def test_a_year_begins_at_midnight_in_beijing():
    first, after = year_bounds(2026)
    assert (year_of(first), year_of(first - SECOND)) == (2026, 2025)
    assert (year_of(after - SECOND), year_of(after)) == (2026, 2027)
    assert first == datetime(2025, 12, 31, 16, tzinfo=UTC)


def test_a_mark_is_a_change_when_anything_differs():
    same = (Presence.LEAVE, "病假")
    assert not PaperMark(1, *same, *same).is_change
    assert PaperMark(1, Presence.LEAVE, "事假", *same).is_change
    assert PaperMark(1, Presence.ABSENT, "", *same).is_change
