"""A unit's records as a zip: what is in it, cut off and resumed, dropped, two at once, whose."""

import io
import threading
import zipfile
from contextlib import contextmanager
from datetime import timedelta

import pypdf
import pytest
import python_calamine
import sqlalchemy as sa

from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import Permission, Role
from legaled.files import bundles as store
from legaled.files import uploads
from legaled.models import Person
from legaled.services import bundles, record, record_bundle, record_paper
from legaled.services.bundles import Worker
from tests.factories import NOW
from tests.record_world import LATER, record_world

YEAR = 2026


@pytest.fixture
def world(database):
    with database.write() as session:
        made = record_world(session, more=30)
    return made


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "bundles"


@pytest.fixture
def values(world):
    return {"unit": world.unit, "year": YEAR}


@pytest.fixture
def order(folder, world, values):
    return bundles.order(folder, world["office"], record_bundle.NAME, "档案.zip", values, LATER)


class Doors:
    """The database, counting sessions that are open, and failing when it is told to."""

    def __init__(self, database):
        self.database, self.open, self.reads, self.broken_from = database, 0, 0, None

    @contextmanager
    def read(self):
        self.reads += 1
        if self.broken_from is not None and self.reads >= self.broken_from:
            raise OSError("the power went")
        with self.database.read() as session:
            self.open += 1
            yield session
            self.open -= 1

    def write(self):
        raise AssertionError("a bundle writes nothing into the database")


def look(folder, world, order, who="office"):
    return bundles.find(folder, world[who], order.token)


def unpack(folder, world, order):
    with zipfile.ZipFile(bundles.content(folder, look(folder, world, order))) as file:
        return {info.filename: file.read(info) for info in file.infolist()}


def rows_of(files):
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(files["目录.xlsx"]))
    return book.get_sheet_by_index(0).to_python()


def test_a_pdf_for_each_and_an_index_with_the_figures(database, folder, world, order):
    bundles.work(database, folder, order.token)
    bundle = look(folder, world, order)
    assert (bundle.is_ready, bundle.state.done, bundle.state.total) == (True, 33, 33)
    files = unpack(folder, world, order)
    names = list(files)
    assert (names[0], names[-1]) == ("目录.xlsx", "s3_人员s3.pdf")
    assert len(files) == 34
    with database.read() as session:
        found = record.person_record(session, world["office"], world["s1"].id, YEAR, LATER)
    words = record_paper.paper(found)
    assert files["s1_人员s1.pdf"] == record_paper.make(words, LATER)
    header, *rows = rows_of(files)
    assert header == [*record_paper.INDEX, "文件", "说明"]
    row = dict(zip(header, next(one for one in rows if one[0] == "s1"), strict=True))
    assert (row["计划完成"], row["计划要求"], row["学习分钟"]) == (1, 1, 30)
    assert (row["应到"], row["到会（含迟到）"], row["请假"], row["缺席"]) == (4, 2, 1, 1)
    assert (row["练习题次"], row["练习答对"], row["到期复习"], row["复习答对"]) == (5, 3, 2, 1)
    assert row["考试"] == "考试A：再考通过 80 分；考试B：一次性通过 95 分；考试C：未结束"
    assert (row["核对号"], row["文件"], row["说明"]) == (words["number"], "s1_人员s1.pdf", "")
    assert len(rows) == 33


def test_names_are_utf_8_and_safe(database, folder, world, order):
    with database.write() as session:
        session.execute(sa.update(Person).where(Person.number == "s1")
                        .values(number="../a/b", name='甲<>:"|?*乙'))
        session.execute(sa.update(Person).where(Person.number == "s2").values(number="..", name=""))
    bundles.work(database, folder, order.token)
    with zipfile.ZipFile(bundles.content(folder, look(folder, world, order))) as file:
        names = file.namelist()
        assert all(one.flag_bits & 0x800 for one in file.infolist() if not one.filename.isascii())
        assert file.testzip() is None
    assert "_a_b_甲_______乙.pdf" in names
    assert all("/" not in name and "\\" not in name and name.strip(". ") for name in names)


def test_the_same_name_twice_is_kept_twice(tmp_path, folder, order):
    store.settle_keys(folder, order, [1, 2])
    for key in (1, 2):
        store.add(folder, order, store.Piece(key, "甲.pdf", [key]), b"%d" % key)
    store.finish(folder, order, store.pieces(folder, order, [1, 2]), {})
    path = store.result(folder, order)
    with zipfile.ZipFile(path) as file:
        assert {name: file.read(name) for name in file.namelist()} \
            == {"甲.pdf": b"1", "甲（2）.pdf": b"2"}


@pytest.mark.parametrize(("text", "name"), [
    ("D001_张三", "D001_张三"), ("..", "_"), ("", "_"), ("a/../b", "a_.._b"),
    ("a\x00\u202eb", "a__b"), ("x" * 200, "x" * 80), ("甲 ", "甲"),
])
def test_a_safe_name(text, name):
    assert store.safe_name(text) == name


def test_who_cannot_be_printed_is_left_out_by_name(database, folder, world, order):
    with database.write() as session:
        session.execute(sa.update(Person).where(Person.number == "s2").values(name="𠮷田"))
    bundles.work(database, folder, order.token)
    assert look(folder, world, order).state.message == "1"
    files = unpack(folder, world, order)
    assert len(files) == 33
    row = next(one for one in rows_of(files) if one[0] == "s2")
    assert row[-2] == ""
    assert "“𠮷”（U+20BB7）" in row[-1]


def test_cut_off_and_resumed_makes_only_what_is_missing(
    database, folder, world, order, monkeypatch
):
    made = []
    real = bundles.make_pdf
    monkeypatch.setattr(bundles, "make_pdf", lambda *a: made.append(a[1]["name"]) or real(*a))

    def killed(*_):
        raise KeyboardInterrupt

    real_add, count = store.add, iter(range(100))
    monkeypatch.setattr(
        bundles.store, "add", lambda *a: killed() if next(count) == 10 else real_add(*a))
    with pytest.raises(KeyboardInterrupt):
        bundles.work(database, folder, order.token)
    left = look(folder, world, order)
    assert not left.is_settled
    assert (left.state.done, left.state.total) == (10, 33)
    with pytest.raises(NotFoundError):
        bundles.content(folder, left)
    made.clear()
    bundles.work(database, folder, order.token)
    assert len(made) == 23
    assert look(folder, world, order).is_ready
    resumed = unpack(folder, world, order)
    again = uploads.keep(folder, world["office"].id, "x.zip", b"", order.options, LATER)
    bundles.work(database, folder, again.token)
    whole = unpack(folder, world, again)
    assert rows_of(whole) == rows_of(resumed)
    whole.pop("目录.xlsx"), resumed.pop("目录.xlsx")  # a workbook says when it was written
    assert whole == resumed


def test_the_list_is_settled_by_the_first_look(database, folder, world, order):
    doors = Doors(database)
    doors.broken_from = 2
    bundles.work(doors, folder, order.token)
    assert look(folder, world, order).state.failed == "bundle_broken"
    with database.write() as session:
        session.execute(sa.update(Person).where(Person.number == "far").values(
            unit_id=sa.select(Person.unit_id).where(Person.number == "s3").scalar_subquery()))
    bundles.retry(folder, look(folder, world, order))
    bundles.work(database, folder, order.token)
    assert look(folder, world, order).state.total == 33


def test_no_session_is_open_while_a_pdf_is_made(database, folder, order, monkeypatch):
    doors, open_then = Doors(database), []
    real = bundles.make_pdf
    monkeypatch.setattr(bundles, "make_pdf", lambda *a: open_then.append(doors.open) or real(*a))
    bundles.work(doors, folder, order.token)
    assert open_then == [0] * 33
    assert doors.reads == 3  # who, and two times up to 25 people


def test_a_failure_is_said_and_may_be_tried_again(
    database, folder, world, order, monkeypatch, caplog
):
    real = bundles.make_pdf
    monkeypatch.setattr(bundles, "make_pdf", lambda *a: 1 / 0)
    bundles.work(database, folder, order.token)
    bundle = look(folder, world, order)
    assert (bundle.state.failed, bundle.is_settled) == ("bundle_broken", True)
    monkeypatch.setattr(bundles, "make_pdf", real)
    bundles.work(database, folder, order.token)
    assert not look(folder, world, order).is_ready
    bundles.retry(folder, bundle)
    bundles.work(database, folder, order.token)
    assert look(folder, world, order).is_ready


def test_a_bundle_that_kills_its_process_is_not_begun_for_ever(
    database, folder, world, order, monkeypatch
):
    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(bundles, "make_pdf", killed)
    for _ in range(bundles.TRIES):
        with pytest.raises(KeyboardInterrupt):
            bundles.work(database, folder, order.token)
    bundles.work(database, folder, order.token)
    assert look(folder, world, order).state.failed == "bundle_broken"


def test_who_lost_the_right_gets_nothing(database, folder, world, order):
    with database.write() as session:
        session.get_one(Person, world["office"].id).roles = frozenset({Role.STAFF})
    bundles.work(database, folder, order.token)
    assert look(folder, world, order).state.failed == "forbidden"


def test_dropped_while_it_is_made(database, folder, world, order, monkeypatch):
    real, seen = bundles.make_pdf, []

    def make(*a):
        seen.append(1)
        if len(seen) == 3:
            bundles.drop(folder, look(folder, world, order))
        return real(*a)

    monkeypatch.setattr(bundles, "make_pdf", make)
    bundles.work(database, folder, order.token)
    assert len(seen) == 3
    with pytest.raises(NotFoundError):
        look(folder, world, order)
    assert list(folder.iterdir()) == []


def test_two_at_once_make_it_once(database, folder, world, order, monkeypatch):
    made, real = [], bundles.make_pdf
    monkeypatch.setattr(bundles, "make_pdf", lambda *a: made.append(1) or real(*a))
    threads = [threading.Thread(target=bundles.work, args=(database, folder, order.token))
               for _ in range(3)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert len(made) == 33
    assert look(folder, world, order).is_ready


def test_the_worker_does_it_in_the_background(database, folder, world, order):
    worker = Worker(database, folder, lambda: NOW)
    worker.start(order.token)
    worker.start(order.token)
    assert bundles.settle(folder, look(folder, world, order), 60).is_ready


def test_whose_it_is(folder, world, order, database):
    with database.write() as session:
        session.get_one(Person, world["far"].id).roles = frozenset({Role.OFFICE})
    for who in ("s1", "trainer"):
        with pytest.raises(NotFoundError):
            look(folder, world, order, who)
        with pytest.raises(NotFoundError):
            bundles.order(folder, world[who], record_bundle.NAME, "x.zip", order.options, LATER)
    assert bundles.mine(folder, world["trainer"]) == []
    assert [one.order.token for one in bundles.mine(folder, world["office"])] == [order.token]
    for token in ("", "..", "x" * 32, "../" + order.token):
        with pytest.raises(NotFoundError):
            bundles.find(folder, world["office"], token)


def test_asking_twice_while_it_is_made_is_asking_once(database, folder, world, order, values):
    def ask(at=LATER, **changes):
        return bundles.order(folder, world["office"], record_bundle.NAME, "档案.zip",
                             {**values, **changes}, at)

    assert ask() == order
    assert ask(year=2025) != order
    bundles.work(database, folder, order.token)
    assert ask() != order


def test_old_ones_go_and_there_is_an_end_to_asking(database, folder, world, order, values):
    bundles.work(database, folder, order.token)
    office = world["office"]
    for year in range(2000, 2000 + uploads.MOST - 1):
        bundles.order(folder, office, record_bundle.NAME, "x.zip", {**values, "year": year}, LATER)
    with pytest.raises(ConflictError) as refused:
        bundles.order(folder, office, record_bundle.NAME, "x.zip", {**values, "year": 1}, LATER)
    assert refused.value.code == "bundles_full"
    later = LATER + uploads.KEPT + timedelta(hours=1)
    bundles.order(folder, office, record_bundle.NAME, "x.zip", {**values, "year": 2}, later)
    assert len(bundles.mine(folder, office)) == 1


def test_ready_ones_are_kept_five_at_a_time(database, folder, world, values):
    office = world["office"]
    for year in range(2000, 2008):
        one = bundles.order(folder, office, record_bundle.NAME, "x.zip",
                            {"unit": world.below, "year": year}, LATER)
        bundles.work(database, folder, one.token)
    assert len(bundles.mine(folder, office)) == bundles.KEPT_READY


def test_every_kind_is_for_people_who_reach_the_page(world):
    for kind in bundles.KINDS.values():
        assert world["office"].may(kind.need)
        assert isinstance(kind.need, Permission)


def test_the_pdf_in_the_zip_is_readable(database, folder, world, order):
    bundles.work(database, folder, order.token)
    reader = pypdf.PdfReader(io.BytesIO(unpack(folder, world, order)["s3_人员s3.pdf"]))
    assert "人员s3" in "".join(reader.pages[0].extract_text().split())
