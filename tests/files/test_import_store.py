"""What is kept of a report comes back as it was, row by row."""

from decimal import Decimal

import pytest

from legaled.domain.banks import Kind
from legaled.files import import_store
from legaled.files.bank_check import check
from legaled.files.bank_writing import refused_rows
from legaled.files.import_store import Against
from tests.factories import question

TEXT = """题干,题型,选项A,选项B,答案,分值,怪列
问题一？,单选,甲,乙,A,2.5,x
问题一？,单选,甲,乙,A,2.5,x
问题一？,单选,甲,乙,B,2,x
没有答案？,单选,甲,乙,,1,x
只有一个选项,单选,甲,,A,1,x
首尾有空 ,判断,,,对,二,x
"""


@pytest.fixture
def report():
    return check(TEXT.encode("gb18030"), "题库.csv")


@pytest.fixture
def store(report, tmp_path):
    import_store.write(tmp_path / "a.sqlite", report)
    with import_store.opened(tmp_path / "a.sqlite") as found:
        yield found


def test_drafts_come_back_whole_and_in_order(store, report):
    assert store.drafts() == list(report.drafts)
    assert store.drafts()[0].points == Decimal("2.5")
    assert store.drafts({4}) == sorted([*report.drafts, *report.rivals], key=lambda one: one.row)
    assert store.draft(2) == report.drafts[0]
    assert store.rival(4) == report.rivals[0]
    assert store.draft(99) is store.rival(2) is None


def test_problems_are_counted_filtered_and_paged(store, report):
    everything = [*report.errors, *report.warnings]
    assert store.problems() == everything
    assert store.problems("must") == list(report.errors)
    assert store.problems("warn") == list(report.warnings)
    assert store.problems("missing_answer") == [report.errors[0]]
    assert store.problems("x' OR 1 --") == []
    assert store.problems(limit=2, offset=1) == everything[1:3]
    assert sum(number for _, number in store.problem_counts()) == len(everything)


def test_the_file_is_known_with_its_refused_rows_only(store, report):
    bank = store.refused_bank()
    assert list(bank.rows) == [5, 6]
    assert (bank.encoding, bank.delimiter, bank.header_row) == ("gb18030", ",", 1)
    assert refused_rows(bank, report.errors) == refused_rows(report.bank, report.errors)
    assert (store.fact("rows"), store.refused(), store.fact("stamp")) == (6, 2, None)


def test_what_it_means_for_the_bank_is_said_anew(store):
    kept = question(2, points=Decimal(3))
    for _ in range(2):
        store.set_against([1, 2], {"added": 0}, [
            Against(2, "conflict", "L-000001", False, kept), Against(7, "same", "L-000002", True)])
    assert store.conflicts() == [(4, 2, None), (2, "L-000001", kept)]
    assert store.repeats(10, 0) == [(3, 2, 0), (7, "L-000002", 1)]
    assert (store.count_repeats(), store.count_retired()) == (2, 1)
    assert (store.count_against("same"), store.fact("stamp")) == (1, [1, 2])
    assert [one.row for one in store.first_drafts(3)] == [7]


def test_choices_are_kept_and_only_for_conflicts(store):
    store.choose([4, 2, 99], [])
    assert store.taken() == {4}
    store.choose([], [4])
    assert store.taken() == set()
    store.choose_all(True)
    assert store.taken() == {4}
    store.choose_all(False)
    assert store.taken() == set()


def test_a_second_report_takes_the_place_of_the_first(tmp_path, report):
    path = tmp_path / "a.sqlite"
    import_store.write(path, report)
    import_store.write(path, check("题干,答案\n天是蓝的。,对\n".encode(), "b.csv"))
    with import_store.opened(path) as found:
        assert [one.kind for one in found.drafts()] == [Kind.JUDGE]
    assert [one.name for one in tmp_path.iterdir()] == ["a.sqlite"]


def test_nothing_kept_is_an_error(tmp_path):
    with pytest.raises(FileNotFoundError), import_store.opened(tmp_path / "no"):
        pass
