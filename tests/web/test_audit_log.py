"""The audit log as a page and as a file."""

import pytest

from poker_app.settings import Settings
from tests.web.route_checks import says
from tests.world.pages import Club


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


def test_what_happened_newest_first(club: Club) -> None:
    club.abe.post(f"{club.path}/name", {"name": "<b>Rail</b>"}, htmx=False)
    club.olga.post(f"{club.path}/team/{club.tim.user}/role", {"role": "owner"}, htmx=False)
    page = club.abe.get(f"{club.path}/audit")
    assert page.text.index("made an owner of Tim") < page.text.index("renamed the account to &lt;b&gt;Rail")
    assert 'datetime="20' in page.text


def test_filters_and_pages(club: Club) -> None:
    for number in range(60):
        club.abe.post(f"{club.path}/retention", {"report_days": str(100 + number)}, htmx=False)
    first = club.olga.get(f"{club.path}/audit?action=retention-changed&person={club.abe.user}")
    assert first.text.count("changed how long reports are kept to") == 50
    older = first.text.rpartition('class="btn" href="')[2].partition('"')[0].replace("&amp;", "&")
    second = club.olga.get(older)
    assert second.text.count("changed how long reports are kept to") == 10
    assert "created the account" not in second.text
    assert says(club.olga.get(f"{club.path}/audit?action=deck-made"), "No entry matches this filter.")


@pytest.mark.parametrize("before", ["x", "-1", "9" * 19, "9" * 30, "٣", "%00"])
def test_a_page_that_is_none(club: Club, before: str) -> None:
    assert club.abe.get(f"{club.path}/audit?before={before}&person=%00&action=%00").status_code == 200


def test_the_file(club: Club) -> None:
    club.abe.post(f"{club.path}/name", {"name": "=1+1"}, htmx=False)
    answer = club.abe.get(f"{club.path}/audit.csv")
    assert answer.headers["Content-Disposition"] == 'attachment; filename="audit-log.csv"'
    assert answer.mimetype == "text/csv"
    assert ",Abe,account-renamed,renamed the account to,'=1+1\r\n" in answer.text


def test_it_is_for_owners_and_admins(club: Club) -> None:
    for path in ("audit", "audit.csv"):
        assert club.tim.get(f"{club.path}/{path}").status_code == 403
        assert club.mallory.get(f"{club.path}/{path}").status_code == 404
        assert club.cast.gus.get(f"{club.path}/{path}").status_code == 303
