"""Each form is typed into by a browser test; where it is morphed its fields bear the id of what they edit."""

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from werkzeug.exceptions import MethodNotAllowed, NotFound
from werkzeug.routing import RequestRedirect

from tests.browser.forms import EDITS, MAKES, ROUND
from tests.cast import HTMX
from tests.house.conftest import World
from tests.house.sources import PAGES, named
from tests.house.world_pages import pages

# A public id at the end of an element's: `note-7en6xkc6yq2h`, `final-7en6xkc6yq2h-saved`.
OF_A_THING = re.compile(r"-[2-9a-z]{12,16}(-saved)?")
# The server refuses what another user's page sent.
OWN = {"profile.rename", "profile.ask_for_link", "profile.change_password", "second_factor.turn_on", "accounts.make"}


@dataclass
class Form:
    """A form with its fields: what people type or choose, and what is hidden, by name with their ids."""

    attributes: dict[str, str | None]
    typed: list[tuple[str | None, str | None]] = field(default_factory=list)
    hidden: set[str | None] = field(default_factory=set)


class _Forms(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self.morphs: list[str] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if "Morph" in (given.get("hx-swap") or "") and given.get("hx-get"):
            self.morphs.append(given["hx-get"] or "")
        if tag == "form":
            self._open = Form(given)
            self.forms.append(self._open)
        elif self._open and given.get("type") == "hidden":
            self._open.hidden.add(given.get("name"))
        elif self._open and tag in ("input", "textarea", "select") and "readonly" not in given:
            self._open.typed.append((given.get("name"), given.get("id")))

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None


def parsed(html: str) -> _Forms:
    parser = _Forms()
    parser.feed(html)
    return parser


def endpoints(world: World) -> dict[str, list[Form]]:
    """Every form there is that somebody types into and sends, by where it goes."""
    rules = world.app.url_map.bind("localhost")
    found: dict[str, list[Form]] = {}
    for _, answer in pages(world):
        for form in parsed(answer.text).forms if "html" in answer.mimetype else ():
            if form.typed and form.attributes.get("method") == "post":
                path = (form.attributes.get("action") or "").split("?")[0]
                try:
                    endpoint, _ = rules.match(path, method="POST")
                except (NotFound, MethodNotAllowed, RequestRedirect):
                    endpoint = path
                found.setdefault(str(endpoint), []).append(form)
    return found


def test_every_form_is_typed_into_by_a_browser_test(world: World) -> None:
    found = endpoints(world)
    assert set(found) == {*EDITS, *MAKES, *ROUND}
    assert {name for name in OWN if any("user" not in form.hidden for form in found[name])} == set()


def written_by_hand(template: str) -> list[str]:
    """Forms that are not the macro's, and addresses that do not come from the routes."""
    return re.findall(
        r"<form\b|\{\{ \w+ \}\}/\w|\b(?:action|href|src|hx-\w+)=\"/|['\"]/\w+/?['\"] ~|~ ['\"]/", template
    )


def test_forms_and_addresses_are_made_in_one_place() -> None:
    found = {named(path): written_by_hand(path.read_text()) for path in PAGES}
    assert {path: wrong for path, wrong in found.items() if wrong} == {"templates/components/marks.html": ["<form"]}


def test_what_is_written_by_hand_is_found() -> None:
    for wrong in (
        '<form class="x">',
        '<a href="{{ here }}/people">',
        '<a href="/plans">',
        "m.form(here ~ '/votes')",
        "'/accounts/' ~ id",
    ):
        assert written_by_hand(wrong), wrong
    assert written_by_hand("""<a href="{{ url_for('home.new') }}">1{{ a }}/{{ b }}</a> {{ x ~ '–' }}""") == []


def wrong_in(html: str) -> list[str]:
    """The forms and fields that a morph would take for those of another thing."""
    wrong = []
    for form in parsed(html).forms:
        if form.typed and form.attributes.get("id") != "hand":  # it follows the server: room/hand.js
            given = [form.attributes.get("id"), *(name_of for _, name_of in form.typed if name_of)]
            wrong += [each or "no id" for each in given if not each or not OF_A_THING.search(each)]
    return wrong


def test_what_is_morphed_bears_the_id_of_what_it_edits(world: World) -> None:
    """A morph keeps what was typed in a field whose id is the same."""
    fragments = {"/actions"}
    for when in ("voting", "revealed"):
        if when == "revealed":
            world.ada.reveals(world.table)
        fragments |= {
            each.removeprefix(world.table.path) for each in parsed(world.ada.get(world.table.path).text).morphs
        }
        found = {path: world.ada.get(f"{world.table.path}{path}", headers=HTMX).text for path in fragments}
        assert {path: wrong for path, html in found.items() if (wrong := wrong_in(html))} == {}
        assert sum(any(form.typed for form in parsed(html).forms) for html in found.values()) >= 4


def test_only_the_room_morphs() -> None:
    """So that the test above has seen all that is morphed."""
    assert {named(path).split("/")[1] for path in PAGES if "Morph" in path.read_text()} == {"sessions"}


def test_a_form_for_everything_is_found() -> None:
    fine = '<form id="task-7en6xkc6yq2h"><input id="title-7en6xkc6yq2h"></form>'
    assert wrong_in(fine) == []
    assert wrong_in(fine.replace("title-7en6xkc6yq2h", "title")) == ["title"]
    assert wrong_in(fine.replace(' id="task-7en6xkc6yq2h"', "")) == ["no id"]
    assert wrong_in('<form><input type="hidden" name="round"></form>') == []
