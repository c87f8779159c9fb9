"""Options, the timer, and what a facilitator may do about others."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.person import Person

pytestmark = pytest.mark.browser


def test_names_hidden(ada: Person, ben: Person, cleo: Person) -> None:
    table = ada.opens(options=["Anonymous votes"], tasks="One\nTwo")
    for each in (ben, cleo):
        each.joins(table)
    for each, card in ((ada, "2"), (ben, "5"), (cleo, "13")):
        each.picks(card)
    ada.reveals()
    ben.page.reload()
    for each, card in ((ada, "2"), (ben, "5"), (cleo, "13")):
        expect(each.table.locator(".lay")).to_have_count(3)
        # One's own card is in sight all the same, to oneself.
        expect(each.table.locator(".lay[data-me]")).to_have_text(f"{card}Your vote")
        assert each.table.locator(".lay").evaluate_all("all => all.map(each => each.id).join('')") == ""
        expect(each.table.locator(".tableau")).not_to_contain_text(re.compile("Ada|Ben|Cleo"))
        each.sees("Hear the 2 and the 13 first.")
    ada.saves("5")
    ben.sees_task("Two")
    ada.ends()
    ben.page.get_by_role("link", name="See the report").click()
    ben.page.locator("summary").first.click()
    expect(ben.page.locator(".rounds")).to_contain_text("1 vote")
    expect(ben.page.locator(".rounds")).not_to_contain_text(re.compile("Ada|Ben|Cleo"))


def test_anyone_reveals(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(options=["Anyone may reveal"]))
    ben.picks("5")
    ada.sees_seat("Ben", "voted")
    ben.reveals()
    ada.sees_card_of("Ben", "5")
    ben.calls_another_vote()
    ada.sees_cards_face_down()
    expect(ben.page.get_by_role("button", name="End session")).to_have_count(0)


def test_only_a_facilitator_reveals_otherwise(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens())
    expect(ben.page.get_by_role("button", name="Reveal cards")).to_have_count(0)
    expect(ada.page.get_by_role("button", name="Reveal cards")).to_be_visible()


def test_a_card_changed_after_the_reveal(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(options=["Allow changing votes after the reveal"]))
    ada.picks("5")
    ben.picks("8")
    ada.reveals()
    ben.sees_card_of("Ben", "8")
    ben.picks("5")
    for each in (ada, ben):
        each.sees_card_of("Ben", "5")
        each.sees_status("All 2 picked 5")


def test_the_estimate_follows_the_suggestion_until_somebody_chooses(ada: Person, ben: Person, cleo: Person) -> None:
    table = ada.opens(options=["Allow changing votes after the reveal"], tasks="One\nTwo")
    for each in (ben, cleo):
        each.joins(table)
    for each, card in ((ada, "3"), (ben, "3"), (cleo, "8")):
        each.picks(card)
    ada.reveals()
    save = ada.page.get_by_role("button", name=re.compile("^Save"))
    expect(save).to_have_text("Save 3, next task")
    ada.picks("8")
    ben.picks("8")
    ada.sees_status("All 3 picked 8")
    expect(save).to_have_text("Save 8, next task")

    # chosen, it stays so, whatever else changes on the page
    ada.page.locator(".finalpick", has=ada.page.get_by_role("radio", name="5", exact=True)).click()
    ada.page.get_by_label("Note").fill("Half of it")
    ada.adds("Three")
    ada.sees_backlog("One", "Two", "Three")
    ada.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    cleo.picks("5")
    ben.picks("5")
    ada.sees_card_of("Ben", "5")
    expect(save).to_have_text("Save 5, next task")
    expect(ada.page.get_by_label("Note")).to_have_value("Half of it")

    # but goes to no other round or task with it
    ada.calls_another_vote()
    ben.sees("Round 2")
    ben.picks("13")
    ada.reveals()
    expect(save).to_have_text("Save 13, next task")
    expect(ada.page.get_by_label("Note")).to_have_value("")


def test_another_facilitator_sees_what_was_saved(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One"))
    ada.to_member("Share the facilitator role with", "Ben")
    ben.picks("5")
    ben.reveals()
    ada.page.locator(".finalpick", has=ada.page.get_by_role("radio", name="8", exact=True)).click()
    ben.saves("5")
    expect(ada.page.get_by_role("button", name="End session")).to_be_visible()
    expect(ada.page.locator("#estimate").get_by_role("radio", name="5", exact=True)).to_be_checked()


def test_options_change_on_the_way(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens())
    ada.menu("Session options")
    ada.page.get_by_label("Name", exact=True).fill("Another name")
    ada.page.get_by_role("checkbox", name="Anyone may reveal").check()
    ada.page.get_by_label("Timer, in minutes").fill("0.5")
    ada.page.get_by_role("button", name="Save").click()
    for each in (ada, ben):
        each.sees("Another name")
    expect(ada.page.get_by_role("button", name="Start 0:30")).to_be_visible()
    expect(ben.page.get_by_role("button", name="Reveal cards")).to_be_visible()
    ben.picks("5")
    ben.reveals()
    ada.sees_card_of("Ben", "5")


def test_the_timer_is_the_same_for_all(ada: Person, ben: Person, cleo: Person) -> None:
    table = ada.opens(minutes="2")
    for each in (ben, cleo):
        each.joins(table)
    team = (ada, ben, cleo)
    for each in team:
        expect(each.timer).to_have_count(0)
    ada.page.get_by_role("button", name="Start 2:00").click()
    for each in team:
        expect(each.timer).to_have_text(re.compile(r"1:[2-5]\d"))
    assert len({each.table.get_attribute("data-timer-ends") for each in team}) == 1
    # a computer's clock that is set meanwhile changes nothing
    ben.page.evaluate("() => { const real = Date.now; Date.now = () => real.call(Date) + 660_000; }")
    expect(ben.timer).not_to_have_text(ben.timer.text_content() or "")
    expect(ben.timer).to_have_text(re.compile(r"1:[0-5]\d"))
    expect(ben.page.get_by_role("button", name="Pause")).to_be_hidden()

    ada.page.get_by_role("button", name="Pause").click()
    for each in team:
        expect(each.page.locator("#timer")).to_have_attribute("data-state", "paused")
    shown = {each.timer.text_content() for each in team}
    assert len(shown) == 1
    for each in team:
        each.reloads()
        expect(each.page.locator("#timer")).to_have_attribute("data-state", "paused")
        expect(each.timer).to_have_text(shown.copy().pop() or "")

    ada.page.get_by_role("button", name="Resume").click()
    for each in team:
        expect(each.page.locator("#timer")).to_have_attribute("data-state", "running")
    ends = {each.table.get_attribute("data-timer-ends") for each in team}
    assert len(ends) == 1
    ben.reloads()
    assert {ben.table.get_attribute("data-timer-ends")} == ends
    ada.page.get_by_role("button", name="Reset").click()
    for each in team:
        expect(each.timer).to_have_count(0)

    # a talk about the cards can have an end too
    ben.picks("5")
    ada.reveals()
    ada.page.get_by_role("button", name="Start 2:00").click()
    for each in team:
        expect(each.timer).to_have_text(re.compile(r"1:[2-5]\d"))
    ada.calls_another_vote()
    for each in team:
        expect(each.timer).to_have_count(0)


def test_a_nudge(ada: Person, ben: Person, cleo: Person) -> None:
    table = ada.opens()
    for each in (ben, cleo):
        each.joins(table)
    ada.sees("Waiting for you, Ben and Cleo.")
    ada.picks("5")
    ada.sees("Waiting for Ben and Cleo.")
    ada.to_member("Nudge", "Ben")
    ada.sees_notice("Nudged Ben.")
    ben.sees_notice("The table is waiting for your card.")
    expect(cleo.page.locator("#notice")).to_be_empty()
    ada.page.get_by_role("button", name="Nudge all").click()
    ada.sees_notice("Nudged Cleo.")
    cleo.sees_notice("The table is waiting for your card.")
    for each in (ben, cleo):
        each.picks("5")
    expect(ada.page.get_by_role("button", name="Nudge all")).to_be_hidden()


def test_handing_over_and_sharing_the_role(ada: Person, ben: Person, cleo: Person) -> None:
    table = ada.opens()
    for each in (ben, cleo):
        each.joins(table)
    ada.to_member("Hand the facilitator role over to", "Ben")
    for each in (ada, ben, cleo):
        each.sees("Facilitator: Ben")
        each.sees_notice("You are facilitating now." if each is ben else "Ben is facilitating now.")
    expect(ada.page.get_by_role("button", name="Reveal cards")).to_have_count(0)
    expect(ben.page.get_by_role("button", name="Reveal cards")).to_be_visible()
    expect(ben.page.get_by_label("Add tasks, one a line")).to_be_visible()
    expect(ada.page.get_by_label("Add tasks, one a line")).to_be_hidden()

    ben.to_member("Share the facilitator role with", "Cleo")
    for each in (ada, ben, cleo):
        each.sees("Facilitators: Ben, Cleo")
    cleo.picks("5")
    cleo.reveals()
    ada.sees_card_of("Cleo", "5")
    ben.opens_people().get_by_role("button", name="Stop facilitating").click()
    for each in (ada, ben, cleo):
        each.sees("Facilitator: Cleo")


def test_somebody_removed_sees_why_and_may_come_back(ada: Person, ben: Person, person: Callable[..., Person]) -> None:
    table = ada.opens()
    ben.joins(table)
    ben.picks("5")
    ada.sees_seat("Ben", "voted")
    ada.removes(ben)
    assert ada.asked == ["Remove Ben from the session?"]
    ben.sees("A facilitator removed you from this session.", "You may join again.")
    expect(ben.page.get_by_label("Your name")).to_have_value("Ben")
    ada.sees_status("0 of 1 have voted")
    ben.takes_a_seat()
    ben.has_no_card()
    ada.sees_seat("Ben", "thinking")
