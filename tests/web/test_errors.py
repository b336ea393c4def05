"""When something breaks: one page that needs no database, nothing kept, nothing told too much."""

import sqlite3

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from legaled.config import Config
from legaled.models import RosterEntry
from tests import factories


@pytest.fixture
def made(app, database):
    app.testing = False
    app.config["PROPAGATE_EXCEPTIONS"] = False
    with database.write() as session:
        return factories.world(session)


def test_a_page_that_is_not_there(browse, made):
    answer = browse(made["s1"].id).get("/nowhere")
    assert answer.status_code == 404
    assert "没有找到这一页" in answer.get_data(as_text=True)


def test_the_error_page_needs_no_database(app, browse, made, monkeypatch):
    browser = browse(made["s1"].id)

    def gone():
        raise RuntimeError("the disk is gone")

    monkeypatch.setattr(app.extensions["database"].engine, "raw_connection", gone)
    answer = browser.get("/exams")
    assert answer.status_code == 500
    page = answer.get_data(as_text=True)
    assert "报上编号" in page
    assert "the disk is gone" not in page


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_busy_database_is_503_with_retry_after(browse, made, database, monkeypatch):
    browser = browse(made["s1"].id)
    assert browser.csrf
    real = database.engine.raw_connection

    def busy():
        connection = real()
        connection.cursor().execute("PRAGMA busy_timeout=50")
        return connection

    browser.post("/exams/1/attempts")
    monkeypatch.setattr(database.engine, "raw_connection", busy)
    other = sqlite3.connect(database.url.database, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    body = {"answer": ["A"], "seq": 1, "tab": "t"}
    answer = browser.send("PUT", "/attempts/1/answers/1", body)
    assert (answer.status_code, answer.json["error"]) == (503, "busy")
    assert answer.headers["Retry-After"] == "3"
    other.execute("ROLLBACK")
    other.close()
    assert browser.send("PUT", "/attempts/1/answers/1", body).status_code == 200


def test_a_commit_that_fails_tells_of_nothing(browse, made, database, monkeypatch):
    browser = browse(made["office"].id)
    assert browser.csrf
    path = f"/manage/{made.exam_id}/roster/{made['s1'].id}"

    def fails(_self):
        raise ValueError("disk full")

    with monkeypatch.context() as patch:
        patch.setattr(Session, "commit", fails)
        assert browser.post(f"{path}/defer", {"defer-reason": "出差"}).status_code == 500
    assert "已记为缓考" not in browser.get(path).get_data(as_text=True)
    with database.write() as session:
        kept = session.scalars(sa.select(RosterEntry.deferred)).all()
    assert not any(kept)


def test_json_that_is_nested_without_end_is_400(browse, made):
    browser = browse(made["s1"].id)
    browser.post("/exams/1/attempts")
    answer = browser.client.put(
        "/attempts/1/answers/1", data="[" * 100_000, content_type="application/json",
        headers={"X-CSRFToken": browser.csrf},
    )
    assert answer.status_code in (400, 422)


def test_errors_of_the_database_carry_no_values(database):
    with database.write() as session, pytest.raises(sa.exc.DBAPIError) as caught:
        session.execute(sa.text("INSERT INTO nowhere VALUES (:answer)"), {"answer": "秘密"})
    assert "秘密" not in str(caught.value)


def test_a_form_token_does_not_vouch_for_a_header(browse, made):
    browser = browse(made["s1"].id)
    fake = {"X-CSRFToken": "made-up"}
    browser.post("/exams/1/attempts", headers=fake)
    body = {"answer": ["A"], "seq": 1, "tab": "t"}
    assert browser.client.put("/attempts/1/answers/1", json=body, headers=fake).status_code == 400


def test_an_empty_secret_is_refused(tmp_path):
    (tmp_path / "secret_key").touch()
    with pytest.raises(ValueError, match="是空的"):
        Config.from_env({"LEGALED_INSTANCE": str(tmp_path)})
