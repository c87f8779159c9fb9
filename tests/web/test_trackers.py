"""An account's trackers: connecting one, bringing its issues in, and estimates that are written back."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest

from poker_app import jobs
from poker_app.db import session
from poker_app.poker.models import Task
from poker_app.poker.trackers import write_back
from poker_app.rules.trackers import EstimateField
from poker_app.settings import Settings
from poker_app.trackers.engines.jira_cloud import JiraCloud
from poker_app.trackers.failures import Busy, Unauthorized, Unreachable
from poker_app.trackers.models import TaskIssue, TrackerConnection
from tests.cast import Clock, Table
from tests.trackers import STANDS, Double
from tests.trackers.double import EXPIRED, READER, SPRINT, WRITER, Fault
from tests.web.route_checks import says
from tests.world.pages import Club


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings.model_copy(update={"trackers_inside": True})


@pytest.fixture
def jira() -> Iterator[Double]:
    with STANDS["jira"]() as double:
        yield double


def connected(club: Club, tracker: Double, token: str = WRITER) -> str:
    """The path of the tracker that Abe connects."""
    answer = club.abe.post(f"{club.path}/trackers/new/{tracker.kind}", tracker.credentials(token), htmx=False)
    assert answer.status_code == 303, answer.text
    return str(answer.location)


def chosen(club: Club, jira: Double, path: str, **more: str) -> None:
    """The project Checkout's field is chosen."""
    page = club.abe.get(f"{path}/field")
    project = re.search(r'<option value="([^"]+)"[^>]*>[^<]*Checkout', page.text)
    assert project
    page = club.abe.get(f"{path}/field?project={project[1]}")
    field = re.search(rf'<option value="([^"]+)"[^>]*>{jira.field}', page.text)
    assert field, page.text
    form = {"project": project[1], "name": "Checkout", "field": field[1], "moment": "finalized", "mapping": "", **more}
    answer = club.abe.post(f"{path}/field", form, htmx=False)
    assert answer.status_code == 303, answer.text


def brought_in(club: Club, path: str, deck: str = "fibonacci") -> Table:
    """Tim's session, with what a search for words finds first."""
    table = club.tim.opens("Sprint 42", deck)
    tracker = f"{table.path}/trackers/{path.rsplit('/', 1)[1]}"
    project = re.search(r'<option value="([^"]+)"[^>]*>[^<]*Checkout', club.tim.get(tracker).text)
    assert project
    search = {"project": project[1], "words": "Task 1"}
    page = club.tim.get(f"{tracker}?{urlencode(search)}")
    ids = re.findall(r'name="issue" value="([^"]+)" checked', page.text)
    assert ids, page.text
    answer = club.tim.post(tracker, {**search, "issue": ids[0]}, htmx=False)
    assert (answer.status_code, answer.location) == (303, table.path)
    return table


def issue_of(club: Club) -> TaskIssue:
    with club.app.app_context():
        return session.query(TaskIssue).one()


def finalized(club: Club, table: Table, clock: Clock, card: str = "5") -> None:
    club.tim.votes(table, card)
    club.tim.reveals(table)
    assert club.tim.finalizes(table, card).status_code == 200
    clock.forward(seconds=5)
    settles(club)


def settles(club: Club) -> None:
    with club.app.app_context():
        write_back.write_due()


# --- connecting


def test_connecting(club: Club, jira: Double) -> None:
    path = connected(club, jira)
    page = club.abe.get(path).text
    assert "It is the token of" in page
    assert WRITER not in page
    assert club.log()[-1].startswith("Abe tracker-connected Jira Cloud")
    with club.app.app_context():
        kept = session.query(TrackerConnection).one()
        assert WRITER not in json.dumps([str(value) for value in vars(kept).values()])
    # The same address again replaces the token.
    assert connected(club, jira, READER) == path


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"token": EXPIRED}, "does not take the token"),
        ({"token": ""}, "API token: fill it in."),
        ({"address": "ftp://jira.example"}, "A tracker’s address begins with https://"),
        ({"address": "https://ada:secret@jira.example"}, "has no password"),
        ({"token": "x" * 2_001}, "this is too long"),
    ],
)
def test_what_cannot_be_connected(club: Club, jira: Double, change: dict[str, str], sentence: str) -> None:
    typed = {**jira.credentials(), **change}
    answer = club.abe.post(f"{club.path}/trackers/new/jira", typed, htmx=False)
    assert answer.status_code == 422
    assert says(answer, sentence)
    assert typed["email"] in answer.text
    assert not typed["token"] or typed["token"] not in answer.text
    with club.app.app_context():
        assert session.query(TrackerConnection).count() == 0


def test_in_a_private_network_it_is_not_asked(club: Club, jira: Double, monkeypatch: pytest.MonkeyPatch) -> None:
    from poker_app import trackers

    monkeypatch.setattr(trackers, "_inside", False)
    asked = len(jira.requests)
    typed = {**jira.credentials(), "address": jira.url.replace("http:", "https:")}
    answer = club.abe.post(f"{club.path}/trackers/new/jira", typed, htmx=False)
    assert (answer.status_code, says(answer, "in a private network")) == (422, True)
    assert len(jira.requests) == asked


def test_testing_and_disconnecting(club: Club, jira: Double) -> None:
    path = connected(club, jira)
    assert club.abe.post(f"{path}/test", htmx=False).status_code == 303
    jira.faults.append(Fault(401, times=9))
    refused = club.abe.post(f"{path}/test", htmx=False)
    assert (refused.status_code, says(refused, "does not take the token any more")) == (409, True)
    assert says(club.abe.get(path), "does not take the token any more")
    jira.faults.clear()
    assert club.abe.get(f"{path}/disconnection").status_code == 200
    answer = club.abe.post(f"{path}/disconnection", htmx=False)
    assert answer.status_code == 303
    assert says(club.abe.get(answer.location), "its token deleted here")
    assert club.abe.get(path).status_code == 404
    assert club.log()[-1].startswith("Abe tracker-disconnected")


# --- bringing issues in


def test_a_sprint_is_brought_in_whole(club: Club, jira: Double) -> None:
    path = connected(club, jira)
    table = club.tim.opens("Sprint 42")
    tracker = f"{table.path}/trackers/{path.rsplit('/', 1)[1]}"
    assert tracker in club.tim.get(f"{table.path}/import").text
    page = club.tim.get(tracker)
    project = re.search(r'<option value="([^"]+)"[^>]*>[^<]*Checkout', page.text)
    assert project
    page = club.tim.get(f"{tracker}?project={project[1]}")
    place = re.search(r'<option value="([^"]+)"[^>]*>[^<]*Sprint 42', page.text)
    assert place
    search = {"project": project[1], "place": place[1]}
    for _ in range(2):  # sent twice, it adds them once
        assert club.tim.post(tracker, {**search, "all": "1"}, htmx=False).status_code == 303
    with club.app.app_context():
        tasks = session.query(Task).filter(Task.deleted_at.is_(None)).order_by(Task.position).all()
        assert [task.title for task in tasks] == [f"Task {number}" for number in range(1, SPRINT + 1)]
        assert session.query(TaskIssue).count() == SPRINT
        assert "**must**" in tasks[0].description


def test_only_teammates_of_the_account_bring_in(club: Club, jira: Double) -> None:
    path = connected(club, jira)
    table = club.tim.opens("Sprint 42")
    tracker = f"{table.path}/trackers/{path.rsplit('/', 1)[1]}"
    guest = club.cast.person("Gus").joins(table)
    assert club.tim.post(f"{table.path}/facilitators", {"member": guest.seat(table).id}).status_code == 200
    asked = len(jira.requests)
    assert guest.get(tracker).status_code == 404
    assert guest.post(tracker, {"words": "Task", "all": "1"}, htmx=False).status_code == 404
    assert "From a tracker" not in guest.get(f"{table.path}/import").text
    assert len(jira.requests) == asked


def test_a_tracker_that_does_not_answer_is_a_sentence(club: Club, jira: Double) -> None:
    path = connected(club, jira)
    table = club.tim.opens("Sprint 42")
    tracker = f"{table.path}/trackers/{path.rsplit('/', 1)[1]}"
    jira.faults.append(Fault(503, times=9))
    assert says(club.tim.get(f"{tracker}?words=Task"), "answers with an error (503)")
    answer = club.tim.post(tracker, {"words": "Task", "issue": "1"}, htmx=False)
    assert (answer.status_code, says(answer, "answers with an error (503)")) == (422, True)
    nothing = club.tim.post(tracker, {"words": "Task"}, htmx=False)
    assert (nothing.status_code, says(nothing, "No issue is ticked")) == (422, True)


# --- writing estimates back


@pytest.mark.parametrize("kind", STANDS)
def test_every_tracker_s_issue_comes_in_and_gets_its_estimate(club: Club, kind: str, clock: Clock) -> None:
    with STANDS[kind]() as tracker:
        path = connected(club, tracker)
        chosen(club, tracker, path, comments="1")
        table = brought_in(club, path)
        finalized(club, table, clock)
        assert tracker.titled("Task 1").estimate in (5, "5")
        assert len(tracker.titled("Task 1").comments) == 1
    kept = issue_of(club)
    assert (kept.state, kept.problem) == ("written", "")
    assert says(club.tim.get(f"{table.path}/tasks/{kept.task_id}"), "the estimate 5 is written.")


def test_an_estimate_is_written_once_undo_is_past(club: Club, jira: Double, clock: Clock) -> None:
    path = connected(club, jira)
    chosen(club, jira, path, comments="1")
    table = brought_in(club, path, "modified-fibonacci")
    club.tim.votes(table, "½")
    club.tim.reveals(table)
    club.tim.finalizes(table, "½", note="Half of it is there")
    settles(club)
    assert jira.titled("Task 1").estimate is None, "undo is at hand still"
    clock.forward(seconds=5)
    with club.app.app_context():
        assert jobs.write_estimates()["estimates written"] == 1
    assert jira.titled("Task 1").estimate == 0.5
    assert len(jira.titled("Task 1").comments) == 1
    assert "Half of it is there" in str(jira.titled("Task 1").comments)
    asked = len(jira.requests)
    settles(club)
    assert len(jira.requests) == asked, "never twice"
    sheet = club.tim.get(f"{table.path}/tasks/{issue_of(club).task_id}").text
    assert "the estimate ½ is written." in sheet


def test_nothing_is_written_where_no_field_was_chosen(club: Club, jira: Double, clock: Clock) -> None:
    table = brought_in(club, connected(club, jira))
    asked = len(jira.requests)
    finalized(club, table, clock)
    assert jira.titled("Task 1").estimate is None
    assert [method for method, _ in jira.requests[asked:] if method != "GET"] == []


def test_at_the_end_of_the_session(club: Club, jira: Double, clock: Clock) -> None:
    path = connected(club, jira)
    chosen(club, jira, path, moment="ended")
    table = brought_in(club, path)
    finalized(club, table, clock)
    assert jira.titled("Task 1").estimate is None
    club.tim.ends(table)
    settles(club)
    assert jira.titled("Task 1").estimate == 5


def test_cards_stand_for_what_the_account_chose(club: Club, jira: Double, clock: Clock) -> None:
    path = connected(club, jira)
    chosen(club, jira, path, mapping="5 = 40\n8 = 64")
    finalized(club, brought_in(club, path), clock)
    assert jira.titled("Task 1").estimate == 40


@pytest.mark.parametrize(
    ("mapping", "sentence"),
    [("5 40", "is not a card and what it stands for"), ("5 = large", "is not a number")],
)
def test_a_mapping_that_cannot_be(club: Club, jira: Double, mapping: str, sentence: str) -> None:
    path = connected(club, jira)
    with pytest.raises(AssertionError, match=sentence):
        chosen(club, jira, path, mapping=mapping)


@pytest.mark.parametrize(
    "fault",
    [Fault(429, headers={"Retry-After": "30"}), Fault(503), Fault(500, after=True)],
    ids=["busy", "down", "answer lost"],
)
def test_a_tracker_that_was_down_has_it_in_the_end(club: Club, jira: Double, clock: Clock, fault: Fault) -> None:
    path = connected(club, jira)
    chosen(club, jira, path)
    table = brought_in(club, path)
    jira.faults.append(Fault(**{**vars(fault), "times": 4}))
    finalized(club, table, clock)
    kept = issue_of(club)
    assert (kept.state, kept.tries) == ("", 1)
    assert says(club.tim.get(f"{table.path}/tasks/{kept.task_id}"), "the estimate waits.")
    asked = len(jira.requests)
    settles(club)
    assert len(jira.requests) == asked, "not before the pause is over"
    for _ in range(6):
        clock.forward(minutes=2)
        settles(club)
    assert (jira.titled("Task 1").estimate, issue_of(club).state) == (5, "written")
    assert len(jira.titled("Task 1").comments) == 0


def test_a_token_that_ended_waits_for_a_new_one(club: Club, jira: Double, clock: Clock) -> None:
    path = connected(club, jira)
    chosen(club, jira, path)
    table = brought_in(club, path)
    jira.faults.append(Fault(401, times=99))
    finalized(club, table, clock)
    assert says(club.abe.get(path), "does not take the token any more")
    jira.faults.clear()
    connected(club, jira)
    settles(club)
    assert jira.titled("Task 1").estimate == 5


def test_who_may_not_write_is_refused_for_good(club: Club, jira: Double, clock: Clock) -> None:
    path = connected(club, jira, READER)
    chosen(club, jira, path)
    table = brought_in(club, path)
    finalized(club, table, clock)
    kept = issue_of(club)
    assert kept.state == "refused"
    sheet = club.tim.get(f"{table.path}/tasks/{kept.task_id}")
    assert says(sheet, "the estimate is not written.")
    connected(club, jira)
    answer = club.tim.post(f"{table.path}/tasks/{kept.task_id}/issue", {"choice": "write"})
    assert answer.status_code == 200
    settles(club)
    assert jira.titled("Task 1").estimate == 5


@pytest.mark.parametrize(("choice", "there"), [("write", 5), ("leave", 13)])
def test_what_was_changed_there_meanwhile_asks(club: Club, jira: Double, clock: Clock, choice: str, there: int) -> None:
    path = connected(club, jira)
    chosen(club, jira, path)
    table = brought_in(club, path)
    jira.edit("Task 1", estimate=13.0)
    finalized(club, table, clock)
    kept = issue_of(club)
    assert (kept.state, jira.titled("Task 1").estimate) == ("conflict", 13)
    sheet = club.tim.get(f"{table.path}/tasks/{kept.task_id}")
    assert says(sheet, "The field was changed in Jira Cloud meanwhile: it has 13 now.")
    assert club.tim.post(f"{table.path}/tasks/{kept.task_id}/issue", {"choice": choice}).status_code == 200
    settles(club)
    clock.forward(hours=2)
    settles(club)
    assert jira.titled("Task 1").estimate == there


def test_an_estimate_that_changes_is_written_again(club: Club, jira: Double, clock: Clock) -> None:
    path = connected(club, jira)
    chosen(club, jira, path)
    table = brought_in(club, path)
    finalized(club, table, clock, "5")
    task_id = issue_of(club).task_id
    assert club.tim.post(f"{table.path}/tasks/{task_id}/reopening").status_code == 200
    assert club.tim.finalizes(table, "8").status_code == 200
    clock.forward(seconds=5)
    settles(club)
    assert jira.titled("Task 1").estimate == 8


def test_a_tracker_that_answers_nonsense_harms_no_other(club: Club, jira: Double, clock: Clock) -> None:
    with STANDS["github"]() as github:
        tables = [brought_in(club, path) for path in (connected(club, github), connected(club, jira))]
        for tracker, path in ((github, connected(club, github)), (jira, connected(club, jira))):
            chosen(club, tracker, path)
        github.faults.append(Fault(429, times=99, headers={"Retry-After": "\xb2"}))
        for table in tables:
            finalized(club, table, clock)
        assert jira.titled("Task 1").estimate == 5


def test_an_older_try_does_not_land_after_a_newer_one(
    club: Club, jira: Double, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = connected(club, jira)
    chosen(club, jira, path)
    table = brought_in(club, path)
    asks = JiraCloud.estimate

    def slowly(tracker: JiraCloud, issue_id: str, field: EstimateField) -> str:
        """While the first try asks, its lease ends, and another one writes."""
        monkeypatch.setattr(JiraCloud, "estimate", asks)
        found = asks(tracker, issue_id, field)
        clock.forward(minutes=3)
        settles(club)
        return found

    club.tim.votes(table, "5")
    club.tim.reveals(table)
    club.tim.finalizes(table, "5")
    clock.forward(seconds=5)
    monkeypatch.setattr(JiraCloud, "estimate", slowly)
    writes = [each for each in jira.requests if each[0] == "PUT"]
    settles(club)
    assert jira.titled("Task 1").estimate == 5
    assert len([each for each in jira.requests if each[0] == "PUT"]) == len(writes) + 1
    assert issue_of(club).state == "written"


# --- keeping tasks true


def test_a_task_has_its_issue_s_text_when_it_comes_to_the_table(club: Club, jira: Double, clock: Clock) -> None:
    path = connected(club, jira)
    chosen(club, jira, path)
    table = brought_in(club, path)
    club.tim.adds(table, "Another")
    jira.edit("Task 1", title="Task 1, said better")
    clock.forward(minutes=1)
    task_id = issue_of(club).task_id
    club.tim.post(f"{table.path}/tasks/{task_id}/skip")
    # What follows a response runs once it is closed.
    club.tim.post(f"{table.path}/tasks/{task_id}/turn").close()
    assert says(club.tim.get(table.path), "Task 1, said better")
    # What was edited here is never overwritten in silence.
    club.tim.post(f"{table.path}/tasks/{task_id}", {"title": "Ours", "key": "", "url": "", "description": ""})
    jira.edit("Task 1, said better", title="Theirs")
    clock.forward(minutes=1)
    club.tim.post(f"{table.path}/tasks/{task_id}/skip")
    club.tim.post(f"{table.path}/tasks/{task_id}/turn").close()
    sheet = club.tim.get(f"{table.path}/tasks/{task_id}")
    assert says(sheet, "Ours")
    assert says(sheet, "Its text was changed in Jira Cloud since, and here too: yours was kept.")
    assert club.tim.post(f"{table.path}/tasks/{task_id}/issue", {"choice": "take"}).status_code == 200
    assert says(club.tim.get(f"{table.path}/tasks/{task_id}"), "Theirs")


def test_a_deleted_issue_says_so(club: Club, jira: Double, clock: Clock) -> None:
    path = connected(club, jira)
    table = brought_in(club, path)
    jira.delete("Task 1")
    clock.forward(minutes=1)
    task_id = issue_of(club).task_id
    club.tim.adds(table, "Another").close()
    assert says(club.tim.get(f"{table.path}/tasks/{task_id}"), "It was deleted in Jira Cloud, or moved.")
    assert says(club.tim.get(table.path), "Task 1")


def test_pauses_grow_and_heed_the_tracker() -> None:
    down = Unreachable("down")
    pauses = [write_back.pause(tries, down) for tries in (1, 2, 3, 30)]
    assert pauses == [timedelta(seconds=5), timedelta(seconds=10), timedelta(seconds=20), timedelta(hours=1)]
    assert write_back.pause(1, Busy("busy", 90)) == timedelta(seconds=91)
    assert write_back.pause(1, Busy("busy", 10**9)) == timedelta(days=1)
    assert write_back.pause(1, Unauthorized("no")) == timedelta(hours=1)
