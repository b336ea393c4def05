"""A trainer's official text on its way into the library: understood, shown, then kept."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from legaled.domain.errors import ForbiddenError, NotFoundError
from legaled.domain.law_text import LawText, parse
from legaled.domain.permissions import Actor
from legaled.files import uploads
from legaled.files.laws import read_texts, title_of

WAITING_MAX = 5  # a person's older files go


@dataclass(frozen=True)
class Opened:
    """A waiting text, read again. `source` names its files."""

    token: str
    source: str
    text: LawText


def receive(
    folder: Path, actor: Actor, files: Sequence[tuple[str, bytes]], now: datetime
) -> str:
    """Keep the files of one law until their owner decides; the token to find them by.

    Raises LawUnreadableError when they are not the text of a law; then nothing is kept.
    """
    owner = _owner(actor)
    names, texts = [name for name, _ in files], read_texts(files)
    parse(texts, title_of(names[0]))
    if folder.is_dir():
        for old in uploads.waiting(folder, owner)[WAITING_MAX - 1:]:
            uploads.drop(folder, old)
    data = json.dumps([names, texts], ensure_ascii=False).encode()
    return uploads.keep(folder, owner, "、".join(names)[:200], data, {}, now).token


def open_waiting(folder: Path, actor: Actor, token: str) -> Opened:
    """Raises NotFoundError when there is none, or it is somebody else's."""
    upload = uploads.find(folder, _owner(actor), token)
    data = uploads.content(folder, upload) if upload else None
    if upload is None or data is None:
        raise NotFoundError()
    names, texts = json.loads(data)
    return Opened(token, upload.name, parse(texts, title_of(names[0])))


def drop(folder: Path, actor: Actor, token: str) -> str:
    """Forget the files; what they were called."""
    upload = uploads.find(folder, _owner(actor), token)
    if upload is None:
        raise NotFoundError()
    uploads.drop(folder, upload)
    return upload.name


def _owner(actor: Actor) -> int:
    if actor.id is None:
        raise ForbiddenError()
    return actor.id
