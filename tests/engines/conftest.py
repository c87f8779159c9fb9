"""The engine under test and the real clients of it."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from engine_clients import HERE, ChromiumDriver, Clients, Driver, NodeDriver, Page
from engine_server import Embedded, Engine, hang_up, outside, pushpin, soketi
from playwright.sync_api import Browser

from poker_app import trackers
from poker_app.trackers.engines.base import Tracker
from tests import external_engines as engines_outside
from tests.failing_engine import Faulty
from tests.trackers import STANDS, Double

HERE_ALWAYS = ["embedded", "soketi", "pushpin"]


@pytest.fixture(scope="session", params=["outside"] if outside() else HERE_ALWAYS)
def engine(request: pytest.FixtureRequest) -> Iterator[Engine]:
    """Each engine that can be had on this machine, unless CONTRACT_HOST and its companions name another."""
    if external := outside():
        yield external
    elif request.param == "soketi":
        with engines_outside.started(engines_outside.Soketi()) as real:
            yield soketi(real.settings)
    elif request.param == "pushpin":
        with pushpin() as engine:
            yield engine
    else:
        server = Embedded()
        yield server.engine
        server.stop()


@pytest.fixture(autouse=True)
def _hang_up() -> Iterator[None]:
    yield
    hang_up()


@pytest.fixture(scope="session")
def pusher_js() -> Path:
    """pusher-js installed for Node; answers with the copy for browsers, the product's own where there is one."""
    engines_outside.npm_install(HERE, "pusher-js/dist/node/pusher.js")
    vendored = sorted((HERE.parent.parent / "static/vendor").glob("pusher*.min.js"))
    return vendored[-1] if vendored else HERE / "node_modules/pusher-js/dist/web/pusher.min.js"


@pytest.fixture(scope="session")
def page(pusher_js: Path) -> Iterator[Page]:
    page = Page(pusher_js)
    yield page
    page.close()


@pytest.fixture(scope="session")
def node(pusher_js: Path) -> Iterator[NodeDriver]:
    driver = NodeDriver()
    yield driver
    driver.close()


@pytest.fixture(scope="session")
def chromium(page: Page, browser: Browser) -> ChromiumDriver:
    tab = browser.new_page()
    tab.goto(page.url)
    tab.wait_for_function("() => window.play")
    return ChromiumDriver(tab)


@pytest.fixture
def clients(node: NodeDriver, page: Page) -> Iterator[Clients]:
    """People with pusher-js in Node."""
    yield from _clients(node, page)


@pytest.fixture(params=["node", pytest.param("chromium", marks=pytest.mark.browser)])
def either(request: pytest.FixtureRequest, page: Page) -> Iterator[Clients]:
    """People with pusher-js in Node, then in Chromium."""
    yield from _clients(request.getfixturevalue(request.param), page)


def _clients(driver: Driver, page: Page) -> Iterator[Clients]:
    driver.news()
    clients = Clients(driver, page)
    yield clients
    clients.close()


@pytest.fixture
def faulty() -> Iterator[Faulty]:
    faulty = Faulty()
    faulty.configure()
    yield faulty
    faulty.goes_away()


@pytest.fixture(scope="session")
def doubles() -> Iterator[dict[str, Double]]:
    """A double of every tracker, by its kind."""
    with ExitStack() as stack:
        yield {kind: stack.enter_context(stand()) for kind, stand in STANDS.items()}


@pytest.fixture
def there(request: pytest.FixtureRequest, doubles: dict[str, Double], monkeypatch: pytest.MonkeyPatch) -> Double:
    """The double of the kind that a test is parametrized with, as it was filled; trackers in private networks may be
    asked."""
    monkeypatch.setattr(trackers, "_inside", True)
    doubles[request.param].reset()
    return doubles[request.param]


@pytest.fixture
def tracker(there: Double) -> Tracker:
    """The tracker of that double, with a token that may do all."""
    return trackers.tracker(there.kind, there.credentials())
