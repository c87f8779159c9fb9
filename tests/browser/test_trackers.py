"""A tracker's whole way in the browser: connected, a sprint brought in, estimated, and all estimates there."""

import re
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle

import pytest
from playwright.sync_api import Locator, Page, expect

from poker_app.trackers import TRACKERS
from tests.browser.live_server import House
from tests.browser.page_checks import is_sound
from tests.browser.person import Person
from tests.mail_server import Post
from tests.trackers import STANDS, Double
from tests.trackers.double import SPRINT, WRITER, Fault

pytestmark = pytest.mark.browser

ESTIMATED = 10
THERE_WITHIN = 90  # seconds, with the pauses that the tracker asks for


@pytest.fixture(scope="module")
def house(build: Callable[..., House], post: Post) -> House:
    """People sign in, mail arrives, and trackers on this machine may be asked."""
    mail = {"MAIL": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(post.port), "SMTP_TLS": "false"}
    return build(AUTH="accounts", TRACKERS_INSIDE="true", **mail)


# Linear's address cannot be typed: tests/web/test_trackers.py goes this way with it.
BRIEFLY = sorted({*STANDS} - {"jira", "linear"})


@pytest.fixture
def tracker(request: pytest.FixtureRequest) -> Iterator[Double]:
    with STANDS[getattr(request, "param", "jira")]() as double:
        yield double


def connects(olga: Person, tracker: Double, look: Callable[[Page], None] = is_sound) -> None:
    """In the account's settings, with the field that estimates are written into."""
    page, about = olga.page, TRACKERS[tracker.kind]
    page.goto("/accounts")
    page.get_by_role("link", name="Settings").first.click()
    page.get_by_role("link", name="Trackers").click()
    look(page)
    page.get_by_role("link", name=about.label, exact=True).click()
    for each in about.credentials:
        if text := tracker.credentials().get(each.name):
            page.get_by_label(each.label, exact=True).fill(text)
    look(page)
    page.get_by_role("button", name="Connect").click()
    olga.sees("is connected.")
    page.get_by_role("link", name="A project").click()
    _chooses(page, "Project", "Checkout")
    page.get_by_role("button", name="Show its fields").click()
    _chooses(page, "Field", tracker.field)
    look(page)
    page.get_by_role("button", name="Save").click()
    olga.sees("Saved.", "When it is finalized")


def _chooses(page: Page, label: str, part: str) -> None:
    """The first option with that part, once the page that has it is there."""
    options = page.get_by_label(label).locator("option").filter(has_text=part)
    page.get_by_label(label).select_option(value=options.first.get_attribute("value"))


def finds_the_sprint(olga: Person, tracker: Double) -> None:
    page = olga.page
    page.get_by_role("link", name="Import a file or a table").click()
    page.get_by_role("link", name=TRACKERS[tracker.kind].label).click()
    _chooses(page, "Project", "Checkout")
    page.get_by_role("button", name="Search").click()
    _chooses(page, "Where in it", "Sprint 42")
    page.get_by_role("button", name="Search").click()
    expect(page.get_by_role("checkbox", name=re.compile("Task 1$")).first).to_be_checked()


def _sheet(olga: Person) -> Locator:
    """That of the first task."""
    olga.backlog.get_by_role("link", name="Task 1", exact=True).click()
    sheet = olga.page.locator("#sheet")
    expect(sheet.get_by_role("heading", name="Task 1", exact=True)).to_be_visible()
    return sheet


def test_a_sprint_comes_in_and_its_estimates_go_back(
    house: House, post: Post, tracker: Double, person: Callable[..., Person]
) -> None:
    olga, ben = person("Olga", home=house.url, post=post).signs_in(), person("Ben", home=house.url)
    connects(olga, tracker)
    table = olga.opens("Sprint 42")
    finds_the_sprint(olga, tracker)
    is_sound(olga.page)
    olga.page.get_by_role("button", name="Add all that are open").first.click()
    olga.is_live()
    olga.sees(f"{SPRINT} tasks added.")
    ben.joins(table)
    # Busy, down, and an answer that is lost: while the table goes on.
    writes = tracker.writes
    tracker.faults += [
        Fault(429, times=2, headers={"Retry-After": "2"}, **writes),
        Fault(503, times=3, **writes),
        Fault(502, after=True, **writes),
    ]
    cards = dict(zip(range(1, ESTIMATED + 1), cycle(["1", "2", "3", "5", "8"]), strict=False))
    for number, card in cards.items():
        olga.sees_task(f"Task {number}")
        for each in (olga, ben):
            each.picks(card)
        olga.reveals()
        olga.saves(card)
    expect(_sheet(olga)).to_contain_text(TRACKERS[tracker.kind].label)
    is_sound(olga.page)
    _are_there(olga, tracker, cards)
    found = {number: tracker.titled(f"Task {number}").estimate for number in cards}
    assert {number: f"{float(value):g}" for number, value in found.items()} == cards
    # An answer that was lost is found by the next try.
    ends = time.monotonic() + THERE_WITHIN
    olga.reloads()
    while "the estimate 1 is written." not in _sheet(olga).inner_text():
        assert time.monotonic() < ends
        time.sleep(1)  # the sheet does not follow by itself
        olga.reloads()
    assert WRITER not in house.log()
    assert WRITER not in olga.page.content()


@pytest.mark.parametrize("tracker", BRIEFLY, indirect=True)
def test_every_tracker_goes_that_way(house: House, post: Post, tracker: Double, person: Callable[..., Person]) -> None:
    olga = person("Olga", home=house.url, post=post).signs_in()
    connects(olga, tracker, look=lambda page: None)
    olga.opens("Sprint 42")
    finds_the_sprint(olga, tracker)
    olga.page.get_by_role("button", name="Add the ticked issues").first.click()
    olga.is_live()
    olga.sees_task("Task 1")
    olga.picks("5")
    olga.reveals()
    olga.saves("5")
    _are_there(olga, tracker, [1])
    assert str(tracker.titled("Task 1").estimate).removesuffix(".0") == "5"


def _are_there(olga: Person, tracker: Double, numbers: Iterable[int]) -> None:
    """The estimates of the tasks of these numbers."""
    ends = time.monotonic() + THERE_WITHIN
    while any(tracker.titled(f"Task {number}").estimate is None for number in numbers):
        assert time.monotonic() < ends, [tracker.titled(f"Task {number}").estimate for number in numbers]
        olga.page.title()  # lets the browser's events be handled
        time.sleep(0.2)  # the server writes in the background, and nothing on the page says when
