"""Question-bank files that we hand out: a bank in the formats that we offer.

The refused rows of somebody's file are in `legaled.files.bank_refused`.
"""

from collections.abc import Iterable

from legaled.domain.bank_headers import FIELD_LABEL, FIELDS, OPTION_FIELDS
from legaled.domain.banks import KIND_LABEL, LETTERS, Kind, QuestionDraft
from legaled.domain.text import escape_cell, unescape_cell
from legaled.files.bank_refused import refused_rows, refused_suffix
from legaled.files.moodle_writing import write_moodle
from legaled.files.sheets import write_sheet
from legaled.files.tables import write_csv

__all__ = ["EXPORTS", "refused_rows", "refused_suffix", "write_bank", "write_template"]

EXPORTS = ("csv", "xlsx", "xml")  # by the end of a file's name
_WIDTHS = {"stem": 50, "explanation": 40, "answer": 16, "law": 16, "source": 20,
           **dict.fromkeys(OPTION_FIELDS, 20)}


def write_bank(drafts: Iterable[QuestionDraft], format: str) -> bytes:
    """These questions as one of EXPORTS: checking the file again gives the same drafts.

    csv is the template (UTF-8 with BOM, CRLF), xlsx has its columns with every cell as text, xml
    is Moodle XML. ValueError for any other format.
    """
    if format == "csv":
        return write_template(drafts)
    if format == "xlsx":
        widths = [_WIDTHS.get(name, 10) for name in FIELDS]
        return write_sheet("题库", list(FIELD_LABEL.values()), map(_sheet_row, drafts), widths)
    if format == "xml":
        return write_moodle(drafts)
    raise ValueError(f"no export format: {format!r}")


def write_template(rows: Iterable[QuestionDraft]) -> bytes:
    """The template with these questions: checking it again gives the same drafts."""
    return write_csv([list(FIELD_LABEL.values()), *map(_csv_row, rows)])


def _key_text(draft: QuestionDraft) -> str:
    if draft.kind is Kind.JUDGE:
        return draft.options[LETTERS.index(draft.key[0])]
    return {Kind.BLANK: "；".join(draft.key), Kind.ESSAY: draft.answer_text}.get(
        draft.kind, "".join(draft.key))


def _cells(draft: QuestionDraft) -> list[str]:
    options = () if draft.kind is Kind.JUDGE else draft.options
    cells = {
        "number": draft.number or draft.foreign_number, "kind": KIND_LABEL[draft.kind],
        "stem": draft.stem, **dict(zip(OPTION_FIELDS, options, strict=False)),
        "answer": _key_text(draft), "explanation": draft.explanation,
        "difficulty": draft.difficulty,
        "points": "" if draft.points is None else format(draft.points, "f"),
        "topic": draft.topic, "law": draft.law, "article": draft.article, "source": draft.source,
    }
    return [cells.get(name, "") for name in FIELDS]


def _csv_row(draft: QuestionDraft) -> list[str]:
    return [escape_cell(cell) for cell in _cells(draft)]


def _sheet_row(draft: QuestionDraft) -> list[str]:
    """As they are: a text cell is no formula. Only what import would take away is doubled."""
    return ["'" + cell if unescape_cell(cell) != cell else cell for cell in _cells(draft)]
