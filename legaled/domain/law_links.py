"""Where a text speaks of a law or an article: 《档案法》第八条, 本法第二十条, 第三条、第四条."""

import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

from legaled.domain.law_names import law_key
from legaled.domain.law_numbers import NUMERAL, ArticleNumber, from_chinese

OWN = ""
NAME_MAX = 30  # characters of a law's name that stands without 《》
_N = rf"[{NUMERAL}]{{1,12}}"
_OWN = "本(?:法|条例|规定|办法|细则|规则|决定|规程|准则)"
_MENTION = re.compile(
    rf"《(?P<law>[^《》]{{2,80}})》|(?P<own>{_OWN})?第(?P<n>{_N})条(?:之(?P<sub>[{NUMERAL}]{{1,3}}))?")
_AFTER_NAME = re.compile(r"(?:[（(][^（()）]{0,40}[）)])?(?:的|中的?)?$")
_BETWEEN = re.compile(rf"(?:第{_N}款|第?[（(]?{_N}[）)]?项|[、，和与或及至到])*(?:以及)?$")
_ENDS_A_NAME = tuple("法典例定则程")


@dataclass(frozen=True)
class Piece:
    """Words of a text. `law` is the law's name as written, OWN for the text's own, None: plain."""

    text: str
    law: str | None = None
    article: ArticleNumber | None = None


def pieces(text: str, known: Container[str] = frozenset()) -> list[Piece]:
    """The text cut at what it mentions; put together again it is the text.

    `known` holds keys of laws (`law_key`): such a name is also found without 《》.
    """
    return list(_merged(_pieces(text, known)))


def _pieces(text: str, known: Container[str]) -> Iterator[Piece]:
    done = 0
    last: str | None = None  # the law of the mention before, while the list goes on
    for found in _MENTION.finditer(text):
        between = text[done:found.start()]
        law, name_at = _law_of(found, between, last, known)
        if law is None:
            last = None
            continue
        if name_at:
            between, words = between[:-name_at], between[-name_at:] + found[0]
        else:
            words = found[0]
        yield Piece(between)
        number = from_chinese(found["n"]) if found["n"] else None
        article = ArticleNumber(number, (from_chinese(found["sub"]) or 0) if found["sub"] else 0) \
            if number else None
        yield Piece(words, law, article)
        done, last = found.end(), law
    yield Piece(text[done:])


def _law_of(
    found: re.Match[str], between: str, last: str | None, known: Container[str]
) -> tuple[str | None, int]:
    """The law of a mention, and how many letters before it are the law's name."""
    if found["law"]:
        return found["law"], 0
    if found["own"]:
        return OWN, 0
    if last is not None and (_AFTER_NAME.match(between) or _BETWEEN.match(between)):
        return last, 0
    if not between.endswith(_ENDS_A_NAME):
        return OWN, 0
    for size in range(min(NAME_MAX, len(between)), 1, -1):
        if law_key(between[-size:]) in known:
            return between[-size:], size
    return None, 0


def _merged(parts: Iterator[Piece]) -> Iterator[Piece]:
    """《档案法》 and the 第八条 behind it are one link."""
    held: Piece | None = None
    for part in parts:
        if not part.text:
            continue
        if held and held.law and held.article is None and part.article and part.law == held.law:
            part, held = Piece(held.text + part.text, part.law, part.article), None
        if held:
            yield held
        held = part
    if held:
        yield held
