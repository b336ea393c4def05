"""`flask content check`: the banks and guides that ship; docs/content.md tells the rules."""

import json
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from legaled.domain.content import Finding
from legaled.domain.content_balance import LETTERS, kinds_line
from legaled.domain.text import width
from legaled.files.content import BankReport, ContentReport, ContentUnreadableError, check_content

group = AppGroup("content", help="随附的题库和学习材料：检查。")
FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)
CLEAN, FAULTY, UNREADABLE = 0, 1, 2
HEAD = ("题库", "题", "单选", "多选", "判断", "填空", "易", "中", "难", "案例约", "A/B/C/D",
        "选最长能对", "判断对", "读", "例外", "问题")


@group.command("check")
@click.argument("folder", required=False, type=FOLDER)
@click.option("--laws", type=FOLDER, metavar="DIR", help="法规原文的文件夹，逐题对照条文。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def check(folder: Path | None, laws: Path | None, as_json: bool) -> None:
    """检查 FOLDER 里一部法一个文件夹的 bank.csv 和 guide.md，什么都不写入。

    不写 FOLDER 就检查随平台提供的题库，并且要求各部法齐全、合计题数足够。
    退出码：0 没有问题，1 有问题，2 读不了。
    """
    shipped: Path = current_app.config["LEGALED"].laws
    try:
        report = check_content(folder or shipped, laws, all_banks=folder is None)
    except ContentUnreadableError as error:
        if as_json:
            _echo_json({"clean": False, "questions": 0, "laws": None, "not_laws": [], "banks": [],
                        "findings": [{"bank": "", "row": None, "code": "unreadable", "value": "",
                                      "message": str(error)}]})
        else:
            click.echo(str(error), err=True)
        raise SystemExit(UNREADABLE) from None
    if as_json:
        _echo_json(report.as_json())
    else:
        _print(report)
    raise SystemExit(CLEAN if report.clean else FAULTY)


def _print(report: ContentReport) -> None:
    _table([HEAD, *(_line(bank) for bank in report.banks)], right=1)
    for bank in report.banks:
        _list(f"{bank.name}：问题 {len(bank.faults)} 个", bank.faults)
        _list(f"{bank.name}：例外 {len(bank.accepted)} 个", bank.accepted)
    _list(f"整体：问题 {len(report.whole)} 个", report.whole)
    for name in report.no_laws:
        click.echo(f"“{name}”不是法规原文，没有用它。")
    against = "没有对照法规原文（加 --laws 原文文件夹 就对照）" if report.laws is None else (
        f"对照了 {len(report.laws)} 部法规的原文")
    faults = len(report.whole) + sum(len(bank.faults) for bank in report.banks)
    click.echo(f"\n{len(report.banks)} 个题库 {report.questions} 题，{against}，"
               f"{f'有问题 {faults} 个' if faults else '没有问题'}。")


def _line(bank: BankReport) -> tuple[str, ...]:
    facts = bank.facts
    kinds = kinds_line(facts)
    singles, judges = int(kinds[0]), int(kinds[2])
    return (
        bank.name, str(facts.questions), *kinds,
        *(str(facts.difficulties.get(word, 0)) for word in "易中难"),
        _share(facts.cases, facts.questions),
        "/".join(str(facts.letters[letter]) for letter in LETTERS),
        _share(facts.longest, singles), _share(facts.judge_true, judges),
        f"{bank.minutes} 分" if bank.minutes else "无",
        str(len(bank.accepted)), str(len(bank.faults)))


def _share(part: int | Fraction, of: int) -> str:
    return f"{round(Fraction(100 * part) / of)}%" if of else "-"


def _list(title: str, findings: Sequence[Finding]) -> None:
    if not findings:
        return
    click.echo(f"\n{title}")
    _table([("行", "代码", "题", "怎么办"), *(
        (str(one.row or ""), one.code, one.value,
         one.message + (f" 例外，理由：{one.reason}" if one.reason else ""))
        for one in findings)], right=5)


def _table(rows: Sequence[Sequence[str]], right: int) -> None:
    """Columns from `right` on are figures and stand at the right; the last one is not padded."""
    widths = [max(width(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        cells = [_pad(cell, wide, place >= right)
                 for place, (cell, wide) in enumerate(zip(row, widths, strict=True))]
        click.echo("  ".join(cells).rstrip())


def _pad(text: str, wide: int, right: bool) -> str:
    space = " " * (wide - width(text))
    return space + text if right else text + space


def _echo_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))
