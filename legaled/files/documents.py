"""Word documents: the paragraphs as a reader of them sees them, and the tables.

Numbers that Word counts itself are in the text, deleted and hidden text is not. What the lines
mean is said in `legaled.domain.bank_prose`.
"""

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from legaled.domain.bank_headers import map_headers
from legaled.domain.bank_problems import UnreadableFileError, refuse
from legaled.domain.bank_prose_keys import answer_head
from legaled.domain.text import clean
from legaled.files.archives import open_archive
from legaled.files.documents_numbering import Element, Numbering, W

if TYPE_CHECKING:
    import docx.document

_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_MATH = "{http://schemas.openxmlformats.org/officeDocument/2006/math}"
_COMPATIBLE = "{http://schemas.openxmlformats.org/markup-compatibility/2006}"
_ENTERED = frozenset(W + name for name in (
    "hyperlink", "smartTag", "sdt", "sdtContent", "ins", "moveTo", "fldSimple", "customXml",
    "ruby", "rubyBase", "dir", "bdo", "r")) | {_COMPATIBLE + "AlternateContent",
                                               _COMPATIBLE + "Choice", _MATH + "oMath",
                                               _MATH + "oMathPara"}
_SHOWN = {W + "tab": "\t", W + "br": "\n", W + "cr": "\n", W + "noBreakHyphen": "-",
          W + "softHyphen": "", W + "ptab": "\t"}
_SYMBOLS = {"f0fc": "√", "f0fe": "√", "f0fb": "×", "f0fd": "×", "f050": "√", "f052": "√",
            "f04f": "×", "f051": "×", "f0d6": "√", "f0b4": "×", "221a": "√", "00d7": "×"}
_DEEP = 60  # how far a table or a control may stand inside another


@dataclass(frozen=True)
class Document:
    """`lines`: (line, its text), counted from 1 in the order of the document; a line break inside
    a paragraph begins another. A table with the columns of a question bank is only in `tables`,
    any other in both."""

    lines: Sequence[tuple[int, str]]
    tables: Sequence[Sequence[Sequence[str]]]


def read_document(data: bytes) -> Document:
    """The text of a DOCX; UnreadableFileError for anything else, and no other exception."""
    if data.startswith(_OLE):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise refuse("password_protected")
        raise refuse("not_a_table", "这是旧版 Word 文件（.doc），请在 Word 里另存为 .docx。")
    open_archive(data).close()
    import docx  # loaded when a document is read: commands start without it

    try:
        return _Reader(docx.Document(io.BytesIO(data))).read()
    except UnreadableFileError:
        raise
    except Exception as error:  # a foreign package breaks python-docx and lxml in every way
        raise refuse("not_a_table", "文件已损坏，或者不是 Word 文档（.docx）。") from error


class _Reader:
    def __init__(self, document: "docx.document.Document") -> None:
        part = document.part
        numbers = next((one.target_part for one in part.rels.values()
                        if one.reltype.endswith("/numbering") and not one.is_external), None)
        element = getattr(numbers, "element", None)
        self._body: Element = document.element.body
        self._numbering = Numbering(element, document.styles.element)
        self._hidden = _hidden_styles(document.styles.element)
        self._lines: list[tuple[int, str]] = []
        self._tables: list[list[list[str]]] = []
        self._count = 0

    def read(self) -> Document:
        self._blocks(self._body, self._lines, 0)
        return Document(self._lines, self._tables)

    # ---- blocks ----

    def _blocks(self, parent: Element, lines: list[tuple[int, str]], depth: int) -> None:
        for child in parent.iterchildren() if depth < _DEEP else ():
            if child.tag == W + "p":
                self._paragraph(child, lines, depth)
            elif child.tag == W + "tbl":
                self._table(child, lines, depth)
            elif child.tag in (W + "sdt", W + "sdtContent", W + "ins", W + "customXml",
                               W + "moveTo"):
                self._blocks(child, lines, depth + 1)

    def _paragraph(self, paragraph: Element, lines: list[tuple[int, str]], depth: int) -> None:
        prefix = self._numbering.prefix(paragraph)
        boxes = list[Element]()
        text = self._text(paragraph, boxes)
        for line in (prefix + text if text.strip() else text).split("\n"):
            self._count += 1
            lines.append((self._count, line))
        for box in boxes:
            self._blocks(box, lines, depth + 1)

    def _table(self, table: Element, lines: list[tuple[int, str]], depth: int) -> None:
        rows, own = list[list[str]](), list[tuple[int, str]]()
        for row in _rows(table):
            cells = [self._cell(cell, depth) for cell in row]
            rows.append(["\n".join(text for _, text in cell) for cell in cells])
            own += _row_lines(cells)
        self._tables.append(rows)
        if answers := _answer_rows(rows):
            lines += [(own[0][0], text) for text in answers]
        elif not any({"stem", "answer"} <= set(map_headers(row).values()) for row in rows[:10]):
            lines += own

    def _cell(self, cell: Element, depth: int) -> list[tuple[int, str]]:
        found = list[tuple[int, str]]()
        self._blocks(cell, found, depth + 1)
        return found or [(self._count, "")]

    # ---- text ----

    def _text(self, paragraph: Element, boxes: list[Element]) -> str:
        """The visible text; underlined blanks are a gap."""
        pieces = list(self._pieces(paragraph, boxes))
        text = ""
        for underlined, group in groupby(pieces, key=lambda piece: piece[1]):
            run = "".join(piece for piece, _ in group)
            blank = underlined and len(run) > 1 and not run.strip()
            text += "____" if blank else run
        return text

    def _pieces(self, parent: Element, boxes: list[Element]) -> Iterator[tuple[str, bool]]:
        """(text, whether underlined) of everything below, in order; no recursion for depth."""
        stack = [(child, False) for child in reversed(list(parent.iterchildren()))]
        field = _Field()
        while stack:
            one, underlined = stack.pop()
            if one.tag == W + "r":
                if _is_hidden(one, self._hidden):
                    continue
                underlined = _is_underlined(one)
            if one.tag in _ENTERED:
                stack += [(child, underlined) for child in reversed(list(one.iterchildren()))]
            elif one.tag in (W + "drawing", W + "pict", W + "object"):
                boxes += one.iter(W + "txbxContent")
            elif one.tag == W + "fldChar":
                field.turn(one.get(W + "fldCharType"))
            elif field.shows and (text := _own_text(one)):
                yield text, underlined


class _Field:
    """A field is a code that nobody sees and a result that everybody sees."""

    def __init__(self) -> None:
        self._codes: list[bool] = []

    def turn(self, kind: str | None) -> None:
        if kind == "begin":
            self._codes.append(True)
        elif kind == "separate" and self._codes:
            self._codes[-1] = False
        elif kind == "end" and self._codes:
            self._codes.pop()

    @property
    def shows(self) -> bool:
        return not any(self._codes[-9:])


def _own_text(one: Element) -> str:
    if one.tag in (W + "t", _MATH + "t"):
        return one.text or ""
    if one.tag == W + "sym":
        return _SYMBOLS.get((one.get(W + "char") or "").lower(), "")
    if one.tag == W + "br" and one.get(W + "type") in ("page", "column"):
        return ""
    if one.tag == _MATH + "r":
        return "".join(child.text or "" for child in one.iter(_MATH + "t"))
    return _SHOWN.get(one.tag, "")


def _is_on(properties: Element | None, name: str) -> bool:
    mark = properties.find(W + name) if properties is not None else None
    return mark is not None and mark.get(W + "val", "1") not in ("0", "false", "none", "off")


def _is_underlined(run: Element) -> bool:
    return _is_on(run.find(W + "rPr"), "u")


def _is_hidden(run: Element, styles: frozenset[str]) -> bool:
    properties = run.find(W + "rPr")
    if properties is None:
        return False
    style = properties.find(W + "rStyle")
    named = style is not None and style.get(W + "val") in styles
    return _is_on(properties, "vanish") or (named and properties.find(W + "vanish") is None)


def _hidden_styles(styles: Element) -> frozenset[str]:
    return frozenset(
        one.get(W + "styleId") for one in styles.iterchildren(W + "style")
        if one.get(W + "type") == "character" and _is_on(one.find(W + "rPr"), "vanish"))


# ---- tables ----

def _rows(table: Element) -> Iterator[list[Element]]:
    for row in _through(table, W + "tr"):
        yield list(_through(row, W + "tc"))


def _through(parent: Element, tag: str, depth: int = 0) -> Iterator[Element]:
    """Children of a name, also those inside content controls; deleted rows are not there."""
    for child in parent.iterchildren():
        if child.tag == tag:
            properties = child.find(W + "trPr")
            if properties is None or properties.find(W + "del") is None:
                yield child
        elif child.tag in (W + "sdt", W + "sdtContent", W + "ins", W + "customXml") and depth < 9:
            yield from _through(child, tag, depth + 1)


def _row_lines(cells: Sequence[Sequence[tuple[int, str]]]) -> list[tuple[int, str]]:
    """Cells of one paragraph each are one line; cells with more speak for themselves."""
    full = [cell for cell in cells if any(text.strip() for _, text in cell)]
    if len(full) > 1 and all(len(cell) == 1 for cell in full):
        return [(full[0][0][0], "\t".join(cell[0][1] for cell in full))]
    return [line for cell in cells for line in cell]


def _answer_rows(rows: Sequence[Sequence[str]]) -> list[str]:
    """A table with numbers in one row and their answers in the next, as `1.B 2.C`; else nothing.

    A row of one cell between them is a heading of its own.
    """
    lines, place = list[str](), 0
    while place < len(rows):
        numbers = [clean(cell).rstrip(".、．") for cell in rows[place]]
        answers = [clean(cell) for cell in rows[place + 1]] if place + 1 < len(rows) else []
        pairs = [(number, answer) for number, answer in zip(numbers, answers, strict=False)
                 if number.isdecimal() and len(number) < 5]
        filled = [number for number in numbers if number]
        if pairs and len(pairs) >= len(filled) - 1 and all(map(_is_answer, pairs)):
            lines.append(" ".join(f"{int(number)}.{answer}" for number, answer in pairs if answer))
            place += 2
        elif len(set(filled)) < 2:
            lines += filled[:1]
            place += 1
        else:
            return []
    return lines if any(line[:1].isdecimal() for line in lines) else []


def _is_answer(pair: tuple[str, str]) -> bool:
    return not pair[1] or (bool(answer_head(pair[1])[0]) and not answer_head(pair[1])[1])
