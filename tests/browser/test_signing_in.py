"""Signing in: from the address to the mailbox and back."""

from collections.abc import Callable

import pytest

from tests.browser.person import Person

pytestmark = pytest.mark.browser


def test_by_link_the_first_time_and_again(visitor: Callable[..., Person]) -> None:
    ada = visitor("Ada")
    ada.page.goto("/sessions/new")
    ada.sees("Sign in")
    ada.signs_in()
    ada.page.wait_for_url("**/sessions/new")
    at_the_table = ada.opens("Checkout team")
    gus = visitor("Gus").joins(at_the_table)
    gus.sees_seat("Ada", "thinking")
    phone = visitor("Ada", phone=True)
    phone.signs_in()
    phone.page.goto("/sessions/new")
    phone.sees("New session")
