"""The projector in one browser, a phone in another: the code is read from the screen."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from legaled.clock import utc_now
from legaled.domain.permissions import SYSTEM
from legaled.domain.sessions import Invitation, SessionDraft, SessionKind, SignedBy
from legaled.models import Attendance, Unit
from legaled.services import demo, session_people, sessions
from tests.browser.conftest import DESK, PHONE, Site, Visit, person_id
from tests.factories import HOUR, MINUTE

pytestmark = pytest.mark.browser
TRAINER, STAFF = "D007", "D001"


@pytest.fixture
def meeting(site: Site) -> int:
    """A session that began a minute ago, with everybody on its list."""
    now = utc_now()
    with site.database.write() as session:
        draft = SessionDraft(SessionKind.COLLECTIVE, "学习档案法", now - MINUTE, now + 2 * HOUR)
        made = sessions.create(session, SYSTEM, draft, now)
        roots = session.scalars(sa.select(Unit.id).where(Unit.parent_id.is_(None))).all()
        session_people.invite(session, SYSTEM, made, Invitation(tuple(roots)), now)
    return made


def read_code(screen: Visit, path: Any) -> str:
    """What a camera in front of the projector reads."""
    screen.page.screenshot(path=path)
    found = zxingcpp.read_barcodes(Image.open(path))
    assert len(found) == 1
    return found[0].text


def test_a_phone_scans_the_screen_and_the_count_goes_up(
    site: Site, meeting: int, visit: Callable[..., Visit], tmp_path: Any
) -> None:
    screen, phone = visit(DESK), visit(PHONE)
    screen.sign_in(TRAINER)
    screen.open(f"/sessions/{meeting}/screen")
    expect(screen.page.locator("[data-came]")).to_have_text("0")
    screen.look("screen")
    address = read_code(screen, tmp_path / "screen.png")
    assert address.startswith(f"{site.url}/sessions/{meeting}/sign?c=")

    phone.page.goto(address)  # not signed in to the site yet: the login page comes between
    expect(phone.page).to_have_url(re.compile("/login"))
    phone.page.get_by_label("工号").fill(STAFF)
    phone.page.get_by_label("密码", exact=True).fill(demo.PASSWORD)
    phone.page.get_by_role("button", name="登录", exact=True).click()
    expect(phone.page).to_have_url(address)
    phone.look("confirm")
    phone.page.get_by_role("button", name=re.compile("签到$")).click()
    expect(phone.page.get_by_text("你已签到")).to_be_visible()
    phone.look("signed")

    expect(screen.page.locator("[data-came]")).to_have_text("1")
    mine = sa.select(Attendance.signed_by).where(
        Attendance.session_id == meeting, Attendance.person_id == person_id(STAFF))
    assert site.value(mine) is SignedBy.QR
    screen.look("counted")


def test_without_the_server_the_screen_says_so(
    site: Site, meeting: int, visit: Callable[..., Visit]
) -> None:
    screen = visit(DESK)
    screen.sign_in(TRAINER)
    screen.open(f"/sessions/{meeting}/screen")
    lost = screen.page.locator("[data-lost]")
    expect(lost).to_be_hidden()
    with screen.no_server():
        site.kill()
        expect(lost).to_be_visible()
        site.start()
        expect(lost).to_be_hidden()


def test_without_scripts_the_screen_is_refreshed_by_a_link(
    site: Site, meeting: int, visit: Callable[..., Visit], tmp_path: Any
) -> None:
    screen = visit(DESK, java_script_enabled=False)
    screen.sign_in(TRAINER)
    screen.open(f"/sessions/{meeting}/screen")
    assert "/sign?c=" in read_code(screen, tmp_path / "screen.png")
    screen.page.get_by_role("link", name="刷新").click()
    expect(screen.page.locator("[data-came]")).to_have_text("0")
