"""The documents name only what there is: files, names in them, and places in other documents."""

import re
import sys
from pathlib import Path

import pytest

from tests.house.sources import DOCUMENTS, PACKAGE, ROOT, named

TOP = {path.name for path in ROOT.iterdir()} - {"instance", "node_modules"}
PACKAGES = {path.name for path in (ROOT / "poker_app").iterdir()}
ENDINGS = (".py", ".html", ".css", ".js", ".md", ".toml", ".yml", ".mako")
# Made by a start or written by an operator.
NOT_KEPT = {"deploy/.env"}


def paths(text: str) -> set[str]:
    """The files and folders that a text names between backticks, as it names them. ``*`` stands for any name."""
    found = set(re.findall(r"`([\w.@*-]+(?:/[\w.@*-]*)*)`", text)) - NOT_KEPT
    return {each for each in found if _is_path(each)}


def _is_path(text: str) -> bool:
    first, slash, _ = text.partition("/")
    return bool(slash and first in TOP | PACKAGES) or text.endswith(ENDINGS)


def missing(text: str) -> set[str]:
    """The paths in a text that are not in the repository. Each is to be written from its top."""
    return {path for path in paths(text) if not list(ROOT.glob(path.rstrip("/")))}


def places(text: str) -> set[str]:
    """The addresses of a document's headings, as the common forges make them."""
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


def dead_links(document: Path) -> list[str]:
    found = []
    for target in re.findall(r"\]\(([^)\s]+)\)", document.read_text()):
        file, _, place = target.partition("#")
        if "://" in file:
            continue
        path = document.parent / file if file else document
        if not path.exists() or (place and place not in places(path.read_text())):
            found.append(target)
    return found


def wheres() -> list[tuple[str, str, str]]:
    """The rows of the table that says where things are decided: question, file, and what to look for there."""
    text = (ROOT / "docs/architecture.md").read_text()
    table = text.partition("<!-- where -->\n")[2].partition("<!-- /where -->")[0]
    return re.findall(r"^\| (.+?) \| `(\S+)` \| (`.+`) \|$", table, flags=re.MULTILINE)


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_path_that_a_document_names_exists(document: Path) -> None:
    assert missing(document.read_text()) == set()


@pytest.mark.parametrize("document", DOCUMENTS, ids=named)
def test_every_link_of_a_document_leads_somewhere(document: Path) -> None:
    assert dead_links(document) == []


def test_what_the_table_of_places_names_is_in_its_file() -> None:
    assert len(wheres()) > 15
    for question, file, names in wheres():
        source = (ROOT / file).read_text()
        for name in re.findall(r"`(.+?)`", names):
            assert re.search(rf"(?<![\w-]){re.escape(name)}(?![\w-])", source), f"{question}: no {name} in {file}"


def test_every_document_is_reached_from_the_readme() -> None:
    seen: set[Path] = set()
    waiting = [ROOT / "README.md"]
    while waiting:
        document = waiting.pop()
        if document in seen:
            continue
        seen.add(document)
        links = re.findall(r"\]\(([^)#\s]+\.md)(?:#[^)]*)?\)", document.read_text())
        waiting += [(document.parent / link).resolve() for link in links if "://" not in link]
    assert [named(document) for document in DOCUMENTS if document not in seen] == []


def test_the_readme_fits_two_screens() -> None:
    assert len((ROOT / "README.md").read_text().splitlines()) <= 80


def test_what_is_wrong_is_found() -> None:
    assert missing("`poker_app/nowhere.py`, `poker/change.py` and `wsgi.py`") == {
        "poker_app/nowhere.py",
        "poker/change.py",
    }
    assert missing("`poker_app/rules/*.py`, `bin/`, `/healthz`, `GET /x`, `text/plain`") == set()
    assert places("## On *one* box, simply\n") == {"on-one-box-simply"}


def test_the_forge_runs_every_folder_of_tests_by_targets_that_exist() -> None:
    jobs = (ROOT / ".github/workflows/ci.yml").read_text()
    makefile = (ROOT / "Makefile").read_text()
    assert {"check", "test"} == set(re.findall(r"run: make ([a-z-]+)", jobs))
    assert {"check", "test"} <= set(re.findall(r"^([a-z-]+):", makefile, flags=re.MULTILINE))
    [fast] = re.findall(r"^FAST = (.+)$", makefile, flags=re.MULTILINE)
    folders = {f"tests/{path.parent.name}" for path in (ROOT / "tests").glob("*/test_*.py")}
    parts = {part for line in re.findall(r"^ +tests: (.+)$", jobs, flags=re.MULTILINE) for part in line.split()}
    assert folders - parts <= set(fast.split())
    # What is only partly fast has a job for the rest.
    assert {"tests/browser", "tests/engines"} <= parts
    for command in re.findall(r"(?<![\w/])bin/\w+", jobs):
        assert (ROOT / command).exists(), command


def test_there_is_a_recipe_for_each_thing_that_is_often_added() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text()
    recipes = dict(re.findall(r"^### (.+)\n((?:(?!#{2,3} ).*\n?)+)", text, flags=re.MULTILINE))
    for thing in ("setting", "page", "fragment", "event", "engine", "limit", "mail", "migration", "test"):
        [steps] = [steps for title, steps in recipes.items() if thing in title]
        assert len(paths(steps)) >= 4, thing


def _dotted(path: Path) -> str:
    return ".".join(path.relative_to(ROOT / "poker_app").with_suffix("").parts).removesuffix(".__init__")


MODULES = {_dotted(path): path for path in PACKAGE}


def is_there(name: str, beside: str) -> bool:
    """Whether a dotted name is a module or what one holds; what begins otherwise is a library or a name in ``beside``,
    the source that says it."""
    ends = name.removeprefix("poker_app.")
    first, *_, last = ends.split(".")
    if not any(first in module.split(".") for module in MODULES):
        return first in sys.stdlib_module_names or bool(re.search(rf"\b{first}\b", re.sub("``.*?``", "", beside)))
    head = ends.rpartition(".")[0]
    return any(
        f".{module}".endswith(f".{ends}")
        or (f".{module}".endswith(f".{head}") and re.search(rf"\b{last}\b", path.read_text()))
        for module, path in MODULES.items()
    )


# What the page's scripts and other people call so.
NOT_OURS = ("location.", "evil.")


def test_every_dotted_name_in_a_docstring_is_there() -> None:
    stale = []
    for path in MODULES.values():
        text = path.read_text()
        for name in re.findall(r"``([a-z_]\w*(?:\.\w+)+)(?:\(\))?``", text):
            if not name.startswith(NOT_OURS) and not is_there(name, text):
                stale.append((named(path), name))
    assert stale == []
