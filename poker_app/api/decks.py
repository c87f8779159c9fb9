"""Decks: the built-in ones, and the account's own."""

from typing import Annotated

from pydantic import Field, StringConstraints

from poker_app.accounts import decks
from poker_app.accounts.api_tokens import Caller
from poker_app.accounts.models import Deck
from poker_app.api.models import Given, Tagged, Taken
from poker_app.api.operations import operation
from poker_app.api.problems import fields_named
from poker_app.rules.deck import DECKS, MAX_CARDS, OUTSIDE

CARDS = ["1", "2", "4", "8", *OUTSIDE]
# Separators would make two cards of one.
Card = Annotated[str, StringConstraints(pattern=r"^[^,;\r\n]+$", max_length=40)]


class DeckGiven(Tagged):
    """A deck. A session that was opened with it keeps its cards."""

    id: str = Field(description="Names it where a session is opened.", examples=["k7qmfd2x8hs4nrtw"])
    name: str = Field(examples=["Powers"])
    cards: list[str] = Field(description="In order, at the end those outside of all figures.", examples=[CARDS])
    built_in: bool

    @classmethod
    def of(cls, deck: Deck) -> "DeckGiven":
        return cls(id=deck.id, name=deck.name, cards=deck.cards, built_in=False)


class Decks(Given):
    """The built-in decks and the account's own."""

    items: list[DeckGiven]


class DeckTaken(Taken):
    """A deck."""

    name: str = Field(examples=["Powers"])
    cards: list[Card] = Field(
        max_length=MAX_CARDS + len(OUTSIDE),
        description=f"Lowest first. {' and '.join(OUTSIDE)} are added to every deck.",
        examples=[CARDS],
    )


@operation("GET", "/decks", "account:read")
def list_decks(caller: Caller) -> Decks:
    """List the decks that a session can be opened with."""
    built_in = [DeckGiven(id=each.name, name=each.label, cards=[*each.cards], built_in=True) for each in DECKS.values()]
    return Decks(items=[*built_in, *map(DeckGiven.of, decks.decks_of(caller.membership.account.id))])


@operation("POST", "/decks", "account:write", status=201)
def make_deck(caller: Caller, body: DeckTaken) -> DeckGiven:
    """Make a deck for the account. Owners and admins may."""
    with fields_named(deck_name="name", own="cards"):
        return DeckGiven.of(decks.add_deck(caller.membership, name=body.name, cards=decks.as_typed(body)))


@operation("GET", "/decks/{deck_id}", "account:read")
def read_deck(caller: Caller, deck_id: str) -> DeckGiven:
    """Read a deck of the account."""
    return DeckGiven.of(decks.find(caller.membership, deck_id))


@operation("PUT", "/decks/{deck_id}", "account:write")
def change_deck(caller: Caller, deck_id: str, body: DeckTaken, if_match: str | None) -> DeckGiven:
    """Change a deck of the account, for the sessions from now on. Owners and admins may."""
    with fields_named(deck_name="name", own="cards"):
        changed = decks.change_deck(
            caller.membership,
            deck_id,
            lambda deck: DeckGiven.of(deck).check_match(if_match),
            name=body.name,
            cards=decks.as_typed(body),
        )
    return DeckGiven.of(changed)


@operation("DELETE", "/decks/{deck_id}", "account:write")
def delete_deck(caller: Caller, deck_id: str) -> None:
    """Delete a deck of the account. Owners and admins may."""
    decks.delete_deck(caller.membership, deck_id)
