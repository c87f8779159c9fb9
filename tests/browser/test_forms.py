"""What is typed into a form for one thing is never shown in, nor saved with, the form of another."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from tests.browser.forms import EDITS
from tests.browser.live_server import House
from tests.browser.person import Person

pytestmark = pytest.mark.browser

Thing = dict[str, str]

FIELDS = "input:not([type=hidden], [readonly]), textarea, select"
# Types into every field of a form as a person does: the browser knows that they did, and the focus is in the last.
TYPE = f"""form => {{
  const typed = {{ url: 'https://typed.example/1', number: '7' }};
  for (const field of form.querySelectorAll('{FIELDS}')) {{
    if (field.type === 'checkbox') field.checked = !field.checked;
    else if (field.type === 'radio') field.checked = true;
    else if (field.matches('select')) field.selectedIndex = (field.selectedIndex + 1) % field.options.length;
    else field.value = typed[field.type] ?? (field.name === 'own' ? '7, 8, 9' : 'Typed');
    field.dispatchEvent(new Event('input', {{ bubbles: true }}));
    field.focus();
  }}
}}"""
SHOWN = f"""form => [...form.querySelectorAll('{FIELDS}')]
  .map(field => [field.name, ['checkbox', 'radio'].includes(field.type) ? field.checked : field.value])"""
# What the server has, as the form's page shows it.
STORED = f"""async ([page, action]) => {{
  const there = new DOMParser().parseFromString(await (await fetch(page)).text(), 'text/html');
  return ({SHOWN})(there.querySelector(`form[action="${{action}}"]`));
}}"""


def stored(page: Page, endpoint: str, thing: Thing) -> Any:
    where, action = (each.format(**thing) for each in (EDITS[endpoint].page, EDITS[endpoint].action))
    return page.evaluate(STORED, [where, action])


def form_of(page: Page, endpoint: str, thing: Thing) -> Locator:
    return page.locator(f'form[action="{EDITS[endpoint].action.format(**thing)}"]')


def saves(page: Page, form: Locator) -> None:
    """Press its button, and wait until the server has answered and the page shows it."""
    action = form.get_attribute("action")
    with page.expect_response(lambda answer: urlsplit(answer.url).path == action) as answer:
        form.locator("button").last.evaluate("button => button.click()")
    assert answer.value.status < 400


def saves_and_loads(page: Page, form: Locator) -> None:
    """The same where the page comes anew."""
    with page.expect_event("load"):
        saves(page, form)


# --- the sheets of the room

LINKS = {
    "tasks.edit": "#task-{task} a",
    "sessions.change_options": "#me a[href$='/options']",
    "members.rename": "[popovertarget='people-pop']",
}
SHEET = ".pop:popover-open"


def opens(page: Page, endpoint: str, thing: Thing) -> Locator:
    """By its link, even where an open sheet lies over it. It shows what it was left with until its own arrives."""
    address = EDITS[endpoint].page.format(**thing)
    with page.expect_response(lambda answer: urlsplit(answer.url).path == address):
        page.locator(LINKS[endpoint].format(**thing)).first.evaluate("link => link.click()")
    form = form_of(page, endpoint, thing)
    expect(form).to_be_visible()
    expect(page.locator(".htmx-request")).to_have_count(0)
    return form


def comes_back(page: Page) -> None:
    page.goto("/")
    page.go_back()


LEAVES: dict[str, Callable[[Page], object]] = {
    "escape": lambda page: page.keyboard.press("Escape"),
    "close": lambda page: page.locator(SHEET).get_by_role("button", name="Close").click(),
    "outside": lambda page: page.mouse.click(4, 400),
    "straight on": lambda page: None,
    "back": comes_back,
    "reload": lambda page: page.reload(),
}


def test_a_sheet_begins_with_its_own_thing(ada: Person) -> None:
    page, session = ada.page, ada.opens(tasks="One\nTwo\nThree").id
    tasks = ada.backlog.locator("li").evaluate_all("all => all.map(each => each.id.slice('task-'.length))")
    one, two = ({"session": session, "task": task} for task in tasks[:2])
    pairs = (
        (("tasks.edit", one), ("tasks.edit", two)),
        (("tasks.edit", two), ("sessions.change_options", one)),
        (("sessions.change_options", one), ("sessions.change_options", one)),
        (("sessions.change_options", one), ("tasks.edit", one)),
        (("members.rename", one), ("members.rename", one)),
    )
    for way, leaves in LEAVES.items():
        # Only a sheet is left in all these ways; a page that comes anew is the same for each.
        for first, then in pairs[:2] if way in ("back", "reload") else pairs:
            if way == "straight on" and first == then:
                continue  # who goes from a thing to the same has not left it
            where = f"{way}: {first[0]}, {then[0]}"
            own = [stored(page, *each) for each in (first, then)]
            opens(page, *first).evaluate(TYPE)
            leaves(page)
            if way != "straight on":
                expect(page.locator(SHEET)).to_have_count(0)
            form = opens(page, *then)
            assert form.evaluate(SHOWN) == own[1], where
            # The name stands in many places, so the page comes anew.
            (saves_and_loads if then[0] == "members.rename" else saves)(page, form)
            expect(page.locator(SHEET)).to_have_count(0)
            assert [stored(page, *each) for each in (first, then)] == own, where

    # saved on the first, it is on the first alone
    own = stored(page, "tasks.edit", two)
    form = opens(page, "tasks.edit", one)
    form.evaluate(TYPE)
    saves(page, form)
    expect(page.locator("#sheet")).to_be_hidden()
    form = opens(page, "tasks.edit", two)
    assert form.evaluate(SHOWN) == own
    saves(page, form)
    expect(page.locator("#sheet")).to_be_hidden()
    assert stored(page, "tasks.edit", two) == own
    assert ["key", "Typed"] in stored(page, "tasks.edit", one)


def test_a_refusal_finds_its_sheet_closed(ada: Person) -> None:
    """Nothing typed is lost: the sheet is there again, with what was typed and the sentence."""
    page, session = ada.page, ada.opens(tasks="One\nTwo").id
    task = (ada.backlog.locator("li").first.get_attribute("id") or "").removeprefix("task-")
    ada.expects("422")
    held: list[Route] = []
    page.route("**/tasks/*", lambda route: held.append(route) if route.request.method == "POST" else route.continue_())
    form = opens(page, "tasks.edit", {"session": session, "task": task})
    form.get_by_label("Title").fill("One, better")
    form.get_by_label("Link").fill("ftp://somewhere")
    form.get_by_role("button", name="Save").click()
    answer = ada.waits_for(held)
    page.keyboard.press("Escape")
    expect(page.locator("#sheet")).to_be_hidden()
    answer.continue_()
    expect(form).to_contain_text("A task's link begins with https:// or http://.")
    expect(form.get_by_label("Title")).to_have_value("One, better")

    # and what was taken is shown by the answer, though its form is gone
    form.get_by_label("Link").fill("")
    form.get_by_role("button", name="Save").click()
    answer = ada.waits_for(held)
    page.keyboard.press("Escape")
    expect(page.locator("#sheet-body > *")).to_have_count(0)
    answer.continue_()
    ada.sees_notice("Task saved.")
    ada.sees_backlog("One, better", "Two")


# --- the table's own


def test_a_note_stays_with_its_round(ada: Person) -> None:
    page = ada.page
    ada.opens(tasks="One\nTwo\nThree")

    def brings(title: str) -> None:
        page.get_by_role("button", name=f"Vote on {title} now").evaluate("each => each.click()")
        ada.sees_task(title)

    for title in ("One", "Two"):
        if title == "Two":
            brings("Two")
        ada.sees_task(title)
        ada.picks("5")
        ada.reveals()
    note = page.get_by_label("Note")

    def types() -> None:
        note.fill("Typed")
        page.locator(".finalpick", has=page.get_by_role("radio", name="13", exact=True)).click()
        expect(page.get_by_role("button", name="Save 13")).to_be_visible()

    def is_untouched() -> None:
        expect(page.get_by_role("button", name="Save 5")).to_be_visible()
        expect(note).to_have_value("")

    # straight from one revealed task to another
    types()
    brings("One")
    is_untouched()
    # the next round of the same task
    types()
    ada.calls_another_vote()
    ada.picks("5")
    ada.reveals()
    is_untouched()
    # the page left and come back to, and loaded anew
    for leaves in (comes_back, LEAVES["reload"]):
        types()
        leaves(page)
        ada.is_live()
        is_untouched()
    # saved on one, it is on the one alone
    types()
    ada.saves("13")
    ada.sees_task("Two")
    is_untouched()
    ada.saves("5")
    ada.sees_task("Three")
    for title, said in (("One", 1), ("Two", 0)):
        expect(ada.opens_task(title).get_by_text("Note: Typed")).to_have_count(said)
        page.keyboard.press("Escape")


# --- the pages


def made(page: Page, address: str, /, **fields: str) -> None:
    """Something new, by its page."""
    page.goto(address)
    form = page.locator("#main form", has=page.locator("[name=name], [name=deck_name]")).first
    for name, text in fields.items():
        form.locator(f"[name={name}]").fill(text)
    form.locator("button").last.click()
    page.wait_for_url(lambda url: not url.endswith(address))


def test_a_page_begins_with_its_own_thing(visitor: Callable[..., Person], club: House) -> None:
    ada = visitor("Ada").signs_in()
    page, teammate = ada.page, "benbenbenben2222"
    page.goto("/dashboard")
    account = page.url.rsplit("/", 1)[1]
    made(page, "/accounts/new", name="Second")
    other = str(club.value("SELECT id FROM account WHERE id != ?", account))
    club.teammate(teammate, "Ben", account, other)
    things: list[Thing] = []
    for number, each in enumerate((account, other)):
        made(page, f"/accounts/{each}/decks/new", deck_name=f"Deck {number}", own="1, 2, 3")
        made(page, f"/accounts/{each}/series/new", name=f"Series {number}")
        made(page, f"/accounts/{each}/webhooks/new/standard", name=f"Hook {number}", address="https://93.184.216.34/")
        table = ada.opens(f"Session {number}", tasks="One")
        things.append(
            {
                "account": each,
                "teammate": teammate,
                "deck": str(club.value("SELECT id FROM deck WHERE name = ?", f"Deck {number}")),
                "endpoint": str(club.value("SELECT id FROM webhook_endpoint WHERE name = ?", f"Hook {number}")),
                "series": str(club.value("SELECT id FROM series WHERE name = ?", f"Series {number}")),
                "session": table.id,
                "file": ada.adds_files({"name": "a.txt", "mimeType": "text/plain", "buffer": b"hello"})[0],
                "task": (page.locator("#backlog li").first.get_attribute("id") or "").removeprefix("task-"),
            }
        )
    one, two = things
    for endpoint, form in EDITS.items():
        own = [stored(page, endpoint, each) for each in things]
        page.goto(form.page.format(**one))
        form_of(page, endpoint, one).evaluate(TYPE)
        page.goto(form.page.format(**two))
        page.go_back()
        page.goto(form.page.format(**two))
        assert form_of(page, endpoint, two).evaluate(SHOWN) == own[1], endpoint
        saves_and_loads(page, form_of(page, endpoint, two))
        assert [stored(page, endpoint, each) for each in things] == own, endpoint
