"""The pages of study and practice, as a browser gets them."""

import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from legaled.config import ROOT
from legaled.domain.banks import Kind
from legaled.models import Bank, QuestionVersion, StudyMark
from legaled.services import study
from tests import factories

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


def marks(database) -> int:
    with database.read() as session:
        return session.scalar(sa.select(sa.func.count()).select_from(StudyMark))


def test_strangers_are_sent_to_the_login(browse) -> None:
    for url in ("/study", f"/study/{LAW}", "/practice", f"/practice/{LAW}?seed=a"):
        assert browse().get(url).status_code == 302


def test_the_list_shows_every_law_and_what_is_done(me) -> None:
    page = text(me.get("/study"))
    for guide in study.guides(ROOT / "question_banks"):
        assert guide.title in page
    assert "16 道练习题" in page
    assert "暂无练习题" in page
    assert page.count("未学完") == len(study.guides(ROOT / "question_banks"))
    assert page.count("btn-primary") == 1


def test_reading_is_declared_and_taken_back(me, database) -> None:
    assert "我已学完本指南" in text(me.get(f"/study/{LAW}"))
    assert marks(database) == 0  # looking is not reading
    answer = me.post(f"/study/{LAW}/read")
    assert (answer.status_code, answer.location) == (303, "/study")
    page = text(me.get("/study"))
    assert "已记下：你学完了《档案法》指南" in page
    assert "11月23日学完" in page
    assert me.post(f"/study/{LAW}/read").status_code == 303
    assert marks(database) == 1
    page = text(me.get(f"/study/{LAW}"))
    assert "11月23日已学完本指南" in page
    assert "我已学完本指南" not in page
    assert me.post(f"/study/{LAW}/unread").status_code == 303
    assert marks(database) == 0


def test_the_guide_has_an_outline_and_no_inline_style(me) -> None:
    for guide in study.guides(ROOT / "question_banks"):
        page = text(me.get(f"/study/{quote(guide.name)}"))
        for section in guide.sections:
            assert page.count(f'href="#{section.anchor}"') == 2
            assert page.count(f'id="{section.anchor}"') == 1
        assert "style=" not in page
        ids = re.findall(r' id="([^"]+)"', page)
        assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    "law", ["没有", "..", "%2e%2e", "..%2f..%2fetc", "..\\instance", "档案法%00", "."]
)
def test_other_names_are_not_found(me, law) -> None:
    for url in (f"/study/{law}", f"/practice/{law}?seed=a"):
        assert me.get(url).status_code in {400, 404, 405}
    assert me.post(f"/study/{law}/read").status_code in {400, 404, 405}


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


def test_no_laws_and_no_banks_tell_the_next_step(me, database, app) -> None:
    with database.write() as session:
        session.execute(sa.update(Bank).values(practice=False))
    object.__setattr__(app.config["LEGALED"], "laws", ROOT / "nowhere")
    assert "还没有学习指南" in text(me.get("/study"))
    assert "还没有开放练习的题库" in text(me.get("/practice"))


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
    for url in ("/study", f"/study/{LAW}", "/practice", f"/practice/{LAW}?seed=a&n=1"):
        count_queries.clear()
        came = me.get(url)
        assert came.status_code == 200
        assert "Set-Cookie" not in came.headers
        assert not [s for s in count_queries if s.startswith(("INSERT", "UPDATE", "DELETE"))]
        assert len(count_queries) <= 5


def test_practising_writes_nothing_to_the_database(me, count_queries) -> None:
    url = f"/practice/{LAW}?seed=a&n=1&kind=single"
    version = version_on(text(me.get(url)))
    assert me.csrf
    count_queries.clear()
    assert me.post(url, {"version": version, "answer": "B"}).status_code == 200
    assert not [s for s in count_queries if s.startswith(("INSERT", "UPDATE", "DELETE"))]
    assert len(count_queries) <= 7  # one of them, with its BEGIN, asks for the law library




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
