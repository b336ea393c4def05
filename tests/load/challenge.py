"""`python -m tests.load challenge`: people playing and people watching, beside the floor."""

import os
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.load.challenge_world import QUESTIONS, Player, players, words_of
from tests.load.client import Measured, drive, together
from tests.load.crowd import Talk, talk
from tests.load.server import Served, serving
from tests.load.world import candidates

LISTED, PLAYING, WATCHING, SECONDS = 10_000, 2_000, 500, 30
EVERY, POLL = 5.0, 1.0  # seconds between two answers of a person, and between two polls
REPEATS, SAMPLE = 5, 50
QUIET = 1.0  # load average; more than that is somebody else's work


class Crowd:
    """Everybody at their own pace: what they waited for and what failed."""

    def __init__(self) -> None:
        self.answers: list[float] = []
        self.polls: list[float] = []
        self.unchanged = 0
        self.ages: list[float] = []
        self.failed: list[str] = []

    def expect(self, status: int, wanted: set[int], what: str) -> None:
        if status not in wanted:
            self.failed.append(f"{what} {status}")

    def step(self, who: Player) -> Talk:
        """Answer the question that waits, and have the next one put; a new run after the last."""
        told = yield who.answer()
        assert told
        self.expect(told.status, {200}, "answer")
        self.answers.append(told.millis)
        if who.slot < QUESTIONS:
            put = yield who.next()
            assert put
            self.expect(put.status, {200}, "next")
            return
        began = yield who.start()
        assert began
        self.expect(began.status, {303}, "start")
        if began.status == 303:
            who.started(began.head)
            who.slot = 1

    def play(self, who: Player, due: float, until: float) -> Talk:
        while due < until:
            yield due
            yield from self.step(who)
            due += EVERY

    def watch(self, who: Player, due: float, until: float) -> Talk:
        while due < until:
            yield due
            seen = yield who.poll()
            assert seen
            self.expect(seen.status, {200, 304}, "poll")
            who.polled(seen.head)
            self.polls.append(seen.millis)
            self.unchanged += seen.status == 304
            due += POLL

    def probe(self, who: Player, until: float) -> Talk:
        """Ends runs and asks until its own new result stands on the board."""
        seen = ""
        while time.perf_counter() < until - 4:
            for _ in range(QUESTIONS - who.slot + 1):
                yield from self.step(who)
            ended = time.perf_counter()
            while time.perf_counter() < until:
                who.tag = ""
                board = yield who.poll()
                assert board
                if words_of(board.body) != seen:
                    seen = words_of(board.body)
                    self.ages.append(time.perf_counter() - ended)
                    break
                yield time.perf_counter() + 0.02


def at_their_pace(served: Served, people: list[Player], share: float) -> Crowd:
    crowd, busy = Crowd(), os.getloadavg()[0]
    playing, watching = int(PLAYING * share), int(WATCHING * share)
    begin(served, people[:playing] + people[-1:], QUESTIONS - 1)
    first = time.perf_counter() + 1
    until = first + SECONDS
    talks = [crowd.play(who, first + random.random() * EVERY, until) for who in people[:playing]]
    talks += [crowd.watch(who, first + random.random() * POLL, until)
              for who in people[playing:playing + watching]]
    cpu, client, began = served.cpu_seconds(), time.process_time(), time.perf_counter()
    talk(served.port, [*talks, crowd.probe(people[-1], until)])
    seconds = time.perf_counter() - began
    used, mine = served.cpu_seconds() - cpu, time.process_time() - client
    print(f"{playing} playing, {watching} watching, {seconds:.0f} s, {len(crowd.failed)} failed "
          f"{crowd.failed[:3]}: {len(crowd.answers) / seconds:.0f} answers/s, "
          f"{len(crowd.polls) / seconds:.0f} polls/s")
    print(f"client and server share {os.cpu_count()} cores: the server used "
          f"{used / seconds:.2f} of them, the client {mine / seconds:.2f}; load average before "
          f"{busy:.1f}, so the times below are those of a machine "
          f"{'of its own' if busy < QUIET else 'that had other work, too'}")
    _line("answer", crowd.answers)
    _line("board poll", crowd.polls)
    print(f"{crowd.unchanged} of {len(crowd.polls)} polls: nothing new (304)")
    if crowd.ages:
        print(f"own result on the board after: median {statistics.median(crowd.ages):.2f} s, "
              f"longest {max(crowd.ages):.2f} s ({len(crowd.ages)} times)")
    return crowd


def _line(name: str, latencies: list[float]) -> None:
    ordered = sorted(latencies)
    found = [ordered[min(int(len(ordered) * part), len(ordered) - 1)] for part in (.5, .95, .99)]
    print(f"{name:<12}{len(ordered):7} requests  p50 {found[0]:6.1f}  p95 {found[1]:6.1f}"
          f"  p99 {found[2]:6.1f} ms")


def begin(served: Served, people: list[Player], most: int = 0) -> None:
    """Everybody in a run, before an answer; up to `most` questions into it, by chance."""
    crowd = Crowd()

    def these(some: list[Player]) -> Talk:
        for who in some:
            began = yield who.start()
            assert began
            assert began.status == 303, began.body
            who.started(began.head)
            who.slot = 1
            for _ in range(random.randint(0, most)):
                yield from crowd.step(who)

    talk(served.port, [these(people[place::SAMPLE]) for place in range(SAMPLE)])


def alone(served: Served, floor: Served, people: list[Player], others) -> None:  # type: ignore[no-untyped-def]
    """The CPU of each kind of request by itself, and the floor's, all by the same means."""
    runs: dict[str, list[Measured]] = {
        name: [] for name in ("floor", "answer", "next question", "last answer", "board poll")
    }
    floors = [lambda n, who=who: who.save(n + 1, "A") for who in others]
    drive(floor, floors, 4)
    for _ in range(REPEATS):
        begin(served, people)
        answers = [lambda _n, who=who: who.answer() for who in people]
        nexts = [lambda _n, who=who: who.next() for who in people]
        polls = [lambda _n, who=who: who.poll() for who in people]
        told, put = [], []
        for _ in range(QUESTIONS - 1):
            told.append(drive(served, answers, 1))
            put.append(drive(served, nexts, 1))
        runs["floor"].append(together([drive(floor, floors, 1) for _ in told]))
        runs["answer"].append(together(told))
        runs["next question"].append(together(put))
        runs["last answer"].append(drive(served, answers, 1))
        runs["board poll"].append(together([drive(served, polls, 1) for _ in told]))
    for name, measured in runs.items():
        print(sorted(measured, key=lambda run: run.cpu_ms)[REPEATS // 2].line(name))
    for name in ("answer", "board poll"):
        ratios = [a.cpu_ms / b.cpu_ms for a, b in zip(runs[name], runs["floor"], strict=True)]
        print(f"{name} / floor: {statistics.median(ratios):.2f} (server CPU)")
    if any(run.failures for name in ("floor", "answer", "next question", "last answer")
           for run in runs[name]):
        sys.exit("a request failed: the figures mean nothing")


def main() -> None:
    share = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        config, people = players(Path(one), LISTED, PLAYING + WATCHING + 1)
        other, others = candidates(Path(two), SAMPLE)
        with serving(config) as served:
            with serving(other, "floor") as floor:
                alone(served, floor, people[-SAMPLE - 1:-1], others)
            crowd = at_their_pace(served, people, share)
    if crowd.failed:
        sys.exit("a request failed: the figures mean nothing")
