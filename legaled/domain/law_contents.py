"""The table of contents in front of a law: its headings are not the body's."""

import itertools
import re
from collections.abc import Sequence

from legaled.domain.law_lines import PREAMBLE, Head, Line, Start

_CONTENTS = re.compile(r"目[录次]$|目[录次][第序]|\[?TOC\]?$|contents$", re.IGNORECASE)
_PREAMBLE_LINE = re.compile(r"(序言|前言|序)[.…·—\-\d]*$")
_ALONE_LINE = re.compile(r"附则[.…·—\-\d]+$")


def is_preamble(line: Line) -> bool:
    return line.text.strip(":：") in PREAMBLE


def without_contents(lines: Sequence[Line]) -> list[Line]:
    """The lines with those of the table of contents emptied; line numbers stay."""
    title = next((place for place, line in enumerate(lines) if _CONTENTS.match(line.text)), None)
    first = _first_article(lines, title or 0)
    if title is not None and title >= first:
        title = None
    heads = [(place, key) for place, line in enumerate(lines[:first])
             if place > (title or -1) and (key := _key(line))]
    if not heads:
        return _emptied(lines, title, title + 1) if title is not None else list(lines)
    again = [place for place, key in heads[1:] if key == heads[0][1]]
    start = heads[0][0] if title is None else title
    if again:
        return _emptied(lines, start, again[-1])
    if title is None:
        return list(lines)
    many = any(a[1] != b[1] and a[1][0] == b[1][0] for a, b in itertools.pairwise(heads))
    return _emptied(lines, title, heads[-1][0] + 1 if many else title + 1)


def _first_article(lines: Sequence[Line], start: int) -> int:
    sure = (place for place in range(start, len(lines))
            if lines[place].start in {Start.SURE, Start.GLUED})
    return next(sure, len(lines))


def _key(line: Line) -> tuple[object, ...] | None:
    if line.head is not None:
        head: Head = line.head
        return (head.level, head.number, head.sub)
    return ("preamble",) if _PREAMBLE_LINE.match(line.text) else None


def _emptied(lines: Sequence[Line], start: int, end: int) -> list[Line]:
    empty = [Line(line.number, "") for line in lines[start:end]]
    return [*lines[:start], *empty, *lines[end:]]
