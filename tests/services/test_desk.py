"""待办: each role sees its own work, and only that."""

from legaled.domain.permissions import SYSTEM, Role
from legaled.services import desk, exams
from tests import factories
from tests.factories import DAY, NOW, begin, world


def words(session, actor, now=NOW):
    return [(task.words, task.count) for task in desk.tasks(session, actor, now)]


def test_an_open_exam_says_how_many_have_not_finished(session):
    made = world(session)
    assert words(session, made["office"]) == [("年度普法考试还有 6 人未考", 6)]
    attempt = begin(session, made["s1"], made.exam_id)
    assert words(session, made["office"]) == [("年度普法考试还有 6 人未考", 6)]
    after = attempt.deadline
    assert words(session, made["trainer"], after) == [("年度普法考试还有 5 人未考", 5)]
    assert words(session, made["s1"]) == []


def test_only_who_can_publish_sees_drafts(session):
    made = world(session)
    draft = factories.draft([made.bank_id], code="KS-2", title="补充考试")
    exams.create(session, SYSTEM, draft, NOW)
    assert ("补充考试还没有发布", None) in words(session, made["trainer"])
    assert not any("发布" in line for line, _ in words(session, made["office"]))


def test_absences_without_a_reason_are_the_offices(session):
    made = world(session)
    later = NOW + 2 * DAY
    assert words(session, made["office"], later) == [("6 人缺考没有填原因", 6)]
    assert words(session, made["trainer"], later) == []


def test_an_empty_installation_says_where_to_begin(session):
    home = factories.unit(session)
    first = factories.actor(factories.person(session, "1", home, Role.ACCOUNTS, Role.TRAINER))
    assert [line for line, _ in words(session, first)] == ["还没有题库", "还没有人员"]


def test_the_statements_do_not_grow(session, count_queries):
    made = world(session)
    seen = []
    for code in ("KS-2", "KS-3", "KS-4"):
        count_queries.clear()
        desk.tasks(session, made["office"], NOW)
        seen.append(len(count_queries))
        exam_id = exams.create(session, SYSTEM, factories.draft([made.bank_id], code=code), NOW)
        exams.publish(session, SYSTEM, exam_id, NOW)
    assert len(set(seen)) == 1
