"""Real engines beside the product, each as a process of its own: soketi from npm, Pushpin from Debian."""

import fcntl
import os
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from poker_app.settings import ROOT

SOKETI = ROOT / "tests/deploy"  # whose package.json names it
GRIP_KEY = "a-key-of-at-least-thirty-two-characters"


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def wait_for(port: int, server: subprocess.Popen[bytes], patience: float = 60) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert server.poll() is None, f"{server.args!r} ended"
            assert time.monotonic() < until, f"{server.args!r} did not start"
            time.sleep(0.05)


def npm_install(folder: Path, wanted: str) -> Path:
    """What the folder's package.json names, installed once, however many ask at once."""
    with (folder / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "node_modules" / wanted).exists():
            command = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL)
    return folder / "node_modules"


@contextmanager
def soketi(webhook_url: str = "", port: int = 0, app_id: str = "4711") -> Iterator[dict[str, str]]:
    """Gives the settings that lead to it."""
    port, metrics = port or free_port(), free_port()
    modules = npm_install(SOKETI, "@soketi/soketi/bin/server.js")
    told = {
        "SOKETI_HOST": "127.0.0.1",
        "SOKETI_PORT": str(port),
        "SOKETI_METRICS_HOST": "127.0.0.1",
        "SOKETI_METRICS_SERVER_PORT": str(metrics),
        "SOKETI_DEFAULT_APP_ID": app_id,
        "SOKETI_DEFAULT_APP_KEY": "key",
        "SOKETI_DEFAULT_APP_SECRET": "secret",
        "SOKETI_DEFAULT_APP_USER_AUTHENTICATION": "1",
    }
    if webhook_url:
        events = '["member_added", "member_removed", "channel_occupied", "channel_vacated"]'
        told["SOKETI_DEFAULT_APP_WEBHOOKS"] = f'[{{"url": "{webhook_url}", "event_types": {events}}}]'
    server = subprocess.Popen(
        ["node", modules / "@soketi/soketi/bin/server.js", "start"],
        env={**os.environ, **told},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(port, server)
        yield {
            "REALTIME": "soketi",
            "PUSHER_APP_ID": app_id,
            "PUSHER_KEY": "key",
            "PUSHER_SECRET": "secret",
            "PUSHER_HOST": "127.0.0.1",
            "PUSHER_PORT": str(port),
            "PUSHER_TLS": "false",
        }
    finally:
        server.terminate()
        server.wait(20)


@contextmanager
def pushpin(behind: int, port: int = 0) -> Iterator[dict[str, str]]:
    """In front of a site on a port of this machine; gives the settings that lead to it, and its own port as PORT."""
    found = subprocess.run([ROOT / "bin/pushpin"], capture_output=True, text=True)
    if found.returncode:
        pytest.fail(found.stderr)
    # Its sockets' names have to be short.
    folder = Path(tempfile.mkdtemp(prefix="pushpin-"))
    port, control = port or free_port(), free_port()
    (folder / "zurl.conf").write_text(_ZURL.format(folder=folder))
    (folder / "routes").write_text(f"* 127.0.0.1:{behind},over_http\n")
    (folder / "pushpin.conf").write_text(_configuration(folder, port, control))
    log = (folder / "log").open("w")
    running = [
        subprocess.Popen(command, stdout=log, stderr=log)
        for command in (
            ["zurl", f"--config={folder}/zurl.conf"],
            ["pushpin", f"--config={folder}/pushpin.conf", "--merge-output"],
        )
    ]
    try:
        for listening in (port, control):
            wait_for(listening, running[1])
        yield {"REALTIME": "fanout", "GRIP_URL": f"http://127.0.0.1:{control}?verify-key={GRIP_KEY}", "PORT": str(port)}
    finally:
        for server in running:
            server.terminate()
        for server in running:
            server.wait(20)
        log.close()
        shutil.rmtree(folder)


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
