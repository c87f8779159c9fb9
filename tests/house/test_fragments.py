"""One name, four places: the file, the id, the route and the style sheet; and exactly one root."""

from html.parser import HTMLParser

import pytest

from tests.cast import HTMX
from tests.house.conftest import World
from tests.house.sources import ROOT

VOID = set("area base br col embed hr img input link meta source track wbr".split())  # noqa: SIM905

# Fragments that are asked for by their own address: `sessions/_x_y.html` ⇄ `GET …/x-y` ⇄ `id="x-y"`.
FILES = sorted(path.stem[1:].replace("_", "-") for path in (ROOT / "templates/sessions").glob("_*.html"))


class _Roots(HTMLParser):
    """The elements that stand at the top of a fragment."""

    def __init__(self) -> None:
        super().__init__()
        self.roots: list[dict[str, str | None]] = []
        self._depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._depth == 0:
            self.roots.append(dict(attrs))
        if tag not in VOID:
            self._depth += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if self._depth == 0:
            self.roots.append(dict(attrs))

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            self._depth -= 1

    def handle_data(self, data: str) -> None:
        assert self._depth or not data.strip(), f"text outside the root: {data.strip()[:60]}"


def roots(html: str) -> list[dict[str, str | None]]:
    parser = _Roots()
    parser.feed(html)
    return parser.roots


def routed(world: World) -> list[str]:
    """The fragments with a route of their own."""
    rules = {str(rule) for rule in world.app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    return [name for name in FILES if f"/sessions/<session_id>/{name}" in rules]


def test_which_fragments_have_an_address(world: World) -> None:
    assert set(routed(world)) >= {"vote-table", "task", "backlog", "actions"}


@pytest.mark.parametrize("state", ["voting", "revealed", "quick vote"])
def test_a_fragment_has_one_root_and_its_own_name(world: World, state: str) -> None:
    if state == "revealed":
        world.ada.reveals(world.table)
    elif state == "quick vote":
        for _ in range(2):
            world.ada.post(f"{world.table.path}/tasks/{world.table.task}/deletion")
    for name in routed(world):
        for role in ("spectator", "voter", "facilitator"):
            answer = world.people[role].get(f"{world.table.path}/{name}", headers=HTMX)
            if name == "options" and role != "facilitator":
                assert answer.status_code == 403
                continue
            assert answer.status_code == 200
            found = roots(answer.text)
            assert len(found) == 1, f"{name} has {len(found)} roots"
            if name != "people":  # swapped into its place, not for it
                assert found[0].get("id") == name


def test_a_shared_fragment_is_the_same_for_everybody(world: World) -> None:
    """So that it can be rendered once and sent to all: no token, no card of one's own."""
    for person in world.people.values():
        person.get(world.table.path)  # back from being away, which changes the table, on a machine where that took long
    for name in ("vote-table", "task", "backlog"):
        seen = {
            world.people[role].get(f"{world.table.path}/{name}").text for role in ("spectator", "voter", "facilitator")
        }
        assert len(seen) == 1


def test_nobody_types_into_what_refreshes_by_itself(world: World) -> None:
    for name in ("vote-table", "task", "backlog"):
        html = world.people["facilitator"].get(f"{world.table.path}/{name}").text
        for element in ("<input", "<textarea", "<select", "contenteditable"):
            assert element not in html


def test_a_routed_fragment_has_its_style_sheet(world: World) -> None:
    sheets = {path.stem for path in (ROOT / "static/css/modules").glob("*.css")}
    assert set(routed(world)) <= sheets


def test_roots_are_counted() -> None:
    assert len(roots("<p></p><p></p>")) == 2
    assert len(roots('<div id="x"><br><p>a</p></div>\n')) == 1
    with pytest.raises(AssertionError):
        roots("<p></p>text")
