"""One measured job a process: prints its figures as JSON."""

import io
import json
import resource
import sqlite3
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from legaled import db
from legaled.clock import utc_now
from legaled.domain.permissions import SYSTEM
from legaled.files.bank_check import check
from legaled.models import Question
from legaled.services import bank_imports, bank_pages
from legaled.services.bank_search import Search
from tests.bench import files

SEARCH = Search(query="移交")


def peak() -> float:
    """MB that this process ever held."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def write_files(count: int, folder: Path) -> dict[str, Any]:
    """The files to read. Here and not in the parent, whose peak a child would inherit."""
    table = files.rows(count)
    (folder / f"{count}.csv").write_bytes(files.as_csv(table))
    (folder / f"{count}.xlsx").write_bytes(files.as_xlsx(table))
    return {}


def floor(path: Path) -> dict[str, Any]:
    """The least that reading the file and keeping its rows can be."""
    import pandas
    import python_calamine

    data, before, idle = path.read_bytes(), time.process_time(), peak()
    if path.suffix == ".csv":
        frame = pandas.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
        table = list(frame.itertuples(index=False, name=None))
    else:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(data))
        table = book.get_sheet_by_index(0).to_python()[1:]
    with tempfile.TemporaryDirectory() as scratch, \
            closing(sqlite3.connect(f"{scratch}/floor.sqlite")) as database:
        database.execute("PRAGMA journal_mode=WAL")
        columns = ", ".join(f"c{place} TEXT" for place in range(len(table[0])))
        database.execute(f"CREATE TABLE question ({columns})")
        marks = ", ".join("?" * len(table[0]))
        database.executemany(f"INSERT INTO question VALUES ({marks})", table)
        database.commit()
    return {"cpu": time.process_time() - before, "peak": peak(), "idle": idle}


def fresh(scratch: str) -> db.Database:
    database = db.Database(f"sqlite:///{scratch}/bench.sqlite")
    db.upgrade(database)
    return database


def import_file(path: Path) -> dict[str, Any]:
    """Reading, judging and writing, as `flask bank import` does."""
    with tempfile.TemporaryDirectory() as scratch:
        database = fresh(scratch)
        data, before, idle = path.read_bytes(), time.process_time(), peak()
        report = check(data, path.name)
        checked = time.process_time() - before
        assert report.exit_code == 0, report.errors[:3]
        with database.write() as session:
            began = time.perf_counter()
            result = bank_imports.import_drafts(session, SYSTEM, "题库", report.drafts, utc_now())
        lock = time.perf_counter() - began
        assert result.added == len(report.bank.rows), result
        database.close()
    return {"cpu": time.process_time() - before, "check": checked, "lock": lock,
            "peak": peak(), "idle": idle}


def filled(database: db.Database, count: int) -> int:
    """The id of a bank with so many questions."""
    report = check(files.as_csv(files.rows(count)), "bank.csv")
    with database.write() as session:
        return bank_imports.import_drafts(
            session, SYSTEM, "题库", report.drafts, utc_now()).bank_id or 0


def into(count: str, there: str) -> dict[str, Any]:
    """Comparing a file, half of it known, with a bank of that size and writing it."""
    with tempfile.TemporaryDirectory() as scratch:
        database = fresh(scratch)
        filled(database, int(there))
        half = int(count) // 2
        table = [*files.rows(half), *files.rows(int(there) + half, seed=1)[int(there):]]
        report = check(files.as_csv(table), "file.csv")
        before = time.process_time()
        with database.write() as session:
            result = bank_imports.import_drafts(session, SYSTEM, "题库", report.drafts, utc_now())
        cpu = time.process_time() - before
        assert (result.added, result.unchanged) == (half, half), result
        database.close()
    return {"cpu": cpu, "peak": peak(), "idle": 0.0}


def page(count: str) -> dict[str, Any]:
    """One page of a bank of that size, with a word to search for."""
    with tempfile.TemporaryDirectory() as scratch:
        database = fresh(scratch)
        bank_id = filled(database, int(count))
        statements = []

        def note(*words: Any) -> None:
            statements.append(words[2])

        sa.event.listen(database.engine, "before_cursor_execute", note)
        best = 99.0
        for _ in range(5):
            statements.clear()
            before = time.process_time()
            with database.read() as session:
                bank_pages.bank_page(session, SYSTEM, bank_id, utc_now(), SEARCH)
            best = min(best, time.process_time() - before)
        with database.read() as session:
            assert session.scalar(sa.select(sa.func.count(Question.id))) == int(count)
        database.close()
    return {"cpu": best, "queries": len(statements)}


JOBS = {"floor": lambda path: floor(Path(path)), "import": lambda path: import_file(Path(path)),
        "files": lambda count, folder: write_files(int(count), Path(folder)),
        "into": into, "page": page}

if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
