"""What a tracker that means harm, or is broken, can make the client do: nothing for long, and nothing elsewhere."""

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from poker_app.outside import pause_of
from poker_app.poker.trackers.bring_in import MAX_PAGES, all_of, line_of
from poker_app.rules.trackers import Found, Issue, Search
from poker_app.trackers import client
from poker_app.trackers.client import Client, path
from poker_app.trackers.failures import Rejected, Unreachable

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n"


@dataclass
class Trickling:
    """Sends what comes at once, and then a byte every tenth of a second for as long as it is listened to."""

    at_once: bytes
    ended: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _serve(self) -> None:
        try:
            connection, _ = self._listener.accept()
        except OSError:
            return
        with connection:
            connection.recv(65_536)
            try:
                connection.sendall(self.at_once)
                while not self.ended.wait(0.1):
                    connection.sendall(b"X")
            except OSError:
                self.ended.set()

    def stop(self) -> None:
        self.ended.set()
        self._listener.close()
        self._thread.join(10)


@pytest.fixture
def trickling() -> Iterator[Callable[[bytes], Trickling]]:
    made: list[Trickling] = []

    def make(at_once: bytes) -> Trickling:
        made.append(Trickling(at_once))
        return made[-1]

    yield make
    for each in made:
        each.stop()


@pytest.mark.parametrize("at_once", [b"", b"HTTP/1.1 200 OK\r\nX-Long: ", HEAD], ids=["nothing", "a header", "a body"])
def test_a_tracker_that_trickles_is_left_in_time(
    trickling: Callable[[bytes], Trickling], monkeypatch: pytest.MonkeyPatch, at_once: bytes
) -> None:
    monkeypatch.setattr(client, "WHOLE", 1.0)
    there = trickling(at_once)
    began = time.monotonic()
    with pytest.raises(Unreachable):
        Client("It", there.url, {}, inside=True).get("/")
    assert time.monotonic() - began < 5
    assert there.ended.wait(5), "its connection is ended"


def test_all_requests_of_a_client_have_an_end(
    trickling: Callable[[bytes], Trickling], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(client, "IN_ALL", 0.5)
    asked = Client("It", trickling(HEAD).url, {}, inside=True)
    for _ in range(2):
        with pytest.raises(Unreachable):
            asked.get("/")


def test_so_many_are_asked_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "_places", threading.BoundedSemaphore(1))
    monkeypatch.setattr(client, "WHOLE", 0.2)
    with client._places, pytest.raises(Unreachable, match="Too many trackers are asked at once"):
        Client("It", "http://127.0.0.1:9", {}, inside=True).get("/")


@pytest.mark.parametrize("host", ["a..example", f"{'a' * 64}.example", "xn--a.example"])
def test_a_name_that_is_none_is_unreachable(host: str) -> None:
    with pytest.raises((Rejected, Unreachable)):
        Client("It", f"https://{host}", {}, inside=False).get("/")


@pytest.mark.parametrize("part", ["", ".", "..", "..."])
def test_a_path_leads_to_nowhere_else(part: str) -> None:
    with pytest.raises(Rejected):
        path("project", part, "version")
    assert path("a/b", "..c") == "/a%2Fb/..c"


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "²"}, None),
        ({"Retry-After": "1.2.3"}, None),
        ({"Retry-After": "Fri, 99 Foo 99999 99:99:99 GMT"}, None),
        ({"X-RateLimit-Reset": "²²"}, None),
        ({"X-RateLimit-Reset": "9" * 400}, None),
        ({"Retry-After": "7"}, 7.0),
    ],
)
def test_odd_pauses(headers: dict[str, str], seconds: float | None) -> None:
    assert pause_of(headers) == seconds


class Endless:
    """Pages without end, in which all is done."""

    def __init__(self) -> None:
        self.asked = 0

    def search(self, search: Search, cursor: str = "") -> Found:
        self.asked += 1
        return Found((Issue("1", "P", "P-1", "Done", "", done=True),), cursor=str(self.asked))


def test_pages_without_end_have_one() -> None:
    there = Endless()
    assert all_of(there, Search(words="x")) == []  # type: ignore[arg-type]
    assert there.asked == MAX_PAGES


def test_what_a_tracker_says_is_cleaned() -> None:
    issue = Issue(
        id="1",
        project="P",
        key="P-1\n",
        title="Pay\u202e now\0\ud83d",
        url="javascript:alert(1)",
        description="One\r\n\u200b\ud83d",
        labels=("a\nb",),
    )
    line = line_of(issue)
    assert (line.key, line.url, line.labels) == ("P-1", "", "a b")
    assert "\0" not in line.title
    assert "\u202e" not in line.title
    for text in (line.title, line.description):
        text.encode()
