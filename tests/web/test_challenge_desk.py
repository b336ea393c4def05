"""The challenge desk through its pages: draft, publish, freeze, void, files; and the boards."""

import csv
import io
import random
import re
import zipfile
from datetime import timedelta

import pytest
import sqlalchemy as sa
from python_calamine import CalamineWorkbook

from legaled.domain.challenges import PRESETS, Rules, rank_key
from legaled.domain.people import Category
from legaled.domain.permissions import Role
from legaled.models import (
    Challenge,
    ChallengeEntry,
    ChallengeItem,
    ChallengeRun,
    ChallengeSlot,
    QuestionVersion,
)
from legaled.services import challenge_boards, challenge_facts, challenge_results
from tests import factories
from tests.factories import DAY, HOUR, NOW


@pytest.fixture(autouse=True)
def _boards_are_never_old(monkeypatch):
    monkeypatch.setattr(challenge_boards, "MAX_AGE", -1.0)
    monkeypatch.setattr(challenge_boards, "FROZEN_CHECK", -1.0)


@pytest.fixture
def site(database):
    with database.write() as session:
        root = factories.unit(session)
        one = factories.unit(session, "办公室", root)
        two = factories.unit(session, "保管科", root)
        people = {
            f"s{n}": factories.person(session, f"s{n}", one if n < 6 else two, name=f"罗玉{n}凤").id
            for n in range(12)
        }
        people["trainer"] = factories.person(session, "trainer", one, Role.TRAINER).id
        people["extra"] = factories.person(
            session, "extra", two, category=Category.CONTRACT, name="=cmd()").id
        drafts = [factories.question(row) for row in range(2, 82)]
        people["bank"] = factories.bank(session, drafts=drafts).id
    return people


def fields(page):
    """The form as a browser would send it."""
    found = {}
    for tag in re.findall(r"<input[^>]*>", page):
        values = dict(re.findall(r'(\w+)="([^"]*)"', tag))
        if values.get("type") in ("radio", "checkbox"):
            if " checked" in tag:
                found[values["name"]] = values["value"]
        elif "name" in values and values["name"] not in ("csrf_token", "q"):
            found[values["name"]] = values.get("value", "")
    return found


def text_of(answer):
    return answer.get_data(as_text=True)


def make(browser, site, preset="streak", **changes):
    form = fields(text_of(browser.get(f"/challenge-desk/new/{preset}")))
    form |= {"banks": site["bank"], **changes}
    return browser.post(f"/challenge-desk/new/{preset}", form)


def publish(browser, challenge_id, **values):
    return browser.post(f"/challenge-desk/{challenge_id}/publish", {
        "publish-categories": "established", "publish-unit": "", **values})


@pytest.fixture
def open_event(browse, site, clock, database):
    """A published streak challenge in its second day; its number."""
    keeper = browse(site["trainer"])
    made = make(keeper, site)
    assert made.status_code == 303, text_of(made)
    number = int(made.location.rpartition("/")[2])
    assert publish(keeper, number).status_code == 303
    clock.now = NOW + 2 * DAY
    return number


def play(database, challenge_id, person_id, score, ended, millis=1000, **values):
    """A counted run that has ended, as its rows."""
    with database.write() as session:
        day = (ended - DAY).date()
        taken = session.scalar(sa.select(sa.func.count(ChallengeRun.id)).where(
            ChallengeRun.person_id == person_id))
        run = ChallengeRun(
            challenge_id=challenge_id, person_id=person_id, day=day, number=taken + 1,
            counted=True, seed="x", started=ended - timedelta(minutes=5),
            deadline=ended + HOUR, ended=ended, end="wrong", score=score, answered=score + 1,
            right=score, streak=score, millis=millis, fast=0, **values)
        session.add(run)
        session.flush()
        challenge_facts.refold_entry(session, challenge_id, person_id, ended)
        return run.id


@pytest.mark.parametrize("preset", PRESETS)
def test_every_preset_becomes_a_challenge(browse, site, database, preset):
    keeper = browse(site["trainer"])
    made = make(keeper, site, preset)
    assert made.status_code == 303, text_of(made)
    page = text_of(keeper.get(made.location))
    assert "没有保存" not in page
    number = int(made.location.rpartition("/")[2])
    assert publish(keeper, number).status_code == 303
    with database.read() as session:
        kept = session.get_one(Challenge, number)
        assert Rules.from_data(kept.rules) == PRESETS[preset].rules
        assert kept.published is not None
        levels = session.scalars(sa.select(ChallengeItem.level)).all()
        listed = session.scalars(sa.select(ChallengeEntry.number)).all()
    assert len(levels) == 80
    wanted = PRESETS[preset].rules.levels
    assert set(levels) == (set(range(1, wanted + 1)) or {0})
    assert len(listed) == 13
    assert "extra" not in listed
    for address in ("", "/runs", "/poster"):
        assert keeper.get(f"/challenge-desk/{number}{address}").status_code == 200


def test_a_copy_starts_with_the_rules_of_the_other(browse, site, open_event):
    keeper = browse(site["trainer"])
    form = fields(text_of(keeper.get(f"/challenge-desk/{open_event}/copy")))
    assert form["seconds"] == "30"
    form["banks"] = site["bank"]
    assert keeper.post(f"/challenge-desk/{open_event}/copy", form).status_code == 303


def test_wrong_rules_come_back_beside_their_fields_and_nothing_is_lost(browse, site):
    keeper = browse(site["trainer"])
    answer = make(keeper, site, title="宪法周", lives="3", stages="第一周 何时")
    page = text_of(answer)
    assert answer.status_code == 422
    assert "有一行不是阶段" in page
    assert 'value="宪法周"' in page
    page = text_of(make(keeper, site, title="宪法周", lives="3"))
    assert "「机会用完为止」要填机会的次数" in page
    page = text_of(make(keeper, site, single_count="3"))
    assert "各题型题数之和应等于每轮题数" in page


def test_too_few_questions_are_refused_before_anything_is_written(browse, site, database):
    keeper = browse(site["trainer"])
    made = make(keeper, site, "day", questions="90", single_count="90")
    number = int(made.location.rpartition("/")[2])
    assert "单选题要 90 道，现有 80 道" in text_of(keeper.get(made.location))
    assert publish(keeper, number).status_code == 409
    with database.read() as session:
        assert session.get_one(Challenge, number).published is None
        assert session.scalar(sa.select(sa.func.count(ChallengeEntry.id))) == 0


def test_who_may_play_is_chosen_when_it_is_published(browse, site, database):
    keeper = browse(site["trainer"])
    number = int(make(keeper, site).location.rpartition("/")[2])
    answer = publish(keeper, number, **{"publish-categories": ["established", "contract"],
                                        "publish-unit": "U-示例区档案馆/U-保管科"})
    assert answer.status_code == 303
    with database.read() as session:
        listed = session.scalars(sa.select(ChallengeEntry.number)).all()
    assert sorted(listed) == sorted(["s6", "s7", "s8", "s9", "s10", "s11", "extra"])
    again = publish(keeper, number)
    assert again.status_code == 409


def test_the_board_shows_places_and_masks_other_sections(browse, site, database, open_event):
    for n in range(8):
        play(database, open_event, site[f"s{n}"], score=n, ended=NOW + DAY + n * HOUR)
    page = text_of(browse(site["s1"]).get(f"/challenges/{open_event}/board"))
    assert "罗玉0凤" in page  # of the same section
    assert "罗玉7凤" not in page
    assert "罗**" in page
    assert "罗玉1凤（我）" in page
    assert "<i>第</i><span>7</span>" in page
    own = browse(site["s1"]).get(f"/challenges/{open_event}/board.json")
    assert own.json["own"]["place"] == 7
    assert "罗玉7凤" not in own.get_data(as_text=True)
    keeper = text_of(browse(site["trainer"]).get(f"/challenges/{open_event}/board"))
    assert "罗玉7凤" in keeper
    for by in ("units", "sections", "levels", "x"):
        answer = browse(site["s1"]).get(f"/challenges/{open_event}/board?by={by}")
        assert answer.status_code == 200


def test_nothing_new_is_304_and_a_new_result_is_not(browse, site, database, open_event):
    play(database, open_event, site["s1"], 5, NOW + DAY)
    browser, path = browse(site["s2"]), f"/challenges/{open_event}/board.json"
    first = browser.get(path)
    again = browser.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    play(database, open_event, site["s3"], 6, NOW + DAY + HOUR)
    fresh = browser.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert fresh.status_code == 200
    assert fresh.json["rows"].index("罗玉3凤") < fresh.json["rows"].index("罗玉1凤")


def test_a_frozen_board_stands_still_until_it_is_revealed(
    browse, site, database, open_event, clock
):
    keeper, staff = browse(site["trainer"]), browse(site["s1"])
    play(database, open_event, site["s1"], 5, NOW + DAY + 20 * HOUR)
    early = play(database, open_event, site["s2"], 7, NOW + DAY + 21 * HOUR)
    assert keeper.post(f"/challenge-desk/{open_event}/freeze",
                       {"freeze-at": "2026-11-25T13:00"}).status_code == 303
    clock.now = NOW + 3 * DAY
    play(database, open_event, site["s1"], 9, clock.now)
    board = staff.get(f"/challenges/{open_event}/board.json").json
    assert (board["frozen"], board["own"]["place"]) == (True, 2)
    assert "现在的成绩是 9 分" in board["own"]["words"]
    now = keeper.get(f"/challenges/{open_event}/board.json").json["rows"]
    assert now.index("罗玉1凤") < now.index("罗玉2凤")
    assert "已封榜" in text_of(staff.get(f"/challenges/{open_event}/board"))
    assert "已对职工封榜" in text_of(keeper.get(f"/challenges/{open_event}/board"))
    voided = keeper.post(f"/challenge-desk/{open_event}/runs/{early}/void", {"reason": "故障"})
    assert voided.status_code == 303
    assert staff.get(f"/challenges/{open_event}/board.json").json["own"]["place"] == 1
    assert keeper.post(f"/challenge-desk/{open_event}/reveal").status_code == 409
    clock.now = NOW + 9 * DAY
    assert staff.get(f"/challenges/{open_event}/certificate.pdf").status_code == 404
    assert keeper.post(f"/challenge-desk/{open_event}/reveal").status_code == 303
    final = staff.get(f"/challenges/{open_event}/board.json").json
    assert (final["frozen"], final["own"]["place"]) == (False, 1)
    assert staff.get(f"/challenges/{open_event}/certificate.pdf").data.startswith(b"%PDF")


def test_the_board_is_the_plain_recount_of_the_exported_rows(browse, site, database, open_event):
    """The order of the result list from the runs alone, in a few lines of Python."""
    runs = []
    for n in range(12):
        for day in range(n % 3 + 1):
            ended = NOW + DAY + timedelta(minutes=n + 60 * day)
            score, millis = (n * 7 + day * 3) % 5, (n * 13 + day) % 4 * 1000
            play(database, open_event, site[f"s{n}"], score, ended, millis)
            runs.append((f"s{n}", score, millis, ended))
    with database.read() as session:
        lots = {
            entry.number: challenge_boards.challenge_asof.lot(
                session.get_one(Challenge, open_event).seed, entry.person_id)
            for entry in session.scalars(sa.select(ChallengeEntry))
        }
    rules = PRESETS["streak"].rules
    best = {}
    for number, score, millis, ended in runs:
        key = rank_key(rules, score, millis, ended, lots[number])
        best[number] = min(best.get(number, key), key)
    answer = browse(site["trainer"]).get(f"/challenge-desk/{open_event}/result.csv")
    rows = list(csv.reader(io.StringIO(answer.data.decode("utf-8-sig"))))
    placed = [row[1] for row in rows[2:] if len(row) > 5 and row[0].isdigit()][:12]
    assert placed == sorted(best, key=best.__getitem__)


def test_what_is_published_names_nobody_and_what_is_kept_runs_nothing(
    browse, site, database, open_event
):
    for n in range(12):
        play(database, open_event, site[f"s{n}"], n, NOW + DAY)
    keeper = browse(site["trainer"])
    shown = keeper.get(f"/challenge-desk/{open_event}/published.csv").data.decode("utf-8-sig")
    assert "罗**" not in shown.replace("罗***", "")  # 罗玉3凤 has four characters: 罗***
    published = CalamineWorkbook.from_filelike(io.BytesIO(
        keeper.get(f"/challenge-desk/{open_event}/published.xlsx").data))
    cells = [str(cell) for name in published.sheet_names
             for row in published.get_sheet_by_name(name).to_python() for cell in row]
    assert "罗***" in cells
    for text in (shown, "\n".join(cells)):
        assert not re.search(r"罗玉\d+凤|\bs\d+\b", text)
    book = CalamineWorkbook.from_filelike(io.BytesIO(
        keeper.get(f"/challenge-desk/{open_event}/result.xlsx").data))
    sheet = book.get_sheet_by_name("个人榜").to_python()
    assert sheet[1][1] == "s11"
    assert len(sheet) == 14
    assert keeper.get(f"/challenge-desk/{open_event}/steps.csv").status_code == 200


def test_certificates_come_after_the_end_for_the_first_ten(
    browse, site, database, open_event, clock
):
    for n in range(12):
        play(database, open_event, site[f"s{n}"], n, NOW + DAY)
    keeper, last = browse(site["trainer"]), browse(site["s0"])
    path = f"/challenge-desk/{open_event}/papers"
    assert keeper.post(f"{path}/certificate").status_code == 409
    clock.now = NOW + 30 * DAY
    for what, count in (("certificate", 10), ("participation", 12)):
        made = keeper.post(f"{path}/{what}")
        assert made.status_code == 303
        with keeper.get(f"{made.location}/file") as answer:
            names = sorted(zipfile.ZipFile(io.BytesIO(answer.data)).namelist())
        assert len(names) == count + 1  # and the index
        assert names[0] == "001-s11-罗玉11凤.pdf"
    assert last.get(f"/challenges/{open_event}/certificate.pdf").status_code == 404
    assert last.get(f"/challenges/{open_event}/participation.pdf").data.startswith(b"%PDF")
    other = f"/challenge-desk/{open_event}/people/{site['s1']}/participation.pdf"
    assert keeper.get(other).status_code == 200
    assert last.get(other).status_code == 403


def test_the_end_moves_later_only_and_cancelling_is_for_good(browse, site, open_event):
    keeper, base = browse(site["trainer"]), f"/challenge-desk/{open_event}"
    earlier = {"extend-ends": "2026-11-25T10:00", "extend-reason": "停电"}
    assert keeper.post(f"{base}/extend", earlier).status_code == 422
    later = {**earlier, "extend-ends": "2026-12-20T10:00"}
    assert keeper.post(f"{base}/extend", later).status_code == 303
    assert keeper.post(f"{base}/cancel", {"cancel-reason": ""}).status_code == 422
    assert keeper.post(f"{base}/cancel", {"cancel-reason": "改期"}).status_code == 303
    assert keeper.post(f"{base}/cancel", {"cancel-reason": "改期"}).status_code == 409
    assert keeper.get(f"{base}/poster").status_code == 404


def test_a_challenge_touches_no_rate_of_the_year(browse, site, database, open_event):
    with database.write() as session:
        office = factories.person(session, "office", factories.unit(session, "别处"), Role.OFFICE)
        number = office.id
    before = browse(number).get("/stats/export.json?year=2026").data
    for n in range(12):
        play(database, open_event, site[f"s{n}"], n, NOW + DAY)
    assert browse(number).get("/stats/export.json?year=2026").data == before


def test_the_figures_of_a_year_are_the_plain_count_of_its_runs(
    browse, site, database, open_event, clock
):
    """Two that have ended, in which a person counts once; one that runs; a practice, a void run."""
    keeper, chance = browse(site["trainer"]), random.Random(4)
    clock.now = NOW
    events = [open_event]
    for _ in range(2):
        events.append(int(make(keeper, site).location.rpartition("/")[2]))
        assert publish(keeper, events[-1]).status_code == 303
    for event in events:
        for n in chance.sample(range(12), 7):
            for go in range(chance.randint(1, 3)):
                ended = NOW + DAY + timedelta(days=go, minutes=n)
                run = play(database, event, site[f"s{n}"], n, ended)
                if chance.random() < 0.2:
                    with database.write() as session:
                        found = session.get_one(ChallengeRun, run)
                        found.counted = chance.random() < 0.5
                        found.voided = ended if found.counted else None
                        session.flush()
                        challenge_facts.refold_entry(session, event, site[f"s{n}"], ended)
    with database.write() as session:
        session.get_one(Challenge, events[2]).ends = NOW + 40 * DAY
    with database.read() as session:
        year = challenge_results.figures_of_year(session, 2026, NOW + 30 * DAY)
        rows = [(run.challenge_id, run.person_id, run.answered, run.right)
                for run in session.scalars(sa.select(ChallengeRun))
                if run.counted and run.voided is None]
    assert [ended for _, ended, _ in year.events] == [True, True, False]
    for event, (_, _, found) in zip(events, year.events, strict=True):
        own = [row for row in rows if row[0] == event]
        assert (found.listed, found.players, found.runs, found.answered, found.right) == (
            13, len({row[1] for row in own}), len(own), sum(row[2] for row in own),
            sum(row[3] for row in own))
    both = [row for row in rows if row[0] != events[2]]
    assert (year.total.listed, year.total.players, year.total.runs) == (
        13, len({row[1] for row in both}), len(both))
    assert (year.total.answered, year.total.right) == (
        sum(row[2] for row in both), sum(row[3] for row in both))


def test_a_question_is_corrected_on_its_page_and_its_player_reads_how(
    browse, site, database, open_event, clock
):
    clock.now = NOW + DAY + 2 * HOUR
    keeper, staff = browse(site["trainer"]), browse(site["s1"])
    started = staff.post(f"/challenges/{open_event}/start")
    assert started.status_code == 303, text_of(started)
    run = int(started.location.rpartition("/")[2])
    with database.read() as session:
        slot = session.scalars(sa.select(ChallengeSlot)).one()
        version = session.get_one(QuestionVersion, slot.version_id)
        session.expunge_all()
    key = "".join(version.key)
    wrong = next(letter for letter, own in zip("ABCD", slot.option_order, strict=False)
                 if own != key)
    told = staff.post(f"/challenges/{open_event}/runs/{run}/answers/1", {"answer": wrong})
    assert told.status_code == 303
    base = f"/challenge-desk/{open_event}/questions"
    listed = text_of(keeper.get(base))
    assert listed.index("1 轮出示过") < listed.index("0 轮出示过")
    page = f"{base}/{version.id}"
    assert text_of(keeper.get(page)).count("更正记录") == 0
    for form, words in (
        ({"how": "key", "reason": "x"}, "请填改正后的答案"),
        ({"how": "key", "answer": "H", "reason": "x"}, "field-error"),
        ({"how": "key", "answer": key, "reason": "x"}, "和现在用的一样"),
        ({"how": "void", "reason": ""}, "field-error"),
        ({"reason": "x"}, "field-error"),
    ):
        refused = keeper.post(page, form)
        assert (refused.status_code, words in text_of(refused)) == (422, True), form
    other = version.options.index(version.options[-1])
    answer = "ABCDEFGH"[other] if "ABCDEFGH"[other] != key else "A"
    assert keeper.post(page, {"how": "key", "answer": answer, "reason": "条文改了"}
                       ).status_code == 303
    assert f"答案改为 {answer}" in text_of(keeper.get(page))
    assert keeper.post(page, {"how": "void", "reason": "两个都对"}).status_code == 303
    result = text_of(staff.get(f"/challenges/{open_event}/runs/{run}/result"))
    assert "这道题作废，按答对算。原因：两个都对" in result
    assert "已退还一轮" in result
    assert "开始，今天还有 1 次" in text_of(staff.get(f"/challenges/{open_event}"))
    assert "作废的题，凡是出示过的都按答对算" in text_of(staff.get(f"/challenges/{open_event}"))
    assert staff.get(page).status_code == 403


def test_a_draft_is_nobodys_board(browse, site):
    keeper = browse(site["trainer"])
    number = int(make(keeper, site).location.rpartition("/")[2])
    for path in ("board", "board.json"):
        assert browse(site["s1"]).get(f"/challenges/{number}/{path}").status_code == 404
