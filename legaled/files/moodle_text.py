"""Text between us and Moodle: HTML and plain text, gaps and Moodle's cloze codes.

What `to_html` and `to_cloze` write, `from_html` and `from_cloze` read back letter by letter.
Every scan is linear in the length of the text, whatever is in it.
"""

import html
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from legaled.domain.text import WHITE

# ---- HTML to text, as a browser would show it ----

_TOKEN = re.compile(
    r"(?P<space>[ \t\r\n\f]+)|(?P<text>[^<& \t\r\n\f]+)"
    r"|<(?P<close>/?)(?P<name>[A-Za-z][\w:.-]{0,30})(?P<tag>[^<>]*)>|<[!?][^<>]*>"
    r"|(?P<entity>&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,31});)|(?P<other>.)",
    re.DOTALL)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_BLOCKS = _words(
    "address article aside blockquote center dd div dl dt fieldset figure footer form h1 h2 h3 h4 "
    "h5 h6 header hr li main nav ol p pre section table tbody tfoot thead tr ul")
_PICTURES = _words("img audio video object embed iframe svg canvas picture source")
_HIDDEN = frozenset(("script", "style"))
_CELLS = frozenset(("td", "th"))
_RAISED = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
_LOWERED = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")
_PLACED = {"sup": _RAISED, "sub": _LOWERED}
# a character that XML cannot hold: `<span class="ctrl-31"></span>`, which Moodle does not show
_CONTROL = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_CONTROL_SPAN = re.compile(r'\s*class="ctrl-(\d{1,5})"')
_GAPS_BELOW = '<div class="gaps-below">'  # our own mark: gaps of a stem that shows none


@dataclass
class _Page:
    """What is on the page so far, and where the reading stands."""

    keep_lines: bool  # line ends of the source count
    out: list[str] = field(default_factory=lambda: [""])
    soft: bool = True  # at the start of a line, or behind a space that may vanish
    hidden: str = ""
    pre: int = 0
    placed: str = ""
    pictures: bool = False

    def say(self, text: str) -> None:
        table = _PLACED.get(self.placed)
        self.out.append(text.translate(table) if table else text)
        self.soft = False

    def space(self, source: str) -> None:
        if self.pre:
            self.say(source)
        elif self.keep_lines and "\n" in source:
            self.out += ["\n"] * source.count("\n")
            self.soft = True
        elif not self.soft:
            self.out.append(" ")
            self.soft = True

    def line(self, *, always: bool) -> None:
        if self.out[-1] == " " and self.soft:
            self.out.pop()
        if always or not self.out[-1].endswith("\n"):
            self.out.append("\n")
        self.soft = True

    def tag(self, name: str, closes: bool) -> None:
        self.pictures |= name in _PICTURES
        if name == "br":
            self.line(always=True)
        elif name in _BLOCKS:
            self.line(always=False)
        elif name in _CELLS:
            self.space(" ")
        elif name in _HIDDEN:
            self.hidden = "" if closes else name
        elif name in _PLACED:
            self.placed = "" if closes else name
        if name == "pre":
            self.pre = max(0, self.pre + (-1 if closes else 1))


def from_html(source: str, *, keep_lines: bool = False) -> tuple[str, bool]:
    """The text that people see, and whether a picture or another file stood in it.

    Blocks and `<br>` end a line, other white space of the source is one space; what is written
    as an entity stays as it is.
    """
    if "<" not in source and "&" not in source and not re.search(r"\s", source):
        return source, False
    page = _Page(keep_lines)
    for found in _TOKEN.finditer(_without_comments(source)):
        kind = found.lastgroup
        if kind == "tag":
            name = found["name"].lower()
            if not page.hidden or name == page.hidden:
                page.tag(name, bool(found["close"]))
            if control := _CONTROL_SPAN.match(found["tag"]):
                page.say("".join(_CONTROL.findall(chr(int(control[1])))))
        elif page.hidden or kind is None:
            continue
        elif kind == "space":
            page.space(found[0].replace("\r\n", "\n").replace("\r", "\n"))
        else:
            page.say(_entity(found[0]) if kind == "entity" else found[0])
    return "".join(page.out).strip(WHITE), page.pictures


def _entity(text: str) -> str:
    return html.unescape(text).replace("\xa0", " ")


def _without_comments(source: str) -> str:
    head, *rest = source.split("<!--")
    return head + "".join(part.partition("-->")[2] for part in rest)


# ---- text to HTML ----

_LOST_SPACE = re.compile(r"\t|(?<!\S) | (?!\S)")  # a space that a browser would not show


def to_html(text: str) -> str:
    """HTML that shows the text, its lines and its spaces."""
    lines = html.escape(_LOST_SPACE.sub(lambda one: f"\0{ord(one[0])};", text), quote=False)
    lines = lines.replace("\0", "&#").replace("\n", "<br />")
    return _CONTROL.sub(lambda one: f'<span class="ctrl-{ord(one[0])}"></span>', lines)


# ---- gaps ----

_GAP = re.compile(rf"_{{2,}}|[(（][{WHITE}]*[)）]")
_CLOZE = re.compile(r"\{\s*+\d*+\s*+:(?P<type>[A-Z_]{2,20}):(?P<body>(?:\\.|[^\\{}])*+)\}",
                    re.DOTALL)
_SHORT = frozenset(("SHORTANSWER", "SA", "MW", "SHORTANSWER_C", "SAC", "MWC"))
_RIGHT = re.compile(r"(?:=|%(?:100(?:[.,]0*)?)%)(.*)", re.DOTALL)
_CODED = re.compile(r"""[&<>"'\\{}~#=%* \t\n]""")
_BREAK = re.compile(r"<br\s*/?>")
_OPENED = re.compile(rf"[(（][{WHITE}]*$")
_CLOSED = re.compile(rf"[{WHITE}]*[)）]")


def gap_answers(part: str) -> list[str]:
    """The alternatives of a gap, as our key writes them."""
    return part.split("|")


def escape_star(text: str) -> str:
    """In a short answer of Moodle `*` stands for anything; `\\*` is the star itself."""
    return text.replace("*", r"\*")


def unescape_star(text: str) -> str:
    return text.replace(r"\*", "*")


def to_cloze(stem: str, key: Sequence[str]) -> str:
    """The stem as HTML with a cloze code in every gap; below it when the stem shows no gaps."""
    gaps = list(_GAP.finditer(stem))
    codes = [_code(part) for part in key]
    if len(gaps) != len(codes):
        return f"{_cloze_html(stem)}{_GAPS_BELOW}{' '.join(codes)}</div>"
    out, at = [], 0
    for gap, code in zip(gaps, codes, strict=True):
        shown = gap[0] if gap[0][0] == "_" else gap[0][:-1]
        inside = _OPENED.search(stem, 0, gap.start()) and _CLOSED.match(stem, gap.end())
        if shown == "____" and not inside:
            shown = ""
        out += [_cloze_html(stem[at:gap.start()] + shown), code]
        at = gap.start() + len(gap[0]) - (gap[0][0] != "_")
    return "".join([*out, _cloze_html(stem[at:])])


def _cloze_html(text: str) -> str:
    return to_html(text).replace("{", "&#123;").replace("}", "&#125;")


def _code(part: str) -> str:
    right = "~".join("=" + _CODED.sub(lambda one: f"&#{ord(one[0])};", escape_star(one))
                     for one in gap_answers(part))
    return f"{{1:SHORTANSWER:{right}}}"


def from_cloze(source: str) -> tuple[str, list[list[str]], str]:
    """Stem with gaps as HTML, the right answers of each gap, and the first type we do not know."""
    shown, below, hidden = source.partition(_GAPS_BELOW)
    codes = list(_CLOZE.finditer(shown + below + hidden))
    strange = next((one["type"] for one in codes if one["type"] not in _SHORT), "")
    ends = [0, *(one.end() for one in codes)]
    starts = [*(one.start() for one in codes), len(source)]
    texts = [source[end:start] for end, start in zip(ends, starts, strict=True)]
    out = [texts[0]]
    for before, after in pairwise(texts):
        out += [_gap(before, after, follows=len(out) > 1), after]
    stem = shown if below else "".join(out)
    return stem, [_right_answers(one["body"]) for one in codes], strange


def _gap(before: str, after: str, *, follows: bool) -> str:
    """What stands for a code: nothing when the source shows a gap of its own around it."""
    left, right = (html.unescape(_BREAK.sub("\n", text)) for text in (before, after))
    if left.endswith("__") or (_OPENED.search(left) and _CLOSED.match(right)):
        return ""
    return " ____" if follows and not before else "____"


def _right_answers(body: str) -> list[str]:
    """What Moodle would take for the whole mark; `\\*` still stands for a star."""
    parts = (_RIGHT.match(part.strip()) for part in re.split(r"(?<!\\)~", body))
    texts = (re.split(r"(?<![\\&])(?<!&amp;)#", part[1], maxsplit=1)[0] for part in parts if part)
    plain = (re.sub(r"\\([}#~=/\"\\])", r"\1", text).replace("&amp;#", "&#") for text in texts)
    return [from_html(text)[0] for text in plain]
