"""Sitting an exam: to the end on a phone, without JavaScript, and over the death of the server."""

import json
import re
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from playwright.sync_api import Locator, Page, expect

from legaled.domain.attempts import Marked, shown_key
from legaled.models import Attempt, Exam, QuestionVersion, RosterEntry, Slot, Step
from tests.browser.conftest import PHONE, Site, Visit, person_id

pytestmark = pytest.mark.browser
WHO = "D003"
SAVED = re.compile(r"已保存 \d\d:\d\d:\d\d$")
Visits = Callable[..., Visit]


def begin(visitor: Visit, *, axe: bool = True) -> None:
    """From the sign-in to the paper, by the one button of each page."""
    page = visitor.page
    visitor.sign_in(WHO)
    expect(page.get_by_role("heading", level=1)).to_contain_text("年度学法用法考试还没考")
    visitor.look("home", axe=axe)
    page.get_by_role("link", name="进入考试").tap()
    expect(page.get_by_role("heading", level=1)).to_have_text("年度学法用法考试")
    visitor.look("start", axe=axe)
    page.get_by_role("button", name="开始考试").tap()
    expect(page).to_have_title(re.compile("正在考试"))


def paper(site: Site) -> list[tuple[int, int, Sequence[str]]]:
    """(slot, points, the displayed letters that are right) of the paper that is being written."""
    mine = site.value(sa.select(Attempt.id).where(Attempt.person_id == person_id(WHO),
                                                  Attempt.submitted.is_(None)))
    with site.read() as session:
        rows = session.execute(
            sa.select(Slot.number, Slot.points, QuestionVersion.kind, QuestionVersion.key,
                      Slot.option_order)
            .join(QuestionVersion, QuestionVersion.id == Slot.version_id)
            .where(Slot.attempt_id == mine).order_by(Slot.number)
        ).all()
    return [(n, points, shown_key(Marked(kind, key, order, points)))
            for n, points, kind, key, order in rows]


def choose(page: Page, slot: int, letters: Sequence[str]) -> None:
    for letter in letters:
        page.locator(f"label[for=s{slot}-{letter}]").tap()
        expect(page.locator(f"#s{slot}-{letter}")).to_be_checked()


def saved_line(page: Page, slot: int) -> Locator:
    return page.locator(f"#slot-{slot} .saved [data-text]")


def my_entry(site: Site) -> tuple[Any, ...]:
    with site.read() as session:
        row = session.execute(
            sa.select(RosterEntry.sat, RosterEntry.first_score, RosterEntry.best_score)
            .join(Exam, Exam.id == RosterEntry.exam_id)
            .where(RosterEntry.person_id == person_id(WHO))
            .order_by(Exam.year.desc(), Exam.code.desc())
        ).first()
    assert row is not None
    return tuple(row)


def test_an_exam_on_a_phone_from_home_to_the_score(site: Site, visit: Visits) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    begin(visitor)
    questions = paper(site)
    left_open, marked = (7, len(questions)), 12
    foot = page.locator(".exam-foot[data-live]")
    visitor.look("paper")

    for slot, _, letters in questions:
        expect(page.locator(f"#slot-{slot}")).to_be_visible()
        if slot == marked:
            foot.get_by_role("button", name="标记").tap()
        if slot not in left_open:
            choose(page, slot, letters)
        if slot == 21:  # the first with several right answers
            expect(saved_line(page, slot)).to_contain_text(SAVED)
            expect(saved_line(page, slot)).to_contain_text(f"已选 {len(letters)} 项")
            visitor.look("multi")
        if slot < len(questions):
            foot.get_by_role("button", name="下一题").tap()

    card = page.locator("#card")
    page.get_by_role("button", name="答题卡").tap()
    expect(card.get_by_text("已答 38，未答 2，标记 1")).to_be_visible()
    expect(card.get_by_role("link", name="第 12 题，已答，已标记")).to_be_visible()
    visitor.look("card")
    card.get_by_role("link", name="第 12 题，已答，已标记").tap()
    expect(card).not_to_be_in_viewport()
    expect(saved_line(page, marked)).to_have_text(SAVED)
    visitor.look("saved")

    page.get_by_role("button", name="答题卡").tap()
    card.get_by_role("button", name="交卷").tap()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("heading")).to_have_text("还有 2 题未答，确定交卷？")
    expect(dialog).to_contain_text("第 7、40 题还空着。有 1 题标记待查。")
    visitor.look("dialog")
    dialog.get_by_role("button", name="确定交卷").tap()

    score = sum(points for slot, points, _ in questions if slot not in left_open)
    expect(page).to_have_url(re.compile("/review$"))
    expect(page.locator(".rate b")).to_have_text(f"{score}分")
    visitor.look("score")
    assert my_entry(site) == (True, score, score)


def test_an_exam_without_javascript(site: Site, visit: Visits) -> None:
    visitor = visit(PHONE, java_script_enabled=False)
    page = visitor.page
    begin(visitor, axe=False)
    questions = paper(site)
    answered = questions[:2] + questions[-1:]
    for slot, _, letters in answered:
        choose(page, slot, letters)
    visitor.look("plain", axe=False)
    page.get_by_role("button", name="保存", exact=True).tap()
    expect(page.get_by_role("status").filter(has_text="已保存。请在结束前交卷")).to_be_visible()
    for slot, _, letters in answered:
        expect(saved_line(page, slot)).to_have_text(SAVED)
        assert all(page.locator(f"#s{slot}-{letter}").is_checked() for letter in letters)
    visitor.look("plain-saved", axe=False)
    eye = visit(PHONE, storage_state=page.context.storage_state())  # axe itself is a script
    eye.page.route("**/*.js*", lambda route: route.fulfill(content_type="text/javascript", body=""))
    mine = page.url.removeprefix(site.url)
    for path in (mine, f"{mine}/confirm"):
        eye.open(path)
        eye.look("plain-eye")
    page.get_by_role("button", name="交卷", exact=True).tap()
    expect(page.get_by_role("heading", level=2)).to_have_text("还有 37 题未答，确定交卷？")
    visitor.look("confirm", axe=False)
    page.get_by_role("button", name="确定交卷").tap()
    score = sum(points for _, points, _ in answered)
    expect(page.locator(".rate b")).to_have_text(f"{score}分")
    visitor.look("score", axe=False)
    assert my_entry(site) == (True, score, score)


def test_the_server_is_killed_while_somebody_writes(site: Site, visit: Visits) -> None:
    visitor = visit(PHONE)
    page = visitor.page
    begin(visitor)
    questions = paper(site)
    acknowledged: set[tuple[int, int, str]] = set()
    page.on("response", lambda r: _note(acknowledged, r))

    def write(place: int) -> int:
        slot, _, letters = questions[place]
        choose(page, slot, letters)
        page.get_by_role("button", name="下一题").tap()
        return slot

    before = [write(place) for place in range(3)]
    for slot in before:
        expect(saved_line(page, slot)).to_have_text(SAVED)
    with visitor.no_server():
        site.kill()
        behind = [write(3)]
        status = page.locator("[data-status]")
        expect(status).to_contain_text("网络断开，1 题未保存，正在重试。")
        behind += [write(4), write(5)]
        expect(status).to_contain_text("网络断开，3 题未保存，正在重试。")
        expect(status).to_contain_text("答案存在这台设备上，请继续作答")
        visitor.look("offline")
        assert len(acknowledged) == len(before)
        site.start()
        expect(status).to_be_empty(timeout=20_000)
    for slot in behind:
        expect(saved_line(page, slot)).to_have_text(SAVED)
    visitor.look("drained")

    page.reload()
    for slot, _, letters in questions[:6]:
        expect(saved_line(page, slot)).to_have_text(SAVED)
        for letter in letters:
            expect(page.locator(f"#s{slot}-{letter}")).to_be_checked()
    expect(page.get_by_role("button", name="答题卡")).to_contain_text("6/40")
    visitor.look("reloaded")
    with site.read() as session:
        kept = {tuple(row) for row in session.execute(
            sa.select(Step.slot, Step.seq, Step.answer)
            .join(Attempt, Attempt.id == Step.attempt_id)
            .where(Attempt.person_id == person_id(WHO), Attempt.submitted.is_(None)))}
    assert {slot for slot, _, _ in acknowledged} == {*before, *behind}
    assert acknowledged <= {(slot, seq, json.dumps(json.loads(a))) for slot, seq, a in kept}


def _note(acknowledged: set[tuple[int, int, str]], response: Any) -> None:
    """What the server said is saved: (slot, seq, answer)."""
    if response.request.method == "PUT" and response.status == 200:
        sent = response.request.post_data_json
        slot = int(response.url.rpartition("/")[2])
        acknowledged.add((slot, sent["seq"], json.dumps(sent["answer"])))
