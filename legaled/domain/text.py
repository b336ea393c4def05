"""Text as people type it: white space, full width, and what a spreadsheet would run."""

import re
import unicodedata

WHITE = " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006" \
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff"
_SPACES = re.compile(f"[{WHITE}]+")
# Letters that NFKC leaves alone, and no white space: most cells hold nothing else.
_STABLE = "!-~\u4e00-\u9fff、。《》〈〉【】〔〕「」“”‘’·"
_PLAIN = re.compile(f"[{_STABLE}]*").fullmatch
_SPACED = re.compile(f"[{_STABLE}{WHITE}]*").fullmatch
_WIDE = tuple(zip("，（）？：；！", ",()?:;!", strict=True))
_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def is_plain(text: str) -> bool:
    """Whether squeezing would change nothing, seen at a glance (False: it may)."""
    return _PLAIN(text) is not None


def clean(text: str) -> str:
    """Without white space (also zero-width) at its edges, and with `\\n` as the only line end."""
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.strip(WHITE)


def squeeze(text: str) -> str:
    """NFKC without any white space; squeezing twice changes nothing."""
    while not is_plain(text):
        text = _SPACES.sub("", fold(text))
        if unicodedata.is_normalized("NFKC", text):
            break
    return text


def fold(text: str) -> str:
    """NFKC, but white space may stay as it is; cheap for the letters of nearly every cell."""
    if is_plain(text):
        return text
    for wide, half in _WIDE:
        text = text.replace(wide, half)
    return text if _SPACED(text) else unicodedata.normalize("NFKC", text)


def width(text: str) -> int:
    """Columns that a text takes where Chinese takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def escape_cell(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets one `'` in front."""
    return "'" + text if _DANGEROUS.match(text) else text


def unescape_cell(text: str) -> str:
    """Takes away what `escape_cell` put there, and nothing else."""
    return text[1:] if _ESCAPED.match(text) else text
