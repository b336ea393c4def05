"""A whole event of each kind: composed at the desk, played by three, ended, revealed, recounted."""

import io
import random
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
import sqlalchemy as sa
from playwright.sync_api import Page, expect
from pypdf import PdfReader
from python_calamine import CalamineWorkbook

from legaled.clock import utc_now
from legaled.domain.challenge_figures import lasted, quotient
from legaled.domain.challenges import PRESETS
from legaled.domain.rates import percent
from legaled.domain.times import BEIJING
from legaled.models import Challenge, ChallengeRun
from legaled.services.challenge_draw import rows_of
from legaled.services.challenge_runs import SlotRow, read_run
from tests import challenge_recount
from tests.browser.conftest import DESK, PHONE, Site, Visit

pytestmark = pytest.mark.browser
Visits = Callable[..., Visit]
PLAYER, OTHERS = "D005", ("D011", "D018")
GOOD, BAD = True, False
# what the player taps, run by run, to the end of each
TAPPED: dict[str, list[list[bool]]] = {
    "day": [[number % 7 != 3 for number in range(50)]],
    "daily": [[GOOD, BAD, GOOD, GOOD, number % 2 == 0] for number in range(5)],
    "streak": [[GOOD] * 6 + [BAD]],
    "levels": [[GOOD, GOOD, level != 2, GOOD, GOOD] for level in range(8)],
    "cloud": [[GOOD, BAD, *[GOOD] * 5, BAD, GOOD, GOOD, BAD, GOOD, GOOD]],
}
HEADERS = {"Accept": "application/json"}


def local(at: datetime) -> str:
    return at.astimezone(BEIJING).strftime("%Y-%m-%dT%H:%M")


def compose(visitor: Visit, preset: str) -> int:
    """The trainer makes it of the preset as it stands, over the bank of the Constitution."""
    page, now = visitor.page, utc_now()
    visitor.sign_in("D007")
    page.wait_for_url(f"{visitor.site.url}/**")
    visitor.open("/challenge-desk/new")
    page.locator(f"a[href$='/challenge-desk/new/{preset}']").first.click()
    page.get_by_label("名称").fill(f"{PRESETS[preset].title}全程")
    page.get_by_label("开始时间").fill(local(now - timedelta(hours=2)))
    page.get_by_label("结束时间").fill(local(now + timedelta(days=2)))
    page.get_by_label("封榜时间").fill(local(now + timedelta(days=1)))
    page.get_by_role("checkbox", name="宪法", exact=True).check()
    visitor.look("compose")
    page.get_by_role("button", name="保存草稿").click()
    page.get_by_role("button", name="发布", exact=True).click()
    expect(page.get_by_role("link", name="海报")).to_be_visible()
    visitor.look("published")
    challenge = int(page.url.rstrip("/").rpartition("/")[2])
    visitor.open(f"/challenge-desk/{challenge}/poster")
    visitor.look("poster")
    assert len(PdfReader(io.BytesIO(page.pdf(format="A4", print_background=True))).pages) == 1
    return challenge


def words_for(slot: SlotRow, good: bool) -> list[str]:
    """What is put in: letters as they stand on the screen, or the texts of the gaps."""
    if not slot.order:
        return [gap.partition("|")[0] if good else "没有学过" for gap in slot.key]
    if good:
        return list(slot.key)
    return next(([letter] for letter in slot.order if letter not in slot.key), [slot.key[0]])


def answer(page: Page, slot: SlotRow, good: bool) -> None:
    for number, word in enumerate(words_for(slot, good), 1):
        if slot.order:
            page.locator(f"label[for=opt-{word}]").tap()
        else:
            page.locator(f"#gap-{number}").fill(word)
    page.get_by_role("button", name="确定").tap()
    expect(page.locator("[data-verdict]")).to_contain_text("答对了" if good else "答错了")


def newest(site: Site, challenge: int) -> SlotRow:
    """The question that waits in the run that began last."""
    return waiting(site, site.value(
        sa.select(sa.func.max(ChallengeRun.id)).where(ChallengeRun.challenge_id == challenge)))


def waiting(site: Site, run: int) -> SlotRow:
    with site.read() as session:
        return read_run(rows_of(session), run, utc_now()).slots[-1]


def tap(visitor: Visit, challenge: int, preset: str) -> None:
    """Every run by hand, on a phone."""
    page, site = visitor.page, visitor.site
    for go, moves in enumerate(TAPPED[preset]):
        visitor.open(f"/challenges/{challenge}")
        page.get_by_role("button", name=re.compile("^开始")).first.tap()
        for number, good in enumerate(moves):
            expect(page.locator("[data-answer]")).to_be_visible()
            if go == number == 0:
                visitor.look("question")
            answer(page, newest(site, challenge), good)
            if go == number == 0:
                visitor.look("verdict")
            last = number == len(moves) - 1
            page.get_by_role("button", name="看结果" if last else "下一题").tap()
        expect(page).to_have_title(re.compile("这一轮的结果"))
        visitor.look(f"result-{go}", axe=go == 0)
    score = site.value(sa.select(ChallengeRun.score).where(
        ChallengeRun.challenge_id == challenge).order_by(ChallengeRun.id.desc()).limit(1))
    expect(page.locator(".rate b").first).to_have_text(f"{score}分")


def send(visitor: Visit, challenge: int, preset: str, chance: random.Random) -> None:
    """As the page's script would, but without the tapping."""
    page, base = visitor.page, f"{visitor.site.url}/challenges/{challenge}"
    visitor.open(f"/challenges/{challenge}")
    token = page.locator("meta[name=csrf-token]").get_attribute("content")

    def post(path: str, form: dict[str, Any] | None = None) -> Any:
        return page.context.request.post(
            f"{base}{path}", form=form or {}, headers=HEADERS | {"X-CSRFToken": str(token)})

    for level in range(1, len(TAPPED[preset]) + 1):
        began = post("/start", {"level": str(level)} if preset == "levels" else {})
        if preset == "levels" and not began.ok:
            return  # the gate of the level before was not passed
        assert began.ok, began.text()
        run = int(began.url.rpartition("/")[2])
        while True:
            slot = waiting(visitor.site, run)
            given = words_for(slot, chance.random() < 0.75)
            told = page.context.request.post(
                f"{base}/runs/{run}/answers/{slot.put.number}",
                data=urlencode([("answer", word) for word in given]),
                headers=HEADERS | {"X-CSRFToken": str(token),
                                   "Content-Type": "application/x-www-form-urlencoded"})
            assert told.ok, told.text()
            if "go" in post(f"/runs/{run}/next").json():
                break


def rows(page: Page) -> list[list[str]]:
    """The lines of the table on the page, cell by cell."""
    return [
        [cell.strip().removesuffix("（我的）") for cell in line.locator("td, th").all_inner_texts()]
        for line in page.locator(".card-x tbody").first.locator("tr").all()
    ]


def text_of(cell: Any) -> str:
    return str(int(cell)) if isinstance(cell, float) else str(cell)


@pytest.mark.parametrize("preset", TAPPED)
def test_a_whole_event(site: Site, visit: Visits, preset: str) -> None:
    challenge = compose(visit(DESK), preset)
    player = visit(PHONE)
    player.sign_in(PLAYER)
    player.page.wait_for_url(f"{site.url}/")
    tap(player, challenge, preset)
    player.open(f"/challenges/{challenge}/board")
    expect(player.page.locator("[data-board-rows] tr")).to_have_count(1)
    for number in OTHERS:
        other = visit(DESK)
        other.sign_in(number)
        other.page.wait_for_url(f"{site.url}/")
        send(other, challenge, preset, random.Random(f"{preset} {number}"))
    expect(player.page.locator("[data-board-rows] tr")).to_have_count(3)  # nobody reloads it
    player.look("board")

    with site.database.write() as session:  # the season ends
        event = session.get_one(Challenge, challenge)
        event.frozen_from, event.ends = utc_now() - timedelta(hours=1), utc_now()
    office = visit(DESK)
    office.sign_in("D001")
    office.page.wait_for_url(f"{site.url}/**")
    player.page.wait_for_timeout(600)
    player.open(f"/challenges/{challenge}/board")
    # frozen before the first result
    expect(player.page.get_by_text("还没有人完成计分挑战")).to_be_visible()
    office.open(f"/challenge-desk/{challenge}")
    office.page.get_by_role("button", name="揭榜").click()
    expect(office.page.get_by_text("排行榜是最终名次")).to_be_visible()
    office.look("over")
    steps = f"{site.url}/challenge-desk/{challenge}/steps.csv"
    file = office.page.context.request.get(steps).body()

    names = {row["人"]: row["姓名"] for row in challenge_recount.tables(file)["名单"]}
    expected = challenge_recount.people(file)
    assert len(expected) == 3
    kept = f"{site.url}/challenge-desk/{challenge}/result"
    in_csv = challenge_recount.tables(office.page.context.request.get(f"{kept}.csv").body())
    book = CalamineWorkbook.from_filelike(
        io.BytesIO(office.page.context.request.get(f"{kept}.xlsx").body()))
    for title in ("个人榜", "单位榜"):
        _, *lines = book.get_sheet_by_name(title).to_python()
        assert [[text_of(cell) for cell in line] for line in lines] == [
            list(row.values()) for row in in_csv[title]]
    assert [(row["姓名"], row["得分"], row["用时"]) for row in in_csv["个人榜"] if row["名次"]] == [
        (names[str(person)], str(score), lasted(millis)) for person, score, millis in expected]
    assert [(row["单位"].rpartition("/")[2], row["名单人数"], row["参与人数"])
            for row in in_csv["单位榜"]] == [
        (name, str(listed), str(played))
        for name, listed, played, _ in challenge_recount.sections(file)]
    office.open(f"/challenges/{challenge}/board")
    shown = rows(office.page)
    assert [(line[0], line[1], line[3]) for line in shown] == [
        (str(place), names[str(person)], str(score))
        for place, (person, score, _) in enumerate(expected, 1)
    ]
    if PRESETS[preset].rules.tie.value == "time":
        assert [line[4] for line in shown] == [lasted(millis) for _, _, millis in expected]
    office.open(f"/challenges/{challenge}/board?by=units")  # here the units are the sections
    assert [line[1:] for line in rows(office.page)] == [
        [name, f"{percent(played, listed)}（{played}/{listed}）", quotient(total, played)]
        for name, listed, played, total in challenge_recount.sections(file)
    ]
    player.open(f"/challenges/{challenge}/board")
    expect(player.page.locator("tr.me").first).to_contain_text("（我）")
    proof = player.page.get_by_role("link", name="下载参与证明").get_attribute("href")
    assert player.page.context.request.get(f"{site.url}{proof}").body().startswith(b"%PDF")
