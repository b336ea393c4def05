"""What is written is what its owner has seen, whatever happens in between."""

import errno
from contextlib import suppress
from dataclasses import replace

import pytest
import sqlalchemy as sa

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.files import import_store, uploads
from legaled.models import Bank, BankImport, Question, QuestionVersion, Unit
from legaled.services import bank_desk, bank_imports, bank_undo, import_jobs, import_review
from legaled.services.import_jobs import Jobs
from tests import factories
from tests.factories import NOW, question
from tests.services.test_import_jobs import (  # noqa: F401 - fixtures
    HEADER,
    counted,
    desk,
    folder,
    jobs,
    text,
    trainers,
)


def there(session, drafts, bank="新题库", **options):
    return bank_imports.import_drafts(session, factories.SYSTEM, bank, drafts, NOW, **options)


def plain(number, key="A", **fields):
    made = question(2, options=("第一条", "第二条"), key=(key,), law="", article="", **fields)
    return replace(made, stem=f"第几条说的是事项{number}？")


def seen(desk, waiting):  # noqa: F811
    with import_store.opened(uploads.store(desk.folder, waiting.upload)) as store:
        return store.seen()


def view_of(desk, database, waiting):  # noqa: F811
    with database.read() as session:
        return import_review.review(session, desk.folder, desk.actor, waiting, "", {}, NOW)


def looked(desk, database, waiting):  # noqa: F811
    """As a page does it: compared again when the bank has changed."""
    with database.read() as session:
        bank_desk.refresh(session, desk.folder, desk.actor, waiting, NOW)
    desk.jobs.start(waiting.token)
    return desk.look(waiting.token)


def test_a_new_version_that_nobody_has_seen_is_not_written(desk, database):  # noqa: F811
    with database.write() as session:
        there(session, [plain(0)])
    words = text(count=1).replace("题干", "解析,题干").replace("第几条", "我的解析,第几条")
    waiting = desk.send(words)
    view = view_of(desk, database, waiting)
    assert (view.counts["changed"], view.changes[0].row) == (1, 2)
    assert [one.label for one in view.changes[0].since] == ["题干", "解析"]
    with database.write() as session:  # a colleague is quicker
        there(session, [plain(0, explanation="同事的解析")], take_conflicts=True)
    waiting = looked(desk, database, waiting)
    with pytest.raises(InvalidError, match="import_moved"):
        desk.confirm(waiting, seen=view.seen)
    assert counted(database) == [1, 1, 2, 2]
    again = view_of(desk, database, waiting)
    assert again.seen != view.seen
    assert desk.confirm(waiting, seen=again.seen).stage == "written"
    assert counted(database) == [1, 1, 3, 3]


def test_what_others_add_meanwhile_is_no_reason_to_ask_again(desk, database):  # noqa: F811
    waiting = desk.send(text())
    before = seen(desk, waiting)
    with database.write() as session:
        there(session, [plain(1), plain(999)])
    waiting = looked(desk, database, waiting)
    assert desk.confirm(waiting, seen=before).stage == "written"
    assert counted(database) == [1, 41, 41, 2]


def test_a_bank_that_changes_after_the_word_gives_the_file_back(desk, database):  # noqa: F811
    waiting = desk.send(text(key="B"))
    bank_desk.confirm(desk.folder, waiting, valid_only=True, seen=seen(desk, waiting))
    with database.write() as session:
        there(session, [plain(3, "A")])
    desk.jobs.start(waiting.token)
    waiting = desk.look(waiting.token)
    assert (waiting.stage, waiting.state.moved) == ("ready", True)
    assert counted(database) == [1, 1, 1, 1]
    waiting = looked(desk, database, waiting)
    assert waiting.state.moved
    assert view_of(desk, database, waiting).conflicts.total == 1
    assert desk.confirm(waiting, seen=seen(desk, waiting)).stage == "written"


def test_a_bank_that_changes_during_the_writing_is_compared_again(
    desk, database, monkeypatch  # noqa: F811
):
    real, calls = import_jobs.plan_import, []

    def late(*values, **options):
        plan = real(*values, **options)
        if not calls:
            calls.append(1)
            with database.write() as session:
                there(session, [plain(3, "B")])
        return plan

    waiting = desk.send(text(key="A"))
    monkeypatch.setattr(import_jobs, "plan_import", late)
    waiting = desk.confirm(waiting)
    assert (waiting.stage, waiting.state.moved) == ("ready", True)
    assert counted(database) == [1, 1, 1, 1]


def test_other_columns_in_another_tab_are_seen_first(desk):  # noqa: F811
    waiting = desk.send("题干,选项A,选项B,另一个,答案\n档案的定义？,第一条,第二条,第三条,B\n")
    before = seen(desk, waiting)
    bank_desk.remap(desk.folder, waiting, {
        "题干": "stem", "选项A": "option_b", "选项B": "option_a", "答案": "answer"})
    desk.jobs.start(waiting.token)
    waiting = desk.look(waiting.token)
    with pytest.raises(InvalidError, match="import_moved"):
        bank_desk.confirm(desk.folder, waiting, valid_only=True, seen=before)


def test_a_choice_falls_with_what_it_was_made_against(desk, database):  # noqa: F811
    with database.write() as session:
        there(session, [plain(0), plain(1)])
    waiting = desk.send(text(count=2, key="B"))
    bank_desk.choose(desk.folder, waiting, [], [], True)
    assert view_of(desk, database, waiting).taken == 2
    with database.write() as session:
        there(session, [plain(0, explanation="新的解析")], take_conflicts=True)
    waiting = looked(desk, database, waiting)
    assert [(one.row, one.taken) for one in view_of(desk, database, waiting).versus] == [
        (2, False), (3, True)]


def test_another_sheet_after_a_failure_is_not_written_unseen(
    desk, database, monkeypatch  # noqa: F811
):
    def fails(*_values, **_options):
        raise ZeroDivisionError

    waiting = desk.send(text())
    monkeypatch.setattr(import_jobs, "import_drafts", fails)
    waiting = desk.confirm(waiting)
    assert waiting.stage == "failed"
    monkeypatch.undo()
    bank_desk.set_trailing(desk.folder, waiting, True)
    desk.jobs.start(waiting.token)
    assert desk.look(waiting.token).stage == "ready"
    assert counted(database) == [0, 0, 0, 0]


def test_a_file_dropped_after_the_word_is_not_written(desk, database, monkeypatch):  # noqa: F811
    waiting = desk.send(text())
    real = import_jobs.plan_import

    def drops(*values, **options):
        uploads.drop(desk.folder, waiting.upload)
        return real(*values, **options)

    monkeypatch.setattr(import_jobs, "plan_import", drops)
    with pytest.raises(NotFoundError):
        desk.confirm(waiting)
    assert counted(database) == [0, 0, 0, 0]
    with pytest.raises(NotFoundError):
        bank_desk.set_trailing(desk.folder, waiting, True)


def test_who_sits_an_exam_drawn_from_the_bank_learns_nothing(desk, database):  # noqa: F811
    with database.write() as session:
        session.execute(sa.update(Unit).values(code="U-x"))
        made = factories.world(session)
        who = made["trainer"]
        factories.begin(session, who, made.exam_id)
        imported = session.scalar(sa.select(BankImport.id))
        bank_id = made.bank_id
        name = session.get_one(Bank, bank_id).name
    upload = bank_desk.receive(
        desk.folder, who, "题.csv", text().encode(), {**OPTIONS, "bank": name}, NOW)
    waiting = bank_desk.open_import(desk.folder, who, upload.token)
    with database.read() as session, pytest.raises(ConflictError, match="sitting"):
        bank_desk.refresh(session, desk.folder, who, waiting, NOW)
    with database.write() as session, pytest.raises(ConflictError, match="sitting"):
        bank_undo.undo(session, who, bank_id, imported, NOW)


OPTIONS = {"valid_only": True, "accept_trailing": False, "practice": False}


# ---- what is kept beside the file, spoilt ----

def spoil_whole(path):
    path.write_bytes(b"no database at all" * 100)


def spoil_half(path):
    data = bytearray(path.read_bytes())
    data[4096:] = b"\xa5" * (len(data) - 4096)
    path.write_bytes(data)


def spoil_version(path):
    with import_store.closing(import_store._connect(path)) as store:
        store.execute("PRAGMA user_version = 1")


def spoil_tables(path):
    with import_store.closing(import_store._connect(path)) as store:
        store.execute("DROP TABLE against")


@pytest.mark.parametrize("spoil", [
    spoil_whole, spoil_half, spoil_version, spoil_tables, lambda path: path.unlink(),
    lambda path: path.write_bytes(b""),
])
def test_what_cannot_be_read_any_more_is_found_again(desk, database, spoil):  # noqa: F811
    waiting = desk.send(text())
    spoil(uploads.store(desk.folder, waiting.upload))
    with suppress(ConflictError):  # some of it is only found out when it is read; then again
        waiting = looked(desk, database, waiting)
        view_of(desk, database, waiting)
    assert view_of(desk, database, looked(desk, database, waiting)).counts["added"] == 40
    assert desk.confirm(looked(desk, database, waiting)).stage == "written"
    spoil(uploads.store(desk.folder, waiting.upload))
    left = import_review.left_out(desk.folder, desk.actor, waiting.token)
    assert left is None or left.refused == 0
    assert import_review.sheets(desk.folder, waiting) == ()


def test_the_worker_finds_again_what_was_spoilt_before_the_writing(desk, database):  # noqa: F811
    waiting = desk.send(text())
    bank_desk.confirm(desk.folder, waiting, valid_only=True)
    spoil_whole(uploads.store(desk.folder, waiting.upload))
    desk.jobs.start(waiting.token)
    assert desk.look(waiting.token).stage == "written"
    assert counted(database) == [1, 40, 40, 1]


def test_what_was_written_is_known_although_all_notes_on_it_are_lost(desk, database):  # noqa: F811
    waiting = desk.confirm(desk.send(text()))
    (desk.folder / waiting.token / "state.json").write_text("{")
    uploads.store(desk.folder, waiting.upload).unlink()
    desk.jobs.start(waiting.token)
    assert desk.look(waiting.token).state.import_id == waiting.state.import_id
    assert counted(database) == [1, 40, 40, 1]


# ---- a process that dies, a disk that is full ----

def test_a_file_that_kills_its_process_is_given_up(desk, monkeypatch):  # noqa: F811
    from legaled.services import import_checks

    def dies(*_values, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(import_checks, "check", dies)
    upload = bank_desk.receive(desk.folder, desk.actor, "题.csv", text().encode(),
                               {**OPTIONS, "bank": "甲"}, NOW)
    for _ in range(import_checks.TRIES):
        with pytest.raises(KeyboardInterrupt):
            desk.jobs.start(upload.token)
    desk.jobs.start(upload.token)
    assert desk.look(upload.token).state.failed == "import_broken"
    monkeypatch.undo()
    bank_desk.retry(desk.folder, desk.look(upload.token))
    desk.jobs.start(upload.token)
    assert desk.look(upload.token).stage == "ready"


def test_the_thread_outlives_a_full_disk(desk, database, monkeypatch):  # noqa: F811
    def full(*_values):
        raise OSError(errno.ENOSPC, "full")

    runner = Jobs(database, desk.folder, lambda: NOW)
    sent = [bank_desk.receive(desk.folder, desk.actor, "题.csv", text().encode(),
                              {**OPTIONS, "bank": "甲"}, NOW) for _ in range(2)]
    monkeypatch.setattr(uploads, "set_state", full)
    runner.start(sent[0].token)
    runner.settle(sent[0], 0.3)
    monkeypatch.undo()
    runner.start(sent[1].token)
    assert import_jobs.is_settled(sent[1], runner.settle(sent[1], 30))
    runner.start(sent[0].token)
    assert import_jobs.is_settled(sent[0], runner.settle(sent[0], 30))


def test_a_full_disk_is_said_and_nothing_is_left(desk, monkeypatch):  # noqa: F811
    real = uploads._write

    def full(path, data):
        if path.name == "notes.json":
            raise OSError(errno.ENOSPC, "full")
        real(path, data)

    monkeypatch.setattr(uploads, "_write", full)
    with pytest.raises(InvalidError, match="disk_full"):
        desk.send(text())
    assert list(desk.folder.iterdir()) == []


# ---- numbers ----

def test_a_number_is_never_given_twice(session):
    first = there(session, [question(n) for n in range(2, 6)])
    gone = set(session.scalars(sa.select(Question.id)))
    bank_undo.undo(session, factories.SYSTEM, first.bank_id, first.import_id, NOW)
    there(session, [question(n) for n in range(10, 14)], bank="别的")
    bank_undo.undo(session, factories.SYSTEM, first.bank_id,
                   there(session, [question(n) for n in range(20, 22)]).import_id, NOW)
    there(session, [question(30)])
    found = sorted(session.scalars(sa.select(Question.id)))
    assert len(found) == 5
    assert not gone & set(found)
    assert max(found) > max(gone) + 6
    versions = sa.select(QuestionVersion.question_id)
    assert sorted(session.scalars(versions)) == found


def test_what_is_prepared_before_the_lock_is_the_same(session):
    done = there(session, [plain(n) for n in range(5)])
    later = there(session, [plain(n, explanation="新") for n in range(5)])
    before = bank_undo.prepare(session, done.bank_id, later.import_id)
    assert {version for _, version in before.values()} == {1}
    assert bank_undo.prepare(session, done.bank_id, done.import_id) == {}
    line = bank_undo.import_line(session, done.bank_id, done.import_id)
    assert bank_undo.later(session, line) == 0
    there(session, [plain(0, explanation="新")])
    assert bank_undo.later(session, line) == 1
    bank_undo.undo(session, factories.SYSTEM, done.bank_id, later.import_id, NOW, before)
    assert set(session.scalars(sa.select(Question.version))) == {1}
