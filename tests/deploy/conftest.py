"""The platform's own builder, its own runtime, and a real external engine."""

import itertools
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from poker_app.settings import ROOT
from tests import external_engines, postgres
from tests.debian_programs import program
from tests.deploy.box import environment
from tests.deploy.platform import Build, build

HERE = Path(__file__).parent
_numbers = itertools.count(1)


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """The builder and the engine, installed once."""
    return external_engines.npm_install(HERE, ".bin/vercel")


@pytest.fixture(scope="session")
def built(node_modules: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Build]:
    """What the builder makes of the committed files alone."""
    folder = tmp_path_factory.mktemp("vercel")
    archive = subprocess.run(["git", "archive", "HEAD"], cwd=ROOT, check=True, stdout=subprocess.PIPE).stdout
    subprocess.run(["tar", "x", "-C", folder], input=archive, check=True)
    yield build(folder, node_modules / ".bin/vercel")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def engine(node_modules: Path) -> Iterator[external_engines.Soketi]:
    """A real external engine."""
    with external_engines.started(external_engines.Soketi()) as server:
        yield server


@pytest.fixture(scope="session")
def soketi(engine: external_engines.Soketi) -> dict[str, str]:
    """The settings that lead to it."""
    return engine.settings


@pytest.fixture(scope="module")
def deployed(postgres_url: str) -> Iterator[str]:
    """A database made by the migrations, owned by somebody who may open twelve connections to it and no more."""
    folder = postgres_url.partition("?host=")[2]
    name = f"deployed_{next(_numbers)}"
    with postgres.of_its_own(folder, name, connections=12) as url:
        command = [sys.executable, "-m", "poker_app.cli", "migrate"]
        subprocess.run(command, cwd=folder, env=environment(DATABASE_URL=url), check=True)
        yield url


@pytest.fixture(scope="session")
def nginx() -> str:
    """A real one, installed if need be."""
    return program("nginx", "nginx-light")
