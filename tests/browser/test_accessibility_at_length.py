"""Accessibility where there is much on the page: a full table, and every sheet and menu."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.page_checks import is_sound
from tests.browser.person import PHONE, WIDE, Person, Table
from tests.cast import FROM_OUR_PAGE

pytestmark = pytest.mark.browser


def filled(person: Callable[..., Person], table: Table, names: list[str], card: Callable[[int], str]) -> None:
    """Members who sit down and vote without a browser each: one form after the other."""
    for number, name in enumerate(names):
        guest = person(name)
        request = guest.context.request
        form = {"member_name": name, "role": "voter"}
        room = request.post(f"{table.url}/members", form=form, headers=FROM_OUR_PAGE)
        assert room.ok
        round_ = re.search(r'name="round" value="([^"]+)"', room.text())
        assert round_
        if choice := card(number):
            form = {"round": round_[1], "card": choice}
            assert request.post(f"{table.url}/votes", form=form, headers=FROM_OUR_PAGE).ok
        guest.context.close()


def test_a_full_table(ada: Person, person: Callable[..., Person]) -> None:
    table = ada.opens(tasks="One\nTwo")
    names = [f"Bartholomew Longname-Number {number}" for number in range(23)]
    filled(person, table, names, lambda number: ["1", "3", "5", "8", "13", "?", ""][number % 7])
    ada.reloads()
    expect(ada.table.locator(".seat")).to_have_count(24)
    is_sound(ada.page)
    ada.reveals()
    is_sound(ada.page)


def test_sheets_and_menus(ada: Person, ben: Person) -> None:
    table = ada.opens(tasks="One\nTwo")
    ben.joins(table)
    page = ada.page
    people = ada.opens_people()
    expect(people).to_contain_text("2 members")
    is_sound(page)
    ada.closes_people()
    sheet = ada.opens_task("Two")
    sheet.get_by_label("Description").fill("# A heading\n\nSome **text**, a [link](https://example.com) and `code`.")
    is_sound(page)
    sheet.get_by_role("button", name="Save").click()
    ada.sees_notice("Task saved.")
    is_sound(page)
    sheet = ada.opens_task("Two")
    expect(sheet.locator(".prose")).to_contain_text("Some text")
    is_sound(page)
    sheet.get_by_role("button", name="Close").click()
    for button, dialog in (("Invite", "#invite"), ("your menu", "#me")):
        page.get_by_role("button", name=button).click()
        expect(page.locator(dialog)).to_be_visible()
        is_sound(page)
        page.keyboard.press("Escape")
    ada.menu("Keyboard shortcuts")
    expect(page.locator("#shortcuts")).to_be_visible()
    is_sound(page)
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    page.get_by_role("button", name="More table controls").click()
    expect(page.locator("#facil-menu")).to_be_visible()
    is_sound(page)
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]
    task = ada.backlog.get_by_role("link", name="Two").get_attribute("href")
    for path in (task, f"{table.url}/options", f"{table.url}/people", f"{table.url}/report"):
        page.goto(path or "")
        is_sound(page)
