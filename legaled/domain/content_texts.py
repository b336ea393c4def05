"""The official texts that banks are checked against, and which article a text is about."""

import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from legaled.domain.law_links import OWN, pieces
from legaled.domain.law_names import find_law
from legaled.domain.law_names import law_key as key_of
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.law_text import LawText
from legaled.domain.text import squeeze

PREAMBLE = "序言"
_PUNCTUATION = re.compile(r"[\W_]+")
_LENGTH_WEIGHS = 0.3


def letters(text: str) -> str:
    """Nothing but letters and digits, half width."""
    return _PUNCTUATION.sub("", squeeze(text))


def pairs(text: str) -> list[str]:
    """The text in overlapping pairs of characters."""
    plain = letters(text)
    return [plain[place:place + 2] for place in range(len(plain) - 1)]


class Law:
    """One law: its articles by number, squeezed, and the preamble."""

    def __init__(self, text: LawText) -> None:
        self.text = text
        self.articles = {one.number: squeeze(one.text) for one in text.articles}
        self.preamble = squeeze("".join(text.preamble))

    @cached_property
    def whole(self) -> str:
        """Its preamble and every article."""
        return "\n".join([self.preamble, *self.articles.values()])

    @cached_property
    def history(self) -> str:
        """When it was made, changed and put in force, in words."""
        days = (self.text.dates.promulgated, self.text.dates.effective)
        return " ".join([*self.text.history, *(
            f"{day.year}年{day.month}月{day.day}日" for day in days if day)])

    def said(self, numbers: Iterable[ArticleNumber], *, preamble: bool = False) -> str:
        """The words of these articles together."""
        parts = [self.articles[one] for one in numbers if one in self.articles]
        return "\n".join([*parts, self.preamble] if preamble else parts)

    @cached_property
    def _pairs(self) -> dict[ArticleNumber, Counter[str]]:
        return {number: Counter(pairs(text)) for number, text in self.articles.items()}

    @cached_property
    def _weights(self) -> dict[str, float]:
        """How much a pair of characters tells: the fewer articles have it, the more."""
        seen = Counter(pair for article in self._pairs.values() for pair in article)
        return {pair: math.log((len(self.articles) + 1) / count) for pair, count in seen.items()}

    def likeness(self, text: str) -> dict[ArticleNumber, float]:
        """How much each article speaks of what the text speaks of."""
        wanted = {pair for pair in pairs(text) if pair in self._weights}
        return {
            number: sum(self._weights[pair] for pair in wanted if pair in article)
            / (40 + article.total()) ** _LENGTH_WEIGHS
            for number, article in self._pairs.items()
        }


class Texts:
    """Laws by the names that people give them."""

    def __init__(self, laws: Sequence[LawText]) -> None:
        self.laws = [Law(one) for one in latest(laws)]
        self._known = {key_of(law.text.title): place for place, law in enumerate(self.laws)}

    def find(self, name: str) -> Law | None:
        place = find_law(name, self._known)
        return None if place is None else self.laws[place]

    def mentions(self, text: str) -> Iterator[tuple[str, ArticleNumber]]:
        """(law as written or OWN, article) for each article that a text names."""
        for one in pieces(text, self._known.keys()):
            if one.law is not None and one.article is not None:
                yield one.law, one.article


def latest(laws: Iterable[LawText]) -> list[LawText]:
    """Of several texts of one law the latest, and of these the most complete."""
    best: dict[str, LawText] = {}
    for law in laws:
        key = key_of(law.title)
        if key not in best or _rank(law) > _rank(best[key]):
            best[key] = law
    return list(best.values())


def _rank(law: LawText) -> tuple[str, int]:
    day = law.dates.promulgated
    return (day.isoformat() if day else "", len(law.articles))


def cited(article: str) -> tuple[ArticleNumber, ...]:
    """The articles of a 条款 (第十条,第十二条第一款; also 10,12); empty when it names none."""
    found = [one.article for one in pieces(article) if one.law == OWN and one.article]
    if not found:
        found = [ArticleNumber(int(one)) for one in re.findall(r"(?<!\d)\d{1,4}(?!\d)", article)]
    return tuple(dict.fromkeys(found))
