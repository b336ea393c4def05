"""What the reading pages show: a law by chapter, as finished values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import NotFoundError
from legaled.domain.law_lines import Level
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.law_pages import (
    Entry,
    Sheet,
    heading_number,
    heading_words,
    sheet_of,
    sheets,
)
from legaled.domain.law_text import Heading
from legaled.models import LawArticle, LawHeading, LawVersion
from legaled.services.law_linking import Part, linked_texts
from legaled.services.law_list import VersionLine, version_lines
from legaled.services.law_versions import versions


@dataclass(frozen=True)
class ArticleShown:
    """`section` is the heading that opens right above it, "" for none."""

    number: ArticleNumber
    parts: Sequence[Part]
    section: str


@dataclass(frozen=True)
class OutlineEntry:
    """A line of the outline. `page` counts from 1; `is_part` for a 编 over the chapters."""

    words: str
    page: int
    is_part: bool
    is_here: bool
    reach: str = ""  # 27–30, the articles on it
    sections: Sequence[tuple[str, ArticleNumber]] = ()


@dataclass(frozen=True)
class LawPage:
    """One page of a law. `turn` are (page, words) of the one before and the one after."""

    law_id: int
    version: VersionLine
    versions: Sequence[VersionLine]
    heading: str
    above: str
    outline: Sequence[OutlineEntry]
    articles: Sequence[ArticleShown]
    preamble: Sequence[str]
    history: Sequence[str]
    number: int
    before: tuple[int, str] | None
    after: tuple[int, str] | None
    missing: ArticleNumber | None  # was asked for and is not in this law
    chapter: Sequence[ArticleNumber] = ()  # all articles of this page's chapter, also elsewhere


def law_page(
    session: Session, law_id: int, now: datetime, *, version_id: int | None = None,
    page: int = 1, article: ArticleNumber | None = None,
) -> LawPage:
    """One page, of the version that counts or of the one asked for; ten queries at most.

    `article` goes before `page`; when the law has no such article the page says so.
    """
    found = versions(session, law_id)
    wanted = [one for one in found if version_id in (None, one.id)]
    if not wanted:
        raise NotFoundError()
    lines = version_lines(found, {}, now)
    shown = next(one for one in lines if (
        one.state == "current" if version_id is None else one.id == version_id))
    stored = session.get_one(LawVersion, shown.id)
    headings = _headings(session, shown.id)
    entries = _entries(session, shown.id)
    made = sheets(headings, entries, preamble=bool(stored.preamble))
    asked = sheet_of(made, article) if article else None
    place = asked if asked is not None else min(max(page, 1), len(made)) - 1
    sheet = made[place]
    articles = _articles(session, shown, headings, sheet, now)
    return LawPage(
        law_id, shown, lines, _sheet_words(headings, sheet), _above(headings, sheet),
        _outline(headings, made, place), articles,
        stored.preamble if sheet.preamble else (), stored.history, place + 1,
        (place, _short(headings, made[place - 1])) if place else None,
        (place + 2, _short(headings, made[place + 1])) if place + 1 < len(made) else None,
        article if article and asked is None else None,
        [one.number for other in made if other.heading == sheet.heading
         for one in other.articles] if sheet.articles else ())


def _headings(session: Session, version_id: int) -> dict[int, Heading]:
    rows = session.execute(
        sa.select(LawHeading.place, LawHeading.level, LawHeading.number, LawHeading.sub,
                  LawHeading.title, LawHeading.parent)
        .where(LawHeading.version_id == version_id).order_by(LawHeading.place))
    return {row.place: Heading(*row) for row in rows}


def _entries(session: Session, version_id: int) -> list[Entry]:
    rows = session.execute(
        sa.select(LawArticle.number, LawArticle.sub, LawArticle.heading,
                  sa.func.length(LawArticle.text))
        .where(LawArticle.version_id == version_id)
        .order_by(LawArticle.number, LawArticle.sub))
    return [Entry(ArticleNumber(number, sub), heading, letters)
            for number, sub, heading, letters in rows]


# ---- the words of a page ----

def _sheet_words(headings: Mapping[int, Heading], sheet: Sheet) -> str:
    if sheet.preamble:
        return "序言"
    words = "全文" if sheet.heading is None else heading_words(headings[sheet.heading])
    if sheet.heading is None and not headings and not sheet.part:
        return words
    if not sheet.part:
        return "" if sheet.heading is None else words
    numbers = sheet.articles[0].number.words, sheet.articles[-1].number.words
    return f"{'' if sheet.heading is None else words + ' '}{numbers[0]}至{numbers[1]}"


def _short(headings: Mapping[int, Heading], sheet: Sheet) -> str:
    """第三章, for the buttons at the end of a page."""
    if sheet.preamble:
        return "序言"
    if sheet.part or sheet.heading is None:
        return f"{sheet.articles[0].number.words}起" if sheet.articles else "全文"
    heading = headings[sheet.heading]
    return heading_number(heading) or heading.title


def _above(headings: Mapping[int, Heading], sheet: Sheet) -> str:
    """第二编 物权　第一分编 通则, what holds the chapter."""
    return " · ".join(heading_words(headings[place]) for place in _holders(headings, sheet))


def _holders(headings: Mapping[int, Heading], sheet: Sheet) -> list[int]:
    """The places of the headings that hold this page's own, from the outside in."""
    chain = list[int]()
    place = headings[sheet.heading].parent if sheet.heading is not None else None
    while place is not None:
        chain.append(place)
        place = headings[place].parent
    return chain[::-1]


def _outline(
    headings: Mapping[int, Heading], made: Sequence[Sheet], here: int
) -> list[OutlineEntry]:
    """The pages under the 编 that is open, and the other 编; the 节 of the page that is open."""
    entries, known = list[OutlineEntry](), set[int]()
    open_part = _holders(headings, made[here])[:1]
    for place, sheet in enumerate(made):
        chain = _holders(headings, sheet)
        is_open = chain[:1] == open_part
        for one in chain if is_open else chain[:1]:
            if one not in known:
                known.add(one)
                entries.append(
                    OutlineEntry(heading_words(headings[one]), place + 1, True, False))
        if chain and not is_open:
            continue
        words = _short(headings, sheet)
        if sheet.heading is not None:
            words = heading_words(headings[sheet.heading])
        sections = _sections(headings, sheet) if place == here else ()
        entries.append(OutlineEntry(
            words, place + 1, False, place == here, _reach(sheet), sections))
    return entries


def _reach(sheet: Sheet) -> str:
    if not sheet.articles:
        return ""
    first, last = sheet.articles[0].number.number, sheet.articles[-1].number.number
    return f"{first}–{last}" if first != last else str(first)


def _sections(
    headings: Mapping[int, Heading], sheet: Sheet
) -> list[tuple[str, ArticleNumber]]:
    found: dict[int, ArticleNumber] = {}
    for entry in sheet.articles:
        if entry.heading is not None and headings[entry.heading].level is Level.SECTION:
            found.setdefault(entry.heading, entry.number)
    return [(heading_words(headings[place]), number) for place, number in found.items()]


def _articles(
    session: Session, version: VersionLine, headings: Mapping[int, Heading], sheet: Sheet,
    now: datetime,
) -> list[ArticleShown]:
    if not sheet.articles:
        return []
    first, last = sheet.articles[0].number, sheet.articles[-1].number
    rows = session.execute(
        sa.select(LawArticle.number, LawArticle.sub, LawArticle.text)
        .where(LawArticle.version_id == version.id,
               LawArticle.number.between(first.number, last.number)))
    texts = {ArticleNumber(number, sub): text for number, sub, text in rows}
    sections = {number: words for words, number in _sections(headings, sheet)}
    law_id = session.scalars(
        sa.select(LawVersion.law_id).where(LawVersion.id == version.id)).one()
    linked = linked_texts(session, [texts[one.number] for one in sheet.articles], now,
                          own=(law_id, version.id))
    return [ArticleShown(one.number, parts, sections.get(one.number, ""))
            for one, parts in zip(sheet.articles, linked, strict=True)]
