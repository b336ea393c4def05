"""The work on waiting files that nobody should have to watch: checking, comparing, writing.

One thread a process does it, one file after the other. All that it knows lies beside the file
(`files.uploads`), so a page may be left and found again, another process may answer the next look,
and work that was cut off is taken up by the next look: `step` always asks what is still missing.
Nothing is written into a bank but in one transaction.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Protocol

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from legaled.domain.bank_problems import Problem, problem
from legaled.domain.errors import DomainError, ForbiddenError
from legaled.domain.permissions import Actor, Permission
from legaled.files import import_store, uploads
from legaled.files.bank_check import CheckReport, check
from legaled.files.uploads import State, Upload
from legaled.models import Person
from legaled.services import bank_against
from legaled.services.bank_imports import ImportResult, import_drafts, plan_import
from legaled.services.law_versions import article_counts

TRIES = 3
BEAT = 0.3  # seconds between two notes of progress
READING, CHECKING, COMPARING, READY, WRITING, WRITTEN = (
    "reading", "checking", "comparing", "ready", "writing", "written")
MENDABLE = {"missing_column"}  # a file without questions that a corrected column may bring out
log = logging.getLogger(__name__)


class Doors(Protocol):
    """The database as the work needs it: sessions of its own, outside of any request."""

    def read(self) -> AbstractContextManager[Session]: ...
    def write(self) -> AbstractContextManager[Session]: ...


class Jobs:
    """The thread of this process. `inline` does the work at once instead: for tests."""

    def __init__(
        self, doors: Doors, folder: Path, now: Callable[[], datetime], *, inline: bool = False
    ) -> None:
        self.folder = folder
        self._doors, self._now, self._inline = doors, now, inline
        self._queue: deque[str] = deque()
        self._turn = threading.Lock()
        self._running = False

    def start(self, token: str) -> None:
        """See to this file soon, if there is anything to do and nobody else is at it."""
        if self._inline:
            work(self._doors, self.folder, token, self._now)
            return
        with self._turn:
            if token not in self._queue:
                self._queue.append(token)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="imports", daemon=True).start()

    def settle(self, upload: Upload, seconds: float, *, read: bool = False) -> State:
        """Wait so long at most until the work is done, or (`read`) the file is known for good."""
        ends = time.monotonic() + seconds
        while True:
            now_is = uploads.state(self.folder, upload)
            known = read and now_is.stage in {CHECKING, COMPARING}
            if known or is_settled(upload, now_is) or time.monotonic() > ends:
                return now_is
            time.sleep(0.03)

    def _run(self) -> None:
        while True:
            with self._turn:
                if not self._queue:
                    self._running = False
                    return
                token = self._queue.popleft()  # from now on another start means another look
            work(self._doors, self.folder, token, self._now)


def key_of(upload: Upload) -> str:
    """The options on which the outcome of the check depends."""
    names = ("sheet", "mapping", "accept_trailing")
    return repr([upload.options.get(name) or None for name in names])


def is_settled(upload: Upload, now_is: State) -> bool:
    """Whether nothing happens until the owner does something."""
    waits = now_is.stage == READY and now_is.key == key_of(upload)
    return bool(now_is.failed or now_is.import_id) or (
        waits and not upload.options.get("confirmed"))


def work(doors: Doors, folder: Path, token: str, now: Callable[[], datetime]) -> None:
    """Bring the file as far as it goes without its owner. Never raises; a file that is dropped
    meanwhile, or that somebody else works on, is left alone."""
    upload = uploads.look(folder, token)
    if upload is None:
        return
    with uploads.alone(folder, upload) as mine, suppress(FileNotFoundError):
        if not mine:
            return
        try:
            while _step(doors, folder, token, now):
                pass
        except FileNotFoundError:
            raise
        except Exception as error:
            code = error.code if isinstance(error, DomainError) else "import_broken"
            log.log(logging.INFO if isinstance(error, DomainError) else logging.ERROR,
                    "import failed", exc_info=error)
            before = uploads.state(folder, upload)
            uploads.set_state(folder, upload, replace(before, failed=code))


def _step(doors: Doors, folder: Path, token: str, now: Callable[[], datetime]) -> bool:
    """Do what is missing first; False when nothing is."""
    upload = uploads.look(folder, token)
    if upload is None:
        return False
    now_is = uploads.state(folder, upload)
    if now_is.failed or now_is.import_id:
        return False
    if now_is.key != key_of(upload) or not uploads.store(folder, upload).exists():
        _check(doors, folder, upload, now())
    elif upload.options.get("confirmed"):
        _write(doors, folder, upload, now)
    elif _compare(doors, folder, upload):
        uploads.set_state(folder, upload, State(READY, key=now_is.key))
        return False
    return True


# ---- checking ----

def _check(doors: Doors, folder: Path, upload: Upload, now: datetime) -> None:
    """Read and judge the file; what is found is kept beside it."""
    uploads.set_state(folder, upload, State(READING))
    data = uploads.content(folder, upload)
    if data is None:
        raise FileNotFoundError(upload.token)
    progress = _Progress(folder, upload)
    with doors.read() as session:
        articles = article_counts(session, now)
    judged = partial(_judged, upload, data, articles, progress)
    report = judged(upload.options.get("mapping") or None)
    if not upload.options.get("mapping"):
        known = uploads.remembered(folder, report.bank.headers)
        if known and known != dict(report.bank.mapping):
            report = judged(known)
    if lost := unusable(report):
        uploads.set_state(folder, upload, State(
            READING, key=key_of(upload), failed="unreadable", message=lost.message))
        return
    import_store.write(uploads.store(folder, upload), report)
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

    def __init__(self, folder: Path, upload: Upload) -> None:
        self._folder, self._upload, self._last = folder, upload, 0.0

    def __call__(self, done: int, total: int) -> None:
        at = time.monotonic()
        if at - self._last >= BEAT:
            self._last = at
            uploads.set_state(self._folder, self._upload, State(CHECKING, done, total))


# ---- comparing, writing ----

def _compare(doors: Doors, folder: Path, upload: Upload) -> bool:
    """True when what is kept about the bank still holds, else it is worked out again."""
    with import_store.opened(uploads.store(folder, upload)) as store, doors.read() as session:
        if bank_against.is_fresh(session, store, upload.options["bank"]):
            return True
        uploads.set_state(folder, upload, State(COMPARING, key=key_of(upload)))
        bank_against.compare(session, store, upload.options["bank"])
    return False


def _write(doors: Doors, folder: Path, upload: Upload, now: Callable[[], datetime]) -> None:
    with import_store.opened(uploads.store(folder, upload)) as store:
        taken = store.taken()
        drafts = store.drafts(taken)
    writing = State(WRITING, 0, len(drafts), key_of(upload))
    uploads.set_state(folder, upload, writing)
    options = upload.options
    for left in reversed(range(TRIES)):
        try:
            with doors.read() as session:
                actor = _owner(session, upload.owner)
                plan = plan_import(session, options["bank"], drafts, take_conflicts=taken)
            with doors.write() as session:
                done: ImportResult = import_drafts(
                    session, actor, options["bank"], drafts, now(), take_conflicts=taken,
                    practice=options["practice"], plan=plan, token=upload.token, file=upload.name)
            break
        except (IntegrityError, OperationalError):  # somebody else wrote at this very moment
            if not left:
                raise
    uploads.set_state(folder, upload, replace(
        writing, stage=WRITTEN, bank_id=done.bank_id or 0, import_id=done.import_id or 0))


def _owner(session: Session, person_id: int) -> Actor:
    """The person who confirmed, as they are now."""
    person = session.get(Person, person_id)
    if person is None:
        raise ForbiddenError()
    who = Actor(person.id, person.number, person.name, person.unit_id, person.roles)
    if not who.may(Permission.BANK_EDIT):
        raise ForbiddenError()
    return who
