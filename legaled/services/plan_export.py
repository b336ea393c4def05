"""The progress of a plan as files: figures, units, items, the list by person, the definition."""

from collections.abc import Sequence

from legaled.domain.errors import NotFoundError
from legaled.domain.plans import RATE_RULES, RULES
from legaled.domain.rates_study import FIGURE_LABEL, StudyFigures
from legaled.files.stats import Cell, Table
from legaled.services.plan_progress import PersonLine, Progress
from legaled.services.stats_export import FORMATS, HIDDEN

SHOWN = ("roster", "exempt", "required", "completed", "missing")
HEADER = [*(FIGURE_LABEL[name] for name in SHOWN), "参学率"]
STATE_WORDS = {"completed": "已完成", "missing": "未完成", "exempt": "免学", "removed": "已移出"}


def export(found: Progress, kind: str) -> bytes:
    """The whole plan as "csv" or "xlsx". Raises NotFoundError for another kind."""
    tables = [
        Table("计划", ["计划", "起", "止", "总分钟", *HEADER],
              [[found.title, str(found.starts), str(found.ends), found.minutes,
                *_cells(found.figures)]]),
        Table("各单位", ["单位", "单位代码", *HEADER],
              [[unit.path, unit.code, *_cells(unit.figures)] for unit in found.units]),
        Table("各项", ["内容", "要求分钟", "完成", "应学"],
              [[one.item.title, one.item.minutes, one.done, one.required]
               for one in found.items]),
        _people(found, found.lines),
        Table("口径", ["说明"], [[one] for one in (*RULES, *RATE_RULES)]),
    ]
    return _write(tables, kind)


def export_people(found: Progress, lines: Sequence[PersonLine], kind: str) -> bytes:
    """The list behind one figure: as many lines as the figure says."""
    return _write([_people(found, lines)], kind)


def _people(found: Progress, lines: Sequence[PersonLine]) -> Table:
    header = ["工号", "姓名", "单位", "状态", "完成项", "总项", "学习分钟", "要求分钟", "还差",
              "说明", *(one.item.title for one in found.items)]
    return Table("名单", header, [_person(found, line) for line in lines])


def _person(found: Progress, line: PersonLine) -> list[Cell]:
    row = line.row
    return [
        row.number, row.name, row.unit_path, STATE_WORDS[line.state], line.done.done,
        len(line.done.items), line.minutes, found.minutes,
        line.missing if line.state == "missing" else "", line.note,
        *("完成" if one.is_done else "未完成" for one in line.done.items),
    ]


def _cells(figures: StudyFigures | None) -> list[Cell]:
    if figures is None:
        return [HIDDEN] * len(HEADER)
    return [*(figures[name] for name in SHOWN), figures.rate]


def _write(tables: Sequence[Table], kind: str) -> bytes:
    if kind not in FORMATS:
        raise NotFoundError()
    return FORMATS[kind](tables)
