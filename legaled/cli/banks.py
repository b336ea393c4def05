"""`flask bank check | import | export | list`; docs/bank.md tells how to use them."""

import json
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import click
from flask.cli import AppGroup

from legaled import db
from legaled.clock import now
from legaled.domain.bank_headers import FIELDS
from legaled.domain.bank_problems import Problem
from legaled.domain.banks import KIND_LABEL
from legaled.domain.errors import InvalidError, NotFoundError
from legaled.domain.permissions import SYSTEM
from legaled.domain.text import width
from legaled.files.bank_check import CheckReport, check
from legaled.files.bank_writing import write_template
from legaled.files.banks import unknown_columns
from legaled.services import banks

group = AppGroup("bank", help="题库：检查、导入、导出、列出。")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
UNREADABLE = 2
COUNTED = ("added", "changed", "unchanged")


def _mapping(
    _context: click.Context, _option: click.Parameter, values: Sequence[str]
) -> dict[str, str]:
    """`列=field` pairs; an empty field leaves the column out."""
    mapping = {}
    for value in values:
        header, equals, field = value.rpartition("=")
        if not equals or field not in {*FIELDS, ""}:
            raise click.BadParameter(
                f"「{value}」看不懂，请写成 列名=字段，字段是 {' '.join(FIELDS)} 之一。")
        mapping[header] = field
    return mapping


def _bank(_context: click.Context, _option: click.Parameter, value: str | None) -> str | None:
    try:
        return value if value is None else banks.bank_title(value)
    except InvalidError:
        raise click.BadParameter(f"题库名应是 1 到 {banks.NAME_MAX} 个字，不换行。") from None


def _shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that check and import have in common."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="输出 JSON。"),
        click.option("--accept-trailing", is_flag=True,
                     help="答案后面有别的字时，只取前面的答案。"),
        click.option("--map", "mapping", multiple=True, callback=_mapping, metavar="列=field",
                     help="指明一列是什么，可以写多次。"),
        click.option("--sheet", help="XLSX 的工作表名。"),
        click.argument("file", type=FILE),
    ):
        command = option(command)
    return command


def _checked(
    file: Path, sheet: str | None, mapping: dict[str, str], accept_trailing: bool
) -> CheckReport:
    """The report; ends the command when `--map` names a column that the file has not."""
    report = check(file.read_bytes(), file.name, accept_trailing=accept_trailing, sheet=sheet,
                   mapping=mapping)
    if unknown_columns(report.bank, mapping):
        click.echo(f"{report.errors[0].message}请改 --map 里的列名。什么都没有写入。", err=True)
        sys.exit(UNREADABLE)
    return report


@group.command("check")
@_shared
@click.option("--bank", callback=_bank, help="和这个题库比较，说出新增、改动和冲突。")
def check_file(
    file: Path, sheet: str | None, mapping: dict[str, str], accept_trailing: bool,
    as_json: bool, bank: str | None,
) -> None:
    """检查题库文件，什么都不写入。退出码：0 没有错误，1 有错误，2 读不了。"""
    report = _checked(file, sheet, mapping, accept_trailing)
    result = None
    if bank is not None:
        with db.ready().read() as session:
            result = banks.compare(session, bank, report.drafts)
    _print(report, result, as_json, done=False)
    raise SystemExit(report.exit_code)


@group.command("import")
@_shared
@click.option("--bank", required=True, callback=_bank, help="写入哪个题库；没有就新建。")
@click.option("--valid-only", is_flag=True, help="有错误时也写入没有错误的题。")
@click.option("--take-conflicts", is_flag=True, help="题目相同而答案不同时，用文件里的。")
def import_file(
    file: Path, sheet: str | None, mapping: dict[str, str], accept_trailing: bool,
    as_json: bool, bank: str, valid_only: bool, take_conflicts: bool,
) -> None:
    """把题库文件写入题库：全部写入，或者全不写入。退出码同 check。"""
    report = _checked(file, sheet, mapping, accept_trailing)
    result = banks.ImportResult(None, 0, 0, 0, ())
    writes = report.exit_code == 0 or (report.exit_code != UNREADABLE and valid_only)
    if writes and report.drafts:
        with db.ready().write() as session:
            result = banks.import_drafts(
                session, SYSTEM, bank, banks.with_rivals(report, take_conflicts), now(),
                take_conflicts=take_conflicts)
    _print(report, result, as_json, done=writes)
    raise SystemExit(report.exit_code)


@group.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path))
def export(name: str, file: Path) -> None:
    """把题库里没有停用的题写成模板格式的 CSV，再导入时什么都不会变。"""
    with db.ready().read() as session:
        try:
            drafts = banks.export_bank(session, SYSTEM, banks.bank_id_of(session, name), now())
        except NotFoundError:
            raise click.ClickException(f"没有叫「{name}」的题库。") from None
    file.write_bytes(write_template(drafts))
    with db.ready().write() as session:
        banks.note_export(session, SYSTEM, name, len(drafts), now())
    click.echo(f"已写出 {len(drafts)} 题：{file.name}")


@group.command("list")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def list_all(as_json: bool) -> None:
    """列出题库和各题型的题数（不含停用的）。"""
    with db.ready().read() as session:
        lines = banks.list_banks(session)
    if as_json:
        labels = {label: kind.value for kind, label in KIND_LABEL.items()}
        _echo_json([
            {"name": line.name, "practice": line.practice, "active": line.active,
             "retired": line.retired,
             "kinds": {kind: dict((labels[word], n) for word, n in line.kinds).get(kind, 0)
                       for kind in labels.values()}}
            for line in lines])
        return
    for line in lines:
        kinds = "，".join(f"{label} {number}" for label, number in line.kinds) or "空"
        practice = "，可练习" if line.practice else ""
        click.echo(f"{line.name}：{line.active} 题（{kinds}），停用 {line.retired}{practice}")
    if not lines:
        click.echo("还没有题库。导入一个：flask bank import 文件 --bank 题库名")


# ---- output ----

def _print(
    report: CheckReport, result: banks.ImportResult | None, as_json: bool, *, done: bool
) -> None:
    if as_json:
        _echo_json(_as_json(report, result))
        return
    for title, problems in (("错误", report.errors), ("提醒", report.warnings)):
        if problems:
            click.echo(f"{title} {len(problems)} 个")
            _table(problems)
    if report.exit_code == UNREADABLE:
        click.echo("文件读不了，什么都没有写入。")
        return
    kinds = "，".join(f"{KIND_LABEL[kind]} {n}" for kind, n in report.valid.items() if n)
    click.echo(f"读到 {len(report.bank.rows)} 行，可用 {sum(report.valid.values())} 题"
               f"（{kinds or '无'}），文件内重复 {len(report.duplicates)}，"
               f"文件内冲突 {len(report.conflicts)}")
    if result is not None:
        _say(result, done)


def _say(result: banks.ImportResult, done: bool) -> None:
    click.echo(f"{'已写入' if done else '没有写入；和题库比较'}：新增 {result.added}，"
               f"新版本 {result.changed}，不变 {result.unchanged}，冲突 {len(result.conflicts)}")
    for one in result.conflicts[:50]:
        click.echo(f"  第 {one.row} 行和 {one.of} 题目相同，答案不同，没有写入")


def _as_json(report: CheckReport, result: banks.ImportResult | None) -> Mapping[str, object]:
    found = report.as_json()
    if result is None:
        return found
    inside = [{"row": row, "of": of} for row, of in report.conflicts]
    return {
        **found, "conflicts": [*inside, *(one.as_json() for one in result.conflicts)],
        **{name: getattr(result, name) for name in COUNTED},
    }


def _echo_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))


def _table(problems: Sequence[Problem]) -> None:
    rows = [("行", "列", "代码", "原来写的", "怎么办"), *(
        (str(one.row or ""), one.column or "", one.code, _short(one.value), one.message)
        for one in problems)]
    widths = [max(width(row[place]) for row in rows) for place in range(4)]
    for row in rows:
        cells = (cell + " " * (wide - width(cell))
                 for cell, wide in zip(row, widths, strict=False))
        click.echo("  ".join([*cells, row[4]]))


def _short(value: str) -> str:
    line = " ".join(value.split())
    return line if len(line) <= 20 else line[:20] + "…"
