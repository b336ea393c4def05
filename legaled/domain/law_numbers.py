"""Numbers of articles and chapters as the law writes them: 第一百二十条之一."""

import re
import unicodedata
from typing import NamedTuple

DIGITS = "零一二三四五六七八九"
NUMERAL = "零〇○Ｏ一二两三四五六七八九十百千0-9０-９"
LARGEST = 9_999
_VALUE = {char: value for value, char in enumerate(DIGITS)} | {"〇": 0, "○": 0, "O": 0, "两": 2}
_UNIT = {"十": 10, "百": 100, "千": 1000}
_SHORT = re.compile(rf"第?([{NUMERAL}\s]{{1,24}})条?(?:之([{NUMERAL}]{{1,3}}))?条?")


class ArticleNumber(NamedTuple):
    """`sub` is the number behind 之, 0 for a plain article; they sort as the law does."""

    number: int
    sub: int = 0

    @property
    def short(self) -> str:
        """`12` or `12之一`: how lists and `--json` name it."""
        return f"{self.number}之{to_chinese(self.sub)}" if self.sub else str(self.number)

    @property
    def words(self) -> str:
        """`第十二条之一`, as the law names it."""
        tail = f"之{to_chinese(self.sub)}" if self.sub else ""
        return f"第{to_chinese(self.number)}条{tail}"

    @property
    def anchor(self) -> str:
        """`12` or `12-1`: the place on a page."""
        return f"{self.number}-{self.sub}" if self.sub else str(self.number)


def from_chinese(text: str) -> int | None:
    """`一百零三`, `一〇三`, `103` and `１０３` as a number; None for what is none of these."""
    plain = "".join(unicodedata.normalize("NFKC", text).split())
    if plain.isdecimal():
        return int(plain) if len(plain) <= 4 else None
    if not plain or any(char not in _VALUE and char not in _UNIT for char in plain):
        return None
    if len(plain) > 1 and all(char in _VALUE for char in plain):
        number = int("".join(str(_VALUE[char]) for char in plain[:5]))
        return number if number <= LARGEST else None
    return _by_units(plain)


def _by_units(plain: str) -> int | None:
    total, digit, smallest = 0, None, 10_000
    for char in plain:
        if char in _UNIT:
            if _UNIT[char] >= smallest:
                return None
            smallest = _UNIT[char]
            total, digit = total + (1 if digit in (None, 0) else digit or 0) * smallest, None
        elif digit not in (None, 0):
            return None
        else:
            digit = _VALUE[char]
    return total + (digit or 0)


def to_chinese(number: int) -> str:
    """From 0 to 9999 as the law writes it: 十二, 一百零一, 一千二百六十."""
    if not 0 <= number <= LARGEST:
        raise ValueError(number)
    if number < 10:
        return DIGITS[number]
    words = ""
    for unit, name in ((1000, "千"), (100, "百"), (10, "十"), (1, "")):
        digit, number = divmod(number, unit)
        if digit:
            words += DIGITS[digit] + name
        elif words and not words.endswith("零"):
            words += "零"
    words = words.rstrip("零")
    return words[1:] if words.startswith("一十") else words


def read_article(text: str) -> ArticleNumber | None:
    """The first article that a short text names: 第二十七条, 第27条第一款, 27, 120之一, 120-1."""
    plain = unicodedata.normalize("NFKC", text).strip()
    if found := re.fullmatch(r"(\d{1,4})(?:-(\d{1,2}))?", plain):
        return ArticleNumber(int(found[1]), int(found[2] or 0))
    found = re.search(rf"第[{NUMERAL}\s]{{1,24}}条(?:\s*之\s*[{NUMERAL}]{{1,3}})?", plain)
    found = found or re.match(rf"[{NUMERAL}]{{1,12}}(?:之[{NUMERAL}]{{1,3}})?", plain)
    parts = _SHORT.fullmatch(found[0].replace(" ", "")) if found else None
    number = from_chinese(parts[1]) if parts else None
    if not parts or not number:
        return None
    return ArticleNumber(number, (from_chinese(parts[2]) or 0) if parts[2] else 0)
