"""The backlog, and which task the table is on."""

import pytest

from poker_app.db import session
from poker_app.poker.models import Round, Task, Vote
from poker_app.poker.round import task_editing, tasks, voting
from poker_app.poker.session import lifecycle
from tests.cast import Clock
from tests.world.actions import Room

ENDED = "The session has ended."
NOT_HERE = "That task is not in this session."


@pytest.fixture
def four(room: Room) -> Room:
    tasks.add_tasks(room.ada, "One\nTwo\nThree\nFour")
    return room


# --- adding


def test_a_session_starts_with_an_untitled_task(room: Room) -> None:
    assert room.backlog() == [""]
    assert (room.round.number, room.revealed) == (1, False)


def test_the_first_task_takes_the_place_of_the_untitled_one(room: Room) -> None:
    untitled = room.task
    with room.announces("tasks-changed"):
        added = tasks.add_tasks(room.ada, "PAY-318 Refund a card payment\nhttps://tracker.example/browse/PAY-7").tasks
    assert (added[0].key, added[0].title) == ("PAY-318", "Refund a card payment")
    assert (added[1].key, added[1].url) == ("PAY-7", "https://tracker.example/browse/PAY-7")
    assert untitled.deleted_at is not None
    assert room.task.id == added[0].id
    assert room.table.tasks_version == room.table.version


def test_an_untitled_task_that_was_voted_on_stays(room: Room) -> None:
    room.plays(room.ben, "5")
    untitled, current = room.task, room.round.id
    tasks.add_tasks(room.ada, "One")
    assert room.task is untitled
    assert room.round.id == current
    assert room.cards() == {"Ben": "5"}
    assert room.backlog() == ["", "One"]


def test_tasks_stay_in_the_order_they_were_added(room: Room) -> None:
    for title in "ABCDEFGHIJ":
        tasks.add_tasks(room.ada, title)
    assert room.backlog() == list("ABCDEFGHIJ")
    assert room.task.title == "A"


def test_a_task_added_after_a_deletion_comes_last(four: Room) -> None:
    tasks.delete_task(four.ada, four.titled("Two").id)
    for title in "ABCDEF":
        tasks.add_tasks(four.ada, title)
    assert four.backlog() == ["One", "Three", "Four", *"ABCDEF"]


def test_nothing_to_add(room: Room) -> None:
    with room.refused(422, "There is no task in this list. Write one a line."):
        tasks.add_tasks(room.ada, " \n---\n")


def test_a_backlog_has_an_end(four: Room) -> None:
    tasks.add_tasks(four.ada, "\n".join(f"Task {number}" for number in range(200)))
    tasks.add_tasks(four.ada, "\n".join(f"Task {number}" for number in range(200)))
    with four.refused(422, "A session holds at most 500 tasks."):
        tasks.add_tasks(four.ada, "\n".join(f"Task {number}" for number in range(97)))
    tasks.add_tasks(four.ada, "\n".join(f"Task {number}" for number in range(96)))
    assert len(four.backlog()) == 500


# --- who, when, and whose


VERBS = {
    "edit tasks": lambda member, task: task_editing.edit_task(
        member, task, title="New", key="", url="", description=""
    ),
    "reorder tasks": lambda member, task: tasks.move_task(member, task, 2),
    "delete tasks": tasks.delete_task,
    "restore tasks": tasks.restore_task,
    "skip a task": tasks.skip_task,
    "choose the task": tasks.select_task,
    "reopen a task": tasks.reopen_task,
}


@pytest.mark.parametrize("what", ["add tasks", *VERBS])
def test_only_facilitators_keep_the_backlog(four: Room, what: str) -> None:
    verb = VERBS.get(what, lambda member, task: tasks.add_tasks(member, "Five"))
    for member in (four.ben, four.cleo):
        with four.refused(403, f"Only a facilitator may {what}."):
            verb(member, four.task.id)
    lifecycle.end_session(four.ada)
    with four.refused(409, ENDED):
        verb(four.ada, four.task.id)


@pytest.mark.parametrize("what", list(VERBS))
def test_another_session_s_task_is_not_there(four: Room, what: str) -> None:
    other = Room(four.announced)
    for task_id in (other.task.id, "nonsense", ""):
        with four.refused(404, NOT_HERE):
            VERBS[what](four.ada, task_id)


# --- editing


def test_a_task_is_edited(four: Room) -> None:
    with four.announces("tasks-changed"):
        task_editing.edit_task(
            four.ada,
            four.titled("Two").id,
            title="  Two \n and a half ",
            key=" PAY-2 ",
            url=" https://tracker.example/PAY-2 ",
            description="First line\r\nsecond line\n",
        )
    task = four.titled("Two and a half")
    assert (task.key, task.url) == ("PAY-2", "https://tracker.example/PAY-2")
    assert task.description == "First line\nsecond line"
    assert four.backlog()[1] == "Two and a half"


def test_the_other_fields_of_a_task(four: Room) -> None:
    two = four.titled("Two")
    fields = {"type": " Bug\n", "priority": "High", "labels": "web; login,\nweb", "parent": "PAY-9 Cards"}
    task_editing.edit_task(four.ada, two.id, **fields, acceptance="- it works\r\n- fast\n")
    assert (two.type, two.priority, two.labels, two.parent) == ("Bug", "High", "web, login", "PAY-9 Cards")
    assert (two.title, two.acceptance) == ("Two", "- it works\n- fast")

    # one changes the labels while another changes the criteria, and then both the same
    opened = task_editing.shown(two)
    same = {"labels": "web, login", "acceptance": "- it works\n- fast"}
    task_editing.edit_task(four.ada, two.id, **{**same, "labels": "web"}, before=opened)
    task_editing.edit_task(four.ada, two.id, **{**same, "acceptance": "It works"}, before=opened)
    assert (two.labels, two.acceptance) == ("web", "It works")
    with four.refused(409, "Somebody else changed the list of labels meanwhile. Save again to keep yours instead."):
        task_editing.edit_task(four.ada, two.id, **{**same, "labels": "app"}, before=opened)


def test_a_deleted_task_is_not_edited(four: Room) -> None:
    two = four.titled("Two").id
    tasks.delete_task(four.ada, two)
    with four.refused(409, "That task was deleted."):
        task_editing.edit_task(four.ada, two, title="Other", key="", url="", description="")


def test_two_who_edit_a_task_at_once(four: Room) -> None:
    two = four.titled("Two")
    opened = task_editing.shown(two)
    said = {"title": "Two", "key": "", "url": "", "description": ""}
    task_editing.edit_task(four.ada, two.id, **{**said, "description": "When paid"}, before=opened)
    task_editing.edit_task(four.ada, two.id, **{**said, "title": "Two, corrected"}, before=opened)
    assert (two.title, two.description) == ("Two, corrected", "When paid")

    # what both changed is whose who saves again
    sentence = "Somebody else changed the description meanwhile. Save again to keep yours instead."
    mine = {**said, "key": "PAY-2", "description": "When sent"}
    with four.refused(409, sentence):
        task_editing.edit_task(four.ada, two.id, **mine, before=opened)
    task_editing.edit_task(four.ada, two.id, **mine, before=task_editing.shown(two))
    assert (two.title, two.key, two.description) == ("Two", "PAY-2", "When sent")

    # the same text from both is no clash, and what is no such thing was never shown
    task_editing.edit_task(four.ada, two.id, **mine, before=opened)
    for nonsense in ("x", ".", "a.b.c.d"):
        with pytest.raises(task_editing.Clash):
            task_editing.edit_task(four.ada, two.id, **said, before=nonsense)


def test_a_form_that_was_filled_in_for_another_task(four: Room) -> None:
    one, two = four.titled("One"), four.titled("Two")
    said = {"title": "Two", "key": "PAY-1", "url": "", "description": ""}
    sentence = "This form was filled in for another task, so nothing was saved. Open the task again."
    for before in (task_editing.shown(one), ".".join("abcdefghijk")):
        with four.refused(409, sentence):
            task_editing.edit_task(four.ada, two.id, **said, before=before)
    assert (two.title, two.key) == ("Two", "")
    # a form of before the id was in it
    task_editing.edit_task(four.ada, two.id, **said, before=task_editing.shown(two).rsplit(".", 1)[0])
    assert two.key == "PAY-1"


@pytest.mark.parametrize(
    ("field", "text", "sentence"),
    [
        ("title", "", "Give the task a title."),
        ("title", " \t ", "Give the task a title."),
        ("title", "x" * 10_000, "The title has at most 255 characters; this one has 10000."),
        ("title", "\0\u202e", "Give the task a title."),
        ("key", "x" * 41, "The key has at most 40 characters; this one has 41."),
        ("url", "https://" + "x" * 1993, "The link has at most 2000 characters; this one has 2001."),
        ("url", "javascript:alert(1)", "A task's link begins with https:// or http://."),
        ("url", "tracker.example/1", "A task's link begins with https:// or http://."),
        ("description", "x" * 10_001, "The description has at most 10000 characters; this one has 10001."),
        ("type", "x" * 61, "The type has at most 60 characters; this one has 61."),
        ("priority", "x" * 61, "The priority has at most 60 characters; this one has 61."),
        ("parent", "x" * 301, "The parent has at most 300 characters; this one has 301."),
        ("labels", "x" * 61, "A task has at most 20 labels of 60 characters each."),
        ("labels", ",".join(map(str, range(21))), "A task has at most 20 labels of 60 characters each."),
        (
            "acceptance",
            "x" * 5_001,
            "The list of acceptance criteria has at most 5000 characters; this one has 5001.",
        ),
    ],
)
def test_what_a_task_cannot_say(four: Room, field: str, text: str, sentence: str) -> None:
    with four.refused(422, sentence):
        task_editing.edit_task(
            four.ada, four.task.id, **{"title": "T", "key": "", "url": "", "description": "", field: text}
        )


# --- order


@pytest.mark.parametrize(
    ("to", "order"),
    [
        (0, ["Two", "One", "Three", "Four"]),
        (1, ["One", "Two", "Three", "Four"]),
        (2, ["One", "Three", "Two", "Four"]),
        (3, ["One", "Three", "Four", "Two"]),
        (4, ["One", "Three", "Four", "Two"]),
        (10_000, ["One", "Three", "Four", "Two"]),
        (-1, ["Two", "One", "Three", "Four"]),
    ],
)
def test_a_task_is_moved_within_the_backlog(four: Room, to: int, order: list[str]) -> None:
    with four.announces("tasks-changed"):
        tasks.move_task(four.ada, four.titled("Two").id, to)
    assert four.backlog() == order
    assert four.task.title == "One"


def test_a_deleted_task_is_not_moved(four: Room) -> None:
    two = four.titled("Two")
    tasks.delete_task(four.ada, two.id)
    for verb in (lambda: tasks.move_task(four.ada, two.id, 0), lambda: tasks.select_task(four.ada, two.id)):
        with four.refused(409, "That task was deleted."):
            verb()
    with four.refused(409, "That task was deleted."):
        tasks.reopen_task(four.ada, two.id)


# --- deleting and undoing


def test_a_deleted_task_comes_back_to_its_place(four: Room) -> None:
    two = four.titled("Two")
    with four.announces("tasks-changed"):
        tasks.delete_task(four.ada, two.id)
    assert four.backlog() == ["One", "Three", "Four"]
    with four.nothing_happens():
        tasks.delete_task(four.ada, two.id)
    with four.announces("tasks-changed"):
        tasks.restore_task(four.ada, two.id)
    assert four.backlog() == ["One", "Two", "Three", "Four"]
    assert four.task.title == "One"
    with four.nothing_happens():
        tasks.restore_task(four.ada, two.id)


def test_deleting_the_task_on_the_table_goes_on_to_the_next(four: Room) -> None:
    four.plays(four.ben, "5")
    one, played = four.task, four.round.id
    tasks.delete_task(four.ada, one.id)
    assert four.task.title == "Two"
    assert four.cards() == {}
    tasks.restore_task(four.ada, one.id)
    assert four.backlog() == ["One", "Two", "Three", "Four"]
    assert four.task.title == "Two"
    tasks.select_task(four.ada, one.id)
    assert four.round.id == played
    assert four.cards() == {"Ben": "5"}


def test_undoing_the_deletion_of_the_only_task_brings_it_back_to_the_table(room: Room) -> None:
    tasks.add_tasks(room.ada, "Only one")
    room.plays(room.ben, "5")
    only, played = room.task, room.round.id
    tasks.delete_task(room.ada, only.id)
    assert room.backlog() == [""]
    tasks.restore_task(room.ada, only.id)
    assert room.backlog() == ["Only one"]
    assert (room.task, room.round.id, room.cards()) == (only, played, {"Ben": "5"})


def test_undoing_never_takes_a_vote_off_the_table(room: Room) -> None:
    tasks.add_tasks(room.ada, "Only one")
    only = room.task
    tasks.delete_task(room.ada, only.id)
    room.plays(room.ben, "5")
    tasks.restore_task(room.ada, only.id)
    assert room.task.title == ""
    assert room.cards() == {"Ben": "5"}


def estimated_and_back(room: Room) -> Task:
    """The only task, which has its estimate, deleted and brought back."""
    tasks.add_tasks(room.ada, "Only one")
    room.settles("5")
    only = room.task
    tasks.delete_task(room.ada, only.id)
    tasks.restore_task(room.ada, only.id)
    return only


def test_an_estimated_task_comes_back_without_taking_the_table(room: Room) -> None:
    only = estimated_and_back(room)
    assert (only.estimate, room.task.title) == ("5", "")


# --- going on


def test_a_skipped_task_is_marked_and_comes_back_at_the_end(four: Room) -> None:
    one = four.task
    with four.announces("round-opened"):
        tasks.skip_task(four.ada, one.id)
    assert one.skipped_at is not None
    assert four.task.title == "Two"
    assert four.table.tasks_version == four.table.version
    with four.refused(409, "The table has moved on to another task."):
        tasks.skip_task(four.ada, one.id)
    for _ in range(3):
        four.settles()
    assert four.task is one
    assert one.skipped_at is None


def test_skipping_a_voted_round_keeps_it(four: Room) -> None:
    four.plays(four.ben, "5")
    one, played = four.task, four.round.id
    tasks.skip_task(four.ada, one.id)
    tasks.select_task(four.ada, one.id)
    assert (four.round.id, four.cards(), one.skipped_at) == (played, {"Ben": "5"}, None)


def test_tasks_before_the_current_one_come_after_the_last(four: Room) -> None:
    tasks.select_task(four.ada, four.titled("Three").id)
    titles = [four.task.title]
    for _ in range(3):
        four.settles()
        titles.append(four.task.title)
    assert titles == ["Three", "Four", "One", "Two"]


def test_skipped_tasks_come_after_those_not_reached_yet(four: Room) -> None:
    tasks.skip_task(four.ada, four.titled("One").id)
    tasks.select_task(four.ada, four.titled("Four").id)
    titles = []
    for _ in range(3):
        four.settles()
        titles.append(four.task.title)
    assert titles == ["Two", "Three", "One"]


def test_skipping_without_a_backlog_opens_another_quick_vote(room: Room) -> None:
    first = room.task.id
    room.plays(room.ben, "5")
    tasks.skip_task(room.ada, first)
    assert room.task.id != first
    assert room.task.title == ""
    assert room.backlog() == ["", ""]


def test_a_skipped_quick_vote_without_votes_leaves_nothing_behind(room: Room) -> None:
    for _ in range(3):
        tasks.skip_task(room.ada, room.task.id)
    assert room.backlog() == [""]


def test_a_quick_vote_without_votes_that_is_left_leaves_nothing_behind(room: Room) -> None:
    only = estimated_and_back(room)
    assert room.backlog() == ["Only one", ""]
    tasks.select_task(room.ada, only.id)
    assert room.backlog() == ["Only one"]


def test_a_quick_vote_with_votes_that_is_left_stays(room: Room) -> None:
    room.plays(room.ben, "5")
    tasks.add_tasks(room.ada, "One")
    tasks.select_task(room.ada, room.titled("One").id)
    assert room.backlog() == ["", "One"]


def test_going_back_to_a_task(four: Room, clock: Clock) -> None:
    clock.forward(seconds=40)
    with four.announces("round-opened"):
        tasks.select_task(four.ada, four.titled("Four").id)
    assert four.titled("One").seconds == 40
    assert (four.task.title, four.round.number) == ("Four", 1)
    with four.nothing_happens():
        tasks.select_task(four.ada, four.titled("Four").id)
    clock.forward(seconds=5)
    tasks.select_task(four.ada, four.titled("One").id)
    clock.forward(seconds=20)
    tasks.select_task(four.ada, four.titled("Two").id)
    assert (four.titled("One").seconds, four.titled("Four").seconds) == (60, 5)


def test_another_task_puts_the_timer_away(four: Room, clock: Clock) -> None:
    four.lets(timer_ends_at=clock.now(), timer_remaining=None)
    tasks.select_task(four.ada, four.titled("Four").id)
    assert four.table.timer_ends_at is None


def test_a_task_comes_back_beside_its_neighbour_whatever_moved_meanwhile(four: Room) -> None:
    two, three = four.titled("Two"), four.titled("Three")
    tasks.delete_task(four.ada, two.id)
    tasks.move_task(four.ada, three.id, 0)
    tasks.restore_task(four.ada, two.id)
    assert [task.title for task in tasks.live_tasks(four.table.id)] == ["Three", "One", "Two", "Four"]
    assert len({task.position for task in tasks.live_tasks(four.table.id)}) == 4


# --- reopening


def test_a_reopened_task_lies_face_up_without_its_estimate(four: Room) -> None:
    one, played = four.task, four.round.id
    four.plays(four.ben, "5")
    four.reveals()
    voting.finalize(four.ada, one.id, estimate="5", note="sure")
    with four.announces("tasks-changed"):
        tasks.reopen_task(four.ada, one.id)
    assert (one.estimate, one.estimated_at) == (None, None)
    assert one.note == "sure", "the note is there to be kept or changed with the next estimate"
    assert (four.task, four.round.id, four.revealed) == (one, played, True)
    assert four.cards() == {"Ben": "5"}
    with four.nothing_happens():
        tasks.reopen_task(four.ada, one.id)


def test_every_round_of_every_task_is_kept(four: Room) -> None:
    for _ in range(2):
        four.plays(four.ben, "5")
        four.reveals()
        voting.vote_again(four.ada, four.round.id)
    four.settles("8")
    one = four.titled("One")
    kept = session.query(Round.number, Vote.card).join(Vote).where(Round.task_id == one.id).order_by(Round.number)
    assert [tuple(row) for row in kept] == [(1, "5"), (2, "5"), (3, "8")]


def test_an_untitled_task_that_gave_way_is_kept(four: Room) -> None:
    assert len(tasks.live_tasks(four.table.id)) == 4
    assert session.query(Task).count() == 5
