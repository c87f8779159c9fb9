"""The cards turn over by themselves when nobody who is there is still undecided."""

import pytest
from playwright.sync_api import expect

from tests.browser.person import PATIENCE, Person

pytestmark = pytest.mark.browser


def test_cards_turn_over_by_themselves(ada: Person, ben: Person, cleo: Person, gus: Person) -> None:
    table = ada.opens(options=["Auto-reveal"])
    cleo.joins(table, watching=True)
    ben.joins(table)
    expect(cleo.hand).to_have_count(0)

    # with the last vote; who watches is not waited for
    ada.picks("3")
    cleo.sees_status("1 of 2 have voted")
    ben.touches("0")
    for each in (ada, ben, cleo):
        each.sees_cards_face_up()
        each.sees_card_of("Ben", "0")

    # not when the last undecided person reloads the page, but when they close the laptop, and a while has passed
    ada.calls_another_vote()
    gus.joins(table)
    for each in (ada, ben):
        each.sees_seat("Gus", "thinking")
        each.picks("5")
    cleo.sees_status("2 of 3 have voted")
    gus.reloads()
    ada.sees_cards_face_down()
    gus.goes()
    ada.sees_seat("Gus", "away")
    ada.sees_cards_face_down()
    for each in (ada, ben, cleo):
        each.sees_cards_face_up(within=2 * PATIENCE)
        each.sees("Did not vote: Gus")


def test_who_puts_the_cards_down_is_not_waited_for(ada: Person, ben: Person, cleo: Person) -> None:
    table = ada.opens(options=["Auto-reveal"])
    for each in (ben, cleo):
        each.joins(table)
    ben.picks("8")
    ada.picks("8")
    cleo.menu("Watch instead of voting")
    for each in (ada, ben, cleo):
        each.sees_status("All 2 picked 8")
        each.sees("Watching: Cleo")
    expect(cleo.hand).to_have_count(0)

    # and is again with a hand of cards
    ada.calls_another_vote()
    cleo.page.get_by_role("button", name="Start voting").click()
    cleo.has_no_card()
    for each in (ada, ben):
        each.sees_seat("Cleo", "thinking")
        each.picks("2")
        each.sees_cards_face_down()
    cleo.sees_status("2 of 3 have voted")
    cleo.touches("2")
    for each in (ada, ben, cleo):
        each.sees_status("All 3 picked 2")


def test_without_the_option_nothing_turns_by_itself(ada: Person, ben: Person) -> None:
    table = ada.opens()
    ben.joins(table)
    for each in (ada, ben):
        each.picks("1")
    for each in (ada, ben):
        each.sees_status("Everyone has voted")
        each.sees_cards_face_down()


COUNTS_TRANSITIONS = """() => {
  window.transitions = 0;
  const start = document.startViewTransition.bind(document);
  document.startViewTransition = (...given) => (window.transitions++, start(...given));
}"""
HIDDEN = "hidden => Object.defineProperty(document, 'hidden', { value: hidden, configurable: true })"


def test_a_hidden_page_turns_its_cards_without_a_transition(ada: Person, ben: Person) -> None:
    """Firefox refuses one there with an error."""
    ben.joins(ada.opens())
    ben.page.evaluate(COUNTS_TRANSITIONS)
    for hidden, transitions in ((True, 0), (False, 1)):
        ben.page.evaluate(HIDDEN, hidden)
        ada.picks("5")
        ada.reveals()
        ben.sees_cards_face_up()
        assert ben.page.evaluate("window.transitions") == transitions
        ada.calls_another_vote()
        ben.sees_cards_face_down()
