"""A private PostgreSQL for the tests: own files, own socket, gone afterwards."""

import atexit
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

CAREFREE = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
START_SECONDS = 30
EMPTY = """
DO $$
DECLARE one record;
BEGIN
    SET LOCAL session_replication_role = replica;
    FOR one IN
        SELECT tablename FROM pg_tables
        WHERE schemaname = 'public' AND tablename <> 'alembic_version'
    LOOP
        EXECUTE format('DELETE FROM %I', one.tablename);
    END LOOP;
    PERFORM setval(format('%I.%I', schemaname, sequencename)::regclass, 1, false)
    FROM pg_sequences WHERE schemaname = 'public' AND last_value IS NOT NULL;
END $$
"""


class PostgresMissing(RuntimeError):  # noqa: N818 - reads as what it is
    """No PostgreSQL server is installed (Debian: apt-get install postgresql)."""


@dataclass(frozen=True)
class PrivatePostgres:
    """A running server, reached by a unix socket in its own folder; no password, no TCP."""

    folder: Path
    process: "subprocess.Popen[bytes]"

    @property
    def url(self) -> str:
        """The SQLAlchemy URL of the database `postgres`."""
        return self.url_of("postgres")

    def url_of(self, name: str) -> str:
        return f"postgresql+psycopg://postgres@/{name}?host={self.folder}"

    def create_database(self, name: str, template: str = "template1") -> str:
        """Create a database (a copy of `template`, which nobody may be using); its URL."""
        with self._connect() as connection:
            connection.execute(
                sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(
                    sql.Identifier(name), sql.Identifier(template)
                )
            )
        return self.url_of(name)

    def drop_database(self, name: str) -> None:
        """Drop it, whoever is still connected; nothing happens when there is none."""
        with self._connect() as connection:
            connection.execute(
                sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
            )

    def empty(self, name: str) -> None:
        """Empty every table but the migration's, numbering from 1 again.

        Rows are deleted with the foreign keys off, for TRUNCATE makes new files for each table:
        10 ms against 120 for few rows, and a new database takes a second.
        """
        with psycopg.connect(
            host=str(self.folder), user="postgres", dbname=name, autocommit=True
        ) as connection:
            connection.execute("SET lock_timeout = '10s'")
            connection.execute(EMPTY)

    def stop(self) -> None:
        """End the server and remove its files; a second call does nothing."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)  # "fast": does not wait for clients
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)
        atexit.unregister(self.stop)

    def _connect(self) -> "psycopg.Connection[Any]":
        return psycopg.connect(
            host=str(self.folder), user="postgres", dbname="postgres", autocommit=True
        )


def start_postgres(tmp: Path, *, durable: bool = False) -> PrivatePostgres:
    """Start a server and return once it answers; its log is `tmp / "postgres.log"`.

    Data and socket live in a short folder of their own under the system's temporary folder: the
    user postgres may not enter pytest's, and a socket's path may have 107 bytes.
    Without `durable` nothing is ever synced to the disk. Raises PostgresMissing.
    """
    programs = _programs()
    account = _account()
    folder = Path(tempfile.mkdtemp(prefix="legaled-pg-"))
    if account:
        shutil.chown(folder, account["user"], account["group"])
    data = folder / "data"
    options = [f"unix_socket_directories={folder}", "listen_addresses=", "max_connections=200"]
    options += () if durable else CAREFREE
    log_file = tmp / "postgres.log"
    with log_file.open("ab") as log:
        output: dict[str, Any] = {"stdout": log, "stderr": log, "stdin": subprocess.DEVNULL}
        initdb = [str(programs / "initdb"), "-D", str(data), "-U", "postgres", "-A", "trust"]
        initdb += ["-E", "UTF8", "--locale=C.UTF-8", "--no-sync", "--no-instructions"]
        try:
            subprocess.run(initdb, cwd=folder, check=True, **account, **output)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        command = [str(programs / "postgres"), "-D", str(data)]
        command += [word for option in options for word in ("-c", option)]
        process = subprocess.Popen(command, cwd=folder, **account, **output)
    server = PrivatePostgres(folder, process)
    atexit.register(server.stop)
    _wait_until_ready(server, log_file)
    return server


def _programs() -> Path:
    """The newest installed version's bin folder."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/postgres")]
    if not found:
        raise PostgresMissing("no /usr/lib/postgresql/*/bin/postgres")
    return max(found, key=lambda path: float(path.parent.name))


def _account() -> dict[str, Any]:
    """PostgreSQL refuses to run as root: whom subprocess should start it as then."""
    if os.geteuid() != 0:
        return {}
    try:
        pwd.getpwnam("postgres")
    except KeyError:
        raise PostgresMissing("running as root, and there is no user postgres") from None
    return {"user": "postgres", "group": "postgres", "extra_groups": []}


def _wait_until_ready(server: PrivatePostgres, log_file: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            server._connect().close()
            return
        except psycopg.OperationalError as error:
            if server.process.poll() is not None or time.monotonic() > deadline:
                server.stop()
                raise RuntimeError(f"PostgreSQL did not start:\n{log_file.read_text()}") from error
        time.sleep(0.02)
