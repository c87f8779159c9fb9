"""A real tracker, held to what matters of the contract by ``make contract-tracker``; docs/trackers.md says how.

It needs a test issue whose estimate may be changed: it is written, read again, and put back as it was.
"""

import os

from poker_app import trackers
from poker_app.rules.trackers import Search, value_for
from poker_app.settings import Settings
from poker_app.trackers import TRACKERS
from poker_app.trackers.engines.base import PAGE, Tracker

KIND = os.environ.get("CONTRACT_TRACKER", "")


def given(name: str) -> str:
    return os.environ.get(f"CONTRACT_{name.upper()}", "")


def tracker() -> Tracker:
    # TRACKERS_INSIDE is for one in a private network.
    trackers.configure(Settings(_env_file=None, database_url="sqlite://"))  # type: ignore[call-arg]
    return trackers.tracker(KIND, {each.name: given(each.name) for each in TRACKERS[KIND].credentials})


if KIND:

    def test_says_whose_token_it_is() -> None:
        assert tracker().check().name

    def test_the_project_s_issues_are_found_in_pages() -> None:
        outside = tracker()
        project = next(each for each in outside.projects() if given("project") in (each.id, each.name))
        places = outside.places(project.id)
        assert all(each.id and each.name for each in places)
        found = outside.search(Search(project=project.id))
        assert 0 < len(found.issues) <= PAGE
        for issue in found.issues[:3]:
            assert outside.issue(issue.id).title == issue.title
        if found.cursor:
            after = outside.search(Search(project=project.id), found.cursor).issues
            assert {each.id for each in after}.isdisjoint(each.id for each in found.issues)

    def test_an_estimate_is_written_and_put_back() -> None:
        outside = tracker()
        issue = outside.issue(given("issue"))
        fields = outside.estimate_fields(issue.project)
        field = next((each for each in fields if each.name == given("field")), fields[0])
        before = outside.estimate(issue.id, field)
        wanted = value_for(field, given("card") or "5", {})
        try:
            for _ in range(2):
                outside.write_estimate(issue.id, field, wanted)
                assert outside.estimate(issue.id, field) == wanted
        finally:
            if before:
                outside.write_estimate(issue.id, field, before)
