"""Uploaded files that wait for their owner's decision: a folder for each, found by its token.

In it lie the file as it came, the owner's notes, how far the work on it has come, what was found
in it (`import_store`), and a lock that one process at a time holds. The lock goes with its
process, so work that was cut off can be taken up by whoever looks next.
"""

import errno
import fcntl
import json
import os
import re
import secrets
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

KEPT = timedelta(days=7)
MOST = 20  # how many files of one person may wait
HEADERS = 200  # how many headers are remembered
COLUMNS = "columns.known"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


class DiskFullError(Exception):
    """There is no room for the file; nothing of it is left."""


class TooManyError(Exception):
    """The owner has to write or drop some of the waiting files first."""


@dataclass(frozen=True)
class Upload:
    """The notes beside a waiting file. `options` are whatever the forms asked for."""

    token: str
    owner: int
    name: str
    size: int
    stored: datetime
    options: Mapping[str, Any]


@dataclass(frozen=True)
class State:
    """How far the work on a file has come; `failed` says why it cannot go on.

    `key` tells with which options the file was checked, `tries` how often that was begun without
    coming to an end. `moved`: it was given back, because it means something else than was
    confirmed. `import_id` is there once it is written.
    """

    stage: str = ""
    done: int = 0
    total: int = 0
    key: str = ""
    failed: str = ""
    message: str = ""
    bank_id: int = 0
    import_id: int = 0
    tries: int = 0
    moved: bool = False


def keep(
    folder: Path, owner: int, name: str, data: bytes, options: Mapping[str, Any], now: datetime
) -> Upload:
    """Store a file for its owner. What is older than seven days goes at the same time, and so
    do the oldest that are written already. TooManyError when twenty still wait, DiskFullError."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(folder, now)
    _make_room(folder, owner)
    upload = Upload(secrets.token_urlsafe(24), owner, name, len(data), now, dict(options))
    home = folder / f"{upload.token}.new"
    try:
        home.mkdir(mode=0o700)
        _write(home / "file", data)
        _write(home / "notes.json", _notes(upload))
        home.rename(folder / upload.token)  # whoever sees it sees all of it
    except OSError as error:
        shutil.rmtree(home, ignore_errors=True)
        if error.errno in {errno.ENOSPC, errno.EDQUOT}:
            raise DiskFullError from error
        raise
    return upload


def change(folder: Path, upload: Upload, **options: Any) -> Upload:
    """The same file with other options; nothing when it has been dropped in the meantime."""
    changed = replace(upload, options={**upload.options, **options})
    with suppress(FileNotFoundError):
        _put(folder / upload.token / "notes.json", _notes(changed))
    return changed


def find(folder: Path, owner: int, token: str) -> Upload | None:
    """None when there is no such file, or when it is somebody else's."""
    upload = look(folder, token)
    return upload if upload and upload.owner == owner else None


def look(folder: Path, token: str) -> Upload | None:
    """As `find`, for the work that is done for the owner."""
    return _read(folder / token) if _TOKEN.fullmatch(token) else None


def waiting(folder: Path, owner: int) -> list[Upload]:
    """The owner's files, newest first."""
    found = [_read(home) for home in _homes(folder)]
    mine = [upload for upload in found if upload and upload.owner == owner]
    return sorted(mine, key=lambda upload: (upload.stored, upload.token), reverse=True)


def content(folder: Path, upload: Upload) -> bytes | None:
    """The bytes as they came; None when the file has been dropped in the meantime."""
    with suppress(FileNotFoundError):
        return (folder / upload.token / "file").read_bytes()
    return None


def store(folder: Path, upload: Upload) -> Path:
    """Where what was found in the file is kept."""
    return folder / upload.token / "checked.sqlite"


def state(folder: Path, upload: Upload) -> State:
    try:
        return State(**json.loads((folder / upload.token / "state.json").read_bytes()))
    except (OSError, ValueError, TypeError):
        return State()


def set_state(folder: Path, upload: Upload, now_is: State) -> None:
    """Raises FileNotFoundError when the file has been dropped in the meantime."""
    words = json.dumps(asdict(now_is), ensure_ascii=False).encode()
    _put(folder / upload.token / "state.json", words)


@contextmanager
def alone(folder: Path, upload: Upload) -> Iterator[bool]:
    """True for the one, of all threads and processes, that may work on the file now."""
    try:
        file = (folder / upload.token / "lock").open("a")
    except FileNotFoundError:
        yield False
        return
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True


def drop(folder: Path, upload: Upload) -> None:
    """Forget the file; the notes go first, so that nobody finds half of it."""
    home = folder / upload.token
    (home / "notes.json").unlink(missing_ok=True)
    shutil.rmtree(home, ignore_errors=True)


def sweep(folder: Path, now: datetime) -> None:
    """Remove what is older than seven days, whoever owns it, and what a crash left behind."""
    for home in _homes(folder):
        upload = _read(home)
        if upload is None:
            if _is_old(home, now):
                shutil.rmtree(home, ignore_errors=True)
        elif now - upload.stored > KEPT:
            drop(folder, upload)
    for path in folder.glob("*"):
        if path.is_file() and path.name != COLUMNS and _is_old(path, now):
            path.unlink(missing_ok=True)


def remember(folder: Path, headers: Sequence[str], mapping: Mapping[str, str]) -> None:
    """Keep what the columns under this very header mean, for the next file that has it."""
    known = _columns(folder)
    known.pop(_header_key(headers), None)
    known[_header_key(headers)] = dict(mapping)
    words = json.dumps(dict(list(known.items())[-HEADERS:]), ensure_ascii=False)
    _put(folder / COLUMNS, words.encode())


def remembered(folder: Path, headers: Sequence[str]) -> dict[str, str]:
    """What was kept for this header; empty when it was never corrected."""
    return _columns(folder).get(_header_key(headers), {})


def _make_room(folder: Path, owner: int) -> None:
    mine = waiting(folder, owner)
    written = [one for one in mine if state(folder, one).import_id]
    if len(mine) - len(written) >= MOST:
        raise TooManyError
    for upload in written[max(0, MOST - 1 - (len(mine) - len(written))):]:
        drop(folder, upload)


def _is_old(path: Path, now: datetime) -> bool:
    with suppress(FileNotFoundError):  # somebody else has just moved it
        return path.stat().st_mtime < (now - KEPT).timestamp()
    return False


def _homes(folder: Path) -> list[Path]:
    return [path for path in folder.glob("*") if path.is_dir()]


def _header_key(headers: Sequence[str]) -> str:
    return json.dumps(list(headers), ensure_ascii=False)


def _columns(folder: Path) -> dict[str, dict[str, str]]:
    try:
        known = json.loads((folder / COLUMNS).read_bytes())
    except (OSError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}


def _notes(upload: Upload) -> bytes:
    fields = {**asdict(upload), "stored": upload.stored.isoformat()}
    return json.dumps(fields, ensure_ascii=False).encode()


def _put(path: Path, data: bytes) -> None:
    """Written aside and moved into place: a reader sees the old text or the new one."""
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    try:
        _write(aside, data)
        aside.replace(path)
    except OSError:
        aside.unlink(missing_ok=True)
        raise


def _write(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)


def _read(home: Path) -> Upload | None:
    """The notes; None when they are gone or are not ours."""
    try:
        fields = json.loads((home / "notes.json").read_bytes())
        upload = Upload(**{**fields, "stored": datetime.fromisoformat(fields["stored"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
    return upload if upload.token == home.name else None
