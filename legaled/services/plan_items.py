"""The items of a draft plan: adding, removing, ordering; which chapters a law offers."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.law_numbers import ArticleNumber, read_article
from legaled.domain.law_pages import Entry, heading_words, sheets
from legaled.domain.law_text import Heading
from legaled.domain.permissions import Actor
from legaled.domain.plans import MOST_ITEMS, MOST_MINUTES, ItemDraft, ItemKind, url_ok
from legaled.domain.times import beijing_day
from legaled.models import Law, LawArticle, LawHeading, StudyItem
from legaled.services import audit, study
from legaled.services.law_versions import current_of, versions
from legaled.services.plans import draft_for, items_of

STEP = 1_000_000  # lifts positions out of the way while they change


@dataclass(frozen=True)
class Chapter:
    """A part of a law to choose: its words and the anchors of its first and last article."""

    words: str
    first: str
    last: str
    articles: int
    letters: int


@dataclass(frozen=True)
class LawParts:
    """What an item may take of a law. `numbers` are the anchors of all articles, in order."""

    law_id: int
    name: str
    chapters: Sequence[Chapter]
    numbers: Sequence[str]
    letters: int


def law_parts(session: Session, law_id: int, now: datetime) -> LawParts:
    """The chapters of the text that holds now; four queries. Raises NotFoundError."""
    law = session.get(Law, law_id)
    found = versions(session, law_id) if law else []
    if law is None or not found:
        raise NotFoundError()
    version = current_of(found, beijing_day(now)).id
    headings = {
        row.place: Heading(*row) for row in session.execute(
            sa.select(LawHeading.place, LawHeading.level, LawHeading.number, LawHeading.sub,
                      LawHeading.title, LawHeading.parent)
            .where(LawHeading.version_id == version).order_by(LawHeading.place))
    }
    entries = [
        Entry(ArticleNumber(number, sub), heading, letters)
        for number, sub, heading, letters in session.execute(
            sa.select(LawArticle.number, LawArticle.sub, LawArticle.heading,
                      sa.func.length(LawArticle.text))
            .where(LawArticle.version_id == version)
            .order_by(LawArticle.number, LawArticle.sub))
    ]
    chapters = []
    for sheet in sheets(headings, entries, preamble=False):
        if sheet.heading is None or not sheet.articles:
            continue
        ends = sheet.articles[0].number, sheet.articles[-1].number
        words = heading_words(headings[sheet.heading])
        if sheet.part:
            words += f"（{ends[0].words}至{ends[1].words}）"
        chapters.append(Chapter(words, ends[0].anchor, ends[1].anchor, len(sheet.articles),
                                sum(one.letters for one in sheet.articles)))
    return LawParts(law_id, law.name, chapters, [one.number.anchor for one in entries],
                    sum(one.letters for one in entries))


def range_words(first: str, last: str) -> str:
    """第三条至第十条, 第三条; "" for a whole law."""
    ends = [read_article(one) for one in (first, last) if one]
    words = [one.words for one in ends if one]
    return "至".join(dict.fromkeys(words))


def add(
    session: Session, actor: Actor, plan_id: int, item: ItemDraft, now: datetime,
    guides: Path | None = None,
) -> int:
    """Put an item at the end of a draft; returns its id.

    Raises InvalidError for a title, range, address or number of minutes that cannot be, and
    ConflictError `plan_full`.
    """
    plan = draft_for(session, actor, plan_id)
    there = items_of(session, plan_id)
    if len(there) >= MOST_ITEMS:
        raise ConflictError("plan_full", most=MOST_ITEMS)
    _check(session, item, guides, now)
    made = StudyItem(
        plan_id=plan.id, position=1 + max((one.position for one in there), default=0),
        kind=item.kind, title=item.title.strip(), minutes=item.minutes, law_id=item.law_id,
        first=item.first, last=item.last, guide=item.guide, material_id=item.material_id,
        url=item.url,
    )
    session.add(made)
    session.flush()
    audit.note(session, actor, "plan.item", f"plan {plan_id}", now, detail=f"+ {made.title}")
    return made.id


def remove(session: Session, actor: Actor, plan_id: int, item_id: int, now: datetime) -> str:
    """Take an item out of a draft; returns its title."""
    draft_for(session, actor, plan_id)
    item = _item(session, plan_id, item_id)
    session.delete(item)
    audit.note(session, actor, "plan.item", f"plan {plan_id}", now, detail=f"- {item.title}")
    return item.title


def move(session: Session, actor: Actor, plan_id: int, item_id: int, up: bool) -> None:
    """One place up or down; nothing happens at the end of the list."""
    draft_for(session, actor, plan_id)
    there = list(items_of(session, plan_id))
    at = next((place for place, one in enumerate(there) if one.id == item_id), None)
    if at is None:
        raise NotFoundError()
    to = at - 1 if up else at + 1
    if not 0 <= to < len(there):
        return
    places = there[at].position, there[to].position
    there[at].position += STEP  # the positions are unique at every moment
    session.flush()
    there[to].position = places[0]
    session.flush()
    there[at].position = places[1]
    session.flush()


def set_minutes(
    session: Session, actor: Actor, plan_id: int, item_id: int, minutes: int, now: datetime
) -> None:
    """Ask for so many minutes of an item of a draft."""
    draft_for(session, actor, plan_id)
    item = _item(session, plan_id, item_id)
    if not 0 <= minutes <= MOST_MINUTES or (item.kind is ItemKind.LINK and minutes):
        raise InvalidError("plan_minutes", field="minutes")
    item.minutes = minutes
    audit.note(session, actor, "plan.item", f"plan {plan_id}", now,
               detail=f"{item.title}：{minutes} 分钟")


def _item(session: Session, plan_id: int, item_id: int) -> StudyItem:
    item = session.get(StudyItem, item_id)
    if item is None or item.plan_id != plan_id:
        raise NotFoundError()
    return item


def _check(session: Session, item: ItemDraft, guides: Path | None, now: datetime) -> None:
    if not item.title.strip() or len(item.title.strip()) > 200:
        raise InvalidError("item_title", field="title")
    if not 0 <= item.minutes <= MOST_MINUTES:
        raise InvalidError("plan_minutes", field="minutes")
    if item.kind is ItemKind.LAW:
        _check_law(session, item, now)
    elif item.kind is ItemKind.GUIDE and guides is not None:
        study.guide(guides, item.guide)
    elif item.kind is ItemKind.LINK and (not url_ok(item.url) or item.minutes):
        raise InvalidError("item_url", field="url")


def _check_law(session: Session, item: ItemDraft, now: datetime) -> None:
    parts = law_parts(session, item.law_id or 0, now)
    if bool(item.first) != bool(item.last):
        raise InvalidError("item_range", field="first")
    if not item.first:
        return
    if item.first not in parts.numbers or item.last not in parts.numbers:
        raise InvalidError("item_range", field="first")
    if parts.numbers.index(item.first) > parts.numbers.index(item.last):
        raise InvalidError("item_range", field="last")
