"""The lines of an official text, whatever it came as: what each is, before anything is decided."""

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum

from legaled.domain.law_numbers import NUMERAL, ArticleNumber, from_chinese
from legaled.domain.text import WHITE, squeeze

FRONT_MATTER_MAX = 60  # lines
HEADING_MAX = 120  # characters with page number and dots


class Level(Enum):
    """What a law is divided into, from the outside in."""

    PART = "part"
    SUBPART = "subpart"
    CHAPTER = "chapter"
    SECTION = "section"


LEVEL_LABEL = {
    Level.PART: "编", Level.SUBPART: "分编", Level.CHAPTER: "章", Level.SECTION: "节"}
_LEVEL = {"编": Level.PART, "篇": Level.PART, "分编": Level.SUBPART, "分篇": Level.SUBPART,
          "章": Level.CHAPTER, "节": Level.SECTION}


class Start(Enum):
    """How sure a line is that it opens an article."""

    SURE = "sure"  # 第一条　为了…
    GLUED = "glued"  # 第一条为了…
    LIKE_A_REFERENCE = "like a reference"  # 第一条 规定…


@dataclass(frozen=True)
class Head:
    """What a heading says. `number` is None for 附则 alone, `sub` counts 第三章之一."""

    level: Level
    number: int | None
    title: str
    sub: int = 0


@dataclass(frozen=True)
class Line:
    """One line. `number` is its place in its file, `text` is tidied, "" when it is empty."""

    number: int
    text: str
    indented: bool = False
    marked: int = 0  # the level of a Markdown heading
    head: Head | None = None
    article: ArticleNumber | None = None
    start: Start | None = None
    rest: str = ""  # behind the number of the article
    page_break: bool = False


_WIDE = "[^\x00-\x7f]"
_SPACE = re.compile(f"[{WHITE}]+")
_AT_WIDE = re.compile(f"(?<={_WIDE}) | (?={_WIDE})|(?<=[0-9]) (?=[0-9])")
_INVISIBLE = re.compile("[\u200b-\u200f\u2028-\u202e\u2060-\u2064\ufeff\u00ad]")
_RADICALS = re.compile("[\u2e80-\u2fdf\uf900-\ufaff]")
_COMMENT = re.compile(r"<!--.*?(?:-->|\Z)", re.DOTALL)
_TAG = re.compile(r"</?(?:p|br|div|span|center|font|b|strong|u|a|h[1-6])(?:\s[^<>]{0,300})?/?>",
                  re.IGNORECASE)
_LINK = re.compile(r"!?\[([^\[\]]{0,200})\]\([^()\s]{0,300}\)")
_MARKS = re.compile(r"^\s*((?:>\s*)*(?:[-+*]\s+)?)(#{1,6})?\s*")
_PAGE = re.compile(r"[-—–－·\s]*(?:第\s*)?\d{1,4}\s*页?[-—–－·\s]*"
                   r"(?:[/共,，]\s*共?\s*\d{1,4}\s*页?)?$")
_N = rf"[{NUMERAL}{WHITE}]{{1,24}}"
_ARTICLE = re.compile(
    rf"第({_N})(?:之([{NUMERAL}]{{1,3}}))?条(?:[{WHITE}]*之[{WHITE}]*([{NUMERAL}]{{1,3}}))?(.*)$",
    re.DOTALL)
_HEAD = re.compile(
    rf"第({_N})[{WHITE}]*(分[编篇]|[编篇章节])(?:之([{NUMERAL}]{{1,3}}))?(.*)$", re.DOTALL)
# what only stands behind a reference, and what also may open an article
_REFERENCE = re.compile(
    rf"[的、，,。；;）)》”」]|规定的|以及|所(?:称|列|规|述)|之(?:规定|[一二三四五六七八九十])|中(?:的|所|规)"
    rf"|第[{NUMERAL}]{{1,6}}[款项目]|[至和与或及]?第[{NUMERAL}]{{1,8}}[条章节]"
    rf"|[（(][{NUMERAL}]{{1,3}}[）)]项?")
_MAYBE = re.compile(rf"规定|[至和与或及等]|[{NUMERAL}]{{1,6}}[款项目]")
_INSIDE = re.compile(rf"第[{NUMERAL}]+[编章条]")
_RANGE = re.compile(r"[（(]第[^（）()]{1,30}条[）)]$")
_LEADER = re.compile(r"[.…·．。\-—_]{2,}\s*\d{0,4}$|(?<=[^\d])\d{1,4}$")
_ALONE = {"附则": Level.CHAPTER}
PREAMBLE = frozenset({"序言", "前言", "序"})
STOPS = "。；：！？;"


def tidy(text: str) -> str:
    """Without the white space that means nothing between Chinese characters."""
    return _AT_WIDE.sub("", _SPACE.sub(" ", text)).strip()


def read_lines(text: str) -> tuple[list[Line], str]:
    """The lines of one file, and the title that its front matter gives (or "")."""
    raw = re.sub(r"\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]", "\n", text).split("\n")
    skip, title = _front_matter(raw)
    body = _COMMENT.sub(lambda found: "\n" * found[0].count("\n"), "\n".join(raw[skip:]))
    lines = [
        line for number, one in enumerate(body.split("\n"), start=skip + 1)
        for line in _split(number, one)
    ]
    return _drop_pages(lines), title


def _front_matter(raw: Sequence[str]) -> tuple[int, str]:
    """How many lines the YAML head takes, and its title."""
    if not raw or raw[0].strip().lstrip("\ufeff") != "---":
        return 0, ""
    title = ""
    for place, line in enumerate(raw[1:FRONT_MATTER_MAX], start=2):
        if line.strip() in {"---", "..."}:
            return place, title
        if found := re.match(r"\s*(?:title|标题)\s*[:：]\s*(.+)$", line):
            title = tidy(found[1].strip().strip("'\""))
    return 0, ""


def _drop_pages(lines: Sequence[Line]) -> list[Line]:
    """Without page numbers; the line behind one knows that a page ended there."""
    kept: list[Line] = []
    for line in lines:
        if line.page_break:
            while kept and not kept[-1].text:
                kept.pop()
            kept.append(Line(line.number, "", page_break=True))
        elif line.text or not (kept and kept[-1].page_break):
            kept.append(line)
    return kept


def _split(number: int, raw: str) -> Iterator[Line]:
    """The line; two when a heading and its first article stand in one."""
    line = _line(number, raw)
    if line.head is None and line.article is None and re.match(r"第.{1,8}[编章节]", line.text):
        pieces = re.split(rf"[{WHITE}](?=第{_N}条[{WHITE}])", _clean(raw)[0], maxsplit=1)
        if len(pieces) == 2 and _line(number, pieces[0]).head:
            yield _line(number, pieces[0])
            line = _line(number, pieces[1])
    yield line


def _clean(raw: str) -> tuple[str, int]:
    """Without Markdown, tags and characters that cannot be seen; the level of its heading."""
    text = _INVISIBLE.sub("", html.unescape(raw) if "&" in raw else raw)
    text = _RADICALS.sub(lambda found: squeeze(found[0]), text)
    if "<" in text:
        text = _TAG.sub(" ", text)
    if "](" in text:
        text = _LINK.sub(r"\1", text)
    text = text.replace("**", " ").replace("__", " ")
    marks = _MARKS.match(text)
    level = len(marks[2] or "") if marks else 0
    return text[marks.end():] if marks and (marks[1] or marks[2]) else text, level


def _line(number: int, raw: str) -> Line:
    text, level = _clean(raw)
    plain = tidy(text)
    if not plain:
        return Line(number, "")
    if _PAGE.match(plain):
        return Line(number, "", page_break=True)
    indented = level == 0 and text[0] in WHITE
    inner = text.strip(WHITE)
    if found := _ARTICLE.match(inner):
        article, start = _article(found)
        if article is not None:
            return Line(number, plain, indented, level, None, article, start, tidy(found[4]))
    return Line(number, plain, indented, level, heading_of(inner, plain))


def _article(found: re.Match[str]) -> tuple[ArticleNumber | None, Start | None]:
    number = from_chinese(found[1])
    sub = from_chinese(found[2] or found[3] or "零")
    if not number or sub is None:
        return None, None
    rest, tail = found[4], tidy(found[4])
    if not tail:
        return ArticleNumber(number, sub), Start.SURE
    apart = rest[0] in WHITE or rest[0] in "【[［：:"
    maybe = _MAYBE.match(tail) is not None
    if _REFERENCE.match(tail) or (maybe and not apart):
        return None, None
    if maybe:
        return ArticleNumber(number, sub), Start.LIKE_A_REFERENCE
    return ArticleNumber(number, sub), Start.SURE if apart else Start.GLUED


def heading_of(inner: str, plain: str) -> Head | None:
    """第三章　档案的管理, 附则 alone; None for a sentence that only begins like one."""
    if len(plain) > HEADING_MAX:
        return None
    if plain in _ALONE:
        return Head(_ALONE[plain], None, plain)
    found = _HEAD.match(inner)
    number = from_chinese(found[1]) if found else None
    if found is None or not number:
        return None
    rest, title = found[4], _LEADER.sub("", _RANGE.sub("", tidy(found[4]))).strip()
    glued = rest[:1] not in WHITE if rest else False
    if len(title) > (30 if glued else 60) or any(char in STOPS + "，" for char in title):
        return None
    if _REFERENCE.match(title) or _MAYBE.match(title) or _INSIDE.search(title):
        return None
    return Head(_LEVEL[found[2]], number, title, from_chinese(found[3]) or 0 if found[3] else 0)
