"""What is shut while somebody sits an exam: practice, the bank's pages, the results."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from legaled.domain.errors import ConflictError
from legaled.domain.exams import Show
from legaled.domain.permissions import SYSTEM
from legaled.models import Bank, Question
from legaled.services import (
    attempts,
    banks,
    candidate,
    exams,
    marking,
    papers,
    practice_runs,
    sitting,
)
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW, begin, world


def practise(session, who, name="题库", now=NOW):
    return practice_runs.practice_run(session, who, name, "a", now)


def looks(session, who, made, now=NOW):
    """Every way to see the questions of the world's bank together with their answers."""
    question = session.scalar(
        sa.select(sa.func.min(Question.id)).where(Question.bank_id == made.bank_id)
    )
    return (
        lambda: practise(session, who, now=now),
        lambda: banks.bank_page(session, who, made.bank_id, now),
        lambda: banks.question_page(session, who, made.bank_id, question, now),
        lambda: banks.export_bank(session, who, made.bank_id, now),
    )


@pytest.fixture
def made(session):
    found = world(session)
    session.get_one(Bank, found.bank_id).practice = True
    factories.bank(session, "另一个", [factories.question(99)], practice=True)
    return found


def test_the_bank_of_a_running_exam_is_shut_to_who_sits_it(session, made):
    for number in ("s1", "trainer"):
        begin(session, made[number], made.exam_id)
        for look in looks(session, made[number], made):
            with pytest.raises(ConflictError) as refused:
                look()
            assert refused.value.code == "sitting"
        assert practise(session, made[number], "另一个").total == 1
    for who in (made["s2"], made["office"], SYSTEM):
        for look in looks(session, who, made):
            assert look()


@pytest.mark.parametrize("end", ["submit", "void", "cancel", "clock"])
def test_it_opens_again_when_the_attempt_is_over(session, made, end):
    one, later = begin(session, made["s1"], made.exam_id), NOW + MINUTE
    if end == "submit":
        attempts.submit(session, made["s1"], one.id, {}, later)
    elif end == "void":
        marking.void(session, SYSTEM, one.id, "断电", later)
    elif end == "cancel":
        exams.cancel(session, SYSTEM, made.exam_id, "停电", later)
    else:
        later = one.deadline
        before = later - timedelta(milliseconds=1)
        assert sitting.banks_in_use(session, made["s1"].id, before) == {made.bank_id}
    assert sitting.banks_in_use(session, made["s1"].id, later) == frozenset()
    assert all(look() for look in looks(session, made["s1"], made, later))


def test_an_extension_keeps_it_shut(session, made):
    one = begin(session, made["s1"], made.exam_id)
    marking.extend(session, SYSTEM, one.id, 30, NOW)
    assert sitting.banks_in_use(session, made["s1"].id, NOW + 89 * MINUTE) == {made.bank_id}
    assert sitting.banks_in_use(session, made["s1"].id, NOW + 90 * MINUTE) == frozenset()


def test_each_question_is_one_query(session, made, count_queries):
    begin(session, made["s1"], made.exam_id)
    session.flush()
    count_queries.clear()
    assert sitting.banks_in_use(session, made["s1"].id, NOW) == {made.bank_id}
    assert sitting.still_running(session, [made.exam_id, 999], NOW) == {made.exam_id}
    assert len(count_queries) == 2
    assert sitting.still_running(session, [], NOW) == frozenset()


def test_no_score_anywhere_while_somebody_with_an_extension_still_writes(session):
    made = world(session, after_submit=Show.NOTHING, after_close=Show.ALL)
    one = begin(session, made["s1"], made.exam_id)
    attempts.submit(session, made["s1"], one.id, {}, NOW + MINUTE)
    two = begin(session, made["s2"], made.exam_id, NOW + DAY - 10 * MINUTE)
    marking.extend(session, SYSTEM, two.id, 30, NOW + DAY - 9 * MINUTE)

    def seen(now):
        (mine,) = candidate.my_exams(session, made["s1"], now)
        review = papers.review(session, made["s1"], one.id, now)
        return mine.attempts[0].score, review.score, review.slots is None

    assert seen(NOW + DAY) == (None, None, True)
    assert seen(NOW + DAY + HOUR) == (0, 0, False)


def test_my_exams_take_the_same_statements_however_many_there_are(session, count_queries):
    made, seen = world(session), []
    for number in range(4):
        session.flush()
        count_queries.clear()
        assert len(candidate.my_exams(session, made["s1"], NOW + 2 * DAY)) == number + 1
        seen.append(len(count_queries))
        draft = factories.draft([made.bank_id], code=f"KS-{number + 2}")
        exams.publish(session, SYSTEM, exams.create(session, SYSTEM, draft, NOW), NOW)
    assert len(set(seen)) == 1
    assert seen[0] <= 5
