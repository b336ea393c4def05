"""Closed by default: strangers and the role × view table, generated from the url map."""

import re

import pytest
from flask import Flask
from werkzeug.routing import IntegerConverter

from legaled import create_app
from legaled.config import Config
from legaled.domain.permissions import RULES, Permission, Role
from legaled.models import Bank
from legaled.web import access
from legaled.web.numbers import LARGEST, up_to
from tests import factories

OPEN_TO_ALL = {"accounts.login", "accounts.sign_in", "home.healthz", "bootstrap"}


def sample(converter):
    if items := getattr(converter, "items", None):
        return sorted(items)[0]
    return 1 if isinstance(converter, IntegerConverter) else "x"


def views(app):
    """(rule, method, permission) of every view, with its arguments filled in."""
    for rule in app.url_map.iter_rules():
        if rule.endpoint == "static":
            continue
        need = access.DECLARED[app.view_functions[rule.endpoint]]
        values = {name: sample(converter) for name, converter in rule._converters.items()}
        path = rule.build({**values, **(rule.defaults or {})})[1]
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            yield rule.endpoint, path, method, need


def paths_with(app, number):
    """(path, method) of every view with a number in its address, each number in turn this one."""
    for rule in app.url_map.iter_rules():
        values = {name: sample(converter) for name, converter in rule._converters.items()}
        for name, value in values.items():
            if value == 1:
                path = rule.build({**values, **(rule.defaults or {}), name: 424242})[1]
                path = path.replace("424242", number)
                yield from ((path, method) for method in rule.methods - {"HEAD", "OPTIONS"})


def test_what_is_open_to_anyone_is_a_short_list(app_without_database):
    open_views = {endpoint for endpoint, _, _, need in views(app_without_database) if need is None}
    assert open_views == OPEN_TO_ALL


def test_an_undeclared_view_stops_the_start():
    fresh = Flask("x")
    fresh.add_url_rule("/x", "x", lambda: "x")
    with pytest.raises(RuntimeError, match="x"):
        access.refuse_undeclared_views(fresh)


def test_strangers_get_nowhere(app):
    client = app.test_client()
    for endpoint, path, method, need in views(app):
        if need is None:
            continue
        answer = client.open(path, method=method)
        if method == "GET" and answer.status_code == 302:
            assert answer.location.startswith("/login?next="), endpoint
        else:
            assert answer.status_code == 401, (endpoint, answer.status_code)


def test_an_unknown_permission_is_refused_to_everybody(monkeypatch):
    monkeypatch.delitem(RULES, Permission.BANK_EDIT)
    from legaled.domain.permissions import allows

    assert not allows(frozenset(Role), Permission.BANK_EDIT)


@pytest.mark.parametrize("role", list(Role))
def test_roles_by_view(app, browse, database, role):
    """Who lacks the permission gets 403 from every view that needs it; who has it never does."""
    with database.write() as session:
        home = factories.unit(session)
        factories.person(session, "first", home)  # id 1, to whom the paths point
        person = factories.person(session, "p", home, role).id
    browser = browse(person)
    for endpoint, path, method, need in views(app):
        if need is None or endpoint == "accounts.logout":
            continue
        status = browser.client.open(
            path, method=method, data={}, headers={"X-CSRFToken": browser.csrf}
        ).status_code
        allowed = role in RULES[need]
        assert (status != 403) == allowed, (endpoint, method, status)
        assert status < 500, (endpoint, method, status)


def test_a_form_without_the_token_is_refused(app, browse, database):
    with database.write() as session:
        person = factories.person(session, "p", factories.unit(session), *Role).id
    browser = browse(person)
    for endpoint, path, method, need in views(app):
        if need is not None and method != "GET":
            asked = {"Accept": "application/json"}
            answer = browser.client.open(path, method=method, headers=asked)
            assert (answer.status_code, answer.json["error"]) == (400, "csrf"), endpoint


def test_the_pattern_of_an_id_ends_where_ids_end():
    for largest in (10, 120, 999, 1000, 2147):
        taken = [n for n in range(11_000) if re.fullmatch(up_to(largest), str(n))]
        assert taken == list(range(largest + 1)), largest
    for number, fits in ((LARGEST - 1, True), (LARGEST, True), (LARGEST + 1, False)):
        assert bool(re.fullmatch(up_to(LARGEST), str(number))) is fits


@pytest.mark.parametrize("number", ["2147483648", "3000000000", "9" * 20, "9" * 5000])
def test_a_number_that_no_id_can_be_is_not_found(app, browse, database, number):
    with database.write() as session:
        person = factories.person(session, "p", factories.unit(session), *Role).id
    browser = browse(person)
    paths = list(paths_with(app, number))
    assert len(paths) > 30
    for path, method in paths:
        answer = browser.client.open(path, method=method, headers={"X-CSRFToken": browser.csrf})
        assert answer.status_code == 404, (path[:60], method, answer.status_code)


@pytest.mark.parametrize("number", ["99999999999999999999", "3000000000", "-5", "9" * 5000, "x"])
def test_no_number_behind_the_question_mark_is_an_error(browse, database, number):
    with database.write() as session:
        made = factories.world(session)
        person = factories.person(session, "p", factories.unit(session, "别的"), *Role).id
        session.get_one(Bank, made.bank_id).practice = True
    browser = browse(person)
    roster = f"/manage/{made.exam_id}/roster"
    for path in (
        "/manage?year=", "/manage?page=", "/stats?year=", "/stats/names?year=",
        "/stats/names?page=", "/stats/export.json?year=", "/people?unit=", "/people?page=",
        f"/banks/{made.bank_id}?page=", f"{roster}?page=",
        f"/manage/{made.exam_id}/progress?page=",
    ):
        assert browser.get(path + number).status_code in {200, 404}, path
    for one in (number, "2147483647"):
        answer = browser.post("/practice/题库?seed=a&n=1", {"version": one, "answer": "A"})
        assert answer.status_code == 404


def test_a_nul_is_a_bad_request_wherever_it_stands(browse, database):
    with database.write() as session:
        person = factories.person(session, "p", factories.unit(session), *Role).id
    browser = browse(person)
    for path in ("/people?q=%00", "/banks?q=a%00", "/study/%00", "/manage?q=%00&year=2026"):
        assert browser.get(path).status_code == 400, path
    assert browser.post("/people/new", {"name": "x\0"}).status_code == 400


def test_the_secret_is_made_once_and_only_its_owner_reads_it(tmp_path):
    first = Config.from_env({"LEGALED_INSTANCE": str(tmp_path)})
    assert Config.from_env({"LEGALED_INSTANCE": str(tmp_path)}).secret_key == first.secret_key
    assert (tmp_path / "secret_key").stat().st_mode & 0o777 == 0o600
    assert create_app(first).secret_key == first.secret_key
