"""How a question did: only papers that count, in the author's letters, never while an exam runs."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from legaled.domain.banks import Kind
from legaled.domain.permissions import SYSTEM
from legaled.models import Attempt, Question, QuestionVersion, Slot
from legaled.services import attempts, bank_question, banks, exams, marking
from legaled.services.bank_search import Search
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW, begin, world

OVER = NOW + 2 * DAY


def answers(session, attempt_id, wrong=()):
    """Right everywhere but on these slots, which take another of the author's options."""
    rows = session.execute(
        sa.select(Slot.number, Slot.option_order, QuestionVersion.key, QuestionVersion.kind)
        .join(QuestionVersion, QuestionVersion.id == Slot.version_id)
        .where(Slot.attempt_id == attempt_id))
    sent = {}
    for number, order, key, kind in rows:
        chosen = ["D"] if number in wrong and kind is not Kind.JUDGE else key
        given = [gap.split("|")[0] for gap in key] if kind is Kind.BLANK else sorted(
            "ABCDEFGH"[order.index(letter)] for letter in chosen)
        sent[str(number)] = {"answer": given, "seq": 1, "tab": "t"}
    return sent


def sit(session, made, number, wrong=(), at=NOW):
    one = begin(session, made[number], made.exam_id, at)
    sent = answers(session, one.id, wrong)
    attempts.submit(session, made[number], one.id, sent, at + MINUTE)
    return one


def page(session, made, question_id, now=OVER):
    return bank_question.question_page(session, SYSTEM, made.bank_id, question_id, now)


def asked(session, attempt, number=1):
    """The question on this slot of a paper."""
    return session.scalar(
        sa.select(QuestionVersion.question_id)
        .join(Slot, Slot.version_id == QuestionVersion.id)
        .where(Slot.attempt_id == attempt.id, Slot.number == number))


@pytest.fixture
def made(session):
    """An exam that asks every single question of its bank."""
    return world(session, quotas={Kind.SINGLE: (6, 10), Kind.JUDGE: (4, 10)})


def test_shares_are_in_the_authors_letters(session, made):
    one = sit(session, made, "s1", wrong={1})
    sit(session, made, "s2")
    question_id = asked(session, one)
    third = begin(session, made["s3"], made.exam_id)
    attempts.submit(session, made["s3"], third.id, {}, NOW + MINUTE)
    found = page(session, made, question_id)
    assert (found.stats.shown, found.stats.right, found.stats.open) == (3, 1, 1)
    assert found.stats.chosen == {"D": 1, "B": 1}
    assert found.stats.discrimination is None
    assert found.versions[0].stats == found.stats
    assert [(use.papers, use.is_over) for use in found.exams] == [(3, True)]


def test_nothing_is_told_while_the_exam_runs(session, made):
    one = sit(session, made, "s1")
    question_id = asked(session, one)
    assert page(session, made, question_id, NOW + HOUR).stats is None
    assert page(session, made, question_id, NOW + HOUR).exams[0].papers == 1
    late = begin(session, made["s2"], made.exam_id, NOW + DAY - 10 * MINUTE)
    marking.extend(session, SYSTEM, late.id, 30, NOW + DAY - 9 * MINUTE)
    still = page(session, made, question_id, NOW + DAY)
    assert (still.stats, still.exams[0].is_over) == (None, False)
    marking.close_due(session, NOW + DAY + HOUR)
    assert page(session, made, question_id, NOW + DAY + HOUR).stats.shown == 2
    exams.add_make_up(session, SYSTEM, made.exam_id, OVER, OVER + DAY, NOW + DAY + HOUR)
    assert page(session, made, question_id, OVER + MINUTE).stats is None


def test_void_papers_and_cancelled_exams_count_for_nothing(session, made):
    one = sit(session, made, "s1")
    two = sit(session, made, "s2")
    question_id = asked(session, one)
    marking.void(session, SYSTEM, two.id, "断电", NOW + HOUR)
    found = page(session, made, question_id)
    assert (found.stats.shown, found.exams[0].papers) == (1, 1)
    exams.cancel(session, SYSTEM, made.exam_id, "停电", OVER)
    assert page(session, made, question_id).stats is None


def test_the_last_answer_counts(session, made):
    one = begin(session, made["s1"], made.exam_id)
    right = answers(session, one.id)
    wrong = answers(session, one.id, wrong={1})
    actor = made["s1"]
    attempts.save_form(session, actor, one.id, {1: (wrong["1"]["answer"], 1)}, NOW)
    attempts.submit(session, actor, one.id, {"1": right["1"] | {"seq": 2}}, NOW + MINUTE)
    stats = page(session, made, asked(session, one)).stats
    assert (stats.right, stats.chosen) == (1, {"B": 1})


def test_a_version_keeps_its_own_figures(session, made):
    one = sit(session, made, "s1")
    question_id = asked(session, one)
    old = banks.export_bank(session, SYSTEM, made.bank_id, NOW)
    draft = next(one for one in old if one.number == banks.number_of(question_id))
    changed = replace(draft, explanation="改过")
    banks.import_drafts(session, SYSTEM, "题库", [changed], NOW + HOUR)
    found = page(session, made, question_id)
    assert [version.stats and version.stats.shown for version in found.versions] == [None, 1]
    assert found.stats.shown == 1


def test_the_hardest_come_first_and_the_unasked_last(session, made):
    sit(session, made, "s1", wrong={1, 2})
    two = sit(session, made, "s2")
    extra = factories.bank(session, "题库", [factories.question(50)])
    shown = banks.bank_page(session, SYSTEM, made.bank_id, OVER, Search(sort="hard"))
    figures = [(line.right, line.papers) for line in shown.lines]
    asked_of = [pair for pair in figures if pair[1]]
    assert len(asked_of) == 10
    assert figures[:10] == asked_of
    assert asked_of == sorted(asked_of, key=lambda pair: pair[0] / pair[1])
    assert figures[10:] == [(0, 0)] * (len(figures) - 10)
    assert extra.id == made.bank_id
    assert two.score == 100
    running = banks.bank_page(session, SYSTEM, made.bank_id, NOW + HOUR, Search(sort="hard"))
    assert {line.papers for line in running.lines} == {0}
    only = banks.bank_page(
        session, SYSTEM, made.bank_id, OVER, Search("问题", kind="judge", sort="hard"))
    assert [line.papers for line in only.lines] == [2] * 4


def test_a_question_page_costs_the_same_for_few_and_many_papers(session, made, count_queries):
    one = sit(session, made, "s1")
    question_id = asked(session, one)
    seen = []
    for number in ("s2", "s3"):
        sit(session, made, number)
        session.flush()
        session.expunge_all()
        count_queries.clear()
        assert page(session, made, question_id).stats
        seen.append(len(count_queries))
    assert seen[0] == seen[1] <= 11


def test_thirty_papers_give_a_discrimination(session):
    """Half of the people know everything, half nothing: the question parts them wholly."""
    home = factories.unit(session)
    people = [factories.actor(factories.person(session, f"p{i}", home)) for i in range(30)]
    bank = factories.bank(session)
    quotas = {Kind.SINGLE: (6, 10), Kind.JUDGE: (4, 10)}
    exam_id = exams.create(session, SYSTEM, factories.draft([bank.id], quotas=quotas), NOW)
    exams.publish(session, SYSTEM, exam_id, NOW)
    for place, who in enumerate(people):
        one = begin(session, who, exam_id)
        sent = answers(session, one.id) if place < 15 else {}
        attempts.submit(session, who, one.id, sent, NOW + MINUTE)
    question_id = asked(session, one)
    found = bank_question.question_page(session, SYSTEM, bank.id, question_id, OVER)
    assert (found.stats.shown, found.stats.discrimination) == (30, 1)


def test_figures_are_those_of_the_rows(session, made):
    """Counted a second time, slot by slot, without any grouping."""
    for number, wrong in (("s1", {1, 3}), ("s2", {2}), ("s3", {1, 2, 3, 4})):
        sit(session, made, number, wrong)
    for question_id in session.scalars(sa.select(Question.id)):
        slots = session.execute(
            sa.select(Slot).join(QuestionVersion, QuestionVersion.id == Slot.version_id)
            .join(Attempt, Attempt.id == Slot.attempt_id)
            .where(QuestionVersion.question_id == question_id)).scalars().all()
        stats = page(session, made, question_id).stats
        if not slots:
            assert stats is None
            continue
        assert (stats.shown, stats.right) == (
            len(slots), sum(slot.earned == slot.points for slot in slots))
