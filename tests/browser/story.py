"""The story of a whole session: five tasks, three browsers (light, dark, a phone), and one guest more for a while.

It is told to any home of the product, whatever engine, database and server it has.
"""

import os
import re
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from playwright.sync_api import expect

from tests.browser.person import Person

TASKS = """\
PAY-318 Retry failed card payments https://tracker.example/browse/PAY-318
PAY-322 Show the delivery date before paying
PAY-327 Let a basket survive signing in
- Warn before a saved card expires
Refund part of an order (PAY-341)
"""
TITLES = (
    "Retry failed card payments",
    "Show the delivery date before paying",
    "Let a basket survive signing in",
    "Warn before a saved card expires",
    "Refund part of an order",
)
BACK_WITHIN = 10  # seconds from the server's start until everybody is live again
GONE = (r"ERR_CONNECTION_REFUSED", r"ERR_CONNECTION_RESET", r"ERR_EMPTY_RESPONSE", r"WebSocket")


def photograph(moment: str, *people: Person) -> None:
    """Keep a picture of what each of them sees now."""
    if folder := os.environ.get("SHOTS"):
        for each in people:
            each.page.wait_for_function(
                "() => !document.getAnimations().some(each => each.playState === 'running' &&"
                " Number.isFinite(each.effect.getComputedTiming().endTime))"
            )
            each.page.screenshot(path=Path(folder) / f"{moment}.{each.name.lower()}.png")


class Home(Protocol):
    """Where the product is at home. Between ``goes_away`` and ``comes_back`` nobody's socket holds."""

    url: str

    def goes_away(self) -> None: ...

    def comes_back(self) -> None: ...


def goes_away_and_comes_back(home: Home, team: Sequence[Person], timed: bool = False) -> None:
    """Whatever holds everybody's socket."""
    home.goes_away()
    for each in team:
        expect(each.page.get_by_role("alert").filter(visible=True)).to_contain_text("Reconnecting.")
    photograph("4-reconnecting", *team)
    home.comes_back()
    since = time.monotonic()
    for each in team:
        each.is_live()
    if timed:
        assert time.monotonic() - since < BACK_WITHIN


def a_team_estimates_its_backlog(
    home: Home,
    person: Callable[..., Person],
    *,
    moving: bool = False,
    interruption: Callable[[Home, Sequence[Person]], None] = goes_away_and_comes_back,
) -> None:
    """Told by whoever has a ``home`` and, by ``person``, people to send there. ``moving`` with all animations, which
    take half as much processor again. ``interruption`` befalls the team in the middle of the third round, in which
    Ada and Ben have played an 8; when it ends, their pages are live."""
    how = {"reduced_motion": "no-preference" if moving else "reduce", "home": home.url}
    ada = person("Ada", **how)
    ben = person("Ben", color_scheme="dark", **how)
    cleo = person("Cleo", phone=True, **how)
    gus = person("Gus", **how)
    team = (ada, ben, cleo)

    table = ada.opens("Checkout team, sprint 43", tasks=TASKS, by_form=True)
    for each in (ben, cleo, gus):
        each.joins(table, by_link=True)
    for each in team:
        each.sees_task(TITLES[0])
        each.sees_backlog(*TITLES)
        each.sees_status("0 of 4 have voted")

    # the first task: apart, and then together
    ada.picks("5")
    ben.picks("13")
    gus.picks("5")
    for each in team:
        each.sees_status("3 of 4 have voted")
        each.sees_seat("Cleo", "thinking")
    photograph("1-voting", *team)
    cleo.picks("2")
    ada.reveals()
    for each in team:
        each.sees_status("2 of 4 picked 5")
        each.sees_card_of("Ben", "13")
        each.sees_card_of("Cleo", "2")
        each.sees("Hear Cleo (2) and Ben (13) first.")
        expect(each.table.locator(".flag")).to_have_text(["Talk first", "Talk first"])
    photograph("2-revealed", *team)

    ada.calls_another_vote()
    for each in (*team, gus):
        each.sees("Round 2")
        each.has_no_card()
        each.picks("5")
    ada.reveals()
    for each in team:
        each.sees_status("All 4 picked 5")
        each.sees("Everyone agrees.")
        expect(each.table.locator(".earlier-rounds")).to_contain_text("Round 1")
    photograph("3-consensus", *team)
    ada.saves("5", note="Without the new provider.")

    # the second: one person fewer
    for each in (*team, gus):
        each.sees_task(TITLES[1])
    gus.picks("8")
    ada.removes(gus)
    gus.sees("A facilitator removed you from this session.")
    for each, card in zip(team, ("3", "3", "2"), strict=True):
        each.does_not_see_seat("Gus")
        each.picks(card)
    ada.reveals()
    for each in team:
        each.sees_status("2 of 3 picked 3")
    ada.saves("3")

    # the third: what holds the sockets goes away in the middle of it
    for each in team:
        each.sees_task(TITLES[2])
        each.expects(*GONE)
        each.page.evaluate("document.title = 'never reloaded'")
    ada.page.get_by_role("button", name="Start 3:00").click()
    ada.picks("8")
    ben.picks("8")
    for each in team:
        each.sees_status("2 of 3 have voted")
        expect(each.timer).to_have_text(re.compile(r"[23]:\d\d"))
    ends = {each.table.get_attribute("data-timer-ends") for each in team}
    assert len(ends) == 1
    interruption(home, team)
    for each in team:
        expect(each.page.locator("#lost")).to_be_hidden()
        each.sees_status("2 of 3 have voted")
        each.sees_seat("Ben", "voted")
    assert {each.table.get_attribute("data-timer-ends") for each in team} == ends
    ben.has_picked("8")
    cleo.picks("8")
    for each in team:
        each.sees_status("Everyone has voted")
    ada.reveals()
    for each in team:
        each.sees_status("All 3 picked 8")
        assert each.page.evaluate("document.title") == "never reloaded"
    ada.saves("8")

    # the fourth: everybody reloads, nobody loses anything
    for each, card in zip(team, ("1", "2", "3"), strict=True):
        each.sees_task(TITLES[3])
        each.picks(card)
        each.reloads()
        each.has_picked(card)
    ada.reveals()
    ada.reloads()
    for each in team:
        each.sees_status("From 1 to 3")
    ada.saves("2")

    # the fifth, and the end
    for each in team:
        each.sees_task(TITLES[4])
        each.picks("13")
    ada.reveals()
    ada.saves("13")
    for each in team:
        each.sees("5 of 5 estimated, 31 points")
    photograph("5-estimated", *team)
    ada.ends()
    for each in team:
        each.sees("Ada ended the session", "5 tasks estimated, 31 points")
    photograph("6-ended", *team)
    for each in team:
        each.page.get_by_role("link", name="See the report").click()
        for title, estimate in zip(TITLES, ("5", "3", "8", "2", "13"), strict=True):
            row = each.page.locator("tbody tr").filter(has_text=title)
            expect(row.locator("[data-l=Estimate]")).to_have_text(estimate)
        twice = each.page.locator("tbody tr").filter(has_text=TITLES[0])
        expect(twice.locator("[data-l=Rounds]")).to_have_text("2")
    photograph("7-report", *team)
    gus.page.goto(table.url)
    gus.sees("This session has ended")
