"""A challenge under load: thousands who may play, some playing, some looking at the board."""

import json
import random
import re
import secrets
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa

from legaled import create_app, db
from legaled.clock import utc_now
from legaled.config import Config
from legaled.domain.challenges import PRESETS, Across
from legaled.domain.people import Category
from legaled.domain.permissions import Role
from legaled.models import (
    Challenge,
    ChallengeBank,
    ChallengeEntry,
    ChallengeItem,
    Person,
    Question,
    QuestionVersion,
    SignIn,
    Unit,
)
from legaled.web.access import token_hash
from tests import factories
from tests.load.world import SECRET, cookies

UNITS = 100
QUESTIONS = 10  # of a run: the longest that real events have, so every tenth answer ends one


@dataclass
class Player:
    """One person as its browser: what it sends next follows from what it was answered."""

    person_id: int
    challenge_id: int
    cookie: str
    csrf: str
    path: str = ""
    slot: int = 0
    tag: str = ""

    def start(self) -> bytes:
        return self.request("POST", f"/challenges/{self.challenge_id}/start", b"level=0")

    def started(self, head: bytes) -> None:
        found = re.search(rb"(?i)location: (?:https?://[^/]+)?(/challenges/\d+/runs/\d+)", head)
        assert found, head
        self.path, self.slot = found[1].decode(), 0

    def next(self) -> bytes:
        self.slot += 1
        return self.request("POST", f"{self.path}/next")

    def answer(self) -> bytes:
        letter = random.choice(b"ABCD")
        return self.request("POST", f"{self.path}/answers/{self.slot}", b"answer=%c" % letter)

    def poll(self) -> bytes:
        tag = f"If-None-Match: {self.tag}\r\n" if self.tag else ""
        return self.request("GET", f"/challenges/{self.challenge_id}/board.json", more=tag)

    def polled(self, head: bytes) -> None:
        found = re.search(rb"(?i)etag: (\S+)", head)
        self.tag = found[1].decode() if found else ""

    def request(self, method: str, path: str, body: bytes = b"", more: str = "") -> bytes:
        head = (
            f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: legaled={self.cookie}\r\n"
            f"X-CSRFToken: {self.csrf}\r\nAccept: application/json\r\n{more}"
            f"Content-Type: application/x-www-form-urlencoded\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


def players(
    folder: Path, listed: int, active: int, url: str = ""
) -> tuple[Config, list[Player]]:
    """A new installation with an open challenge of `listed` people, most of whom have a result;
    the first `active` are signed in."""
    config = Config(secret_key=SECRET, instance=folder, database_url=url, log_level="ERROR")
    app = create_app(config)
    with app.app_context():
        database = db.database()
        db.upgrade(database)
        with database.write() as session:
            people, challenge_id = _world(session, listed, active)
            tokens = [secrets.token_urlsafe(24) for _ in people[:active]]
            session.execute(sa.insert(SignIn), [
                {"token_hash": token_hash(token), "person_id": person, "started": utc_now()}
                for token, person in zip(tokens, people, strict=False)
            ])
        found = [
            Player(person, challenge_id, *cookies(app, token))
            for token, person in zip(tokens, people, strict=False)
        ]
        database.close()
    return config, found


def _world(session, listed, active):  # type: ignore[no-untyped-def]
    now = utc_now()
    root = factories.unit(session)
    homes = [
        Unit(name=f"科室{n}", code=f"K{n}", parent_id=root.id, position=n) for n in range(UNITS)
    ]
    session.add_all(homes)
    session.flush()
    session.execute(sa.insert(Person), [
        {"number": f"p{n}", "name": f"罗玉{n}", "unit_id": homes[n % UNITS].id, "post": "",
         "is_leader": False, "category": Category.ESTABLISHED, "roles": frozenset({Role.STAFF}),
         "password_hash": "initial$0$0", "must_change_password": False, "failures": 0}
        for n in range(listed)
    ])
    people = list(session.scalars(sa.select(Person.id).order_by(Person.id)))
    bank = factories.bank(session, drafts=[factories.question(row) for row in range(2, 202)])
    rules = replace(
        PRESETS["daily"].rules, questions=QUESTIONS, runs_a_day=0, counted_a_day=100,
        across=Across.SUM,
    )
    challenge = Challenge(
        title="宪法知识挑战赛", year=2026, preset="daily", rules=rules.to_data(),
        starts=now - timedelta(days=1), ends=now + timedelta(days=5), seed=secrets.token_hex(16),
        created=now, published=now,
    )
    session.add(challenge)
    session.flush()
    session.add(ChallengeBank(challenge_id=challenge.id, bank_id=bank.id))
    versions = session.scalars(
        sa.select(QuestionVersion.id).join(Question).where(Question.bank_id == bank.id))
    session.add_all(
        ChallengeItem(challenge_id=challenge.id, version_id=one) for one in versions.all())
    session.flush()
    session.execute(sa.insert(ChallengeEntry), [
        _entry(challenge.id, person, n, now, played=n >= active)
        for n, person in enumerate(people)
    ])
    return people, challenge.id


def _entry(challenge_id, person, n, now, *, played):  # type: ignore[no-untyped-def]
    facts = {
        "runs": 1, "counted_runs": 1, "answered": 4, "right": n % 5, "score": n % 5,
        "best_millis": 3000 + n % 977 * 10, "best_ended": now - timedelta(seconds=n),
        "changed": now,
    }
    nothing = {"runs": 0, "counted_runs": 0, "answered": 0, "right": 0, "score": None,
               "best_millis": None, "best_ended": None, "changed": None}
    return {
        "challenge_id": challenge_id, "person_id": person, "number": f"p{n}", "name": f"罗玉{n}",
        "category": Category.ESTABLISHED, "unit_path": f"示例区档案馆/科室{n % UNITS}",
        "unit_codes": f"U/K{n % UNITS}", "level": 0, **(facts if played else nothing),
    }


def words_of(body: bytes) -> str:
    return str(json.loads(body)["own"]["words"])
