"""Vercel without an account: its builder's output, and a function of it under its own runtime."""

import http.client
import json
import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from poker_app.settings import Settings
from tests.visitor import Answer, exchange

PROJECT = {"projectId": "prj_ci", "orgId": "team_ci", "settings": {}}
LIBRARIES = "_vendor"
PATIENCE = 120  # seconds until a function says that it is up; three where nothing else runs on the machine


@dataclass(frozen=True)
class Build:
    """``output`` as the platform would upload it; ``said`` is what the builder printed."""

    tree: Path
    said: str

    @property
    def output(self) -> Path:
        return self.tree / ".vercel/output"

    @property
    def config(self) -> dict[str, Any]:
        return dict(json.loads((self.output / "config.json").read_text()))

    @property
    def functions(self) -> list[Path]:
        return sorted((self.output / "functions").rglob("*.func"))

    @property
    def function(self) -> dict[str, Any]:
        """The one function's configuration."""
        [only] = self.functions
        return dict(json.loads((only / ".vc-config.json").read_text()))

    @property
    def files(self) -> dict[str, Path]:
        """What lies in the function, by its path there."""
        [only] = self.functions
        mapped = {name: self.tree / source for name, source in self.function["filePathMap"].items()}
        own = {path.relative_to(only).as_posix(): path for path in only.rglob("*") if path.is_file()}
        return mapped | own


def build(tree: Path, vercel: Path) -> Build:
    """Run the platform's builder on a folder, without a login. Raises CalledProcessError with what it said."""
    (tree / ".vercel").mkdir()
    (tree / ".vercel/project.json").write_text(json.dumps(PROJECT))
    kept = {name: value for name, value in os.environ.items() if name.lower() not in Settings.model_fields}
    environment = {**kept, "VERCEL_TELEMETRY_DISABLED": "1", "VERCEL_PYTHON_COMPILEALL": "1", "CI": "1"}
    done = subprocess.run(
        [vercel, "build", "--prod", "--yes"],
        cwd=tree,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        text=True,
    )
    assert done.returncode == 0, done.stdout
    return Build(tree, done.stdout)


class Function:
    """A function that is up: its port, and how many milliseconds of a processor the start took, which other tests on
    the same machine hardly change."""

    origin = "https://faceup.example"

    def __init__(self, port: int, worked: int) -> None:
        self.port, self.worked = port, worked
        self._count = 0

    def ask(self, method: str, path: str, body: str = "", **headers: str) -> Answer:
        """One invocation, as the platform's proxy sends it."""
        self._count += 1
        given = {
            "host": self.origin.partition("://")[2],
            "x-forwarded-proto": "https",
            "x-forwarded-for": "203.0.113.7",
            "x-vercel-internal-invocation-id": f"inv-{self._count}",
            "x-vercel-internal-request-id": str(self._count),
        }
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        return exchange(connection, method, path, body, {**given, **headers})


@contextmanager
def booted(built: Build, environment: Mapping[str, str]) -> Iterator[Function]:
    """The function under the platform's runtime, with no environment but its own.

    Its files cannot be written there. Root can write everywhere, so at the end they are looked at: not one of the
    product's may be new or other than it was.
    """
    root = Path(tempfile.mkdtemp(prefix="faceup-function-"))
    task = root / "task"
    for name, source in built.files.items():
        place = task / name
        place.parent.mkdir(parents=True, exist_ok=True)
        if source.is_file():
            os.link(source, place)  # five thousand files: named a second time instead of copied
    subprocess.run(["chmod", "-R", "a-w", task], check=True)
    before = _contents(task)
    calls = root / "ipc"
    try:
        with socket.socket(socket.AF_UNIX) as platform:
            platform.bind(str(calls))
            platform.listen(1)
            platform.settimeout(PATIENCE)
            log = root / "log"
            with log.open("wb") as into:
                process = subprocess.Popen(
                    [_python(built), "vc__handler__python.py"],
                    cwd=task,
                    env={"VERCEL": "1", "VERCEL_IPC_PATH": str(calls), **built.function["environment"], **environment},
                    stdout=into,
                    stderr=into,
                )
            try:
                yield _once_up(platform, process, log)
            finally:
                process.kill()
                process.wait()
        changed = {name for name, _about in _contents(task).items() ^ before.items()}
        assert not changed, changed
    finally:
        subprocess.run(["chmod", "-R", "u+w", root], check=True)
        shutil.rmtree(root)


def _contents(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file there but the libraries', with its size and when it was written."""
    files = [path for path in folder.rglob("*") if path.is_file() and LIBRARIES not in path.parts]
    found = [(path.relative_to(folder).as_posix(), path.stat()) for path in files]
    return {path: (about.st_size, about.st_mtime_ns) for path, about in found}


def _python(built: Build) -> str:
    """A Python of the function's version."""
    version = built.function["runtime"].removeprefix("python")
    found = shutil.which(f"python{version}") or str(built.tree / ".vercel/python/.venv/bin/python")
    return str(Path(found).resolve())


def _once_up(platform: socket.socket, process: subprocess.Popen[bytes], log: Path) -> Function:
    connection, _ = platform.accept()
    with connection:
        connection.settimeout(PATIENCE)
        heard = b""
        while not heard.endswith(b"\0"):
            part = connection.recv(65536)
            if not part:
                break
            heard += part
        for message in filter(None, heard.split(b"\0")):
            told = json.loads(message)
            if told["type"] == "server-started":
                return Function(told["payload"]["httpPort"], _worked(process.pid))
    raise AssertionError(f"the function did not start: {heard!r} {log.read_text()}")


def _worked(process: int) -> int:
    """How many milliseconds a process has been on a processor, by ``proc(5)``."""
    after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) * 1_000 // os.sysconf("SC_CLK_TCK")
