"""A year and its lists as tables, then as files."""

from collections.abc import Callable, Mapping, Sequence

from legaled.domain.errors import NotFoundError
from legaled.domain.rates import (
    DEFINITION,
    FIGURE_LABEL,
    FIGURES,
    RATE_LABEL,
    RATES,
    Figures,
    Row,
    by_sittings,
)
from legaled.domain.rates_words import DEFINITIONS, outcome
from legaled.files.stats import Cell, Table, to_csv, to_xlsx
from legaled.services.stats import NameRow, Year

FORMATS: Mapping[str, Callable[[Sequence[Table]], bytes]] = {"csv": to_csv, "xlsx": to_xlsx}
HIDDEN = "不显示"
HEADER = [*(FIGURE_LABEL[name] for name in FIGURES), *(RATE_LABEL[name] for name in RATES)]
BY_SITTINGS, BY_PEOPLE = "按人次", "按人"
OPEN, CLOSED = "进行中，未计入合计", "已结束"


def export(year: Year, kind: str) -> bytes:
    """The year's file as "csv" or "xlsx": totals, units, exams, the definition, and for actors
    who may see names every roster row. Raises NotFoundError for another kind."""
    tables = [_totals(year), _units(year), _exams(year)]
    if year.may_name:
        tables.append(_roster(year))
    return _write([*tables, _definitions()], kind)


def export_names(rows: Sequence[NameRow], kind: str) -> bytes:
    """The list behind one figure: as many lines as the figure says.

    按人 a line may stand for several exams, which are then separated by ；.
    """
    return _write([Table("名单", NAME_HEADER, [_listed(name) for name in rows])], kind)


NAME_HEADER = ["工号", "姓名", "单位", "考试", "结果", "首次成绩", "最高成绩", "说明"]


def _listed(name: NameRow) -> list[Cell]:
    columns = [
        [row.terms.title, outcome(row), row.first_score, row.best_score, row.note]
        for row in name.rows
    ]
    if len(columns) == 1:
        return [name.number, name.name, name.unit, *columns[0]]
    joined = [
        "；".join("—" if cell in (None, "") else str(cell) for cell in cells)
        for cells in zip(*columns, strict=True)
    ]
    return [name.number, name.name, name.unit, *joined]


def _write(tables: Sequence[Table], kind: str) -> bytes:
    if kind not in FORMATS:
        raise NotFoundError()
    return FORMATS[kind](tables)


def _cells(figures: Figures | None) -> list[Cell]:
    if figures is None:
        return [HIDDEN] * len(HEADER)
    return [*(figures[name] for name in FIGURES), *(figures.rate(name) for name in RATES)]


def _totals(year: Year) -> Table:
    both = ((BY_SITTINGS, year.sittings), (BY_PEOPLE, year.people))
    rows: list[list[Cell]] = [[year.year, label, *_cells(one)] for label, one in both]
    return Table("全年", ["考试年度", "算法", *HEADER], rows)


def _units(year: Year) -> Table:
    rows: list[list[Cell]] = []
    for line in year.units:
        for label, figures in ((BY_SITTINGS, line.sittings), (BY_PEOPLE, line.people)):
            rows.append([line.path, line.own_code, label, *_cells(figures)])
    return Table("各单位", ["单位", "单位代码", "算法", *HEADER], rows)


def _exams(year: Year) -> Table:
    rows: list[list[Cell]] = []
    for exam in year.exams:
        state = CLOSED if exam.terms.closed else OPEN
        lines: list[Cell] = [exam.terms.code, exam.terms.title, state]
        lines += [exam.terms.pass_line, exam.terms.excellent_line]
        rows.append(lines + _cells(by_sittings(year.rows_of(exam))))
    header = ["考试代码", "考试", "状态", "及格线", "优秀线", *HEADER]
    return Table("各场考试", header, rows)


PERSON_HEADER = [
    "考试代码", "考试", "状态", "工号", "姓名", "单位", "结果", "首次成绩", "最高成绩", "说明",
    *(FIGURE_LABEL[name] for name in FIGURES),
]


def _person(row: Row) -> list[Cell]:
    return [
        row.terms.code, row.terms.title, CLOSED if row.terms.closed else OPEN,
        row.number, row.name, row.unit_path, outcome(row),
        row.first_score, row.best_score, row.note,
        *(int(counts(row)) for counts in FIGURES.values()),
    ]


def _roster(year: Year) -> Table:
    return Table("名单", PERSON_HEADER, [_person(row) for row in (*year.rows, *year.open_rows)])


def _definitions() -> Table:
    rows = [("口径版本", DEFINITION), *DEFINITIONS]
    return Table("口径", ["名目", "说明"], rows)
