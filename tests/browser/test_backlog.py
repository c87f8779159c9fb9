"""Tasks: pasted, edited, moved, deleted and brought back, skipped, gone back to, reopened."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import FilePayload, Route, expect

from tests.browser.page_checks import is_sound
from tests.browser.person import Person
from tests.files import picture

pytestmark = pytest.mark.browser

EXPORTS = Path(__file__).parent.parent / "rules/tracker_exports"
PASTED = """\
- PAY-318 Retry failed card payments
2. Show the delivery date https://github.com/acme/shop/issues/42
https://acme.atlassian.net/browse/PAY-320

[ ] Let a basket survive signing in
"""
MARKDOWN = """\
As a **guest** I pay once.

- first
- second

<script>alert(1)</script> <img src=x onerror=alert(1)> [a trap](javascript:alert(1)) [a link](https://example.com)
"""


def test_pasting_a_list(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks=PASTED))
    titles = ("Retry failed card payments", "Show the delivery date", "PAY-320", "Let a basket survive signing in")
    for each in (ada, ben):
        each.sees_backlog(*titles)
        each.sees_task(titles[0])
        each.sees("Task 1 of 4")
    expect(ben.backlog.locator("li").nth(0)).to_contain_text("PAY-318")
    expect(ben.backlog.locator("li").nth(1)).to_contain_text("#42")
    sheet = ben.opens_task(titles[1])
    expect(sheet.get_by_role("link", name="#42")).to_have_attribute("href", "https://github.com/acme/shop/issues/42")


def test_importing_a_file(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    page = ada.page
    page.get_by_role("link", name="Import a file or a table").click()
    page.get_by_label("File").set_input_files(EXPORTS / "jira.csv")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview: 3 tasks")
    expect(page.get_by_role("checkbox", name="Old one")).not_to_be_checked()
    page.get_by_role("checkbox", name="Export report").uncheck()
    page.get_by_text("What the columns mean").click()
    page.get_by_label("Issue Type", exact=True).select_option("Not used")
    page.get_by_role("button", name="Show the tasks again").click()
    expect(page.get_by_role("checkbox", name="Export report")).not_to_be_checked()
    page.get_by_role("button", name="Add the ticked tasks").last.click()
    ada.sees_notice("1 task added.")
    for each in (ada, ben):
        each.sees_backlog("One", "Two", "Login page hidden")
    page.get_by_role("button", name="Undo").click()
    for each in (ada, ben):
        each.sees_backlog("One", "Two")


def test_pasting_a_table(ada: Person, ben: Person) -> None:
    table = "Title\tKey\tSquad\nPay later\tPAY-1\tRed\nShip it\tPAY-2\tBlue\nSell\tPAY-3\tRed\n"
    ben.joins(ada.opens(tasks="PAY-2 Ship\nPAY-3 Sell it"))
    page = ada.page
    field = page.get_by_label("Add tasks, one a line")
    field.fill(table)
    field.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview: 3 tasks")
    page.go_back()
    ada.is_live()
    ada.sees_backlog("Ship", "Sell it")
    field.fill(table)
    page.get_by_role("button", name="Add", exact=True).click()
    page.get_by_text("What the columns mean").click()
    page.get_by_label("Squad", exact=True).select_option("Not used")
    page.get_by_label("What becomes of PAY-2 of line 3").select_option("Update")
    page.get_by_role("button", name="Show the tasks again").click()
    page.get_by_text("What the columns mean").click()
    is_sound(page)
    expect(page.get_by_label("What becomes of PAY-2 of line 3")).to_have_value("update")
    page.get_by_role("button", name="Add the ticked tasks").first.click()
    ada.sees_notice("1 task added. 1 task updated. 1 task here already, not changed.")
    for each in (ada, ben):
        each.sees_backlog("Ship it", "Sell it", "Pay later")
    page.get_by_role("button", name="Undo").click()
    for each in (ada, ben):
        each.sees_backlog("Ship", "Sell it")

    # the column is known the next time
    ada.is_live()
    field.fill(table)
    field.press("Enter")
    page.get_by_text("What the columns mean, 1 as last time").click()
    page.get_by_text("1 not used").click()
    expect(page.locator("p", has_text="As last time Red")).to_be_visible()


def test_dropping_a_table(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One"))
    page = ada.page
    table: FilePayload = {"name": "Jira.CSV", "mimeType": "text/csv", "buffer": (EXPORTS / "jira.csv").read_bytes()}
    there = page.get_by_text("Drop it to see its tasks before they are added.")
    ada.drops("#backlog li", table, event="dragover")
    expect(there).to_be_visible()
    ada.drops("#task", table, event="dragover")
    expect(there).to_be_hidden()
    expect(page.locator("#task[data-drop]")).to_be_visible()

    # what is no table is a file for the task on the table, as everywhere on the page
    shot: FilePayload = {"name": "screen.png", "mimeType": "image/png", "buffer": picture()}
    ada.drops("#backlog li", shot)
    expect(page.locator("#task .thumb img")).to_have_count(1)
    ada.drops("#task", table)
    expect(page.locator("#task .thumb--kind")).to_have_count(1)

    # nor does anything open for those who do not facilitate
    ben.drops("#backlog li", table)
    ben.sees_backlog("One")
    ada.drops("#backlog li", table)
    expect(page.get_by_role("heading", level=1)).to_have_text("Preview: 3 tasks")
    page.get_by_role("button", name="Add the ticked tasks").first.click()
    for each in (ada, ben):
        each.sees_backlog("One", "Login page hidden", "Export report, as CSV")


def test_editing_in_the_sheet(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    sheet = ada.opens_task("One")
    sheet.get_by_label("Title").fill("One and a half")
    sheet.get_by_label("Key").fill("ABC-1")
    sheet.get_by_label("Link").fill("https://tracker.example/ABC-1")
    sheet.get_by_label("Description").fill(MARKDOWN)
    sheet.get_by_role("button", name="Save").click()
    ada.sees_notice("Task saved.")
    expect(ada.page.locator("#sheet")).to_be_hidden()
    for each in (ada, ben):
        each.sees_task("One and a half")
        task = each.page.locator("#task")
        expect(task.locator("strong")).to_have_text("guest")
        expect(task.locator("script, img, [onerror]")).to_have_count(0)
        assert not task.locator("a").evaluate_all("all => all.filter(each => each.href.startsWith('javascript'))")
    ben.opens_task("One and a half")
    expect(ben.page.locator("#sheet li")).to_have_text(["first", "second"])
    expect(ben.page.locator("#sheet").get_by_role("link", name="a link")).to_have_attribute("target", "_blank")
    expect(ben.page.locator("#sheet form")).to_have_count(0)

    # what cannot be kept is said beside the field, and nothing typed is lost
    ada.expects("422")
    sheet = ada.opens_task("Two")
    sheet.get_by_label("Title").fill("Two, changed")
    sheet.get_by_label("Link").fill("ftp://somewhere")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_contain_text("A task's link begins with https:// or http://.")
    expect(sheet.get_by_label("Title")).to_have_value("Two, changed")
    expect(sheet.get_by_label("Link")).to_have_value("ftp://somewhere")
    ben.sees_backlog("One and a half", "Two")


def test_two_facilitators_edit_one_task(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    ada.to_member("Share the facilitator role with", "Ben")
    ben.sees("Facilitators: Ada, Ben")
    hers, his = ada.opens_task("Two"), ben.opens_task("Two")
    his.get_by_label("Description").fill("When paid")
    his.get_by_role("button", name="Save").click()
    ben.sees_notice("Task saved.")
    hers.get_by_label("Title").fill("Two, corrected")
    hers.get_by_role("button", name="Save").click()
    ada.sees_notice("Task saved.")
    expect(ada.opens_task("Two, corrected").get_by_label("Description")).to_have_value("When paid")

    # both the same field: who comes second sees it, and decides
    ben.sees_backlog("One", "Two, corrected")
    ada.expects("409")
    his = ben.opens_task("Two, corrected")
    his.get_by_label("Title").fill("Two of Ben")
    his.get_by_role("button", name="Save").click()
    ada.sees_backlog("One", "Two of Ben")
    hers.get_by_label("Title").fill("Two of Ada")
    hers.get_by_label("Key").fill("PAY-2")
    hers.get_by_role("button", name="Save").click()
    expect(hers).to_contain_text("Somebody else changed the title meanwhile. Save again to keep yours instead.")
    expect(hers.get_by_role("heading", name="Two of Ben")).to_be_visible()
    expect(hers.get_by_label("Title")).to_have_value("Two of Ada")
    hers.get_by_role("button", name="Save").click()
    for each in (ada, ben):
        each.sees_backlog("One", "Two of Ada")
        expect(each.backlog).to_contain_text("PAY-2")


def test_adding_faster_than_the_network(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens())
    held: list[Route] = []
    ada.page.route(re.compile("/tasks$"), lambda route: held.append(route))
    field = ada.page.get_by_label("Add tasks, one a line")
    field.focus()
    ada.page.keyboard.type("One")
    # Enter twice is one task, and what is typed meanwhile is another
    for key in ("Enter", "Enter"):
        ada.page.keyboard.press(key)
    ada.page.keyboard.type("Tw")
    ada.waits_for(held).continue_()
    ada.sees_backlog("One")
    expect(field).to_have_value("Tw")
    ada.page.keyboard.type("o")
    ada.page.keyboard.press("Enter")
    ada.waits_for(held).continue_()
    for each in (ada, ben):
        each.sees_backlog("One", "Two")

    # the Enter that ends a composed word sends nothing
    ada.page.keyboard.insert_text("見積もり")
    field.dispatch_event("keydown", {"key": "Enter", "isComposing": True})
    expect(field).to_have_value("見積もり")
    # as Safari tells it
    field.evaluate(
        "field => field.dispatchEvent(new KeyboardEvent('keydown', {key: 'Enter', keyCode: 229, bubbles: true}))"
    )
    expect(field).to_have_value("見積もり")
    assert not held


def test_enter_adds_a_pasted_list(ada: Person) -> None:
    ada.opens()
    field = ada.page.get_by_label("Add tasks, one a line")
    field.focus()
    ada.page.keyboard.insert_text("One\nTwo")
    ada.page.keyboard.press("Shift+Enter")
    ada.page.keyboard.insert_text("Three")
    ada.page.keyboard.press("Enter")
    ada.sees_backlog("One", "Two", "Three")
    expect(field).to_have_value("")


def test_a_pasted_list_shows_in_several_lines(ada: Person) -> None:
    """In browsers without ``field-sizing`` too."""
    ada.opens()
    field = ada.page.get_by_label("Add tasks, one a line")
    field.evaluate("field => (field.style.fieldSizing = 'fixed')")
    one = field.evaluate("field => field.clientHeight")
    field.fill("One\nTwo\nThree")
    assert field.evaluate("field => field.clientHeight") > 2 * one
    field.press("Enter")
    ada.sees_backlog("One", "Two", "Three")
    assert field.evaluate("field => field.clientHeight") == one


def test_dragging_a_task(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo\nThree\nFour"))
    ada.page.evaluate("""() => document.addEventListener('dragstart', ({ dataTransfer }) =>
      (window.carried = dataTransfer.getData('text/plain')))""")
    rows = ada.backlog.locator("li")
    rows.nth(3).hover()
    rows.nth(3).locator("[draggable]").drag_to(rows.nth(1), target_position={"x": 40, "y": 4})
    for each in (ada, ben):
        each.sees_backlog("One", "Four", "Two", "Three")
    rows.nth(0).hover()
    rows.nth(0).locator("[draggable]").drag_to(rows.nth(2), target_position={"x": 40, "y": 50})
    for each in (ada, ben):
        each.sees_backlog("Four", "Two", "One", "Three")
    assert ada.page.evaluate("window.carried") == "One"  # WebKit ends a drag that carries nothing
    expect(ada.backlog.locator("[data-drop], [data-dragging]")).to_have_count(0)


def test_deleting_with_a_way_back(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo\nThree"))
    ada.opens_task("Two").get_by_role("button", name="Delete the task").click()
    ada.sees_notice("Task deleted.")
    for each in (ada, ben):
        each.sees_backlog("One", "Three")
    ada.page.get_by_role("button", name="Undo").click()
    ada.sees_notice("Task is back.")
    for each in (ada, ben):
        each.sees_backlog("One", "Two", "Three")


def test_skipping_going_back_and_reopening(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    ada.skips()
    for each in (ada, ben):
        each.sees_task("Two")
        expect(each.backlog.locator("li").first).to_contain_text("Skipped")
    ben.picks("5")
    ada.sees_seat("Ben", "voted")

    # back to the first while a card lies on the second: it is still there afterwards
    ada.backlog.locator("li").first.hover()
    ada.page.get_by_role("button", name="Vote on One now").click()
    for each in (ada, ben):
        each.sees_task("One")
    ben.has_no_card()
    ben.picks("3")
    ada.sees_seat("Ben", "voted")
    ada.reveals()
    ada.saves("3")
    for each in (ada, ben):
        each.sees_task("Two")
        each.sees_seat("Ben", "voted")
    ben.has_picked("5")

    # an estimate taken back: the cards lie as they lay
    ada.opens_task("One").get_by_role("button", name="Reopen").click()
    for each in (ada, ben):
        each.sees_task("One")
        each.sees_card_of("Ben", "3")
        expect(each.backlog.locator("li").first.locator(".chip")).to_have_text("–")
    ada.saves("2")
    for each in (ada, ben):
        each.sees_task("Two")
        expect(each.backlog.locator("li").first.locator(".chip")).to_contain_text("2")


def test_nobodys_typing_is_eaten(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="One\nTwo"))
    ada.to_member("Share the facilitator role with", "Ben")
    ben.sees("Facilitators: Ada, Ben")
    field = ada.page.get_by_label("Add tasks, one a line")
    field.focus()
    ada.page.keyboard.type("A thought half")

    ben.picks("5")
    ada.sees_seat("Ben", "voted")
    ben.adds("Three")
    ada.sees_backlog("One", "Two", "Three")
    ben.skips()
    ada.sees_task("Two")
    ben.picks("8")
    ben.reveals()
    ada.sees_card_of("Ben", "8")
    expect(field).to_have_value("A thought half")
    expect(field).to_be_focused()
    ada.page.keyboard.type(" finished")
    expect(field).to_have_value("A thought half finished")

    # nor the note for the report, nor a task's sheet
    note = ada.page.get_by_label("Note")
    note.focus()
    ada.page.keyboard.type("Not before")
    ben.adds("Four")
    ada.sees_backlog("One", "Two", "Three", "Four")
    ada.page.keyboard.type(" May")
    expect(note).to_have_value("Not before May")
    title = ada.opens_task("One").get_by_label("Title")
    title.fill("One, b")
    ben.adds("Five")
    ada.sees_backlog("One", "Two", "Three", "Four", "Five")
    ada.page.keyboard.type("etter")
    expect(title).to_have_value("One, better")


def test_a_list_of_hundreds_is_drawn_where_it_is_seen(ada: Person, ben: Person) -> None:
    ben.joins(ada.opens(tasks="\n".join(f"Task {number}" for number in range(1, 151))))
    ada.page.reload()
    ada.is_live()
    rows, his = ada.backlog.locator("li[id]"), ben.backlog.locator("li[id]")
    for each in (rows, his):
        expect(each).to_have_count(50)
        expect(each.last).to_contain_text("Task 50")

    # what changes comes as rows, to whoever shows them: the list is not asked for
    asked: list[str] = []
    ben.page.on("request", lambda request: asked.append(request.url) if request.url.endswith("/backlog") else None)
    ada.page.get_by_role("button", name="Skip").click()
    for each in (ada, ben):
        expect(each.backlog.locator("[aria-current]")).to_contain_text("Task 2")
        expect(each.backlog.locator("li[id]").first).to_contain_text("Skipped")
    sheet = ada.opens_task("Task 7")
    sheet.get_by_label("Title").fill("Seven")
    sheet.get_by_role("button", name="Save").click()
    expect(his.nth(6)).to_contain_text("Seven")
    ada.opens_task("Task 9").get_by_role("button", name="Delete the task").click()
    for each in (rows, his):
        expect(each).to_have_count(49)
        expect(each.nth(8)).to_contain_text("Task 10")
    assert not asked

    # the rest comes where it is scrolled to, and is changed like the rows before
    for each in (ada, ben):
        each.backlog.locator("[data-more] a").scroll_into_view_if_needed()
        expect(each.backlog.locator("li[id]")).to_have_count(149)
        expect(each.backlog.locator("[data-more]")).to_have_count(0)
    handle = ada.page.get_by_role("button", name="Move Task 150: arrow up or down")
    handle.focus()
    ada.page.keyboard.press("ArrowUp")
    for each in (rows, his):
        expect(each.last).to_contain_text("Task 149")
        expect(each.nth(147)).to_contain_text("Task 150")
    expect(handle).to_be_focused()
    assert not asked

    # a task from far down is seen on the table, and so are those around it
    ada.opens_task("Task 120").get_by_role("button", name="Vote on this").click()
    ben.sees_task("Task 120")
    expect(ben.backlog.locator("[aria-current]")).to_contain_text("Task 120")
    ben.page.reload()
    ben.is_live()
    expect(ben.backlog.locator("[aria-current]")).to_be_in_viewport()
    expect(his).to_have_count(50)
    ben.backlog.get_by_role("link", name="Tasks before these").click()
    expect(his).to_have_count(149)
    expect(his.first).to_contain_text("Task 1")
    expect(ben.backlog.locator("[data-more]")).to_have_count(0)
