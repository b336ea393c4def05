"""Playing a challenge in pages: the key stays on the server until the answer is in."""

import re
from datetime import timedelta

import pytest

from legaled.domain.challenges import PRESETS
from legaled.domain.people import Category
from legaled.models import Challenge, ChallengeEntry, ChallengeRun
from legaled.services import challenge_play
from tests import challenge_world
from tests.challenge_world import right, wrong
from tests.factories import MINUTE, NOW

JSON = {"Accept": "application/json"}


@pytest.fixture
def arrange(app, database):
    def make(preset="streak", **values):
        with database.write() as session:
            return challenge_world.event(session, PRESETS[preset].rules, **values)

    return make


def begin(browser, made, **form):
    reply = browser.post(f"/challenges/{made.id}/start", form)
    assert reply.status_code == 303, reply.get_data(as_text=True)
    return reply.location


def live_of(database, made, number, run, at=NOW):
    return challenge_play.running(database.hot, made[number], run, at)


def text(reply):
    return reply.get_data(as_text=True)


def test_an_event_prints_its_rules_and_a_run_is_played_with_plain_forms(
    arrange, browse, database, clock
):
    made = arrange()
    browser = browse(made["s1"].id)
    assert "宪法知识挑战赛" in text(browser.get("/challenges"))
    page = text(browser.get(f"/challenges/{made.id}"))
    assert "答错一题，这一轮就结束。" in page
    assert "今天还有 1 次" in page
    url = begin(browser, made)
    run = int(url.rsplit("/", 1)[1])
    for good in (True, True, False):
        page = text(browser.get(url))
        live = live_of(database, made, "s1", run, clock.now)
        for secret in ("解析", "正确答案", 'class="opt right"', "档案法"):
            assert secret not in page
        clock.now += timedelta(seconds=5)
        sent = (right if good else wrong)(live)
        slot = live.slots[-1].put.number
        reply = browser.post(f"{url}/answers/{slot}", {"answer": sent})
        assert reply.status_code == 303
        page = text(browser.get(reply.location))
        assert ("答对了" if good else "答错了") in page
        assert "解析" in page
        following = browser.post(f"{url}/next")
    assert following.location.endswith("/result")
    page = text(browser.get(following.location))
    assert re.search(r"<b>2<i>分</i></b>", page)
    assert "已放进错题本" in page
    paper = text(browser.get(f"{url}/paper"))
    assert live.seed in paper
    event = text(browser.get(f"/challenges/{made.id}"))
    assert "练习一轮，不计分" in event
    assert "今天计分的轮数已用完" in event


def test_the_pages_script_gets_the_same_in_json(arrange, browse, database, clock):
    made = arrange("cloud")
    browser = browse(made["s1"].id)
    url = begin(browser, made)
    run = int(url.rsplit("/", 1)[1])
    live = live_of(database, made, "s1", run)
    empty = browser.post(f"{url}/answers/1", {}, headers=JSON)
    assert (empty.status_code, empty.json["error"]) == (422, "challenge_no_answer")
    clock.now += timedelta(seconds=3)
    reply = browser.post(f"{url}/answers/1", {"answer": right(live)}, headers=JSON).json
    assert (reply["score"], reply["streak"], reply["over"]) == (10, 1, False)
    assert "答对了" in reply["html"]
    again = browser.post(f"{url}/answers/1", {"answer": wrong(live)}, headers=JSON).json
    assert "以第一次的答案为准" in again["html"]
    following = browser.post(f"{url}/next", headers=JSON).json
    assert following["number"] == 2
    assert "解析" not in following["html"]
    assert "正确答案" not in following["html"]


def test_a_reload_shows_the_same_question_with_the_time_that_is_left(
    arrange, browse, clock
):
    made = arrange()
    browser = browse(made["s1"].id)
    url = begin(browser, made)
    stem = re.search(r'class="stem">([^<]+)', text(browser.get(url)))[1]
    clock.now += timedelta(seconds=12)
    assert begin(browser, made) == url
    page = text(browser.get(url))
    assert stem in page
    assert re.search(r"<b data-clock>18</b>", page)


def test_an_unanswered_form_is_shown_again_and_costs_nothing(arrange, browse):
    made = arrange()
    browser = browse(made["s1"].id)
    url = begin(browser, made)
    reply = browser.post(f"{url}/answers/1")
    assert reply.status_code == 422
    assert "还没有选答案" in text(reply)
    assert "解析" not in text(reply)


def test_out_of_time_says_so_and_goes_on_once(arrange, browse, clock):
    made = arrange()
    browser = browse(made["s1"].id)
    url = begin(browser, made)
    clock.now += MINUTE
    assert "没有收到答案，不算答错，另补一题" in text(browser.get(url))
    assert browser.post(f"{url}/next").location == url
    clock.now += MINUTE
    page = text(browser.get(url))
    assert "超时，没有收到答案，按答错算" in page
    assert "看结果" in page
    assert browser.post(f"{url}/next").location.endswith("/result")


def test_what_is_refused(arrange, browse, clock, database):
    made = arrange()
    browser, other = browse(made["s1"].id), browse(made["s2"].id)
    url = begin(browser, made)
    assert browser.post(f"{url}/answers/7", {"answer": "A"}).status_code == 404
    for path in ("", "/result", "/paper"):
        assert other.get(url + path).status_code == 404
    for path in ("/next", "/answers/1", "/leave"):
        assert other.post(url + path, {"answer": "A"}).status_code == 404
    assert browser.get(f"{url}/paper").status_code == 404  # not over yet
    assert browse(made["trainer"].id).get(f"{url}/paper").status_code == 200
    assert browser.get("/challenges/999").status_code == 404
    guest = browse(made["guest"].id)
    assert guest.post(f"/challenges/{made.id}/start").status_code == 409
    assert "名单里没有你" in text(guest.get(f"/challenges/{made.id}"))


def test_leaving_asks_first_and_keeps_what_was_answered(arrange, browse, database, clock):
    made = arrange("day")
    browser = browse(made["s1"].id)
    url = begin(browser, made)
    run = int(url.rsplit("/", 1)[1])
    browser.post(f"{url}/answers/1", {"answer": right(live_of(database, made, "s1", run))})
    page = text(browser.get(f"/challenges/{made.id}?leave={run}"))
    assert "要结束这一轮吗" in page
    assert browser.post(f"{url}/leave").status_code == 303
    with database.read() as session:
        row = session.get_one(ChallengeRun, run)
        assert (row.end, row.score) == ("left", 2)
    assert "2<i>分</i>" in text(browser.get(f"{url}/result"))
    assert browser.post(f"/challenges/{made.id}/start").status_code == 409


def test_looking_writes_nothing_and_costs_the_same_for_many_events(
    arrange, browse, count_queries, database
):
    made = arrange()
    browser = browse(made["s1"].id)
    count_queries.clear()
    browser.get("/challenges")
    first = len(count_queries)
    with database.write() as session:
        one = session.get_one(Challenge, made.id)
        for number in range(3):
            more = Challenge(title=f"第 {number} 场", year=2026, preset="day", rules=one.rules,
                             starts=one.starts, ends=one.ends, seed=f"s{number}",
                             created=one.created, published=one.published)
            session.add(more)
            session.flush()
            session.add(ChallengeEntry(
                challenge_id=more.id, person_id=made["s1"].id, number="s1", name="人员s1",
                category=Category.ESTABLISHED, unit_path="甲", unit_codes="1"))
    count_queries.clear()
    browser.get("/challenges")
    assert len(count_queries) == first
    assert not [one for one in count_queries if one.startswith(("INSERT", "UPDATE", "DELETE"))]
