"""One evening at two tables, made once and played again for every test from a copy of its database."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask

from poker_app import clock, configure, create_app, ids, trackers, webhooks
from poker_app.accounts import api_tokens, decks, memberships
from poker_app.accounts.models import User
from poker_app.accounts.team import invitations
from poker_app.db import db, session, transaction
from poker_app.poker.value.value_cache import values
from poker_app.settings import Settings
from poker_app.trackers.models import TrackerConnection
from poker_app.webhooks.models import WebhookDelivery, WebhookEndpoint
from tests.cast import Cast, Person, Table
from tests.conftest import SIGNED_IN
from tests.files import add_file, picture
from tests.world.pages import sign_in_teammates

# One that is asked for nothing before people are sent there, and the one with webhooks.
PROVIDERS = [
    {"preset": "github", "client_id": "faceup", "client_secret": "secret"},
    {"preset": "clerk", "issuer": "https://clerk.example", "client_id": "faceup", "client_secret": "secret"},
]


class World:
    """An account with a teammate of each role, and Ada's table, opened for it: two tasks, the first with one round done
    and another voted on, face down. And Gus's, elsewhere."""

    def __init__(self, app: Flask, path: Path) -> None:
        self.app, self._path = app, path
        cast = Cast(app)
        olga, abe, tim = sign_in_teammates(cast)
        self.account = olga.account
        cast.ada.signs_in("facilitator", self.account)
        cast.gus.signs_in()
        self.table = cast.table
        self.dora = cast.person("Dora").joins(self.table)
        self.gus = cast.gus
        self.elsewhere = cast.gus.opens("Elsewhere")
        self.ada, self.ben = cast.ada, cast.ben
        self.people: dict[str, Person] = {
            "stranger": cast.mallory,
            "facilitator elsewhere": cast.gus,
            "removed": self.dora,
            "spectator": cast.cleo,
            "voter": cast.ben,
            "facilitator": cast.ada,
            "teammate": tim,
            "admin": abe,
            "owner": olga,
            "other account": cast.person("Otto").signs_in(),
        }
        made = cast.ada.post(f"/accounts/{self.account}/series", {"name": "Daily", "deck": "fibonacci"}, htmx=False)
        self.series = made.location.rsplit("/", 1)[1]
        cast.ada.adds(self.table, "PAY-1 One\nTwo")
        task = f"{self.table.path}/tasks/{self.table.task}"
        cast.ada.post(task, {"title": "One", "key": "PAY-1", "url": "https://x.example", "description": "*So*"})
        cast.ben.votes(self.table, "5")
        cast.ada.reveals(self.table)
        cast.ada.calls_another_vote(self.table)
        cast.ben.votes(self.table, "8")
        cast.ada.post(f"{self.table.path}/members/{self.seat(self.dora)}/removal")
        self.file = add_file(cast.ada, self.table, self.table.task, picture())
        self.their_file = add_file(cast.gus, self.elsewhere, self.elsewhere.task, picture())
        with app.app_context():
            self.code = self.table.row.code
            self._furnish_account(olga)
        self.keep()
        self.task, self.round = self.table.task, self.table.round
        self._cookies = {person: dict(person.browser._cookies or {}) for person in self.people.values()}

    def _furnish_account(self, olga: Person) -> None:
        """With a deck, a service's token, a tracker that cannot be asked, and an invitation to Otto, a stranger."""
        owner = memberships.membership_for(session.get_one(User, olga.user), self.account)
        assert owner
        scopes = ["sessions:read"]
        self.token = api_tokens.make(owner, name="Build", scopes=scopes, days="90", service_role="admin")[0].id
        self.deck = decks.add_deck(owner, name="Risk", cards="low high").id
        invitations.invite(owner, "otto@example.com", "facilitator")
        self.connection = ids.new_id()
        with transaction():
            session.add(
                TrackerConnection(
                    id=self.connection,
                    account_id=self.account,
                    kind="github",
                    # Refused before it is asked: it is in no public network.
                    address="https://127.0.0.1:9",
                    sealed=trackers.vault().seal({"token": "none", "address": "https://127.0.0.1:9"}),
                    identity="olga",
                    granted=["repo"],
                    connected_at=clock.now(),
                    checked_at=clock.now(),
                )
            )
            self.endpoint, self.delivery = ids.new_id(), "msg_kept"
            session.add(
                WebhookEndpoint(
                    id=self.endpoint,
                    account_id=self.account,
                    kind="standard",
                    name="Estimates",
                    # As above.
                    host="127.0.0.1:9",
                    address_sealed=webhooks.vault().seal({"address": "https://127.0.0.1:9"}),
                    secret_sealed=webhooks.vault().seal({"secret": "whsec_Zm9yIHRlc3RzIG9ubHk="}),
                    events=" task.finalized ",
                    made_at=clock.now(),
                )
            )
            session.flush()
            session.add(
                WebhookDelivery(
                    key=self.delivery,
                    endpoint_id=self.endpoint,
                    event="task.finalized",
                    body="{}",
                    made_at=clock.now(),
                    next_try_at=clock.now(),
                    tries=1,
                    problem="There was no answer.",
                )
            )
        self.invitation = invitations.waiting_for(owner.account)[0].id

    def seat(self, person: Person, table: Table | None = None) -> str:
        return person.seat(table or self.table).id

    def keep(self, name: str = "kept") -> None:
        """Keeps the database as it is now, for ``again``."""
        with self.app.app_context():
            db.session.remove()
            with db.engine.connect() as connection:
                connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            db.engine.dispose()
        shutil.copy(self._path, self._path.with_suffix(f".{name}"))

    def again(self, name: str = "kept") -> None:
        """Everything as it was when it was kept, whatever application was made or asked since."""
        configure(self.app.config["SETTINGS"])
        values.clear()
        with self.app.app_context():
            db.session.remove()
            db.engine.dispose()
        for suffix in ("", "-wal", "-shm"):
            Path(f"{self._path}{suffix}").unlink(missing_ok=True)
        shutil.copy(self._path.with_suffix(f".{name}"), self._path)
        for person, cookies in self._cookies.items():
            person.browser._cookies = dict(cookies)


@pytest.fixture(scope="session")
def _evening(empty_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    path = tmp_path_factory.mktemp("house") / "faceup.db"
    shutil.copy(empty_sqlite, path)
    url = f"sqlite:///{path}"
    made = create_app(
        Settings(
            _env_file=None,
            database_url=url,
            secret_key="for tests only",
            realtime="embedded",
            log_level="error",
            files_folder=str(path.parent / "files"),
            providers=PROVIDERS,
            clerk_webhook_secret="whsec_Zm9yIHRlc3RzIG9ubHk=",
            **SIGNED_IN,
        )
    )
    yield World(made, path)
    with made.app_context():
        db.engine.dispose()


@pytest.fixture
def world(_evening: World) -> World:
    _evening.again()
    return _evening
