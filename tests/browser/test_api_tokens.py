"""API tokens: one is made with the keyboard, copied once, and ended."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.page_checks import is_sound
from tests.browser.person import Person

pytestmark = pytest.mark.browser


def test_from_making_to_ending(visitor: Callable[..., Person]) -> None:
    ada = visitor("Ada").signs_in()
    page = ada.page
    page.goto("/dashboard")
    page.get_by_role("link", name="Settings", exact=True).click()
    page.get_by_role("link", name="API tokens", exact=True).last.click()
    ada.sees("No program has a token yet.")
    is_sound(page)

    page.get_by_label("Name", exact=True).fill("Nightly build")
    page.keyboard.press("Enter")
    ada.expects("422")
    ada.sees("Choose what the token may do.")
    is_sound(page)
    page.get_by_label("Open and change sessions").focus()
    page.keyboard.press("Space")
    page.get_by_label("For").select_option("admin")
    page.get_by_label("Ends").select_option("365")
    page.get_by_role("button", name="Make the token").press("Enter")
    ada.sees("it is never shown again")
    is_sound(page)

    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    token = page.get_by_label("Token", exact=True).input_value()
    page.get_by_role("button", name="Copy").click()
    ada.sees("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == token
    assert token.startswith("faceup_svc_")

    page.get_by_role("link", name="I have saved it").click()
    ada.sees("Nightly build", f"…{token[-4:]}", "Never used.", "by Ada")
    ada.does_not_see(token)
    is_sound(page)
    page.get_by_role("link", name="End Nightly build").click()
    is_sound(page)
    page.get_by_role("button", name="End the token").click()
    expect(page.get_by_text("No program has a token yet.")).to_be_visible()
