"""Bundles: many files made one by one and given out as one zip; a folder for each, by its token.

The order lies in an upload's folder (`files.uploads`), with its notes, its state and its lock, so
it is found again by any process and goes after seven days. In it lie the pieces that are made so
far, in the end the zip, and then no pieces any more.
"""

import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from legaled.domain.text import clean
from legaled.files import uploads
from legaled.files.stats import Cell
from legaled.files.uploads import Upload

DONE = "done"
NAME_MAX = 80
_UNSAFE = frozenset('\\/:*?"<>|')


@dataclass(frozen=True)
class Piece:
    """One line of the index, and the name of the file that belongs to it ("": there is none)."""

    key: int
    name: str
    row: Sequence[Cell]


def safe_name(text: str) -> str:
    """Text as part of a file name on any system; never empty, never a way out of a folder."""
    plain = "".join("_" if c in _UNSAFE or not c.isprintable() else c for c in clean(text))
    return plain[:NAME_MAX].strip(" .") or "_"


def keys(folder: Path, order: Upload) -> list[int] | None:
    """What has to be made, once that is settled."""
    try:
        found: list[int] = json.loads((_home(folder, order) / "keys.json").read_bytes())
    except FileNotFoundError:
        return None
    return found


def settle_keys(folder: Path, order: Upload, found: Sequence[int]) -> None:
    """Raises FileNotFoundError when the order has been dropped in the meantime."""
    (_home(folder, order) / "pieces").mkdir(mode=0o700, exist_ok=True)
    _put(_home(folder, order) / "keys.json", json.dumps(list(found)).encode())


def made(folder: Path, order: Upload) -> set[int]:
    """The keys of the pieces that are there."""
    return {int(path.stem) for path in (_home(folder, order) / "pieces").glob("*.json")}


def add(folder: Path, order: Upload, piece: Piece, data: bytes | None) -> None:
    """Keep a piece; its notes come last, so that it is there whole or not at all."""
    home = _home(folder, order) / "pieces"
    if data is not None:
        _put(home / f"{piece.key}.bin", data)
    _put(home / f"{piece.key}.json", json.dumps(asdict(piece), ensure_ascii=False).encode())


def pieces(folder: Path, order: Upload, wanted: Iterable[int]) -> list[Piece]:
    home = _home(folder, order) / "pieces"
    return [Piece(**json.loads((home / f"{key}.json").read_bytes())) for key in wanted]


def finish(
    folder: Path, order: Upload, wanted: Sequence[Piece], extra: Mapping[str, bytes]
) -> int:
    """Make the zip of the extra files and the pieces, in this order; returns its size.

    Names are UTF-8 and unique; the same pieces give the same bytes.
    """
    home = _home(folder, order)
    aside = home / f"zip.{secrets.token_hex(4)}"
    taken = set[str]()
    with zipfile.ZipFile(aside, "x") as file:
        for name, data in extra.items():
            file.writestr(_entry(_unique(name, taken), order.stored), data)
        for piece in wanted:
            if piece.name:
                data = (home / "pieces" / f"{piece.key}.bin").read_bytes()
                file.writestr(_entry(_unique(piece.name, taken), order.stored), data)
    size = aside.stat().st_size
    aside.replace(home / "result.zip")
    return size


def clear(folder: Path, order: Upload) -> None:
    """Take away the pieces of a zip that is made."""
    shutil.rmtree(_home(folder, order) / "pieces", ignore_errors=True)


def result(folder: Path, order: Upload) -> Path | None:
    path = _home(folder, order) / "result.zip"
    return path if path.exists() else None


def make_room(folder: Path, owner: int, most: int) -> None:
    """Drop the owner's oldest finished bundles until fewer than `most` are left."""
    ready = [one for one in uploads.waiting(folder, owner)
             if uploads.state(folder, one).stage == DONE]
    for order in ready[max(0, most - 1):]:
        uploads.drop(folder, order)


def _entry(name: str, at: datetime) -> zipfile.ZipInfo:
    """Stored, for PDF is packed already; Python marks names that are not ASCII as UTF-8."""
    info = zipfile.ZipInfo(name, at.timetuple()[:6])
    info.external_attr = 0o644 << 16
    return info


def _unique(name: str, taken: set[str]) -> str:
    stem, dot, end = name.rpartition(".")
    number, free = 2, name
    while free.casefold() in taken:
        free, number = f"{stem}（{number}）{dot}{end}", number + 1
    taken.add(free.casefold())
    return free


def _home(folder: Path, order: Upload) -> Path:
    return folder / order.token


def _put(path: Path, data: bytes) -> None:
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)
    aside.replace(path)
