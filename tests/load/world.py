"""A world for load and fault tests: many people in the middle of an exam, and their cookies."""

import json
import secrets
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import sqlalchemy as sa
from flask import Flask
from itsdangerous import URLSafeTimedSerializer

from legaled import create_app, db
from legaled.clock import utc_now
from legaled.config import Config
from legaled.domain.banks import Kind
from legaled.domain.permissions import SYSTEM, Role
from legaled.models import Attempt, Person, SignIn, Slot, StudyTime
from legaled.services import attempts, exams
from legaled.web.access import token_hash
from legaled.web.minutes import _serializer
from tests import factories

SECRET = "load"


@dataclass
class Candidate:
    """One person in an exam, as its browser: the cookie, the token, the next seq of each slot."""

    person_id: int
    attempt_id: int
    cookie: str
    csrf: str
    seqs: dict[int, int]

    def save(self, slot: int, answer: str) -> bytes:
        """The next save of a slot as an HTTP request."""
        self.seqs[slot] += 1
        body = json.dumps({"answer": [answer], "seq": self.seqs[slot], "tab": "load"}).encode()
        path = f"/attempts/{self.attempt_id}/answers/{slot}"
        return self.request("PUT", path, body)

    def request(self, method: str, path: str, body: bytes = b"") -> bytes:
        return request(self.cookie, self.csrf, method, path, body)


@dataclass
class Reader:
    """One person with a page of a hundred articles before it."""

    person_id: int
    cookie: str
    csrf: str
    reading: str

    def beat(self, number: int) -> bytes:
        sent = {"reading": self.reading, "part": str(number % 100 + 1), "begins": number == 0}
        body = json.dumps(sent).encode()
        return request(self.cookie, self.csrf, "POST", "/minutes/beat", body)

    def save(self, number: int) -> bytes:
        """What the floor takes: a save as small as a beat."""
        path = f"/attempts/{self.person_id}/answers/{number + 1}"
        return request(self.cookie, self.csrf, "PUT", path, b'{"part": "1"}')


def request(cookie: str, csrf: str, method: str, path: str, body: bytes = b"") -> bytes:
    """An HTTP request as a browser's script sends it."""
    head = (
        f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: legaled={cookie}\r\n"
        f"X-CSRFToken: {csrf}\r\nContent-Type: application/json\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


def cookies(app: Flask, token: str) -> tuple[str, str]:
    """A session cookie and the CSRF token that goes with it, as the site would make them."""
    raw = secrets.token_hex(20)
    with app.test_request_context():
        serializer = app.session_interface.get_signing_serializer(app)
        cookie = serializer.dumps(
            {"_user_id": token, "seen": int(utc_now().timestamp()), "csrf_token": raw}
        )
    return cookie, URLSafeTimedSerializer(SECRET, salt="wtf-csrf-token").dumps(raw)


def candidates(folder: Path, count: int, url: str = "") -> tuple[Config, list[Candidate]]:
    """A new installation in `folder` with `count` people who have started a 50-question exam."""
    config = Config(secret_key=SECRET, instance=folder, database_url=url, log_level="ERROR")
    app = create_app(config)
    found: list[Candidate] = []
    with app.app_context():
        database = db.database()
        db.upgrade(database)
        now = utc_now()
        with database.write() as session:
            home = factories.unit(session)
            drafts = [factories.question(row) for row in range(2, 102)]
            bank = factories.bank(session, drafts=drafts)
            people = [
                Person(number=f"p{i}", name=f"人员{i}", unit_id=home.id,
                       roles=frozenset({Role.STAFF}), password_hash="initial$0$0",
                       must_change_password=False)
                for i in range(count)
            ]
            session.add_all(people)
            session.flush()
            draft = factories.draft(
                [bank.id], quotas={Kind.SINGLE: (50, 2)}, opens=now - timedelta(hours=1),
                closes=now + timedelta(days=1), minutes=300,
            )
            exam_id = exams.create(session, SYSTEM, draft, now)
            exams.publish(session, SYSTEM, exam_id, now)
            for person in people:
                token = secrets.token_urlsafe(24)
                session.add(
                    SignIn(token_hash=token_hash(token), person_id=person.id, started=now)
                )
                attempt_id = attempts.start(session, factories.actor(person), exam_id, now)
                cookie, csrf = cookies(app, token)
                found.append(
                    Candidate(person.id, attempt_id, cookie, csrf, dict.fromkeys(range(1, 51), 0))
                )
        with database.read() as session:
            assert session.scalar(sa.select(sa.func.count(Attempt.id))) == count
            assert session.scalar(sa.select(sa.func.count()).select_from(Slot)) == 50 * count
        database.close()
    return config, found


def readers(folder: Path, count: int) -> tuple[Config, list[Reader]]:
    """A new installation in `folder` with `count` people who have just opened a law."""
    config = Config(secret_key=SECRET, instance=folder, log_level="ERROR")
    app = create_app(config)
    found: list[Reader] = []
    with app.app_context():
        database = db.database()
        db.upgrade(database)
        with database.write() as session:
            home = factories.unit(session)
            for number in range(count):
                person = factories.person(session, f"r{number}", home)
                token = secrets.token_urlsafe(24)
                session.add(
                    SignIn(token_hash=token_hash(token), person_id=person.id, started=utc_now())
                )
                served = round(utc_now().timestamp() * 1000)
                parts = {str(article): 180 for article in range(1, 101)}
                page = _serializer().dumps([person.id, "law:1", served, parts])
                found.append(Reader(person.id, *cookies(app, token), str(page)))
        database.close()
    return config, found


def counted(config: Config) -> int:
    """All the seconds that beats have earned."""
    database = db.Database(config.url)
    with database.read() as session:
        seconds = session.scalar(sa.select(sa.func.sum(StudyTime.seconds)))
    database.close()
    return int(seconds or 0)
