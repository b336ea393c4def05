"""What differs between two texts, in pieces that people can read."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from operator import itemgetter

_TOKEN = re.compile(r"[A-Za-z0-9]+|.", re.DOTALL)
MOST = 4_000_000  # pairs of tokens; beyond them the whole middle counts as replaced


@dataclass(frozen=True)
class Piece:
    """Some text; `changed` if the other side does not have it at this place."""

    text: str
    changed: bool


Pieces = tuple[Piece, ...]
_Segment = tuple[str, str, bool]  # old text, new text, changed


def changes(old: str, new: str) -> tuple[Pieces, Pieces]:
    """The old text with what went, and the new text with what came.

    Words of letters and digits stay whole; a lone character that two changes have in common
    counts as changed too. Joined again, the pieces are the texts.
    """
    segments = list(_tidy(list(_segments(_TOKEN.findall(old), _TOKEN.findall(new)))))
    return (_side((before, changed) for before, _, changed in segments),
            _side((after, changed) for _, after, changed in segments))


def _side(texts: Iterable[tuple[str, bool]]) -> Pieces:
    """One of the two texts; where only the other has something, its neighbours are one piece."""
    runs = groupby(((text, changed) for text, changed in texts if text), key=itemgetter(1))
    return tuple(Piece("".join(text for text, _ in run), changed) for changed, run in runs)


def _segments(old: Sequence[str], new: Sequence[str]) -> Iterator[_Segment]:
    """The two texts side by side, cut where they differ."""
    ends = _common(old, new)
    tail = _common(old[ends:][::-1], new[ends:][::-1])
    left, right = old[ends:len(old) - tail], new[ends:len(new) - tail]
    head, rest = "".join(old[:ends]), "".join(old[len(old) - tail:])
    yield head, head, False
    if len(left) * len(right) > MOST:
        yield "".join(left), "".join(right), True
    else:
        for tag, a, b, c, d in SequenceMatcher(None, left, right, False).get_opcodes():
            yield "".join(left[a:b]), "".join(right[c:d]), tag != "equal"
    yield rest, rest, False


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many tokens both begin with."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return place
    return min(len(one), len(other))


def _tidy(segments: list[_Segment]) -> Iterator[_Segment]:
    """Neighbours of one sort joined, lone common characters between two changes taken in."""
    found = [one for one in segments if one[0] or one[1]]
    last = len(found) - 1
    marked = [
        (before, after, changed or (
            0 < place < last and len(before) == 1
            and found[place - 1][2] and found[place + 1][2]))
        for place, (before, after, changed) in enumerate(found)]
    for changed, run in groupby(marked, key=lambda one: one[2]):
        parts = list(run)
        yield "".join(one[0] for one in parts), "".join(one[1] for one in parts), changed
