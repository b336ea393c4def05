"""Practice by the law library: which questions rest on which chapter and article."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import NotFoundError
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.law_pages import Entry, heading_number, heading_words, sheets
from legaled.domain.law_text import Heading
from legaled.domain.practice import cited_articles
from legaled.models import LawArticle, LawHeading, QuestionVersion
from legaled.services.law_linking import Part, linked_texts
from legaled.services.law_versions import Shelf, Version, shelf
from legaled.services.practice import current

BESIDE = 4  # articles shown in full beside an explanation
Cells = Sequence[tuple[frozenset[ArticleNumber], int]]


@dataclass(frozen=True)
class Chapter:
    """A chapter of the version that counts. `number` is 第三章, "" when it has none."""

    number: str
    words: str
    first: ArticleNumber
    articles: frozenset[ArticleNumber]
    questions: int = 0


@dataclass(frozen=True)
class LawOutline:
    """What can be practised of one law: by chapter, and by article in the law's order."""

    law_id: int
    title: str
    total: int
    chapters: Sequence[Chapter]
    articles: Sequence[tuple[ArticleNumber, int]]


@dataclass(frozen=True)
class Beside:
    """An article in full, to stand beside an explanation."""

    law_id: int
    title: str
    number: ArticleNumber
    parts: Sequence[Part]


def law_outline(session: Session, law_id: int, now: datetime) -> LawOutline:
    """Raises NotFoundError when the library has no such law; six queries."""
    known = shelf(session, now)
    version = _current(known, law_id)
    cells = _cells(session, known, law_id)
    found = _chapters(session, version)
    there = frozenset[ArticleNumber]().union(*(one.articles for one in found))
    by_article = Counter[ArticleNumber]()
    for cited, count in cells:
        by_article.update(dict.fromkeys(cited & there, count))
    return LawOutline(
        law_id, version.title, sum(count for _, count in cells),
        [one for one in _counted(found, cells) if one.questions], sorted(by_article.items()))


def chapter_links(
    session: Session, known: Shelf, law: str, headings: Iterable[str]
) -> dict[str, tuple[int, Chapter]]:
    """For the headings of a guide that name a chapter of its law (第三章 档案的管理) which has
    questions: (law, chapter). Three queries at most; a chapter is known by its number, so a law
    whose numbers come again, as in 编, has none."""
    law_id = known.find(law)
    if law_id is None:
        return {}
    cells = _cells(session, known, law_id)
    found = _counted(_chapters(session, known.current[law_id]), cells)
    often = Counter(one.number for one in found)
    named = {one.number: one for one in found
             if one.number and often[one.number] == 1 and one.questions}
    return {heading: (law_id, chapter) for heading in headings
            if (chapter := named.get(heading.split(maxsplit=1)[0] if heading.split() else ""))}


def questions_on(
    session: Session, known: Shelf, law_id: int, articles: Collection[ArticleNumber]
) -> int:
    """How many questions that can be practised rest on one of these articles; one query."""
    return _count(_cells(session, known, law_id), articles) if articles else 0


def names_of(session: Session, known: Shelf, law_id: int) -> list[str]:
    """The names by which questions that can be practised call this law; one query."""
    _current(known, law_id)
    names = session.scalars(current(QuestionVersion.law).distinct())
    return [name for name in names if known.find(name) == law_id]


def chapter_of(session: Session, known: Shelf, law_id: int, number: ArticleNumber) -> Chapter:
    """The chapter that holds this article; NotFoundError when the law has no such article."""
    for chapter in _chapters(session, _current(known, law_id)):
        if number in chapter.articles:
            return chapter
    raise NotFoundError()


def law_title(known: Shelf, law_id: int) -> str:
    """Raises NotFoundError when the library has no such law."""
    return _current(known, law_id).title


def articles_beside(
    session: Session, law: str, cell: str, now: datetime
) -> list[Beside]:
    """The full words of what a question rests on, as they hold today; [] for what the library
    does not have. Eight queries at most."""
    wanted = sorted(cited_articles(cell))[:BESIDE]
    known = shelf(session, now) if law and wanted else Shelf()
    law_id = known.find(law)
    if law_id is None:
        return []
    version = known.current[law_id]
    rows = session.execute(
        sa.select(LawArticle.number, LawArticle.sub, LawArticle.text)
        .where(LawArticle.version_id == version.id,
               LawArticle.number.in_({one.number for one in wanted})))
    texts = {ArticleNumber(number, sub): text for number, sub, text in rows}
    there = [number for number in wanted if number in texts]
    parts = linked_texts(session, [texts[number] for number in there], now, (law_id, version.id))
    return [Beside(law_id, version.title, number, found)
            for number, found in zip(there, parts, strict=True)]


def _current(known: Shelf, law_id: int) -> Version:
    if law_id not in known.current:
        raise NotFoundError()
    return known.current[law_id]


def _cells(session: Session, known: Shelf, law_id: int) -> Cells:
    """(articles cited, how many questions) of this law; one grouped query."""
    columns = QuestionVersion.law, QuestionVersion.article
    rows = session.execute(
        current(*columns, sa.func.count()).where(QuestionVersion.law != "").group_by(*columns)
    ).all()
    mine = {name for name in {row[0] for row in rows} if known.find(name) == law_id}
    return [(cited_articles(cell), count) for name, cell, count in rows if name in mine]


def _count(cells: Cells, articles: Collection[ArticleNumber]) -> int:
    wanted = frozenset(articles)
    return sum(count for cited, count in cells if cited & wanted)


def _counted(chapters: Iterable[Chapter], cells: Cells) -> list[Chapter]:
    return [Chapter(one.number, one.words, one.first, one.articles, _count(cells, one.articles))
            for one in chapters]


def _chapters(session: Session, version: Version) -> list[Chapter]:
    """Two queries."""
    headings = {row.place: Heading(*row) for row in session.execute(
        sa.select(LawHeading.place, LawHeading.level, LawHeading.number, LawHeading.sub,
                  LawHeading.title, LawHeading.parent)
        .where(LawHeading.version_id == version.id).order_by(LawHeading.place))}
    entries = [Entry(ArticleNumber(number, sub), heading, 0) for number, sub, heading in
               session.execute(
                   sa.select(LawArticle.number, LawArticle.sub, LawArticle.heading)
                   .where(LawArticle.version_id == version.id)
                   .order_by(LawArticle.number, LawArticle.sub))]
    places: dict[int | None, list[ArticleNumber]] = {}
    for sheet in sheets(headings, entries, preamble=False):
        places.setdefault(sheet.heading, []).extend(one.number for one in sheet.articles)
    return [
        Chapter(heading_number(headings[place]) if place is not None else "",
                heading_words(headings[place]) if place is not None else "全文",
                articles[0], frozenset(articles))
        for place, articles in places.items() if articles]
