"""Lines of a question bank written as running text: each one without its decoration, and named.

Nothing here knows what stood before; every pattern is bounded, so that a line of megabytes costs
what it weighs.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from legaled.domain.bank_problems import REASON_LINE
from legaled.domain.bank_prose_keys import answers_row, is_row_label, key_items, numbers_row
from legaled.domain.bank_prose_plain import lists_apart, undecorate
from legaled.domain.bank_prose_tokens import Line, Mark, Sort, numbered, option_at
from legaled.domain.bank_prose_words import (
    BARE_ANSWER,
    CHAPTER,
    FIELD_OF,
    KEY_HEAD,
    LABEL_AT,
    LABEL_INSIDE,
    Heading,
    kind_heading,
    ordinal,
)
from legaled.domain.text import WHITE, clean

MAX_LINES = 800_000  # eight for each question that a file may have
MAX_ANSWERS = 200_000  # in lists: two for each question that a file may have
_BREAK = re.compile(r"<br\s?/?>|\r\n|[\n\r\v\f\u2028\u2029]")
_POINTS_BEHIND = re.compile(r"((?:[A-H][、,，]?){1,8}|对|错|正确|错误|[√×])[;；]?\s{0,9}"
                            r"\d{1,3}(?:\.\d{1,2})?\s?分$")
_LABEL_START = re.compile(r"[^:：】\]]{0,12}[:：】\]]")


def read_lines(lines: Iterable[tuple[int, str]]) -> list[Line]:
    """Every line, undecorated and named; a line with breaks in it becomes several of one row.

    More than MAX_LINES are cut off and left without names, and what follows more than
    MAX_ANSWERS in lists is left without: who asks looks at `is_too_much`.
    """
    parts = list(islice(_parts(lines), MAX_LINES + 1))
    if len(parts) > MAX_LINES:
        return parts
    undecorate(parts)
    for one in parts:
        if one.hashed and one.sort is Sort.TEXT:
            _name_hashed(one)
    _answer_rows(parts)
    hashed = any(one.sort is Sort.HEAD for one in parts)
    listed = 0
    for one in parts:
        if one.sort is Sort.TEXT:
            _name(one, hashed)
            if (listed := listed + len(one.items)) > MAX_ANSWERS:
                break
            # answers behind the questions have headings of their own
            hashed = hashed and not _heads_answers(one)
    _weak_options(parts)
    return parts


def is_too_much(parts: Sequence[Line]) -> bool:
    """Whether there are more lines, or more answers in lists, than a file may have."""
    return len(parts) > MAX_LINES or sum(len(one.items) for one in parts) > MAX_ANSWERS


def _heads_answers(one: Line) -> bool:
    return one.sort is Sort.KEY_HEAD or tuple(one.fields) == (("answer", ""),)


def _parts(lines: Iterable[tuple[int, str]]) -> Iterator[Line]:
    """Lines without breaks; of many blank ones the first three, of a file of refused questions
    not the reasons."""
    blank = 0
    for row, text in lines:
        if text.lstrip().startswith(REASON_LINE):
            continue
        text = text.rstrip("\r\n")
        pieces = _BREAK.split(text) if _BREAK.search(text) else [text]
        for piece in pieces:
            blank = blank + 1 if not piece or piece.isspace() else 0
            if blank < 4:
                yield from (Line(row, part) for part in lists_apart(piece))


def _answer_rows(parts: Sequence[Line]) -> None:
    """A row of numbers above a row of answers is a list of answers."""
    above: Line | None = None
    numbers, listed = list[int](), 0
    for one in parts:
        if listed > MAX_ANSWERS:
            break
        if one.sort is not Sort.TEXT:
            above = above if one.sort is Sort.BLANK else None
        elif is_row_label(one.text):
            one.sort = Sort.BLANK
        else:
            items = answers_row(one.text, numbers) if above else []
            if above and items:
                above.sort, above.items, one.sort = Sort.KEY, items, Sort.BLANK
                listed += len(items)
            numbers = numbers_row(one.text)
            above = one if numbers else None


def _name_hashed(one: Line) -> None:
    one.heading = kind_heading(one.text)
    if one.heading:
        one.sort = Sort.HEAD
    elif KEY_HEAD.match(one.text):
        one.sort = Sort.KEY_HEAD
    elif CHAPTER.match(one.text):
        one.sort = Sort.CHAPTER
    elif numbered(one.text, Mark()) == one.text:
        one.sort = Sort.TITLE


def _name(one: Line, hashed: bool) -> None:
    """What sort of line it is by its own look; `hashed`: headings are marked by `#` in here."""
    text = one.text
    if found := option_at(text):
        one.sort, one.letter, one.text = Sort.OPTION, *found
        return
    if (not hashed and _is_head(one)) or _is_field(one):
        return
    one.mark = Mark()
    if text[0] == "第" and CHAPTER.match(text) and not text.endswith(("。", "；")):
        one.sort = Sort.CHAPTER
    elif "答案" in text[:50] and KEY_HEAD.match(text):
        one.sort = Sort.KEY_HEAD
    elif _is_list(one):
        one.text = numbered(text, one.mark)
    else:
        one.text = numbered(text, one.mark)
        _name_numbered(one)


def _is_head(one: Line) -> bool:
    one.heading = kind_heading(one.text)
    if one.heading:
        one.sort = Sort.HEAD
    return one.heading is not None


def _is_field(one: Line) -> bool:
    """`答案：B 解析：……`; an answer that is a whole answer list is left to others."""
    one.fields = split_fields(one.text)
    if one.fields:
        one.sort = Sort.FIELDS
        name, value = one.fields[0]
        one.items = key_items(value) if name == "answer" else ()
        one.heading = kind_heading(value) if name == "answer" and not one.items else None
    return bool(one.fields)


_PLACE = re.compile(r"[（(]?([一二三四五六七八九十]{1,3})[)）]?[、.．:：]?\s{0,9}")


def _is_list(one: Line) -> bool:
    """`1-5 ABCDA`, `一、1.B 2.C`."""
    place = _PLACE.match(one.text)
    one.items = key_items(one.text[place.end():] if place else one.text)
    if one.items:
        one.sort = Sort.KEY
        one.heading = Heading("", ordinal(place[1]), "", "") if place else None
    return bool(one.items)


def _name_numbered(one: Line) -> None:
    if one.mark.number is None:
        one.sort = Sort.NUMBER if one.mark.kind else Sort.TEXT
        return
    one.sort = Sort.NUMBER
    one.fields = split_fields(one.text)


_ALONE = ("answer", "explanation", "options")


def split_fields(text: str) -> list[tuple[str, str]]:
    """`答案：B 解析：因为……` -> [(answer, B), (explanation, 因为……)]; none without a label."""
    if FIELD_OF.get(text) in _ALONE:
        return [(FIELD_OF[text], "")]
    if found := BARE_ANSWER.match(text):
        return [("answer", found[1].strip())]
    found = LABEL_AT.match(text) if _LABEL_START.match(text) else None
    if not found:
        return []
    fields, start = list[tuple[str, str]](), found.end()
    name = FIELD_OF[found[1] or found[2]]
    opened = text[0] in "【[〔（(" and found[2] is not None and found[0][-1] in ":："
    for inner in LABEL_INSIDE.finditer(text, start):
        label = LABEL_AT.match(text, inner.start())
        if label and (len(fields) < 20):
            fields.append((name, clean(text[start:inner.start()])))
            name, start = FIELD_OF[label[1] or label[2]], label.end()
    last = clean(text[start:])
    fields.append((name, last))
    return [(name, _told(name, _closed(value, opened, len(fields) > 1)))
            for name, value in fields]


def _told(name: str, value: str) -> str:
    """An answer without the points that were given for it: `C5分`."""
    found = _POINTS_BEHIND.match(value) if name in ("answer", "mine") else None
    return found[1] if found else value


def _closed(value: str, opened: bool, several: bool) -> str:
    """Without the bracket that closes a label's own: `（答案：B）`, and what parts two labels."""
    value = value.rstrip(WHITE + ";；,，、") if several and len(value) < 40 else value
    return value[:-1] if opened and value.endswith(tuple("】]〕）)")) else value


# ---- `A 甲`, `A甲`, `A、B市`: options only where one follows the other ----

_WEAK = re.compile(r"([A-HＡ-Ｈ])(?:[ \t\u3000，,。]\s{0,9}|、|(?=[\u4e00-\u9fff“《0-9]))")


def _weak_options(parts: Sequence[Line]) -> None:
    run = list[Line]()
    for one in parts:
        if one.sort is Sort.BLANK:
            continue
        place = _place(one)
        if place != len(run) + 1:
            _settle(run)
            run = []
        if place == len(run) + 1:
            run.append(one)
    _settle(run)


def _place(one: Line) -> int:
    """1 for A …, 0 for a line that is no option at all."""
    if one.sort is Sort.OPTION:
        return ord(one.letter) - 64
    found = _WEAK.match(one.text) if one.sort is Sort.TEXT else None
    return ord(found[1]) % 32 if found else 0


def _settle(run: Sequence[Line]) -> None:
    """Options if one is sure, if all have a space behind their letter, or if they are three."""
    sure = any(one.sort is Sort.OPTION for one in run)
    spaced = all(one.text[1:2].isspace() or one.text[1:2] == "、" for one in run)
    if len(run) > (1 if sure or spaced else 2):
        for one in run:
            if one.sort is not Sort.OPTION:
                one.sort, one.letter = Sort.OPTION, "ABCDEFGH"[ord(one.text[0]) % 32 - 1]
                one.text = clean(one.text[1:]).lstrip("，,。、").lstrip()
