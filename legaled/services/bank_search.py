"""Finding questions of a bank: what was asked for, as conditions that every database knows."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.orm import Session
from sqlalchemy.sql.functions import FunctionElement

from legaled.domain.bank_warnings import article_numbers
from legaled.domain.banks import Kind
from legaled.domain.text import clean, squeeze
from legaled.models import Question, QuestionVersion
from legaled.services.bank_plan import BIGGEST_ID, is_current

_NUMBER = re.compile(r"L-?0*([0-9]{1,10})$")
STATES = ("active", "waiting", "retired")
Condition = sa.ColumnElement[bool]


@dataclass(frozen=True)
class Search:
    """What the page of a bank asks for; an unknown kind, state or sort asks for nothing.

    `article` is a number in any spelling, and finds the cells that name it; `sort` is "",
    "new" or "hard".
    """

    query: str = ""
    kind: str = ""
    law: str = ""
    article: str = ""
    difficulty: str = ""
    topic: str = ""
    state: str = "active"
    sort: str = ""

    @property
    def needs_reading(self) -> bool:
        """Whether texts must be read to know how many there are."""
        return any(map(_plain, (self.query, self.article, self.topic)))


@dataclass(frozen=True)
class Facet:
    """So many questions of a bank that are alike in what is cheap to count."""

    kind: Kind
    law: str
    difficulty: str
    retired: bool
    waiting: bool
    count: int

    def fits(self, search: Search) -> bool:
        """As the conditions of `cheap`."""
        return (
            search.kind in ("", self.kind.value) or search.kind not in {one.value for one in Kind}
        ) and _plain(search.law) in ("", self.law) and _plain(search.difficulty) in (
            "", self.difficulty
        ) and {
            "active": not self.retired, "retired": self.retired,
            "waiting": self.waiting and not self.retired,
        }.get(search.state, True)


def facets(session: Session, bank_id: int) -> list[Facet]:
    """All counts of a bank in one pass over it."""
    columns = (
        QuestionVersion.kind, QuestionVersion.law, QuestionVersion.difficulty,
        Question.retired.is_not(None), QuestionVersion.approved.is_(None),
    )
    rows = session.execute(
        sa.select(*columns, sa.func.count()).select_from(Question)
        .join(QuestionVersion, is_current())
        .where(Question.bank_id == bank_id).group_by(*columns))
    return [Facet(kind, law, difficulty, bool(retired), bool(waiting), count)
            for kind, law, difficulty, retired, waiting, count in rows]


def conditions(session: Session, bank_id: int, search: Search) -> list[Condition]:
    """What the questions of this bank must fulfil; one query more when an article is asked for."""
    wanted = [Question.bank_id == bank_id, *_cheap(search)]
    if words := _plain(search.query):
        wanted.append(_has_words(words))
    if topic := _plain(search.topic):
        wanted.append(QuestionVersion.topic.icontains(topic, autoescape=True))
    if article := _plain(search.article):
        wanted.append(QuestionVersion.article.in_(_cells_that_name(session, bank_id, article)))
    return wanted


def _cheap(search: Search) -> Iterable[Condition]:
    if search.kind in {one.value for one in Kind}:
        yield QuestionVersion.kind == Kind(search.kind)
    if law := _plain(search.law):
        yield QuestionVersion.law == law
    if difficulty := _plain(search.difficulty):
        yield QuestionVersion.difficulty == difficulty
    if search.state in STATES:
        is_retired = Question.retired.is_not(None)
        yield is_retired if search.state == "retired" else ~is_retired
    if search.state == "waiting":
        yield QuestionVersion.approved.is_(None)


def _has_words(words: str) -> Condition:
    """Our own number, or in stem, options, explanation or a foreign number."""
    own = _NUMBER.match(squeeze(words).upper())
    if own and int(own[1]) <= BIGGEST_ID:
        return sa.or_(Question.id == int(own[1]), QuestionVersion.foreign_number == words)
    texts = (QuestionVersion.stem, QuestionVersion.explanation, QuestionVersion.foreign_number,
             option_texts(QuestionVersion.options))
    if words.lower() == words.upper():  # Chinese and digits: no need to fold every text's case
        return sa.or_(*(text.contains(words, autoescape=True) for text in texts))
    return sa.or_(*(text.icontains(words, autoescape=True) for text in texts))


def _cells_that_name(session: Session, bank_id: int, article: str) -> list[str]:
    """The 条款 cells of the bank that name one of the asked articles, as they are written."""
    cells = session.scalars(
        sa.select(QuestionVersion.article).distinct().join(Question, is_current())
        .where(Question.bank_id == bank_id, QuestionVersion.article != ""))
    asked = set(article_numbers(article))
    return [cell for cell in cells
            if (asked & set(article_numbers(cell)) if asked else article in cell)]


def _plain(text: str) -> str:
    return clean(text.replace("\0", ""))


class option_texts(FunctionElement[str]):  # noqa: N801 - reads like the SQL function it is
    """The options of a question as one text, one a line; a JSON array has its own spelling of
    Chinese, in which nothing could be found."""

    type = sa.Text()
    inherit_cache = True


@compiles(option_texts)
def _option_texts(element: Any, compiler: Any, **values: Any) -> str:
    inner = compiler.process(element.clauses, **values)
    return f"(SELECT group_concat(value, char(10)) FROM json_each({inner}))"  # noqa: S608 - no user text


@compiles(option_texts, "postgresql")
def _option_texts_postgresql(element: Any, compiler: Any, **values: Any) -> str:
    inner = compiler.process(element.clauses, **values)
    found = f"json_array_elements_text({inner}) AS one(value)"
    return f"(SELECT string_agg(one.value, chr(10)) FROM {found})"  # noqa: S608 - no user text
