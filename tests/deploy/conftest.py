"""The platform's own builder, its own runtime, and a real external engine."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from poker_app.settings import ROOT
from tests import outside
from tests.deploy.platform import Build, build

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The builder and the engine, installed once."""
    return outside.npm_install(HERE, ".bin/vercel")


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
    with outside.started(outside.Soketi()) as engine:
        yield engine.settings
