"""A published challenge for tests, made without the desk: rows, and a player."""

import json
import secrets
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.domain.challenges import PRESETS, Rules
from legaled.domain.permissions import Actor, Role
from legaled.models import (
    Challenge,
    ChallengeBank,
    ChallengeEntry,
    ChallengeItem,
    Person,
    Question,
    QuestionVersion,
)
from tests import factories
from tests.factories import DAY, HOUR, NOW

PLAYERS = ("s1", "s2", "s3")


@dataclass
class Event:
    """A challenge that is open, three who may play, one who may not, and the keepers."""

    id: int = 0
    bank_id: int = 0
    people: dict[str, Actor] = field(default_factory=dict)

    def __getitem__(self, number: str) -> Actor:
        return self.people[number]


def many(count: int) -> list[Any]:
    return [factories.question(row) for row in range(2, count + 2)]


def event(
    session: Session,
    rules: Rules | None = None,
    *,
    starts: datetime = NOW - HOUR,
    ends: datetime = NOW + 3 * DAY,
    questions: int = 60,
    **changes: Any,
) -> Event:
    """The rules of `streak` unless others are given, over a bank of single choices."""
    made = Event()
    root = factories.unit(session)
    section = factories.unit(session, "办公室", root)
    roles = {"s1": Role.STAFF, "s2": Role.STAFF, "s3": Role.STAFF, "guest": Role.STAFF,
             "trainer": Role.TRAINER, "office": Role.OFFICE}
    made.people = {
        number: factories.actor(factories.person(session, number, section, role))
        for number, role in roles.items()
    }
    made.bank_id = factories.bank(session, drafts=many(questions)).id
    chosen = replace(rules or PRESETS["streak"].rules, **changes)
    challenge = Challenge(
        title="宪法知识挑战赛", year=2026, preset="streak", rules=chosen.to_data(), starts=starts,
        ends=ends, seed=secrets.token_hex(16), created=starts, published=starts,
    )
    session.add(challenge)
    session.flush()
    made.id = challenge.id
    session.add(ChallengeBank(challenge_id=made.id, bank_id=made.bank_id))
    for version_id in session.scalars(
        sa.select(QuestionVersion.id)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.bank_id == made.bank_id)
    ):
        session.add(ChallengeItem(challenge_id=made.id, version_id=version_id))
    for number in PLAYERS:
        person = session.get_one(Person, made[number].id)
        session.add(ChallengeEntry(
            challenge_id=made.id, person_id=person.id, number=person.number, name=person.name,
            category=person.category, unit_path="示例区档案馆/办公室", unit_codes="1/2",
        ))
    session.flush()
    return made


def right(live: Any) -> list[str]:
    """The right answer to the question that waits, as it stands on the screen."""
    return list(live.slots[-1].key)


def wrong(live: Any) -> list[str]:
    return [next(letter for letter in "ABCD" if letter not in live.slots[-1].key)]


def words(answer: list[str]) -> str:
    return json.dumps(answer, ensure_ascii=False)
