"""Nobody hurts the others: while one client floods the server, another network's is answered and memory is bounded.

How long the others wait depends on the machine; ``make bench ARGS=floods`` measures it.
"""

import json
import resource
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from bench.flooding import KEY
from bench.floods import ELSEWHERE, LOST, MAX_MB, Measured, flooded_site, measure_flood
from bench.machine import ROOT, Process
from poker_app.edge.limits import EdgeLimits

# Seconds of each flood; more where its client got too little of the processor to be told anything yet.
SECONDS = (1.5, 15, 60)

# What each is told at the end of its connections, wherever the answer reaches a client that goes on sending.
FLOODS = {
    "header_lines": "431",
    "half_sent_headers": "429",
    "half_sent_bodies": "429",
    "socket_messages": "4303",
    "unread_pings": "4303",
    "invitation_letters": "422",
}


@pytest.fixture(scope="module")
def site() -> Iterator[tuple[Process, str]]:
    """One server for all floods, so that what one of them leaves behind counts in the next."""
    with flooded_site(ROOT) as found:
        yield found


@pytest.mark.parametrize(("flood", "told"), FLOODS.items(), ids=FLOODS)
def test_another_client_is_answered_and_memory_is_bounded(site: tuple[Process, str], flood: str, told: str) -> None:
    measured = flooded(site, flood, told)
    assert set(measured.told) == {told}


def test_requests_in_a_row_are_not_all_answered(site: tuple[Process, str]) -> None:
    measured = flooded(site, "pipelined_requests", "connections")
    assert measured.told["connections"] > 1
    assert measured.told.get("200", 0) <= measured.told["connections"] * EdgeLimits.pipelined


def test_others_are_answered_beside_wrong_passwords(site: tuple[Process, str]) -> None:
    """Some are checked and the rest find no room; the others are answered all the same."""
    measured = flooded(site, "wrong_passwords", "422", "503")
    assert set(measured.told) == {"422", "503"}


def flooded(site: tuple[Process, str], flood: str, *told: str) -> Measured:
    """Measures a flood that lasts until its client was told all of that."""
    for seconds in SECONDS:
        measured = measure_flood(flood, *site, seconds=seconds)
        assert len(measured.took) > 5
        assert max(measured.took) < LOST, "each was answered"
        assert measured.memory < MAX_MB
        if measured.told.keys() >= set(told):
            break
    return measured


def test_an_office_behind_one_address_has_a_thousand_sockets(site: tuple[Process, str]) -> None:
    """And no more: the next one is told so, and another network still gets one."""
    server, _ = site
    with many_files(), ExitStack() as stack:
        for _ in range(EdgeLimits.sockets_a_network):
            plain = stack.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=LOST))
            plain.sendall(HANDSHAKE)
            said = b""
            while b"connection_established" not in said:
                said += plain.recv(4096)
                assert said
        with connect(f"ws://127.0.0.1:{server.port}{PATH}") as beyond, pytest.raises(ConnectionClosed, match="4004"):
            list(iter(lambda: beyond.recv(LOST), None))
        elsewhere = socket.create_connection(("127.0.0.1", server.port), LOST, ELSEWHERE)
        with connect(f"ws://127.0.0.1:{server.port}{PATH}", sock=elsewhere) as other:
            assert json.loads(other.recv(LOST))["event"] == "pusher:connection_established"
        assert server.memory() < MAX_MB


PATH = f"/app/{KEY}?protocol=7"
HANDSHAKE = "\r\n".join(
    [
        f"GET {PATH} HTTP/1.1",
        "Host: localhost",
        "Upgrade: websocket",
        "Connection: Upgrade",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        "",
        "",
    ]
).encode()


@contextmanager
def many_files() -> Iterator[None]:
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before[1], before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
