"""Series, copies and deletions that several people make at the same moment."""

from functools import partial

import pytest
from flask import Flask

from poker_app.db import session
from poker_app.poker.models import Member, PokerSession, Series, Vote
from tests.cast import Cast, Person
from tests.concurrency.conftest import at_once, each_at_once, same_browser


@pytest.fixture
def series(app: Flask, cast: Cast) -> str:
    cast.ada.get("/accounts/local/series/new")
    answer = cast.ada.post("/accounts/local/series", {"name": "Daily", "deck": "fibonacci"}, htmx=False)
    assert answer.status_code == 303, answer.text
    with app.app_context():
        return session.query(Series).one().id


def test_a_series_opened_by_many_at_once_is_one_session(app: Flask, cast: Cast, series: str) -> None:
    people = [cast.person(f"P{number}") for number in range(8)]
    for person in people:
        person.get(f"/series/{series}")

    def opens(person: Person) -> tuple[int, str]:
        answer = person.post(f"/series/{series}/sessions", {"member_name": person.name}, htmx=False)
        return answer.status_code, answer.location

    answers = set(each_at_once(opens, people))
    assert len(answers) == 1
    assert answers.pop()[0] == 303
    with app.app_context():
        assert session.query(PokerSession).filter_by(series_id=series).count() == 1
        assert session.query(Member).count() == 1


def test_one_form_copies_once(app: Flask, cast: Cast) -> None:
    path = f"/accounts/local/sessions/{cast.table.id}/copies"
    answers = each_at_once(lambda twin: twin.post(path, {"form_key": "k"}, htmx=False), same_browser(cast.ada, 6))
    assert len({(answer.status_code, answer.location) for answer in answers}) == 1
    with app.app_context():
        assert session.query(PokerSession).count() == 2


@pytest.mark.parametrize("place", [0, 2, 5])
def test_votes_and_the_deletion_of_their_session(app: Flask, cast: Cast, place: int) -> None:
    table, current = cast.table, cast.table.round
    voters = [cast.person(f"Voter {number}").joins(table) for number in range(5)]
    calls = [partial(voter.votes, table, "5", current) for voter in voters]
    calls.insert(place, partial(cast.ada.post, f"/accounts/local/sessions/{table.id}/deletion"))
    answers = at_once(*calls)
    assert answers.pop(place).status_code == 200
    assert {answer.status_code for answer in answers} <= {200, 404}
    with app.app_context():
        kept = session.query(Vote).count()
        deleted = session.get_one(PokerSession, table.id)
        assert deleted.deleted_at
        assert all(vote.cast_at <= deleted.deleted_at for vote in session.query(Vote))
    assert kept == [answer.status_code for answer in answers].count(200)
    cast.ada.post(f"/accounts/local/sessions/{table.id}/restoration")
    assert voters[0].votes(table, "8", current).status_code == 200
