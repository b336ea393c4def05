"""Text with one character between its cells, whatever that character and the quotes are."""

import csv
import io
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import NamedTuple

from legaled.domain.bank_headers import map_headers
from legaled.domain.bank_problems import refuse
from legaled.domain.banks import MAX_ROWS
from legaled.domain.text import clean

MAX_LINES = 1_500_000
MAX_COLUMNS = 300
HEAD = 12  # records among which a header is looked for
_SAMPLE, _LETTERS = 200, 100_000  # lines and letters by which quotes and delimiters are told
# One limit for the whole process; csv's own 128 KB would turn a long cell into a parse error.
csv.field_size_limit(1 << 26)
_INSERT = re.compile(r"INSERT\s{1,9}INTO\s[^()]{1,200}(?:\([^()]{1,900}\)\s{0,9})?VALUES\s{0,9}",
                     re.IGNORECASE)


class Line(NamedTuple):
    """One row of a table where it starts in the file; `broken` when its quotes do not pair."""

    row: int
    cells: tuple[str, ...]
    broken: bool = False


@dataclass(frozen=True)
class Dialect:
    """How the cells of a text are parted and quoted."""

    delimiter: str
    quote: str = '"'
    spaced: bool = False  # a blank stands between the delimiter and the quote


def lines_of(text: str) -> list[str]:
    """The physical lines with their ends; UnreadableFileError when there are absurdly many."""
    if text.count("\n") + text.count("\r") > 2 * MAX_LINES:
        raise refuse("too_many_rows")
    lines = io.StringIO(text, newline="").readlines()
    if len(lines) > MAX_LINES:
        raise refuse("too_many_rows")
    return lines


def read_delimited(lines: Sequence[str], known: Mapping[str, str]) -> tuple[str, Iterator[Line]]:
    """The delimiter that makes most of the text, and its records as they are asked for.

    `known`: headers by which the delimiter is told, besides those of banks.
    """
    lines = _bare(lines)
    dialect = _dialect(lines, known)
    return dialect.delimiter, _parsed(lines, dialect)


def read_pipes(lines: Sequence[str]) -> list[Line]:
    """The rows of a Markdown table; empty when the text has none."""
    found = [(row, line.strip()) for row, line in enumerate(lines[:2 * MAX_ROWS], start=1)
             if line.lstrip().startswith("|")]
    rules = {row for row, line in found if "-" in line and not set(line) - set("|:- \t")}
    return [Line(row, tuple(clean(cell.replace("\\|", "|"))
                            for cell in re.split(r"(?<!\\)\|", line[1:].removesuffix("|"))))
            for row, line in found if rules and row not in rules]


def _bare(lines: Sequence[str]) -> Sequence[str]:
    """Rows of SQL without their brackets; any other text as it is."""
    sample = [line for line in islice(lines, _SAMPLE) if clean(line)]
    rows = [row for row in map(_values, sample) if row]
    if len(rows) < 2 or len(rows) < 0.8 * len(sample):
        return lines
    return [_values(line) for line in lines]


def _values(line: str) -> str:
    """`'1','甲'` of `INSERT INTO t VALUES ('1','甲');`, else nothing."""
    row = _INSERT.sub("", line.strip(), count=1).rstrip(",;").rstrip()
    quoted = row.startswith("(") and row.endswith(")") and "'" in row
    return row[1:-1].replace("\\'", "''") if quoted else ""


# ---- the dialect ----

def _dialect(lines: Sequence[str], known: Mapping[str, str]) -> Dialect:
    """By the columns that we know, then by rows of one width, then by columns at all."""
    sample = lines[:_SAMPLE]
    options = [_quoted(sample, delimiter) for delimiter in ",\t;|"]
    gains = [_gain(sample, option, known) for option in options]
    return max(zip(options, gains, strict=True), key=lambda pair: pair[1])[0]


def _quoted(sample: Sequence[str], delimiter: str) -> Dialect:
    """The quotes that stand around the cells, when the cells are parted by `delimiter`."""
    text, mark = "".join(sample)[:_LETTERS], re.escape(delimiter)
    whole = rf"(?:\A|[\r\n]|{mark}) ?'(?:[^']|'')*'(?={mark}|[\r\n]|\Z)"
    fields = text.count(delimiter) + min(len(sample), text.count("\n") + text.count("\r") + 1)
    quote = "'" if 2 * len(re.findall(whole, text)) >= fields else '"'
    tight, loose = text.count(delimiter + quote), text.count(f"{delimiter} {quote}")
    return Dialect(delimiter, quote, loose > tight)


def _gain(sample: Sequence[str], dialect: Dialect, known: Mapping[str, str]) -> tuple[float, ...]:
    head = [line for line in _parsed(sample, dialect) if any(map(clean, line.cells))]
    good = [line.cells for line in head if not line.broken]
    names = max((len(map_headers(cells)) + len(set(cells) & set(known))
                 for cells in good[:HEAD] if len(cells) <= MAX_COLUMNS), default=0)
    width, same = Counter(map(len, good)).most_common(1)[0] if good else (0, 0)
    share = same / len(head) if width > 1 else 0.0
    if dialect.delimiter == "|" and names < 2 and (share < 0.9 or width < 3):
        return -1.0, 0.0, 0.0
    return names, round(share, 1), len(good[0]) if names and good else width


# ---- the records ----

def _parsed(lines: Sequence[str], dialect: Dialect) -> Iterator[Line]:
    """Records with the physical line where each starts.

    The csv module and not pandas, because a trainer needs line numbers and pandas forgets them as
    soon as a cell holds a line end. Strict, because csv else drops quotes and swallows the rest of
    the file behind an open one; then reading goes on at the next line, at most twenty times.
    """
    start, resumed = 0, 0
    while start < len(lines):
        reader = csv.reader(
            islice(lines, start, None), delimiter=dialect.delimiter, quotechar=dialect.quote,
            skipinitialspace=dialect.spaced, strict=True)
        offset, begin = start, start
        start = len(lines)
        while True:
            try:
                for cells in reader:
                    yield Line(begin + 1, tuple(cells[:MAX_COLUMNS + 1]))
                    begin = offset + reader.line_num
                break
            except csv.Error:
                end = offset + reader.line_num
                if end == len(lines) and end - begin > 1 and resumed < 20:
                    start, resumed, end = begin + 1, resumed + 1, begin + 1
                yield Line(begin + 1, ("".join(lines[begin:end]).rstrip("\r\n"),), broken=True)
                if start < len(lines):
                    break
                begin = end


def width_of(lines: Iterable[Line]) -> int:
    """How many cells a row has, without empty ones at its end; a stray row does not count."""
    widths = Counter(len(trimmed(line.cells)) for line in lines if not line.broken)
    often = max(1, widths.total() // 10)
    return max((width for width, count in widths.items() if count >= often), default=0)


def trimmed(cells: Sequence[str]) -> tuple[str, ...]:
    """Without empty columns at the end, which spreadsheets like to add."""
    end = max((place for place, cell in enumerate(cells, start=1) if clean(cell)), default=0)
    return tuple(cells[:end])


def column_letters(place: int) -> str:
    """0 -> A, 26 -> AA: what spreadsheets call a column."""
    text, place = "", place + 1
    while place:
        place, rest = divmod(place - 1, 26)
        text = chr(65 + rest) + text
    return text
