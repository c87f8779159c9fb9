"""A browser in front of a running server: cookies, and the verbs of a whole session."""

import http.client
import json
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Protocol
from urllib.parse import urlencode

from websockets.sync.client import ClientConnection, connect

Answer = tuple[int, http.client.HTTPMessage, str]


class Server(Protocol):
    """Whatever answers requests. Raises OSError or HTTPException where nothing does."""

    origin: str

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer: ...


class Address:
    """A server by its port on this machine; each request takes a connection of its own."""

    def __init__(self, port: int, patience: float = 60) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self._port, self._patience = port, patience

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=self._patience)
        return exchange(connection, method, path, body, headers)


def exchange(
    connection: http.client.HTTPConnection, method: str, path: str, body: str, headers: dict[str, str]
) -> Answer:
    """One request and its answer, on a connection of its own. Underscores in the headers' names are dashes."""
    given = {name.replace("_", "-"): value for name, value in headers.items()}
    try:
        connection.request(method, path, body or None, given)
        answer = connection.getresponse()
        return answer.status, answer.headers, answer.read().decode(errors="replace")
    finally:
        connection.close()


class Visitor:
    """Somebody with a browser; ``text`` is what it shows."""

    def __init__(self, server: Server, name: str) -> None:
        self._server = server
        self.name = name
        self._cookies: dict[str, str] = {}
        self.text = ""
        self.told = http.client.HTTPMessage()

    def get(self, path: str) -> int:
        return self._ask("GET", path)

    def post(self, path: str, **form: str) -> int:
        origin = self._server.origin
        told = {"origin": origin, "referer": origin, "sec_fetch_site": "same-origin"}
        return self._ask("POST", path, urlencode(form), content_type="application/x-www-form-urlencoded", **told)

    def _ask(self, method: str, path: str, body: str = "", **headers: str) -> int:
        jar = "; ".join(f"{name}={value}" for name, value in self._cookies.items())
        status, told, self.text = self._server.ask(method, path, body, cookie=jar, **headers)
        for line in told.get_all("set-cookie") or []:
            self._cookies.update({name: cookie.value for name, cookie in SimpleCookie(line).items()})
        self.location, self.told = told.get("location", ""), told
        return status

    # --- verbs

    def opens(self, form_key: str = "deployed") -> str:
        """A session; answers with its path. The same key again is the same session."""
        assert self.get("/sessions/new") == 200
        form = {"name": "Deployed", "deck": "fibonacci", "member_name": self.name, "form_key": form_key}
        assert self.post("/sessions", **form) == 303
        return self.location

    def joins(self, table: str) -> None:
        assert self.get(f"{table}/join") == 200
        assert self.post(f"{table}/members", member_name=self.name, role="voter") == 303

    def sits_at(self, table: str) -> str:
        """Load the room; answers with the round that is voted on."""
        assert self.get(table) == 200, self.text
        return re.search(r'data-round="([^"]+)"', self.text)[1]  # type: ignore[index]

    @contextmanager
    def listens(self, table: str, engine: Mapping[str, str]) -> Iterator[ClientConnection]:
        """On the session's own channel, signed in, as its page would."""
        self.sits_at(table)
        address = f"ws://{engine['PUSHER_HOST']}:{engine['PUSHER_PORT']}/app/{engine['PUSHER_KEY']}?protocol=7"
        with connect(address) as tab:
            self._subscribe(tab, table)
            yield tab

    def _subscribe(self, tab: ClientConnection, table: str) -> None:
        socket_id = json.loads(json.loads(tab.recv(10))["data"])["socket_id"]
        assert self.post(f"{table}/user-auth", socket_id=socket_id) == 200, self.text
        tab.send(json.dumps({"event": "pusher:signin", "data": json.loads(self.text)}))
        assert json.loads(tab.recv(10))["event"] == "pusher:signin_success"
        channel = f"private-planning-poker-{table.rsplit('/', 1)[1]}"
        assert self.post(f"{table}/channel-auth", channel_name=channel, socket_id=socket_id) == 200, self.text
        data = {"channel": channel, **json.loads(self.text)}
        tab.send(json.dumps({"event": "pusher:subscribe", "data": data}))
        assert json.loads(tab.recv(10))["event"] == "pusher_internal:subscription_succeeded"


def heard(tab: ClientConnection) -> tuple[str, str]:
    """The next event: its name and the fragment that it carries."""
    message = json.loads(tab.recv(10))
    return message["event"], json.loads(message["data"])["html"]


def play_and_listen(ada: Visitor, ben: Visitor, engine: dict[str, str]) -> None:
    """Ben votes and Ada reveals, and her page hears of both: of the card only then."""
    table = ada.opens()
    ben.joins(table)
    current = ada.sits_at(table)
    with ada.listens(table, engine) as tab:
        ben.sits_at(table)
        assert ben.post(f"{table}/votes", round=current, card="13") == 303
        event, fragment = heard(tab)
        assert (event, 'data-v="13"' in fragment, 'data-state="voted"' in fragment) == ("vote", False, True)
        ada.sits_at(table)
        assert ada.post(f"{table}/reveal", round=current) == 303
        event, fragment = heard(tab)
        assert (event, 'data-v="13"' in fragment) == ("round-revealed", True)
    ben.sits_at(table)
    assert 'data-phase="revealed"' in ben.text
