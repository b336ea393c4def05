"""The text of a law, read: 编, 分编, 章, 节, 条, 款, 项, 目, its preamble and its dates.

What a sentence only mentions (依照第二十条…) does not start an article: that is decided by what
follows the number and by the sequence. Everything is linear in the length of the text.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

from legaled.domain.law_body import Body, Kind, Paragraph, build
from legaled.domain.law_contents import without_contents
from legaled.domain.law_head import (
    Dates,
    find_title,
    is_amendments,
    is_change,
    is_decision,
    is_history,
    is_title,
    read_dates,
)
from legaled.domain.law_lines import Level, Line, read_lines
from legaled.domain.law_names import law_key
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.law_problems import MATTERS, LawProblem, LawUnreadableError, warning
from legaled.domain.law_sequence import choose, end_of_body
from legaled.domain.text import squeeze

__all__ = ["Article", "Heading", "Kind", "LawText", "Paragraph", "parse"]
GAPS_SHOWN = 30


@dataclass(frozen=True)
class Heading:
    """A 编, 分编, 章 or 节; `place` orders headings, `parent` is the place of what holds it."""

    place: int
    level: Level
    number: int | None
    sub: int
    title: str
    parent: int | None


@dataclass(frozen=True)
class Article:
    """`heading` is the place of the innermost heading above it, None when there is none."""

    number: ArticleNumber
    paragraphs: tuple[Paragraph, ...]
    heading: int | None
    line: int

    @property
    def text(self) -> str:
        """Its words, a line for each 款, 项 and 目."""
        return "\n".join(one.mark + one.text for one in self.paragraphs)


@dataclass(frozen=True)
class LawText:
    """A law as read. Articles are in their order, each number once."""

    title: str
    history: tuple[str, ...]
    preamble: tuple[str, ...]
    headings: tuple[Heading, ...]
    articles: tuple[Article, ...]
    dates: Dates
    gaps: tuple[str, ...] = ()
    repeats: tuple[str, ...] = ()
    warnings: tuple[LawProblem, ...] = field(default=())

    @property
    def chapters(self) -> int:
        return sum(one.level is Level.CHAPTER for one in self.headings)

    @property
    def sections(self) -> int:
        return sum(one.level is Level.SECTION for one in self.headings)

    @property
    def is_clean(self) -> bool:
        """Nothing that would have to be put right before the text can be relied on."""
        return not any(one.code in MATTERS for one in self.warnings)

    @property
    def digest(self) -> str:
        """The same for the same words in whatever layout, encoding or width."""
        parts = [*self.preamble]
        parts += [f"{one.level.value}{one.number}.{one.sub}{one.title}" for one in self.headings]
        parts += [f"{one.number.short}{one.text}" for one in self.articles]
        return sha256("\x1f".join(map(squeeze, parts)).encode()).hexdigest()

    def with_effective(self, effective: date) -> "LawText":
        """With this date in place of what the text says."""
        rest = tuple(one for one in self.warnings if one.code != "no_effective_date")
        return replace(self, dates=replace(self.dates, effective=effective), warnings=rest)

    def as_json(self) -> dict[str, object]:
        """The keys of `law check --json`, in their order."""
        numbers = [one.number.number for one in self.articles]
        promulgated, effective = self.dates.promulgated, self.dates.effective
        return {
            "title": self.title, "articles": len(self.articles), "first": min(numbers),
            "last": max(numbers), "gaps": list(self.gaps), "repeats": list(self.repeats),
            "chapters": self.chapters, "sections": self.sections,
            "preamble": bool(self.preamble),
            "dates": {"promulgated": promulgated.isoformat() if promulgated else None,
                      "effective": effective.isoformat() if effective else None},
            "warnings": [one.as_json() for one in self.warnings],
        }


def parse(texts: Sequence[str], name: str = "") -> LawText:
    """One law from the texts of its files, in whatever order they are given.

    `name` is the title when the text has none. Raises LawUnreadableError and nothing else.
    """
    if not any(text.strip() for text in texts):
        raise LawUnreadableError("empty")
    parts = [_part(text) for text in texts]
    title = _title(parts, name)
    lines = [line for part in _in_order(parts) for line in part.lines]
    chosen = choose(lines)
    if not chosen:
        raise LawUnreadableError("no_articles")
    end, left_out = end_of_body(lines, chosen)
    body = build(lines[:end], {place for place in chosen if place < end})
    _refuse_amendments(title, body)
    return _assemble(title, body, left_out)


@dataclass(frozen=True)
class _Part:
    lines: Sequence[Line]
    title: str
    first: ArticleNumber | None


def _part(text: str) -> _Part:
    lines, title = read_lines(text)
    lines = without_contents(lines)
    chosen = choose(lines)
    first = lines[min(chosen)].article if chosen else None
    head = list(_head(lines, min(chosen, default=len(lines))))
    return _Part(lines, title or find_title(head), first)


def _head(lines: Sequence[Line], end: int) -> Iterator[tuple[str, int]]:
    for line in lines[:end]:
        if line.head is not None:
            return
        if line.text:
            yield line.text, line.marked


def _title(parts: Sequence[_Part], name: str) -> str:
    titles = [part.title for part in parts if part.title and is_title(part.title)]
    if len({law_key(title) for title in titles}) > 1:
        raise LawUnreadableError("two_laws", detail="、".join(dict.fromkeys(titles)) + "：")
    loose = [part.title for part in parts if part.title]
    return (titles or loose or [name or "未命名"])[0].strip("《》")[:200]


def _in_order(parts: Sequence[_Part]) -> list[_Part]:
    """By their first article; what only repeats the title is dropped from the later ones."""
    ordered = sorted(parts, key=lambda part: part.first or ArticleNumber(0))
    later = [replace(part, lines=_without_head(part)) for part in ordered[1:]]
    return [*ordered[:1], *later]


def _without_head(part: _Part) -> Sequence[Line]:
    for place, line in enumerate(part.lines):
        repeats = not line.text or line.marked == 1 or is_history(line.text)
        if line.head is not None or not (repeats or line.text == part.title):
            return part.lines[place:]
    return ()


def _refuse_amendments(title: str, body: Body) -> None:
    line = body.articles[0].line
    if is_amendments(title):
        raise LawUnreadableError("amendment_list", line, f"标题是“{title}”。")
    if is_decision(title):
        raise LawUnreadableError("amending_decision", line, f"标题是“{title}”。")
    firsts = (one.open[0].text() for one in body.articles if one.open)
    changes = sum(is_change(text[:600]) for text in firsts)
    if changes >= 2 and 2 * changes >= len(body.articles):
        raise LawUnreadableError("amendment_list", line)


def _assemble(title: str, body: Body, left_out: Sequence[LawProblem]) -> LawText:
    first = dict[ArticleNumber, Article]()
    repeats, warnings = list[str](), [*body.warnings, *left_out]
    highest = ArticleNumber(0)
    for one in body.articles:
        article = Article(one.number, one.paragraphs, one.heading, one.line)
        if one.number in first:
            repeats.append(one.number.short)
            warnings.append(warning("repeat", one.line, f"{one.number.words}重复。"))
            continue
        first[one.number] = article
        if one.number < highest:
            warnings.append(warning("out_of_order", one.line, f"{one.number.words}的"))
        highest = max(highest, one.number)
        if not article.text:
            warnings.append(warning("empty_article", one.line, one.number.words))
    articles = tuple(first[number] for number in sorted(first))
    gaps, gap_warnings = _gaps(articles)
    dates = read_dates(" ".join(body.head), (one.text for one in reversed(articles)))
    if dates.effective is None:
        warnings.append(warning("no_effective_date", None))
    headings = tuple(Heading(place, one.level, one.number, one.sub, one.title, parent)
                     for place, (one, parent) in enumerate(body.headings))
    return LawText(
        title, tuple(line for line in body.head if is_history(line)), body.preamble,
        headings, articles, dates, gaps, tuple(Counter(repeats)),
        tuple(sorted([*warnings, *gap_warnings], key=lambda one: one.line or 0)))


def _gaps(articles: Sequence[Article]) -> tuple[tuple[str, ...], list[LawProblem]]:
    """The numbers that are missing between two articles, and a warning at the second."""
    gaps, warnings = list[str](), list[LawProblem]()
    for before, after in itertools.pairwise(articles):
        missing = list(_between(before.number, after.number))
        if missing:
            gaps += [one.short for one in missing]
            shown = "、".join(one.words for one in missing[:GAPS_SHOWN])
            warnings.append(warning("gap", after.line, f"缺{shown}。"))
    return tuple(gaps), warnings


def _between(before: ArticleNumber, after: ArticleNumber) -> Iterator[ArticleNumber]:
    for number in range(before.number + 1, after.number):
        yield ArticleNumber(number)
    start = before.sub + 1 if before.number == after.number else 0
    for sub in range(start, after.sub):
        yield ArticleNumber(after.number, sub)
