"""Reading in a real browser: what it tells the server, and what it does not.

The page's clock is Playwright's, so minutes pass at once; the server's is the real one, and what
it makes of beats is tested with a clock in tests/domain and tests/services.
"""

import pytest
import sqlalchemy as sa
from playwright.sync_api import expect

from legaled.domain.permissions import SYSTEM
from legaled.models import Person, StudyPulse, StudyTime
from legaled.services import materials
from tests.browser import plan_pages
from tests.browser.conftest import DESK, PHONE
from tests.factories import NOW
from tests.web.test_minutes import add_law

STAFF = "D001"
HIDE = """hidden => {
  const state = hidden ? 'hidden' : 'visible';
  Object.defineProperty(document, 'visibilityState', { value: state, configurable: true });
  Object.defineProperty(document, 'hidden', { value: hidden, configurable: true });
  document.dispatchEvent(new Event('visibilitychange'));
}"""


@pytest.fixture
def law(site):
    with site.database.write() as session:
        return add_law(session, articles=30)


@pytest.fixture
def pdf(site):
    checked = materials.check("讲义.pdf", plan_pages.PDF)
    materials.store(site.config.instance / "materials", checked)
    with site.database.write() as session:
        return materials.keep(session, SYSTEM, checked, "讲义", NOW)


class Reader:
    """Somebody at a page whose clock the test moves; `beats` are what it has sent."""

    def __init__(self, visitor, path):
        self.visitor, self.page, self.beats = visitor, visitor.page, []
        visitor.sign_in(STAFF)
        self.page.wait_for_url(f"{visitor.site.url}/")
        self.page.on("request", self._sent)
        self.page.clock.install()
        self.page.clock.pause_at(self.page.evaluate("Date.now() + 1000"))
        with self.page.expect_response("**/minutes/beat"):
            visitor.open(path)

    def _sent(self, request):
        if request.url.endswith("/minutes/beat"):
            self.beats.append(request.post_data_json)

    def wait(self, seconds, beats):
        """So much time passes on the page, and it sends this many beats."""
        before = len(self.beats)
        self.page.clock.run_for(1000 * seconds)
        self.page.wait_for_timeout(200)
        assert len(self.beats) - before == beats

    def hide(self, hidden):
        self.page.evaluate(HIDE, hidden)

    @property
    def line(self):
        return self.page.locator("[data-said]")


@pytest.mark.parametrize("size", [DESK, PHONE])
def test_a_page_beats_only_while_somebody_reads_it(visit, law, size):
    reader = Reader(visit(size), f"/laws/{law}?page=2")
    page = reader.page
    assert reader.beats[0]["begins"]
    expect(reader.line).to_have_text("今天已学不到 1 分钟")

    reader.wait(30, beats=2)
    assert not reader.beats[-1]["begins"]
    assert set(reader.beats[-1]) == {"reading", "part", "begins"}  # no time of the browser's

    reader.hide(True)  # ten minutes in the background
    expect(reader.line).to_contain_text("已暂停计时：页面在后台")
    reader.wait(600, beats=0)
    with page.expect_response("**/minutes/beat"):
        reader.hide(False)
    page.wait_for_timeout(200)  # until the page has read the answer
    reader.wait(15, beats=1)
    assert [one["begins"] for one in reader.beats[-2:]] == [True, False]

    reader.wait(60, beats=2)  # nobody touches it: the last beat is within a minute of the touch
    expect(reader.line).to_contain_text("已暂停计时：一分钟没有操作")
    reader.wait(300, beats=0)

    page.keyboard.press("End")
    page.wait_for_timeout(200)
    assert reader.beats[-1]["begins"]
    reader.wait(15, beats=1)
    assert int(reader.beats[-1]["part"]) > int(reader.beats[0]["part"])  # what is on the screen now
    assert reader.visitor.problems == []


def earned(session):
    """The last pulse and all seconds of the reader, whom the demonstration gave some already."""
    who = sa.select(Person.id).where(Person.number == STAFF).scalar_subquery()
    return (
        session.scalar(sa.select(StudyPulse.at).where(StudyPulse.person_id == who)),
        session.scalar(sa.select(sa.func.sum(StudyTime.seconds)).where(StudyTime.person_id == who)),
    )


def test_another_tab_in_front_stops_the_page(visit, law, site):
    """Ten minutes behind another page: nothing is sent, and nothing earned."""
    reader = Reader(visit(DESK), f"/laws/{law}?page=2")
    with site.read() as session:
        before = earned(session)
    reader.hide(True)
    other = reader.page.context.new_page()
    other.goto(f"{site.url}/minutes")
    other.bring_to_front()
    reader.wait(600, beats=0)
    other.reload()
    expect(other.locator("h1 + p")).to_contain_text("今天 0 分钟")
    with site.read() as session:
        assert earned(session) == before


def test_time_is_counted_by_the_server_and_stays_counted(visit, law, site):
    """Half a minute before a page: the one test that waits for a real clock."""
    visitor = visit(DESK)
    visitor.sign_in(STAFF)
    visitor.page.wait_for_url(f"{site.url}/")
    visitor.open(f"/laws/{law}?page=2")
    expect(visitor.page.locator("[data-said]")).to_have_text("今天已学不到 1 分钟")
    with visitor.page.expect_response("**/minutes/beat", timeout=20_000) as answer:
        visitor.page.mouse.move(200, 200)
    assert 14 <= answer.value.json()["earned"] <= 16
    visitor.look("reading")
    visitor.page.wait_for_timeout(6_000)
    visitor.open("/minutes")  # leaving, the page tells of the last six seconds
    visitor.page.wait_for_timeout(1_000)
    assert site.value(sa.select(sa.func.sum(StudyTime.seconds))) >= 20
    expect(visitor.page.locator("h1 + p")).to_contain_text("今天 不到 1 分钟")
    visitor.look("mine")


def test_reading_inside_a_frame_has_to_be_said(visit, pdf):
    """The page cannot see what is done inside: a minute later it stops, unless one says so."""
    reader = Reader(visit(DESK), f"/materials/{pdf}")
    still = reader.page.get_by_role("button", name="还在看")
    expect(still).to_be_hidden()
    reader.page.locator("iframe").focus()
    reader.page.clock.run_for(50)
    expect(still).to_be_visible()
    reader.wait(45, beats=3)
    still.click()
    expect(still).to_be_hidden()
    reader.wait(45, beats=3)
    reader.page.locator("iframe").focus()
    reader.wait(60, beats=1)  # within a minute of the button, and no more
    expect(reader.line).to_contain_text("已暂停计时：一分钟没有操作")
    with reader.page.expect_response("**/minutes/beat"):
        still.press("Enter")
    assert reader.beats[-1]["begins"]
    expect(still).to_be_hidden()


def test_a_session_that_ended_is_said_and_nothing_more_is_sent(visit, law):
    reader = Reader(visit(PHONE), f"/laws/{law}?page=2")
    reader.page.context.clear_cookies()
    reader.wait(15, beats=1)
    expect(reader.line).to_contain_text("登录已过期")
    reader.wait(120, beats=0)


def test_without_a_server_the_page_says_so_and_goes_on(visit, law, site):
    reader = Reader(visit(PHONE), f"/laws/{law}?page=2")
    with reader.visitor.no_server():
        reader.page.context.set_offline(True)
        reader.wait(15, beats=1)
        expect(reader.line).to_have_text("连不上服务器，现在没有计时")
    reader.page.context.set_offline(False)
    with reader.page.expect_response("**/minutes/beat"):
        reader.wait(15, beats=1)
    expect(reader.line).to_contain_text("今天已学")
