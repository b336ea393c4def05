"""What looks doubtful in a row and does not keep it out of the bank."""

import re
import unicodedata
from collections.abc import Callable

from legaled.domain.bank_answers import judge_value, letters_of
from legaled.domain.bank_record import Row
from legaled.domain.banks import CHOICES, Kind
from legaled.domain.text import WHITE, clean, squeeze

_LETTERS_IN_STEM = re.compile(r"\(\s*([A-H](?:[\s,、]*[A-H])*)\s*\)")
_WORD_IN_STEM = re.compile(r"\(\s*(√|×|✓|✗|对|错|正确|错误)\s*\)")
# The hundred commonest characters of laws and banks: 47 % of their text, 0 of a scrambled font.
_COMMON = frozenset(
    "的国法人民中行和章第党题政一有案定为关是对会公十在以不主正员测族家选确同权制理某当作了大全"
    "应治单成规事下机司部要发体共甲于时条合自出保文律地年经务代节用化其验生业实方上可乙期答后组工"
)
_ARTICLE = re.compile(r"第([零〇一二三四五六七八九十百千\d]+)条")
_DIGITS = {char: value for value, char in enumerate("零一二三四五六七八九")} | {"〇": 0}
_UNITS = {"十": 10, "百": 100, "千": 1000}


def is_prose(text: str) -> bool:
    """False for private-use or lost characters, or long Chinese without any common character."""
    if any("\ue000" <= char <= "\uf8ff" or char == "\ufffd" for char in text):
        return False
    chinese = [char for char in text if "\u4e00" <= char <= "\u9fff"]
    return len(chinese) < 20 or 20 * sum(char in _COMMON for char in chinese) >= len(chinese)


def warn_stem(row: Row, kind: Kind | None, key: tuple[str, ...]) -> None:
    """White space at the edges, text that is no prose, and an answer that stands in the stem."""
    raw, stem = row.raw("stem"), row.text("stem")
    if not stem:
        return
    if "\n" in clean(raw.strip() + "|"):  # a line of nothing but zero-width space is a line
        row.say("newline_in_stem", "stem")
    elif raw[0] in WHITE or raw[-1] in WHITE:
        row.say("stem_edge_space", "stem")
    if not is_prose(stem):
        row.say("not_prose", "stem")
    plain = unicodedata.normalize("NFKC", stem)
    shown = {tuple(sorted(set(letters_of(found)))) for found in _LETTERS_IN_STEM.findall(plain)}
    said = {("A",) if judge_value(word) else ("B",) for word in _WORD_IN_STEM.findall(plain)}
    if key and key in (shown if kind in CHOICES else said if kind is Kind.JUDGE else ()):
        row.say("answer_letter_in_stem", "stem")


def warn_options(row: Row, key: tuple[str, ...]) -> None:
    """Options of the same text, and worse: one right, one wrong."""
    first: dict[str, str] = {}
    for letter, text in row.options.items():
        other = first.setdefault(squeeze(text), letter)
        if other == letter:
            continue
        name, both = f"option_{letter.lower()}", f"选项 {other} 和 {letter} 相同。"
        row.say("two_options_same_text", name, both)
        if (other in key) != (letter in key):
            row.say("right_option_repeated", name, both)


def chinese_number(text: str) -> int:
    """`二十七` -> 27, `一百零三` -> 103, `27` -> 27."""
    if text.isdecimal():
        return int(text[:9])
    total = digit = 0
    for char in text:
        if char in _UNITS:
            total, digit = total + (digit or 1) * _UNITS[char], 0
        else:
            digit = _DIGITS.get(char, 0)
    return total + digit


def article_numbers(text: str) -> tuple[int, ...]:
    """`第二十七条`, `27` or `27,28` as numbers; empty when it names no article."""
    plain = squeeze(text)
    named = _ARTICLE.findall(plain) or re.findall(r"(?<!\d)\d{1,4}(?!\d)", plain)
    return tuple(chinese_number(one) for one in named)


def warn_law(row: Row, articles: Callable[[str], int | None]) -> None:
    """A law or an article that there is not; `articles` tells how many a law has."""
    law, article = row.text("law"), row.text("article")
    if not law:
        return
    last = articles(law)
    if last is None:
        row.say("unknown_law", "law")
    elif article:
        numbers = article_numbers(article)
        if not numbers or not all(1 <= number <= last for number in numbers):
            row.say("unknown_article", "article", f"{law}共 {last} 条。")
