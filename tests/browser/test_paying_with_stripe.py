"""The whole way with a payment provider that is another site: checkout and portal are clicked through, webhooks come
over HTTP, and months pass."""

import time
from collections.abc import Callable
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from playwright.sync_api import expect

from tests.browser.live_server import LaterHouse
from tests.browser.page_checks import is_sound
from tests.browser.person import Person
from tests.mail_server import Post
from tests.stripe_double import StripeDouble

pytestmark = pytest.mark.browser

CLOCK = "tick tock"


@pytest.fixture
def stripe(double: StripeDouble) -> StripeDouble:
    """At the same moment as the house, with failed subscriptions left unpaid, as docs/payments.md says to set it up."""
    double.now, double.after_retries = int(time.time()), "unpaid"
    return double


@pytest.fixture
def shop(build: Callable[..., LaterHouse], post: Post, stripe: StripeDouble) -> LaterHouse:
    mail = {"MAIL": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(post.port), "SMTP_TLS": "false"}
    keys = {"STRIPE_SECRET_KEY": stripe.key, "STRIPE_WEBHOOK_SECRET": stripe.secret, "STRIPE_API_BASE": stripe.url}
    house = build(LaterHouse, AUTH="accounts", BILLING="stripe", CRON_SECRET=CLOCK, **mail, **keys)

    headers = {"Content-Type": "application/json; charset=utf-8"}

    def hears(body: bytes, signature: str) -> int:
        try:
            answer = urlopen(Request(f"{house.url}/webhooks/stripe", body, headers | {"Stripe-Signature": signature}))
        except HTTPError as refused:
            return refused.code
        with answer:
            return int(answer.status)

    stripe.endpoint = hears
    return house


class Owner:
    """Ada at her pages and at the provider's."""

    def __init__(self, ada: Person, shop: LaterHouse, stripe: StripeDouble) -> None:
        self.ada, self.page, self.shop, self.stripe = ada, ada.page, shop, stripe

    def types(self, name: str) -> None:
        self.page.goto("/sessions/new")
        self.page.get_by_label("Session", exact=True).fill(name)
        self.page.get_by_label("Your name").fill("Ada")

    def presses(self, button: str) -> None:
        self.page.get_by_role("button", name=button, exact=True).click()

    def starts(self, name: str) -> None:
        self.types(name)
        self.presses("Start session")

    def looks_at_billing(self) -> None:
        self.page.goto("/dashboard")
        self.page.get_by_role("link", name="Plan and billing").click()

    def waits(self, **passed: int) -> None:
        """Time passes here and there; the provider's news come at once unless they are held. By the clock, the daily
        job runs."""
        self.shop.passes(**passed)
        self.stripe.passes(**passed)
        with urlopen(Request(f"{self.shop.url}/jobs/daily", headers={"Authorization": f"Bearer {CLOCK}"})) as answer:
            assert answer.status == 200

    def comes_back(self) -> None:
        """After a month in which nobody used it, the browser is signed out."""
        self.page.goto("/dashboard")
        if "/sign-in" in self.page.url:
            self.ada.signs_in()

    def has_credits(self, count: int) -> None:
        self.page.goto("/dashboard")
        expect(self.page.locator("a.credits")).to_contain_text(str(count))


def test_a_customer_s_life(person: Callable[..., Person], shop: LaterHouse, stripe: StripeDouble, post: Post) -> None:
    ada = person("Ada", home=shop.url, post=post).signs_in()
    ada.expects("402", "401")  # nobody draws an icon for the double’s pages
    owner = Owner(ada, shop, stripe)

    # The free credits are used up, and what was typed outlives the checkout.
    for number in (1, 2, 3):
        owner.starts(f"Sprint {number}")
        ada.is_live()
    ada.opens_mail("Ada’s team has one credit left")
    owner.types("Half-typed")
    ada.page.locator("label.opt", has=ada.page.get_by_text("T-shirts", exact=True)).click()
    owner.presses("Start session")
    ada.sees("You are out of credits", "“Half-typed” is kept")
    owner.presses("Buy and start session")
    ada.sees("faceup_pack_10_v1: 1 × 9.00 EUR once")
    owner.presses("Pay with a declined card")
    ada.sees("Your card was declined.")
    owner.presses("Pay")
    ada.is_live()
    expect(ada.card("XL")).to_be_visible()
    owner.has_credits(9)

    # A plan, and a month of it: told of three times, late, and granted once.
    owner.looks_at_billing()
    owner.presses("Subscribe to Team")
    owner.presses("Pay")
    ada.sees("Team plan", "20 of 20 monthly credits left")
    owner.has_credits(29)
    stripe.holding = True
    owner.waits(days=31, hours=2)
    owner.comes_back()
    owner.has_credits(9)
    stripe.release(times=3, at_once=6)
    stripe.holding = False
    owner.has_credits(29)
    owner.looks_at_billing()
    expect(ada.page.get_by_role("row").filter(has_text="Team plan, this month").filter(has_text="+20")).to_have_count(2)
    is_sound(ada.page)

    # The plan is cancelled, and kept after all.
    owner.presses("Cancel plan")
    owner.presses("Cancel subscription")
    ada.page.get_by_role("link", name="Return").click()
    ada.sees("The plan ends on")
    is_sound(ada.page)
    owner.presses("Keep the plan")
    owner.presses("Renew after all")
    ada.page.get_by_role("link", name="Return").click()
    ada.sees("Renews on")

    # The card fails: two weeks in which all goes on, then nothing new begins.
    owner.presses("Payment method")
    owner.presses("Use a card that is declined")
    ada.page.get_by_role("link", name="Return").click()
    owner.waits(days=31)
    ada.opens_mail("The last payment for Ada’s team failed")
    owner.comes_back()
    owner.looks_at_billing()
    ada.sees("Please update the payment method before")
    owner.starts("In the grace")
    ada.is_live()
    owner.waits(days=14)
    ada.opens_mail("Ada’s team cannot open new sessions until it is paid")
    owner.comes_back()
    owner.starts("Too late")
    ada.sees("The last payment failed", "“Too late” is kept")
    is_sound(ada.page)
    assert len([letter for letter in post.letters if "Ada’s team" in letter.subject]) == 3

    # And pays itself free.
    ada.page.locator("#main").get_by_role("link", name="Plan and billing").click()
    ada.sees("new sessions wait for it", "Nothing is deleted")
    is_sound(ada.page)
    owner.presses("Payment method")
    owner.presses("Use a good card")
    ada.page.get_by_role("link", name="Return").click()
    ada.sees("Team plan", "Active")
    ada.page.goto("/sessions/new")
    expect(ada.page.get_by_label("Session", exact=True)).to_have_value("Too late")
    owner.presses("Start session")
    ada.is_live()
