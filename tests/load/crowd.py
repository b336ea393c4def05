"""Thousands of people on one thread: a client that leaves the processors to the server.

Each is a generator. It yields the bytes of a request and is given the Answer, or yields a moment
of `time.perf_counter()` and goes on then. A request costs the client about 0.1 ms.
"""

import heapq
import select
import socket
import time
from collections.abc import Generator, Iterable
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Answer:
    status: int
    head: bytes
    body: bytes
    millis: float


Talk = Generator[bytes | float, Answer | None, None]


@dataclass
class _Line:
    """A connection and the person who talks on it."""

    talk: Talk
    wire: socket.socket
    heard: bytearray = field(default_factory=bytearray)
    began: float = 0.0


def talk(port: int, people: Iterable[Talk]) -> None:
    """Let everybody talk, each on a connection of their own, until the last has ended."""
    crowd = _Crowd()
    for person in people:
        crowd.add(_Line(person, socket.create_connection(("127.0.0.1", port))))
    for number in list(crowd.lines):
        crowd.go_on(number, None)
    while crowd.lines:
        crowd.look()


class _Crowd:
    def __init__(self) -> None:
        self.lines: dict[int, _Line] = {}
        self.poll = select.epoll()
        self.waiting: list[tuple[float, int]] = []

    def add(self, line: _Line) -> None:
        self.lines[line.wire.fileno()] = line
        self.poll.register(line.wire.fileno(), select.EPOLLIN)

    def look(self) -> None:
        """Hear who has been answered and wake whose moment has come."""
        until = max(self.waiting[0][0] - time.perf_counter(), 0) if self.waiting else 30
        for number, _ in self.poll.poll(until):
            if answer := _hear(self.lines[number]):
                self.go_on(number, answer)
        now = time.perf_counter()
        while self.waiting and self.waiting[0][0] <= now:
            self.go_on(heapq.heappop(self.waiting)[1], None)

    def go_on(self, number: int, answer: Answer | None) -> None:
        line = self.lines[number]
        try:
            wanted = line.talk.send(answer)
        except StopIteration:
            self.lines.pop(number).wire.close()
            return
        if isinstance(wanted, float):
            heapq.heappush(self.waiting, (wanted, number))
            return
        line.began = time.perf_counter()
        line.wire.sendall(wanted)


def _hear(line: _Line) -> Answer | None:
    """The answer, once all of it is there."""
    data = line.wire.recv(1 << 20)
    if not data:
        raise ConnectionError("the server closed the connection")
    line.heard += data
    end = line.heard.find(b"\r\n\r\n") + 4
    if end < 4:
        return None
    head = bytes(line.heard[:end])
    length, at = 0, head.lower().find(b"content-length:")
    if at > 0:
        length = int(head[at + 15:head.index(b"\r", at)])
    if len(line.heard) < end + length:
        return None
    body = bytes(line.heard[end:])
    line.heard.clear()
    return Answer(int(head[9:12]), head, body, (time.perf_counter() - line.began) * 1000)
