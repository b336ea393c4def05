"""The real server on a copy of the demonstration, a real Chromium, and an eye on every page."""

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Response, expect, sync_playwright
from sqlalchemy.orm import Session

from legaled import db
from legaled.clock import utc_now
from legaled.config import ROOT, Config
from legaled.services import demo
from tests.conftest import skip_or_fail
from tests.load.server import Served, free_port, serving

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
)
PHONE, DESK = (360, 740), (1280, 800)
PATIENCE = 10_000  # ms that a page may take to show what it should
SHOTS = os.environ.get("LEGALED_SHOTS")
ONE_ON_ANOTHER = """() => [...document.querySelectorAll('.table-fold tr')].flatMap(row => {
  const links = [...row.querySelectorAll('a, button')].filter(e => e.checkVisibility())
    .map(e => [e.textContent.trim(), e.getBoundingClientRect()]);
  return links.slice(1).map((one, n) => [links[n], one]).filter(([[, a], [, b]]) =>
    Math.min(a.right, b.right) - Math.max(a.left, b.left) > 2 &&
    Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top) > 2)
    .map(([[a], [b]]) => a + ' / ' + b);
})"""
AXE = Axe()
SERIOUS = frozenset({"serious", "critical"})


class Site:
    """The product in processes of its own, on a copy of the demonstration."""

    def __init__(self, folder: Path) -> None:
        self.config = Config(secret_key="browser", instance=folder, log_level="ERROR")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = db.Database(self.config.url)
        self._running = ExitStack()
        self._served: Served | None = None

    def start(self) -> None:
        """Serve; after `kill` on the same port and the same file."""
        self._served = self._running.enter_context(serving(self.config, port=self.port))

    def kill(self) -> None:
        """kill -9 of every process."""
        assert self._served is not None
        self._served.kill()

    def stop(self) -> None:
        self._running.close()
        self.database.close()

    @contextmanager
    def read(self) -> Iterator[Session]:
        with self.database.read() as session:
            yield session

    def value(self, statement: Any) -> Any:
        """The one value that the database has for this."""
        with self.database.read() as session:
            return session.execute(statement).scalar_one()


class Visit:
    """A page somebody looks at. What its console says against us is remembered."""

    def __init__(self, site: Site, page: Page, name: str) -> None:
        self.site = site
        self.page = page
        self.problems: list[str] = []
        self._name, self._shots, self._offline = name, 0, False
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(f"script: {error}"))
        page.set_default_timeout(PATIENCE)

    def _heard(self, message: ConsoleMessage) -> None:
        """CSP violations are errors of the console too. A refused form (422) is no error."""
        refused = "status of 422" in message.text
        unreachable = self._offline and "net::ERR_" in message.text
        if message.type == "error" and not refused and not unreachable:
            self.problems.append(f"{self.page.url}: {message.text}")

    @contextmanager
    def no_server(self) -> Iterator[None]:
        """While the server is away its silence is expected."""
        self._offline = True
        yield
        self._offline = False

    def open(self, path: str) -> Response | None:
        return self.page.goto(self.site.url + path)

    def sign_in(self, number: str, password: str = demo.PASSWORD) -> None:
        self.open("/login")
        self.page.get_by_label("工号").fill(number)
        self.page.get_by_label("密码", exact=True).fill(password)
        self.page.get_by_role("button", name="登录", exact=True).click()

    def look(self, step: str, *, axe: bool = True) -> None:
        """Assert that the page, once it is all there, is one that anybody can use."""
        self.page.wait_for_load_state("load")
        if SHOTS:
            self._shots += 1
            folder = Path(SHOTS)
            folder.mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=folder / f"{self._name}-{self._shots:02d}-{step}.png")
        wide = self.page.evaluate(
            "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        )
        assert wide[0] <= wide[1], f"{self.page.url} scrolls sideways: {wide}"
        assert self.page.evaluate(ONE_ON_ANOTHER) == [], f"{self.page.url}: links overlap"
        if axe:
            assert serious(self.page) == [], self.page.url
        assert self.problems == []


def serious(page: Page) -> list[str]:
    """What axe finds serious or critical: rule, element."""
    found = AXE.run(page).response["violations"]
    return [
        f"{one['id']}: {node['html'][:200]} {node['failureSummary']}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


@pytest.fixture(scope="session")
def demo_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with the demonstration, to be copied."""
    path = tmp_path_factory.mktemp("demo") / "legaled.sqlite"
    database = db.Database(f"sqlite:///{path}")
    db.upgrade(database)
    with database.write() as session:
        demo.fill(session, ROOT / "question_banks", utc_now())
    with database.engine.connect() as connection:
        connection.connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()
    return path


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """One browser for the tests of a file; its event loop is gone before the next file."""
    if not CHROMIUM.exists():
        skip_or_fail(f"没有安装 Chromium（{CHROMIUM}）")
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
        yield browser
        browser.close()


@contextmanager
def served_copy(demo_file: Path, folder: Path, prepare: Callable[[Site], None]) -> Iterator[Site]:
    """A site on its own copy; `prepare` writes into it before the server starts."""
    shutil.copy(demo_file, folder / "legaled.sqlite")
    site = Site(folder)
    try:
        prepare(site)
        site.start()
        yield site
    finally:
        site.stop()


@pytest.fixture
def site(demo_file: Path, tmp_path: Path) -> Iterator[Site]:
    """The demonstration, served, for one test alone."""
    with served_copy(demo_file, tmp_path, lambda _: None) as made:
        yield made


@pytest.fixture
def visit(
    chromium: Browser, site: Site, request: pytest.FixtureRequest
) -> Iterator[Callable[..., Visit]]:
    """visit(size) → a Visit in a browser context of its own."""
    with ExitStack() as contexts:

        def make(size: tuple[int, int] = DESK, **options: Any) -> Visit:
            context = chromium.new_context(**options_of(size), **options)
            contexts.callback(context.close)
            return Visit(site, context.new_page(), f"{request.node.name}-{size[0]}")

        yield make


def options_of(size: tuple[int, int]) -> dict[str, Any]:
    phone = size == PHONE
    return {
        "viewport": {"width": size[0], "height": size[1]}, "has_touch": phone,
        "is_mobile": phone, "locale": "zh-CN", "timezone_id": "Asia/Shanghai",
        "reduced_motion": "reduce",
    }


def person_id(number: str) -> sa.ScalarSelect[int]:
    """The id of the person with this number, for use inside a statement."""
    from legaled.models import Person

    return sa.select(Person.id).where(Person.number == number).scalar_subquery()
