"""A question-bank file judged: what it holds, and what is wrong with every row of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from legaled.domain.bank_headers import MORE_OPTIONS, is_extra_option
from legaled.domain.bank_problems import Problem, UnreadableFileError
from legaled.domain.bank_rows import judge_record
from legaled.domain.banks import Kind, Pair, QuestionDraft, duplicates_and_conflicts
from legaled.files.banks import BankFile, read_bank
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
