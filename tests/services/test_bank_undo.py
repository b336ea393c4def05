"""Taking an import back: all of it, or a refusal that says why."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from legaled.domain.banks import Kind
from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.permissions import SYSTEM
from legaled.models import AuditEvent, BankImport, Question, QuestionVersion
from legaled.services import bank_imports, bank_undo, banks, exams
from tests.factories import DAY, HOUR, NOW, QUOTAS, draft, person, question, unit

FIRST = [
    *(question(row) for row in range(2, 6)), question(6, Kind.MULTI), question(7, Kind.JUDGE),
    question(8, Kind.BLANK),
]


def take(session, drafts, **options):
    return bank_imports.import_drafts(session, SYSTEM, "档案法", drafts, NOW, **options)


def undo(session, done):
    return bank_undo.undo(session, SYSTEM, done.bank_id, done.import_id, NOW + HOUR)


def content(session, bank_id):
    """Everything about the bank's questions that an import could have changed."""
    rows = session.execute(
        sa.select(Question.id, Question.fingerprint, Question.version,
                  sa.func.count(QuestionVersion.id))
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .where(Question.bank_id == bank_id)
        .group_by(Question.id, Question.fingerprint, Question.version).order_by(Question.id))
    return [tuple(row) for row in rows], banks.export_bank(session, SYSTEM, bank_id, NOW)


def test_what_was_added_is_deleted_and_can_be_added_again(session):
    done = take(session, FIRST)
    undo(session, done)
    for model in (Question, QuestionVersion):
        assert session.scalar(sa.select(sa.func.count()).select_from(model)) == 0
    again = take(session, FIRST)
    assert (again.added, again.changed, again.unchanged) == (7, 0, 0)
    assert again.import_id != done.import_id
    note = session.scalars(
        sa.select(AuditEvent).where(AuditEvent.action == "bank.undo")).one()
    assert (note.subject, note.ok) == ("bank 档案法", True)


def test_what_was_changed_is_as_before_also_when_texts_moved(session):
    first = take(session, FIRST)
    before = content(session, first.bank_id)
    one, two, *rest = banks.export_bank(session, SYSTEM, first.bank_id, NOW)
    moved = [
        replace(one, row=2, stem=two.stem, options=two.options),
        replace(two, row=3, stem=one.stem, options=one.options),
        replace(rest[0], row=4, explanation="更好的解析"), question(40),
    ]
    away = replace(two, row=1, stem="先让开的题干？")
    take(session, [away])
    undo_away = session.scalars(sa.select(BankImport.id).order_by(BankImport.id.desc())).first()
    done = take(session, [replace(one, row=2, stem=two.stem, options=two.options), *moved[2:]])
    assert (done.added, done.changed) == (1, 2)
    undo(session, done)
    bank_undo.undo(session, SYSTEM, first.bank_id, undo_away, NOW)
    assert content(session, first.bank_id) == before


def test_twice_is_refused_and_an_import_of_another_bank_is_not_there(session):
    done = take(session, FIRST)
    other = bank_imports.import_drafts(session, SYSTEM, "别的", FIRST, NOW)
    with pytest.raises(NotFoundError):
        bank_undo.undo(session, SYSTEM, other.bank_id, done.import_id, NOW)
    undo(session, done)
    with pytest.raises(ConflictError, match="undo_done"):
        undo(session, done)


def test_a_published_exam_keeps_its_questions_and_is_named(session):
    done = take(session, FIRST)
    wanted = {kind: (1, 1) for kind in QUOTAS}
    exam_id = exams.create(
        session, SYSTEM, draft([done.bank_id], quotas=wanted, pass_line=3, excellent_line=4), NOW)
    line = bank_undo.import_line(session, done.bank_id, done.import_id)
    assert bank_undo.obstacle(session, line) is None
    person(session, "p", unit(session))
    exams.publish(session, SYSTEM, exam_id, NOW)
    before = content(session, done.bank_id)
    with pytest.raises(ConflictError) as refused:
        undo(session, done)
    assert (refused.value.code, refused.value.facts) == (
        "undo_in_exam", {"names": "「年度普法考试」"})
    assert content(session, done.bank_id) == before


def test_what_was_built_upon_since_stays_and_is_named(session):
    done = take(session, FIRST)
    later = take(session, [replace(one, explanation="新的解析") for one in FIRST[:5]])
    with pytest.raises(ConflictError) as refused:
        undo(session, done)
    assert refused.value.code == "undo_changed_since"
    assert refused.value.facts["names"].count("L-") == bank_undo.NAMED
    assert refused.value.facts["names"].endswith(" 等")
    undo(session, later)
    undo(session, done)


def test_an_old_text_that_is_another_question_by_now_is_not_taken(session):
    first = take(session, [question(2)])
    (known,) = banks.export_bank(session, SYSTEM, first.bank_id, NOW)
    moved = take(session, [replace(known, row=2, stem="换过的题干？")])
    take(session, [question(2)])
    before = content(session, first.bank_id)
    nested = session.begin_nested()
    with pytest.raises(ConflictError) as refused:
        undo(session, moved)
    nested.rollback()
    assert refused.value.code == "undo_text_taken"
    assert refused.value.facts["names"] == known.number
    assert content(session, first.bank_id) == before


def test_retired_questions_go_with_the_import_that_added_them(session):
    done = take(session, FIRST)
    session.execute(sa.update(Question).values(retired=NOW))
    undo(session, done)
    assert session.scalar(sa.select(sa.func.count()).select_from(Question)) == 0


def test_the_record_tells_who_when_and_what_newest_first(session, count_queries):
    author = person(session, "t1", unit(session), name="陈国栋")
    done = take(session, FIRST)
    session.get_one(BankImport, done.import_id).author_id = author.id
    for row in range(40, 72):
        take(session, [question(row)], file=f"{row}.csv")
    undo(session, done)
    session.flush()
    count_queries.clear()
    lines, page = bank_undo.import_lines(session, done.bank_id, 1)
    assert len(count_queries) <= 2
    assert (page.total, page.pages, len(lines)) == (33, 2, bank_undo.PER_PAGE)
    assert lines[0].file == "71.csv"
    lines, _ = bank_undo.import_lines(session, done.bank_id, 2)
    assert (lines[-1].author, lines[-1].added, lines[-1].undone) == ("陈国栋", 7, NOW + HOUR)


def test_the_questions_of_an_import_are_listed_as_it_wrote_them(session):
    done = take(session, FIRST)
    line = bank_undo.import_line(session, done.bank_id, done.import_id)
    found, page = bank_undo.written(session, SYSTEM, line, 1, NOW)
    assert page.total == len(found) == 7
    assert {one.version for one in found} == {1}
    undo(session, done)
    line = bank_undo.import_line(session, done.bank_id, done.import_id)
    assert bank_undo.written(session, SYSTEM, line, 1, NOW + DAY)[0] == ()
