"""The database's cheap door: Core statements on bare connections, writes gathered on SQLite."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import Dialect

if TYPE_CHECKING:
    from legaled.db import Database
    from legaled.queues import WriteLock


@dataclass(frozen=True)
class Compiled:
    """A Core statement compiled once for one dialect, run on a bare cursor."""

    sql: str
    names: Sequence[str] | None
    binders: Mapping[str, Any]
    readers: Sequence[tuple[int, Any]]

    @classmethod
    def of(cls, statement: Any, dialect: Dialect) -> Compiled:
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
            # both drivers give floats; psycopg's processor wants a type that is not known here
            if not isinstance(kind := column.type.dialect_impl(dialect), sa.Float)
            and (processor := kind.result_processor(dialect, None))
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
class _Batch:
    """Writes that share a transaction; `done` when each of them is stored or has failed."""

    writes: list[_Write]
    done: threading.Event = field(default_factory=threading.Event)


@dataclass
class Turn:
    """A few statements in one transaction on a bare connection, see `Hot.turn`."""

    hot: Hot
    cursor: Any

    @property
    def race(self) -> type[Exception]:
        return self.hot.race

    def rows(self, statement: Any, **values: Any) -> list[tuple[Any, ...]]:
        compiled = self.hot.compiled(statement)
        self.cursor.execute(compiled.sql, compiled.bind(values))
        return [compiled.read(row) for row in self.cursor.fetchall()]

    def row(self, statement: Any, **values: Any) -> tuple[Any, ...] | None:
        rows = self.rows(statement, **values)
        return rows[0] if rows else None

    def append(self, statement: Any, then: Any = None, /, **values: Any) -> int:
        """Run a writing statement, and `then` if it changed a row; returns its row count."""
        compiled = self.hot.compiled(statement)
        self.cursor.execute(compiled.sql, compiled.bind(values))
        count: int = self.cursor.rowcount
        if then is not None and count:
            self.append(then, **values)
        return count


@dataclass
class Hot:
    """The cheap door: one statement, on a bare connection, each in a transaction of its own."""

    database: Database
    _compiled: dict[int, tuple[Any, Compiled]] = field(default_factory=dict)
    _door: threading.Lock = field(default_factory=threading.Lock)
    _batch: _Batch | None = None

    @property
    def race(self) -> type[Exception]:
        """What `append` raises when a unique key was already taken."""
        return self.database.integrity_error

    def rows(self, statement: Any, **values: Any) -> list[tuple[Any, ...]]:
        """The statement's rows, with the types of its columns."""
        compiled = self.compiled(statement)
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
        compiled = self.compiled(statement)
        write = _Write(compiled, compiled.bind(values))
        if then is not None:
            second = self.compiled(then)
            write.then = second.sql, second.bind(values)
        if self.database.lock is None:
            self._write_all([write])
        else:
            batch, leads = self._join(write)
            if leads:
                self._lead(batch, self.database.lock)
            else:
                with self.database.lock.seats.left():
                    batch.done.wait()
        if write.error is not None:
            raise write.error
        if not write.done:
            raise RuntimeError("the write was not carried out")
        return write.count

    @contextmanager
    def turn(self) -> Iterator[Turn]:
        """A transaction, committed when the block ends and rolled back when it raises.

        On SQLite it holds the write lock, so keep it short: everybody else waits.
        """
        lock = self.database.lock
        with lock.both() if lock is not None else nullcontext():
            connection = self.database.engine.raw_connection()
            try:
                cursor = connection.cursor()
                if lock is not None:
                    cursor.execute("BEGIN IMMEDIATE")
                yield Turn(self, cursor)
                connection.commit()
            except BaseException:
                with suppress(Exception):
                    connection.rollback()
                raise
            finally:
                connection.close()

    def _join(self, write: _Write) -> tuple[_Batch, bool]:
        """The batch that is being gathered; True for the first in it, who writes for all."""
        with self._door:
            if self._batch is None:
                self._batch = _Batch([write])
                return self._batch, True
            self._batch.writes.append(write)
            return self._batch, False

    def _lead(self, batch: _Batch, lock: WriteLock) -> None:
        try:
            with lock.both():
                self._shut(batch)
                self._write_all(batch.writes)
        finally:
            self._shut(batch)
            batch.done.set()

    def _shut(self, batch: _Batch) -> None:
        """Whoever comes now starts another batch."""
        with self._door:
            if self._batch is batch:
                self._batch = None

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

    def compiled(self, statement: Any) -> Compiled:
        """Compiled once; the statement has to be one that lives as long as the module."""
        known = self._compiled.get(id(statement))
        if known is None:
            known = (statement, Compiled.of(statement, self.database.engine.dialect))
            self._compiled[id(statement)] = known  # keeps the statement, so its id stays its own
        return known[1]
