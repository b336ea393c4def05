"""Which laws there are, by what names, and which version of each counts on a day."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.law_names import find_law
from legaled.domain.law_numbers import ArticleNumber, read_article
from legaled.domain.times import beijing_day
from legaled.models import Law, LawAlias, LawArticle, LawVersion


@dataclass(frozen=True)
class Version:
    """`since`: from when these words hold; None when nobody has said."""

    id: int
    law_id: int
    title: str
    promulgated: date | None
    effective: date | None
    history: Sequence[str]

    @property
    def since(self) -> date | None:
        """An amended text may still name the first day of the law; it holds since it was made."""
        days = [day for day in (self.promulgated, self.effective) if day]
        return max(days, default=None)


@dataclass(frozen=True)
class Shelf:
    """The laws of the library: `names` are keys of laws and of their other names."""

    names: dict[str, int] = field(default_factory=dict)
    current: dict[int, Version] = field(default_factory=dict)

    def find(self, name: str) -> int | None:
        """The law of that name, short or full."""
        return find_law(name, self.names)


@dataclass(frozen=True)
class LawLink:
    """Where to read it. `article` is None when only the law is known."""

    law_id: int
    article: ArticleNumber | None


def shelf(session: Session, now: datetime) -> Shelf:
    """Every law with the version that counts on this day; three queries."""
    names = dict(session.execute(sa.select(Law.key, Law.id)).all())
    if not names:
        return Shelf()
    others = dict(session.execute(sa.select(LawAlias.key, LawAlias.law_id)).all())
    by_law: dict[int, list[Version]] = {}
    for version in versions(session):
        by_law.setdefault(version.law_id, []).append(version)
    today = beijing_day(now)
    return Shelf({**others, **names}, {law: current_of(found, today)
                                       for law, found in by_law.items()})


def versions(session: Session, law_id: int | None = None) -> list[Version]:
    """All versions, or those of one law, newest words first."""
    only = LawVersion.law_id == law_id if law_id is not None else sa.true()
    rows = session.execute(sa.select(
        LawVersion.id, LawVersion.law_id, LawVersion.title, LawVersion.promulgated,
        LawVersion.effective, LawVersion.history).where(only))
    return sorted((Version(*row) for row in rows), key=_age, reverse=True)


def current_of(found: Sequence[Version], today: date) -> Version:
    """What holds today; when nothing does yet, what will first."""
    holding = [one for one in found if one.since is None or one.since <= today]
    return max(holding, key=_age) if holding else min(found, key=_age)


def _age(version: Version) -> tuple[date, int]:
    return version.since or date.min, version.id


def article_counts(session: Session, now: datetime) -> Callable[[str], int | None] | None:
    """For `bank_check.check(articles=…)`: the number of a law's last article, None for no law.

    None instead of a function while the library is empty: then nothing can be known. Four queries.
    """
    found = shelf(session, now)
    if not found.current:
        return None
    of_version = {one.id: law for law, one in found.current.items()}
    last = {of_version[version]: number for version, number in session.execute(
        sa.select(LawArticle.version_id, sa.func.max(LawArticle.number))
        .where(LawArticle.version_id.in_(of_version)).group_by(LawArticle.version_id))}

    def count(name: str) -> int | None:
        law = found.find(name)
        return None if law is None else last.get(law, 0)

    return count


def links(
    session: Session, cited: Iterable[tuple[str, str]], now: datetime
) -> dict[tuple[str, str], LawLink]:
    """For each (law, article) as questions write them, where to read it; four queries for all.

    What is in no law of the library is not in the answer.
    """
    wanted = set(cited)
    found = shelf(session, now) if wanted else Shelf()
    laws = {name: found.find(name) for name in {name for name, _ in wanted}}
    numbers = {pair: read_article(pair[1]) for pair in wanted}
    there = articles_there(session, {
        (found.current[law].id, number) for pair, number in numbers.items()
        if number and (law := laws[pair[0]]) is not None})
    answer = {}
    for pair, number in numbers.items():
        law = laws[pair[0]]
        if law is not None:
            known = (found.current[law].id, number) in there
            answer[pair] = LawLink(law, number if known else None)
    return answer


def link(
    session: Session, law: str, article: str, now: datetime
) -> tuple[int, ArticleNumber] | None:
    """Where to read one article; None when there is no such law or article. For many: `links`."""
    found = links(session, [(law, article)], now).get((law, article))
    return (found.law_id, found.article) if found and found.article else None


def articles_there(
    session: Session, wanted: Iterable[tuple[int, ArticleNumber]]
) -> set[tuple[int, ArticleNumber]]:
    """Those of the (version, article) that exist; one query."""
    asked = set(wanted)
    if not asked:
        return set()
    rows = session.execute(
        sa.select(LawArticle.version_id, LawArticle.number, LawArticle.sub)
        .where(LawArticle.version_id.in_({version for version, _ in asked}),
               LawArticle.number.in_({number.number for _, number in asked})))
    return {(version, ArticleNumber(number, sub)) for version, number, sub in rows} & asked
