"""`flask people admin`: the first administrator, and a new password for one who forgot."""

import re

import pytest

from legaled.services import accounts


@pytest.fixture
def admin(app):
    def run(*options):
        ran = app.test_cli_runner().invoke(args=["people", "admin", *options])
        assert ran.exception is None or isinstance(ran.exception, SystemExit), ran.output
        return ran

    return run


def password_in(ran):
    return re.search("一次性密码 ([a-z0-9]{12})。", ran.stdout)[1]


def opens(database, number, password):
    with database.read() as session:
        return accounts.verify(accounts.credentials(session, number), password)


def test_the_first_administrator_and_a_new_password(admin, database):
    first = password_in(admin())
    assert opens(database, "admin", first)
    assert "已经有账号管理员" in admin().stdout
    second = password_in(admin("--reset"))
    assert opens(database, "admin", second)
    assert not opens(database, "admin", first)


def test_a_number_that_is_no_administrator_is_refused(admin, database):
    first = password_in(admin("--number", "A1"))
    for options in (("--reset",), ("--reset", "--number", "不存在")):
        ran = admin(*options)
        assert (ran.exit_code, ran.stdout) == (1, "")
        assert "账号管理员，什么都没有改" in ran.stderr
    assert opens(database, "A1", first)
    assert opens(database, "A1", password_in(admin("--reset", "--number", "A1")))
