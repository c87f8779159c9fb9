"""The platform's own builder, its own runtime, and a real external engine."""

import fcntl
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from poker_app.settings import ROOT
from tests.deploy.platform import Build, build

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The builder and the engine, installed once."""
    with (HERE / "package.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (HERE / "node_modules/.bin/vercel").exists():
            command = ["npm", "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
            subprocess.run(command, cwd=HERE, check=True, stdout=subprocess.DEVNULL)
    return HERE / "node_modules"


@pytest.fixture(scope="session")
def built(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """What the builder makes of the committed files alone."""
    folder = tmp_path_factory.mktemp("vercel")
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "x", "-C", folder], input=archive, check=True)
    yield build(folder, node_modules / ".bin/vercel")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def soketi(node_modules: Path) -> Iterator[dict[str, str]]:
    """A real external engine; gives the settings that lead to it."""
    port, metrics = _free_port(), _free_port()
    told = {
        "SOKETI_HOST": "127.0.0.1",
        "SOKETI_PORT": str(port),
        "SOKETI_METRICS_HOST": "127.0.0.1",
        "SOKETI_METRICS_SERVER_PORT": str(metrics),
        "SOKETI_DEFAULT_APP_ID": "4711",
        "SOKETI_DEFAULT_APP_KEY": "key",
        "SOKETI_DEFAULT_APP_SECRET": "secret",
    }
    server = subprocess.Popen(
        ["node", node_modules / "@soketi/soketi/bin/server.js", "start"],
        env={**os.environ, **told},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_for(port, server)
        yield {
            "REALTIME": "soketi",
            "PUSHER_APP_ID": "4711",
            "PUSHER_KEY": "key",
            "PUSHER_SECRET": "secret",
            "PUSHER_HOST": "127.0.0.1",
            "PUSHER_PORT": str(port),
            "PUSHER_TLS": "false",
        }
    finally:
        server.terminate()
        server.wait(20)


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def _wait_for(port: int, server: subprocess.Popen[bytes], patience: float = 60) -> None:
    until = time.monotonic() + patience
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert server.poll() is None, "the engine ended"
            assert time.monotonic() < until, "the engine did not start"
            time.sleep(0.1)
