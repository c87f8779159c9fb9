"""Sentences about the current round: the line above the cards, and the text for screen readers."""

from poker_app.poker.value.session_view import SessionView
from poker_app.rules.tally import Tally


def agrees(view: SessionView) -> bool:
    """Whether every vote is the same card. A word beside numbers, such as "too big", is in no figure, and no agreement
    either."""
    return view.tally is not None and view.tally.consensus and not view.tally.words


def status(view: SessionView) -> str:
    """The line above the cards."""
    if view.rounds_used_up:
        return "No round is left"
    if view.phase == "voting":
        return _turnout(view)
    if view.tally is None or not view.tally.votes:
        return "No numbers this time"
    return _outcome(view.tally, agreed=agrees(view))


def _turnout(view: SessionView) -> str:
    if view.all_voted:
        return "Everyone has voted"
    return f"{view.voted} of {view.expected} have voted" if view.places else "Nobody is voting yet"


def _outcome(tally: Tally, *, agreed: bool) -> str:
    card = tally.mode[0]
    if agreed:
        return f"All {tally.votes} picked {card}" if tally.votes > 1 else f"One vote, {card}"
    if len(tally.mode) == 1:
        return f"{dict(tally.distribution)[card]} of {tally.votes + tally.words} picked {card}"
    return "From {} to {}".format(*tally.spread or ())


def announcement(view: SessionView) -> str:
    """Returns the sentence that screen readers announce when it changes; empty while votes are missing."""
    if view.all_voted:
        return "Everyone has voted."
    if view.phase == "revealed":
        return f"Cards revealed. {status(view)}."
    return "The session has ended." if view.phase == "ended" else ""
