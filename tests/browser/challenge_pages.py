"""A challenge with a few results and the draft of another, for the pages that show them."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.challenge_drafts import ChallengeDraft
from legaled.domain.challenges import PRESETS
from legaled.domain.people import Category
from legaled.domain.permissions import Actor
from legaled.models import Bank, Challenge, ChallengeEntry, ChallengeItem, ChallengeRun
from legaled.services import challenge_facts, challenge_manage

DAY = timedelta(days=1)
BY = ("", "?by=units", "?by=sections", "?by=levels")
QUERIES = {"challenge_boards.show": BY, "challenge_desk.runs": ("", "?marked=1&q=x"),
           "challenge_corrections.index": ("", "?corrected=1&q=x")}


def prepare(session: Session, trainer: Actor, now: datetime) -> None:
    """Eight levels, open since yesterday, in which everybody but one has played once."""
    bank = session.scalars(sa.select(sa.func.min(Bank.id))).one()
    rules = PRESETS["streak"].rules
    made = [
        challenge_manage.create(session, trainer, ChallengeDraft(
            title, 2026, "streak", rules, now - DAY, now + DAY, None, (bank,)), now - 2 * DAY)
        for title in ("宪法知识挑战赛", "下一场挑战赛")
    ]
    challenge_manage.publish(
        session, trainer, made[0], [Category.ESTABLISHED], "", now - 2 * DAY)
    listed = session.scalars(
        sa.select(ChallengeEntry.person_id).where(ChallengeEntry.challenge_id == made[0])).all()
    for number, person_id in enumerate(listed[1:]):
        ended = now - timedelta(minutes=number + 1)
        session.add(ChallengeRun(
            challenge_id=made[0], person_id=person_id, day=ended.date(), number=1, counted=True,
            seed="x", started=ended - timedelta(minutes=5), deadline=ended + DAY, ended=ended,
            end="wrong", score=number, answered=number + 1, right=number, streak=number,
            millis=60_000 + number, fast=number % 2,
        ))
        session.flush()
        challenge_facts.refold_entry(session, made[0], person_id, ended)


def values(every: Callable[[Any], Sequence[Any]]) -> dict[str, Sequence[Any]]:
    drafts = every(sa.select(Challenge.id).where(Challenge.published.is_(None)))
    both = every(sa.select(Challenge.id))
    questioned = every(sa.select(sa.func.min(ChallengeItem.challenge_id)))[0]
    return {
        "challenge_id": every(sa.select(Challenge.id).where(Challenge.published.is_not(None))),
        "challenge_desk.show challenge_id": both, "challenge_desk.copy challenge_id": both,
        "challenge_desk.edit challenge_id": drafts,
        "challenge_corrections.question version_id": every(
            sa.select(sa.func.min(ChallengeItem.version_id)).where(
                ChallengeItem.challenge_id == questioned)),
        "challenge_corrections.question challenge_id": [questioned],
        "preset": list(PRESETS), "which": ["result", "published"],
        "what": [], "run_id": [], "version_id": [],
    }
