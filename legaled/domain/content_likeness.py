"""Questions that ask the same, and stems that give another question's answer away.

Pairs of characters that many stems share tell nothing, so only the rarer ones are looked up:
a thousand questions take about a second.
"""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import permutations

from legaled.domain.banks import CHOICES, Kind, QuestionDraft, normalise
from legaled.domain.content import Bank, Finding, about, key_options
from legaled.domain.content_numbers import figures, number
from legaled.domain.content_texts import cited, letters, pairs
from legaled.domain.law_names import law_key

COMMON = 80  # a pair of characters in more stems than these leads to no candidate
CANDIDATE = 0.2  # likeness of two stems that are compared closely
SAME = 0.82  # share of equal text
SAME_POINT = 0.2  # likeness of two stems with one key and one article
TOLD = 0.35  # share of what a stem asks that the other stem speaks of
STATED = 4  # characters of a key, no figure, that a statement can give away ...
ASKED = 8  # ... and a question, which may just speak of a body that is the key elsewhere


@dataclass(frozen=True)
class _Card:
    """A question prepared for comparing; `weights` are of the pairs in its stem."""

    bank: str
    draft: QuestionDraft
    text: str
    stem: str
    key: str
    weights: dict[str, float]
    size: float

    @property
    def name(self) -> str:
        return f"{self.bank} 第 {self.draft.row} 行"

    @property
    def places(self) -> set[tuple[str, object]]:
        return {(law_key(self.draft.law), one) for one in cited(self.draft.article)}


def judge(banks: Sequence[Bank]) -> list[Finding]:
    """A finding at the later of two like questions, or at the one whose key is told."""
    cards = _cards(banks)
    found = {(one.name, other.name): code for one, other, near in _candidates(cards)
             if (code := _same(one, other, near))}
    for one, other in _tellers(cards):
        if not {(one.name, other.name), (other.name, one.name)} & found.keys():
            found[one.name, other.name] = "gives_away"
    by_name = {card.name: card for card in cards}
    return [about(by_name[one].bank, by_name[one].draft, code, f"{other}：")
            for (one, other), code in found.items()]


def _cards(banks: Sequence[Bank]) -> list[_Card]:
    drafts = [(bank.name, draft) for bank in banks for draft in bank.questions]
    counts = [Counter(pairs(draft.stem)) for _, draft in drafts]
    seen = Counter(pair for one in counts for pair in one)
    cards = []
    for (name, draft), count in zip(drafts, counts, strict=True):
        weights = {pair: many * math.log((len(drafts) + 1) / seen[pair])
                   for pair, many in count.items()}
        stem = letters(normalise(draft.stem))
        options = sorted(map(letters, draft.options)) if draft.kind in CHOICES else []
        size = math.sqrt(sum(one * one for one in weights.values()))
        cards.append(_Card(name, draft, "".join([stem, *options]), stem, _key(draft), weights,
                           size))
    return cards


def _key(draft: QuestionDraft) -> str:
    """What is to be found out, as one text; empty where a stem cannot tell it."""
    if draft.kind is Kind.SINGLE:
        return letters(key_options(draft)[0])
    if draft.kind is Kind.BLANK and len(draft.key) == 1:
        return letters(draft.key[0].split("|")[0])
    return ""


def _candidates(cards: Sequence[_Card]) -> Iterator[tuple[_Card, _Card, float]]:
    """(later, earlier, cosine of their stems) for stems that have much in common."""
    seen = Counter(pair for card in cards for pair in card.weights)
    posted: dict[str, list[int]] = defaultdict(list)
    for place, card in enumerate(cards):
        products: dict[int, float] = defaultdict(float)
        for pair, weight in card.weights.items():
            if seen[pair] > COMMON:
                continue
            for other in posted[pair]:
                products[other] += weight * cards[other].weights[pair]
            posted[pair].append(place)
        for other, product in sorted(products.items()):
            near = product / ((card.size * cards[other].size) or 1)
            if near >= CANDIDATE:
                yield card, cards[other], near


def _same(one: _Card, other: _Card, near: float) -> str | None:
    if _ratio(one.text, other.text) >= SAME:
        return "same_again"
    same_key = bool(one.key) and one.key == other.key and one.draft.kind is other.draft.kind
    if same_key and near >= SAME_POINT and one.places & other.places:
        return "asks_the_same"
    return None


def _ratio(one: str, other: str) -> float:
    matcher = SequenceMatcher(None, one, other, autojunk=False)
    if min(matcher.real_quick_ratio(), matcher.quick_ratio()) < SAME:
        return 0.0
    return matcher.ratio()


def _tellers(cards: Sequence[_Card]) -> Iterator[tuple[_Card, _Card]]:
    """(question, one whose stem says what it asks and its answer), both on one article."""
    together: dict[tuple[str, object], list[_Card]] = defaultdict(list)
    for card in cards:
        for place in card.places:
            together[place].append(card)
    told = {(one.name, other.name): (one, other)
            for group in together.values() for one, other in permutations(group, 2)
            if _gives_away(one, other)}
    yield from told.values()


def _gives_away(one: _Card, other: _Card) -> bool:
    """Whether the stem of `other` states the key of `one` and most of what its stem speaks of."""
    if not one.key or one.key not in other.stem or one.key in one.stem:
        return False
    if other.draft.kind is Kind.JUDGE and other.draft.key != ("A",):
        return False
    is_figure = number(one.key) is not None or bool(figures(one.key))
    states = other.draft.kind in (Kind.JUDGE, Kind.BLANK)
    if not is_figure and len(one.key) < (STATED if states else ASKED):
        return False
    shared = sum(weight for pair, weight in one.weights.items() if pair in other.weights)
    return shared >= TOLD * sum(one.weights.values())
