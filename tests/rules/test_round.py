from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules import Refused
from poker_app.rules.round import everyone_voted, may_retract, may_reveal, may_revote, may_vote

MEMBERS = st.sets(st.sampled_from("abcdefgh"))

ENDED = ("conflict", "The session has ended.")
WATCHING = ("forbidden", "You are watching. Start voting to vote.")
ROUND_OVER = ("conflict", "That round is over. The table shows where we are now.")
FACE_UP = ("conflict", "The cards are already face up.")
NOT_IN_DECK = ("invalid", "That card is not in this deck.")
NO_VOTES = ("conflict", "Nobody has voted yet.")
NOT_YOURS_TO_REVEAL = ("forbidden", "Only a facilitator may reveal the cards here.")
NOT_YOURS_TO_REVOTE = ("forbidden", "Only a facilitator may call another vote here.")
NOT_YOURS_TO_RESTART = ("forbidden", "Only a facilitator may clear the cards before the reveal.")

VOTE = {
    "card": "5",
    "cards": ("0", "5", "?", "☕"),
    "votes_here": True,
    "is_current": True,
    "revealed": False,
    "change_after_reveal": False,
    "ended": False,
}
RETRACT = {name: value for name, value in VOTE.items() if name not in ("card", "cards")}
REVEAL = {
    "facilitates": True,
    "anyone_may": False,
    "revealed": False,
    "is_current": True,
    "ended": False,
    "votes": 1,
}
REVOTE = {"facilitates": True, "anyone_may": False, "revealed": True, "is_current": True, "ended": False}


def answer(rule, usual, **changed):
    """None where the rule allows it, else the refusal's kind and sentence."""
    try:
        assert rule(**usual | changed) is None
    except Refused as refused:
        return refused.kind, refused.sentence
    return None


@pytest.mark.parametrize(
    ("present", "voted", "everyone"),
    [
        ((), (), False),
        ((), ("ada",), False),
        (("ada",), (), False),
        (("ada",), ("ada",), True),
        (("ada", "ben"), ("ada",), False),
        (("ada", "ben"), ("ben", "ada"), True),
        (("ada",), ("ada", "gus who went away"), True),
        (["ada", "ada"], ["ada"], True),
    ],
)
def test_everyone_present_has_voted(present, voted, everyone):
    assert everyone_voted(present, voted) is everyone


@given(MEMBERS, MEMBERS, MEMBERS)
def test_absent_votes_neither_help_nor_hinder(present, voted, absent):
    assert everyone_voted(present, voted) == everyone_voted(present, voted | (absent - present))


@given(MEMBERS.filter(bool), st.data())
def test_one_present_voter_without_a_vote_is_waited_for(present, data):
    assert everyone_voted(present, present)
    assert not everyone_voted(present, present - {data.draw(st.sampled_from(sorted(present)))})


@pytest.mark.parametrize("card", VOTE["cards"])
def test_every_card_of_the_deck_may_be_voted(card):
    assert answer(may_vote, VOTE, card=card) is None


@pytest.mark.parametrize("card", ["4", "", "05", "5 ", "\x00", "0 5"])
def test_no_other_card_may_be_voted(card):
    assert answer(may_vote, VOTE, card=card) == NOT_IN_DECK


@pytest.mark.parametrize(("rule", "usual"), [(may_vote, VOTE), (may_retract, RETRACT)])
@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({}, None),
        ({"ended": True}, ENDED),
        ({"votes_here": False}, WATCHING),
        ({"is_current": False}, ROUND_OVER),
        ({"revealed": True}, FACE_UP),
        ({"revealed": True, "change_after_reveal": True}, None),
        ({"change_after_reveal": True}, None),
        ({"is_current": False, "change_after_reveal": True}, ROUND_OVER),
        ({"is_current": False, "revealed": True}, ROUND_OVER),
        ({"ended": True, "votes_here": False, "is_current": False, "revealed": True}, ENDED),
        ({"votes_here": False, "is_current": False, "revealed": True}, WATCHING),
    ],
)
def test_a_hand_is_played_and_taken_back_in_the_round_at_the_table(rule, usual, changed, refusal):
    assert answer(rule, usual, **changed) == refusal


def test_the_card_is_looked_at_last():
    assert answer(may_vote, VOTE, card="4", revealed=True) == FACE_UP
    assert answer(may_vote, VOTE, card="4", votes_here=False) == WATCHING


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({}, None),
        ({"votes": 0}, NO_VOTES),
        ({"revealed": True}, FACE_UP),
        ({"is_current": False}, ROUND_OVER),
        ({"ended": True}, ENDED),
        ({"facilitates": False}, NOT_YOURS_TO_REVEAL),
        ({"facilitates": False, "anyone_may": True}, None),
        ({"facilitates": False, "anyone_may": True, "votes": 0}, NO_VOTES),
        ({"facilitates": False, "revealed": True}, NOT_YOURS_TO_REVEAL),
        ({"facilitates": False, "ended": True}, ENDED),
        ({"revealed": True, "votes": 0}, FACE_UP),
        ({"is_current": False, "revealed": True}, ROUND_OVER),
    ],
)
def test_a_facilitator_reveals_once_somebody_has_voted(changed, refusal):
    assert answer(may_reveal, REVEAL, **changed) == refusal


@pytest.mark.parametrize(
    ("changed", "refusal"),
    [
        ({}, None),
        ({"revealed": False}, None),
        ({"is_current": False}, ROUND_OVER),
        ({"ended": True}, ENDED),
        ({"facilitates": False}, NOT_YOURS_TO_REVOTE),
        ({"facilitates": False, "anyone_may": True}, None),
        ({"facilitates": False, "revealed": False}, NOT_YOURS_TO_RESTART),
        ({"facilitates": False, "revealed": False, "anyone_may": True}, NOT_YOURS_TO_RESTART),
        ({"facilitates": False, "anyone_may": True, "is_current": False}, ROUND_OVER),
        ({"facilitates": False, "ended": True}, ENDED),
    ],
)
def test_the_next_round_is_opened_by_whoever_may_reveal_and_a_restart_by_a_facilitator(changed, refusal):
    assert answer(may_revote, REVOTE, **changed) == refusal


def test_without_a_word_on_anyone_only_a_facilitator_may_revote():
    without = {name: value for name, value in REVOTE.items() if name != "anyone_may"}
    assert answer(may_revote, without, facilitates=False) == NOT_YOURS_TO_REVOTE


@pytest.mark.parametrize(
    ("rule", "usual"), [(may_vote, VOTE), (may_retract, RETRACT), (may_reveal, REVEAL), (may_revote, REVOTE)]
)
def test_nothing_at_all_happens_after_the_end_or_in_an_old_round(rule, usual):
    flags = [name for name, value in usual.items() if isinstance(value, bool)]
    for values in product((False, True), repeat=len(flags)):
        state = dict(zip(flags, values, strict=True))
        if state["ended"]:
            assert answer(rule, usual, **state) == ENDED
        elif not state["is_current"]:
            assert answer(rule, usual, **state) is not None


def test_a_refusal_reads_as_its_sentence():
    assert str(Refused(*ENDED)) == ENDED[1]
