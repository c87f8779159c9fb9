"""The engine under test and the real clients of it."""

import fcntl
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from engine_clients import HERE, ChromiumDriver, Clients, Driver, NodeDriver, Page
from engine_server import Embedded, Engine, outside
from playwright.sync_api import Browser

# What an engine is known to do otherwise, by CONTRACT_ENGINE. The product needs none of it.
DEVIATIONS = {
    "soketi": {
        "test_who_is_here": "lists channels without their user_count",
        "test_protocol_versions": "takes any version",
        "test_requests_that_are_not_ours": "takes stale timestamps, and refuses with 200 and an error in the body",
        "test_limits": "refuses with 200 and an error in the body",
    }
}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    known = DEVIATIONS.get(os.environ.get("CONTRACT_ENGINE", ""), {})
    for item in items:
        if reason := known.get(getattr(item, "originalname", "")):
            item.add_marker(pytest.mark.xfail(reason=reason))


@pytest.fixture(scope="session", params=["outside" if outside() else "embedded"])
def engine() -> Iterator[Engine]:
    """The embedded server, unless CONTRACT_HOST and its companions name another."""
    if external := outside():
        yield external
        return
    server = Embedded()
    yield server.engine
    server.stop()


@pytest.fixture(scope="session")
def pusher_js() -> Path:
    """pusher-js installed for Node; answers with the copy for browsers, the product's own where there is one."""
    with (HERE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (HERE / "node_modules/pusher-js/dist/node/pusher.js").exists():
            command = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL)
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
