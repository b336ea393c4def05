"""The refused rows of somebody's file, and why, as a file like the one that came.

What comes back mended can be imported as it is: the reasons are a column of their own, a line that
readers of prose pass over, or a comment.
"""

import io
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from types import MappingProxyType

from legaled.domain.bank_headers import FIELD_LABEL, map_headers
from legaled.domain.bank_problems import REASON_LINE, Problem
from legaled.domain.bank_prose import read_prose
from legaled.domain.text import clean, escape_cell, unescape_cell
from legaled.files.banks import BankFile
from legaled.files.moodle_writing import HEAD, IMPOSSIBLE, TAIL
from legaled.files.sheets import write_sheet
from legaled.files.tables import suffix_of, write_csv

REASON_COLUMN = "原因"
_SUFFIX = MappingProxyType({"xls": "xlsx", "xlsx": "xlsx", "docx": "docx", "xml": "xml"})
_NO_NAME = re.compile(r"列\d+")  # what the reader calls a column without a name
_BRACKETS = re.compile(r"[()\[\]（）【】\s]")
Reasons = Mapping[int, str]  # by row, in the order of the file


def refused_rows(bank: BankFile, problems: Iterable[Problem]) -> bytes:
    """The rows with problems, and why, in the format and the encoding in which they came.

    XLS comes back as XLSX (`refused_suffix` says how the file is to end).
    """
    return _WRITERS.get(bank.format, _delimited)(bank, _reasons(bank, problems))


def refused_suffix(bank: BankFile) -> str:
    """What the name of the file with the refused rows ends with, without the dot."""
    own = suffix_of(bank.file)
    return _SUFFIX.get(bank.format) or (own if own in {"csv", "tsv", "txt", "md"} else bank.format)


def _reasons(bank: BankFile, problems: Iterable[Problem]) -> Reasons:
    found: dict[int, dict[str, None]] = {}
    for one in problems:
        if one.row is not None and one.row in bank.rows:
            where = f"{one.column}：" if one.column else ""
            found.setdefault(one.row, {})[" ".join((where + one.message).split())] = None
    return {row: " ".join(why) for row, why in sorted(found.items())}


# ---- tables ----

def _delimited(bank: BankFile, reasons: Reasons) -> bytes:
    encoding = bank.encoding or "utf-8-sig"
    table = [[escape_cell(unescape_cell(cell)) for cell in row] for row in _table(bank, reasons)]
    return write_csv(table, bank.delimiter or ",", encoding)


def _sheet(bank: BankFile, reasons: Reasons) -> bytes:
    header, *rows = _table(bank, reasons)
    widths = [*(20 for _ in header[:-1]), 60]
    return write_sheet(bank.sheet or "未通过", header, rows, widths)


def _table(bank: BankFile, reasons: Reasons) -> Iterator[list[str]]:
    """A header, and the rows with their reason behind the last column; what stood there from the
    time before is replaced. Cells beyond the header stay, behind the reason."""
    width = len(bank.headers)
    old = width - 1 if width and bank.headers[-1] == REASON_COLUMN else width
    yield [*_header(bank)[:old], REASON_COLUMN]
    for row, why in reasons.items():
        cells = [*bank.rows[row], *[""] * (width - len(bank.rows[row]))]
        yield [*cells[:old], why, *cells[width:]]


def _header(bank: BankFile) -> list[str]:
    """The header as found. A column that somebody named, or that the file left without a name,
    is called as we call it, so that it is known again: `题干（试题说明）`, `题干`."""
    known = map_headers(bank.headers)
    return [one if one in known or one not in bank.mapping
            else _named(FIELD_LABEL[bank.mapping[one]], one) for one in bank.headers]


def _named(label: str, header: str) -> str:
    note = _BRACKETS.sub("", header)[:30]
    return label if not note or _NO_NAME.fullmatch(note) else f"{label}（{note}）"


def _pipes(bank: BankFile, reasons: Reasons) -> bytes:
    """A Markdown table."""
    header, *rows = ([" ".join(cell.split()).replace("|", r"\|") for cell in row]
                     for row in _table(bank, reasons))
    lines = [header, ["---"] * len(header), *rows]
    return _encoded("".join(f"| {' | '.join(line)} |\n" for line in lines), bank)


# ---- prose ----

def _blocks(bank: BankFile, reasons: Reasons) -> Iterator[str]:
    """The questions as found, the reason before each, under the headings of their sections.

    Those that stood under no heading come first, for a heading holds until the next one.
    """
    cells = {record.row: record.cells for record in bank.records}
    kinds = {row: clean(found.get("kind", "")) for row, found in cells.items()}
    heading = ""
    for row in sorted(reasons, key=lambda row: (kinds.get(row, "") != "", row)):
        kind = kinds.get(row, "")
        title = f"{kind.removesuffix('题')}题" if kind else ""
        if kind != heading:
            yield title
            heading = kind
        block = "\n".join(map(clean, bank.rows[row]))
        yield f"{REASON_LINE}{reasons[row]}\n{block}{_key(title, block, cells.get(row, {}))}"


def _key(title: str, block: str, cells: Mapping[str, str]) -> str:
    """The answer of a question that had it elsewhere, in a list at the end of the file."""
    answer = clean(cells.get("answer", ""))
    alone = read_prose(enumerate([title, *block.split("\n")], start=1)).records
    own = answer and any(record.cells.get("answer") for record in alone)
    return f"\n答案：{answer}" if answer and not own else ""


def _prose(bank: BankFile, reasons: Reasons) -> bytes:
    end = "\r\n" if bank.format == "txt" else "\n"
    text = "".join(f"{block}\n\n" for block in _blocks(bank, reasons))
    return _encoded(text.replace("\n", end), bank)


def _encoded(text: str, bank: BankFile) -> bytes:
    encoding = bank.encoding or "utf-8-sig"
    return (("\ufeff" if encoding.startswith("utf-16") else "") + text).encode(encoding)


def _markdown(bank: BankFile, reasons: Reasons) -> bytes:
    return (_pipes if bank.headers else _prose)(bank, reasons)


def _document(bank: BankFile, reasons: Reasons) -> bytes:
    """A table where there was one, else paragraphs."""
    import docx  # loaded when a document is written: commands start without it

    document = docx.Document()
    if bank.headers:
        rows = list(_table(bank, reasons))
        table = document.add_table(0, max(map(len, rows)), "Table Grid")
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=False):
                cell.text = _printable(text)
    for block in () if bank.headers else _blocks(bank, reasons):
        for line in f"{block}\n".split("\n"):
            run = document.add_paragraph().add_run(_printable(line))
            run.bold = line.startswith(REASON_LINE)
    out = io.BytesIO()
    document.save(out)
    return out.getvalue()


def _printable(text: str) -> str:
    """XML holds no control characters."""
    return IMPOSSIBLE.sub("\ufffd", text)


# ---- Moodle ----

def _moodle(bank: BankFile, reasons: Reasons) -> bytes:
    parts = (f"<!-- {REASON_LINE}{why.replace('--', '－－')} -->\n{bank.rows[row][0]}\n"
             for row, why in reasons.items())
    return "".join([HEAD, *parts, TAIL]).encode()


_WRITERS: Mapping[str, Callable[[BankFile, Reasons], bytes]] = MappingProxyType({
    "xlsx": _sheet, "xls": _sheet, "txt": _prose, "md": _markdown, "docx": _document,
    "xml": _moodle})
