"""The laws of the library in a list, with their versions and other names."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import NotFoundError
from legaled.domain.law_head import made_word
from legaled.domain.times import beijing_day
from legaled.models import Law, LawAlias, LawArticle
from legaled.services.law_versions import Version, current_of, versions


@dataclass(frozen=True)
class VersionLine:
    """A version in a list. `state`: current, future or past."""

    id: int
    title: str
    promulgated: date | None
    effective: date | None
    state: str
    articles: int
    made: str  # 修订, 修正, 通过: what happened on the day that it was promulgated


@dataclass(frozen=True)
class LawLine:
    """A law in the list, newest version first; `aliases` are (id, name)."""

    id: int
    name: str
    current: VersionLine
    versions: Sequence[VersionLine]
    aliases: Sequence[tuple[int, str]]


def law_line(session: Session, law_id: int, now: datetime) -> LawLine:
    """One law; raises NotFoundError."""
    found = [line for line in law_list(session, now) if line.id == law_id]
    if not found:
        raise NotFoundError()
    return found[0]


def law_list(session: Session, now: datetime) -> list[LawLine]:
    """All laws by name; four queries."""
    counts = dict(session.execute(
        sa.select(LawArticle.version_id, sa.func.count()).group_by(LawArticle.version_id)
    ).all())
    aliases: dict[int, list[tuple[int, str]]] = {}
    for id_, law_id, name in session.execute(
            sa.select(LawAlias.id, LawAlias.law_id, LawAlias.name).order_by(LawAlias.id)):
        aliases.setdefault(law_id, []).append((id_, name))
    by_law: dict[int, list[Version]] = {}
    for one in versions(session):
        by_law.setdefault(one.law_id, []).append(one)
    lines = []
    for law_id, name in session.execute(sa.select(Law.id, Law.name).order_by(Law.name, Law.id)):
        found = version_lines(by_law[law_id], counts, now)
        current = next(one for one in found if one.state == "current")
        lines.append(LawLine(law_id, name, current, found, aliases.get(law_id, [])))
    return lines


def version_lines(
    found: Sequence[Version], counts: Mapping[int, int], now: datetime
) -> tuple[VersionLine, ...]:
    """Versions of one law, newest first, with what each is today; exactly one is current."""
    current = current_of(found, beijing_day(now))
    at = found.index(current)
    return tuple(
        VersionLine(one.id, one.title, one.promulgated, one.effective,
                    "current" if place == at else "future" if place < at else "past",
                    counts.get(one.id, 0), made_word(one.history, one.promulgated))
        for place, one in enumerate(found))
