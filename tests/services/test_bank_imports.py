"""Who equals whom in a bank, and what an import leaves behind."""

from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legaled.domain.banks import Kind, QuestionDraft
from legaled.domain.errors import InvalidError
from legaled.domain.permissions import SYSTEM
from legaled.files.bank_check import check
from legaled.files.bank_writing import write_template
from legaled.models import AuditEvent, Bank, Question, QuestionVersion
from legaled.services import bank_plan, banks
from tests.bank_world import RICH, counts, question, rows, stored, take
from tests.factories import NOW

ROOT = Path(__file__).resolve().parents[2]


def numbered(session):
    """The export as it comes back from a file."""
    return check(write_template(stored(session)), "export.csv").drafts


def test_the_same_file_twice_adds_nothing(session):
    assert counts(take(session, RICH)) == (7, 0, 0, 0)
    assert counts(take(session, RICH)) == (0, 0, 7, 0)
    assert rows(session, Question) == rows(session, QuestionVersion) == 7


def test_export_then_import_changes_nothing(session):
    take(session, RICH)
    assert counts(take(session, numbered(session))) == (0, 0, 7, 0)
    assert stored(session)[5].foreign_number == "甲-7"


WORDS = st.text("档案法第一二条 是不=+-@'\"，,；|\n1ab（）", max_size=12)
OPTIONS = st.lists(st.sampled_from(["甲", "乙 ", "=丙", "'丁", "戊,己"]), min_size=2, max_size=5,
                   unique=True).map(tuple)
MIXED = st.lists(st.builds(
    QuestionDraft, row=st.sampled_from([0, 0, 0, 1, 2, 3]), number=st.none(),
    foreign_number=st.sampled_from(["", "7"]), kind=st.sampled_from([Kind.SINGLE, Kind.MULTI]),
    stem=WORDS, options=OPTIONS, key=st.sampled_from([("A",), ("B",), ("A", "B")]),
    explanation=WORDS, topic=WORDS), max_size=8)


@settings(max_examples=40, deadline=None,
          suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(first=MIXED, second=MIXED, take_conflicts=st.booleans())
def test_whatever_was_imported_comes_back_unchanged(session, first, second, take_conflicts):
    before = session.begin_nested()
    take(session, [])
    for raw in (first, second):
        known = dict(enumerate((one.number for one in numbered(session)), start=1))
        raw = [replace(one, number=known.get(one.row)) for one in raw]
        report = check(write_template(raw), "a.csv")
        drafts = banks.with_rivals(report, take_conflicts)
        done = take(session, drafts, take_conflicts=take_conflicts)
        versions = rows(session, QuestionVersion)
        again = take(session, drafts, take_conflicts=take_conflicts)
        if not done.conflicts:
            assert (again.added, again.changed, again.conflicts) == (0, 0, ())
            assert rows(session, QuestionVersion) == versions
        questions = rows(session, Question)
        back = take(session, numbered(session))
        assert counts(back) == (0, 0, questions, 0)
    before.rollback()


def test_any_difference_under_our_number_is_a_new_version(session):
    take(session, RICH)
    drafts = numbered(session)
    new = [replace(drafts[0], key=("C",)), replace(drafts[1], stem="换了题干的是哪一项？"),
           replace(drafts[2], stem=drafts[2].stem + " "), *drafts[3:]]
    assert counts(take(session, new)) == (0, 3, 4, 0)
    first = session.scalars(sa.select(Question).order_by(Question.id)).first()
    assert first.version == 2
    keys = session.scalars(sa.select(QuestionVersion.key).where(
        QuestionVersion.question_id == first.id).order_by(QuestionVersion.version))
    assert list(keys) == [["B"], ["C"]]
    assert counts(take(session, new)) == (0, 0, 7, 0)


def test_the_old_text_of_a_renumbered_question_is_free_again(session):
    take(session, [question(2)])
    moved = replace(numbered(session)[0], stem="新的题干是什么？")
    assert counts(take(session, [moved, question(2)])) == (1, 1, 0, 0)


def test_a_number_whose_new_text_is_another_question_is_a_conflict(session):
    take(session, [question(2), question(3)])
    one, two = numbered(session)
    clash = replace(one, stem=two.stem, options=two.options)
    result = take(session, [clash], take_conflicts=True)
    assert counts(result) == (0, 0, 0, 1)
    assert result.conflicts[0].as_json() == {"row": clash.row, "of": two.number}


def test_a_chain_of_texts_moves_in_one_import(session):
    take(session, [question(2), question(3)])
    one, two = numbered(session)
    away = replace(two, row=2, stem="全新的题干？")
    onto = replace(one, row=3, stem=two.stem, options=two.options)
    assert counts(take(session, [away, onto])) == (0, 2, 0, 0)


@pytest.mark.parametrize("change", [
    {"stem": "12、 第 2个问题 说的是什么ｓｉｎｇｌｅ？"},
    {"options": tuple(f"选项2{x}" for x in "丁乙丙甲")},
    {"options": tuple(f"选项２ {x}" for x in "乙甲丙丁"), "key": ("A",)},
    {"foreign_number": "别的-1"},
])
def test_numbering_spacing_width_and_order_make_no_new_version(session, change):
    take(session, [question(2)])
    assert counts(take(session, [question(9, **{
        "stem": question(2).stem, "options": question(2).options, "explanation": "解析2",
        **change})])) == (0, 0, 1, 0)


def test_another_key_is_a_conflict_and_taken_only_on_purpose(session):
    take(session, [question(2)])
    other = question(2, key=("C",))
    result = take(session, [other])
    assert counts(result) == (0, 0, 0, 1)
    assert result.conflicts[0].of == stored(session)[0].number
    assert stored(session)[0].key == ("B",)
    assert counts(take(session, [other], take_conflicts=True)) == (0, 1, 0, 0)
    assert stored(session)[0].key == ("C",)
    assert counts(take(session, [other], take_conflicts=True)) == (0, 0, 1, 0)


@pytest.mark.parametrize("change", [
    {"explanation": "更好的解析"}, {"topic": "利用"}, {"points": Decimal(3)},
    {"kind": Kind.MULTI}, {"article": "第二十八条"},
])
def test_another_explanation_without_a_number_is_a_new_version(session, change):
    take(session, [question(2, foreign_number="甲1")])
    assert counts(take(session, [replace(question(2), **change)])) == (0, 1, 0, 0)
    assert stored(session)[0].foreign_number == "甲1"


def test_the_same_stem_with_other_options_is_another_question(session):
    take(session, [question(2)])
    assert counts(take(session, [question(2, options=("一", "二"))])) == (1, 0, 0, 0)


def test_a_number_of_another_bank_is_kept_as_text_and_never_matched(session):
    banks.import_drafts(session, SYSTEM, "别的", [question(30)], NOW)
    bank_id = banks.bank_id_of(session, "别的")
    exported = write_template(banks.export_bank(session, SYSTEM, bank_id, NOW))
    (foreign,) = check(exported, "a.csv").drafts
    assert counts(take(session, [foreign])) == (1, 0, 0, 0)
    assert stored(session)[0].foreign_number == foreign.number
    assert counts(take(session, [foreign])) == (0, 0, 1, 0)


@pytest.mark.parametrize("number", ["L-999999999999999999", "L-0000001", "L-000000"])
def test_a_number_that_nobody_has_is_only_text(session, number):
    take(session, [question(2)])
    assert counts(take(session, [replace(question(3), number=number)])) == (1, 0, 0, 0)


def test_a_file_of_another_installation_twice_adds_nothing(session):
    banks.import_drafts(session, SYSTEM, "别的", [question(20), question(21)], NOW)
    base = session.scalar(sa.select(sa.func.max(Question.id)))
    theirs = [replace(question(row), number=banks.number_of(base + 6 - row)) for row in range(2, 6)]
    assert counts(take(session, theirs)) == (4, 0, 0, 0)
    assert counts(take(session, theirs)) == (0, 0, 4, 0)


def test_rows_that_contradict_each_other_in_one_file(session):
    rival = question(9, stem=question(2).stem, options=question(2).options, key=("D",))
    result = take(session, [question(2), rival])
    assert counts(result) == (1, 0, 0, 1)
    assert result.conflicts[0].of == 2
    for _ in range(2):
        take(session, [question(2), rival], take_conflicts=True)
        assert stored(session)[0].key == ("D",)
    assert rows(session, QuestionVersion) == 2


def test_compare_says_what_an_import_does_and_writes_nothing(session):
    assert counts(banks.compare(session, "档案法", RICH)) == (7, 0, 0, 0)
    assert rows(session, Bank) == 0
    take(session, RICH)
    mixed = [*RICH[:3], question(3, Kind.MULTI, key=("A",)), question(40)]
    foreseen = banks.compare(session, "档案法", mixed)
    assert rows(session, QuestionVersion) == 7
    done = take(session, mixed)
    assert (foreseen.added, foreseen.changed, foreseen.unchanged) == (
        done.added, done.changed, done.unchanged)
    assert [one.as_json() for one in foreseen.conflicts] == [
        one.as_json() for one in done.conflicts]


@pytest.mark.parametrize("name", ["", " \u3000", "a\nb", "a\0b", "长" * 101])
def test_a_bank_needs_a_name(session, name):
    with pytest.raises(InvalidError):
        banks.import_drafts(session, SYSTEM, name, RICH, NOW)


def test_an_import_takes_few_statements_and_is_noted(session, count_queries):
    drafts = [question(row) for row in range(2, 902)]
    take(session, drafts)
    count_queries.clear()
    take(session, [*drafts, *(question(row) for row in range(902, 1202))])
    assert len(count_queries) < 12
    note = session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc())).first()
    assert (note.action, note.subject) == ("bank.import", "bank 档案法")
    assert "added 300" in note.detail




def test_large_files_are_read_in_chunks(session, monkeypatch):
    monkeypatch.setattr(bank_plan, "CHUNK", 3)
    assert counts(take(session, RICH)) == (7, 0, 0, 0)
    assert counts(take(session, numbered(session))) == (0, 0, 7, 0)


def test_what_a_file_is_silent_about_is_not_taken_away(session):
    full = question(2, difficulty="难", points=Decimal(2), topic="归档", source="课件")
    take(session, [full])
    bare = replace(full, explanation="", difficulty="", points=None, topic="", law="", article="",
                   source="")
    assert take(session, [bare]).unchanged == 1
    assert take(session, [replace(bare, explanation="更好的解析")]).changed == 1
    (known,) = stored(session)
    assert (known.explanation, known.law, known.points) == ("更好的解析", "档案法", Decimal(2))
    other = replace(bare, key=("A",))
    assert take(session, [other], take_conflicts=True).changed == 1
    (known,) = stored(session)
    assert (known.key, known.explanation, known.law) == (("A",), "", "")


def test_by_number_an_empty_field_is_meant(session):
    take(session, [question(2)])
    (known,) = stored(session)
    assert take(session, [replace(known, row=2, law="", article="")]).changed == 1
    assert stored(session)[0].law == ""
