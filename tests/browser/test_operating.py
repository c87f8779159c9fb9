"""An operator looks after the service, and every page that they look at is sound."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.live_server import House
from tests.browser.page_checks import is_sound
from tests.browser.person import Person
from tests.mail_server import Post

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def watched(build: Callable[..., House], post: Post) -> House:
    """A house that Olga operates, where sessions cost credits of a provider that takes no money."""
    mail = {"MAIL": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(post.port), "SMTP_TLS": "false"}
    return build(AUTH="accounts", BILLING="fake", OPERATORS='["olga@example.com"]', **mail)


@pytest.fixture
def visitor(person: Callable[..., Person], watched: House, post: Post) -> Callable[..., Person]:
    return lambda name, **how: person(name, home=watched.url, post=post, **how)


def visits(olga: Person, *parts: str) -> None:
    for part in parts:
        olga.page.get_by_role("navigation", name="Main").get_by_role("link", name=part).click()
        expect(olga.page.get_by_role("heading", level=1)).to_contain_text(part if part != "Overview" else "Operator")
        is_sound(olga.page)


def test_the_operator_s_pages(visitor: Callable[..., Person], watched: House) -> None:
    olga = visitor("Olga").signs_in()
    olga.page.get_by_role("button", name="your menu").click()
    olga.page.get_by_role("link", name="Operator", exact=True).click()
    olga.sees("No job has run yet.")
    is_sound(olga.page)
    visits(olga, "Accounts", "Sessions", "Payments")
    olga.sees("Nothing has failed")

    ada = visitor("Ada").signs_in()
    table = ada.opens(tasks="One\nTwo")
    ben = visitor("Ben", color_scheme="dark")
    ben.joins(table)
    ben.picks("5")
    ada.picks("8")
    ada.reveals()
    ben.sees_cards_face_up()
    ada.saves("8")
    ada.ends()
    for each in (ada, ben):
        each.page.goto(f"{table.url}/report")
    ada.sees("This session cost")
    is_sound(ada.page)
    ben.does_not_see("This session cost")

    watched.event_failed("evt_1Qf8sLongEnoughToBreakSomewhere", "The payment provider does not answer as it should.")
    visits(olga, "Payments", "Sessions")
    olga.page.get_by_role("link", name="All", exact=True).click()
    olga.sees("1 session")
    is_sound(olga.page)
    # What Olga reads is what was written down of what was published here.
    counted = watched.value("SELECT sum(published + delivered) FROM message_count")
    assert isinstance(counted, int)
    assert counted > 10
    expect(olga.page.locator("td[data-l=Messages]")).to_have_text(f"{counted:,}")

    olga.page.get_by_label("Name of session or account").fill("nothing of that name")
    olga.page.get_by_role("button", name="Find", exact=True).click()
    olga.sees("No session or account has that in its name.")
    is_sound(olga.page)
    visits(olga, "Payments")
    olga.page.get_by_role("button", name="Process invoice.payment_failed").click()
    olga.sees("The event has been processed.", "Nothing has failed")
    is_sound(olga.page)


def test_nobody_else_finds_it(visitor: Callable[..., Person]) -> None:
    mallory = visitor("Mallory").signs_in()
    mallory.expects("404")
    mallory.page.goto("/operator")
    mallory.sees("There is nothing at this address.")
    is_sound(mallory.page)
