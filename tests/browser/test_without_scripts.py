"""Plain forms and links: a whole session with no JavaScript at all."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person

pytestmark = pytest.mark.browser


@pytest.fixture
def plain(person: Callable[..., Person]) -> tuple[Person, Person]:
    """Ada and Ben, with scripts switched off."""
    ada, ben = (person(name, java_script_enabled=False) for name in ("Ada", "Ben"))
    return ada, ben


def plays(person: Person, card: str) -> None:
    person.touches(card)
    person.page.locator("noscript button", has_text="Play this card").click()
    person.has_picked(card)


def reloads(person: Person) -> None:
    person.page.locator("noscript a", has_text="Reload it").click()


def test_a_session_of_plain_forms(plain: tuple[Person, Person]) -> None:
    ada, ben = plain
    table = ada.opens("Plain")
    for title in ("First", "Second"):
        ada.page.get_by_label("Add tasks, one a line").fill(title)
        ada.page.get_by_role("button", name="Add", exact=True).click()
        expect(ada.backlog).to_contain_text(title)
    ben.joins(table)
    expect(ben.page.locator("noscript .banner")).to_have_text(re.compile("this page does not update by itself"))
    ben.sees_task("First")
    plays(ben, "5")
    plays(ada, "8")
    ada.sees_status("Everyone has voted")

    ada.reveals()
    ada.sees_card_of("Ben", "5")
    reloads(ben)
    ben.sees_card_of("Ada", "8")
    ada.calls_another_vote()
    ada.sees("Round 2")
    reloads(ben)
    plays(ben, "5")
    ben.page.get_by_role("button", name="Take it back").click()
    ben.has_no_card()
    plays(ben, "8")
    plays(ada, "8")
    ada.reveals()
    ada.page.locator(".finalpick", has=ada.page.get_by_role("radio", name="13", exact=True)).click()
    ada.page.get_by_role("button", name="Save").click()
    ada.sees_task("Second")
    expect(ada.backlog.locator("li").first.locator(".chip")).to_contain_text("13")

    # a task's page, and the members'
    ada.page.get_by_role("link", name="Second").click()
    ada.page.get_by_label("Title").fill("Second, better")
    ada.page.get_by_role("button", name="Save").click()
    ada.sees_task("Second, better")
    ada.page.get_by_role("button", name="Members", exact=True).click()
    ada.page.locator("noscript a", has_text="Members").click()
    ada.page.get_by_role("button", name="Share the facilitator role with Ben").click()
    ada.sees("Facilitators: Ada, Ben")

    ada.ends()
    ben.page.reload()
    ben.sees("Ada ended the session")
    ben.page.get_by_role("link", name="See the report").click()
    expect(ben.page.locator("[data-l=Estimate]").first).to_have_text("13")


def test_a_pasted_table_is_looked_at_before_it_is_added(plain: tuple[Person, Person]) -> None:
    ada, _ = plain
    ada.opens()
    ada.page.get_by_label("Add tasks, one a line").fill("Title;Key;Squad\nPay;PAY-1;Red\nShip;PAY-2;Blue")
    ada.page.get_by_role("button", name="Add", exact=True).click()
    expect(ada.page.get_by_role("heading", level=1)).to_have_text("Preview: 2 tasks")
    ada.page.get_by_text("What the columns mean").click()
    ada.page.get_by_label("Squad", exact=True).select_option("Not used")
    ada.page.get_by_role("button", name="Show the tasks again").click()
    ada.page.get_by_role("checkbox", name="Ship").uncheck()
    ada.page.get_by_role("button", name="Add the ticked tasks").first.click()
    ada.sees_notice("1 task added.")
    ada.sees_backlog("Pay")


def test_a_refusal_is_a_page(plain: tuple[Person, Person]) -> None:
    ada, ben = plain
    ben.joins(ada.opens())
    ada.page.get_by_role("button", name="Reveal cards").click()
    ada.expects("409")
    ada.sees("Already changed", "Nobody has voted yet.")
    ada.page.get_by_role("link", name="Back to the table").click()
    ada.sees_status("0 of 2 have voted")
