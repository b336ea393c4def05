"""The body of a law, put together from its lines: what belongs to which article."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum

from legaled.domain.law_contents import is_preamble
from legaled.domain.law_lines import STOPS, Head, Level, Line, tidy
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.law_problems import LawProblem, warning
from legaled.domain.law_sequence import CLOSERS

WRAP_MAX = 100  # characters: a longer line is no line of print
_ITEM = re.compile(r"[（(]([一二三四五六七八九十百零〇]{1,5})[)）][、.．]?")
_SUBITEM = re.compile(r"(?:\d{1,2} ?[.．、](?!\d)|[（(]\d{1,2}[)）][、.．]?|[①-⑳])")
_DEPTH = {level: place for place, level in enumerate(Level)}


class Kind(Enum):
    """A 款, or a 项 or 目 under it."""

    PARAGRAPH = "paragraph"
    ITEM = "item"
    SUBITEM = "subitem"


@dataclass(frozen=True)
class Paragraph:
    """`mark` is （一） of a 项, `1.` of a 目, "" of a 款."""

    kind: Kind
    mark: str
    text: str


@dataclass
class _Open:
    """A paragraph that may go on: the lines of print it came in."""

    lines: list[str]

    def text(self) -> str:
        """Only Latin words need the space between two lines."""
        return tidy(" ".join(self.lines))


@dataclass
class RawArticle:
    number: ArticleNumber
    line: int
    heading: int | None
    open: list[_Open] = field(default_factory=list)

    @property
    def paragraphs(self) -> tuple[Paragraph, ...]:
        return tuple(_paragraph(one.text()) for one in self.open)


@dataclass
class Body:
    """`head` is what stands before; a heading knows the place of the one that holds it."""

    head: list[str] = field(default_factory=list)
    open: list[_Open] = field(default_factory=list)
    headings: list[tuple[Head, int | None]] = field(default_factory=list)
    articles: list[RawArticle] = field(default_factory=list)
    warnings: list[LawProblem] = field(default_factory=list)

    @property
    def preamble(self) -> tuple[str, ...]:
        return tuple(one.text() for one in self.open)


@dataclass
class _Print:
    """How the text was set: whether paragraphs are indented, and where full lines end."""

    indented: bool
    full: int | None

    @classmethod
    def of(cls, lines: Sequence[Line], chosen: set[int]) -> "_Print":
        starts = [lines[place].indented for place in chosen]
        lengths = sorted(len(line.text) for line in lines if len(line.text) > 12)
        full = lengths[len(lengths) * 9 // 10] if lengths else 0
        near = sum(abs(length - full) <= 3 for length in lengths)
        wraps = 12 < full <= WRAP_MAX and 4 * near >= len(lengths)
        return cls(2 * sum(starts) > len(starts), full - 3 if wraps else None)

    def joins(self, before: Line, text: str, line: Line) -> bool:
        """Whether `line` goes on with the sentence of which `text` is the last line so far."""
        if not text or is_item(line.text):
            return False
        full = self.full is not None and len(before.text) >= self.full
        if text[-1] in STOPS:
            return full and self.indented and not line.indented
        if text[-1] in CLOSERS:
            return full
        return full if self.indented and line.indented else True


def is_item(text: str) -> bool:
    return _ITEM.match(text) is not None or _SUBITEM.match(text) is not None


def paragraphs(text: str) -> tuple[Paragraph, ...]:
    """The 款, 项 and 目 of an article from its stored text, a line each."""
    return tuple(map(_paragraph, text.split("\n"))) if text else ()


def build(lines: Sequence[Line], chosen: set[int]) -> Body:
    """The body of the law; `chosen` are the places of the lines that open an article."""
    return _Builder(lines, chosen).run()


class _Builder:
    def __init__(self, lines: Sequence[Line], chosen: set[int]) -> None:
        self.lines, self.chosen = lines, chosen
        self.body = Body()
        self.print = _Print.of(lines, chosen)
        self.before: Line | None = None  # the line above, if nothing empty lies between
        self.stack: list[int] = []
        self.in_preamble = False
        self.untitled = False  # a heading waits for its title on the next line

    def run(self) -> Body:
        for place, line in enumerate(self.lines):
            if not line.text:
                self.before = self.before if line.page_break else None
                continue
            if place in self.chosen:
                self._article(line)
            elif line.head is not None and self._is_heading(line, line.head):
                self._heading(line.head)
            elif is_preamble(line) and not self.body.articles:
                self.in_preamble = True
            else:
                self._text(line)
            self.before = line
        return self.body

    def _is_heading(self, line: Line, head: Head) -> bool:
        """A heading never stands in the middle of a sentence."""
        goes_on = self.before is not None and self.before.head is None and (
            self.body.articles and self._open() and self.before.text[-1] not in STOPS + CLOSERS)
        return line.marked > 0 or not goes_on or bool(head.title and line.indented)

    def _open(self) -> bool:
        return bool(self.body.articles and self.body.articles[-1].heading == self._here())

    def _here(self) -> int | None:
        return self.stack[-1] if self.stack else None

    def _heading(self, head: Head) -> None:
        if head.number is None and not any(
                self.body.headings[place][0].level is Level.CHAPTER for place in self.stack[:1]):
            outer = self.body.headings[self.stack[0]][0].level if self.stack else head.level
            head = Head(outer, None, head.title)
        while self.stack and (
                _DEPTH[self.body.headings[self.stack[-1]][0].level] >= _DEPTH[head.level]):
            self.stack.pop()
        self.body.headings.append((head, self._here()))
        self.stack.append(len(self.body.headings) - 1)
        self.in_preamble, self.untitled = False, not head.title

    def _article(self, line: Line) -> None:
        article = RawArticle(line.article or ArticleNumber(0), line.number, self._here())
        self.body.articles.append(article)
        self.in_preamble = self.untitled = False
        if line.rest:
            article.open.append(_Open([line.rest]))

    def _text(self, line: Line) -> None:
        body = self.body
        if self.untitled and len(line.text) <= 40 and line.text[-1] not in STOPS:
            head, parent = body.headings[-1]
            body.headings[-1] = (Head(head.level, head.number, line.text, head.sub), parent)
            self.untitled = False
        elif self.in_preamble:
            self._add(body.open, line)
        elif self._open():
            self._add(body.articles[-1].open, line)
        elif not body.headings and not body.articles:
            body.head.append(line.text)
        else:
            body.warnings.append(warning("text_left_out", line.number, f"“{line.text[:30]}”"))

    def _add(self, paragraphs: list[_Open], line: Line) -> None:
        """One more line: more of the last paragraph, or a new one."""
        last = paragraphs[-1].lines if paragraphs else None
        if last and self.before and self.print.joins(self.before, last[-1], line):
            last.append(line.text)
        else:
            paragraphs.append(_Open([line.text]))


def _paragraph(text: str) -> Paragraph:
    if found := _ITEM.match(text):
        return Paragraph(Kind.ITEM, f"（{found[1]}）", text[found.end():].lstrip())
    if found := _SUBITEM.match(text):
        return Paragraph(Kind.SUBITEM, found[0].replace(" ", ""), text[found.end():].lstrip())
    return Paragraph(Kind.PARAGRAPH, "", text)
