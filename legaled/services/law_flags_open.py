"""Which flags are open (待复核): derived from what is stored, never stored itself.

A question's flag is open while nobody has settled it, the flagged version is the current one and
the question is in use; a guide's while its flagged lines still stand there. Before the day of the
new text the work can be done, but nothing is kept out of a paper yet.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.law_changes import Change
from legaled.domain.law_cites import cites_of_text, lines_of
from legaled.domain.law_links import OWN
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.times import beijing_day
from legaled.files.guides import Guide
from legaled.models import Law, LawFlag, LawVersion, Question, QuestionVersion
from legaled.services.bank_plan import is_current
from legaled.services.law_versions import Shelf, shelf

Key = tuple[int, ArticleNumber]  # (law, article)


@dataclass(frozen=True)
class OpenFlag:
    """An article that a question cites and a newer text has changed."""

    law_id: int
    law: str
    article: ArticleNumber
    change: Change


@dataclass(frozen=True)
class GuideLine:
    """A line of a guide that cites an article; `anchor` and `heading` are of its section."""

    anchor: str
    heading: str
    words: str


def since_of(promulgated: date | None, effective: date | None) -> date | None:
    """From when a text holds, as `Version.since`; None: at once."""
    return max((day for day in (promulgated, effective) if day), default=None)


def texts_in_force(session: Session, day: date) -> list[int]:
    """The texts with unsettled flags that are in force on this day; one query."""
    flagged = sa.select(LawFlag.law_version_id).where(LawFlag.settled.is_(None))
    rows = session.execute(
        sa.select(LawVersion.id, LawVersion.promulgated, LawVersion.effective)
        .where(LawVersion.id.in_(flagged)))
    return [id_ for id_, promulgated, effective in rows
            if (since := since_of(promulgated, effective)) is None or since <= day]


def is_left_out(session: Session, day: date) -> sa.ColumnElement[bool]:
    """A condition on QuestionVersion: on this day no new paper may hold it; one query."""
    texts = texts_in_force(session, day)
    if not texts:
        return sa.false()
    return (
        sa.select(LawFlag.id)
        .where(LawFlag.question_version_id == QuestionVersion.id, LawFlag.settled.is_(None),
               LawFlag.law_version_id.in_(texts))
        .correlate(QuestionVersion).exists())


def open_questions(*columns: Any) -> sa.Select[Any]:
    """The open flags of questions, with QuestionVersion, Question, LawVersion and Law joined."""
    return (
        sa.select(*columns).select_from(LawFlag)
        .join(QuestionVersion, QuestionVersion.id == LawFlag.question_version_id)
        .join(Question, is_current())
        .join(LawVersion, LawVersion.id == LawFlag.law_version_id)
        .join(Law, Law.id == LawVersion.law_id)
        .where(LawFlag.settled.is_(None), Question.retired.is_(None)))


def open_flags(
    session: Session, version_ids: Collection[int], now: datetime
) -> dict[int, tuple[OpenFlag, ...]]:
    """For the question versions that must be looked at again because the law in force differs:
    which articles; the others are not in the answer. One query."""
    rows = session.execute(
        open_questions(LawFlag.question_version_id, Law.id, Law.name, LawFlag.number,
                       LawFlag.sub, LawFlag.change, LawVersion.promulgated,
                       LawVersion.effective)
        .where(LawFlag.question_version_id.in_(version_ids))
        .order_by(Law.name, LawFlag.number, LawFlag.sub)) if version_ids else ()
    today, found = beijing_day(now), dict[int, tuple[OpenFlag, ...]]()
    for version_id, law_id, law, number, sub, change, promulgated, effective in rows:
        since = since_of(promulgated, effective)
        if since is None or since <= today:
            one = OpenFlag(law_id, law, ArticleNumber(number, sub), change)
            found[version_id] = (*found.get(version_id, ()), one)
    return found


# ---- guides ----

def guide_cites(
    guides: Sequence[Guide], known: Shelf
) -> dict[str, dict[Key, tuple[GuideLine, ...]]]:
    """For each guide the lines that cite each article of the library's laws."""
    return {guide.name: _cites_of(guide, known) for guide in guides}


def _cites_of(guide: Guide, known: Shelf) -> dict[Key, tuple[GuideLine, ...]]:
    found = dict[Key, tuple[GuideLine, ...]]()
    parts = [("", "", guide.intro), *((one.anchor, one.heading, one.html)
                                      for one in guide.sections)]
    laws = dict[str, int | None]()
    for anchor, heading, page in parts:
        for line in lines_of(page):
            for law, number in dict.fromkeys(cites_of_text(line, known.names)):
                name = guide.name if law == OWN else law
                if name not in laws:
                    laws[name] = known.find(name)
                if (law_id := laws[name]) is not None:
                    key = (law_id, number)
                    found[key] = (*found.get(key, ()), GuideLine(anchor, heading, line))
    return found


def digest_of(lines: Sequence[GuideLine]) -> str:
    """Another one as soon as one of the lines has other words."""
    return sha256("\n".join(one.words for one in lines).encode()).hexdigest()


def open_guide_flags(
    session: Session, guides: Sequence[Guide], now: datetime
) -> list[tuple[LawFlag, int, tuple[GuideLine, ...]]]:
    """(flag, law, its lines as they stand) of the guides whose words are still the flagged ones;
    one query when no guide is flagged, four otherwise."""
    rows = session.execute(
        sa.select(LawFlag, LawVersion.law_id)
        .join(LawVersion, LawVersion.id == LawFlag.law_version_id)
        .where(LawFlag.guide.is_not(None), LawFlag.settled.is_(None))
        .order_by(LawFlag.guide, LawFlag.law_version_id, LawFlag.number, LawFlag.sub)).all()
    if not rows:
        return []
    wanted = {flag.guide for flag, _ in rows}
    cites = guide_cites([one for one in guides if one.name in wanted], shelf(session, now))
    found = []
    for flag, law_id in rows:
        lines: Mapping[Key, tuple[GuideLine, ...]] = cites.get(flag.guide or "", {})
        there = lines.get((law_id, ArticleNumber(flag.number, flag.sub)), ())
        if there and digest_of(there) == flag.guide_digest:
            found.append((flag, law_id, there))
    return found
