"""Seats: few compute at once, and nobody who waits for something keeps a seat."""

import io
import threading
import time

import pytest

from legaled.queues import SEATS, Seats, WriteLock, seated

WAIT = 5


def free(seats: Seats) -> int:
    """How many seats could be taken now."""
    count = 0
    while seats._free.acquire(blocking=False):
        count += 1
    for _ in range(count):
        seats._free.release()
    return count


def test_no_more_compute_at_once_than_there_are_seats():
    seats, now, most = Seats(3), [0], [0]
    watch = threading.Lock()

    def compute():
        with seats.taken():
            with watch:
                now[0] += 1
                most[0] = max(most[0], now[0])
            time.sleep(0.01)
            with watch:
                now[0] -= 1

    threads = [threading.Thread(target=compute) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(WAIT)
    assert most == [3]
    assert free(seats) == 3


def test_who_waits_for_the_write_lock_keeps_no_seat(tmp_path):
    lock = WriteLock(tmp_path / "lock")
    waiting = SEATS + 2

    def write():
        with lock.seats.taken(), lock.both():
            pass

    with lock.both():
        threads = [threading.Thread(target=write) for _ in range(waiting)]
        for thread in threads:
            thread.start()
        with lock.seats.taken():  # there is one, although more wait than there are seats
            pass
    for thread in threads:
        thread.join(WAIT)
    assert not any(thread.is_alive() for thread in threads)
    assert free(lock.seats) == SEATS
    lock.close()


def test_a_seat_comes_back_from_whoever_leaves_it_twice_or_fails():
    seats = Seats(1)

    def fail():
        with seats.taken(), seats.left(), seats.left():
            assert free(seats) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    assert free(seats) == 1
    with seats.left():
        assert free(seats) == 1
    assert free(seats) == 1


def test_a_lock_of_another_kind_held_over_a_wait_holds_nobody_up_for_ever():
    """One holds a file and comes back from the write lock, the rest sit and want the file."""
    seats, file, begun = Seats(2, patience=0.05), threading.Lock(), threading.Event()

    def holder():
        with seats.taken(), file, seats.left():
            begun.set()
            time.sleep(0.1)

    def other():
        with seats.taken(), file:
            pass

    first = threading.Thread(target=holder)
    first.start()
    begun.wait(WAIT)
    rest = [threading.Thread(target=other) for _ in range(3)]
    for thread in rest:
        thread.start()
    for thread in [first, *rest]:
        thread.join(WAIT)
        assert not thread.is_alive()
    assert free(seats) == 2


def test_whoever_finds_no_seat_goes_on_standing():
    seats, stood = Seats(1, patience=0.01), []

    def late():
        with seats.taken(), seats.left():
            stood.append(free(seats))

    with seats.taken():
        thread = threading.Thread(target=late)
        thread.start()
        thread.join(WAIT)
    assert stood == [0]
    assert free(seats) == 1


def test_what_ends_after_the_request_takes_no_seat():
    seats = Seats(1)
    with seats.taken():
        door = seats.left()
        door.__enter__()
    door.__exit__(None, None, None)
    assert free(seats) == 1


def test_a_slow_body_keeps_no_seat_and_arrives_whole():
    seats, found = Seats(1), []

    class Slow(io.BytesIO):
        def read(self, size=-1):
            found.append(free(seats))
            return super().read(size)

    def app(environ, _start_response):
        assert free(seats) == 0
        return [environ["wsgi.input"].read(7)]

    call = seated(app, seats)
    answer = call({"CONTENT_LENGTH": "7", "wsgi.input": Slow(b"a=1&b=2")}, lambda *_: None)
    assert list(answer) == [b"a=1&b=2"]
    assert found[0] == 1
    assert free(seats) == 1
