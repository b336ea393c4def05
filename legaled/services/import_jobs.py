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
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import Session

from legaled.domain.banks import QuestionDraft
from legaled.domain.errors import DomainError, ForbiddenError
from legaled.domain.permissions import Actor, Permission
from legaled.files import import_store, uploads
from legaled.files.import_store import UnusableError
from legaled.files.uploads import State, Upload
from legaled.models import Person
from legaled.services import bank_against
from legaled.services.bank_imports import (
    ImportResult,
    OutlivedError,
    import_drafts,
    plan_import,
    result_of,
)
from legaled.services.import_checks import (
    CHECKING,
    COMPARING,
    TRIES,
    Doors,
    check_upload,
    key_of,
)

READY, WRITING, WRITTEN = "ready", "writing", "written"
log = logging.getLogger(__name__)


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
            try:
                work(self._doors, self.folder, token, self._now)
            except Exception as error:  # nowhere left to say it, as on a full disk
                log.error("import left", exc_info=error)


def is_settled(upload: Upload, now_is: State) -> bool:
    """Whether nothing happens until the owner does something."""
    waits = now_is.stage == READY and now_is.key == key_of(upload)
    return bool(now_is.failed or now_is.import_id) or (
        waits and not upload.options.get("confirmed"))


def work(doors: Doors, folder: Path, token: str, now: Callable[[], datetime]) -> None:
    """Bring the file as far as it goes without its owner; what goes wrong is said beside it. A
    file that is dropped meanwhile, or that somebody else works on, is left alone."""
    upload = uploads.look(folder, token)
    if upload is None:
        return
    with uploads.alone(folder, upload) as mine, suppress(FileNotFoundError):
        if not mine:
            return
        try:
            _bring(doors, folder, upload, now)
        except FileNotFoundError:
            raise
        except Exception as error:
            code = error.code if isinstance(error, DomainError) else "import_broken"
            log.log(logging.INFO if isinstance(error, DomainError) else logging.ERROR,
                    "import failed", exc_info=error)
            before = uploads.state(folder, upload)
            uploads.set_state(folder, upload, replace(before, failed=code))


def _bring(doors: Doors, folder: Path, upload: Upload, now: Callable[[], datetime]) -> None:
    """Step by step; what was found once and cannot be read any more is found again."""
    try:
        while _step(doors, folder, upload.token, now):
            pass
    except UnusableError:
        uploads.store(folder, upload).unlink(missing_ok=True)
        while _step(doors, folder, upload.token, now):
            pass


def _step(doors: Doors, folder: Path, token: str, now: Callable[[], datetime]) -> bool:
    """Do what is missing first; False when nothing is."""
    upload = uploads.look(folder, token)
    if upload is None:
        return False
    now_is = uploads.state(folder, upload)
    if now_is.failed or now_is.import_id:
        return False
    if now_is.key != key_of(upload) or not uploads.store(folder, upload).exists():
        check_upload(doors, folder, upload, now())
    elif done := _written(doors, upload):
        _set_written(folder, upload, done)
    elif not _compare(doors, folder, upload):
        pass
    elif upload.options.get("confirmed"):
        _write(doors, folder, upload, now)
    else:
        uploads.set_state(folder, upload, State(READY, key=now_is.key, moved=now_is.moved))
        return False
    return True


def _compare(doors: Doors, folder: Path, upload: Upload) -> bool:
    """True when what is kept about the bank still holds, else it is worked out again."""
    with import_store.opened(uploads.store(folder, upload)) as store, doors.read() as session:
        if bank_against.is_fresh(session, store, upload.options["bank"]):
            return True
        before = uploads.state(folder, upload)
        uploads.set_state(folder, upload, replace(before, stage=COMPARING, key=key_of(upload)))
        bank_against.compare(session, store, upload.options["bank"])
    return False


def _write(doors: Doors, folder: Path, upload: Upload, now: Callable[[], datetime]) -> None:
    """Write what was confirmed; what means something else by now goes back to its owner."""
    with import_store.opened(uploads.store(folder, upload)) as store:
        taken, seen, stamp = store.taken(), store.seen(), store.fact("stamp")
        drafts = store.drafts(taken)
    if seen != upload.options.get("seen", seen):
        uploads.change(folder, upload, confirmed=False)
        uploads.set_state(folder, upload, State(READY, key=key_of(upload), moved=True))
        return
    uploads.set_state(folder, upload, State(WRITING, 0, len(drafts), key_of(upload)))
    for left in reversed(range(TRIES)):
        try:
            done = _write_once(doors, folder, upload, drafts, taken, stamp, now)
            break
        except (IntegrityError, OperationalError):  # somebody else wrote at this very moment
            if not left:
                raise
    if done:
        _set_written(folder, upload, done)


def _write_once(
    doors: Doors, folder: Path, upload: Upload, drafts: list[QuestionDraft], taken: set[int],
    stamp: list[int], now: Callable[[], datetime],
) -> ImportResult | None:
    """None, and nothing written, when the bank or the owner's mind has changed meanwhile."""
    bank = upload.options["bank"]
    with doors.read() as session:
        actor = _owner(session, upload.owner)
        plan = plan_import(session, bank, drafts, take_conflicts=taken)
    if [plan.bank_id or 0, *plan.stamp] != stamp:
        return None
    with suppress(OutlivedError), doors.write() as session:
        current = uploads.look(folder, upload.token)
        if current is not None and current.options == upload.options:
            return import_drafts(
                session, actor, bank, drafts, now(), take_conflicts=taken, plan=plan,
                as_planned=True, practice=upload.options["practice"], token=upload.token,
                file=upload.name)
    return None


def _written(doors: Doors, upload: Upload) -> ImportResult | None:
    """What came of the file, should that have been forgotten."""
    with doors.read() as session:
        return result_of(session, upload.token)


def _set_written(folder: Path, upload: Upload, done: ImportResult) -> None:
    uploads.set_state(folder, upload, State(
        WRITTEN, key=key_of(upload), bank_id=done.bank_id or 0, import_id=done.import_id or 0))


def _owner(session: Session, person_id: int) -> Actor:
    """The person who confirmed, as they are now."""
    person = session.get(Person, person_id)
    if person is None:
        raise ForbiddenError()
    who = Actor(person.id, person.number, person.name, person.unit_id, person.roles)
    if not who.may(Permission.BANK_EDIT):
        raise ForbiddenError()
    return who
