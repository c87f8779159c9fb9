"""Accessibility where there is much on the page: a full table, and every sheet and menu."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.live_server import House
from tests.browser.page_checks import is_sound
from tests.browser.person import PHONE, WIDE, Person, Table
from tests.visitor import Address, Visitor

pytestmark = pytest.mark.browser


def filled(house: House, table: Table, names: list[str], card: Callable[[int], str]) -> None:
    """Members who sit down and vote without a browser."""
    path = table.url.removeprefix(house.url)
    for number, name in enumerate(names):
        guest = Visitor(Address(house.port), name)
        guest.joins(path)
        if choice := card(number):
            assert guest.post(f"{path}/votes", round=guest.sits_at(path), card=choice) == 303


def test_a_full_table(ada: Person, house: House) -> None:
    table = ada.opens(tasks="One\nTwo")
    names = [f"Bartholomew Longname-Number {number}" for number in range(23)]
    filled(house, table, names, lambda number: ["1", "3", "5", "8", "13", "?", ""][number % 7])
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
