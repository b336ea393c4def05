"""The laws that ship: a folder each, with the study guide as Markdown and the bank as CSV."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from markdown_it import MarkdownIt
from markdown_it.token import Token

GUIDE = "guide.md"
BANK = "bank.csv"
PER_MINUTE = 400  # characters read in a minute
SHORT = 7  # characters: 第一百二十四条
PHONE_COLUMNS = 3  # so many columns of short cells can be read at 360 px
_MARKDOWN = MarkdownIt("commonmark", {"html": False}).enable("table")


@dataclass(frozen=True)
class Section:
    """One `##` of a guide. `anchor` is an id that collides with none of the page's own."""

    anchor: str
    heading: str
    html: str


@dataclass(frozen=True)
class Guide:
    """A study guide, ready to print: `html` is safe, `name` is the folder's."""

    name: str
    title: str
    intro: str
    sections: tuple[Section, ...]
    minutes: int


def shipped(folder: Path) -> tuple[Guide, ...]:
    """Every law of the folder by name; one without a guide is left out. Re-read when it changed."""
    if not folder.is_dir():
        return ()
    paths = sorted(path for path in folder.glob(f"*/{GUIDE}") if path.is_file())
    return tuple(_read(path, path.stat().st_mtime_ns) for path in paths)


@lru_cache(maxsize=256)
def _read(path: Path, _changed: int) -> Guide:
    return parse(path.parent.name, path.read_text("utf-8-sig"))


def parse(name: str, text: str) -> Guide:
    """A guide from its Markdown: `#` is the title, each `##` opens a section."""
    tokens = _MARKDOWN.parse(text)
    _mend_tables(tokens)
    title, intro, sections = name, "", []
    anchors: dict[str, int] = {}
    for heading, level, body in _parts(tokens):
        html = _MARKDOWN.renderer.render(body, _MARKDOWN.options, {})
        if level == "h2":
            sections.append(Section(_anchor(heading, anchors), heading, html))
        else:
            title, intro = heading or title, intro + html
    letters = sum(len("".join(_plain(token).split())) for token in tokens)
    return Guide(name, title, intro, tuple(sections), max(1, -(-letters // PER_MINUTE)))


def _parts(tokens: Sequence[Token]) -> Iterator[tuple[str, str, list[Token]]]:
    """(heading, its level, what follows) for each `#` and `##`, and for what stands before."""
    heading, level = "", ""
    body: list[Token] = []
    place = 0
    while place < len(tokens):
        token = tokens[place]
        if token.type == "heading_open" and token.level == 0 and token.tag in {"h1", "h2"}:
            yield heading, level, body
            heading, level, body = _plain(tokens[place + 1]), token.tag, []
            place += 3
        else:
            body.append(token)
            place += 1
    yield heading, level, body


def _plain(token: Token) -> str:
    return "".join(_plain(child) for child in token.children or ()) or (
        token.content if token.type in {"text", "code_inline", "fence", "code_block"} else ""
    )


def _anchor(heading: str, taken: dict[str, int]) -> str:
    """Letters and digits of the heading (`s-第一章-总则`), numbered when it comes again."""
    words = re.findall(r"[^\W_]+", unicodedata.normalize("NFKC", heading).lower())
    anchor = "-".join(["s", *words])
    taken[anchor] = taken.get(anchor, 0) + 1
    return anchor if taken[anchor] == 1 else f"{anchor}--{taken[anchor]}"


def _mend_tables(tokens: Sequence[Token]) -> None:
    """A table too wide for a phone folds into entries; a short cell at an edge does not break."""
    table = Token("", "", 0)
    labels: list[str] = []
    column = 0
    for place, token in enumerate(tokens):
        if token.type == "table_open":
            table, labels = token, []
        elif token.type == "thead_close":
            fold = " table-fold" if len(labels) > PHONE_COLUMNS else ""
            table.attrSet("class", f"table-x{fold}")
        elif token.type == "tr_open":
            column = 0
        elif token.type == "th_open":
            token.attrs = {"scope": "col"}
            labels.append(_plain(tokens[place + 1]))
        elif token.type == "td_open":
            text, close = _plain(tokens[place + 1]), tokens[place + 2]
            _mend_cell(token, close, labels, column, text)
            column += 1


def _mend_cell(cell: Token, close: Token, labels: list[str], column: int, text: str) -> None:
    """The first cell heads its row. Alignment goes: inline styles are against the site's policy."""
    if column == 0:
        cell.tag = close.tag = "th"
        cell.attrs = {"scope": "row"}
    else:
        cell.attrs = {"data-label": labels[column]}
    edge = column in {0, len(labels) - 1}
    if edge and max(map(len, re.split("[、，；]", text))) <= SHORT:
        cell.attrSet("class", "keep")
