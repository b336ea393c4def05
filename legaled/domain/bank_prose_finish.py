"""One question as its lines told it, made a record: options, answer and what else it says."""

import re
from collections.abc import Sequence

from legaled.domain.bank_headers import MORE_OPTIONS, OPTION_FIELDS
from legaled.domain.bank_prose_keys import answer_head
from legaled.domain.bank_prose_lines import split_fields
from legaled.domain.bank_prose_parts import Question, inline_options, split_options
from legaled.domain.bank_prose_words import (
    GAP,
    KIND_BEHIND,
    KIND_OF,
    LABEL_INSIDE,
    OPEN,
    POINTS_MARK,
)
from legaled.domain.bank_record import Record
from legaled.domain.text import WHITE, clean

_KEPT = ("explanation", "difficulty", "topic", "law", "article", "source", "number")
_RIGHT = re.compile(
    r"(?:[（(【\[]\s{0,3}(?:正确答案|正确选项|正确|答案|√|✓|✔)\s{0,3}[）)】\]]|[√✓✔✅])$")
_LETTERS = re.compile(r"([（(【\[])\s{0,9}([A-LＡ-Ｌ](?:[\s,，、]{0,3}[A-LＡ-Ｌ]){0,11})"
                      r"\s{0,9}([）)】\]])|_{2,}\s{0,9}([A-L]{1,8})\s{0,9}_{2,}")
_VERDICT = re.compile(r"([（(【\[])\s{0,9}(√|×|✓|✗|✔|✘|对|错|正确|错误|T|F|是|否)\s{0,9}([）)】\]])"
                      r"\s{0,9}[。.]?$")
_SYMBOL = re.compile(r"([（(【\[])\s{0,9}([√×✓✗✔✘])\s{0,9}([）)】\]])")
_LEADING = re.compile(r"([（(【\[])\s{0,9}([√×✓✗✔✘]|对|错|正确|错误)\s{0,9}([）)】\]])")
_CHOSEN = re.compile(r"(?:故|因此|所以|综上)[，,]?(?:本题)?(?:正确)?(?:答案|应)?"
                     r"[选为][:：]?\s{0,3}([A-H]{1,8})[。.]?$")
_ASKS = re.compile(r"[?？]|下列|以下|哪|的是|包括|属于")
_GAP_MARK = re.compile(r"[①②③④⑤⑥⑦⑧⑨⑩]|[（(]\d{1,2}[）)]|(?:^|(?<=\s))\d{1,2}[.．、](?!\d)")


def finish(question: Question) -> tuple[Record, bool]:
    """The record, and whether it shows by itself that it is a question."""
    stem = "\n".join(question.stem).lstrip(WHITE).rstrip()
    options = split_options(question.options)
    if question.kind not in OPEN and (not options or options[0][0] != "A"):
        stem, inline = inline_options(stem)
        options = inline + options
    elif question.kind in OPEN and not question.mark.kind:
        stem, options = _chosen(question, stem)
    fields = {name: _joined(texts) for name, texts in question.fields.items()}
    if not fields.get("answer"):
        fields["answer"] = fields.pop("solution", "")
    elif "solution" in fields:
        fields["explanation"] = _joined([fields.get("explanation", ""), fields["solution"]])
    if not fields["answer"]:
        stem, options = _find_answer(question, stem, options, fields)
    kind, stem, points = _kind_and_points(question, stem, fields)
    kind = "选择" if kind in OPEN and options else kind
    if kind == "填空":
        fields["answer"] = _by_gap(stem, fields["answer"])
    cells = {"kind": kind, "stem": stem, **_placed(options), "answer": fields["answer"],
             "points": points, **{name: fields.get(name, "") for name in _KEPT}}
    cells["topic"] = cells["topic"] or question.section.chapter[:200]
    asks = question.section.headed or GAP.search(stem) or _ASKS.search(stem)
    return (Record(question.row, {name: text for name, text in cells.items() if text}),
            bool(stem) and (bool(fields["answer"]) or (len(options) > 1 and bool(asks))))


def _chosen(question: Question, stem: str) -> tuple[str, list[tuple[str, str]]]:
    """A choice below a heading of open questions: options, and an answer that is their letters."""
    head, rest = answer_head(_joined(question.fields.get("answer", ())))
    without, options = inline_options(stem)
    letters = {letter for letter, _ in options}
    chosen = bool(head) and not rest and set(_plain(head)) <= letters
    return (without, options) if chosen else (stem, [])


def _joined(texts: Sequence[str]) -> str:
    return clean("\n".join(texts)).removesuffix("**")


def _placed(options: Sequence[tuple[str, str]]) -> dict[str, str]:
    """Each option in its letter's cell; a letter that comes again goes on, and keeps its letter."""
    cells, more, last = dict[str, str](), list[str](), -1
    for letter, text in options:
        place = ord(letter) - ord("A")
        if place <= last:
            place, text = last + 1, f"{letter}、{text}"
        last = place
        if place < len(OPTION_FIELDS):
            cells[OPTION_FIELDS[place]] = text
        elif text:
            more.append(text)
    return {**cells, MORE_OPTIONS: " | ".join(more)}


def _kind_and_points(
    question: Question, stem: str, fields: dict[str, str]
) -> tuple[str, str, str]:
    """The kind as we call it, the stem without `（2分）` behind it, the points."""
    kind = question.kind
    if named := fields.get("kind", ""):
        kind = KIND_OF.get(named.strip("【】[]（）() "), named)
    found = KIND_BEHIND.search(stem, max(0, len(stem) - 30))
    if found and kind in ("", KIND_OF[found[1]]):
        kind = KIND_OF[found[1]]
        stem = stem[:found.start()].rstrip() if found[0][0] in "【[" else stem
    points = fields.get("points") or question.mark.points
    found = next(iter(POINTS_MARK.finditer(stem, max(0, len(stem) - 30))), None)
    if found and found.end() == len(stem):
        points, stem = points or found[1], stem[:found.start()].rstrip()
    return kind, stem, points or question.section.points


# ---- the answer, where no line of its own says it ----

def _find_answer(
    question: Question, stem: str, options: list[tuple[str, str]], fields: dict[str, str]
) -> tuple[str, list[tuple[str, str]]]:
    """Looks behind the last option, behind the stem, at marks, into brackets, in this order."""
    stem, options, told = _behind(stem, options)
    for name, value in told.items():
        fields[name] = fields.get(name) or value
    if not fields["answer"] and (chosen := _CHOSEN.search(fields.get("explanation", "")[-40:])):
        fields["answer"] = chosen[1]
    if fields["answer"] or question.kind in OPEN:
        return stem, options
    marked = question.checked or [letter for letter, text in options if _RIGHT.search(text[-12:])]
    if question.mark.verdict:
        fields["answer"] = question.mark.verdict
    elif 0 < len(marked) < len(options):
        fields["answer"] = "".join(marked)
        options = [(letter, _unmarked(text)) for letter, text in options]
    elif options:
        stem = _from_letters(question, stem, options, fields)
    else:
        stem = _from_verdict(question, stem, fields)
    return stem, options


def _behind(
    stem: str, options: list[tuple[str, str]]
) -> tuple[str, list[tuple[str, str]], dict[str, str]]:
    """Labels behind the last option, else behind the stem."""
    if options:
        letter, text = options[-1]
        text, told = _labelled(text)
        if told:
            return stem, [*options[:-1], (letter, text)], told
    stem, told = _labelled(stem)
    return stem, options, told


def _unmarked(text: str) -> str:
    return clean(text[:-12] + _RIGHT.sub("", text[-12:]))


def _labelled(text: str) -> tuple[str, dict[str, str]]:
    """`丁 答案：B 解析：……` -> 丁, and what the labels say; only when an answer is said."""
    for found in LABEL_INSIDE.finditer(text):
        fields = dict(split_fields(text[found.start():]))
        if fields.get("answer"):
            return clean(text[:found.start()]), fields
        break
    return text, {}


def _from_letters(question: Question, stem: str, options: Sequence[tuple[str, str]],
                  fields: dict[str, str]) -> str:
    """`…是（ B ）。`: the letters are the answer and leave the stem."""
    known = {letter for letter, _ in options}
    found = [match for match in _LETTERS.finditer(stem)
             if set(_plain(match[2] or match[4])) <= known]
    told = ["".join(_plain(match[2] or match[4])) for match in found]
    if not found or (len(set(told)) > 1 and question.kind not in ("多选", "选择")):
        return stem
    fields["answer"] = "".join(sorted(set("".join(told))))
    whole = {match.start() for match in found}
    return _LETTERS.sub(lambda match: _emptied(match) if match.start() in whole else match[0], stem)


def _plain(text: str) -> list[str]:
    return [char if char < "\uff00" else chr(ord(char) - 0xFEE0) for char in text
            if char.isalpha()]


def _emptied(match: re.Match[str]) -> str:
    return f"{match[1]} {match[3]}" if match[1] else "____"


def _from_verdict(question: Question, stem: str, fields: dict[str, str]) -> str:
    """`……。（√）`: the mark is the answer and leaves the stem."""
    found = _VERDICT.search(stem, max(0, len(stem) - 40))
    if not found and question.kind in ("判断", ""):
        found = next(reversed(list(_SYMBOL.finditer(stem))), None)
        found = found or (_LEADING.match(stem) if question.kind else None)
    if found and question.kind in ("判断", ""):
        fields["answer"] = found[2]
        end = stem[found.end(3):]
        return f"{stem[:found.start()]}{found[1]} {found[3]}{end}"
    if question.kind == "判断" and stem[-1:] in tuple("√×✓✗✔✘"):
        fields["answer"] = stem[-1]
        return stem[:-1].rstrip()
    return stem


def _by_gap(stem: str, answer: str) -> str:
    """`①甲 ②乙`, `甲、乙` or one a line as `甲；乙`, where the stem has as many gaps."""
    gaps = len(GAP.findall(stem))
    if gaps < 2 or "；" in answer or ";" in answer or len(answer) > 2_000:
        return answer
    for parts in (_GAP_MARK.split(answer)[1:], answer.split("\n"), re.split("[、,，]", answer),
                  answer.split()):
        texts = [clean(part).strip("、,，") for part in parts]
        if len(texts) == gaps and all(texts):
            return "；".join(texts)
    return answer
