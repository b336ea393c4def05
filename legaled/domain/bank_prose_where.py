"""Where the reader of running text stands, and what a line means there: a question's beginning,
a list inside an answer, or one more line of what stands above."""

import re
from collections.abc import Sequence

from legaled.domain.bank_prose_ahead import Ahead, look_ahead
from legaled.domain.bank_prose_keys import answer_head
from legaled.domain.bank_prose_parts import Question, Section
from legaled.domain.bank_prose_tokens import Line, Mark, Sort
from legaled.domain.bank_prose_words import OPEN, TITLE

LEADING = ("kind", "number", "topic", "difficulty", "points")
_SENTENCE = re.compile(r"[。？?！!]|[（(]\s{0,9}[√×对错✓✗]\s{0,9}[）)]\s{0,9}[。.]?$")


class Where:
    """The question that is being read, and the part of it that the last line was."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.lines = lines
        self.ahead: Ahead = look_ahead(lines)
        self.sections: list[Section] = [Section()]
        self.question: Question | None = None
        self._zone = ""  # stem, options, or the name of a field
        self._sub = 0  # the last number of a list inside an answer
        self._blank = False  # whether the line before was blank

    def _is_new(self, place: int, one: Line) -> bool:
        """Whether a numbered line begins a question; else it is a list inside one."""
        mark, question = one.mark, self.question
        strong = (self.ahead.options[place] > 1 or self.ahead.answers[place] > 0
                  or bool(mark.kind or mark.verdict))
        number = mark.number
        if number is None:
            return question is None or bool(question.stem)
        if mark.style in ("一", "1 ", "1."):
            return self._is_new_weakly(number, mark, strong)
        if question is None:
            return True
        if question.mark.number is None:
            return strong or self._zone != "stem" or bool(self.sections[-1].headed and self._blank)
        if question.mark.style.strip(" .") != mark.style:
            return self.ahead.options[place] > 1 and bool(question.options or self._is_answered())
        return self._is_next(number, number == question.mark.number + 1, strong)

    def _is_new_weakly(self, number: int, mark: Mark, strong: bool) -> bool:
        """`1 题干`, `1.2020年……`, `一、题干` are numbers only where the count is kept."""
        question = self.question
        if question is None or question.mark.number is None:
            return strong
        style = question.mark.style
        same = style == mark.style or {style, mark.style} <= {"1", "1."}
        closed = self._zone in ("stem", "options") or question.closed
        restart = number == 1 and self._is_answered()
        return same and strong and (number == question.mark.number + 1 or restart or (
            closed and self._is_answered() and number > question.mark.number))

    def _is_answered(self) -> bool:
        return self.question is not None and "answer" in self.question.fields

    def _is_next(self, number: int, expected: bool, strong: bool) -> bool:
        in_sub = self._sub > 0 and number == self._sub + 1
        question = self.question
        if question is None or (in_sub and not (expected and strong)):
            return question is None
        if self._zone == "stem":
            return expected or strong
        if self._zone == "options":
            return expected or strong or number > question.number
        if question.closed and self._zone in ("answer", "mine"):
            return True
        return strong or (expected and not in_sub)

    def _is_stray(self, one: Line) -> bool:
        """A short line apart behind a whole answer is the title of what comes."""
        question = self.question
        if question is None or not self._blank or self._zone not in ("answer", "mine"):
            return False
        return (any(question.fields[self._zone]) and question.closed
                and len(one.full) < 31 and not _SENTENCE.search(one.full))

    def _is_mere_preamble(self) -> bool:
        question = self.question
        return (question is not None and question.mark.number is None and self._zone == "stem"
                and not question.fields and not question.section.headed)

    def _begins(self, place: int, one: Line) -> bool:
        """Whether a line without a number begins a question."""
        question, begins = self.question, self.ahead.begins[place]
        near = bool(begins) and not self.ahead.apart[place]
        if question is None:
            return self._begins_first(place, one, near)
        if question.mark.number is None and self._zone == "stem" and question.stem:
            return self._begins_bare(question, near)
        if not question.stem:
            return False
        if self._zone == "options":
            return near and begins == "A" and len(question.options) > 1
        if not near or self._zone == "stem":
            return False
        if begins == "A":
            return (self.ahead.answers[place] > 0 or self._zone in ("answer", "mine")
                    ) and self.ahead.options[place] > 1
        return "answer" in question.fields and (self._blank or question.mark.number is None)

    def _begins_first(self, place: int, one: Line, near: bool) -> bool:
        if near:
            after = self.ahead.after[place]
            titled = after < len(self.lines) and self.lines[after].sort is Sort.TEXT
            return not (titled and TITLE.match(one.text))
        if not self.sections[-1].headed or self.ahead.begins[place]:
            return False
        return self._is_unnumbered(place)

    def _is_unnumbered(self, place: int) -> bool:
        """Whether the lines under a heading run to the next border without any number."""
        for one in self.lines[place + 1:place + 40]:
            if one.sort in (Sort.NUMBER, Sort.HEAD, Sort.CHAPTER, Sort.KEY_HEAD, Sort.KEY):
                return one.sort is not Sort.NUMBER
        return True

    def _begins_bare(self, question: Question, near: bool) -> bool:
        """Questions without numbers and without answers: a blank line or a full sentence each."""
        if self._blank:
            return True
        return (question.kind in ("判断", "填空") and not near
                and _SENTENCE.search(question.stem[-1]) is not None)

    def _takes_options(self, question: Question) -> bool:
        """Options behind the answer: `1. 题干（ ） 答案：B`, then A to D."""
        answer = "".join(question.fields.get("answer", ()))
        head, rest = answer_head(answer)
        return (not question.options and question.kind not in OPEN
                and ((bool(head) and not rest) or self._zone in LEADING or self._zone == "mine"))

    def _wait(self, kind: str = "") -> bool:
        """Whether questions, of this kind if one is named, have no answer so far."""
        return any("answer" not in one.fields for section in self.sections[-50:]
                   if section.kind == kind or not kind for one in section.questions[:50])

    def _count(self) -> int:
        return sum("answer" not in one.fields for one in self.sections[-1].questions[-200:])

    def _alone(self) -> bool:
        """Whether at most one question of the section waits for an answer."""
        return sum("answer" not in one.fields for one in self.sections[-1].questions[-3:]) < 2
