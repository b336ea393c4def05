"""The rules of a challenge: as data, in words, as a fold, as places."""

import json
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.banks import Kind
from legaled.domain.challenge_draw import draw_order, option_order, run_seed, shortages
from legaled.domain.challenges import (
    PRESETS,
    RANGES,
    Across,
    End,
    Given,
    LastTie,
    Outcome,
    Put,
    Result,
    Rules,
    Stage,
    Tie,
    Why,
    check,
    check_season,
    fold,
    lot,
    next_version,
    open_stage,
    rank_key,
    run_deadline,
    sentences,
    total,
)

NOW = datetime(2026, 12, 4, 0, 0, tzinfo=UTC)
DAY, SECOND = timedelta(days=1), timedelta(seconds=1)

stages = st.lists(st.builds(
    lambda title, start, length: Stage(title, NOW + start * DAY, NOW + (start + length) * DAY),
    st.text(max_size=10), st.integers(0, 50), st.integers(-1, 9),
), max_size=3).map(tuple)
every_rules = st.builds(
    Rules,
    **{name: st.integers(least - 1, most + 1) for name, (least, most, _) in RANGES.items()},
    quotas=st.dictionaries(st.sampled_from(Kind), st.integers(0, 20)),
    end=st.sampled_from(End), across=st.sampled_from(Across), tie=st.sampled_from(Tie),
    last_tie=st.sampled_from(LastTie), stages=stages,
)


@st.composite
def good_rules(draw):
    """Rules that fit together."""
    end = draw(st.sampled_from(End))
    endless = end in (End.FIRST_WRONG, End.LIVES) and draw(st.booleans())
    seconds = draw(st.sampled_from([0, 10, 30]))
    combo = draw(st.sampled_from([0, 3]))
    levels = 0 if endless else draw(st.sampled_from([0, 4]))
    made = Rules(
        questions=0 if endless else draw(st.integers(1, 8)), end=end,
        lives=draw(st.integers(1, 3)) if end is End.LIVES else 0, seconds=seconds,
        spares=draw(st.integers(0, 2)) if seconds and end is not End.UNTIL_RIGHT else 0,
        grace=draw(st.integers(0, 5)), minutes=draw(st.sampled_from([0, 5, 60])),
        runs_a_day=5, counted_a_day=draw(st.integers(1, 5)), points=draw(st.integers(1, 5)),
        combo=combo, combo_every=2 if combo else 0,
        last_points=0 if endless else draw(st.sampled_from([0, 7])),
        levels=levels, gate=1 if levels else 0,
        across=Across.LEVELS if levels else draw(st.sampled_from([Across.BEST, Across.SUM])),
        tie=draw(st.sampled_from(Tie)), last_tie=draw(st.sampled_from(LastTie)),
    )
    assert check(made) == []
    return made


# ── as data ─────────────────────────────────────────────────────────────────


@given(every_rules)
def test_rules_survive_json(rules):
    assert Rules.from_data(json.loads(json.dumps(rules.to_data()))) == rules


@pytest.mark.parametrize("data", [
    None, [], {}, {"questions": "5"}, {"questions": True}, {"questions": 5.0},
    {"questions": 5, "surprise": 1}, {"questions": 5, "end": "never"},
    {"questions": 5, "quotas": {"riddle": 1}}, {"questions": 5, "quotas": []},
    {"questions": 5, "stages": [{"title": "一"}]}, {"questions": 5, "stages": {}},
    {"questions": 5, "stages": [{"title": "一", "starts": "2026-12-01", "ends": "2026-12-02"}]},
    {"questions": 5, "stages": [{"title": 1, "starts": "x", "ends": "y"}]},
])
def test_what_is_not_rules_is_refused(data):
    with pytest.raises(ValueError, match=r"."):
        Rules.from_data(data)


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(max_size=5),
                    lambda inner: st.lists(inner, max_size=3)
                    | st.dictionaries(st.sampled_from([f.name for f in fields(Rules)]), inner)))
def test_anything_else_is_a_value_error_or_rules(data):
    try:
        found = Rules.from_data(data)
    except ValueError:
        return
    assert isinstance(found, Rules)


@given(every_rules)
def test_every_problem_names_a_field_and_says_it_in_chinese(rules):
    names = {f.name for f in fields(Rules)}
    for problem in check(rules):
        assert problem.field in names
        assert problem.words.endswith("。")


@pytest.mark.parametrize(("changes", "field"), [
    ({"end": End.LIVES}, "lives"), ({"lives": 3}, "lives"), ({"questions": 0}, "questions"),
    ({"quotas": {Kind.ESSAY: 5}}, "quotas"), ({"quotas": {Kind.SINGLE: 4}}, "quotas"),
    ({"spares": 1}, "spares"), ({"runs_a_day": 2, "counted_a_day": 3}, "runs_a_day"),
    ({"combo": 3}, "combo"), ({"levels": 3}, "across"), ({"gate": 1}, "gate"),
    ({"combo": 3, "combo_every": 1}, "combo_every"), ({"grace": 31}, "grace"),
    ({"across": Across.LEVELS, "levels": 3, "gate": 6}, "gate"),
    ({"stages": (Stage("", NOW, NOW),)}, "stages"),
    ({"stages": (Stage("", NOW, NOW + DAY), Stage("", NOW + DAY / 2, NOW + 2 * DAY))}, "stages"),
])
def test_what_does_not_fit_is_named(changes, field):
    assert check(Rules(questions=5)) == []
    assert field in {one.field for one in check(replace(Rules(questions=5), **changes))}


def test_the_five_presets_can_be_played():
    assert list(PRESETS) == ["day", "daily", "streak", "levels", "cloud"]
    for preset in PRESETS.values():
        assert check(preset.rules) == []


def test_a_stage_lies_in_the_season_and_bounds_a_run():
    rules = Rules(questions=5, minutes=60, stages=(Stage("初赛", NOW, NOW + DAY),))
    assert check_season(rules, NOW, NOW + 2 * DAY) == []
    assert check_season(rules, NOW + SECOND, NOW + DAY)[0].field == "stages"
    assert check_season(rules, NOW, NOW)[0].field == "ends"
    assert open_stage(rules, NOW, NOW + 2 * DAY, NOW + DAY) is None
    stage = open_stage(rules, NOW, NOW + 2 * DAY, NOW + DAY - SECOND)
    assert run_deadline(rules, NOW + DAY - SECOND, stage) == NOW + DAY
    assert run_deadline(rules, NOW, stage) == NOW + timedelta(hours=1)


# ── in words ────────────────────────────────────────────────────────────────

SPOKEN = [
    {"seconds": 20}, {"minutes": 9}, {"grace": 7}, {"points": 3}, {"last_points": 9},
    {"combo": 4, "combo_every": 3}, {"end": End.FIRST_WRONG}, {"end": End.LIVES, "lives": 2},
    {"end": End.UNTIL_RIGHT}, {"counted_a_day": 3, "runs_a_day": 3}, {"runs_a_day": 0},
    {"runs_a_day": 4}, {"runs_in_all": 6}, {"across": Across.SUM}, {"tie": Tie.FINISH},
    {"last_tie": LastTie.LOT}, {"across": Across.LEVELS, "levels": 4, "gate": 2},
    {"quotas": {Kind.JUDGE: 5}}, {"fast_millis": 300}, {"questions": 6},
    {"stages": (Stage("初赛", NOW, NOW + DAY),)}, {"seconds": 20, "spares": 1},
]


@pytest.mark.parametrize("changes", SPOKEN, ids=lambda changes: ",".join(changes))
def test_rules_that_play_differently_read_differently(changes):
    plain = Rules(questions=5)
    changed = replace(plain, **changes)
    assert sentences(changed, NOW, NOW + DAY) != sentences(plain, NOW, NOW + DAY)


@given(good_rules())
def test_the_rules_page_says_what_happens_in_every_fault(rules):
    said = "".join(sentences(rules, NOW, NOW + DAY))
    for word in ("换设备", "重复提交", "超时到达", "刷新", "零点", "断线", "服务器重启", "结束时刻",
                 "最多", "2026年12月4日 08:00"):
        assert word in said
    assert "None" not in said
    assert all(line.endswith("。") for line in sentences(rules, NOW, NOW + DAY))


# ── the fold ────────────────────────────────────────────────────────────────


def played(rules, moves, drawn=40):
    """Play moves (right?, seconds taken; None for no answer) by the fold's own word for what
    comes next; returns the slots, the answers and the moment."""
    puts, answers, at = [], [], NOW
    deadline = NOW + timedelta(minutes=rules.minutes or 1440)
    order = list(range(1, drawn + 1))
    if rules.questions:
        order = order[: rules.questions + rules.spares]

    def state():
        return fold(rules, puts, answers, at, deadline=deadline, drawn=len(order))

    for good, seconds in moves:
        now = state()
        if now.over:
            break
        asked = len({one.version_id for one in puts})  # without a clock a question waits on
        end = at + timedelta(seconds=rules.seconds) if rules.seconds else None
        put = now.open or Put(now.next, next_version(now, order, asked), at, end)
        puts += [] if now.open else [put]
        if good is None:
            at += timedelta(seconds=(rules.seconds or 60) + rules.grace + 1)
            continue
        at += timedelta(seconds=seconds)
        if state().open is not None:
            answers.append(Given(put.number, good, at, seconds * 1000))
    return puts, answers, at, deadline, len(order)


moves = st.lists(st.tuples(st.sampled_from([True, True, True, False, None]), st.integers(0, 9)),
                 max_size=25)


@given(good_rules(), moves, st.randoms())
def test_the_order_of_the_rows_does_not_matter_and_a_later_fold_agrees(rules, steps, chance):
    puts, answers, at, deadline, drawn = played(rules, steps)
    first = fold(rules, puts, answers, at, deadline=deadline, drawn=drawn)
    mixed, other = list(puts), list(answers)
    chance.shuffle(mixed)
    chance.shuffle(other)
    assert fold(rules, mixed, other, at, deadline=deadline, drawn=drawn) == first
    if first.over:
        later = fold(rules, puts, answers, at + 30 * DAY, deadline=deadline, drawn=drawn)
        assert later == first


@given(good_rules(), moves)
def test_what_a_run_is_worth_is_what_plain_counting_gives(rules, steps):
    puts, answers, at, deadline, drawn = played(rules, steps)
    state = fold(rules, puts, answers, at, deadline=deadline, drawn=drawn)
    good = {one.slot for one in answers if one.right}
    score = right = streak = done = best = 0
    seen = set()
    for put in puts:
        if put.number not in {one.slot for one in answers}:
            if state.outcomes.get(put.number) is Outcome.MISSED:
                streak = 0
                done += put.version_id not in seen
                seen.add(put.version_id)
            continue
        first = put.version_id not in seen
        done += first
        seen.add(put.version_id)
        streak = streak + 1 if put.number in good else 0
        best = max(best, streak)
        if put.number in good and first:
            right += 1
            last = rules.last_points and done == rules.questions
            score += rules.last_points if last else rules.points
            score += rules.combo if rules.combo and streak % rules.combo_every == 0 else 0
    assert (state.score, state.right, state.best_streak) == (score, right, best)
    assert len(puts) == len(state.outcomes)


@given(good_rules(), moves)
def test_each_end_rule_holds(rules, steps):
    puts, answers, at, deadline, drawn = played(rules, steps)
    state = fold(rules, puts, answers, at, deadline=deadline, drawn=drawn)
    if rules.end is End.FIRST_WRONG:
        assert state.wrong <= 1
        assert (state.over is Why.WRONG) is (state.wrong == 1)
    if rules.end is End.LIVES:
        assert state.wrong <= rules.lives
        assert state.lives == rules.lives - state.wrong
        assert (state.over is Why.LIVES) is (state.lives == 0)
    if rules.end is End.UNTIL_RIGHT and state.over is Why.ALL:
        assert set(state.outcomes.values()) <= {
            Outcome.RIGHT, Outcome.WRONG, Outcome.MISSED}
        final = {put.version_id: state.outcomes[put.number] for put in puts}
        assert set(final.values()) == {Outcome.RIGHT}
    if rules.questions and rules.end is not End.UNTIL_RIGHT:
        assert state.done <= rules.questions
    spared = sum(one is Outcome.SPARED for one in state.outcomes.values())
    assert spared + state.spares == rules.spares


@given(good_rules(), moves)
def test_a_lost_line_alone_never_costs_while_a_spare_is_left(rules, steps):
    """The first unanswered question leaves score, streak and chances as they were."""
    puts, answers, at, deadline, drawn = played(rules, [*steps, (None, 0)])
    if not puts or not rules.spares:
        return
    before = fold(rules, puts[:-1], answers, puts[-1].shown, deadline=deadline, drawn=drawn)
    after = fold(rules, puts, answers, at, deadline=deadline, drawn=drawn)
    if after.outcomes[puts[-1].number] is Outcome.SPARED:
        assert (after.score, after.streak, after.lives, after.wrong) == (
            before.score, before.streak, before.lives, before.wrong)


def test_the_run_s_own_time_is_no_wrong_answer():
    rules = replace(PRESETS["streak"].rules, minutes=1)
    puts = [Put(1, 7, NOW + 50 * SECOND, NOW + 80 * SECOND)]
    state = fold(rules, puts, [], NOW + DAY, deadline=NOW + 60 * SECOND, drawn=9)
    assert (state.over, state.wrong, state.ended) == (Why.TIME, 0, NOW + 60 * SECOND)
    assert (state.millis, state.spares) == (10_000, 1)


# ── drawing ─────────────────────────────────────────────────────────────────


@given(st.text(max_size=9), st.randoms())
def test_the_same_seed_draws_the_same_whatever_the_order_of_the_pool(seed, chance):
    pool = [(n, Kind.SINGLE if n % 2 else Kind.JUDGE) for n in range(30)]
    rules = Rules(questions=6, quotas={Kind.SINGLE: 4, Kind.JUDGE: 2}, seconds=9, spares=1)
    first = draw_order(rules, seed, pool)
    chance.shuffle(pool)
    assert draw_order(rules, seed, pool) == first
    assert len(set(first)) == len(first) == 7
    assert [n % 2 for n in first[:6]] == [1, 1, 1, 1, 0, 0]


def test_seeds_tell_people_days_and_runs_apart():
    day = NOW.date()
    seeds = {run_seed("s", person, day + one * DAY, number)
             for person in (1, 2) for one in (0, 1) for number in (1, 2)}
    assert len(seeds) == 8
    assert sorted(option_order("s", 1, Kind.SINGLE, 4)) == list("ABCD")
    assert option_order("s", 1, Kind.JUDGE, 2) == "AB"


def test_a_pool_that_is_too_small_says_of_what():
    rules = Rules(questions=5, quotas={Kind.SINGLE: 3, Kind.JUDGE: 2}, seconds=9, spares=1)
    assert shortages(rules, {Kind.SINGLE: 2, Kind.JUDGE: 9}) == [(Kind.SINGLE, 3, 2)]
    assert shortages(rules, {Kind.SINGLE: 3, Kind.JUDGE: 2}) == [(None, 6, 5)]
    assert shortages(rules, {Kind.SINGLE: 4, Kind.JUDGE: 2}) == []


# ── places ──────────────────────────────────────────────────────────────────

results = st.builds(
    Result, run_id=st.integers(1, 99), level=st.integers(1, 3), score=st.integers(0, 3),
    right=st.integers(0, 3), millis=st.integers(0, 3),
    ended=st.integers(0, 3).map(lambda n: NOW + n * SECOND),
)


@given(st.sampled_from(Tie), st.sampled_from(LastTie), st.lists(results, min_size=2, max_size=9))
def test_places_follow_the_printed_rule_and_nobody_shares(tie, last_tie, found):
    rules = Rules(questions=5, tie=tie, last_tie=last_tie)
    keyed = sorted(
        (rank_key(rules, one.score, one.millis, one.ended, lot("seed", person)), person)
        for person, one in enumerate(found)
    )
    assert len({key for key, _ in keyed}) == len(found)
    for (_, a), (_, b) in pairwise(keyed):
        x, y = found[a], found[b]
        assert x.score >= y.score
        if x.score == y.score:
            pair = (x.millis, y.millis) if tie is Tie.TIME else (x.ended, y.ended)
            assert pair[0] <= pair[1]
            other = (x.ended, y.ended) if tie is Tie.TIME else (x.millis, y.millis)
            if pair[0] == pair[1] and last_tie is LastTie.OTHER:
                assert other[0] <= other[1]


@given(st.sampled_from(Across), st.lists(results, max_size=9, unique_by=lambda one: one.run_id))
def test_a_result_is_what_the_words_say(across, found):
    rules = Rules(questions=5, across=across)
    made = total(rules, found)
    if not found:
        assert made is None
        return
    if across is Across.BEST:
        assert made.score == max(one.score for one in found)
    elif across is Across.SUM:
        assert made.score == sum(one.score for one in found)
        assert made.millis == sum(one.millis for one in found)
    else:
        levels = {one.level for one in found}
        assert made.score == sum(
            max(one.score for one in found if one.level == level) for level in levels)
    assert total(rules, reversed(found)) == made
