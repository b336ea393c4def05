"""Photographs from outside: looked through, drawn anew without what the camera wrote into them.

What a file is, its content says and not its name. Kept are the picture, turned upright, at most
2560 pixels long, and the time it was taken; the place, the camera and all else are left behind.
"""

import fcntl
import hashlib
import io
import os
import secrets
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

from PIL import ExifTags, Image, ImageOps

from legaled.domain.times import BEIJING

FORMATS = ("JPEG", "PNG", "WEBP")
LONGEST, THUMB = 2560, 480
MOST_PIXELS = 64_000_000
_ONE_AT_A_TIME = threading.Lock()  # a large picture takes 200 MB while it is open
_HEIF = (b"heic", b"heix", b"hevc", b"mif1", b"msf1", b"heim", b"avif")
_BROKEN = (OSError, ValueError, SyntaxError, EOFError, KeyError, IndexError, TypeError,
           OverflowError, struct.error)
_BOMB = (Image.DecompressionBombError, Image.DecompressionBombWarning)


class PhotoError(Exception):
    """The file cannot be kept as a photograph; `code` says why."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Photo:
    """A picture as it is kept. `digest` names it by its content."""

    picture: bytes
    thumb: bytes
    digest: str
    taken: datetime | None
    width: int
    height: int


def read_photo(data: bytes) -> Photo:
    """What is kept of an uploaded file. Raises PhotoError: `photo_empty`, `photo_heic`,
    `photo_unknown`, `photo_huge` or `photo_broken`."""
    if not data:
        raise PhotoError("photo_empty")
    if data[4:8] == b"ftyp" and data[8:12] in _HEIF:
        raise PhotoError("photo_heic")
    with _ONE_AT_A_TIME:
        try:
            return _read(data)
        except _BOMB as error:
            raise PhotoError("photo_huge") from error
        except _BROKEN as error:
            raise PhotoError("photo_broken") from error


def _read(data: bytes) -> Photo:
    try:
        opened = Image.open(io.BytesIO(data), formats=FORMATS)
    except _BROKEN as error:
        raise PhotoError("photo_unknown") from error
    with opened as image:
        if image.width * image.height > MOST_PIXELS:
            raise PhotoError("photo_huge")
        taken = _taken(image)
        image.thumbnail((LONGEST, LONGEST), Image.Resampling.LANCZOS, reducing_gap=3)
        upright = ImageOps.exif_transpose(image)
        plain = _plain(upright)
    picture = _jpeg(plain, 85)
    small = plain.copy()
    small.thumbnail((THUMB, THUMB), Image.Resampling.LANCZOS)
    return Photo(picture, _jpeg(small, 80), hashlib.sha256(picture).hexdigest(), taken,
                 plain.width, plain.height)


def _plain(image: Image.Image) -> Image.Image:
    """The pixels alone, on white where nothing was."""
    new = Image.new("RGB", image.size, "white")
    if image.mode in {"RGBA", "LA", "PA"} or "transparency" in image.info:
        seen = image.convert("RGBA")
        new.paste(seen, mask=seen.getchannel("A"))
    else:
        new.paste(image.convert("RGB"))
    return new


def _jpeg(image: Image.Image, quality: int) -> bytes:
    out = io.BytesIO()
    image.save(out, "JPEG", quality=quality, optimize=True, progressive=True)
    return out.getvalue()


def _taken(image: Image.Image) -> datetime | None:
    """When the camera says it was; its clock is Beijing's unless it names another."""
    try:
        inner = image.getexif().get_ifd(ExifTags.IFD.Exif)
        written = str(inner[ExifTags.Base.DateTimeOriginal]).strip("\0 ")
        naive = datetime.strptime(written, "%Y:%m:%d %H:%M:%S")  # noqa: DTZ007 - zone follows
        zone = _zone(str(inner.get(ExifTags.Base.OffsetTimeOriginal, "")).strip("\0 "))
        at = naive.replace(tzinfo=zone).astimezone(UTC)
    except _BROKEN:
        return None
    return at if 1990 <= at.year <= 2100 else None


def _zone(offset: str) -> timezone | ZoneInfo:
    """`+08:00`; anything else is Beijing."""
    digits = offset[1:].replace(":", "")
    if offset[:1] not in ("+", "-") or len(digits) != 4 or not digits.isascii() \
            or not digits.isdecimal() or int(digits[:2]) > 14 or int(digits[2:]) > 59:
        return BEIJING
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(ahead if offset[0] == "+" else -ahead)


# ---- the folder ----

def picture_path(folder: Path, digest: str) -> Path:
    return folder / f"{digest}.jpg"


def thumb_path(folder: Path, digest: str) -> Path:
    return folder / f"{digest}.small.jpg"


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """The files and the rows that name them change together, one at a time."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with (folder / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def store(folder: Path, photo: Photo) -> None:
    """Both files, written aside and moved into place; the same picture twice is one file."""
    _put(picture_path(folder, photo.digest), photo.picture)
    _put(thumb_path(folder, photo.digest), photo.thumb)


def drop(folder: Path, digest: str) -> None:
    picture_path(folder, digest).unlink(missing_ok=True)
    thumb_path(folder, digest).unlink(missing_ok=True)


def _put(path: Path, data: bytes) -> None:
    if path.exists():
        return
    aside = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
    with open(os.open(aside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
        file.write(data)
    aside.replace(path)
