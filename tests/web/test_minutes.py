"""Beats as a browser sends them, and one's own minutes."""

import json
import re
from datetime import timedelta
from urllib.parse import quote

import pytest
import sqlalchemy as sa
from itsdangerous import URLSafeSerializer

from legaled.domain.minutes import VALID
from legaled.models import Law, LawArticle, LawVersion, SignIn, StudyTime
from legaled.web.access import BODY
from legaled.web.minutes import duration, letters_in
from tests import factories
from tests.factories import NOW

GUIDE = "/study/" + quote("档案法")


def add_law(session, articles=3):
    """A law with a preamble on a page of its own; the id."""
    law = Law(name="示例法", key="示例法", created=NOW)
    session.add(law)
    session.flush()
    version = LawVersion(
        law_id=law.id, title="示例法", digest="d", promulgated=None, effective=None, history=[],
        preamble=["序言第一段。"], created=NOW,
    )
    session.add(version)
    session.flush()
    for number in range(1, articles + 1):
        session.add(LawArticle(version_id=version.id, number=number, sub=0, heading=None,
                               text=f"第{number}条的内容" * 20))
    return law.id


@pytest.fixture
def people(database):
    with database.write() as session:
        home = factories.unit(session)
        assert add_law(session) == 1
        return [factories.person(session, f"p{n}", home).id for n in range(2)]


@pytest.fixture
def me(people, browse):
    return browse(people[0])


def token(browser, url="/laws/1?page=2"):
    found = re.search(r'data-reading="([^"]+)"', browser.get(url).get_data(as_text=True))
    assert found
    return found[1]


def beat(browser, reading, part="1", **more):
    return browser.send("POST", "/minutes/beat", {"reading": reading, "part": part, **more})


def on(clock, seconds):
    clock.now = NOW + timedelta(seconds=seconds)


def total(database):
    with database.read() as session:
        return session.scalar(sa.select(sa.func.sum(StudyTime.seconds))) or 0


def test_a_page_of_a_law_is_read_article_by_article(me, clock, database):
    page = me.get("/laws/1?page=2").get_data(as_text=True)
    assert re.findall(r'data-part="([^"]*)"', page) == ["1", "2", "3"]
    assert "minutes.js" in page
    reading = token(me)
    beat(me, reading)
    on(clock, 15)
    assert beat(me, reading).json == {"earned": 15, "today": 15, "full": ""}
    on(clock, 30)
    assert beat(me, reading, "3").json["today"] == 30
    assert beat(me, reading, "preamble").json["error"] == "reading_no_part"
    assert total(database) == 30


def test_the_preamble_is_a_part(me, clock):
    reading = token(me, "/laws/1")
    assert beat(me, reading, "preamble").status_code == 200
    assert beat(me, reading, "1").status_code == 422


def test_a_guide_is_read_section_by_section(me, clock):
    page = me.get(GUIDE).get_data(as_text=True)
    parts = re.findall(r'data-part="([^"]*)"', page)
    assert parts[-1] == str(page.count("<section data-part=") - ("" in parts))
    reading = token(me, GUIDE)
    beat(me, reading, "1")
    on(clock, 15)
    assert beat(me, reading, parts[-1]).json["earned"] == 15


def test_nothing_that_the_body_says_about_time_counts(me, clock):
    reading = token(me)
    beat(me, reading, at="2020-01-01T00:00:00Z", seconds=9999)
    on(clock, 15)
    claims = {"seconds": 9999, "at": "2030-01-01", "now": 1e12, "served": 0, "gap": 20, "day": 1}
    assert beat(me, reading, **claims).json["today"] == 15


def test_who_comes_back_begins_again(me, clock):
    reading = token(me)
    beat(me, reading)
    on(clock, 12)
    assert beat(me, reading, begins=True).json["earned"] == 0


def test_the_part_that_is_full_is_told(me, clock):
    reading = token(me)
    for number in range(9):
        on(clock, 15 * number)
        last = beat(me, reading).json
    assert last["full"] == "part"
    assert last["today"] < 8 * 15


def test_anothers_page_a_stale_and_a_forged_one_earn_nothing(me, people, browse, clock, app,
                                                            database):
    reading, other = token(me), browse(people[1])
    beat(other, token(other))
    on(clock, 15)
    assert beat(other, reading).status_code == 403
    body, _, signature = reading.rpartition(".")
    with app.app_context():
        other_salt = URLSafeSerializer("t", salt="x").dumps([people[0], "law:1", 0, {"1": 99}])
    for forged in (
        "", "x", None, 7, [], {}, "…", reading[:-1], f"{body}A.{signature}", other_salt,
        json.dumps([people[0], "law:1", 0, {"1": 99}]), "." * 1000, "x" * (BODY - 100),
    ):
        answer = beat(me, forged)
        assert (answer.status_code, answer.json["error"]) == (422, "reading_forged"), forged
        assert "没有计时" in answer.json["message"]
    for seconds in (-60, VALID.total_seconds() + 1):
        on(clock, seconds)
        answer = beat(me, reading)
        assert (answer.status_code, answer.json["error"]) == (409, "reading_stale")
    assert total(database) == 0


@pytest.mark.parametrize("body", [[], "x", 1, True, {}])
def test_what_is_no_beat_is_refused(me, body):
    answer = me.send("POST", "/minutes/beat", body)
    assert (answer.status_code, answer.json["error"]) == (422, "reading_forged")


@pytest.mark.parametrize("part", [None, 1, [], {}, "99", "", "\0", "1" * 10_000])
def test_a_part_that_is_not_of_the_page_is_refused(me, part):
    assert beat(me, token(me), part).status_code in {400, 422}


@pytest.mark.parametrize("body", [
    b'{"reading": "\\ud800", "part": "1"}', b'{"reading": "x", "part": "\\ud800"}', b"\xff", b"{",
    b"[" * 100_000,
])
def test_broken_json_is_refused(me, body):
    answer = me.client.post("/minutes/beat", data=body, content_type="application/json",
                            headers={"X-CSRFToken": me.csrf})
    assert answer.status_code in {400, 422}
    assert answer.json["message"]


def test_a_stranger_and_an_ended_session_are_told(me, browse, database):
    reading = token(me)
    assert browse().client.post("/minutes/beat", json={"reading": reading}).status_code == 401
    me.csrf  # noqa: B018 - fetched while signed in
    with database.write() as session:
        session.execute(sa.update(SignIn).values(ended=NOW))
    assert beat(me, reading).status_code == 401


def test_a_beat_needs_the_csrf_token(me):
    answer = me.client.post("/minutes/beat", json={"reading": token(me), "part": "1"})
    assert (answer.status_code, answer.json["error"]) == (400, "csrf")


def test_reading_a_page_adds_no_statement(me, count_queries):
    me.get("/laws/1?page=2")
    count_queries.clear()
    me.get("/laws/1?page=2")
    assert not [one for one in count_queries if "study_" in one]


def test_my_minutes(me, people, clock, database):
    assert "还没有记下学习时长" in me.get("/minutes").get_data(as_text=True)
    with database.write() as session:
        for subject, seconds in (
            ("law:1", 3700), ("guide:档案法", 119), ("material:9", 30), ("law:99", 60)
        ):
            session.add(StudyTime(person_id=people[0], day=NOW.date(), subject=subject, part="1",
                                  seconds=seconds))
        session.add(StudyTime(person_id=people[1], day=NOW.date(), subject="law:1", part="2",
                              seconds=36_000))
    page = me.get("/minutes").get_data(as_text=True)
    assert "今天 1 小时 5 分钟，全年 1 小时 5 分钟" in page
    for words in ("示例法", "1 小时 1 分钟", "指南", "不到 1 分钟", "已移出的内容"):
        assert words in page
    assert "10 小时" not in page
    assert "还没有记下学习时长" in me.get("/minutes?year=2025").get_data(as_text=True)
    for year in ("0", "99999", "-1", "x"):
        assert me.get(f"/minutes?year={year}").status_code in {200, 404}
    for url in ("/study", "/me"):
        assert 'href="/minutes"' in me.get(url).get_data(as_text=True)


def test_minutes_are_never_rounded_up():
    words = {0: "0 分钟", 1: "不到 1 分钟", 59: "不到 1 分钟", 60: "1 分钟", 119: "1 分钟",
             3599: "59 分钟", 3600: "1 小时 0 分钟", 7322: "2 小时 2 分钟"}
    assert {seconds: duration(seconds) for seconds in words} == words


def test_letters_are_those_that_are_seen():
    assert letters_in("<p>第一条 &amp; <b>总则</b>\n</p>") == len("第一条&总则")
