"""What is kept of a question beside a waiting file, and what its row means for the bank."""

import json
from dataclasses import dataclass
from decimal import Decimal

from legaled.domain.banks import Kind, QuestionDraft


@dataclass(frozen=True)
class Against:
    """What a row means for the bank: `same`, `changed` or `conflict` with the question `name`.

    `kept` is what the question says now, unless it is the same, and `new` what it is to say when
    it changes. A new row has no such line.
    """

    row: int
    outcome: str
    name: str
    retired: bool
    kept: QuestionDraft | None = None
    new: QuestionDraft | None = None


def dump(draft: QuestionDraft) -> str:
    """Everything about the question; `load` has it back."""
    return json.dumps((
        draft.row, draft.number, draft.foreign_number, draft.kind.value, draft.stem,
        draft.options, draft.key, draft.answer_text, draft.explanation, draft.difficulty,
        None if draft.points is None else str(draft.points), draft.topic, draft.law,
        draft.article, draft.source), ensure_ascii=False)


def load(words: str) -> QuestionDraft:
    row, number, foreign, kind, stem, options, key, answer, explanation, level, points, *rest = (
        json.loads(words))
    return QuestionDraft(
        row, number, foreign, Kind(kind), stem, tuple(options), tuple(key), answer, explanation,
        level, None if points is None else Decimal(points), *rest)
