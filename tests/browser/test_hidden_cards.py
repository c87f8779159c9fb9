"""A card that lies face down is nowhere but in its owner's own hand."""

import base64
import gzip
import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, WebSocket

from tests.browser.person import Person

pytestmark = pytest.mark.browser

DECK = "otter, heron, walrus"
OTHER_PAGES = ("", "/vote-table", "/task", "/backlog", "/actions", "/people", "/options")
REPORTS = ("/report", "/report.csv", "/report.json", "/report.md", "/report.txt")


class Wire:
    """All that reaches one browser: answers, and what comes through its socket, unpacked."""

    def __init__(self, person: Person) -> None:
        self.answers: list[str] = []
        self.frames: list[str] = []
        person.page.route("**/sessions/**", self._pass_on)
        person.page.on("websocket", self._listen)

    def _listen(self, socket: WebSocket) -> None:
        socket.on("framereceived", lambda frame: self.frames.append(unpacked(str(frame))))
        socket.on("framesent", lambda frame: self.frames.append(str(frame)))

    def _pass_on(self, route: Route) -> None:
        if route.request.is_navigation_request():  # a whole page is read as it stands
            return route.continue_()
        answer = route.fetch(max_redirects=0)
        self.answers.append(f"{answer.url}\n{answer.headers}\n{answer.text()}")
        route.fulfill(response=answer)


def unpacked(frame: str) -> str:
    """The frame, and the HTML that it may carry compressed."""
    data = json.loads(frame).get("data", "")
    inner = json.loads(data) if isinstance(data, str) and data.startswith("{") else data
    packed = inner.get("gz") if isinstance(inner, dict) else None
    return frame + (gzip.decompress(base64.b64decode(packed)).decode() if packed else "")


def without_the_hand(page: str) -> str:
    """Everybody who votes holds all the cards of the deck; which of them is played must show nowhere."""
    assert not re.search(r'value="walrus"[^>]*checked', page)
    page = re.sub(r'"cards": \[[^]]*\]', "", page.replace(DECK, ""))  # the report says which deck it was
    return re.sub(r'<div class="picks">.*?</div>', "", page, flags=re.S)


def test_nobody_gets_a_card_before_the_reveal(person: Callable[..., Person]) -> None:
    ada, ben, cleo = (person(name) for name in ("Ada", "Ben", "Cleo"))
    ada.page.goto("/sessions/new")
    ada.page.get_by_label("Session", exact=True).fill("Zoo")
    ada.page.get_by_label("Your name").fill("Ada")
    ada.page.locator("label.opt", has_text="Own cards").click()
    ada.page.get_by_label("Your cards").fill(DECK)
    ada.page.get_by_role("button", name="Start session").click()
    ada.is_live()
    table = ada.here()

    wires = {each.name: Wire(each) for each in (ada, cleo)}
    ada.reloads()
    cleo.joins(table, watching=True)
    ben.joins(table)
    ben.picks("walrus")
    ben.picks("heron")
    ben.picks("walrus")
    for each in (ada, cleo):
        each.sees_seat("Ben", "voted")
        each.reloads()
        each.sees_seat("Ben", "voted")

    # the pages as they stand, and every other page that they might ask for
    assert "walrus" not in cleo.page.content()
    assert "walrus" not in without_the_hand(ada.page.content())
    for each in (ada, cleo):
        for path in (*OTHER_PAGES, *REPORTS):
            answer = each.context.request.get(table.url + path)
            assert answer.ok or answer.status == 403
            assert "walrus" not in without_the_hand(f"{answer.headers}{answer.text()}"), path

    # all that came over the wire
    for wire in wires.values():
        assert any("vote-table" in frame for frame in wire.frames)
        assert not [frame for frame in wire.frames if "walrus" in frame]
    assert not [answer for answer in wires["Cleo"].answers if "walrus" in answer]
    assert not [answer for answer in wires["Ada"].answers if "walrus" in without_the_hand(answer)]

    # and it is the reveal that brings it
    ada.reveals()
    cleo.sees_card_of("Ben", "walrus")
    assert [frame for frame in wires["Cleo"].frames if "walrus" in frame]
    assert [answer for answer in wires["Ada"].answers if re.search(r'class="lay"[^>]*data-v="walrus"', answer)]
