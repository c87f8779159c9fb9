"""A real external engine: soketi, as deploy/soketi.env sets it up."""

import os
import socket
import subprocess
import time
from pathlib import Path

from tests.visitor import exchange

OWN = {"SOKETI_DEFAULT_APP_ID": "faceup", "SOKETI_DEFAULT_APP_KEY": "key", "SOKETI_DEFAULT_APP_SECRET": "secret"}


class Soketi:
    """A server that can be stopped and started again on the same port; ``settings`` lead to it."""

    def __init__(self, node_modules: Path) -> None:
        self.port, metrics = free_port(), free_port()
        self._script = node_modules / "@soketi/soketi/bin/server.js"
        places = {"SOKETI_PORT": str(self.port), "SOKETI_METRICS_SERVER_PORT": str(metrics)}
        hosts = {"SOKETI_HOST": "127.0.0.1", "SOKETI_METRICS_HOST": "127.0.0.1"}
        self._environment = {**os.environ, **OWN, **places, **hosts}
        self.settings = {
            "REALTIME": "soketi",
            "PUSHER_APP_ID": "faceup",
            "PUSHER_KEY": "key",
            "PUSHER_SECRET": "secret",
            "PUSHER_HOST": "127.0.0.1",
            "PUSHER_PORT": str(self.port),
            "PUSHER_TLS": "false",
        }
        self.start()

    def start(self) -> None:
        silent = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        self._server = subprocess.Popen(["node", self._script, "start"], env=self._environment, **silent)
        wait_for(self.port, self._server)
        # It listens before it is ready to answer.
        assert exchange(self.port, "GET", "/", "", {}, patience=60)[0] == 200

    def stop(self) -> None:
        """At once: left to itself it waits for its sockets."""
        self._server.kill()
        self._server.wait()


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(port: int, server: subprocess.Popen[bytes], patience: float = 60) -> None:
    """Until somebody listens there. Raises AssertionError if the server ends first, or takes too long."""
    until = time.monotonic() + patience
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert server.poll() is None, "the server ended"
            assert time.monotonic() < until, "the server did not start"
            time.sleep(0.05)
