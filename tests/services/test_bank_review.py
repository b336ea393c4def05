"""A second pair of eyes: what waits, who may approve it, and what an exam takes."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from legaled.domain.banks import Kind
from legaled.domain.errors import ConflictError, InvalidError
from legaled.domain.permissions import SYSTEM, Role
from legaled.models import Bank, PoolItem, Question, QuestionVersion
from legaled.services import bank_edits, bank_question, bank_review, banks, desk, exam_views, exams
from tests import factories
from tests.factories import DAY, HOUR, NOW, begin, question, world


class Desk:
    """A bank with two trainers."""

    def __init__(self, session):
        self.session = session
        home = factories.unit(session)
        self.one, self.two = (
            factories.actor(factories.person(session, number, home, Role.TRAINER, name=name))
            for number, name in (("t1", "陈国栋"), ("t2", "林静")))
        self.bank = factories.bank(session).id
        self.ids = list(session.scalars(
            sa.select(Question.id).where(Question.bank_id == self.bank).order_by(Question.id)))

    def ask_for_review(self, review=True):
        bank_edits.save_settings(
            self.session, self.one, self.bank, "题库", NOW, practice=False, review=review)

    def edit(self, who, place=0, at=NOW, **values):
        question_id = self.ids[place]
        found = bank_edits.stored(self.session, SYSTEM, self.bank, question_id, NOW)
        draft = replace(found.draft, **(values or {"explanation": f"{who.name}改"}))
        return bank_edits.edit_question(
            self.session, who, self.bank, question_id, found.version, draft, at)

    def approve(self, who, *seen):
        return bank_review.approve(self.session, who, self.bank, seen, NOW + HOUR)

    def page(self, who, page=1):
        return bank_review.review_page(self.session, who, self.bank, NOW, page)

    def publish(self, code="KS-1", quotas=None, **values):
        draft = factories.draft([self.bank], code=code, quotas=quotas or {Kind.SINGLE: (3, 20)},
                                pass_line=1, excellent_line=1, **values)
        exam_id = exams.create(self.session, SYSTEM, draft, NOW)
        preview = exam_views.exam_view(self.session, SYSTEM, exam_id, NOW).preview
        exams.publish(self.session, SYSTEM, exam_id, NOW)
        drawn = self.session.execute(
            sa.select(QuestionVersion.question_id, QuestionVersion.version)
            .join(PoolItem, PoolItem.version_id == QuestionVersion.id)
            .where(PoolItem.exam_id == exam_id)).all()
        return preview, {(question_id, version) for question_id, version in drawn}


@pytest.fixture
def at(session):
    return Desk(session)


def test_without_the_setting_everything_is_reviewed_at_once(at):
    assert not at.edit(at.one).waiting
    assert at.page(at.two).page.total == 0


def test_turning_it_on_takes_nothing_back_and_off_approves_nothing(at):
    at.ask_for_review()
    assert at.page(at.two).page.total == 0
    assert at.edit(at.one).waiting
    at.ask_for_review(False)
    assert at.page(at.two).page.total == 1
    assert not at.edit(at.one, 1).waiting
    assert at.page(at.two).page.total == 1
    assert at.approve(at.one, (at.ids[0], 2)).count == 1  # one trainer's word is enough now


def test_an_import_waits_too(at, session):
    at.ask_for_review()
    banks.import_drafts(session, at.one, "题库", [question(2, explanation="新"), question(70)], NOW)
    assert {(line.version, line.is_own) for line in at.page(at.one).lines} == {(2, True), (1, True)}
    assert {line.is_own for line in at.page(at.two).lines} == {False}
    assert banks.list_banks(session)[0].waiting == 2


def test_not_by_its_author(at):
    at.ask_for_review()
    at.edit(at.one)
    with pytest.raises(ConflictError, match="own_version"):
        at.approve(at.one, (at.ids[0], 2))
    assert at.approve(at.two, (at.ids[0], 2)).count == 1
    found = at.session.scalars(sa.select(QuestionVersion).where(
        QuestionVersion.question_id == at.ids[0], QuestionVersion.version == 2)).one()
    assert (found.approved, found.approver_id) == (NOW + HOUR, at.two.id)


def test_of_many_the_own_ones_and_those_that_moved_on_are_left(at):
    at.ask_for_review()
    at.edit(at.one, 0)
    at.edit(at.two, 1)
    at.edit(at.one, 2)
    at.edit(at.two, 2)  # now version 3, which nobody has looked at
    seen = [(at.ids[0], 2), (at.ids[1], 2), (at.ids[2], 2), (10**6, 1), (10**12, 1)]
    done = at.approve(at.two, *seen)
    assert (done.count, done.own, done.gone) == (1, 1, 2)
    assert {line.question_id for line in at.page(at.two).lines} == {at.ids[1], at.ids[2]}
    assert at.approve(at.two).count == 0


def test_a_question_that_waits_is_not_drawn_in_old_or_new_words(at):
    at.ask_for_review()
    at.edit(at.one, 0, key=("D",))
    at.edit(at.one, 7, key=("A",))  # a multi question, of which this exam wants none
    preview, drawn = at.publish()
    assert (preview.questions, preview.waiting) == (5, 1)
    assert drawn == {(question_id, 1) for question_id in at.ids[1:6]}
    at.approve(at.two, (at.ids[0], 2))
    preview, drawn = at.publish("KS-2")
    assert (preview.questions, preview.waiting) == (6, 0)
    assert drawn == {(at.ids[0], 2), *((question_id, 1) for question_id in at.ids[1:6])}


def test_too_few_reviewed_questions_refuse_the_exam(at):
    at.ask_for_review()
    for place in range(4):
        at.edit(at.one, place)
    with pytest.raises(ConflictError) as refused:
        at.publish()
    assert refused.value.facts == {"kind": "单选", "need": 3, "have": 2}
    lines = exam_views.bank_lines(at.session, SYSTEM)
    assert lines[0].counts[Kind.SINGLE] == 2


def test_a_reviewed_twin_in_another_bank_is_drawn(at):
    at.ask_for_review()
    at.edit(at.one, 0)
    other = factories.bank(at.session, "另一个", [question(2)])
    draft = factories.draft([at.bank, other.id], quotas={Kind.SINGLE: (6, 10)},
                            pass_line=1, excellent_line=1)
    exam_id = exams.create(at.session, SYSTEM, draft, NOW)
    preview = exam_views.exam_view(at.session, SYSTEM, exam_id, NOW).preview
    assert (preview.questions, preview.waiting) == (6, 0)


def test_sent_back_the_words_reviewed_last_return_with_the_reason(at):
    at.ask_for_review()
    before = bank_edits.stored(at.session, SYSTEM, at.bank, at.ids[0], NOW).draft
    at.edit(at.one, 0, stem="改坏了的题干？")
    at.edit(at.one, 0, stem="又改了一次？")
    assert bank_review.send_back(
        at.session, at.two, at.bank, at.ids[0], 3, " 依据是第一款 ", NOW + DAY)
    found = bank_edits.stored(at.session, SYSTEM, at.bank, at.ids[0], NOW)
    assert (found.version, found.draft) == (4, before)
    page = bank_question.question_page(at.session, at.one, at.bank, at.ids[0], NOW + DAY)
    assert (page.waiting, page.versions[0].note) == (False, "依据是第一款")
    assert (page.versions[0].author, page.versions[0].approver) == ("林静", "林静")
    assert at.page(at.two).page.total == 0
    assert (at.ids[0], 4) in at.publish()[1]


def test_a_new_question_sent_back_is_retired_and_waits_again_when_restored(at):
    at.ask_for_review()
    made = bank_edits.add_question(at.session, at.one, at.bank, question(800), NOW)
    assert made.waiting
    assert not bank_review.send_back(
        at.session, at.two, at.bank, made.question_id, 1, "和上一题重复", NOW + DAY)
    page = bank_question.question_page(at.session, at.one, at.bank, made.question_id, NOW + DAY)
    assert (page.retired, page.versions[0].note) == (NOW + DAY, "和上一题重复")
    assert at.page(at.two).page.total == 0
    bank_edits.restore(at.session, at.one, at.bank, [made.question_id], NOW + DAY)
    assert at.page(at.two).page.total == 1


def test_sending_back_needs_a_reason_and_the_version_that_was_seen(at):
    at.ask_for_review()
    at.edit(at.one, 0, stem="改过的题干？")
    send = bank_review.send_back
    for note in ("", "  ", "长" * 401):
        with pytest.raises(InvalidError, match="reason_needed"):
            send(at.session, at.two, at.bank, at.ids[0], 2, note, NOW)
    with pytest.raises(ConflictError, match="question_changed"):
        send(at.session, at.two, at.bank, at.ids[0], 1, "原因", NOW)
    with pytest.raises(ConflictError, match="question_changed"):
        send(at.session, at.two, at.bank, at.ids[1], 1, "原因", NOW)
    bank_edits.add_question(at.session, at.one, at.bank, question(2), NOW)
    with pytest.raises(ConflictError, match="question_twin"):
        send(at.session, at.two, at.bank, at.ids[0], 2, "原因", NOW)


def test_the_review_page_costs_the_same_for_few_and_many(at, count_queries):
    at.ask_for_review()
    seen = []
    for places in (range(1), range(1, 16)):
        for place in places:
            at.edit(at.one, place)
        at.session.flush()
        at.session.expunge_all()
        count_queries.clear()
        page = at.page(at.two)
        seen.append(len(count_queries))
    assert len(page.lines) == 16
    assert seen[0] == seen[1] <= 6
    assert all(line.base == 1 and [one.label for one in line.since] == ["题干", "解析"]
               for line in page.lines)


def test_the_desk_tells_each_trainer_what_others_wrote(at, count_queries):
    assert desk.tasks(at.session, at.one, NOW) == []
    at.ask_for_review()
    at.edit(at.one, 0)
    at.edit(at.one, 1)
    at.edit(at.two, 2)
    (task,) = desk.tasks(at.session, at.two, NOW)
    assert (task.words, task.detail, task.count) == ("2 道题等你审", "题库", 2)
    assert (task.endpoint, dict(task.values)) == ("banks.review.index", {"bank_id": at.bank})
    assert [task.count for task in desk.tasks(at.session, at.one, NOW)] == [1]
    bank_edits.retire(at.session, SYSTEM, at.bank, [at.ids[2]], NOW)
    assert desk.tasks(at.session, at.one, NOW) == []


def test_who_sits_an_exam_of_the_bank_reviews_nothing(session):
    made = world(session)
    session.get_one(Bank, made.bank_id).review = True
    begin(session, made["trainer"], made.exam_id)
    for verb in (
        lambda: bank_review.review_page(session, made["trainer"], made.bank_id, NOW),
        lambda: bank_review.approve(session, made["trainer"], made.bank_id, [(1, 1)], NOW),
        lambda: bank_review.send_back(session, made["trainer"], made.bank_id, 1, 1, "x", NOW),
    ):
        with pytest.raises(ConflictError, match="sitting"):
            verb()


# ---- what can be practised ----


def openness(at, **values):
    preview, _ = at.publish(**values)
    return preview.openness.practisable, preview.openness.most, preview.openness.share


def test_a_question_can_be_practised_when_any_open_bank_has_it(at):
    assert openness(at, code="A") == (0, 6, "0%")
    twins = [question(2), question(3, explanation="别的解析"), question(4, options=("一", "二"))]
    other = factories.bank(at.session, "练习", twins, practice=True)
    assert openness(at, code="B") == (2, 6, "33.33%")
    retired = at.session.scalar(sa.select(Question.id).where(Question.bank_id == other.id))
    bank_edits.retire(at.session, SYSTEM, other.id, [retired], NOW)
    assert openness(at, code="C") == (1, 6, "16.67%")
    at.session.get_one(Bank, at.bank).practice = True
    assert openness(at, code="D") == (6, 6, "100%")


def test_publishing_above_the_share_is_refused_with_the_numbers(at):
    factories.bank(at.session, "练习", [question(2), question(3)], practice=True)
    assert openness(at, code="A", practice_share=34) == (2, 2, "33.33%")
    with pytest.raises(ConflictError) as refused:
        at.publish("B", practice_share=33)
    assert refused.value.code == "too_open"
    assert refused.value.facts == {
        "questions": 6, "have": 2, "percent": "33.33%", "limit": 33, "most": 1}
    with pytest.raises(ConflictError, match="too_open"):
        at.publish("C", practice_share=0)
    assert at.session.scalar(sa.select(sa.func.count()).select_from(PoolItem)) == 6
