"""Requests that fail, and answers that come too late."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Route, expect

from tests.browser.person import Person

pytestmark = pytest.mark.browser

VOTES = re.compile(r"/votes$")


def held_vote(ben: Person, card: str) -> Route:
    """Ben's card is on its way, and takes its time."""
    held: list[Route] = []
    ben.page.route(VOTES, lambda route: held.append(route), times=1)
    ben.touches(card)
    return ben.waits_for(held)


def refuses(status: int) -> Callable[[Route], None]:
    """As a server in front does, without the table."""
    return lambda route: route.fulfill(status=status, body="Away", content_type="text/plain")


def test_a_vote_that_does_not_arrive_is_sent_again(ada: Person, ben: Person) -> None:
    """Nothing took it, or a server in front refused it twice."""
    ben.joins(ada.opens())
    ben.expects("ERR_FAILED", "Failed to fetch", "502", "503", "504")
    for card, status in (("5", None), ("8", 502), ("13", 503), ("21", 504)):
        ben.page.route(VOTES, refuses(status) if status else lambda route: route.abort(), times=2 if status else 1)
        ben.touches(card)
        ben.sees_notice("Your card has not arrived yet. Trying again.")
        ben.has_picked(card)
        ada.sees_seat("Ben", "voted")
        expect(ben.page.locator("#notice .toast")).to_have_count(0)
    ada.reveals()
    ada.sees_card_of("Ben", "21")


def test_whatever_else_a_server_in_front_refuses_is_said(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens())
    ada.expects("502", "ERR_FAILED", "Failed to fetch")
    ben.picks("5")
    ada.page.route(re.compile("/reveal$"), lambda route: route.fulfill(status=502, body="Away"), times=1)
    ada.presses("Reveal cards")
    ada.sees_notice("The server did not take that. Try again in a moment.")
    ada.page.route(re.compile("/tasks$"), lambda route: route.abort(), times=1)
    field = ada.page.get_by_label("Add tasks, one a line")
    field.fill("One")
    field.press("Enter")
    ada.sees_notice("Not sent. Check your connection and try again.")
    expect(field).to_have_value("One")
    ada.reveals()


def test_the_reveal_waits_for_ones_own_card(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens())
    ben.picks("5")
    vote = held_vote(ada, "3")
    ada.presses("Reveal cards")
    ben.sees_status("1 of 2 have voted")
    vote.continue_()
    for each in (ada, ben):
        each.sees_card_of("Ada", "3")
        each.sees_card_of("Ben", "5")

    # a card that comes late takes no reveal along to the next round
    ada.calls_another_vote()
    ben.sees("Round 2")
    ada.expects("409")
    vote = held_vote(ada, "3")
    ada.presses("Reveal cards")
    ada.page.wait_for_timeout(200)  # in which the reveal would have been sent, had it not waited for the card
    ben_reveals = ada.another_tab()
    ben_reveals.page.goto(ada.page.url)
    ben.picks("8")
    ben_reveals.reveals()
    ben_reveals.calls_another_vote()
    ben.sees("Round 3")
    vote.continue_()
    ada.sees_notice("That round is over. The table shows where we are now.")
    for each in (ada, ben):
        each.sees_cards_face_down()
    ada.picks("2")
    ada.reveals()


def test_only_ones_own_card_waits_for_the_network(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    ben.picks("5")
    ada.sees_seat("Ben", "voted")
    ada.expects("ERR_FAILED", "Failed to fetch", "htmx:error: timeout")
    ada.page.route(VOTES, lambda route: route.abort())
    ada.touches("3")
    ada.presses("Reveal cards")
    ada.sees_notice("Not revealed: your own card has not arrived yet. Reveal again when it has.")
    ada.page.unroute(VOTES)
    ben.sees_seat("Ada", "voted")  # by itself, a moment later
    ada.has_picked("3")
    ben.sees_cards_face_down()

    # a button that is pressed again while there is no answer is pressed once
    paused: list[Route] = []
    ada.page.get_by_role("button", name="Start 3:00").click()
    ada.page.route(re.compile("/timer/(pause|resumption)$"), lambda route: paused.append(route))
    for _ in range(2):
        ada.page.get_by_role("button", name="Pause").click()
    ada.waits_for(paused).continue_()
    expect(ada.page.get_by_role("button", name="Resume")).to_be_visible()
    assert paused == []

    # and what got no answer in time is given up
    held: list[Route] = []
    ada.page.route(re.compile("/skip$"), lambda route: held.append(route), times=1)
    ada.page.clock.install()
    ada.presses("Skip")
    ada.waits_for(held)
    ada.page.clock.fast_forward(10_000)
    ada.sees_notice("The server did not answer. Look at the table before you try again.")
    ada.sees_task("One")


# Pressed again in the moment in which the next task is on the page, with its cards, and "Skip" behind N.
AGAIN = """press => document.addEventListener('htmx:after:settle', ({ target }) => {
  if (target.id !== 'actions' || target.dataset.phase !== 'voting' || document.title === 'Pressed again') return;
  const how = { bubbles: true, cancelable: true };
  if (press === 'key') document.body.dispatchEvent(new KeyboardEvent('keydown', { ...how, key: 'n', code: 'KeyN' }));
  else for (const each of document.querySelectorAll('#hand label:first-child, [form="skip"]'))
    each.dispatchEvent(new MouseEvent('click', { ...how, detail: 2 }));
  document.title = 'Pressed again';
})"""


@pytest.mark.parametrize("press", ["key", "mouse"])
def test_a_second_press_does_nothing_to_what_came_into_its_place(ada: Person, press: str) -> None:
    ada.opens(tasks="One\nTwo\nThree")
    ada.picks("5")
    ada.reveals()
    sent: list[str] = []
    ada.page.on("request", lambda asked: asked.method == "POST" and sent.append(asked.url.rsplit("/", 1)[1]))
    ada.page.evaluate(AGAIN, press)
    if press == "key":
        ada.page.keyboard.press("n")
    else:
        ada.page.get_by_role("button", name="Save 5").click()
    expect(ada.page).to_have_title("Pressed again")
    ada.sees_task("Two")
    ada.has_no_card()
    ada.sees_notice("Estimate 5 saved.")
    ada.picks("8")
    assert sent == ["estimate", "votes"]


def test_a_card_taken_back_at_once_is_not_sent(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens())
    ada.sees_status("0 of 2 have voted")
    ben.picks("5")
    ben.touches("8")
    ben.page.keyboard.press("Backspace")
    ben.has_no_card()
    ada.sees_status("0 of 2 have voted")
    ben.page.wait_for_timeout(500)  # in which the card would have been sent
    ben.has_no_card()
    ada.sees_status("0 of 2 have voted")
    expect(ben.page.locator("#notice .toast")).to_have_count(0)

    # nor is one gone that could not be taken back
    ben.picks("5")
    ben.expects("502")
    ben.page.route(re.compile("/retraction$"), lambda route: route.fulfill(status=502, body="Away"), times=1)
    ben.page.get_by_role("button", name="Take it back").click()
    ben.sees_notice("The server did not take that. Try again in a moment.")
    ben.has_picked("5")

    # and another card that is picked before the answer is the one that counts
    held: list[Route] = []
    ben.page.route(re.compile("/retraction$"), lambda route: held.append(route), times=1)
    ben.page.get_by_role("button", name="Take it back").click()
    retraction = ben.waits_for(held)
    ben.touches("13")
    retraction.continue_()
    ben.has_picked("13")
    ada.reveals()
    ada.sees_card_of("Ben", "13")


def test_a_vote_that_comes_late(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens())
    ben.expects("409")

    # of quick changes only the last one counts
    first = held_vote(ben, "5")
    ben.touches("8")
    ben.touches("13")
    first.continue_()
    ben.has_picked("13")
    ada.sees_seat("Ben", "voted")
    ada.reveals()
    ada.sees_card_of("Ben", "13")

    # after the reveal it is refused
    ada.calls_another_vote()
    ben.sees("Round 2")
    ben.has_no_card()
    ada.picks("3")
    vote = held_vote(ben, "5")
    ada.reveals()
    vote.continue_()
    ben.sees_notice("The cards are already face up.")
    for each in (ada, ben):
        each.sees_status("One vote, 3")
        each.sees("Did not vote: Ben")
    expect(ben.page.locator("#notice .toast")).to_have_count(1)

    # and for a round that is over it does not count in the next
    ada.calls_another_vote()
    ben.sees("Round 3")
    ada.picks("3")
    vote = held_vote(ben, "5")
    ada.reveals()
    ada.calls_another_vote()
    ben.sees("Round 4")
    vote.continue_()
    ben.sees_notice("That round is over. The table shows where we are now.")
    ben.has_no_card()
    ada.sees_status("0 of 2 have voted")
    ben.picks("8")
    ada.sees_seat("Ben", "voted")


def test_a_page_whose_cookie_is_gone(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens())
    ada.picks("3")
    ben.sees_seat("Ada", "voted")
    ben.context.clear_cookies()
    ben.expects("404")
    ben.touches("5")
    ben.sees("Your session expired.", "knew you as Ben", "The Ben from before is shown as away until")
    ada.sees_status("1 of 2 have voted")
    expect(ben.page.get_by_label("Your name")).to_have_value("Ben")

    # a cookie is what makes somebody Ben, and no name
    ben.page.get_by_role("button", name="Join", exact=True).click()
    ben.is_live()
    ben.has_no_card()
    for each in (ada, ben):
        each.sees_seat("Ben 2", "thinking")
        each.sees_seat("Ben", "away")


def test_a_card_that_is_refused_without_the_table_is_not_left_in_the_hand(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens())
    ben.picks("5")
    for status in (403, 413, 429, 500):
        ben.expects(f"{status}")
        ben.page.route(VOTES, refuses(status), times=1)
        ben.touches("8")
        ben.sees_notice("The server did not take that. Try again in a moment.")
        ben.has_picked("5")
        ben.reloads()  # and without the notice
        ben.has_picked("5")
    ada.reveals()
    ada.sees_card_of("Ben", "5")
