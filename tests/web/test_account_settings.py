"""The settings of an account, and how a new session begins with them."""

import re

import pytest

from poker_app.db import session
from poker_app.poker.models import PokerSession
from poker_app.settings import Settings
from tests.cast import Person
from tests.web.route_checks import says
from tests.world.pages import Club


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


FORMS = {
    "name": {"name": "Nordbahn"},
    "session-defaults": {"deck": "hours", "timer_minutes": "5"},
    "retention": {"report_days": "90"},
    "domain": {"open": "1"},
    "decks": {"deck_name": "Risk", "own": "low high"},
}


def deck_made(club: Club, person: Person | None = None, name: str = "Risk") -> str:
    """The id of a new deck."""
    who = person or club.abe
    path = f"/accounts/{who.account}" if who is club.mallory else club.path
    who.post(f"{path}/decks", {"deck_name": name, "own": "low, high, too big"}, htmx=False)
    return re.findall(r"/decks/(\w{16})\"", who.get(f"{path}/settings").text)[0]


@pytest.mark.parametrize("path", FORMS)
def test_saving(club: Club, path: str) -> None:
    answer = club.abe.post(f"{club.path}/{path}", FORMS[path], htmx=False)
    assert (answer.status_code, answer.location) == (303, f"{club.path}/settings")
    page = club.abe.get(answer.location)
    assert 'role="status"' in page.text
    assert len(club.log()) == 2


@pytest.mark.parametrize("path", FORMS)
def test_who_may_not(club: Club, path: str) -> None:
    before = club.rows()
    assert club.tim.post(f"{club.path}/{path}", FORMS[path], htmx=False).status_code == 403
    assert club.mallory.post(f"{club.path}/{path}", FORMS[path], htmx=False).status_code == 404
    assert club.rows() == before
    assert club.tim.get(f"{club.path}/settings").status_code == 403


@pytest.mark.parametrize(
    ("path", "form", "sentence"),
    [
        ("name", {"name": ""}, "Give the account a name"),
        ("session-defaults", {"deck": "x", "timer_minutes": "7"}, "Choose one of the decks."),
        ("session-defaults", {"deck": "hours", "timer_minutes": "999"}, "A timer runs from 10 seconds to 60 minutes."),
        ("retention", {"report_days": "29"}, "Reports are kept 30 to 1095 days, which is three years."),
        ("decks", {"deck_name": "", "own": "low high"}, "Give the deck a name."),
        ("decks", {"deck_name": "Risk", "own": "low"}, "A deck needs at least 2 cards"),
    ],
)
def test_bad_input_is_kept_and_explained(club: Club, path: str, form: dict[str, str], sentence: str) -> None:
    before = club.rows()
    answer = club.abe.post(f"{club.path}/{path}", form, htmx=False)
    assert (answer.status_code, says(answer, sentence)) == (422, True)
    for typed in form.values():
        assert not typed or typed == "x" or f'value="{typed}"' in answer.text
    assert club.rows() == before


def test_the_domain_of_a_mail_service(club: Club) -> None:
    assert says(club.abe.get(f"{club.path}/settings"), "Open the account to example.com")
    club.abe.post(f"{club.path}/domain", {"open": "1"}, htmx=False)
    assert says(club.abe.get(f"{club.path}/settings"), "may join Olga’s team as a facilitator.")
    club.abe.post(f"{club.path}/domain", htmx=False)
    assert says(club.abe.get(f"{club.path}/settings"), "Open the account to example.com")


# --- own decks


def test_a_deck_from_beginning_to_end(club: Club) -> None:
    deck = deck_made(club)
    page = club.abe.get(f"{club.path}/decks/{deck}")
    assert 'value="low, high, too big"' in page.text
    assert page.text.count("<li>") >= 5  # its cards, and the two outside ones
    answer = club.abe.post(f"{club.path}/decks/{deck}", {"deck_name": "Risks", "own": "1 1"}, htmx=False)
    assert (answer.status_code, says(answer, "keep one of them."), 'value="1 1"' in answer.text) == (422, True, True)
    club.abe.post(f"{club.path}/decks/{deck}", {"deck_name": "Risks", "own": "1 2"}, htmx=False)
    assert says(club.abe.get(f"{club.path}/decks/{deck}/deletion"), "Delete the deck Risks?")
    answer = club.abe.post(f"{club.path}/decks/{deck}/deletion", htmx=False)
    assert says(club.abe.get(answer.location), "The deck Risks is deleted.")
    assert club.abe.get(f"{club.path}/decks/{deck}").status_code == 404


def test_a_deck_of_another_account_is_not_there(club: Club) -> None:
    theirs = deck_made(club, club.mallory)
    before = club.rows()
    for path in (theirs, f"{theirs}/deletion"):
        assert club.abe.get(f"{club.path}/decks/{path}").status_code == 404
        assert club.abe.post(f"{club.path}/decks/{path}", FORMS["decks"], htmx=False).status_code == 404
    assert club.rows() == before


# --- a new session


def new_session(person: Person, account: str) -> str:
    return person.get(f"/sessions/new?account={account}").text


def test_a_new_session_begins_with_the_defaults(club: Club) -> None:
    deck = deck_made(club)
    form = {"deck": f"own:{deck}", "timer_minutes": "5", "names_hidden": "1"}
    club.abe.post(f"{club.path}/session-defaults", form, htmx=False)
    page = new_session(club.tim, club.account)
    assert f'value="own:{deck}" checked' in page
    assert 'name="names_hidden" value="1" checked' in page
    assert 'name="timer_minutes" type="number" min="0.25" max="60" step="0.25" value="5"' in page
    assert '<details class="more" open>' in page
    assert 'name="member_name" value="Tim"' in page
    assert deck not in new_session(club.mallory, club.mallory.account)


def test_opening_with_an_own_deck(club: Club) -> None:
    deck = deck_made(club)
    table = club.tim.opens(deck=f"own:{deck}", account=club.account)
    assert table.row.cards == ["low", "high", "too big", "?", "☕"]
    club.abe.post(f"{club.path}/decks/{deck}/deletion", htmx=False)
    assert table.row.cards[0] == "low"
    assert club.tim.votes(table, "too big").status_code == 200


def test_a_deck_of_another_account_is_no_choice(club: Club) -> None:
    theirs = deck_made(club, club.mallory)
    form = {"name": "T", "deck": f"own:{theirs}", "member_name": "Tim", "form_key": "k", "account": club.account}
    answer = club.tim.post("/sessions", form, htmx=False)
    assert (answer.status_code, says(answer, "Choose one of the decks.")) == (422, True)
    with club.app.app_context():
        assert session.query(PokerSession).count() == 0
