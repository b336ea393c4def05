"""How a question did in exams that are over: exact arithmetic over groups of like papers."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

ENOUGH = 30  # papers; of fewer, 区分度 would tell chance
GROUP = 27  # percent of the papers in the upper and in the lower group
# Ebel's lines: from this 区分度 on, in words
QUALITY: Sequence[tuple[Fraction, str]] = (
    (Fraction(40, 100), "很好"), (Fraction(30, 100), "良好"), (Fraction(20, 100), "一般"),
    (Fraction(0), "较低，可以改进"),
)


@dataclass(frozen=True)
class Papers:
    """So many papers on which the question did alike.

    `order` gives the author's letter for each displayed one, `answer` is in displayed letters.
    `rest` is the share of the other questions' points that these papers earned.
    """

    order: str
    answer: tuple[str, ...]
    right: bool
    rest: Fraction | None
    count: int


@dataclass(frozen=True)
class ItemStats:
    """`chosen` counts by the author's letter; `open` are papers without an answer.

    `discrimination` is None with fewer than ENOUGH papers, or when all did equally well.
    """

    shown: int
    right: int
    open: int
    chosen: Mapping[str, int]
    discrimination: Fraction | None


def item_stats(papers: Iterable[Papers]) -> ItemStats:
    """All that is counted of one question, or of one version of it."""
    found = list(papers)
    chosen: Counter[str] = Counter()
    for one in found:
        places = dict(zip("ABCDEFGH", one.order, strict=False))
        for letter in one.answer if one.order else ():
            if letter in places:
                chosen[places[letter]] += one.count
    return ItemStats(
        sum(one.count for one in found),
        sum(one.count for one in found if one.right),
        sum(one.count for one in found if not one.answer),
        dict(chosen),
        discrimination(found),
    )


def discrimination(papers: Iterable[Papers]) -> Fraction | None:
    """Share right among the best 27 % minus that among the worst, ranked by the other questions.

    Papers that tie at the edge of a group enter it in proportion, so no order is preferred.
    """
    ranked: dict[Fraction, tuple[int, int]] = {}
    for one in papers:
        if one.rest is not None:
            right, count = ranked.get(one.rest, (0, 0))
            ranked[one.rest] = (right + one.count * one.right, count + one.count)
    total = sum(count for _, count in ranked.values())
    if total < ENOUGH or len(ranked) < 2:
        return None
    size = (GROUP * total + 50) // 100
    worst_first = [ranked[rest] for rest in sorted(ranked)]
    return (_right_among(reversed(worst_first), size) - _right_among(worst_first, size)) / size


def _right_among(groups: Iterable[tuple[int, int]], size: int) -> Fraction:
    """How many of the first `size` are right."""
    right, left = Fraction(0), size
    for found, count in groups:
        taken = min(left, count)
        right += Fraction(found * taken, count)
        left -= taken
        if not left:
            break
    return right


def quality(value: Fraction) -> str:
    """What a 区分度 means; below zero the better people got it wrong more often."""
    return next((words for line, words in QUALITY if value >= line), "为负，请核对答案")


def two_decimals(value: Fraction) -> str:
    """0.35, half away from zero; a value that is not zero keeps its sign."""
    hundredths = (abs(value) * 200 + 1) // 2
    sign = "-" if value < 0 and hundredths else ""
    return f"{sign}{hundredths // 100}.{hundredths % 100:02d}"
