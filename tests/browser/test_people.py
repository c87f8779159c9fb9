"""From two strangers with mailboxes to a team, a session with guests, and one of them leaving with all her data."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.browser.person import Person

pytestmark = pytest.mark.browser


def test_two_people_form_an_account_and_one_of_them_leaves(visitor: Callable[..., Person]) -> None:
    ada, cleo = visitor("Ada").signs_in(), visitor("Cleo", phone=True)
    ada.page.goto("/dashboard")
    ada.page.get_by_role("link", name="Team", exact=True).click()
    ada.page.get_by_label("Email addresses").fill("cleo@example.com")
    ada.page.get_by_role("button", name="Send invitations").click()
    ada.sees("Invited cleo@example.com.")

    cleo.follows(cleo.opens_mail("Ada invites you to Ada’s team"))
    cleo.page.get_by_role("link", name="Sign in to join").click()
    cleo.signs_in()
    cleo.page.get_by_role("button", name="Join Ada’s team").click()
    cleo.sees("Welcome to the team.")

    table = cleo.opens("Checkout team", tasks="PAY-1 Vouchers")
    guests = [visitor(name) for name in ("Ben", "Gus", "Dora")]
    for guest, card in zip(guests, ("3", "5", "5"), strict=True):
        guest.joins(table)
        guest.picks(card)
    ada.joins(table)
    ada.picks("5")
    cleo.picks("8")
    cleo.reveals()
    for person in (*guests, ada, cleo):
        person.sees_card_of("Ben", "3")
        person.sees_card_of("Cleo", "8")
    cleo.saves("5")
    cleo.ends()
    for person in (*guests, ada):
        person.sees("Cleo ended the session")

    cleo.page.goto("/me/data")
    with cleo.page.expect_download() as downloading:
        cleo.page.get_by_role("link", name="Download my data").click()
    kept = json.loads(Path(downloading.value.path()).read_text())
    assert kept["user"]["email"] == "cleo@example.com"
    assert [seat["session"] for seat in kept["seats"]] == ["Checkout team"]
    assert [vote["card"] for vote in kept["seats"][0]["votes"]] == ["8"]

    cleo.page.get_by_label("Type cleo@example.com to confirm").fill("cleo@example.com")
    cleo.page.get_by_role("button", name="Delete my account").click()
    cleo.sees("Your account is deleted")
    cleo.is_signed_out()

    ada.page.goto("/dashboard")
    ada.page.get_by_role("link", name="Checkout team").click()
    ada.page.locator("summary", has_text="Vouchers").click()
    ada.sees("Former member")
    ada.does_not_see("Cleo")
    ada.page.goto("/dashboard")
    ada.page.get_by_role("link", name="Team", exact=True).click()
    ada.does_not_see("Cleo", "cleo@example.com")
