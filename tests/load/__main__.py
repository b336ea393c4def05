"""What saving and the paper cost (`python -m tests.load save`), and minutes (`… study`).

Both beside a floor of the same run.
"""

import copy
import statistics
import sys
import tempfile
from pathlib import Path

from legaled.domain.minutes import EVERY
from tests.load import challenge
from tests.load.client import Measured, drive, pace
from tests.load.server import serving
from tests.load.world import Candidate, candidates, counted, readers

PEOPLE, READERS, ROUNDS, REPEATS = 50, 16, 40, 7
STUDYING, BEATS = 1000, 5  # people reading at once, and how many beats each sends


def save() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        config, people = candidates(folder, PEOPLE)
        others = copy.deepcopy(people)  # the floor must not use up our seqs
        with serving(config) as ours, serving(config, "floor") as floor:
            runs: dict[str, list[Measured]] = {"floor": [], "save": [], "page": []}
            drive(ours, _saves(people), 4)
            drive(floor, _saves(others), 4)
            drive(ours, _pages(people), 4)
            for _ in range(REPEATS):
                runs["floor"].append(drive(floor, _saves(others), ROUNDS))
                runs["save"].append(drive(ours, _saves(people), ROUNDS))
                runs["page"].append(drive(ours, _pages(people[:READERS]), 20))
    if any(run.failures for measured in runs.values() for run in measured):
        sys.exit("a request failed: the figures mean nothing")
    for name, measured in runs.items():
        print(sorted(measured, key=lambda run: run.cpu_ms)[REPEATS // 2].line(name))
    ratios = [a.cpu_ms / b.cpu_ms for a, b in zip(runs["save"], runs["floor"], strict=True)]
    print(f"save / floor: {statistics.median(ratios):.2f} (server CPU, median of {REPEATS} runs)")
    middle = statistics.median(run.cpu_ms for run in runs["page"])
    print(f"a 50-question page, {READERS} readers: {middle:.2f} ms CPU")


def study() -> None:
    """1,000 readers with their pages open, each beating as often as a browser does."""
    with tempfile.TemporaryDirectory() as scratch:
        config, people = readers(Path(scratch), STUDYING)
        with serving(config, "floor") as floor:
            drive(floor, [who.save for who in people[:50]], 4)
            least = pace(floor, [who.save for who in people], BEATS, EVERY)
        with serving(config) as ours:
            drive(ours, [who.beat for who in people[:50]], 4)
            beats = pace(ours, [who.beat for who in people], BEATS, EVERY)
        seconds = counted(config)
    if least.failures or beats.failures:
        sys.exit("a request failed: the figures mean nothing")
    print(least.line("floor"))
    print(beats.line("beat"))
    cores = beats.cpu_ms * beats.operations / 1000 / beats.seconds
    print(f"{STUDYING} readers, one beat in {EVERY} s: {cores:.3f} cores")
    print(f"beat / floor: {beats.cpu_ms / least.cpu_ms:.2f} (server CPU)")
    most = STUDYING * (BEATS - 1) * EVERY
    print(f"counted {seconds} s of the {most} s that they read")


def _saves(people: list[Candidate]):  # type: ignore[no-untyped-def]
    return [
        lambda number, who=who: who.save(number % 50 + 1, "ABCD"[number % 4]) for who in people
    ]


def _pages(people: list[Candidate]):  # type: ignore[no-untyped-def]
    return [
        lambda _number, who=who: who.request("GET", f"/attempts/{who.attempt_id}")
        for who in people
    ]


if __name__ == "__main__":
    {"save": save, "study": study, "challenge": challenge.main}[sys.argv[1]]()
