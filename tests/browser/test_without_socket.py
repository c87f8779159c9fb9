"""The table still works where the socket does not."""

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Route, WebSocketRoute, expect

from tests.browser.live_server import House
from tests.browser.person import Person
from tests.external_engines import Soketi, started
from tests.failing_engine import Faulty, forwards, replies

pytestmark = pytest.mark.browser


class Cable:
    """A person's socket, to be pulled out and put back."""

    def __init__(self, person: Person, code: int = 1001) -> None:
        self._plugged, self._silent, self._code = True, False, code
        self._sockets: list[WebSocketRoute] = []
        person.page.route_web_socket("**/app/**", self._connect)

    def _connect(self, socket: WebSocketRoute) -> None:
        if self._silent:
            return
        if self._plugged:
            server = socket.connect_to_server()
            socket.on_message(lambda message: self._silent or server.send(message))
            server.on_message(lambda message: self._silent or socket.send(message))
            self._sockets.append(socket)
        else:
            socket.close(code=self._code)

    def pull(self) -> None:
        self._plugged = False
        while self._sockets:
            self._sockets.pop().close(code=self._code)

    def dies(self) -> None:
        """It stays open, and nothing comes through any more."""
        self._silent = True

    def plug_in(self) -> None:
        self._plugged, self._silent = True, False


def test_a_socket_that_breaks_and_comes_back(ada: Person, ben: Person) -> None:
    cable = Cable(ben)
    table = ada.opens(tasks="One\nTwo")
    ben.joins(table)
    ben.page.evaluate("document.title = 'never reloaded'")
    cable.pull()
    lost = ben.page.get_by_role("alert").filter(visible=True)
    expect(lost).to_contain_text("Your vote is kept")

    # what others do is seen, and what one does oneself arrives
    ada.picks("3")
    ben.sees_seat("Ada", "voted")
    ben.picks("5")
    ada.sees_seat("Ben", "voted")
    ada.reveals()
    ben.sees_card_of("Ada", "3")
    ada.saves("5")
    ben.sees_task("Two")
    ben.has_no_card()
    expect(lost).to_be_visible()

    cable.plug_in()
    ben.is_live()
    expect(lost).to_have_count(0)
    ada.picks("8")
    ben.sees_seat("Ada", "voted")
    assert ben.page.evaluate("document.title") == "never reloaded"


def test_a_socket_that_is_dead_but_open_is_noticed(ada: Person, ben: Person) -> None:
    cable = Cable(ben)
    ben.joins(ada.opens())
    ben.page.clock.install()
    ada.picks("5")
    ben.sees_seat("Ada", "voted")
    cable.dies()
    for silence in (8_000, 4_000):
        ben.page.clock.fast_forward(silence)
    expect(ben.page.locator("#connection")).not_to_have_attribute("data-state", "live")
    expect(ben.page.get_by_role("alert").filter(visible=True)).to_contain_text("Your vote is kept")
    ada.takes_the_card_back()
    ben.sees_seat("Ada", "thinking")
    cable.plug_in()
    ben.is_live()


@pytest.mark.parametrize("code", [1001, 4004], ids=["unreachable", "over quota"])
def test_a_socket_that_never_was(ada: Person, ben: Person, code: int) -> None:
    cable = Cable(ben, code)
    cable.pull()
    table = ada.opens()
    ben.page.goto(table.link)
    ben.page.get_by_label("Your name").fill("Ben")
    ben.page.get_by_role("button", name="Join", exact=True).click()
    expect(ben.page.get_by_role("alert").filter(visible=True)).to_contain_text("Reconnecting.")
    ada.picks("3")
    ben.sees_seat("Ada", "voted")
    cable.plug_in()
    # by itself too, even what was refused for good
    if code == 1001:
        ben.page.get_by_role("button", name="Try now").click()
    ben.is_live()
    expect(ben.page.locator("#lost")).to_be_hidden()


@pytest.mark.parametrize("answer", [replies(500, "oops"), replies(200, '{"error":"no"}')], ids=["500", "error in 200"])
def test_an_engine_that_fails_and_recovers(
    build_once: Callable[..., House], person: Callable[..., Person], answer: Callable[[Any], None]
) -> None:
    with started(Soketi()) as engine:
        faulty = Faulty()
        faulty.answer = forwards(engine.port)
        own = {**engine.settings, "PUSHER_PORT": str(faulty.port), "PUSHER_CLIENT_PORT": str(engine.port)}
        home = build_once(**own).url
        ada, ben = (person(name, home=home) for name in ("Ada", "Ben"))
        table = ada.opens()
        ben.joins(table)
        # Ada learns by events alone, so that it is an event which heals.
        ada.expects("ERR_FAILED")
        ada.page.route("**/vote-table", lambda route: route.abort())
        faulty.answer = answer
        asked = len(faulty.asked)
        for card in ("5", "8", "13"):
            ben.picks(card)
        assert len(faulty.asked) > asked
        ada.sees_seat("Ben", "thinking")
        faulty.answer = forwards(engine.port)
        ada.sees_seat("Ben", "voted")
        # Everybody has heard: nobody is told to ask more often any more.
        asked_again = "fetch(location.pathname + '/vote-table').then(answer => answer.headers.get('X-Behind'))"
        assert ben.page.evaluate(asked_again) == "0"
        faulty.goes_away()


def test_a_house_without_realtime(build_once: Callable[..., House], person: Callable[..., Person]) -> None:
    home = build_once(REALTIME="none").url
    ada, ben = (person(name, home=home, polls=True) for name in ("Ada", "Ben"))
    table = ada.opens(tasks="One\nTwo")
    ben.joins(table)
    for each in (ada, ben):
        each.sees("Updates every few seconds")
        each.sees_seat("Ben", "thinking")
    ben.picks("5")
    ada.picks("3")
    for each in (ada, ben):
        each.sees_status("Everyone has voted")
    ada.reveals()
    ben.sees_card_of("Ada", "3")
    ada.saves("5")
    ben.sees_task("Two")
    ben.has_no_card()
    ada.removes(ben)
    ben.sees("A facilitator removed you from this session.")
    ben.expects("404")


def test_a_channel_that_was_refused_is_asked_for_again(ada: Person, ben: Person) -> None:
    """The engine is back before the pages are: the socket is live, and the first answer is an error."""
    table = ada.opens()
    refused = []

    def refuse(route: Route) -> None:
        refused.append(route.request.post_data)
        if len(refused) > 2:
            route.fallback()
        else:
            route.fulfill(status=503, body="")

    ben.page.route("**/socket-auth", refuse)
    ben.expects("503", "The socket was refused with 503")
    ben.joins(table)
    ada.picks("3")
    ben.sees_seat("Ada", "voted")
    ada.reveals()
    ben.sees_card_of("Ada", "3")
    assert len(refused) > 2
