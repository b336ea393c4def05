"""Answer lists: `1-5 ABCDA 6-10 BCDAB`, `1.A 2.BD`, `1、√ 2、×` as numbers and their answers."""

import re
from typing import NamedTuple

from legaled.domain.text import squeeze

_LETTERS = r"[A-La-lＡ-Ｌ](?:[、,，;；/|]?\s{0,2}[A-Ha-hＡ-Ｈ]){0,11}"
_WORD = r"正确|错误|对|错|[√×✓✗✔✘✕]|[TFYN](?![A-Za-z])|是|否"
_END = r"(?![A-Za-z\u4e00-\u9fff_=<>%])"
_NUMBER = (r"(?:第\s?(\d{1,5})\s?[题问小]题?|[（(【\[]\s{0,2}(\d{1,5})\s{0,2}[）)】\]]|"
           r"(\d{1,5}))\s{0,3}[.．、:：)）]?\s{0,3}")
_ITEM = re.compile(
    rf"{_NUMBER}(?:[【\[]?(?:正确|参考|标准)?答案[】\]]?\s?[:：]?\s?)?"
    rf"[（(【\[]?\s?({_LETTERS}|{_WORD})\s?[）)】\]]?{_END}[\s,，;；。.、|]{{0,20}}")
_RANGE = re.compile(
    r"(?:第\s?)?(\d{1,5})\s{0,3}题?\s?[-—–－~～至到]{1,2}\s{0,3}(?:第\s?)?(\d{1,5})\s{0,3}"
    r"(?:小?题)?\s{0,3}[.．、:：)）]?\s{0,3}")
_MARK = re.compile(rf"({_WORD}|[A-La-lＡ-Ｌ])[\s,，、;；]{{0,3}}")
_TRUE_FALSE = re.compile(r"([TF])[\s,，、;；]{0,3}")
_GROUP = re.compile(r"([A-La-lＡ-Ｌ]{1,12})(?:[\s,，、;；|]{1,20}|$)")
_START = re.compile(r"[\s（(【\[第]{0,3}\d")
_MAX = 2_000  # no range is longer
_NAMED = 100  # so many numbers of a range that does not fit its answers are told
_LONGEST = 40_000  # letters of a line: a longer one is no answer list


class Item(NamedTuple):
    """One entry of an answer list; the answer is empty where a range does not fit its answers."""

    number: int
    answer: str


def key_items(text: str) -> list[Item]:
    """What a line says when it is an answer list from its first to its last letter, else nothing.

    Linear: each step takes something away or gives up.
    """
    place, items = 0, list[Item]()
    if len(text) > _LONGEST or not _START.match(text):
        return []
    while place < len(text):
        if found := _RANGE.match(text, place):
            place, more = _range(text, found)
        elif found := _ITEM.match(text, place):
            place = found.end()
            number = int(found[1] or found[2] or found[3])
            more = [Item(number, squeeze(found[4]).upper())]
        else:
            return []
        if not more:
            return []
        items += more
    return items


def _range(text: str, found: re.Match[str]) -> tuple[int, list[Item]]:
    """`1-5 ABCDA`, `1-5 √√×√×`, `6-8 AB ACD BD`."""
    first, last = int(found[1]), int(found[2])
    count = last - first + 1
    if not 1 <= count <= _MAX:
        return found.end(), []
    if found.end() == len(text):
        return found.end(), []
    marks, end = _repeated(_MARK, text, found.end(), count)
    if len(marks) < count:
        marks, end = _repeated(_TRUE_FALSE, text, found.end(), count)
    groups, group_end = _repeated(_GROUP, text, found.end(), count)
    if len(groups) == count and (len(marks) != count or not _ends(text, end)):
        marks, end = groups, group_end
    if not _ends(text, end):
        marks, end = [], _run_end(text, found.end())
        if end == found.end():
            return end, []
    if len(marks) != count:  # much too few answers are told by the first number alone
        marks = [""] * (count if count <= _NAMED else 1)
    return end, [Item(first + place, squeeze(mark).upper()) for place, mark in enumerate(marks)]


def _repeated(pattern: re.Pattern[str], text: str, place: int, most: int) -> tuple[list[str], int]:
    marks = list[str]()
    while len(marks) < most and (found := pattern.match(text, place)):
        marks.append(found[1])
        place = found.end()
    return marks, place


def _ends(text: str, place: int) -> bool:
    """Nothing, or the number of the next entry, stands here."""
    return place >= len(text) or _START.match(text, place) is not None


def _run_end(text: str, place: int) -> int:
    found = re.compile(r"[A-La-lＡ-Ｌ√×✓✗对错\s,，、;；]{1,4000}").match(text, place)
    return found.end() if found and _ends(text, found.end()) else place


_ROW_LABEL = re.compile(r"[\s|]{0,9}(?:题号|序号|题目|正确答案|参考答案|答案)[\s|:：]{0,9}")
_CELLS = re.compile(r"[\s|｜]+")


def _cells(text: str) -> list[str]:
    label = _ROW_LABEL.match(text) if len(text) < 4_000 else None
    return [cell for cell in _CELLS.split(text[label.end() if label else 0:]) if cell]


def numbers_row(text: str) -> list[int]:
    """`题号 1 2 3` -> the numbers of a row that stands above its answers; else nothing."""
    if len(text) > 4_000 or not any(map(str.isdecimal, text)):
        return []
    cells = _cells(text)
    whole = len(cells) > 1 and all(cell.isdecimal() and len(cell) < 5 for cell in cells)
    return [int(cell) for cell in cells] if whole else []


def answers_row(text: str, numbers: list[int]) -> list[Item]:
    """`答案 B AC √` below those numbers; nothing where it does not fit them."""
    answers = [answer_head(cell) for cell in _cells(text)] if len(text) < 4_000 else []
    if len(answers) != len(numbers) or not all(head and not rest for head, rest in answers):
        return []
    return [Item(number, head) for number, (head, _) in zip(numbers, answers, strict=True)]


def is_row_label(text: str) -> bool:
    """`题号 答案`, the head of a table of answers."""
    return len(text) < 200 and "题号" in text and not _cells(
        re.sub("题号|序号|正确答案|参考答案|答案", " ", text))


_HEAD = re.compile(
    rf"\s{{0,9}}(?:[【\[]?(?:正确|参考|标准)?答案[】\]]?\s?[:：]?\s{{0,3}})?[（(【\[]?\s?"
    rf"({_LETTERS}|{_WORD})\s?[）)】\]]?(?=[\s。.,，;；:：、（(【\[]|$)\s{{0,9}}[。.,，;；]?\s{{0,9}}")


def answer_head(text: str) -> tuple[str, str]:
    """`B。解析：……` -> (`B`, `解析：……`); two empty strings when it begins with no answer."""
    found = _HEAD.match(text)
    return (squeeze(found[1]).upper(), text[found.end():]) if found else ("", "")


def bare_letters(text: str, grouped: bool = False) -> list[str]:
    """`BCDAB CDABC` -> ten letters, a list without numbers; else nothing.

    `grouped`: several answers are right, so that `AB ACD` are two.
    """
    groups = _CELLS.split(re.sub("[,，、;；]", " ", text[:_MAX]).strip()) if grouped else []
    if len(groups) > 1 and all(re.fullmatch("[A-Ha-h]{1,8}", group) for group in groups):
        return [group.upper() for group in groups]
    if grouped:
        return []
    packed = re.sub(r"[\s,，、]+", "", text[:_MAX])
    return list(packed.upper()) if len(packed) > 1 and re.fullmatch(
        "[A-Ha-h]+|[√×✓✗对错]+", packed) else []
