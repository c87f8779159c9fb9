"""An account's own decks, for all its teammates to choose."""

from collections.abc import Callable, Sequence
from typing import Any, Protocol

from sqlalchemy import func, select

from poker_app import clock, ids
from poker_app.accounts.account_lock import change
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Deck
from poker_app.db import session
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.rules import Unusable
from poker_app.rules.deck import OUTSIDE, own_cards
from poker_app.rules.printable import likeness, one_line

MAX_NAME = 40
MAX_DECKS = 50
OWN = "own:"
"""Prefix of an own deck's name in a form: ``own:<deck id>``."""


def decks_of(account_id: str) -> Sequence[Deck]:
    """The decks of an account, by name."""
    return session.scalars(select(Deck).where(Deck.account_id == account_id).order_by(Deck.name, Deck.id)).all()


def chosen(account_id: str, choice: str) -> Deck | None:
    """The deck that ``own:<deck id>`` names, within this account only."""
    deck_id = choice.removeprefix(OWN)
    if deck_id == choice or not ids.could_be_id(deck_id):
        return None
    found = session.get(Deck, deck_id)
    return found if found and found.account_id == account_id else None


def find(membership: Membership, deck_id: str) -> Deck:
    """A deck of the acting account.

    Raises:
        NotFound: (404) the account has no such deck.
    """
    if found := chosen(membership.account.id, f"{OWN}{deck_id}"):
        return found
    raise NotFound("This deck was not found. It may have been deleted.")


class HasCards(Protocol):
    """A deck, or anything else with cards."""

    @property
    def cards(self) -> Any: ...


def as_typed(deck: HasCards) -> str:
    """The cards as they are typed in a form. The cards outside the order are left out, since every deck gets them."""
    return ", ".join(card for card in deck.cards if card not in OUTSIDE)


def add_deck(membership: Membership, *, name: str, cards: str) -> Deck:
    """Adds a deck to the account.

    Raises:
        Conflict: (409) the account has as many decks as it may have.
        Invalid: (422) a name that is empty, too long or taken, or cards that no vote could be cast with.
    """
    membership.require_arranging("make decks")
    name, parsed = _deck_name(name), _cards(cards)
    with change(membership) as now:
        now.require_arranging("make decks")
        _check_free(now, name)
        count = select(func.count()).select_from(Deck).where(Deck.account_id == now.account.id)
        if session.scalars(count).one() >= MAX_DECKS:
            raise Conflict(f"An account has at most {MAX_DECKS} own decks. Delete one that nobody uses.")
        made = Deck(id=ids.new_id(), account_id=now.account.id, name=name, cards=list(parsed), created_at=clock.now())
        session.add(made)
        now.note("deck-made", name)
    return made


def change_deck(
    membership: Membership, deck_id: str, expect: Callable[[Deck], None] | None = None, /, *, name: str, cards: str
) -> Deck:
    """Rename a deck and change its cards, for sessions that are opened from now on. ``expect`` may refuse the deck as
    it is until then. Raises NotFound and Invalid."""
    membership.require_arranging("change decks")
    find(membership, deck_id)
    name, parsed = _deck_name(name), _cards(cards)
    with change(membership) as now:
        now.require_arranging("change decks")
        deck = find(now, deck_id)
        if expect:
            expect(deck)
        _check_free(now, name, but=deck)
        if (deck.name, deck.cards) != (name, list(parsed)):
            deck.name, deck.cards = name, list(parsed)
            now.note("deck-changed", name)
    return deck


def delete_deck(membership: Membership, deck_id: str) -> str:
    """Deletes a deck, and returns its name. Sessions that were opened with it keep its cards. Raises NotFound."""
    membership.require_arranging("delete decks")
    with change(membership) as now:
        now.require_arranging("delete decks")
        deck = find(now, deck_id)
        name = deck.name
        now.note("deck-deleted", name)
        session.delete(deck)
    return name


def _deck_name(typed: str) -> str:
    name = one_line(typed)
    if not name:
        raise Invalid("Give the deck a name.", "deck_name")
    if len(name) > MAX_NAME:
        raise Invalid(f"A deck's name has at most {MAX_NAME} characters; this one has {len(name)}.", "deck_name")
    return name


def _cards(typed: str) -> tuple[str, ...]:
    try:
        return own_cards(typed)
    except Unusable as problem:
        raise Invalid(str(problem), "own") from problem


def _check_free(now: Membership, name: str, but: Deck | None = None) -> None:
    taken = {likeness(deck.name) for deck in decks_of(now.account.id) if deck is not but}
    if likeness(name) in taken:
        raise Invalid("Another deck of this account has that name.", "deck_name")
