"""The work on waiting files: left, found again, cut off, and done by two at once."""

import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.permissions import Role
from legaled.files import import_store, uploads
from legaled.models import Bank, BankImport, Person, Question, QuestionVersion
from legaled.services import bank_desk, bank_imports, import_checks, import_jobs, import_review
from legaled.services.import_jobs import Jobs
from tests import factories
from tests.factories import NOW, question

HEADER = "题干,选项A,选项B,答案\n"
OPTIONS = {"bank": "新题库", "valid_only": True, "accept_trailing": False, "practice": False}


def text(first=0, count=40, key="A"):
    return HEADER + "".join(f"第几条说的是事项{n}？,第一条,第二条,{key}\n"
                            for n in range(first, first + count))


@pytest.fixture
def trainers(database):
    with database.write() as session:
        unit = factories.unit(session)
        made = [factories.person(session, number, unit, Role.TRAINER) for number in ("t1", "t2")]
        return [factories.actor(one) for one in made]


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "uploads"


@pytest.fixture
def jobs(database, folder):
    return Jobs(database, folder, lambda: NOW, inline=True)


@pytest.fixture
def desk(folder, jobs, trainers):
    return Desk(folder, jobs, trainers[0])


class Desk:
    """One trainer's doings."""

    def __init__(self, folder, jobs, actor):
        self.folder, self.jobs, self.actor = folder, jobs, actor

    def send(self, words, **options):
        upload = bank_desk.receive(self.folder, self.actor, "题.csv", words.encode(),
                                   {**OPTIONS, **options}, NOW)
        self.jobs.start(upload.token)
        return self.look(upload.token)

    def look(self, token):
        return bank_desk.open_import(self.folder, self.actor, token)

    def confirm(self, waiting, **choice):
        bank_desk.confirm(self.folder, waiting, valid_only=True, **choice)
        self.jobs.start(waiting.token)
        return self.look(waiting.token)


def counted(database):
    with database.read() as session:
        return [session.scalar(sa.select(sa.func.count()).select_from(model))
                for model in (Bank, Question, QuestionVersion, BankImport)]


def test_a_file_is_checked_waits_and_is_written_once(desk, database):
    waiting = desk.send(text())
    assert (waiting.stage, waiting.label) == ("ready", "等你确认")
    assert counted(database) == [0, 0, 0, 0]
    done = desk.confirm(waiting)
    assert (done.stage, counted(database)) == ("written", [1, 40, 40, 1])
    desk.confirm(waiting)
    desk.jobs.start(waiting.token)
    assert counted(database) == [1, 40, 40, 1]
    with database.read() as session:
        made = session.scalars(sa.select(BankImport)).one()
        assert (made.token, made.author_id, made.file, made.added) == (
            waiting.token, desk.actor.id, "题.csv", 40)
        assert done.state.import_id == made.id


def test_a_write_that_was_committed_is_found_after_a_crash(desk, database, monkeypatch):
    waiting = desk.send(text())
    real = uploads.set_state

    def dies(folder, upload, state):
        if state.stage == import_jobs.WRITTEN:
            raise KeyboardInterrupt
        real(folder, upload, state)

    monkeypatch.setattr(uploads, "set_state", dies)
    with pytest.raises(KeyboardInterrupt):
        desk.confirm(waiting)
    monkeypatch.undo()
    assert (desk.look(waiting.token).stage, counted(database)) == ("writing", [1, 40, 40, 1])
    desk.jobs.start(waiting.token)
    assert (desk.look(waiting.token).stage, counted(database)) == ("written", [1, 40, 40, 1])


@pytest.mark.parametrize("place", [(import_checks, "check"), (import_jobs, "import_drafts")])
def test_work_that_was_cut_off_is_taken_up_and_leaves_no_half(desk, database, monkeypatch, place):
    def dies(*_values, **_options):
        raise KeyboardInterrupt

    monkeypatch.setattr(*place, dies)
    with pytest.raises(KeyboardInterrupt):
        desk.confirm(desk.send(text()))
    (waiting,) = bank_desk.pending(desk.folder, desk.actor)
    assert not waiting.is_settled
    assert counted(database) == [0, 0, 0, 0]
    monkeypatch.undo()
    desk.jobs.start(waiting.token)
    waiting = desk.look(waiting.token)
    assert waiting.is_settled
    assert desk.confirm(waiting).stage == "written"
    assert counted(database) == [1, 40, 40, 1]


def test_whoever_holds_the_lock_is_left_alone(desk, folder):
    upload = bank_desk.receive(folder, desk.actor, "题.csv", text().encode(), OPTIONS, NOW)
    with uploads.alone(folder, upload):
        desk.jobs.start(upload.token)
        assert desk.look(upload.token).stage == "checking"
        assert desk.look(upload.token).words == "等候检查，前面还有别的文件"
    desk.jobs.start(upload.token)
    assert desk.look(upload.token).stage == "ready"


def test_a_file_dropped_during_the_work_stays_dropped(desk, folder, monkeypatch):
    def check_then_drop(*values, **options):
        monkeypatch.undo()
        report = import_checks.check(*values, **options)
        bank_desk.drop(folder, bank_desk.pending(folder, desk.actor)[0])
        return report

    monkeypatch.setattr(import_checks, "check", check_then_drop)
    with pytest.raises(NotFoundError):
        desk.send(text())
    assert list(folder.iterdir()) == []


def test_an_error_of_ours_is_said_and_can_be_tried_again(desk, monkeypatch, database):
    def fails(*_values, **_options):
        raise ZeroDivisionError

    monkeypatch.setattr(import_checks, "check", fails)
    waiting = desk.send(text())
    assert (waiting.stage, waiting.state.failed) == ("failed", "import_broken")
    monkeypatch.undo()
    bank_desk.retry(desk.folder, waiting)
    desk.jobs.start(waiting.token)
    assert desk.look(waiting.token).stage == "ready"


def test_a_database_that_is_busy_is_asked_again(desk, monkeypatch, database):
    waiting, calls = desk.send(text()), []

    def busy(*values, **options):
        calls.append(1)
        if len(calls) < import_checks.TRIES:
            raise OperationalError("x", {}, Exception("locked"))
        return bank_imports.import_drafts(*values, **options)

    monkeypatch.setattr(import_jobs, "import_drafts", busy)
    assert desk.confirm(waiting).stage == "written"
    assert counted(database) == [1, 40, 40, 1]


def test_who_may_no_longer_edit_writes_nothing(desk, database):
    waiting = desk.send(text())
    with database.write() as session:
        session.get_one(Person, desk.actor.id).roles = frozenset({Role.STAFF})
    waiting = desk.confirm(waiting)
    assert (waiting.stage, waiting.state.failed) == ("failed", "forbidden")
    assert counted(database) == [0, 0, 0, 0]


def test_a_bank_that_changed_is_compared_again(desk, database):
    waiting = desk.send(text(key="A"))
    with database.read() as session:
        assert bank_desk.refresh(session, desk.folder, desk.actor, waiting, NOW).stage == "ready"
    with database.write() as session:
        there = [replace(question(2, options=("第一条", "第二条"), key=("B",)),
                         stem="第几条说的是事项1？")]
        bank_imports.import_drafts(session, desk.actor, "新题库", there, NOW)
    with database.read() as session:
        assert bank_desk.refresh(session, desk.folder, desk.actor, waiting, NOW).stage == "checking"
    desk.jobs.start(waiting.token)
    with database.read() as session:
        view = import_review.review(
            session, desk.folder, desk.actor, desk.look(waiting.token), "", {}, NOW)
    assert (view.ready, view.conflicts.total, view.versus[0].row) == (39, 1, 3)


def test_a_plan_is_made_again_when_the_bank_has_changed_since(desk, database):
    with database.write() as session:
        first = bank_imports.import_drafts(session, desk.actor, "新题库", [question(2)], NOW)
    with database.read() as session:
        stale = bank_imports.plan_import(session, "新题库", [question(3), question(4)])
    with database.write() as session:
        bank_imports.import_drafts(session, desk.actor, "新题库", [question(3)], NOW)
    with database.write() as session:
        done = bank_imports.import_drafts(
            session, desk.actor, "新题库", [question(3), question(4)], NOW, plan=stale)
    assert (done.bank_id, done.added, done.unchanged) == (first.bank_id, 1, 1)


def test_conflicts_are_decided_one_by_one(desk, database):
    desk.confirm(desk.send(text(key="A")))
    waiting = desk.send(text(key="B"))
    bank_desk.choose(desk.folder, waiting, [2, 3, 4], [])
    bank_desk.choose(desk.folder, waiting, [], [4])
    done = desk.confirm(waiting, taken=[6], left=[3])
    assert done.stage == "written"
    with database.read() as session:
        keys = session.execute(
            sa.select(QuestionVersion.stem).where(QuestionVersion.version == 2)).scalars().all()
    assert sorted(keys) == ["第几条说的是事项0？", "第几条说的是事项4？"]


def test_a_rival_in_the_file_is_taken_on_purpose(desk, database):
    words = text(count=1, key="A") + text(count=1, key="B").removeprefix(HEADER)
    waiting = desk.send(words)
    bank_desk.choose(desk.folder, waiting, (), (), True)
    desk.confirm(waiting)
    with database.read() as session:
        assert session.scalars(sa.select(QuestionVersion.key)).one() == ["B"]


def test_questions_out_of_use_are_told(desk, database):
    desk.confirm(desk.send(text()))
    with database.write() as session:
        session.execute(sa.update(Question).values(retired=NOW))
    waiting = desk.send(text(count=41))
    with import_store.opened(uploads.store(desk.folder, waiting.upload)) as store:
        assert (store.count_retired(), store.count_repeats()) == (40, 40)
    desk.confirm(waiting)
    with database.read() as session:
        active = sa.select(sa.func.count()).where(Question.retired.is_(None))
        assert session.scalar(active) == 1


def test_nothing_is_decided_before_the_check_or_after_the_word(desk, folder):
    upload = bank_desk.receive(folder, desk.actor, "题.csv", text().encode(), OPTIONS, NOW)
    for act in (lambda: bank_desk.choose(folder, desk.look(upload.token), [2], []),
                lambda: bank_desk.confirm(folder, desk.look(upload.token), valid_only=True)):
        with pytest.raises(ConflictError, match="import_checking"):
            act()
    desk.jobs.start(upload.token)
    bank_desk.confirm(folder, desk.look(upload.token), valid_only=True)
    for act in (lambda: bank_desk.set_trailing(folder, desk.look(upload.token), True),
                lambda: bank_desk.choose(folder, desk.look(upload.token), [2], []),
                lambda: bank_desk.drop(folder, desk.look(upload.token))):
        with pytest.raises(ConflictError, match="import_confirmed"):
            act()


def test_all_or_nothing_unless_told(desk, database):
    waiting = desk.send(text() + "没有答案,甲,乙,\n")
    with pytest.raises(InvalidError, match="errors_left"):
        bank_desk.confirm(desk.folder, waiting, valid_only=False)
    nothing = desk.send(HEADER + "没有答案,甲,乙,\n")
    with pytest.raises(InvalidError, match="nothing_to_import"):
        bank_desk.confirm(desk.folder, nothing, valid_only=True)
    assert counted(database) == [0, 0, 0, 0]


# ---- real threads ----

@contextmanager
def at_once(*acts):
    """Run all of these together; what one raises is raised here."""
    ready, errors = threading.Barrier(len(acts)), []

    def run(act):
        ready.wait()
        try:
            act()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if errors:
        raise errors[0]
    yield


def test_two_trainers_into_one_new_bank_at_once_are_both_right(database, folder, trainers):
    runners = [Jobs(database, folder, lambda: NOW, inline=True) for _ in trainers]
    desks = [Desk(folder, jobs, who) for jobs, who in zip(runners, trainers, strict=True)]
    for turn in range(5):
        words = [text(1000 * turn, 60), text(1000 * turn + 30, 60)]
        found = [desk.send(one, bank=f"库{turn}") for desk, one in zip(desks, words, strict=True)]
        with at_once(*(lambda d=d, w=w: d.confirm(w) for d, w in zip(desks, found, strict=True))):
            pass
        assert [d.look(w.token).stage for d, w in zip(desks, found, strict=True)] == [
            "written", "written"]
        with database.read() as session:
            made = session.execute(
                sa.select(BankImport.added, BankImport.unchanged)
                .join(Bank, Bank.id == BankImport.bank_id).where(Bank.name == f"库{turn}")).all()
        assert sorted(map(tuple, made)) == [(30, 30), (60, 0)]
    assert counted(database) == [5, 450, 450, 10]


def test_many_looks_at_once_do_the_work_once(database, folder, trainers, monkeypatch):
    seen = []

    def counted_check(*values, **options):
        seen.append(1)
        return real(*values, **options)

    real = import_checks.check
    monkeypatch.setattr(import_checks, "check", counted_check)
    many = [Jobs(database, folder, lambda: NOW, inline=True) for _ in range(6)]
    upload = bank_desk.receive(folder, trainers[0], "题.csv", text(count=400).encode(), OPTIONS,
                               NOW)
    with at_once(*(lambda j=j: j.start(upload.token) for j in many)):
        assert len(seen) == 1
    waiting = bank_desk.open_import(folder, trainers[0], upload.token)
    bank_desk.confirm(folder, waiting, valid_only=True)
    with at_once(*(lambda j=j: j.start(upload.token) for j in many)):
        assert counted(database) == [1, 400, 400, 1]


def test_the_thread_of_a_process_does_one_after_the_other_and_ends(database, folder, trainers):
    jobs = Jobs(database, folder, lambda: NOW)
    sent = [bank_desk.receive(folder, trainers[0], "题.csv", text(n * 100).encode(), OPTIONS, NOW)
            for n in range(3)]
    for upload in sent:
        jobs.start(upload.token)
        jobs.start(upload.token)
    for upload in sent:
        assert import_jobs.is_settled(upload, jobs.settle(upload, 30))
    assert [one.stage for one in bank_desk.pending(folder, trainers[0])] == ["ready"] * 3
    for thread in threading.enumerate():
        if thread.name == "imports":
            thread.join(10)
    assert not [one for one in threading.enumerate() if one.name == "imports"]
