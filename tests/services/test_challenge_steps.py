"""A board from the exported file alone, in plain Python, against the one that people see."""

import csv
import io
import json
import random
from collections import defaultdict
from datetime import datetime, timedelta
from hashlib import sha256

import pytest

from legaled.domain.challenges import PRESETS, Across, Tie
from legaled.services import challenge_boards, challenge_facts, challenge_play, challenge_steps
from tests import challenge_world
from tests.factories import DAY, NOW


@pytest.fixture(autouse=True)
def _boards_are_never_old(monkeypatch):
    monkeypatch.setattr(challenge_boards, "MAX_AGE", -1.0)


def play(database, event, number, rules, chance, at, level=0):
    """One run, answered by chance and in time; the moment after it."""
    who = event[number]
    with database.write() as session:
        run_id = challenge_play.start_run(session, who, event.id, at, level=level)
    live = challenge_play.running(database.hot, who, run_id, at)
    while live.state.over is None:
        at += timedelta(milliseconds=chance.randint(500, 9000))
        answer = challenge_world.right(live) if chance.random() < 0.8 else (
            challenge_world.wrong(live))
        slot = live.slots[-1].put.number
        live = challenge_play.answer(database.hot, who, run_id, slot, answer, at).live
        if live.state.over is None:
            at += timedelta(seconds=1)
            live = challenge_play.show_next(database.hot, who, run_id, at)
    with database.write() as session:
        challenge_facts.close_run(session, run_id, at)
    return at + timedelta(seconds=5), run_id


def tables(data):
    """The file's tables by their titles, each row by its headings."""
    found, title, header = {}, None, None
    for row in csv.reader(io.StringIO(data.decode("utf-8-sig"))):
        if not row:
            title = header = None
        elif title is None:
            title = row[0]
        elif header is None:
            header = row
            found[title] = []
        else:
            found[title].append(dict(zip(header, row, strict=True)))
    return found


def worth(rows, rules):
    """(score, milliseconds) of one run from its lines."""
    score = streak = millis = 0
    tried = set()
    for row in sorted(rows, key=lambda one: int(one["题序"])):
        millis += int(row["用时毫秒"])
        is_right, is_first = row["答对"] == "1", row["题目版本"] not in tried
        tried.add(row["题目版本"])
        streak = streak + 1 if is_right else 0
        if is_right and is_first:
            is_last = rules["last_points"] and len(tried) == rules["questions"]
            score += rules["last_points"] if is_last else rules["points"]
            score += rules["combo"] if rules["combo_every"] and (
                streak % rules["combo_every"] == 0) else 0
    return score, millis


def together(rules, found, key):
    """One result from a person's (score, milliseconds, end, level) of every run."""
    if rules["across"] == "best":
        return min(found, key=key)
    last = max([one[2] for one in found if one[0]] or [one[2] for one in found])
    if rules["across"] == "levels":
        found = [min((one for one in found if one[3] == level), key=key)
                 for level in {one[3] for one in found}]
        last = max(one[2] for one in found)
    return sum(one[0] for one in found), sum(one[1] for one in found), last


def recount(data):
    """(person, score, milliseconds) of the board, from the file and from nothing else."""
    read = tables(data)
    head = {row["名目"]: row["值"] for row in read["规则"]}
    rules, seed = json.loads(head["规则"]), head["种子"]
    runs, results = defaultdict(list), defaultdict(list)
    for row in read["步骤"]:
        if row["计分"] == "1" and row["结束"] and not row["作废"]:
            runs[row["轮"]].append(row)
    for rows in runs.values():
        ended = datetime.fromisoformat(rows[0]["结束"]).timestamp()
        results[rows[0]["人"]].append((*worth(rows, rules), ended, rows[0]["关"]))

    def key(one):
        return (-one[0], *((one[1], one[2]) if rules["tie"] == "time" else (one[2], one[1])))

    totals = {person: together(rules, found, key) for person, found in results.items()}
    order = sorted(totals, key=lambda person: (
        *key(totals[person]), sha256(f"{seed}:{person}".encode()).hexdigest()))
    return [(int(person), *totals[person][:2]) for person in order]


RULES = {
    "day": {"questions": 8, "quotas": {}}, "daily": {}, "streak": {}, "cloud": {},
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
    assert recount(data) == seen


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
