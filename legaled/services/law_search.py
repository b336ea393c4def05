"""Searching the law library: every word must stand in the article, two characters are enough.

A plain LIKE on purpose: it finds 档案 and 移交 alike on SQLite and PostgreSQL, and over 10,000
articles it is quick; an index of words would have to know where Chinese words end.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.law_numbers import NUMERAL, ArticleNumber, read_article
from legaled.domain.text import clean
from legaled.models import Law, LawArticle
from legaled.services.law_versions import Shelf, articles_there, shelf
from legaled.services.paging import Page, page_of

PER_PAGE = 20
WORDS_MAX = 5
QUERY_MAX = 100
AROUND = 46  # characters shown before the first word
SHOWN = 150
_NAMED = re.compile(rf"^(?P<law>.+?)\s*(?P<article>第?\s*[{NUMERAL}]{{1,9}}\s*条?(?:之.{{1,3}})?)$")


@dataclass(frozen=True)
class Hit:
    """An article that was found; `words` are (text, whether it was searched for)."""

    law_id: int
    law: str
    article: ArticleNumber
    words: Sequence[tuple[str, bool]]


@dataclass(frozen=True)
class SearchPage:
    """One page of hits. `named` is the article that the query itself names, 档案法第二十七条."""

    query: str
    hits: Sequence[Hit]
    page: Page
    named: tuple[int, str, ArticleNumber] | None
    laws: Sequence[tuple[int, str, int]]  # every law with hits, and how many


def search(
    session: Session, query: str, now: datetime, *, law_id: int | None = None, page: int = 1
) -> SearchPage:
    """Articles of the versions that count, by law and number; seven queries at most."""
    query = clean(query)[:QUERY_MAX]
    words = query.split()[:WORDS_MAX]
    known = shelf(session, now)
    names = dict(session.execute(
        sa.select(Law.id, Law.name).order_by(Law.name, Law.id)).all())
    found = _found(session, known, words, names) if words else {}
    ids = [id_ for law, ids in found.items() if law_id in (None, law) for id_ in ids]
    place = page_of(len(ids), page, PER_PAGE)
    hits = _hits(session, ids[place.offset:place.offset + PER_PAGE], names, known, words)
    return SearchPage(query, hits, place, _named(session, known, query, names),
                      [(law, names[law], len(ids)) for law, ids in found.items()])


def _found(
    session: Session, known: Shelf, words: Sequence[str], names: Mapping[int, str]
) -> dict[int, list[int]]:
    """The articles found by law, in the order of names; one query reads every text once."""
    of_version = {one.id: law for law, one in known.current.items()}
    rows = session.execute(
        sa.select(LawArticle.version_id, LawArticle.number, LawArticle.sub, LawArticle.id)
        .where(LawArticle.version_id.in_(of_version),
               *(LawArticle.text.contains(word, autoescape=True) for word in words))).all()
    by_law = dict[int, list[int]]()
    for version, _, _, id_ in sorted(tuple(row) for row in rows):
        by_law.setdefault(of_version[version], []).append(id_)
    return {law: by_law[law] for law in names if law in by_law}


def _hits(
    session: Session, ids: Sequence[int], names: Mapping[int, str], known: Shelf,
    words: Sequence[str],
) -> list[Hit]:
    of_version = {one.id: law for law, one in known.current.items()}
    rows = {
        id_: Hit(law := of_version[version], names[law], ArticleNumber(number, sub),
                 marked(excerpt(text, words), words))
        for id_, version, number, sub, text in session.execute(
            sa.select(LawArticle.id, LawArticle.version_id, LawArticle.number, LawArticle.sub,
                      LawArticle.text).where(LawArticle.id.in_(ids)))}
    return [rows[id_] for id_ in ids]


def excerpt(text: str, words: Sequence[str]) -> str:
    """The part of the text around the first word that is searched for."""
    flat = text.replace("\n", "")
    places = [at for word in words if (at := flat.find(word)) >= 0]
    start = max(0, min(places, default=0) - AROUND)
    if start < 8:
        start = 0
    end = min(len(flat), start + SHOWN)
    return ("…" if start else "") + flat[start:end] + ("…" if end < len(flat) else "")


def marked(text: str, words: Sequence[str]) -> list[tuple[str, bool]]:
    """The text cut at the words searched for."""
    if not words:
        return [(text, False)]
    longest = sorted(set(words), key=len, reverse=True)
    cut = re.split(f"({'|'.join(map(re.escape, longest))})", text)
    return [(piece, place % 2 == 1) for place, piece in enumerate(cut) if piece]


def _named(
    session: Session, known: Shelf, query: str, names: Mapping[int, str]
) -> tuple[int, str, ArticleNumber] | None:
    found = _NAMED.match(query)
    law = known.find(found["law"]) if found else None
    number = read_article(found["article"]) if found else None
    if law is None or number is None:
        return None
    there = articles_there(session, [(known.current[law].id, number)])
    return (law, names[law], number) if there else None
