"""A test that leaves something behind fails, and only that one."""

import os
import subprocess
import sys
from pathlib import Path

from poker_app.settings import ROOT

CONFTEST = """
import tests.leak_check

tests.leak_check.PATIENCE = 0.2
"""
PLANTED = """
import os, socket, subprocess, tempfile, threading
from pathlib import Path
import pytest
from poker_app.settings import ROOT

KEPT, OVER = [], threading.Event()

def opens():
    KEPT.append(socket.socket())

@pytest.fixture(scope="module")
def wide():
    opens()
    tempfile.mkdtemp()

@pytest.fixture
def narrow():
    opens()
    yield
    KEPT.pop().close()

@pytest.fixture
def forgets(narrow):
    opens()

def test_leaves_thread():
    threading.Thread(target=OVER.wait, daemon=True).start()

def test_leaves_process():
    KEPT.append(subprocess.Popen(["cat"], stdin=subprocess.PIPE))

def test_leaves_socket():
    opens()

def test_leaves_a_fixtures_socket(forgets):
    pass

def test_leaves_temporary_file():
    tempfile.mkdtemp()

def test_leaves_file():
    Path("left.txt").touch()

def test_leaves_nothing_that_is_its_own(narrow, tmp_path, monkeypatch):
    opens()
    KEPT.pop().close()
    thread = threading.Thread(target=OVER.wait, args=(0.05,))
    thread.start()  # ends by itself
    (tmp_path / "x").touch()
    monkeypatch.chdir(tmp_path)
    subprocess.run(["true"])
    Path("y").touch()

def test_leaves_nothing_but_a_wider_fixtures(request):
    request.getfixturevalue("wide")

def test_leaves_nothing_of_earlier_tests():
    pass
"""


def test_who_leaves_something_behind_is_told(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_planted.py").write_text(PLANTED)
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-p",
        "no:randomly",
        "-p",
        "no:cacheprovider",
        "-p",
        "tests.leak_check",
        "-q",
        "-rE",
    ]
    run = subprocess.run(
        command, cwd=tmp_path, env={**os.environ, "PYTHONPATH": str(ROOT)}, capture_output=True, text=True
    )
    told = [line for line in run.stdout.splitlines() if line.startswith("ERROR")]
    names = ["thread", "process", "socket", "a_fixtures_socket", "temporary_file", "file"]
    assert [line.split("::")[1].split(" ")[0] for line in told] == [f"test_leaves_{name}" for name in names], run.stdout
    assert "9 passed, 6 errors" in run.stdout
    for what in ("thread ", "process cat", "socket", f"file {tmp_path}/left.txt"):
        assert f"left behind: {what}" in run.stdout
