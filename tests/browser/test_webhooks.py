"""A webhook's whole way in the browser: added, tested, and estimates that arrive although server and receiver go
away."""

import json
import time
from collections.abc import Callable

import pytest
from playwright.sync_api import expect
from standardwebhooks.webhooks import Webhook

from tests.browser.live_server import House
from tests.browser.page_checks import is_sound
from tests.browser.person import Person
from tests.mail_server import Post
from tests.webhook_receiver import Receiver

pytestmark = pytest.mark.browser

THERE_WITHIN = 100  # seconds, with the first pauses, and the lease of a server that was killed


@pytest.fixture(scope="module")
def house(build: Callable[..., House], post: Post) -> House:
    """People sign in, mail arrives, and receivers on this machine may be sent to."""
    mail = {"MAIL": "smtp", "SMTP_HOST": "127.0.0.1", "SMTP_PORT": str(post.port), "SMTP_TLS": "false"}
    return build(AUTH="accounts", WEBHOOKS_INSIDE="true", **mail)


def types(receiver: Receiver) -> list[str]:
    return [json.loads(each.body)["type"] for each in receiver.received]


def test_estimates_arrive_although_server_and_receiver_go_away(
    house: House, post: Post, person: Callable[..., Person]
) -> None:
    receiver = Receiver()
    olga = person("Olga", home=house.url, post=post).signs_in()
    page = olga.page
    with receiver.up():
        page.goto("/accounts")
        page.get_by_role("link", name="Settings").first.click()
        page.get_by_role("link", name="Webhooks").click()
        is_sound(page)
        page.get_by_role("link", name="Webhook", exact=True).click()
        page.get_by_label("Name").fill("Estimates")
        page.get_by_label("Address").fill(receiver.url)
        is_sound(page)
        page.get_by_role("button", name="Add").click()
        olga.sees("Estimates is added.")
        page.get_by_role("button", name="Show the secret").click()
        is_sound(page)
        secret = page.get_by_label("Secret", exact=True).input_value()
        page.get_by_role("button", name="Send a test").click()
        olga.sees("The test: Delivered in 1 try.")
        is_sound(page)
        page.get_by_role("link", name="webhook.test").click()
        expect(page.get_by_role("heading", name="Answer 200")).to_be_visible()
        is_sound(page)
        olga.opens("Sprint 42", tasks="One\nTwo")
        ends = time.monotonic() + THERE_WITHIN
        while types(receiver) != ["webhook.test", "session.opened"]:
            assert time.monotonic() < ends
            time.sleep(0.05)  # the server's thread sends
    olga.picks("5")
    olga.reveals()
    olga.saves("5")
    page.goto("about:blank")
    house.kill()
    house.start()
    with receiver.up():
        ends = time.monotonic() + THERE_WITHIN
        while len(receiver.received) < 4:
            assert time.monotonic() < ends
            time.sleep(0.1)  # the pauses of the server
    assert types(receiver)[2:] == ["round.revealed", "task.finalized"]
    for each in receiver.received:
        Webhook(secret).verify(each.body, dict(each.headers))
    assert secret not in house.log()
