"""Practice: order, marking, what may be asked."""

from secrets import token_hex

import pytest
import sqlalchemy as sa

from legaled.config import ROOT
from legaled.domain.banks import Kind
from legaled.domain.errors import InvalidError, NotFoundError
from legaled.domain.permissions import Actor
from legaled.models import Attempt, Bank, Question, QuestionVersion, Step
from legaled.services import banks, practice, practice_runs, study
from tests import factories
from tests.factories import NOW


@pytest.fixture
def actor(session) -> Actor:
    return factories.actor(factories.person(session, "1", factories.unit(session)))


LAWS = ROOT / "question_banks"


def bank(session, name: str = "档案法", practice: bool = True) -> Bank:
    made = Bank(name=name, practice=practice, created=NOW)
    session.add(made)
    session.flush()
    return made


def question(session, of: Bank, kind: Kind = Kind.SINGLE, **fields) -> QuestionVersion:
    asked = Question(bank_id=of.id, fingerprint=token_hex(16))
    session.add(asked)
    session.flush()
    words = {"stem": f"第{asked.id}题", "options": ["甲", "乙", "丙", "丁"], "key": ["B"]}
    version = QuestionVersion(
        question_id=asked.id, version=1, kind=kind, created=NOW, **{**words, **fields}
    )
    session.add(version)
    session.flush()
    return version


def test_outline_counts_by_kind_and_topic(session) -> None:
    law = bank(session)
    for topic in ("归档", "归档", "开放", ""):
        question(session, law, topic=topic)
    question(session, law, Kind.JUDGE, options=["正确", "错误"], key=["A"], topic="开放")
    question(session, law, Kind.ESSAY, options=[], key=[], topic="归档")
    outline = practice.practice_outline(session, "档案法")
    assert outline.kinds == ((Kind.SINGLE, 4), (Kind.JUDGE, 1))
    assert outline.topics == (("开放", 2), ("归档", 2))
    assert outline.total == 5
    assert practice.practice_outline(session, "没有").total == 0


def test_outlines_leave_out_what_is_not_for_practice(session) -> None:
    question(session, bank(session, "考试用", practice=False))
    bank(session, "空的")
    question(session, bank(session, "乙法"))
    gone = question(session, bank(session, "甲法"))
    session.get_one(Question, gone.question_id).retired = NOW
    session.flush()
    assert [outline.law for outline in practice.practice_outlines(session)] == ["乙法"]


def test_a_run_is_stable_and_its_seed_changes_the_order(session, actor) -> None:
    law = bank(session)
    made = {question(session, law).id for _ in range(30)}
    first = practice_runs.practice_run(session, actor, "档案法", "a", NOW)
    assert set(first.versions) == made
    assert practice_runs.practice_run(session, actor, "档案法", "a", NOW) == first
    assert practice_runs.practice_run(session, actor, "档案法", "b", NOW).versions != first.versions
    assert first.versions != tuple(sorted(made))


def test_a_run_survives_changes_of_the_bank(session, actor) -> None:
    law = bank(session)
    made = [question(session, law) for _ in range(12)]
    before = practice_runs.practice_run(session, actor, "档案法", "a", NOW).versions
    session.get_one(Question, made[4].question_id).retired = NOW
    extra = question(session, law)
    after = practice_runs.practice_run(session, actor, "档案法", "a", NOW).versions
    assert [v for v in after if v != extra.id] == [v for v in before if v != made[4].id]


def test_a_run_can_be_narrowed(session, actor) -> None:
    law = bank(session)
    single = question(session, law, topic="归档")
    multi = question(session, law, Kind.MULTI, key=["A", "B"], topic="归档")
    question(session, law, topic="开放")
    by_topic = practice_runs.practice_run(session, actor, "档案法", "a", NOW, topic="归档")
    assert set(by_topic.versions) == {single.id, multi.id}
    both = practice_runs.practice_run(session, actor, "档案法", "a", NOW, Kind.MULTI, "归档")
    assert both.versions == (multi.id,)
    assert practice_runs.practice_run(session, actor, "档案法", "a", NOW, Kind.BLANK).total == 0


def test_a_run_asks_the_current_version(session, actor) -> None:
    old = question(session, bank(session), stem="旧题干")
    session.get_one(Question, old.question_id).version = 2
    new = QuestionVersion(
        question_id=old.question_id, version=2, kind=Kind.SINGLE, stem="新题干",
        options=["甲", "乙"], key=["A"], created=NOW,
    )
    session.add(new)
    session.flush()
    run = practice_runs.practice_run(session, actor, "档案法", "a", NOW)
    assert practice.practice_question(session, run, 1).stem == "新题干"
    assert practice.check_answer(session, run, old.id, ["B"]).right  # as it was seen


def test_no_run_of_an_unknown_or_closed_bank(session, actor) -> None:
    question(session, bank(session, "考试用", practice=False))
    for law in ("没有", "考试用"):
        with pytest.raises(NotFoundError):
            practice_runs.practice_run(session, actor, law, "a", NOW)


def test_options_stand_in_the_authors_order_and_tell_nothing(session, actor) -> None:
    question(session, bank(session))
    run = practice_runs.practice_run(session, actor, "档案法", "a", NOW)
    asked = practice.practice_question(session, run, 1)
    assert asked.options == (("A", "甲"), ("B", "乙"), ("C", "丙"), ("D", "丁"))
    assert set(vars(asked)) == {"version_id", "kind", "stem", "options", "gaps"}
    for number in (0, 2, -1):
        with pytest.raises(NotFoundError):
            practice.practice_question(session, run, number)


@pytest.mark.parametrize(
    ("kind", "options", "key", "sent", "right"),
    [
        (Kind.SINGLE, ["甲", "乙"], ["B"], ["B"], True),
        (Kind.SINGLE, ["甲", "乙"], ["B"], ["A"], False),
        (Kind.MULTI, ["甲", "乙", "丙"], ["A", "C"], ["C", "A"], True),
        (Kind.MULTI, ["甲", "乙", "丙"], ["A", "C"], ["A"], False),
        (Kind.MULTI, ["甲", "乙", "丙"], ["A", "C"], ["A", "B", "C"], False),
        (Kind.JUDGE, ["正确", "错误"], ["A"], ["A"], True),
        (Kind.BLANK, [], ["二十五年|25年", "开放"], [" ２５年", "开放 "], True),
        (Kind.BLANK, [], ["二十五年|25年", "开放"], ["三十年", "开放"], False),
        (Kind.SINGLE, ["甲", "乙"], ["B"], [], False),
        (Kind.BLANK, [], ["一", "二"], ["", " "], False),
    ],
)
def test_marking(session, kind, options, key, sent, right) -> None:
    made = question(session, bank(session), kind, options=options, key=key,
                    explanation="因为。", law="档案法", article="第二十七条")
    checked = practice.check_answer(session, practice.Run("档案法", ()), made.id, sent)
    assert checked.right is right
    assert checked.key == tuple(key)
    assert (checked.explanation, checked.law, checked.article) == ("因为。", "档案法", "第二十七条")


@pytest.mark.parametrize("sent", [["E"], ["A", "B"], ["A", "A"], "A", [1], None])
def test_what_cannot_be_an_answer(session, sent) -> None:
    made = question(session, bank(session))
    with pytest.raises(InvalidError):
        practice.check_answer(session, practice.Run("档案法", ()), made.id, sent)


def test_answers_of_other_banks_cannot_be_asked_for(session) -> None:
    question(session, bank(session))
    secret = question(session, bank(session, "考试用", practice=False))
    other = question(session, bank(session, "宪法"))
    for law, version in (
        ("档案法", secret.id), ("考试用", secret.id), ("档案法", other.id), ("档案法", 10**9)
    ):
        with pytest.raises(NotFoundError):
            practice.check_answer(session, practice.Run(law, ()), version, ["A"])


def test_practice_leaves_exams_alone_and_counts_its_queries(session, actor, count_queries) -> None:
    law = bank(session)
    question(session, law)

    def work() -> int:
        count_queries.clear()
        run = practice_runs.practice_run(session, actor, "档案法", "a", NOW)
        asked = practice.practice_question(session, run, 1)
        practice.check_answer(session, run, asked.version_id, ["A"])
        practice.practice_outlines(session)
        return len(count_queries)

    few = work()
    for number in range(40):
        question(session, law, topic=f"{number}")
    assert work() == few <= 6
    for table in (Attempt, Step):
        assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 0


def test_the_shipped_banks_can_be_practised(session, actor) -> None:
    banks.ship(session, LAWS, NOW)
    for guide in study.guides(LAWS):
        run = practice_runs.practice_run(session, actor, guide.name, "a", NOW)
        assert run.total == practice.practice_outline(session, guide.name).total > 50
        asked = practice.practice_question(session, run, run.total)
        checked = practice.check_answer(session, run, asked.version_id, ["A"])
        assert checked.explanation
        assert checked.article
