"""Playing a challenge: caps, clocks, devices, faults; the rule decides, on both databases."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from legaled.domain.challenges import PRESETS, Outcome, Result, Why, total
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.models import (
    Card,
    Challenge,
    ChallengeEntry,
    ChallengeRun,
    ChallengeSlot,
    ChallengeStep,
    Exam,
)
from legaled.services import (
    attempts,
    challenge_facts,
    challenge_play,
    exams,
)
from legaled.services.challenge_draw import rows_of
from legaled.services.challenge_runs import read_run
from tests import challenge_world, factories
from tests.challenge_world import right, wrong
from tests.factories import DAY, HOUR, MINUTE, NOW
from tests.services.test_races import together

SECOND = timedelta(seconds=1)


class Play:
    """A player with a clock: `go` answers the question that waits, and asks for the next."""

    def __init__(self, database, made, number="s1"):
        self.database, self.made, self.who = database, made, made[number]
        self.at, self.run = NOW, 0

    def start(self, **values):
        with self.database.hot.turn() as turn:
            self.run = challenge_play.start_run(
                turn, self.who, self.made.id, self.at, **values
            )
        return self.live()

    def live(self):
        return challenge_play.running(self.database.hot, self.who, self.run, self.at)

    def next(self):
        return challenge_play.show_next(self.database.hot, self.who, self.run, self.at)

    def answer(self, sent, number=None):
        number = number or self.live().slots[-1].put.number
        return challenge_play.answer(
            self.database.hot, self.who, self.run, number, sent, self.at
        )

    def go(self, good=True, after=5):
        live = self.live()
        if live.state.open is None:
            live = self.next()
        self.at += timedelta(seconds=after)
        return self.answer((right if good else wrong)(live))

    def close(self, **values):
        with self.database.hot.turn() as turn:
            return challenge_facts.close_run(turn, self.run, self.at, **values)

    def entry(self):
        with self.database.read() as session:
            found = session.scalar(sa.select(ChallengeEntry).where(
                ChallengeEntry.challenge_id == self.made.id,
                ChallengeEntry.person_id == self.who.id))
            session.expunge(found)
            return found

    def row(self):
        with self.database.read() as session:
            found = session.get_one(ChallengeRun, self.run)
            session.expunge(found)
            return found


@pytest.fixture
def arrange(database):
    def make(rules=None, number="s1", **values):
        with database.write() as session:
            made = challenge_world.event(
                session, PRESETS[rules].rules if rules else None, **values
            )
        return Play(database, made, number)

    return make


def count(database, model):
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(model))


def test_the_first_wrong_answer_ends_the_run_and_its_facts_are_the_fold(arrange):
    play = arrange()
    play.start()
    for _ in range(3):
        checked = play.go()
        assert checked.outcome is Outcome.RIGHT
        assert not checked.live.state.over
    checked = play.go(good=False)
    assert checked.live.state.over is Why.WRONG
    assert play.close()
    row, entry = play.row(), play.entry()
    assert (row.end, row.score, row.right, row.answered, row.streak) == ("wrong", 3, 3, 4, 3)
    assert (row.millis, row.ended) == (20_000, NOW + 20 * SECOND)
    assert (entry.score, entry.best_millis, entry.best_run_id) == (3, 20_000, row.id)
    assert (entry.runs, entry.counted_runs, entry.changed) == (1, 1, play.at)


def test_after_the_end_nothing_is_put_and_nothing_is_taken(arrange):
    play = arrange()
    play.start()
    play.go(good=False)
    play.close()
    assert len(play.next().slots) == 1
    assert play.answer(["A"]).repeated  # what has its answer keeps it


def test_a_refresh_and_a_second_device_see_the_same_question_and_the_same_clock(arrange):
    play = arrange()
    first = play.start().slots[-1]
    play.at += 7 * SECOND
    assert play.start().slots[-1] == first
    assert play.next().slots == (first,)
    assert first.put.deadline == NOW + 30 * SECOND


def test_the_second_answer_gets_the_first_verdict(arrange, database):
    play = arrange()
    live = play.start()
    play.at += SECOND
    assert play.answer(right(live)).outcome is Outcome.RIGHT
    again = play.answer(wrong(live))
    assert (again.outcome, again.repeated, again.slot.chosen) == (
        Outcome.RIGHT, True, tuple(right(live)))
    assert count(database, ChallengeStep) == 1


def test_two_devices_answer_at_once_and_one_answer_stands(arrange, database):
    play = arrange()
    live = play.start()
    play.at += SECOND
    results = together(*(lambda sent=s: play.answer(sent) for s in (right(live), wrong(live)) * 5))
    assert len({one.outcome for one in results}) == 1
    assert count(database, ChallengeStep) == 1


def test_two_devices_ask_for_the_next_question_at_once_and_get_one(arrange, database):
    play = arrange()
    play.start()
    play.go()
    results = together(*[play.next] * 8)
    assert len({one.slots[-1] for one in results}) == 1
    assert count(database, ChallengeSlot) == 2


@pytest.mark.parametrize("number", [2, 99, 10**12])
def test_a_question_that_was_not_put_cannot_be_answered(arrange, number):
    play = arrange()
    play.start()
    with pytest.raises(NotFoundError):
        play.answer(["A"], number)


@pytest.mark.parametrize("sent", [["Z"], ["A", "B"], "A", None, [1], ["\0"], ["A"] * 9])
def test_nonsense_is_refused_and_the_question_waits_on(arrange, sent):
    play = arrange()
    play.start()
    with pytest.raises(InvalidError, match="bad_answer"):
        play.answer(sent)
    with pytest.raises(InvalidError, match="challenge_no_answer"):
        play.answer([])
    assert play.live().state.open is not None


def test_somebody_elses_run_looks_like_none(arrange):
    play = arrange()
    play.start()
    play.who = play.made["s2"]
    for call in (play.live, play.next, lambda: play.answer(["A"], 1)):
        with pytest.raises(NotFoundError):
            call()
    with play.database.hot.turn() as turn, pytest.raises(NotFoundError):
        challenge_facts.leave_run(turn, play.who, play.run, play.at)


# ── the clock ───────────────────────────────────────────────────────────────


@pytest.mark.parametrize(("after", "outcome"), [
    (30, Outcome.RIGHT), (33, Outcome.RIGHT), (33.001, Outcome.SPARED),
])
def test_an_answer_is_taken_until_the_clock_and_the_grace(arrange, after, outcome):
    play = arrange()
    live = play.start()
    play.at += timedelta(seconds=after)
    checked = play.answer(right(live))
    assert checked.outcome is outcome
    assert checked.slot.millis == 30_000  # the grace is not charged
    assert checked.slot.in_time is (outcome is Outcome.RIGHT)


def test_a_lost_line_is_made_up_once_and_then_costs_the_run(arrange):
    play = arrange()
    play.start()
    play.go()
    play.next()
    play.at += 5 * MINUTE
    assert challenge_play.last_checked(play.live()).outcome is Outcome.SPARED
    state = play.go().live.state
    assert (state.score, state.streak, state.spares, state.over) == (2, 2, 0, None)
    assert state.millis == 5_000 + 30_000 + 5_000
    play.next()
    play.at += 5 * MINUTE
    assert play.live().state.over is Why.WRONG
    play.close()
    assert play.row().score == 2


def test_coming_back_within_the_clock_goes_on_with_what_is_left(arrange):
    play = arrange()
    play.start()
    play.at += 20 * SECOND
    assert play.next().state.open.deadline - play.at == 10 * SECOND


def test_a_new_process_goes_on_from_the_rows(arrange, database):
    """The server was killed: nothing is known but what stands in the tables."""
    from legaled import db
    from legaled.services import challenge_draw

    play = arrange("cloud")
    play.start()
    for good in (True, False, True):
        play.go(good)
    before = play.live()
    challenge_draw._KNOWN.clear()
    other = db.Database(database.engine.url.render_as_string(hide_password=False))
    try:
        play.database = other
        assert play.live().state == before.state
        play.go()
        assert play.live().state.score == 30
    finally:
        other.close()


def test_an_answer_faster_than_any_reader_is_marked(arrange):
    play = arrange()
    play.start()
    for _ in range(3):
        play.go(after=0.2)
    play.go(after=0.4)
    play.go(good=False)
    play.close()
    assert (play.row().fast, play.row().score) == (3, 4)


# ── caps, days, seasons ─────────────────────────────────────────────────────


def test_the_counted_run_of_the_day_is_one_and_practice_is_free(arrange):
    play = arrange()
    play.start()
    play.go(good=False)
    play.close()
    with pytest.raises(ConflictError, match="challenge_cap"):
        play.start()
    for _ in range(3):
        play.start(practice=True)
        play.go()
        play.go(good=False)
        play.close()
    entry = play.entry()
    assert (entry.runs, entry.counted_runs, entry.score, entry.answered) == (4, 1, 0, 1)


def test_practice_is_refused_where_there_is_none(arrange):
    play = arrange("daily")
    with pytest.raises(ConflictError, match="challenge_no_practice"):
        play.start(practice=True)


def test_one_run_in_all_is_one_on_every_day(arrange):
    play = arrange("day")
    play.start()
    play.close(leave=True)
    play.at += DAY
    with pytest.raises(ConflictError, match="challenge_cap"):
        play.start()


def test_twenty_starts_at_once_open_one_run(arrange, database):
    play = arrange("daily")
    found = together(*[lambda: play.start().id] * 20)
    assert set(found) == {play.run}
    assert count(database, ChallengeRun) == 1
    assert count(database, ChallengeSlot) == 1


def test_twenty_devices_that_start_and_leave_never_pass_the_daily_cap(arrange, database):
    play = arrange("daily")

    def start_and_leave():
        with database.hot.turn() as turn:
            run = challenge_play.start_run(turn, play.who, play.made.id, NOW)
            challenge_facts.close_run(turn, run, NOW, leave=True)
            return run

    found = together(*[start_and_leave] * 20)
    opened = {one for one in found if isinstance(one, int)}
    assert len(opened) == 5
    assert [one.args for one in found if not isinstance(one, int)] == [("challenge_cap",)] * 15
    assert count(database, ChallengeRun) == 5


def test_the_key_itself_refuses_a_number_that_was_taken(arrange, database):
    play = arrange("daily")
    play.start()
    row = play.row()
    with pytest.raises(sa.exc.IntegrityError), database.write() as session:
        session.add(ChallengeRun(
            challenge_id=row.challenge_id, person_id=row.person_id, day=row.day, number=row.number,
            counted=True, seed="x", started=NOW, deadline=NOW))


def test_a_run_belongs_to_the_beijing_day_on_which_it_began(arrange):
    play = arrange("daily", ends=NOW + 10 * DAY, counted_a_day=1, runs_a_day=1)
    play.at = datetime(2026, 11, 23, 15, 59, 50, tzinfo=UTC)  # 23:59:50
    play.start()
    for _ in range(5):
        play.go()
    play.close()
    assert play.at > datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert str(play.row().day) == "2026-11-23"
    play.start()  # the new day has its own
    assert (str(play.row().day), play.row().number) == ("2026-11-24", 1)
    play.close(leave=True)
    play.at = datetime(2026, 11, 24, 15, 59, 59, tzinfo=UTC)
    with pytest.raises(ConflictError, match="challenge_cap"):
        play.start()
    play.at += SECOND
    assert str(play.start().day) == "2026-11-25"


def test_a_run_left_open_over_midnight_is_closed_as_of_its_time_before_a_new_one(arrange):
    play = arrange("daily")
    first = play.start().id
    play.go()
    play.at += DAY
    assert play.start().id != first
    with play.database.read() as session:
        old = session.get_one(ChallengeRun, first)
        assert (old.end, old.ended, old.score) == ("time", NOW + 10 * MINUTE, 1)


def test_the_season_ends_a_run_in_the_middle(arrange):
    play = arrange("daily", ends=NOW + 12 * SECOND)
    live = play.start()
    assert live.deadline == NOW + 12 * SECOND
    play.go()
    play.next()
    play.at = NOW + 15 * SECOND  # the grace
    assert play.answer(right(play.live())).outcome is Outcome.RIGHT
    assert play.next().state.over is Why.TIME
    play.close()
    assert (play.row().score, play.row().end, play.row().ended) == (2, "time", NOW + 12 * SECOND)
    with pytest.raises(ConflictError, match="challenge_not_open"):
        play.start()


@pytest.mark.parametrize("at", [NOW - HOUR - SECOND, NOW + 3 * DAY])
def test_nothing_starts_outside_of_the_season(arrange, at):
    play = arrange()
    play.at = at
    with pytest.raises(ConflictError, match="challenge_not_open"):
        play.start()


def test_who_is_not_listed_does_not_play_and_a_draft_is_not_there(arrange, database):
    play = arrange(number="guest")
    with pytest.raises(ConflictError, match="challenge_not_listed"):
        play.start()
    play.who = play.made["s1"]
    with database.write() as session:
        session.get_one(Challenge, play.made.id).published = None
    with pytest.raises(NotFoundError):
        play.start()


def test_a_cancelled_challenge_stops_at_once(arrange, database):
    play = arrange()
    play.start()
    with database.write() as session:
        session.get_one(Challenge, play.made.id).cancelled = NOW
    with pytest.raises(ConflictError, match="challenge_run_over"):
        play.go()
    with pytest.raises(ConflictError, match="challenge_not_open"):
        play.start()


def test_who_sits_an_exam_from_the_same_bank_sees_no_question_and_no_answer(arrange, database):
    play = arrange()
    play.start()
    with database.write() as session:
        quotas = {factories.Kind.SINGLE: (5, 20)}
        exam = exams.create(session, factories.SYSTEM, factories.draft(
            [play.made.bank_id], quotas=quotas), NOW)
        exams.publish(session, factories.SYSTEM, exam, NOW)
        attempt = attempts.start(session, play.who, exam, NOW)
    for call in (play.go, play.start):
        with pytest.raises(ConflictError, match="sitting"):
            call()
    with database.write() as session:
        attempts.submit(session, play.who, attempt, {}, play.at)
    assert play.go().outcome is Outcome.RIGHT
    assert count(database, Exam) == 1


# ── other ends, levels, sums ────────────────────────────────────────────────


def test_the_wrong_ones_come_again_until_all_are_right(arrange):
    play = arrange("cloud")
    play.start()
    for number in range(10):
        play.go(good=number not in (2, 5))
    live = play.next()
    assert live.slots[-1].put.version_id == live.slots[2].put.version_id
    play.go(good=False)
    play.go()
    checked = play.go()
    assert checked.live.state.over is Why.ALL
    assert len(checked.live.slots) == 13
    play.close()
    assert (play.row().score, play.row().right, play.row().answered) == (80, 8, 10)


def test_what_was_wrong_goes_into_the_book_of_mistakes_when_the_run_ends(arrange, database):
    play = arrange("cloud")
    play.start()
    play.go()
    play.go(good=False)
    assert count(database, Card) == 0
    play.close(leave=True)
    assert count(database, Card) == 1


def test_a_level_opens_with_the_gate_of_the_one_before(arrange):
    play = arrange("levels")
    with pytest.raises(NotFoundError):
        play.start()
    with pytest.raises(ConflictError, match="challenge_level_locked"):
        play.start(level=2)
    for wrong_ones, opens in ((2, False), (1, True)):
        play.start(level=1)
        for number in range(5):
            play.go(good=number >= wrong_ones)
        play.close()
        if opens:
            play.start(level=2)
        else:
            with pytest.raises(ConflictError, match="challenge_level_locked"):
                play.start(level=2)
    for _ in range(5):
        play.go()
    play.close()
    entry = play.entry()
    # level 1: four right in a row, 5 extra for the third, 20 for the last; level 2: five right
    assert (entry.level, entry.score) == (2, (10 * 3 + 20 + 5) + (10 * 4 + 20 + 5))


def test_a_season_of_daily_runs_adds_up(arrange):
    play = arrange("daily")
    for _ in range(2):
        for _ in range(3):
            play.start()
            for number in range(5):
                play.go(good=number != 4)
            play.close()
        play.at += DAY
    entry = play.entry()
    assert (entry.score, entry.best_millis, entry.counted_runs) == (24, 6 * 25_000, 6)


def test_no_question_comes_twice_in_a_run_and_the_draw_can_be_shown_again(arrange, database):
    play = arrange(questions=12)
    live = play.start()
    for _ in range(12):
        live = play.go().live
    assert live.state.over is Why.ALL
    versions = [slot.put.version_id for slot in live.slots]
    assert len(set(versions)) == 12
    assert tuple(versions) == live.challenge.order(live.seed, 0, live.started)


# ── closing by the clock, corrections ───────────────────────────────────────


def test_close_due_stores_what_ran_out_and_does_it_once(arrange, database):
    play = arrange("daily")
    play.start()
    play.go()
    late = NOW + 11 * MINUTE
    with database.read() as session:
        assert not challenge_facts.has_due(session, NOW + 10 * MINUTE)
        assert challenge_facts.has_due(session, late)
    with database.write() as session:
        assert challenge_facts.close_due(session, late) == 1
        assert challenge_facts.close_due(session, late) == 0
    assert (play.row().end, play.row().score, play.entry().score) == ("time", 1, 1)


def test_a_voided_run_gives_its_place_back_and_does_not_count(arrange, database):
    play = arrange()
    play.start()
    play.go()
    play.go(good=False)
    play.close()
    void = challenge_facts.void_run
    with database.write() as session:
        with pytest.raises(NotFoundError):
            void(session, play.who, play.run, "故障", NOW)
        with pytest.raises(InvalidError, match="reason_needed"):
            void(session, play.made["trainer"], play.run, " ", NOW)
        void(session, play.made["trainer"], play.run, "服务器断电", NOW)
    assert (play.entry().score, play.entry().runs) == (None, 0)
    with database.write() as session, pytest.raises(ConflictError, match="already_voided"):
        void(session, play.made["office"], play.run, "再一次", NOW)
    assert play.start().number == 2


def test_the_entry_is_what_the_steps_say(arrange, database):
    """The facts, spoilt on purpose, come back from the steps."""
    play = arrange("daily")
    for _ in range(3):
        play.start()
        for number in range(5):
            play.go(good=number % 2 == 0)
        play.close()
    before = play.entry()
    with database.write() as session:
        session.execute(sa.update(ChallengeRun).values(score=77, millis=1, right=0, end="left"))
        session.execute(sa.update(ChallengeEntry).values(score=999, best_millis=0))
        session.execute(sa.update(ChallengeRun).values(end="all"))
        for run_id in session.scalars(sa.select(ChallengeRun.id)).all():
            challenge_facts.refold_run(session, run_id, play.at)
    after = play.entry()
    names = ("score", "best_millis", "best_ended", "best_run_id", "right", "answered", "level")
    assert [getattr(after, n) for n in names] == [getattr(before, n) for n in names]
    with database.read() as session:
        plain = []
        for run_id in session.scalars(sa.select(ChallengeRun.id)):
            live = read_run(rows_of(session), run_id, play.at)
            good = sum(slot.right and slot.in_time for slot in live.slots)
            millis = sum(slot.millis for slot in live.slots)
            plain.append(Result(run_id, 0, good, good, millis, live.slots[-1].at))
    assert total(PRESETS["daily"].rules, plain).score == after.score == 9
    assert sum(one.millis for one in plain) == after.best_millis


def test_leaving_keeps_what_was_answered_and_a_refold_agrees(arrange, database):
    play = arrange("day")
    play.start()
    play.go()
    play.next()
    play.at += 10 * SECOND
    with database.hot.turn() as turn:
        challenge_facts.leave_run(turn, play.who, play.run, play.at)
    row = play.row()
    assert (row.end, row.score, row.millis, row.answered) == ("left", 2, 15_000, 1)
    with database.write() as session:
        challenge_facts.refold_run(session, play.run, play.at + DAY)
    again = play.row()
    assert (again.end, again.score, again.millis, again.ended) == ("left", 2, 15_000, row.ended)
