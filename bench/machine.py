"""The machine: one core for the server, one for the client, and what a process has used of them."""

import os
import resource
import socket
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SERVER, CLIENT = 0, 1  # cores
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")


def pin(core: int) -> None:
    """Keep to one core, where the system knows how and has as many."""
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
    """A server on the server's core, and what it has used so far."""

    def __init__(self, module: str, port: int, environment: dict[str, str], root: Path = ROOT) -> None:
        self.port = port
        self._child = subprocess.Popen(
            [sys.executable, "-m", module],
            cwd=root,
            env={**os.environ, **environment, "PORT": str(port)},
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: pin(SERVER),
        )

    def wait_until_up(self) -> None:
        assert self._child.stdout is not None
        if not self._child.stdout.readline():
            raise RuntimeError(f"{self._child.args} did not start.")
        # What it says from now on is of no interest, but a pipe that is full would stop it.
        self._draining = threading.Thread(target=deque, args=(self._child.stdout, 0), daemon=True)
        self._draining.start()

    def stop(self) -> None:
        self._child.terminate()
        self._child.wait()
        self._draining.join()
        assert self._child.stdout is not None
        self._child.stdout.close()

    def cpu(self) -> float:
        """Seconds in all, by the code and by the kernel for it."""
        after_name = Path(f"/proc/{self._child.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(after_name[11]) + int(after_name[12])) / _TICK

    def memory(self) -> float:
        """What is resident, in MB."""
        return resident_mb(self._child.pid)


@contextmanager
def running(module: str, root: Path = ROOT, **environment: str) -> Iterator[Process]:
    """``python -m module`` in ``root``, from the line that says it is up until the block ends."""
    process = Process(module, free_port(), environment, root)
    try:
        process.wait_until_up()
        yield process
    finally:
        process.stop()


def core_busy() -> float:
    """Seconds for which the server's core has been busy, whoever kept it so, and stolen ones."""
    line = next(line for line in Path("/proc/stat").read_text().splitlines() if line.startswith(f"cpu{SERVER} "))
    user, nice, system, _idle, _iowait, irq, softirq, steal, *_ = (int(ticks) for ticks in line.split()[1:])
    return (user + nice + system + irq + softirq + steal) / _TICK
