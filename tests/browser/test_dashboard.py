"""Sessions found again: the dashboard, its verbs, the door, and a recurring meeting's link."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.page_checks import is_sound
from tests.browser.person import Person

pytestmark = pytest.mark.browser

Visitor = Callable[..., Person]
NAMES = iter(["Ada", *(f"Ada{letter}" for letter in "bcdefghijklmnop")])


@pytest.fixture
def ada(visitor: Visitor) -> Person:
    """Signed in, under another address in each story: so many mails an hour go to one."""
    return visitor(next(NAMES)).signs_in()


def dashboard(person: Person) -> None:
    person.page.goto("/dashboard")
    expect(person.page.get_by_role("heading", name="Sessions", level=1)).to_be_visible()


def row(person: Person, name: str) -> None:
    """Open the menu of a session in the list."""
    person.page.get_by_role("button", name=f"More for {name}").click()


def kind(person: Person, name: str) -> None:
    person.page.get_by_role("navigation", name="Which sessions").get_by_role("link", name=name).click()


def test_one_person_two_browsers_one_seat(ada: Person, visitor: Visitor) -> None:
    ada.page.wait_for_url("**/accounts/*")
    ada.sees("No sessions yet")
    is_sound(ada.page)
    ada.page.get_by_role("link", name="Start your first session").click()
    table = ada.opens("Sprint 42", tasks="One\nTwo")
    gus = visitor("Gus").joins(table)

    phone = visitor(ada.name, phone=True).signs_in()
    phone.sees("Live now, task 1 of 2, 2 people at the table")
    phone.page.get_by_role("link", name="Go to table").click()
    phone.is_live()
    phone.picks("5")
    ada.has_picked("5")
    expect(gus.table.locator(".seat")).to_have_count(2)
    gus.picks("8")
    ada.reveals()
    ada.saves("8")
    ada.ends()

    phone.sees("ended the session")
    dashboard(phone)
    line = phone.page.get_by_role("row", name=re.compile("Sprint 42"))
    expect(line).to_contain_text("50%")
    is_sound(phone.page)
    phone.page.get_by_role("link", name="Sprint 42").click()
    phone.sees("Kept until", "Sprint 42")


def test_finding_by_name_survives_a_reload(ada: Person) -> None:
    for name in ("Checkout", "Payments"):
        ada.opens(name)
        ada.ends()
    dashboard(ada)
    ada.page.get_by_label("Find by name").fill("check")
    ada.page.get_by_role("button", name="Find").click()
    for _ in range(2):
        expect(ada.page.get_by_label("Find by name")).to_have_value("check")
        ada.sees("Checkout")
        ada.does_not_see("Payments")
        ada.page.reload()
    ada.page.get_by_label("Find by name").fill("nothing")
    ada.page.keyboard.press("Enter")
    ada.sees("No session here has “nothing” in its name.")
    ada.page.get_by_role("link", name="Show all of them").click()
    ada.sees("Checkout", "Payments")


def test_copying_what_is_left(ada: Person) -> None:
    ada.opens("Half done", tasks="One\nTwo\nThree")
    ada.picks("3")
    ada.reveals()
    ada.saves("3")
    ada.ends()
    dashboard(ada)
    row(ada, "Half done")
    is_sound(ada.page)
    ada.page.get_by_role("button", name="Copy with open tasks").click()
    ada.is_live()
    ada.sees("Half done (copy)")
    ada.sees_backlog("Two", "Three")


# How many pixels the icon of a button stands over the middle of the button.
MIDDLES = """button => {
  const [icon, whole] = [button.querySelector('.icon'), button].map((each) => each.getBoundingClientRect());
  return (whole.top + whole.bottom - icon.top - icon.bottom) / 2;
}"""


def test_deleted_for_all_and_brought_back(ada: Person, visitor: Visitor) -> None:
    table = ada.opens("Mistake")
    gus = visitor("Gus").joins(table)
    gus.expects("404")
    gus.picks("5")
    dashboard(ada)
    kind(ada, "Live")
    row(ada, "Mistake")
    ada.page.get_by_role("button", name="Delete").click()
    ada.sees("“Mistake” was deleted, with its report and its link.")
    gus.sees("This session was deleted.")
    undo = ada.page.get_by_role("button", name="Undo")
    assert undo.evaluate(MIDDLES) == pytest.approx(0, abs=3), "the icon stands beside its word, not over it"
    undo.click()
    ada.sees("“Mistake” is back.")
    gus.page.goto(table.link)
    gus.is_live()
    gus.has_picked("5")


def test_imported_again_from_its_report(ada: Person) -> None:
    ada.opens("Sprint 42", tasks="PAY-1 One\nTwo")
    ada.picks("5")
    ada.reveals()
    ada.saves("5", note="As last time.")
    ada.ends()
    ada.page.get_by_role("link", name="See the report").click()
    with ada.page.expect_download() as download:
        ada.page.get_by_role("link", name="JSON").click()
    dashboard(ada)
    ada.page.get_by_role("link", name="Import a session").click()
    is_sound(ada.page)
    ada.expects("422")
    ada.page.get_by_role("button", name="Import").click()
    ada.sees("Choose the JSON file of a report.")
    is_sound(ada.page)
    ada.page.get_by_label("Report").set_input_files(download.value.path())
    ada.page.get_by_role("button", name="Import").click()
    ada.sees("Sprint 42", "Facilitated by")
    ada.page.locator("summary", has_text="One").click()
    ada.sees("As last time.")
    dashboard(ada)
    expect(ada.page.get_by_role("row", name=re.compile("Sprint 42"))).to_have_count(2)


def test_archived_and_taken_out_again(ada: Person) -> None:
    ada.opens("Old")
    ada.ends()
    dashboard(ada)
    row(ada, "Old")
    ada.page.get_by_role("button", name="Archive").click()
    ada.sees("“Old” is in the archive.", "Sessions are listed here once they have ended")
    kind(ada, "Archived")
    row(ada, "Old")
    ada.page.get_by_role("button", name="Move out of the archive").click()
    ada.sees("“Old” is back in the list.")


# --- the door


def test_for_teammates_only(ada: Person, visitor: Visitor) -> None:
    table = ada.opens("Inside", options=["Teammates only"])
    gus = visitor("Gus")
    gus.expects("403")
    gus.page.goto(table.link)
    gus.sees("For teammates only")
    gus.does_not_see("Inside")
    is_sound(gus.page)
    gus.page.get_by_role("link", name="Sign in").click()
    gus.signs_in()
    gus.sees("open to the teammates of another account")
    phone = visitor(ada.name, phone=True)
    phone.expects("403")
    phone.page.goto(table.link)
    phone.page.get_by_role("link", name="Sign in").click()
    phone.signs_in()
    phone.is_live()


def test_a_password_set_at_the_table(ada: Person, visitor: Visitor) -> None:
    table = ada.opens("Closed")
    ben = visitor("Ben").joins(table)
    ada.menu("Session options")
    sheet = ada.page.locator("#sheet")
    sheet.get_by_label("Session password").fill("abc")
    ada.expects("422")
    sheet.get_by_role("button", name="Save").click()
    expect(sheet).to_contain_text("A session's password has 4 to 100 characters.")
    sheet.get_by_label("Session password").fill("open sesame")
    sheet.get_by_role("button", name="Save").click()
    ada.sees_notice("Options saved.")
    ben.picks("5")

    gus = visitor("Gus")
    gus.expects("422")
    gus.page.goto(table.link)
    gus.sees("This session needs a password.")
    is_sound(gus.page)
    gus.page.get_by_label("Session password").fill("guess")
    gus.page.get_by_label("Your name").fill("Gus")
    gus.page.get_by_role("button", name="Join", exact=True).click()
    gus.sees("Wrong session password.")
    gus.page.get_by_label("Session password").fill("open sesame")
    gus.page.get_by_role("button", name="Join", exact=True).click()
    gus.is_live()
    ben.sees_seat("Gus", "thinking")


# --- a recurring meeting


def test_a_guest_waits_until_the_series_is_opened(ada: Person, visitor: Visitor) -> None:
    ada.page.get_by_role("link", name="New series").click()
    ada.page.get_by_label("Series", exact=True).fill("Weekly refinement")
    is_sound(ada.page)
    ada.page.get_by_role("button", name="Create series").click()
    link = ada.page.get_by_label("Permanent link").input_value()
    is_sound(ada.page)
    path = re.sub(r"^https?://[^/]+", "", link)
    gus = visitor("Gus")
    gus.page.goto(path)
    gus.sees("It has not begun yet.")
    is_sound(gus.page)
    ada.page.goto(path)
    is_sound(ada.page)
    ada.page.get_by_role("button", name="Open today’s session").click()
    ada.is_live()
    ada.sees(re.compile(r"Weekly refinement, \d+ \w+ 20\d\d"))
    # Nobody told the guest's page: it went on by itself.
    gus.page.wait_for_url("**/join")
    gus.takes_a_seat()
    ada.sees_seat("Gus", "thinking")
    dashboard(ada)
    ada.sees("Live now, task 1 of 1, 2 people at the table", "Weekly refinement")


def test_a_series_without_scripts(ada: Person, visitor: Visitor) -> None:
    ada.page.get_by_role("link", name="New series").click()
    ada.page.get_by_label("Series", exact=True).fill("Plain")
    ada.page.get_by_role("button", name="Create series").click()
    path = re.sub(r"^https?://[^/]+", "", ada.page.get_by_label("Permanent link").input_value())
    gus = visitor("Gus", java_script_enabled=False)
    gus.page.goto(path)
    gus.page.get_by_role("link", name="Check again").click()
    gus.sees("It has not begun yet.")
    ada.page.get_by_role("link", name="Go to today’s session").click()
    ada.page.get_by_role("button", name="Open today’s session").click()
    ada.is_live()
    gus.page.get_by_role("link", name="Check again").click()
    gus.sees("Join the table")


# --- guests and users


def test_a_guest_signs_up_and_finds_the_session(ada: Person, visitor: Visitor) -> None:
    table = ada.opens("With a guest", tasks="One")
    dora = visitor("Dora").joins(table)
    dora.picks("8")
    dora.signs_in()
    dora.sees("With a guest", "Live now")
    dora.page.get_by_role("link", name="Go to table").click()
    dora.is_live()
    dora.has_picked("8")
    ada.reveals()
    ada.saves("8")
    ada.ends()
    phone = visitor("Dora", phone=True).signs_in()
    kind(phone, "Mine")
    phone.page.get_by_role("link", name="With a guest").click()
    phone.sees("Report", "With a guest")


def test_delete_me(ada: Person, visitor: Visitor) -> None:
    table = ada.opens("Hers")
    dora = visitor("Zora").signs_in()
    dora.page.goto(table.link)
    dora.page.get_by_role("button", name="Join", exact=True).click()
    dora.is_live()
    ada.sees_seat("Zora", "thinking")
    tab = dora.another_tab()
    tab.page.goto("/me")
    tab.page.get_by_role("link", name="My data").click()
    is_sound(tab.page)
    with tab.page.expect_download() as saved:
        tab.page.get_by_role("link", name="Download my data").click()
    assert "zora@example.com" in saved.value.path().read_text()
    tab.page.get_by_label("Type zora@example.com to confirm").fill("zora@example.com")
    tab.page.get_by_role("button", name="Delete my account").click()
    tab.sees("Your account is deleted")
    is_sound(tab.page)
    ada.does_not_see_seat("Zora")
    ada.sees("Left: Former member")
    dora.expects("404", "403", "40\\d")
    dora.page.goto(table.link)
    dora.sees("Join the table")
    expect(dora.page.get_by_label("Your name")).to_have_value("")
