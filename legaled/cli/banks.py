"""`flask bank check | import | export | list`; docs/bank.md tells how to use them."""

import json
import sys
from collections import Counter
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
from legaled.files.bank_writing import EXPORTS, write_bank
from legaled.files.banks import unknown_columns
from legaled.files.tables import suffix_of
from legaled.services import banks, laws

group = AppGroup("bank", help="题库：检查、导入、导出、列出。")
FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
UNREADABLE = 2
COUNTED = ("added", "changed", "unchanged")
MANY = 200  # more problems than these are shown by code
SHOWN = 50  # of each code, then


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


def _export_path(_context: click.Context, _option: click.Parameter, value: Path) -> Path:
    if suffix_of(value.name) not in EXPORTS:
        endings = "、".join(f".{one}" for one in EXPORTS)
        raise click.BadParameter(
            f"不知道写成什么格式：「{value.name}」。文件名请以 {endings} 结尾，"
            "分别是 CSV、Excel 和 Moodle XML。什么都没有写出。")
    return value


def _shared(command: Callable[..., Any]) -> Callable[..., Any]:
    """The options that check and import have in common."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="输出 JSON。"),
        click.option("--accept-trailing", is_flag=True,
                     help="答案后面有别的字时，只取前面的答案。"),
        click.option("--map", "mapping", multiple=True, callback=_mapping, metavar="列=field",
                     help="指明一列是什么，可以写多次。"),
        click.option("--sheet", help="XLSX、XLS 的工作表名；不写就读有题目的那一张。"),
        click.argument("file", type=FILE),
    ):
        command = option(command)
    return command


def _checked(
    file: Path, sheet: str | None, mapping: dict[str, str], accept_trailing: bool,
    bank: str | None,
) -> CheckReport:
    """The report; ends the command when `--map` names a column that the file has not.

    Laws are looked up where a bank is named, because that is when there is a database.
    """
    articles = None
    if bank is not None:
        with db.ready().read() as session:
            articles = laws.article_counts(session, now())
    report = check(file.read_bytes(), file.name, accept_trailing=accept_trailing,
                   articles=articles, sheet=sheet, mapping=mapping)
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
    """检查题库文件，什么都不写入。退出码：0 没有错误，1 有错误，2 读不了。

    能读 CSV、TSV、XLSX、XLS、TXT、MD、DOCX 和 Moodle XML。不加 --bank 时不用数据库。
    """
    report = _checked(file, sheet, mapping, accept_trailing, bank)
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
    """把题库文件写入题库：全部写入，或者全不写入。格式和退出码同 check。"""
    report = _checked(file, sheet, mapping, accept_trailing, bank)
    result = banks.ImportResult(None, 0, 0, 0, ())
    writes = report.exit_code == 0 or (report.exit_code != UNREADABLE and valid_only)
    if writes and report.drafts:
        drafts, database = banks.with_rivals(report, take_conflicts), db.ready()
        with database.read() as session:  # worked out before the lock is taken
            plan = banks.plan_import(session, bank, drafts, take_conflicts=take_conflicts)
        with database.write() as session:
            result = banks.import_drafts(
                session, SYSTEM, bank, drafts, now(), take_conflicts=take_conflicts, plan=plan,
                file=file.name)
    _print(report, result, as_json, done=writes)
    raise SystemExit(report.exit_code)


@group.command("export")
@click.argument("name")
@click.argument("file", type=click.Path(dir_okay=False, writable=True, path_type=Path),
                callback=_export_path)
def export(name: str, file: Path) -> None:
    """把题库里没有停用的题写成文件，再导入时什么都不会变。

    格式看文件名的结尾：.csv 和 .xlsx 是模板的样子，.xml 是 Moodle XML。
    """
    with db.ready().read() as session:
        try:
            drafts = banks.export_bank(session, SYSTEM, banks.bank_id_of(session, name), now())
        except NotFoundError:
            raise click.ClickException(f"没有叫「{name}」的题库。") from None
    file.write_bytes(write_bank(drafts, suffix_of(file.name)))
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
    many = len(report.errors) + len(report.warnings) > MANY
    for title, problems in (("错误", report.errors), ("提醒", report.warnings)):
        if problems:
            click.echo(f"{title} {len(problems)} 个")
            (_by_code if many else _table)(problems)
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


def _by_code(problems: Sequence[Problem]) -> None:
    """The commonest code first, the beginning of each, and how many more there are."""
    for code, number in Counter(one.code for one in problems).most_common():
        click.echo(f"· {code}：{number} 个")
        _table([one for one in problems if one.code == code][:SHOWN])
        if number > SHOWN:
            click.echo(f"  还有 {number - SHOWN} 个没有列出，加 --json 看全部。")


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
