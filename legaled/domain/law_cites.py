"""Which articles a 条款 cell or a guide's line cites: 第三条、第五条至第七条, 《某法》第八条."""

import html
import re
import unicodedata
from collections.abc import Container, Iterator

from legaled.domain.law_changes import PREAMBLE
from legaled.domain.law_links import OWN, pieces
from legaled.domain.law_numbers import NUMERAL, ArticleNumber, from_chinese, read_article

Cite = tuple[str, ArticleNumber]  # the law as written, OWN for that of the row or guide
WIDEST = 300  # articles that 第…条至第…条 may span
MOST_SUBS = 9  # 第…条之九 is the last that is looked for between the ends of a span
_N = rf"[{NUMERAL}]{{1,12}}"
_TO = "至到~～—–-"
_RANGE = re.compile(
    rf"(?:第{_N}款)?(?:第?[（(]?{_N}[）)]?项)?[\s]*[{_TO}]+[\s]*$")
_SPACED = re.compile(rf"第\s*({_N})\s*条")
_SHARED = re.compile(rf"(?<![第{NUMERAL}])第?({_N}(?:[、,和与及{_TO}]{_N})+)条")
_BARE = re.compile(rf"({_N})条?[至到~～]({_N})条?")
_PLAIN = re.compile(rf"(?<![第{NUMERAL}])({_N}条)")
_SUB = re.compile(rf"之[{NUMERAL}]{{1,3}}")
_ENDS = re.compile(rf"(第{_N}条)(?:之[{NUMERAL}]{{1,3}})?")
_NAME = re.compile(r"(《[^《》]*》)")
_SEPARATORS = re.compile(r"[,;/|\s]+")
_BLOCK = re.compile(r"</?(?:p|li|ul|ol|tr|table|thead|tbody|h\d|div|blockquote|pre|br|hr)\b[^>]*>")
_CELL = re.compile(r"</?t[dh]\b[^>]*>")
_TAG = re.compile(r"<[^>]*>")


def cites_of_cell(cell: str, known: Container[str] = frozenset()) -> frozenset[Cite]:
    """What a 条款 cell cites, also as bare numbers (10、12); 序言 counts as an article.

    `known` holds keys of laws, as for `law_links.pieces`. Empty when it names no article.
    """
    plain = _SPACED.sub(r"第\1条", unicodedata.normalize("NFKC", cell))
    plain = _SEPARATORS.sub("、", plain.strip())
    plain = "".join(part if part.startswith("《") else _spelt_out(part)
                    for part in _NAME.split(plain))
    found = set(cites_of_text(plain, known)) or set(_bare(plain))
    if "序言" in plain:
        found.add((OWN, PREAMBLE))
    return frozenset(found)


def cites_of_text(text: str, known: Container[str] = frozenset()) -> Iterator[Cite]:
    """Every (law, article) that a text names; 第三条至第五条 names three."""
    last: Cite | None = None
    between = ""
    for piece in pieces(text, known):
        if piece.law is None or piece.article is None:
            between += piece.text
            continue
        if last and last[0] == piece.law and _RANGE.fullmatch(between):
            yield from _between(last, piece.article)
        last, between = (piece.law, piece.article), ""
        yield last


def _spelt_out(plain: str) -> str:
    """第三、五条, 第三条、五条, 第三条、五 as 第三条、第五条; 第三条之一、之二 likewise."""
    plain = _SHARED.sub(lambda one: re.sub(_N, lambda n: f"第{n[0]}条", one[1]), plain)
    words = list[str]()
    for word in _PLAIN.sub(r"第\1", plain).split("、"):
        before = _ENDS.fullmatch(words[-1]) if words else None
        if before and re.fullmatch(_N, word):
            word = f"第{word}条"
        elif before and _SUB.fullmatch(word):
            word = before[1] + word
        words.append(word)
    return "、".join(words)


def _between(start: Cite, end: ArticleNumber) -> Iterator[Cite]:
    """All that may lie between the two, 第…条之一 too; what the law does not have does no harm."""
    law, first = start
    if end.number - first.number <= WIDEST:
        for number in range(first.number, end.number + 1):
            subs = (ArticleNumber(number, sub) for sub in range(MOST_SUBS + 1))
            yield from ((law, one) for one in subs if first < one < end)


def _bare(plain: str) -> Iterator[Cite]:
    for word in plain.split("、"):
        if spread := _BARE.fullmatch(word):
            first, last = from_chinese(spread[1]), from_chinese(spread[2])
            if first and last and first <= last:
                yield OWN, ArticleNumber(first)
                yield from _between((OWN, ArticleNumber(first)), ArticleNumber(last))
                yield OWN, ArticleNumber(last)
        elif number := read_article(word):
            yield OWN, number


def lines_of(page: str) -> list[str]:
    """The lines of finished HTML as a reader sees them, without its tags."""
    lines = (html.unescape(_TAG.sub("", _CELL.sub(" ", part))) for part in _BLOCK.split(page))
    return [line for line in (" ".join(one.split()) for one in lines) if line]
