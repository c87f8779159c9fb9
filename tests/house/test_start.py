"""What a start costs, in libraries that few requests need; and what it does on a machine whose Python is too old."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from poker_app.settings import ROOT

# Each costs a cold start between a hundredth and a third of a second.
HEAVY = (
    "PIL",
    "alembic",
    "argon2",
    "authlib",
    "boto3",
    "botocore",
    "cryptography",
    "html_to_markdown",
    "markdown_it",
    "mcp",
    "mcp_types",
    "nh3",
    "openpyxl",
    "opentelemetry",
    "prometheus_client",
    "requests_hardened",
    "segno",
    "starlette",
    "stripe",
    "uvicorn",
    "uvloop",
    "xlsxwriter",
)

LOADED = """
import sys, wsgi, poker_app.cli
print(" ".join(sorted(set(sys.argv[1:]) & sys.modules.keys())))
"""


@pytest.mark.parametrize("engine", ["none"])
def test_a_start_loads_none_of_the_heavy_libraries(engine: str) -> None:
    told = {"DATABASE_URL": "postgresql://nowhere/x", "SECRET_KEY": "x", "REALTIME": engine, "PYTHONPATH": str(ROOT)}
    told |= {"FILES": "s3", "S3_BUCKET": "faceup-files", "S3_REGION": "auto"}
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *HEAVY],
        cwd=ROOT / "tests",
        env={**os.environ, **told},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == []


OLD = """[ "$1" = --version ] && echo "Python 3.11.2" """
FETCHES = f"""mkdir -p "$UV_PYTHON_INSTALL_DIR/cpython-3.12/bin"
cd "$UV_PYTHON_INSTALL_DIR/cpython-3.12/bin" && echo '#!/bin/sh' >python3
echo 'exec {sys.executable} "$@"' >>python3 && chmod +x python3"""
SAYS = "Faceup needs Python 3.12 or newer, and the newest here is Python 3.11.2. Fetching Python 3.12 with uv;"
FETCH_IT = "curl -LsSf https://astral.sh/uv/install.sh | sh && ~/.local/bin/uv python install 3.12"


def find_python(folder: Path, programs: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """Where nothing is on the path but what the script asks the system for, and these."""
    (folder / "bin").mkdir()
    for name in ("awk", "cat", "chmod", "dirname", "mkdir", "mktemp", "rm"):
        (folder / "bin" / name).symlink_to(shutil.which(name) or name)
    for name, text in programs.items():
        (folder / "bin" / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / "bin" / name).chmod(0o755)
    told = {"PATH": str(folder / "bin"), "HOME": str(folder), "UV_PYTHON_INSTALL_DIR": str(folder / "uv")}
    return subprocess.run([ROOT / "bin/find-python"], env=told, capture_output=True, text=True, check=False)


def test_where_python_is_too_old_uv_fetches_a_newer_one(tmp_path: Path) -> None:
    done = find_python(tmp_path, {"python3": OLD, "uv": FETCHES})
    assert (done.returncode, done.stdout.strip()) == (0, sys.executable)
    assert done.stderr.startswith(SAYS)


@pytest.mark.parametrize(
    ("programs", "command"),
    [
        ({"python3": OLD, "uv": "exit 1"}, FETCH_IT),
        # Debian's Python without the package that makes virtual environments.
        ({"python3": OLD}, "sudo apt-get install python3-venv"),
    ],
)
def test_where_none_can_be_fetched_the_one_command_is_said(
    tmp_path: Path, programs: dict[str, str], command: str
) -> None:
    done = find_python(tmp_path, programs)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.splitlines()[0].startswith(SAYS)
    assert done.stderr.splitlines()[-1].endswith(f"Run this, and try again: {command}")
