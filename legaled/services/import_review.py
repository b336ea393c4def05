"""What the owner of a waiting file sees before deciding, as finished values."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from legaled.domain.bank_headers import FIELD_LABEL
from legaled.domain.bank_problems import ERRORS, WARNINGS, Problem
from legaled.domain.banks import KIND_LABEL, QuestionDraft
from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.files import uploads
from legaled.files.banks import BankFile
from legaled.files.import_store import Store
from legaled.services.bank_desk import Waiting, opened
from legaled.services.bank_question import FieldChange, differences
from legaled.services.import_looks import Looks, looks
from legaled.services.paging import Page, page_of
from legaled.services.sitting import check_bank_named

PER_PAGE, CONFLICTS, CHANGED, REPEATS, FIRST = 50, 10, 5, 30, 3
ENCODING = {
    "utf-8": "UTF-8", "utf-8-sig": "UTF-8（带 BOM）", "gb18030": "GB18030（GBK）",
    "utf-16-le": "UTF-16", "utf-16-be": "UTF-16（大端）",
}
DELIMITER = {",": "逗号分隔", "\t": "制表符分隔", ";": "分号分隔"}


@dataclass(frozen=True)
class Versus:
    """A row of the file against what it contradicts; `taken`: the file's answer was chosen."""

    row: int
    of: str
    inside: bool
    offered: Looks
    kept: Looks
    taken: bool


@dataclass(frozen=True)
class Change:
    """A row that becomes a new version of the question `of`, and the fields in which it differs."""

    row: int
    of: str
    since: Sequence[FieldChange]


@dataclass(frozen=True)
class Repeat:
    """A row that is there already; `retired`: what is there is out of use and stays so."""

    row: int
    of: str
    retired: bool


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
    unsure: bool


@dataclass(frozen=True)
class Review:
    """Everything the result page says. Of `taken` conflicts `over` are with the bank's answer.
    `seen` stands for all of it and comes back with the confirmation.
    """

    readout: Sequence[tuple[str, str]]
    records: int
    counts: Mapping[str, int]
    refused: int
    has_errors: bool
    code: str
    chips: Sequence[tuple[str, str, int]]
    problems: Sequence[ProblemLine]
    page: Page
    columns: Sequence[Column]
    columns_words: str
    columns_note: str
    unsure: int
    unit: str
    sheet: str
    sheets: Sequence[str]
    trailing: bool
    conflicts: Page
    taken: int
    over: int
    versus: Sequence[Versus]
    changed: Page
    changes: Sequence[Change]
    duplicates: int
    repeated: Page
    repeats: Sequence[Repeat]
    retired: int
    preview: Sequence[tuple[int, Looks]]
    seen: str

    @property
    def ready(self) -> int:
        """How many questions would be written, conflicts aside."""
        return self.counts["added"] + self.counts["changed"]

    @property
    def writable(self) -> bool:
        return bool(sum(self.counts.values()) or self.conflicts.total)


@dataclass(frozen=True)
class LeftOut:
    """What a file held and was not written: how many rows have errors, and (reason, how often)."""

    token: str
    refused: int
    reasons: Sequence[tuple[str, int]]


def review(
    session: Session, folder: Path, actor: Actor, waiting: Waiting, code: str,
    pages: Mapping[str, int], now: datetime,
) -> Review:
    """What the owner sees before deciding, the bank's own answers beside the file's included:
    refused (`sitting`) to who sits an exam drawn from that bank. Nothing is written.

    `pages`: which page of the problems (`page`), the conflicts (`cpage`), the new versions
    (`vpage`), the repeats (`rpage`).
    """
    check_bank_named(session, actor, waiting.bank, now)
    with opened(folder, waiting) as store:
        return _review(store, code, pages)


def headers(folder: Path, waiting: Waiting) -> Sequence[str]:
    """The columns of the file as they are called."""
    with opened(folder, waiting) as store:
        return store.bank().headers


def sheets(folder: Path, waiting: Waiting) -> Sequence[str]:
    """The sheets that one may choose instead, when the file was ever read."""
    try:
        with opened(folder, waiting) as store:
            return store.bank().sheets
    except (NotFoundError, ConflictError):
        return ()


def left_out(folder: Path, actor: Actor, token: str) -> LeftOut | None:
    """What of the actor's own file was not written; None when the file is gone, or unreadable."""
    upload = uploads.find(folder, actor.id, token) if actor.id is not None else None
    if upload is None:
        return None
    try:
        with opened(folder, Waiting(upload, uploads.state(folder, upload))) as store:
            return _left_out(store, token)
    except (NotFoundError, ConflictError):
        return None


def _left_out(store: Store, token: str) -> LeftOut:
    reasons = [(title_of(code), number) for code, number in store.problem_counts()
               if code in ERRORS]
    conflicts = store.count_pairs(conflict=True) + store.count_against("conflict")
    reasons += [("文件里的其他行已经有这道题", store.count_pairs(conflict=False)),
                ("答案和已有的不同，没有用文件的", conflicts - len(store.taken()))]
    return LeftOut(token, store.refused(), [one for one in reasons if one[1]])


def _review(store: Store, code: str, pages: Mapping[str, int]) -> Review:
    bank, counts = store.bank(), dict(store.problem_counts())
    chips = _chips(counts)
    code = code if code in {chip[0] for chip in chips} else ""
    place = page_of(next((n for name, _, n in chips if name == code), 0),
                    pages.get("page", 1), PER_PAGE)
    against = page_of(store.count_pairs(conflict=True) + store.count_against("conflict"),
                      pages.get("cpage", 1), CONFLICTS)
    changed = page_of(store.count_against("changed"), pages.get("vpage", 1), CHANGED)
    repeated = page_of(store.count_repeats(), pages.get("rpage", 1), REPEATS)
    columns, taken = _columns(bank, store.fact("first")), store.taken()
    sheets = tuple(bank.sheets)
    return Review(
        _readout(bank, store.fact("valid")), store.fact("rows"),
        store.fact("counts") or dict.fromkeys(("added", "changed", "unchanged"), 0),
        store.refused(), any(name in ERRORS for name in counts), code, chips,
        [_line(one) for one in store.problems(code, PER_PAGE, place.offset)], place,
        columns, _columns_words(columns), _columns_note(bank, store.fact("recalled")),
        sum(one.unsure for one in columns), "行" if bank.headers else "题",
        bank.sheet or "", sheets if len(sheets) > 1 else (),
        "answer_trailing_text" in counts, against, len(taken),
        store.count_taken_from_bank(),
        [_versus(store, row, of, kept, row in taken)
         for row, of, kept in store.conflicts(CONFLICTS, against.offset)],
        changed, [Change(row, of, differences(kept, new))
                  for row, of, kept, new in store.changed(CHANGED, changed.offset)],
        store.count_pairs(conflict=False), repeated,
        [Repeat(row, _name(of), bool(retired))
         for row, of, retired in store.repeats(REPEATS, repeated.offset)],
        store.count_retired(), [(one.row, looks(one)) for one in store.first_drafts(FIRST)],
        store.seen())


def title_of(code: str) -> str:
    """The first sentence of the house's words for a code."""
    return (ERRORS.get(code) or WARNINGS.get(code, code)).split("。")[0]


def _versus(
    store: Store, row: int, of: str | int, kept: QuestionDraft | None, taken: bool
) -> Versus:
    inside = kept is None
    there = kept or store.draft(int(of))
    offered = store.draft(row) if not inside else store.rival(row)
    if there is None or offered is None:
        raise LookupError(f"row {row} or {of} is not in the store")
    return Versus(row, _name(of), inside, looks(offered, there), looks(there, offered), taken)


def _name(of: str | int) -> str:
    """A 题号 as it is, a row as a row."""
    return f"文件第 {of} 行" if str(of).isdigit() else str(of)


def _chips(counts: Mapping[str, int]) -> list[tuple[str, str, int]]:
    must = sum(number for code, number in counts.items() if code in ERRORS)
    heads = [("", "全部", sum(counts.values())), ("must", "必须改", must),
             ("warn", "提醒", sum(counts.values()) - must)]
    return [chip for chip in heads if chip[2]] + [
        (code, title_of(code), number) for code, number in counts.items()]


def _line(one: Problem) -> ProblemLine:
    return ProblemLine(
        str(one.row or ""), one.column or "", one.code in ERRORS, title_of(one.code), one.code,
        one.value.replace("\n", " ⏎ "), one.message)


def _readout(bank: BankFile, valid: Mapping[str, int]) -> list[tuple[str, str]]:
    kinds = "，".join(f"{label} {valid.get(kind.value)}" for kind, label in KIND_LABEL.items()
                     if valid.get(kind.value))
    sheet = f"工作表「{bank.sheet}」" if bank.sheet else ""
    header = (f"表头在第 {bank.header_row} 行，{len(bank.headers)} 列"
              if bank.header_row and bank.headers else "")
    header = header or (f"没有表头，{len(bank.headers)} 列" if bank.headers else "")
    layout = (bank.format.upper(), DELIMITER.get(bank.delimiter or "", ""), sheet, header)
    encoding = ENCODING.get(bank.encoding or "", "")
    rows = (("格式", "，".join(filter(None, layout))),
            ("编码", encoding and f"{encoding}，全部读出"), ("题型", kinds or "没有可以写入的题"))
    return [row for row in rows if row[1]]


def _columns(bank: BankFile, first: Sequence[str]) -> list[Column]:
    unsure = set(bank.unsure)
    return [
        Column(at, header, bank.mapping.get(header, ""), first[at] if at < len(first) else "",
               header in unsure)
        for at, header in enumerate(bank.headers)]


def _columns_words(columns: Sequence[Column]) -> str:
    known = [one for one in columns if one.field]
    named = sum(bool(one.header) for one in columns)
    if not known:
        return f"{named} 列都没有认出"
    left_out = f"，{named - len(known)} 列不导入" if len(known) < named else ""
    names = "、".join(FIELD_LABEL[one.field] for one in known)
    return f"{named} 列认出 {len(known)} 列{left_out}：{names}"


def _columns_note(bank: BankFile, recalled: bool) -> str:
    if bank.header_row is None:
        return "没有表头的文件，只对这一个有效"
    return ("这样的表头以前有人指定过，按那次读的。改了就按新的记住" if recalled
            else "改过的会记住，以后同样的表头都这样读，别人上传的也是")
