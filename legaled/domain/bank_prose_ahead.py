"""What follows a line of running text: one pass from the end tells it for every line."""

from collections.abc import Sequence
from dataclasses import dataclass

from legaled.domain.bank_prose_keys import answer_head, bare_letters, key_items
from legaled.domain.bank_prose_parts import has_inline, split_options
from legaled.domain.bank_prose_tokens import Line, Sort

_BORDERS = (Sort.NUMBER, Sort.HEAD, Sort.CHAPTER, Sort.TITLE, Sort.KEY_HEAD, Sort.KEY)


@dataclass(slots=True)
class Ahead:
    """By line: options and answers up to the next border; what a question without a number
    would begin (`A`, `answer` or nothing), and whether a blank line parts it from that."""

    options: list[int]
    answers: list[int]
    begins: list[str]
    apart: list[bool]
    after: list[int]  # the next line that is not blank
    lists: list[int]  # how many lines of answers follow each other


def look_ahead(lines: Sequence[Line]) -> Ahead:
    """Linear in the lines."""
    size = len(lines)
    found = Ahead([0] * size, [0] * size, [""] * size, [False] * size, [0] * size, [0] * size)
    options = answers = run = 0
    begins, apart, text_below, after = "", False, False, size
    for place in range(size - 1, -1, -1):
        one = lines[place]
        own_options, own_answers = _holds(one)
        if one.sort is Sort.BLANK:
            apart = apart or text_below
        elif one.sort is Sort.TEXT:
            if own_options or own_answers:
                begins, apart = "A" if own_options else "answer", False
            text_below = True
        else:
            begins, apart, text_below = _opens(one), False, False
        run = run if one.sort is Sort.BLANK else run + 1 if one.sort is Sort.KEY else 0
        found.options[place] = options + own_options
        found.answers[place] = answers + own_answers
        found.begins[place], found.apart[place] = begins, apart
        found.after[place], found.lists[place] = after, run
        border = one.sort in _BORDERS
        options, answers = ((0, 0) if border else (options + own_options, answers + own_answers))
        after = after if one.sort is Sort.BLANK else place
    return found


def _holds(one: Line) -> tuple[int, int]:
    """How many options and answers stand in the line itself."""
    if one.sort is Sort.OPTION:
        return len(split_options([[one.letter, one.text]])), int(_labelled(one.text))
    if one.sort is Sort.FIELDS or (one.sort is Sort.NUMBER and one.fields):
        names = [name for name, _ in one.fields]
        return 2 * ("options" in names), int("answer" in names)
    if one.sort in (Sort.TEXT, Sort.NUMBER):
        return 2 * has_inline(one.text), int("答案" in one.text and _labelled(one.text))
    return 0, 0


def _labelled(text: str) -> bool:
    return "答案：" in text or "答案:" in text or "答案】" in text or "答案]" in text


def _opens(one: Line) -> str:
    if one.sort is Sort.OPTION and one.letter == "A":
        return "A"
    named = one.sort is Sort.FIELDS and one.fields[0][0] in ("answer", "mine", "options")
    return "answer" if named else ""


def is_list(lines: Sequence[Line], ahead: Ahead, place: int) -> bool:
    """Whether the line begins a list of answers: several on it, or several such lines."""
    one = lines[place]
    return one.sort is Sort.KEY and (len(one.items) > 1 or ahead.lists[place] > 1)


def heading_list(one: Line) -> bool:
    """`一、单选题：1-5 ABCDA`, `二、判断题 √×√`."""
    behind = one.heading.behind.lstrip(":：　 ") if one.heading else ""
    return bool(key_items(behind) or bare_letters(behind))


def list_heading(lines: Sequence[Line], ahead: Ahead, place: int) -> Line | None:
    """The heading below `参考答案`, chapters between them skipped."""
    for _ in range(3):
        place = ahead.after[place]
        if place >= len(lines) or lines[place].sort not in (Sort.CHAPTER, Sort.TITLE):
            break
    found = lines[place] if place < len(lines) else None
    return found if found and found.sort is Sort.HEAD else None


def follows_list(lines: Sequence[Line], ahead: Ahead, place: int) -> bool:
    """Whether what comes after this line is a list of answers, maybe under a heading."""
    for _ in range(3):
        place = ahead.after[place]
        if place >= len(lines):
            return False
        one = lines[place]
        if one.sort is Sort.KEY:
            return True
        if one.sort is Sort.NUMBER:
            return _is_answer(one)
        if one.sort is Sort.HEAD and heading_list(one):
            return True
        if one.sort is Sort.TEXT:
            return bool(bare_letters(one.text)) and len(bare_letters(one.text)) > 4
        if one.sort not in (Sort.HEAD, Sort.CHAPTER, Sort.TITLE):
            return False
    return False


def _is_answer(one: Line) -> bool:
    """`1.【答案】B`, `1. B。解析：……`."""
    if one.fields:
        return one.fields[0][0] == "answer"
    head, rest = answer_head(one.text)
    behind = rest.lstrip("【[（(")
    return bool(head) and (not rest or behind.startswith(("解析", "答案解析", "分析")))
