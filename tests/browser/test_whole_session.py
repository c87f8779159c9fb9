"""The story of a whole session, on the server that `make run` starts, with each engine that no deployment's story has.

    SHOTS=folder make test ARGS=tests/browser/test_whole_session.py

also takes a picture of each important moment.
"""

from collections.abc import Callable
from functools import partial

import pytest

from tests.browser import story
from tests.browser.live_server import House
from tests.browser.person import Person
from tests.external_engines import Pushpin

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300)]


# On soketi it is told of each deployment, in tests/deploy.
ENGINES = [
    pytest.param("embedded", marks=pytest.mark.fast),
    pytest.param("soketi", marks=pytest.mark.long),
    "pushpin",
]


@pytest.fixture(scope="module", params=ENGINES)
def house(request: pytest.FixtureRequest, build_on: Callable[..., House]) -> House:
    return build_on(request.param)


def test_a_team_estimates_its_backlog(house: House, person: Callable[..., Person]) -> None:
    story.a_team_estimates_its_backlog(house, person, moving=isinstance(house.engine, Pushpin))


@pytest.mark.long  # measures wall time, which another program on the machine lengthens
def test_everybody_is_back_as_soon_as_promised(house: House, person: Callable[..., Person]) -> None:
    interruption = partial(story.goes_away_and_comes_back, timed=True)
    story.a_team_estimates_its_backlog(house, person, interruption=interruption)
