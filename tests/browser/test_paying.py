"""The free credits run out over a half-typed session; it is paid for, and goes on where it stopped."""

from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.browser.live_server import House
from tests.browser.page_checks import is_sound
from tests.browser.person import Person
from tests.mail_server import Post

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def shop(build: Callable[..., House], post: Post) -> House:
    """A house where sessions cost credits, and a provider that takes no money."""
    mail = {"MAIL": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(post.port), "SMTP_TLS": "false"}
    return build(AUTH="accounts", BILLING="fake", **mail)


@pytest.fixture
def customer(person: Callable[..., Person], shop: House, post: Post) -> Callable[..., Person]:
    """Makes people who come to the shop."""
    return lambda name, **how: person(name, home=shop.url, post=post, **how)


def starts(owner: Person, name: str) -> None:
    owner.page.goto("/sessions/new")
    owner.page.get_by_label("Session", exact=True).fill(name)
    owner.page.get_by_label("Your name").fill(owner.name)
    owner.page.get_by_role("button", name="Start session").click()


def sees_credits(owner: Person, count: int) -> None:
    owner.page.goto("/dashboard")
    expect(owner.page.locator("a.credits")).to_contain_text(str(count))


@pytest.mark.fast
def test_from_the_last_credit_to_a_plan(customer: Callable[..., Person]) -> None:
    ada = customer("Ada").signs_in()
    sees_credits(ada, 3)
    for number in (1, 2, 3):
        starts(ada, f"Sprint {number}")
        ada.is_live()
    sees_credits(ada, 0)

    ada.expects("402")
    ada.page.goto("/sessions/new")
    ada.page.locator("label.opt", has=ada.page.get_by_text("T-shirts", exact=True)).click()
    ada.page.get_by_label("Session", exact=True).fill("Half-typed")
    tasks = ada.page.get_by_label("Tasks (optional)")
    long_list = "\n".join(f"PAY-{number} Something to estimate" for number in range(100))
    tasks.fill(long_list)
    ada.page.get_by_role("button", name="Start session").click()
    ada.sees("You are out of credits", "“Half-typed” is kept")
    is_sound(ada.page)
    ada.page.goto("/sessions/new")
    expect(tasks).to_have_value(long_list)
    tasks.fill("PAY-1 Something")
    ada.page.get_by_role("button", name="Start session").click()

    ada.page.get_by_role("button", name="Buy and start session").click()
    ada.sees("This page takes no money", "Pack of 10 credits")
    ada.page.get_by_role("button", name="Pay with the card that works").click()
    ada.is_live()  # it was started
    ada.sees("PAY-1")
    expect(ada.card("XL")).to_be_visible()
    sees_credits(ada, 9)

    ada.page.get_by_role("link", name="Plan and billing").click()
    ada.sees("Free plan", "9 bought, they never expire", "Session “Half-typed”")
    is_sound(ada.page)
    ada.page.get_by_role("button", name="Subscribe to Team").click()
    ada.page.get_by_role("button", name="Pay with the card that works").click()
    ada.sees("Team plan", "20 of 20 monthly credits left")
    sees_credits(ada, 29)


def test_plan_and_credits_on_a_phone(customer: Callable[..., Person]) -> None:
    cleo = customer("Cleo", phone=True).signs_in()
    cleo.page.goto("/")
    cleo.sees("Voters never pay")
    is_sound(cleo.page)
    cleo.page.goto("/dashboard")
    cleo.page.get_by_role("link", name="Plan and billing").click()
    cleo.page.get_by_role("button", name="Try Team for 14 days").click()
    cleo.sees("Team plan", "The trial ends on")
    is_sound(cleo.page)


def test_a_guest_tries_it_and_signs_up_to_go_on(customer: Callable[..., Person]) -> None:
    gus, ben = customer("Gus", color_scheme="dark"), customer("Ben", phone=True)
    gus.expects("402")
    gus.page.goto("/")
    gus.page.get_by_role("link", name="Try it without an account").first.click()
    gus.sees("up to 5 people and 5 rounds")
    is_sound(gus.page)
    gus.page.get_by_label("Your name").fill("Gus")
    gus.page.get_by_role("button", name="Start session").click()
    gus.is_live()
    table = gus.here()
    ben.joins(table)
    for number in range(5):
        if number:
            gus.calls_another_vote()
            ben.sees_cards_face_down()
        ben.picks("5")
        gus.reveals()
    gus.presses("Vote again")
    gus.sees_notice("A facilitator can sign up to go on")
    gus.presses("Save 5, next vote")
    gus.sees("5 of 5 rounds played.")
    for each in (gus, ben):
        expect(each.table.locator(".seat__state")).to_have_text(["Waiting", "Waiting"])
    ben.sees("A facilitator can sign up to go on.")
    expect(ben.hand).to_have_count(0)
    is_sound(gus.page)
    is_sound(ben.page)
    way_on = gus.page.get_by_role("link", name="Sign up and go on")
    for width, height in ((844, 390), (320, 640), (1024, 768)):  # on one line at each
        gus.page.set_viewport_size({"width": width, "height": height})
        box = way_on.bounding_box()
        assert box is not None
        assert box["height"] < 50, (width, box)

    way_on.click()
    gus.sees("Your session goes on as one of your account")
    is_sound(gus.page)
    gus.signs_in()
    gus.page.wait_for_url(table.url)
    gus.is_live()
    ben.picks("8")  # the hand came by itself
    gus.reveals()
    sees_credits(gus, 2)
    gus.sees("Planning poker,")
