"""A question-bank file judged: what it holds, and what is wrong with every row of it."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from legaled.domain.bank_headers import FIELD_LABEL, MORE_OPTIONS, OPTION_FIELDS, is_extra_option
from legaled.domain.bank_problems import ERRORS, Problem, UnreadableFileError, problem
from legaled.domain.bank_rows import judge_record
from legaled.domain.bank_warnings import is_scrambled
from legaled.domain.banks import Kind, Pair, QuestionDraft, duplicates_and_conflicts
from legaled.files.banks import BankFile, read_bank
from legaled.files.collector import paused_collector
from legaled.files.tables import suffix_of


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
          mapping: Mapping[str, str] | None = None,
          progress: Callable[[int, int], None] = lambda done, total: None) -> CheckReport:
    """Reads and judges a whole file; never raises for what is in it and writes nothing.

    `progress(judged, all)` is told when the file has been read and every thousand rows.
    """
    with paused_collector():
        try:
            bank = read_bank(data, filename, sheet=sheet, mapping=mapping)
        except UnreadableFileError as error:
            shape = BankFile(filename, suffix_of(filename))
            return CheckReport(shape, {}, (), [error.problem], (), (), (), 2)
        found = _judged(bank, progress, accept_trailing=accept_trailing, articles=articles)
        kept, duplicates, conflicts = duplicates_and_conflicts(found.drafts)
    against = {row for row, _ in conflicts}
    return CheckReport(bank, Counter(draft.kind for draft in found.drafts), kept, found.errors,
                       found.warnings, duplicates, conflicts, 1 if found.errors else 0,
                       [one for one in found.drafts if one.row in against])


class _Judged(NamedTuple):
    drafts: list[QuestionDraft]
    errors: list[Problem]
    warnings: list[Problem]


def _judged(bank: BankFile, progress: Callable[[int, int], None], *, accept_trailing: bool,
            articles: Callable[[str], int | None] | None) -> _Judged:
    """Every record judged, what is wrong with the file among it; both lists in order of rows."""
    headers = _columns(bank)
    drafts: list[QuestionDraft] = []
    errors = [one for one in bank.errors if one.code in ERRORS]
    warnings = [one for one in bank.errors if one.code not in ERRORS]
    for place, record in enumerate(bank.records):
        if place % 1_000 == 0:
            progress(place, len(bank.records))
        draft, wrong, doubtful = judge_record(
            record, accept_trailing=accept_trailing, articles=articles, headers=headers)
        if draft:
            drafts.append(draft)
        errors += wrong
        warnings += doubtful
    warnings += _scrambled(bank, warnings, headers.get("stem"))
    for heap in (errors, warnings):
        heap.sort(key=lambda one: one.row or 0)
    return _Judged(drafts, errors, warnings)


def _columns(bank: BankFile) -> dict[str, str]:
    """Field -> the column of the file that a problem with it names."""
    headers = {name: header for header, name in bank.mapping.items()}
    if "option_a" in headers and not set(OPTION_FIELDS[1:]) & set(headers):
        headers |= dict.fromkeys((*OPTION_FIELDS, MORE_OPTIONS), headers["option_a"])
    return headers | dict(
        [(MORE_OPTIONS, header) for header in bank.headers if is_extra_option(header)][:1])


def _scrambled(bank: BankFile, known: Sequence[Problem], column: str | None) -> list[Problem]:
    """A warning for every stem of a file that is no Chinese as a whole, said once a row."""
    options = (record.cells.get(name, "") for record in bank.records for name in OPTION_FIELDS)
    if not is_scrambled((one.cells.get("stem", "") for one in bank.records), options):
        return []
    said = {one.row for one in known if one.code == "not_prose"}
    return [problem("not_prose", record.row, column or FIELD_LABEL["stem"], record.cells["stem"])
            for record in bank.records if record.cells.get("stem") and record.row not in said]
