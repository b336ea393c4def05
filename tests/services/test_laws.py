"""The law library: versions, names, links, pages and search, on both databases."""

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from legaled.domain.errors import ConflictError, InvalidError, NotFoundError
from legaled.domain.law_numbers import ArticleNumber
from legaled.domain.law_text import parse
from legaled.domain.permissions import SYSTEM
from legaled.models import AuditEvent, Law, LawArticle, LawHeading, LawVersion
from legaled.services import laws
from tests.factories import NOW
from tests.law_texts import gazette, markdown, plain

OLD = """# 中华人民共和国测试法

2010年6月1日 大会通过

## 第一章 总 则

第一条 为了管理档案，制定本法。

第二条 单位应当移交档案。

## 第二章 附 则

第三条 违反本法第二条、《测试法实施条例》第一条的，依照刑法第一条处理。

第四条 本法自2011年1月1日起施行。
"""
NEW = OLD.replace("大会通过", "大会通过\n\n2020年6月1日 大会修订").replace(
    "应当移交档案", "应当按期移交档案").replace("2011年1月1日", "2021年1月1日")
NEXT = NEW.replace("2020年6月1日 大会修订", "2026年6月1日 大会修订").replace(
    "2021年1月1日", "2027年1月1日")
RULES = """# 测试法实施条例

2012年1月1日 公布

第一条 根据《测试法》第二条，制定本条例。

第二条 本条例自公布之日起施行。
"""


def bring(session, text, **values):
    done = laws.import_law(session, SYSTEM, parse([text]), "测试.md", NOW, **values)
    session.flush()
    return done


def count(session, model):
    return session.scalar(sa.select(sa.func.count()).select_from(model))


def test_the_same_text_twice_adds_nothing(session):
    first, second = bring(session, OLD), bring(session, OLD.replace(" 总 则", "　总　则"))
    assert (first.added, first.new_law, second.added) == (True, True, False)
    assert (second.law_id, second.version_id) == (first.law_id, first.version_id)
    assert [count(session, one) for one in (Law, LawVersion, LawHeading, LawArticle)] == [
        1, 1, 2, 4]
    assert session.scalars(sa.select(AuditEvent.action)).all() == ["law.import"]


def test_another_text_of_the_law_is_a_new_version(session):
    old = bring(session, OLD)
    new = bring(session, NEW.replace("中华人民共和国测试法", "测试法（2020年修订）"))
    assert (new.law_id, new.added, new.new_law) == (old.law_id, True, False)
    line = laws.law_line(session, old.law_id, NOW)
    assert [(one.state, one.made, one.effective) for one in line.versions] == [
        ("current", "修订", date(2021, 1, 1)), ("past", "通过", date(2011, 1, 1))]


def test_a_text_to_come_is_not_current_before_its_day(session):
    law_id = bring(session, NEXT).law_id
    assert laws.law_line(session, law_id, NOW).current.effective == date(2027, 1, 1)
    bring(session, OLD)
    line = laws.law_line(session, law_id, NOW)
    assert [one.state for one in line.versions] == ["future", "current"]
    later = laws.law_line(session, law_id, NOW + timedelta(days=60))
    assert [one.state for one in later.versions] == ["current", "past"]


def test_an_amended_text_holds_since_it_was_made(session):
    """Its last article may still name the first day of the law."""
    amended = OLD.replace("大会通过", "大会通过\n\n2018年3月1日 大会修正").replace("移交", "移送")
    law_id = bring(session, amended).law_id
    bring(session, OLD)
    assert [one.made for one in laws.law_line(session, law_id, NOW).versions] == ["修正", "通过"]


def test_the_effective_date_by_hand(session):
    found = bring(session, OLD, effective=date(2012, 2, 2))
    assert laws.law_line(session, found.law_id, NOW).current.effective == date(2012, 2, 2)
    again = bring(session, OLD, effective=date(2013, 3, 3))
    assert (again.added, again.dated) == (False, True)
    assert not bring(session, OLD, effective=date(2013, 3, 3)).dated


def test_what_an_import_would_do(session):
    assert laws.standing(session, parse([OLD])).law_id is None
    law_id = bring(session, OLD).law_id
    assert laws.standing(session, parse([OLD])).is_there
    new = laws.standing(session, parse([NEW]))
    assert (new.law_id, new.is_there) == (law_id, False)


def test_article_counts(session):
    assert laws.article_counts(session, NOW) is None
    bring(session, OLD)
    bring(session, RULES)
    count_of = laws.article_counts(session, NOW)
    assert [count_of(name) for name in (
        "测试法", "中华人民共和国测试法", "《测试法》（2010年）", "实施条例", "刑法")] == [
            4, 4, 4, 2, None]


def test_links_of_questions(session):
    law_id, rules = bring(session, OLD).law_id, bring(session, RULES).law_id
    found = laws.links(session, [
        ("测试法", "第二条第一款"), ("测试法", "第九条"), ("实施条例", "2"),
        ("刑法", "第一条")], NOW)
    assert found == {
        ("测试法", "第二条第一款"): laws.LawLink(law_id, ArticleNumber(2)),
        ("测试法", "第九条"): laws.LawLink(law_id, None),
        ("实施条例", "2"): laws.LawLink(rules, ArticleNumber(2))}
    assert laws.link(session, "测试法", "第三条", NOW) == (law_id, ArticleNumber(3))
    assert laws.link(session, "测试法", "第三十条", NOW) is None
    assert laws.links(session, [], NOW) == {}


def test_links_are_few_queries_for_many(session, count_queries):
    bring(session, plain(200))
    counts = []
    for size in (3, 150):
        count_queries.clear()
        found = laws.links(session, [("测试条例", f"第{n}条") for n in range(1, size)], NOW)
        assert len(found) == size - 1
        counts.append(len(count_queries))
    assert counts == [4, 4]


def test_other_names(session):
    law_id = bring(session, OLD).law_id
    laws.add_alias(session, SYSTEM, law_id, " 《测法》 ", NOW)
    assert laws.link(session, "测法", "第一条", NOW) == (law_id, ArticleNumber(1))
    for name, error in (("测试法", ConflictError), ("测法", ConflictError), ("", InvalidError),
                        ("甲\n乙", InvalidError), ("长" * 200, InvalidError)):
        with pytest.raises(error):
            laws.add_alias(session, SYSTEM, law_id, name, NOW)
    line = laws.law_line(session, law_id, NOW)
    assert [name for _, name in line.aliases] == ["《测法》"]
    laws.remove_alias(session, SYSTEM, law_id, line.aliases[0][0], NOW)
    session.flush()
    assert laws.link(session, "测法", "第一条", NOW) is None
    with pytest.raises(NotFoundError):
        laws.remove_alias(session, SYSTEM, law_id, line.aliases[0][0], NOW)


def test_a_wrong_text_is_taken_out(session):
    first, second = bring(session, OLD), bring(session, NEW)
    laws.add_alias(session, SYSTEM, first.law_id, "测法", NOW)
    with pytest.raises(NotFoundError):
        laws.remove_version(session, SYSTEM, first.law_id + 1, first.version_id, NOW)
    laws.remove_version(session, SYSTEM, first.law_id, second.version_id, NOW)
    assert count(session, LawVersion) == 1
    laws.remove_version(session, SYSTEM, first.law_id, first.version_id, NOW)
    assert [count(session, one) for one in (Law, LawVersion, LawHeading, LawArticle)] == [
        0, 0, 0, 0]


# ---- reading ----

def test_a_page_is_a_chapter(session):
    law_id = bring(session, OLD).law_id
    page = laws.law_page(session, law_id, NOW)
    assert (page.heading, page.number, page.before, page.after) == (
        "第一章 总则", 1, None, (2, "第二章"))
    assert [one.number for one in page.articles] == [(1, 0), (2, 0)]
    assert [(one.words, one.reach, one.is_here) for one in page.outline] == [
        ("第一章 总则", "1–2", True), ("第二章 附则", "3–4", False)]
    asked = laws.law_page(session, law_id, NOW, article=ArticleNumber(4))
    assert (asked.heading, asked.missing) == ("第二章 附则", None)
    missing = laws.law_page(session, law_id, NOW, article=ArticleNumber(40), page=99)
    assert (missing.heading, missing.missing) == ("第二章 附则", ArticleNumber(40))


def test_links_inside_a_text(session):
    law_id, rules = bring(session, OLD).law_id, bring(session, RULES).law_id
    page = laws.law_page(session, law_id, NOW, page=2)
    words = page.articles[0].parts[0].words
    assert [(one.text, one.law_id, one.article) for one in words if one.law_id] == [
        ("本法第二条", law_id, (2, 0)), ("《测试法实施条例》第一条", rules, (1, 0))]
    assert "".join(one.text for one in words).endswith("依照刑法第一条处理。")


def test_an_older_version_can_be_read(session):
    old, new = bring(session, OLD), bring(session, NEW)
    page = laws.law_page(session, old.law_id, NOW, version_id=old.version_id)
    assert (page.version.state, page.version.id) == ("past", old.version_id)
    assert laws.law_page(session, old.law_id, NOW).version.id == new.version_id
    for law_id, version_id in ((old.law_id, 99), (99, None)):
        with pytest.raises(NotFoundError):
            laws.law_page(session, law_id, NOW, version_id=version_id)


def test_a_preamble_is_the_first_page(session):
    text = OLD.replace("## 第一章", "## 序 言\n\n中国是历史悠久的国家。\n\n## 第一章", 1)
    page = laws.law_page(session, bring(session, text).law_id, NOW)
    assert (page.heading, page.preamble, page.articles) == ("序言", ["中国是历史悠久的国家。"], [])


def test_a_law_without_chapters_is_cut_into_pages(session):
    law_id = bring(session, plain(250, per_chapter=10_000).replace("第一章　内容", "")).law_id
    page = laws.law_page(session, law_id, NOW, article=ArticleNumber(200))
    assert page.number > 1
    assert page.heading.startswith("第一百")
    assert ArticleNumber(200) in [one.number for one in page.articles]
    numbers = [
        one.number.number for number in range(1, page.outline[-1].page + 1)
        for one in laws.law_page(session, law_id, NOW, page=number).articles]
    assert numbers == list(range(1, 252))


def test_only_the_open_part_shows_its_chapters(session):
    text = "测试法典\n" + "".join(
        f"第{part}编 部分\n第一章 甲\n第{n}条 甲。\n第二章 乙\n第{n + 1}条 乙。\n"
        for n, part in ((1, "一"), (3, "二")))
    law_id = bring(session, text).law_id
    page = laws.law_page(session, law_id, NOW, article=ArticleNumber(3))
    assert [one.words for one in page.outline] == [
        "第一编 部分", "第二编 部分", "第一章 甲", "第二章 乙"]
    assert page.above == "第二编 部分"


def test_a_page_costs_the_same_whatever_the_law_is_long(session, count_queries):
    counts = []
    for size in (5, 300):
        law_id = bring(session, plain(size, f"测试{size}条例")).law_id
        session.expire_all()
        count_queries.clear()
        laws.law_page(session, law_id, NOW)
        counts.append(len(count_queries))
    assert counts[0] == counts[1] <= 10


# ---- searching ----

def test_two_characters_are_found(session):
    bring(session, OLD)
    bring(session, RULES)
    found = laws.search(session, "移交", NOW)
    assert [(hit.law, hit.article, hit.words) for hit in found.hits] == [
        ("中华人民共和国测试法", (2, 0), [("单位应当", False), ("移交", True), ("档案。", False)])]
    assert laws.search(session, "档案 移交", NOW).page.total == 1
    assert laws.search(session, "档案", NOW).page.total == 2
    assert laws.search(session, "没有", NOW).page.total == 0
    assert laws.search(session, " ", NOW).hits == []
    assert laws.search(session, "%", NOW).page.total == 0


def test_only_what_counts_today_is_found(session):
    bring(session, OLD)
    bring(session, NEW)
    assert laws.search(session, "应当移交", NOW).page.total == 0
    assert laws.search(session, "按期移交", NOW).page.total == 1


def test_a_query_may_name_an_article(session):
    law_id = bring(session, OLD).law_id
    for query in ("测试法第二条", "测试法 2", "中华人民共和国测试法第二条"):
        assert laws.search(session, query, NOW).named == (
            law_id, "中华人民共和国测试法", ArticleNumber(2))
    assert laws.search(session, "测试法第九条", NOW).named is None


def test_hits_by_law_and_page(session):
    bring(session, OLD)
    other = bring(session, plain(60))
    found = laws.search(session, "移交", NOW, page=2)
    assert (found.page.total, found.page.pages, len(found.hits)) == (61, 4, 20)
    assert [(name, hits) for _, name, hits in found.laws] == [
        ("中华人民共和国测试法", 1), ("测试条例", 60)]
    only = laws.search(session, "移交", NOW, law_id=other.law_id)
    assert (only.page.total, {hit.law_id for hit in only.hits}) == (60, {other.law_id})


def test_a_search_costs_the_same_however_much_is_found(session, count_queries):
    counts = []
    for size in (5, 200):
        bring(session, plain(size, f"测试{size}条例"))
        count_queries.clear()
        laws.search(session, "移交", NOW)
        counts.append(len(count_queries))
    assert counts[0] == counts[1] <= 7


def test_layouts_of_one_law_are_one_version(session):
    from tests.law_texts import MadeArticle, MadeLaw

    made = MadeLaw("测试管理条例", "（2020年6月20日通过）", ("前面的话。",), (
        ("章", "第一章　总则"), MadeArticle(1, 0, ("甲。", "（一）乙；")),
        MadeArticle(1, 1, ("丙。",))))
    assert bring(session, gazette(made)).added
    assert not bring(session, markdown(made)).added
