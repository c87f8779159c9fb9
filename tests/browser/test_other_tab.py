"""What is done in one tab, and the hand that another tab of the same browser shows."""

from collections.abc import Callable

import pytest

from tests.browser.person import Person

pytestmark = pytest.mark.browser


@pytest.fixture
def ada(visitor: Callable[..., Person]) -> Person:
    """Facilitates, signed in."""
    return visitor("Ada").signs_in()


def test_signing_in_in_one_tab_leaves_the_other_its_vote(ada: Person, visitor: Callable[..., Person]) -> None:
    table = ada.opens()
    ben = visitor("Ben").joins(table)
    ben.another_tab().signs_in()
    ben.picks("5")
    ada.sees_seat("Ben", "voted")
    ada.reveals()
    ben.sees_card_of("Ben", "5")


def test_signing_out_in_one_tab_leaves_no_card_in_the_other(ada: Person, visitor: Callable[..., Person]) -> None:
    table = ada.opens()
    ben = visitor("Ben").signs_in().joins(table)
    ben.picks("5")
    other = ben.another_tab()
    other.page.goto("/me")
    other.signs_out()

    ben.expects("404")
    ben.touches("8")
    ben.sees("You are not signed in as Ben any more.", "Nothing that you did after that was saved.")
    ben.page.locator("#main").get_by_role("link", name="Sign in").click()
    ben.signs_in()
    ben.is_live()
    ben.has_picked("5")
    ada.sees_seat("Ben", "voted")


def test_signing_in_as_a_member_who_is_here_already(ada: Person, visitor: Callable[..., Person]) -> None:
    """The guest of this browser and the user who signs in are two members: each page shows one of them."""
    table = ada.opens()
    phone = visitor("Ben", phone=True).signs_in().joins(table)
    phone.picks("3")
    laptop = visitor("Ben")
    laptop.joins(table)
    ada.sees_seat("Ben 2", "thinking")
    laptop.another_tab().signs_in()

    laptop.touches("8")
    laptop.has_picked("8")
    ada.sees_seat("Ben", "voted")
    ada.sees_seat("Ben 2", "away")
    phone.reloads()
    phone.has_picked("8")


def test_a_card_taken_back_in_another_browser(ada: Person, visitor: Callable[..., Person]) -> None:
    table = ada.opens()
    phone = visitor("Cleo", phone=True).signs_in().joins(table)
    laptop = visitor("Cleo").signs_in()
    laptop.page.goto(table.link)
    laptop.is_live()
    phone.picks("3")
    laptop.has_picked("3")
    laptop.takes_the_card_back()
    phone.has_no_card()
