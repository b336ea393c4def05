"""`python -m tests.bench import`: what reading and writing a bank costs, beside a floor.

Every figure comes from a process of its own, so that memory is its own; the floor and the product
read the same file in the same run. CPU is user and system time after the imports.
"""

import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

SMALL, BIG, BANK = 20_000, 100_000, 50_000
REPEATS = 3


def run(job: str, *words: object) -> dict[str, Any]:
    """The figures that `tests.bench.jobs` prints for one job in a fresh process."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.jobs", job, *map(str, words)],
        capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{job} failed, the figures mean nothing:\n{done.stderr}")
    return dict(json.loads(done.stdout))


def middle(job: str, *words: object) -> dict[str, Any]:
    """The run with the middle CPU of several."""
    done = sorted((run(job, *words) for _ in range(REPEATS)), key=lambda one: one["cpu"])
    return done[REPEATS // 2]


def line(name: str, one: dict[str, Any]) -> None:
    print(f"{name:<28} {one['cpu']:7.2f} s CPU {one['peak']:6.0f} MB peak"
          f" ({one['peak'] - one['idle']:.0f} above idle)")


def bank_import() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        for count in (SMALL, BIG):
            run("files", count, folder)
        small = {}
        for kind in ("csv", "xlsx"):
            ratios = []
            for _ in range(REPEATS):
                floor = run("floor", folder / f"{SMALL}.{kind}")
                ours = run("import", folder / f"{SMALL}.{kind}")
                ratios.append(ours["cpu"] / floor["cpu"])
            small[kind] = ours
            line(f"{kind} {SMALL} floor", floor)
            line(f"{kind} {SMALL} check + import", ours)
            print(f"  ratio {statistics.median(ratios):.2f} (median of {REPEATS});"
                  f" check {ours['check']:.2f} s, write lock held {ours['lock']:.2f} s")
            big = run("import", folder / f"{BIG}.{kind}")
            line(f"{kind} {BIG} check + import", big)
            print(f"  {BIG} / {SMALL}: {big['cpu'] / ours['cpu']:.2f} times the CPU")
        few, many = middle("into", SMALL // 10, BANK // 10), middle("into", SMALL // 10, BANK)
        line(f"{SMALL // 10} into a bank of {BANK // 10}", few)
        line(f"{SMALL // 10} into a bank of {BANK}", many)
        print(f"  ratio {many['cpu'] / few['cpu']:.2f}")
        for count in (BANK // 100, BANK):
            page = run("page", count)
            cost = f"{page['queries']} queries, {page['cpu'] * 1000:.0f} ms CPU"
            print(f"bank page of {count}, with a search: {cost}")


if __name__ == "__main__":
    {"import": bank_import}[sys.argv[1]]()
