"""The report as a page and as files: for those who sat at the table."""

import json
import re

import pytest

from tests.cast import Clock
from tests.web.litany import STRANGER, Scene, says

FILES = {"csv": "text/csv", "json": "application/json", "md": "text/markdown"}


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
    assert "One" in answer.text
    if ending == "json":
        assert json.loads(answer.text)
    stranger = reported.mallory.get(path)
    assert (stranger.status_code, says(stranger, STRANGER)) == (404, True)


def test_no_file_tells_of_cards_that_are_face_down(scene: Scene, clock: Clock) -> None:
    def files() -> list[str]:
        names = ("report", *(f"report.{ending}" for ending in FILES))
        return [re.sub("[0-9a-zA-Z.-]{60,}", "", scene.ada.get(f"{scene.table.path}/{name}").text) for name in names]

    scene.ben.votes(scene.table, "3")
    before = files()
    scene.ben.votes(scene.table, "34")
    assert files() == before
    scene.ada.reveals(scene.table)
    assert files() != before
