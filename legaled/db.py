"""The database: one engine per process; transactions end here and in `hot.py`, nowhere else.

Three doors: `get_session()` for a request (GET never writes; anything else is one transaction,
committed when the view returns and rolled back when it raises), `read()`/`write()` for work
outside of a request's transaction, and `hot()` for the few statements that must be cheap.
"""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext, suppress
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, request
from sqlalchemy.orm import Session

from legaled.hot import Hot
from legaled.queues import WriteLock, seated

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MIGRATION_LOCK = 7_310_2026
POOL = 16  # connections kept open a process; more are opened under load and closed again


class Database:
    """An engine and its doors. Use one per process; nothing is opened before the first use."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        self.engine = sa.create_engine(
            self.url, pool_size=POOL, max_overflow=64, pool_pre_ping=not self.sqlite,
            hide_parameters=True,  # errors are logged, answers and names are not
        )
        driver = self.engine.dialect.import_dbapi()
        self.integrity_error: type[Exception] = driver.IntegrityError
        self.busy_errors: tuple[type[Exception], ...] = (
            driver.OperationalError, sa.exc.OperationalError, sa.exc.TimeoutError,
        )
        self.lock: WriteLock | None = None
        if self.sqlite:
            path = Path(self.url.database or "")
            self.lock = WriteLock(path.with_name(path.name + ".lock"))
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
        self.hot = Hot(self)

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A session that is always rolled back."""
        with Session(self.engine) as session:
            yield session
            session.rollback()

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A session that is committed when the block ends and rolled back when it raises."""
        turn = self.lock.both() if self.lock is not None else nullcontext()
        with turn, self._immediate() as session:
            yield session
            session.commit()

    def close(self) -> None:
        """Give everything back; the next use opens it again."""
        self.engine.dispose()
        if self.lock is not None:
            self.lock.close()

    def _immediate(self) -> Session:
        return Session(self.engine.execution_options(legaled_begin="IMMEDIATE"))


def migrations() -> Path:
    return Path(__file__).resolve().parent / "migrations"


def upgrade(database: Database, revision: str = "head") -> None:
    """Create the tables, or bring them to this version, under a lock of its own."""
    import alembic.command  # here, because a worker that never migrates starts 0.3 s sooner
    import alembic.config

    config = alembic.config.Config()
    config.set_main_option("script_location", str(migrations()))
    path = Path(database.url.database or "") if database.sqlite else None
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
    with _migrating(path), database.engine.begin() as connection:
        if not database.sqlite:
            connection.execute(sa.select(sa.func.pg_advisory_xact_lock(MIGRATION_LOCK)))
        config.attributes["connection"] = connection
        alembic.command.upgrade(config, revision)


@contextmanager
def _migrating(path: Path | None) -> Iterator[None]:
    if path is None:
        yield
        return
    with path.with_name(path.name + ".migrate").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def init_app(app: Flask, url: str) -> None:
    app.extensions["database"] = made = Database(url)
    if made.lock is not None:
        app.wsgi_app = seated(app.wsgi_app, made.lock.seats)  # type: ignore[assignment,method-assign]
    app.after_request(_commit_unsafe)
    app.teardown_appcontext(_close)


def database() -> Database:
    found: Database = current_app.extensions["database"]
    return found


def ready() -> Database:
    """For the command line: as `database`, with the tables made if there are none yet."""
    found = database()
    if found.sqlite:
        Path(found.url.database or "").parent.mkdir(parents=True, exist_ok=True)
    if not sa.inspect(found.engine).has_table("alembic_version"):
        upgrade(found)
    return found


def hot() -> Hot:
    return database().hot


def is_busy(error: BaseException) -> bool:
    """True if the same request may succeed in a moment: locked, no connection, a deadlock."""
    found = database()
    if not isinstance(error, found.busy_errors):
        return False
    return not found.sqlite or isinstance(error, sa.exc.TimeoutError) or "locked" in str(error)


def get_session() -> Session:
    """The request's session. A writing one holds the write lock until the view has returned."""
    if "db_session" not in g:
        door = database().read if request.method in SAFE else database().write
        g.db_door = door()
        g.db_session = g.db_door.__enter__()
    session: Session = g.db_session
    return session


def rollback() -> None:
    """Forget what the request has done so far: for error pages."""
    if "db_session" in g:
        error = RuntimeError("rolled back")
        g.pop("db_session")
        with suppress(RuntimeError):
            g.pop("db_door").__exit__(RuntimeError, error, None)


def _commit_unsafe(response: Response) -> Response:
    if "db_session" in g:
        g.pop("db_session")
        g.pop("db_door").__exit__(None, None, None)
    return response


def _close(_error: BaseException | None) -> None:
    rollback()


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; sqlite3 forgets before SAVEPOINT
    for pragma in (
        "foreign_keys=ON", "journal_mode=WAL", "synchronous=FULL", "busy_timeout=10000"
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_sqlite(connection: sa.Connection) -> None:
    mode = connection.get_execution_options().get("legaled_begin", "")
    connection.exec_driver_sql(f"BEGIN {mode}")
