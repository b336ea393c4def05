"""What running text is put together to: sections of questions, and lists of their answers."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from legaled.domain.bank_problems import Problem, problem
from legaled.domain.bank_prose_keys import answer_head
from legaled.domain.bank_prose_tokens import Mark, option_at
from legaled.domain.bank_prose_words import CLOSED
from legaled.domain.text import WHITE, clean


@dataclass(slots=True)
class Section:
    """Questions under one heading, with numbers that rise."""

    kind: str = ""
    chapter: str = ""
    ordinal: int | None = None
    points: str = ""
    headed: bool = False
    questions: list["Question"] = field(default_factory=list)
    last: int = 0


@dataclass(slots=True)
class Question:
    """One question as its lines tell it."""

    row: int
    section: Section
    mark: Mark
    stem: list[str] = field(default_factory=list)
    options: list[list[str]] = field(default_factory=list)  # letter as written, text
    checked: list[str] = field(default_factory=list)
    fields: dict[str, list[str]] = field(default_factory=dict)
    raw: list[str] = field(default_factory=list)
    number: int = 0  # as written, else its place in the section

    @property
    def kind(self) -> str:
        return self.mark.kind or self.section.kind

    @property
    def closed(self) -> bool:
        """Whether its answer is one line: by its kind, else by the answer itself."""
        if self.kind:
            return self.kind in CLOSED
        return len(self.options) > 1 or any(answer_head(self.fields.get("answer", [""])[0]))


@dataclass(slots=True)
class Entry:
    """One answer of a list of answers."""

    number: int
    row: int
    answer: list[str]
    more: dict[str, list[str]] = field(default_factory=dict)
    used: bool = False


@dataclass(slots=True)
class AnswerList:
    """Answers under one heading; `place`: how many sections of questions stood before."""

    place: int
    zone: int
    kind: str = ""
    chapter: str = ""
    ordinal: int | None = None
    entries: list[Entry] = field(default_factory=list)


# ---- several options on one line ----

_MARK = re.compile(r"[（(【\[]\s?([A-LＡ-Ｌ])\s?[）)】\]]\s?[、.．:：]?|([A-LＡ-Ｌ])\s?(?:"
                   r"、(?!\s?[A-LＡ-Ｌ](?![A-Za-z]))|[.．:：)）](?!\s?[A-LＡ-Ｌ][.．]))|(?<=[\s\u3000])([A-H])[\s\u3000]{1,4}(?=\S)")
_BEFORE_A = frozenset(WHITE + "）)】》。？?：:，,；;_”\"…]")


def _mark_letter(found: re.Match[str]) -> str:
    char = next(filter(None, found.groups()))
    return char if char < "\uff00" else chr(ord(char) - 0xFEE0)


def split_options(lines: Sequence[Sequence[str]]) -> list[tuple[str, str]]:
    """Every option by its letter. A line is split only where the letters go on in order and the
    next line does not begin with that letter itself."""
    options = list[tuple[str, str]]()
    for (letter, text), (until, _) in pairwise([*lines, ("", "")]):
        start = 0
        for found in _MARK.finditer(text):
            follower = _mark_letter(found)
            if ord(follower) == ord(letter) + 1 and (not until or follower < until) and clean(
                    text[start:found.start()]):
                options.append((letter, clean(text[start:found.start()])))
                letter, start = follower, found.end()
        options.append((letter, clean(text[start:])))
    return options


def inline_options(stem: str) -> tuple[str, list[tuple[str, str]]]:
    """`…是（ ）。A.甲 B.乙` -> the stem and its options; the stem as it is without any."""
    begin, run = -1, list[re.Match[str]]()
    for found in _MARK.finditer(stem) if "A" in stem or "Ａ" in stem else ():
        letter = _mark_letter(found)
        if run and ord(letter) == 65 + len(run) and clean(stem[run[-1].end():found.start()]):
            run.append(found)
        elif letter == "A" and len(run) < 2 and not _inside_word(stem, found.start()):
            begin, run = found.start(), [found]
    tight = bool(run) and not _begins(stem, begin)
    if len(run) < 2 + tight or not clean(stem[:begin]) or not clean(stem[run[-1].end():]):
        return stem, []
    ends = [*(one.start() for one in run[1:]), len(stem)]
    return stem[:begin].rstrip(), [(_mark_letter(one), clean(stem[one.end():end]))
                                   for one, end in zip(run, ends, strict=True)]


def _begins(stem: str, place: int) -> bool:
    return place == 0 or stem[place - 1] in _BEFORE_A


def _inside_word(stem: str, place: int) -> bool:
    before = stem[place - 1:place]
    return before.isascii() and before.isalnum()


def has_inline(text: str) -> bool:
    """Whether a line holds two options or more, be it behind a stem or not."""
    return bool(inline_options("。" + text)[1])


# ---- answers that stand apart ----

_CHAPTER = re.compile("第.{1,6}?(?:章|单元|节|讲|编|篇|模块|专题|课)")


def match_lists(sections: Sequence[Section], lists: Sequence[AnswerList]) -> None:
    """Give every answer of every list to the question that it is for; `used` tells which."""
    window = max(50, 1_000_000 // max(1, len(lists)))
    used = set[int]()
    rivals = _by_zone(lists)
    for one in lists:
        fit = [place for place in range(max(0, one.place - window), one.place)
               if place not in used and _waits(sections[place])]
        fit = _narrowed(one, fit, sections)
        target = _target(one, fit, sections, rivals[one.zone])
        used.update(target[:1] if len(target) == 1 else [])
        _give(one, [sections[place] for place in target])


def _by_zone(lists: Iterable[AnswerList]) -> Mapping[int, int]:
    count = dict[int, int]()
    for one in lists:
        count[one.zone] = count.get(one.zone, 0) + 1
    return count


def _waits(section: Section) -> bool:
    return any("answer" not in one.fields for one in section.questions)


def _narrowed(one: AnswerList, fit: list[int], sections: Sequence[Section]) -> list[int]:
    """The sections that bear the heading of the list; a heading that none bears says nothing."""
    wanted = _chapter(one.chapter), one.kind, None if one.kind else one.ordinal
    for column, want in enumerate(wanted):
        same = [place for place in fit if want and _heading(sections[place])[column] == want]
        fit = same or fit
    return fit


def _heading(section: Section) -> tuple[str, str, int | None]:
    return _chapter(section.chapter), section.kind, section.ordinal


def _chapter(title: str) -> str:
    """`第一章` of `第一章 总则`: lists of answers leave the title out."""
    found = _CHAPTER.match(title)
    return found[0] if found else title


def _target(one: AnswerList, fit: list[int], sections: Sequence[Section], rivals: int) -> list[int]:
    """The one section that has all the numbers, else all that may have some of them."""
    numbers = {entry.number for entry in one.entries}
    whole = [place for place in fit
             if numbers <= {question.number for question in sections[place].questions}]
    if not whole:
        return fit
    first = rivals > 1 or one.kind or one.ordinal or one.chapter
    return whole[:1] if first else whole[-1:]


def _give(one: AnswerList, sections: Sequence[Section]) -> None:
    waiting = dict[int, Question]()
    known = set[int]()
    for question in (question for section in sections for question in section.questions):
        known.add(question.number)
        if "answer" not in question.fields:
            waiting.setdefault(question.number, question)
    for entry in one.entries:
        asked = waiting.pop(entry.number, None)
        entry.used = asked is not None or entry.number in known
        if asked and any(entry.answer):
            asked.fields["answer"] = entry.answer
            for name, texts in entry.more.items():
                asked.fields.setdefault(name, texts)


def leftovers(lists: Iterable[AnswerList]) -> list[Problem]:
    """One problem for each line of a list that has answers for no question, or none for its
    numbers."""
    rows = dict[tuple[int, bool], list[Entry]]()
    for entry in (entry for one in lists for entry in one.entries):
        if not any(entry.answer) or not entry.used:
            rows.setdefault((entry.row, any(entry.answer)), []).append(entry)
    return [_leftover(row, told, entries) for (row, told), entries in rows.items()]


def _leftover(row: int, told: bool, entries: Sequence[Entry]) -> Problem:
    numbers = "、".join(str(entry.number) for entry in entries[:10])
    more = "等" if len(entries) > 10 else ""
    if told:
        value = " ".join(f"{entry.number}.{entry.answer[0]}" for entry in entries[:20])
        base = problem("missing_stem", row, "答案", value)
        text = f"答案表里第 {numbers} {more}题找不到对应的题目。请核对题号，或补上题目。"
    else:
        base = problem("answer_not_understood", row, "答案", numbers)
        text = f"答案表里第 {numbers} {more}题的题号和答案个数对不上，没有采用。请逐题写明答案。"
    return Problem(base.row, base.column, base.code, base.value, text)


def option_lines(value: str) -> list[list[str]]:
    """`A.甲 B.乙` behind the word 选项."""
    found = option_at(value)
    return [[*found]] if found else []
