"""What can be practised apart: which articles a question rests on, and what somebody is weak in."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum

from legaled.domain.law_numbers import NUMERAL, ArticleNumber, read_article

WEAK_ANSWERS = 3  # fewer answers tell nothing about an article
WEAK_SHOWN = 8
_NAMED = re.compile(rf"第[{NUMERAL}\s]{{1,24}}条(?:\s*之\s*[{NUMERAL}]{{1,3}})?")
_BETWEEN = re.compile(r"[,，、;；\s]+")


class Only(Enum):
    """What of one's own memory narrows a run."""

    ALL = ""
    DUE = "due"
    MISSED = "missed"
    WEAK = "weak"


def cited_articles(cell: str) -> frozenset[ArticleNumber]:
    """Every article that a 条款 cell names: `第二十七条第一款、第二十八条`, `27,28`, `120之一`."""
    named = _NAMED.findall(cell) or _BETWEEN.split(cell)
    return frozenset(found for one in named if (found := read_article(one)))


@dataclass(frozen=True)
class Tried:
    """How one person's answers about one article came out."""

    law: str
    article: str
    answers: int
    right: int


def weakest(tried: Iterable[Tried]) -> list[Tried]:
    """The articles with the lowest share of right answers, each with enough of them; those that
    were always right are not among them."""
    known = [one for one in tried if one.answers >= WEAK_ANSWERS and one.right < one.answers]
    return sorted(known, key=lambda one: (
        one.right / one.answers, -one.answers, one.law, one.article))[:WEAK_SHOWN]
