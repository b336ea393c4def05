"""Beats on both databases, two at once, and what others read from them."""

import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from legaled.domain.minutes import Reading, part_most
from legaled.models import Law, StudyPulse, StudyTime
from legaled.services import minutes
from tests import factories
from tests.factories import NOW

DAY = date(2026, 11, 23)
PARTS = {"27": 2000, "28": 100, "": 2000}


def after(seconds):
    return NOW + timedelta(seconds=seconds)


@pytest.fixture
def people(database):
    with database.write() as session:
        home = factories.unit(session)
        return [factories.actor(factories.person(session, f"p{n}", home)) for n in range(3)]


def beat(database, who, seconds, part="27", begins=False, subject="law:1"):
    page = Reading(who.id, subject, NOW, PARTS)
    return minutes.beat(database.hot, who, page, part, begins, after(seconds))


def earned(database):
    with database.read() as session:
        rows = session.execute(
            sa.select(StudyTime.person_id, StudyTime.subject, StudyTime.part, StudyTime.seconds)
        )
        return {tuple(row[:3]): row[3] for row in rows}


def test_beats_add_up_part_by_part(database, people):
    me, other, _ = people
    beat(database, me, 0)
    assert beat(database, me, 15).earned == 15
    assert beat(database, me, 30, "28").today == 30
    assert beat(database, me, 45, "", subject="guide:档案法").today == 45
    assert beat(database, other, 45).today == 0
    assert earned(database) == {
        (me.id, "law:1", "27"): 15, (me.id, "law:1", "28"): 15, (me.id, "guide:档案法", ""): 15,
    }


def test_a_second_that_did_not_count_is_not_written(database, people):
    me = people[0]
    beat(database, me, 0)
    for tenth in range(1, 40):
        beat(database, me, tenth / 10)
    with database.read() as session:
        assert session.scalars(sa.select(StudyPulse.at)).all() == [NOW]
        assert session.scalar(sa.select(sa.func.count()).select_from(StudyTime)) == 0


def test_a_full_part_says_so_and_the_next_one_goes_on(database, people):
    me = people[0]
    for number in range(10):
        last = beat(database, me, 15 * number, "28")
    assert last.part_full
    assert not last.day_full
    assert last.today == part_most(100) == 50
    assert beat(database, me, 150, "27").earned == 15


def together(*calls):
    found = [None] * len(calls)
    ready = threading.Barrier(len(calls))

    def run(place, call):
        ready.wait()
        try:
            found[place] = call()
        except Exception as error:
            found[place] = error

    threads = [threading.Thread(target=run, args=one) for one in enumerate(calls)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    return found


def test_the_first_beats_of_two_tabs_at_once_are_one(database, people):
    found = together(*[lambda: beat(database, people[0], 0)] * 6)
    assert [one.earned for one in found] == [0] * 6


@pytest.mark.parametrize("round_", range(5))
def test_beats_at_once_count_once(database, people, round_):
    """From eight tabs, each at another part of another text: 15 seconds, not 120."""
    me = people[0]
    beat(database, me, 0)
    subjects = [f"law:{number}" for number in range(8)]
    found = together(*[
        lambda subject=subject: beat(database, me, 15, subject=subject) for subject in subjects
    ])
    assert sorted(one.earned for one in found) == [0] * 7 + [15]
    assert sum(earned(database).values()) == 15


def test_who_read_before_another_wrote_earns_nothing(database, people, monkeypatch):
    """The race, forced: both have read the same last beat before either writes."""
    me, real = people[0], database.hot.append
    beat(database, me, 0)
    both = threading.Barrier(2)

    def append(*statements, **values):
        both.wait(10)
        return real(*statements, **values)

    monkeypatch.setattr(database.hot, "append", append)
    found = together(lambda: beat(database, me, 15, "27"), lambda: beat(database, me, 16, "28"))
    assert sorted(one.earned for one in found)[0] == 0
    assert sum(one.earned for one in found) == sum(earned(database).values()) in (15, 16)


def test_a_pulse_that_cannot_be_paid_is_not_moved(database, people, monkeypatch):
    """Both writes of a beat are one transaction."""
    me = people[0]
    beat(database, me, 0)
    monkeypatch.setattr(minutes, "_EARN", sa.text("INSERT INTO nowhere VALUES (1)"))
    with pytest.raises(Exception, match="nowhere"):
        beat(database, me, 15)
    monkeypatch.undo()
    assert beat(database, me, 16).earned == 16


# ---- reading ----


@pytest.fixture
def read(session):
    home = factories.unit(session)
    who = [factories.person(session, f"p{n}", home).id for n in range(3)]
    law = Law(name="档案法", key="档案法", created=NOW)
    session.add(law)
    session.flush()
    subject = f"law:{law.id}"
    for person, day, text, part, seconds in (
        (who[0], DAY, subject, "27", 30), (who[0], DAY, subject, "28", 40),
        (who[0], date(2026, 3, 1), "guide:保密法", "1", 600), (who[1], DAY, subject, "27", 5),
        (who[0], date(2025, 12, 31), "material:9", "", 7), (who[2], DAY, subject, "1", 0),
    ):
        session.add(
            StudyTime(person_id=person, day=day, subject=text, part=part, seconds=seconds))
    session.flush()
    return who, subject


YEAR = (date(2026, 1, 1), date(2026, 12, 31))


def test_seconds_of_people_of_texts_and_of_parts(session, read):
    (one, two, three), law = read
    assert minutes.seconds_by_person(session, None, *YEAR) == {one: 670, two: 5}
    assert minutes.seconds_by_person(session, [two, three], *YEAR) == {two: 5}
    assert minutes.seconds_by_person(session, [], *YEAR) == {}
    assert minutes.seconds_by_person(session, None, DAY, DAY) == {one: 70, two: 5}
    assert minutes.seconds_by_subject(session, one, *YEAR) == {law: 70, "guide:保密法": 600}
    assert minutes.seconds_by_part(session, None, [law], *YEAR) == {
        (one, law, "27"): 30, (one, law, "28"): 40, (two, law, "27"): 5,
    }
    assert minutes.seconds_by_part(session, [two], [law], *YEAR) == {(two, law, "27"): 5}
    assert minutes.seconds_by_part(session, [two], [], *YEAR) == {}


def test_very_many_people_are_one_statement(session, read, count_queries):
    (one, two, _), _ = read
    count_queries.clear()
    crowd = range(two, 100_000)
    assert minutes.seconds_by_person(session, crowd, *YEAR) == {two: 5}
    assert len(count_queries) == 1
    assert one not in crowd


def test_my_year_has_names_and_months(session, read, count_queries):
    (one, _, _), law = read
    count_queries.clear()
    mine = minutes.my_year(session, one, 2026, NOW)
    assert len(count_queries) == 5
    assert (mine.today, mine.total, mine.years) == (70, 670, (2026, 2025))
    assert mine.months == (0, 0, 600, 0, 0, 0, 0, 0, 0, 0, 70, 0)
    assert mine.subjects == (("guide:保密法", "保密法", 600), (law, "档案法", 70))
    assert minutes.my_year(session, one, 2025, NOW).subjects == (("material:9", "", 7),)


def test_beats_of_many_people_that_arrive_together_are_each_counted(database, people):
    """They may share a transaction; each keeps its own two statements."""
    for who in people:
        beat(database, who, 0)
    found = together(*[lambda who=who: beat(database, who, 15) for who in people])
    assert [one.earned for one in found] == [15, 15, 15]
    assert sorted(earned(database).values()) == [15, 15, 15]
