"""The pages of sessions: arranging, the screen, signing in and its replays, lists, photographs."""

import io
import re
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
import zxingcpp
from PIL import Image

from legaled.domain.sessions import SignedBy
from legaled.files.qr import qr_svg
from legaled.models import Attendance, AuditEvent, Person, SessionPhoto, StudySession
from legaled.services.accounts import hash_password
from tests import factories
from tests.factories import DAY, HOUR, MINUTE, NOW, World
from tests.sessions_world import camera_exif, digits, jpeg, meeting, qr

SECOND = timedelta(seconds=1)
TICKET = re.compile(r'name="ticket" value="([^"]+)"')


@pytest.fixture
def world(database: Any) -> World:
    with database.write() as session:
        return factories.world(session)


@pytest.fixture
def here(database: Any, world: World) -> int:
    with database.write() as session:
        return meeting(session, world)


@pytest.fixture
def trainer(world: World, browse: Any) -> Any:
    return browse(world["trainer"].id)


@pytest.fixture
def s1(world: World, browse: Any) -> Any:
    return browse(world["s1"].id)


@pytest.fixture
def code(database: Any, here: int) -> Any:
    def at(moment: Any = NOW) -> str:
        with database.read() as session:
            return qr(session, here, moment)
    return at


def row(database: Any, here: int, who: Any) -> Attendance:
    with database.read() as session:
        found = session.scalars(sa.select(Attendance).where(
            Attendance.session_id == here, Attendance.person_id == who.id)).one()
        session.expunge(found)
        return found


def text(answer: Any) -> str:
    return answer.get_data(as_text=True)


def ticket(answer: Any) -> str:
    found = TICKET.search(text(answer))
    assert found, text(answer)
    return found[1]


def typed(**values: Any) -> dict[str, Any]:
    return {
        "kind": "lecture", "title": "宪法讲座", "starts": "2026-12-04T09:00",
        "ends": "2026-12-04T11:00", "late_after": "10", "place": "礼堂", "host": "王处",
        "laws-0-law": "宪法", "laws-0-part": "总纲", "laws-1-law": "", "laws-1-part": "",
        "laws-2-law": "宪法", "laws-2-part": "第二章", "agenda": "", **values,
    }


# ---- arranging ----

def test_a_session_is_arranged_and_its_people_chosen(world: World, trainer: Any,
                                                     database: Any) -> None:
    answer = trainer.post("/sessions/new", typed())
    assert (answer.status_code, answer.location) == (303, "/sessions/1/people/invite")
    page = text(trainer.get(answer.location))
    assert "现在名单上有 0 人" in page
    chosen = trainer.post(answer.location, {"units": [str(world.unit_id)],
                                            "categories": ["established"]})
    assert chosen.status_code == 303
    assert "新列入名单 6 人" in text(trainer.get(chosen.location))
    with database.read() as session:
        found = session.get_one(StudySession, 1)
        assert found.starts.isoformat() == "2026-12-04T01:00:00+00:00"
        assert found.late_from - found.starts == 10 * MINUTE
    show = text(trainer.get("/sessions/1"))
    assert "《宪法》总纲、第二章" in show
    edited = trainer.post("/sessions/1/edit", typed(title="宪法日讲座", late_after="0"))
    assert edited.status_code == 303
    assert 'value="宪法日讲座"' in text(trainer.get("/sessions/1/edit"))
    assert "宪法日讲座" in text(trainer.get("/sessions?q=宪法&year=2026&kind=lecture"))


@pytest.mark.parametrize(("values", "words"), [
    ({"ends": "2026-12-04T08:00"}, "结束时间要晚于开始时间"),
    ({"title": " "}, "请填写主题"),
    ({"late_after": "999"}, "应在 0 到 240 之间"),
    ({"late_after": "180"}, "迟到的时间点晚于结束时间"),
    ({"starts": "明天"}, "field-error"),
    ({"starts": "0001-01-01T00:00"}, "年份应在"),
    ({"laws-0-law": "x" * 201}, "最多 200 个字"),
    ({"kind": "nonsense"}, "field-error"),
])
def test_a_wrong_form_keeps_what_was_typed(trainer: Any, values: Any, words: str) -> None:
    answer = trainer.post("/sessions/new", typed(**{"host": "王处长某", **values}))
    assert answer.status_code == 422
    assert words in text(answer)
    assert "王处长某" in text(answer)


def test_no_unit_chosen_is_said(trainer: Any, here: int) -> None:
    answer = trainer.post(f"/sessions/{here}/people/invite", {"categories": []})
    assert answer.status_code == 422
    assert "请至少选一个单位" in text(answer)


def test_record_cancel_and_what_follows(trainer: Any, here: int, s1: Any) -> None:
    kept = trainer.post(f"/sessions/{here}/record", {"record-record": "会议记录一"})
    assert kept.status_code == 303
    assert "会议记录一" in text(trainer.get(f"/sessions/{here}"))
    assert trainer.post(f"/sessions/{here}/cancel", {"cancel-reason": ""}).status_code == 422
    assert trainer.post(f"/sessions/{here}/cancel", {"cancel-reason": "停电"}).status_code == 303
    assert "停电" in text(trainer.get(f"/sessions/{here}"))
    assert trainer.get(f"/sessions/{here}/edit").status_code == 409
    assert "已经取消，不用签到" in text(s1.get(f"/sessions/{here}/sign"))
    assert "已取消" in text(trainer.get(f"/sessions/{here}/screen"))


def test_the_laws_of_a_year(trainer: Any, here: int, clock: Any) -> None:
    assert "档案法" not in text(trainer.get("/sessions/laws?year=2026"))
    clock.now = NOW + 3 * HOUR
    assert "第三章" in text(trainer.get("/sessions/laws"))
    assert trainer.get("/sessions/laws?year=99999999999").status_code == 200


# ---- the screen ----

def test_the_screen_shows_a_code_that_a_phone_reads(trainer: Any, here: int, code: Any,
                                                    clock: Any, database: Any) -> None:
    page = text(trainer.get(f"/sessions/{here}/screen"))
    address = f"http://localhost/sessions/{here}/sign?c={code()}"
    assert qr_svg(address) in page
    with database.read() as session:
        six = digits(session, here)
    assert f"<span>{six[:3]}</span> <span>{six[3:]}</span>" in page
    assert "<b data-came>0</b> / 6" in page
    assert "手机打不开这个网址" in page, "this address is good on this machine only"
    part = trainer.get(f"/sessions/{here}/screen.json").json
    assert (part["seconds"], qr_svg(address) in part["html"]) == (30, True)
    clock.now = NOW + 30 * SECOND
    assert qr_svg(address) not in trainer.get(f"/sessions/{here}/screen.json").json["html"]
    assert zxingcpp.read_barcodes(drawn(qr_svg(address)))[0].text == address


def drawn(svg: str) -> Image.Image:
    """What the `<svg>` of segno looks like: rows of strokes, one module high."""
    size = int(re.search(r'viewBox="0 0 (\d+)', svg)[1])
    image = Image.new("L", (size, size), 255)
    x, y = 0, 0.0
    for name, a, b in re.findall(r"([Mmh])(-?[\d.]+)(?: (-?[\d.]+))?", svg.split(' d="')[1]):
        if name == "h":
            for step in range(int(a)):
                image.putpixel((x + step, int(y)), 0)
            x += int(a)
        elif name == "M":
            x, y = int(float(a)), float(b)
        else:
            x, y = x + int(float(a)), y + float(b)
    return image.resize((size * 8, size * 8), Image.Resampling.NEAREST)


def test_the_address_is_the_public_one_where_there_is_one(app: Any, trainer: Any, here: int,
                                                          code: Any) -> None:
    from dataclasses import replace

    app.config["LEGALED"] = replace(app.config["LEGALED"], public_url="https://xf.example.cn")
    page = text(trainer.get(f"/sessions/{here}/screen"))
    assert "手机打不开这个网址" not in page
    assert qr_svg(f"https://xf.example.cn/sessions/{here}/sign?c={code()}") in page


@pytest.mark.parametrize(("at", "words"), [
    (NOW - HOUR, "开始签到"), (NOW + 3 * HOUR, "签到已结束")])
def test_outside_its_hours_the_screen_has_no_code(trainer: Any, here: int, clock: Any, at: Any,
                                                  words: str) -> None:
    clock.now = at
    page = text(trainer.get(f"/sessions/{here}/screen"))
    assert words in page
    assert 'class="qr"' not in page


# ---- signing ----

def test_scan_confirm_signed(s1: Any, trainer: Any, here: int, code: Any, database: Any,
                             world: World, clock: Any) -> None:
    url = f"/sessions/{here}/sign"
    confirm = s1.get(f"{url}?c={code()}")
    assert row(database, here, world["s1"]).signed is None  # looking writes nothing
    answer = s1.post(url, {"ticket": ticket(confirm)})
    assert (answer.status_code, answer.location) == (303, url)
    page = text(s1.get(url))
    assert "签到成功，记为迟到" in page
    assert "你已签到 12:00" in page
    assert "<b data-came>1</b> / 6" in trainer.get(f"/sessions/{here}/screen.json").json["html"]
    kept = row(database, here, world["s1"])
    clock.now = NOW + MINUTE
    assert s1.post(url, {"ticket": ticket(confirm)}).status_code == 303
    assert "你已签到 12:00" in text(s1.get(f"{url}?c={code(clock.now)}"))
    assert row(database, here, world["s1"]).signed == kept.signed
    assert "device=" not in str(s1.get("/study").headers)


def test_a_screenshot_replayed(s1: Any, here: int, code: Any, clock: Any, database: Any,
                               world: World) -> None:
    old = code()
    for at in (NOW + 61 * SECOND, NOW + HOUR, NOW - MINUTE):
        clock.now = at
        page = text(s1.get(f"/sessions/{here}/sign?c={old}"))
        assert "这个二维码已经过期" in page
        assert not TICKET.search(page)
    assert row(database, here, world["s1"]).signed is None


def test_yesterdays_code_and_another_sessions(s1: Any, here: int, clock: Any, database: Any,
                                              world: World, code: Any) -> None:
    with database.write() as session:
        other = meeting(session, world, title="另一次", ends=NOW + 2 * DAY)
    stale = code()
    assert "已经过期，或不是这次学法的" in text(s1.get(f"/sessions/{other}/sign?c={stale}"))
    with database.read() as session:
        yesterday = qr(session, other)
    clock.now = NOW + DAY
    assert "已经过期" in text(s1.get(f"/sessions/{other}/sign?c={yesterday}"))


def test_a_ticket_lives_two_minutes(s1: Any, here: int, code: Any, clock: Any) -> None:
    held = ticket(s1.get(f"/sessions/{here}/sign?c={code()}"))
    clock.now = NOW + 121 * SECOND
    answer = s1.post(f"/sessions/{here}/sign", {"ticket": held})
    assert answer.status_code == 422
    assert "过了 2 分钟" in text(answer)
    clock.now = NOW + 120 * SECOND  # a slow phone: the code itself is gone from the screen
    assert s1.post(f"/sessions/{here}/sign", {"ticket": held}).status_code == 303


def test_a_ticket_is_one_persons_in_one_browser_for_one_session(
    s1: Any, here: int, code: Any, browse: Any, world: World, database: Any
) -> None:
    with database.write() as session:
        other = meeting(session, world, title="另一次")
    s2 = browse(world["s2"].id)
    s2.get(f"/sessions/{here}/sign")
    held = ticket(s1.get(f"/sessions/{here}/sign?c={code()}"))
    answer = s2.post(f"/sessions/{here}/sign", {"ticket": held})
    assert (answer.status_code, "别的账号" in text(answer)) == (422, True)
    second = browse(world["s1"].id)  # the same person, another browser
    second.get(f"/sessions/{here}/sign")
    for who, url, sent in ((second, here, held), (s1, other, held), (s1, here, held + "x"),
                           (s1, here, "[1]")):
        answer = who.post(f"/sessions/{url}/sign", {"ticket": sent})
        assert (answer.status_code, "认不出这次扫码" in text(answer)) == (422, True)
    assert row(database, here, world["s1"]).signed is None


def test_a_second_account_on_one_phone(app: Any, s1: Any, here: int, code: Any, browse: Any,
                                       world: World, database: Any) -> None:
    url = f"/sessions/{here}/sign"
    s1.post(url, {"ticket": ticket(s1.get(f"{url}?c={code()}"))})
    s2 = browse(world["s2"].id)
    phone = s1.client.get_cookie("device", path="/sessions")
    assert phone.http_only
    s2.client.set_cookie("device", phone.value, path="/sessions")
    answer = s2.post(url, {"ticket": ticket(s2.get(f"{url}?c={code()}"))})
    assert (answer.status_code, "这台设备已为别人签到" in text(answer)) == (409, True)
    assert row(database, here, world["s2"]).signed is None
    with database.read() as session:
        noted = session.scalars(sa.select(AuditEvent).where(
            AuditEvent.action == "session.sign", AuditEvent.ok.is_(False))).one()
        assert noted.actor_id == world["s2"].id
    with database.read() as session:
        six = digits(session, here)
    s2.client.set_cookie("device", "forged", path="/sessions")  # not ours: a new one is given
    s2.get(url)
    assert s2.post(url, {"digits": six}).status_code == 303


def test_signing_in_to_the_site_comes_between(app: Any, here: int, code: Any, clock: Any,
                                              database: Any, world: World) -> None:
    with database.write() as session:
        session.get_one(Person, world["s1"].id).password_hash = hash_password("Abc-12345")
    client = app.test_client()
    to_login = client.get(f"/sessions/{here}/sign?c={code()}")
    assert to_login.status_code == 302
    assert parse_qs(urlsplit(to_login.location).query)["next"] == [
        f"/sessions/{here}/sign?c={code()}"]
    token = re.search(r'csrf-token" content="([^"]+)"', text(client.get(to_login.location)))[1]
    clock.now = NOW + 100 * SECOND  # the code left the screen while the password was typed
    back = client.post(to_login.location, data={
        "csrf_token": token, "number": "s1", "password": "Abc-12345"})
    assert back.location == f"/sessions/{here}/sign?c={code()}"
    assert ticket(client.get(back.location))
    clock.now = NOW + 121 * SECOND
    assert not TICKET.search(text(client.get(back.location)))


def test_a_stranger_cannot_keep_a_code_alive(app: Any, here: int, code: Any, clock: Any,
                                             s1: Any) -> None:
    """An old code noted by a stranger's browser stays old; so does one of another session."""
    clock.now = NOW + 90 * SECOND
    client = app.test_client()
    client.get(f"/sessions/{here}/sign?c={code(NOW)}")
    s1.client.set_cookie("scan", client.get_cookie("scan", path="/sessions").value,
                         path="/sessions")
    assert not TICKET.search(text(s1.get(f"/sessions/{here}/sign?c={code(NOW)}")))


def test_six_digits_typed(s1: Any, here: int, database: Any, world: World, clock: Any) -> None:
    url = f"/sessions/{here}/sign"
    assert s1.get("/sessions/sign").location == url
    with database.read() as session:
        six = digits(session, here)
    clock.now = NOW + 80 * SECOND
    s1.get(url)
    wide = " ".join(chr(ord(one) + 0xFEE0) for one in six)
    assert s1.post(url, {"digits": wide}).status_code == 303
    assert row(database, here, world["s1"]).signed_by is SignedBy.CODE


def test_guessing_ends_and_the_count_is_kept(s1: Any, here: int, database: Any, world: World,
                                             clock: Any) -> None:
    url = f"/sessions/{here}/sign"
    s1.get(url)
    with database.read() as session:
        wrong = f"{(int(digits(session, here)) + 1) % 10**6:06d}"
    for bad in ("", "12345", "abcdef", "1234567"):
        answer = s1.post(url, {"digits": bad})
        assert (answer.status_code, "6 位数字" in text(answer)) == (422, True)
    assert row(database, here, world["s1"]).misses == 0
    for _ in range(4):
        assert "签到码不对" in text(s1.post(url, {"digits": wrong}))
    assert "12:10 以后才能再填" in text(s1.post(url, {"digits": wrong}))
    with database.read() as session:
        right = digits(session, here)
    answer = s1.post(url, {"digits": right})
    assert (answer.status_code, "12:10 以后才能再填" in text(answer)) == (422, True)
    kept = row(database, here, world["s1"])
    assert (kept.misses, kept.signed) == (5, None)
    assert right not in text(answer)


def test_without_our_mark_nothing_is_signed(s1: Any, here: int, database: Any) -> None:
    with database.read() as session:
        six = digits(session, here)
    answer = s1.post(f"/sessions/{here}/sign", {"digits": six})
    assert (answer.status_code, "Cookie" in text(answer)) == (422, True)


def test_who_is_not_invited_is_told_what_to_do(here: int, code: Any, browse: Any, database: Any,
                                               world: World, trainer: Any) -> None:
    with database.write() as session:
        home = session.get_one(factories.Unit, world.unit_id)
        other = factories.person(session, "z", home, name="周后到").id
    guest = browse(other)
    for url in (f"/sessions/{here}/sign?c={code()}", f"/sessions/{here}/mine", "/sessions/99/sign"):
        answer = guest.get(url)
        assert (answer.status_code, "请主持人把你补入名单" in text(answer)) == (404, True)
    found = text(trainer.get(f"/sessions/{here}/people/add?q=周后到"))
    assert f"/sessions/{here}/people/add/{other}" in found
    assert trainer.post(f"/sessions/{here}/people/add/{other}").status_code == 303
    assert ticket(guest.get(f"/sessions/{here}/sign?c={code()}"))


# ---- one's own ----

def test_what_staff_see(s1: Any, here: int, database: Any, world: World, clock: Any) -> None:
    assert f'href="/sessions/{here}/sign"' in text(s1.get("/study"))
    assert "学习档案法" in text(s1.get("/sessions/mine"))
    page = text(s1.get(f"/sessions/{here}/mine"))
    assert "领学" in page
    assert "李馆长" in page
    with database.write() as session:
        meeting(session, world, title="同时的另一次")
    assert "同时的另一次" in text(s1.get("/sessions/sign"))
    clock.now = NOW + 3 * HOUR
    assert "现在没有可以签到的学法活动" in text(s1.get("/sessions/sign"))
    assert "缺席" in text(s1.get("/sessions/mine"))
    assert f'href="/sessions/{here}/sign"' not in text(s1.get("/study"))
    assert "没有要你参加的" in text(s1.get("/sessions/mine?year=2020"))


def test_staff_cannot_open_the_desks_pages(s1: Any, here: int) -> None:
    for path in ("", f"/{here}", f"/{here}/screen", f"/{here}/screen.json", f"/{here}/people",
                 f"/{here}/sheet", f"/{here}/attendance.csv", f"/{here}/photos", "/laws"):
        assert s1.get(f"/sessions{path}").status_code == 403, path


# ---- the paper list ----

def fields(
    who: Any, to: str, leave: str = "", was: str = "absent", had: str = ""
) -> dict[str, str]:
    return {f"to-{who.id}": to, f"leave-{who.id}": leave, f"was-{who.id}": was,
            f"had-{who.id}": had}


def test_the_paper_list_in_one_go(trainer: Any, here: int, world: World, database: Any) -> None:
    url = f"/sessions/{here}/people"
    sent = {**fields(world["s1"], "late"), **fields(world["s2"], "leave", "出差"),
            **fields(world["s3"], "absent")}
    answer = trainer.post(f"{url}?figure=absent", sent)
    assert (answer.status_code, answer.location) == (303, f"{url}?figure=absent")
    page = text(trainer.get(url))
    assert "已保存，改动 2 人" in page
    assert 'value="出差"' in page
    assert "实到 1 ÷ 应到 6 = 到会率 16.67%" in page
    assert "没有要改的" in text(trainer.get(trainer.post(
        url, fields(world["s1"], "late", was="late")).location))


def test_a_leave_without_a_reason_keeps_the_page(trainer: Any, here: int, world: World,
                                                 database: Any) -> None:
    sent = {**fields(world["s1"], "late"), **fields(world["s2"], "leave")}
    answer = trainer.post(f"/sessions/{here}/people", sent)
    assert (answer.status_code, "请写请假事由" in text(answer)) == (422, True)
    assert re.search(rf'name="to-{world["s1"].id}" value="late" checked', text(answer))
    assert row(database, here, world["s1"]).recorded is None


def test_a_scan_while_the_list_was_ticked_is_kept(trainer: Any, s1: Any, here: int, code: Any,
                                                  world: World, database: Any) -> None:
    url = f"/sessions/{here}/sign"
    s1.post(url, {"ticket": ticket(s1.get(f"{url}?c={code()}"))})
    answer = trainer.post(f"/sessions/{here}/people", {
        **fields(world["s1"], "leave", "病假"), **fields(world["s2"], "present")})
    page = text(trainer.get(answer.location))
    assert "人员s1（1 人）刚才已经签到" in page
    assert "改动 1 人" in page
    assert row(database, here, world["s1"]).signed_by is SignedBy.QR
    assert f'name="to-{world["s1"].id}"' not in page  # a scan is only corrected by name
    person = f"/sessions/{here}/people/{world['s1'].id}"
    assert trainer.post(person, {"presence": "leave", "reason": "x"}).status_code == 422
    assert trainer.post(person, {"presence": "absent", "reason": ""}).status_code == 422
    assert trainer.post(person, {"presence": "absent", "reason": "签后离开"}).status_code == 303
    assert row(database, here, world["s1"]).signed is None
    assert trainer.post(f"{person}/remove").status_code == 303
    assert trainer.get(person).status_code == 404


def test_nonsense_in_the_paper_list_changes_nothing(trainer: Any, here: int, world: World,
                                                    database: Any) -> None:
    answer = trainer.post(f"/sessions/{here}/people", {
        "was-x": "absent", "was-99999999999999": "absent", "to-1": "present",
        **fields(world["s1"], "king"), **fields(world["s2"], "present", was="?")})
    assert answer.status_code == 303
    with database.read() as session:
        assert not session.scalar(sa.select(sa.func.count(Attendance.signed)))


# ---- sheet and files ----

def test_the_sheet_and_the_files_say_the_same(trainer: Any, here: int, world: World,
                                              database: Any, clock: Any) -> None:
    with database.write() as session:
        session.scalars(sa.select(Attendance).where(
            Attendance.person_id == world["s3"].id)).one().name = "=cmd()"
    trainer.post(f"/sessions/{here}/people", {
        **fields(world["s1"], "present"), **fields(world["s2"], "leave", "@出差")})
    assert "未到 4 人" in text(trainer.get(f"/sessions/{here}/sheet?results=1"))
    clock.now = NOW + 3 * HOUR
    empty, full = (text(trainer.get(f"/sessions/{here}/sheet{q}")) for q in ("", "?results=1"))
    assert "签名" in empty
    assert "2026年11月23日 11:50 至 14:00" in empty
    assert "应到 6 人，实到 1 人，迟到 0 人，请假 1 人，缺席 4 人，到会率 16.67%" in full
    assert "签名" not in full
    csv = trainer.get(f"/sessions/{here}/attendance.csv")
    words = csv.data.decode("utf-8-sig")
    assert "到会率,16.67%" in words
    assert "'=cmd()" in words
    assert "'@出差" in words
    assert words.count("示例区档案馆,") == 6
    assert "attachment" in csv.headers["Content-Disposition"]
    assert trainer.get(f"/sessions/{here}/attendance.xlsx").data[:2] == b"PK"
    assert trainer.get(f"/sessions/{here}/attendance.pdf").status_code == 404


# ---- photographs ----

def upload(who: Any, here: int, *files: tuple[str, bytes]) -> Any:
    return who.post(f"/sessions/{here}/photos", {
        "files": [(io.BytesIO(data), name) for name, data in files]},
        content_type="multipart/form-data")


def test_photographs_come_in_without_their_place(trainer: Any, s1: Any, here: int, tmp_path: Any,
                                                 browse: Any, world: World, database: Any) -> None:
    sent = jpeg(exif=camera_exif())
    answer = upload(trainer, here, ("a.jpg", sent), ("b.jpg", jpeg("blue")), ("again.jpg", jpeg()),
                    ("text.jpg", "不是照片".encode()))
    assert answer.status_code == 303
    page = text(trainer.get(answer.location))
    for words in ("新增 2 张照片", "again.jpg：这张照片已经有了", "text.jpg：不是 JPEG",
                  "11月23日 14:05 拍摄", "照片里没有拍摄时间"):
        assert words in page, words
    url = f"/sessions/{here}/photos/1"
    for who, path in ((trainer, f"{url}.jpg"), (s1, f"{url}.jpg"), (s1, f"{url}-small.jpg")):
        got = who.get(path)
        assert (got.status_code, got.mimetype) == (200, "image/jpeg")
        assert got.headers["Cache-Control"] == "private, max-age=3600"
        assert b"SecretPhone" not in got.data
        got.close()
    assert f"{url}-small.jpg" in text(s1.get(f"/sessions/{here}/mine"))
    with database.write() as session:
        other = factories.person(
            session, "z", session.get_one(factories.Unit, world.unit_id)).id
    refused = browse(other).get(f"{url}.jpg")
    assert (refused.status_code, refused.headers["Cache-Control"]) == (404, "no-store")
    assert trainer.post(url, {"photo-1-caption": "领学"}).status_code == 303
    assert 'alt="领学"' in text(trainer.get(f"/sessions/{here}"))
    assert trainer.post(url, {"photo-1-caption": "x" * 201}).status_code == 422
    assert len(list((tmp_path / "photos").glob("*.jpg"))) == 4
    assert trainer.post(f"{url}/remove").status_code == 303
    assert len(list((tmp_path / "photos").glob("*.jpg"))) == 2
    assert trainer.get(f"{url}.jpg").status_code == 404


def test_photographs_that_cannot_be_kept(trainer: Any, here: int, tmp_path: Any) -> None:
    answer = upload(trainer, here, ("a.heic", b"\0\0\0\x18ftypheic\0\0"), ("b.jpg", b""))
    assert answer.status_code == 422
    assert "a.heic：这是 HEIC 照片" in text(answer)
    assert "b.jpg：文件是空的" in text(answer)
    assert "请选择照片" in text(upload(trainer, here))
    assert not list(tmp_path.glob("photos/*.jpg"))
    assert upload(trainer, 99, ("a.jpg", jpeg())).status_code == 404
    assert not list(tmp_path.glob("photos/*.jpg"))


def test_too_many_are_refused_whole(trainer: Any, here: int, monkeypatch: Any, tmp_path: Any,
                                    database: Any) -> None:
    monkeypatch.setattr("legaled.services.session_photos.PHOTOS_MAX", 1)
    answer = upload(trainer, here, ("a.jpg", jpeg()), ("b.jpg", jpeg("blue")))
    assert (answer.status_code, "最多 1 张" in text(answer)) == (409, True)
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(SessionPhoto)) == 0
    assert not list(tmp_path.glob("photos/*.jpg"))


@pytest.mark.parametrize("number", ["99999999999999999999", "-5", "x"])
def test_no_number_behind_the_question_mark_is_an_error(trainer: Any, s1: Any, here: int,
                                                        number: str) -> None:
    for who, path in ((trainer, "?year="), (trainer, "?page="), (trainer, "/laws?year="),
                      (trainer, f"/{here}/people?page="), (s1, "/mine?year=")):
        assert who.get(f"/sessions{path}{number}").status_code == 200, path


def test_people_of_a_long_list_are_paged(trainer: Any, world: World, database: Any) -> None:
    with database.write() as session:
        home = session.get_one(factories.Unit, world.unit_id)
        for place in range(105):
            factories.person(session, f"n{place:03d}", home)
        long = meeting(session, world)
    page = text(trainer.get(f"/sessions/{long}/people"))
    assert "第 1/2 页，共 111 条" in page
    assert page.count('name="was-') == 100
    assert "n104" not in text(trainer.get(f"/sessions/{long}/people?q=n10&figure=came"))
