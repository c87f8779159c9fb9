"""One box with two nodes of the engine that share a Redis, two workers and PostgreSQL behind nginx."""

import re
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import cycle
from pathlib import Path

import pytest
from playwright.sync_api import Browser
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.browser import story
from tests.browser.person import Person, people
from tests.deploy.box import Box
from tests.engine_nodes import Nodes
from tests.visitor import Address, Visitor, heard

pytestmark = pytest.mark.timeout(600)

PATIENCE = 60  # seconds, for what is awaited
MEMBER = re.compile(r'data-me="(\w+)"')


@pytest.fixture(scope="module")
def nodes(node_modules: Path) -> Nodes:
    return Nodes()


@pytest.fixture(scope="module")
def box(deployed: str, nodes: Nodes, nginx: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Box]:
    box = Box(tmp_path_factory.mktemp("box"), nginx, deployed, nodes, WEB_CONCURRENCY="2")
    yield box
    log = box.log()
    box.goes_away()
    assert "Traceback" not in log, log


@pytest.mark.browser
def test_a_node_is_killed_in_the_middle_of_a_round(box: Box, nodes: Nodes, browser: Browser) -> None:
    """Its browsers come back at the other node within ten seconds, and no vote is lost."""

    def a_node_is_killed(_home: story.Home, team: Sequence[Person]) -> None:
        _, ben, cleo = team
        becomes_true(lambda: sum(nodes.sockets()) == len(team))
        while not all(nodes.sockets()):
            cleo.reloads()  # nginx takes the nodes by turns
            cleo.page.evaluate("document.title = 'never reloaded'")
        ben.picks("5")
        gone, other = nodes.nodes
        gone.stop()
        ben.touches("8")
        becomes_true(lambda: other.sockets() == len(team), within=story.BACK_WITHIN)
        for each in team:
            each.is_live()
        ben.has_picked("8")

    with people(browser) as person:
        story.a_team_estimates_its_backlog(box, person, interruption=a_node_is_killed)
    nodes.nodes[0].start(box.port)


def becomes_true(fact: Callable[[], bool], within: float = PATIENCE) -> None:
    until = time.monotonic() + within
    while not fact():
        assert time.monotonic() < until
        time.sleep(0.05)  # between two questions to another process


def test_each_node_tells_what_the_other_was_told(box: Box, nodes: Nodes) -> None:
    """nginx takes them by turns, so that each of them is told of every second vote."""
    ada, ben, table = seated(box)
    with listening(ada, table, nodes) as tabs:
        current = ben.sits_at(table)
        for card in ("1", "2", "3", "5"):
            assert ben.post(f"{table}/votes", round=current, card=card) == 303
            assert [heard(tab)[0] for tab in tabs] == ["vote", "vote"]


def test_a_removed_members_sockets_are_ended_at_both_nodes(box: Box, nodes: Nodes) -> None:
    """Whichever of them was asked."""
    for _ in nodes.nodes:
        ada, ben, table = seated(box)
        ben.sits_at(table)
        [member] = MEMBER.findall(ben.text)
        with listening(ben, table, nodes) as tabs:
            ada.sits_at(table)
            assert ada.post(f"{table}/members/{member}/removal") == 303
            assert [closed_with(tab) for tab in tabs] == [4009, 4009]


def test_redis_goes_away_and_comes_back(box: Box, nodes: Nodes) -> None:
    """No socket closes meanwhile, and afterwards both nodes hear the same again."""
    _, ben, table = seated(box)
    with listening(ben, table, nodes) as tabs:
        current = ben.sits_at(table)

        def all_hear_a_vote() -> bool:
            assert ben.post(f"{table}/votes", round=current, card=next(cards)) == 303
            return bool(set.intersection(*(waiting(tab) for tab in tabs)))

        cards = cycle(("1", "2", "3", "5"))
        becomes_true(all_hear_a_vote)
        nodes.redis.stop()
        for _ in nodes.nodes:
            assert not all_hear_a_vote()
        nodes.redis.start()
        becomes_true(all_hear_a_vote)


def waiting(tab: ClientConnection) -> set[str]:
    """What a socket hears until it is silent for a while."""
    texts = set()
    with suppress(TimeoutError):
        while True:
            texts.add(str(tab.recv(0.5)))
    return texts


def seated(box: Box) -> tuple[Visitor, Visitor, str]:
    """Ada and Ben, and the path of their session."""
    ada, ben = (Visitor(Address(box.port), name) for name in ("Ada", "Ben"))
    table = ada.opens(f"a session of {time.monotonic()}")
    ben.joins(table)
    return ada, ben, table


@contextmanager
def listening(visitor: Visitor, table: str, nodes: Nodes) -> Iterator[list[ClientConnection]]:
    """A socket of the visitor's at each node, on the session's channel."""
    with ExitStack() as stack:
        places = [{**nodes.settings, "PUSHER_PORT": str(node.port)} for node in nodes.nodes]
        yield [stack.enter_context(visitor.listens(table, place)) for place in places]


def closed_with(tab: ClientConnection) -> int | None:
    """The code with which a socket is closed, whatever it hears before."""
    try:
        while True:
            tab.recv(PATIENCE)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd else None
