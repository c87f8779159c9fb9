from collections import Counter
from dataclasses import replace
from fractions import Fraction
from statistics import mean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules.deck import DECKS, OUTSIDE, figure, is_numeric, places, ranked, words_beside
from poker_app.rules.report import points
from poker_app.rules.tally import Tally, percent, shown, tally

FIBONACCI = DECKS["fibonacci"].cards
SHIRTS = DECKS["t-shirts"].cards


def votes_of(text):
    """Votes by members a, b, c … in the order of the cards."""
    return dict(zip("abcdefghijklmnopqrstuvwxyz", text.split(), strict=False))


@st.composite
def rounds(draw):
    cards = draw(
        st.sampled_from(
            [deck.cards for deck in DECKS.values()]
            + [("8", "½", "3", "?", "☕"), ("b", "a"), ("8", "1", "huge", "?", "☕")]
        )
    )
    return cards, draw(st.dictionaries(st.text("abcdef0123", min_size=1), st.sampled_from(cards), max_size=12))


def test_the_table_of_the_design():
    figures = tally(FIBONACCI, votes_of("2 5 5 5 5 8 8 13"))
    assert figures == Tally(
        votes=8,
        mean=Fraction(51, 8),
        median=Fraction(5),
        median_card="5",
        mode=("5",),
        spread=("2", "13"),
        steps=4,
        distribution=(("2", 1), ("3", 0), ("5", 4), ("8", 2), ("13", 1)),
        agreement=Fraction(1, 2),
        consensus=False,
        suggested="5",
        lowest=("a",),
        highest=("h",),
    )
    assert (shown(figures.median), shown(figures.mean), percent(figures.agreement)) == ("5", "6.4", "50%")


@pytest.mark.parametrize(
    ("cards", "lowest", "highest", "agreement"),
    [
        ("2 3 3 3 3 3 3 5", "", "", "75%"),
        ("1 1 2 2 2 2 2 2", "", "", "75%"),
        ("3 3 5 5 5 8 8 21", "", "h", "38%"),
        ("2 5 5 5 5 8 8 13", "a", "h", "50%"),
        ("5 8 8 13 13 21 21 21", "a", "", "38%"),
        ("3 5 5 5 5 5 5 8", "", "", "75%"),
        ("2 2 3 3 3 3 3 5", "", "", "63%"),
        ("3 3 5 5 5 5 5 8", "", "", "63%"),
        ("3 3 3 3 3 3 3 3", "", "", "100%"),
    ],
)
def test_the_rows_of_the_designs_report(cards, lowest, highest, agreement):
    figures = tally(FIBONACCI, votes_of(cards))
    assert (figures.lowest, figures.highest) == (tuple(lowest), tuple(highest))
    assert percent(figures.agreement) == agreement


@pytest.mark.parametrize(
    ("votes", "median_figure", "median_card", "suggested"),
    [
        ("5", 5, "5", "5"),
        ("3 5", 4, None, "5"),
        ("5 8", Fraction(13, 2), None, "8"),
        ("1 3", 2, "2", "2"),
        ("1 8", Fraction(9, 2), None, "5"),
        ("0 1", Fraction(1, 2), None, "1"),
        ("0 0 34", 0, "0", "0"),
        ("2 13", Fraction(15, 2), None, "8"),
        ("13 34 ?", Fraction(47, 2), None, "21"),
    ],
)
def test_the_median_may_fall_between_cards_and_the_suggestion_never_does(votes, median_figure, median_card, suggested):
    figures = tally(FIBONACCI, votes_of(votes))
    assert (figures.median, figures.median_card, figures.suggested) == (median_figure, median_card, suggested)


@pytest.mark.parametrize(
    ("votes", "card"),
    [("M", "M"), ("S M", "M"), ("XS XXL", "L"), ("XS L", "M"), ("XS XS XL", "XS"), ("S L ? ☕", "M")],
)
def test_words_have_a_middle_card_and_no_figures(votes, card):
    figures = tally(SHIRTS, votes_of(votes))
    assert (figures.median_card, figures.suggested) == (card, card)
    assert figures.mean is None
    assert figures.median is None


def test_words_spread_and_distribute_in_deck_order():
    figures = tally(SHIRTS, votes_of("XL S S ?"))
    assert (figures.spread, figures.steps) == (("S", "XL"), 3)
    assert figures.distribution == (("S", 2), ("M", 0), ("L", 0), ("XL", 1), ("?", 1))


def test_a_deck_listed_out_of_order_is_tallied_in_order():
    figures = tally(("8", "1", "3", "?", "☕"), votes_of("8 1"))
    assert figures.distribution == (("1", 1), ("3", 0), ("8", 1))
    assert figures.spread == ("1", "8")


def test_words_beside_numbers_stand_outside_the_figures():
    cards = ("1", "2", "3", "5", "too big", "?", "☕")
    figures = tally(cards, votes_of("1 3"))
    assert (figures.mean, figures.median, figures.suggested, figures.words) == (2, 2, "2", 0)
    assert points(cards, ["3", "too big", "5"]) == 8
    with_word = tally(cards, {**votes_of("1 3 ?"), "z": "too big"})
    assert with_word.distribution == (("1", 1), ("2", 0), ("3", 1), ("too big", 1), ("?", 1))
    assert (with_word.votes, with_word.words) == (2, 1)
    outside = {"words": 0, "distribution": ()}
    assert replace(with_word, **outside) == replace(figures, **outside)
    assert tally(cards, {"z": "too big"}) == Tally(words=1, distribution=(("too big", 1),))


def test_a_zero_is_a_vote():
    figures = tally(FIBONACCI, {"ada": "0"})
    assert (figures.votes, figures.mean, figures.median, figures.mode) == (1, 0, 0, ("0",))
    assert figures.spread == ("0", "0")
    assert figures.suggested == "0"
    assert figures.consensus


def test_zeros_weigh_in_the_mean():
    assert tally(FIBONACCI, votes_of("0 0 0 8")).mean == 2


@pytest.mark.parametrize("cards", [FIBONACCI, SHIRTS])
def test_no_votes_have_no_figures(cards):
    figures = tally(cards, {})
    assert figures == Tally()
    assert (figures.votes, figures.mean, figures.suggested, figures.steps) == (0, None, None, 0)
    assert not figures.consensus


@pytest.mark.parametrize("cards", [FIBONACCI, SHIRTS])
def test_only_outside_cards_have_no_figures(cards):
    assert tally(cards, votes_of("☕ ? ☕")) == Tally(distribution=(("?", 1), ("☕", 2)))


@pytest.mark.parametrize(
    ("votes", "mode"),
    [("1 1 2", ("1",)), ("2 1", ("1", "2")), ("8 8 3 3 5", ("3", "8")), ("? ? ? 5", ("5",))],
)
def test_the_most_voted_cards_are_named_lowest_first(votes, mode):
    assert tally(FIBONACCI, votes_of(votes)).mode == mode


@pytest.mark.parametrize(
    ("votes", "consensus"),
    [("5", True), ("5 5", True), ("5 5 ? ☕", True), ("5 8", False), ("? ?", False), ("", False), ("0 0", True)],
)
def test_consensus_is_every_number_the_same_card(votes, consensus):
    assert tally(FIBONACCI, votes_of(votes)).consensus is consensus


@pytest.mark.parametrize(
    ("votes", "lowest", "highest"),
    [
        ("5", "", ""),
        ("5 8", "", ""),
        ("3 8", "", ""),
        ("2 8", "a", ""),
        ("1 1 1 13 13", "", "de"),
        ("0 0 13 13 13", "ab", ""),
        ("13 13 0 13", "c", ""),
    ],
)
def test_those_two_steps_from_the_suggestion_talk_first(votes, lowest, highest):
    figures = tally(FIBONACCI, votes_of(votes))
    assert (figures.lowest, figures.highest) == (tuple(lowest), tuple(highest))


@pytest.mark.parametrize(
    "votes",
    [
        "5 " * 9 + "13 " * 9 + "1 2 2 3 3 3 8 8 8 8 8 8 21 21 21 8 8 3 3 3",
        "1 1 5 5",
        "0 0 3 13 13",
        "2 2 5 8 8",
    ],
)
def test_a_commonest_card_never_talks_first(votes):
    figures = tally(FIBONACCI, dict(enumerate(votes.split())))
    assert len(figures.mode) == 2
    marked = {votes.split()[member] for member in (*figures.lowest, *figures.highest)}
    assert not marked & set(figures.mode)


def test_where_all_voted_different_cards_the_ends_talk_first():
    figures = tally(FIBONACCI, votes_of("1 5 21"))
    assert (figures.lowest, figures.highest) == (("a",), ("c",))


@pytest.mark.parametrize(
    ("votes", "split"),
    [
        ("3 3 3 3 5 5 8 8 8 8", ("3", "8")),
        ("1 1 1 13 13", ("1", "13")),
        ("3 3 3 8 8 8 34", ("3", "8")),
        ("3 3 3 5 5 5", ()),
        ("3 3 3 5 5 5 8 8 8", ()),
        ("2 5 5 5 5 8 8 13", ()),
        ("3 8", ()),
        ("3 3 8", ()),
        ("5 5 5", ()),
    ],
)
def test_two_camps_are_a_split(votes, split):
    assert tally(FIBONACCI, votes_of(votes)).split == split


@pytest.mark.parametrize("votes", ["5", "5 ? ☕", "5 ? ? ?"])
def test_a_single_number_agrees_with_no_other(votes):
    assert tally(FIBONACCI, votes_of(votes)).agreement is None


@pytest.mark.parametrize("card", ["4", "05", "5 ", "", "XS", "x" * 99])
def test_a_card_that_is_not_in_the_deck_is_an_error(card):
    with pytest.raises(ValueError, match="not in the deck"):
        tally(FIBONACCI, {"ada": "5", "ben": card})


def test_an_outside_card_missing_from_the_deck_is_an_error():
    with pytest.raises(ValueError, match="not in the deck"):
        tally(("1", "2"), {"ada": "?"})


@given(rounds(), st.randoms())
def test_the_order_of_votes_is_irrelevant(played, random):
    cards, votes = played
    shuffled = list(votes.items())
    random.shuffle(shuffled)
    assert tally(cards, dict(shuffled)) == tally(cards, votes)


@given(rounds(), st.lists(st.sampled_from(OUTSIDE), max_size=5))
def test_outside_cards_never_influence_a_figure(played, outside):
    cards, votes = (*(card for card in played[0] if card not in OUTSIDE), *OUTSIDE), played[1]
    more = votes | {f"guest {number}": card for number, card in enumerate(outside)}

    def figures(votes):
        counted = tally(cards, votes)
        return [getattr(counted, name) for name in Tally.__slots__ if name != "distribution"]

    assert figures(more) == figures(votes)


@given(rounds())
def test_every_figure_keeps_its_bounds(played):
    cards, votes = played
    figures = tally(cards, votes)
    ladder = ranked(cards)
    counted = [card for card in votes.values() if card in places(cards)]
    assert figures.votes == len(counted)
    assert figures.words == sum(card in words_beside(cards) for card in votes.values())
    assert Counter(dict(figures.distribution)) == Counter(votes.values())
    if not counted:
        assert figures == Tally(words=figures.words, distribution=figures.distribution)
        return
    low, high = figures.spread
    assert {low, high} <= set(counted)
    assert all(ladder.index(low) <= ladder.index(card) <= ladder.index(high) for card in counted)
    assert figures.steps == ladder.index(high) - ladder.index(low)
    assert ladder.index(low) <= ladder.index(figures.suggested) <= ladder.index(high)
    if len(counted) > 1:
        assert Fraction(1, len(ladder)) <= figures.agreement <= 1
        assert figures.agreement * figures.votes == max(Counter(counted).values())
    assert {card for card in counted if counted.count(card) == max(map(counted.count, counted))} == set(figures.mode)
    assert figures.consensus == (len(set(counted)) == 1) == (figures.agreement in (1, None))
    assert (figures.agreement is None) == (len(counted) == 1)
    assert not set(figures.lowest) & set(figures.highest)
    assert {votes[member] for member in figures.lowest} <= {low}
    assert {votes[member] for member in figures.highest} <= {high}


@given(rounds())
def test_mean_and_median_are_exact(played):
    cards, votes = played
    figures = tally(cards, votes)
    counted = [figure(card) for card in votes.values() if card in places(cards)]
    if not (is_numeric(cards) and counted):
        assert figures.mean is None
        assert figures.median is None
        return
    assert figures.mean == mean(counted)
    assert figures.median == median(counted)
    distance = abs(figure(figures.suggested) - figures.median)
    assert distance == min(abs(figure(card) - figures.median) for card in places(cards))


@given(rounds())
def test_talk_first_is_never_for_those_beside_the_suggestion(played):
    cards, votes = played
    figures = tally(cards, votes)
    ladder = ranked(cards)
    for card, marked in zip(figures.spread or (), (figures.lowest, figures.highest), strict=False):
        far = abs(ladder.index(card) - ladder.index(figures.suggested)) >= 2
        far = far and (card not in figures.mode or list(votes.values()).count(card) == 1)
        assert set(marked) == ({member for member in votes if votes[member] == card} if far else set())


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Fraction(51, 8), "6.4"),
        (Fraction(5), "5"),
        (Fraction(0), "0"),
        (Fraction(1, 2), "0.5"),
        (Fraction(1, 4), "0.3"),
        (Fraction(5, 2), "2.5"),
        (Fraction(129, 20), "6.5"),
        (Fraction(1, 30), "0"),
        (Fraction(199, 20), "10"),
        (Fraction(1, 3), "0.3"),
        (Fraction(2, 3), "0.7"),
        (Fraction(100), "100"),
        (Fraction(-3, 2), "-1.5"),
        (Fraction(-1), "-1"),
        (Fraction(-1, 25), "0"),
        (Fraction(-1, 10), "-0.1"),
    ],
)
def test_figures_are_shown_with_at_most_one_decimal(value, text):
    assert shown(value) == text


@given(st.fractions(-1000, 1000))
def test_a_shown_figure_is_within_half_a_tenth(value):
    text = shown(value)
    assert abs(Fraction(text) - value) <= Fraction(1, 20)
    assert not text.endswith(".0")
    assert text != "-0"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (Fraction(1, 2), "50%"),
        (Fraction(1), "100%"),
        (Fraction(0), "0%"),
        (Fraction(3, 8), "38%"),
        (Fraction(5, 8), "63%"),
        (Fraction(1, 3), "33%"),
        (Fraction(2, 3), "67%"),
        (Fraction(1, 200), "1%"),
        (Fraction(1, 201), "0%"),
        (Fraction(1, 8), "13%"),
    ],
)
def test_shares_are_shown_in_whole_per_cent_half_up(share, text):
    assert percent(share) == text
