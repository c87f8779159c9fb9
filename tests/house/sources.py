"""The product's files, for the tests that read them instead of running them."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import cast

ROOT = Path(__file__).resolve().parent.parent.parent
PACKAGE = sorted((ROOT / "poker_app").rglob("*.py"))
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
# Mail programs know no style sheets.
PAGES = [path for path in TEMPLATES if path.parent.name != "emails"]
SCRIPTS = sorted((ROOT / "static/js").rglob("*.js"))
# What speaks of the product as it is; CHANGELOG.md speaks of releases before too.
DOCUMENTS = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")} - {ROOT / "CHANGELOG.md"})


def named(path: Path) -> str:
    """The path as one says it, from the top of the repository."""
    return path.relative_to(ROOT).as_posix()


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


@cache
def _by_kind(path: Path) -> dict[type[ast.AST], list[ast.AST]]:
    found = defaultdict(list)
    for node in ast.walk(parsed(path)):
        found[type(node)].append(node)
    return found


def nodes[N: ast.AST](kind: type[N], paths: list[Path] = PACKAGE) -> Iterator[tuple[str, N]]:
    """Every node of a kind, with the place where it stands."""
    for path in paths:
        place = named(path)
        for node in _by_kind(path).get(kind, ()):
            yield f"{place}:{getattr(node, 'lineno', 0)}", cast(N, node)
