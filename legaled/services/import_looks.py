"""A question of a waiting file in words, beside another when they contradict each other."""

from collections.abc import Sequence
from dataclasses import dataclass

from legaled.domain.banks import KIND_LABEL, LETTERS, Kind, QuestionDraft
from legaled.domain.text import squeeze


@dataclass(frozen=True)
class Option:
    """`differs`: right on one side and wrong on the other."""

    letter: str
    text: str
    right: bool
    differs: bool = False


@dataclass(frozen=True)
class Looks:
    """A question as an exam will show it, with its answer."""

    kind: str
    stem: str
    options: Sequence[Option]
    answer: str
    explanation: str
    basis: str
    differs: bool = False


def looks(draft: QuestionDraft, other: QuestionDraft | None = None) -> Looks:
    """The question in words; where its answer differs from the other's is marked."""
    right, theirs = _right(draft), _right(other) if other else None
    judge = draft.kind is Kind.JUDGE
    options = tuple(
        Option("" if judge else letter, text, letter in draft.key,
               theirs is not None and (squeeze(text) in right) != (squeeze(text) in theirs))
        for letter, text in zip(LETTERS, draft.options, strict=False))
    answer = draft.answer_text or "；".join(() if options else draft.key)
    return Looks(
        KIND_LABEL[draft.kind], draft.stem, options, answer, draft.explanation,
        " ".join(filter(None, (draft.law, draft.article))),
        theirs is not None and not options and right != theirs)


def _right(draft: QuestionDraft) -> frozenset[str]:
    if not draft.options:
        return frozenset({draft.answer_text, *draft.key})
    return frozenset(squeeze(text) for letter, text in zip(LETTERS, draft.options, strict=False)
                     if letter in draft.key)
