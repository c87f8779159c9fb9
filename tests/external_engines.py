"""Real engines beside the product, each as a process of its own: soketi from npm, Pushpin from Debian."""

import fcntl
import http.client
import itertools
import json
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from poker_app.settings import ROOT

SOKETI = ROOT / "tests/deploy"  # whose package.json names it
GRIP_KEY = "a-key-of-at-least-thirty-two-characters"


HOOKS = ["member_added", "member_removed", "channel_occupied", "channel_vacated"]


# Each process of pytest has a range of its own, below the ports that the system gives to connections: of two that were
# given the same free port, one talked to the other's server. Two runs on one machine begin at different places of it.
_range = 15_000 + 2_000 * int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
_ports = itertools.count(_range + 100 * (os.getpid() % 15))


def free_port() -> int:
    """A port at which nothing listens, never the same twice."""
    for port in _ports:
        with socket.socket() as tried, suppress(OSError):
            tried.bind(("127.0.0.1", port))
            return port
    raise AssertionError


def wait_for(port: int, server: subprocess.Popen[bytes], patience: float = 60) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert server.poll() is None, f"{server.args!r} ended"
            assert time.monotonic() < until, f"{server.args!r} did not start"
            time.sleep(0.05)  # until the other process listens


def wait_until_ready(port: int, patience: float = 60) -> None:
    """A server may listen before it is ready to answer."""
    until = time.monotonic() + patience
    while True:
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            asking.request("GET", "/")
            if asking.getresponse().status < 500:
                return
        except (OSError, http.client.HTTPException):
            pass
        finally:
            asking.close()
        assert time.monotonic() < until, f"whoever listens at port {port} did not answer"
        time.sleep(0.1)  # until the other process is ready


def npm_install(folder: Path, wanted: str) -> Path:
    """What the folder's package.json names, installed once, however many ask at once."""
    with (folder / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / wanted).exists():
            command = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "node_modules"


class Soketi:
    """Its ``settings`` lead to it, also before it is started."""

    def __init__(self, app_id: str = "4711", max_members: int = 100, **also: str) -> None:
        """``also``: further settings of the engine's own."""
        self.port, self._most_members, self._also = free_port(), max_members, also
        self.settings = {
            "REALTIME": "soketi",
            "PUSHER_APP_ID": app_id,
            "PUSHER_KEY": "key",
            "PUSHER_SECRET": "secret",
            "PUSHER_HOST": "127.0.0.1",
            "PUSHER_PORT": str(self.port),
            "PUSHER_TLS": "false",
        }

    def start(self, house: int = 0) -> None:
        """``house`` is the port of whoever wants to hear its webhooks."""
        told = {
            "SOKETI_HOST": "127.0.0.1",
            "SOKETI_PORT": str(self.port),
            "SOKETI_METRICS_HOST": "127.0.0.1",
            "SOKETI_METRICS_SERVER_PORT": str(free_port()),
            # Without it nobody can sign in, so that a removed member's socket could not be ended.
            "SOKETI_DEFAULT_APP_USER_AUTHENTICATION": "1",
            "SOKETI_PRESENCE_MAX_MEMBERS": str(self._most_members),
            "SOKETI_DEFAULT_APP_ID": self.settings["PUSHER_APP_ID"],
            "SOKETI_DEFAULT_APP_KEY": self.settings["PUSHER_KEY"],
            "SOKETI_DEFAULT_APP_SECRET": self.settings["PUSHER_SECRET"],
            **self._also,
        }
        if house:
            webhook = {"url": f"http://127.0.0.1:{house}/realtime/webhooks", "event_types": HOOKS}
            told["SOKETI_DEFAULT_APP_WEBHOOKS"] = json.dumps([webhook])
        modules = npm_install(SOKETI, "@soketi/soketi/bin/server.js")
        self._server = subprocess.Popen(
            ["node", modules / "@soketi/soketi/bin/server.js", "start"],
            env={**os.environ, **told},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        wait_for(self.port, self._server)
        wait_until_ready(self.port)

    @property
    def processes(self) -> list[int]:
        return [self._server.pid]

    def stop(self) -> None:
        """At once: left to itself it waits for its sockets."""
        self._server.kill()
        self._server.wait()


class Pushpin:
    """To be started in front of a site on this machine. Its ``settings`` lead to it, also before that."""

    def __init__(self) -> None:
        self.port, self._control = free_port(), free_port()
        url = f"http://127.0.0.1:{self._control}?verify-key={GRIP_KEY}&verify-iss=pushpin"
        self.settings = {"REALTIME": "fanout", "GRIP_URL": url}

    def start(self, house: int) -> None:
        found = subprocess.run([ROOT / "bin/pushpin"], capture_output=True, text=True)
        if found.returncode:
            pytest.fail(found.stderr)
        # Its sockets' names have to be short.
        self._folder = folder = Path(tempfile.mkdtemp(prefix="pushpin-"))
        (folder / "zurl.conf").write_text(_ZURL.format(folder=folder))
        (folder / "routes").write_text(f"* 127.0.0.1:{house},over_http\n")
        (folder / "pushpin.conf").write_text(_configuration(folder, self.port, self._control))
        commands = (
            ["zurl", f"--config={folder}/zurl.conf"],
            ["pushpin", f"--config={folder}/pushpin.conf", "--merge-output"],
        )
        with (folder / "log").open("w") as log:
            self._running = [subprocess.Popen(command, stdout=log, stderr=log) for command in commands]
        for listening in (self.port, self._control):
            wait_for(listening, self._running[1])
        wait_until_ready(self.port)

    def stop(self) -> None:
        for server in self._running:
            server.terminate()
        for server in self._running:
            server.wait(20)
        shutil.rmtree(self._folder)


@contextmanager
def started(engine: Soketi | Pushpin, house: int = 0) -> Iterator[Soketi | Pushpin]:
    engine.start(house)
    try:
        yield engine
    finally:
        engine.stop()


def _configuration(folder: Path, port: int, control: int) -> str:
    """Debian's own wiring of Pushpin's parts, in a folder and on ports of this one."""
    wiring = Path("/usr/lib/pushpin/internal.conf").read_text().replace("ipc:///var/run/zurl/", f"ipc://{folder}/")
    proxy = f"[proxy]\nroutesfile={folder}/routes\nsig_iss=pushpin\nsig_key={GRIP_KEY}\n"
    ports = {"push_in_spec": free_port(), "push_in_sub_specs": free_port(), "command_spec": free_port()}
    specs = "".join(f"{name}=tcp://127.0.0.1:{given}\n" for name, given in ports.items())
    handler = f"[handler]\npush_in_http_addr=127.0.0.1\npush_in_http_port={control}\n{specs}"
    wiring = wiring.replace("[proxy]\n", proxy).replace("[handler]\n", handler)
    return _PUSHPIN.format(folder=folder, port=port) + wiring


_ZURL = """\
[General]
instance_id=
in_spec=ipc://{folder}/zurl-in
in_stream_spec=ipc://{folder}/zurl-in-stream
out_spec=ipc://{folder}/zurl-out
in_req_spec=ipc://{folder}/zurl-req
defpolicy=allow
allow=
deny=
timeout=600
"""
_PUSHPIN = """\
[global]
rundir={folder}
ipc_prefix=pushpin-

[runner]
services=condure,pushpin-proxy,pushpin-handler
http_port=127.0.0.1:{port}
logdir={folder}
log_level=2
client_maxconn=2000
condure_bin=condure

"""
