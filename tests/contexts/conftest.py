"""A session and an account to call the actions on: no requests, but members, rows and announcements."""

from collections.abc import Iterator

import pytest

from poker_app.poker.publishing import events
from poker_app.poker.publishing.events import State
from poker_app.settings import Settings
from tests.cast import Clock
from tests.conftest import SIGNED_IN, Announced, lent
from tests.world.actions import Club, Room


@pytest.fixture
def without_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """What events carry is rendered for a request; here is none, and only their names matter."""
    monkeypatch.setattr(events._wiring, "render", lambda session_id, version: State(version, 0, "", 0))


@pytest.fixture
def room(context: None, clock: Clock, announced: Announced, without_pages: None) -> Room:
    return Room(announced)


@pytest.fixture
def club(settings: Settings, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Club]:
    """An account where people sign in."""
    with lent(settings.model_copy(update=SIGNED_IN)) as made, made.app_context():
        yield Club.with_mail(monkeypatch)
