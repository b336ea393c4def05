"""Which lines open an article, and where the body of a law ends."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from legaled.domain.law_head import is_amendments, is_history, is_title
from legaled.domain.law_lines import STOPS, Line, Start
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.law_problems import LawProblem, warning

CLOSERS = "”’」』）)》】"
_ANNEX = re.compile(
    r"附[件录表图]?[一二三四五六七八九十\d]{0,3}(?:[：:]|(?=$|《))[^。；]{0,60}$"
    r"|附[件录表图][一二三四五六七八九十\d]{0,3}[^。；，]{0,60}$")


@dataclass(frozen=True)
class _Candidate:
    place: int
    number: ArticleNumber
    start: Start
    broken: bool  # the sentence before it goes on


def choose(lines: Sequence[Line]) -> list[int]:
    """The places of the lines that open an article, by what follows the number and by sequence."""
    candidates = list(_candidates(lines))
    glued = sum(one.start is Start.GLUED for one in candidates)
    sure_starts = {Start.SURE, Start.GLUED} if 2 * glued > len(candidates) else {Start.SURE}
    sure = [one.start in sure_starts and not one.broken for one in candidates]
    again = {one.number: place for place, one in enumerate(candidates) if sure[place]}
    following = _following(candidates, sure)
    chosen, last = list[int](), ArticleNumber(0)
    for place, one in enumerate(candidates):
        expected = _follows(last, one.number)
        if sure[place]:
            stray = (one.number > last and not expected and again[one.number] > place
                     and following[place] is not None and _follows(last, following[place]))
            taken = not stray
        else:
            taken = expected and again.get(one.number, -1) < place and (
                not one.broken or one.start in sure_starts)
        if taken:
            chosen.append(one.place)
            last = max(last, one.number)
    return chosen


def _candidates(lines: Sequence[Line]) -> Iterator[_Candidate]:
    before: Line | None = None
    started = False
    for place, line in enumerate(lines):
        if line.article is not None and line.start is not None:
            opens = line.article == (1, 0) and before is not None and is_title(before.text)
            broken = started and before is not None and not opens and _goes_on(before)
            started = True
            yield _Candidate(place, line.article, line.start, broken)
        before = line if line.text else before if line.page_break else None


def _goes_on(line: Line) -> bool:
    """Whether the sentence of this line is not finished."""
    if line.head is not None or line.marked or (line.article is not None and not line.rest):
        return False
    return line.text[-1] not in STOPS + CLOSERS + ".!?…"


def _following(
    candidates: Sequence[_Candidate], sure: Sequence[bool]
) -> list[ArticleNumber | None]:
    """For each candidate the number of the next sure one."""
    found: list[ArticleNumber | None] = []
    after: ArticleNumber | None = None
    for one, is_sure in zip(reversed(candidates), reversed(sure), strict=True):
        found.append(after)
        after = one.number if is_sure else after
    return found[::-1]


def _follows(last: ArticleNumber, number: ArticleNumber | None) -> bool:
    return number in {(last.number + 1, 0), (last.number, last.sub + 1)}


def end_of_body(lines: Sequence[Line], chosen: Sequence[int]) -> tuple[int, list[LawProblem]]:
    """Where the law stops and something else begins, and a warning when that is so."""
    known = set(chosen)
    seen = set[ArticleNumber]()
    other: int | None = None  # a title or a date since the last article
    for place in range(chosen[0], len(lines)):
        line = lines[place]
        if place in known and line.article is not None:
            if line.article == (1, 0) and line.article in seen and other is not None:
                return other, [warning("another_text_left_out", lines[other].number)]
            seen.add(line.article)
            other = None
        elif line.text and is_amendments(line.text):
            return place, [warning("amendments_left_out", line.number)]
        elif line.text and other is None and (line.marked == 1 or _opens_another(line.text)):
            other = place
        if _is_annex(line) and place > chosen[-1]:
            return place, [warning("annex_left_out", line.number)]
    return len(lines), []


def _opens_another(text: str) -> bool:
    return is_title(text) or (text[0] in "（(" and is_history(text))


def _is_annex(line: Line) -> bool:
    return line.text.startswith("附") and line.head is None and bool(_ANNEX.match(line.text))
