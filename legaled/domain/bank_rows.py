"""How one row of somebody's file becomes a question or is refused.

docs/bank.md tells the fields and the codes to trainers. Nothing here reads files;
`legaled.files.banks` turns bytes into `Record`s and comes here to have them judged.
"""

import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from legaled.domain.bank_answers import key_of, kind_of
from legaled.domain.bank_headers import OPTION_FIELDS
from legaled.domain.bank_problems import Problem
from legaled.domain.bank_record import (
    Record,
    Row,
    check_lengths,
    read_item_number,
    read_options,
)
from legaled.domain.bank_warnings import warn_law, warn_options, warn_stem
from legaled.domain.banks import CHOICES, JUDGE_OPTIONS, LETTERS, Kind, QuestionDraft
from legaled.domain.text import squeeze

OWN_NUMBER = re.compile(r"L-[0-9]{6,18}$")
_POINTS = re.compile(r"[0-9]{1,4}(?:\.[0-9]{1,4})?$")


def _points(row: Row) -> Decimal | None:
    if not (text := row.text("points")):
        return None
    text = squeeze(text).removesuffix("分")
    if _POINTS.match(text):
        return Decimal(text)
    if text:
        row.say("points_not_understood", "points")
    return None


def _draft(row: Row, kind: Kind, key: tuple[str, ...]) -> QuestionDraft:
    text = row.text
    number = text("number")
    own = OWN_NUMBER.match(number) is not None
    kept = tuple(row.options.values()) if kind in CHOICES else ()
    if kind in CHOICES:  # an empty column in between is closed, and the letters move with it
        places = dict(zip(row.options, LETTERS, strict=False))
        key = tuple(places[letter] for letter in key)
    return QuestionDraft(
        row.record.row, number if own else None, "" if own else number, kind, text("stem"),
        JUDGE_OPTIONS if kind is Kind.JUDGE else kept, key,
        text("answer") if kind is Kind.ESSAY else "", text("explanation"), text("difficulty"),
        _points(row), text("topic"), text("law"), text("article"), text("source"))


def judge_record(
    record: Record, *, accept_trailing: bool = False,
    articles: Callable[[str], int | None] | None = None,
    headers: Mapping[str, str] = MappingProxyType({}),
) -> tuple[QuestionDraft | None, list[Problem], list[Problem]]:
    """The question, or None and at least one error; warnings either way.

    `articles` tells how many articles a law has (None: no such law); without it laws are not
    checked. `headers` names columns as they stand in the file, by field.
    """
    row = Row(record, accept_trailing, headers)
    check_lengths(row)
    read_options(row)
    read_item_number(row)
    kind = kind_of(row)
    key: tuple[str, ...] = ()
    for name in ("stem", "answer"):
        if name not in row.texts or not row.texts[name]:
            row.say(f"missing_{name}", name)
    if kind in CHOICES and len(row.options) < 2:
        row.say("too_few_options", OPTION_FIELDS[len(row.options)])
    if kind and row.text("answer"):
        key = key_of(row, kind)
    warn_stem(row, kind, key)
    warn_options(row, key)
    if articles:
        warn_law(row, articles)
    draft = _draft(row, kind, key) if kind and not row.errors else None
    return draft, row.errors, row.warnings
