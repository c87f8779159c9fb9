"""Programs that Debian packages, made sure of by `bin/program`."""

import fcntl
import subprocess

from poker_app.settings import ROOT


def program(name: str, package: str) -> str:
    """Its path. One test process at a time installs."""
    with (ROOT / "bin/program").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = subprocess.run([ROOT / "bin/program", name, package], check=True, capture_output=True, text=True)
    return found.stdout.strip()
