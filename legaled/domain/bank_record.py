"""One row of a bank file: as it was found, and on the desk while it is judged."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from legaled.domain.bank_headers import FIELD_LABEL, MAX_LENGTH, MORE_OPTIONS, OPTION_FIELDS
from legaled.domain.bank_problems import ERRORS, Problem, problem
from legaled.domain.banks import LETTERS
from legaled.domain.text import WHITE, clean, squeeze

# A prefix is one letter and a mark; `A、B两项` is no prefix but a sentence about two letters.
_PREFIX = re.compile(rf"([A-HＡ-Ｈa-hａ-ｈ])[{WHITE}]*[、.．:：)）][{WHITE}]*+"
                     r"(?![A-HＡ-Ｈa-hａ-ｈ](?![A-Za-z]))"
                     r"|[(（]([A-HＡ-Ｈa-hａ-ｈ])[)）](?![(（])")
_GLUED = re.compile(rf"[^{WHITE}][{WHITE}]+[A-H][{WHITE}]*[、.．:：)）]"
                    r"|[\u4e00-\u9fff][B-H][.．](?!\d)|答案[:：]")
_MAYBE_GLUED = re.compile(r"[A-H答]").search
_STARTS = "ABCDEFGHabcdefghＡＢＣＤＥＦＧＨａｂｃｄｅｆｇｈ(（"
_SHORTEST = min(MAX_LENGTH.values())
_OPTIONS = tuple(zip(LETTERS, OPTION_FIELDS, strict=True))


class Record(NamedTuple):
    """One row as found: text by field name, untouched."""

    row: int
    cells: Mapping[str, str]


@dataclass(slots=True)
class Row:
    """One record on the desk: its texts, and what was found wrong so far."""

    record: Record
    accept_trailing: bool
    headers: Mapping[str, str]
    options: dict[str, str] = field(default_factory=dict)  # letter of the column -> text
    errors: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)
    texts: dict[str, str] = field(default_factory=dict)  # the cells, cleaned

    def __post_init__(self) -> None:
        self.texts = {name: clean(text) if "\r" in text else text.strip(WHITE)
                      for name, text in self.record.cells.items() if text}

    def raw(self, name: str) -> str:
        return self.record.cells.get(name, "")

    def text(self, name: str) -> str:
        return self.texts.get(name, "")

    def cut(self, name: str, limit: int) -> None:
        self.texts[name] = self.texts[name][:limit]
        self.record = self.record._replace(
            cells={**self.record.cells, name: self.texts[name]})

    def say(self, code: str, name: str, detail: str = "") -> None:
        column = self.headers.get(name) or FIELD_LABEL.get(name)
        heap = self.errors if code in ERRORS else self.warnings
        heap.append(problem(code, self.record.row, column, self.raw(name), detail))


def strip_prefix(text: str) -> tuple[str, str | None]:
    """The option without its own `A、`, and the first letter that was taken away."""
    letter = None
    text = clean(text)
    while found := _PREFIX.match(text):
        letter = letter or squeeze(found[1] or found[2]).upper()
        text = clean(text[found.end():])
    return text, letter


def read_options(row: Row) -> None:
    """Take the options up, without their own letters; what is odd about them is said."""
    for letter, name in _OPTIONS:
        found = row.texts.get(name)
        if not found:
            continue
        text, own = strip_prefix(found) if found[0] in _STARTS else (found, None)
        if text:
            row.options[letter] = text
        if own not in (None, letter):
            row.say("option_prefix_differs", name)
        if _MAYBE_GLUED(text) and _GLUED.search(text):
            row.say("glued_options", name)
    if row.text(MORE_OPTIONS):
        row.say("too_many_options", MORE_OPTIONS)


def read_item_number(row: Row) -> None:
    """A digit over columns called item1, item2, … is the letter of an option."""
    digit = row.text("answer")
    if not squeeze(row.headers.get("option_a", "")).lower().startswith("item") or (
            len(digit) != 1 or digit not in "12345678"):
        return
    letter = LETTERS["12345678".index(digit)]
    if letter in row.options and digit not in row.options.values():
        row.texts["answer"] = letter


def check_lengths(row: Row) -> None:
    """Say which fields are too long, and cut them."""
    for name, text in row.texts.items():
        if len(text) > _SHORTEST and len(text) > (limit := MAX_LENGTH.get(name, len(text))):
            row.say("field_too_long", name, f"这一格有 {len(text)} 字，最多 {limit} 字。")
            row.cut(name, limit)  # refused anyway: no pattern need run over megabytes
