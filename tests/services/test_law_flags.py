"""待复核: a new text flags exactly what cites its changed articles, on both databases."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from legaled.domain.banks import Kind
from legaled.domain.challenges import PRESETS
from legaled.domain.errors import InvalidError, NotFoundError
from legaled.domain.exams import Show
from legaled.domain.law_changes import Change, Mark
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.law_text import parse
from legaled.domain.permissions import SYSTEM
from legaled.files import guides as guide_files
from legaled.files.laws import read_law
from legaled.models import (
    AuditEvent,
    Challenge,
    ChallengeBank,
    LawFlag,
    PoolItem,
    Question,
    QuestionVersion,
)
from legaled.services import (
    attempts,
    bank_edits,
    bank_imports,
    bank_review,
    bank_undo,
    challenge_freezing,
    desk,
    exam_views,
    exams,
    law_flags,
    laws,
    papers,
)
from legaled.services.law_changes import compare_page
from legaled.services.law_flags_list import flag_list
from legaled.services.law_flags_open import open_flags, open_guide_flags, open_questions
from tests import factories
from tests.factories import DAY, NOW, question
from tests.law_texts import plain

SENTENCE = "不符合的，应当在期限内补正。"
OLD = plain(20, "中华人民共和国测试条例")
FUTURE = date(2027, 1, 1)
ON_THE_DAY = NOW + timedelta(days=60)


def changed(text, *articles, old="检查", new="抽查"):
    """The text with one word of each of these articles changed."""
    lines = text.split("\n")
    for article in articles:
        place = next(n for n, line in enumerate(lines) if f"第{article}条" in line)
        assert old in lines[place]
        lines[place] = lines[place].replace(old, new)
    return "\n".join(lines)


NEW = changed(OLD, "十二")
CELLS = {
    "第十二条": True, "第三条,第十二条": True, "第十二条第一款第（二）项": True, "12": True,
    "第十条至第十四条": True, "《测试条例》第十二条": True, "第十一条": False,
    "第十二条之一": False, "第二条": False, "": False, "第一百一十二条": False,
    "《别的法》第十二条": False, "第一章": False,
}
NAMES = {"测试条例": True, "中华人民共和国测试条例": True, "《测试条例》（2024年）": True,
         "测条": True, "别的法": False, "": False}


def bring(session, text, now=NOW, guides=(), **values):
    done = laws.import_law(session, SYSTEM, parse([text]), "测试.txt", now, guides=guides, **values)
    session.flush()
    return done


def drafts():
    """A question for every way to cite; and whether it cites 第十二条 of the law."""
    cells = [("测试条例", cell, hit) for cell, hit in CELLS.items()]
    names = [(law, "第十二条", hit) for law, hit in NAMES.items()]
    made = [(question(row, law=law, article=article), hit)
            for row, (law, article, hit) in enumerate([*cells, *names], 2)]
    return [one for one, _ in made], [hit for _, hit in made]


@pytest.fixture
def bank(session):
    law_id = bring(session, OLD).law_id
    laws.add_alias(session, SYSTEM, law_id, "测条", NOW)
    wanted, _ = drafts()
    return factories.bank(session, "测试题库", wanted)


def flagged(session):
    """The places, in the bank, of the questions that are openly flagged."""
    first = session.scalar(sa.select(sa.func.min(Question.id)))
    rows = flag_list(session, SYSTEM, (), NOW).groups
    return sorted(line.question_id - first for group in rows for line in group.questions)


def expected():
    return [place for place, hit in enumerate(drafts()[1]) if hit]


def current(session, question_id):
    return session.scalar(sa.select(QuestionVersion.id).join(
        Question, sa.and_(Question.id == QuestionVersion.question_id,
                          Question.version == QuestionVersion.version))
        .where(Question.id == question_id))


def test_one_changed_article_flags_exactly_its_questions(session, bank):
    foreseen = laws.foresee(session, 1, parse([NEW]), (), NOW)
    assert flagged(session) == []
    done = bring(session, NEW)
    assert flagged(session) == expected()
    assert (done.effects.questions, done.effects.articles) == (len(expected()), 1)
    assert done.effects.changes[Change.CHANGED] == 1
    assert (foreseen.questions, foreseen.changes) == (len(expected()), done.effects.changes)
    assert session.scalar(open_questions(sa.func.count())) == len(expected())


def test_the_same_file_twice_adds_nothing(session, bank):
    bring(session, NEW)
    rows = session.scalars(sa.select(LawFlag.id)).all()
    assert not bring(session, NEW).added
    assert session.scalars(sa.select(LawFlag.id)).all() == rows


def test_the_words_that_differ_stand_beside_the_question(session, bank):
    bring(session, NEW)
    (group,) = flag_list(session, SYSTEM, (), NOW).groups
    assert (group.law, group.is_ahead) == ("中华人民共和国测试条例", False)
    marked = [(one.mark, one.text) for one in group.change.segments if one.mark is not Mark.SAME]
    assert marked == [(Mark.DEL, "检"), (Mark.INS, "抽")]


def test_moved_and_repealed_articles_are_flagged(session):
    texts = [f"第{n}条　第{n}号库房由{n}名保管员看守，每{n}日检查。" for n in range(1, 8)]
    head = "测试办法\n（2020年1月1日公布）\n"
    bring(session, head + "\n".join(texts))
    wanted = [question(n + 1, law="测试办法", article=f"第{n}条") for n in range(1, 8)]
    factories.bank(session, "题库", wanted)
    new = [texts[0], "第2条　馆长每年向社会公布年度报告一次。",
           *(text.replace(f"第{n}条", f"第{n + 1}条") for n, text in enumerate(texts, 1)
             if n in (2, 3, 5)), *texts[5:]]
    new[4:5] = ["第5条　" + texts[4].split("　")[1]]
    done = bring(session, "测试办法\n（2021年1月1日修订）\n" + "\n".join(new))
    assert done.effects.changes == {
        Change.ADDED: 1, Change.REPEALED: 1, Change.CHANGED: 0, Change.MOVED: 2}
    found = {group.change.old.number: (group.change.change, group.change.new)
             for group in flag_list(session, SYSTEM, (), NOW).groups}
    assert found == {2: (Change.MOVED, ArticleNumber(3)), 3: (Change.MOVED, ArticleNumber(4)),
                     4: (Change.REPEALED, None)}
    assert done.effects.questions == 3


# ---- which text counts ----

def test_an_older_text_that_comes_later_flags_nothing(session, bank):
    older = changed(OLD, "三").replace("2024年1月1日通过", "2019年1月1日通过").replace(
        "2024年5月1日", "2019年5月1日")
    done = bring(session, older)
    assert (done.added, done.effects.old, done.effects.questions) == (True, None, 0)
    assert flagged(session) == []
    bring(session, NEW)  # compared with the text that counted, not with the one that came last
    assert flagged(session) == expected()


def test_the_text_to_come_first_and_the_one_in_force_afterwards(session):
    bring(session, NEW, effective=FUTURE)
    factories.bank(session, "题库", [question(2, law="测试条例", article="第十二条"),
                                     question(3, law="测试条例", article="第三条")])
    assert flagged(session) == []
    bring(session, OLD)
    assert flagged(session) == [0]


def test_a_text_between_takes_over_what_it_changed_itself(session, bank):
    bring(session, changed(NEW, "三"), effective=FUTURE)
    both = len(flagged(session))
    assert both > len(expected())
    bring(session, NEW)
    numbers = session.execute(sa.select(LawFlag.law_version_id, LawFlag.number).distinct()).all()
    assert sorted(numbers) == [(2, 3), (3, 12)]


def test_another_date_makes_it_the_text_that_counts(session, bank):
    bring(session, NEW, effective=date(2019, 1, 1))
    session.execute(sa.update(laws.LawVersion).where(laws.LawVersion.id == 2).values(
        promulgated=None))
    law_flags.flag_import(session, 1, 2, (), NOW)
    assert flagged(session) == []
    assert bring(session, NEW, effective=date(2026, 1, 1)).dated
    assert flagged(session) == expected()


def test_taking_the_text_out_takes_its_flags_along(session, bank):
    done = bring(session, NEW)
    laws.remove_version(session, SYSTEM, done.law_id, done.version_id, NOW)
    assert session.scalar(sa.select(sa.func.count()).select_from(LawFlag)) == 0
    bring(session, NEW)
    assert flagged(session) == expected()
    laws.remove_version(session, SYSTEM, done.law_id, 1, NOW)  # the text before it
    (group,) = flag_list(session, SYSTEM, (), NOW).groups
    assert group.old_id is None
    assert "抽查" in "".join(one.text for one in group.change.segments)


# ---- how a flag ends ----

def test_a_new_version_of_the_question_ends_it(session, bank):
    bring(session, NEW)
    first = flag_list(session, SYSTEM, (), NOW).groups[0].questions[0]
    version = current(session, first.question_id)
    assert open_flags(session, [version], NOW)[version][0].article == ArticleNumber(12)
    stored = bank_edits.stored(session, SYSTEM, bank.id, first.question_id, NOW)
    edited = question(99, law="测试条例", article="第十二条")
    bank_edits.edit_question(
        session, SYSTEM, bank.id, first.question_id, stored.version, edited, NOW)
    assert len(flagged(session)) == len(expected()) - 1
    assert open_flags(session, [version, current(session, first.question_id)], NOW) == {}


def test_words_that_are_sent_back_are_flagged_as_before(session, bank):
    bring(session, NEW)
    bank.review = True
    question_id = flag_list(session, SYSTEM, (), NOW).groups[0].questions[0].question_id
    bank_edits.edit_question(session, SYSTEM, bank.id, question_id, 1, question(99), NOW)
    assert len(flagged(session)) == len(expected()) - 1
    bank_review.send_back(session, SYSTEM, bank.id, question_id, 2, "不对", NOW)
    assert flagged(session) == expected()


def test_retired_questions_are_not_asked_about_until_they_come_back(session, bank):
    first = session.scalar(sa.select(sa.func.min(Question.id)))
    bank_edits.retire(session, SYSTEM, bank.id, [first], NOW)
    assert bring(session, NEW).effects.questions == len(expected()) - 1
    assert 0 not in flagged(session)
    bank_edits.restore(session, SYSTEM, bank.id, [first], NOW)
    assert 0 in flagged(session)


def test_settling(session, bank):
    home = factories.unit(session)
    trainer = factories.actor(factories.person(session, "t", home, factories.Role.TRAINER))
    bring(session, NEW)
    lines = flag_list(session, trainer, (), NOW).groups[0].questions
    ids = [line.flag_id for line in lines[:2]]
    assert law_flags.settle(session, trainer, [*ids, 999], " 只改了一个字 ", (), NOW) == 2
    assert len(flagged(session)) == len(expected()) - 2
    assert law_flags.settle(session, trainer, ids, "", (), NOW) == 0
    kept = session.get(LawFlag, ids[0])
    assert (kept.settled, kept.settled_by, kept.note) == (NOW, trainer.id, "只改了一个字")
    notes = session.execute(sa.select(AuditEvent.subject, AuditEvent.actor_id).where(
        AuditEvent.action == "law.flag_settled")).all()
    assert sorted(notes) == sorted((f"question {line.number}", trainer.id) for line in lines[:2])
    with pytest.raises(InvalidError):
        law_flags.settle(session, trainer, ids, "长" * 501, (), NOW)
    law_flags.flag_import(session, 1, 2, (), NOW)  # what is settled is not asked again
    assert len(flagged(session)) == len(expected()) - 2


def test_the_desk_says_how_many_wait(session, bank):
    bring(session, NEW)
    assert (f"{len(expected())} 道题待复核", len(expected())) in [
        (task.words, task.count) for task in desk.tasks(session, SYSTEM, NOW)]


def test_undoing_the_import_of_flagged_questions(session):
    bring(session, OLD)
    wanted, _ = drafts()
    done = bank_imports.import_drafts(session, SYSTEM, "新题库", wanted, NOW)
    bring(session, NEW)
    assert flagged(session)
    bank_undo.undo(session, SYSTEM, done.bank_id, done.import_id, NOW)
    assert flagged(session) == []
    assert session.scalar(sa.select(sa.func.count()).select_from(LawFlag)) == 0


# ---- papers ----

def draft_exam(session, bank, code="KS-9", **values):
    quotas = {Kind.SINGLE: (5, 20)}
    return exams.create(session, SYSTEM, factories.draft(
        [bank.id], code=code, quotas=quotas, **values), NOW)


def pool(session, exam_id):
    rows = session.scalars(sa.select(QuestionVersion.question_id).join(
        PoolItem, PoolItem.version_id == QuestionVersion.id).where(PoolItem.exam_id == exam_id))
    return set(rows)


def test_new_papers_leave_them_out(session, bank):
    exam_id = draft_exam(session, bank)
    total = len(drafts()[0])
    bring(session, NEW)
    preview = exam_views.exam_view(session, SYSTEM, exam_id, NOW).preview
    assert (preview.questions, preview.outdated) == (total - len(expected()), len(expected()))
    exams.publish(session, SYSTEM, exam_id, NOW)
    flags = flag_list(session, SYSTEM, (), NOW).groups[0].questions
    assert not pool(session, exam_id) & {line.question_id for line in flags}
    law_flags.settle(session, SYSTEM, [line.flag_id for line in flags], "", (), NOW)
    again = draft_exam(session, bank, "KS-10")
    assert exam_views.exam_view(session, SYSTEM, again, NOW).preview.outdated == 0
    exams.publish(session, SYSTEM, again, NOW)
    assert len(pool(session, again)) == total


def test_before_its_day_the_text_keeps_nothing_out(session, bank):
    bring(session, NEW, effective=FUTURE)
    (group,) = flag_list(session, SYSTEM, (), NOW).groups
    assert (group.is_ahead, group.since) == (True, FUTURE)
    exam_id = draft_exam(session, bank)
    assert exam_views.exam_view(session, SYSTEM, exam_id, NOW).preview.outdated == 0
    version = current(session, group.questions[0].question_id)
    assert open_flags(session, [version], NOW) == {}
    assert exam_views.exam_view(session, SYSTEM, exam_id, ON_THE_DAY).preview.outdated == len(
        expected())
    assert open_flags(session, [version], ON_THE_DAY)
    assert not flag_list(session, SYSTEM, (), ON_THE_DAY).groups[0].is_ahead


def test_an_exam_that_ends_after_the_day_leaves_them_out_too(session, bank):
    bring(session, NEW, effective=FUTURE)
    exam_id = draft_exam(session, bank, closes=NOW + 60 * DAY)
    assert exam_views.exam_view(session, SYSTEM, exam_id, NOW).preview.outdated == len(expected())


def test_new_challenges_leave_them_out_with_their_twins(session, bank):
    twin = factories.bank(session, "另一题库", [question(2, law="", article="")])
    challenge = Challenge(
        title="挑战", year=2026, preset="streak", rules={}, starts=NOW, ends=NOW + 60 * DAY,
        seed="s", created=NOW)
    session.add(challenge)
    session.flush()
    session.add_all([ChallengeBank(challenge_id=challenge.id, bank_id=one.id)
                     for one in (bank, twin)])
    session.flush()
    rules = PRESETS["streak"].rules

    def drawn(now):
        return challenge_freezing.preview(session, challenge.id, rules, now).questions

    total = len(drafts()[0])
    assert drawn(NOW) == total
    bring(session, NEW, effective=FUTURE)  # it will hold before the challenge ends
    assert drawn(NOW) == total - len(expected())
    challenge.ends = NOW + DAY
    session.flush()
    assert drawn(NOW) == total
    assert drawn(ON_THE_DAY) == total - len(expected())


def test_a_twin_in_another_bank_does_not_bring_it_back(session, bank):
    twin = factories.bank(session, "另一题库", [question(2, law="", article="")])
    bring(session, NEW)
    exam_id = exams.create(session, SYSTEM, factories.draft(
        [bank.id, twin.id], code="KS-9", quotas={Kind.SINGLE: (1, 100)}), NOW)
    preview = exam_views.exam_view(session, SYSTEM, exam_id, NOW).preview
    assert (preview.outdated, preview.waiting) == (len(expected()), 0)


def test_a_paper_taken_before_shows_the_same_words_after(session, bank):
    made = factories.world(session)
    exam_id = draft_exam(session, bank, after_submit=Show.ALL)
    exams.publish(session, SYSTEM, exam_id, NOW)
    attempt = factories.begin(session, made["s1"], exam_id)
    attempts.submit(session, made["s1"], attempt.id, {}, NOW)
    before = papers.review(session, made["s1"], attempt.id, NOW)
    assert len(before.slots) == 5
    bring(session, NEW)
    for line in flag_list(session, SYSTEM, (), NOW).groups[0].questions:
        bank_edits.edit_question(session, SYSTEM, bank.id, line.question_id, 1,
                                 question(line.question_id + 500), NOW)
    assert flagged(session) == []
    assert papers.review(session, made["s1"], attempt.id, NOW) == before


# ---- guides ----

GUIDE = """# 测试条例

开头说到第十二条。

## 第一章

- 应当检查（第十二条）；逾期的见第三条
- 另见《别的法》第十二条

## 第二章

- 补正的期限（第十三条）
"""


def guide(text=GUIDE, name="测试条例"):
    return guide_files.parse(name, text)


def test_guides_are_flagged_by_their_lines(session, bank):
    one = guide()
    done = bring(session, NEW, guides=[one, guide("# 别的\n\n第十二条", "别的法")])
    assert done.effects.guides == 1
    found = flag_list(session, SYSTEM, [one], NOW, of_guides=True)
    (group,) = found.groups
    (entry,) = group.guides
    assert [(line.heading, line.words) for line in entry.lines] == [
        ("", "开头说到第十二条。"), ("第一章", "应当检查（第十二条）；逾期的见第三条")]
    assert len(open_guide_flags(session, [one], NOW)) == 1
    assert session.scalar(open_questions(sa.func.count())) == len(expected())
    edited = guide(GUIDE.replace("补正的期限", "补正期限"))  # another line
    assert flag_list(session, SYSTEM, [edited], NOW, of_guides=True).guides == 1
    edited = guide(GUIDE.replace("应当检查", "应当抽查"))
    assert flag_list(session, SYSTEM, [edited], NOW, of_guides=True).guides == 0
    assert law_flags.settle(session, SYSTEM, [entry.flag_id], "", [one], NOW) == 1
    assert flag_list(session, SYSTEM, [one], NOW, of_guides=True).guides == 0


# ---- the page of two texts, and how much it costs ----

def test_two_texts_compared(session):
    law_id = bring(session, OLD).law_id
    alone = compare_page(session, law_id, NOW)
    assert (alone.old, alone.changes) == (None, [])
    bring(session, NEW)
    found = compare_page(session, law_id, NOW)
    assert (found.old.id, found.new.id, found.page.total) == (1, 2, 1)
    back = compare_page(session, law_id, NOW, old_id=2, new_id=1)
    assert [one.change for one in back.changes] == [Change.CHANGED]
    for values in ({"old_id": 9}, {"new_id": 9}, {"old_id": 2, "new_id": 2}):
        with pytest.raises(NotFoundError):
            compare_page(session, law_id, NOW, **values)
    with pytest.raises(NotFoundError):
        compare_page(session, law_id + 1, NOW)


def test_a_long_comparison_comes_in_pages(session):
    law_id = bring(session, plain(300)).law_id
    bring(session, plain(300).replace("检查", "抽查"))
    found = compare_page(session, law_id, NOW, page=2)
    assert (found.counts[Change.CHANGED], found.page.total, found.page.pages) == (300, 300, 8)
    assert (len(found.changes), found.changes[0].old) == (40, ArticleNumber(41))


def test_few_queries_for_many_questions(session, count_queries):
    counts = []
    for size in (3, 60):
        bring(session, OLD.replace("测试条例", f"测试条例{size}"))
        factories.bank(session, f"题库{size}", [
            question(row, law=f"测试条例{size}", article="第十二条") for row in range(2, size + 2)])
        count_queries.clear()
        assert bring(session, NEW.replace("测试条例", f"测试条例{size}")).effects.questions == size
        wrote = len(count_queries)
        count_queries.clear()
        flag_list(session, SYSTEM, (), NOW)
        listed = len(count_queries)
        count_queries.clear()
        exam_id = draft_exam(session, session.get_one(factories.Bank, len(counts) + 1),
                             f"KS-{size}")
        count_queries.clear()
        exam_views.exam_view(session, SYSTEM, exam_id, NOW)
        counts.append((wrote, listed, len(count_queries)))
    assert counts[0] == counts[1]


def test_one_planted_word_in_the_archives_law(session, outside_data):
    """The real law and the questions that ship."""
    file = outside_data / "laws" / "档案法(2020-06-20).md"
    words = file.read_text("utf-8")
    laws.import_law(session, SYSTEM, read_law([(file.name, words.encode())]), file.name, NOW)
    wanted = [question(row, law="档案法", article=f"第{row - 1}条") for row in range(2, 55)]
    wanted.append(question(60, law="中华人民共和国档案法", article="第二十六条、第二十七条第一款"))
    factories.bank(session, "档案法", wanted)
    assert "自形成之日起满二十五年向社会开放" in words
    planted = words.replace("自形成之日起满二十五年向社会开放", "自形成之日起满三十年向社会开放")
    done = laws.import_law(session, SYSTEM, read_law([(file.name, planted.encode())]), "x.md", NOW)
    assert done.effects.articles == 1
    assert flagged(session) == [26, 53]
