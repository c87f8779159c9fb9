"""The machine: one core for the server, one for the client, and what a process has used of them."""

import os
import resource
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVER, CLIENT = 0, 1  # cores
PATIENCE = 180.0  # seconds until a server listens, which takes a busy machine long
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def pin(core: int) -> None:
    """Pins this process to one core, where the system can and has as many."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core:
        os.sched_setaffinity(0, {core})


def allow_many_sockets() -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))


def resident_mb(process: int) -> float:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE / 1e6


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


class Process:
    """A server on the server's core, and what it and the processes that it started have used so far."""

    def __init__(self, arguments: Sequence[str], port: int, environment: dict[str, str], root: Path = ROOT) -> None:
        self.port = port
        self._child = subprocess.Popen(
            [sys.executable, "-m", *arguments],
            cwd=root,
            env={**os.environ, **environment, "PORT": str(port), "PYTHONPATH": str(root)},
            stdout=subprocess.DEVNULL,
            preexec_fn=lambda: pin(SERVER),
        )

    def wait_until_up(self) -> None:
        until = time.monotonic() + PATIENCE
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                if self._child.poll() is not None or time.monotonic() > until:
                    raise RuntimeError(f"{self._child.args} did not start.") from None
                time.sleep(0.05)  # until the other process listens

    def stop(self) -> None:
        self._child.terminate()
        self._child.wait()

    def cpu(self) -> float:
        """Seconds in all, by the code and by the kernel for it."""
        return cpu_of(self._child.pid)

    def memory(self) -> float:
        """Returns the resident memory, in MB."""
        return sum(resident_mb(process) for process in _family(self._child.pid))


def cpu_of(*processes: int) -> float:
    """Seconds that processes and all that they started have used so far."""
    return sum(_cpu(each) for process in processes for each in _family(process))


def _family(process: int) -> list[int]:
    """A process and all that it started."""
    children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
    return [process, *(each for child in children for each in _family(int(child)))]


def _cpu(process: int) -> float:
    after_name = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(after_name[11]) + int(after_name[12])) / _TICK


@contextmanager
def running(*arguments: str, root: Path = ROOT, **environment: str) -> Iterator[Process]:
    """Runs ``python -m`` with the arguments in ``root``: the block begins when it listens, and ends the process."""
    port = free_port()
    process = Process([each.replace("{port}", str(port)) for each in arguments], port, environment, root)
    try:
        process.wait_until_up()
        yield process
    finally:
        process.stop()


@contextmanager
def on_core(core: int) -> Iterator[None]:
    """Pins processes that are started in the block to one core."""
    before = os.sched_getaffinity(0)
    pin(core)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
