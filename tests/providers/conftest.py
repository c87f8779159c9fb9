"""The application with the provider under test as its way in, and travellers."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import select

from poker_app.accounts.models import Identity, User
from poker_app.accounts.providers import openid
from poker_app.db import session
from poker_app.provider_settings import ProviderSettings
from poker_app.settings import Settings
from tests.conftest import SIGNED_IN
from tests.providers import servers
from tests.providers.login_browser import Traveller
from tests.providers.servers import Relay, served


@dataclass
class Real:
    """A real OpenID server behind its relay."""

    name: str
    url: str
    relay: Relay


@pytest.fixture(scope="session", params=["mock", "npm"])
def _running(request: pytest.FixtureRequest) -> Iterator[Real]:
    relay = Relay()
    with ExitStack() as stack:
        url = stack.enter_context(served(relay))
        relay.target = stack.enter_context(servers.mock() if request.param == "mock" else servers.npm(url))
        yield Real(request.param, url, relay)


@pytest.fixture
def real(_running: Real) -> Real:
    """Each of the two real OpenID servers in turn, telling the truth until told otherwise."""
    _running.relay.honest()
    return _running


@pytest.fixture
def configured(real: Real) -> list[ProviderSettings]:
    """What PROVIDERS says."""
    about = {"preset": "oidc", "label": "Acme", "client_id": "faceup", "client_secret": "secret"}
    # The same server under another name, and a port where nobody listens.
    others = {"twin": real.url, "alias": real.url.replace("127.0.0.1", "localhost"), "down": "http://127.0.0.1:9"}
    return [ProviderSettings(name=name, issuer=url, **about) for name, url in {real.name: real.url, **others}.items()]


@pytest.fixture
def settings(settings: Settings, configured: list[ProviderSettings]) -> Settings:
    return settings.model_copy(update={**SIGNED_IN, "providers": configured})


@pytest.fixture(autouse=True)
def _nothing_known() -> None:
    """What a process has read from providers stays for ten minutes, and so for the next test."""
    openid._known.clear()


class Rows:
    """What the database says about people."""

    def __init__(self, app: Flask) -> None:
        self._app = app

    def users(self) -> dict[str, str | None]:
        """The address of everybody, by name."""
        with self._app.app_context():
            return {user.name: user.email for user in session.scalars(select(User))}

    def logins(self) -> dict[str, str]:
        """The user's name of every identity, by subject."""
        with self._app.app_context():
            found = session.execute(select(Identity.subject, User.name).join(User, User.id == Identity.user_id))
            return dict(map(tuple, found))


@pytest.fixture
def rows(app: Flask) -> Rows:
    return Rows(app)


@pytest.fixture
def traveller(app: Flask) -> Callable[[str], Traveller]:
    return lambda name: Traveller(app, name)


@pytest.fixture
def later(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Puts our clock forward by ``minutes=`` ...; the provider's stays."""

    def move(**time: float) -> None:
        monkeypatch.setattr("poker_app.clock.now", lambda: datetime.now(UTC) + timedelta(**time))

    return move


@pytest.fixture
def ada(traveller: Callable[[str], Traveller]) -> Traveller:
    return traveller("Ada")


@pytest.fixture
def mallory(traveller: Callable[[str], Traveller]) -> Traveller:
    return traveller("Mallory")
