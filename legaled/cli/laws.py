"""`flask law check | import | list`; docs/laws.md tells how to use them."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path

import click
from flask import current_app
from flask.cli import AppGroup

from legaled import db
from legaled.clock import now
from legaled.domain.law_changes import CHANGE_LABEL
from legaled.domain.law_problems import LawProblem, LawUnreadableError
from legaled.domain.law_text import LawText
from legaled.domain.permissions import SYSTEM
from legaled.files.laws import read_law
from legaled.services import laws, study
from legaled.services.law_flags import NO_EFFECTS

group = AppGroup("law", help="法规：检查原文、导入、列出。")
FILES = click.argument(
    "files", nargs=-1, required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path))
JSON = click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
CLEAN, DOUBTFUL, UNREADABLE = 0, 1, 2
NOTHING = {"title": "", "articles": 0, "first": 0, "last": 0, "gaps": [], "repeats": [],
           "chapters": 0, "sections": 0, "preamble": False,
           "dates": {"promulgated": None, "effective": None}}


@group.command("check")
@FILES
@JSON
def check(files: Sequence[Path], as_json: bool) -> None:
    """检查法规原文，什么都不写入；几个文件是同一部法规。

    退出码：0 没有问题，1 缺条、重复或有没收入的内容，2 读不了。
    """
    text = _read(files, as_json)
    if as_json:
        _echo_json(text.as_json())
    else:
        _print(text)
    raise SystemExit(CLEAN if text.is_clean else DOUBTFUL)


@group.command("import")
@FILES
@JSON
@click.option("--effective", type=click.DateTime(["%Y-%m-%d"]), metavar="2021-01-01",
              help="施行日期，以它为准。")
@click.option("--checked", is_flag=True,
              help="有缺条、重复或没收入的内容时也写入：已经对照过官方文本。")
def import_files(
    files: Sequence[Path], as_json: bool, effective: datetime | None, checked: bool
) -> None:
    """把法规原文收入法规库；几个文件是同一部法规。同一文本再导入没有变化。退出码同 check。"""
    text, guides = _read(files, as_json), study.guides(current_app.config["LEGALED"].laws)
    day: date | None = effective.date() if effective else None
    text, done = text.with_effective(day) if day else text, None
    if text.is_clean or checked:
        with db.ready().write() as session:
            done = laws.import_law(
                session, SYSTEM, text, "、".join(path.name for path in files), now(), day, guides)
    if as_json:
        effects = done.effects if done else NO_EFFECTS
        _echo_json({**text.as_json(), "added": int(done.added) if done else None,
                    "changes": {one.value: count for one, count in effects.changes.items()},
                    "flagged": {"questions": effects.questions, "guides": effects.guides}})
    else:
        _print(text)
        click.echo(_done_words(done))
    raise SystemExit(CLEAN if text.is_clean else DOUBTFUL)


@group.command("list")
@JSON
def list_all(as_json: bool) -> None:
    """列出法规库里的法规和各个版本。"""
    with db.ready().read() as session:
        lines = laws.law_list(session, now())
    if as_json:
        _echo_json([
            {"name": line.name, "articles": line.current.articles,
             "versions": [{"promulgated": _iso(one.promulgated), "effective": _iso(one.effective),
                           "state": one.state, "articles": one.articles}
                          for one in line.versions]}
            for line in lines])
        return
    for line in lines:
        since = line.current.effective
        click.echo(f"{line.name}：{line.current.articles} 条，"
                   f"{f'{since} 起施行' if since else '施行日期不详'}，"
                   f"{len(line.versions)} 个版本")
    if not lines:
        click.echo("法规库里还没有法规。导入一部：flask law import 文件")


def _read(files: Sequence[Path], as_json: bool) -> LawText:
    """The law; ends the command when it cannot be read."""
    try:
        return read_law([(path.name, path.read_bytes()) for path in files])
    except LawUnreadableError as error:
        if as_json:
            _echo_json({**NOTHING, "warnings": [error.problem.as_json()]})
        else:
            click.echo(f"{_where(error.problem)}{error.problem.message}什么都没有写入。", err=True)
        raise SystemExit(UNREADABLE) from None


def _print(text: LawText) -> None:
    numbers = [one.number for one in text.articles]
    click.echo(text.title)
    click.echo(f"{len(text.articles)} 条（{numbers[0].words}至{numbers[-1].words}），"
               f"{text.chapters} 章 {text.sections} 节{'，有序言' if text.preamble else ''}")
    click.echo(f"通过、修订或公布：{text.dates.promulgated or '不详'}；"
               f"施行：{text.dates.effective or '不详'}")
    for one in text.warnings:
        click.echo(f"  {_where(one)}{one.message}（{one.code}）")


def _done_words(done: laws.Imported | None) -> str:
    if done is None:
        return "没有写入。请改好原文，或对照官方文本看过后加上 --checked。"
    if done.dated:
        return "文本没有变，施行日期已改。"
    if not done.added:
        return "这个文本已经在法规库里，没有变化。"
    return "已收入，是新的法规。" if done.new_law else f"已收入，是新版本。{_effects(done.effects)}"


def _effects(effects: laws.Effects) -> str:
    """What the new text changes and flags, a line each."""
    if effects.old is None:
        return "没有更早的文本可比，没有题目因此待复核。"
    counts = "，".join(f"{CHANGE_LABEL[one]} {count} 条" for one, count in effects.changes.items())
    return (f"\n与上一文本比：{counts}。"
            f"\n待复核：{effects.questions} 道题，{effects.guides} 份指南。")


def _where(one: LawProblem) -> str:
    return f"第 {one.line} 行：" if one.line else ""


def _iso(day: date | None) -> str | None:
    return day.isoformat() if day else None


def _echo_json(value: object) -> None:
    click.echo(json.dumps(value, ensure_ascii=False, indent=1))
