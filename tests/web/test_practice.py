"""The pages of practice, as a browser gets them."""

import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from legaled.domain.banks import Kind
from legaled.domain.law_text import parse
from legaled.domain.permissions import SYSTEM
from legaled.models import Bank, Card, PracticeAnswer, QuestionVersion
from legaled.services import laws
from tests import factories
from tests.factories import DAY
from tests.law_texts import plain

LAW = quote("档案法")
KINDS = {Kind.SINGLE: "B", Kind.MULTI: "A", Kind.JUDGE: "B", Kind.BLANK: "二十五"}


@pytest.fixture
def me(database, browse):
    with database.write() as session:
        who = factories.person(session, "1", factories.unit(session)).id
        factories.bank(session, "档案法", practice=True)
        factories.bank(session, "考试用", [factories.question(99)])
    return browse(who)


def text(answer) -> str:
    return re.sub(r'csrf[-_]token" (content|value)="[^"]*"', "", answer.get_data(as_text=True))


def version_on(page: str) -> str:
    found = re.search(r'name="version" value="(\d+)"', page)
    assert found
    return found[1]


@pytest.mark.parametrize(
    "query", ["n=0", "n=-1", "n=18", "n=x", "n=²", "n=9999999", "kind=x",
     f"seed={'s' * 17}"]
)
def test_addresses_that_no_page_links_to(me, query) -> None:
    seed = "" if query.startswith("seed") else "&seed=a"
    assert me.get(f"/practice/{LAW}?{query}{seed}").status_code == 404


def test_banks_that_are_not_for_practice_are_not_found(me) -> None:
    page = text(me.get("/practice"))
    assert "档案法" in page
    assert "考试用" not in page
    assert me.get(f"/practice/{quote('考试用')}?seed=a&n=1").status_code == 404


def test_a_run_starts_with_a_seed_and_keeps_its_order(me) -> None:
    start = me.get(f"/practice/{LAW}?kind=single")
    assert start.status_code == 302
    assert re.search(r"\?seed=[0-9a-f]{8}&n=1&kind=single$", start.location)
    def order(seed):
        return [
            version_on(text(me.get(f"/practice/{LAW}?seed={seed}&n={n}"))) for n in range(1, 17)
        ]
    first = order("a")
    assert len(set(first)) == 16
    assert order("a") == first
    assert order("b") != first
    assert "第 3 题，共 16 题" in text(me.get(f"/practice/{LAW}?seed=a&n=3"))


def test_the_question_page_does_not_depend_on_the_answer(me, database) -> None:
    urls = [f"/practice/{LAW}?seed=a&n={n}" for n in range(1, 17)]
    before = [text(me.get(url)) for url in urls]
    assert all("解析" not in page for page in before)
    with database.write() as session:
        for kind in KINDS:
            key = [KINDS[kind]] * (2 if kind is Kind.BLANK else 1)
            session.execute(
                sa.update(QuestionVersion)
                .where(QuestionVersion.kind == kind)
                .values(key=key, explanation="另一种说法", answer_text="另一种答案")
            )
    assert [text(me.get(url)) for url in urls] == before


def answer(me, number: int, sent, query: str = "", **more):
    url = f"/practice/{LAW}?seed=a&n={number}{query}"
    version = version_on(text(me.get(url)))
    return me.post(url, {"version": version, "answer": sent, **more})


def test_a_right_and_a_wrong_answer_are_told_with_reasons(me) -> None:
    right = text(answer(me, 1, ["B"], "&kind=single"))
    assert "<strong>答对了</strong>" in right
    assert "解析" in right
    assert "依据：档案法 第二十七条" in right
    assert "答对 1/1" in right
    wrong = text(answer(me, 2, ["A"], "&kind=single"))
    assert "<strong>答错了</strong>，正确答案：B" in wrong
    assert "你选的" in wrong
    assert "答对 1/2" in wrong
    assert "n=3&amp;kind=single" in wrong


def test_several_choices_and_gaps(me) -> None:
    page = text(answer(me, 1, ["A", "C"], "&kind=multi"))
    assert "答对了" in page
    page = text(answer(me, 2, ["A", "B"], "&kind=multi"))
    assert re.findall(r"</svg>(正确|应选|你选的)</span>", page) == ["正确", "你选的", "应选"]
    page = text(answer(me, 1, ["25", ""], "&kind=blank"))
    assert "你填「25」，正确答案：<strong>二十五 或 25</strong>" in page
    assert "你填「未填」" in page


def test_without_an_answer_the_page_comes_back(me) -> None:
    for kind, words in (("single", "还没有选答案"), ("blank", "还没有填答案")):
        sent = ["", ""] if kind == "blank" else []
        came = answer(me, 1, sent, f"&kind={kind}")
        assert came.status_code == 422
        assert words in text(came)
        assert "解析" not in text(came)
        assert "答对 " not in text(came)


def test_what_cannot_be_an_answer_is_refused(me) -> None:
    assert answer(me, 1, ["Z"], "&kind=single").status_code == 422
    assert answer(me, 1, ["A", "B"], "&kind=single").status_code == 422
    url = f"/practice/{LAW}?seed=a&n=1"
    assert me.post(url, {"answer": "A"}).status_code == 404
    assert me.post(url, {"answer": "A", "version": "x"}).status_code == 404
    version = version_on(text(me.get(url)))
    assert me.post(f"/practice/{LAW}?seed=a&n=99", {"version": version, "answer": "A"}
                   ).status_code in {404, 422}


def test_the_answer_of_an_exam_question_cannot_be_asked_for(me, database) -> None:
    with database.read() as session:
        secret = session.scalar(
            sa.select(QuestionVersion.id).where(QuestionVersion.stem.like("第 99 个%"))
        )
    for law in (LAW, quote("考试用")):
        came = me.post(f"/practice/{law}?seed=a&n=1", {"version": secret, "answer": "A"})
        assert came.status_code == 404


def test_only_the_first_answer_counts_and_a_new_run_starts_at_nothing(me) -> None:
    answer(me, 1, ["A"], "&kind=single")
    again = text(answer(me, 1, ["B"], "&kind=single"))
    assert "答对了" in again
    assert "答对 0/1" in again
    answer(me, 2, ["B"], "&kind=single")
    end = text(me.get(f"/practice/{LAW}?seed=a&n=7&kind=single"))
    assert "答了 2 题，答对 <strong>1</strong> 题" in end
    assert "答对 " not in text(me.get(f"/practice/{LAW}?seed=b&n=1&kind=single"))
    assert "还没有答题" in text(me.get(f"/practice/{LAW}?seed=b&n=7&kind=single"))


def test_the_last_question_leads_to_the_result(me) -> None:
    page = text(answer(me, 6, ["B"], "&kind=single"))
    assert "看这一轮的结果" in page
    assert "第 6 题，共 6 题" in page


def test_the_tally_stays_small_in_the_cookie(me) -> None:
    topic = quote("很长的知识点" * 30)
    me.get(f"/practice/{LAW}?seed=a&n=1&topic={topic}")
    answer(me, 1, ["B"], "&kind=single")
    with me.client.session_transaction() as cookie:
        assert len(str(cookie["practice"])) < 80


def test_an_empty_choice_of_questions_says_so(me) -> None:
    page = text(me.get(f"/practice/{LAW}?seed=a&n=1&topic={quote('没有这个')}"))
    assert "这里没有可以练习的题目" in page


def test_looking_writes_nothing(me, count_queries) -> None:
    assert me.csrf  # is in the cookie from now on
    for url in ("/practice", f"/practice/{LAW}?seed=a&n=1"):
        count_queries.clear()
        came = me.get(url)
        assert came.status_code == 200
        assert "Set-Cookie" not in came.headers
        assert not [s for s in count_queries if s.startswith(("INSERT", "UPDATE", "DELETE"))]
        assert len(count_queries) <= 6


def test_practising_keeps_one_answer_and_one_card(me, database, count_queries) -> None:
    url = f"/practice/{LAW}?seed=a&n=1&kind=single"
    version = version_on(text(me.get(url)))
    assert me.csrf
    for _ in range(2):  # the second answer of a run is not kept
        count_queries.clear()
        assert me.post(url, {"version": version, "answer": "B"}).status_code == 200
        assert len(count_queries) <= 18  # with BEGIN, SAVEPOINT and RELEASE
    assert not [s for s in count_queries if s.startswith(("UPDATE", "DELETE"))]
    with database.read() as session:
        for table in (Card, PracticeAnswer):
            assert session.scalar(sa.select(sa.func.count()).select_from(table)) == 1


def test_practice_of_the_exams_bank_waits_until_the_paper_is_handed_in(
    browse, database, clock
) -> None:
    with database.write() as session:
        made = factories.world(session)
        session.get_one(Bank, made.bank_id).practice = True
    browser = browse(made["s1"].id)
    url = f"/practice/{quote('题库')}?seed=a&n=1"
    version = version_on(text(browser.get(url)))
    with database.write() as session:
        deadline = factories.begin(session, made["s1"], made.exam_id).deadline
    for answer in (browser.get(url), browser.post(url, {"version": version, "answer": "B"})):
        assert answer.status_code == 409
        assert "你正在考试，考完才能练习或查看这个题库。" in text(answer)
        assert "解析" not in text(answer)
    assert browser.get("/practice").status_code == 200
    clock.now = deadline
    assert browser.post(url, {"version": version, "answer": "B"}).status_code == 200


# ---- by law, chapter and article; what comes back ----


@pytest.fixture
def reader(database, browse, clock):
    """Somebody with a bank whose five single choices cite 测试条例, which the library has."""
    with database.write() as session:
        who = factories.person(session, "1", factories.unit(session)).id
        law_id = laws.import_law(session, SYSTEM, parse([plain(45)]), "a.txt", clock.now).law_id
        cells = ("第二条", "第三条,第十六条", "第十七条", "第九十九条", "第二条")
        factories.bank(session, "档案法", [
            factories.question(row, law="测试条例", article=cell)
            for row, cell in enumerate(cells, 2)], practice=True)
    browser = browse(who)
    browser.law_id = law_id
    return browser


def put(browser, url: str, sent: str):
    """The answer to the question at this address."""
    return browser.post(url, {"version": version_on(text(browser.get(url))), "answer": sent})


def test_by_chapter_and_by_article(reader) -> None:
    base = f"/practice/laws/{reader.law_id}"
    page = text(reader.get(base))
    assert "第一章 内容" in page
    assert "第二章 内容" in page
    assert "第十七条" in page
    assert "第九十九条" not in page
    assert f'{base}/run?chapter=1"' in page
    start = reader.get(f"{base}/run?chapter=2")
    assert re.search(r"\?seed=[0-9a-f]{8}&n=1&chapter=2$", start.location)
    assert "第 1 题，共 3 题" in text(reader.get(start.location))
    assert "第一章 内容" in text(reader.get(start.location))
    assert "共 2 题" in text(reader.get(f"{base}/run?seed=a&article=2"))
    for query in ("chapter=99", "chapter=x", "article=x", "kind=x"):
        assert reader.get(f"{base}/run?seed=a&{query}").status_code == 404
    assert reader.get("/practice/laws/99").status_code == 404
    assert "没有可以练习的题目" in text(reader.get(f"{base}/run?seed=a&article=4"))


def test_the_article_stands_beside_the_answer_and_not_before(reader) -> None:
    url = f"/practice/laws/{reader.law_id}/run?seed=a&article=3"
    words = "主管部门应当按照国家有关规定"
    before = text(reader.get(url))
    assert words not in before
    assert "解析" not in before
    page = text(put(reader, url, "A"))
    assert page.count(words) == 6  # both articles in full, three times each
    assert f"/laws/{reader.law_id}?article=16#16" in page
    assert "article=3" in page


def test_the_law_page_leads_to_the_practice_of_its_chapter(reader) -> None:
    page = text(reader.get(f"/laws/{reader.law_id}?article=20"))
    assert "练这一章（2 题）" in page
    assert f"/practice/laws/{reader.law_id}/run?chapter=16" in page
    assert "练这一章" not in text(reader.get(f"/laws/{reader.law_id}?article=40"))


def test_a_guides_chapter_leads_to_its_practice(reader, database, clock) -> None:
    with database.write() as session:
        law_id = laws.import_law(
            session, SYSTEM, parse([plain(60, "档案法")]), "b.txt", clock.now).law_id
        factories.bank(session, "第二个", [
            factories.question(50, law="档案法", article="第二条")], practice=True)
    page = text(reader.get(f"/study/{LAW}"))
    assert page.count("练这一章") == 1
    assert f"/practice/laws/{law_id}/run?chapter=1" in page


def test_missed_today_is_put_again_tomorrow_until_it_is_known(reader, clock) -> None:
    url = f"/practice/laws/{reader.law_id}/run?seed=a&article=17"
    assert "错题本是空的" in text(reader.get("/mistakes"))
    assert "还没有到期复习过" in text(reader.get("/me"))
    put(reader, url, "A")
    page = text(reader.get("/mistakes"))
    assert "还没掌握的错题 1 道" in page
    assert "今天没有要复习的错题" in page
    assert "明天该复习错题 1 道" in page
    assert "解析" not in page
    assert "今天没有要复习的题" in text(reader.get("/practice"))
    assert "今天没有要复习的题。明天该复习 1 题。" in text(reader.get("/mistakes/run?seed=x"))
    for number in range(2):
        clock.now += DAY * (1 + 6 * number)
        assert "今天该复习 1 题" in text(reader.get("/practice"))
        assert "今天该复习错题 1 道" in text(reader.get("/mistakes"))
        review = f"/mistakes/run?seed=r{number}&only=missed"
        came = text(put(reader, review, "B"))
        assert "答对了" in came
        end = text(reader.get(f"{review}&n=2"))
        assert "答了 1 题，答对 <strong>1</strong> 题" in end
        assert "明天该复习 0 题" in end
    page = text(reader.get("/mistakes"))
    assert "还没掌握的错题 0 道" in page
    assert "到期复习 2 题次，答对 2 题次，记住率 100%（2/2）" in page
    assert "2026年11月" in page
    assert "记住率 100%（2/2）" in text(reader.get("/me"))


def test_a_review_can_be_gone_through_to_its_end(reader, clock) -> None:
    for number in range(1, 6):
        put(reader, f"/practice/{LAW}?seed=a&n={number}", "A")
    clock.now += DAY
    for number in range(1, 6):
        page = text(put(reader, f"/mistakes/run?seed=s&only=due&n={number}", "B"))
        assert f"第 {number} 题，共 5 题" in page
        assert f"答对 {number}/{number}" in page
    assert "这一轮练完了" in text(reader.get("/mistakes/run?seed=s&only=due&n=6"))
    assert reader.get("/mistakes/run?seed=s&only=due&n=7").status_code == 404
    assert reader.get("/mistakes/run?only=no").status_code == 404


def test_the_book_in_the_address(reader) -> None:
    for number in range(1, 6):
        put(reader, f"/practice/{LAW}?seed=a&n={number}", "A")
    assert "符合条件 1 道" in text(reader.get("/mistakes?q=" + quote("第十七条")))
    assert "没有符合条件的错题" in text(reader.get("/mistakes?due=1"))
    assert "没有符合条件的错题" in text(reader.get("/mistakes?bank=" + quote("没有")))
    for page in ("99999999999999999999", "-5", "x", "0"):
        assert reader.get(f"/mistakes?page={page}").status_code == 200
    weak = reader.get(f"/practice/{LAW}?only=weak&seed=b")
    assert "第 1 题，共 5 题" in text(weak)


def test_the_weak_articles_lead_to_their_practice(reader, clock) -> None:
    for seed in "abc":
        put(reader, f"/practice/laws/{reader.law_id}/run?seed={seed}&article=17", "A")
    page = text(reader.get("/mistakes"))
    assert "薄弱的条文" in page
    assert "答了 3 次，答对 0 次" in page
    assert f"/practice/laws/{reader.law_id}/run?article=17" in page


def test_an_exams_wrong_answers_by_a_button(browse, database, clock) -> None:
    with database.write() as session:
        made = factories.world(session)
        session.get_one(Bank, made.bank_id).practice = True
        one = factories.begin(session, made["s1"], made.exam_id).id
    browser = browse(made["s1"].id)
    assert browser.post(f"/mistakes/attempts/{one}").status_code == 409
    clock.now += 2 * DAY
    assert "把错的 6 题放进错题本" in text(browser.get(f"/attempts/{one}/review"))
    came = browser.post(f"/mistakes/attempts/{one}")
    assert (came.status_code, came.location) == (303, "/mistakes")
    assert "已放进错题本 6 题，明天开始复习" in text(browser.get("/mistakes"))
    browser.post(f"/mistakes/attempts/{one}")
    assert "没有新的错题" in text(browser.get("/mistakes"))
    assert browse(made["s2"].id).post(f"/mistakes/attempts/{one}").status_code == 404


def test_an_answer_says_when_its_article_has_changed(reader, database, clock) -> None:
    url = f"/practice/laws/{reader.law_id}/run?seed={{}}&article=17"
    assert "待复核" not in text(put(reader, url.format("a"), "B"))
    lines = plain(45).replace("2024年", "2025年").split("\n")
    (place,) = [n for n, line in enumerate(lines) if "第十七条" in line]
    lines[place] = lines[place].replace("按照国家有关规定", "自收到之日起十日内")
    with database.write() as session:
        laws.import_law(session, SYSTEM, parse(["\n".join(lines)]), "b.txt", clock.now)
    page = text(put(reader, url.format("b"), "B"))
    assert "这道题待复核：它依据的《测试条例》第十七条（修改）有变化，以现行条文为准。" in page
    assert "自收到之日起十日内" in page
    other = f"/practice/laws/{reader.law_id}/run?seed=c&article=2"
    assert "待复核" not in text(put(reader, other, "B"))


def test_the_same_question_of_an_exam_cannot_be_answered_during_it(browse, database) -> None:
    with database.write() as session:
        made = factories.world(session)
        factories.bank(session, "练习库", [factories.question(2)], practice=True)
    browser = browse(made["s1"].id)
    url = f"/practice/{quote('练习库')}?seed=a&n=1"
    version = version_on(text(browser.get(url)))
    with database.write() as session:
        factories.begin(session, made["s1"], made.exam_id)
    assert "没有可以练习的题目" in text(browser.get(url))
    came = browser.post(url, {"version": version, "answer": "A"})
    assert came.status_code == 409
    assert "解析2" not in text(came)
