"""The folder of banks and guides that ships, read and judged as a whole."""

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from legaled.domain import (
    content_articles,
    content_balance,
    content_exceptions,
    content_guides,
    content_likeness,
    content_questions,
)
from legaled.domain.content import Bank, Finding, demand_of, missing, total, whole
from legaled.domain.content_exceptions import COLUMNS, Accepted
from legaled.domain.content_texts import Texts
from legaled.domain.law_problems import LawUnreadableError
from legaled.domain.law_text import LawText
from legaled.files import guides
from legaled.files.bank_check import CheckReport, check
from legaled.files.laws import MAX_BYTES, SUFFIXES, read_law

EXCEPTIONS = "exceptions.csv"


class ContentUnreadableError(Exception):
    """There is nothing that could be checked; the words say why and what to do."""


@dataclass(frozen=True)
class BankReport:
    """One folder: its figures, its guide and what is wrong; None for a guide that is not there."""

    name: str
    facts: content_balance.Facts
    minutes: int | None
    findings: Sequence[Finding]

    @property
    def faults(self) -> list[Finding]:
        return [one for one in self.findings if not one.reason]

    @property
    def accepted(self) -> list[Finding]:
        return [one for one in self.findings if one.reason]

    def as_json(self) -> dict[str, object]:
        return {"name": self.name, **self.facts.as_json(), "guide_minutes": self.minutes,
                "findings": [one.as_json() for one in self.faults],
                "exceptions": [one.as_json() for one in self.accepted]}


@dataclass(frozen=True)
class ContentReport:
    """All banks of a folder. `laws` are the texts they were checked against, None: without."""

    banks: Sequence[BankReport]
    whole: Sequence[Finding]
    laws: Sequence[str] | None
    no_laws: Sequence[str] = ()  # files of the folder of texts that are no law

    @property
    def clean(self) -> bool:
        return not self.whole and not any(bank.faults for bank in self.banks)

    @property
    def questions(self) -> int:
        return sum(bank.facts.questions for bank in self.banks)

    def as_json(self) -> dict[str, object]:
        """The keys of `content check --json`, in their order."""
        return {"clean": self.clean, "questions": self.questions,
                "laws": None if self.laws is None else list(self.laws),
                "not_laws": list(self.no_laws),
                "banks": [one.as_json() for one in self.banks],
                "findings": [one.as_json() for one in self.whole]}


@dataclass(frozen=True)
class _Folder:
    bank: Bank
    report: CheckReport | None
    guide: str | None
    accepted: Sequence[Accepted]
    wrong: Sequence[Finding]


def check_content(folder: Path, laws: Path | None = None, *, all_banks: bool) -> ContentReport:
    """Every `<law>/bank.csv` and `guide.md` of the folder; raises ContentUnreadableError.

    With `laws`, a folder of official texts, questions and guides are checked against them.
    `all_banks` asks for every bank of the year and their total.
    """
    texts, no_laws = _texts(laws) if laws else (None, [])
    folders = [_read(path) for path in sorted(folder.iterdir()) if _is_law(path)]
    if not folders:
        raise ContentUnreadableError(
            f"「{folder.name}」里没有题库。应是一部法一个文件夹，里面是 {guides.BANK} 和"
            f" {guides.GUIDE}。")
    banks = [one.bank for one in folders]
    like = content_likeness.judge(banks)
    reports = [_judged(one, texts, like) for one in folders]
    lost = [*missing(bank.name for bank in banks), *total(banks)] if all_banks else []
    names = [law.text.title for law in texts.laws] if texts else None
    return ContentReport(reports, lost, names, no_laws)


def _is_law(path: Path) -> bool:
    return path.is_dir() and any((path / name).is_file() for name in (guides.BANK, guides.GUIDE))


def _read(path: Path) -> _Folder:
    name, bank, guide = path.name, path / guides.BANK, path / guides.GUIDE
    wrong: list[Finding] = []
    report = check(bank.read_bytes(), bank.name) if bank.is_file() else None
    if report is not None and report.exit_code == 2:
        raise ContentUnreadableError(f"「{name}」的 {bank.name} 读不了：{report.errors[0].message}")
    if report is None:
        wrong.append(whole(name, "bank_missing"))
    if not guide.is_file():
        wrong.append(whole(name, "guide_missing"))
    accepted, unreadable = _exceptions(name, path / EXCEPTIONS)
    return _Folder(Bank(name, report.drafts if report else ()), report,
                   _text(guide) if guide.is_file() else None, accepted, [*wrong, *unreadable])


def _judged(one: _Folder, texts: Texts | None, like: Sequence[Finding]) -> BankReport:
    bank, guide = one.bank, None
    found = [*_of_bank_check(bank.name, one.report), *one.wrong]
    for draft in bank.questions:
        found += content_questions.judge(bank.name, draft)
        if texts is not None:
            found += content_articles.judge(bank.name, draft, texts)
    found += (finding for finding in like if finding.bank == bank.name)
    if one.report is not None:
        found += content_balance.judge(bank)
    if one.guide is not None:
        guide = guides.parse(bank.name, one.guide)
        found += content_guides.judge(demand_of(bank.name), one.guide, guide.minutes, texts)
    found = content_exceptions.apply(bank, found, one.accepted)
    return BankReport(bank.name, content_balance.facts(bank.questions),
                      guide.minutes if guide else None,
                      sorted(found, key=lambda each: (each.row is None, each.row or 0)))


def _of_bank_check(name: str, report: CheckReport | None) -> list[Finding]:
    """What `bank check` says; a shipped bank has not even a warning."""
    if report is None:
        return []
    return [Finding(name, one.row, one.code, one.message, one.value)
            for one in (*report.errors, *report.warnings)] + [
        Finding(name, row, code, f"和第 {of} 行{words}。", "")
        for code, words, both in (("duplicate", "是同一道题", report.duplicates),
                                  ("conflict", "题目相同，答案不同", report.conflicts))
        for row, of in both]


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise ContentUnreadableError(
            f"「{path.parent.name}」的 {path.name} 不是 UTF-8。请另存为 UTF-8。") from None


def _exceptions(name: str, path: Path) -> tuple[list[Accepted], list[Finding]]:
    """The lines of exceptions.csv; none when there is no such file."""
    if not path.is_file():
        return [], []
    reader = csv.DictReader(io.StringIO(_text(path), newline=""))
    if not set(COLUMNS) <= set(reader.fieldnames or ()):
        return [], [whole(name, "exceptions_unreadable")]
    return [Accepted(reader.line_num, *_cells(line)) for line in reader], []


def _cells(line: Mapping[str, str | None]) -> list[str]:
    return [(line[column] or "").strip() for column in COLUMNS]


def _texts(folder: Path) -> tuple[Texts, list[str]]:
    """The laws of a folder, each file one; files that are no law are named."""
    laws: list[LawText] = []
    no_laws: list[str] = []
    paths = [path for path in sorted(folder.iterdir())
             if path.is_file() and path.suffix.lstrip(".").lower() in SUFFIXES]
    for path in paths:
        try:
            size = path.stat().st_size
            laws.append(read_law([(path.name, path.read_bytes() if size <= MAX_BYTES else b"")]))
        except LawUnreadableError:
            no_laws.append(path.name)
    if not laws:
        raise ContentUnreadableError(f"「{folder.name}」里没有读得出的法规原文。")
    return Texts(laws), no_laws
