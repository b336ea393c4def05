"""Uploaded files that wait for their owner's decision: one folder, a file and its notes each."""

import json
import os
import re
import secrets
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

KEPT = timedelta(days=7)
HEADERS = 200  # how many headers are remembered
COLUMNS = "columns.known"
_TOKEN = re.compile(r"[A-Za-z0-9_-]{32}")


@dataclass(frozen=True)
class Upload:
    """The notes beside a waiting file. `options` are whatever the form asked for."""

    token: str
    owner: int
    name: str
    size: int
    stored: datetime
    options: Mapping[str, Any]


def keep(
    folder: Path, owner: int, name: str, data: bytes, options: Mapping[str, Any], now: datetime
) -> Upload:
    """Store a file for its owner. What is older than seven days goes at the same time."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    sweep(folder, now)
    upload = Upload(secrets.token_urlsafe(24), owner, name, len(data), now, dict(options))
    _write(folder / upload.token, data)
    _note(folder, upload)
    return upload


def change(folder: Path, upload: Upload, **options: Any) -> Upload:
    """The same file with other options."""
    changed = replace(upload, options={**upload.options, **options})
    _note(folder, changed)
    return changed


def find(folder: Path, owner: int, token: str) -> Upload | None:
    """None when there is no such file, or when it is somebody else's."""
    if not _TOKEN.fullmatch(token):
        return None
    upload = _read(folder / f"{token}.json")
    return upload if upload and upload.owner == owner else None


def waiting(folder: Path, owner: int) -> list[Upload]:
    """The owner's files, newest first."""
    found = [_read(path) for path in folder.glob("*.json")]
    mine = [upload for upload in found if upload and upload.owner == owner]
    return sorted(mine, key=lambda upload: (upload.stored, upload.token), reverse=True)


def content(folder: Path, upload: Upload) -> bytes | None:
    """The bytes as they came; None when the file has been dropped in the meantime."""
    with suppress(FileNotFoundError):
        return (folder / upload.token).read_bytes()
    return None


def drop(folder: Path, upload: Upload) -> None:
    for name in (f"{upload.token}.json", upload.token):
        (folder / name).unlink(missing_ok=True)


def sweep(folder: Path, now: datetime) -> None:
    """Remove what is older than seven days, whoever owns it."""
    for path in folder.glob("*.json"):
        upload = _read(path)
        if upload and now - upload.stored > KEPT:
            drop(folder, upload)
    for path in folder.iterdir():  # what a crash left without its notes
        lost = path.name != COLUMNS and not path.with_suffix(".json").exists()
        if lost and path.stat().st_mtime < (now - KEPT).timestamp():
            path.unlink(missing_ok=True)


def remember(folder: Path, headers: Sequence[str], mapping: Mapping[str, str]) -> None:
    """Keep what the columns under this very header mean, for the next file that has it."""
    known = _columns(folder)
    known.pop(_header_key(headers), None)
    known[_header_key(headers)] = dict(mapping)
    aside = folder / f"columns.{secrets.token_hex(4)}.new"
    _write(aside, json.dumps(dict(list(known.items())[-HEADERS:]), ensure_ascii=False).encode())
    aside.replace(folder / COLUMNS)


def remembered(folder: Path, headers: Sequence[str]) -> dict[str, str]:
    """What was kept for this header; empty when it was never corrected."""
    return _columns(folder).get(_header_key(headers), {})


def _header_key(headers: Sequence[str]) -> str:
    return json.dumps(list(headers), ensure_ascii=False)


def _columns(folder: Path) -> dict[str, dict[str, str]]:
    try:
        known: dict[str, dict[str, str]] = json.loads((folder / COLUMNS).read_bytes())
    except (OSError, ValueError):
        return {}
    return known


def _note(folder: Path, upload: Upload) -> None:
    """Written aside and moved into place: a reader sees the old notes or the new ones."""
    fields = {**asdict(upload), "stored": upload.stored.isoformat()}
    aside = folder / f"{upload.token}.{secrets.token_hex(4)}.new"
    _write(aside, json.dumps(fields, ensure_ascii=False).encode())
    aside.replace(folder / f"{upload.token}.json")


def _write(path: Path, data: bytes) -> None:
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)


def _read(path: Path) -> Upload | None:
    """The notes; None when they are gone or are not ours."""
    try:
        fields = json.loads(path.read_bytes())
        return Upload(**{**fields, "stored": datetime.fromisoformat(fields["stored"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None
