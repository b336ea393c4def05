"""Question-bank files: bytes in, records and problems out; drafts in, a template out.

A file is kept whole or refused whole (`UnreadableFileError`); what is wrong with a single row is
a `Problem`, judged in `legaled.domain.bank_rows`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from legaled.domain.bank_headers import (
    FIELD_LABEL,
    FIELDS,
    MORE_OPTIONS,
    OPTION_FIELDS,
    is_extra_option,
    map_headers,
)
from legaled.domain.bank_problems import Problem, UnreadableFileError, problem
from legaled.domain.bank_record import Record
from legaled.domain.bank_rows import judge_record
from legaled.domain.banks import (
    KIND_LABEL,
    LETTERS,
    MAX_ROWS,
    Kind,
    Pair,
    QuestionDraft,
    duplicates_and_conflicts,
)
from legaled.domain.text import clean, escape_cell, unescape_cell
from legaled.files.tables import Line, read_table, refuse, suffix_of, write_csv


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


# ---- the report ----

@dataclass(frozen=True)
class CheckReport:
    """What a file holds and what is wrong with it. `drafts` is what an import would take."""

    bank: BankFile
    valid: Mapping[Kind, int]
    drafts: Sequence[QuestionDraft]
    errors: Sequence[Problem]
    warnings: Sequence[Problem]
    duplicates: Sequence[Pair]
    conflicts: Sequence[Pair]
    exit_code: int
    rivals: Sequence[QuestionDraft] = ()  # the drafts behind `conflicts`, for --take-conflicts

    def as_json(self) -> dict[str, object]:
        """The keys of `--json` in their order; the last three are for who knows the bank."""
        bank = self.bank
        return {
            "file": bank.file, "format": bank.format, "encoding": bank.encoding,
            "delimiter": bank.delimiter, "sheet": bank.sheet, "header_row": bank.header_row,
            "mapping": dict(bank.mapping), "records": len(bank.rows),
            "valid": {kind.value: self.valid.get(kind, 0) for kind in Kind},
            "errors": [one.as_json() for one in self.errors],
            "warnings": [one.as_json() for one in self.warnings],
            "duplicates": [{"row": row, "of": of} for row, of in self.duplicates],
            "conflicts": [{"row": row, "of": of} for row, of in self.conflicts],
            "added": None, "changed": None, "unchanged": None,
        }


def check(data: bytes, filename: str, *, accept_trailing: bool = False,
          articles: Callable[[str], int | None] | None = None, sheet: str | None = None,
          mapping: Mapping[str, str] | None = None) -> CheckReport:
    """Reads and judges a whole file; never raises for what is in it and writes nothing."""
    try:
        bank = read_bank(data, filename, sheet=sheet, mapping=mapping)
    except UnreadableFileError as error:
        shape = BankFile(filename, suffix_of(filename))
        return CheckReport(shape, {}, (), [error.problem], (), (), (), 2)
    headers = {name: header for header, name in bank.mapping.items()}
    headers |= [(MORE_OPTIONS, header) for header in bank.headers if is_extra_option(header)][:1]
    errors, warnings, drafts = list(bank.errors), list[Problem](), list[QuestionDraft]()
    for record in bank.records:
        draft, wrong, doubtful = judge_record(
            record, accept_trailing=accept_trailing, articles=articles, headers=headers)
        errors += wrong
        warnings += doubtful
        if draft:
            drafts.append(draft)
    valid = {kind: sum(draft.kind is kind for draft in drafts) for kind in Kind}
    kept, duplicates, conflicts = duplicates_and_conflicts(drafts)
    against = {row for row, _ in conflicts}
    errors.sort(key=lambda one: one.row or 0)
    return CheckReport(bank, valid, kept, errors, warnings, duplicates, conflicts,
                       1 if errors else 0, [one for one in drafts if one.row in against])


# ---- writing ----

def _key_text(draft: QuestionDraft) -> str:
    if draft.kind is Kind.JUDGE:
        return draft.options[LETTERS.index(draft.key[0])]
    return {Kind.BLANK: "；".join(draft.key), Kind.ESSAY: draft.answer_text}.get(
        draft.kind, "".join(draft.key))


def _template_row(draft: QuestionDraft) -> list[str]:
    options = () if draft.kind is Kind.JUDGE else draft.options
    cells = {
        "number": draft.number or draft.foreign_number, "kind": KIND_LABEL[draft.kind],
        "stem": draft.stem, **dict(zip(OPTION_FIELDS, options, strict=False)),
        "answer": _key_text(draft), "explanation": draft.explanation,
        "difficulty": draft.difficulty,
        "points": "" if draft.points is None else format(draft.points, "f"),
        "topic": draft.topic, "law": draft.law, "article": draft.article, "source": draft.source,
    }
    return [escape_cell(cells.get(name, "")) for name in FIELDS]


def write_template(rows: Iterable[QuestionDraft]) -> bytes:
    """The template with these questions: checking it again gives the same drafts."""
    return write_csv([list(FIELD_LABEL.values()), *map(_template_row, rows)])


def refused_rows(bank: BankFile, problems: Iterable[Problem]) -> bytes:
    """The rows with problems, and why, as a file like the one that came (XLSX: CSV for Excel)."""
    reasons: dict[int, list[str]] = {}
    for one in problems:
        if one.row is not None and one.row in bank.rows:
            where = f"{one.column}：" if one.column else ""
            reasons.setdefault(one.row, []).append(where + one.message)
    width = len(bank.headers)
    table = [[*bank.headers, "原因"]]
    for row, why in sorted(reasons.items()):
        cells = [escape_cell(unescape_cell(cell)) for cell in bank.rows[row]]
        cells += [""] * (width - len(cells))
        table.append([*cells[:width], " ".join(dict.fromkeys(why)), *cells[width:]])
    return write_csv(table, bank.delimiter or ",", bank.encoding or "utf-8-sig")
