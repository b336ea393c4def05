"""Two texts of a law side by side: what was added, repealed, changed and moved."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from legaled.domain.errors import NotFoundError
from legaled.domain.law_changes import ArticleChange, Change, compare, counted
from legaled.services.law_flags import article_texts
from legaled.services.law_list import VersionLine, version_lines
from legaled.services.law_versions import versions
from legaled.services.paging import Page

PER_PAGE = 40
PAGE_LETTERS = 16_000  # of the old and the new words together, unless one article alone has more


@dataclass(frozen=True)
class Comparison:
    """One page of the changes from `old` to `new`; `counts` and `page.total` are of all pages.

    `old` is None when the law has no text before this one.
    """

    law_id: int
    old: VersionLine | None
    new: VersionLine
    versions: Sequence[VersionLine]
    counts: Mapping[Change, int]
    changes: Sequence[ArticleChange]
    page: Page


def compare_page(
    session: Session, law_id: int, now: datetime, *, old_id: int | None = None,
    new_id: int | None = None, page: int = 1,
) -> Comparison:
    """The text that counts, or the one asked for, against the one before it, or the one asked
    for; three queries. Raises NotFoundError when the law has no such text."""
    known = versions(session, law_id)
    lines = version_lines(known, {}, now) if known else ()
    wanted = [one for one in lines if (
        one.state == "current" if new_id is None else one.id == new_id)]
    if not wanted:
        raise NotFoundError()
    new = wanted[0]
    before = lines[lines.index(new) + 1:]
    if old_id is not None:
        before = tuple(one for one in lines if one.id == old_id and one.id != new.id)
        if not before:
            raise NotFoundError()
    old = before[0] if before else None
    found: tuple[ArticleChange, ...] = ()
    if old is not None:
        texts = article_texts(session, [old.id, new.id])
        found = compare(texts[old.id], texts[new.id])
    sheets = _sheets(found)
    number = min(max(page, 1), len(sheets))
    return Comparison(law_id, old, new, lines, counted(found), sheets[number - 1],
                      Page(number, len(sheets), len(found), PER_PAGE))


def _sheets(found: Sequence[ArticleChange]) -> list[list[ArticleChange]]:
    """The changes cut into pages that load quickly; at least one page."""
    made: list[list[ArticleChange]] = [[]]
    letters = 0
    for one in found:
        size = len(one.before) + len(one.after)
        if made[-1] and (len(made[-1]) >= PER_PAGE or letters + size > PAGE_LETTERS):
            made.append([])
            letters = 0
        made[-1].append(one)
        letters += size
    return made
