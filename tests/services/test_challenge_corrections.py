"""A question of a published challenge is corrected, and everything that follows from it."""

import csv
import io
from datetime import timedelta

import pytest
import sqlalchemy as sa

from legaled.domain.challenges import PRESETS, Outcome, Rules, Why
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.models import AuditEvent, ChallengeEntry, ChallengeRun
from legaled.services import (
    challenge_boards,
    challenge_corrections,
    challenge_facts,
    challenge_play,
    challenge_steps,
    challenge_views,
)
from tests import challenge_recount, challenge_world
from tests.factories import DAY, NOW

LATER = NOW + timedelta(hours=2)
DAILY = Rules(5, minutes=10, runs_a_day=1, spares=0, fast_millis=0)


@pytest.fixture(autouse=True)
def _boards_are_never_old(monkeypatch):
    monkeypatch.setattr(challenge_boards, "MAX_AGE", -1.0)
    monkeypatch.setattr(challenge_boards, "FROZEN_CHECK", -1.0)


@pytest.fixture
def arrange(database):
    """A challenge by these rules; `play` one run by a word a question: right, wrong, late."""

    def build(rules, **changes):
        with database.write() as session:
            return challenge_world.event(session, rules, **changes)

    return build


def play(database, event, number, words, at=NOW):
    who = event[number]
    with database.hot.turn() as turn:
        run_id = challenge_play.start_run(turn, who, event.id, at)
    live = challenge_play.running(database.hot, who, run_id, at)
    for word in words:
        if word == "late":
            at += timedelta(seconds=60)
            live = challenge_play.running(database.hot, who, run_id, at)
        else:
            at += timedelta(seconds=2)
            sent = getattr(challenge_world, word)(live)
            slot = live.slots[-1].put.number
            live = challenge_play.answer(database.hot, who, run_id, slot, sent, at).live
        if live.state.over is None:
            live = challenge_play.show_next(database.hot, who, run_id, at)
    with database.hot.turn() as turn:
        challenge_facts.close_run(turn, run_id, at)
    return run_id


def fix(database, event, version_id, key=(), at=LATER, who="trainer"):
    with database.write() as session:
        challenge_corrections.correct(
            session, event[who], event.id, version_id, key, "题目有错", at)
    while True:
        with database.write() as session:
            if not challenge_corrections.close_due(session, at):
                break


def look(database, run_id, at=LATER):
    with database.read() as session:
        run = session.get_one(ChallengeRun, run_id)
        live = challenge_views.read_run(challenge_views.rows_of(session), run_id, at)
        entry = session.scalars(sa.select(ChallengeEntry).where(
            ChallengeEntry.challenge_id == run.challenge_id,
            ChallengeEntry.person_id == run.person_id)).one()
        session.expunge_all()
        return run, live, entry


def test_void_is_right_for_whoever_was_shown_it(database, arrange):
    event = arrange(DAILY)
    run_id = play(database, event, "s1", ["right", "wrong", "right", "right", "wrong"])
    before, live, _ = look(database, run_id)
    fix(database, event, live.slots[1].put.version_id)
    run, live, entry = look(database, run_id)
    assert (before.score, run.score, entry.score) == (3, 4, 4)
    assert (run.right, run.answered, run.streak) == (4, 5, 4)
    assert (run.ended, run.end, run.millis) == (before.ended, before.end, before.millis)
    assert live.outcome(2) is Outcome.RIGHT


def test_a_void_question_that_nobody_answered_is_right_too(database, arrange):
    event = arrange(Rules(3, seconds=30, minutes=10, spares=0))
    run_id = play(database, event, "s1", ["right", "late", "right"])
    _, live, _ = look(database, run_id)
    fix(database, event, live.slots[1].put.version_id)
    run, _, _ = look(database, run_id)
    assert (run.score, run.right, run.answered, run.streak) == (3, 3, 3, 3)


def test_one_that_was_made_up_is_not_counted_twice(database, arrange):
    event = arrange(Rules(3, seconds=30, minutes=10, spares=1))
    run_id = play(database, event, "s1", ["right", "late", "right", "right"])
    _, live, _ = look(database, run_id)
    fix(database, event, live.slots[1].put.version_id)
    run, live, _ = look(database, run_id)
    assert (run.score, live.outcome(2)) == (3, Outcome.SPARED)


def test_another_key_gives_and_takes(database, arrange):
    event = arrange(DAILY, questions=5)
    one = play(database, event, "s1", ["right"] * 5)
    two = play(database, event, "s2", ["wrong"] * 5)
    _, live, _ = look(database, two)
    slot = live.slots[0]
    chosen = tuple(slot.order[ord(letter) - 65] for letter in slot.chosen)
    fix(database, event, slot.put.version_id, chosen)
    assert look(database, one)[0].score == 4
    run, _, entry = look(database, two)
    assert (run.score, entry.score) == (1, 1)
    fix(database, event, slot.put.version_id, slot.item.published_key, LATER + DAY)  # taken back
    assert [look(database, run)[0].score for run in (one, two)] == [5, 0]


def test_a_run_that_it_ended_is_given_back_once(database, arrange):
    event = arrange(PRESETS["streak"].rules, spares=0)
    run_id = play(database, event, "s1", ["right", "right", "wrong"])
    before, live, _ = look(database, run_id)
    assert live.state.over is Why.WRONG
    with database.hot.turn() as turn, pytest.raises(ConflictError, match="challenge_cap"):
        challenge_play.start_run(turn, event["s1"], event.id, LATER)
    fix(database, event, live.slots[2].put.version_id)
    run, _, _ = look(database, run_id)
    assert (run.score, run.given_back) == (before.score + 1, True)
    assert (run.ended, run.end) == (before.ended, "wrong")
    again = play(database, event, "s1", ["wrong"], LATER + timedelta(hours=1))
    with database.hot.turn() as turn, pytest.raises(ConflictError, match="challenge_cap"):
        challenge_play.start_run(turn, event["s1"], event.id, LATER + timedelta(hours=3))
    play(database, event, "s1", ["wrong"], LATER + DAY)
    with database.hot.turn() as turn, pytest.raises(ConflictError, match="challenge_cap"):
        challenge_play.start_run(turn, event["s1"], event.id, LATER + DAY)
    assert not look(database, again)[0].given_back


def test_what_was_right_and_is_wrong_now_ends_nothing(database, arrange):
    event = arrange(PRESETS["streak"].rules, spares=0)
    run_id = play(database, event, "s1", ["right", "right", "right", "wrong"])
    before, live, _ = look(database, run_id)
    slot = live.slots[1]
    key = next(letter for letter in "ABCD" if letter not in slot.item.key)
    fix(database, event, slot.put.version_id, (key,))
    run, live, _ = look(database, run_id)
    assert (before.score, run.score, run.end, run.given_back) == (3, 2, "wrong", False)
    assert live.state.over is Why.WRONG
    assert run.ended == before.ended


def test_a_run_goes_on_through_a_correction(database, arrange):
    """Another process's memory of the keys follows, and nothing ends or jumps."""
    event = arrange(PRESETS["streak"].rules, spares=0)
    who = event["s1"]
    with database.hot.turn() as turn:
        run_id = challenge_play.start_run(turn, who, event.id, NOW)
    live = challenge_play.running(database.hot, who, run_id, NOW)
    order = live.order
    first, at = live.slots[0], NOW + timedelta(seconds=3)
    challenge_play.answer(
        database.hot, who, run_id, 1, challenge_world.right(live), at)
    live = challenge_play.show_next(database.hot, who, run_id, at)
    other = tuple(next(one for one in "ABCD" if one not in first.item.key))
    fix(database, event, first.put.version_id, other, at)
    live = challenge_play.running(database.hot, who, run_id, at)
    assert live.state.over is None
    assert (live.state.score, live.order) == (0, order)
    fix(database, event, live.slots[1].put.version_id, (), at)
    checked = challenge_play.answer(
        database.hot, who, run_id, 2, challenge_world.wrong(live), at + timedelta(seconds=20))
    assert (checked.outcome, checked.live.state.over) == (Outcome.RIGHT, None)


def test_later_runs_do_not_draw_what_is_void_while_enough_remain(database, arrange):
    event = arrange(DAILY, questions=6)
    run_id = play(database, event, "s1", ["right"] * 5)
    _, live, _ = look(database, run_id)
    gone = [slot.put.version_id for slot in live.slots[:2]]
    fix(database, event, gone[0])
    _, live, _ = look(database, play(database, event, "s2", ["right"] * 5, LATER + DAY / 24))
    assert gone[0] not in live.order
    assert len(live.order) == 5
    fix(database, event, gone[1], at=LATER + DAY / 12)
    _, live, _ = look(database, play(database, event, "s3", ["right"] * 5, LATER + DAY / 6))
    assert len(live.order) == 5  # four would be left: the pool stays as it was


def test_boards_follow_also_the_frozen_one_and_the_file_says_the_same(database, arrange):
    event = arrange(DAILY, questions=5)
    one = play(database, event, "s1", ["right"] * 4 + ["wrong"])
    play(database, event, "s2", ["right"] * 5)
    _, live, _ = look(database, one)
    slot = live.slots[4]
    with database.write() as session:
        session.get_one(challenge_boards.Challenge, event.id).frozen_from = LATER - DAY / 24

    def seen(at):
        with database.read() as session:
            board = challenge_boards.board(session, event["s1"], event.id, at)
            return board.frozen, [(one.who.number, one.who.score) for one in board.places]

    assert seen(LATER) == (True, [("s2", 5), ("s1", 4)])
    chosen = tuple(slot.order[ord(letter) - 65] for letter in slot.chosen)
    fix(database, event, slot.put.version_id, chosen)  # one gains what the other loses
    assert seen(LATER) == (True, [("s1", 5), ("s2", 4)])
    with database.read() as session:
        data = challenge_steps.steps(session, event["office"], event.id, NOW + 9 * DAY)
    assert [(person, score) for person, score, _ in challenge_recount.people(data)] == [
        (event["s1"].id, 5), (event["s2"].id, 4)]
    rows = list(csv.DictReader(io.StringIO(
        data.decode("utf-8-sig").split("步骤\r\n")[1])))
    changed = [row for row in rows if row["更正"]]
    assert {(row["当时答对"], row["答对"]) for row in changed} == {("0", "1"), ("1", "0")}


def test_who_may_and_what_is_refused(database, arrange):
    event = arrange(DAILY)
    run_id = play(database, event, "s1", ["right"] * 5)
    slot = look(database, run_id)[1].slots[0]
    version = slot.put.version_id

    def attempt(who, version_id, key, reason):
        with database.write() as session:
            challenge_corrections.correct(
                session, event[who], event.id, version_id, key, reason, LATER)

    with pytest.raises(NotFoundError):
        attempt("s1", version, (), "x")
    with pytest.raises(NotFoundError):
        attempt("trainer", 2**40, (), "x")
    with pytest.raises(InvalidError, match="reason_needed"):
        attempt("trainer", version, (), " ")
    with pytest.raises(ConflictError, match="challenge_same_key"):
        attempt("trainer", version, slot.item.key, "x")
    fix(database, event, version)
    with pytest.raises(ConflictError, match="challenge_same_key"):
        attempt("trainer", version, (), "x")
    with database.read() as session:
        noted = session.scalars(
            sa.select(AuditEvent).where(AuditEvent.action == "challenge.correct")).all()
        assert ["题目有错" in one.detail for one in noted] == [True]


def test_a_killed_recomputation_goes_on_where_it_was(database, arrange, monkeypatch):
    monkeypatch.setattr(challenge_corrections, "BATCH", 1)
    event = arrange(DAILY, questions=5)
    runs = [play(database, event, number, ["wrong"] * 5) for number in challenge_world.PLAYERS]
    version = look(database, runs[0])[1].slots[0].put.version_id
    with database.write() as session:
        challenge_corrections.correct(
            session, event["trainer"], event.id, version, (), "x", LATER)
    done = []
    for _ in range(4):
        with database.write() as session:
            challenge_corrections.close_due(session, LATER)
        done.append([look(database, run)[0].score for run in runs])
    assert done == [[1, 0, 0], [1, 1, 0], [1, 1, 1], [1, 1, 1]]
    with database.read() as session:
        assert not challenge_corrections.has_due(session, LATER)
