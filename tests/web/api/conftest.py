"""Programs of the club: Tim's own token, a service's that Olga made, and Mallory's, whose account is another one."""

import pytest

from poker_app.settings import Settings
from tests.api_client import Program, program_of
from tests.world.pages import Club


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


@pytest.fixture
def tim(club: Club) -> Program:
    """Tim's own token."""
    return program_of(club.app, club.tim.user, club.account)


@pytest.fixture
def service(club: Club) -> Program:
    """A service's token, which Olga made."""
    return program_of(club.app, club.olga.user, club.account, role="facilitator")


@pytest.fixture
def mallory(club: Club) -> Program:
    """Mallory's own token, of her account."""
    return program_of(club.app, club.mallory.user, club.mallory.account)
