"""A pytest plugin: a test that leaves a thread, process, socket or file behind fails.

What there is is looked at before a test's first fixture is set up and after its last is torn down. What a fixture of a
wider scope made meanwhile is its own. Files count in the folder of the repository, in the current one, and in that of
temporary files, of which each process of pytest has its own.
"""

import gc
import os
import shutil
import tempfile
import threading
import time
from collections.abc import Generator
from contextlib import suppress
from typing import Any

import pytest

from poker_app.settings import ROOT

PATIENCE = 5.0  # seconds for what is ending already
TASKS, OPEN = "/proc/self/task", "/proc/self/fd"  # Linux has them; elsewhere threads and files count
# What tools lay down whenever they like.
TOOLS = {".coverage", ".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", "__pycache__", "node-compile-cache"}


def found() -> set[object]:
    """Everything that a test could leave behind, as it is now."""
    folders = {str(ROOT), os.getcwd(), tempfile.gettempdir()}
    files = {f"file {folder}/{name}" for folder in folders for name in os.listdir(folder) if name not in TOOLS}
    return files | _threads() | _processes() | _sockets()


def _threads() -> set[object]:
    # Those of an event loop's executor end with the loop, whose own thread counts: the browser's is the session's.
    return {thread for thread in threading.enumerate() if not thread.name.startswith("asyncio_")}


def _processes() -> set[object]:
    children: set[object] = set()
    for task in os.listdir(TASKS) if os.path.exists(TASKS) else ():
        # A thread may have ended meanwhile.
        with suppress(OSError), open(f"{TASKS}/{task}/children") as listed:
            children |= {f"process {child}" for child in listed.read().split()}
    return children


def _sockets() -> set[object]:
    sockets: set[object] = set()
    for name in os.listdir(OPEN) if os.path.exists(OPEN) else ():
        with suppress(OSError):  # one that was closed meanwhile
            if (target := os.readlink(f"{OPEN}/{name}")).startswith("socket:"):
                sockets.add(target)
    return sockets


class Leftovers:
    def __init__(self) -> None:
        self._before: set[object] = set()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self) -> Generator[None, object, object]:
        self._before = found()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: pytest.FixtureDef[Any]) -> Generator[None, object, object]:
        if fixturedef.scope == "function":
            return (yield)
        before = found()
        try:
            return (yield)
        finally:
            self._before |= found() - before

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, object, object]:
        result = yield
        if left := self._left():
            pytest.fail(f"left behind: {', '.join(sorted(map(str, left)))}", pytrace=False)
        return result

    def _left(self) -> set[object]:
        """What is there that was not; what is only ending is waited for."""
        if not found() - self._before:
            return set()
        gc.collect()
        until = time.monotonic() + PATIENCE
        while (left := found() - self._before) and time.monotonic() < until:
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
