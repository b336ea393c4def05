"""Several options in one cell, and a header that spans the columns of several options."""

import json
import re
from collections.abc import Sequence

from legaled.domain.bank_columns import name_columns
from legaled.domain.bank_headers import MORE_OPTIONS, OPTION_FIELDS, map_headers
from legaled.domain.banks import LETTERS
from legaled.domain.text import WHITE, clean

_MARK = {letter: re.compile(rf"(?:^|(?<=[{WHITE}|｜;；,，/。]))[(（\[]?{letter}[)）\]]?"
                            rf"(?:(?<=[)）\]])|[、.．:：)）])") for letter in "ABCDEFGHIJ"}
_BREAKS = (re.compile(r"\n+"), re.compile(r"\|+|｜"), re.compile(r"[;；]"), re.compile(r"\t+"))
_EDGES = WHITE + "|｜;；,，/"


def split_options(cell: str) -> dict[str, str]:
    """`A.甲 B.乙`, one option a line, or parted by `|` or `;` -> field: option.

    Empty when the cell holds only one; a ninth and beyond come as the field for too many.
    """
    text = clean(cell)
    parts = [part for part in (_listed(text) or _lettered(text) or _parted(text)) if part]
    if len(parts) < 2:
        return {}
    found = dict(zip(OPTION_FIELDS, parts, strict=False))
    more = " | ".join(parts[len(LETTERS):])
    return found | ({MORE_OPTIONS: more} if more else {})


def _listed(text: str) -> list[str]:
    """A list or a table of options as programs write it: `["甲", "乙"]`, `{"A": "甲"}`."""
    if text[:1] not in ("[", "{") or len(text) > 10_000:
        return []
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return []
    texts = list(found.values()) if isinstance(found, dict) else found
    return texts if isinstance(texts, list) and all(isinstance(x, str) for x in texts) else []


def _lettered(text: str) -> list[str]:
    """By the letters in their order; nothing before the first of them may be lost."""
    parts, begin = [], 0
    for mark in _MARK.values():
        found = mark.search(text, begin)
        if found is None:
            break
        parts.append(text[begin:found.start()].strip(_EDGES))
        begin = found.end()
    if len(parts) < 2 or parts[0]:
        return []
    return [*parts[1:], text[begin:].strip(_EDGES)]


def _parted(text: str) -> list[str]:
    for pattern in _BREAKS:
        parts = [clean(part) for part in pattern.split(text)]
        if len(parts) > 1:
            return parts
    return [text]


def spread_options(headers: Sequence[str]) -> tuple[tuple[str, ...], dict[str, str]]:
    """Headers in which the empty (or repeated) ones behind a 选项 have names, and their fields."""
    names, spread = list(headers), dict[str, str]()
    mapped = map_headers(headers)
    first = next((at for at, one in enumerate(headers) if mapped.get(one) == "option_a"), None)
    if first is None or set(OPTION_FIELDS[1:]) & set(mapped.values()):
        return tuple(names), spread
    places = name_columns(len(headers))
    for at, name in zip(range(first + 1, len(headers)), OPTION_FIELDS[1:], strict=False):
        if clean(headers[at]) and headers[at] != headers[first]:
            break
        names[at] = places[at]
        spread[places[at]] = name
    return tuple(names), spread
