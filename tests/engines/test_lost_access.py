"""Every way of losing access ends what listens: a socket that heard a session is closed, and opens it no more."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

import pytest
from engine_server import Engine, Running
from flask import Flask
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from poker_app import realtime
from poker_app.accounts import memberships
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import SignIn, Teammate, User
from poker_app.accounts.providers.claims import Claims
from poker_app.accounts.signin import (
    clerk_webhooks,
    identities,
    login_sessions,
    mail_tokens,
    password_reset,
    passwords,
    two_factor,
)
from poker_app.accounts.team import clerk_groups, teammates
from poker_app.db import session, transaction
from poker_app.poker import personal_data
from poker_app.poker.members import members
from poker_app.poker.models import Member
from poker_app.provider_settings import ProviderSettings
from poker_app.realtime.engines.embedded.app import EmbeddedServer
from poker_app.realtime.engines.embedded.protocol import Code
from poker_app.realtime.engines.endpoints import credentials
from poker_app.settings import ROOT, Settings
from tests.cast import Cast, Person, Table
from tests.clerk_events import ISSUER, SECRET, SUBJECT, membership, signed, user_deleted
from tests.conftest import SIGNED_IN

CLERK = ProviderSettings(preset="clerk", issuer=f"{ISSUER}/", client_id="x", client_secret="y")
A_SECOND = 1.0
PASSWORD = "a long enough password of Ben's"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    about = {"realtime": "embedded", "providers": [CLERK], "clerk_webhook_secret": SECRET}
    return settings.model_copy(update={**SIGNED_IN, **about})


@pytest.fixture
def engine(app: Flask, settings: Settings) -> Iterator[Engine]:
    server = Running(EmbeddedServer(credentials(settings)))
    yield Engine("127.0.0.1", server.port, credentials(settings))
    server.stop()
    realtime.configure(settings.model_copy(update={"realtime": "none"}))


@dataclass
class Scene:
    """Ada's session for teammates only, with Ben, a teammate, signed in in a browser that listens."""

    app: Flask
    ada: Person
    ben: Person
    table: Table

    def user(self) -> User:
        return session.get_one(User, self.ben.user)

    def seat(self, person: Person) -> Member:
        return session.query(Member).filter_by(session_id=self.table.id, user_id=person.user).one()

    def elsewhere(self) -> str:
        """The id of a sign-in of Ben's in another browser."""
        login_sessions.begin(self.user(), browser="another", address="127.0.0.1")
        return session.query(SignIn).filter_by(user_id=self.ben.user, browser="another").one().id

    def here(self) -> str:
        return session.query(SignIn).filter_by(user_id=self.ben.user, browser="a test").one().id

    def owner(self) -> Membership:
        found = memberships.membership_for(session.get_one(User, self.ada.user), self.ada.account)
        assert found
        return found

    def comes_by_clerk(self) -> None:
        """Ben's sign-in was by Clerk, where he is in the group whose account Ada's is."""
        identities.connect(self.user(), CLERK, Claims(ISSUER, SUBJECT, "Ben", None, False))
        with transaction():
            session.query(SignIn).filter_by(user_id=self.ben.user).update({"issuer": ISSUER})


def signs_out(scene: Scene) -> None:
    assert scene.ben.post("/sign-in/out", htmx=False).status_code == 303


def signs_out_everywhere(scene: Scene) -> None:
    login_sessions.end_everywhere(scene.user(), but=scene.elsewhere())


def ends_one_sign_in(scene: Scene) -> None:
    login_sessions.end(scene.user(), scene.here())


def changes_the_password(scene: Scene) -> None:
    passwords.change(scene.user(), current="", new=PASSWORD, sign_in_id=scene.elsewhere(), asked_from="127.0.0.1")


def resets_the_password(scene: Scene) -> None:
    secret = mail_tokens.make(password_reset.PURPOSE, "ben@example.com", user_id=scene.ben.user)
    password_reset.follow(secret, PASSWORD)


def turns_on_the_second_factor(scene: Scene) -> None:
    secret = two_factor.new_secret()
    code = two_factor.pyotp.TOTP(secret).now()
    two_factor.turn_on(scene.user(), secret, code, sign_in_id=scene.elsewhere())


def disconnects_the_provider(scene: Scene) -> None:
    scene.comes_by_clerk()
    identities.disconnect(scene.user(), "clerk", SUBJECT, but=None)


def is_deleted_at_clerk(scene: Scene) -> None:
    scene.comes_by_clerk()
    clerk_webhooks.handle_webhook(*signed(user_deleted(1)))


def leaves_the_group_at_clerk(scene: Scene) -> None:
    scene.comes_by_clerk()
    clerk_webhooks.handle_webhook(*signed(membership("deleted", 1)))


def is_removed_from_the_session(scene: Scene) -> None:
    members.remove(scene.seat(scene.ada), scene.seat(scene.ben).id)


def is_removed_from_the_account(scene: Scene) -> None:
    teammates.remove(scene.owner(), scene.ben.user)


def leaves_the_account(scene: Scene) -> None:
    found = memberships.membership_for(scene.user(), scene.ada.account)
    assert found
    teammates.leave(found)


def is_erased(scene: Scene) -> None:
    personal_data.erase(scene.user(), "ben@example.com")


WAYS: list[Callable[[Scene], None]] = [
    signs_out,
    signs_out_everywhere,
    ends_one_sign_in,
    changes_the_password,
    resets_the_password,
    turns_on_the_second_factor,
    disconnects_the_provider,
    is_deleted_at_clerk,
    leaves_the_group_at_clerk,
    is_removed_from_the_session,
    is_removed_from_the_account,
    leaves_the_account,
    is_erased,
]


def authorized(person: Person, table: Table, socket_id: str) -> dict[str, str] | None:
    """A signature for the session's channel, or None where it is refused."""
    asked = {"channel_name": realtime.state_channel(table.id), "socket_id": socket_id}
    answer = person.post(f"{table.path}/channel-auth", asked, htmx=False)
    return answer.get_json() if answer.status_code == 200 else None


@contextmanager
def opened(engine: Engine) -> Iterator[tuple[ClientConnection, str]]:
    with connect(engine.socket_url, compression=None) as socket:
        yield socket, json.loads(json.loads(socket.recv(5))["data"])["socket_id"]


@contextmanager
def listening(engine: Engine, person: Person, table: Table) -> Iterator[ClientConnection]:
    """A socket that hears the session, as a page of the person's opens it."""
    with opened(engine) as (socket, socket_id):
        signature = authorized(person, table, socket_id)
        assert signature
        channel = realtime.state_channel(table.id)
        socket.send(json.dumps({"event": "pusher:subscribe", "data": {"channel": channel, **signature}}))
        assert "subscription_succeeded" in socket.recv(5)
        yield socket


def hears(socket: ClientConnection, table: Table) -> bool:
    """Whether an event that is published now arrives at the socket, after all that it was told before."""
    realtime.publish([realtime.state_channel(table.id)], "asked-by-the-test", {})
    with suppress(TimeoutError, ConnectionClosed):
        while json.loads(socket.recv(5))["event"] != "asked-by-the-test":
            pass
        return True
    return False


def close_code(socket: ClientConnection) -> int | None:
    """The code with which the socket is closed within a second, whatever it hears before."""
    until = time.monotonic() + A_SECOND
    try:
        while True:
            socket.recv(max(0.0, until - time.monotonic()))
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None


@pytest.fixture
def scene(app: Flask, cast: Cast, engine: Engine, monkeypatch: pytest.MonkeyPatch) -> Scene:
    ada = cast.ada.signs_in()
    table = ada.opens("Ours", teammates_only="1")
    ben = cast.ben.signs_in(account=ada.account)
    monkeypatch.setattr(clerk_groups, "_accounts", {"org_1": ada.account})
    return Scene(app, ada, ben.joins(table), table)


@pytest.mark.parametrize("lose", WAYS, ids=lambda way: way.__name__)
def test_losing_access_ends_what_listens(scene: Scene, engine: Engine, lose: Callable[[Scene], None]) -> None:
    with listening(engine, scene.ben, scene.table) as his, listening(engine, scene.ada, scene.table) as hers:
        with scene.app.app_context():
            lose(scene)
        assert close_code(his) == Code.UNAUTHORIZED
        with opened(engine) as (_socket, socket_id):
            assert authorized(scene.ben, scene.table, socket_id) is None
        assert hears(hers, scene.table)


def test_who_leaves_an_account_stays_where_everybody_may_come_in(scene: Scene, engine: Engine) -> None:
    table = scene.ada.opens("For everybody")
    with listening(engine, scene.ben.joins(table), table) as his:
        with scene.app.app_context():
            is_removed_from_the_account(scene)
            assert session.get(Teammate, (scene.ada.account, scene.ben.user)) is None
        assert hears(his, table)


@pytest.mark.parametrize("back", ["reopening", "restoration"])
def test_who_left_an_account_is_not_back_when_a_session_goes_on(scene: Scene, back: str) -> None:
    """It did not run when he left, and is for teammates only when it runs again."""
    ada, table = scene.ada, scene.table
    kept = f"/accounts/{ada.account}/sessions/{table.id}"
    gone = f"{table.path}/ending" if back == "reopening" else f"{kept}/deletion"
    assert ada.post(gone, htmx=False).status_code == 303
    with scene.app.app_context():
        is_removed_from_the_account(scene)
    again = f"{table.path}/reopening" if back == "reopening" else f"{kept}/restoration"
    assert ada.post(again, htmx=False).status_code == 303
    assert ada.get(f"{table.path}/vote-table").status_code == 200
    assert scene.ben.get(f"{table.path}/vote-table").status_code == 404


def test_who_left_an_account_needs_the_password_that_teammates_do_not(scene: Scene, engine: Engine) -> None:
    table = scene.ada.opens("Closed", password="open sesame")
    with listening(engine, scene.ben.joins(table), table) as his:
        with scene.app.app_context():
            is_removed_from_the_account(scene)
        assert close_code(his) == Code.UNAUTHORIZED
    seat = {"member_name": "Ben", "role": "voter"}
    assert scene.ben.post(f"{table.path}/members", seat, htmx=False).status_code == 422
    assert scene.ben.post(f"{table.path}/members", {**seat, "password": "open sesame"}, htmx=False).status_code == 303


def test_a_browser_that_is_still_signed_in_listens_again(scene: Scene, engine: Engine) -> None:
    """No engine tells the sockets of one member apart: all of them end, and a browser with access connects anew."""
    with listening(engine, scene.ben, scene.table) as his:
        with scene.app.app_context():
            login_sessions.end(scene.user(), scene.elsewhere())
        assert close_code(his) == Code.UNAUTHORIZED
    with listening(engine, scene.ben, scene.table) as his:
        assert hears(his, scene.table)


def test_sign_ins_end_in_one_place() -> None:
    """A way of signing out that deletes the rows by itself would leave the sockets open."""
    deleting = [path.name for path in (ROOT / "poker_app").rglob("*.py") if "delete(SignIn)" in path.read_text()]
    assert deleting == ["login_sessions.py"]
