"""Flagging (待复核) what cites an article that a new text has changed, and settling it."""

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.errors import InvalidError
from legaled.domain.law_changes import PREAMBLE, ArticleChange, Change, compare, counted
from legaled.domain.law_cites import Cite, cites_of_cell
from legaled.domain.law_links import OWN
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.law_text import LawText
from legaled.domain.permissions import Actor
from legaled.domain.times import beijing_day
from legaled.files.guides import Guide
from legaled.models import LawArticle, LawFlag, LawVersion, Question, QuestionVersion
from legaled.services import audit
from legaled.services.bank_plan import is_current, number_of
from legaled.services.law_flags_open import (
    digest_of,
    guide_cites,
    open_guide_flags,
    open_questions,
)
from legaled.services.law_versions import Shelf, Version, current_of, shelf, versions
from legaled.services.sitting import banks_in_use

CHUNK = 5_000
NOTE_MAX = 500
Texts = Mapping[ArticleNumber, str]


@dataclass(frozen=True)
class Effects:
    """What a text changes: `old` is the text it is compared with, None when there is none or
    when this text is not the one that counts; then nothing is flagged."""

    old: Version | None = None
    since: date | None = None
    changes: Mapping[Change, int] = field(default_factory=lambda: counted(()))
    questions: int = 0
    guides: int = 0

    @property
    def articles(self) -> int:
        return sum(self.changes.values())


NO_EFFECTS = Effects()


@dataclass(frozen=True)
class _Hits:
    """What cites a changed article: (version, question, retired, change), (guide, digest, …)."""

    questions: Sequence[tuple[int, int, bool, ArticleChange]]
    guides: Sequence[tuple[str, str, ArticleChange]]

    def counted(self) -> tuple[int, int]:
        return (len({one for _, one, retired, _ in self.questions if not retired}),
                len({guide for guide, _, _ in self.guides}))


def foresee(
    session: Session, law_id: int, text: LawText, guides: Sequence[Guide], now: datetime
) -> Effects:
    """What importing this text into this law would flag. Writes nothing; nine queries at most."""
    newest = Version(2**31, law_id, text.title, text.dates.promulgated, text.dates.effective, ())
    old = basis([newest, *versions(session, law_id)], newest.id, now)
    if old is None:
        return Effects(since=newest.since)
    words = {one.number: one.text for one in text.articles}
    if text.preamble:
        words[PREAMBLE] = "\n".join(text.preamble)
    found = compare(article_texts(session, [old.id])[old.id], words)
    questions, hit_guides = _hits(session, law_id, found, guides, now).counted()
    return Effects(old, newest.since, counted(found), questions, hit_guides)


def flag_import(
    session: Session, law_id: int, version_id: int, guides: Sequence[Guide], now: datetime
) -> Effects:
    """Flag what this text changes, as against the one that counted before it.

    A text that is older than the one in force flags nothing. When a text that is not in force
    yet follows this one, it is compared with this one from now on.
    """
    found = versions(session, law_id)
    ids = [one.id for one in found]
    effects = _flag(session, found, version_id, guides, now)
    place = ids.index(version_id)
    if place and not _holds(found[place - 1], beijing_day(now)):
        _flag(session, found, ids[place - 1], guides, now)
    return effects


def basis(found: Sequence[Version], version_id: int, now: datetime) -> Version | None:
    """The text with which this one is compared: the next older. None for the oldest, and for one
    that something newer has replaced already."""
    ordered = sorted(found, key=lambda one: (one.since or date.min, one.id), reverse=True)
    ids = [one.id for one in ordered]
    current = current_of(ordered, beijing_day(now))
    place = ids.index(version_id)
    if place > ids.index(current.id):
        return None
    return ordered[place + 1] if place + 1 < len(ordered) else None


def _holds(version: Version, today: date) -> bool:
    return version.since is None or version.since <= today


def _flag(
    session: Session, found: Sequence[Version], version_id: int, guides: Sequence[Guide],
    now: datetime,
) -> Effects:
    old = basis(found, version_id, now)
    one = next(version for version in found if version.id == version_id)
    if old is None:
        session.execute(sa.delete(LawFlag).where(
            LawFlag.law_version_id == version_id, LawFlag.settled.is_(None)))
        return Effects(since=one.since)
    texts = article_texts(session, [old.id, one.id])
    changes = compare(texts[old.id], texts[one.id])
    hits = _hits(session, one.law_id, changes, guides, now)
    _write(session, one.id, old.id, hits, changes, now)
    questions, hit_guides = hits.counted()
    return Effects(old, one.since, counted(changes), questions, hit_guides)


def article_texts(
    session: Session, ids: Collection[int]
) -> dict[int, dict[ArticleNumber, str]]:
    """The words of these texts by article, 序言 among them; two queries."""
    found = dict[int, dict[ArticleNumber, str]]({one: {} for one in ids})
    for version_id, preamble in session.execute(
            sa.select(LawVersion.id, LawVersion.preamble).where(LawVersion.id.in_(ids))):
        if preamble:
            found[version_id][PREAMBLE] = "\n".join(preamble)
    for version_id, number, sub, text in session.execute(
            sa.select(LawArticle.version_id, LawArticle.number, LawArticle.sub, LawArticle.text)
            .where(LawArticle.version_id.in_(ids))
            .order_by(LawArticle.number, LawArticle.sub)):
        found[version_id][ArticleNumber(number, sub)] = text
    return found


# ---- who cites it ----

def _hits(
    session: Session, law_id: int, changes: Iterable[ArticleChange], guides: Sequence[Guide],
    now: datetime,
) -> _Hits:
    by_number = {one.old: one for one in changes if one.old is not None}
    if not by_number:
        return _Hits((), ())
    known = shelf(session, now)
    questions = [
        (version_id, question_id, retired, by_number[number])
        for version_id, question_id, retired, numbers in _citing(session, law_id, known)
        for number in sorted(numbers & by_number.keys())]
    in_guides = [
        (guide, digest_of(lines), by_number[number])
        for guide, cites in guide_cites(guides, known).items()
        for (law, number), lines in sorted(cites.items(), key=lambda one: one[0])
        if law == law_id and number in by_number]
    return _Hits(questions, in_guides)


def _citing(
    session: Session, law_id: int, known: Shelf
) -> Iterator[tuple[int, int, bool, frozenset[ArticleNumber]]]:
    """Every current version that cites an article of the law; one query for all questions."""
    cells = dict[tuple[str, str], frozenset[ArticleNumber]]()
    laws = dict[str, int | None]()

    def is_of_law(name: str) -> bool:
        if name not in laws:
            laws[name] = known.find(name) if name else None
        return laws[name] == law_id

    for version_id, question_id, retired, law, article in session.execute(
            sa.select(QuestionVersion.id, Question.id, Question.retired.is_not(None),
                      QuestionVersion.law, QuestionVersion.article)
            .join(Question, is_current()).where(QuestionVersion.article != "")
            .order_by(QuestionVersion.id)):
        if (law, article) not in cells:
            cites: Iterable[Cite] = cites_of_cell(article, known.names)
            cells[law, article] = frozenset(
                number for name, number in cites if is_of_law(law if name == OWN else name))
        if numbers := cells[law, article]:
            yield version_id, question_id, bool(retired), numbers


# ---- writing ----

def _write(
    session: Session, version_id: int, old_id: int, hits: _Hits,
    changes: Iterable[ArticleChange], now: datetime,
) -> None:
    """A question and a guide are asked about an article of a text once; what the comparison does
    not show any more goes, unless it was settled."""
    changed = {one.old or PREAMBLE: one for one in changes if one.old is not None}
    done = set[tuple[int | str | None, int, int]]()
    for flag, question_id in session.execute(
            sa.select(LawFlag, QuestionVersion.question_id)
            .outerjoin(QuestionVersion, QuestionVersion.id == LawFlag.question_version_id)
            .where(LawFlag.law_version_id == version_id)):
        change = changed.get(ArticleNumber(flag.number, flag.sub))
        if flag.settled is None and change is None:
            session.delete(flag)
            continue
        if flag.settled is None and change is not None:
            flag.old_version_id, flag.change = old_id, change.change
            flag.new_number, flag.new_sub = change.new or (None, None)
        done.add((flag.guide or question_id, flag.number, flag.sub))
    session.flush()
    shared = {"law_version_id": version_id, "old_version_id": old_id, "flagged": now, "note": ""}
    rows = [
        {**shared, **_article(change), "question_version_id": version, "guide": None,
         "guide_digest": ""}
        for version, question_id, _, change in hits.questions
        if (question_id, *(change.old or PREAMBLE)) not in done]
    rows += [
        {**shared, **_article(change), "question_version_id": None, "guide": guide,
         "guide_digest": digest}
        for guide, digest, change in hits.guides
        if (guide, *(change.old or PREAMBLE)) not in done]
    for at in range(0, len(rows), CHUNK):
        session.connection().execute(sa.insert(LawFlag), rows[at:at + CHUNK])


def _article(change: ArticleChange) -> dict[str, Any]:
    number, new = change.old or PREAMBLE, change.new
    return {"number": number.number, "sub": number.sub, "change": change.change,
            "new_number": new.number if new else None, "new_sub": new.sub if new else None}


def remove_flags(session: Session, version_id: int) -> None:
    """The text goes, and with it all that was flagged because of it."""
    session.execute(sa.delete(LawFlag).where(LawFlag.law_version_id == version_id))
    session.execute(sa.update(LawFlag).where(LawFlag.old_version_id == version_id)
                    .values(old_version_id=None))


def carry_over(session: Session, question_id: int, older: int, newer: int) -> None:
    """The words of version `older` come back as version `newer`: what was open about them is
    open again."""
    ids = dict(session.execute(
        sa.select(QuestionVersion.version, QuestionVersion.id)
        .where(QuestionVersion.question_id == question_id,
               QuestionVersion.version.in_([older, newer]))).all())
    session.execute(
        sa.update(LawFlag).values(question_version_id=ids[newer])
        .where(LawFlag.question_version_id == ids[older], LawFlag.settled.is_(None)))


def settle(
    session: Session, actor: Actor, flag_ids: Collection[int], note: str,
    guides: Sequence[Guide], now: datetime,
) -> int:
    """Somebody has looked: the words are still right. Returns how many flags that closed; those
    that are closed already, and those of a bank the actor sits an exam of, are left alone.

    Raises InvalidError `flag_note_long`.
    """
    note = note.strip()
    if len(note) > NOTE_MAX:
        raise InvalidError("flag_note_long")
    wanted = set(flag_ids)
    shut = banks_in_use(session, actor.id, now) if actor.id is not None else frozenset()
    found: dict[LawFlag, int] = dict(session.execute(
        open_questions(LawFlag, Question.id)
        .where(LawFlag.id.in_(wanted), Question.bank_id.not_in(shut))
        .with_for_update(of=LawFlag)).all())
    subjects = {flag: f"question {number_of(id_)}" for flag, id_ in found.items()}
    subjects |= {flag: f"guide {flag.guide}" for flag, _, _ in open_guide_flags(
        session, guides, now) if flag.id in wanted}
    for flag, subject in subjects.items():
        flag.settled, flag.settled_by, flag.note = now, actor.id, note
        article = ArticleNumber(flag.number, flag.sub).short
        audit.note(session, actor, "law.flag_settled", subject, now,
                   detail=f"law version {flag.law_version_id}, article {article}. {note}"[:400])
    return len(subjects)
