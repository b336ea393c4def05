"""A client that costs little: keep-alive connections, one request at a time on each."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.load.server import Served


@dataclass(frozen=True)
class Measured:
    """What a run showed; latencies in ms, CPU in ms of the server an operation."""

    operations: int
    seconds: float
    latencies: Sequence[float]
    cpu_ms: float
    failures: int

    def percentile(self, share: float) -> float:
        ordered = sorted(self.latencies)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)]

    def line(self, name: str) -> str:
        return (
            f"{name:<22}{self.operations / self.seconds:8.0f} ops/s"
            f"  p50 {self.percentile(0.5):6.1f}  p95 {self.percentile(0.95):6.1f}"
            f"  p99 {self.percentile(0.99):6.1f} ms   CPU {self.cpu_ms:5.2f} ms/op"
            f"   failed {self.failures}"
        )


def together(runs: Sequence[Measured]) -> Measured:
    """Several short runs of the same thing as one."""
    operations = sum(run.operations for run in runs)
    return Measured(
        operations, sum(run.seconds for run in runs),
        [one for run in runs for one in run.latencies],
        sum(run.cpu_ms * run.operations for run in runs) / operations,
        sum(run.failures for run in runs),
    )


async def answer(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    """One HTTP answer: status and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    status = int(head[9:12])
    length = 0
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            length = int(line[15:])
    return status, await reader.readexactly(length)


def pace(
    served: Served, requests: Sequence[Callable[[int], bytes]], rounds: int, every: float
) -> Measured:
    """As `drive`, but each person sends one request every so many seconds, all out of step."""
    latencies: list[float] = []
    failures = 0

    async def person(place: int, make: Callable[[int], bytes]) -> None:
        nonlocal failures
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        start = ready + every * place / len(requests)
        for number in range(rounds):
            await asyncio.sleep(start + number * every - time.perf_counter())
            began = time.perf_counter()
            writer.write(make(number))
            status, _ = await answer(reader)
            latencies.append((time.perf_counter() - began) * 1000)
            failures += status != 200
        writer.close()

    async def everybody() -> None:
        await asyncio.gather(*(person(place, make) for place, make in enumerate(requests)))

    ready = time.perf_counter() + 1
    cpu = served.cpu_seconds()
    asyncio.run(everybody())
    seconds = rounds * every
    used = (served.cpu_seconds() - cpu) * 1000
    return Measured(len(latencies), seconds, latencies, used / len(latencies), failures)


def drive(
    served: Served, requests: Sequence[Callable[[int], bytes]], rounds: int
) -> Measured:
    """Each entry of `requests` is one person: called with the round, gives the bytes to send."""
    latencies: list[float] = []
    failures = 0

    async def person(make: Callable[[int], bytes]) -> None:
        nonlocal failures
        reader, writer = await asyncio.open_connection("127.0.0.1", served.port)
        for number in range(rounds):
            began = time.perf_counter()
            writer.write(make(number))
            status, _ = await answer(reader)
            latencies.append((time.perf_counter() - began) * 1000)
            failures += status != 200
        writer.close()

    async def everybody() -> None:
        await asyncio.gather(*(person(make) for make in requests))

    cpu, began = served.cpu_seconds(), time.perf_counter()
    asyncio.run(everybody())
    seconds = time.perf_counter() - began
    used = (served.cpu_seconds() - cpu) * 1000
    return Measured(len(latencies), seconds, latencies, used / len(latencies), failures)
