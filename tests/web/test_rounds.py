"""Votes, the reveal, the next round, the estimate."""

import re

import pytest

from poker_app.rules.session.undo import GONE_ON
from tests.cast import FROM_OUR_PAGE, HTMX
from tests.web.route_checks import ENDED, Litany, Route, regions, says
from tests.world.pages import Scene

WITH_UNDO = frozenset({"vote-table", "task", "backlog", "actions", "notice"})
OVER = "That round is over. The table shows where we are now."
FACE_UP = "The cards are already face up."


def ends(scene: Scene) -> None:
    scene.ada.ends(scene.table)


def voted(scene: Scene) -> None:
    scene.ben.votes(scene.table, "5")


def revealed(scene: Scene) -> None:
    voted(scene)
    scene.ada.reveals(scene.table)


def reveal(scene: Scene) -> None:
    scene.ada.votes(scene.table, "8")
    scene.ada.reveals(scene.table)


def next_round(scene: Scene) -> None:
    reveal(scene)
    scene.ada.calls_another_vote(scene.table)


def restarted(scene: Scene) -> None:
    voted(scene)
    scene.ada.calls_another_vote(scene.table)


class TestRounds(Litany):
    routes = {
        "vote": Route(
            "votes",
            {"round": "{round}", "card": "5"},
            by="ben",
            regions=frozenset({"hand-hint", "vote-table"}),
            role=("cleo", "You are watching. Start voting to vote."),
            moments=((ends, ENDED), (reveal, FACE_UP), (next_round, OVER)),
            wrong=tuple(({"card": card}, "That card is not in this deck.") for card in ("4", "", "5" * 10_000)),
        ),
        "take back": Route(
            "votes/retraction",
            {"round": "{round}"},
            by="ben",
            before=voted,
            regions=frozenset({"hand-hint", "vote-table"}),
            role=("cleo", "You are watching. Start voting to vote."),
            moments=((ends, ENDED), (reveal, FACE_UP), (next_round, OVER)),
        ),
        "reveal": Route(
            "reveal",
            {"round": "{round}"},
            before=voted,
            role=("ben", "Only a facilitator may reveal the cards here."),
            moments=(
                (ends, ENDED),
                (next_round, OVER),
                (lambda scene: scene.ben.retracts(scene.table), "Nobody has voted yet."),
            ),
        ),
        "vote again": Route(
            "rounds",
            {"round": "{round}"},
            before=revealed,
            role=("ben", "Only a facilitator may call another vote here."),
            moments=((ends, ENDED), (lambda scene: scene.ada.calls_another_vote(scene.table), OVER)),
        ),
        "restart": Route(
            "rounds",
            {"round": "{round}"},
            before=voted,
            regions=WITH_UNDO,
            role=("ben", "Only a facilitator may clear the cards before the reveal."),
            moments=((ends, ENDED), (next_round, OVER)),
        ),
        "finalize": Route(
            "tasks/{task}/estimate",
            {"estimate": "5", "note": "sure"},
            before=revealed,
            regions=WITH_UNDO,
            role=("ben", "Only a facilitator may finalize an estimate."),
            moments=(
                (ends, ENDED),
                (lambda scene: scene.ada.finalizes(scene.table, "8"), "The table has moved on to another task."),
                (
                    lambda scene: scene.ada.calls_another_vote(scene.table),
                    "Reveal the cards before you finalize an estimate.",
                ),
            ),
            wrong=(
                ({"estimate": "?"}, "An estimate is a card of the deck that counts."),
                ({"estimate": ""}, "An estimate is a card of the deck that counts."),
                ({"note": "x" * 501}, "A note has at most 500 characters; this one has 501."),
            ),
        ),
        "undo": Route(
            "changes/{undo}/undoing",
            before=restarted,
            regions=WITH_UNDO,
            role=("ben", "Only a facilitator may undo this."),
            moments=(
                (ends, ENDED),
                (lambda scene: scene.ada.adds(scene.table, "Three"), GONE_ON),
                (lambda scene: scene.ada.post(scene.fill("{room}/changes/{undo}/undoing")), GONE_ON),
                (reveal, "The cards of the new vote are face up, so the one before does not come back."),
            ),
        ),
    }


def test_a_vote_shows_the_voter_the_card_and_nobody_else(scene: Scene) -> None:
    # First the cup: a number might stand in one of the ids too.
    assert says(scene.ben.votes(scene.table, "☕"), "You picked “☕” (break).")
    table = scene.ada.get(f"{scene.table.path}/vote-table").text
    assert "1 of 2 have voted" in table
    assert not [sign for sign in ("☕", "Break") if sign in table]
    assert says(scene.ben.votes(scene.table, "13"), "You picked 13")
    scene.ada.reveals(scene.table)
    assert "One vote, 13" in scene.cleo.get(f"{scene.table.path}/vote-table").text


def test_a_late_vote_gets_the_table_as_it_is_now(scene: Scene) -> None:
    stale = scene.table.round
    next_round(scene)
    answer = scene.ben.votes(scene.table, "5", stale)
    assert answer.status_code == 409
    assert f'data-round="{scene.table.round}"' in answer.text
    assert stale not in answer.text


def test_a_vote_without_a_round(scene: Scene) -> None:
    answer = scene.ben.post(f"{scene.table.path}/votes", {"card": "5"})
    assert answer.status_code == 409
    assert says(answer, OVER)


@pytest.mark.parametrize(
    ("path", "form", "sentence"),
    [
        ("tasks/{task}/estimate", {"estimate": "5"}, "Estimate 5 saved."),
        ("tasks/{task}/skip", {}, "On to the next task."),
        ("rounds", {"round": "{round}"}, "Vote restarted."),
        ("tasks", {"tasks": "Three\nFour"}, "2 tasks added."),
    ],
)
def test_what_cannot_be_taken_back_otherwise_is_undone_from_its_notice(
    scene: Scene, path: str, form: dict[str, str], sentence: str
) -> None:
    def shown() -> list[str]:
        regions = [scene.cleo.get(f"{scene.table.path}/{name}").text for name in ("task", "backlog", "vote-table")]
        return [re.sub(r'data-(version|tasks-version|agenda)="\d+"', "", region) for region in regions]

    voted(scene)
    if "estimate" in form:
        scene.ada.reveals(scene.table)
    before = shown()
    fields = {name: scene.fill(text) for name, text in form.items()}
    answer = scene.ada.post(f"{scene.table.path}/{scene.fill(path)}", fields)
    assert says(answer, sentence)
    assert shown() != before
    [undo] = re.findall(r'action="(\S+/undoing)"', answer.text)
    assert says(scene.ada.post(undo), "Undone.")
    assert shown() == before
    assert says(scene.ben.get(scene.table.path), "You picked 5.")


@pytest.mark.parametrize("what", ["estimate", "skip"])
def test_what_names_a_round_that_is_over_does_nothing_in_the_next(scene: Scene, what: str) -> None:
    """It waited in the network while the table voted again."""
    reveal(scene)
    form = {"round": scene.table.round, "estimate": "8"}
    scene.ada.calls_another_vote(scene.table)
    reveal(scene)
    before = scene.rows()
    answer = scene.ada.post(f"{scene.table.path}/tasks/{scene.task}/{what}", form)
    assert answer.status_code == 409
    assert says(answer, OVER)
    assert scene.rows() == before
    form["round"] = scene.table.round
    assert scene.ada.post(f"{scene.table.path}/tasks/{scene.task}/{what}", form).status_code == 200
    assert scene.table.task != scene.task


@pytest.mark.parametrize(
    ("voters", "sentence"),
    [
        (1, "Ben moved from 3 to not sure"),
        (3, "3 moved: Ben from 3 to not sure, <bdi>דורה</bdi> from 3 to not sure, Emil from 3 to not sure"),
        (8, "Hana from 3 to not sure, and 2 more"),
    ],
)
def test_who_moved_between_two_reveals_is_said_and_read_aloud(scene: Scene, voters: int, sentence: str) -> None:
    others = [scene.cast.person(name) for name in ("דורה", "Emil", "Fay", "Gil", "Hana", "Ira", "Jon")]
    for each in others[: voters - 1]:
        each.joins(scene.table)
    for card in ("3", "?"):
        for each in (scene.ben, *others[: voters - 1]):
            each.votes(scene.table, card)
        table = scene.cleo.get(f"{scene.table.path}/vote-table").text
        assert "from 3" not in table
        scene.ada.reveals(scene.table)
        table = scene.cleo.get(f"{scene.table.path}/vote-table").text
        assert ("from 3" in table) == (card == "?")
        if card == "3":
            scene.ada.calls_another_vote(scene.table)
    assert f"{sentence}</li>" in table
    [aloud] = re.findall(r'data-say="([^"]*)"', table)
    assert aloud.endswith(f"{re.sub('<.*?>', '', sentence)}.")


def test_an_estimate_that_is_saved_is_not_asked_for_again(scene: Scene) -> None:
    for _ in range(2):  # after the last task the cards stay on the table
        for each in (scene.ada, scene.ben):
            each.votes(scene.table, "5")
        scene.ada.reveals(scene.table)
        assert says(scene.ada.get(scene.table.path), "Save it and move on.")
        scene.ada.finalizes(scene.table, "5")
    page = scene.ben.get(scene.table.path)
    assert (says(page, "Estimate 5 saved."), says(page, "Save it and move on")) == (True, False)


def test_a_doubled_reveal_is_as_good_as_one(scene: Scene) -> None:
    revealed(scene)
    version = scene.table.row.version
    assert scene.ada.reveals(scene.table).status_code == 200
    assert scene.table.row.version == version


def test_at_a_large_table_the_answer_to_a_vote_is_short(scene: Scene) -> None:
    """Whoever has a socket sees the table in the event that everybody gets."""
    for number in range(11):
        scene.cast.person(f"Voter {number}").joins(scene.table)
    form = {"round": scene.table.round, "card": "5"}
    path = f"{scene.table.path}/votes"
    headers = {**HTMX, **FROM_OUR_PAGE, "X-Socket-Id": "1.2"}
    with_socket = scene.ben.browser.post(path, data=form, headers=headers)
    assert regions(with_socket) == {"hand-hint"}
    assert regions(scene.ben.votes(scene.table, "5")) == {"hand-hint", "vote-table"}


# --- what a vote is answered with


def test_a_vote_is_answered_with_the_table(scene: Scene) -> None:
    answer = scene.ben.votes(scene.table, "5")
    assert 'id="hand-hint"' in answer.text
    assert 'id="vote-table"' in answer.text


def test_who_hears_the_event_is_answered_without_the_table_and_not_left_out(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    left_out: list[str | None] = []
    monkeypatch.setattr("poker_app.realtime.is_subscribed", lambda channel, socket: socket == "1.2")
    monkeypatch.setattr("poker_app.realtime.publish", lambda *sent: left_out.append(sent[3]) or True)
    for socket in ("1.2", "3.4"):
        scene.ben.browser.environ_base["HTTP_X_SOCKET_ID"] = socket
        answer = scene.ben.votes(scene.table, "5")
        assert 'id="hand-hint"' in answer.text
        assert ('id="vote-table"' in answer.text) == (socket == "3.4")
    assert left_out == [None, "3.4"]
