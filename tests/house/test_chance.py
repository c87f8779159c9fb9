"""No test passes or fails by chance: none sleeps for no reason, and what is random has a seed."""

import ast
import re
from collections.abc import Iterator

import pytest

from tests.house.sources import ROOT, named, parsed

TESTS = sorted(path for path in (ROOT / "tests").rglob("*.py") if "node_modules" not in path.parts)
PAUSES = {"sleep", "wait_for_timeout"}
# Modules and functions that give something else each time, as an import has them.
RANDOM = {"random", "secrets", "uuid.uuid1", "uuid.uuid4", "os.urandom", "os.getrandom"}
WITH_A_SEED = {"random.Random"}


def calls(tree: ast.Module) -> Iterator[tuple[str, ast.Call]]:
    """Every call with the whole name of what is called, whatever it was imported as."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.asname or alias.name: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            first, dot, rest = called.partition(".")
            known = first in names and "(" not in called
            yield f"{names[first] if known else f'?{first}'}{dot}{rest}", node


def explained(lines: list[str], call: ast.Call) -> bool:
    """Whether a comment stands on the call's line or on one of its own above it."""
    here, above = lines[call.lineno - 1], lines[call.lineno - 2].strip() if call.lineno > 1 else ""
    return "  # " in here or (above.startswith("#") and not above.startswith("#!"))


def unexplained(source: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    lines = source.splitlines()
    for name, call in calls(tree):
        pauses = re.split(r"\W", name)[-1] in PAUSES
        module = name.rpartition(".")[0]
        chance = name in RANDOM or module in RANDOM
        seeded = name in WITH_A_SEED and call.args
        if (pauses or (chance and not seeded)) and not explained(lines, call):
            yield call.lineno, name.lstrip("?")


def test_a_pause_and_a_chance_have_their_reason_beside_them() -> None:
    """A test waits for what it awaits, and draws from ``random.Random(seed)``; what cannot says in a comment why."""
    found = ((path, unexplained(path.read_text(), parsed(path))) for path in TESTS)
    assert [f"{named(path)}:{line} {name}" for path, places in found for line, name in places] == []


@pytest.mark.parametrize(
    "line",
    [
        "import time; time.sleep(1)",
        "from time import sleep; sleep(1)",
        "from time import sleep as rest; rest(1)",
        "import asyncio; asyncio.sleep(1)",
        "page.wait_for_timeout(500)",
        "ada.page.wait_for_timeout(500)",
        "import random; random.random()",
        "import random; random.Random()",
        "import random as chance; chance.choice([1])",
        "from random import shuffle; shuffle(cards)",
        "from random import Random; Random()",
        "import random; random.SystemRandom(1)",
        "import secrets; secrets.token_hex(8)",
        "from secrets import token_hex; token_hex(8)",
        "import uuid; uuid.uuid4()",
        "from uuid import uuid4; uuid4().hex",
        "import os; os.urandom(8)",
    ],
)
@pytest.mark.parametrize("reason", ["", "  # as the server's own pause", "above"])
def test_what_is_refused_and_what_is_not(line: str, reason: str) -> None:
    source = f"# As the server's own pause.\n{line}\n" if reason == "above" else f"{line}{reason}\n"
    assert bool(list(unexplained(source, ast.parse(source)))) == (not reason)


@pytest.mark.parametrize(
    "line",
    [
        "import random; random.Random(7).shuffle(cards)",
        "from random import Random; Random(seed)",
        "chance.random()",
        "event.wait(5)",
        "import uuid; uuid.uuid5(uuid.NAMESPACE_URL, 'x')",
        "self.sleeps()",
    ],
)
def test_what_needs_no_reason(line: str) -> None:
    assert list(unexplained(line, ast.parse(line))) == []
