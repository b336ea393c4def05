"""A board from the exported file alone, in plain Python, against the one that people see."""

import random
from datetime import timedelta

import pytest

from legaled.domain.challenges import PRESETS, Across, Tie
from legaled.services import challenge_boards, challenge_facts, challenge_play, challenge_steps
from tests import challenge_recount, challenge_world
from tests.factories import DAY, NOW


@pytest.fixture(autouse=True)
def _boards_are_never_old(monkeypatch):
    monkeypatch.setattr(challenge_boards, "MAX_AGE", -1.0)


def play(database, event, number, rules, chance, at, level=0):
    """One run, answered by chance and in time; the moment after it."""
    who = event[number]
    with database.hot.turn() as turn:
        run_id = challenge_play.start_run(turn, who, event.id, at, level=level)
    live = challenge_play.running(database.hot, who, run_id, at)
    while live.state.over is None:
        slow = rules.seconds and chance.random() < 0.2
        at += timedelta(milliseconds=chance.randint(500, 9000) + slow * 60_000)
        if slow:  # nothing comes in time; the page goes on by itself
            live = challenge_play.running(database.hot, who, run_id, at)
            if live.state.over is None:
                live = challenge_play.show_next(database.hot, who, run_id, at)
            continue
        answer = challenge_world.right(live) if chance.random() < 0.8 else (
            challenge_world.wrong(live))
        slot = live.slots[-1].put.number
        live = challenge_play.answer(database.hot, who, run_id, slot, answer, at).live
        if live.state.over is None:
            at += timedelta(seconds=1)
            live = challenge_play.show_next(database.hot, who, run_id, at)
    with database.hot.turn() as turn:
        challenge_facts.close_run(turn, run_id, at)
    return at + timedelta(seconds=5), run_id


RULES = {
    "day": {"questions": 8, "quotas": {}, "combo": 3, "combo_every": 2},
    "daily": {}, "streak": {}, "cloud": {},
    "levels": {"levels": 2}, "tie": {"across": Across.SUM, "tie": Tie.TIME},
}


@pytest.mark.parametrize("preset", RULES)
def test_the_board_is_what_the_file_says(database, preset):
    chance = random.Random(preset)
    base = PRESETS["daily" if preset == "tie" else preset].rules
    with database.write() as session:
        event = challenge_world.event(session, base, **RULES[preset])
    voided, last = [], NOW
    for number in challenge_world.PLAYERS:
        at = NOW
        for go in range(1 if preset in ("day", "streak") else 3):
            at, run_id = play(database, event, number, base, chance, at,
                              level=1 if preset == "levels" else 0)
            voided += [run_id] if (number, go) == ("s2", 1) else []
        last = max(last, at)
    with database.write() as session:
        for run_id in voided:
            challenge_facts.void_run(session, event["office"], run_id, "故障", last)
    after = NOW + 9 * DAY
    with database.read() as session:
        board = challenge_boards.board(session, event["s1"], event.id, after)
        data = challenge_steps.steps(session, event["office"], event.id, after)
    seen = [(one.who.person_id, one.who.score, one.who.best_millis) for one in board.places]
    assert len(seen) == 3
    assert challenge_recount.people(data) == seen


def test_the_seed_is_told_after_the_end_only(database):
    with database.write() as session:
        event = challenge_world.event(session)
    with database.read() as session:
        early = challenge_steps.steps(session, event["office"], event.id, NOW)
    assert "结束后公布" in early.decode("utf-8-sig")


def test_a_frozen_board_is_the_one_that_was_seen_then(database, monkeypatch):
    """As of a moment from the runs: the same as the live board of that moment."""
    monkeypatch.setattr(challenge_boards, "FROZEN_CHECK", -1.0)
    chance, rules = random.Random(5), PRESETS["daily"].rules
    with database.write() as session:
        event = challenge_world.event(session, rules)
    at = NOW
    for number in challenge_world.PLAYERS:
        at, _ = play(database, event, number, rules, chance, at)
    with database.write() as session:
        then = challenge_boards.board(session, event["s1"], event.id, at)
        found = session.get_one(challenge_boards.Challenge, event.id)
        found.frozen_from = at
    for number in challenge_world.PLAYERS:
        play(database, event, number, rules, chance, at + timedelta(hours=1))
    now = at + timedelta(hours=2)
    with database.read() as session:
        frozen = challenge_boards.board(session, event["s1"], event.id, now)
        live = challenge_boards.live_board(session, event.id, now)
        mine = challenge_boards.my_place(session, event.id, event["s1"].id, now)
    assert frozen.frozen
    assert frozen.places == then.places
    assert live.places != then.places
    assert mine.frozen
    assert mine.place == then.place_of[event["s1"].id]
    assert mine.who.counted_runs == 2


def test_a_refresh_is_two_statements_whoever_looks(database, count_queries):
    with database.write() as session:
        event = challenge_world.event(session)
    with database.read() as session:
        count_queries.clear()
        for number in ("s1", "s2", "guest"):
            challenge_boards.board(session, event[number], event.id, NOW)
        assert len([one for one in count_queries if "challenge" in one]) == 6
    challenge_boards.MAX_AGE = 60.0
    with database.read() as session:
        challenge_boards.board(session, event["s1"], event.id, NOW)
        count_queries.clear()
        for number in ("s1", "s2", "guest"):
            challenge_boards.board(session, event[number], event.id, NOW)
        assert [one for one in count_queries if "challenge" in one] == []
