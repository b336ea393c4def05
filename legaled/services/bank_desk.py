"""The import desk: a file waits here until its owner writes or drops it.

`folder` is where waiting files lie. Nobody but the owner finds a file. Nothing here takes long:
checking, comparing and writing are done by `import_jobs`.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.files import import_store, uploads
from legaled.files.bank_writing import refused_rows, refused_suffix, write_template
from legaled.files.import_store import Store, UnusableError
from legaled.files.uploads import DiskFullError, State, TooManyError, Upload
from legaled.services import bank_against, import_checks, import_jobs
from legaled.services.sitting import check_bank_named

STAGES = {
    "checking": "正在检查", "ready": "等你确认", "writing": "正在写入", "written": "已写入",
    "failed": "出错",
}


@dataclass(frozen=True)
class Waiting:
    """A file and how far it has come: `stage` is one of STAGES."""

    upload: Upload
    state: State

    @property
    def token(self) -> str:
        return self.upload.token

    @property
    def bank(self) -> str:
        return str(self.upload.options["bank"])

    @property
    def stage(self) -> str:
        if self.state.failed:
            return "failed"
        if self.state.import_id:
            return "written"
        if self.upload.options.get("confirmed"):
            return "writing"
        return "ready" if import_jobs.is_settled(self.upload, self.state) else "checking"

    @property
    def label(self) -> str:
        return STAGES[self.stage]

    @property
    def is_settled(self) -> bool:
        """Whether nothing happens until the owner does something."""
        return self.stage not in {"checking", "writing"}

    @property
    def words(self) -> str:
        """What is going on, with figures where there are some."""
        state = self.state
        if self.stage == "writing":
            return f"正在写入 {state.total:,} 题" if state.total else "等候写入"
        return {
            import_checks.READING: "正在读文件",
            import_checks.CHECKING: f"检查 {state.done:,} / {state.total:,} 行",
            import_checks.COMPARING: "正在和题库里的题比较",
        }.get(state.stage, "等候检查，前面还有别的文件")


def receive(
    folder: Path, actor: Actor, name: str, data: bytes, options: Mapping[str, Any], now: datetime
) -> Upload:
    """Keep a file for its owner. InvalidError `too_many_waiting` when too many wait already, and
    `disk_full`; then nothing is kept."""
    try:
        return uploads.keep(folder, _owner(actor), name, data, options, now)
    except TooManyError:
        raise InvalidError("too_many_waiting") from None
    except DiskFullError:
        raise InvalidError("disk_full") from None


def pending(folder: Path, actor: Actor) -> list[Waiting]:
    """The actor's files, newest first."""
    return [Waiting(one, uploads.state(folder, one))
            for one in uploads.waiting(folder, _owner(actor))]


def open_import(folder: Path, actor: Actor, token: str) -> Waiting:
    """NotFoundError unless it is the actor's own."""
    upload = uploads.find(folder, _owner(actor), token)
    if upload is None:
        raise NotFoundError()
    return Waiting(upload, uploads.state(folder, upload))


def refresh(
    session: Session, folder: Path, actor: Actor, waiting: Waiting, now: datetime
) -> Waiting:
    """As it is now; a comparison that the bank has outlived, or that is lost, is to be made again.

    Refused (`sitting`) to who sits an exam drawn from the bank: what comes of a file there tells
    whether its answers are right.
    """
    check_bank_named(session, actor, waiting.bank, now)
    state = uploads.state(folder, waiting.upload)
    now_is = replace(waiting, state=state)
    if now_is.stage == "ready" and not _stands(session, folder, now_is):
        now_is = replace(now_is, state=replace(state, stage=import_checks.COMPARING))
        _note(folder, waiting, now_is.state)
    return now_is


def _stands(session: Session, folder: Path, waiting: Waiting) -> bool:
    """Whether what was found in the file can be read and still holds for the bank."""
    try:
        with opened(folder, waiting) as store:
            return bank_against.is_fresh(session, store, waiting.bank)
    except (NotFoundError, ConflictError):
        return False


def remap(folder: Path, waiting: Waiting, mapping: Mapping[str, str]) -> None:
    """Understand the columns so from now on, in this file and in the next with this header."""
    with opened(folder, waiting) as store:
        bank = store.bank()
    _recheck(folder, waiting, mapping=dict(mapping))
    if bank.header_row is not None:  # without a header, two files only look alike
        uploads.remember(folder, bank.headers, mapping)


def set_trailing(folder: Path, waiting: Waiting, accept: bool) -> None:
    """From now on take the good beginning of an answer with text behind it, or refuse it again."""
    _recheck(folder, waiting, accept_trailing=accept)


def set_sheet(folder: Path, waiting: Waiting, sheet: str) -> None:
    """Read another sheet of the workbook; its columns are understood anew."""
    _recheck(folder, waiting, sheet=sheet, mapping=None)


def retry(folder: Path, waiting: Waiting) -> None:
    """Try again what went wrong; what was confirmed stays confirmed."""
    if waiting.stage == "failed":
        _note(folder, waiting, State())


def choose(
    folder: Path, waiting: Waiting, taken: Iterable[int], left: Iterable[int],
    every: bool | None = None,
) -> None:
    """Decide these conflicts for the file or for the bank, or all of them alike."""
    _check_open(waiting)
    with opened(folder, waiting) as store:
        if every is None:
            store.choose(taken, left)
        else:
            store.choose_all(every)


def confirm(
    folder: Path, waiting: Waiting, taken: Iterable[int] = (), left: Iterable[int] = (), *,
    valid_only: bool, seen: str | None = None,
) -> None:
    """Have the file written, all of it or with `valid_only` what is valid; twice is the same.

    `taken` and `left` are decided as by `choose`, besides what was chosen before. `seen` is
    `Store.seen` as the owner saw it: what nobody has seen is not written.

    InvalidError `errors_left` when there are errors otherwise, `nothing_to_import`, and
    `import_moved` when the file means something else by now; then nothing was decided.
    """
    if waiting.stage in {"writing", "written"}:
        return
    _check_open(waiting)
    with opened(folder, waiting) as store:
        stands = store.seen()
        if seen is not None and seen != stands:
            raise InvalidError("import_moved")
        store.choose(taken, left)
        ready = bool(store.first_drafts(1) or store.count_against("conflict"))
        if ready and _has_errors(store) and not valid_only:
            raise InvalidError("errors_left")
    if not ready:
        raise InvalidError("nothing_to_import")
    uploads.change(folder, waiting.upload, valid_only=valid_only, confirmed=True, seen=stands)


def drop(folder: Path, waiting: Waiting) -> None:
    """Forget the file. ConflictError while it is being written."""
    if waiting.stage == "writing":
        raise ConflictError("import_confirmed")
    uploads.drop(folder, waiting.upload)


def refused(folder: Path, waiting: Waiting) -> tuple[str, bytes]:
    """The rows with errors and why, with a file name; in the format in which they came."""
    with opened(folder, waiting) as store:
        bank, problems = store.refused_bank(), store.problems("must")
    stem = waiting.upload.name.rpartition(".")[0] or "题库"
    return f"{stem}_未通过.{refused_suffix(bank)}", refused_rows(bank, problems)


@contextmanager
def opened(folder: Path, waiting: Waiting) -> Iterator[Store]:
    """What was found in the file; NotFoundError before it was checked. ConflictError `import_lost`
    when that cannot be read any more; it goes, so that the next look has the file checked anew."""
    path = uploads.store(folder, waiting.upload)
    try:
        with import_store.opened(path) as store:
            yield store
    except FileNotFoundError:
        raise NotFoundError() from None
    except UnusableError as error:
        path.unlink(missing_ok=True)
        raise ConflictError("import_lost") from error


def blank_template() -> bytes:
    return write_template(())


def _has_errors(store: Store) -> bool:
    return bool(store.problems("must", 1))


def _check_open(waiting: Waiting) -> None:
    """Only a file that was checked, and is not being written, can be decided upon."""
    if waiting.stage == "checking":
        raise ConflictError("import_checking")
    if waiting.stage != "ready":
        raise ConflictError("import_confirmed")


def _recheck(folder: Path, waiting: Waiting, **options: Any) -> None:
    if waiting.stage in {"writing", "written"}:
        raise ConflictError("import_confirmed")
    uploads.change(folder, waiting.upload, **options, confirmed=False)
    _note(folder, waiting, State())


def _note(folder: Path, waiting: Waiting, now_is: State) -> None:
    """NotFoundError when the file has been dropped in the meantime."""
    try:
        uploads.set_state(folder, waiting.upload, now_is)
    except FileNotFoundError:
        raise NotFoundError() from None


def _owner(actor: Actor) -> int:
    if actor.id is None:
        raise NotFoundError()
    return actor.id
