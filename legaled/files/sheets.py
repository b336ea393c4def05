"""A table as an XLSX sheet in which every cell is text."""

import io
import re
from collections.abc import Iterable, Sequence

MAX_CELL = 32_767  # Excel's own limit
_NO_CHARACTER = re.compile("[\ufffe\uffff]")
_NO_SHEET_NAME = re.compile(r"[\[\]:*?/\\\0-\x1f]|^'|'$")


def write_sheet(
    title: str, header: Sequence[str], rows: Iterable[Sequence[str]], widths: Sequence[int]
) -> bytes:
    """One sheet, its header bold and frozen; text is never read as formula, number or link.

    Whole columns are formatted as text, so that what is typed there later stays text too. A
    column without its own width has the last one of `widths`.
    """
    import xlsxwriter  # loaded when something is written: commands start without it

    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"constant_memory": True}) as book:
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        head = book.add_format({"num_format": "@", "bold": True, "bottom": 1, "valign": "top"})
        sheet = book.add_worksheet(_NO_SHEET_NAME.sub("_", title)[:31] or "题库")
        sheet.freeze_panes(1, 0)
        wide = max(len(header), 1)
        for column in range(wide):
            sheet.set_column(column, column, widths[min(column, len(widths) - 1)], text)
        for number, row in enumerate([header, *rows] if header else rows):
            for column, cell in enumerate(row):
                if cell:
                    sheet.write_string(number, column, _NO_CHARACTER.sub("\ufffd", cell)[:MAX_CELL],
                                       text if number or not header else head)
    return out.getvalue()
