"""A person's year: every figure counted again from the rows, and who may see what of it."""

import io
from datetime import date

import pypdf
import pytest
import sqlalchemy as sa

from legaled.domain.errors import NotFoundError
from legaled.domain.sessions import Presence
from legaled.models import Attendance, Person, PracticeAnswer, StudyTime
from legaled.services import record, record_paper
from tests.factories import NOW
from tests.record_world import LATER, record_world


def read(session, actor, person=None, now=LATER, year=2026):
    return record.person_record(session, actor, (person or actor).id, year, now)


def exams_of(found):
    return {one.code: (one.outcome, one.first, one.best, one.is_good) for one in found.exams}


@pytest.fixture
def world(session):
    return record_world(session)


def test_every_figure_is_counted_from_the_rows(session, world):
    found = read(session, world["s1"])
    who = world["s1"].id
    inside = StudyTime.day.between(date(2026, 1, 1), date(2026, 12, 31))
    assert found.seconds == session.scalar(
        sa.select(sa.func.sum(StudyTime.seconds)).where(StudyTime.person_id == who, inside)) == 1859
    assert [(one.kind, one.title, one.seconds) for one in found.reading] == [
        ("法规", "中华人民共和国档案法", 1259), ("指南", "行政处罚法", 600)]
    answers = session.scalar(sa.select(sa.func.count()).where(
        PracticeAnswer.person_id == who, PracticeAnswer.run == "r1"))
    practice = found.practice
    assert (practice.answers, practice.right, practice.due, practice.recalled, practice.missed) \
        == (answers, 3, 2, 1, 2)
    assert answers == 5
    assert [(one.title, one.presence) for one in found.sessions] == [
        ("元旦学法", Presence.PRESENT), ("迟到的一次", Presence.LATE),
        ("请假的一次", Presence.LEAVE), ("缺席的一次", Presence.ABSENT), ("以后的一次", None)]
    assert (found.held, found.came) == (4, 2)
    assert found.sessions[0].laws == ("《档案法》第三章",)
    (plan,) = found.plans
    assert [(one.title, one.seconds, one.is_done) for one in plan.items] == [
        ("档案法", 1259, True), ("行政处罚法指南", 600, True), ("网页", 0, True)]
    assert (plan.seconds, plan.is_completed, found.plans_completed, found.plans_required) \
        == (1859, True, 1, 1)
    (game,) = found.challenges
    assert (game.title, game.runs, game.answered, game.right, game.score) \
        == ("宪法日挑战赛", 2, 40, 36, 900)


def test_nobody_else_is_counted_and_no_other_year(session, world):
    empty = read(session, world["s2"])
    assert (empty.seconds, empty.practice.answers, empty.challenges) == (0, 0, ())
    assert empty.plans[0].done == 0
    before = read(session, world["s1"], year=2025)
    assert before.seconds == 5000
    assert before.practice.answers == 1
    assert [one.title for one in before.sessions] == ["去年的一次"]
    assert (before.plans, before.exams, before.challenges) == ((), (), ())


def test_one_s_own_scores_are_those_that_the_exam_shows(session, world):
    assert exams_of(read(session, world["s1"])) == {
        "A": ("再考通过", 50, 80, True), "B": ("已考，成绩未公布", None, None, None),
        "C": ("未结束", None, None, None)}
    assert exams_of(read(session, world["s1"], now=NOW))["A"] == ("未结束", None, None, None)
    assert exams_of(read(session, world["s2"]))["A"] == ("缺考", None, None, False)
    assert read(session, world["s2"]).exams[0].note == "请假，出差"
    assert exams_of(read(session, world["s3"]))["A"] == ("免考", None, None, None)


def test_the_office_sees_every_closed_exam_and_a_trainer_no_result(session, world):
    found = exams_of(read(session, world["office"], world["s1"]))
    assert found == {"A": ("再考通过", 50, 80, True), "B": ("一次性通过", 95, 95, True),
                     "C": ("未结束", None, None, None)}
    found = exams_of(read(session, world["trainer"], world["s1"]))
    assert found == {"A": ("已考", None, None, None), "B": ("已考", None, None, None),
                     "C": ("未结束", None, None, None)}


@pytest.mark.parametrize("reader", ["s2", "s3", "far"])
def test_another_s_record_looks_like_none(session, world, reader):
    with pytest.raises(NotFoundError):
        read(session, world[reader], world["s1"])


def test_who_is_not_there_and_years_out_of_this_world(session, world):
    with pytest.raises(NotFoundError):
        record.person_record(session, world["office"], 424242, 2026, NOW)
    for year in (0, 1999, 2101, 2**31 - 1):
        with pytest.raises(NotFoundError):
            read(session, world["s1"], year=year)


def test_as_many_queries_for_one_as_for_many(database, count_queries):
    with database.write() as session:
        world = record_world(session, more=30)
    counts = []
    for people in (["s1"], [one for one in world.people if one.startswith(("s", "m"))]):
        with database.read() as session:
            count_queries.clear()
            found = record.records(
                session, world["office"], [world[one].id for one in people], 2026, LATER)
            assert len(found) == len(people)
            counts.append(len(count_queries))
    assert counts[0] == counts[1]
    assert counts[0] <= 26


def test_many_are_the_same_as_each(session, world):
    people = [world[one].id for one in ("s3", "s1", "s2")]
    together = record.records(session, world["office"], people, 2026, LATER)
    assert together == [record.person_record(session, world["office"], one, 2026, LATER)
                        for one in people]


def test_years_begin_with_the_first_trace(session, world):
    assert record.years(session, world["s1"].id, LATER) == [2026, 2025]
    assert record.years(session, world["far"].id, LATER) == [2026]


def test_people_of_a_unit_are_those_here_in_the_year(session, world):
    def numbers(code, year=2026):
        found = record.unit_people(session, world["office"], code, year).people
        return [session.get_one(Person, one).number for one in found]

    assert numbers(world.unit) == ["s1", "s2", "s3"]
    assert numbers(world.below) == ["s3"]
    session.get_one(Person, world["s2"].id).left_on = date(2026, 1, 1)
    session.get_one(Person, world["s1"].id).joined_on = date(2027, 1, 1)
    session.flush()
    assert numbers(world.unit) == ["s3"]
    assert numbers(world.unit, 2025) == ["s2", "s3"]
    for actor, code in ((world["trainer"], world.unit), (world["s1"], world.unit),
                        (world["office"], "nix")):
        with pytest.raises(NotFoundError):
            record.unit_people(session, actor, code, 2026)


def test_people_are_found_by_name_number_and_unit(session, world):
    def find(text="", unit=""):
        found = record.people(session, world["trainer"], text, unit, 1, NOW)
        return [one.number for one in found.lines]

    assert find("s1") == find("人员s1") == ["s1"]
    assert find(unit=world.below) == ["s3"]
    assert find("%") == []
    assert len(find()) == 6
    with pytest.raises(NotFoundError):
        record.people(session, world["s1"], "", "", 1, NOW)


def test_the_paper_says_what_the_record_says(session, world):
    found = read(session, world["office"], world["s1"])
    words = record_paper.paper(found)
    pdf = record_paper.make(words, found.at)
    assert pdf == record_paper.make(record_paper.paper(found), found.at)
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    printed = "".join("".join(page.extract_text() for page in reader.pages).split())
    for text in ("个人学法档案（2026年度）", "人员s1", "2026年学法计划", "中华人民共和国档案法",
                 "元旦学法", "迟到", "缺席", "未开始", "再考通过", "一次性通过", "未结束",
                 "宪法日挑战赛", "60.00%（3/5）", "50.00%（1/2）", "90.00%（36/40）", "本人签字",
                 "单位负责人签字", words["number"], f"共{len(reader.pages)}页"):
        assert text in printed, text


def test_the_check_number_follows_the_figures_and_not_the_hour(session, world):
    first = record_paper.paper(read(session, world["s1"]))
    again = record_paper.paper(read(session, world["s1"], now=LATER.replace(hour=9)))
    assert first["number"] == again["number"]
    assert first["made"] != again["made"]
    session.execute(sa.update(Attendance).where(Attendance.person_id == world["s1"].id,
                                                Attendance.leave != "").values(leave=""))
    assert record_paper.paper(read(session, world["s1"]))["number"] != first["number"]
