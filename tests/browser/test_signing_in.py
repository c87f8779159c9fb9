"""Signing in: from the address to the mailbox and back."""

import re
from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import expect

from tests.browser.page_checks import is_sound
from tests.browser.person import Person

pytestmark = pytest.mark.browser

GOOD, BETTER = "vier kleine Igel", "grüne Wolken über Ulm"


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


def test_by_link_from_one_page_without_scripts(visitor: Callable[..., Person]) -> None:
    nora = visitor("Nora", java_script_enabled=False)
    nora.page.goto("/sessions/new")
    nora.signs_in()
    nora.page.wait_for_url("**/sessions/new")
    nora.signs_out()
    nora.is_signed_out()


def test_a_link_that_was_used_leads_to_a_new_one(visitor: Callable[..., Person]) -> None:
    ida = visitor("Ida").signs_in()
    mallory = visitor("Mallory")
    mallory.expects("409")
    assert ida.post
    mallory.page.goto(ida.post.to(ida.email)[0].link)
    mallory.sees("This link was used already")
    is_sound(mallory.page)
    mallory.page.get_by_role("link", name="Get a new link").click()
    expect(mallory.page.get_by_label("Work email")).to_be_visible()


def test_a_password_from_sign_up_to_a_new_one(visitor: Callable[..., Person]) -> None:
    ben = visitor("Ben", color_scheme="dark")
    ben.expects("422")
    ben.page.goto("/sign-up")
    ben.page.get_by_label("Your name").fill("Ben")
    ben.page.get_by_label("Work email").fill(ben.email)
    ben.page.get_by_label("Password").fill("Password2026")
    ben.page.get_by_role("button", name="Sign up").click()
    ben.sees("This is among the passwords that are used most")
    expect(ben.page.get_by_label("Your name")).to_have_value("Ben")
    is_sound(ben.page)
    ben.signs_up(GOOD)
    ben.is_signed_in()
    is_sound(ben.page)
    ben.signs_out()
    ben.tries_password("not the one")
    ben.sees("Wrong email address or password.")
    is_sound(ben.page)
    ben.tries_password(GOOD)
    ben.is_signed_in()
    # Forgotten, on the phone.
    phone = visitor("Ben", phone=True)
    phone.page.goto("/sign-in/password")
    phone.page.get_by_role("link", name="Forgotten your password?").click()
    phone.page.get_by_label("Email").fill(phone.email)
    phone.page.get_by_role("button", name="Email me a link").click()
    phone.sees("Check your email")
    assert phone.post
    phone.follows(phone.post.to(phone.email)[-1])
    phone.page.get_by_label("New password").fill(BETTER)
    is_sound(phone.page)
    phone.page.get_by_role("button", name="Save and sign in").click()
    expect(phone.page).not_to_have_url(re.compile("/new-password"))
    phone.is_signed_in()
    ben.is_signed_out()
    ben.tries_password(BETTER)
    ben.is_signed_in()


def test_a_second_factor_and_the_day_the_phone_is_gone(visitor: Callable[..., Person]) -> None:
    olga = visitor("Olga").signs_up(GOOD)
    olga.page.goto("/me")
    olga.page.get_by_role("link", name="Set up").click()
    is_sound(olga.page)
    key = "".join((olga.page.locator(".secret-key").text_content() or "").split())
    olga.page.get_by_label("Code", exact=True).fill(pyotp.TOTP(key).now())
    olga.page.get_by_role("button", name="Turn on").click()
    olga.sees("they are never shown again")
    is_sound(olga.page)
    codes = olga.page.locator(".recovery-codes code").all_text_contents()
    assert len(set(codes)) == 10
    olga.page.get_by_role("link", name="I have saved them").click()
    olga.sees("10 of 10 recovery codes are left.")
    # The phone is gone, and the laptop with it.
    elsewhere = visitor("Olga", phone=True)
    elsewhere.expects("422")
    elsewhere.tries_password(GOOD)
    elsewhere.sees("One more step")
    is_sound(elsewhere.page)
    elsewhere.page.get_by_label("Code", exact=True).fill("000000")
    elsewhere.page.get_by_role("button", name="Sign in").click()
    elsewhere.sees("Wrong code.")
    elsewhere.page.get_by_label("Code", exact=True).fill(codes[0].upper())
    elsewhere.page.get_by_role("button", name="Sign in").click()
    expect(elsewhere.page).not_to_have_url(re.compile("/sign-in"))
    elsewhere.page.goto("/me")
    elsewhere.page.get_by_role("link", name="Recovery codes, or turn it off").click()
    elsewhere.sees("9 of 10 recovery codes are left.")
    is_sound(elsewhere.page)
    elsewhere.page.get_by_label("Code", exact=True).fill(codes[1])
    elsewhere.page.get_by_role("button", name="Turn off").click()
    elsewhere.sees("Two-factor authentication is off.")


def test_signed_in_in_two_browsers_and_out_everywhere(visitor: Callable[..., Person]) -> None:
    laptop = visitor("Pia").signs_in()
    phone = visitor("Pia", phone=True).signs_in()
    third = visitor("Pia").signs_in()
    laptop.is_signed_in()
    browsers = laptop.page.locator(".sign-ins > li")
    expect(browsers).to_have_count(3)
    expect(browsers.filter(has_text="This browser")).to_have_count(1)
    is_sound(laptop.page)
    laptop.page.locator(".sign-ins").get_by_role("button", name="Sign out").first.click()
    laptop.sees("That browser was signed out.")
    expect(browsers).to_have_count(2)
    laptop.page.get_by_role("button", name="Sign out everywhere").click()
    expect(laptop.page.get_by_role("heading", name="Sign in")).to_be_visible()
    for each in (laptop, phone, third):
        each.is_signed_out()


def test_another_address(visitor: Callable[..., Person]) -> None:
    rob = visitor("Rob").signs_in()
    rob.is_signed_in()
    rob.page.get_by_label("New address").fill("robert@example.com")
    rob.page.get_by_role("button", name="Send the link").click()
    rob.sees("We sent a link to robert@example.com.")
    assert rob.post
    rob.follows(rob.post.next_to("robert@example.com"))
    rob.sees("From now on you sign in with")
    is_sound(rob.page)
    rob.page.get_by_role("button", name="Confirm").click()
    rob.sees("Your new address is confirmed.")
    assert rob.opens_mail().subject == "Your address here is now robert@example.com"


def test_the_menu_and_the_theme(visitor: Callable[..., Person]) -> None:
    uma = visitor("Uma").signs_in()
    uma.page.goto("/me")
    uma.page.get_by_role("button", name="your menu").click()
    uma.sees("uma@example.com")
    uma.page.locator("#user-menu label", has_text="Dark").click()
    expect(uma.page.locator("html")).to_have_attribute("data-theme", "dark")
    is_sound(uma.page)
    uma.page.keyboard.press("Escape")
    expect(uma.page.locator("#user-menu")).to_be_hidden()
    uma.chooses("Profile")
    expect(uma.page).to_have_url(re.compile("/me$"))
    expect(uma.page.locator("html")).to_have_attribute("data-theme", "dark")


def test_the_pages_before_one_is_in(visitor: Callable[..., Person]) -> None:
    zoe = visitor("Zoe")
    for path in ("/", "/sign-in", "/sign-in/password", "/sign-up", "/new-password"):
        zoe.page.goto(path)
        is_sound(zoe.page)
