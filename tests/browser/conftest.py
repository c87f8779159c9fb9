"""The house with its doors open, and the cast in front of their browsers."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from tests.browser.live_server import House
from tests.browser.person import Person, people
from tests.external_engines import Pushpin, Soketi
from tests.mail_server import Post


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory, empty: Path) -> Iterator[Callable[..., House]]:
    """Builds houses with other settings, for the stories of a file. At the end none may have had a fault."""
    yield from _builder(tmp_path_factory, empty)


@pytest.fixture
def build_once(tmp_path_factory: pytest.TempPathFactory, empty: Path) -> Iterator[Callable[..., House]]:
    """The same for one story."""
    yield from _builder(tmp_path_factory, empty)


def _builder(tmp_path_factory: pytest.TempPathFactory, empty: Path) -> Iterator[Callable[..., House]]:
    houses: list[House] = []

    def build(kind: type[House] = House, **settings: str) -> House:
        houses.append(kind(tmp_path_factory.mktemp("house"), empty, **settings))
        return houses[-1]

    yield build
    for house in houses:
        house.stop()
    logs = "".join(house.log() for house in houses)
    assert "Traceback" not in logs, logs


@pytest.fixture(scope="module")
def build_on(build: Callable[..., House]) -> Iterator[Callable[..., House]]:
    """Builds houses on a real engine: "embedded", "soketi" beside it, or "pushpin" in front of it."""
    engines: list[Soketi | Pushpin] = []

    def build_on(name: str) -> House:
        if name == "embedded":
            return build()
        engine = Soketi() if name == "soketi" else Pushpin()
        house = build(**engine.settings)
        house.engine = engine
        engine.start(house.port)
        engines.append(engine)
        if name == "pushpin":
            house.url = f"http://127.0.0.1:{engine.port}"
        return house

    yield build_on
    for engine in engines:
        engine.stop()


@pytest.fixture(scope="module")
def house(build: Callable[..., House]) -> House:
    """The server, one for the stories of a file."""
    return build()


@pytest.fixture(scope="module")
def post() -> Iterator[Post]:
    """The mail server of the club."""
    server = Post()
    yield server
    server.stop()


@pytest.fixture(scope="module")
def club(build: Callable[..., House], post: Post) -> House:
    """A house where people sign in, and mail arrives."""
    return build(AUTH="accounts", MAIL="smtp", SMTP_HOST="127.0.0.1", SMTP_PORT=str(post.port), SMTP_TLS="false")


@pytest.fixture
def visitor(browser: Browser, club: House, post: Post) -> Iterator[Callable[..., Person]]:
    """Makes people who come to the club; their mailbox is the name in lower case at example.com."""
    with people(browser) as make:
        yield lambda name, **how: make(name, home=club.url, post=post, **how)


@pytest.fixture
def person(browser: Browser, house: House) -> Iterator[Callable[..., Person]]:
    """Makes people."""
    with people(browser) as make:
        yield lambda name, **how: make(name, **{"home": house.url, **how})


@pytest.fixture
def ada(person: Callable[..., Person]) -> Person:
    """Facilitates."""
    return person("Ada")


@pytest.fixture
def ben(person: Callable[..., Person]) -> Person:
    """Votes, on a dark screen."""
    return person("Ben", color_scheme="dark")


@pytest.fixture
def cleo(person: Callable[..., Person]) -> Person:
    """Votes or watches, on a phone."""
    return person("Cleo", phone=True)


@pytest.fixture
def gus(person: Callable[..., Person]) -> Person:
    """One more guest."""
    return person("Gus")
