"""Reading and judging a waiting file; what is found is kept beside it."""

import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy.orm import Session

from legaled.domain.bank_problems import Problem, problem
from legaled.domain.errors import DomainError
from legaled.files import import_store, uploads
from legaled.files.bank_check import CheckReport, check
from legaled.files.uploads import State, Upload
from legaled.services.law_versions import article_counts

TRIES = 3
BEAT = 0.3  # seconds between two notes of progress
READING, CHECKING, COMPARING = "reading", "checking", "comparing"
MENDABLE = {"missing_column"}  # a file without questions that a corrected column may bring out


class Doors(Protocol):
    """The database as the work needs it: sessions of its own, outside of any request."""

    def read(self) -> AbstractContextManager[Session]: ...
    def write(self) -> AbstractContextManager[Session]: ...


def key_of(upload: Upload) -> str:
    """The options on which the outcome of the check depends."""
    names = ("sheet", "mapping", "accept_trailing")
    return repr([upload.options.get(name) or None for name in names])


def check_upload(doors: Doors, folder: Path, upload: Upload, now: datetime) -> None:
    """Read and judge the file; what is found is kept beside it. A file on which the process has
    died again and again is given up."""
    tries = uploads.state(folder, upload).tries + 1
    if tries > TRIES:
        raise DomainError("import_broken")
    uploads.set_state(folder, upload, State(READING, tries=tries))
    data = uploads.content(folder, upload)
    if data is None:
        raise FileNotFoundError(upload.token)
    progress = _Progress(folder, upload, tries)
    with doors.read() as session:
        articles = article_counts(session, now)
    judged = partial(_judged, upload, data, articles, progress)
    chosen, known = upload.options.get("mapping") or None, dict[str, str]()
    report = judged(chosen)
    if chosen is None and report.bank.header_row is not None:
        known = uploads.remembered(folder, report.bank.headers)
        if known and known != dict(report.bank.mapping):
            report = judged(known)
    if lost := unusable(report):
        uploads.set_state(folder, upload, State(
            READING, key=key_of(upload), failed="unreadable", message=lost.message))
        return
    import_store.write(uploads.store(folder, upload), report, recalled=bool(known))
    uploads.set_state(folder, upload, State(COMPARING, key=key_of(upload)))


def _judged(
    upload: Upload, data: bytes, articles: Callable[[str], int | None] | None,
    progress: "_Progress", mapping: dict[str, str] | None,
) -> CheckReport:
    options = upload.options
    return check(
        data, upload.name, accept_trailing=options["accept_trailing"], articles=articles,
        sheet=options.get("sheet"), mapping=mapping, progress=progress)


def unusable(report: CheckReport) -> Problem | None:
    """Why nothing can be made of the file, not even by naming its columns."""
    lost = next((one for one in report.errors if one.row is None), None)
    if report.exit_code == 2 or (lost and not report.bank.rows):
        return lost or report.errors[0]
    if not report.bank.rows and not MENDABLE & {one.code for one in report.errors}:
        return problem("no_rows")
    return None


class _Progress:
    """Notes how many rows are judged, now and then."""

    def __init__(self, folder: Path, upload: Upload, tries: int) -> None:
        self._folder, self._upload, self._tries, self._last = folder, upload, tries, 0.0

    def __call__(self, done: int, total: int) -> None:
        at = time.monotonic()
        if at - self._last >= BEAT:
            self._last = at
            uploads.set_state(self._folder, self._upload, State(
                CHECKING, done, total, tries=self._tries))
