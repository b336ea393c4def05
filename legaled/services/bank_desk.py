"""The import desk: a file waits here, checked on every look, until its owner writes or drops it.

`folder` is where waiting files lie. Nobody but the owner finds a file.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from legaled.domain.bank_headers import FIELD_LABEL
from legaled.domain.bank_problems import ERRORS, WARNINGS, Problem, UnreadableFileError, problem
from legaled.domain.banks import KIND_LABEL, QuestionDraft
from legaled.domain.errors import InvalidError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.files import uploads
from legaled.files.bank_check import CheckReport, check
from legaled.files.bank_writing import refused_rows, write_template
from legaled.files.uploads import Upload
from legaled.services.bank_imports import ImportResult, compare, import_drafts
from legaled.services.bank_pages import Shown, shown
from legaled.services.banks import with_rivals
from legaled.services.paging import Page, page_of
from legaled.services.sitting import check_bank_named

PER_PAGE = 50
FIRST = 5
ENCODING = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8（带 BOM）", "gb18030": "GB18030（GBK）",
    "utf-16-le": "UTF-16", "utf-16-be": "UTF-16（大端）",
}
DELIMITER = {",": "逗号分隔", "\t": "制表符分隔", ";": "分号分隔"}
MENDABLE = {"missing_column"}  # a file without questions that a corrected column may bring out


@dataclass(frozen=True)
class Opened:
    """A waiting file and what is in it now."""

    upload: Upload
    report: CheckReport

    @property
    def bank(self) -> str:
        return str(self.upload.options["bank"])


@dataclass(frozen=True)
class ProblemLine:
    row: str
    column: str
    is_error: bool
    title: str
    code: str
    value: str
    message: str


@dataclass(frozen=True)
class Column:
    place: int
    header: str
    field: str
    sample: str


@dataclass(frozen=True)
class Versus:
    """A row of the file against what it contradicts."""

    row: int
    of: str
    offered: Shown
    kept: Shown


@dataclass(frozen=True)
class Review:
    """Everything the result page says."""

    readout: Sequence[tuple[str, str]]
    records: int
    result: ImportResult
    duplicates: int
    refused: int
    code: str
    chips: Sequence[tuple[str, str, int]]
    problems: Sequence[ProblemLine]
    page: Page
    columns: Sequence[Column]
    columns_words: str
    trailing: bool
    conflicts: int
    versus: Sequence[Versus]
    preview: Sequence[tuple[int, Shown]]

    @property
    def ready(self) -> int:
        """How many questions would be written."""
        return self.result.added + self.result.changed


def receive(
    folder: Path, actor: Actor, name: str, data: bytes, options: Mapping[str, Any], now: datetime
) -> Upload:
    """Keep a file that can be read. Raises UnreadableFileError, and then nothing is kept.

    A header that somebody has corrected before is understood as it was corrected.
    """
    owner = _owner(actor)
    report = check(data, name, accept_trailing=options["accept_trailing"])
    known = uploads.remembered(folder, report.bank.headers)
    if known:
        report = check(data, name, accept_trailing=options["accept_trailing"], mapping=known)
    lost = next((one for one in report.errors if one.row is None), None)
    if report.exit_code == 2 or (lost and not report.bank.rows):
        raise UnreadableFileError(lost or report.errors[0])
    if not report.bank.rows and not MENDABLE & {one.code for one in report.errors}:
        raise UnreadableFileError(problem("no_rows"))
    return uploads.keep(folder, owner, name, data, {**options, "mapping": known}, now)


def pending(folder: Path, actor: Actor) -> list[Upload]:
    """The actor's waiting files, newest first."""
    return uploads.waiting(folder, _owner(actor))


def open_import(folder: Path, actor: Actor, token: str) -> Opened:
    """Read and judge the waiting file again; NotFoundError unless it is the actor's own."""
    upload = uploads.find(folder, _owner(actor), token)
    data = uploads.content(folder, upload) if upload else None
    if upload is None or data is None:
        raise NotFoundError()
    options = upload.options
    return Opened(upload, check(
        data, upload.name, accept_trailing=options["accept_trailing"],
        mapping=options.get("mapping") or None))


def remap(folder: Path, opened: Opened, mapping: Mapping[str, str]) -> None:
    """Understand the columns so from now on, in this file and in the next with this header."""
    uploads.change(folder, opened.upload, mapping=dict(mapping))
    uploads.remember(folder, opened.report.bank.headers, mapping)


def set_trailing(folder: Path, opened: Opened, accept: bool) -> None:
    """From now on take the good beginning of an answer with text behind it, or refuse it again."""
    uploads.change(folder, opened.upload, accept_trailing=accept)


def drop(folder: Path, actor: Actor, token: str) -> str:
    """Forget the file; returns the name it had."""
    upload = uploads.find(folder, _owner(actor), token)
    if upload is None:
        raise NotFoundError()
    uploads.drop(folder, upload)
    return upload.name


def confirm(
    session: Session, actor: Actor, opened: Opened, now: datetime, *, valid_only: bool,
    take_conflicts: bool,
) -> ImportResult:
    """Write all, or with `valid_only` what is valid.

    InvalidError when there are errors otherwise, and when nothing could be written.
    """
    if opened.report.errors and opened.report.drafts and not valid_only:
        raise InvalidError("errors_left")
    drafts = with_rivals(opened.report, take_conflicts)
    if not drafts:
        raise InvalidError("nothing_to_import")
    return import_drafts(
        session, actor, opened.bank, drafts, now, take_conflicts=take_conflicts,
        practice=opened.upload.options["practice"])


def refused(opened: Opened) -> tuple[str, bytes]:
    """The rows with errors and why, with a file name; in the format in which they came."""
    data = refused_rows(opened.report.bank, opened.report.errors)
    stem, _, suffix = opened.upload.name.rpartition(".")
    table = suffix.lower() in {"xlsx", "xls"} and not data.startswith(b"PK")
    return f"{stem or '题库'}_未通过.{'csv' if table else suffix}", data


def blank_template() -> bytes:
    return write_template(())


def review(
    session: Session, actor: Actor, opened: Opened, code: str, page: int, now: datetime
) -> Review:
    """What the owner sees before deciding, the bank's own answers beside the file's included:
    refused (`sitting`) to who sits an exam drawn from that bank. Nothing is written."""
    check_bank_named(session, actor, opened.bank, now)
    report = opened.report
    result = compare(session, opened.bank, report.drafts)
    problems = [*report.errors, *report.warnings]
    chips = _chips(report, problems)
    code = code if code in {chip[0] for chip in chips} else ""
    chosen = _chosen(report, problems, code)
    place = page_of(len(chosen), page, PER_PAGE)
    wrong = {one.row for one in report.errors if one.row in report.bank.rows}
    return Review(
        _readout(report), len(report.bank.rows), result, len(report.duplicates),
        len(wrong), code, chips,
        [_line(one) for one in chosen[place.offset : place.offset + PER_PAGE]], place,
        _columns(report), _columns_words(report),
        any(one.code == "answer_trailing_text" for one in report.errors),
        len(report.conflicts) + len(result.conflicts),
        _versus(report, result), _preview(report, result))


def _owner(actor: Actor) -> int:
    if actor.id is None:
        raise NotFoundError()
    return actor.id


def _chosen(report: CheckReport, problems: Sequence[Problem], code: str) -> Sequence[Problem]:
    by_place = {"": problems, "must": report.errors, "warn": report.warnings}
    found = by_place.get(code)
    return [one for one in problems if one.code == code] if found is None else found


def _title(code: str) -> str:
    """What is wrong, in a few words: the first sentence of the house's words for it."""
    return (ERRORS.get(code) or WARNINGS[code]).split("。")[0]


def _chips(report: CheckReport, problems: Sequence[Problem]) -> list[tuple[str, str, int]]:
    counts = Counter(one.code for one in problems)
    heads = [("", "全部", len(problems)), ("must", "必须改", len(report.errors)),
             ("warn", "提醒", len(report.warnings))]
    return [chip for chip in heads if chip[2]] + [
        (code, _title(code), number) for code, number in counts.most_common()]


def _line(one: Problem) -> ProblemLine:
    return ProblemLine(
        str(one.row or ""), one.column or "", one.code in ERRORS, _title(one.code), one.code,
        one.value.replace("\n", " ⏎ "), one.message)


def _readout(report: CheckReport) -> list[tuple[str, str]]:
    bank = report.bank
    kinds = "，".join(f"{KIND_LABEL[kind]} {n}" for kind, n in report.valid.items() if n)
    sheet = f"工作表「{bank.sheet}」" if bank.sheet else ""
    header = (f"表头在第 {bank.header_row} 行，{len(bank.headers)} 列"
              if bank.header_row and bank.headers else "")
    layout = (bank.format.upper(), DELIMITER.get(bank.delimiter or "", ""), sheet, header)
    encoding = ENCODING.get(bank.encoding or "")
    rows = (("格式", "，".join(filter(None, layout))),
            ("编码", encoding and f"{encoding}，全部读出"), ("题型", kinds or "没有可以写入的题"))
    return [(label, text) for label, text in rows if text]


def _columns(report: CheckReport) -> list[Column]:
    first = next(iter(report.bank.rows.values()), ())
    mapping = report.bank.mapping
    return [
        Column(at, header, mapping.get(header, ""), first[at] if at < len(first) else "")
        for at, header in enumerate(report.bank.headers)]


def _versus(report: CheckReport, result: ImportResult) -> list[Versus]:
    """The first ten of each sort: inside the file, and against the bank."""
    by_row = {draft.row: draft for draft in (*report.drafts, *report.rivals)}
    inside: list[tuple[int, str | int, QuestionDraft, QuestionDraft]] = [
        (row, of, by_row[row], by_row[of]) for row, of in report.conflicts]
    bank = [(one.row, one.of, one.offered, one.kept) for one in result.conflicts]
    return [
        Versus(row, f"文件，第 {of} 行" if isinstance(of, int) else f"题库，{of}",
               shown(offered), shown(kept))
        for row, of, offered, kept in (*inside[:10], *bank[:10])]


def _preview(report: CheckReport, result: ImportResult) -> list[tuple[int, Shown]]:
    """The first few that the bank would hold afterwards."""
    against = {one.row for one in result.conflicts}
    kept = (draft for draft in report.drafts if draft.row not in against)
    return [(draft.row, shown(draft)) for draft in islice(kept, FIRST)]


def _columns_words(report: CheckReport) -> str:
    known, total = len(report.bank.mapping), len(report.bank.headers)
    names = "、".join(FIELD_LABEL[name] for name in report.bank.mapping.values())
    left_out = f"，{total - known} 列不导入" if known < total else ""
    return f"{total} 列认出 {known} 列{left_out}：{names}" if known else f"{total} 列都没有认出"
