"""A session's room: its page and fragments, joining, options, and the end."""

import re

import pytest

from poker_app.db import session
from poker_app.poker.models import Member
from poker_app.web.http import shared_fragments
from tests.cast import HTMX
from tests.web.route_checks import ENDED, STRANGER, Litany, Route, says
from tests.world.pages import Scene


class TestSessions(Litany):
    routes = {
        "end": Route("ending", leads_to="{room}", role=("ben", "Only a facilitator may end the session."), moments=()),
    }


# --- the room


def test_the_room_holds_every_fragment(scene: Scene) -> None:
    scene.ben.votes(scene.table, "5")
    for person in (scene.ada, scene.ben, scene.cleo):
        page = person.get(scene.table.path)
        assert page.status_code == 200
        for fragment in ("vote-table", "task", "backlog", "actions", "notice"):
            assert page.text.count(f'id="{fragment}"') == 1
    assert "hand-hint" not in scene.cleo.get(scene.table.path).text


def test_the_page_and_the_route_are_one_rendering(scene: Scene) -> None:
    page = scene.ada.get(scene.table.path).text
    for name in ("vote-table", "task", "backlog", "actions"):
        fragment = scene.ada.get(f"{scene.table.path}/{name}", headers=HTMX).text
        assert fragment.strip() in page, name


def test_a_name_from_the_right_and_a_long_word_keep_to_themselves(scene: Scene) -> None:
    for name in ("דנה 7", "W" * 21):
        scene.cast.person(name).joins(scene.table, role="spectator")
    long, hebrew = "<bdi>" + "W" * 21 + "</bdi>", "<bdi>דנה 7</bdi>"
    page = scene.ada.get(scene.table.path).text
    assert f"Watching: Cleo, {hebrew}, {long}" in page


def test_who_is_alone_is_asked_to_invite(scene: Scene) -> None:
    table = scene.mallory.opens("Sprint 43")
    for people in (1, 2):
        assert says(scene.mallory.get(table.path), "Nobody else is here yet.") == (people == 1)
        scene.ben.joins(table)


def test_a_stranger_is_led_to_the_way_in(scene: Scene) -> None:
    answer = scene.mallory.get(scene.table.path)
    assert (answer.status_code, answer.location) == (303, f"{scene.table.path}/join")
    assert says(scene.mallory.get(answer.location), "Checkout team")
    assert scene.mallory.get("/sessions/nonsense").location == "/sessions/nonsense/join"
    assert scene.mallory.get("/sessions/nonsense/join").status_code == 404


def test_the_invitation(scene: Scene) -> None:
    page = scene.ada.get(scene.table.path).text
    code = scene.table.row.code
    assert f'value="http://localhost{scene.table.path}"' in page
    assert f"{code[:3]}-{code[3:]}" in page
    assert "<svg" in page
    answer = scene.mallory.get(f"/j/{code[:3]}-{code[3:]}")
    assert (answer.status_code, answer.location) == (303, scene.table.path)


def test_an_ended_session_shows_its_summary_to_members_and_its_end_to_others(scene: Scene) -> None:
    scene.ada.ends(scene.table)
    assert says(scene.ben.get(scene.table.path), "Ada ended the session")
    over = scene.mallory.get(f"{scene.table.path}/join")
    assert (over.status_code, says(over, "This session has ended")) == (200, True)
    answer = scene.mallory.post(f"{scene.table.path}/members", {"member_name": "M", "role": "voter"}, htmx=False)
    assert (answer.status_code, says(answer, ENDED)) == (409, True)
    assert scene.ada.ends(scene.table).status_code == 200


# --- the fragments and their tags


@pytest.mark.parametrize("name", ["vote-table", "task", "backlog"])
def test_a_known_fragment_is_not_sent_again(scene: Scene, name: str) -> None:
    path = f"{scene.table.path}/{name}"
    first = scene.ben.get(path)
    tag = first.headers["ETag"]
    assert (first.status_code, first.mimetype) == (200, "text/html")
    assert f'id="{name}"' in first.text
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = scene.ben.get(path, headers={"If-None-Match": tag})
    assert (again.status_code, again.text, again.headers["ETag"]) == (304, "", tag)
    assert "Content-Security-Policy" in again.headers
    assert scene.ada.get(path).headers["ETag"] == tag
    assert scene.ben.get(path, headers={"If-None-Match": '"other"'}).status_code == 200
    scene.ada.adds(scene.table, "Three")
    changed = scene.ben.get(path, headers={"If-None-Match": tag})
    assert (changed.status_code, changed.headers["ETag"] != tag) == (200, True)
    stranger = scene.mallory.get(path, headers={"If-None-Match": changed.headers["ETag"]})
    assert (stranger.status_code, says(stranger, STRANGER)) == (404, True)


def test_a_vote_changes_the_table_s_tag_and_not_the_tasks(scene: Scene) -> None:
    tags = {
        name: scene.ada.get(f"{scene.table.path}/{name}").headers["ETag"] for name in ("vote-table", "task", "backlog")
    }
    scene.ben.votes(scene.table, "5")
    answers = {
        name: scene.ada.get(f"{scene.table.path}/{name}", headers={"If-None-Match": tag}).status_code
        for name, tag in tags.items()
    }
    assert answers == {"vote-table": 200, "task": 304, "backlog": 304}


def test_actions_are_the_viewer_s_own(scene: Scene) -> None:
    path = f"{scene.table.path}/actions"
    ada, ben, cleo = (person.get(path, headers=HTMX).text for person in (scene.ada, scene.ben, scene.cleo))
    assert 'id="reveal"' in ada
    assert 'id="reveal"' not in ben
    assert 'id="hand"' in ben
    assert 'id="hand"' not in cleo
    assert scene.ben.get(path).location == scene.table.path


def test_asking_for_the_table_sweeps_it(scene: Scene, clock) -> None:  # type: ignore[no-untyped-def]
    with scene.app.app_context():
        for member in session.query(Member):
            member.seen_at = clock.now()
        session.commit()
    clock.forward(seconds=91)
    assert 'data-state="away"' in scene.ada.get(f"{scene.table.path}/vote-table").text
    assert scene.ben.seat(scene.table).away_since is not None
    assert scene.ada.seat(scene.table).away_since is None


# --- whose page it is


def test_every_answer_to_a_member_names_them(scene: Scene) -> None:
    """So that a page whose cookies changed in another tab knows."""
    for path in ("/vote-table", "/actions", "/people"):
        assert scene.ben.get(scene.table.path + path).headers["X-Member"] == scene.ids["ben"], path
    known = scene.ben.get(f"{scene.table.path}/task")
    unchanged = scene.ben.get(f"{scene.table.path}/task", headers={"If-None-Match": known.headers["ETag"]})
    assert (unchanged.status_code, unchanged.headers["X-Member"]) == (304, scene.ids["ben"])
    late = scene.ben.votes(scene.table, "5", "another round")
    assert (late.status_code, late.headers["X-Member"]) == (409, scene.ids["ben"])
    for answer in (scene.mallory.get(f"{scene.table.path}/vote-table"), scene.mallory.votes(scene.table, "5")):
        assert (answer.status_code, "X-Member" in answer.headers) == (404, False)


def test_the_way_in_says_that_the_cookie_is_gone(scene: Scene) -> None:
    before, lost = scene.rows(), f"{scene.table.path}/join?was={scene.ids['ben']}"
    page = scene.mallory.get(lost)
    assert says(page, "Your session expired.")
    assert 'name="member_name" value="Ben"' in page.text
    # It gives nothing back.
    assert scene.mallory.get(f"{scene.table.path}/vote-table").status_code == 404
    assert scene.rows() == before
    # Nor is it said to a member, or of nobody, of a removed member or of another session's.
    assert scene.ben.get(lost).location == scene.table.path
    elsewhere = scene.cast.gus.opens("Another")
    for was in ("", "nonsense", "%00", "é", "x" * 5000, scene.cast.gus.seat(elsewhere).id):
        page = scene.mallory.get(f"{scene.table.path}/join?was={was}")
        assert (page.status_code, says(page, "Your session expired.")) == (200, False), was
    scene.ada.post(f"{scene.table.path}/members/{scene.ids['ben']}/removal")
    assert not says(scene.mallory.get(lost), "Your session expired.")


# --- joining


def test_taking_a_seat(scene: Scene) -> None:
    scene.mallory.get(f"{scene.table.path}/join")
    form = {"member_name": "Mallory", "role": "spectator"}
    answer = scene.mallory.post(f"{scene.table.path}/members", form, htmx=False)
    assert (answer.status_code, answer.location) == (303, scene.table.path)
    assert scene.mallory.seat(scene.table).role == "spectator"
    assert scene.mallory.get(f"{scene.table.path}/join").location == scene.table.path


def test_sending_the_form_twice_takes_one_seat(scene: Scene) -> None:
    """Even from a browser that was never here before, which has no answer to the first one yet."""
    scene.mallory.browser.get(f"{scene.table.path}/join")
    before = scene.mallory.browser.get_cookie("guest")
    for _ in range(2):
        scene.mallory.joins(scene.table)
    assert before
    assert scene.mallory.browser.get_cookie("guest").value == before.value  # type: ignore[union-attr]
    with scene.app.app_context():
        assert session.query(Member).where(Member.name.startswith("Mallory")).count() == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"member_name": ""}, "Enter your name."),
        ({"member_name": "x" * 10_000}, "A name has at most 40 characters; this one has 10000."),
        ({"role": ""}, "Choose whether you vote or watch."),
        ({"role": "facilitator"}, "Choose whether you vote or watch."),
    ],
)
def test_a_seat_that_cannot_be_taken(scene: Scene, wrong: dict[str, str], sentence: str) -> None:
    before = scene.rows()
    form = {"member_name": "Mallory", "role": "voter", **wrong}
    answer = scene.mallory.post(f"{scene.table.path}/members", form, htmx=False)
    assert (answer.status_code, says(answer, sentence)) == (422, True)
    assert scene.rows() == before


def test_a_taken_name_is_told_apart(scene: Scene) -> None:
    scene.cast.person("Ben").joins(scene.table)
    assert "Ben 2" in scene.ada.get(f"{scene.table.path}/vote-table").text


# --- options

OPTIONS = {"name": "New name", "anyone_reveals": "1", "timer_minutes": "2"}


def test_options_are_for_facilitators(scene: Scene) -> None:
    path = f"{scene.table.path}/options"
    assert says(scene.ada.get(path), "Session options")
    for person, status in ((scene.ben, 403), (scene.cleo, 403), (scene.mallory, 404)):
        assert person.get(path).status_code == status
        assert person.post(path, OPTIONS, htmx=False).status_code == status
    assert scene.table.row.name == "Checkout team"


def test_options_are_changed(scene: Scene) -> None:
    answer = scene.ada.post(f"{scene.table.path}/options", OPTIONS, htmx=False)
    assert (answer.status_code, answer.location) == (303, scene.table.path)
    row = scene.table.row
    assert (row.name, row.anyone_reveals, row.auto_reveal, row.timer_length) == ("New name", True, False, 120)
    scene.ben.votes(scene.table, "5")
    assert 'id="reveal"' in scene.ben.get(scene.table.path).text
    assert scene.ben.reveals(scene.table).status_code == 200
    scene.ada.ends(scene.table)
    late = scene.ada.post(f"{scene.table.path}/options", OPTIONS, htmx=False)
    assert (late.status_code, says(late, ENDED)) == (409, True)


def test_names_stay_hidden_in_a_round_that_was_played_with_them_hidden(scene: Scene) -> None:
    path, said = f"{scene.table.path}/options", "Anonymous votes: cards are shown without names"
    assert says(scene.ada.post(path, OPTIONS | {"names_hidden": "1"}), said)
    scene.ben.votes(scene.table, "5")
    answer = scene.ada.post(path, OPTIONS)
    assert says(answer, "Options saved. Names stay hidden in this round: cards were played in it.")
    assert says(answer, said)
    scene.ada.reveals(scene.table)
    assert says(scene.cleo.get(f"{scene.table.path}/vote-table"), said)
    scene.ada.calls_another_vote(scene.table)
    assert not says(scene.cleo.get(f"{scene.table.path}/vote-table"), said)


def test_the_table_says_who_facilitates_and_what_was_saved_last(scene: Scene) -> None:
    def told() -> list[str]:
        table = scene.cleo.get(f"{scene.table.path}/vote-table").text
        return re.findall(r'data-(?:leads|newest-estimate)="([^"]+)"', table)

    assert told() == ["Ada is facilitating now."]
    scene.ben.votes(scene.table, "5")
    scene.ada.reveals(scene.table)
    scene.ada.finalizes(scene.table, "5")
    scene.ada.post(f"{scene.table.path}/facilitators", {"member": scene.ids["ben"]})
    assert told() == ["Ada and Ben are facilitating now.", "Estimate 5 saved for One."]
    for person in (scene.ada, scene.ben):
        person.post(f"{scene.table.path}/me/departure")
    assert told()[0] == "Nobody is facilitating now."


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"name": ""}, "Give the session a name, so that people know they are in the right place."),
        ({"name": "x" * 10_000}, "A session's name has at most 120 characters; this one has 10000."),
        ({"timer_minutes": "soon"}, "The timer's length is a number of minutes."),
        ({"timer_minutes": "90"}, "A timer runs from 10 seconds to 60 minutes."),
    ],
)
def test_options_that_cannot_be(scene: Scene, wrong: dict[str, str], sentence: str) -> None:
    before = scene.rows()
    answer = scene.ada.post(f"{scene.table.path}/options", {**OPTIONS, **wrong}, htmx=False)
    assert (answer.status_code, says(answer, sentence)) == (422, True)
    assert scene.rows() == before


def test_a_version_of_the_table_is_rendered_once(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[int] = []
    draw = shared_fragments.vote_table
    monkeypatch.setattr(shared_fragments, "vote_table", lambda table: (drawn.append(table.version), draw(table))[1])
    answers = [who.get(f"{scene.table.path}/vote-table").text for who in (scene.ada, scene.ben, scene.ada)]
    assert answers[0] == answers[1] == answers[2]
    assert len(drawn) <= 1
    scene.ben.votes(scene.table, "5")
    assert scene.ada.get(f"{scene.table.path}/vote-table").text != answers[0]
    assert len(set(drawn)) == len(drawn)
