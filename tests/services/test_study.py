"""What a person has read, and practice: order, marking, what may be asked."""

from datetime import timedelta
from secrets import token_hex

import pytest
import sqlalchemy as sa

from legaled.config import ROOT
from legaled.domain.banks import Kind
from legaled.domain.errors import ForbiddenError, InvalidError, NotFoundError
from legaled.domain.permissions import SYSTEM, Actor
from legaled.models import Attempt, Bank, Question, QuestionVersion, Step, StudyMark
from legaled.services import banks, study
from tests import factories
from tests.factories import NOW

LAWS = ROOT / "question_banks"


@pytest.fixture
def actor(session) -> Actor:
    return factories.actor(factories.person(session, "1", factories.unit(session)))


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


# ---- reading ----


@pytest.mark.parametrize("law", ["没有", "", "..", "../instance", "档案法/guide.md", "/etc"])
def test_only_a_listed_law_has_a_guide(law: str) -> None:
    with pytest.raises(NotFoundError):
        study.guide(LAWS, law)


def test_a_listed_law_is_found() -> None:
    assert study.guide(LAWS, "档案法").name == "档案法"


def test_reading_is_marked_once_and_keeps_the_first_time(session, actor) -> None:
    study.mark_read(session, actor, "宪法", NOW)
    study.mark_read(session, actor, "宪法", NOW + timedelta(days=1))
    assert study.read_laws(session, actor.id) == {"宪法": NOW}
    study.unmark_read(session, actor, "宪法")
    study.unmark_read(session, actor, "宪法")
    assert study.read_laws(session, actor.id) == {}


def test_the_button_pressed_twice_at_once_marks_once(session, actor, monkeypatch) -> None:
    study.mark_read(session, actor, "宪法", NOW)
    session.flush()
    session.expunge_all()
    monkeypatch.setattr(session, "get", lambda *_args: None)  # the other one is not seen yet
    study.mark_read(session, actor, "宪法", NOW + timedelta(seconds=1))
    assert study.read_laws(session, actor.id) == {"宪法": NOW}


def test_marks_belong_to_one_person(session, actor) -> None:
    study.mark_read(session, actor, "宪法", NOW)
    assert study.read_laws(session, int(actor.id or 0) + 1) == {}
    other = Actor(int(actor.id or 0) + 1, "2", "别人", 1, frozenset())
    study.unmark_read(session, other, "宪法")
    assert session.scalar(sa.select(sa.func.count()).select_from(StudyMark)) == 1


def test_the_command_line_reads_nothing(session) -> None:
    with pytest.raises(ForbiddenError):
        study.mark_read(session, SYSTEM, "宪法", NOW)


def test_missing_keeps_the_order_that_was_asked(session, actor) -> None:
    study.mark_read(session, actor, "档案法", NOW)
    assert study.missing(session, actor.id, ["宪法", "档案法", "保密法"]) == ("宪法", "保密法")
    assert study.missing(session, actor.id, []) == ()


# ---- practice ----


def test_outline_counts_by_kind_and_topic(session) -> None:
    law = bank(session)
    for topic in ("归档", "归档", "开放", ""):
        question(session, law, topic=topic)
    question(session, law, Kind.JUDGE, options=["正确", "错误"], key=["A"], topic="开放")
    question(session, law, Kind.ESSAY, options=[], key=[], topic="归档")
    outline = study.practice_outline(session, "档案法")
    assert outline.kinds == ((Kind.SINGLE, 4), (Kind.JUDGE, 1))
    assert outline.topics == (("开放", 2), ("归档", 2))
    assert outline.total == 5
    assert study.practice_outline(session, "没有").total == 0


def test_outlines_leave_out_what_is_not_for_practice(session) -> None:
    question(session, bank(session, "考试用", practice=False))
    bank(session, "空的")
    question(session, bank(session, "乙法"))
    gone = question(session, bank(session, "甲法"))
    session.get_one(Question, gone.question_id).retired = NOW
    session.flush()
    assert [outline.law for outline in study.practice_outlines(session)] == ["乙法"]


def test_a_run_is_stable_and_its_seed_changes_the_order(session, actor) -> None:
    law = bank(session)
    made = {question(session, law).id for _ in range(30)}
    first = study.practice_run(session, actor, "档案法", "a", NOW)
    assert set(first.versions) == made
    assert study.practice_run(session, actor, "档案法", "a", NOW) == first
    assert study.practice_run(session, actor, "档案法", "b", NOW).versions != first.versions
    assert first.versions != tuple(sorted(made))


def test_a_run_survives_changes_of_the_bank(session, actor) -> None:
    law = bank(session)
    made = [question(session, law) for _ in range(12)]
    before = study.practice_run(session, actor, "档案法", "a", NOW).versions
    session.get_one(Question, made[4].question_id).retired = NOW
    extra = question(session, law)
    after = study.practice_run(session, actor, "档案法", "a", NOW).versions
    assert [v for v in after if v != extra.id] == [v for v in before if v != made[4].id]


def test_a_run_can_be_narrowed(session, actor) -> None:
    law = bank(session)
    single = question(session, law, topic="归档")
    multi = question(session, law, Kind.MULTI, key=["A", "B"], topic="归档")
    question(session, law, topic="开放")
    by_topic = study.practice_run(session, actor, "档案法", "a", NOW, topic="归档")
    assert set(by_topic.versions) == {single.id, multi.id}
    both = study.practice_run(session, actor, "档案法", "a", NOW, Kind.MULTI, "归档")
    assert both.versions == (multi.id,)
    assert study.practice_run(session, actor, "档案法", "a", NOW, Kind.BLANK).total == 0


def test_a_run_asks_the_current_version(session, actor) -> None:
    old = question(session, bank(session), stem="旧题干")
    session.get_one(Question, old.question_id).version = 2
    new = QuestionVersion(
        question_id=old.question_id, version=2, kind=Kind.SINGLE, stem="新题干",
        options=["甲", "乙"], key=["A"], created=NOW,
    )
    session.add(new)
    session.flush()
    run = study.practice_run(session, actor, "档案法", "a", NOW)
    assert study.practice_question(session, run, 1).stem == "新题干"
    assert study.check_answer(session, run, old.id, ["B"]).right  # as it was seen


def test_no_run_of_an_unknown_or_closed_bank(session, actor) -> None:
    question(session, bank(session, "考试用", practice=False))
    for law in ("没有", "考试用"):
        with pytest.raises(NotFoundError):
            study.practice_run(session, actor, law, "a", NOW)


def test_options_stand_in_the_authors_order_and_tell_nothing(session, actor) -> None:
    question(session, bank(session))
    run = study.practice_run(session, actor, "档案法", "a", NOW)
    asked = study.practice_question(session, run, 1)
    assert asked.options == (("A", "甲"), ("B", "乙"), ("C", "丙"), ("D", "丁"))
    assert set(vars(asked)) == {"version_id", "kind", "stem", "options", "gaps"}
    for number in (0, 2, -1):
        with pytest.raises(NotFoundError):
            study.practice_question(session, run, number)


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
    checked = study.check_answer(session, study.Run("档案法", ()), made.id, sent)
    assert checked.right is right
    assert checked.key == tuple(key)
    assert (checked.explanation, checked.law, checked.article) == ("因为。", "档案法", "第二十七条")


@pytest.mark.parametrize("sent", [["E"], ["A", "B"], ["A", "A"], "A", [1], None])
def test_what_cannot_be_an_answer(session, sent) -> None:
    made = question(session, bank(session))
    with pytest.raises(InvalidError):
        study.check_answer(session, study.Run("档案法", ()), made.id, sent)


def test_answers_of_other_banks_cannot_be_asked_for(session) -> None:
    question(session, bank(session))
    secret = question(session, bank(session, "考试用", practice=False))
    other = question(session, bank(session, "宪法"))
    for law, version in (
        ("档案法", secret.id), ("考试用", secret.id), ("档案法", other.id), ("档案法", 10**9)
    ):
        with pytest.raises(NotFoundError):
            study.check_answer(session, study.Run(law, ()), version, ["A"])


def test_practice_leaves_exams_alone_and_counts_its_queries(session, actor, count_queries) -> None:
    law = bank(session)
    question(session, law)

    def work() -> int:
        count_queries.clear()
        run = study.practice_run(session, actor, "档案法", "a", NOW)
        asked = study.practice_question(session, run, 1)
        study.check_answer(session, run, asked.version_id, ["A"])
        study.practice_outlines(session)
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
        run = study.practice_run(session, actor, guide.name, "a", NOW)
        assert run.total == study.practice_outline(session, guide.name).total > 50
        asked = study.practice_question(session, run, run.total)
        checked = study.check_answer(session, run, asked.version_id, ["A"])
        assert checked.explanation
        assert checked.article
