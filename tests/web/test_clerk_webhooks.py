"""The door for Clerk's webhooks: only what is signed, fresh and readable comes through."""

import json
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from poker_app import create_app
from poker_app.accounts.models import Account, Identity, Teammate, User
from poker_app.clock import now
from poker_app.db import db, session, transaction
from poker_app.provider_settings import ProviderSettings
from poker_app.settings import Settings
from tests.clerk_events import ISSUER, SECRET, SUBJECT, membership, signed, user_deleted, user_updated
from tests.conftest import SIGNED_IN

OTHER_SECRET = "whsec_c29tZWJvZHkgZWxzZQ=="


@pytest.fixture
def settings(settings: Settings) -> Settings:
    provider = ProviderSettings(preset="clerk", issuer=ISSUER, client_id="x", client_secret="y")
    return settings.model_copy(update={**SIGNED_IN, "providers": [provider], "clerk_webhook_secret": SECRET})


@pytest.fixture
def ada(app: Flask) -> None:
    with app.app_context(), transaction():
        session.add(User(id="ada", name="Ada", created_at=now()))
        session.flush()
        about = {"user_id": "ada", "provider": "clerk", "linked_at": now(), "used_at": now()}
        session.add(Identity(issuer=ISSUER, subject=SUBJECT, **about))


def sent(app: Flask, headers: dict[str, str], body: bytes) -> TestResponse:
    return app.test_client().post("/webhooks/clerk", data=body, headers=headers, content_type="application/json")


def name(app: Flask) -> str | None:
    with app.app_context():
        found = session.get(User, "ada")
        return found.name if found and session.query(Identity).count() else None


@pytest.mark.usefixtures("ada")
def test_signed_news_are_heard(app: Flask) -> None:
    assert sent(app, *signed(user_updated(1, "Augusta", "King"))).status_code == 204
    assert name(app) == "Augusta King"
    assert sent(app, *signed(user_deleted(2))).status_code == 204
    assert name(app) is None


@pytest.mark.usefixtures("ada")
def test_of_several_signatures_one_is_enough(app: Flask) -> None:
    """While a secret is being changed, Clerk signs with both."""
    headers, body = signed(user_deleted(1))
    headers["svix-signature"] = f"v1,bm9uc2Vuc2U= {headers['svix-signature']}"
    assert sent(app, headers, body).status_code == 204


@pytest.mark.parametrize("event", [{"type": "session.created", "data": {}}, {"type": None, "data": {}}, {"data": {}}])
def test_other_news_are_none_of_our_business(app: Flask, event: object) -> None:
    assert sent(app, *signed(event)).status_code == 204


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("minutes", [-6, 6, 60 * 24])
def test_old_and_future_news_are_refused(app: Flask, minutes: int) -> None:
    assert sent(app, *signed(user_deleted(1), ago=timedelta(minutes=minutes))).status_code == 403
    assert name(app) == "Ada"


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize(
    "change",
    [
        {"svix-signature": ""},
        {"svix-signature": "v1"},
        {"svix-signature": "v1,ü"},
        {"svix-signature": "v1,====,"},
        {"svix-signature": "v2,{own}"},
        {"svix-id": "msg_2"},
        {"svix-id": ""},
        {"svix-timestamp": "nan"},
        {"svix-timestamp": "1e999"},
        {"svix-timestamp": "yesterday"},
        {"svix-timestamp": ""},
    ],
)
def test_forged_news_are_refused(app: Flask, change: dict[str, str]) -> None:
    headers, body = signed(user_deleted(1))
    own = headers["svix-signature"].removeprefix("v1,")
    headers |= {field: value.replace("{own}", own) for field, value in change.items()}
    assert (
        sent(app, {field: value.encode().decode("latin-1") for field, value in headers.items()}, body).status_code
        == 403
    )
    assert name(app) == "Ada"


@pytest.mark.usefixtures("ada")
def test_changed_and_foreign_news_are_refused(app: Flask) -> None:
    headers, body = signed(user_deleted(1))
    assert sent(app, headers, body.replace(b"user.", b"user. ")).status_code == 403
    assert sent(app, headers, body + b" ").status_code == 403
    assert sent(app, {}, body).status_code == 403
    assert sent(app, *signed(user_deleted(1), secret=OTHER_SECRET)).status_code == 403
    assert name(app) == "Ada"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"{}",
        b'{"type": "user.deleted"}',
        b'{"type": "user.deleted", "data": null}',
        b'{"type": "user.deleted", "data": {"id": 7}}',
        b'{"type": "user.deleted", "data": {"id": "a\\u0000b"}}',
        b'{"type": "user.deleted", "data": {"id": ""}}',
        b'{"type": "user.updated", "data": {"id": "user_1"}}',
        b'{"type": "user.updated", "data": {"id": "user_1", "updated_at": 1e400}}',
        b'{"type": "user.updated", "data": {"id": "user_1", "updated_at": true}}',
        b'{"type": "user.updated", "data": {"id": "user_1", "updated_at": 99999999999999999999}}',
        b'{"type": "organizationMembership.created", "data": {"organization": []}}',
        b'{"type": "organizationMembership.created", "data": {"organization": {"id": "org_1"}, "role": "x"}}',
        b'{"type": ' + b"[" * 20_000,
    ],
)
def test_what_cannot_be_read_is_refused(app: Flask, body: bytes) -> None:
    assert sent(app, *signed(body)).status_code == 400


def test_bytes_that_are_no_text_are_refused(app: Flask) -> None:
    headers, _ = signed(user_deleted(1))
    assert sent(app, headers, b"\xff\xfe").status_code == 403


@pytest.mark.usefixtures("ada")
@pytest.mark.parametrize("odd", [{"first_name": 7, "email_addresses": {}}, {"email_addresses": [None, {"id": None}]}])
def test_odd_fields_are_left_aside(app: Flask, odd: dict[str, object]) -> None:
    event = user_updated(1)
    event["data"].update(odd)
    assert sent(app, *signed(event)).status_code == 204


def test_too_much_is_refused(app: Flask) -> None:
    event = {**membership("created", 1), "padding": "x" * 70_000}
    assert sent(app, *signed(json.loads(json.dumps(event)))).status_code == 413


def test_only_posts_come_in_and_no_token_is_needed(app: Flask) -> None:
    assert app.test_client().get("/webhooks/clerk").status_code == 405


def test_without_a_secret_there_is_no_door(settings: Settings) -> None:
    made = create_app(settings.model_copy(update={"clerk_webhook_secret": ""}))
    assert sent(made, *signed(user_deleted(1))).status_code == 404
    with made.app_context():
        db.engine.dispose()


def people(app: Flask) -> set[str]:
    with app.app_context():
        return set(session.scalars(select(User.id)))


@pytest.mark.usefixtures("ada")
def test_who_has_no_other_way_in_is_deleted_here_too(app: Flask) -> None:
    assert sent(app, *signed(user_deleted(1))).status_code == 204
    assert people(app) == set()
    assert sent(app, *signed(user_deleted(1))).status_code == 204


@pytest.mark.usefixtures("ada")
def test_who_has_an_address_stays(app: Flask) -> None:
    with app.app_context(), transaction():
        session.get_one(User, "ada").email = "ada@example.com"
    assert sent(app, *signed(user_deleted(1))).status_code == 204
    assert people(app) == {"ada"}


@pytest.mark.usefixtures("ada")
def test_an_account_with_teammates_keeps_its_only_owner(app: Flask) -> None:
    with app.app_context(), transaction():
        session.add(User(id="ben", name="Ben", created_at=now()))
        session.add(Account(id="nordbahn", name="Nordbahn", created_at=now()))
        session.flush()
        session.add(Teammate(account_id="nordbahn", user_id="ada", role="owner", joined_at=now()))
        session.add(Teammate(account_id="nordbahn", user_id="ben", role="facilitator", joined_at=now()))
    assert sent(app, *signed(user_deleted(1))).status_code == 204
    assert people(app) == {"ada", "ben"}
    assert name(app) is None
