"""Who is here, on every engine: away, the reveal that waited for them, and taking over."""

import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.live_server import House
from tests.browser.person import PATIENCE, Person, Table
from tests.external_engines import Pushpin

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


@pytest.fixture(scope="module", params=["soketi", "pushpin"])
def house(request: pytest.FixtureRequest, build_on: Callable[..., House]) -> House:
    return build_on(request.param)


def is_missed(house: House, table: Table, name: str, by: Person) -> None:
    """Their only tab was closed: soketi's webhook says so; a proxy's word shortens the wait for their next sign."""
    if isinstance(house.engine, Pushpin):
        becomes_true(house, table, name, "seen_at < datetime('now', '-55 seconds')")
        house.long_ago(table.id, name, "seen_at", seconds=91)
        by.reloads()
    becomes_true(house, table, name, "away_since IS NOT NULL")


def becomes_true(house: House, table: Table, name: str, fact: str) -> None:
    until = time.monotonic() + 60  # far more than it takes, but the machine may be busy
    while not house.value(f"SELECT {fact} FROM member WHERE session_id = ? AND name = ?", table.id, name):
        assert time.monotonic() < until, f"{name}: {fact}"
        time.sleep(0.1)  # between two looks into the database of another process


def test_away_then_revealed_without_them_then_taken_over(house: House, ada: Person, ben: Person, gus: Person) -> None:
    table = ada.opens(options=["Auto-reveal"])
    for each in (ben, gus):
        each.joins(table)
    for each in (ada, ben):
        each.picks("5")
    ben.sees_status("2 of 3 have voted")
    gus.page.close()
    is_missed(house, table, "Gus", by=ben)
    for each in (ada, ben):
        each.sees_cards_face_up(within=2 * PATIENCE)
        each.sees("Did not vote: Gus")

    back = gus.another_tab()
    back.page.goto(table.link)
    back.is_live()
    ada.page.close()
    is_missed(house, table, "Ada", by=ben)
    house.long_ago(table.id, "Ada", "away_since", minutes=3)
    ben.reloads()
    ben.page.get_by_role("button", name="Take over").click()
    for each in (ben, back):
        each.sees("Facilitator: Ben")
    expect(ben.page.get_by_role("button", name="Vote again")).to_be_visible()


def test_a_reload_is_no_leaving(house: House, ada: Person, ben: Person) -> None:
    table = ada.opens()
    ben.joins(table)
    twin = ben.another_tab()
    twin.page.goto(table.url)
    twin.is_live()
    ben.page.close()
    twin.reloads()
    twin.picks("5")
    ada.sees_seat("Ben", "voted")
    assert house.value("SELECT away_since FROM member WHERE session_id = ? AND name = 'Ben'", table.id) is None
