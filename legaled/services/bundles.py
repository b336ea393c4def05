"""Bundles: a zip of many PDF, made in the background, seen from any process, resumed after a kill.

A kind says who may ask, for whom a piece is made, and what each piece says; the rest is the same
for all. One thread a process does the work, one bundle after the other. It holds no database
session while a PDF is made; what is made stays beside the order, so whoever looks next goes on.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, DomainError, ForbiddenError, NotFoundError
from legaled.domain.permissions import Actor, Permission
from legaled.files import bundles as store
from legaled.files import uploads
from legaled.files.bundles import DONE, Piece
from legaled.files.pdf import MissingGlyphError, make_pdf
from legaled.files.stats import Cell, Table, to_xlsx
from legaled.files.uploads import State, Upload
from legaled.models import Person
from legaled.services.import_checks import Doors

MAKING = "making"
CHUNK = 25  # people read in one session
KEPT_READY = 5  # finished bundles kept for one owner
TRIES = 3  # how often a bundle is begun without making anything
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Sheet:
    """One PDF to be: its file name without ending, template and data, and its line in the index."""

    key: int
    name: str
    template: str
    data: Mapping[str, Any]
    row: Sequence[Cell]


@dataclass(frozen=True)
class Kind:
    """`keys` are asked once, `read` for some of them at a time; both as of the moment of order."""

    label: str
    need: Permission
    header: Sequence[str]
    keys: Callable[[Session, Actor, Mapping[str, Any], datetime], Sequence[int]]
    read: Callable[
        [Session, Actor, Mapping[str, Any], Sequence[int], datetime], Sequence[Sheet]]


KINDS: dict[str, Kind] = {}


def register(name: str, kind: Kind) -> None:
    KINDS[name] = kind


@dataclass(frozen=True)
class Bundle:
    """An order as its owner sees it now."""

    order: Upload
    state: State
    label: str
    size: int

    @property
    def is_ready(self) -> bool:
        return self.state.stage == DONE

    @property
    def is_settled(self) -> bool:
        return self.is_ready or bool(self.state.failed)


class Worker:
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
        """See to this order soon, if there is anything to do and nobody else is at it."""
        if self._inline:
            work(self._doors, self.folder, token)
            return
        with self._turn:
            if token not in self._queue:
                self._queue.append(token)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="bundles", daemon=True).start()

    def _run(self) -> None:
        while True:
            with self._turn:
                if not self._queue:
                    self._running = False
                    return
                token = self._queue.popleft()
            try:
                work(self._doors, self.folder, token)
            except Exception as error:  # nowhere left to say it, as on a full disk
                log.error("bundle left", exc_info=error)


def order(
    folder: Path, actor: Actor, kind: str, name: str, values: Mapping[str, Any], now: datetime
) -> Upload:
    """Ask for a bundle; the same one that is still being made is not made twice.

    Raises NotFoundError for a kind that is not the actor's to ask, ConflictError `bundles_full`
    and `bundle_disk`.
    """
    if kind not in KINDS or actor.id is None or not actor.may(KINDS[kind].need):
        raise NotFoundError()
    options = {"kind": kind, "values": dict(values)}
    for one in uploads.waiting(folder, actor.id):
        at = uploads.state(folder, one)
        if one.options == options and at.stage != DONE and not at.failed:
            return one
    store.make_room(folder, actor.id, KEPT_READY)
    try:
        return uploads.keep(folder, actor.id, name, b"", options, now)
    except uploads.TooManyError as error:
        raise ConflictError("bundles_full") from error
    except uploads.DiskFullError as error:
        raise ConflictError("bundle_disk") from error


def find(folder: Path, actor: Actor, token: str) -> Bundle:
    """Whoever asked, while the kind is still theirs to ask, and the office. Else NotFoundError."""
    found = uploads.look(folder, token)
    if found is None or not _may_see(actor, found):
        raise NotFoundError()
    return _bundle(folder, found)


def mine(folder: Path, actor: Actor) -> list[Bundle]:
    """The actor's bundles, the newest first."""
    return [_bundle(folder, one) for one in uploads.waiting(folder, actor.id or 0)
            if _may_see(actor, one)]


def content(folder: Path, bundle: Bundle) -> Path:
    """Where the zip lies. Raises NotFoundError before it is ready and after it was dropped."""
    path = store.result(folder, bundle.order) if bundle.is_ready else None
    if path is None:
        raise NotFoundError()
    return path


def retry(folder: Path, bundle: Bundle) -> None:
    """Forget why it failed; what was made is kept."""
    with suppress(FileNotFoundError):
        uploads.set_state(folder, bundle.order, replace(bundle.state, failed="", tries=0))


def drop(folder: Path, bundle: Bundle) -> None:
    uploads.drop(folder, bundle.order)


def settle(folder: Path, bundle: Bundle, seconds: float) -> Bundle:
    """Wait so long at most until it is ready or failed."""
    ends = time.monotonic() + seconds
    while not bundle.is_settled and time.monotonic() < ends:
        time.sleep(0.03)
        bundle = _bundle(folder, bundle.order)
    return bundle


def work(doors: Doors, folder: Path, token: str) -> None:
    """Make what is missing; what goes wrong is said beside the order. An order that is dropped
    meanwhile, or that somebody else works on, is left alone."""
    found = uploads.look(folder, token)
    if found is None:
        return
    with uploads.alone(folder, found) as alone, suppress(FileNotFoundError):
        if not alone or _bundle(folder, found).is_settled:
            return
        try:
            _make(doors, folder, found)
        except FileNotFoundError:
            raise
        except Exception as error:
            code = error.code if isinstance(error, DomainError) else "bundle_broken"
            log.log(logging.INFO if isinstance(error, DomainError) else logging.ERROR,
                    "bundle failed", exc_info=error)
            before = uploads.state(folder, found)
            uploads.set_state(folder, found, replace(before, failed=code))


def _make(doors: Doors, folder: Path, found: Upload) -> None:
    kind, values = KINDS[found.options["kind"]], found.options["values"]
    before = uploads.state(folder, found)
    if before.tries >= TRIES:
        uploads.set_state(folder, found, replace(before, failed="bundle_broken"))
        return
    uploads.set_state(folder, found, replace(before, stage=MAKING, tries=before.tries + 1))
    wanted = _keys(doors, folder, found, kind)
    there = store.made(folder, found)
    missing = [key for key in wanted if key not in there]
    for at in range(0, len(missing), CHUNK):
        with doors.read() as session:
            sheets = kind.read(
                session, _owner(session, found, kind), values, missing[at:at + CHUNK],
                found.stored)
        for sheet in sheets:
            _add(folder, found, sheet)
            there.add(sheet.key)
            uploads.set_state(folder, found, State(MAKING, len(there), len(wanted)))
    _finish(folder, found, kind, wanted)


def _keys(doors: Doors, folder: Path, found: Upload, kind: Kind) -> list[int]:
    known = store.keys(folder, found)
    if known is None:
        with doors.read() as session:
            owner = _owner(session, found, kind)
            known = list(kind.keys(session, owner, found.options["values"], found.stored))
        store.settle_keys(folder, found, known)
    return known


def _add(folder: Path, found: Upload, sheet: Sheet) -> None:
    """A sheet that cannot be printed gets a line in the index that says why."""
    try:
        data = make_pdf(sheet.template, sheet.data, found.stored)
    except MissingGlyphError as error:
        why = "没有生成：字库里没有“{character}”（{glyph}），见“{text}”".format(**error.facts)
        store.add(folder, found, Piece(sheet.key, "", [*sheet.row, "", why]), None)
        return
    name = store.safe_name(sheet.name) + ".pdf"
    store.add(folder, found, Piece(sheet.key, name, [*sheet.row, name, ""]), data)


def _finish(folder: Path, found: Upload, kind: Kind, wanted: Sequence[int]) -> None:
    pieces = store.pieces(folder, found, wanted)
    index = Table("目录", [*kind.header, "文件", "说明"], [piece.row for piece in pieces])
    store.finish(folder, found, pieces, {"目录.xlsx": to_xlsx([index])})
    left = sum(not piece.name for piece in pieces)
    uploads.set_state(folder, found, State(
        DONE, len(pieces), len(pieces), message=str(left) if left else ""))
    store.clear(folder, found)


def _bundle(folder: Path, found: Upload) -> Bundle:
    path = store.result(folder, found)
    size = path.stat().st_size if path else 0
    kind = KINDS.get(found.options.get("kind", ""))
    return Bundle(found, uploads.state(folder, found), kind.label if kind else "", size)


def _may_see(actor: Actor, found: Upload) -> bool:
    kind = KINDS.get(found.options.get("kind", ""))
    if kind is None or not actor.may(kind.need):
        return False
    return found.owner == actor.id or actor.may(Permission.STATS_NAMES)


def _owner(session: Session, found: Upload, kind: Kind) -> Actor:
    """The person who asked, as they are now."""
    person = session.get(Person, found.owner)
    if person is None:
        raise ForbiddenError()
    who = Actor(person.id, person.number, person.name, person.unit_id, person.roles)
    if not who.may(kind.need):
        raise ForbiddenError()
    return who
