"""An account's own decks."""

import pytest

from poker_app.accounts import decks
from poker_app.accounts.memberships import home_of
from poker_app.accounts.models import Deck
from poker_app.db import session
from tests.world.actions import Club


def made(club: Club, name: str = "Risk", cards: str = "low, high, too big") -> Deck:
    return decks.add_deck(club.as_("Abe"), name=name, cards=cards)


def test_a_deck_is_made(club: Club) -> None:
    deck = made(club, "  Risk \n deck ")
    assert (deck.name, deck.cards, deck.account_id) == (
        "Risk deck",
        ["low", "high", "too big", "?", "☕"],
        club.account_id,
    )
    assert decks.as_typed(deck) == "low, high, too big"
    assert club.log == [("Abe", "deck-made", "Risk deck")]


def test_decks_are_listed_by_name_and_within_the_account(club: Club) -> None:
    made(club, "Size")
    made(club, "Risk")
    other = decks.add_deck(club.as_("Mallory"), name="Theirs", cards="1 2").id
    assert [deck.name for deck in decks.decks_of(club.account_id)] == ["Risk", "Size"]
    assert decks.chosen(club.account_id, f"own:{other}") is None
    assert decks.chosen(club.elsewhere, f"own:{other}")
    assert decks.chosen(club.account_id, "own:\0") is decks.chosen(club.account_id, "fibonacci") is None


@pytest.mark.parametrize(
    ("name", "cards", "sentence"),
    [
        ("", "1 2", "Give the deck a name."),
        ("x" * 41, "1 2", "A deck's name has at most 40 characters; this one has 41."),
        ("rISK", "1 2", "Another deck of this account has that name."),
        ("New", "1", "A deck needs at least 2 cards besides ? and ☕; this one has 1."),
        ("New", "1 1", "“1” is in the deck twice; keep one of them."),
    ],
)
def test_a_deck_that_cannot_be_used(club: Club, name: str, cards: str, sentence: str) -> None:
    made(club)
    other = made(club, "Size").id
    with club.refused(422, sentence):
        decks.add_deck(club.as_("Abe"), name=name, cards=cards)
    with club.refused(422, sentence):
        decks.change_deck(club.as_("Abe"), other, name=name, cards=cards)


def test_a_deck_is_changed(club: Club) -> None:
    deck = made(club).id
    decks.change_deck(club.as_("Olga"), deck, name="risk", cards="1 2")
    with club.nothing_happens():
        decks.change_deck(club.as_("Olga"), deck, name="risk", cards="1, 2")
    assert [(each.name, each.cards) for each in decks.decks_of(club.account_id)] == [("risk", ["1", "2", "?", "☕"])]
    assert club.log[1:] == [("Olga", "deck-changed", "risk")]


def test_a_deck_is_deleted(club: Club) -> None:
    deck = made(club).id
    assert decks.delete_deck(club.as_("Abe"), deck) == "Risk"
    assert decks.decks_of(club.account_id) == []
    assert club.log[1:] == [("Abe", "deck-deleted", "Risk")]
    with club.refused(404):
        decks.delete_deck(club.as_("Abe"), deck)


@pytest.mark.parametrize(("by", "status"), [("Tim", 403), ("Mallory", 404)])
def test_who_may_not(club: Club, by: str, status: int) -> None:
    deck = made(club).id
    with club.refused(status):
        decks.change_deck(club.as_(by), deck, name="New", cards="1 2")
    with club.refused(status):
        decks.delete_deck(club.as_(by), deck)
    if status == 403:
        with club.refused(403, "Only an owner or admin may make decks."):
            decks.add_deck(club.as_(by), name="New", cards="1 2")


def test_an_account_has_at_most_fifty(club: Club) -> None:
    made_at = club.account.created_at
    session.add_all(
        Deck(id=f"{n:016}", account_id=club.account_id, name=str(n), cards=[], created_at=made_at) for n in range(50)
    )
    session.commit()
    with club.refused(409):
        made(club)


def test_where_nobody_signs_in_everybody_makes_decks(context: None) -> None:
    everybody = home_of(None)
    deck = decks.add_deck(everybody, name="Risk", cards="low high").id
    decks.change_deck(home_of(None), deck, name="Risks", cards="low high")
    assert decks.delete_deck(home_of(None), deck) == "Risks"
