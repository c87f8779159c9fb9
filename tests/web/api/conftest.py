"""The account's people, each with a program of their own, and two services that Olga made."""

import pytest

from poker_app.settings import Settings
from tests.api_client import Program, program_of
from tests.world.pages import Club


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


@pytest.fixture
def olga(club: Club) -> Program:
    """The owner's own token."""
    return program_of(club.app, club.olga.user, club.account)


@pytest.fixture
def abe(club: Club) -> Program:
    """An admin's own token."""
    return program_of(club.app, club.abe.user, club.account)


@pytest.fixture
def tim(club: Club) -> Program:
    """A facilitator's own token."""
    return program_of(club.app, club.tim.user, club.account)


@pytest.fixture
def mallory(club: Club) -> Program:
    """The token of one of another account."""
    return program_of(club.app, club.mallory.user, club.mallory.account)


@pytest.fixture
def service(club: Club) -> Program:
    """A service's token, in the role of a facilitator."""
    return program_of(club.app, club.olga.user, club.account, role="facilitator")


@pytest.fixture
def admin_service(club: Club) -> Program:
    """A service's token in the role of an admin."""
    return program_of(club.app, club.olga.user, club.account, role="admin")
