"""The work list of 待复核: by law and article, the changed words beside what cites them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.law_changes import PREAMBLE, ArticleChange, Change
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.permissions import Actor
from legaled.domain.times import beijing_day
from legaled.files.guides import Guide
from legaled.models import Bank, Law, LawArticle, LawFlag, LawVersion, Question
from legaled.services.bank_pages import Shown, shown
from legaled.services.bank_plan import CONTENT, draft_of, number_of
from legaled.services.law_flags_open import (
    GuideLine,
    open_guide_flags,
    open_questions,
    since_of,
)
from legaled.services.paging import Page, page_of
from legaled.services.sitting import banks_in_use

PER_PAGE = 20
Place = tuple[int, ArticleNumber]  # (law version, article)


@dataclass(frozen=True)
class QuestionLine:
    flag_id: int
    question_id: int
    number: str
    bank_id: int
    bank: str
    shown: Shown


@dataclass(frozen=True)
class GuideEntry:
    """A guide and its lines that cite the article."""

    flag_id: int
    guide: str
    title: str
    lines: Sequence[GuideLine]


@dataclass(frozen=True)
class Group:
    """One article of one new text. `is_ahead`: that text is not in force yet;
    `old_id` is None when the text before it was taken out of the library."""

    law_id: int
    law: str
    new_id: int
    old_id: int | None
    change: ArticleChange
    since: date | None
    is_ahead: bool
    questions: Sequence[QuestionLine] = ()
    guides: Sequence[GuideEntry] = ()


@dataclass(frozen=True)
class FlagList:
    """One page. `laws` and `banks` are (id, name, open questions) to choose from; `hidden` are
    in banks of an exam that the actor sits at this moment."""

    groups: Sequence[Group]
    laws: Sequence[tuple[int, str, int]]
    banks: Sequence[tuple[int, str, int]]
    questions: int
    guides: int
    hidden: int
    page: Page


def flag_list(
    session: Session, actor: Actor, guides: Sequence[Guide], now: datetime, *,
    law_id: int | None = None, bank_id: int | None = None, of_guides: bool = False,
    page: int = 1,
) -> FlagList:
    """Twenty questions, or lines of guides, by law and article; a constant number of queries."""
    shut = banks_in_use(session, actor.id, now) if actor.id is not None else frozenset()
    counts = _counts(session)
    mine = [one for one in counts if one[2] not in shut]
    in_guides = [one for one in open_guide_flags(session, guides, now)
                 if law_id in (None, one[1])]
    fitting = sum(count for law, _, bank, _, count in mine
                  if law_id in (None, law) and bank_id in (None, bank))
    place = page_of(len(in_guides) if of_guides else fitting, page, PER_PAGE)
    if of_guides:
        groups = _guide_groups(session, in_guides[place.offset:place.offset + PER_PAGE],
                               {one.name: one.title for one in guides}, now)
    else:
        groups = _question_groups(session, shut, law_id, bank_id, place, now)
    return FlagList(
        groups, _summed((one[0], one[1], one[4]) for one in mine),
        _summed((one[2], one[3], one[4]) for one in mine),
        sum(one[4] for one in mine), len(in_guides),
        sum(one[4] for one in counts) - sum(one[4] for one in mine), place)


def _counts(session: Session) -> list[tuple[int, str, int, str, int]]:
    """(law, name, bank, name, open flags) for every law and bank that have some."""
    rows = session.execute(
        open_questions(Law.id, Law.name, Bank.id, Bank.name, sa.func.count())
        .join(Bank, Bank.id == Question.bank_id)
        .group_by(Law.id, Law.name, Bank.id, Bank.name).order_by(Law.name, Bank.name))
    return [tuple(row) for row in rows]


def _summed(found: Iterable[tuple[int, str, int]]) -> list[tuple[int, str, int]]:
    made: dict[tuple[int, str], int] = {}
    for id_, name, count in found:
        made[id_, name] = made.get((id_, name), 0) + count
    return sorted(((id_, name, count) for (id_, name), count in made.items()),
                  key=lambda one: one[1])


def _question_groups(
    session: Session, shut: Collection[int], law_id: int | None, bank_id: int | None,
    place: Page, now: datetime,
) -> list[Group]:
    wanted: list[sa.ColumnElement[bool]] = [Question.bank_id.not_in(shut)]
    wanted += [Law.id == law_id] if law_id is not None else []
    wanted += [Question.bank_id == bank_id] if bank_id is not None else []
    rows = session.execute(
        open_questions(LawFlag, Law.id.label("law_id"), Question.id.label("question_id"),
                       Bank.id.label("bank_id"), Bank.name.label("bank"), *CONTENT)
        .join(Bank, Bank.id == Question.bank_id).where(*wanted)
        .order_by(Law.name, LawFlag.law_version_id, LawFlag.number, LawFlag.sub, Question.id)
        .limit(place.size).offset(place.offset)).all()
    lines: dict[int, list[QuestionLine]] = {}
    first: dict[Place, LawFlag] = {}
    for row in rows:
        flag = row[0]
        key = first.setdefault(_place(flag), flag).id
        draft = draft_of(row.question_id, row[-len(CONTENT):])
        lines.setdefault(key, []).append(QuestionLine(
            flag.id, row.question_id, number_of(row.question_id), row.bank_id, row.bank,
            shown(draft)))
    heads = _heads(session, list(first.values()), now)
    return [replace(heads[one.id], questions=lines[one.id]) for one in first.values()]


def _guide_groups(
    session: Session, found: Sequence[tuple[LawFlag, int, tuple[GuideLine, ...]]],
    titles: Mapping[str, str], now: datetime,
) -> list[Group]:
    heads = _heads(session, [flag for flag, _, _ in found], now)
    return [
        replace(heads[flag.id], guides=(GuideEntry(
            flag.id, flag.guide or "", titles.get(flag.guide or "", flag.guide or ""), lines),))
        for flag, _, lines in found]


def _place(flag: LawFlag) -> Place:
    return flag.law_version_id, ArticleNumber(flag.number, flag.sub)


def _heads(session: Session, flags: Sequence[LawFlag], now: datetime) -> dict[int, Group]:
    """The article of each flag, without what cites it."""
    texts = {one.law_version_id for one in flags}
    laws = {row.id: row for row in session.execute(
        sa.select(LawVersion.id, LawVersion.law_id, LawVersion.promulgated,
                  LawVersion.effective, Law.name)
        .join(Law, Law.id == LawVersion.law_id).where(LawVersion.id.in_(texts)))}
    words = _words(session, flags)
    today = beijing_day(now)
    heads = {}
    for flag in flags:
        law = laws[flag.law_version_id]
        since = since_of(law.promulgated, law.effective)
        heads[flag.id] = Group(
            law.law_id, law.name, flag.law_version_id, flag.old_version_id,
            _change(flag, words), since, since is not None and since > today)
    return heads


def _change(flag: LawFlag, words: Mapping[Place, str]) -> ArticleChange:
    old = ArticleNumber(flag.number, flag.sub)
    new = None if flag.new_number is None else ArticleNumber(flag.new_number, flag.new_sub or 0)
    before = words.get((flag.old_version_id or 0, old), "")
    after = words.get((flag.law_version_id, new), "") if new is not None else ""
    if flag.old_version_id is None and flag.change is not Change.REPEALED:
        before = after  # the text before is gone: the new words, with nothing marked
    return ArticleChange(flag.change, old, new, before, after)


def _words(session: Session, flags: Sequence[LawFlag]) -> dict[Place, str]:
    """The words of these articles in the old and the new texts; two queries."""
    texts = {id_ for one in flags for id_ in (one.law_version_id, one.old_version_id) if id_}
    numbers = {n for one in flags for n in (one.number, one.new_number) if n is not None}
    found = {
        (version_id, ArticleNumber(number, sub)): text
        for version_id, number, sub, text in session.execute(
            sa.select(LawArticle.version_id, LawArticle.number, LawArticle.sub, LawArticle.text)
            .where(LawArticle.version_id.in_(texts), LawArticle.number.in_(numbers)))}
    found |= {(id_, PREAMBLE): "\n".join(preamble) for id_, preamble in session.execute(
        sa.select(LawVersion.id, LawVersion.preamble).where(LawVersion.id.in_(texts)))}
    return found
