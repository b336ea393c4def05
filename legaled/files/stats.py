"""Tables of figures as files: CSV for anything that reads text, XLSX for spreadsheets."""

import io
from collections.abc import Sequence
from dataclasses import dataclass

import xlsxwriter

from legaled.domain.text import escape_cell, width
from legaled.files.tables import write_csv

Cell = str | int | None
WIDEST = 60


@dataclass(frozen=True)
class Table:
    """A titled table; whole numbers stay numbers, everything else is text, None is empty."""

    title: str
    header: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def to_csv(tables: Sequence[Table]) -> bytes:
    """One file for all: each table under its title, an empty line between. BOM, CRLF.

    No cell can be taken for a formula.
    """
    rows: list[Sequence[Cell]] = []
    for index, table in enumerate(tables):
        if index:
            rows.append(())
        if len(tables) > 1:
            rows.append((table.title,))
        rows += [table.header, *table.rows]
    return write_csv([_plain(cell) for cell in row] for row in rows)


def to_xlsx(tables: Sequence[Table]) -> bytes:
    """A sheet for each table, its header frozen; text is never read as formula, number or link."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        right = book.add_format({"align": "right"})
        for table in tables:
            sheet = book.add_worksheet(table.title[:31])
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(table.header):
                sheet.write_string(0, column, title, head)
                cells = [title, *(_text(row[column]) for row in table.rows[:200])]
                sheet.set_column(column, column, min(WIDEST, max(map(width, cells)) + 2))
            for number, row in enumerate(table.rows, start=1):
                for column, cell in enumerate(row):
                    if isinstance(cell, int):
                        sheet.write_number(number, column, cell)
                    elif cell:
                        rate = cell == "—" or cell.endswith("%")
                        sheet.write_string(number, column, cell, right if rate else None)
    return out.getvalue()


def _text(cell: Cell) -> str:
    return "" if cell is None else str(cell)


def _plain(cell: Cell) -> str | int:
    return cell if isinstance(cell, int) else escape_cell(_text(cell))
