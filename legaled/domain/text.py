"""Text as people type it: white space, full width, and what a spreadsheet would run."""

import re
import unicodedata

WHITE = " \t\r\n\v\f\x1c\x1d\x1e\x1f\x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006" \
    "\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000\u200b\u200c\u200d\u2060\ufeff"
_SPACES = re.compile(f"[{WHITE}]+")
_DANGEROUS = re.compile(r"'*[=+\-@\t\r]")
_ESCAPED = re.compile(r"'+[=+\-@\t\r]")


def clean(text: str) -> str:
    """Without white space (also zero-width) at its edges, and with `\\n` as the only line end."""
    return text.replace("\r\n", "\n").replace("\r", "\n").strip(WHITE)


def squeeze(text: str) -> str:
    """NFKC without any white space; squeezing twice changes nothing."""
    before = None
    while text != before:
        before, text = text, _SPACES.sub("", unicodedata.normalize("NFKC", text))
    return text


def width(text: str) -> int:
    """Columns that a text takes where Chinese takes two."""
    return sum(2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text)


def escape_cell(text: str) -> str:
    """Text that a spreadsheet would run as a formula gets one `'` in front."""
    return "'" + text if _DANGEROUS.match(text) else text


def unescape_cell(text: str) -> str:
    """Takes away what `escape_cell` put there, and nothing else."""
    return text[1:] if _ESCAPED.match(text) else text
