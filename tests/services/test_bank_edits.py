"""Changing a bank by hand: new versions, twins, settings, an empty bank."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from legaled.domain.banks import Kind
from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.permissions import SYSTEM
from legaled.models import AuditEvent, Bank, BankImport, Question, QuestionVersion
from legaled.services import bank_edits, bank_question, banks, exams
from tests import factories
from tests.factories import DAY, HOUR, NOW, begin, question, world


@pytest.fixture
def made(session):
    return world(session)


@pytest.fixture
def first(session, made):
    """The id of the bank's first question."""
    return session.scalar(
        sa.select(sa.func.min(Question.id)).where(Question.bank_id == made.bank_id))


def now_is(session, made, first):
    return bank_edits.stored(session, SYSTEM, made.bank_id, first, NOW)


def edit(session, who, made, first, base=1, **values):
    draft = replace(now_is(session, made, first).draft, **values)
    return bank_edits.edit_question(session, who, made.bank_id, first, base, draft, NOW + HOUR)


def versions(session, first):
    return session.scalars(
        sa.select(QuestionVersion).where(QuestionVersion.question_id == first)
        .order_by(QuestionVersion.version)).all()


def test_an_edit_is_a_new_version_and_the_old_words_stay(session, made, first):
    saved = edit(session, made["trainer"], made, first, key=("D",), explanation="更好的解析")
    assert (saved.version, saved.is_new, saved.waiting) == (2, True, False)
    old, new = versions(session, first)
    assert (old.key, old.explanation) == (["B"], "解析2")
    assert (new.key, new.explanation, new.author_id) == (["D"], "更好的解析", made["trainer"].id)
    assert (new.created, new.approved, new.approver_id) == (NOW + HOUR, NOW + HOUR, None)
    assert now_is(session, made, first).version == 2
    note = session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (note.action, note.actor_id) == ("question.edit", made["trainer"].id)


def test_the_same_words_make_no_version(session, made, first):
    assert not edit(session, SYSTEM, made, first).is_new
    assert not edit(session, SYSTEM, made, first, base=7).is_new
    assert len(versions(session, first)) == 1


def test_somebody_elses_newer_version_is_not_run_over(session, made, first):
    edit(session, SYSTEM, made, first, explanation="先保存的")
    with pytest.raises(ConflictError) as refused:
        edit(session, SYSTEM, made, first, explanation="后保存的")
    assert (refused.value.code, refused.value.facts) == ("question_changed", {"version": 2})
    assert [one.explanation for one in versions(session, first)] == ["解析2", "先保存的"]
    assert edit(session, SYSTEM, made, first, base=2, explanation="后保存的").version == 3


def test_words_that_are_another_question_are_refused_by_name(session, made, first):
    other = now_is(session, made, first + 1).draft
    with pytest.raises(ConflictError) as refused:
        edit(session, SYSTEM, made, first, stem=f"12、{other.stem} ", options=other.options)
    assert refused.value.code == "question_twin"
    assert refused.value.facts == {"number": banks.number_of(first + 1), "question": first + 1}
    assert len(versions(session, first)) == 1


def test_the_words_that_were_left_are_free_for_another(session, made, first):
    before = now_is(session, made, first).draft
    edit(session, SYSTEM, made, first, stem="换成了别的问法？")
    saved = bank_edits.add_question(session, SYSTEM, made.bank_id, before, NOW)
    assert saved.question_id != first
    assert now_is(session, made, saved.question_id).draft.stem == before.stem


def test_a_question_is_added_once(session, made):
    saved = bank_edits.add_question(
        session, made["trainer"], made.bank_id, question(900, Kind.BLANK), NOW)
    assert (saved.version, saved.is_new, saved.waiting) == (1, True, False)
    assert now_is(session, made, saved.question_id).draft.key == ("二十五|25", "一")
    with pytest.raises(ConflictError, match="question_twin"):
        bank_edits.add_question(session, SYSTEM, made.bank_id, question(900, Kind.BLANK), NOW)
    elsewhere = factories.bank(session, "别的", [])
    assert bank_edits.add_question(session, SYSTEM, elsewhere.id, question(900, Kind.BLANK), NOW)


def test_a_foreign_number_and_retirement_outlive_an_edit(session, made, first):
    session.execute(sa.update(QuestionVersion).where(QuestionVersion.question_id == first)
                    .values(foreign_number="甲-7"))
    bank_edits.retire(session, SYSTEM, made.bank_id, [first], NOW)
    edit(session, SYSTEM, made, first, topic="利用")
    assert versions(session, first)[-1].foreign_number == "甲-7"
    assert session.get_one(Question, first).retired == NOW


def test_an_edit_and_an_export_agree(session, made, first):
    """What was edited here and comes back in a file is the same question, unchanged."""
    edit(session, SYSTEM, made, first, stem="改过的问题？", topic="总则")
    drafts = banks.export_bank(session, SYSTEM, made.bank_id, NOW)
    done = banks.import_drafts(session, SYSTEM, "题库", drafts, NOW)
    assert (done.added, done.changed, done.conflicts) == (0, 0, ())


def test_many_are_retired_and_restored_at_once(session, made, first):
    other = factories.bank(session, "别的", [question(2)])
    foreign = session.scalar(sa.select(Question.id).where(Question.bank_id == other.id))
    ids = [first, first + 1, foreign, 10**6, 10**12]
    assert bank_edits.retire(session, SYSTEM, made.bank_id, ids, NOW) == 2
    assert bank_edits.retire(session, SYSTEM, made.bank_id, ids, NOW) == 0
    assert session.get_one(Question, foreign).retired is None
    assert bank_edits.restore(session, SYSTEM, made.bank_id, ids, NOW) == 2
    assert bank_edits.retire(session, SYSTEM, made.bank_id, [], NOW) == 0


def test_who_sits_an_exam_of_the_bank_changes_and_sees_nothing(session, made, first):
    who = made["trainer"]
    begin(session, who, made.exam_id)
    draft = now_is(session, made, first).draft
    for verb in (
        lambda: bank_edits.stored(session, who, made.bank_id, first, NOW),
        lambda: bank_edits.edit_question(session, who, made.bank_id, first, 1, draft, NOW),
        lambda: bank_edits.add_question(session, who, made.bank_id, draft, NOW),
        lambda: bank_edits.retire(session, who, made.bank_id, [first], NOW),
        lambda: bank_edits.delete_bank(session, who, made.bank_id, NOW),
        lambda: bank_edits.save_settings(
            session, who, made.bank_id, "x", NOW, practice=True, review=False),
    ):
        with pytest.raises(ConflictError, match="sitting"):
            verb()


def test_settings_are_kept_and_names_are_unique(session, made):
    factories.bank(session, "别的", [])
    save = bank_edits.save_settings
    save(session, SYSTEM, made.bank_id, " 新的名字 ", NOW, practice=True, review=True)
    bank = session.get_one(Bank, made.bank_id)
    assert (bank.name, bank.practice, bank.review) == ("新的名字", True, True)
    notes = sa.select(sa.func.count()).where(AuditEvent.action == "bank.settings")
    save(session, SYSTEM, made.bank_id, "新的名字", NOW, practice=True, review=True)
    assert session.scalar(notes) == 1
    with pytest.raises(InvalidError, match="bank_name"):
        save(session, SYSTEM, made.bank_id, "\n", NOW, practice=True, review=True)
    with pytest.raises(ConflictError, match="bank_name_taken"):
        save(session, SYSTEM, made.bank_id, "别的", NOW, practice=True, review=True)


def test_only_an_empty_bank_that_no_exam_draws_from_is_deleted(session, made):
    with pytest.raises(ConflictError, match="bank_not_empty"):
        bank_edits.delete_bank(session, SYSTEM, made.bank_id, NOW)
    empty = factories.bank(session, "空的", [])
    draft = factories.draft([empty.id], code="KS-2", title="草稿")
    exam_id = exams.create(session, SYSTEM, draft, NOW)
    with pytest.raises(ConflictError) as refused:
        bank_edits.delete_bank(session, SYSTEM, empty.id, NOW)
    assert (refused.value.code, refused.value.facts) == ("bank_in_use", {"exam": "草稿"})
    exams.edit(session, SYSTEM, exam_id, replace(draft, bank_ids=()), NOW)
    assert bank_edits.delete_bank(session, SYSTEM, empty.id, NOW) == "空的"
    session.flush()
    assert session.scalars(sa.select(Bank.name)).all() == ["题库"]
    assert set(session.scalars(sa.select(BankImport.bank_id))) == {made.bank_id}


def test_a_question_page_tells_what_changed_newest_first(session, made, first):
    edit(session, made["trainer"], made, first, key=("D",))
    edit(session, made["trainer"], made, first, base=2, options=("甲", "乙", "丙"), key=("A",))
    page = bank_question.question_page(session, SYSTEM, made.bank_id, first, NOW + DAY)
    assert [one.version for one in page.versions] == [3, 2, 1]
    assert [change.label for change in page.versions[0].since] == [
        "题干", "选项A", "选项B", "选项C", "选项D", "答案"]
    assert [change.label for change in page.versions[1].since] == ["题干", "答案"]
    answer = page.versions[1].since[1]
    assert ([piece.text for piece in answer.old], [piece.text for piece in answer.new]) == (
        ["B"], ["D"])
    assert page.versions[2].since == ()
    assert (page.exams[0].version, page.stats) == (1, None)


def test_a_page_shows_ten_versions_or_all_in_the_same_number_of_queries(
    session, made, first, count_queries
):
    seen = []
    for last in (1, 14):
        while (base := now_is(session, made, first).version) < last:
            edit(session, SYSTEM, made, first, base=base, explanation=f"第 {base + 1} 次")
        session.flush()
        session.expunge_all()
        count_queries.clear()
        page = bank_question.question_page(session, SYSTEM, made.bank_id, first, NOW)
        seen.append(len(count_queries))
    assert seen[0] == seen[1] <= 11
    assert ([one.version for one in page.versions], page.older) == ([*range(14, 4, -1)], 4)
    assert page.versions[-1].since
    every = bank_question.question_page(session, SYSTEM, made.bank_id, first, NOW, every=True)
    assert (len(every.versions), every.older) == (14, 0)


def test_missing_things_are_not_found(session, made, first):
    for verb in (
        lambda: bank_edits.stored(session, SYSTEM, made.bank_id, 10**6, NOW),
        lambda: bank_edits.stored(session, SYSTEM, 10**6, first, NOW),
        lambda: bank_edits.add_question(session, SYSTEM, 10**6, question(3), NOW),
    ):
        with pytest.raises(NotFoundError):
            verb()
