"""Bytes to text: BOM, NUL share, strict UTF-8, strict GB18030; never a lossy decode."""

import re
from contextlib import suppress

from legaled.domain.bank_problems import refuse

_BOMS = ((b"\xef\xbb\xbf", "utf-8-sig", "utf-8"), (b"\xff\xfe", "utf-16-le", "utf-16-le"),
         (b"\xfe\xff", "utf-16-be", "utf-16-be"))
_TEXT = re.compile("[\t\n\r -~\u00a0-\u00ff\u2010-\u203f\u3000-\u303f\u4e00-\u9fff\uff00-\uffef]")
_SURE_UTF8 = re.compile("[\u2000-\U0010ffff]")


def decode(data: bytes) -> tuple[str, str]:
    """The text without its BOM, and the encoding by the name that the contract gives it."""
    for bom, name, codec in _BOMS:
        if data.startswith(bom):
            return _strictly(data[len(bom):], codec), name
    if b"\0" in data:
        return _without_bom(data)
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        if _is_mixed(data):
            raise refuse("mixed_encodings") from None
    return _strictly(data, "gb18030"), "gb18030"


def _strictly(data: bytes, codec: str) -> str:
    try:
        text = data.decode(codec)
    except UnicodeDecodeError:
        code = "mixed_encodings" if codec == "utf-8" and _is_mixed(data) else "undecodable"
        raise refuse(code) from None
    if "\0" in text:
        raise refuse("undecodable", "文件里有空字节。")
    return text


def _without_bom(data: bytes) -> tuple[str, str]:
    """UTF-16 by which half of its byte pairs reads as text; anything else with NULs is refused."""
    best = (0.8, "")
    for codec in ("utf-16-le", "utf-16-be"):
        sample = data[:10_000].decode(codec, errors="replace")
        best = max(best, (len(_TEXT.findall(sample)) / len(sample), codec))
    if not best[1]:
        raise refuse("undecodable", "文件里有空字节。")
    return _strictly(data, best[1]), best[1]


def _is_mixed(data: bytes) -> bool:
    """Whether some lines are surely UTF-8 and some can only be GB18030 (also a cut UTF-8 file).

    GB18030 would read such a file without complaint, and wrongly. A GB line that happens to be
    valid UTF-8 gives two-byte letters, or hardly ever four long characters in a row.
    """
    sure = other = False
    for line in set(data.splitlines()):
        if line.isascii():
            continue
        try:
            sure = len(_SURE_UTF8.findall(line.decode())) > 3 or sure
        except UnicodeDecodeError:
            with suppress(UnicodeDecodeError):
                other = bool(line.decode("gb18030")) or other
        if sure and other:
            return True
    return False
