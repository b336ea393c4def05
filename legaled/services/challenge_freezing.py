"""What publishing a challenge freezes: the questions it may draw, and the people who may play."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.banks import Kind
from legaled.domain.challenge_drafts import Shortage, shortages, split_levels
from legaled.domain.challenge_rules import Rules
from legaled.domain.errors import ConflictError
from legaled.domain.exams import PAPER_ORDER
from legaled.domain.people import Category
from legaled.domain.rates import in_unit
from legaled.domain.times import beijing_day
from legaled.models import (
    Bank,
    Challenge,
    ChallengeBank,
    ChallengeEntry,
    ChallengeItem,
    Person,
    Question,
    QuestionVersion,
)
from legaled.services.bank_imports import is_current
from legaled.services.law_flags_open import is_left_out
from legaled.services.units import unit_paths


@dataclass(frozen=True)
class Preview:
    """What publishing would freeze at this moment. `waiting` questions wait for a second trainer
    or for another look after a change of law, and would be left out."""

    questions: int
    available: dict[Kind, int]
    shortages: tuple[Shortage, ...]
    waiting: int
    people: dict[Category, int]


def preview(session: Session, challenge_id: int, rules: Rules, now: datetime) -> Preview:
    """Writes nothing; a constant number of queries."""
    pool, waiting = _pool(session, challenge_id, rules, now)
    available = {kind: len(pool.get(kind, ())) for kind in PAPER_ORDER}
    counts = dict.fromkeys(Category, 0)
    for row in _people(session, now):
        counts[row.category] += 1
    return Preview(
        sum(available.values()), available, shortages(rules, available), waiting, counts
    )


def freeze_items(
    session: Session, challenge: Challenge, rules: Rules, now: datetime
) -> int:
    """Keep the current version of every question it may draw, split over its levels; returns how
    many. Raises ConflictError `challenge_short` before anything is written."""
    session.execute(  # nobody takes an import back in between
        sa.select(Bank.id).join(ChallengeBank, ChallengeBank.bank_id == Bank.id)
        .where(ChallengeBank.challenge_id == challenge.id)
        .order_by(Bank.id).with_for_update(read=True, of=Bank))
    pool, _ = _pool(session, challenge.id, rules, now)
    short = shortages(rules, {kind: len(versions) for kind, versions in pool.items()})
    if short:
        raise ConflictError("challenge_short", what=short[0].words)
    rows = [
        {"challenge_id": challenge.id, "version_id": version_id, "level": level}
        for version_id, level in split_levels(challenge.seed, pool, rules.levels)
    ]
    session.connection().execute(sa.insert(ChallengeItem), rows)
    return len(rows)


def freeze_people(
    session: Session, challenge_id: int, categories: Collection[Category], unit_codes: str,
    now: datetime,
) -> int:
    """Keep everybody of these categories who is here today, in the subtree of a unit (a path of
    codes, "" for all). Raises ConflictError `challenge_nobody`."""
    paths = unit_paths(session)
    rows = [
        {
            "challenge_id": challenge_id,
            "person_id": person.id,
            "number": person.number,
            "name": person.name,
            "category": person.category,
            "unit_path": paths[person.unit_id].names,
            "unit_codes": paths[person.unit_id].codes,
        }
        for person in _people(session, now)
        if person.category in categories and in_unit(paths[person.unit_id].codes, unit_codes)
    ]
    if not rows:
        raise ConflictError("challenge_nobody")
    session.connection().execute(sa.insert(ChallengeEntry), rows)
    return len(rows)


def _pool(
    session: Session, challenge_id: int, rules: Rules, now: datetime
) -> tuple[dict[Kind, list[int]], int]:
    """By kind, the versions that may be drawn, each question once; and how many are left out.

    A question that stands in several banks is left out when one of them is 待复核, or will be
    before the challenge ends.
    """
    ends = session.execute(sa.select(Challenge.ends).where(Challenge.id == challenge_id)).scalar()
    flagged = is_left_out(session, beijing_day(max(now, ends) if ends else now))
    kinds = tuple(rules.quotas) or PAPER_ORDER
    rows = session.execute(
        sa.select(
            Question.fingerprint, QuestionVersion.id, QuestionVersion.kind,
            QuestionVersion.approved.is_not(None), flagged,
        )
        .join(Question, is_current())
        .join(ChallengeBank, ChallengeBank.bank_id == Question.bank_id)
        .where(
            ChallengeBank.challenge_id == challenge_id, Question.retired.is_(None),
            QuestionVersion.kind.in_(kinds),
        )
        .order_by(QuestionVersion.id)
    ).all()
    once: dict[str, tuple[int, Kind]] = {}
    outdated = {fingerprint for fingerprint, *_, is_out in rows if is_out}
    for fingerprint, version_id, kind, is_reviewed, _ in rows:
        if is_reviewed and fingerprint not in outdated:
            once.setdefault(fingerprint, (version_id, kind))
    pool: dict[Kind, list[int]] = defaultdict(list)
    for version_id, kind in once.values():
        pool[kind].append(version_id)
    return dict(pool), len({fingerprint for fingerprint, *_ in rows} - once.keys())


def _people(
    session: Session, now: datetime
) -> list[sa.Row[tuple[int, str, str, Category, int]]]:
    """Everybody with an account who is here on this day."""
    today = beijing_day(now)
    return list(session.execute(
        sa.select(Person.id, Person.number, Person.name, Person.category, Person.unit_id)
        .where(
            sa.or_(Person.joined_on.is_(None), Person.joined_on <= today),
            sa.or_(Person.left_on.is_(None), Person.left_on > today),
        )
        .order_by(Person.id)
    ))
