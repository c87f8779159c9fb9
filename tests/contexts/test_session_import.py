"""A report's JSON makes the same session again; what cannot be one is refused."""

import json
import random
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from poker_app.accounts import memberships
from poker_app.billing import entitlements
from poker_app.db import session, transaction
from poker_app.errors import Invalid, NotFound, Refusal
from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.reports import dashboard, exports
from poker_app.poker.reports.dashboard import Wish
from poker_app.poker.reports.report import report_of
from poker_app.poker.reports.report_file import read_report
from poker_app.poker.reports.session_import import import_session
from poker_app.poker.round import task_editing, tasks
from poker_app.poker.session import archiving, copying, lifecycle
from tests.cast import Clock
from tests.contexts.conftest import Club, Room
from tests.random_actions import deed, done
from tests.world.actions import Played, open_session


def exported(session_id: str) -> str:
    session.rollback()
    return exports.as_json(report_of(session.get_one(PokerSession, session_id)))


def imported(club: Club, text: str, *, form_key: str = "", by: str = "Tim") -> str:
    key = form_key or f"form {len(session.scalars(select(PokerSession.id)).all())}"
    return import_session(club.as_(by), read_report(text.encode()), form_key=key)


def plays(club: Club, clock: Clock, **how: Any) -> Played:
    """A session of another account, of which the reports are."""
    return Played(clock, membership=club.as_("Mallory"), **how)


def the_same(club: Club, text: str) -> str:
    """The id of the session that was imported, whose report is the same but for the id."""
    made = imported(club, text)
    assert exported(made).replace(made, json.loads(text)["session"]["id"]) == text
    return made


@pytest.fixture
def whole(club: Club, clock: Clock, without_pages: None) -> str:
    """The JSON of three tasks, of which the last was skipped."""
    return exported(plays(club, clock).to_the_end().ada.session_id)


# --- nothing is lost


@pytest.mark.parametrize("seed", range(8))
def test_a_report_that_is_imported_is_exported_as_it_was(
    club: Club, clock: Clock, without_pages: None, seed: int
) -> None:
    chance = random.Random(seed)
    table = open_session(membership=club.as_("Mallory"), names_hidden=seed % 4 == 3).session_id
    accepted = 0
    for _ in range(150):
        clock.forward(seconds=chance.choice([0, 0.4, 0.7, 1, 5.3, 13, 130]))
        accepted += done(deed(table, chance))
    with transaction():
        if session.get_one(PokerSession, table, populate_existing=True).ended_at is None:
            lifecycle.end_forgotten(table, by="Faceup")
    assert accepted > 20
    text = exported(table)
    assert json.loads(text)["totals"]["rounds"] > 0
    clock.forward(hours=1)
    the_same(club, text)


def test_texts_as_people_type_them(club: Club, clock: Clock, without_pages: None) -> None:
    played = plays(club, clock, deck="own", own="½, 3/4, =1, a b", names_hidden=True)
    tasks.add_tasks(played.ada, "MAR-12 Cafe\u0301 & 'quoted' | \U0001f600\n=1+1")
    task_editing.edit_task(
        played.ada,
        played.task.id,
        title="Größe  \u200b",
        key="#1",
        url="HTTPS://acme.example/a b",
        description="- a\n\tb\n",
    )
    played.plays_round("½ =1 ?")
    played.finalize("3/4", note="why \u200b\u202e not")
    lifecycle.end_session(played.ada)
    the_same(club, exported(played.ada.session_id))


def test_a_session_of_which_nothing_was_said(club: Club, clock: Clock, without_pages: None) -> None:
    played = plays(club, clock)
    lifecycle.end_session(played.ada)
    the_same(club, exported(played.ada.session_id))


def test_votes_without_names_stay_so(club: Club, clock: Clock, without_pages: None) -> None:
    played = plays(club, clock, names_hidden=True)
    played.plays_round("8 3 5")
    lifecycle.end_session(played.ada)
    made = the_same(club, exported(played.ada.session_id))
    names = session.scalars(select(Member.name).join(Vote).join(Round).join(Task).where(Task.session_id == made)).all()
    assert names == ["Name hidden"] * 3
    everybody = select(Member).where(Member.session_id == made)
    assert all(each.left_at and each.user_id is None for each in session.scalars(everybody))


def test_two_members_of_one_name(club: Club, whole: str) -> None:
    text = whole.replace('"Ben"', '"Gus"')
    the_same(club, text)
    # As reports were before members were in them.
    told = json.loads(text)
    del told["session"]["members"]
    for task in told["tasks"]:
        for voted in task["rounds"]:
            for vote in voted["votes"]:
                del vote["member"]
    again = json.loads(exported(imported(club, json.dumps(told))))
    assert [[vote["name"] for vote in voted["votes"]] for voted in again["tasks"][1]["rounds"]] == [
        ["Ada", "Gus", "Gus"],
        ["Ada", "Gus", "Gus"],
    ]
    assert again["totals"] == told["totals"]
    assert again["session"]["facilitators"] == ["Ada"]


# --- what may be done with it


def test_it_is_a_past_session_of_the_account(club: Club, whole: str) -> None:
    made = imported(club, whole)
    assert club.log == [("Tim", "session-imported", "Checkout team, sprint 42")]
    listed = dashboard.listing(club.as_("Abe"), None, Wish()).lines
    assert [(line.table.id, line.tasks, line.points, line.may_archive) for line in listed] == [(made, 3, 11, True)]
    copy = copying.copy_session(club.as_("Tim"), made, secret="0" * 32, form_key="copy")
    assert [task.title for task in tasks.live_tasks(copy.session_id)] == ["Tidy up"]
    archiving.delete(club.as_("Tim"), None, made)
    assert dashboard.listing(club.as_("Abe"), None, Wish()).count == 0
    archiving.restore(club.as_("Tim"), None, made)
    assert exported(made).replace(made, json.loads(whole)["session"]["id"]) == whole


def test_no_member_of_it_has_a_browser(club: Club, whole: str) -> None:
    made = session.get_one(PokerSession, imported(club, whole))
    digests = set(session.scalars(select(Member.secret_digest).where(Member.session_id == made.id)))
    assert len(digests) == 3
    with pytest.raises(NotFound):
        lifecycle.find_by_code(made.code)


def test_the_same_form_imports_it_once(club: Club, whole: str) -> None:
    first = imported(club, whole, form_key="once")
    assert imported(club, whole, form_key="once") == first
    assert imported(club, whole, form_key="once", by="Abe") != first
    assert imported(club, whole, form_key="twice") != first


def test_without_sign_in_there_is_no_account_to_import_into(room: Room, clock: Clock) -> None:
    lifecycle.end_session(room.ada)
    with pytest.raises(NotFound):
        import_session(memberships.home_of(None), read_report(exported(room.table.id).encode()), form_key="x")


def test_what_the_account_does_not_keep_is_not_imported(club: Club, whole: str, clock: Clock) -> None:
    account = club.account
    clock.forward(days=entitlements.kept_days(account) - 1)
    imported(club, whole)
    clock.forward(days=1)
    with pytest.raises(Refusal) as refused:
        imported(club, whole)
    assert refused.value.status in (402, 422)
    assert session.scalar(select(func.count(PokerSession.id)).where(PokerSession.account_id == account.id)) == 1


# --- what is refused

VOTES = ("tasks", 0, "rounds", 0, "votes")


def change_at(*path: str | int, to: Any) -> Callable[[dict[str, Any]], object]:
    def change(told: Any) -> None:
        for part in path[:-1]:
            told = told[part]
        if to is KeyError:
            del told[path[-1]]
        else:
            told[path[-1]] = to

    return change


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (change_at("format", to=2), "In its field format: input should be 1."),
        (change_at("tasks", to=KeyError), "In its field tasks: field required."),
        (change_at("session", "ended_at", to=None), "Its session had not ended when it was downloaded."),
        (change_at("session", "ended_at", to="2026-11-23T09:00:00Z"), "It ended before it started."),
        (change_at("session", "started_at", to="1999-01-01T00:00:00Z"), "between the year 2000 and now"),
        (change_at("session", "ended_at", to="2099-01-01T00:00:00Z"), "between the year 2000 and now"),
        (change_at("session", "started_at", to="2026-11-23T09:00:00"), "session, started_at"),
        (change_at("session", "name", to="\u200b"), "In its field session, name: nothing can be seen of it."),
        (change_at("session", "name", to="x" * 121), "at most 120 characters"),
        (change_at("session", "ended_by", to="x" * 61), "at most 60 characters"),
        (change_at("session", "deck", "name", to="tarot"), "Its deck has an unknown name."),
        (change_at("session", "deck", "cards", to=["1", "?", "☕"]), "at least 2 cards"),
        (change_at("session", "deck", "cards", to=["1", "1.0", "2", "3", "5", "8", "21", "?", "☕"]), "the same card"),
        (change_at("session", "deck", "cards", 0, to="?"), "has to end with the cards ? and ☕"),
        (change_at("session", "deck", "cards", -1, to="?"), "has to end with the cards ? and ☕"),
        (change_at("session", "deck", "cards", 0, to="\u202e"), "and show every card"),
        (change_at("session", "members", 1, "member", to=1), "Two of its members have the same number"),
        (change_at("session", "members", 1, "name", to="Bea"), "Round 1 of task 1 has a vote of a member who is not"),
        (change_at("session", "members", 0, "votes", to="yes"), "In its field session, members, 1, votes: "),
        (change_at("tasks", 0, "title", to=" "), "In its field tasks, 1, title: nothing can be seen of it."),
        (change_at("tasks", 0, "title", to="x" * 256), "at most 255 characters"),
        (change_at("tasks", 0, "url", to="javascript:alert(1)"), "a link begins with https:// or http://"),
        (change_at("tasks", 0, "seconds", to=-1), "tasks, 1, seconds: input should be greater than or equal to 0"),
        (change_at("tasks", 0, "seconds", to=1.5), "tasks, 1, seconds: "),
        (change_at("tasks", 0, "estimate", to="4"), "Task 1 has a card that is not in the deck."),
        (change_at("tasks", 1, "rounds", 1, "number", to=1), "Task 2 has two rounds with the same number."),
        (change_at("tasks", 0, "rounds", 0, "number", to=0), "tasks, 1, rounds, 1, number: "),
        (change_at(*VOTES, to=[]), "tasks, 1, rounds, 1, votes: list should have at least 1 item"),
        (change_at(*VOTES, 0, "card", to="4"), "Task 1 has a card that is not in the deck."),
        (change_at(*VOTES, 0, "name", to=None), "Round 1 of task 1 has some votes with names and some without."),
        (change_at(*VOTES, 0, "name", to="Gus"), "Round 1 of task 1 has a vote of a member who is not"),
        (change_at(*VOTES, 0, "member", to=7), "Round 1 of task 1 has a vote of a member who is not"),
        (change_at(*VOTES, 1, to={"member": 1, "name": "Ada", "card": "3"}), "has two votes of one member"),
        (lambda told: told.update(tasks=told["tasks"] * 167), "at most 500 items"),
    ],
)
def test_what_no_session_can_be_is_refused_with_a_sentence(
    club: Club, whole: str, change: Callable[[dict[str, Any]], object], sentence: str
) -> None:
    told = json.loads(whole)
    change(told)
    with pytest.raises(Invalid) as refused:
        read_report(json.dumps(told).encode())
    assert sentence in refused.value.sentence
    assert refused.value.field == "file"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}"[:1],
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b"Title,Key\nPay,PAY-1",
        b'"\\ud800"',
    ],
)
def test_a_file_that_is_no_report(club: Club, content: bytes) -> None:
    with pytest.raises(Invalid) as refused:
        read_report(content)
    assert "This is not the JSON file of a report." in refused.value.sentence
