"""What a new text of a law changes, article by article, and the words that differ."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import Enum
from functools import cached_property
from itertools import groupby

from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.text import squeeze

PREAMBLE = ArticleNumber(0)  # 序言, as if it were an article
ALIKE = 0.6  # of their pairs of characters in common: the same article under another number
AT_HOME = 0.15  # by so much an article that keeps its number may be less alike
COMMON = 40  # so many articles have a pair: it tells nothing about which is which
MOST = 4_000_000  # pairs of tokens; beyond them the whole middle counts as replaced
SHORT, LONG = 2, 8  # characters in common between two changes: never, and always worth showing
_TOKEN = re.compile(r"[A-Za-z0-9]+|[〇零一二三四五六七八九十百千万]+|.", re.DOTALL)


class Change(Enum):
    ADDED = "added"
    REPEALED = "repealed"
    CHANGED = "changed"
    MOVED = "moved"


CHANGE_LABEL = {
    Change.ADDED: "新增", Change.REPEALED: "废止", Change.CHANGED: "修改", Change.MOVED: "移动",
}


class Mark(Enum):
    SAME = "same"
    DEL = "del"
    INS = "ins"


@dataclass(frozen=True)
class Segment:
    """Some words: in both texts, only in the old one, or only in the new one."""

    mark: Mark
    text: str


@dataclass(frozen=True)
class ArticleChange:
    """One article that is not as it was. `old` is None for an added one, `new` for a repealed.

    A changed article may have another number too; a moved one has the same words.
    """

    change: Change
    old: ArticleNumber | None
    new: ArticleNumber | None
    before: str = ""
    after: str = ""

    @property
    def is_renumbered(self) -> bool:
        return self.old is not None and self.new is not None and self.old != self.new

    @cached_property
    def segments(self) -> tuple[Segment, ...]:
        """The words of both, the differing ones marked."""
        return marks(self.before, self.after)


def article_words(number: ArticleNumber) -> str:
    """第十二条之一; 序言 for what stands before the articles."""
    return "序言" if number == PREAMBLE else number.words


def compare(
    old: Mapping[ArticleNumber, str], new: Mapping[ArticleNumber, str]
) -> tuple[ArticleChange, ...]:
    """What became of each article, in the order of the new text; same words are left out.

    An article is found again by its number, and where the law was renumbered by its words.
    """
    pairs = _pairs(old, new)
    gone = [number for number in old if number not in pairs]
    known = set(pairs.values())
    found = [ArticleChange(Change.REPEALED, one, None, old[one]) for one in gone]
    found += [ArticleChange(Change.ADDED, None, one, "", new[one])
              for one in new if one not in known]
    for one, other in pairs.items():
        if squeeze(old[one]) != squeeze(new[other]):
            found.append(ArticleChange(Change.CHANGED, one, other, old[one], new[other]))
        elif one != other:
            found.append(ArticleChange(Change.MOVED, one, other, old[one], new[other]))
    return tuple(sorted(found, key=lambda one: (one.new or one.old or PREAMBLE, one.new is None)))


def counted(found: Iterable[ArticleChange]) -> dict[Change, int]:
    """How many of each sort, every sort named."""
    counts = Counter(one.change for one in found)
    return {change: counts[change] for change in Change}


# ---- which article is which ----

def _pairs(
    old: Mapping[ArticleNumber, str], new: Mapping[ArticleNumber, str]
) -> dict[ArticleNumber, ArticleNumber]:
    """Old number → new number: same number and words, same words, likeness, same number."""
    words = {one: squeeze(text) for one, text in old.items()}
    others = {one: squeeze(text) for one, text in new.items()}
    pairs = {one: one for one, text in words.items() if others.get(one) == text}
    left, right = _rest(words, pairs), _rest(others, pairs.values())
    by_words: dict[str, list[ArticleNumber]] = {}
    for other in right:
        by_words.setdefault(others[other], []).append(other)
    for one in left:
        if words[one] and by_words.get(words[one]):
            pairs[one] = by_words[words[one]].pop(0)
    renumbered = any(one != other for one, other in pairs.items())
    left, right = _rest(words, pairs), _rest(others, pairs.values())
    for one, other in _by_likeness(words, left, others, right):
        pairs[one] = other
        renumbered |= one != other
    for one in _rest(words, pairs):
        free = one in others and one not in set(pairs.values())
        if free and (not renumbered or _alike(words[one], others[one]) >= ALIKE / 3):
            pairs[one] = one
    return dict(sorted(pairs.items()))


def _rest(
    texts: Mapping[ArticleNumber, str], taken: Collection[ArticleNumber]
) -> list[ArticleNumber]:
    known = set(taken)
    return sorted(one for one in texts if one not in known)


def _by_likeness(
    words: Mapping[ArticleNumber, str], left: Sequence[ArticleNumber],
    others: Mapping[ArticleNumber, str], right: Sequence[ArticleNumber],
) -> Iterator[tuple[ArticleNumber, ArticleNumber]]:
    """The most alike first, each article once; 序言 is no article's likeness."""
    scored = []
    for one, other in _candidates(words, left, others, right):
        score = _alike(words[one], others[other]) + (AT_HOME if one == other else 0)
        if score >= ALIKE and (one == other or PREAMBLE not in (one, other)):
            scored.append((-score, abs(one.number - other.number), one, other))
    olds, news = set[ArticleNumber](), set[ArticleNumber]()
    for _, _, one, other in sorted(scored):
        if one not in olds and other not in news:
            olds.add(one)
            news.add(other)
            yield one, other


def _candidates(
    words: Mapping[ArticleNumber, str], left: Sequence[ArticleNumber],
    others: Mapping[ArticleNumber, str], right: Sequence[ArticleNumber],
) -> Iterator[tuple[ArticleNumber, ArticleNumber]]:
    """Pairs worth a look: the same number, and the five that share most rare pairs of letters."""
    holders: dict[str, list[ArticleNumber]] = {}
    for other in right:
        for pair in _letters(others[other]):
            holders.setdefault(pair, []).append(other)
    for one in left:
        shared = Counter[ArticleNumber]()
        for pair in _letters(words[one]):
            if len(found := holders.get(pair, ())) <= COMMON:
                shared.update(found)
        best = {other for other, _ in shared.most_common(5)}
        for other in best | ({one} & others.keys() & set(right)):
            yield one, other


def _letters(text: str) -> Counter[str]:
    return Counter(text[at:at + 2] for at in range(len(text) - 1))


def _alike(one: str, other: str) -> float:
    """The share of pairs of characters that both have, from 0 to 1."""
    first, second = _letters(one), _letters(other)
    total = first.total() + second.total()
    return 2 * (first & second).total() / total if total else float(one == other)


# ---- which words differ ----

def marks(old: str, new: str) -> tuple[Segment, ...]:
    """Both texts as one: same and deleted words are the old text, same and inserted the new.

    Numbers and words of letters stay whole; a few common characters between two changes count
    as changed, so that what is marked can be read.
    """
    found = list[Segment]()
    for before, after, changed in _joined(_cut(_TOKEN.findall(old), _TOKEN.findall(new))):
        if changed:
            found += [Segment(Mark.DEL, before), Segment(Mark.INS, after)]
        else:
            found.append(Segment(Mark.SAME, before))
    return tuple(one for one in found if one.text)


_Run = tuple[str, str, bool]  # old words, new words, changed


def _cut(old: Sequence[str], new: Sequence[str]) -> list[_Run]:
    start = _common(old, new)
    tail = _common(old[start:][::-1], new[start:][::-1])
    left, right = old[start:len(old) - tail], new[start:len(new) - tail]
    head, end = "".join(old[:start]), "".join(old[len(old) - tail:])
    middle = [("".join(left), "".join(right), bool(left or right))]
    if left and right and len(left) * len(right) <= MOST:
        middle = [("".join(left[a:b]), "".join(right[c:d]), tag != "equal") for tag, a, b, c, d
                  in SequenceMatcher(None, left, right, False).get_opcodes()]
    return [one for one in ((head, head, False), *middle, (end, end, False)) if one[0] or one[1]]


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many tokens both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _joined(runs: Sequence[_Run]) -> Iterator[_Run]:
    """Neighbours of one sort as one, after short common words between two changes went in."""
    marked = [(before, after, changed or _is_scrap(runs, place))
              for place, (before, after, changed) in enumerate(runs)]
    for changed, group in groupby(marked, key=lambda one: one[2]):
        parts = list(group)
        yield "".join(one[0] for one in parts), "".join(one[1] for one in parts), changed


def _is_scrap(runs: Sequence[_Run], place: int) -> bool:
    """Common words that only break up what a reader would see as one change."""
    if not 0 < place < len(runs) - 1:
        return False
    words = runs[place][0]
    size = min(max(len(one[0]), len(one[1])) for one in (runs[place - 1], runs[place + 1]))
    if "\n" in words:
        return False
    return len(words) <= SHORT or (len(words) < LONG and len(words) <= size)
