"""Practice by law, chapter, article, by one's own memory; the 错题本; what an exam shuts."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from legaled.domain.banks import Kind
from legaled.domain.errors import ConflictError, NotFoundError
from legaled.domain.exams import Show
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.law_text import parse
from legaled.domain.permissions import SYSTEM
from legaled.domain.practice import Only
from legaled.models import Attempt, Bank, Card, Question, QuestionVersion
from legaled.services import (
    attempts,
    laws,
    memory,
    practice,
    practice_laws,
    practice_mistakes,
    practice_runs,
)
from legaled.services.law_versions import shelf
from legaled.services.practice_runs import Scope
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW
from tests.law_texts import plain

CELLS = ("第二条", "第三条第一款,第十六条", "第十七条", "第九十九条", "")


@pytest.fixture
def me(session):
    return factories.actor(factories.person(session, "1", factories.unit(session)))


@pytest.fixture
def law_id(session) -> int:
    return laws.import_law(session, SYSTEM, parse([plain(30)]), "a.txt", NOW).law_id


def questions(first=1, law="测试条例", cells=CELLS):
    return [factories.question(row, law=law, article=cell)
            for row, cell in enumerate(cells, first)]


@pytest.fixture
def made(session, law_id):
    factories.bank(session, "甲库", questions(), practice=True)
    factories.bank(session, "乙库", questions(20, "《测试条例》", ("第二条",)), practice=True)
    factories.bank(session, "丙库", questions(30, "档案法", ("第二条",)), practice=True)
    factories.bank(session, "考试库", questions(40, cells=("第二条",)))
    return law_id


def stems(session, run):
    found = session.execute(sa.select(QuestionVersion.id, QuestionVersion.article,
                                      QuestionVersion.law)).all()
    words = {version: (law, article) for version, article, law in found}
    return sorted(words[version] for version in run.versions)


def run(session, me, seed="a", now=NOW, **scope):
    return practice_runs.make_run(session, me, Scope(**scope), seed, now)


def test_a_law_is_practised_over_all_open_banks(session, me, made):
    assert run(session, me, law_id=made).total == 6
    by_chapter = run(session, me, law_id=made, chapter=ArticleNumber(5))
    assert [article for _, article in stems(session, by_chapter)] == [
        "第二条", "第三条第一款,第十六条", "第二条"]
    by_second = run(session, me, law_id=made, chapter=ArticleNumber(16))
    assert [a for _, a in stems(session, by_second)] == ["第三条第一款,第十六条", "第十七条"]
    by_article = run(session, me, law_id=made, article=ArticleNumber(2))
    assert by_article.total == 2
    assert run(session, me, law_id=made, article=ArticleNumber(4)).total == 0
    assert run(session, me, law_id=made, article=ArticleNumber(2), kind=Kind.MULTI).total == 0
    for scope in ({"law_id": 999}, {"law_id": made, "chapter": ArticleNumber(99)}):
        with pytest.raises(NotFoundError):
            run(session, me, **scope)


def test_the_counts_are_the_runs(session, me, made):
    outline = practice_laws.law_outline(session, made, NOW)
    assert outline.total == run(session, me, law_id=made).total
    for chapter in outline.chapters:
        found = run(session, me, law_id=made, chapter=chapter.first)
        assert found.total == chapter.questions > 0
        assert practice_laws.questions_on(
            session, shelf(session, NOW), made, chapter.articles) == found.total
    assert [number.number for number, _ in outline.articles] == [2, 3, 16, 17]
    for number, count in outline.articles:
        assert run(session, me, law_id=made, article=number).total == count


def test_a_guides_headings_lead_to_its_chapters(session, made):
    found = practice_laws.chapter_links(
        session, shelf(session, NOW), "测试条例",
        ["第一章 内容", "第二章　随便", "第三章 没有题", "要记住的数字", ""])
    assert {heading: (law, one.questions) for heading, (law, one) in found.items()} == {
        "第一章 内容": (made, 3), "第二章　随便": (made, 2)}
    assert practice_laws.chapter_links(session, shelf(session, NOW), "没有", ["第一章"]) == {}


def test_the_article_stands_beside_in_full(session, made):
    found = practice_laws.articles_beside(session, "测试条例", "第十六条、第三条", NOW)
    assert [one.number.number for one in found] == [3, 16]
    words = "".join(word.text for part in found[0].parts for word in part.words)
    assert words.startswith("主管部门应当按照国家有关规定")
    for law, cell in (("没有", "第一条"), ("测试条例", "第九十九条"), ("测试条例", ""), ("", "")):
        assert practice_laws.articles_beside(session, law, cell, NOW) == []


def test_queries_are_the_same_for_a_small_and_a_large_bank(session, me, law_id, count_queries):
    seen = []
    for size in (2, 120):
        factories.bank(session, f"库{size}", [
            factories.question(size * 1000 + n, law="测试条例", article=f"第{n % 30 + 1}条")
            for n in range(size)], practice=True)
        for version in session.scalars(sa.select(QuestionVersion.id)).all():
            memory.add_misses(session, me.id, [version], NOW)
        session.flush()
        session.expire_all()
        counts = []
        for work in (
            lambda: practice_laws.law_outline(session, law_id, NOW),
            lambda: run(session, me, law_id=law_id, chapter=ArticleNumber(2)),
            lambda: run(session, me, now=NOW + DAY, only=Only.DUE),
            lambda: run(session, me, only=Only.WEAK),
            lambda: practice_mistakes.mistakes(session, me, NOW),
            lambda: practice_mistakes.due(session, me, NOW),
            lambda: practice_mistakes.weak_articles(session, me, NOW),
            lambda: practice_laws.articles_beside(session, "测试条例", "第三条", NOW),
        ):
            count_queries.clear()
            work()
            counts.append(len(count_queries))
        seen.append(counts)
    assert seen[0] == seen[1]
    assert max(seen[0]) <= 9


# ---- what comes from memory ----


def remember(session, me, version, right, now, seed="x"):
    question = session.get_one(QuestionVersion, version).question_id
    memory.record(session, me.id, memory.Target(question, version), seed, right, now)


def test_a_review_holds_what_is_due_in_its_order_and_stays_as_it_was(session, me, made):
    all_of = run(session, me, bank="甲库").versions
    remember(session, me, all_of[0], False, NOW + DAY)
    remember(session, me, all_of[1], False, NOW)
    remember(session, me, all_of[2], True, NOW)
    assert run(session, me, now=NOW, only=Only.DUE).total == 0
    later = NOW + 5 * DAY
    first = run(session, me, "s", later, only=Only.DUE)
    assert first.versions[0] == all_of[1]
    assert set(first.versions) == set(all_of[:3])
    for version in first.versions:
        remember(session, me, version, True, later, "s")
        assert run(session, me, "s", later, only=Only.DUE).versions == first.versions
    assert run(session, me, "t", later, only=Only.DUE).total == 0


def test_mistakes_are_reviewed_apart_and_leave_when_known(session, me, made):
    missed, known = run(session, me, bank="甲库").versions[:2]
    remember(session, me, missed, False, NOW)
    remember(session, me, known, True, NOW - 9 * DAY)
    counted = practice_mistakes.due(session, me, NOW)
    assert (counted.today, counted.tomorrow, counted.missed, counted.missed_today) == (1, 2, 1, 0)
    assert run(session, me, now=NOW + DAY, only=Only.MISSED).versions == (missed,)
    assert set(run(session, me, only=Only.WEAK).versions) == {missed, known}
    assert run(session, me, bank="乙库", only=Only.WEAK).total == 0
    now = NOW
    for times in (1, 2):
        (line,) = practice_mistakes.mistakes(session, me, now).lines
        assert (line.recalled, line.misses, line.bank) == (times - 1, 1, "甲库")
        now = line.due
        remember(session, me, missed, True, now, f"r{times}")
    assert practice_mistakes.mistakes(session, me, now).page.total == 0
    assert practice_mistakes.due(session, me, now).missed == 0


def test_the_book_is_searched_filtered_and_paged(session, me, made):
    for version in run(session, me).versions:
        remember(session, me, version, False, NOW)
    whole = practice_mistakes.mistakes(session, me, NOW)
    assert whole.page.total == 7
    assert whole.laws == [("丙库", 1), ("乙库", 1), ("甲库", 5)]
    for asked, total in (({"bank": "乙库"}, 1), ({"query": "第 20 个"}, 1), ({"query": "十六"}, 1),
                         ({"query": "100%"}, 0), ({"only_due": True}, 0), ({"bank": "没有"}, 0)):
        assert practice_mistakes.mistakes(session, me, NOW, **asked).page.total == total
    assert practice_mistakes.mistakes(session, me, NOW + DAY, only_due=True).page.total == 7
    assert practice_mistakes.mistakes(session, me, NOW, page=99).page.number == 1
    session.execute(sa.update(Bank).where(Bank.name == "乙库").values(practice=False))
    assert practice_mistakes.mistakes(session, me, NOW).page.total == 6
    assert practice_mistakes.due(session, me, NOW).missed == 6


def test_weak_articles_are_counted_from_the_answers(session, me, made):
    for version in run(session, me, law_id=made, article=ArticleNumber(17)).versions:
        for number in range(4):
            remember(session, me, version, number == 0, NOW + number * DAY, f"s{number}")
    (worst,) = practice_mistakes.weak_articles(session, me, NOW)
    assert (worst.article, worst.answers, worst.right) == ("第十七条", 4, 1)


# ---- exams ----


@pytest.fixture
def exam(session):
    """The exam's bank, and another one with the first of its questions, open for practice."""
    found = factories.world(session, after_submit=Show.NOTHING, after_close=Show.ALL)
    factories.bank(session, "练习库", [factories.question(2), factories.question(77)],
                   practice=True)
    return found


def test_the_same_question_in_another_bank_is_shut_during_the_exam(session, exam):
    who = exam["s1"]
    before = run(session, who, bank="练习库")
    assert before.total == 2
    twin = session.scalar(sa.select(QuestionVersion.id).join(
        Question, Question.id == QuestionVersion.question_id).join(
        Bank, Bank.id == Question.bank_id).where(
        Bank.name == "练习库", QuestionVersion.stem.like("第 2 个%")))
    memory.add_misses(session, who.id, [twin], NOW - DAY)
    deadline = factories.begin(session, who, exam.exam_id).deadline
    now = NOW + MINUTE
    held = run(session, who, now=now, bank="练习库")
    assert held.total == 1
    assert twin not in held.versions
    assert run(session, who, now=now, only=Only.DUE).total == 0
    assert practice_mistakes.mistakes(session, who, now).page.total == 0
    assert practice_mistakes.due(session, who, now).missed == 0
    with pytest.raises(ConflictError) as refused:
        practice.check_answer(session, held, twin, ["B"])
    assert refused.value.code == "sitting"
    assert run(session, exam["s2"], now=now, bank="练习库").total == 2
    assert run(session, who, now=deadline, bank="练习库").total == 2
    assert practice_mistakes.due(session, who, deadline).missed_today == 1


def test_an_exams_wrong_answers_go_into_the_book_once_they_may_be_seen(session, exam):
    who = exam["s1"]
    session.get_one(Bank, exam.bank_id).practice = True
    one = factories.begin(session, who, exam.exam_id)
    for now in (NOW, NOW + 2 * HOUR):
        with pytest.raises(ConflictError) as refused:
            practice_mistakes.add_from_attempt(session, who, one.id, now)
        assert refused.value.code == "not_shown_yet"
        if now == NOW:
            attempts.submit(session, who, one.id, {}, NOW + MINUTE)
    over = NOW + 2 * DAY
    with pytest.raises(NotFoundError):
        practice_mistakes.add_from_attempt(session, exam["s2"], one.id, over)
    assert practice_mistakes.add_from_attempt(session, who, one.id, over) == (
        practice_mistakes.Added(6, 0))
    assert practice_mistakes.add_from_attempt(session, who, one.id, over).added == 0
    assert practice_mistakes.due(session, who, over).missed == 6
    assert practice_mistakes.due(session, who, over + DAY).missed_today == 6
    assert session.scalar(sa.select(sa.func.count()).select_from(Attempt)) == 1


def test_questions_that_are_not_for_practice_stay_out_of_the_book(session, exam):
    who = exam["s1"]
    one = factories.begin(session, who, exam.exam_id)
    attempts.submit(session, who, one.id, {}, NOW + MINUTE)
    done = practice_mistakes.add_from_attempt(session, who, one.id, NOW + 2 * DAY)
    assert done.added + done.closed == 6
    assert done.added <= 1
    assert session.scalar(sa.select(sa.func.count()).select_from(Card)) == done.added


def test_nothing_of_a_bank_is_asked_of_who_has_answered_nothing(session, me, made):
    for only in (Only.DUE, Only.MISSED, Only.WEAK):
        assert run(session, me, now=NOW + timedelta(days=900), only=only).total == 0
