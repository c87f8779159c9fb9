"""What several people do at the same moment: nothing is lost, nothing is done twice."""

from datetime import UTC, datetime
from functools import partial

import pytest
from flask import Flask

from poker_app.db import session
from poker_app.poker.models import Member, PokerSession, Round, Task, Vote
from poker_app.poker.session import join_codes
from poker_app.rate_limits import Tries
from tests.cast import Cast, Person, Table
from tests.concurrency.conftest import at_once, each_at_once, same_browser


def joined(cast: Cast, count: int) -> list[Person]:
    return [cast.person(f"Voter {number}").joins(cast.table) for number in range(count)]


def kept(app: Flask, round_id: str) -> dict[str, str]:
    """The votes of a round as they are in the database, by name."""
    with app.app_context():
        found = session.query(Member.name, Vote.card).join(Vote).where(Vote.round_id == round_id)
        return dict(map(tuple, found))


def test_two_vote_at_once(app: Flask, cast: Cast) -> None:
    table, version = cast.table, cast.table.row.version
    answers = at_once(lambda: cast.ada.votes(table, "5"), lambda: cast.ben.votes(table, "8"))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert kept(app, table.round) == {"Ada": "5", "Ben": "8"}
    assert table.row.version == version + 2


def test_twenty_votes_in_one_round(app: Flask, cast: Cast, announced: list[str]) -> None:
    table, voters = cast.table, joined(cast, 20)
    cards, version, current = ["0", "1", "2", "3", "5"], table.row.version, table.round
    announced.clear()
    answers = each_at_once(lambda seat: seat[1].votes(table, cards[seat[0] % 5], current), enumerate(voters))
    assert {answer.status_code for answer in answers} == {200}
    assert kept(app, current) == {voter.name: cards[n % 5] for n, voter in enumerate(voters)}
    assert table.row.version == version + 20
    assert set(announced) == {"vote"}


def test_one_member_changes_the_card_in_five_tabs(app: Flask, cast: Cast) -> None:
    table, version, current = cast.table, cast.table.row.version, cast.table.round
    tabs = same_browser(cast.ben, 5)
    answers = each_at_once(lambda tab: tab[0].votes(table, tab[1], current), zip(tabs, "01235", strict=True))
    assert {answer.status_code for answer in answers} == {200}
    assert len(kept(app, current)) == 1
    assert table.row.version == version + 5


def test_one_form_sent_thirty_times_opens_one_session(app: Flask, cast: Cast) -> None:
    form = {"name": "Once", "deck": "fibonacci", "member_name": "Ada", "form_key": "once"}
    twins = same_browser(cast.ada, 30)
    answers = each_at_once(lambda t: t.post("/sessions", form, htmx=False), twins)
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, answers[0].location)}
    with app.app_context():
        assert session.query(PokerSession).count() == 1
        assert [member.name for member in session.query(Member)] == ["Ada"]
        assert session.query(Round).count() == 1


def test_one_form_from_two_browsers_opens_one_session(app: Flask, cast: Cast) -> None:
    form = {"name": "Once", "deck": "fibonacci", "member_name": "Ada", "form_key": "once"}
    for person in (cast.ada, cast.ben):
        person.get("/sessions/new")
    answers = each_at_once(lambda p: p.post("/sessions", form, htmx=False), (cast.ada, cast.ben))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    with app.app_context():
        assert session.query(PokerSession).count() == 1


def test_thirty_take_a_seat_at_once(app: Flask, cast: Cast) -> None:
    table = cast.table
    version = table.row.version
    people = [cast.person("Dora") for _ in range(30)]
    for person in people:
        person.get(f"{table.path}/join")
    with app.app_context():
        session.query(Tries).delete()
        session.commit()
    form = {"member_name": "Dora", "role": "voter"}
    answers = each_at_once(lambda p: p.post(f"{table.path}/members", form, htmx=False), people)
    assert {answer.status_code for answer in answers} == {303}
    assert table.row.version == version + 30
    with app.app_context():
        names = [member.name for member in session.query(Member).where(Member.session_id == table.id)]
        assert sorted(names) == sorted(["Ada", "Ben", "Cleo", "Dora", *(f"Dora {n}" for n in range(2, 31))])
        assert [tries.count for tries in session.query(Tries)] == [30]


def test_one_browser_takes_one_seat(app: Flask, cast: Cast) -> None:
    table = cast.table
    cast.gus.get(f"{table.path}/join")
    form = {"member_name": "Gus", "role": "voter"}
    twins = same_browser(cast.gus, 8)
    answers = each_at_once(lambda t: t.post(f"{table.path}/members", form, htmx=False), twins)
    assert {answer.status_code for answer in answers} == {303}
    with app.app_context():
        assert session.query(Member).where(Member.name.startswith("Gus")).count() == 1


@pytest.mark.parametrize("place", [0, 3, 6, 11])
def test_a_vote_acknowledged_before_the_reveal_is_in_the_tally(app: Flask, cast: Cast, place: int) -> None:
    table, voters = cast.table, joined(cast, 12)
    current = table.round
    cast.ben.votes(table, "13", current)
    calls = [partial(voter.votes, table, "5", current) for voter in voters]
    calls.insert(place, partial(cast.ada.reveals, table))
    answers = at_once(*calls)
    assert answers.pop(place).status_code == 200
    by_name = {voter.name: answer.status_code for voter, answer in zip(voters, answers, strict=True)}
    assert set(by_name.values()) <= {200, 409}
    taken = [name for name, status in by_name.items() if status == 200]
    assert kept(app, current) == {"Ben": "13", **dict.fromkeys(taken, "5")}
    with app.app_context():
        revealed = session.get_one(Round, current).revealed_at
        assert revealed is not None
        assert all(vote.cast_at <= revealed for vote in session.query(Vote))


def test_the_reveal_is_one(cast: Cast, announced: list[str]) -> None:
    table = cast.table
    cast.ben.votes(table, "5")
    version, current = table.row.version, table.round
    announced.clear()
    tabs = same_browser(cast.ada, 6)
    answers = each_at_once(lambda t: t.post(f"{table.path}/reveal", {"round": current}), tabs)
    assert {answer.status_code for answer in answers} == {200}
    assert table.row.version == version + 1
    assert announced == ["round-revealed"]


def test_the_last_two_votes_reveal_once(app: Flask, cast: Cast, announced: list[str]) -> None:
    table = cast.ada.opens("By itself", auto_reveal="1")
    cast.ben.joins(table)
    current, version = table.round, table.row.version
    announced.clear()
    answers = each_at_once(lambda p: p.votes(table, "5", current), (cast.ada, cast.ben))
    assert [answer.status_code for answer in answers] == [200, 200]
    assert announced.count("round-revealed") == 1
    assert table.row.version == version + 3
    assert kept(app, current) == {"Ada": "5", "Ben": "5"}


def test_the_next_round_is_one(app: Flask, cast: Cast) -> None:
    table = cast.table
    cast.ben.votes(table, "5")
    cast.ada.reveals(table)
    current = table.round
    tabs = same_browser(cast.ada, 6)
    answers = each_at_once(lambda t: t.post(f"{table.path}/rounds", {"round": current}), tabs)
    assert sorted(answer.status_code for answer in answers) == [200, *[409] * 5]
    with app.app_context():
        assert sorted(each.number for each in session.query(Round)) == [1, 2]


def finalized(cast: Cast, app: Flask, first: str, second: str) -> tuple[list[int], Table]:
    """Two facilitators save an estimate at the same moment."""
    table = cast.table
    cast.ada.post(f"{table.path}/facilitators", {"member": cast.ben.seat(table).id})
    cast.ada.adds(table, "One\nTwo\nThree")
    cast.ben.votes(table, "5")
    cast.ada.reveals(table)
    path = f"{table.path}/tasks/{table.task}/estimate"
    answers = at_once(
        lambda: cast.ada.post(path, {"estimate": first}), lambda: cast.ben.post(path, {"estimate": second})
    )
    return [answer.status_code for answer in answers], table


def test_two_facilitators_finalize_different_estimates(app: Flask, cast: Cast) -> None:
    statuses, table = finalized(cast, app, "5", "8")
    assert sorted(statuses) == [200, 409]
    with app.app_context():
        estimates = {task.title: task.estimate for task in session.query(Task).where(Task.deleted_at.is_(None))}
        assert estimates == {"One": ["5", "8"][statuses.index(200)], "Two": None, "Three": None}
        assert session.get_one(Task, table.task).title == "Two"


def test_two_facilitators_finalize_the_same_estimate(app: Flask, cast: Cast) -> None:
    statuses, table = finalized(cast, app, "5", "5")
    assert statuses == [200, 200]
    with app.app_context():
        assert session.get_one(Task, table.task).title == "Two"


def test_two_take_over_at_once(app: Flask, cast: Cast) -> None:
    table = cast.table
    cast.ada.post(f"{table.path}/me/departure")
    with app.app_context():
        ada = session.query(Member).where(Member.name == "Ada").one()
        ada.left_at = ada.left_at and ada.left_at.replace(year=2020)
        session.commit()
    answers = each_at_once(lambda p: p.post(f"{table.path}/facilitators"), (cast.ben, cast.cleo))
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    with app.app_context():
        assert session.query(Member).where(Member.facilitates).count() == 1


def test_tasks_added_at_once_all_have_a_place(app: Flask, cast: Cast) -> None:
    table = cast.table
    tabs = same_browser(cast.ada, 8)
    answers = each_at_once(lambda tab: tab[1].adds(table, f"Task {tab[0]}\nMore {tab[0]}"), enumerate(tabs))
    assert {answer.status_code for answer in answers} == {200}
    with app.app_context():
        live = session.query(Task).where(Task.deleted_at.is_(None)).order_by(Task.position).all()
        assert len(live) == len({task.position for task in live}) == 16
        titles = [task.title for task in live]
    assert all(titles[place].replace("Task", "More") == titles[place + 1] for place in range(0, 16, 2))


def test_a_member_removed_in_mid_vote_leaves_no_card(app: Flask, cast: Cast) -> None:
    table, current, ben = cast.table, cast.table.round, cast.ben.seat(cast.table).id
    vote, removal = at_once(
        lambda: cast.ben.votes(table, "5", current), lambda: cast.ada.post(f"{table.path}/members/{ben}/removal")
    )
    assert removal.status_code == 200
    assert vote.status_code in (200, 404)
    assert kept(app, current) == {}


def test_tries_that_come_at_once_are_counted_one_by_one(app: Flask, cast: Cast) -> None:
    people = [cast.person("Guesser") for _ in range(24)]
    answers = each_at_once(lambda person: person.get("/j/AAA-AAA"), people)
    assert sorted(answer.status_code for answer in answers) == [404] * 10 + [429] * 14
    with app.app_context():
        [counter] = join_codes.WRONG_CODES.of_network("127.0.0.1")
        assert session.get_one(Tries, counter.key).count == 10


@pytest.mark.parametrize("known", [True, False])
def test_thirty_right_codes_at_once_from_one_office(app: Flask, cast: Cast, known: bool) -> None:
    """Beside nine wrong ones, which leave the last try to whoever types the tenth."""
    office = {"environ_overrides": {"REMOTE_ADDR": "127.0.0.1" if known else "10.0.0.1"}}
    code, mallory = cast.table.row.code, cast.mallory
    assert {mallory.get("/j/AAA-AAA", **office).status_code for _ in range(9)} == {404}
    people = [cast.person(f"Voter {number}") for number in range(30)]
    answers = each_at_once(lambda person: person.get(f"/j/{code}", **office), people)
    assert {(answer.status_code, answer.location) for answer in answers} == {(303, cast.table.path)}
    assert [mallory.get("/j/AAA-AAA", **office).status_code for _ in range(2)] == [404, 429]


def test_old_tries_are_forgotten_while_others_count(app: Flask, cast: Cast) -> None:
    with app.app_context():
        old = datetime(2020, 1, 1, tzinfo=UTC)
        session.add_all(Tries(key=f"{number:064x}", since=old, count=1) for number in range(50))
        session.commit()
    people = [cast.person("Guesser") for _ in range(12)]
    calls = [
        partial(person.get, "/j/AAA-AAA", environ_overrides={"REMOTE_ADDR": f"10.0.0.{number}"})
        for number, person in enumerate(people)
    ]
    assert {answer.status_code for answer in at_once(*calls)} == {404}
    with app.app_context():
        assert session.query(Tries).where(Tries.since < datetime(2021, 1, 1, tzinfo=UTC)).count() == 0
        assert session.query(Tries).count() == 12 * 3  # within minutes, an hour and a day
