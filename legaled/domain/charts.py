"""Numbers as coordinates: charts hold no text, so that nothing shrinks on a phone."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

FLOORS = (80, 60, 0)


@dataclass(frozen=True)
class Line:
    """Two SVG paths in a box of 100 × 100: the line, and a zero-length stroke for each dot."""

    path: str
    dots: str


@dataclass(frozen=True)
class Trend:
    floor: int
    axis: tuple[str, ...]
    lines: tuple[Line, ...]


def trend(series: Sequence[Sequence[tuple[int, int] | None]]) -> Trend:
    """Lines of rates over equally spaced years; each rate is (part, whole), None leaves a gap."""
    percents = [[_percent(point) for point in line] for line in series]
    known = [value for line in percents for value in line if value is not None]
    floor = next(floor for floor in FLOORS if all(value >= floor for value in known))
    step = (100 - floor) // 4
    axis = tuple(f"{value}%" for value in range(100, floor - 1, -step))
    return Trend(floor, axis, tuple(_line(line, floor) for line in percents))


def _percent(point: tuple[int, int] | None) -> float | None:
    return None if point is None or point[1] == 0 else 100 * point[0] / point[1]


def _line(values: Sequence[float | None], floor: int) -> Line:
    path, dots, pen = [], [], "M"
    for index, value in enumerate(values):
        if value is None:
            pen = "M"
            continue
        at = f"{100 * (index + 0.5) / len(values):g} {100 * (100 - value) / (100 - floor):.2f}"
        path.append(f"{pen}{at}")
        dots.append(f"M{at}h.01")
        pen = "L"
    return Line(" ".join(path), " ".join(dots))


@dataclass(frozen=True)
class Bin:
    """A column of a histogram in a box 100 high; `low` lies below the pass line."""

    label: str
    count: int
    y: float
    height: float
    low: bool
    cut: bool


@dataclass(frozen=True)
class Histogram:
    bins: tuple[Bin, ...]
    total: int
    lowest: int
    median: str
    highest: int


def histogram(scores: Iterable[int], pass_line: int, full: int) -> Histogram | None:
    """One column below the pass line and up to four above it; None without scores."""
    ordered = sorted(scores)
    if not ordered:
        return None
    full = max(full, ordered[-1], pass_line)
    width = max(1, -(-(full - pass_line) // 4))
    edges = list(range(pass_line, full + 1, width)) or [pass_line]
    if len(edges) > 1 and full - edges[-1] < 1:
        edges.pop()  # full marks stand in the last column, not in one of their own
    ranges = [(0, pass_line - 1)] if pass_line > 0 else []
    ranges += zip(edges, [edge - 1 for edge in edges[1:]] + [full], strict=True)
    counts = [sum(low <= score <= high for score in ordered) for low, high in ranges]
    most = max(counts)
    bins = []
    for (low, high), count in zip(ranges, counts, strict=True):
        height = 100 * count / most
        label = f"{low}–{high}" if low >= pass_line else f"{pass_line} 以下"
        label = f"{low}" if low == high and low >= pass_line else label
        bins.append(Bin(label, count, 100 - height, height, low < pass_line, low == pass_line))
    return Histogram(tuple(bins), len(ordered), ordered[0], _median(ordered), ordered[-1])


def _median(ordered: Sequence[int]) -> str:
    middle = len(ordered) // 2
    if len(ordered) % 2:
        return str(ordered[middle])
    twice = ordered[middle - 1] + ordered[middle]
    return f"{twice // 2}.5" if twice % 2 else str(twice // 2)
