"""A run of each kind of challenge without a script, and a line that is lost."""

import io
import re
import secrets
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from pypdf import PdfReader

from legaled.clock import utc_now
from legaled.domain.challenges import PRESETS, Rules
from legaled.models import (
    Bank,
    Challenge,
    ChallengeBank,
    ChallengeEntry,
    ChallengeItem,
    ChallengeRun,
    ChallengeStep,
    Person,
    Question,
    QuestionVersion,
)
from legaled.services.challenge_draw import rows_of
from legaled.services.challenge_runs import Live, read_run
from tests.browser.conftest import PHONE, Site, Visit

pytestmark = pytest.mark.browser
WHO = "D005"
Visits = Callable[..., Visit]


def publish(site: Site, rules: Rules, title: str) -> int:
    """An event that is open, over the largest bank of the demonstration, for one person."""
    now = utc_now()
    with site.database.write() as session:
        bank = session.scalar(
            sa.select(Bank.id).join(Question, Question.bank_id == Bank.id)
            .where(Bank.practice.is_(True))
            .group_by(Bank.id).order_by(sa.func.count().desc())
        )
        made = Challenge(
            title=title, year=now.year, preset="day", rules=rules.to_data(),
            starts=now - timedelta(hours=1), ends=now + timedelta(days=1),
            seed=secrets.token_hex(16), created=now, published=now,
        )
        session.add(made)
        session.flush()
        session.add(ChallengeBank(challenge_id=made.id, bank_id=bank))
        versions = session.scalars(
            sa.select(sa.func.max(QuestionVersion.id))
            .join(Question, Question.id == QuestionVersion.question_id)
            .where(Question.bank_id == bank, QuestionVersion.kind.in_(["single", "judge"]))
            .group_by(Question.id)
        ).all()
        session.add_all(
            ChallengeItem(challenge_id=made.id, version_id=version) for version in versions
        )
        person = session.scalars(sa.select(Person).where(Person.number == WHO)).one()
        session.add(ChallengeEntry(
            challenge_id=made.id, person_id=person.id, number=person.number, name=person.name,
            category=person.category, unit_path="示例", unit_codes="1",
        ))
        return made.id


def live(site: Site, challenge: int) -> Live:
    with site.read() as session:
        run = session.scalar(
            sa.select(sa.func.max(ChallengeRun.id)).where(ChallengeRun.challenge_id == challenge)
        )
        return read_run(rows_of(session), run, utc_now())


def answer(page: Page, site: Site, challenge: int, good: bool) -> None:
    slot = live(site, challenge).slots[-1]
    letter = slot.key[0] if good else next(x for x in slot.order if x not in slot.key)
    page.locator(f"label[for=opt-{letter}]").tap()
    page.get_by_role("button", name="确定").tap()
    expect(page.locator("[data-verdict]")).to_contain_text("答对了" if good else "答错了")


def enter(visitor: Visit, challenge: int, *, axe: bool = True) -> None:
    visitor.sign_in(WHO)
    visitor.page.wait_for_url(f"{visitor.site.url}/")
    visitor.open(f"/challenges/{challenge}")
    visitor.look("event", axe=axe)
    visitor.page.get_by_role("button", name=re.compile("^开始")).first.tap()
    expect(visitor.page.locator("[data-answer]")).to_be_visible()
    visitor.look("question", axe=axe)


def play(visitor: Visit, challenge: int, moves: list[bool]) -> None:
    page, site = visitor.page, visitor.site
    for number, good in enumerate(moves):
        answer(page, site, challenge, good)
        if number in (0, len(moves) - 1):
            visitor.look(f"verdict-{number}", axe=False)
        end = number == len(moves) - 1
        page.get_by_role("button", name="看结果" if end else "下一题").tap()
        if not end:
            expect(page.locator("[data-answer]")).to_be_visible()
    expect(page).to_have_title(re.compile("这一轮的结果"))
    visitor.look("result", axe=False)


EVENTS: list[tuple[str, dict[str, Any], list[bool], int]] = [
    ("day", {"questions": 12, "quotas": {}}, [True] * 10 + [False] * 2, 20),
    ("daily", {}, [True, False, True, True, True], 4),
    ("streak", {}, [True, True, True, False], 3),
    ("levels", {}, [True, True, False, True, True], 10 * 3 + 20),
    ("cloud", {"questions": 4}, [True, False, True, True, True], 30),
]


@pytest.mark.parametrize(
    ("preset", "changes", "moves", "score"), EVENTS, ids=[one[0] for one in EVENTS]
)
def test_a_run_is_played_to_its_end_without_a_script(
    site: Site, visit: Visits, preset: str, changes: dict[str, Any], moves: list[bool], score: int,
) -> None:
    challenge = publish(site, replace(PRESETS[preset].rules, **changes), PRESETS[preset].title)
    visitor = visit(PHONE, java_script_enabled=False)
    enter(visitor, challenge, axe=False)
    play(visitor, challenge, moves)
    entry = sa.select(ChallengeEntry.score).where(ChallengeEntry.challenge_id == challenge)
    assert site.value(entry) == score
    expect(visitor.page.locator(".rate b")).to_have_text(f"{score}分")


def test_a_reload_and_a_lost_line_keep_the_question_and_the_answer(
    site: Site, visit: Visits
) -> None:
    challenge = publish(site, PRESETS["streak"].rules, "断线")
    visitor = visit(PHONE)
    enter(visitor, challenge)
    page = visitor.page
    stem = page.locator(".stem").inner_text()
    page.reload()
    expect(page.locator(".stem")).to_have_text(stem)
    slot = live(site, challenge).slots[-1]
    page.locator(f"label[for=opt-{slot.key[0]}]").tap()
    with visitor.no_server():
        page.context.set_offline(True)
        page.get_by_role("button", name="确定").tap()
        expect(page.locator("[data-status]")).to_contain_text("正在重试")
        page.context.set_offline(False)
        expect(page.locator("[data-verdict]")).to_contain_text("答对了")
    expect(page.locator("[data-status]")).to_be_empty()
    steps = sa.select(sa.func.count()).select_from(ChallengeStep).join(
        ChallengeRun, ChallengeRun.id == ChallengeStep.run_id
    ).where(ChallengeRun.challenge_id == challenge)
    assert site.value(steps) == 1


def test_the_poster_is_one_page_and_a_question_is_made_void(site: Site, visit: Visits) -> None:
    """With the longest title and rules there are; then the correction on a phone, with axe."""
    rules = replace(PRESETS["levels"].rules, seconds=30, combo=1, combo_every=3)
    challenge = publish(site, rules, "国家宪法日网络答题" * 11)
    trainer = visit(PHONE)
    trainer.sign_in("D007")
    trainer.page.wait_for_url(f"{site.url}/")
    trainer.open(f"/challenge-desk/{challenge}/poster")
    for paper in ({"format": "A4"}, {"prefer_css_page_size": True}):
        printed = PdfReader(io.BytesIO(trainer.page.pdf(**paper)))
        assert len(printed.pages) == 1
        sides = [float(side) for side in printed.pages[0].mediabox[2:]]
        assert sides == pytest.approx([595.3, 841.9], abs=1)
    trainer.open(f"/challenge-desk/{challenge}/questions")
    trainer.look("questions")
    trainer.page.locator("main .rows a").first.tap()
    trainer.page.get_by_role("button", name="更正并重算").tap()
    expect(trainer.page.get_by_text("请选怎样更正")).to_be_visible()
    trainer.page.get_by_text("作废：出示过的都按答对算").tap()
    trainer.page.get_by_label("原因").fill("两个选项都对")
    trainer.page.get_by_role("button", name="更正并重算").tap()
    expect(trainer.page.get_by_text("现在按这个算")).to_be_visible()
    trainer.look("question")
