"""Where the answers stand apart from the questions: one list after the other, line by line."""

from collections.abc import Mapping, Sequence

from legaled.domain.bank_prose_ahead import Ahead, heading_list
from legaled.domain.bank_prose_keys import Item, answer_head, bare_letters, key_items
from legaled.domain.bank_prose_lines import split_fields
from legaled.domain.bank_prose_parts import AnswerList, Entry, Section
from legaled.domain.bank_prose_tokens import Line, Mark, Sort, numbered
from legaled.domain.bank_prose_words import CLOSED, OPEN, Heading


class ListReader:
    """Reads answer lists. `take` says whether the line was one of a list; if not, the list is
    at its end."""

    def __init__(self, lines: Sequence[Line], ahead: Ahead) -> None:
        self.lines, self.ahead = lines, ahead
        self.lists: list[AnswerList] = []
        self.inside = False
        self._zone = 0
        self._loose = False  # the next line without a label belongs to no answer
        self._style = ""  # how the numbers of open answers are written
        self._entry: Entry | None = None
        self._into: list[str] | None = None

    def begin(self, sections: Sequence[Section], kind: str = "") -> None:
        """From here on the answers of the sections so far."""
        self.inside = True
        self._zone += 1
        self._sections = sections
        self._place = len(sections)
        self._waiting: Mapping[int, object] | None = None
        self._under(kind, "", None)

    def _under(self, kind: str, chapter: str, place: int | None) -> None:
        """A new list; one that has only a place in the order of sections has their kind."""
        if place and not kind:
            kind = next((one.kind for one in self._sections[max(0, self._place - 200):self._place]
                         if one.ordinal == place), "")
        self._entry = self._into = None
        if self.lists and self.lists[-1].zone == self._zone and not self.lists[-1].entries:
            self.lists.pop()
        self.lists.append(AnswerList(self._place, self._zone, kind, chapter, place))

    def take(self, place: int) -> bool:
        one = self.lines[place]
        handler = {
            Sort.BLANK: self._part, Sort.TITLE: self._skip, Sort.KEY_HEAD: self._skip,
            Sort.HEAD: self._head, Sort.CHAPTER: self._chapter, Sort.KEY: self._key,
            Sort.NUMBER: self._number, Sort.FIELDS: self._fields,
        }.get(one.sort, self._text)
        self.inside = handler(place, one)
        return self.inside

    def _part(self, place: int, one: Line) -> bool:
        """Behind a blank line nothing belongs to an answer that has no label."""
        self._loose = True
        return True

    def _skip(self, place: int, one: Line) -> bool:
        return True

    def _chapter(self, place: int, one: Line) -> bool:
        if self._questions_follow(place):
            return False
        self._under("", one.text, None)
        return True

    def _head(self, place: int, one: Line) -> bool:
        heading = one.heading or Heading("", None, "", "")
        listed = heading_list(one)
        if not listed and (self._questions_follow(place) or not self._expects(heading.kind, place)):
            return False
        self._under(heading.kind, self.lists[-1].chapter, heading.ordinal)
        behind = heading.behind.lstrip(":：　 ")
        self._items(one.row, key_items(behind) or self._bare(behind))
        return True

    def _questions_follow(self, place: int) -> bool:
        """Whether the next lines are questions with their options."""
        for _ in range(3):
            place = self.ahead.after[place]
            if place >= len(self.lines) or self.lines[place].sort not in (
                    Sort.HEAD, Sort.CHAPTER, Sort.TITLE):
                break
        return place < len(self.lines) and self.lines[place].sort in (
            Sort.NUMBER, Sort.TEXT) and self.ahead.options[place] > 1

    def _expects(self, kind: str, place: int) -> bool:
        """Whether questions of this kind wait for answers, or answers follow at once."""
        after = self.ahead.after[place]
        if after < len(self.lines) and self.lines[after].sort is Sort.KEY:
            return True
        return any(section.kind == kind and any("answer" not in one.fields
                                                for one in section.questions[:50])
                   for section in self._sections[max(0, self._place - 200):self._place])

    def _key(self, place: int, one: Line) -> bool:
        self._loose = len(one.items) > 1
        if one.heading:
            self._under("", self.lists[-1].chapter, one.heading.ordinal)
        self._items(one.row, one.items)
        return True

    def _items(self, row: int, items: Sequence[Item]) -> None:
        for item in items:
            self._add(Entry(item.number, row, [item.answer] if item.answer else []))

    def _add(self, entry: Entry) -> None:
        entries = self.lists[-1].entries
        if entries and entry.number <= entries[-1].number:
            self._under(self.lists[-1].kind, self.lists[-1].chapter, None)
        self.lists[-1].entries.append(entry)
        self._entry, self._into = entry, None

    def _bare(self, text: str) -> list[Item]:
        """Letters without numbers go on where the list stands."""
        entries = self.lists[-1].entries
        start = entries[-1].number + 1 if entries else 1
        letters = bare_letters(text, self.lists[-1].kind == "多选")
        return [Item(start + place, one) for place, one in enumerate(letters)]

    def _number(self, place: int, one: Line) -> bool:
        if one.mark.style == "一":
            inner = Line(one.row, one.raw, full=one.text, mark=Mark())
            inner.text = numbered(one.text, inner.mark)
            if inner.mark.number is not None and inner.mark.style != "一":
                self._under("", self.lists[-1].chapter, one.mark.number)
                inner.fields = split_fields(inner.text)
                return self._number(place, inner)
        number = one.mark.number or 0
        head, rest = answer_head(one.text)
        if one.fields and one.fields[0][0] == "answer":
            self._add(Entry(number, one.row, []))
            return self._fields(place, one)
        if number and head and not self._is_prose(one.text):
            self._add(Entry(number, one.row, [head]))
            self._behind(rest)
            return True
        if self.ahead.options[place] > 1 or self.ahead.answers[place]:
            return False
        return self._open_number(number, one)

    def _is_prose(self, text: str) -> bool:
        return self.lists[-1].kind in OPEN

    def _open_number(self, number: int, one: Line) -> bool:
        """The answer of a question that wants text; else one more line of what stands above."""
        entries = self.lists[-1].entries
        same = not entries or one.mark.style == self._style
        if self.lists[-1].kind not in CLOSED and same and self._waits(number):
            self._style = one.mark.style
            self._add(Entry(number, one.row, [one.text]))
            self._into = self.lists[-1].entries[-1].answer
            return True
        if self._entry is None:
            return False
        self._append(one.full)
        return True

    def _waits(self, number: int) -> bool:
        if self._waiting is None:
            self._waiting = {question.number: None for section in self._sections[:self._place]
                             for question in section.questions if "answer" not in question.fields}
        entries = self.lists[-1].entries
        sub = bool(self._into) and entries and number != entries[-1].number + 1
        return number in self._waiting and not sub

    def _behind(self, rest: str) -> None:
        """What stands behind `1.B`: its explanation, labelled or not."""
        self._loose = False
        if not rest or self._entry is None:
            return
        fields = split_fields(rest) or [("explanation", rest.strip("（）()"))]
        self._store(fields)

    def _store(self, fields: Sequence[tuple[str, str]]) -> None:
        for name, value in fields if self._entry else ():
            assert self._entry is not None  # noqa: S101 - the loop is empty without it
            self._into = (self._entry.answer if name == "answer"
                          else self._entry.more.setdefault(name, []))
            if value:
                self._into.append(value)

    def _fields(self, place: int, one: Line) -> bool:
        name, value = one.fields[0]
        if one.heading:
            return self._head(place, one)
        items = one.items or (key_items(value) if name == "answer" else ())
        if name in ("stem", "ask", "options"):
            return False
        if len(items) > 1:
            self._items(one.row, items)
        elif name == "answer" and self._entry is None:
            self._items(one.row, self._bare(value))
        else:
            self._store(one.fields)
        return True

    def _text(self, place: int, one: Line) -> bool:
        if one.sort is Sort.TEXT and self.ahead.begins[place] == "A" and not (
                self.ahead.apart[place]) and self.ahead.options[place] > 1:
            return False
        letters = self._bare(one.text) if one.sort is Sort.TEXT else []
        if len(letters) > 1:
            self._items(one.row, letters)
        else:
            self._append(one.full)
        return True

    def _append(self, text: str) -> None:
        if self._entry is None:
            return
        if self._into is None:
            if self._loose:
                return
            wanted = self.lists[-1].kind in OPEN
            self._into = (self._entry.answer if wanted
                          else self._entry.more.setdefault("explanation", []))
        self._into.append(text)
