"""One name for one thing: the words that the glossary rules out are nowhere to be read, and nowhere to be typed."""

import ast
import re
from functools import cache
from html.parser import HTMLParser

import pytest

from poker_app.rules.session.change import EVENTS
from tests.house.conftest import World
from tests.house.sources import PACKAGE, ROOT, TEMPLATES, named, nodes, parsed
from tests.house.test_roles import TABLE
from tests.house.world_pages import pages


def rows_of(name: str) -> list[list[str]]:
    """The rows of a table of docs/glossary.md, cell by cell, without its head."""
    text = (ROOT / "docs/glossary.md").read_text()
    table = text.partition(f"<!-- {name} -->\n")[2].partition(f"<!-- /{name} -->")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[2:]]


# What other programs call things: names of columns in their exports and imports, and of fields in trackers.
OTHERS_WORDS = (
    "poker_app/rules/imports/column_names.py",
    "poker_app/rules/trackers_csv.py",
    "poker_app/trackers/engines/",
)
# What the last column of the table rules out.
PLURALS = {"stories": "story", "stats": "stat"}
NEVER = {PLURALS.get(word, word) for *_, never in rows_of("words") for word in re.findall(r"[a-z]+", never)}
# Where such a word is the right one all the same.
EXCEPTIONS = {word.strip("`") for word, _ in rows_of("exceptions")}


@cache
def words(text: str) -> frozenset[str]:
    """The words of a text or of a name, ``camelCase`` and ``snake_case`` taken apart, in the singular."""
    found = re.findall(r"[a-z]+", re.sub(r"([a-z])([A-Z])", r"\1 \2", text).lower())
    return frozenset(PLURALS.get(word, word.removesuffix("s") if len(word) > 3 else word) for word in found)


def forbidden(text: str, *, code: bool) -> frozenset[str]:
    return words(text) & NEVER - (EXCEPTIONS if code else set())


class _Text(HTMLParser):
    """What people see or hear of a page: text, and the attributes that are read out or shown."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._hidden += tag in ("script", "style")
        for name, value in attrs:
            if name in ("aria-label", "title", "placeholder", "alt", "hx-confirm", "data-say") and value:
                self.seen.append(value)

    def handle_endtag(self, tag: str) -> None:
        self._hidden -= tag in ("script", "style")

    def handle_data(self, data: str) -> None:
        if not self._hidden:
            self.seen.append(data)


def visible(html: str) -> str:
    text = _Text()
    text.feed(html)
    return " ".join(text.seen)


@pytest.mark.parametrize("path", TEMPLATES, ids=named)
def test_templates_speak_the_glossary(path) -> None:  # type: ignore[no-untyped-def]
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", " ", path.read_text(), flags=re.DOTALL)
    assert forbidden(visible(source), code=False) == set()


def test_pages_speak_the_glossary(world: World) -> None:
    found = {path: forbidden(visible(page.text), code=False) for path, page in pages(world)}
    assert {path: bad for path, bad in found.items() if bad} == {}


def test_sentences_speak_the_glossary() -> None:
    docstrings = {
        id(node.body[0].value)
        for path in PACKAGE
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    found = {
        place: forbidden(node.value, code=False)
        for place, node in nodes(ast.Constant)
        if isinstance(node.value, str) and " " in node.value and id(node) not in docstrings
        if not place.startswith(OTHERS_WORDS)
    }
    assert {place: bad for place, bad in found.items() if bad} == {}


def test_names_in_the_code_speak_the_glossary() -> None:
    found = {}
    for kind, attribute in (
        (ast.Name, "id"),
        (ast.FunctionDef, "name"),
        (ast.ClassDef, "name"),
        (ast.arg, "arg"),
        (ast.Attribute, "attr"),
    ):
        for place, node in nodes(kind):
            if not place.startswith(OTHERS_WORDS) and (bad := forbidden(getattr(node, attribute), code=True)):
                found[place] = bad
    found |= {named(path): bad for path in PACKAGE if (bad := forbidden(path.stem, code=True))}
    assert found == {}


def test_routes_and_events_speak_the_glossary(world: World) -> None:
    names = [*TABLE, *(str(rule) for rule in world.app.url_map.iter_rules()), *EVENTS, *EVENTS.values()]
    assert {name: bad for name in names if (bad := forbidden(name, code=True))} == {}


def test_the_glossary_rules_words_out() -> None:
    """A table that is no longer found, or a row that lost its words, would let every word pass."""
    assert {"game", "room", "player", "story", "ticket", "stat", "tier", "wallet", "organisation"} <= NEVER
    assert len(NEVER) >= 20
    assert {"room"} == EXCEPTIONS


def test_the_words_are_found() -> None:
    assert forbidden("PlayerCount user_stories Stats", code=True) == {"player", "story", "stat"}
    assert forbidden("Leave the room", code=False) == {"room"}
    assert forbidden('<p title="A game">', code=False) == {"game"}
    assert "Big Game" in visible('<p aria-label="Big Game">x</p>')


# Words that hide the mechanism (publish, handle, store, look up), or that mean two things here.
VAGUE = {"told", "hear", "heard", "keep", "heed", "farewell", "seat", "table", "now"}
# Where such a word is the right one, and why.
RIGHT = {
    "now": "the time, in the clock alone",
    "as_table": "a table that is printed",
    "_table": "a table that is printed, and the rendered vote table",
    "vote_table": "the fragment of that name",
    "current_vote_table": "the fragment of that name",
    "keep_alive": "HTTP's own word",
}
# A seat is what an account pays for: the word belongs to these.
SEATS = (
    "poker_app/billing/",
    "poker_app/accounts/",
    "poker_app/web/billing/",
    "poker_app/rules/plans",
    "poker_app/jobs",
    "poker_app/cli",
)


def vague(name: str, place: str) -> frozenset[str]:
    found = words(name) & VAGUE
    return frozenset() if name in RIGHT else found - {"seat"} if place.startswith(SEATS) else found


def test_names_say_what_happens() -> None:
    """Modules, classes and functions; and limits are MAX_ and MIN_."""
    found = {named(path): bad for path in PACKAGE if (bad := vague(path.stem, named(path)))}
    for kind in (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef):
        for place, node in nodes(kind):
            if bad := vague(node.name, place):
                found[f"{place} {node.name}"] = bad
    most = [place for place, node in nodes(ast.Name) if re.match(r"_?MOST(_|$)", node.id)]
    assert (found, most) == ({}, [])


def test_vague_words_are_found() -> None:
    assert vague("hear_news", "poker_app/web/x.py:1") == {"hear"}
    assert vague("seats_left", "poker_app/poker/x.py:1") == {"seat"}
    assert vague("seats_left", "poker_app/billing/x.py:1") == set()
