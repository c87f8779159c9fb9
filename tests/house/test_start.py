"""What a start costs: libraries that few requests need are imported where they are used."""

import os
import subprocess
import sys

import pytest

from poker_app.settings import ROOT

# Each costs a cold start between a hundredth and a third of a second.
HEAVY = (
    "alembic",
    "argon2",
    "authlib",
    "markdown_it",
    "nh3",
    "opentelemetry",
    "prometheus_client",
    "segno",
    "stripe",
    "uvicorn",
    "uvloop",
)

LOADED = """
import sys, wsgi
print(" ".join(sorted(set(sys.argv[1:]) & sys.modules.keys())))
"""


@pytest.mark.parametrize("engine", ["none"])
def test_a_start_loads_none_of_the_heavy_libraries(engine: str) -> None:
    told = {"DATABASE_URL": "postgresql://nowhere/x", "SECRET_KEY": "x", "REALTIME": engine, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", LOADED, *HEAVY],
        cwd=ROOT / "tests",
        env={**os.environ, **told},
        check=True,
        capture_output=True,
        text=True,
    )
    assert done.stdout.split() == []
