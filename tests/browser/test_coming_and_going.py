"""Ways in, ways out, and who one is after coming back."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.live_server import House
from tests.browser.person import Person

pytestmark = pytest.mark.browser


@pytest.mark.fast
def test_joining_by_link_and_by_typed_code(ada: Person, ben: Person, cleo: Person) -> None:
    table = ada.opens()
    assert re.fullmatch(r"[A-Z0-9]{3}-[A-Z0-9]{3}", table.code)
    ben.joins(table)

    cleo.page.goto("/")
    cleo.page.get_by_label("Join with a code").fill(f" {table.code.lower().replace('-', ' ')} ")
    cleo.page.get_by_role("button", name="Join", exact=True).click()
    cleo.sees("Checkout team", "Ada is facilitating. 2 people are here.")
    cleo.takes_a_seat()
    for each in (ada, ben, cleo):
        for name in ("Ada", "Ben", "Cleo"):
            each.sees_seat(name, "thinking")


def test_a_code_that_no_session_has(gus: Person) -> None:
    gus.expects("404")
    gus.page.goto("/")
    gus.page.get_by_label("Join with a code").fill("zzz-999")
    gus.page.get_by_role("button", name="Join", exact=True).click()
    gus.sees("Session not found", "No session has that code.")
    expect(gus.page.get_by_label("Join with a code")).to_be_visible()


def test_a_taken_name_is_told_apart(ada: Person, ben: Person, person: Callable[..., Person]) -> None:
    table = ada.opens()
    ben.joins(table)
    person("Ben").joins(table)
    for each in (ada, ben):
        each.sees_seat("Ben", "thinking")
        each.sees_seat("Ben 2", "thinking")


def test_two_tabs_are_one_member(ada: Person, ben: Person) -> None:
    table = ada.opens()
    ben.joins(table)
    twin = ben.another_tab()
    twin.page.goto(table.url)
    twin.is_live()

    ben.picks("8")
    twin.has_picked("8")
    twin.picks("13")
    ben.has_picked("13")
    ada.sees_status("1 of 2 have voted")
    expect(ada.table.locator(".seat")).to_have_count(2)
    ben.takes_the_card_back()
    twin.has_no_card()
    for each in (ben, twin):
        each.sees_seat("Ben", "thinking")
    ada.sees_status("0 of 2 have voted")

    # one of them closed, Ben is still here: his vote through the other counts, and he is waited for
    ben.page.close()
    twin.picks("3")
    ada.sees_seat("Ben", "voted")
    ada.reveals()
    twin.sees_card_of("Ben", "3")


def test_leaving_and_coming_back(ada: Person, ben: Person, cleo: Person) -> None:
    table = ada.opens()
    for each in (ben, cleo):
        each.joins(table)
    ben.picks("5")
    cleo.leaves()
    ada.sees("Left: Cleo")
    ada.does_not_see_seat("Cleo")
    ben.leaves()
    ada.sees_seat("Ben", "left")
    ada.sees_status("0 of 1 have voted")

    # the browser knows who it is: one button, the same seat, the same card
    for each in (ben, cleo):
        each.page.goto(table.link)
        each.sees("You left this session")
        ada.does_not_see_seat("Cleo")
        each.comes_back()
    ben.has_picked("5")
    ada.sees_seat("Cleo", "thinking")
    expect(ada.table.locator(".seat")).to_have_count(3)

    # a facilitator who leaves by the button is replaced at once, and comes back without the role
    ada.leaves()
    for each in (ben, cleo):
        each.sees("No facilitator is here.")
    cleo.page.get_by_role("button", name="Take over").click()
    for each in (ben, cleo):
        each.sees("Facilitator: Cleo")
        expect(each.page.get_by_role("button", name="Take over")).to_be_hidden()
    ada.page.goto(table.link)
    ada.comes_back()
    expect(ada.page.get_by_role("button", name="Reveal cards")).to_have_count(0)
    cleo.reveals()
    ada.sees("Cleo is picking the final estimate.")


def test_a_tab_that_was_forgotten(ada: Person, ben: Person) -> None:
    table = ada.opens(options=["Auto-reveal"])
    ben.joins(table)
    tab = ben.another_tab()
    tab.page.goto(table.url)
    tab.is_live()
    ben.leaves()
    tab.sees("You left this session.")
    expect(tab.hand).to_have_count(0)
    expect(tab.page.get_by_role("button", name="Take over")).to_be_hidden()

    # it asks for the table, is hidden and shown, and loaded anew: nobody waits for Ben
    for _ in range(2):
        with tab.page.expect_response(re.compile("/vote-table$")):
            tab.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    ada.does_not_see_seat("Ben")
    ada.touches("5")
    ada.sees_cards_face_up()
    tab.sees_status("One vote, 5")
    again = ben.another_tab()
    again.page.goto(table.url)
    again.sees("You left this session")
    ada.calls_another_vote()
    expect(ada.table.locator(".seat")).to_have_count(1)

    # by hand, in the tab that was open all the time
    tab.comes_back()
    ada.sees_seat("Ben", "thinking")
    tab.picks("8")
    ada.touches("8")
    ada.sees_cards_face_up()


def test_a_facilitator_stays_one(ada: Person, ben: Person) -> None:
    table = ada.opens()
    ben.joins(table)
    ada.reloads()
    ben.picks("5")
    ada.page.goto("/")
    ada.page.goto(table.link)
    ada.is_live()
    ben.sees("Facilitator: Ada")
    ada.sees_seat("Ben", "voted")
    ada.reveals()
    ben.sees_card_of("Ben", "5")
    expect(ben.page.get_by_role("button", name="Vote again")).to_have_count(0)


def test_a_table_without_its_facilitator(house: House, ada: Person, ben: Person, cleo: Person) -> None:
    table = ada.opens()
    for each in (ben, cleo):
        each.joins(table)
    ada.page.close()
    ben.sees_seat("Ada", "away")
    expect(ben.page.get_by_role("button", name="Take over")).to_be_hidden()

    house.long_ago(table.id, "Ada", "away_since", minutes=3)
    ben.reloads()
    ben.sees("No facilitator is here.")
    ben.page.get_by_role("button", name="Take over").click()
    for each in (ben, cleo):
        each.sees("Facilitator: Ben")
    expect(ben.page.get_by_role("button", name="Take over")).to_be_hidden()
    ben.picks("5")
    cleo.picks("8")
    ben.reveals()
    cleo.sees_card_of("Ben", "5")

    # back again, Ada sits where she sat, without the role
    back = ada.another_tab()
    back.page.goto(table.link)
    back.is_live()
    back.sees("Ben is picking the final estimate.")
    expect(back.page.get_by_role("button", name="Vote again")).to_have_count(0)


def test_a_session_ended_by_mistake(ada: Person, ben: Person, cleo: Person) -> None:
    table = ada.opens()
    ben.joins(table)
    cleo.joins(table, watching=True)
    watching = cleo.page.get_by_text("You are watching.")
    assert watching.evaluate("each => each.offsetHeight < 1.6 * parseFloat(getComputedStyle(each).lineHeight)")
    ada.ends()
    for each in (ben, cleo):
        each.sees("Ada ended the session")
        expect(each.page.get_by_role("button", name="Reopen the session")).to_have_count(0)
    ada.page.get_by_role("button", name="Reopen the session").click()
    for each in (ada, ben, cleo):
        each.is_live()
    ben.picks("5")
    ada.sees_seat("Ben", "voted")


def test_joining_asks_for_no_more_than_it_needs(ada: Person, ben: Person) -> None:
    table = ada.opens(tasks="One")
    asked: list[str] = []
    ben.page.on(
        "request",
        lambda each: (
            asked.append(f"{each.method} {each.url.removeprefix(table.link)}") if table.link in each.url else None
        ),
    )
    with ben.page.expect_response("**/vote-table") as told:
        ben.joins(table, by_link=True)
    # The table of the page is the newest, so it is not sent again.
    assert told.value.status == 304
    assert asked == ["GET ", "GET /join", "POST /members", "GET ", "POST /socket-auth", "GET /vote-table"]
