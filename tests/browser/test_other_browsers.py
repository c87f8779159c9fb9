"""The story of a whole session in Firefox and in WebKit, with what engines do each in their own way."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import pytest
from selenium.common.exceptions import (
    ElementClickInterceptedException,
    ElementNotInteractableException,
    StaleElementReferenceException,
)
from selenium.webdriver import ActionChains, Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait

from tests.browser.drivers import BROWSERS, NARROW, WIDE, Browser, Size, running
from tests.browser.live_server import House

pytestmark = [
    pytest.mark.browser,
    pytest.mark.filterwarnings("ignore:setting remote_server_addr:DeprecationWarning"),  # Selenium's of itself
]

PATIENCE = 60  # seconds; far more than anything takes, but the machine may be busy
TASKS = ["Retry card payments", "Show the delivery date", "Let a basket survive", "Warn before a card expires"]

# The first visible element of a selector that has a text in it.
SEEN = """const [selector, text] = arguments;
const shows = (each) => each.checkVisibility() && each.textContent.includes(text);
return [...document.querySelectorAll(selector)].find(shows)"""
BACKLOG = "return [...document.querySelectorAll('#backlog li a')].map((link) => link.textContent)"
COLUMNS = "return getComputedStyle(document.getElementById('main')).gridTemplateColumns.split(' ').length"
# How many pixels of descenders are cut off the task's title.
CUT_BELOW = """const title = document.getElementById('task-title');
const { font, lineHeight, paddingBottom } = getComputedStyle(title);
const canvas = document.createElement('canvas').getContext('2d');
canvas.font = font;
const letters = canvas.measureText('gjpqy');
const { fontBoundingBoxAscent: above, fontBoundingBoxDescent: below } = letters;
const room = (parseFloat(lineHeight) - above - below) / 2 + below + parseFloat(paddingBottom);
return Math.max(0, letters.actualBoundingBoxDescent - room)"""
# Records unhandled errors, and whether the page was hidden when the cards turned.
WATCHES = """window.troubles = [];
addEventListener('error', ({ message }) => troubles.push(message));
addEventListener('unhandledrejection', ({ reason }) => troubles.push(String(reason)));
new MutationObserver(([{ target }]) => {
  if (target.dataset.phase === 'revealed') window.turned ??= document.visibilityState;
}).observe(document.getElementById('vote-table'), { attributeFilter: ['data-phase'] });"""


class Member:
    """A member in a window of the browser. Cookies belong to a host, so each member has a host of their own."""

    def __init__(self, browser: Browser, house: House, name: str, size: Size) -> None:
        self.browser, self.name = browser, name
        self.home = f"http://{name.lower()}.localhost:{house.port}"
        self.window = browser.open(size)

    def resizes(self, size: Size) -> None:
        self.window.resize(size)
        self.until("return Math.abs(innerWidth - arguments[0]) < 100", size[0])

    def asks(self, script: str, *given: object) -> Any:
        return self.window.driver.execute_script(script, *given)

    def until(self, script: str, *given: object) -> Any:
        """Runs the script until it returns a value that is true, and returns that."""
        return self._until(lambda: self.asks(script, *given), script, *given)

    def _until(self, act: Callable[[], object], *about: object) -> Any:
        mishaps = (ElementClickInterceptedException, ElementNotInteractableException, StaleElementReferenceException)
        wait = WebDriverWait(self.window.driver, PATIENCE, poll_frequency=0.05, ignored_exceptions=mishaps)
        return wait.until(lambda _driver: act(), f"{self.name}: {about}")

    def sees(self, selector: str, text: str = "") -> WebElement:
        return self.until(SEEN, selector, text)

    def clicks(self, selector: str, text: str = "") -> None:
        """Clicks an element; retries while a refresh replaces or covers it."""
        self._until(lambda: self.sees(selector, text).click() is None, selector, text)

    def presses(self, *keys: str) -> None:
        """Presses keys together with Ctrl, one after the other, where the focus is."""
        chain = ActionChains(self.window.driver).key_down(Keys.CONTROL)
        for key in keys:
            chain.send_keys(key)
        chain.key_up(Keys.CONTROL).perform()

    @contextmanager
    def looks_away(self) -> Iterator[None]:
        with self.browser.hidden(self.window):
            self.until("return document.hidden")
            yield
        self.until("return !document.hidden")

    # --- the product's verbs

    def opens(self, copies: str) -> str:
        """Opens a session, with a list on the clipboard that was cut out of the form. Returns the invitation's path."""
        self.window.driver.get(f"{self.home}/sessions/new")
        self.asks("document.getElementById('tasks').value = arguments[0]", copies)
        self.clicks("#tasks")
        self.presses("a", "x")
        self.until("return document.getElementById('tasks').value === ''")
        self.sees("#member_name").send_keys(self.name)
        self.clicks("button", "Start session")
        self.is_live()
        return urlsplit(self.asks("return document.querySelector('#invite input').value")).path

    def joins(self, path: str) -> None:
        self.window.driver.get(self.home + path)
        self.sees("#member_name").send_keys(self.name)
        self.clicks("button", "Join")
        self.is_live()

    def is_live(self) -> None:
        self.until("return document.querySelector('#connection[data-state=live]')")

    def picks(self, card: str) -> None:
        self.clicks(f'.pick:has([value="{card}"])')
        self.until("return document.getElementById('hand-hint').textContent.includes(arguments[0])", f"picked {card}.")

    def saves(self, card: str) -> None:
        self.clicks(f'.finalpick:has([value="{card}"])')
        self.clicks("#estimate button", f"Save {card}")

    def sees_backlog(self, titles: list[str]) -> None:
        self.until(f"{BACKLOG}.join() === arguments[0]", ",".join(titles))

    def _middle(self, selector: str, text: str = "", up: float = 0) -> list[float]:
        """The middle of an element in pixels of the page, or a point above it by ``up`` of its height."""
        script = "const {x, y, width, height} = arguments[0].getBoundingClientRect()"
        where = "return [x + width / 2, y + height * (.5 - arguments[1])]"
        return self.asks(f"{script}; {where}", self.sees(selector, text), up)

    def drags(self, task: str, before: str) -> None:
        """Drags a task with the mouse by its handle, which shows while the mouse is over the task."""
        mouse = self.window.mouse
        mouse("mousemove", *self.window.place(*self._middle("#backlog li", task)))
        self.until("return document.querySelector('#backlog li:hover')")
        handle = "#backlog li:hover [data-move]"
        mouse("mousemove", *self.window.place(*self._middle(handle)), "mousedown", "1")

        def moves_until(selector: str, x: float, y: float) -> None:
            """Moves the mouse to and fro until an element is there: browsers send drag events while it moves."""
            step = itertools.cycle((0, 3))

            def move() -> object:
                mouse("mousemove", *self.window.place(x + next(step), y))
                return self.asks("return document.querySelector(arguments[0])", selector)

            self._until(move, selector)

        moves_until("[data-dragging]", *self._middle(handle, up=0.6))
        moves_until("[data-drop=before]", *self._middle("#backlog li", before, up=0.3))
        mouse("mouseup", "1")


@pytest.fixture(scope="module", params=sorted(BROWSERS))
def browser_of_another_kind(request: pytest.FixtureRequest) -> Iterator[Browser]:
    with running(request.param) as browser:
        yield browser


def test_a_session_in_another_browser(house: House, browser_of_another_kind: Browser) -> None:
    ada = Member(browser_of_another_kind, house, "Ada", WIDE)
    ben = Member(browser_of_another_kind, house, "Ben", WIDE)
    team = (ada, ben)

    # a pasted list
    path = ada.opens(copies="\n".join(TASKS))
    ben.joins(path)
    for each in team:
        each.asks(WATCHES)
    line = ada.sees("#add").size["height"]
    ada.clicks("#add")
    ada.presses("v")
    ada.until("return document.getElementById('add').value === arguments[0]", "\n".join(TASKS))
    assert ada.sees("#add").size["height"] > 2 * line
    ada.sees("#add").send_keys(Keys.ENTER)
    for each in team:
        each.sees_backlog(TASKS)
        each.sees("#task-title", TASKS[0])

    # a window made narrow, and wide again
    ada.resizes(NARROW)
    ada.until(f"{COLUMNS} === 1")
    assert ada.asks("return document.documentElement.scrollWidth <= innerWidth")
    assert ada.asks(CUT_BELOW) == 0
    ada.resizes(WIDE)
    ada.until(f"{COLUMNS} === 2")

    # a reveal in a hidden page
    ada.picks("5")
    ben.picks("13")
    with ben.looks_away():
        ada.clicks("#reveal button")
        assert ben.until("return window.turned") == "hidden"
    for each in team:
        each.sees('.lay[data-v="5"]', "Ada")
        each.sees('.lay[data-v="13"]', "Ben")
    ada.saves("5")

    # a task dragged up
    for each in team:
        each.sees("#task-title", TASKS[1])
    ada.drags(TASKS[3], before=TASKS[2])
    for each in team:
        each.sees_backlog([TASKS[0], TASKS[1], TASKS[3], TASKS[2]])

    # a server that is lost in mid-round
    ada.picks("8")
    for each in team:
        each.sees("#table-status", "1 of 2 have voted")
    house.goes_away()
    for each in team:
        each.sees("#lost", "Reconnecting.")
    house.comes_back()
    for each in team:
        each.is_live()
    ben.picks("8")
    for each in team:
        each.sees("#table-status", "Everyone has voted")
    ada.clicks("#reveal button")
    for each in team:
        each.sees("#table-status", "picked 8")
    ada.saves("8")

    # the end
    for each in team:
        each.sees("#task-title", TASKS[3])
        assert each.asks("return window.troubles") == []
    ada.clicks(".facil button", "End session")
    for each in team:
        each.sees("h1", "Ada ended the session")
        each.sees("p", "2 tasks estimated, 13 points")
