"""Who goes first: one writer at a time on SQLite, and a few requests that compute at once."""

from __future__ import annotations

import fcntl
import io
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

SEATS = 4
"""Requests that compute at once in a process. The rest of its threads only wait."""
PATIENCE = 1.0
"""Seconds anybody waits for a seat, then it goes on standing: so seats can hold nobody up for long,
and somebody who holds another lock can never wait for ever for those who want that lock."""


class Seats:
    """A few seats for those who compute; whoever waits for the writer gets up meanwhile.

    Every statement lets go of the interpreter and has to win it back from all threads that
    compute. The writer whom everybody waits for loses most by that: with 2,000 people playing a
    challenge, 64 threads gave a p99 of 175–555 ms an answer, 4 seats 54–106 ms (docs/challenge.md).
    """

    def __init__(self, count: int, patience: float = PATIENCE) -> None:
        self._free = threading.Semaphore(count)
        self._patience = patience
        self._mine = threading.local()

    @contextmanager
    def taken(self) -> Iterator[None]:
        self._sit()
        try:
            yield
        finally:
            if self._mine.seated:
                self._free.release()
            self._mine.seated = None

    @contextmanager
    def left(self) -> Iterator[None]:
        """Without a seat while the block runs; nothing happens to a thread that has none."""
        if not getattr(self._mine, "seated", None):
            yield
            return
        self._mine.seated = False
        self._free.release()
        try:
            yield
        finally:
            if self._mine.seated is False:  # None: the request went home without its seat
                self._sit()

    def _sit(self) -> None:
        self._mine.seated = self._free.acquire(timeout=self._patience)


class WriteLock:
    """SQLite's write lock, taken in turn: threads queue on a mutex, processes on a lock file.

    Without it two busy processes starve each other (measured: 966 ms against 88 ms at p99).
    Its holder needs no seat, so it never waits for those who wait for it.
    """

    def __init__(self, path: Path) -> None:
        self.seats = Seats(SEATS)
        self.threads = threading.Lock()
        self._path = path
        self._file: Any = None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextmanager
    def processes(self) -> Iterator[None]:
        """The other half, for a thread that holds `threads`."""
        if self._file is None:
            self._file = self._path.open("a")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextmanager
    def both(self) -> Iterator[None]:
        with self.seats.left(), self.threads, self.processes():
            yield


class _Body(io.RawIOBase):
    """A request's body; its reader keeps no seat while the line is slow."""

    def __init__(self, body: Any, seats: Seats) -> None:
        self._body, self._seats = body, seats

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with self._seats.left():
            data = self._body.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


def seated(app: WSGIApplication, seats: Seats) -> WSGIApplication:
    """The application, each request on a seat until its answer begins."""

    def call(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        if environ.get("CONTENT_LENGTH"):
            environ["wsgi.input"] = _Body(environ["wsgi.input"], seats)
        with seats.taken():
            return app(environ, start_response)

    return call
