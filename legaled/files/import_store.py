"""What was found in a waiting file, kept beside it, so that no page has to read the file again.

One SQLite file of its own for each waiting import. A page reads only the rows that it shows; what
the file says never changes once it is written, what it means for the bank and what its owner has
chosen may.
"""

import hashlib
import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from legaled.domain.bank_problems import ERRORS, Problem
from legaled.domain.bank_record import Record
from legaled.domain.banks import QuestionDraft
from legaled.files.bank_check import CheckReport
from legaled.files.banks import BankFile
from legaled.files.import_drafts import Against, dump, load

FORMAT = 2  # of these tables; whatever an older version left behind is checked again
_TABLES = f"""
PRAGMA user_version = {FORMAT};
CREATE TABLE fact (name TEXT PRIMARY KEY, value TEXT);
CREATE TABLE draft (id INTEGER PRIMARY KEY, row INTEGER, rival INTEGER, words TEXT);
CREATE TABLE problem (id INTEGER PRIMARY KEY, row INTEGER, place TEXT, code TEXT, error INTEGER,
    value TEXT, message TEXT);
CREATE TABLE pair (id INTEGER PRIMARY KEY, row INTEGER, first INTEGER, conflict INTEGER);
CREATE TABLE raw (row INTEGER PRIMARY KEY, cells TEXT, record TEXT);
CREATE TABLE against (row INTEGER PRIMARY KEY, outcome TEXT, name TEXT, retired INTEGER,
    kept TEXT, new TEXT);
CREATE TABLE choice (row INTEGER PRIMARY KEY);
"""
_INDEXES = """
CREATE INDEX draft_row ON draft (row);
CREATE INDEX problem_code ON problem (code);
CREATE INDEX problem_error ON problem (error);
CREATE INDEX pair_conflict ON pair (conflict);
"""
_SPOILT = frozenset({  # what the file itself says; a lock or a full disk is another matter
    sqlite3.SQLITE_ERROR, sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_FORMAT})
_LEFT_OUT = frozenset({"records", "rows", "errors"})  # of BankFile: large, or kept as problems


class UnusableError(Exception):
    """What is kept there cannot be read: the file has to be checked again."""


def write(path: Path, report: CheckReport, *, recalled: bool = False) -> None:
    """Keep a report there, whole or not at all. `recalled`: its columns are understood as
    somebody once said of the same header."""
    aside = path.with_name(f"{path.name}.new")
    aside.unlink(missing_ok=True)
    with closing(_connect(aside)) as store, store:
        store.executescript(_TABLES)
        _fill(store, report, recalled)
        store.executescript(_INDEXES)
    aside.replace(path)


def _fill(store: sqlite3.Connection, report: CheckReport, recalled: bool) -> None:
    shape = {one.name: getattr(report.bank, one.name) for one in fields(BankFile)
             if one.name not in _LEFT_OUT}
    first = next(iter(report.bank.rows.values()), ())
    facts = {
        "bank": shape, "rows": len(report.bank.rows), "first": first,
        "valid": {kind.value: number for kind, number in report.valid.items()},
        "recalled": recalled,
    }
    store.executemany("INSERT INTO fact VALUES (?, ?)", (
        (name, json.dumps(value, ensure_ascii=False, default=list))
        for name, value in facts.items()))
    said = hashlib.sha256()
    for rival, drafts in enumerate((report.drafts, report.rivals)):
        for draft in drafts:
            words = dump(draft)
            said.update(words.encode("utf-8", "surrogatepass"))
            store.execute("INSERT INTO draft (row, rival, words) VALUES (?, ?, ?)",
                          (draft.row, rival, words))
    store.execute("INSERT INTO fact VALUES ('said', ?)", (json.dumps(said.hexdigest()),))
    store.executemany(
        "INSERT INTO problem (row, place, code, error, value, message) VALUES (?, ?, ?, ?, ?, ?)",
        ((one.row, one.column, one.code, one.code in ERRORS, one.value, one.message)
         for one in (*report.errors, *report.warnings)))
    for conflict, pairs in enumerate((report.duplicates, report.conflicts)):
        store.executemany("INSERT INTO pair (row, first, conflict) VALUES (?, ?, ?)",
                          ((row, of, conflict) for row, of in pairs))
    wrong = {one.row for one in report.errors} & set(report.bank.rows)
    records = {one.row: dict(one.cells) for one in report.bank.records if one.row in wrong}
    store.executemany("INSERT INTO raw VALUES (?, ?, ?)", (
        (row, json.dumps(report.bank.rows[row], ensure_ascii=False),
         json.dumps(records.get(row), ensure_ascii=False))
        for row in sorted(row for row in wrong if row is not None)))


class Store:
    """A report that was kept. Use `opened`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._store = connection

    def _all(self, statement: str, *values: object) -> list[tuple[Any, ...]]:
        return self._store.execute(statement, values).fetchall()

    def _number(self, statement: str, *values: object) -> int:
        return int(self._all(statement, *values)[0][0])

    def fact(self, name: str) -> Any:
        """None when nobody has said it yet."""
        found = self._all("SELECT value FROM fact WHERE name = ?", name)
        return json.loads(found[0][0]) if found else None

    def bank(self) -> BankFile:
        """The file as read, without its rows."""
        shape = self.fact("bank")
        return replace(BankFile(**shape), headers=tuple(shape["headers"]))

    def refused_bank(self) -> BankFile:
        """The file as read, with those of its rows that are refused."""
        raw = self._all("SELECT row, cells, record FROM raw ORDER BY row")
        rows = {row: tuple(json.loads(cells)) for row, cells, _ in raw}
        records = [Record(row, json.loads(found)) for row, _, found in raw if found != "null"]
        return replace(self.bank(), rows=rows, records=records)

    def refused(self) -> int:
        """How many rows have errors."""
        return self._number("SELECT count(*) FROM raw")

    # ---- problems ----

    def problem_counts(self) -> list[tuple[str, int]]:
        """(code, how often), the commonest first."""
        return self._all(
            "SELECT code, count(*) FROM problem GROUP BY code ORDER BY 2 DESC, min(id)")

    def problems(self, code: str = "", limit: int = -1, offset: int = 0) -> list[Problem]:
        """Errors by row, then warnings by row; of one code, or `must` or `warn`, or all."""
        where, values = {
            "": ("1", ()), "must": ("error = 1", ()), "warn": ("error = 0", ()),
        }.get(code, ("code = ?", (code,)))
        found = self._all(
            "SELECT row, place, code, value, message FROM problem"  # noqa: S608 - words of ours
            f" WHERE {where} ORDER BY id LIMIT ? OFFSET ?", *values, limit, offset)
        return [Problem(*one) for one in found]

    # ---- questions ----

    def drafts(self, with_rivals: Collection[int] = ()) -> list[QuestionDraft]:
        """The questions to import, in the file's order, and the rivals of these rows."""
        found = self._store.execute("SELECT row, rival, words FROM draft ORDER BY row, id")
        return [load(words) for row, rival, words in found if not rival or row in with_rivals]

    def draft(self, row: int) -> QuestionDraft | None:
        found = self._all("SELECT words FROM draft WHERE row = ? ORDER BY rival, id", row)
        return load(found[0][0]) if found else None

    def rival(self, row: int) -> QuestionDraft | None:
        """The question of a row that contradicts an earlier one of the file."""
        found = self._all("SELECT words FROM draft WHERE row = ? AND rival = 1", row)
        return load(found[0][0]) if found else None

    def first_drafts(self, number: int) -> list[QuestionDraft]:
        """The first few that are in no conflict with the bank, as they are to be."""
        found = self._all(
            "SELECT coalesce(new, words) FROM draft LEFT JOIN against ON against.row = draft.row"
            " WHERE rival = 0 AND coalesce(outcome, '') <> 'conflict'"
            " ORDER BY draft.row, draft.id LIMIT ?", number)
        return [load(words) for (words,) in found]

    # ---- the same again, and otherwise ----

    def count_pairs(self, conflict: bool) -> int:
        return self._number("SELECT count(*) FROM pair WHERE conflict = ?", conflict)

    def repeats(self, limit: int, offset: int) -> list[tuple[int, str | int, bool]]:
        """(row, what it repeats, whether that is retired): inside the file, then the bank's."""
        return self._all(
            "SELECT row, first, 0 FROM pair WHERE conflict = 0 UNION ALL"
            " SELECT row, name, retired FROM against WHERE outcome = 'same' OR retired"
            " LIMIT ? OFFSET ?", limit, offset)

    def count_repeats(self) -> int:
        return self.count_pairs(conflict=False) + self._number(
            "SELECT count(*) FROM against WHERE outcome = 'same' OR retired")

    def seen(self) -> str:
        """Stands for all that an import would write or overwrite: another one as soon as the
        file is read otherwise, or a question that it speaks of has changed. Empty before."""
        return str(self.fact("seen") or "")

    def changed(
        self, limit: int, offset: int
    ) -> list[tuple[int, str, QuestionDraft, QuestionDraft]]:
        """(row, question, its words now, its words then) for the rows that become new versions."""
        found = self._all("SELECT row, name, kept, new FROM against WHERE outcome = 'changed'"
                          " ORDER BY row LIMIT ? OFFSET ?", limit, offset)
        return [(row, name, load(kept), load(new)) for row, name, kept, new in found]

    def count_against(self, outcome: str) -> int:
        return self._number("SELECT count(*) FROM against WHERE outcome = ?", outcome)

    def count_retired(self) -> int:
        return self._number("SELECT count(*) FROM against WHERE retired")

    def conflicts(
        self, limit: int = -1, offset: int = 0
    ) -> list[tuple[int, str | int, QuestionDraft | None]]:
        """(row, what it contradicts, what that says): with rows of the file, which say it
        themselves, then with the bank."""
        found = self._all(
            "SELECT row, first, NULL FROM pair WHERE conflict = 1 UNION ALL"
            " SELECT row, name, kept FROM against WHERE outcome = 'conflict'"
            " LIMIT ? OFFSET ?", limit, offset)
        return [(row, of, kept and load(kept)) for row, of, kept in found]

    def set_against(
        self, stamp: Sequence[int], counts: Mapping[str, int], rows: Iterable[Against]
    ) -> None:
        """What the file means for the bank as it was at this stamp. A choice stands as long as
        what it was made against does."""
        seen = hashlib.sha256(self.fact("said").encode())
        with self._store as store:
            before = self._chosen_against()
            store.execute("DELETE FROM against")
            for one in rows:
                line = (one.row, one.outcome, one.name, one.retired,
                        one.kept and dump(one.kept), one.new and dump(one.new))
                store.execute("INSERT OR REPLACE INTO against VALUES (?, ?, ?, ?, ?, ?)", line)
                if one.kept is not None:
                    seen.update(repr(line).encode())
            moved = before ^ self._chosen_against()
            store.executemany("DELETE FROM choice WHERE row = ?", {(one[0],) for one in moved})
            store.executemany("INSERT OR REPLACE INTO fact VALUES (?, ?)", (
                ("stamp", json.dumps(list(stamp))), ("counts", json.dumps(dict(counts))),
                ("seen", json.dumps(seen.hexdigest()[:32]))))

    def _chosen_against(self) -> set[tuple[Any, ...]]:
        return set(self._all("SELECT row, outcome, name, kept FROM choice JOIN against USING (row)"
                             " WHERE outcome = 'conflict'"))

    # ---- the owner's choices ----

    def taken(self) -> set[int]:
        """The rows whose conflict was decided for the file."""
        return {row for (row,) in self._all("SELECT row FROM choice")}

    def count_taken_from_bank(self) -> int:
        """How many conflicts with the bank were decided for the file."""
        return self._number("SELECT count(*) FROM choice JOIN against USING (row)"
                            " WHERE outcome = 'conflict'")

    def choose(self, taken: Iterable[int], left: Iterable[int]) -> None:
        """Decide these conflicts; what is no conflict is passed over."""
        real = self._conflict_rows()
        with self._store as store:
            store.executemany("DELETE FROM choice WHERE row = ?", ((row,) for row in left))
            store.executemany("INSERT OR IGNORE INTO choice VALUES (?)",
                              ((row,) for row in taken if row in real))

    def choose_all(self, take: bool) -> None:
        """One answer for every conflict."""
        rows = self._conflict_rows()
        self.choose(rows if take else (), () if take else rows)

    def _conflict_rows(self) -> set[int]:
        return {row for (row,) in self._all(
            "SELECT row FROM pair WHERE conflict = 1 UNION"
            " SELECT row FROM against WHERE outcome = 'conflict'")}


@contextmanager
def opened(path: Path) -> Iterator[Store]:
    """The report kept there; raises FileNotFoundError when there is none, and UnusableError for
    what was cut off, spoilt, or written by another version of these tables."""
    if not path.exists():
        raise FileNotFoundError(path)
    try:
        with closing(_connect(path)) as connection:
            if connection.execute("PRAGMA user_version").fetchone() != (FORMAT,):
                raise UnusableError(path)
            yield Store(connection)
    except sqlite3.DatabaseError as error:
        if getattr(error, "sqlite_errorcode", 0) & 0xFF not in _SPOILT:
            raise
        raise UnusableError(path) from error


def _connect(path: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(path, timeout=10)
    connection.execute("PRAGMA synchronous = OFF")  # can be made again from the file
    return connection
