"""PDF from a typst template and plain data: the only home of typst.

What a template prints comes to it as data, never as source, so no name or title can be taken for
markup. The fonts are the ones that are installed with us, wherever it runs; the result is PDF/A-2u
(kept for long, text can be copied), which also refuses every character that no font can print.
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any, Final

import pylopdf_fonts_zh_cn
import typst

from legaled.domain.errors import InvalidError

TEMPLATES = Path(__file__).resolve().parent / "typst"
STANDARD: Final = "a-2u"
_NO_GLYPH = re.compile(r'the text `"(.+)"` could not be displayed', re.DOTALL)
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-f]+)\}|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "r": "\r", "t": "\t", "0": "\0"}
AROUND = 20


class MissingGlyphError(InvalidError):
    """A text holds a character that none of the fonts has.

    The facts `character`, `glyph` (U+…) and `text` say which, and where it stands.
    """

    code = "pdf_character"


def make_pdf(template: str, data: Mapping[str, Any], made: datetime) -> bytes:
    """The template `<template>.typ` with this data (plain JSON values, `d` in the template).

    The same data and the same `made` (whole seconds) give the same bytes. Raises MissingGlyphError
    rather than leaving a character out. Threads may call it; other threads run meanwhile.
    """
    pages = _compile(template, data, "pdf", made)
    return pages if isinstance(pages, bytes) else pages[0]


def make_pages(
    template: str, data: Mapping[str, Any], made: datetime, ppi: int = 96
) -> list[bytes]:
    """The same as pictures (PNG), one a page."""
    pages = _compile(template, data, "png", made, ppi)
    return [pages] if isinstance(pages, bytes) else list(pages)


def _compile(
    template: str, data: Mapping[str, Any], kind: Any, made: datetime, ppi: int | None = None
) -> bytes | list[bytes]:
    try:
        found: Any = typst.Compiler(
            str(TEMPLATES / f"{template}.typ"), root=str(TEMPLATES), font_paths=_fonts(),
            ignore_system_fonts=True,
            sys_inputs={"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        ).compile(
            format=kind, ppi=ppi, timestamp=int(made.astimezone(UTC).timestamp()),
            pdf_standards=STANDARD if kind == "pdf" else [],
        )
    except typst.TypstError as error:
        raise _refusal(error, data) from error
    pages: bytes | list[bytes] = found
    return pages


@cache
def _fonts() -> typst.Fonts:
    folder = str(Path(pylopdf_fonts_zh_cn.sans_path()).parent)
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
    )


def _refusal(error: typst.TypstError, data: Mapping[str, Any]) -> Exception:
    match = _NO_GLYPH.search(str(error))
    if match is None:
        return RuntimeError(f"the template does not compile: {error}")
    missing = _ESCAPE.sub(_unescaped, match[1])
    text = next((text for text in _texts(data) if missing in text), missing)
    at = max(text.find(missing) - AROUND // 2, 0)
    character = missing[0]
    return MissingGlyphError(
        character=character if character.isprintable() else "�",
        glyph=f"U+{ord(character):04X}",
        text="".join(c if c.isprintable() else "�" for c in text[at:at + AROUND]),
    )


def _unescaped(match: re.Match[str]) -> str:
    return chr(int(match[1], 16)) if match[1] else _PLAIN.get(match[2], match[2])


def _texts(value: Any) -> Iterator[str]:
    """Every text in plain data, in order."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for part in value.values():
            yield from _texts(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from _texts(part)


