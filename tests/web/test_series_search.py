"""The search in a tracker that a series has, and its issues in the sessions of the series."""

import re
from collections.abc import Iterator

import pytest

from poker_app.db import session
from poker_app.poker.models import Series, Task
from poker_app.poker.trackers import series_search
from poker_app.settings import Settings
from tests.cast import Person
from tests.trackers import STANDS, Double
from tests.trackers.double import SPRINT, Fault
from tests.web.route_checks import says
from tests.web.test_trackers import connected
from tests.world.pages import Club


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings.model_copy(update={"trackers_inside": True})


@pytest.fixture(scope="module")
def double() -> Iterator[Double]:
    with STANDS["linear"]() as made:
        yield made


@pytest.fixture
def tracker(double: Double) -> Double:
    double.reset()
    return double


class Refinement:
    """Tim's series, with Abe's tracker."""

    def __init__(self, club: Club, tracker: Double) -> None:
        self.club, self.tim = club, club.tim
        self.connection = connected(club, tracker).rsplit("/", 1)[1]
        made = club.tim.post(f"{club.path}/series", {"name": "Refinement", "deck": "fibonacci"}, htmx=False)
        self.path = str(made.location)
        self.search = f"{self.path}/trackers/{self.connection}"
        self.link = f"/series/{self.path.rsplit('/', 1)[1]}"

    def option(self, name: str, place: str, **search: str) -> str:
        """The value of a choice in the form, by what it is called there."""
        page = self.tim.get(self.search, query_string=search)
        choices = re.search(rf'name="{name}">.*?</select>', page.text, re.DOTALL)
        assert choices, page.text
        found = re.search(rf'<option value="([^"]+)"[^>]*>{place}', choices[0])
        assert found, choices[0]
        return found[1]

    def chooses(self, **search: str) -> None:
        answer = self.tim.post(self.search, {"said": "Checkout", **search}, htmx=False)
        assert (answer.status_code, answer.location) == (303, self.path), answer.text

    def opens(self, by: Person | None = None) -> str:
        """The path of the day's session. What follows the response runs once it is closed."""
        answer = (by or self.tim).post(f"{self.link}/sessions", htmx=False)
        answer.close()
        assert answer.status_code == 303
        return str(answer.location)

    def titles(self) -> list[str]:
        with self.club.app.app_context():
            return list(
                session.scalars(
                    session.query(Task.title).filter(Task.deleted_at.is_(None)).order_by(Task.position).statement
                )
            )


@pytest.fixture
def refinement(club: Club, tracker: Double) -> Refinement:
    return Refinement(club, tracker)


def test_each_session_begins_with_what_the_search_finds(refinement: Refinement, tracker: Double) -> None:
    project = refinement.option("project", "Checkout")
    place = refinement.option("place", "Sprint 42", project=project)
    page = refinement.tim.get(refinement.search, query_string={"project": project, "place": place})
    assert says(page, "Task 1")
    refinement.chooses(project=project, place=place, said="Checkout, Sprint 42")
    assert says(refinement.tim.get(refinement.path), "Checkout, Sprint 42")
    assert refinement.club.log()[-1].endswith("Refinement")
    path = refinement.opens()
    assert refinement.titles() == [f"Task {number}" for number in range(1, SPRINT + 1)]
    assert "coming in" not in refinement.tim.get(path).text
    # The link leads to the session that runs, and nothing comes in twice.
    assert refinement.opens() == path
    assert len(refinement.titles()) == SPRINT


def test_the_active_one_is_looked_up_each_time(refinement: Refinement, tracker: Double) -> None:
    project = refinement.option("project", "Checkout")
    place = refinement.option("place", "The active", project=project)
    refinement.chooses(project=project, place=place)
    refinement.opens()
    assert len(refinement.titles()) == SPRINT


def test_a_tracker_that_is_down_leaves_a_sentence(refinement: Refinement, tracker: Double) -> None:
    refinement.chooses(words="Task 1")
    tracker.faults.append(Fault(503, times=1))
    path = refinement.opens()
    assert refinement.titles() == [""]
    room = refinement.tim.get(path)
    assert says(room, "No issues came in.")
    assert says(room, "answers with an error (503)")
    voter = refinement.club.cast.person("Gus")
    voter.post(f"{path}/members", {"member_name": "Gus", "role": "voter"}, htmx=False)
    assert "No issues came in" not in voter.get(path).text
    assert voter.post(f"{path}/coming-in", {"choice": "again"}).status_code == 403
    assert refinement.tim.post(f"{path}/coming-in", {"choice": "nonsense"}).status_code == 422
    again = refinement.tim.post(f"{path}/coming-in", {"choice": "again"})
    assert says(again, "are coming in.")
    again.close()
    assert "Task 1" in refinement.titles()
    fragment = refinement.tim.get(f"{path}/coming-in", headers={"HX-Request": "true"})
    assert "<p" not in fragment.text
    assert refinement.tim.post(f"{path}/coming-in", {"choice": "again"}).status_code == 404


def test_a_facilitator_may_do_without(refinement: Refinement, tracker: Double) -> None:
    refinement.chooses(words="nothing has these words")
    path = refinement.opens()
    assert says(refinement.tim.get(path), "This series’ search finds no open issue.")
    assert refinement.tim.post(f"{path}/coming-in", {"choice": "leave"}).status_code == 200
    assert "No issues came in" not in refinement.tim.get(path).text


def test_what_a_process_left_is_done_by_the_next(refinement: Refinement, tracker: Double) -> None:
    refinement.chooses(words="Task 1")
    answer = refinement.tim.post(f"{refinement.link}/sessions", htmx=False)
    assert says(refinement.tim.get(answer.location), "are coming in.")
    with refinement.club.app.app_context():
        series_search.bring_in_due()
    assert "Task 1" in refinement.titles()


def test_a_tracker_that_was_disconnected_brings_nothing(refinement: Refinement, tracker: Double) -> None:
    refinement.chooses(words="Task 1")
    refinement.club.abe.post(f"{refinement.club.path}/trackers/{refinement.connection}/disconnection", htmx=False)
    assert says(refinement.tim.get(refinement.path), "The tracker of its search is disconnected")
    assert says(refinement.tim.get(refinement.opens()), "is disconnected.")


def test_a_search_is_taken_away(refinement: Refinement, tracker: Double) -> None:
    refinement.chooses(words="Task 1")
    assert refinement.tim.post(f"{refinement.path}/search/removal", htmx=False).status_code == 303
    asked = len(tracker.requests)
    refinement.opens()
    assert (refinement.titles(), len(tracker.requests)) == ([""], asked)


def test_what_cannot_be_searched(refinement: Refinement, tracker: Double) -> None:
    nothing = refinement.tim.post(refinement.search, htmx=False)
    assert (nothing.status_code, says(nothing, "Choose a project, or search for words.")) == (422, True)
    elsewhere = refinement.tim.post(f"{refinement.path}/trackers/{'2' * 16}", {"words": "Task"}, htmx=False)
    assert elsewhere.status_code == 404
    with refinement.club.app.app_context():
        assert session.query(Series).one().search is None
