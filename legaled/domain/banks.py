"""What a question is, and who equals whom; docs/bank.md tells it to trainers."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import Enum
from functools import cached_property
from hashlib import sha256
from types import MappingProxyType

from legaled.domain.text import WHITE, fold, is_plain, squeeze


class Kind(Enum):
    SINGLE = "single"
    MULTI = "multi"
    JUDGE = "judge"
    BLANK = "blank"
    ESSAY = "essay"


KIND_LABEL: Mapping[Kind, str] = MappingProxyType({
    Kind.SINGLE: "单选", Kind.MULTI: "多选", Kind.JUDGE: "判断",
    Kind.BLANK: "填空", Kind.ESSAY: "简答",
})
CHOICES = (Kind.SINGLE, Kind.MULTI)
JUDGE_OPTIONS = ("正确", "错误")
LETTERS = "ABCDEFGH"
MAX_ROWS = 100_000
# what the file reader knows, by the end of a file's name
SUFFIXES = ("csv", "tsv", "txt", "md", "xlsx", "xls", "docx", "xml")
_LEADING_NUMBER = re.compile(rf"[{WHITE}]*(?:\d{{1,4}}[{WHITE}]*[、.:)](?!\d)"
                             rf"|\(\d{{1,4}}\)|第\d{{1,4}}题[、.:]?)")


@dataclass(frozen=True)
class QuestionDraft:
    """One valid question. `key` holds letters over `options`, or one string a gap (填空)."""

    row: int
    number: str | None
    foreign_number: str
    kind: Kind
    stem: str
    options: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    answer_text: str = ""
    explanation: str = ""
    difficulty: str = ""
    points: Decimal | None = None
    topic: str = ""
    law: str = ""
    article: str = ""
    source: str = ""

    @cached_property
    def mark(self) -> str:
        """What equals whom; reckoned once."""
        return fingerprint(self.kind, self.stem, self.options)


def normalise(text: str) -> str:
    """The stem as compared: squeezed, without its leading number. Twice changes nothing."""
    found = _LEADING_NUMBER.match(text := fold(text))
    text = squeeze(text[found.end():] if found else text)
    while found := _LEADING_NUMBER.match(text):
        text = squeeze(text[found.end():])
    return text


def fingerprint(kind: Kind, stem: str, options: Iterable[str]) -> str:
    """The same for the same question however numbered, spaced, wide or ordered.

    No separator can stand inside a part: squeezing takes the control characters away.
    """
    texts = set(options) if kind in CHOICES else set()
    if not is_plain("".join(texts)):
        texts = {squeeze(text) for text in texts}
    return sha256("\x1f".join([normalise(stem), *sorted(texts)]).encode()).hexdigest()


def key_texts(draft: QuestionDraft) -> frozenset[str] | tuple[str, ...]:
    """The key in a form that the order of options does not change."""
    if draft.kind in CHOICES:
        return frozenset(squeeze(draft.options[LETTERS.index(letter)]) for letter in draft.key)
    return tuple(squeeze(part) for part in (*draft.key, draft.answer_text))


def same_content(a: QuestionDraft, b: QuestionDraft) -> bool:
    """Whether nothing but the place and the numbers differ; else it is a new version."""
    return replace(a, row=0, number=None, foreign_number="") == replace(
        b, row=0, number=None, foreign_number="")


Pair = tuple[int, int]


def duplicates_and_conflicts(
    drafts: Iterable[QuestionDraft],
) -> tuple[list[QuestionDraft], list[Pair], list[Pair]]:
    """The drafts to keep, and (row, of) for later ones: the same again, or with another key.

    A row with our own 题号 is that question; two questions of a bank never share a fingerprint,
    whatever their numbers.
    """
    kept: list[QuestionDraft] = []
    duplicates: list[Pair] = []
    conflicts: list[Pair] = []
    first_seen: dict[str, QuestionDraft] = {}  # by 题号 and by fingerprint, which never look alike
    for draft in drafts:
        mark = draft.mark
        numbered = first_seen.get(draft.number) if draft.number else None
        first = numbered or first_seen.get(mark)
        if first is None:
            kept.append(draft)
            first_seen[mark] = first_seen[draft.number or mark] = draft
        else:
            same = same_content(first, draft) if numbered else key_texts(first) == key_texts(draft)
            (duplicates if same else conflicts).append((draft.row, first.row))
    return kept, duplicates, conflicts
