"""A pytest plugin: a test that leaves a thread, process, socket or file behind fails.

What there is is looked at before a test's first fixture is set up and after its last is torn down. What a fixture of a
wider scope made meanwhile is its own. Files count in the folder of the repository, in the current one, and in that of
temporary files, of which each process of pytest has its own.
"""

import gc
import os
import re
import shutil
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import pytest

from poker_app.settings import ROOT

PATIENCE = 5.0  # seconds for what is ending already
TASKS, OPEN = "/proc/self/task", "/proc/self/fd"  # Linux has them; elsewhere threads and files count
LISTENS = "0A"  # the state of a listening socket in /proc/net/tcp
RANDOM_END = r"(?<=-)[a-z0-9_]{8}$"  # as ``tempfile`` makes names
# What tools lay down whenever they like.
TOOLS = {
    ".coverage",
    ".hypothesis",
    ".import_linter_cache",
    ".mypy_cache",
    ".pytest_cache",
    ".ruff_cache",
    "__pycache__",
    "node-compile-cache",
}


def found() -> Counter[str]:
    """How much there is of each thing that a test could leave behind.

    Counted, and without what is only a name: a server of a wider scope that a test restarts is as it was.
    """
    folders = {str(ROOT), os.getcwd(), tempfile.gettempdir()}
    files = [f"file {folder}/{name}" for folder in folders for name in os.listdir(folder) if name not in TOOLS]
    return Counter([re.sub(RANDOM_END, "", file) for file in files] + _threads() + _processes() + _sockets())


def _threads() -> list[str]:
    # Those of an event loop's executor end with the loop, whose own thread counts: the browser's is the session's.
    names = [thread.name for thread in threading.enumerate() if not thread.name.startswith("asyncio_")]
    return ["thread " + re.sub(r"^Thread-\d+ ", "", name) for name in names]


def _processes() -> list[str]:
    children: list[str] = []
    for task in os.listdir(TASKS) if os.path.exists(TASKS) else ():
        # A thread, or a process, may have ended meanwhile.
        with suppress(OSError), open(f"{TASKS}/{task}/children") as listed:
            for child in listed.read().split():
                with suppress(OSError), open(f"/proc/{child}/comm") as name:
                    children.append("process " + name.read().strip())
    return children


def _sockets() -> list[str]:
    sockets: list[str] = []
    for name in os.listdir(OPEN) if os.path.exists(OPEN) else ():
        with suppress(OSError):  # one that was closed meanwhile
            if os.readlink(f"{OPEN}/{name}").startswith("socket:"):
                sockets.append("socket")
    return sockets


def _accepted() -> Counter[str]:
    """The connections that servers of this process have accepted: when those end, others decide."""
    mine = set()
    for name in os.listdir(OPEN) if os.path.exists(OPEN) else ():
        with suppress(OSError):  # one that was closed meanwhile
            mine.add(os.readlink(f"{OPEN}/{name}"))
    ports: list[tuple[str, bool]] = []
    for table in ("/proc/self/net/tcp", "/proc/self/net/tcp6"):
        with suppress(OSError), open(table) as lines:
            rows = [line.split() for line in lines][1:]
            ports += [(row[1].rpartition(":")[2], row[3] == LISTENS) for row in rows if f"socket:[{row[9]}]" in mine]
    listened = {port for port, listens in ports if listens}
    return Counter({"socket": sum(port in listened and not listens for port, listens in ports)})


class Leftovers:
    def __init__(self) -> None:
        self._before: Counter[str] = Counter()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        self._before = found()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        if fixturedef.scope == "function":
            return (yield)
        known, before = self._before, found()
        try:
            return (yield)
        finally:
            # All that came meanwhile, also by a fixture that this one asked for.
            self._before = known + (found() - before)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        result = yield
        if left := self._left():
            pytest.fail(f"left behind: {', '.join(sorted(left.elements()))}", pytrace=False)
        return result

    def _left(self) -> Counter[str]:
        """What is there that was not; what is only ending is waited for."""
        if not found() - self._before:
            return Counter()
        gc.collect()
        until = time.monotonic() + PATIENCE
        while (left := found() - self._before - _accepted()) and time.monotonic() < until:
            time.sleep(0.01)  # another thread or process ends meanwhile
        return left


def pytest_configure(config: pytest.Config) -> None:
    config.pluginmanager.register(Leftovers())
    patch = pytest.MonkeyPatch()
    # Where ``tmp_path`` lies stays where it can be looked at afterwards.
    patch.setenv("PYTEST_DEBUG_TEMPROOT", os.environ.get("PYTEST_DEBUG_TEMPROOT", tempfile.gettempdir()))
    own = tempfile.mkdtemp(prefix="test-")  # short, because the names of sockets lie in it
    os.chmod(own, 0o711)  # PostgreSQL's user has its folder in it
    patch.setenv("TMPDIR", own)
    patch.setattr(tempfile, "tempdir", own)
    config.add_cleanup(patch.undo)
    config.add_cleanup(lambda: shutil.rmtree(own, ignore_errors=True))
