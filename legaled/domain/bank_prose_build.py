"""Running text put together to questions, line by line; nothing here judges them."""

import re
from collections.abc import Sequence

from legaled.domain.bank_prose_ahead import follows_list, heading_list, is_list, list_heading
from legaled.domain.bank_prose_keys import bare_letters
from legaled.domain.bank_prose_lists import ListReader
from legaled.domain.bank_prose_parts import AnswerList, Question, Section, option_lines
from legaled.domain.bank_prose_tokens import Line, Mark, Sort
from legaled.domain.bank_prose_where import LEADING, Where
from legaled.domain.bank_prose_words import OPEN, Heading

_SUB = re.compile(r"[（(]?1\s?[.、．)）]")


class Builder(Where):
    """Sections of questions, and the lists of their answers, out of lines."""

    def __init__(self, lines: Sequence[Line]) -> None:
        super().__init__(lines)
        self.reader = ListReader(lines, self.ahead)
        self._chapter = ""
        self._kinds_outside = False  # kinds stand above chapters: a chapter does not end them
        self._leads = set[str]()  # labels that stand before the stem in this file

    def run(self) -> None:
        """Reads every line once."""
        for place, one in enumerate(self.lines):
            if self.reader.inside and self.reader.take(place):
                continue
            if one.sort is Sort.BLANK:
                self._blank = True
                if self.question:
                    self.question.raw.append(one.raw)
                continue
            getattr(self, f"_on_{one.sort.name.lower()}")(place, one)
            self._blank = False

    # ---- borders ----

    def _close(self) -> None:
        self.question, self._zone, self._sub = None, "", 0

    def _on_head(self, place: int, one: Line) -> None:
        self._close()
        heading = one.heading or Heading("", None, "", "")
        if heading_list(one) or (self._wait() and self._list_below(place)):
            self.reader.begin(self.sections)
            self.reader.take(place)
            return
        self._kinds_outside = self._kinds_outside or not self._chapter
        self.sections.append(Section(heading.kind, self._chapter, heading.ordinal, heading.points,
                                     True))

    def _list_below(self, place: int) -> bool:
        after = self.ahead.after[place]
        return after < len(self.lines) and is_list(self.lines, self.ahead, after)

    def _on_chapter(self, place: int, one: Line) -> None:
        self._close()
        self._chapter = one.text
        before = self.sections[-1]
        kept = before.kind if self._kinds_outside else ""
        self.sections.append(Section(kept, one.text, before.ordinal if kept else None,
                                     before.points if kept else "", bool(kept)))

    def _on_title(self, place: int, one: Line) -> None:
        self._close()

    def _on_key_head(self, place: int, one: Line) -> None:
        if self.question and not self._wait_for_list(place):
            self._append(one)
            return
        self._close()
        kind = next((kind for word, kind in _KIND_IN.items() if word in one.text), "")
        self.reader.begin(self.sections, kind)

    def _wait_for_list(self, place: int) -> bool:
        return self._wait() or follows_list(self.lines, self.ahead, place)

    def _on_key(self, place: int, one: Line) -> None:
        number = one.items[0].number
        fresh = self.question is None or number > self.question.number or (
            self._zone == "stem" and not self.question.options)
        if not is_list(self.lines, self.ahead, place) and fresh:
            self._on_number(place, one)
        else:
            self._close()
            self.reader.begin(self.sections)
            self.reader.take(place)

    # ---- questions ----

    def _start(self, one: Line, mark: Mark, text: str) -> Question:
        section = self.sections[-1]
        if mark.number is not None and mark.number <= section.last and section.questions:
            section = Section(section.kind, section.chapter, section.ordinal, section.points,
                              section.headed)
            self.sections.append(section)
        question = Question(one.row, section, mark, [text] if text else [])
        section.questions.append(question)
        question.number = mark.number if mark.number is not None else len(section.questions)
        section.last = max(section.last, question.number)
        self.question, self._zone, self._sub = question, "stem", 0
        question.raw.append(one.raw)
        return question

    def _on_number(self, place: int, one: Line) -> None:
        waiting = self.question and not self.question.stem and self._zone == "stem"
        if self.question and waiting and not self._blank and self.question.mark.number is None:
            self._number_of(self.question, one)
        elif self._is_new(place, one):
            self._start(one, one.mark, "" if one.fields else one.text)
        else:
            self._note_sub(one)
            self._append(one)
            return
        if one.fields and self.question:
            self._store(self.question, one.fields)

    def _number_of(self, question: Question, one: Line) -> None:
        """A numbered line behind `题型：单选` is the stem of that question."""
        question.mark = Mark(one.mark.number, one.mark.style, question.mark.kind or one.mark.kind,
                             question.mark.points or one.mark.points, one.mark.verdict)
        question.number = one.mark.number or question.number
        question.section.last = max(question.section.last, question.number)
        question.stem = [] if one.fields else [one.text]
        question.raw.append(one.raw)

    def _note_sub(self, one: Line) -> None:
        number = one.mark.number or 0
        if number == 1 or (self._sub and number == self._sub + 1):
            self._sub = number

    # ---- lines inside ----

    def _append(self, one: Line) -> None:
        """The line goes on with what stood above it."""
        question = self.question
        if question is None:
            return
        question.raw.append(one.raw)
        if self._zone == "stem":
            question.stem.append(one.full)
        elif self._zone == "options":
            last = question.options[-1]
            wide = last[1][-1:] > "\u2e80" or one.full[:1] > "\u2e80"
            last[1] += one.full if wide else f" {one.full}"
        else:
            question.fields[self._zone].append(one.full)

    def _on_held(self, place: int, one: Line) -> None:
        self._append(one)

    def _on_text(self, place: int, one: Line) -> None:
        if self._begins(place, one):
            if self._is_mere_preamble():
                self.sections[-1].questions.pop()
            self._start(one, Mark(), one.text)
        elif not self._is_stray(one):
            self._append(one)

    def _on_option(self, place: int, one: Line) -> None:
        question = self.question
        if question is None:
            return
        late = self._zone not in ("stem", "options") and not self._takes_options(question)
        if late or (question.kind in OPEN and self._zone == "stem"):
            self._append(one)
            return
        question.raw.append(one.raw)
        question.options.append([one.letter, one.text])
        if one.checked:
            question.checked.append(one.letter)
        self._zone = "options"

    # ---- labels ----

    def _on_fields(self, place: int, one: Line) -> None:
        name, value = one.fields[0]
        if name == "answer" and self._starts_list(place, one, value):
            self._close()
            self.reader.begin(self.sections)
            self.reader.take(place)
            return
        question = self._asked(one, name)
        if question is None:
            return
        if not question.raw or question.raw[-1] is not one.raw:
            question.raw.append(one.raw)
        self._store(question, one.fields)

    def _starts_list(self, place: int, one: Line, value: str) -> bool:
        if one.heading:
            return heading_list(one)
        letters = bare_letters(value)
        if len(letters) > 2 and self._count() == len(letters):
            return self.sections[-1].kind in ("单选", "判断")
        if len(one.items) > 1:
            kind = self.question.kind if self.question else ""
            return kind not in OPEN and (self.question is None or not self._alone())
        if value:
            return False
        heading = list_heading(self.lines, self.ahead, place)
        if heading and heading.heading and self._wait(heading.heading.kind):
            return True
        after = self.ahead.after[place]
        if after >= len(self.lines) or not self._wait():
            return False
        below = self.lines[after]
        return (follows_list(self.lines, self.ahead, place)
                or (below.sort is Sort.NUMBER and below.mark.number == 1 and not self._alone()
                    and self.ahead.options[after] < 2 and not self.ahead.answers[after]))

    def _asked(self, one: Line, name: str) -> Question | None:
        """The question that a label speaks about, a new one where the label begins it."""
        question = self.question
        if question is None:
            if name in LEADING:
                self._leads.add(name)
            elif name not in ("stem", "ask"):
                return None
            return self._start(one, Mark(), "")
        done = bool(question.stem) and (name == "stem" or name in self._leads or (
            name == "ask" and bool(question.fields)))
        return self._start(one, Mark(), "") if done else question

    def _store(self, question: Question, fields: Sequence[tuple[str, str]]) -> None:
        for name, value in fields:
            if name in ("stem", "ask"):
                question.stem += [value] if value else []
                self._zone = "stem"
            elif name == "options":
                question.options += option_lines(value)
                self._zone = "options" if question.options else "stem"
            else:
                question.fields.setdefault(name, []).append(value)
                self._zone = name
            self._sub = int(_SUB.match(value) is not None)
        if self._zone in LEADING and not question.stem:
            self._zone = "stem"


_KIND_IN = {"单选": "单选", "单项": "单选", "多选": "多选", "多项": "多选", "不定项": "多选",
            "判断": "判断", "是非": "判断", "填空": "填空", "简答": "简答", "论述": "简答",
            "问答": "简答", "案例": "简答"}


def build(lines: Sequence[Line]) -> tuple[list[Section], list[AnswerList]]:
    """The sections of questions, and the answer lists that hold something."""
    builder = Builder(lines)
    builder.run()
    return builder.sections, [one for one in builder.reader.lists if one.entries]
