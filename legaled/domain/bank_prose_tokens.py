"""One line of running text: its parts by name, its number and its letter."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from legaled.domain.bank_prose_keys import Item
from legaled.domain.bank_prose_words import KIND_MARK, KIND_OF, POINTS_MARK, Heading, ordinal


class Sort(Enum):
    BLANK = "blank"
    TEXT = "text"
    HELD = "held"  # inside a bold answer that runs over lines
    HEAD = "head"
    CHAPTER = "chapter"
    TITLE = "title"
    KEY_HEAD = "key head"
    KEY = "key"
    FIELDS = "fields"
    OPTION = "option"
    NUMBER = "number"


@dataclass(slots=True)
class Mark:
    """What stands in front of a stem: its number, how it is written, kind, points, √ or ×."""

    number: int | None = None
    style: str = ""
    kind: str = ""
    points: str = ""
    verdict: str = ""


_NO_MARK = Mark()


@dataclass(slots=True)
class Line:
    """One line as found and as understood."""

    row: int
    raw: str
    text: str = ""  # undecorated, and without its number where it has one
    full: str = ""  # undecorated
    sort: Sort = Sort.TEXT
    mark: Mark = field(default_factory=lambda: _NO_MARK)  # a line that has one gets its own
    heading: Heading | None = None
    items: Sequence[Item] = ()
    fields: Sequence[tuple[str, str]] = ()  # name, value
    letter: str = ""
    checked: bool = False
    hashed: bool = False  # a Markdown heading


_STARS = re.compile(r"\*{1,3}\s{0,9}")
_LETTER = "A-La-lＡ-Ｌａ-ｌ"
_OPTION = re.compile(
    rf"(?:选项\s?)?(?:[（(\[【]\s{{0,3}}([{_LETTER}])\s{{0,3}}[）)\]】]\s{{0,3}}[、.．:：]?(?![（(])"
    rf"|([{_LETTER}])\s{{0,3}}(?:[.．:：)）]|、(?!\s{{0,3}}[{_LETTER}](?![A-Za-z]))))\s{{0,99}}")
_NUMBERS = (
    ("题", re.compile(r"第\s?(\d{1,5})\s?[题问]\s{0,3}[、.．:：)）]?\s{0,99}"
                     r"|(?:题目|试题|题)\s?(\d{1,5})\s{0,3}[、.．:：)）]\s{0,99}")),
    ("(", re.compile(r"[（(〔]\s{0,3}(\d{1,5})\s{0,3}[）)〕]\s{0,3}[、.．:：]?\s{0,99}"
                     r"|([\u2474-\u2487])\s{0,99}")),
    ("[", re.compile(r"[【\[]\s{0,3}第?\s?(\d{1,5})\s?题?\s{0,3}[】\]]\s{0,3}[、.．:：]?\s{0,99}")),
    ("q", re.compile(r"(?:Q|Question)\s?(\d{1,5})\s{0,3}[.:：、)]\s{0,99}", re.IGNORECASE)),
    ("1", re.compile(r"(\d{1,5})\s{0,3}(?:[、．)）]|[:：](?!\d)|\.(?!\d)|\.(?=\d{4}年|\d{1,2}月))"
                     r"\s{0,99}|([\u2488-\u249b])\s{0,99}")),
    ("1", re.compile(r"(\d{1,4})\s{0,3}(?=[【\[（(]\s{0,3}(?:单|多|判断|填空|简答|不定项))")),
    ("1.", re.compile(r"(\d{1,5})\.(?=\d)")),
    ("1 ", re.compile(r"(\d{1,4})[\s\u3000]{1,9}(?=[^\s\d])")),
    ("一", re.compile(r"([一二三四五六七八九十百]{1,4})\s{0,3}[、.．]\s{0,99}")),
)
_VERDICT = re.compile(r"[（(]\s{0,5}([√×✓✗✔✘]|对|错|[A-H]{1,6})\s{0,5}[）)]\s{0,9}"
                      r"(?=\d{1,4}\s?(?:[、．]|\.(?!\d))|[（(]\d{1,4}[）)])")
_KIND_STARTS = frozenset(word[:2] for word in KIND_OF if word.endswith("题"))


def without_stars(text: str) -> str:
    found = _STARS.match(text)
    return text[found.end():] if found else text


def _letter(found: re.Match[str]) -> str:
    char = (found[1] or found[2])
    code = ord(char)
    if code > 0xFF00:
        char = chr(code - 0xFEE0)
    return char.upper()


def option_at(text: str) -> tuple[str, str] | None:
    """(`A`, what stands behind it) of an option line; None for any other."""
    found = _OPTION.match(text)
    if found and found[1] and _VERDICT.match(text):
        return None
    return (_letter(found), text[found.end():]) if found else None


def numbered(text: str, mark: Mark) -> str:
    """The text without what stands in front of a stem, which goes into `mark`."""
    if found := _VERDICT.match(text):
        mark.verdict, text = found[1], text[found.end():]
    text = _marked(text, mark)
    for style, pattern in _NUMBERS:
        if found := pattern.match(text):
            mark.style, mark.number = style, _value(next(filter(None, found.groups())))
            return _marked(without_stars(text[found.end():]), mark)
    return text


def _marked(text: str, mark: Mark) -> str:
    """Takes `【单选题】`, `（单选题，2分）` and `（2分）` off the front."""
    while text[:1] in "【[（(〔<《" or text[:2] in _KIND_STARTS:
        if found := KIND_MARK.match(text):
            mark.kind = KIND_OF[found[1] or found[3]]
            mark.points = mark.points or found[2] or ""
        elif found := POINTS_MARK.match(text):
            mark.points = found[1]
        else:
            break
        text = text[found.end():].lstrip()
    return text




def _value(text: str) -> int:
    code = ord(text[0])
    if 0x2474 <= code <= 0x249B:
        return code - (0x2474 if code < 0x2488 else 0x2488) + 1
    return ordinal(text) or 0
