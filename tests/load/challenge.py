"""`python -m tests.load challenge`: people playing and people watching, beside the floor."""

import asyncio
import random
import statistics
import sys
import tempfile
import time
from pathlib import Path

from tests.load.challenge_world import QUESTIONS, Player, players, words_of
from tests.load.client import Measured, drive
from tests.load.server import Served, serving
from tests.load.world import candidates

LISTED, PLAYING, WATCHING, SECONDS = 10_000, 2_000, 500, 30
EVERY, POLL = 5.0, 1.0  # seconds between two answers of a person, and between two polls
REPEATS, SAMPLE = 5, 50


async def whole(reader: asyncio.StreamReader) -> tuple[int, bytes, bytes]:
    """One HTTP answer: status, head and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    status, length = int(head[9:12]), 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line[15:])
    return status, head, await reader.readexactly(length)


class Crowd:
    """Everybody at their own pace: what they waited for and what failed."""

    def __init__(self, served: Served) -> None:
        self.served = served
        self.answers: list[float] = []
        self.polls: list[float] = []
        self.unchanged = 0
        self.ages: list[float] = []
        self.failed: list[str] = []

    async def ask(self, streams, request):  # type: ignore[no-untyped-def]
        reader, writer = streams
        began = time.perf_counter()
        writer.write(request)
        status, head, body = await whole(reader)
        return status, head, body, (time.perf_counter() - began) * 1000

    def expect(self, status: int, wanted: set[int], what: str) -> None:
        if status not in wanted:
            self.failed.append(f"{what} {status}")

    async def run(self, who: Player, streams) -> None:  # type: ignore[no-untyped-def]
        """One question: put it and answer it; a new run when the last one is used up."""
        if not who.path or who.slot == QUESTIONS:
            status, head, _, _ = await self.ask(streams, who.start())
            self.expect(status, {303}, "start")
            who.started(head)
            if status != 303:
                return
            who.slot = 1
        else:
            status, _, _, _ = await self.ask(streams, who.next())
            self.expect(status, {200}, "next")
        status, _, _, spent = await self.ask(streams, who.answer())
        self.expect(status, {200}, "answer")
        self.answers.append(spent)

    async def play(self, who: Player, until: float) -> None:
        streams = await asyncio.open_connection("127.0.0.1", self.served.port)
        due = time.perf_counter() + random.random() * EVERY
        while due < until:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            await self.run(who, streams)
            due += EVERY
        streams[1].close()

    async def watch(self, who: Player, until: float) -> None:
        streams = await asyncio.open_connection("127.0.0.1", self.served.port)
        due = time.perf_counter() + random.random() * POLL
        while due < until:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            status, head, _, spent = await self.ask(streams, who.poll())
            self.expect(status, {200, 304}, "poll")
            who.polled(head)
            self.polls.append(spent)
            self.unchanged += status == 304
            due += POLL
        streams[1].close()

    async def probe(self, who: Player, until: float) -> None:
        """Ends runs and asks until its own new result stands on the board."""
        streams = await asyncio.open_connection("127.0.0.1", self.served.port)
        seen = ""
        while time.perf_counter() < until - 4:
            for _ in range(QUESTIONS):
                await self.run(who, streams)
                await asyncio.sleep(0.1)
            ended = time.perf_counter()
            while time.perf_counter() < until:
                who.tag = ""
                _, _, body, _ = await self.ask(streams, who.poll())
                if words_of(body) != seen:
                    seen = words_of(body)
                    self.ages.append(time.perf_counter() - ended + 0.1)
                    break
                await asyncio.sleep(0.02)
        streams[1].close()


def at_their_pace(served: Served, people: list[Player], share: float) -> Crowd:
    crowd = Crowd(served)
    playing, watching = int(PLAYING * share), int(WATCHING * share)

    async def everybody() -> None:
        until = time.perf_counter() + SECONDS
        await asyncio.gather(
            *(crowd.play(who, until) for who in people[:playing]),
            *(crowd.watch(who, until) for who in people[playing:playing + watching]),
            crowd.probe(people[-1], until),
        )

    cpu, began = served.cpu_seconds(), time.perf_counter()
    asyncio.run(everybody())
    seconds, used = time.perf_counter() - began, served.cpu_seconds() - cpu
    print(f"{playing} playing, {watching} watching, {seconds:.0f} s: "
          f"{used / seconds:.2f} of 2 cores, {len(crowd.failed)} failed {crowd.failed[:3]}")
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


async def _begin(served: Served, people: list[Player]) -> None:
    for who in people:
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        writer.write(who.start())
        status, head, _ = await whole(reader)
        assert status == 303, head
        who.started(head)
        who.slot = 1
        writer.close()


def alone(served: Served, floor: Served, people: list[Player], others) -> None:  # type: ignore[no-untyped-def]
    """The CPU of one answer and of one poll, each as fast as it goes, and the floor's."""
    runs: dict[str, list[Measured]] = {"floor": [], "answer": [], "poll": []}
    floors = [lambda n, who=who: who.save(n % 50 + 1, "A") for who in others]
    drive(floor, floors, 4)
    for _ in range(REPEATS):
        asyncio.run(_begin(served, people))
        runs["floor"].append(drive(floor, floors, 20))
        runs["answer"].append(drive(served, [lambda _n, who=who: who.answer() for who in people],
                                    1))
        runs["poll"].append(drive(served, [lambda _n, who=who: who.poll() for who in people], 20))
        for who in people:  # the rest of the run, so that the next begins a new one
            who.path = ""
        asyncio.run(_finish(served, people))
    for name, measured in runs.items():
        print(sorted(measured, key=lambda run: run.cpu_ms)[REPEATS // 2].line(name))
    for name in ("answer", "poll"):
        ratios = [a.cpu_ms / b.cpu_ms for a, b in zip(runs[name], runs["floor"], strict=True)]
        print(f"{name} / floor: {statistics.median(ratios):.2f}")


async def _finish(served: Served, people: list[Player]) -> None:
    crowd = Crowd(served)
    for who in people:
        streams = await asyncio.open_connection("127.0.0.1", served.port)
        _, head, _, _ = await crowd.ask(streams, who.start())
        who.started(head)
        who.slot = 1
        for _ in range(QUESTIONS - 1):
            await crowd.ask(streams, who.next())
            await crowd.ask(streams, who.answer())
        streams[1].close()


def main() -> None:
    share = float(sys.argv[2]) if len(sys.argv) > 2 else 1.0
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as two:
        config, people = players(Path(one), LISTED, PLAYING + WATCHING + 1)
        other, others = candidates(Path(two), SAMPLE)
        with serving(config) as served:
            with serving(other, "floor") as floor:
                alone(served, floor, people[-SAMPLE - 1:-1], others)
            for who in people:
                who.path = ""
            crowd = at_their_pace(served, people, share)
    if crowd.failed:
        sys.exit("a request failed: the figures mean nothing")
