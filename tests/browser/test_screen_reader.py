"""What is said aloud: everyone has voted, the reveal, a new task. And nothing else."""

import pytest

from tests.browser.person import Person

pytestmark = pytest.mark.browser

EARS = """addEventListener('DOMContentLoaded', () => {
  window.heard = [];
  const place = document.getElementById('say');
  if (place) new MutationObserver(() => window.heard.push(place.textContent))
    .observe(place, { childList: true, characterData: true, subtree: true });
});"""


def listens(person: Person) -> None:
    person.page.add_init_script(EARS)


def hears(person: Person, *sentences: str) -> None:
    """These, since it was asked last, and no other."""
    heard = person.page.evaluate("() => window.heard.splice(0)")
    assert heard == list(sentences)


def test_what_a_screen_reader_hears(ada: Person, ben: Person, cleo: Person, gus: Person) -> None:
    for each in (ada, ben):
        listens(each)
    table = ada.opens(tasks="PAY-1 First\nPAY-2 Second\nThird")
    ben.joins(table)
    team = (ada, ben)
    for each in team:
        each.sees_seat("Ben", "thinking")
        each.sees_task("First")
    ada.page.evaluate("() => window.heard.splice(0)")

    # nothing for who comes and goes, single votes, the timer, other tasks
    cleo.joins(table, watching=True)
    gus.joins(table)
    gus.picks("5")
    gus.takes_the_card_back()
    gus.picks("8")
    ada.page.get_by_role("button", name="Start 3:00").click()
    ada.adds("Fourth")
    gus.leaves()
    cleo.leaves()
    ada.picks("3")
    for each in team:
        each.sees("Left: Cleo")
        each.sees_status("1 of 2 have voted")
        each.sees_backlog("First", "Second", "Third", "Fourth")
        hears(each)

    ben.picks("5")
    for each in team:
        each.sees_status("Everyone has voted")
        hears(each, "Everyone has voted.")
    ada.reveals()
    for each in team:
        each.sees_status("From 3 to 8")
        hears(each, "Cards revealed. From 3 to 8.")
    ada.calls_another_vote()
    for each in team:
        each.sees("Round 2")
        each.picks("5")
    for each in team:
        each.sees_status("Everyone has voted")
        hears(each, "Everyone has voted.")
    ada.reveals()
    for each in team:
        each.sees_status("All 2 picked 5")
        hears(each, "Cards revealed. All 2 picked 5. Ada moved from 3 to 5.")
    ada.saves("5")
    for each in team:
        each.sees_task("Second")
        hears(each, "Now voting: PAY-2 Second.")
    ben.sees_notice("Estimate 5 saved for PAY-1.")
    ada.sees_notice("Estimate 5 saved.")
    ada.skips()
    for each in team:
        each.sees_task("Third")
        hears(each, "Now voting: Third.")

    # the end is a page of its own, and says so in its heading
    ada.ends()
    ben.sees("Ada ended the session")


def test_nothing_else_speaks_up(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens())
    live = "[aria-live]:not([aria-live=off]), [role=status], [role=alert], [role=log], output"
    ids = ada.page.locator(live).evaluate_all("all => all.map(each => each.id)")
    # The third speaks in a dialog alone, which closes the others off.
    assert sorted(ids) == ["lost", "notice", "picture-words", "say"]
