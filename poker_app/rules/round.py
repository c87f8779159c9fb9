"""The round: which actions a member may take in it now. Every ``may_…`` raises the first ``Refused`` that applies, or
returns."""

from collections.abc import Collection, Sequence

from poker_app.rules import Kind, Refused

Reason = tuple[Kind, str]

ENDED: Reason = ("conflict", "The session has ended.")
ROUND_OVER: Reason = ("conflict", "That round is over. The table shows where we are now.")
FACE_UP: Reason = ("conflict", "The cards are already face up.")
NO_VOTES: Reason = ("conflict", "Nobody has voted yet.")
NOT_IN_DECK: Reason = ("invalid", "That card is not in this deck.")
WATCHING: Reason = ("forbidden", "You are watching. Start voting to vote.")
NOT_YOURS_TO_REVEAL: Reason = ("forbidden", "Only a facilitator may reveal the cards here.")
NOT_YOURS_TO_REVOTE: Reason = ("forbidden", "Only a facilitator may call another vote here.")
NOT_YOURS_TO_RESTART: Reason = ("forbidden", "Only a facilitator may clear the cards before the reveal.")


def _refuse(*reasons: tuple[bool, Reason]) -> None:
    """Raise the first reason that applies: the session's end, then the role, the moment, and last the input."""
    for applies, (kind, sentence) in reasons:
        if applies:
            raise Refused(kind, sentence)


def must_be_current(named: str | None, current: str) -> None:
    """Refuses a form that names another round than the current one. Pages of the release before name none, which
    passes."""
    _refuse((named not in (None, current), ROUND_OVER))


def everyone_voted(present_voters: Collection[str], voted: Collection[str]) -> bool:
    """Whether a present voter exists and all of them have voted; members away, gone or watching are not waited for."""
    return bool(present_voters) and set(present_voters) <= set(voted)


def may_vote(
    *,
    card: str,
    cards: Sequence[str],
    votes_here: bool,
    is_current: bool,
    revealed: bool,
    change_after_reveal: bool,
    ended: bool,
) -> None:
    """A member who votes here may play a card of the deck until the reveal, and after it where the session allows."""
    _refuse(
        (ended, ENDED),
        (not votes_here, WATCHING),
        (not is_current, ROUND_OVER),
        (revealed and not change_after_reveal, FACE_UP),
        (card not in cards, NOT_IN_DECK),
    )


def may_retract(*, votes_here: bool, is_current: bool, revealed: bool, change_after_reveal: bool, ended: bool) -> None:
    """A member may take a card back as long as it could be changed."""
    _refuse(
        (ended, ENDED),
        (not votes_here, WATCHING),
        (not is_current, ROUND_OVER),
        (revealed and not change_after_reveal, FACE_UP),
    )


def may_reveal(
    *, facilitates: bool, anyone_may: bool, revealed: bool, is_current: bool, ended: bool, votes: int
) -> None:
    """A facilitator, or anyone where the session allows, may turn the cards once; ``votes`` are all cards played."""
    _refuse(
        (ended, ENDED),
        (not (facilitates or anyone_may), NOT_YOURS_TO_REVEAL),
        (not is_current, ROUND_OVER),
        (revealed, FACE_UP),
        (votes == 0, NO_VOTES),
    )


def may_revote(*, facilitates: bool, revealed: bool, is_current: bool, ended: bool, anyone_may: bool = False) -> None:
    """A member who may reveal may open the next round after the reveal; only a facilitator may restart a round still
    face down."""
    _refuse(
        (ended, ENDED),
        (revealed and not (facilitates or anyone_may), NOT_YOURS_TO_REVOTE),
        (not revealed and not facilitates, NOT_YOURS_TO_RESTART),
        (not is_current, ROUND_OVER),
    )
