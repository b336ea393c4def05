"""Moodle XML: the questions that Moodle exports, read as records of a bank.

A file is read as a stream, question by question. What we have no kind for is a problem with its
row, never dropped; categories are no questions. `write_moodle` writes what this reads.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from xml.etree.ElementTree import Element, ParseError, TreeBuilder, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import DefusedXMLParser

from legaled.domain.bank_headers import FIELD_LABEL, MORE_OPTIONS, OPTION_FIELDS
from legaled.domain.bank_problems import Problem, problem, refuse
from legaled.domain.bank_record import Record
from legaled.domain.banks import KIND_LABEL, LETTERS, MAX_ROWS, Kind
from legaled.domain.text import WHITE, clean
from legaled.files.decoding import decode
from legaled.files.moodle_text import from_cloze, from_html, unescape_star
from legaled.files.moodle_writing import TAGS, write_moodle

__all__ = ["read_moodle", "write_moodle"]

MAX_TAGS = 2_000_000  # 20 MB of questions hold half as many
MAX_DEPTH = 100
_LONG_TAG = re.compile(rb"<[^!?<>][^<>]{100000}")
_BLANK_HEAD = b"\xef\xbb\xbf\xff\xfe\0 \t\r\n"
NOT_MOODLE = "这个文件不是 Moodle 题库。请在 Moodle 的题库里选“导出”，格式选“Moodle XML”。"
BROKEN = "XML 在第 {} 行断了或写错了，读不下去。请从 Moodle 重新导出一份。"
DECLARED = "文件里有 DTD 或实体声明，没有打开。请从 Moodle 重新导出一份。"
Found = tuple[Sequence[Record], Mapping[int, str], Sequence[Problem]]


def read_moodle(data: bytes) -> Found:
    """Records by running number, each question's own XML, and what could not be taken.

    Raises UnreadableFileError for a file that is no Moodle XML, is cut, or declares entities.
    """
    if not data[:200].lstrip(_BLANK_HEAD).startswith(b"<"):
        raise refuse("not_a_table", message=NOT_MOODLE)
    source = decode(data)[0].lstrip(WHITE).encode()
    if source.count(b"<") > MAX_TAGS or _LONG_TAG.search(source):
        raise refuse("unsafe_archive", message="XML 里的标签太多或太长，没有打开。"
                     "请从 Moodle 分几次导出。")
    quiz = _Quiz(source)
    try:
        quiz.parser.feed(source)
        quiz.parser.close()
    except DefusedXmlException as error:
        raise refuse("unsafe_archive", message=DECLARED) from error
    except ParseError as error:
        raise refuse("not_a_table", message=BROKEN.format(error.position[0])) from error
    finally:
        quiz.source = b""  # parser and target hold each other: let at least the file go
    if quiz.number > MAX_ROWS:
        return [], {}, [problem("too_many_rows")]
    return quiz.records, quiz.rows, quiz.problems if quiz.number else [problem("no_rows")]


class _Quiz:
    """What the parser talks to: builds one question at a time and lets it go again."""

    def __init__(self, source: bytes) -> None:
        self.source = source
        self.parser = DefusedXMLParser(target=self, encoding="utf-8", forbid_dtd=True)
        self.records: list[Record] = []
        self.rows: dict[int, str] = {}
        self.problems: list[Problem] = []
        self.number = self.depth = self.begin = 0
        self.category = ""
        self.builder = TreeBuilder()

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth == 1 and tag != "quiz":
            raise refuse("not_a_table", message=NOT_MOODLE)
        if self.depth > MAX_DEPTH:
            raise refuse("unsafe_archive", message=NOT_MOODLE)
        if self.depth == 2:
            self.builder = TreeBuilder()
            self.begin = self.parser.parser.CurrentByteIndex
        if self.depth > 1:
            self.builder.start(tag, attributes)

    def data(self, text: str) -> None:
        if self.depth > 1:
            self.builder.data(text)

    def end(self, tag: str) -> None:
        if self.depth > 1:
            self.builder.end(tag)
        if self.depth == 2 and tag == "question":
            self._take(self.builder.close())
        self.depth -= 1

    def close(self) -> None:
        """The parser's last word; nothing is left open."""

    def _take(self, element: Element) -> None:
        kind = element.get("type", "").strip().lower()
        if kind == "category":
            self.category = _category(element.findtext("category/text") or "")
            return
        self.number += 1
        if self.number > MAX_ROWS:
            return
        end = self.source.find(b">", self.parser.parser.CurrentByteIndex) + 1
        self.rows[self.number] = self.source[self.begin:end].decode()
        question = _Question(element, self.number)
        record = question.read(kind, self.category)
        self.problems += question.problems
        if record:
            self.records.append(record)


# ---- one question ----

_PLAIN = frozenset(("plain_text", "markdown", "wiki_like"))
_STAR = re.compile(r"(?<!\\)\*")
_SEPARATORS = re.compile(r"[;；|｜]")
_TAG = re.compile(rf"({'|'.join(TAGS)})[:：](.*)", re.DOTALL)
_NO_TOPIC = re.compile(r"\$\w+\$|top|Default for .*|.*默认(?:类别|分类)?|", re.IGNORECASE)
Cells = dict[str, str]


@dataclass
class _Question:
    """A question on its way to a record; what is wrong with it is collected."""

    element: Element
    row: int
    problems: list[Problem] = field(default_factory=list)
    pictures: bool = False

    def read(self, kind: str, category: str) -> Record | None:
        reader = _READERS.get(kind)
        if reader is None:
            self.say("kind_unknown", "kind", kind, "Moodle 的这种题型读不了。")
            return None
        cells = self.common() | reader(self)
        cells.setdefault("stem", self.text("questiontext"))
        cells |= _tagged(self.element, category)
        names = [one.get("name", "") for one in self.element.iter("file")]
        if names or self.pictures or self.element.findtext("image"):
            self.say("picture_left_out", "stem", "、".join(filter(None, names)))
        refused = any(one.code != "picture_left_out" for one in self.problems)
        return None if refused else Record(self.row, cells)

    def say(self, code: str, name: str, value: str, detail: str = "") -> None:
        self.problems.append(problem(code, self.row, FIELD_LABEL[name], value, detail))

    def common(self) -> Cells:
        return {"number": self.element.findtext("idnumber") or "",
                "explanation": self.text("generalfeedback"),
                "points": _points(self.element.findtext("defaultgrade") or "")}

    def text(self, path: str) -> str:
        return self.shown(self.element.find(path))

    def shown(self, element: Element | None, form: str = "html") -> str:
        """What people see of an element; `form` is its format when it does not say."""
        return "" if element is None else self.plain(_source(element), element.get("format", form))

    def plain(self, source: str, form: str) -> str:
        if form in _PLAIN:
            return source
        text, pictures = from_html(source, keep_lines=form == "moodle_auto_format")
        self.pictures |= pictures
        return text

    def answers(self) -> list[tuple[Element, float]]:
        return [(one, _fraction(one.get("fraction", "0"))) for one in self.element.iter("answer")]

    def gap(self, right: Iterable[str]) -> str:
        """The alternatives of a gap; said when one holds what we cannot keep apart."""
        texts = []
        for text in filter(None, map(clean, right)):
            plain = unescape_star(text)
            if _SEPARATORS.search(plain) or _STAR.search(text):
                self.say("answer_not_understood", "answer", plain,
                         "答案里有分号、竖线或通配符 *，分不清。")
            texts.append(plain)
        return "|".join(texts)


def _choice(question: _Question) -> Cells:
    one = (question.element.findtext("single") or "true").strip() in {"true", "1"}
    answers = question.answers()
    texts = [question.shown(element) for element, _ in answers]
    right = [place for place, (_, fraction) in enumerate(answers)
             if (fraction > 99.99 if one else fraction > 0)]
    more = {MORE_OPTIONS: " | ".join(texts[len(LETTERS):])} if len(texts) > len(LETTERS) else {}
    return {"kind": KIND_LABEL[Kind.SINGLE if one else Kind.MULTI],
            "answer": "".join(chr(ord("A") + min(place, 25)) for place in right),
            **dict(zip(OPTION_FIELDS, texts, strict=False)), **more}


def _choice_set(question: _Question) -> Cells:
    """An add-on of Moodle: several right options, all or nothing."""
    return _choice(question) | {"kind": KIND_LABEL[Kind.MULTI]}


def _judge(question: _Question) -> Cells:
    words = [_source(element).strip().lower() for element, fraction in question.answers()
             if fraction > 99.99]
    return {"kind": KIND_LABEL[Kind.JUDGE],
            "answer": {"true": "正确", "false": "错误"}.get("".join(words), "".join(words))}


def _short(question: _Question) -> Cells:
    right = (_source(element) for element, fraction in question.answers() if fraction > 99.99)
    return {"kind": KIND_LABEL[Kind.BLANK], "answer": question.gap(right)}


def _cloze(question: _Question) -> Cells:
    element = question.element.find("questiontext")
    source = "" if element is None else _source(element)
    stem, gaps, strange = from_cloze(source)
    if strange:
        question.say("kind_unknown", "kind", strange, "完形填空里只读得了 SHORTANSWER。")
    form = "html" if element is None else element.get("format", "html")
    return {"kind": KIND_LABEL[Kind.BLANK], "stem": question.plain(stem, form),
            "answer": "；".join(map(question.gap, gaps))}


def _essay(question: _Question) -> Cells:
    return {"kind": KIND_LABEL[Kind.ESSAY], "answer": question.text("graderinfo")}


_READERS: Mapping[str, Callable[[_Question], Cells]] = MappingProxyType({
    "multichoice": _choice, "multichoiceset": _choice_set, "truefalse": _judge,
    "shortanswer": _short, "cloze": _cloze, "multianswer": _cloze, "essay": _essay})


# ---- small things ----

def _source(element: Element) -> str:
    """The text of an element; tags that somebody forgot to escape are text too."""
    text = element.find("text")
    inner = element if text is None else text
    if text is None or not len(inner):
        return inner.text or ""
    return (inner.text or "") + "".join(tostring(child, "unicode") for child in inner)


def _fraction(text: str) -> float:
    with suppress(ValueError):
        number = float(text.replace(",", "."))
        return number if math.isfinite(number) else 0.0
    return 0.0


def _points(text: str) -> str:
    """`1.0000000`, as Moodle writes it, as `1`; what is short enough stays as it is."""
    whole, _, rest = text.strip().partition(".")
    if len(rest) < 5 or len(text) > 40:
        return text.strip()
    with suppress(InvalidOperation):
        return format(round(Decimal(f"{whole}.{rest}"), 4).normalize(), "f")
    return text.strip()


def _tagged(element: Element, category: str) -> Cells:
    """Our fields from the tags; other tags, else the category, are the 知识点 if none is named."""
    cells, other = Cells(), list[str]()
    for tag in element.iter("tag"):
        text = clean(tag.findtext("text") or "")
        named = _TAG.fullmatch(text)
        if named:
            cells[TAGS[named[1]]] = named[2]
        elif text:
            other.append(text)
    return {"topic": "、".join(other) or category, **cells}


def _category(path: str) -> str:
    """The last part of `$course$/top/档案法`, unless Moodle made it up."""
    last = re.split(r"(?<!/)/(?!/)", path.strip())[-1].replace("//", "/").strip()
    return "" if _NO_TOPIC.fullmatch(last) else last
