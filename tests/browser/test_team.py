"""Teammates: invited by mail, by link and by domain, with roles that change, in several accounts."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.page_checks import is_sound
from tests.browser.person import Person

pytestmark = pytest.mark.browser


def goes_to_team(person: Person) -> None:
    person.page.goto("/dashboard")
    person.page.get_by_role("link", name="Team", exact=True).click()
    expect(person.page.get_by_role("heading", name="Team", exact=True)).to_be_visible()
    person.page.wait_for_load_state()  # with its scripts, which search while one types


def gives_role(person: Person, whom: str, role: str) -> None:
    person.page.get_by_label(f"Role of {whom}", exact=True).select_option(role)
    person.page.get_by_role("button", name=f"Save the role of {whom}").click()


def test_from_the_invitation_to_the_removal(visitor: Callable[..., Person]) -> None:
    ada, ben = visitor("Ada").signs_in(), visitor("Ben", phone=True)
    goes_to_team(ada)
    ada.page.get_by_label("Email addresses").fill("ben@example.com, nonsense")
    ada.page.get_by_role("button", name="Send invitations").click()
    ada.expects("422")
    ada.sees("“nonsense” is not a full address")
    is_sound(ada.page)
    expect(ada.page.get_by_label("Email addresses")).to_have_value("ben@example.com, nonsense")
    ada.page.get_by_label("Email addresses").fill("ben@example.com\nada@example.com")
    ada.page.get_by_role("button", name="Send invitations").click()
    ada.sees("Invited ben@example.com.", "Teammates already: ada@example.com.", "Waiting to accept")
    is_sound(ada.page)

    ben.follows(ben.opens_mail("Ada invites you to Ada’s team"))
    ben.sees("Join Ada’s team")
    is_sound(ben.page)
    ben.page.get_by_role("link", name="Sign in to join").click()
    ben.signs_in()
    ben.page.get_by_role("button", name="Join Ada’s team").click()
    ben.sees("Welcome to the team.")
    ben.does_not_see("Invite people")
    is_sound(ben.page)

    ada.page.reload()
    ada.does_not_see("Waiting to accept")
    expect(ada.page.get_by_role("button", name="Save the role of Ben")).to_be_hidden()
    gives_role(ada, "Ben", "admin")
    ada.sees("Ben is an admin now.")
    ben.page.reload()
    ben.sees("Invite people")

    ada.page.get_by_role("link", name="Remove Ben").click()
    ada.sees("Remove Ben from Ada’s team?")
    is_sound(ada.page)
    ada.page.get_by_role("button", name="Remove Ben").click()
    ada.sees("Ben is no teammate any more.")
    ben.expects("404")
    ben.page.reload()
    ben.sees("You have no account at this link.")

    ada.page.get_by_role("link", name="Audit log").click()
    ada.sees("changed the role of Ben, now admin", "accepted an invitation as facilitator", "removed Ben")
    is_sound(ada.page)
    ada.page.get_by_label("Action").select_option("teammate-removed")
    ada.page.get_by_role("button", name="Filter").click()
    expect(ada.page.get_by_role("row")).to_have_count(2)


def test_ownership_is_handed_over_without_scripts(visitor: Callable[..., Person]) -> None:
    olga = visitor("Olga", java_script_enabled=False).signs_in()
    goes_to_team(olga)
    expect(olga.page.get_by_label("Role of Olga")).to_have_count(0)
    olga.page.get_by_label("Email addresses").fill("paul@example.com")
    olga.page.get_by_role("button", name="Send invitations").click()
    olga.sees("Invited paul@example.com.")
    paul = visitor("Paul")
    letter = paul.opens_mail("Olga invites you")
    paul.signs_in()
    paul.sees("Invitations")
    is_sound(paul.page)
    paul.follows(letter)
    paul.page.get_by_role("button", name="Join Olga’s team").click()
    paul.sees("Welcome to the team.")
    olga.expects("409")
    olga.page.get_by_role("link", name="Leave this account").click()
    olga.page.get_by_role("button", name="Leave the account").click()
    olga.sees("An account needs an owner.")
    goes_to_team(olga)
    gives_role(olga, "Paul", "owner")
    olga.sees("Paul is an owner now.")
    olga.page.get_by_role("link", name="Leave this account").click()
    olga.page.get_by_role("button", name="Leave the account").click()
    olga.sees("You have left Olga’s team.", "You belong to no account")
    paul.page.reload()
    paul.does_not_see("olga@example.com")


def test_two_accounts_in_two_tabs(visitor: Callable[..., Person]) -> None:
    gus = visitor("Gus").signs_in()
    goes_to_team(gus)
    other = gus.another_tab()
    other.page.goto("/accounts")
    other.page.get_by_role("link", name="Create another account").click()
    is_sound(other.page)
    other.page.get_by_label("Account name").fill("Side project")
    other.page.get_by_role("button", name="Create account").click()
    other.sees("Side project")
    gus.page.get_by_label("Email addresses").fill("hal@example.com")
    gus.page.get_by_role("button", name="Send invitations").click()
    gus.sees("Gus’s team", "Invited hal@example.com.")
    other.page.reload()
    other.does_not_see("hal@example.com")
    other.page.goto("/dashboard")
    other.sees("Side project")
    gus.page.goto("/accounts")
    is_sound(gus.page)
    gus.page.get_by_role("main").get_by_role("link", name="Gus’s team", exact=True).click()
    gus.sees("Gus’s team")


def test_decks_and_defaults_of_the_account(visitor: Callable[..., Person]) -> None:
    ida = visitor("Ida").signs_in()
    ida.page.goto("/dashboard")
    ida.page.get_by_role("link", name="Settings", exact=True).click()
    is_sound(ida.page)
    ida.page.get_by_role("link", name="New deck").click()
    ida.page.get_by_label("Name").fill("Risk")
    cards = ida.page.get_by_label("Cards", exact=True)
    # What is typed before htmx is there asks for no preview.
    expect(cards).to_have_attribute("data-htmx-powered", "true")
    cards.fill("low, high, low")
    ida.sees("keep one of them")
    cards.fill("low, high, too big")
    expect(ida.page.locator(".deck-editor__preview li")).to_have_count(5)
    is_sound(ida.page)
    ida.page.get_by_role("button", name="Create deck").click()
    ida.sees("The deck Risk is there to choose.")
    ida.page.get_by_label("Deck", exact=True).select_option(label="Risk, low to too big")
    ida.page.get_by_role("checkbox", name="Anonymous votes").check()
    ida.page.get_by_role("button", name="Save defaults").click()
    ida.sees("Saved. New sessions begin like that.")
    ida.page.goto("/sessions/new")
    is_sound(ida.page)
    expect(ida.page.get_by_role("radio", name=re.compile("^Risk"))).to_be_checked()
    expect(ida.page.get_by_role("checkbox", name="Anonymous votes")).to_be_checked()
    ida.page.get_by_label("Session", exact=True).fill("Checkout team")
    ida.page.get_by_role("button", name="Start session").click()
    ida.is_live()
    ida.picks("too big")


def test_searching_the_team(visitor: Callable[..., Person]) -> None:
    kim = visitor("Kim").signs_in()
    goes_to_team(kim)
    kim.page.get_by_label("Search teammates").type("nobody")
    kim.sees("Nobody here has “nobody” in their name or address.")
    kim.page.get_by_label("Search teammates").fill("KIM")
    kim.sees("kim@example.com")
    expect(kim.page.get_by_role("row")).to_have_count(2)


def test_by_link_and_by_domain(visitor: Callable[..., Person]) -> None:
    cleo = visitor("Cleo").signs_in()
    goes_to_team(cleo)
    cleo.page.get_by_role("button", name="Create a link").click()
    link = cleo.page.get_by_label("Invitation link").input_value()
    eve = visitor("Eve")
    eve.page.goto(link)
    eve.page.get_by_role("link", name="Sign in to join").click()
    eve.signs_in()
    eve.page.get_by_role("button", name="Join Cleo’s team").click()
    eve.sees("Welcome to the team.")
    cleo.page.get_by_role("button", name="Withdraw the link").click()
    cleo.sees("The invitation by link is withdrawn.")
    late = visitor("Late")
    late.expects("409")
    late.page.goto(link)
    late.sees("This invitation was withdrawn.")

    cleo.page.get_by_role("link", name="Settings", exact=True).click()
    cleo.page.get_by_role("button", name="Open the account to example.com").click()
    cleo.sees("may join Cleo’s team as a facilitator.")
    dora = visitor("Dora", phone=True).signs_in()
    dora.sees("Open to everybody with an address at example.com")
    is_sound(dora.page)
    dora.page.get_by_role("button", name="Join Cleo’s team").click()
    dora.sees("Welcome to the team.")
    cleo.page.get_by_role("button", name="Turn it off").click()
    cleo.sees("Let everybody with a confirmed address at")
