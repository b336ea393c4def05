"""The pages of study, as a browser gets them."""

import re
from urllib.parse import quote

import pytest
import sqlalchemy as sa

from legaled.config import ROOT
from legaled.models import Bank, StudyMark
from legaled.services import study
from tests import factories

LAW = quote("档案法")


@pytest.fixture
def me(database, browse):
    with database.write() as session:
        who = factories.person(session, "1", factories.unit(session)).id
        factories.bank(session, "档案法", practice=True)
        factories.bank(session, "考试用", [factories.question(99)])
    return browse(who)


def text(answer) -> str:
    return re.sub(r'csrf[-_]token" (content|value)="[^"]*"', "", answer.get_data(as_text=True))


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


def test_no_laws_and_no_banks_tell_the_next_step(me, database, app) -> None:
    with database.write() as session:
        session.execute(sa.update(Bank).values(practice=False))
    object.__setattr__(app.config["LEGALED"], "laws", ROOT / "nowhere")
    assert "还没有学习指南" in text(me.get("/study"))
    assert "还没有开放练习的题库" in text(me.get("/practice"))


def test_looking_writes_nothing(me, count_queries) -> None:
    assert me.csrf  # is in the cookie from now on
    for url in ("/study", f"/study/{LAW}"):
        count_queries.clear()
        came = me.get(url)
        assert came.status_code == 200
        assert "Set-Cookie" not in came.headers
        assert not [s for s in count_queries if s.startswith(("INSERT", "UPDATE", "DELETE"))]
        assert len(count_queries) <= 8  # plans and sessions ask too
