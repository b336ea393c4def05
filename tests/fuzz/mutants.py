"""Broken bank files: seeds of every kind that the readers know, and what may befall them."""

import io
import random
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from legaled.domain.banks import SUFFIXES

NASTY = (
    b"\0", b"\xff", b"\xfe\xff", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\x80", b"\x1a",
    b'"', b"'", b",", b"\t", b";", b"\r", b"\n", b"<", b">", b"]]>", b"&a;", b"=1+1", b"%00",
    b"<!DOCTYPE x [<!ENTITY a 'b'>]>", b"9" * 30, b"-1", b"AAAAAAA1", b"A1048577", b"1-99999 ABCD",
    b"A." * 50, b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"\xb4\xf0\xb0\xb8", "答案：".encode(),
    "【答案】".encode(), "一、单选题".encode(), "第999999999999条".encode(),
)


@dataclass(frozen=True)
class Mutant:
    """One input: what it grew from, the name it came under, its bytes."""

    seed: str
    name: str
    data: bytes


def mutants(seeds: list[Path], start: int) -> Iterator[Mutant]:
    """Broken files without end; the same start gives the same ones."""
    number = start
    while True:
        chance = random.Random(number)
        path = chance.choice(seeds)
        data = path.read_bytes()
        for _ in range(chance.choice((1, 1, 1, 2, 4, 8))):
            data = chance.choice(WAYS)(chance, data)
        suffix = path.suffix if chance.random() < 0.8 else f".{chance.choice(SUFFIXES)}"
        yield Mutant(path.name, f"{number}{suffix}", data)
        number += 1


def _flip(chance: random.Random, data: bytes) -> bytes:
    """Some bytes become others."""
    if not data:
        return data
    spoiled = bytearray(data)
    for _ in range(chance.randint(1, 8)):
        spoiled[chance.randrange(len(spoiled))] = chance.randrange(256)
    return bytes(spoiled)


def _cut(chance: random.Random, data: bytes) -> bytes:
    """Half a file."""
    return data[: chance.randint(0, len(data))]


def _drop(chance: random.Random, data: bytes) -> bytes:
    """A stretch is missing."""
    at = chance.randint(0, len(data))
    return data[:at] + data[at + chance.randint(1, 200):]


def _insert(chance: random.Random, data: bytes) -> bytes:
    """Something stands where it should not."""
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(NASTY) * chance.choice((1, 1, 1, 40)) + data[at:]


def _repeat(chance: random.Random, data: bytes) -> bytes:
    """A stretch comes again, elsewhere."""
    at, to = chance.randint(0, len(data)), chance.randint(0, len(data))
    piece = data[at: at + chance.randint(1, 400)]
    return data[:to] + piece + data[to:]


def _recode(chance: random.Random, data: bytes) -> bytes:
    """The text in another encoding, wherever it can be written so."""
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        return data
    codec = chance.choice(("gb18030", "utf-16", "utf-16-le", "utf-16-be", "utf-8-sig", "utf-32"))
    return text.encode(codec, errors="ignore")


def _inside(chance: random.Random, data: bytes) -> bytes:
    """One part of a zipped file is spoiled and zipped again."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {part.filename: archive.read(part) for part in archive.infolist()}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, OSError, EOFError, ValueError):
        return _flip(chance, data)
    except Exception as error:  # zlib.error and whatever else a broken stream raises
        if type(error).__module__ not in {"zlib", "lzma", "struct"}:
            raise
        return _flip(chance, data)
    if not parts:
        return data
    wanted = [name for name in parts if "sheet" in name or "document" in name] or list(parts)
    name = chance.choice(wanted if chance.random() < 0.7 else list(parts))
    parts[name] = chance.choice((_flip, _cut, _drop, _insert, _repeat))(chance, parts[name])
    if chance.random() < 0.05:
        del parts[chance.choice(list(parts))]
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, content in parts.items():
            archive.writestr(part, content)
    return packed.getvalue()


Way = Callable[[random.Random, bytes], bytes]
WAYS: tuple[Way, ...] = (_flip, _cut, _drop, _insert, _repeat, _recode, _inside, _inside)
