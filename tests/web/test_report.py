"""The report as a page and as files: for those who sat at the table."""

import json
import re

import pytest

from poker_app import create_app
from poker_app.poker.reports import workbook
from poker_app.settings import Settings
from tests.cast import Cast, Clock, Person, Table
from tests.conftest import SIGNED_IN
from tests.mail_server import Post
from tests.web.route_checks import STRANGER, says
from tests.world.pages import Scene

FILES = {
    "csv": "text/csv",
    "json": "application/json",
    "md": "text/markdown",
    "txt": "text/plain",
    "xlsx": workbook.MEDIA_TYPE,
}


@pytest.fixture
def reported(scene: Scene) -> Scene:
    scene.ben.votes(scene.table, "5")
    scene.ada.reveals(scene.table)
    scene.ada.finalizes(scene.table, "5")
    return scene


def test_a_page_for_members_before_and_after_the_end(reported: Scene) -> None:
    for _ in range(2):
        for person in (reported.ada, reported.ben, reported.cleo):
            page = person.get(f"{reported.table.path}/report")
            assert (page.status_code, says(page, "One")) == (200, True)
        stranger = reported.mallory.get(f"{reported.table.path}/report")
        assert (stranger.status_code, says(stranger, STRANGER)) == (404, True)
        reported.ada.ends(reported.table)


@pytest.mark.parametrize("ending", FILES)
def test_files_for_members(reported: Scene, ending: str) -> None:
    path = f"{reported.table.path}/report.{ending}"
    answer = reported.cleo.get(path)
    assert (answer.status_code, answer.mimetype) == (200, FILES[ending])
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    assert answer.headers["Content-Disposition"].endswith(f'.{ending}"')
    if ending != "xlsx":
        assert "One" in answer.text
    if ending == "json":
        assert json.loads(answer.text)
    stranger = reported.mallory.get(path)
    assert (stranger.status_code, says(stranger, STRANGER)) == (404, True)


def test_no_file_tells_of_cards_that_are_face_down(scene: Scene, clock: Clock) -> None:
    def files() -> list[bytes]:
        more = ("report/export", "report/for-tracker.csv?tracker=asana")
        names = ("report", *more, *(f"report.{ending}" for ending in FILES))
        found = [scene.ada.get(f"{scene.table.path}/{name}").data for name in names]
        return [re.sub(b"[0-9a-zA-Z.-]{60,}", b"", each) for each in found]

    scene.ben.votes(scene.table, "3")
    before = files()
    scene.ben.votes(scene.table, "34")
    assert files() == before
    scene.ada.reveals(scene.table)
    assert files() != before


# --- CSV by choice


GERMAN, ENGLISH = {"Accept-Language": "de-AT,de;q=0.9,en;q=0.5"}, {"Accept-Language": "en-US,en;q=0.9"}


@pytest.mark.parametrize(
    ("query", "headers", "points"),
    [
        ("", {}, ",½,0.5,"),
        ("", ENGLISH, ",½,0.5,"),
        ("", GERMAN, ";½;0,5;"),
        ("?delimiter=comma&decimals=point", GERMAN, ",½,0.5,"),
        ("?delimiter=semicolon&decimals=comma", ENGLISH, ";½;0,5;"),
        ("?delimiter=tab&decimals=comma", ENGLISH, "\t½\t0,5\t"),
        ("?delimiter=comma", GERMAN, ',½,"0,5",'),
        ("?delimiter=nonsense&decimals=", GERMAN, ";½;0,5;"),
    ],
)
def test_csv_is_written_as_it_is_chosen_or_as_the_language_writes_it(
    scene: Scene, query: str, headers: dict[str, str], points: str
) -> None:
    table = scene.ada.opens("Halves", "modified-fibonacci")
    scene.ada.votes(table, "½")
    scene.ada.reveals(table)
    scene.ada.finalizes(table, "½")
    answer = scene.ada.get(f"{table.path}/report.csv{query}", headers=headers)
    assert points in answer.text.splitlines()[1]
    assert "Accept-Language" in answer.headers["Vary"]


def test_the_page_of_exports_has_the_marks_of_the_language_chosen(reported: Scene) -> None:
    for headers, chosen in ((GERMAN, ("semicolon", "comma")), (ENGLISH, ("comma", "point"))):
        page = reported.cleo.get(f"{reported.table.path}/report/export", headers=headers).text
        assert re.findall(r'name="(?:delimiter|decimals)" value="(\w+)" checked', page) == list(chosen)


def test_the_estimates_for_a_tracker(reported: Scene) -> None:
    path = f"{reported.table.path}/report"
    page = reported.ben.get(f"{path}/export")
    assert re.findall(r'name="tracker" value="(\w+)" checked', page.text) == ["jira"]
    text = " ".join(re.sub("<[^>]+>", "", page.text).split())
    assert "1 of 2 tasks are in it. Not in it: 1 without an estimate (Two)." in text
    assert "0 of 2 tasks are in it. Not in it: 1 without a key of this tracker (One); 1 without an estimate" in text
    answer = reported.ben.get(f"{path}/for-tracker.csv?tracker=asana")
    assert answer.text == "Name,Link,Points\r\nOne,,5\r\n"
    assert answer.headers["Content-Disposition"].endswith('-report-for-asana.csv"')
    assert reported.ben.get(f"{path}/for-tracker.csv").text == "Issue key,Summary,Story Points\r\n"
    assert reported.ben.get(f"{path}/for-tracker.csv?tracker=github").status_code == 404


# --- what it cost


def costs(person: Person, table: Table) -> str | None:
    found = re.search(r"This session cost (.*?) delivered", person.get(f"{table.path}/report").text)
    return found and found[1]


def test_who_pays_and_who_facilitates_see_what_it_cost(
    settings: Settings, post: Post, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(settings.model_copy(update=SIGNED_IN))
    monkeypatch.setattr("poker_app.realtime.is_on", lambda: True)
    cast = Cast(app)
    olga = cast.person("Olga").signs_in()
    ada = cast.ada.signs_in("facilitator", olga.account)
    tim = cast.person("Tim").signs_in("facilitator", olga.account)
    cast.ben.votes(cast.table, "5")
    ada.reveals(cast.table)
    # Ben and Cleo sat down, a vote and a reveal; the joining ones are not connected yet, and no socket is known.
    for person in (ada, olga):
        assert costs(person, cast.table) == "13 realtime messages, as a managed service counts them: 4 published, 9"
    for person in (tim, cast.ben, cast.cleo):
        assert costs(person, cast.table) is None


def test_without_an_engine_it_cost_nothing(reported: Scene) -> None:
    assert costs(reported.ada, reported.table) is None
