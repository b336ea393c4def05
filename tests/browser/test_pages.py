"""Every page of every role, from the url map, looked at on a phone and on a PC."""

import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from playwright.sync_api import Browser, Error
from werkzeug.routing import Rule

from legaled import create_app
from legaled.clock import utc_now
from legaled.domain.law_text import parse
from legaled.domain.permissions import Actor, Permission, Role
from legaled.files import uploads
from legaled.models import Attempt, Bank, BankImport, Exam, Law, Person, Question, RosterEntry, Unit
from legaled.services import attempts, bank_desk, demo, exams, law_desk, laws
from legaled.web import access
from tests import factories
from tests.browser import challenge_pages, plan_pages, session_pages
from tests.browser.conftest import DESK, PHONE, Site, Visit, options_of, served_copy
from tests.law_texts import plain

pytestmark = pytest.mark.browser
FREE_BANK = "练手题库"
LAW = "测试办法\n第一章 总则\n第一条　甲。\n第三条　丙。".encode()
NO_PAGES = frozenset({"static", "bootstrap", "home.healthz"})
# what a page shows only when its address asks for it
QUERIES: Mapping[str, Sequence[str]] = {
    "stats.index": ("", "?card=1", "?year={last}", "?year={last}&unit={unit_code}&card=1"),
    "stats.names": ("?year={last}&figure=sat&by=sittings", "?year={last}&figure=sat&by=people"),
    "laws.show": ("", "?article=20", "?article=99"),
    "laws.search": ("", "?q=移交", "?q=没有这样的词"),
    "laws.changes.compare": ("", "?new=1"),
    "laws.changes.review": ("", "?show=guides"),
    "banks.show": ("", "?q=没有这样的题", "?q=档案&article=1&sort=hard&state=all"),
    "people.index": ("", "?q=没有这个人"),
    "plans.items.new_law": ("", "?law=1"),
    "plans.people.index": ("?figure=missing", "?q=没有这个人"),
    "plans.people.candidates": ("", "?q=D"),
    **session_pages.QUERIES,
    **challenge_pages.QUERIES,
}
FILE = re.compile(r"(\.(csv|xlsx|json|xml|pdf)|/file)(\?|$)")
FAULTY = "题型,题干,选项A,选项B,答案\r\n单选,,甲,乙,A\r\n单选,哪一项对？,甲,乙,A\r\n".encode("gbk")


@pytest.fixture(scope="module")
def site(demo_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One site for all roles: its pages are only read."""
    with served_copy(demo_file, tmp_path_factory.mktemp("pages"), _prepare) as made:
        yield made


def _prepare(site: Site) -> None:
    """D003 is in the middle of a paper, which leaves one bank to practise with;
    D007 has a draft exam and a file at the import desk."""
    now = utc_now()
    with site.database.write() as session:
        exam_id = session.scalars(sa.select(sa.func.max(Exam.id))).one()
        attempts.start(session, actor_of(session, "D003"), exam_id, now)
        trainer = actor_of(session, "D007")
        bank_id = session.scalars(sa.select(sa.func.min(Bank.id))).one()
        factories.bank(session, FREE_BANK, practice=True)
        draft = factories.draft([bank_id], opens=now, closes=now + factories.DAY)
        exams.create(session, trainer, draft, now)
        laws.import_law(session, trainer, parse([plain(40)]), "测试条例.txt", now)
        factories.bank(session, "待复核题库", [
            factories.question(row, law="测试条例", article="第三条") for row in (2, 3)])
        newer = parse([plain(40).replace("第三条　主管部门", "第三条　市主管部门")])
        laws.import_law(session, trainer, newer, "测试条例（新）.txt", now)
        plan_pages.prepare(session, site.config.instance, trainer, now)
        session_pages.prepare(session, site.config.instance, trainer, now)
        challenge_pages.prepare(session, trainer, now)
    options = {"bank": "新题库", "valid_only": False, "accept_trailing": False, "practice": False}
    law_desk.receive(site.config.instance / "law_uploads", trainer, [("a.txt", LAW)], now)
    bank_desk.receive(site.config.instance / "uploads", trainer, "题.csv", FAULTY, options, now)


def actor_of(session: Any, number: str) -> Actor:
    one = session.scalars(sa.select(Person).where(Person.number == number)).one()
    return Actor(one.id, one.number, one.name, one.unit_id, one.roles)


class Known:
    """Real values for the arguments of the addresses, as this person has them."""

    def __init__(self, site: Site, who: Actor) -> None:
        self.site, self.who = site, who
        folder = site.config.instance / "uploads"
        mine = sa.select(Attempt.id).where(Attempt.person_id == who.id)
        question = site.value(sa.select(sa.func.min(Question.id)))
        bank = site.value(sa.select(Question.bank_id).where(Question.id == question))
        # an argument's values, for one view alone behind the view's name
        self.values: dict[str, Sequence[Any]] = {
            "bank_id": [bank], "question_id": [question],
            "law": [site.value(sa.select(sa.func.min(Bank.name)))],
            "practice.bank law": [FREE_BANK],
            "unit_id": [site.value(sa.select(sa.func.max(Unit.id)))],
            "person_id": self._all(sa.select(RosterEntry.person_id).where(
                RosterEntry.number.in_([demo.EXEMPT, demo.ABSENT]))),
            "exam_id": self._all(sa.select(Exam.id).where(Exam.published.is_not(None))
                                 .order_by(Exam.id.desc()).limit(2)),
            "manage.show exam_id": self._all(sa.select(Exam.id)),
            "manage.edit exam_id": self._all(sa.select(Exam.id).where(Exam.published.is_(None))),
            "attempt_id": self._all(mine.order_by(Attempt.id.desc()).limit(2)),
            "attempts.paper_json attempt_id": self._all(mine.where(Attempt.submitted.is_(None))),
            "kind": ["csv", "xlsx"], "banks.export kind": ["csv", "xlsx", "xml"],
            "import_id": [site.value(sa.select(sa.func.min(BankImport.id))
                                     .where(BankImport.bank_id == bank))],
            "law_id": [site.value(sa.select(sa.func.min(Law.id)))],
            "laws.waiting token": [one.token for one in uploads.waiting(
                site.config.instance / "law_uploads", int(who.id or 0))],
            "token": [one.token for one in uploads.waiting(folder, int(who.id or 0))],
            **{f"bundles.{view} token": [one.token for one in uploads.waiting(
                site.config.instance / "bundles", int(who.id or 0))]
               for view in ("show", "state", "file")},
            "record.unit code": [site.value(sa.select(sa.func.min(Unit.code)))],
            "code": [],
            **plan_pages.values(self._all, who),
            **session_pages.values(self._all),
            **challenge_pages.values(self._all),
        }
        last = site.value(sa.select(sa.func.min(Exam.year)))
        home = sa.select(Unit.code).join(Person, Person.unit_id == Unit.id)
        code = site.value(home.where(Person.number == "D003"))
        self.words = {"last": str(last), "unit_code": code}

    def _all(self, statement: Any) -> list[Any]:
        with self.site.read() as session:
            return sorted(set(session.scalars(statement)))

    def paths(self, rule: Rule) -> Iterator[str]:
        """The addresses of a rule; one for every combination would tell no more."""
        lists = {
            name: self.values.get(f"{rule.endpoint} {name}", self.values[name])
            for name in rule.arguments
        }
        if not all(lists.values()):
            return
        for place in range(max(map(len, lists.values()), default=1)):
            chosen = {name: found[min(place, len(found) - 1)] for name, found in lists.items()}
            for query in QUERIES.get(rule.endpoint, ("",)):
                yield rule.build(chosen)[1] + query.format(**self.words)


def rules(app: Flask, who: Actor) -> Iterator[tuple[Rule, bool]]:
    """The rules that this person may GET, and whether their pages are of a role's own."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.endpoint):
        if rule.endpoint in NO_PAGES or "GET" not in (rule.methods or ()):
            continue
        need = access.DECLARED[app.view_functions[rule.endpoint]]
        if need is None or who.may(need):
            yield rule, need not in (None, Permission.MEMBER)


@pytest.mark.parametrize(("number", "role"), demo.LOGINS, ids=[n for n, _ in demo.LOGINS])
def test_every_page_of_a_role(chromium: Browser, site: Site, number: str, role: str) -> None:
    """axe looks at the pages of everybody once, as a member of staff sees them."""
    with site.read() as session:
        who = actor_of(session, number)
    known = Known(site, who)
    mine = list(rules(create_app(site.config), who))
    unknown = {name for rule, _ in mine for name in rule.arguments} - set(known.values)
    assert not unknown, f"say in Known what a real value is for {unknown}"
    context = chromium.new_context(**options_of(DESK))
    visitor = Visit(site, context.new_page(), f"pages-{number}")
    visitor.sign_in(number)
    visitor.page.wait_for_url(f"{site.url}/")
    wrong = [
        f"{path}: {words}"
        for rule, own in mine
        for path in known.paths(rule)
        for words in look_at(visitor, path, axe=own or who.roles == {Role.STAFF})
    ]
    context.close()
    assert not wrong, role + "\n" + "\n".join(wrong)


def look_at(visitor: Visit, path: str, *, axe: bool) -> Iterator[str]:
    """What is wrong with one page, on both screens; axe looks at the phone's."""
    visitor.problems.clear()
    page = visitor.page
    page.set_viewport_size({"width": DESK[0], "height": DESK[1]})
    answer = _open(visitor, path)
    if answer.status != 200:
        yield str(answer.status)
    if "html" not in answer.headers["content-type"]:
        return
    name = re.sub(r"[^a-z0-9]+", "-", path)
    for size, deep in ((DESK, False), (PHONE, axe)):
        page.set_viewport_size({"width": size[0], "height": size[1]})
        try:
            visitor.look(f"{name}-{size[0]}", axe=deep)
        except AssertionError as wrong:
            yield str(wrong)[:1500]


def _open(visitor: Visit, path: str) -> Any:
    """The answer; files are fetched aside, for as a page Chromium would ask for an icon too."""
    if not FILE.search(path):
        try:
            return visitor.open(path)
        except Error as error:
            if "Download is starting" not in error.message:
                raise
    return visitor.page.context.request.get(visitor.site.url + path)
