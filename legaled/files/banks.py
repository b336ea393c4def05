"""Question-bank files: bytes in, records and problems out; drafts in, a template out.

A file is kept whole or refused whole (`UnreadableFileError`); what is wrong with a single row is
a `Problem`, judged in `legaled.domain.bank_rows`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from legaled.domain.bank_headers import (
    FIELD_LABEL,
    FIELDS,
    MORE_OPTIONS,
    is_extra_option,
    map_headers,
)
from legaled.domain.bank_problems import Problem, problem
from legaled.domain.bank_record import Record
from legaled.domain.banks import (
    MAX_ROWS,
)
from legaled.domain.text import clean, unescape_cell
from legaled.files.tables import Line, read_table, refuse


@dataclass(frozen=True)
class BankFile:
    """A file as read. `rows` keeps every record as found, also those that are no `records`."""

    file: str
    format: str
    encoding: str | None = None
    delimiter: str | None = None
    sheet: str | None = None
    header_row: int | None = None
    mapping: Mapping[str, str] = field(default_factory=dict)
    records: Sequence[Record] = ()
    errors: Sequence[Problem] = ()
    headers: Sequence[str] = ()
    rows: Mapping[int, tuple[str, ...]] = field(default_factory=dict)


def read_bank(data: bytes, filename: str, *, sheet: str | None = None,
              mapping: Mapping[str, str] | None = None) -> BankFile:
    """The records of a file and what is wrong with its shape; raises UnreadableFileError.

    `mapping` (header as found -> field, or `""` for a column to leave out) goes before the guess.
    """
    chosen = mapping or {}
    if not set(chosen.values()) <= {*FIELDS, ""}:
        raise ValueError(f"unknown field in {chosen!r}")
    table = read_table(data, filename, sheet, chosen)
    lines = (line for line in table.lines if any(map(clean, line.cells)))
    header = next(lines, None)
    shape = BankFile(filename, table.format, table.encoding, table.delimiter, table.sheet)
    if header is None:
        return replace(shape, errors=[problem("no_rows")])
    headers = _trimmed(header.cells)
    found = _mapping(headers, chosen)
    if header.broken or (len(headers) < 2 and not found):
        raise refuse("not_a_table", "第一行不是表头。")
    shape = replace(shape, header_row=header.row, mapping=found, headers=headers)
    if lost := _lost_column(shape, chosen):
        return replace(shape, errors=[lost])
    return _records(shape, list(islice(lines, MAX_ROWS + 1)), table.errors)


def unknown_columns(bank: BankFile, mapping: Mapping[str, str]) -> list[str]:
    """Columns that somebody named and the file has not; none while its header is not known."""
    return sorted(set(mapping) - set(bank.headers)) if bank.headers else []


def _lost_column(bank: BankFile, chosen: Mapping[str, str]) -> Problem | None:
    """A column that was named or is needed, and is not there."""
    found = " | ".join(bank.headers)
    if unknown := unknown_columns(bank, chosen):
        names = "、".join(f"「{name}」" for name in unknown)
        has = "、".join(filter(None, bank.headers))
        return replace(problem("missing_column", bank.header_row, None, found),
                       message=f"文件里没有这一列：{names}。文件的列是：{has}。")
    lost = [name for name in ("stem", "answer") if name not in bank.mapping.values()]
    names = "、".join(FIELD_LABEL[name] for name in lost)
    return problem("missing_column", bank.header_row, None, found,
                   f"找不到：{names}。") if lost else None


def _trimmed(cells: tuple[str, ...]) -> tuple[str, ...]:
    """Without empty columns at the end, which spreadsheets like to add."""
    end = max((place for place, cell in enumerate(cells, start=1) if clean(cell)), default=0)
    return cells[:end]


def _mapping(headers: Sequence[str], chosen: Mapping[str, str]) -> dict[str, str]:
    taken = {chosen[header] for header in headers if header in chosen}
    guess = map_headers([header for header in headers if header not in chosen])
    both = {**{h: name for h, name in guess.items() if name not in taken}, **chosen}
    return {header: both[header] for header in headers if both.get(header)}


def _records(shape: BankFile, lines: Sequence[Line], errors: Sequence[Problem]) -> BankFile:
    if not lines:
        return replace(shape, errors=[problem("no_rows", shape.header_row)])
    if len(lines) > MAX_ROWS:
        return replace(shape, errors=[problem("too_many_rows")])
    places = {name: shape.headers.index(header) for header, name in shape.mapping.items()}
    extra = [place for place, header in enumerate(shape.headers) if is_extra_option(header)]
    ragged = [line for line in lines if _is_ragged(line, len(shape.headers))]
    bad = {line.row for line in ragged} | {error.row for error in errors}
    records = [Record(line.row, _cells(line.cells, places, extra))
               for line in lines if line.row not in bad]
    return replace(shape, records=records, rows={line.row: line.cells for line in lines},
                 errors=[*(_ragged(line, len(shape.headers)) for line in ragged), *errors])


def _is_ragged(line: Line, width: int) -> bool:
    return line.broken or len(line.cells) < width or any(map(clean, line.cells[width:]))


def _ragged(line: Line, width: int) -> Problem:
    detail = ("引号没有成对。" if line.broken
              else f"表头有 {width} 格，这一行有 {len(line.cells)} 格。")
    return problem("ragged_row", line.row, None, " | ".join(line.cells), detail)


def _cells(cells: Sequence[str], places: Mapping[str, int], extra: Sequence[int]) -> dict[str, str]:
    found = {name: unescape_cell(cells[place]) for name, place in places.items()}
    if extra and (more := " | ".join(cells[place] for place in extra if clean(cells[place]))):
        found[MORE_OPTIONS] = more
    return found
