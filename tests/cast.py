"""Who exists, the same everywhere, and each person's browser with the verbs of the product.

In a session Ada facilitates, Ben votes, Cleo watches, Gus is a guest, Mallory a stranger. An account is owned by Olga;
`TEAMMATES` are those who work in it.
"""

from copy import copy
from datetime import UTC, datetime, timedelta
from functools import cached_property

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from werkzeug.test import TestResponse

from poker_app import clock
from poker_app.accounts import users
from poker_app.accounts.memberships import home_of
from poker_app.accounts.models import Teammate, User
from poker_app.accounts.signin import login_sessions
from poker_app.db import session, transaction
from poker_app.poker.models import Member, PokerSession

HTMX = {"HX-Request": "true"}
# What browsers say of a form that this site's own page sends, through TLS or to localhost.
FROM_OUR_PAGE = {"Origin": "http://localhost", "Sec-Fetch-Site": "same-origin"}
# An account's teammates and their roles; the first made it.
TEAMMATES = {"Olga": "owner", "Abe": "admin", "Tim": "facilitator"}


def add_user(name: str, email: str | None = "") -> User:
    """Adds a user, whose address is the name at example.com unless told. Needs an application context."""
    with transaction():
        return users.add_user(name=name, email=f"{name.lower()}@example.com" if email == "" else email)


def add_teammate(account_id: str, user: User, role: str = "facilitator") -> User:
    """Adds the user to the account, without an invitation. Needs an application context."""
    user_id = user.id
    with transaction():
        session.add(Teammate(account_id=account_id, user_id=user_id, role=role, joined_at=clock.now()))
    return user


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def forward(self, **time: float) -> None:
        """By ``seconds=``, ``minutes=`` ..."""
        self.moment += timedelta(**time)


class Person:
    """Somebody with a browser: a cookie jar, and the verbs of the product."""

    def __init__(self, app: Flask, name: str) -> None:
        self._app = app
        self.name = name
        self.browser: FlaskClient = app.test_client()

    def get(self, path: str, **more: object) -> TestResponse:
        return self.browser.get(path, **more)  # type: ignore[arg-type]

    def post(self, path: str, data: dict[str, str] | None = None, *, htmx: bool = True, **more: object) -> TestResponse:
        """As the page would send it, through htmx unless told."""
        headers = FROM_OUR_PAGE | (HTMX if htmx else {})
        return self.browser.post(path, data=data or {}, headers=headers, **more)  # type: ignore[arg-type]

    def another_tab(self) -> "Person":
        """The same browser again, for requests that it sends at once."""
        twin = copy(self)
        twin.browser = self._app.test_client()
        for name in ("guest", "faceup"):
            if cookie := self.browser.get_cookie(name):
                twin.browser.set_cookie(name, cookie.value)
        return twin

    # --- verbs

    def signs_in(self, role: str = "facilitator", account: str = "") -> "Person":
        """Be signed in, as a new teammate of an account: of one's own, or of the one named. Needs AUTH=accounts."""
        with self._app.app_context():
            user = add_user(self.name)
            if account:
                add_teammate(account, user, role)
            self.account = home_of(user).account.id
            return self._signed_in(user)

    def signs_in_without_account(self) -> "Person":
        """Be signed in with an address, and belong to no account yet. Needs AUTH=accounts."""
        with self._app.app_context():
            return self._signed_in(add_user(self.name))

    def _signed_in(self, user: User) -> "Person":
        self.user = user.id
        secret = login_sessions.begin(user, browser="a test", address="127.0.0.1")
        with self.browser.session_transaction() as cookie:
            cookie["_user_id"], cookie["_fresh"] = secret, True
        return self

    def opens(self, name: str = "Checkout team", deck: str = "fibonacci", **options: str) -> "Table":
        """Open a session and sit down as its facilitator."""
        form = {"name": name, "deck": deck, "member_name": self.name, "form_key": name, **options}
        answer = self.post("/sessions", form, htmx=False)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return Table(self._app, answer.location.rsplit("/", 1)[1])

    def joins(self, table: "Table", role: str = "voter") -> "Person":
        """Join."""
        answer = self.post(f"{table.path}/members", {"member_name": self.name, "role": role}, htmx=False)
        assert answer.status_code == 303, answer.get_data(as_text=True)
        return self

    def votes(self, table: "Table", card: str, round_id: str | None = None) -> TestResponse:
        return self.post(f"{table.path}/votes", {"round": round_id or table.round, "card": card})

    def retracts(self, table: "Table") -> TestResponse:
        return self.post(f"{table.path}/votes/retraction", {"round": table.round})

    def reveals(self, table: "Table") -> TestResponse:
        return self.post(f"{table.path}/reveal", {"round": table.round})

    def calls_another_vote(self, table: "Table") -> TestResponse:
        return self.post(f"{table.path}/rounds", {"round": table.round})

    def finalizes(self, table: "Table", estimate: str, note: str = "") -> TestResponse:
        return self.post(f"{table.path}/tasks/{table.task}/estimate", {"estimate": estimate, "note": note})

    def adds(self, table: "Table", tasks: str) -> TestResponse:
        return self.post(f"{table.path}/tasks", {"tasks": tasks})

    def ends(self, table: "Table") -> TestResponse:
        return self.post(f"{table.path}/ending")

    def seat(self, table: "Table") -> Member:
        """This person's row at the table."""
        found = select(Member).where(Member.session_id == table.id, Member.name == self.name)
        with self._app.app_context():
            return session.scalars(found).one()


class Table:
    """A session, seen through its row."""

    def __init__(self, app: Flask, key: str) -> None:
        self._app = app
        self.id = key
        self.path = f"/sessions/{self.id}"

    @property
    def row(self) -> PokerSession:
        with self._app.app_context():
            return session.get_one(PokerSession, self.id)

    @property
    def round(self) -> str:
        return self.row.current_round_id or ""

    @property
    def task(self) -> str:
        return self.row.current_task_id or ""


class Cast:
    """Everybody, with Ada's table open as soon as somebody asks for it."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self.ada, self.ben, self.cleo = (Person(app, name) for name in ("Ada", "Ben", "Cleo"))
        self.gus, self.mallory = (Person(app, name) for name in ("Gus", "Mallory"))

    @cached_property
    def table(self) -> Table:
        """Ada's table, where Ben votes and Cleo watches."""
        table = self.ada.opens()
        self.ben.joins(table)
        self.cleo.joins(table, role="spectator")
        return table

    def person(self, name: str) -> Person:
        """One more, with a browser of their own."""
        return Person(self._app, name)
