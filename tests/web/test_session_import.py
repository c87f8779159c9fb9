"""Importing a past session: the page, its form, and its report afterwards."""

import json
import re
from io import BytesIO

import pytest
from werkzeug.test import TestResponse

from poker_app import imports
from poker_app.poker.reports.session_import import IMPORTED
from poker_app.settings import Settings
from tests.cast import FROM_OUR_PAGE, Clock, Person
from tests.web.route_checks import says
from tests.world.pages import Club


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


@pytest.fixture
def report(club: Club, clock: Clock) -> bytes:
    """The JSON of a session in Mallory's account."""
    table = club.mallory.opens("Theirs", account=club.mallory.account)
    club.mallory.adds(table, "PAY-1 Refund")
    club.mallory.votes(table, "5")
    club.mallory.reveals(table)
    club.mallory.finalizes(table, "5", "As last time")
    club.mallory.ends(table)
    return club.mallory.get(f"{table.path}/report.json").data


def imports_it(person: Person, club: Club, content: bytes, form_key: str = "key") -> TestResponse:
    data = {"form_key": form_key, **({"file": (BytesIO(content), "report.json")} if content else {})}
    return person.browser.post(f"{club.path}/session-import", data=data, headers=FROM_OUR_PAGE)


def test_a_report_is_a_past_session_again(club: Club, report: bytes) -> None:
    assert f'href="{club.path}/session-import"' in club.tim.get(club.path).text
    assert says(club.tim.get(f"{club.path}/session-import"), "Import a session")
    answer = imports_it(club.tim, club, report)
    assert answer.status_code == 303
    page = club.abe.get(answer.location)
    assert (page.status_code, says(page, "As last time"), says(page, "Mallory")) == (200, True, True)
    assert says(club.olga.get(club.path), "Theirs")
    again = club.abe.get(f"{answer.location}.json").data
    ids = [json.loads(each)["session"]["id"].encode() for each in (report, again)]
    assert again.replace(ids[1], ids[0]) == report
    # The form sent twice, and deleting it like any session.
    assert imports_it(club.tim, club, report).location == answer.location
    session_id = answer.location.split("/")[2]
    assert club.tim.post(f"{club.path}/sessions/{session_id}/deletion", htmx=False).status_code == 303
    assert club.abe.get(answer.location).status_code == 404


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Choose the JSON file of a report."),
        (b" \n", "Choose the JSON file of a report."),
        (b"Title;Key\nPay;PAY-1", "This is not the JSON file of a report."),
        (b"[" * 5_000, "This is not the JSON file of a report."),
        (b" " * imports.MAX_FILE + b"{}", "A report has at most 1 MB."),
    ],
)
def test_what_is_no_report_is_said_beside_the_field(club: Club, content: bytes, sentence: str) -> None:
    answer = imports_it(club.tim, club, content)
    assert (answer.status_code, says(answer, sentence)) == (422, True)
    assert 'aria-invalid="true"' in answer.text
    assert re.search('name="form_key" value="[^"]+"', answer.text)


def test_a_report_of_a_session_that_still_runs(club: Club) -> None:
    table = club.mallory.opens("Theirs", account=club.mallory.account)
    answer = imports_it(club.tim, club, club.mallory.get(f"{table.path}/report.json").data)
    assert (answer.status_code, says(answer, "Its session had not ended when it was downloaded.")) == (422, True)


def test_too_many_are_refused_for_an_hour(club: Club, report: bytes, clock: Clock) -> None:
    for number in range(IMPORTED.most):
        assert imports_it(club.tim, club, report, f"{number}").status_code == 303
    answer = imports_it(club.tim, club, report, "one more")
    assert (answer.status_code, int(answer.headers["Retry-After"]) > 0) == (429, True)
    assert imports_it(club.abe, club, report, "of another").status_code == 303
    clock.forward(hours=1, seconds=1)
    assert imports_it(club.tim, club, report, "one more").status_code == 303
