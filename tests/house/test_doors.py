"""Closed by default: strangers and the role × view table, generated from the url map."""

import pytest
from flask import Flask

from legaled import create_app
from legaled.config import Config
from legaled.domain.permissions import RULES, Permission, Role
from legaled.web import access
from tests import factories

OPEN_TO_ALL = {"accounts.login", "accounts.sign_in", "home.healthz", "bootstrap"}


def sample(converter):
    if items := getattr(converter, "items", None):
        return sorted(items)[0]
    return 1 if type(converter).__name__ == "IntegerConverter" else "x"


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
