"""The rows of a table whose columns are known: records, and those with too many or few cells."""

from collections.abc import Iterator, Mapping, Sequence
from operator import itemgetter
from typing import NamedTuple

from legaled.domain.bank_answers import heading_kind
from legaled.domain.bank_headers import MORE_OPTIONS, OPTION_FIELDS, is_extra_option
from legaled.domain.bank_options import split_options
from legaled.domain.bank_problems import Problem, problem
from legaled.domain.bank_record import Record
from legaled.domain.banks import MAX_ROWS
from legaled.domain.text import WHITE, unescape_cell
from legaled.files.delimited import Line, column_letters


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
    lines, kinds = _without_headings(columns, lines)
    if not lines:
        return Records((), {}, [problem("no_rows", columns.row)])
    if len(lines) > MAX_ROWS:
        return Records((), {}, [problem("too_many_rows")])
    places = {name: columns.headers.index(header) for header, name in columns.mapping.items()}
    width = len(columns.headers)
    need = 1 + max(places["stem"], places["answer"])
    ragged = [line for line in lines if _is_ragged(line, width, need)]
    rows = {line.row: line.cells for line in lines}
    taken = _taken(columns.headers, places)
    errors = [error for error in errors
              if error.row in rows and (error.code != "formula_cell" or error.column in taken)]
    bad = {line.row for line in ragged} | {error.row for error in errors}
    good = lines if not bad else [line for line in lines if line.row not in bad]
    records = list(_read(columns.headers, good, places))
    if kinds and "kind" not in places:
        records = [one._replace(cells={"kind": kinds[one.row], **one.cells})
                   if one.row in kinds else one for one in records]
    return Records(records, rows,
                   [*(_ragged(line, width) for line in ragged), *errors])


def _without_headings(
    columns: Columns, lines: Sequence[Line]
) -> tuple[Sequence[Line], dict[int, str]]:
    """The lines but for the header again and rows like `一、单选题`; row -> kind said above it."""
    kept, kinds, kind = list[Line](), dict[int, str](), ""
    again = tuple(columns.headers) if columns.row else None
    for line in lines:
        full = [cell for cell in line.cells if cell.strip(WHITE)]
        if again and line.cells[:len(again)] == again and not line.broken:
            continue
        if len(full) == 1 and (said := heading_kind(full[0])):
            kind = said
            continue
        kept.append(line)
        if kind:
            kinds[line.row] = kind
    return (kept, kinds) if len(kept) < len(lines) else (lines, {})


def _taken(headers: Sequence[str], places: Mapping[str, int]) -> set[str]:
    """The letters of the columns whose text goes into a question: a number is only a label."""
    extra = [place for place, header in enumerate(headers) if is_extra_option(header)]
    return {column_letters(place) for name, place in places.items() if name != "number"} | {
        column_letters(place) for place in extra}


def _is_ragged(line: Line, width: int, need: int) -> bool:
    """Cells too many, or too few to reach the stem and the answer; other fields may lack."""
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
