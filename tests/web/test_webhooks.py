"""The pages of an account's webhooks, without scripts: what their forms answer and refuse."""

import re
from collections.abc import Iterator
from urllib.parse import urlencode

import pytest
from flask import Flask

from poker_app import jobs
from poker_app.cli import poker
from poker_app.settings import Settings
from tests.cast import FROM_OUR_PAGE, Cast, Clock
from tests.mail_server import Post
from tests.web.route_checks import says
from tests.webhook_receiver import Receiver
from tests.world.pages import Club


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings.model_copy(update={"webhooks_inside": True})


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    with made.up():
        yield made


def form(receiver: Receiver, **more: str) -> dict[str, str]:
    return {"name": "Estimates", "address": receiver.url, "events": "task.finalized", **more}


def added(club: Club, receiver: Receiver) -> str:
    """The path of the webhook that Abe adds."""
    answer = club.abe.post(f"{club.path}/webhooks/new/standard", form(receiver), htmx=False)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def test_one_is_added_tested_and_deleted(club: Club, receiver: Receiver) -> None:
    path = added(club, receiver)
    page = club.abe.get(path)
    assert "Estimates is added." in page.text
    assert receiver.url not in page.text, "the address is not shown again"
    sent = club.abe.post(f"{path}/test", htmx=False)
    assert (sent.status_code, sent.location) == (303, path)
    assert "The test: Delivered in 1 try." in club.abe.get(path).text
    assert len(receiver.received) == 1
    assert "Nothing is sent to it any more" in club.abe.get(f"{path}/deletion").text
    gone = club.abe.post(f"{path}/deletion", htmx=False)
    assert (gone.status_code, gone.location) == (303, f"{club.path}/webhooks")
    assert club.abe.get(path).status_code == 404
    assert [" ".join(line.split()[:2]) for line in club.log()][-2:] == ["Abe webhook-added", "Abe webhook-deleted"]


def shown_secret(club: Club, path: str) -> str:
    """The secret that the page shows when Abe asks for it."""
    found = re.search(r'value="(whsec_[A-Za-z0-9+/]{43}=)"', club.abe.post(f"{path}/secret/shown", htmx=False).text)
    assert found
    return found[1]


def test_the_secret_is_in_the_page_only_when_it_is_asked_for(club: Club, receiver: Receiver) -> None:
    path = added(club, receiver)
    assert "whsec_" not in club.abe.get(path).text
    assert shown_secret(club, path)
    assert "whsec_" not in club.abe.get(path).text
    assert club.log()[-1].startswith("Abe webhook-secret-shown Estimates")


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ({"name": " "}, "Give it a name"),
        ({"name": "x" * 81}, "at most 80 characters"),
        ({"events": "vote"}, "Choose at least one event."),
        ({"address": "ftp://x"}, "An address begins with https://"),
        ({"address": f"https://x.example/{'x' * 2000}"}, "at most 2000 characters"),
    ],
)
def test_what_cannot_be_added(club: Club, receiver: Receiver, typed: dict[str, str], sentence: str) -> None:
    answer = club.abe.post(f"{club.path}/webhooks/new/standard", form(receiver, **typed), htmx=False)
    assert answer.status_code == 422
    assert says(answer, sentence)
    assert club.abe.get(f"{club.path}/webhooks/new/carrier-pigeon").status_code == 404


def test_an_account_has_ten(club: Club, receiver: Receiver) -> None:
    for _ in range(10):
        added(club, receiver)
    answer = club.abe.post(f"{club.path}/webhooks/new/standard", form(receiver), htmx=False)
    assert answer.status_code == 409
    assert says(answer, "An account has at most 10 webhooks.")


def test_a_change_keeps_the_address_unless_another_is_typed(club: Club, receiver: Receiver) -> None:
    path = added(club, receiver)
    chosen = urlencode([("name", "Ours"), ("address", ""), ("events", "session.ended"), ("events", "session.opened")])
    saved = club.abe.browser.post(
        path, data=chosen, headers=FROM_OUR_PAGE, content_type="application/x-www-form-urlencoded"
    )
    assert saved.status_code == 303
    page = club.abe.get(path)
    assert re.findall(r'name="events" value="([a-z.]+)" checked', page.text) == ["session.opened", "session.ended"]
    club.abe.post(f"{path}/test", htmx=False)
    assert len(receiver.received) == 1
    refused = club.abe.post(path, {"name": "", "events": "session.ended"}, htmx=False)
    assert refused.status_code == 422


def test_switched_off_and_on(club: Club, receiver: Receiver) -> None:
    path = added(club, receiver)
    club.abe.post(f"{path}/state", {"on": "0"}, htmx=False)
    assert says(club.abe.get(path), "Switched off.")
    refused = club.abe.post(f"{path}/test", htmx=False)
    assert refused.status_code == 409
    assert says(refused, "Switch it on first.")
    club.abe.post(f"{path}/state", {"on": "1"}, htmx=False)
    assert club.abe.post(f"{path}/test", htmx=False).status_code == 303
    assert [line.split()[1] for line in club.log()][-3:] == ["webhook-added", "webhook-off", "webhook-on"]


def test_a_new_secret(club: Club, receiver: Receiver) -> None:
    path = added(club, receiver)
    before = shown_secret(club, path)
    club.abe.post(f"{path}/secret", htmx=False)
    assert "For 24 hours the one before signs too." in club.abe.get(path).text
    assert shown_secret(club, path) != before


def test_a_delivery_shows_request_and_answer_and_is_sent_again(club: Club, receiver: Receiver) -> None:
    path = added(club, receiver)
    receiver.status, receiver.text = 500, "<b>broken</b>"
    club.abe.post(f"{path}/test", htmx=False)
    found = re.search(r'href="([^"]+/deliveries/msg_[^"]+)"', club.abe.get(path).text)
    assert found
    page = club.abe.get(found[1])
    for text in ("webhook.test", "webhook-id: msg_", "&lt;b&gt;broken", "The receiver answers with 500.", "next try"):
        assert text in page.text
    receiver.status = 204
    again = club.abe.post(found[1], htmx=False)
    assert (again.status_code, again.location) == (303, found[1])
    assert "Sent again: Delivered in 2 tries." in club.abe.get(found[1]).text
    assert club.abe.get(f"{path}/deliveries/msg_none").status_code == 404


def test_owners_and_admins_are_mailed_when_one_is_switched_off(
    club: Club, receiver: Receiver, post: Post, clock: Clock
) -> None:
    path = added(club, receiver)
    post.empty()
    receiver.status = 410
    club.abe.post(f"{path}/test", htmx=False)
    assert (
        "Switched off. Its receiver answers that it is gone for good (410)."
        in club.abe.get(f"{club.path}/webhooks").text
    )
    letters = [(letter.to, letter.subject) for letter in post.letters]
    assert sorted(letters) == [
        ("abe@example.com", "A webhook of Olga’s team was switched off"),
        ("olga@example.com", "A webhook of Olga’s team was switched off"),
    ]
    assert club.log()[-1].startswith("Faceup webhook-off Estimates")


def test_a_session_on_the_page_reaches_the_receiver(club: Club, receiver: Receiver) -> None:
    added(club, receiver)
    table = club.tim.opens("Sprint 42")
    club.tim.votes(table, "5")
    club.tim.reveals(table)
    club.tim.finalizes(table, "5")
    with club.app.app_context():
        assert jobs.send_webhooks() == {"webhooks delivered": 1, "webhooks not delivered": 0}
    assert [b'"type":"task.finalized"' in each.body for each in receiver.received] == [True]


class TestWithoutSignIn:
    """Whoever adds one reads every session of the one account, so no visitor may: the operator does, by commands."""

    @pytest.fixture
    def settings(self, settings: Settings) -> Settings:
        return settings.model_copy(update={"auth": "open"})

    def test_no_visitor_has_the_pages(self, cast: Cast, receiver: Receiver) -> None:
        base = "/accounts/local/webhooks"
        assert cast.ada.get(base).status_code == 404
        assert cast.ada.post(f"{base}/new/standard", form(receiver), htmx=False).status_code == 404
        assert base not in cast.ada.get("/accounts/local/settings").text

    def test_the_operator_adds_lists_and_removes_them(self, app: Flask, receiver: Receiver) -> None:
        def run(*words: str) -> tuple[int, str]:
            done = app.test_cli_runner().invoke(poker, words)
            return done.exit_code, done.output

        code, secret = run("add-webhook", "--address", receiver.url, "--event", "task.finalized", "--name", "Ours")
        assert code == 0, secret
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=\n", secret)
        _, listed = run("list-webhooks")
        assert listed.split()[1:] == ["Ours", f"127.0.0.1:{receiver.port}", "task.finalized"]
        assert run("add-webhook", "--address", "nowhere")[0] == 1
        assert run("remove-webhook", listed.split()[0]) == (0, "Ours is deleted.\n")
        assert run("list-webhooks") == (0, "")
        assert run("remove-webhook", listed.split()[0])[0] == 1


def test_with_sign_in_the_commands_refuse(app: Flask, receiver: Receiver) -> None:
    done = app.test_cli_runner().invoke(poker, ["add-webhook", "--address", receiver.url])
    assert done.exit_code == 1
    assert "Users sign in here" in done.output
