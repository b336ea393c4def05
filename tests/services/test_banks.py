"""Banks and their questions: shipped, retired, searched, used."""

from pathlib import Path

import pytest
import sqlalchemy as sa

from legaled.domain.banks import Kind
from legaled.domain.errors import NotFoundError
from legaled.domain.permissions import SYSTEM
from legaled.files.bank_check import check
from legaled.files.bank_writing import write_template
from legaled.models import Bank, Question, QuestionVersion
from legaled.services import bank_edits, banks
from legaled.services.bank_search import Search
from tests.bank_world import RICH, counts, question, rows, stored, take
from tests.factories import HOUR, NOW, world

ROOT = Path(__file__).resolve().parents[2]


def test_the_shipped_banks_survive_export_and_import(session):
    done = banks.ship(session, ROOT / "question_banks", NOW)
    assert done
    assert all(one.added and not one.problems and not one.was_there for one in done)
    for one in done:
        bank_id = banks.bank_id_of(session, one.name)
        exported = write_template(banks.export_bank(session, SYSTEM, bank_id, NOW))
        drafts = check(exported, "a.csv").drafts
        result = banks.import_drafts(session, SYSTEM, one.name, drafts, NOW)
        assert counts(result) == (0, 0, one.added, 0)
        assert session.get_one(Bank, bank_id).practice
    assert all(one.was_there and not one.added for one in banks.ship(
        session, ROOT / "question_banks", NOW))


def test_a_shipped_file_with_errors_is_not_taken(session, tmp_path):
    (tmp_path / "坏").mkdir()
    (tmp_path / "坏" / "bank.csv").write_text("题干,答案\n,A\n", encoding="utf-8")
    (found,) = banks.ship(session, tmp_path, NOW)
    assert found.added == 0
    assert found.problems
    assert rows(session, Bank) == 0


def test_retired_questions_are_not_counted_exported_or_shown(session):
    bank_id = take(session, RICH).bank_id
    first = stored(session)[0]
    question_id = int(first.number[2:])
    assert bank_edits.retire(session, SYSTEM, bank_id, [question_id], NOW) == 1
    assert bank_edits.retire(session, SYSTEM, bank_id, [question_id], NOW + HOUR) == 0
    assert session.get_one(Question, question_id).retired == NOW
    assert banks.kind_counts(session, [bank_id])[Kind.SINGLE] == 2
    assert first.number not in {one.number for one in stored(session)}
    (line,) = banks.list_banks(session)
    assert (line.active, line.retired) == (6, 1)
    assert counts(take(session, RICH)) == (0, 0, 7, 0)
    assert session.get_one(Question, question_id).retired == NOW
    assert bank_edits.restore(session, SYSTEM, bank_id, [question_id], NOW) == 1
    assert banks.kind_counts(session, [bank_id]) == {
        Kind.SINGLE: 3, Kind.MULTI: 1, Kind.JUDGE: 1, Kind.BLANK: 1, Kind.ESSAY: 1}


def test_a_question_is_found_through_its_own_bank_only(session):
    bank_id = take(session, RICH).bank_id
    other = banks.import_drafts(session, SYSTEM, "别的", [question(2)], NOW).bank_id
    question_id = int(stored(session)[0].number[2:])
    assert banks.question_page(session, SYSTEM, bank_id, question_id, NOW).number.startswith("L-")
    for refused in (
        lambda: banks.question_page(session, SYSTEM, other, question_id, NOW),
        lambda: bank_edits.stored(session, SYSTEM, other, question_id, NOW),
        lambda: bank_edits.retire(session, SYSTEM, 10**6, [question_id], NOW),
        lambda: banks.bank_page(session, SYSTEM, 10**6, NOW),
        lambda: bank_edits.delete_bank(session, SYSTEM, 10**6, NOW),
        lambda: banks.bank_id_of(session, "没有"),
        lambda: banks.bank_name_of(session, 10**6),
    ):
        with pytest.raises(NotFoundError):
            refused()


def test_a_question_says_which_exams_may_draw_it(session):
    made = world(session)
    (question_id,) = session.scalars(
        sa.select(Question.id).where(Question.bank_id == made.bank_id).limit(1))
    page = banks.question_page(session, SYSTEM, made.bank_id, question_id, NOW)
    assert [(one.title, one.version, one.papers) for one in page.exams] == [("年度普法考试", 1, 0)]
    assert [version.author for version in page.versions] == ["命令行"]


def test_search_and_filters(session):
    odd = question(50, stem="含 100% 和 _ 的题干", law="宪法")
    bank_id = take(session, [*RICH, odd]).bank_id

    def found(page=1, **choice):
        return banks.bank_page(session, SYSTEM, bank_id, NOW, Search(**choice), page).page.total

    assert found() == found(state="all") == found(kind="nonsense") == found(page=99) == 8
    assert found(query="100%") == found(query="_") == found(law="宪法") == 1
    assert found(query="问题说的") == 6
    assert found(kind="judge") == 1
    assert found(state="retired") == found(query="没有这句话") == 0
    assert found(query="\0") == 8
    assert banks.bank_page(session, SYSTEM, bank_id, NOW).laws == ("宪法", "档案法")


def find(session, bank_id, **choice):
    """The rows of the drafts that are found, by what their stems say."""
    page = banks.bank_page(session, SYSTEM, bank_id, NOW, Search(**choice))
    assert page.page.total == len(page.lines)
    return sorted(line.stem for line in page.lines)


@pytest.mark.parametrize("query", ["期限", "期限届满", "ＡB c", "ab C", '"甲"', "100%", "_", "27"])
def test_words_are_found_in_stem_options_and_explanation(session, query):
    """Also two characters of Chinese, also in options, which a JSON column spells in escapes."""
    word = {"期限届满": "期限届满之日", "ab C": "Ab c"}.get(query, query)
    there = [question(2, stem=f"甲{word}乙？"), question(3, explanation=f"见{word}。"),
             question(4, options=("一", f"二{word}", "三")), question(5, foreign_number=word)]
    others = [question(row, law="宪法", article="", explanation="大于") for row in range(60, 63)]
    bank_id = take(session, [*there, *others]).bank_id
    assert find(session, bank_id, query=query) == sorted(one.stem for one in there)


def test_a_number_finds_its_question_and_no_question_of_another_bank(session):
    other = banks.import_drafts(session, SYSTEM, "别的", [question(20)], NOW).bank_id
    bank_id = take(session, [question(2), question(3)]).bank_id
    number = stored(session)[0].number
    for spelling in (number, number.lower(), f" {number} ", f"L-{int(number[2:])}"):
        assert find(session, bank_id, query=spelling) == [question(2).stem]
    assert find(session, other, query=number) == []
    assert find(session, bank_id, query="L-9999999999") == []


@pytest.mark.parametrize(("asked", "found"), [
    ("27", {"第二十七条", "27", "27,28", "第27条第一款", "第一条、第二十七条"}),
    ("第二十七条", {"第二十七条", "27", "27,28", "第27条第一款", "第一条、第二十七条"}),
    ("28，127", {"27,28", "第一百二十七条"}),
    ("7", set()),
    ("附则", {"附则"}),
])
def test_an_article_is_found_however_it_is_written(session, asked, found):
    cells = ["第二十七条", "27", "27,28", "第27条第一款", "第一条、第二十七条", "第一百二十七条",
             "附则", ""]
    drafts = [question(row, article=cell) for row, cell in enumerate(cells, 2)]
    bank_id = take(session, drafts).bank_id
    assert find(session, bank_id, article=asked) == sorted(
        one.stem for one in drafts if one.article in found)


def test_conditions_are_joined_and_states_are_told_apart(session):
    bank_id = take(session, [
        question(2, difficulty="难", topic="利用"),
        question(3, difficulty="易", topic="开放和利用"),
        question(4, difficulty="难", law="宪法"), question(5)]).bank_id
    first, second = (int(one.number[2:]) for one in stored(session)[:2])
    session.execute(sa.update(QuestionVersion).where(QuestionVersion.question_id == first)
                    .values(approved=None))
    bank_edits.retire(session, SYSTEM, bank_id, [second], NOW)
    assert len(find(session, bank_id)) == 3
    assert len(find(session, bank_id, state="all")) == 4
    assert find(session, bank_id, state="waiting") == [question(2).stem]
    assert find(session, bank_id, state="retired") == [question(3).stem]
    assert find(session, bank_id, difficulty="难", law="档案法") == [question(2).stem]
    assert find(session, bank_id, topic="利用", state="all") == [
        question(2).stem, question(3).stem]
    assert find(session, bank_id, topic="利用", query="问题", state="waiting") == [question(2).stem]
    page = banks.bank_page(session, SYSTEM, bank_id, NOW)
    assert (page.bank.active, page.bank.waiting, page.bank.retired) == (3, 1, 1)
    assert page.difficulties == ("易", "难")


def test_a_search_that_reads_texts_has_pages_too(session):
    bank_id = take(session, [question(row) for row in range(2, 122)]).bank_id
    for wanted, number, first in ((1, 1, 2), (3, 3, 102), (99, 3, 102), (0, 1, 2)):
        page = banks.bank_page(session, SYSTEM, bank_id, NOW, Search("问题"), wanted)
        assert (page.page.total, page.page.pages, page.page.number) == (120, 3, number)
        assert page.lines[0].stem == question(first).stem
    none = banks.bank_page(session, SYSTEM, bank_id, NOW, Search("没有这句"), 7)
    assert (none.page.total, none.page.number, none.lines) == (0, 1, ())


def test_the_newest_words_come_first_when_asked(session):
    bank_id = take(session, [question(2), question(3), question(4)]).bank_id
    take(session, [question(3, explanation="改过")])
    page = banks.bank_page(session, SYSTEM, bank_id, NOW, Search(sort="new"))
    assert [line.stem for line in page.lines] == [question(row).stem for row in (3, 4, 2)]


def test_practice_is_set_by_import_and_by_hand(session):
    bank_id = take(session, RICH).bank_id
    assert not session.get_one(Bank, bank_id).practice
    take(session, RICH, practice=True)
    take(session, RICH)
    assert session.get_one(Bank, bank_id).practice
    bank_edits.save_settings(
        session, SYSTEM, bank_id, "档案法", NOW, practice=False, review=False)
    assert not session.get_one(Bank, bank_id).practice
