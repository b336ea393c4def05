"""Searching a bank, editing in the browser, reviewing, settings: as people meet them."""

import re
from dataclasses import replace

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from legaled import create_app
from legaled.config import Config
from legaled.domain.banks import Kind
from legaled.domain.permissions import SYSTEM
from legaled.forms.banks import QuestionForm, question_fields
from legaled.models import AuditEvent, Bank, Exam, Question, QuestionVersion
from legaled.services import bank_edits, banks, exams
from tests import factories
from tests.factories import NOW, question, world


@pytest.fixture(scope="module")
def bare_app(tmp_path_factory):
    """For forms alone: no database is opened."""
    return create_app(Config(
        secret_key="t", instance=tmp_path_factory.mktemp("bare"), testing=True))


@pytest.fixture
def first(database, bank_id):
    with database.read() as session:
        return session.scalar(sa.select(sa.func.min(Question.id)))


@pytest.fixture
def latest(database):
    """latest(question_id): its current version's number, key, explanation and whether it waits."""

    def look(question_id):
        with database.read() as session:
            row = session.scalars(
                sa.select(QuestionVersion).where(QuestionVersion.question_id == question_id)
                .order_by(QuestionVersion.version.desc())).first()
            return row.version, row.key, row.explanation, row.approved is None

    return look


def read(browser, url, status=200):
    response = browser.get(url)
    assert response.status_code == status, response.get_data(as_text=True)
    return response.get_data(as_text=True)


def words(page):
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", page))


def fields(page):
    """What the form of a page would send, without any script."""
    form = page[page.index('<form method="post" novalidate'):]
    form = form[:form.index("</form>")]
    found = dict(re.findall(r'<input[^>]*name="(\w+)"[^>]*value="([^"]*)"', form))
    found |= {name: text.lstrip("\r\n") for name, text in re.findall(
        r'<textarea[^>]*name="(\w+)"[^>]*>(.*?)</textarea>', form, re.DOTALL)}
    chosen = re.search(r'<option selected value="(\w+)"', form)
    return found | ({"kind": chosen[1]} if chosen else {})


def url_of(bank_id, question_id, *rest):
    return "/".join([f"/banks/{bank_id}/questions/{question_id}", *rest])


# ---- searching ----

def test_every_condition_stays_in_the_page_and_in_the_next_one(trainer, database, bank_id):
    with database.write() as session:
        factories.bank(session, "档案法", [
            replace(question(row), difficulty="难", topic="利用") for row in range(100, 160)])
    query = ("q=问题&kind=single&law=档案法&article=27&difficulty=难&topic=利用"
             "&state=active&sort=new")
    page = read(trainer, f"/banks/{bank_id}?{query}")
    assert "找到 60 题" in page
    sent = page[page.index('role="search"'):]
    for name, value in (("q", "问题"), ("article", "27"), ("topic", "利用")):
        assert re.search(rf'<input[^>]*name="{name}"[^>]*value="{value}"', sent), name
    for value in ("single", "档案法", "难", "new"):
        assert f'<option selected value="{value}"' in sent, value
    following = re.search(r'href="([^"]*page=2[^"]*)"', page)[1].replace("&amp;", "&")
    assert read(trainer, following).count('name="id"') == 10


def test_a_condition_that_nothing_fulfils_is_still_shown(trainer, bank_id):
    page = read(trainer, f"/banks/{bank_id}?law=没有的法&difficulty=没有")
    assert "没有符合条件的题" in page
    assert '<option selected value="没有的法">' in page
    for odd in ("?page=-5", "?sort=x&kind=y&state=z", "?q=%27%22%3Cb%3E%25", "?article=%25"):
        assert trainer.get(f"/banks/{bank_id}{odd}").status_code == 200, odd


@pytest.mark.parametrize("query", ["", "?q=问题", "?sort=hard", "?article=27&q=问题"])
def test_a_page_costs_the_same_whatever_the_size_of_the_bank(
    trainer, database, count_queries, query
):
    sizes = []
    for number in (5, 120):
        with database.write() as session:
            made = factories.bank(session, f"库{number}", [question(r) for r in range(number)]).id
        read(trainer, f"/banks/{made}{query}")
        count_queries.clear()
        read(trainer, f"/banks/{made}{query}")
        sizes.append(len(count_queries))
    assert sizes[0] == sizes[1] <= 12


def test_ticked_questions_are_retired_and_restored(trainer, bank_id, first, database):
    back = "q=%E9%97%AE%E9%A2%98"
    answer = trainer.post(f"/banks/{bank_id}/questions", {
        "id": [str(first), str(first + 1), "x"], "action": "retire", "back": back})
    assert (answer.status_code, answer.location) == (303, f"/banks/{bank_id}?{back}")
    assert "2 道题已停用" in read(trainer, answer.location)
    answer = trainer.post(f"/banks/{bank_id}/questions", {
        "id": [str(first)], "action": "restore", "back": "//evil.example"})
    assert answer.location == f"/banks/{bank_id}?//evil.example"
    assert "1 道题已恢复" in read(trainer, f"/banks/{bank_id}?state=retired")
    answer = trainer.post(f"/banks/{bank_id}/questions", {"action": "retire"})
    assert "没有选中" in read(trainer, answer.location)
    with database.read() as session:
        retired = session.scalars(sa.select(Question.id).where(Question.retired.is_not(None)))
        assert list(retired) == [first + 1]


@pytest.mark.parametrize("kind", ["csv", "xlsx", "xml"])
def test_a_bank_goes_out_in_three_formats_and_every_time_is_noted(
    trainer, database, bank_id, kind
):
    answer = trainer.get(f"/banks/{bank_id}/export.{kind}")
    assert answer.status_code == 200
    assert f".{kind}" in answer.headers["Content-Disposition"]
    with database.read() as session:
        note = session.scalars(sa.select(AuditEvent).order_by(AuditEvent.id.desc())).first()
        assert (note.action, note.detail) == ("bank.export", "16 questions")
    assert trainer.get(f"/banks/{bank_id}/export.pdf").status_code == 404
    assert f"export.{kind}" in read(trainer, f"/banks/{bank_id}")


# ---- editing ----

def test_an_edit_in_the_browser_is_a_new_version(trainer, bank_id, first, latest):
    url = url_of(bank_id, first)
    assert url_of(bank_id, first, "edit") in read(trainer, url)
    sent = fields(read(trainer, url_of(bank_id, first, "edit")))
    assert (sent["answer"], sent["base"], sent["kind"]) == ("B", "1", "single")
    answer = trainer.post(url_of(bank_id, first, "edit"), sent | {"answer": "正确答案：D"})
    assert (answer.status_code, answer.location) == (303, url)
    assert "第 2 版已保存" in read(trainer, url)
    assert latest(first) == (2, ["D"], "解析2", False)


def test_nothing_changed_says_so(trainer, bank_id, first, latest):
    sent = fields(read(trainer, url_of(bank_id, first, "edit")))
    answer = trainer.post(url_of(bank_id, first, "edit"), sent)
    assert "没有存成新版本" in read(trainer, answer.location)
    assert latest(first)[0] == 1


@pytest.mark.parametrize(("changed", "field", "said"), [
    ({"stem": " "}, "stem", "请填写题干"),
    ({"answer": ""}, "answer", "请填写答案"),
    ({"answer": "见课件"}, "answer", "答案看不懂"),
    ({"answer": "F"}, "answer", "没有选项 F"),
    ({"answer": "AB"}, "answer", "单选题有多个答案"),
    ({"answer": "B 讲义"}, "answer", "答案后面有别的字"),
    ({"option_b": "", "option_c": "", "option_d": ""}, "option_b", "至少要有两个选项"),
    ({"explanation": "长" * 4001}, "explanation", "字数太多"),
    ({"points": "两分"}, "points", "分值不是数字"),
])
def test_what_is_wrong_is_said_at_its_field_and_nothing_typed_is_lost(
    trainer, bank_id, first, latest, changed, field, said
):
    sent = fields(read(trainer, url_of(bank_id, first, "edit")))
    sent |= {"topic": "我写的知识点", "source": "《资料》&<b>", **changed}
    answer = trainer.post(url_of(bank_id, first, "edit"), sent)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    error = re.search(rf'id="{field}-e">(.*?)</p>', page, re.DOTALL)
    assert error, page
    assert said in error[1]
    assert "填过的内容都在" in page
    again = fields(page)
    assert again["topic"] == "我写的知识点"
    assert again["source"] == "《资料》&amp;&lt;b&gt;"
    assert all(again[name] == sent[name].strip() or name == "stem" for name in changed)
    assert latest(first)[0] == 1


def test_warnings_let_through_and_are_said(trainer, bank_id, first, latest):
    sent = fields(read(trainer, url_of(bank_id, first, "edit")))
    sent |= {"option_c": sent["option_d"]}
    page = words(read(trainer, trainer.post(url_of(bank_id, first, "edit"), sent).location))
    assert "选项D：选项 C 和 D 相同" in page
    assert latest(first)[0] == 2
    bad = trainer.post(url_of(bank_id, first, "edit"), sent | {"base": "2", "answer": ""})
    assert "有两个选项的文字相同" in bad.get_data(as_text=True)


def test_two_who_edit_at_once_see_each_other(trainer, other, bank_id, first, latest):
    mine = fields(read(trainer, url_of(bank_id, first, "edit")))
    theirs = fields(read(other, url_of(bank_id, first, "edit")))
    other.post(url_of(bank_id, first, "edit"), theirs | {"explanation": "别人写的解析"})
    answer = trainer.post(url_of(bank_id, first, "edit"), mine | {"explanation": "我写的解析"})
    page = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "这道题又有人改过，现在是第 2 版" in page
    assert "<del>别人</del>写的解析" in page
    assert "<ins>我</ins>写的解析" in page
    assert latest(first)[:1] == (2,)
    again = fields(page)
    assert (again["base"], again["explanation"]) == ("2", "我写的解析")
    assert trainer.post(url_of(bank_id, first, "edit"), again).status_code == 303
    assert latest(first)[:3] == (3, ["B"], "我写的解析")


def test_a_twin_is_named_with_a_way_to_it(trainer, bank_id, first, latest):
    twin = fields(read(trainer, url_of(bank_id, first + 1, "edit")))
    for url in (url_of(bank_id, first, "edit"), url_of(bank_id, "new")):
        answer = trainer.post(url, twin | {"base": "1", "topic": "我写的知识点"})
        page = answer.get_data(as_text=True)
        assert answer.status_code == 409
        assert f"这个题库里已经有这道题：{banks.number_of(first + 1)}" in page
        assert f'href="{url_of(bank_id, first + 1)}"' in page
        assert fields(page)["topic"] == "我写的知识点"
    assert latest(first)[0] == 1


def test_a_question_is_added_in_the_browser(trainer, bank_id, latest, database):
    url = url_of(bank_id, "new")
    assert url in read(trainer, f"/banks/{bank_id}")
    assert trainer.post(url, fields(read(trainer, url))).status_code == 422
    sent = {"base": "0", "kind": "blank", "stem": "档案自形成之日起满____年开放。",
            "answer": "二十五|25"}
    answer = trainer.post(url, sent)
    question_id = int(answer.location.rsplit("/", 1)[1])
    assert latest(question_id) == (1, ["二十五|25"], "", False)
    assert "第 1 版已保存" in read(trainer, answer.location)


def test_a_form_from_nowhere_is_no_server_error(trainer, bank_id, first):
    for sent in ({}, {"base": "x", "kind": "nonsense"}, {"base": "9" * 30, "kind": "single"}):
        assert trainer.post(url_of(bank_id, first, "edit"), sent).status_code in {409, 422}
        assert trainer.post(url_of(bank_id, "new"), sent).status_code == 422


TEXT = st.text("档案法 第一二条=+'<&\"；|\n", min_size=1, max_size=20)


@settings(max_examples=60, deadline=None, suppress_health_check=[
    HealthCheck.function_scoped_fixture])
@given(stem=TEXT, options=st.lists(TEXT, min_size=2, max_size=8, unique=True), topic=TEXT)
def test_what_is_stored_comes_back_from_the_form_unchanged(
    bare_app, stem, options, topic
):
    first = _judged(bare_app, {
        "base": "1", "kind": "multi", "stem": stem, "answer": "AB", "topic": topic,
        **{f"option_{letter}": text for letter, text in zip("abcdefgh", options, strict=False)}})
    if first is not None:
        sent = {name: str(value) for name, value in question_fields(first, 1).items()}
        assert _judged(bare_app, sent) == first


def _judged(app, sent):
    with app.test_request_context(method="POST", data=sent):
        form = QuestionForm(meta={"csrf": False})
        return form.draft if form.validate() else None


@pytest.mark.parametrize("kind", list(Kind))
def test_every_kind_survives_the_form(bare_app, kind):
    if kind is Kind.ESSAY:
        own = {"options": (), "key": (), "answer_text": "两点\n三点", "kind": kind}
        draft = replace(question(7), **own)
    else:
        stem = "第一空____，第二空____。" if kind is Kind.BLANK else "说的是什么？"
        draft = replace(question(7, kind), stem=stem)
    sent = {name: str(value) for name, value in question_fields(draft, 3).items()}
    assert _judged(bare_app, sent) == replace(draft, row=0)


# ---- reviewing ----

@pytest.fixture
def reviewed(trainer, bank_id):
    answer = trainer.post(f"/banks/{bank_id}/settings", {"name": "档案法", "review": "y"})
    assert answer.status_code == 303


def test_a_change_waits_for_the_other_trainer(
    trainer, other, bank_id, first, latest, reviewed
):
    sent = fields(read(trainer, url_of(bank_id, first, "edit")))
    assert "等另一位培训员审过" in read(trainer, url_of(bank_id, first, "edit"))
    trainer.post(url_of(bank_id, first, "edit"), sent | {"explanation": "待审的解析"})
    assert latest(first)[3]
    assert "自己写的" in read(trainer, url_of(bank_id, first))
    seen = f"{first}-2"
    own = trainer.post(f"/banks/{bank_id}/review", {"pick": seen})
    assert own.status_code == 409
    assert "由另一位培训员来审" in own.get_data(as_text=True)
    assert "1 道题等你审" in words(read(other, "/desk"))
    assert "等你审" not in words(read(trainer, "/desk"))
    page = read(other, f"/banks/{bank_id}/review")
    assert f'value="{seen}"' in page
    assert "<ins>待审的</ins>" in page
    assert "其中待审 1 道" in words(read(other, "/banks"))
    answer = other.post(f"/banks/{bank_id}/review", {"pick": seen})
    assert "1 道题审核通过" in read(other, answer.location)
    assert not latest(first)[3]
    assert "姓名t2审" in words(read(other, url_of(bank_id, first)))


def test_all_of_a_page_are_approved_but_the_own_ones(
    trainer, other, bank_id, first, latest, reviewed
):
    for place, who in enumerate((trainer, trainer, other)):
        url = url_of(bank_id, first + place, "edit")
        who.post(url, fields(read(who, url)) | {"explanation": "改"})
    page = read(other, f"/banks/{bank_id}/review")
    shown = re.findall(r'name="seen" value="([\d-]+)"', page)
    assert shown == [f"{first}-2", f"{first + 1}-2"]
    assert "你写的，要别人审" in page
    other.post(f"/banks/{bank_id}/review", {"seen": shown, "all": "1"})
    assert [latest(first + place)[3] for place in range(3)] == [False, False, True]
    nothing = other.post(f"/banks/{bank_id}/review", {"pick": ["x", "1-2-3", "9" * 30]})
    assert "没有题被通过" in read(other, nothing.location)


def test_sent_back_with_a_reason(trainer, other, bank_id, first, latest, reviewed):
    url = url_of(bank_id, first, "edit")
    trainer.post(url, fields(read(trainer, url)) | {"answer": "C"})
    back = url_of(bank_id, first, "return")
    bare = other.post(back, {"version": "2", "note": " "})
    assert bare.status_code == 422
    assert "请填写退回的原因" in bare.get_data(as_text=True)
    assert other.post(back, {"version": "1", "note": "x"}).status_code == 409
    assert other.post(back, {"version": "", "note": "x"}).status_code == 409
    answer = other.post(back, {"version": "2", "note": "依据是第一款"})
    assert answer.status_code == 303
    assert latest(first) == (3, ["B"], "解析2", False)
    assert "退回：依据是第一款" in words(read(trainer, url_of(bank_id, first)))


# ---- settings and exams ----

def test_settings_are_changed_and_an_empty_bank_is_deleted(trainer, database, bank_id):
    with database.write() as session:
        empty = factories.bank(session, "空的", []).id
    taken = trainer.post(f"/banks/{empty}/settings", {"name": "档案法"})
    assert taken.status_code == 422
    assert "已经有题库叫这个名字" in taken.get_data(as_text=True)
    assert trainer.post(f"/banks/{empty}/settings", {"name": " "}).status_code == 422
    assert trainer.post(f"/banks/{empty}/settings", {"name": "改名", "practice": "y"}).location
    with database.read() as session:
        bank = session.get_one(Bank, empty)
        assert (bank.name, bank.practice, bank.review) == ("改名", True, False)
    assert "不能删除" in read(trainer, f"/banks/{bank_id}/settings")
    assert trainer.post(f"/banks/{bank_id}/delete").status_code == 409
    assert "可以删除" in read(trainer, f"/banks/{empty}/settings")
    assert trainer.post(f"/banks/{empty}/delete").location == "/banks"
    assert trainer.get(f"/banks/{empty}").status_code == 404


def test_publishing_shows_and_limits_what_can_be_practised(trainer, database, bank_id):
    with database.write() as session:
        factories.bank(session, "练习", [question(2), question(3)], practice=True)
        bank = session.get_one(Bank, bank_id)
        bank.review = True
        draft = factories.draft(
            [bank_id], quotas={Kind.SINGLE: (3, 20)}, pass_line=1, excellent_line=1,
            practice_share=20)
        exam_id = exams.create(session, SYSTEM, draft, NOW)
        waiting = session.scalar(sa.select(sa.func.max(Question.id)).join(
            QuestionVersion, QuestionVersion.question_id == Question.id)
            .where(QuestionVersion.kind == Kind.SINGLE, Question.bank_id == bank_id))
        old = bank_edits.stored(session, SYSTEM, bank_id, waiting, NOW)
        bank_edits.edit_question(session, SYSTEM, bank_id, waiting, 1,
                                 replace(old.draft, explanation="待审"), NOW)
    page = words(read(trainer, f"/manage/{exam_id}"))
    assert "待审 1 道" in page
    assert "可抽的 5 道题里有 2 道（40.00%）职工可以练习，这场考试最多占 20%，也就是 1 道" in page
    refused = trainer.post(f"/manage/{exam_id}/publish")
    assert refused.status_code == 409
    assert "5 道题里有 2 道（40.00%）" in refused.get_data(as_text=True)
    form = read(trainer, f"/manage/{exam_id}/edit")
    assert re.search(r'name="practice_share"[^>]*value="20"', form)
    with database.write() as session:
        session.get_one(Exam, exam_id).practice_share = 40
    assert "其中职工可以练习的 2 道，占 40.00%" in words(read(trainer, f"/manage/{exam_id}"))
    assert trainer.post(f"/manage/{exam_id}/publish").status_code == 303


# ---- who may what ----

def pages(bank_id, question_id):
    return [
        f"/banks/{bank_id}/settings", f"/banks/{bank_id}/review", url_of(bank_id, "new"),
        url_of(bank_id, question_id, "edit"), url_of(bank_id, question_id)]


def test_staff_see_no_bank_and_the_office_changes_none(
    browse, people, trainer, bank_id, first, reviewed
):
    url = url_of(bank_id, first, "edit")
    trainer.post(url, fields(read(trainer, url)) | {"answer": "C"})
    office, staff = browse(people["office"]), browse(people["s"])
    for path in pages(bank_id, first):
        assert staff.get(path).status_code == 403, path
        status = office.get(path).status_code
        assert status == (403 if path.endswith(("settings", "new", "edit")) else 200), path
        if status == 200:
            assert 'method="post" action="/banks' not in read(office, path)
    for path in (f"/banks/{bank_id}/settings", f"/banks/{bank_id}/delete",
                 f"/banks/{bank_id}/questions", f"/banks/{bank_id}/review", url,
                 url_of(bank_id, "new"), url_of(bank_id, first, "return")):
        assert office.post(path).status_code == 403, path


def test_who_sits_an_exam_of_the_bank_sees_no_stem_anywhere(browse, database):
    with database.write() as session:
        made = world(session)
        question_id = session.scalar(sa.select(sa.func.min(Question.id)))
        session.get_one(Bank, made.bank_id).review = True
        factories.begin(session, made["trainer"], made.exam_id)
    browser = browse(made["trainer"].id)
    full = {"base": "1", "kind": "judge", "stem": "新题？", "answer": "对"}
    for path in pages(made.bank_id, question_id):
        assert "你正在考试" in read(browser, path, 409), path
    for path, sent in (
        (url_of(made.bank_id, question_id, "edit"), full),
        (url_of(made.bank_id, question_id, "edit"), {}),
        (url_of(made.bank_id, "new"), full),
        (url_of(made.bank_id, "new"), {}),
        (f"/banks/{made.bank_id}/review", {"pick": f"{question_id}-1"}),
        (url_of(made.bank_id, question_id, "return"), {"version": "1", "note": "x"}),
        (url_of(made.bank_id, question_id, "return"), {}),
        (f"/banks/{made.bank_id}/questions", {"id": str(question_id)}),
        (f"/banks/{made.bank_id}/settings", {"name": "题库"}),
        (f"/banks/{made.bank_id}/settings", {}),
        (f"/banks/{made.bank_id}/delete", {}),
    ):
        answer = browser.post(path, sent)
        assert answer.status_code == 409, path
        assert "个问题说的是什么" not in answer.get_data(as_text=True), path
