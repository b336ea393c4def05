"""Two things at once: forced by events, never waited for."""

import sqlite3
import threading
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from legaled.domain.errors import ConflictError
from legaled.models import RosterEntry, Step
from legaled.services import attempts, marking, papers, saving
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW
from tests.services.test_attempts import right_answers

STAFF = ("s1", "s2", "s3")


@pytest.fixture
def made(database):
    with database.write() as session:
        built = factories.world(session, attempts=2)
        for number in STAFF:
            attempts.start(session, built[number], built.exam_id, NOW)
    return built


def together(*calls):
    """Run each call in a thread of its own; returns what came out of each."""
    found = [None] * len(calls)

    def run(place, call):
        try:
            found[place] = call()
        except Exception as error:
            found[place] = error

    threads = [
        threading.Thread(target=run, args=(place, call)) for place, call in enumerate(calls)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


def save(database, made, number, tab="t", now=NOW + MINUTE):
    attempt = STAFF.index(number) + 1
    return saving.save(database.hot, made[number], attempt, 1, ["A"], 1, tab, now)


@contextmanager
def gathered(database):
    """Saves that start in this block wait for each other and share one transaction."""
    hot, lock = database.hot, database.lock
    lock.threads.acquire()

    def release_when_all_wait():
        while hot._batch is None or len(hot._batch.writes) < 3:
            threading.Event().wait(0.01)
        lock.threads.release()

    releaser = threading.Thread(target=release_when_all_wait)
    releaser.start()
    yield
    releaser.join()


def steps(database):
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(Step))


# SQLite has one writer at a time, PostgreSQL gathers commits itself
sqlite_only = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
postgres_only = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)


class Breaking:
    """A connection whose commit fails, and whose rollback fails too."""

    def __init__(self, real):
        self.real = real
        self.cursor, self.close = real.cursor, real.close

    def commit(self):
        raise sqlite3.OperationalError("disk I/O error")

    def rollback(self):
        self.real.rollback()
        raise sqlite3.OperationalError("disk I/O error")


@sqlite_only
@pytest.mark.parametrize("fault", ["no connection", "commit and rollback fail"])
def test_a_failed_batch_is_written_again_one_by_one(database, made, monkeypatch, fault):
    real, asked = database.engine.raw_connection, []

    def broken_once():
        asked.append(1)
        if len(asked) > 1:
            return real()
        if fault == "no connection":
            raise sa.exc.TimeoutError("no connection left")
        return Breaking(real())

    add = {"slot": 1, "seq": 1, "answer": '["A"]', "tab": "t", "saved": NOW}
    monkeypatch.setattr(database.engine, "raw_connection", broken_once)
    with gathered(database):
        results = together(*(
            lambda i=i: database.hot.append(saving._ADD_STEP, attempt_id=i + 1, **add)
            for i in range(3)
        ))
    assert results == [1, 1, 1]
    assert steps(database) == 3


@pytest.mark.parametrize("tab", ["\ud800", "\0"])
def test_text_that_cannot_be_stored_is_refused_before_it_meets_others(database, made, tab):
    with pytest.raises(saving.InvalidError, match="bad_answer"):
        save(database, made, "s1", tab)
    with pytest.raises(saving.InvalidError, match="bad_answer"):
        saving.save(database.hot, made["s1"], 1, 6, [tab, ""], 1, "t", NOW)


@sqlite_only
def test_one_bad_write_does_not_fail_its_neighbours(database, made):
    add = {"slot": 1, "seq": 1, "answer": '["A"]', "saved": NOW}
    with gathered(database):
        bad, *good = together(
            lambda: database.hot.append(saving._ADD_STEP, attempt_id=1, tab="\ud800", **add),
            lambda: database.hot.append(saving._ADD_STEP, attempt_id=2, tab="t", **add),
            lambda: database.hot.append(saving._ADD_STEP, attempt_id=3, tab="t", **add),
        )
    assert isinstance(bad, UnicodeEncodeError)
    assert good == [1, 1]


@pytest.mark.parametrize("how", ["close_due", "late submit"])
def test_no_step_enters_an_attempt_that_was_marked(database, made, how):
    """A save that was measured before the deadline arrives after the marking."""
    deadline = NOW + HOUR
    state = saving.slot_state(database.hot, made["s1"], 1, 1, deadline - MINUTE)
    assert state.running
    with database.write() as session:
        if how == "close_due":
            marking.close_due(session, deadline)
        else:
            attempts.submit(session, made["s1"], 1, {}, deadline)
    written = database.hot.append(
        saving._ADD_STEP, attempt_id=1, slot=1, seq=1, answer='["B"]', tab="t",
        saved=deadline - MINUTE,
    )
    assert written == 0
    with pytest.raises(ConflictError, match="closed"):
        save(database, made, "s1", now=deadline - MINUTE)


@postgres_only
def test_voiding_against_submitting_keeps_the_right_facts(database, made):
    with database.write() as session:
        attempts.submit(session, made["s1"], 1, {}, NOW + MINUTE)
        second = attempts.start(session, made["s1"], made.exam_id, NOW + MINUTE)
        sent = {
            str(slot): {"answer": answer, "seq": 1, "tab": "t"}
            for slot, answer in right_answers(session, second).items()
        }
    voided, submitting = threading.Event(), threading.Event()

    def void():
        with database.write() as session:
            marking.void(session, made["office"], 1, "故障", NOW + 2 * MINUTE)
            voided.set()
            submitting.wait(5)

    def submit():
        voided.wait(5)
        with database.write() as session:
            attempts._locked(session, made["s1"], second)
            submitting.set()
            attempts.submit(session, made["s1"], second, sent, NOW + 2 * MINUTE)

    assert together(void, submit) == [None, None]
    with database.read() as session:
        row = session.scalar(
            sa.select(RosterEntry).where(RosterEntry.person_id == made["s1"].id)
        )
        assert (row.sat, row.first_score, row.best_score) == (True, 100, 100)


@postgres_only
@pytest.mark.parametrize("other", ["close_due", "late submit"])
def test_starting_again_while_the_last_attempt_is_closed_does_not_deadlock(
    database, made, monkeypatch, other
):
    at = NOW + HOUR + MINUTE
    closing, starting = threading.Event(), threading.Event()
    real = marking.marks_of

    def slow(session, ids):
        closing.set()
        starting.wait(1)
        return real(session, ids)

    monkeypatch.setattr(marking, "marks_of", slow)

    def close():
        with database.write() as session:
            if other == "close_due":
                marking.close_due(session, at)
            else:
                attempts.submit(session, made["s1"], 1, {}, at)

    def start():
        closing.wait(5)
        with database.write() as session:
            starting.set()
            return attempts.start(session, made["s1"], made.exam_id, at)

    closed, started = together(close, start)
    assert closed is None
    assert isinstance(started, int)


def test_an_attempt_that_was_closed_is_not_extended(database, made):
    deadline = NOW + HOUR
    with database.write() as session:
        marking.close_due(session, deadline)
    with database.write() as session, pytest.raises(ConflictError, match="closed"):
        marking.extend(session, made["office"], 1, 30, deadline - MINUTE)


def test_two_starts_at_once_open_one_attempt(database):
    with database.write() as session:
        built = factories.world(session)

    def start():
        with database.write() as session:
            return attempts.start(session, built["s1"], built.exam_id, NOW)

    first, second, third = together(start, start, start)
    assert first == second == third


def test_the_review_is_the_fold_also_of_what_was_not_stored(database, made):
    with database.write() as session:
        marking.close_due(session, NOW + HOUR)
        seen = papers.review(session, made["s1"], 1, NOW + DAY)
    assert seen.score == 0
