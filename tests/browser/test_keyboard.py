"""Everything with keys, and never the mouse."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, expect

from tests.browser.person import Person

pytestmark = pytest.mark.browser

# An outline on the focused element, on what surrounds it, or on what is drawn for it.
SHOWS_FOCUS = """focused => {
  const drawn = (element, pseudo) => {
    const style = getComputedStyle(element, pseudo);
    return style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0;
  };
  const near = [focused, focused.parentElement, ...focused.parentElement.children];
  return focused.matches(':focus-visible') && near.some(each => drawn(each) || drawn(each, '::after'));
}"""


class Keys:
    """A person without a mouse."""

    def __init__(self, person: Person) -> None:
        self.person = person
        self.page = person.page

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def go_to(self, what: Locator, back: bool = False) -> None:
        """By the Tab key, seeing at every step where one is."""
        for _ in range(80):
            self.press("Shift+Tab" if back else "Tab")
            focused = self.page.locator(":focus")
            if focused.count():
                assert focused.evaluate(SHOWS_FOCUS), focused.evaluate("each => each.outerHTML")
            if what.evaluate("each => each === document.activeElement"):
                return
        raise AssertionError("the Tab key does not lead there")

    def has_focus(self, what: Locator) -> None:
        expect(what).to_be_focused()

    def has_not_lost_focus(self) -> None:
        assert self.page.evaluate("document.activeElement !== document.body")


@pytest.fixture
def keys(ada: Person) -> Keys:
    return Keys(ada)


@pytest.mark.fast
def test_a_session_without_a_mouse(keys: Keys, ada: Person, ben: Person) -> None:
    page = ada.page
    page.goto("/")
    keys.go_to(page.get_by_role("main").get_by_role("link", name="Start a session"))
    keys.press("Enter")
    keys.go_to(page.get_by_label("Session", exact=True))
    page.keyboard.type("Keys only")
    keys.press("Tab")
    page.keyboard.type("Ada")
    keys.press("Tab", "ArrowDown")
    expect(page.get_by_role("radio", name="Modified Fibonacci")).to_be_checked()
    keys.press("ArrowUp")
    keys.go_to(page.get_by_role("button", name="Start session"))
    keys.press("Enter")
    ada.is_live()
    ben.joins(ada.here())

    keys.go_to(page.get_by_label("Add tasks, one a line"))
    for line in ("PAY-1 First", "PAY-2 Second"):
        page.keyboard.type(line)
        keys.press("Enter")
        expect(page.get_by_label("Add tasks, one a line")).to_have_value("")
        keys.has_focus(page.get_by_label("Add tasks, one a line"))
    ben.sees_backlog("First", "Second")

    # arrow keys walk over the cards, and the request waits until they stand still
    keys.go_to(ada.card("0"), back=True)
    keys.press("ArrowRight", "ArrowRight", "ArrowRight")
    ada.has_picked("3")
    keys.has_focus(ada.card("3"))
    ben.picks("5")
    ada.sees_seat("Ben", "voted")
    keys.has_focus(ada.card("3"))

    # typed
    keys.press("1", "3")
    ada.has_picked("13")
    keys.press("Backspace")
    ada.has_no_card()
    keys.press("8")
    ada.has_picked("8")

    keys.press("r")
    for each in (ada, ben):
        each.sees_card_of("Ada", "8")
    keys.press("v")
    ben.sees("Round 2")
    ada.sees_cards_face_down()
    keys.press("5")
    ada.has_picked("5")
    ben.picks("5")
    ada.sees_status("Everyone has voted")
    keys.press("r")
    ada.sees("Save 5")
    keys.press("n")
    for each in (ada, ben):
        each.sees_task("Second")
        expect(each.backlog.locator("li").first).to_contain_text("5")


def test_keys_typed_fast(keys: Keys, ada: Person, ben: Person) -> None:
    ben.joins(ada.opens())
    ben.picks("5")
    ada.sees_seat("Ben", "voted")
    # a 3 that might have become 34 is a 3 as soon as the next key is another
    keys.press("3", "r")
    for each in (ada, ben):
        each.sees_card_of("Ada", "3")
    keys.press("v")
    ben.sees("Round 2")
    ada.sees_cards_face_down()
    # one that is thought better of in time was never picked
    keys.press("8")
    ada.has_picked("8")
    keys.press("2", "Backspace")
    ada.page.wait_for_timeout(1_000)  # longer than a second key is waited for, so that nothing comes any more
    ada.has_picked("8")
    # Enter on a card that is not chosen does nothing
    keys.press("Backspace")
    ada.has_no_card()
    ada.card("5").focus()
    keys.press("Enter")
    ada.page.wait_for_timeout(500)  # in which a notice would have come
    expect(ada.page.locator("#notice .toast")).to_have_count(0)


def test_a_deletion_is_undone_with_keys(keys: Keys, ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    ada.backlog.get_by_role("link", name="Two").focus()
    keys.press("Enter")
    expect(ada.page.locator("#sheet").get_by_role("heading", name="Two")).to_be_focused()
    keys.go_to(ada.page.get_by_role("button", name="Delete the task"))
    keys.press("Enter")
    ben.sees_backlog("One")
    undo = ada.page.get_by_role("button", name="Undo")
    keys.has_focus(undo)
    ada.page.wait_for_timeout(9_000)  # longer than a notice stays that has no focus
    keys.has_focus(undo)
    keys.press("Enter")
    for each in (ada, ben):
        each.sees_backlog("One", "Two")


def test_focus_survives_the_reveal(keys: Keys, ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    ben.picks("5")
    ada.sees_seat("Ben", "voted")
    reveal = ada.page.get_by_role("button", name="Reveal cards")
    reveal.focus()
    keys.press("Enter")
    ada.sees_cards_face_up()
    keys.has_not_lost_focus()
    keys.go_to(ada.page.get_by_role("button", name="Vote again"))
    keys.press("Enter")
    ada.sees_cards_face_down()
    keys.has_not_lost_focus()


def test_a_task_moves_with_the_arrow_keys(keys: Keys, ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo\nThree"))
    handle = ada.page.get_by_role("button", name="Move Three: arrow up or down")
    keys.go_to(handle)
    keys.press("ArrowUp")
    for each in (ada, ben):
        each.sees_backlog("One", "Three", "Two")
    keys.has_focus(handle)
    keys.press("ArrowUp")
    ben.sees_backlog("Three", "One", "Two")
    keys.has_focus(handle)
    keys.press("ArrowDown")
    ben.sees_backlog("One", "Three", "Two")
    # faster than the network
    keys.press("ArrowUp", "ArrowDown", "ArrowDown")
    for each in (ada, ben):
        each.sees_backlog("One", "Two", "Three")
    keys.has_focus(handle)
    expect(ben.page.get_by_role("button", name=re.compile("^Move"))).to_have_count(0)


def test_single_keys_switched_off(keys: Keys, ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    page = ada.page
    keys.go_to(page.get_by_role("button", name="your menu"))
    keys.press("Enter")
    keys.go_to(page.get_by_role("button", name="Keyboard shortcuts"))
    keys.press("Enter")
    switch = page.get_by_label("Use single keys")
    keys.go_to(switch)
    keys.press("Space")
    expect(switch).not_to_be_checked()
    keys.press("Escape", "Escape")
    expect(page.locator("#shortcuts")).to_be_hidden()
    ben.picks("5")
    ada.sees_seat("Ben", "voted")
    keys.press("8", "r", "n")

    # not now, and not after a reload; but on again they work
    ada.reloads()
    keys.press("8", "r", "n")
    ben.takes_the_card_back()
    ada.sees_status("0 of 2 have voted")
    ada.sees_task("One")
    ada.sees_cards_face_down()
    ada.has_no_card()
    ada.menu("Keyboard shortcuts")
    page.get_by_label("Use single keys").check()
    keys.press("Escape", "Escape")
    keys.press("8")
    ada.has_picked("8")


def test_single_keys_of_other_layouts(keys: Keys, ada: Person) -> None:
    ada.opens()

    def press(key: str, code: str) -> None:
        keys.page.evaluate(
            "([key, code]) => document.body.dispatchEvent(new KeyboardEvent('keydown', {key, code, bubbles: true}))",
            [key, code],
        )

    # AZERTY has & and " where others have 1 and 3
    press("&", "Digit1")
    press('"', "Digit3")
    ada.has_picked("13")
    # a letter that is one stays what it is, wherever it stands
    press("p", "KeyR")
    ada.sees_cards_face_down()
    # a Cyrillic keyboard has к where others have R
    press("к", "KeyR")
    ada.sees_card_of("Ada", "13")


def test_a_field_gets_every_key(keys: Keys, ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    ben.picks("5")
    ada.sees_seat("Ben", "voted")
    field = ada.page.get_by_label("Add tasks, one a line")
    field.focus()
    typed = "Renew 13 vouchers? Never, b r v n"
    ada.page.keyboard.type(typed)
    expect(field).to_have_value(typed)
    ada.has_no_card()
    ada.sees_cards_face_down()
    people = ada.opens_people()
    people.get_by_label("Your name").fill("")
    ada.page.keyboard.type("Rnv 5")
    keys.press("Enter")
    ben.sees_seat("Rnv 5", "thinking")
    ben.sees_task("One")


def test_keys_of_a_person_who_only_votes(person: Callable[..., Person], ada: Person) -> None:
    ben = person("Ben")
    ben.joins(ada.opens(tasks="One\nTwo"))
    keys = Keys(ben)
    keys.press("2", "1")
    ben.has_picked("21")
    keys.press("r", "v", "n", "?")
    ben.has_picked("?")
    keys.press("b")
    ben.has_picked("☕")
    ada.sees_task("One")
    ada.sees_cards_face_down()
