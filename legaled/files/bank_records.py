"""The rows of a table whose columns are known: records, and those with too many or few cells."""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from legaled.domain.bank_headers import MORE_OPTIONS, OPTION_FIELDS, is_extra_option
from legaled.domain.bank_options import split_options
from legaled.domain.bank_problems import Problem, problem
from legaled.domain.bank_record import Record
from legaled.domain.banks import MAX_ROWS
from legaled.domain.text import WHITE, unescape_cell
from legaled.files.delimited import Line


class Columns(NamedTuple):
    """What a table is called by: its headers, the field of each, and whether they are a row."""

    headers: Sequence[str]
    mapping: Mapping[str, str]
    row: int | None


class Records(NamedTuple):
    """The good rows, all rows as found, and what is wrong with the others."""

    records: Sequence[Record]
    rows: Mapping[int, tuple[str, ...]]
    errors: Sequence[Problem]


def read_records(
    columns: Columns, lines: Sequence[Line], errors: Sequence[Problem]
) -> Records:
    """The lines below the header, read by its columns; `errors` are those of single cells."""
    if not lines:
        return Records((), {}, [problem("no_rows", columns.row)])
    if len(lines) > MAX_ROWS:
        return Records((), {}, [problem("too_many_rows")])
    places = {name: columns.headers.index(header) for header, name in columns.mapping.items()}
    width = len(columns.headers)
    need = width if columns.row else 1 + max(places["stem"], places["answer"])
    ragged = [line for line in lines if _is_ragged(line, width, need)]
    rows = {line.row: line.cells for line in lines}
    errors = [error for error in errors if error.row in rows]
    bad = {line.row for line in ragged} | {error.row for error in errors}
    good = lines if not bad else [line for line in lines if line.row not in bad]
    return Records(list(_read(columns.headers, good, places)), rows,
                   [*(_ragged(line, width) for line in ragged), *errors])


def _is_ragged(line: Line, width: int, need: int) -> bool:
    if line.broken or len(line.cells) == width:
        return line.broken
    return len(line.cells) < need or bool("".join(line.cells[width:]).strip(WHITE))


def _ragged(line: Line, width: int) -> Problem:
    detail = ("引号没有成对。" if line.broken
              else f"表头有 {width} 格，这一行有 {len(line.cells)} 格。")
    return problem("ragged_row", line.row, None, " | ".join(line.cells), detail)


def _read(headers: Sequence[str], lines: Sequence[Line],
          places: Mapping[str, int]) -> Iterator[Record]:
    extra = [place for place, header in enumerate(headers) if is_extra_option(header)]
    packed = "option_a" in places and not set(OPTION_FIELDS[1:]) & set(places)
    names, width = tuple(places), max(places.values()) + 1
    pick = itemgetter(*places.values())
    for row, cells, _ in lines:
        if len(cells) < width:
            cells += ("",) * (width - len(cells))
        texts = pick(cells)
        if "'" in "".join(texts):
            texts = tuple(map(unescape_cell, texts))
        found = dict(zip(names, texts, strict=True))
        if packed:
            found |= split_options(found["option_a"])
        if extra and (more := " | ".join(cells[place] for place in extra
                                         if cells[place].strip(WHITE))):
            found[MORE_OPTIONS] = more
        yield Record(row, found)
