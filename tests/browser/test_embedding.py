"""The table in a frame: a page of another site shows it, with cookies of its own, and where there are none at all."""

from collections.abc import Callable, Iterator
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from poker_app.web.home.embedding import ALLOWED
from tests.browser.live_server import House
from tests.browser.person import Person, Table, people
from tests.external_engines import free_port

pytestmark = pytest.mark.browser

# What a browser says of a frame that the policy closes.
REFUSED = "frame-ancestors"
# As Firefox and Chromium do to a frame whose site may store nothing.
NOTHING_STORED = """if (window !== window.top) for (const name of ['sessionStorage', 'localStorage'])
  Object.defineProperty(window, name, { get() { throw new DOMException('Denied', 'SecurityError'); } });"""


class _Wiki(BaseHTTPRequestHandler):
    """Another site's page: ``/?shows=<address>`` has a frame with that."""

    def do_GET(self) -> None:
        [address] = parse_qs(urlsplit(self.path).query)["shows"]
        frame = f'<iframe src="{address}" width="1000" height="760" allow="{ALLOWED}"></iframe>'
        page = f"<!doctype html><title>Wiki</title>{frame}".encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(page)))
        self.end_headers()
        self.wfile.write(page)

    def log_message(self, *_what: object) -> None:
        """Says nothing."""


@pytest.fixture(scope="module")
def wiki() -> Iterator[str]:
    """The address of the other site: to a browser `localhost` and `127.0.0.1` are two."""
    server = ThreadingHTTPServer(("127.0.0.1", free_port()), _Wiki)
    serving = Thread(target=server.serve_forever)
    serving.start()
    yield f"http://localhost:{server.server_port}"
    server.shutdown()
    serving.join()
    server.server_close()


@pytest.fixture(scope="module")
def house(build: Callable[..., House], wiki: str) -> House:
    """One that lets the other site show it."""
    return build(FRAME_ANCESTORS=f'["{wiki}"]')


class CookielessHouse(House):
    """One whose frames get no cookies, as if their browsers stored none."""

    program = "tests.browser.cookies_refused"


@pytest.fixture(scope="module")
def cookieless(build: Callable[..., House], wiki: str) -> House:
    return build(CookielessHouse, FRAME_ANCESTORS=f'["{wiki}"]')


@pytest.fixture
def reader(browser: Browser, wiki: str) -> Iterator[Callable[..., Person]]:
    """Makes people who read the other site's page."""
    with people(browser) as make:
        yield partial(_reader, make, wiki)


def _reader(make: Callable[..., Person], wiki: str, name: str, shown: str, *, stores: bool = True) -> Person:
    """Where the browser ``stores`` nothing, a frame's scripts are refused its storages too."""
    person: Person = make(name, home=wiki)
    if not stores:
        person.context.add_init_script(NOTHING_STORED)
    person.page.goto(f"/?shows={shown}")
    return person


def inside(person: Person) -> Person:
    """The same person's hands in the frame: its verbs are those of a page."""
    twin = object.__new__(Person)
    twin.__dict__.update(person.__dict__)
    [twin.page] = [frame for frame in person.page.frames if frame.parent_frame]  # type: ignore[assignment]
    return twin


def test_a_round_in_a_frame(ada: Person, reader: Callable[..., Person]) -> None:
    outside = reader("Ben", ada.opens().url)
    ben = inside(outside)
    ben.takes_a_seat()
    assert "#" not in ben.page.url
    [cookie] = outside.context.cookies()
    assert (cookie["name"], cookie["sameSite"], cookie["secure"]) == ("guest-framed", "None", True)
    assert cookie["partitionKey"] == "http://localhost"
    _play(ada, ben)
    # Another load of the page around it finds the same member.
    outside.page.reload()
    inside(outside).is_live()
    inside(outside).has_picked("8")


@pytest.mark.parametrize("stores", [True, False])
def test_a_round_without_cookies(
    person: Callable[..., Person], cookieless: House, reader: Callable[..., Person], *, stores: bool
) -> None:
    ada = person("Ada", home=cookieless.url)
    outside = reader("Ben", ada.opens().url, stores=stores)
    ben = inside(outside)
    ben.takes_a_seat()
    assert outside.context.cookies() == []
    _play(ada, ben)
    if stores:
        # The name stands everywhere, so the page is loaded anew.
        ben.page.get_by_role("button", name="Members", exact=True).click()
        ben.page.locator("#people").get_by_label("Your name").fill("Benjamin")
        ben.page.locator("#people").get_by_role("button", name="Save").click()
        expect(ben.page.get_by_role("button", name="Benjamin, your menu")).to_be_visible()
        ben.is_live()
        outside.page.reload()
        ben = inside(outside)
        ben.is_live()
        ben.has_picked("8")
        ben.menu("Leave session")
        expect(ben.page.get_by_role("heading", name="Planning poker")).to_be_visible()
        outside.page.reload()
        ben = inside(outside)
        ben.comes_back()
        ben.has_picked("8")
    ada.ends()
    ben.sees("ended the session")


def _play(ada: Person, ben: Person) -> None:
    ben.picks("5")
    ada.picks("3")
    ada.reveals()
    ben.sees_cards_face_up()
    ada.calls_another_vote()
    ben.sees_cards_face_down()
    ben.picks("8")


def test_what_is_an_account_s_opens_beside(ada: Person, house: House, reader: Callable[..., Person]) -> None:
    outside = reader("Ben", ada.opens().url)
    ben = inside(outside)
    ben.takes_a_seat()
    ben.page.goto(f"{house.url}/sessions/new")
    expect(ben.page.get_by_role("heading", name="This opens in a tab of its own")).to_be_visible()
    with outside.context.expect_page() as opened:
        ben.page.get_by_role("link", name="Open it").click()
    assert opened.value.url.endswith("/sessions/new")


def test_a_frame_begins_with_a_code(ada: Person, house: House, reader: Callable[..., Person]) -> None:
    table = ada.opens()
    outside = reader("Ben", f"{house.url}/embed")
    ben = inside(outside)
    ben.page.get_by_label("Join with a code or link").fill(table.code)
    ben.page.get_by_role("button", name="Join").click()
    ben.takes_a_seat()
    ben.picks("5")
    # Back at the first page, the table is found again.
    outside.page.reload()
    inside(outside).page.get_by_role("link", name="Back to the table").click()
    ben = inside(outside)
    ben.is_live()
    ben.has_picked("5")


def test_by_default_the_frame_stays_closed(build_once: Callable[..., House], browser: Browser, wiki: str) -> None:
    closed = build_once()
    with people(browser) as make:
        ada = make("Ada", home=closed.url)
        table: Table = ada.opens()
        ben = make("Ben", home=closed.url)
        ben.expects(REFUSED, "ERR_BLOCKED")
        ben.page.goto(f"{wiki}/?shows={table.url}")
        assert any(REFUSED in trouble for trouble in ben._troubles)
        expect(ben.page.frame_locator("iframe").get_by_label("Your name")).to_have_count(0)
