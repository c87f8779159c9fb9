"""A server, a token for it, and a shell."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from poker_app.settings import ROOT
from tests.browser.live_server import House
from tests.cli.shell import Shell


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, empty: Path) -> Iterator[House]:
    """A server where people need not sign in."""
    made = House(tmp_path_factory.mktemp("house"), empty)
    yield made
    made.stop()
    assert "Traceback" not in made.log(), made.log()


def make_token(house: House, *words: str) -> str:
    """A token, as an operator makes one."""
    command = [sys.executable, "-m", "poker_app.cli", "make-token", *words]
    made = subprocess.run(command, cwd=ROOT, env=house.environment, capture_output=True, text=True, check=True)
    return made.stdout.strip()


@pytest.fixture(scope="module")
def token(house: House) -> str:
    """A service's token."""
    return make_token(house)


@pytest.fixture
def shell(house: House, token: str, tmp_path: Path) -> Shell:
    """A shell that knows the server and a token by its environment."""
    return Shell(tmp_path, FACEUP_URL=house.url, FACEUP_TOKEN=token)
