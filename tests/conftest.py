"""One application for a test, on a fresh database, once on SQLite and once on PostgreSQL."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from legaled import create_app, db
from legaled.config import Config
from legaled.models import SignIn
from legaled.web.access import token_hash
from tests.factories import NOW
from tests.pg import PostgresMissing, PrivatePostgres, start_postgres

REQUIRED = os.environ.get("LEGALED_REQUIRE") == "all"


def skip_or_fail(reason: str) -> None:
    """What is missing may be skipped at a desk, never in CI."""
    if REQUIRED:
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def outside_data() -> Path:
    """The folder of real laws, banks and reports; tests that need it skip where it is not."""
    folder = os.environ.get("LEGALED_DATA")
    if not folder or not Path(folder).is_dir():
        pytest.skip("LEGALED_DATA 没有指向外部数据目录")
    return Path(folder)


class Clock:
    """The server's time, set by the test."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="session")
def empty_sqlite(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file, to be copied."""
    path = tmp_path_factory.mktemp("empty") / "empty.sqlite"
    database = db.Database(f"sqlite:///{path}")
    db.upgrade(database)
    with database.engine.connect() as connection:
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePostgres]:
    """A private PostgreSQL with a migrated database `empty`, emptied again after each test."""
    try:
        server = start_postgres(tmp_path_factory.mktemp("pg"))
    except PostgresMissing as missing:
        skip_or_fail(str(missing))
    database = db.Database(server.create_database("empty"))
    db.upgrade(database)
    database.close()
    yield server
    server.stop()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database."""
    if request.param == "sqlite":
        path = tmp_path / "legaled.sqlite"
        shutil.copy(request.getfixturevalue("empty_sqlite"), path)
        yield f"sqlite:///{path}"
        return
    server: PrivatePostgres = request.getfixturevalue("postgres")
    yield server.url_of("empty")
    server.empty("empty")


@pytest.fixture
def app(database_url: str, tmp_path: Path, clock: Clock) -> Iterator[Flask]:
    config = Config(
        secret_key="t", instance=tmp_path, database_url=database_url, testing=True,
        idle_minutes=100_000,
        log_level="CRITICAL",
    )
    made = create_app(config, clock=clock)
    yield made
    made.extensions["database"].close()


@pytest.fixture
def database(request: pytest.FixtureRequest, database_url: str) -> Iterator[db.Database]:
    """The application's, or one alone where a test has no application."""
    if "app" in request.fixturenames:
        yield request.getfixturevalue("app").extensions["database"]
        return
    alone = db.Database(database_url)
    yield alone
    alone.close()


@pytest.fixture
def session(database: db.Database) -> Iterator[Any]:
    """A writing session, rolled back at the end: for tests of services."""
    with database.engine.execution_options(legaled_begin="IMMEDIATE").connect() as connection:
        from sqlalchemy.orm import Session

        with Session(connection) as made:
            yield made
            made.rollback()


class Browser:
    """A test client that is signed in and sends the CSRF token."""

    def __init__(self, app: Flask, person_id: int | None) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self._csrf = ""
        if person_id is not None:
            self._sign_in(person_id)

    def _sign_in(self, person_id: int) -> None:
        token = secrets.token_urlsafe(24)
        at = self.app.extensions["clock"]()
        with self.app.app_context(), db.database().write() as session:
            session.add(SignIn(token_hash=token_hash(token), person_id=person_id, started=at))
        with self.client.session_transaction() as cookie:
            cookie["_user_id"] = token
            cookie["seen"] = int(at.timestamp())

    @property
    def csrf(self) -> str:
        if not self._csrf:
            page = self.client.get("/password").get_data(as_text=True)
            found = re.search(r'csrf-token" content="([^"]+)"', page)
            assert found, page
            self._csrf = found[1]
        return self._csrf

    def get(self, url: str, **values: Any) -> Any:
        return self.client.get(url, **values)

    def post(self, url: str, data: dict[str, Any] | None = None, **values: Any) -> Any:
        """A form, as a browser sends it."""
        return self.client.post(url, data={"csrf_token": self.csrf, **(data or {})}, **values)

    def send(self, method: str, url: str, body: Any) -> Any:
        """JSON, as the exam page sends it."""
        return self.client.open(
            url, method=method, json=body, headers={"X-CSRFToken": self.csrf}
        )


@pytest.fixture
def browse(app: Flask) -> Any:
    """browse(person_id) → a signed-in Browser; browse() → a stranger."""

    def make(person_id: int | None = None) -> Browser:
        return Browser(app, person_id)

    return make


@pytest.fixture
def count_queries(database: db.Database) -> Iterator[list[str]]:
    """The statements that SQLAlchemy sends; clear it before the part that is counted."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    sa.event.listen(database.engine, "before_cursor_execute", note)
    yield seen
    sa.event.remove(database.engine, "before_cursor_execute", note)


@pytest.fixture(scope="session")
def postgres_durable(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PrivatePostgres]:
    """A private PostgreSQL with its own settings, as it is installed."""
    try:
        server = start_postgres(tmp_path_factory.mktemp("pg"), durable=True)
    except PostgresMissing as missing:
        skip_or_fail(str(missing))
    yield server
    server.stop()
