"""The rules of a study plan: what is done, when it runs, and what 参学率 counts."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain import rates_study
from legaled.domain.plans import (
    Audience,
    Done,
    ItemKind,
    PlanDraft,
    PlanStage,
    draft_problems,
    in_range,
    is_completed,
    minutes_left,
    plan_stage,
    url_ok,
)
from legaled.domain.rates_study import FIGURES, StudyRow, figures, rows_behind

NOW = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)
kinds = st.sampled_from(ItemKind)
small = st.integers(0, 600)
items = st.builds(Done, kinds, st.integers(0, 9), small, st.booleans())


@given(items, st.integers(0, 600))
def test_more_time_or_a_mark_never_undoes(item, more):
    later = Done(item.kind, item.minutes, item.seconds + more, True)
    assert not item.is_done or later.is_done
    assert (item.missing == "") == item.is_done


@given(st.lists(items, min_size=1, max_size=5), small, st.integers(0, 9), st.integers(0, 600))
def test_a_completed_plan_stays_completed(found, seconds, minutes, more):
    before = is_completed(found, seconds, minutes)
    assert not before or is_completed(found, seconds + more, minutes)
    assert before == (all(i.is_done for i in found) and minutes_left(seconds, minutes) == 0)


@pytest.mark.parametrize(("kind", "minutes", "seconds", "marked", "done"), [
    (ItemKind.LAW, 2, 119, True, False), (ItemKind.LAW, 2, 120, False, True),
    (ItemKind.LAW, 0, 999, False, False), (ItemKind.LAW, 0, 0, True, True),
    (ItemKind.GUIDE, 2, 120, False, False), (ItemKind.GUIDE, 2, 120, True, True),
    (ItemKind.GUIDE, 2, 119, True, False), (ItemKind.FILE, 0, 0, False, False),
    (ItemKind.LINK, 0, 0, True, True),
])
def test_when_an_item_is_done(kind, minutes, seconds, marked, done):
    assert Done(kind, minutes, seconds, marked).is_done is done


def test_what_is_missing_is_said_in_minutes_rounded_up():
    assert Done(ItemKind.GUIDE, 2, 61, False).missing == "还差 1 分钟，还没有标记学完"
    assert [minutes_left(s, 2) for s in (0, 60, 61, 119, 120, 500)] == [2, 1, 1, 1, 0, 0]


def test_the_stages_follow_beijing_days():
    starts, ends = date(2026, 11, 24), date(2026, 11, 25)
    midnight = datetime(2026, 11, 23, 16, 0, tzinfo=UTC)  # the 24th begins in Beijing
    def at(now, published=NOW, cancelled=None):
        return plan_stage(published, cancelled, starts, ends, now)
    second = timedelta(seconds=1)
    assert at(midnight - second) is PlanStage.WAITING
    assert at(midnight) is PlanStage.RUNNING
    assert at(midnight + timedelta(days=2) - second) is PlanStage.RUNNING
    assert at(midnight + timedelta(days=2)) is PlanStage.CLOSED
    assert at(midnight, None) is PlanStage.DRAFT
    assert at(midnight, NOW, NOW) is PlanStage.CANCELLED


def test_what_is_wrong_with_a_draft_is_said_by_field():
    def problems(**values):
        whole = {"year": 2026, "title": "计划", "programme": "", "audience": Audience.ALL,
                 "unit_ids": (), "starts": date(2026, 1, 1), "ends": date(2026, 12, 31),
                 "minutes": 0, **values}
        return draft_problems(PlanDraft(**whole))
    assert problems() == []
    assert problems(ends=date(2026, 1, 1)) == []
    assert problems(ends=date(2025, 12, 31)) == [("ends", "plan_ends_first")]
    assert problems(minutes=-1) == [("minutes", "plan_minutes")]
    assert problems(title="  ") == [("title", "plan_title")]
    assert problems(year=1999) == [("year", "plan_year")]


@pytest.mark.parametrize("url", [
    "https://www.saac.gov.cn/a?b=1#c", "http://example.org", "HTTPS://x.cn/学法"])
def test_addresses_of_the_web(url):
    assert url_ok(url)


@pytest.mark.parametrize("url", [
    "javascript:alert(1)", "javascript://x/%0aalert(1)", "data:text/html,x", "//x.cn", "x.cn",
    "http://", "https:///x", "http://a b", "http://x\n.cn", 'http://x"', "ftp://x.cn",
    "https://good.cn@evil.cn/", "http://" + "x" * 500, "\x01http://x.cn", "http://<x>"])
def test_addresses_that_are_none(url):
    assert not url_ok(url)


def test_articles_in_order_with_those_between():
    def inside(part):
        return in_range(part, "12", "14-1")
    assert [p for p in ("11", "12", "12-1", "13", "14", "14-1", "14-2", "", "preamble", "-")
            if inside(p)] == ["12", "12-1", "13", "14", "14-1"]
    assert in_range("preamble", "", "")


rows = st.lists(st.builds(
    lambda n, unit, removed, exempt, done: StudyRow(
        n, str(n), f"人{n}", unit, unit.replace("U", "单位"), NOW, removed, exempt, done),
    st.integers(1, 99), st.sampled_from(["U", "U/U1", "U/U2", "U/U2/U3", "U/U2/U4"]),
    st.booleans(), st.booleans(), st.booleans()), max_size=40)


@given(rows)
def test_every_figure_is_the_length_of_its_list_and_units_add_up(found):
    total = figures(found)
    assert total["required"] == total["roster"] - total["exempt"]
    assert total["missing"] == total["required"] - total["completed"]
    assert 0 <= total["completed"] <= total["required"]
    units = rates_study.units(found, may_see_small=True)
    for unit in units:
        for name in FIGURES:
            assert unit.figures[name] == len(rows_behind(found, name, unit.code))
    for parent in units:
        below = [u for u in units if u.code.rpartition("/")[0] == parent.code
                 and u.code != parent.code]
        if below and not parent.code.endswith("/"):
            assert sum((u.figures for u in below), figures(())) == parent.figures


def test_the_rate_is_printed_as_all_rates_are():
    def rate(done, whole):
        return figures([StudyRow(n, "", "", "U", "单位", NOW, has_completed=n < done)
                        for n in range(whole)]).rate_with_counts
    assert rate(22, 23) == "95.65%（22/23）"
    assert rate(13, 800) == "1.63%（13/800）"
    assert rate(0, 0) == "—（0/0）"
    assert rate(5, 5) == "100%（5/5）"
    assert rate(19999, 20000).startswith("99.99%")


def test_small_units_are_for_the_office():
    found = [StudyRow(n, "", "", code, code, NOW)
             for n, code in enumerate(["A/B"] * 6 + ["A/C"] * 3 + ["A/D"] * 7)]
    shown = {u.code: u.figures for u in rates_study.units(found, may_see_small=False)}
    assert shown["A"] is not None
    assert shown["A/C"] is None
    assert shown["A/B"] is None  # else subtraction gives it away
    assert shown["A/D"] is not None
