"""How a law is cut into pages: a chapter each, a long one in parts that a phone can load."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from legaled.domain.law_lines import LEVEL_LABEL, Level
from legaled.domain.law_numbers import ArticleNumber, to_chinese
from legaled.domain.law_text import Heading

PAGE_ARTICLES = 100
PAGE_LETTERS = 25_000
_PAGE_LEVELS = frozenset({Level.PART, Level.SUBPART, Level.CHAPTER})


@dataclass(frozen=True)
class Entry:
    """An article as an outline knows it."""

    number: ArticleNumber
    heading: int | None
    letters: int


@dataclass
class Sheet:
    """One page: the place of its chapter (None without), its articles, and which part it is."""

    heading: int | None
    articles: list[Entry] = field(default_factory=list)
    part: int = 0  # 1, 2 … when a chapter takes several pages
    preamble: bool = False


def heading_words(heading: Heading) -> str:
    """第三章　档案的管理, as the law prints it."""
    return " ".join(filter(None, (heading_number(heading), heading.title)))


def heading_number(heading: Heading) -> str:
    """第三章, 第三章之一; "" for 附则 alone."""
    if heading.number is None:
        return ""
    tail = f"之{to_chinese(heading.sub)}" if heading.sub else ""
    return f"第{to_chinese(heading.number)}{LEVEL_LABEL[heading.level]}{tail}"


def sheets(
    headings: Mapping[int, Heading], articles: Sequence[Entry], *, preamble: bool
) -> list[Sheet]:
    """The pages in their order; at least one."""
    made = [Sheet(None, preamble=True)] if preamble else []
    letters = 0
    for entry in articles:
        chapter = _chapter(headings, entry.heading)
        same = bool(made) and bool(made[-1].articles) and made[-1].heading == chapter
        if same and not _is_full(made[-1], letters + entry.letters):
            letters += entry.letters
        else:
            if same and not made[-1].part:
                made[-1].part = 1
            made.append(Sheet(chapter, part=made[-1].part + 1 if same else 0))
            letters = entry.letters
        made[-1].articles.append(entry)
    return made or [Sheet(None)]


def sheet_of(made: Sequence[Sheet], number: ArticleNumber) -> int | None:
    """The place of the page that has this article."""
    return next((place for place, sheet in enumerate(made)
                 if any(entry.number == number for entry in sheet.articles)), None)


def _is_full(sheet: Sheet, letters: int) -> bool:
    return len(sheet.articles) >= PAGE_ARTICLES or letters > PAGE_LETTERS


def _chapter(headings: Mapping[int, Heading], place: int | None) -> int | None:
    """The 章 that holds this heading; without one the 分编 or 编."""
    while place is not None and headings[place].level not in _PAGE_LEVELS:
        place = headings[place].parent
    return place
