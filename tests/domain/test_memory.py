"""When a question comes back, over every history of answers that a person can make."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from legaled.domain.memory import FRESH, LONGEST, MASTERED, answered, forgotten, start_of
from legaled.domain.practice import Tried, cited_articles, weakest
from legaled.domain.times import beijing_day
from legaled.services.memory import retrievability, review
from tests.factories import NOW

# (right, hours until the answer): early, late, the same day, at any hour
histories = st.lists(
    st.tuples(st.booleans(), st.integers(0, 24 * 40)), min_size=1, max_size=25)


def lived(history):
    """(memory before, right, now, memory after) of each answer."""
    memory, now = FRESH, NOW
    for right, hours in history:
        now += timedelta(hours=hours)
        before, memory = memory, answered(memory, right, now, review)
        yield before, right, now, memory


def tomorrow(now):
    return start_of(beijing_day(now) + timedelta(days=1))


@given(histories)
def test_what_is_missed_comes_back_tomorrow(history):
    for _, right, now, after in lived(history):
        if not right:
            assert after.due == tomorrow(now)
            assert after.missed is not None


@given(histories)
def test_nothing_is_due_on_the_day_it_was_answered_nor_later_than_a_year(history):
    for _, _, now, after in lived(history):
        assert tomorrow(now) <= after.due <= start_of(beijing_day(now) + timedelta(days=LONGEST))
        assert not after.is_due(now)
        assert after.due == start_of(beijing_day(after.due))


@given(histories)
def test_a_right_answer_never_brings_it_back_sooner(history):
    for before, right, _, after in lived(history):
        if right and before.due:
            assert after.due >= before.due


@given(histories)
def test_right_answers_on_their_day_are_asked_at_ever_longer_distances(history):
    memory = FRESH
    for _, _, now, memory in lived(history):  # noqa: B007 - the last one is wanted
        pass
    last, now = 0, memory.due
    for _ in range(12):
        memory = answered(memory, True, now, review)
        days = (beijing_day(memory.due) - beijing_day(now)).days
        assert days > last or days == LONGEST
        last, now = days, memory.due + timedelta(hours=13)


@given(histories)
def test_a_day_moves_the_schedule_at_most_once_and_once_more_for_a_miss(history):
    moved = {}
    for before, _, now, after in lived(history):
        if after.trace != before.trace:
            moved[beijing_day(now)] = moved.get(beijing_day(now), 0) + 1
    assert all(times <= 2 for times in moved.values())


@given(histories)
def test_counts_are_a_recount(history):
    *_, (_, _, _, after) = lived(history)
    assert after.answers == len(history)
    assert after.misses == sum(not right for right, _ in history)


@given(histories)
def test_it_leaves_after_two_due_reviews_in_a_row(history):
    in_a_row = 0
    for before, right, now, after in lived(history):
        if not right:
            in_a_row = 0
        elif before.is_due(now) and before.missed:
            in_a_row += 1
        assert after.recalled == (in_a_row if after.missed else 0)
        if before.missed and right:
            assert (after.missed is None) == (in_a_row >= MASTERED)
        if after.missed is None:
            in_a_row = 0


def test_the_same_answers_give_the_same_schedule():
    history = [(True, 0), (False, 30), (True, 20), (True, 90)]
    assert list(lived(history)) == list(lived(history))


def test_days_are_beijing_days_whatever_the_hour():
    late = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)  # 23:59 in Beijing
    missed = answered(FRESH, False, late, review)
    assert missed.due == datetime(2026, 11, 23, 16, 0, tzinfo=UTC)
    assert missed.is_due(late + timedelta(minutes=1))
    early, other = (answered(FRESH, True, late - timedelta(hours=h), review) for h in (0, 20))
    assert (early.due, early.trace) == (other.due, other.trace)


def test_seeing_the_answer_is_no_recall():
    missed = answered(FRESH, False, NOW, review)
    again = answered(missed, True, NOW + timedelta(minutes=2), review)
    assert (again.trace, again.due, again.missed) == (missed.trace, missed.due, missed.missed)
    assert (again.answers, again.misses) == (2, 1)


def test_sixty_days_of_someone_who_reviews_each_evening():
    """20 questions, 5 of them missed at first: by then every one is known and far apart."""
    cards = [answered(FRESH, number >= 5, NOW, review) for number in range(20)]
    reviews = []
    for day in range(1, 61):
        now = NOW + timedelta(days=day, hours=8)
        due = [n for n, card in enumerate(cards) if card.is_due(now)]
        reviews.append(len(due))
        for number in due:
            cards[number] = answered(cards[number], True, now, review)
    assert reviews[0] == 5
    assert reviews[1] == 15
    assert sum(reviews[:30]) > sum(reviews[30:])
    assert not any(card.missed for card in cards)
    assert all(card.due > NOW + timedelta(days=61) for card in cards)


def test_forgetting_is_expected_to_grow_day_by_day():
    known = answered(FRESH, True, NOW, review)
    chances = [retrievability(known.trace, known.day, known.day + timedelta(days=n))
               for n in range(40)]
    assert chances[0] == 1
    assert chances == sorted(chances, reverse=True)
    assert chances[39] < 0.9


def test_another_question_is_learnt_anew_and_stays_a_mistake():
    missed = answered(FRESH, False, NOW, review)
    fresh = forgotten(missed)
    assert not fresh.is_due(NOW + timedelta(days=400))
    right = answered(fresh, True, NOW + timedelta(days=3), review)
    assert right.trace == answered(FRESH, True, NOW, review).trace
    assert right.missed == missed.missed
    assert (right.recalled, right.answers, right.misses) == (0, 2, 1)


def test_every_article_of_a_cell_is_found():
    for cell, shorts in (
        ("第二十七条第一款、第二十八条", {"27", "28"}), ("27,28", {"27", "28"}),
        ("第一百二十条之一", {"120之一"}), ("120之一", {"120之一"}), ("", set()), ("总则", set()),
        ("第27条", {"27"}), ("第二十七条,第二十七条", {"27"}),
    ):
        assert {one.short for one in cited_articles(cell)} == shorts


def test_weak_articles_have_enough_answers_and_the_worst_first():
    tried = [Tried("法", "1", 4, 2), Tried("法", "2", 2, 0), Tried("法", "3", 3, 0),
             Tried("法", "4", 9, 9), Tried("法", "5", 8, 4)]
    assert [one.article for one in weakest(tried)] == ["3", "5", "1"]
