"""Signing in: lock, initial password, idle time, sign-out, a new session at login."""

import re
from datetime import UTC, datetime, timedelta

import pytest

from legaled.domain.permissions import Role
from legaled.domain.times import beijing_day
from legaled.models import Person, SignIn
from legaled.services import accounts
from tests import factories
from tests.conftest import Browser

GOOD = "Dangan-2026"


@pytest.fixture
def people(database):
    """1001 chose a password; 1002 still has the initial one, which is returned."""
    initial, initial_hash = accounts.new_initial_password()
    with database.write() as session:
        home = factories.unit(session)
        factories.person(session, "1001", home, password_hash=accounts.hash_password(GOOD))
        factories.person(session, "1002", home, Role.STAFF, Role.TRAINER,
                         password_hash=initial_hash, must_change_password=True)
    return initial


@pytest.fixture
def client(app):
    return app.test_client()


def sign_in(client, number, password, url="/login"):
    page = client.get("/login")
    if page.status_code == 302:
        return page
    token = re.search(r'csrf-token" content="([^"]+)"', page.get_data(as_text=True))[1]
    return client.post(
        url, data={"csrf_token": token, "number": number, "password": password}
    )


def test_the_right_words_lead_home_or_where_one_wanted_to_go(client, people):
    assert client.get("/exams").location == "/login?next=/exams"
    assert sign_in(client, " 1001 ", GOOD, "/login?next=/exams").location == "/exams"
    assert client.get("/exams").status_code == 200


@pytest.mark.parametrize("url", ["//evil.example", "https://evil.example", "/\\evil.example", "x",
                                 "/%09/evil.example", "/%0aevil.example", "/ /evil.example"])
def test_nobody_is_sent_to_another_site(client, people, url):
    assert sign_in(client, "1001", GOOD, f"/login?next={url}").location == "/"


@pytest.mark.parametrize(("number", "password"), [
    ("1001", "wrong"), ("nobody", GOOD), ("1001", "x" * 1000), ("", ""), ("1001", ""),
    ("1' OR 1=1--", "x"),
])
def test_wrong_words_are_422_with_one_sentence(client, people, number, password):
    answer = sign_in(client, number, password)
    assert answer.status_code == 422
    assert "field-error" in answer.get_data(as_text=True)
    assert client.get("/exams").status_code == 302


def test_a_nul_in_a_form_is_400(client, people):
    assert sign_in(client, "10\x0001", GOOD).status_code == 400


def test_five_failures_lock_for_fifteen_minutes_also_the_right_password(client, people, clock):
    for _ in range(5):
        answer = sign_in(client, "1001", "wrong")
    assert "账号锁定到 12:15" in answer.get_data(as_text=True)
    assert sign_in(client, "1001", GOOD).status_code == 422
    clock.now += timedelta(minutes=14, seconds=59)
    assert sign_in(client, "1001", GOOD).status_code == 422
    clock.now += timedelta(seconds=1)
    assert sign_in(client, "1001", GOOD).status_code == 303


def test_the_counter_is_kept_in_the_database_and_forgotten_after_success(client, people, database):
    for _ in range(4):
        sign_in(client, "1001", "wrong")
    with database.read() as session:
        assert session.query(Person).filter_by(number="1001").one().failures == 4
    sign_in(client, "1001", GOOD)
    with database.read() as session:
        assert session.query(Person).filter_by(number="1001").one().failures == 0


def test_who_has_left_cannot_come_in(client, people, database, clock):
    with database.write() as session:
        session.query(Person).filter_by(number="1001").one().left_on = clock.now.date()
    assert sign_in(client, "1001", GOOD).status_code == 422


def test_who_leaves_is_out_from_that_day_on(browse, people, database, clock):
    with database.write() as session:
        who = session.query(Person).filter_by(number="1001").one()
        who.left_on = beijing_day(clock.now) + timedelta(days=1)
        person_id = who.id
    browser = browse(person_id)
    assert browser.get("/me").status_code == 200
    clock.now = datetime(2026, 11, 23, 15, 59, tzinfo=UTC)  # 23:59 in Beijing
    assert browser.get("/me").status_code == 200
    clock.now += timedelta(minutes=1)
    assert browser.get("/me").location.startswith("/login?next=")
    assert browser.client.get("/me", headers={"Accept": "application/json"}).status_code == 401


def change(client, current, chosen, again=None):
    page = client.get("/password").get_data(as_text=True)
    token = re.search(r'csrf-token" content="([^"]+)"', page)[1]
    return client.post("/password", data={
        "csrf_token": token, "current": current, "chosen": chosen,
        "again": chosen if again is None else again,
    })


def test_an_initial_password_must_be_changed_first(client, people):
    assert sign_in(client, "1002", people).location == "/"
    for path in ("/", "/exams", "/banks"):
        assert client.get(path).location == "/password"
    answer = client.get("/attempts/1/paper.json")
    assert (answer.status_code, answer.json["error"]) == (403, "password_change_required")
    assert change(client, people, "Xin-mima-1").location == "/"
    assert client.get("/exams").status_code == 200
    assert sign_in(client.application.test_client(), "1002", people).status_code == 422
    assert sign_in(client.application.test_client(), "1002", "Xin-mima-1").status_code == 303


@pytest.mark.parametrize(("current", "chosen", "again", "words"), [
    ("wrong", "Xin-mima-1", None, "现在的密码不对"),
    (GOOD, "Xin-mima-1", "Xin-mima-2", "不一样"),
    (GOOD, GOOD, None, "不能和现在的一样"),
    (GOOD, "Ab1-", None, "至少 8 个"),
    (GOOD, "abcdefgh1", None, "至少三类"),
    (GOOD, "Mima-1001", None, "不能包含工号"),
    (GOOD, "Aa1-" * 250, None, "最多 128 个"),
])
def test_bad_new_passwords(client, people, database, current, chosen, again, words):
    sign_in(client, "1001", GOOD)
    answer = change(client, current, chosen, again)
    assert answer.status_code == 422
    assert words in answer.get_data(as_text=True)
    assert sign_in(client.application.test_client(), "1001", GOOD).status_code == 303


def test_changing_the_password_signs_out_the_other_browsers(app, people):
    one, two = app.test_client(), app.test_client()
    sign_in(one, "1001", GOOD)
    sign_in(two, "1001", GOOD)
    change(one, GOOD, "Xin-mima-1")
    assert one.get("/exams").status_code == 200
    assert two.get("/exams").status_code == 302


def test_signing_in_makes_a_new_session_and_signing_out_ends_it(client, people, database):
    with client.session_transaction() as cookie:
        cookie["planted"] = "x"
    sign_in(client, "1001", GOOD)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        token, kept = cookie["_user_id"], dict(cookie)
    browser = Browser(client.application, None)
    browser.client = client
    assert browser.post("/logout").location == "/login"
    assert client.get("/exams").status_code == 302
    with client.session_transaction() as cookie:  # the old cookie, stolen
        cookie.update(kept)
    assert client.get("/exams").status_code == 302
    with database.read() as session:
        row = session.query(SignIn).one()
        assert row.ended is not None
        assert token not in row.token_hash


def test_idle_time_ends_a_session(tmp_path, clock):
    from legaled import create_app, db
    from legaled.config import Config

    app = create_app(
        Config(secret_key="t", instance=tmp_path, testing=True, log_level="CRITICAL"), clock=clock
    )
    database = app.extensions["database"]
    db.upgrade(database)
    with database.write() as session:
        who = factories.person(session, "1", factories.unit(session)).id
    browser = Browser(app, who)
    for minutes, status in ((29, 200), (29, 200), (30, 200), (31, 302), (1, 302)):
        clock.now += timedelta(minutes=minutes)
        assert browser.get("/exams").status_code == status, minutes
    database.close()
