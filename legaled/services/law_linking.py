"""Links inside texts: wherever they name a law or an article that the library has."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from legaled.domain.law_body import Kind, paragraphs
from legaled.domain.law_links import OWN, Piece, pieces
from legaled.domain.law_numbers import ArticleNumber
from legaled.services.law_versions import Shelf, articles_there, shelf


@dataclass(frozen=True)
class Words:
    """A piece of text; `law` and `article` say where it leads, None: nowhere."""

    text: str
    law_id: int | None = None
    article: ArticleNumber | None = None


@dataclass(frozen=True)
class Part:
    """A 款, 项 or 目 of an article."""

    kind: Kind
    mark: str
    words: Sequence[Words]


def linked_texts(
    session: Session, texts: Sequence[str], now: datetime,
    own: tuple[int, int] | None = None,
) -> list[list[Part]]:
    """Each text cut into its parts, with a link wherever it names a law or article we have.

    `own` is the (law, version) the texts are from: what 本法第二十条 means. Four queries for all.
    """
    known = shelf(session, now)
    cut = [[(part, pieces(part.text, known.names)) for part in paragraphs(text)]
           for text in texts]
    mentioned = [piece for parts in cut for _, found in parts for piece in found]
    there = articles_there(session, _wanted(mentioned, known, own))
    return [
        [Part(part.kind, part.mark, [_words(one, known, own, there) for one in found])
         for part, found in parts]
        for parts in cut]


def _target(
    piece: Piece, known: Shelf, own: tuple[int, int] | None
) -> tuple[int, int] | None:
    """(law, version) that a piece speaks of."""
    if piece.law is None:
        return None
    if piece.law == OWN:
        return own
    law = known.find(piece.law)
    return (law, known.current[law].id) if law is not None else None


def _wanted(
    mentioned: Iterable[Piece], known: Shelf, own: tuple[int, int] | None
) -> set[tuple[int, ArticleNumber]]:
    return {(target[1], piece.article) for piece in mentioned
            if piece.article and (target := _target(piece, known, own))}


def _words(
    piece: Piece, known: Shelf, own: tuple[int, int] | None,
    there: set[tuple[int, ArticleNumber]],
) -> Words:
    target = _target(piece, known, own)
    if target is None:
        return Words(piece.text)
    if piece.article is None:
        return Words(piece.text, target[0])
    return Words(piece.text, target[0], piece.article) if (
        (target[1], piece.article) in there) else Words(piece.text)
