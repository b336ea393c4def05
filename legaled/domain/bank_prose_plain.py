"""Lines as people write them made plain: without bullets, Markdown, tags and page numbers."""

import re
from collections.abc import Sequence
from html import unescape

from legaled.domain.bank_prose_tokens import Line, Sort, without_stars
from legaled.domain.bank_prose_words import LABEL_AT, kind_heading
from legaled.domain.text import clean

_HASHES = re.compile(r"(#{1,6})(?=[^#])")
_QUOTES = re.compile(r"(?:>\s?){1,9}")
_BULLET = re.compile(r"[-*+•●○■□▪◆◇►▶·]\s{1,9}")
_CHECKBOX = re.compile(
    r"\[([ xX√])\]\s{1,9}|([√✓✔☑])\s{0,9}(?=[（(]?[A-L][、.．:：)）])|☐\s{0,9}")
_RULE = re.compile(r"[-=_*—─~·.#|:\s]{3,}$"
                   r"|[^，。？]{0,20}?第\s?\d{1,4}\s?页(?:[\s,，/（(]{0,3}共\s?\d{1,4}\s?页)?[）)]?$"
                   r"|-\s?\d{1,4}\s?-$|\d{1,3}(?:\.\d{1,2})?\s?分$")
_ESCAPE = re.compile(r"\\([\\`*_{}\[\]()#+\-.!~|<>])")
_ENTITY = re.compile(r"&(?:nbsp|ensp|emsp|lt|gt|amp|quot|ldquo|rdquo|middot|#\d{1,6});")
_GAP_TAG = re.compile(r"<u>(?:\s|&nbsp;){1,99}</u>")
_TAG = re.compile(r"</?(?:p|div|span|b|strong|u|em|i|font|details|summary)(?:\s[^<>]{0,200})?>")
_BOLD = re.compile(r"\*\*(?=[^\s*])([^*]{1,2000})(?<!\s)\*\*")
_CONTROL = dict.fromkeys(map(ord, "\x00\x1c\x1d\x1e\x1f"), " ")
_SPACED = re.compile(r"^([【\[]?)([答解])[ \u3000]{1,4}([案析])")
_LIST_HEAD = re.compile(r"(?<=[\s;；。,，])(?=[（(]?[一二三四五六七八九十]{1,2}[）)]?\s?[、.．]?\s?"
                        r"[^\s\d、.．]{2,8}?(?:题|答案)?\s?[:：]?\s{0,3}\d{1,3}\s?[.．、:：\-—－~～])")


def lists_apart(text: str) -> list[str]:
    """`一、单选题 1.B 2.C 二、多选题 1.AB` as two lines; any other line as it is."""
    if "题" not in text or len(text) > 20_000:
        return [text]
    parts = _LIST_HEAD.split(text)
    heads = [kind_heading(part.strip()) for part in parts[1:]]
    return parts if len(parts) > 1 and all(heads) else [text]


def undecorate(parts: Sequence[Line]) -> None:
    """Gives every line its plain text, and a name to those that their decoration tells."""
    held = False
    for place, one in enumerate(parts):
        text = one.raw.translate(_CONTROL).strip()
        if not text or (_RULE.match(text) and len(text) < 200 and "_" not in text):
            one.sort = Sort.BLANK
        elif held:
            held = "**" not in text
            one.sort, one.full = Sort.HELD, clean(text.removesuffix("**"))
        else:
            one.text = _without_bullet(one, clean(text) or text)
            held = _opens(one.text) and _closes(parts, place)
            _without_marks(one)
            one.sort = one.sort if one.text else Sort.BLANK


def _without_bullet(one: Line, text: str) -> str:
    text = _QUOTES.sub("", text, count=1) if text.startswith(">") else text
    if found := _BULLET.match(text):
        text = text[found.end():]
    if found := _CHECKBOX.match(text):
        one.checked = (found[1] or found[2] or " ") != " "
        text = text[found.end():]
    return text


def _opens(text: str) -> bool:
    return (text.startswith("**") and "**" not in text[2:]
            and LABEL_AT.match(text, 2) is not None)


def _closes(parts: Sequence[Line], place: int) -> bool:
    """Whether a bold answer that was opened is closed by the end of one of the next lines."""
    for one in parts[place + 1:place + 60]:
        text = one.raw.strip()
        if "**" in text:
            return text.endswith("**") and text.count("**") == 1
    return False


def _without_marks(one: Line) -> None:
    """Markdown, tags and entities away; a `#` line that names a kind is a heading at once."""
    text = one.text
    if "<" in text:
        text = _TAG.sub("", _GAP_TAG.sub("____", text))
    if "&" in text:
        text = _ENTITY.sub(lambda found: unescape(found[0]), text)
    if "\\" in text:
        text = _ESCAPE.sub(r"\1", text)
    if hashes := _HASHES.match(text):
        text = clean(text[hashes.end():].rstrip("#"))
    if "**" in text:
        text = without_stars(_BOLD.sub(r"\1", text))
        text = text[:-2] if text.endswith("**") and "**" not in text[:-2] else text
    one.text = one.full = _SPACED.sub(r"\1\2\3", clean(text) or text, count=1)
    one.hashed = hashes is not None
