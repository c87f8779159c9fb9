"""Two nodes of the engine that share a Redis, as docs/deployment.md has them: soketi from npm, Redis from Debian."""

import http.client
import re
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from poker_app.settings import ROOT
from tests.debian_programs import program
from tests.external_engines import Soketi, free_port, wait_for

DEPLOY = ROOT / "deploy"
PORTS = ("6001", "6002")  # of the nodes, in the committed files
PUBLISHES = "127.0.0.1:6000"  # where the application publishes, in the same
_CONNECTED = re.compile(r"^soketi_connected\{.*\} (\d+)$", re.MULTILINE)


class Redis:
    """Keeps nothing on disk."""

    def __init__(self) -> None:
        self.port = free_port()

    def start(self) -> None:
        self._folder = TemporaryDirectory(prefix="redis-")
        options = {"port": self.port, "bind": "127.0.0.1", "save": "", "appendonly": "no", "dir": self._folder.name}
        words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
        command = [program("redis-server", "redis-server"), *words]
        self._server = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_for(self.port, self._server)

    @property
    def process(self) -> int:
        return self._server.pid

    def stop(self) -> None:
        self._server.kill()
        self._server.wait()
        self._folder.cleanup()


class Node(Soketi):
    """One of the engines; it counts its sockets."""

    def __init__(self, redis: Redis, max_members: int) -> None:
        self._figures = free_port()
        also = {
            **variables(DEPLOY / "redis.env"),
            "SOKETI_DB_REDIS_PORT": str(redis.port),
            "SOKETI_METRICS_ENABLED": "1",
            "SOKETI_METRICS_SERVER_PORT": str(self._figures),
        }
        super().__init__(max_members=max_members, **also)

    def sockets(self) -> int:
        """How many are open at this node."""
        asking = http.client.HTTPConnection("127.0.0.1", self._figures, timeout=10)
        asking.request("GET", "/metrics")
        found = _CONNECTED.search(asking.getresponse().read().decode())
        asking.close()
        return int(found[1]) if found else 0


def variables(file: Path) -> dict[str, str]:
    """What a file for systemd sets."""
    return dict(re.findall(r"^(\w+)=(.*)$", file.read_text(), re.MULTILINE))


class Nodes:
    """Both nodes and their Redis. ``settings`` lead to where nginx listens for publishes."""

    def __init__(self, max_members: int = 100) -> None:
        self.redis = Redis()
        self.nodes = [Node(self.redis, max_members) for _ in PORTS]
        self.port = free_port()
        self.settings = {**self.nodes[0].settings, "PUSHER_PORT": str(self.port)}

    def start(self, house: int = 0) -> None:
        """``house`` is the port of the site that hears their webhooks."""
        self.redis.start()
        for node in self.nodes:
            node.start(house)

    def stop(self) -> None:
        for each in (*self.nodes, self.redis):
            each.stop()

    @property
    def processes(self) -> list[int]:
        return [self.redis.process, *(process for node in self.nodes for process in node.processes)]

    def sockets(self) -> list[int]:
        """How many are open at each node."""
        return [node.sockets() for node in self.nodes]

    def engines_conf(self) -> str:
        """The committed file for nginx, with the nodes where they are."""
        places = {PUBLISHES: self.port, **{f"127.0.0.1:{port}": node.port for port, node in self._by_port()}}
        return _changed("engines.conf", {place: f"127.0.0.1:{port}" for place, port in places.items()})

    def balancer_conf(self, port: int) -> str:
        """The committed file for the nginx of the containers, which has the sockets at a ``port``."""
        one = _SERVER.format("engine:6001")
        each = "\n    ".join(_SERVER.format(f"127.0.0.1:{node.port}") for node in self.nodes)
        changes = {
            one: each,
            "listen 6000;": f"listen 127.0.0.1:{self.port};",
            "listen 6001;": f"listen 127.0.0.1:{port};",
        }
        return _changed("balancer.conf", changes)

    def _by_port(self) -> Iterator[tuple[str, Node]]:
        return zip(PORTS, self.nodes, strict=True)


_SERVER = "server {} max_fails=1 fail_timeout=2s;"


def _changed(file: str, changes: Mapping[str, str]) -> str:
    """Every change has to fit."""
    text = (DEPLOY / file).read_text()
    for before, after in changes.items():
        assert before in text, before
        text = text.replace(before, after)
    return text
