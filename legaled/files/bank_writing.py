"""Question-bank files that we hand out: the template with questions, and the refused rows."""

from collections.abc import Iterable

from legaled.domain.bank_headers import FIELD_LABEL, FIELDS, OPTION_FIELDS
from legaled.domain.bank_problems import Problem
from legaled.domain.banks import KIND_LABEL, LETTERS, Kind, QuestionDraft
from legaled.domain.text import escape_cell, unescape_cell
from legaled.files.banks import BankFile
from legaled.files.tables import write_csv


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
