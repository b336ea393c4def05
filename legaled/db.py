"""The database: one engine per process, the only commit and the only rollback.

Three doors: `get_session()` for a request (GET never writes; anything else is one transaction,
committed when the view returns and rolled back when it raises), `read()`/`write()` for work
outside of a request's transaction, and `hot()` for the few statements that must be cheap.
"""

import fcntl
import threading
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, current_app, g, request
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.orm import Session

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
MIGRATION_LOCK = 7_310_2026
POOL = 16  # connections kept open a process; more are opened under load and closed again


class WriteLock:
    """SQLite's write lock, taken in turn: threads queue on a mutex, processes on a lock file.

    Without it two busy processes starve each other (measured: 966 ms against 88 ms at p99).
    """

    def __init__(self, path: Path) -> None:
        self.threads = threading.Lock()
        self._path = path
        self._file: Any = None

    def close(self) -> None:
        if self._file is not None:
            self._file.close()
            self._file = None

    @contextmanager
    def processes(self) -> Iterator[None]:
        """The other half, for a thread that holds `threads`."""
        if self._file is None:
            self._file = self._path.open("a")
        fcntl.flock(self._file, fcntl.LOCK_EX)
        try:
            yield
        finally:
            fcntl.flock(self._file, fcntl.LOCK_UN)

    @contextmanager
    def both(self) -> Iterator[None]:
        with self.threads, self.processes():
            yield


@dataclass(frozen=True)
class Compiled:
    """A Core statement compiled once for one dialect, run on a bare cursor."""

    sql: str
    names: Sequence[str] | None
    binders: Mapping[str, Any]
    readers: Sequence[tuple[int, Any]]

    @classmethod
    def of(cls, statement: Any, dialect: Dialect) -> "Compiled":
        made = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        binders = {
            name: processor
            for name, bind in made.binds.items()
            if (processor := bind.type.dialect_impl(dialect).bind_processor(dialect))
        }
        columns = statement.selected_columns if isinstance(statement, sa.Select) else ()
        readers = [
            (place, processor)
            for place, column in enumerate(columns)
            if (processor := column.type.dialect_impl(dialect).result_processor(dialect, None))
        ]
        return cls(made.string, made.positiontup, binders, readers)

    def bind(self, values: Mapping[str, Any]) -> Any:
        bound = {
            name: self.binders[name](value) if name in self.binders else value
            for name, value in values.items()
        }
        return bound if self.names is None else [bound[name] for name in self.names]

    def read(self, row: Sequence[Any]) -> tuple[Any, ...]:
        values = list(row)
        for place, reader in self.readers:
            values[place] = reader(values[place])
        return tuple(values)


@dataclass
class _Write:
    compiled: Compiled
    values: Any
    then: tuple[str, Any] | None = None
    done: bool = False
    count: int = 0
    error: BaseException | None = None


@dataclass
class Hot:
    """The cheap door: one statement, on a bare connection, each in a transaction of its own."""

    database: "Database"
    _compiled: dict[int, tuple[Any, Compiled]] = field(default_factory=dict)
    _waiting: deque[_Write] = field(default_factory=deque)

    @property
    def race(self) -> type[Exception]:
        """What `append` raises when a unique key was already taken."""
        return self.database.integrity_error

    def rows(self, statement: Any, **values: Any) -> list[tuple[Any, ...]]:
        """The statement's rows, with the types of its columns."""
        compiled = self._compile(statement)
        connection = self.database.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(compiled.sql, compiled.bind(values))
            return [compiled.read(row) for row in cursor.fetchall()]
        finally:
            connection.close()

    def row(self, statement: Any, **values: Any) -> tuple[Any, ...] | None:
        rows = self.rows(statement, **values)
        return rows[0] if rows else None

    def append(self, statement: Any, then: Any = None, /, **values: Any) -> int:
        """Run one writing statement; returns its row count when the write is durable.

        `then` runs with the same values in the same transaction if the first changed a row.
        On SQLite, writes that arrive together share one transaction and one fsync: whoever
        gets the lock first writes for all who wait.
        """
        compiled = self._compile(statement)
        write = _Write(compiled, compiled.bind(values))
        if then is not None:
            second = self._compile(then)
            write.then = second.sql, second.bind(values)
        if self.database.lock is None:
            self._write_all([write])
        else:
            self._waiting.append(write)
            with self.database.lock.threads:
                if not write.done:
                    with self.database.lock.processes():
                        self._write_all(self._drain())
        if write.error is not None:
            raise write.error
        if not write.done:
            raise RuntimeError("the write was not carried out")
        return write.count

    def _drain(self) -> list[_Write]:
        batch = []
        with suppress(IndexError):
            while True:
                batch.append(self._waiting.popleft())
        return batch

    def _write_all(self, batch: list[_Write]) -> None:
        """Write a batch in one transaction; whatever happens, each write ends done or failed."""
        try:
            self._transaction(batch)
        except Exception as error:
            for write in batch:
                write.error = error
        if len(batch) > 1:  # one bad write must not fail its neighbours: each on its own then
            for write in batch:
                if write.error is not None and not isinstance(write.error, self.race):
                    write.error = None
                    self._write_all([write])
        for write in batch:
            write.done = True

    def _transaction(self, batch: list[_Write]) -> None:
        connection = self.database.engine.raw_connection()
        try:
            cursor = connection.cursor()
            if self.database.lock is not None:
                cursor.execute("BEGIN IMMEDIATE")
            for write in batch:
                try:
                    cursor.execute(write.compiled.sql, write.values)
                    write.count = cursor.rowcount
                    if write.then is not None and write.count:
                        cursor.execute(*write.then)
                except self.race as error:
                    write.error = error
            connection.commit()
        except BaseException:
            with suppress(Exception):
                connection.rollback()
            raise
        finally:
            connection.close()

    def _compile(self, statement: Any) -> Compiled:
        known = self._compiled.get(id(statement))
        if known is None:
            known = (statement, Compiled.of(statement, self.database.engine.dialect))
            self._compiled[id(statement)] = known  # keeps the statement, so its id stays its own
        return known[1]


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
    app.extensions["database"] = Database(url)
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
