"""What the columns of a table hold when no header says it: told by their content, or not at all."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from legaled.domain.bank_answers import KIND_WORDS, judge_value, letters_of
from legaled.domain.bank_headers import OPTION_FIELDS, map_headers
from legaled.domain.banks import LETTERS, normalise
from legaled.domain.text import clean, squeeze

_ANSWER_LENGTH = 20
_ASKS = re.compile(r"[?？]|[(（][\s\u3000]{0,20}[)）]|_{2,}|下列|以下|哪|什么|是否")
_SAYS = re.compile(r"[。:：]$|应当|不得|可以|必须")
_SAMPLE = 400
_FINAL = "。.;；,，"


@dataclass(frozen=True)
class _Column:
    """What the cells of one column look like, as shares of the rows in which they are filled."""

    place: int
    filled: float
    length: float
    different: float
    values: int
    letters: float
    judges: float
    kinds: float
    asks: float
    says: float
    counts: bool

    @property
    def answers(self) -> float:
        return self.letters + self.judges


def name_columns(width: int) -> tuple[str, ...]:
    """The names of columns that have none: 列1, 列2, …"""
    return tuple(f"列{place}" for place in range(1, width + 1))


def infer_columns(rows: Sequence[Sequence[str]]) -> dict[int, str]:
    """Place -> field for a table without a header; empty rather than a guess that may be wrong."""
    cells = [[clean(cell) for cell in row] for row in rows[:_SAMPLE]]
    width = max(map(len, cells), default=0)
    table = [row + [""] * (width - len(row)) for row in cells]
    columns = [_column(place, [row[place] for row in table]) for place in range(width)]
    found = _plain(columns)
    answer = _answer(table, columns, found)
    stem = _stem([one for one in columns if one.place not in found and one.place != answer])
    if answer is None or stem is None:
        return {}
    found |= {answer: "answer", stem: "stem"}
    options = _options(columns, found, stem, answer)
    if not _fits(table, columns[answer], stem, options):
        return {}
    found |= dict(zip(options, OPTION_FIELDS, strict=False))
    rest = [one.place for one in columns if one.place not in found]
    after = max([answer, stem, *options])
    prose = [place for place in rest if place > after
             and columns[place].length >= 8 and columns[place].values > 1]
    return found | dict.fromkeys(prose[:1], "explanation")


def looks_like_header(row: Sequence[str]) -> bool:
    """Whether a row of words that we don't know are names of columns and no question."""
    words = [squeeze(cell) for cell in row if clean(cell)]
    return (len(words) > 1 and len(set(words)) == len(words) and max(map(len, words)) <= 12
            and not any(map(_is_content, words)))


def _is_content(word: str) -> bool:
    """Whether a word stands in questions: an answer, a kind, a number, a piece of a sentence."""
    return bool(letters_of(word.upper()) or word.isdecimal() or judge_value(word) is not None
                or word.removesuffix("题") in KIND_WORDS or _ASKS.search(word)
                or _SAYS.search(word))


def _column(place: int, cells: Sequence[str]) -> _Column:
    full = [cell for cell in cells if cell]
    words = [squeeze(cell).upper() if len(cell) <= _ANSWER_LENGTH else "" for cell in full]
    count = len(full) or 1
    letters = [letters_of(word) for word in words]
    numbers = [int(word) for word in words if word.isdecimal() and len(word) < 10]
    rising = sum(later > earlier for earlier, later in pairwise(numbers))
    return _Column(
        place, len(full) / (len(cells) or 1), sum(map(len, full)) / count,
        len(set(full)) / count, len(set(full)) if len(cells) > 3 else len(cells) + 1,
        sum(bool(word) and set(word) <= set(LETTERS) and len(set(word)) == len(word)
            for word in letters) / count,
        sum(bool(word) and judge_value(word) is not None for word in words) / count,
        sum(bool(word) and bool(KIND_WORDS.get(normalise(word.lower()).removesuffix("题")))
            for word in words) / count,
        sum(_ASKS.search(cell[-2_000:]) is not None for cell in full) / count,
        sum(_SAYS.search(cell[-2_000:]) is not None for cell in full) / count,
        len(numbers) == len(full) > 1 and rising >= 0.9 * (len(numbers) - 1))


def _plain(columns: Sequence[_Column]) -> dict[int, str]:
    """The columns that show what they are: a kind of question, a running number."""
    kinds = [one.place for one in columns if one.kinds >= 0.9 and one.filled >= 0.9]
    counts = [one.place for one in columns if one.counts and one.filled >= 0.9]
    return dict.fromkeys(kinds[:1], "kind") | dict.fromkeys(counts[:1], "number")


def _answer(
    table: Sequence[Sequence[str]], columns: Sequence[_Column], found: dict[int, str]
) -> int | None:
    """The one column of letters or judge words, or whose text stands again in another."""
    free = [one for one in columns if one.place not in found and one.filled >= 0.9]
    lettered = [one for one in free if one.answers >= 0.95]
    varied = [one for one in lettered if one.values > 1 or one.letters >= 0.95]
    lettered = [one for one in varied if one.letters >= 0.5]
    for only in (varied, lettered):
        if len(only) == 1:
            return only[0].place
    if varied or len(table) < 3:
        return None
    shares = sorted(((_repeated(table, one.place), one.place) for one in free), reverse=True)
    best, place = shares[0] if shares else (0.0, 0)
    second = shares[1][0] if len(shares) > 1 else 0.0
    return place if best >= 0.8 and best - second >= 0.15 else None


def _repeated(table: Sequence[Sequence[str]], place: int) -> float:
    """In how many rows the text of a column stands in another one too."""
    same = sum(bool(row[place]) and _bare(row[place]) in map(
        _bare, (*row[:place], *row[place + 1:])) for row in table)
    return same / len(table)


def _bare(text: str) -> str:
    """Without the punctuation behind it."""
    return text.rstrip(_FINAL)


def _stem(columns: Sequence[_Column]) -> int | None:
    """The first column of different long texts that ask something, else the longest of all."""
    long = [one for one in columns
            if one.filled >= 0.9 and one.length >= 6 and one.different > 0.5]
    longest = max((one.length for one in long), default=0.0)
    asking = [one for one in long if one.asks >= 0.5]
    saying = [one for one in long if one.asks + one.says >= 0.5 and one.length >= 0.3 * longest]
    if asking or saying:
        return (asking or saying)[0].place
    best = [one.place for one in long if one.length == longest]
    return best[0] if best and 2 * longest > 3 * sorted(
        [one.length for one in long] + [0])[-2] else None


def _options(
    columns: Sequence[_Column], found: dict[int, str], stem: int, answer: int
) -> list[int]:
    """The columns behind the stem up to the answer or to a column that holds something else."""
    places: list[int] = []
    for one in columns[stem + 1:]:
        if one.place == answer and not places:
            continue
        if one.place in found or len(places) == len(OPTION_FIELDS):
            break
        if one.filled == 0 or (places and one.place > answer and _is_other(
                one, [columns[at] for at in places])):
            break
        places.append(one.place)
    return places


def _is_other(one: _Column, options: Sequence[_Column]) -> bool:
    """A column behind options that is none: the same everywhere, or much longer than they are."""
    usual = sum(option.length for option in options) / len(options)
    same = one.values == 1 and one.filled > 0.9 and (one.judges < 0.5 or len(options) > 1)
    return same or (len(options) > 1 and one.length > max(15, 3 * usual))


def _fits(
    table: Sequence[Sequence[str]], answer: _Column, stem: int, options: Sequence[int]
) -> bool:
    """Whether nearly all answers make sense over these options."""
    good = sum(_makes_sense(row, squeeze(row[answer.place]).upper(), options)
               for row in table if row[stem])
    return good >= 0.85 * len(table)


def _makes_sense(row: Sequence[str], answer: str, options: Sequence[int]) -> bool:
    texts = [_bare(squeeze(row[place])) for place in options]
    filled = {LETTERS[at] for at, text in enumerate(texts) if text}
    letters = set(letters_of(answer))
    if letters and letters <= filled:
        return True
    words = [text for text in texts if text]
    return _bare(answer) in (text.upper() for text in words) or (
        judge_value(answer) is not None and (not words or len(words) == 2))


def _answers(row: Sequence[str]) -> bool:
    """Whether a row is the answer of a question written down line by line: `答案：` and `A`."""
    full = [clean(cell) for cell in row if clean(cell)]
    return (len(full) == 2 and map_headers(full[:1]) == {full[0]: "answer"}
            and bool(letters_of(squeeze(full[1]).upper())))


def header_place(rows: Sequence[Sequence[str]], wanted: frozenset[str]) -> int | None:
    """Which of the first rows names the columns: stem and answer, or all columns asked for."""
    half = None
    for place, row in enumerate(rows):
        names = set(map_headers(row).values())
        if wanted and wanted <= {clean(cell) for cell in row}:
            return place
        if {"stem", "answer"} <= names:
            below = set(map_headers(rows[place + 1]).values()) if rows[place + 1:] else set()
            return place + (below > names)  # a header of two rows says all in its second
        if half is None and len(names) > 1 and names & {"stem", "answer"} and not _answers(row):
            half = place
    return half
