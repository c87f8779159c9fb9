from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules import Unusable
from poker_app.rules.deck import (
    BREAK,
    DECKS,
    MAX_CARD,
    MAX_CARDS,
    MIN_CARDS,
    OUTSIDE,
    UNSURE,
    figure,
    is_numeric,
    nearest,
    own_cards,
    places,
    ranked,
)
from poker_app.rules.printable import is_hidden

HALF = Fraction(1, 2)


@pytest.mark.parametrize(
    ("name", "label", "cards"),
    [
        ("fibonacci", "Fibonacci", "0 1 2 3 5 8 13 21 34"),
        ("modified-fibonacci", "Modified Fibonacci", "0 ½ 1 2 3 5 8 13 20 40 100"),
        ("t-shirts", "T-shirts", "XS S M L XL XXL"),
        ("powers-of-two", "Powers of two", "0 1 2 4 8 16 32 64"),
        ("hours", "Hours and days", "1h 2h 4h 1d 2d 3d 5d 10d"),
    ],
)
def test_the_decks_on_offer(name, label, cards):
    deck = DECKS[name]
    assert (deck.name, deck.label, deck.cards) == (name, label, (*cards.split(), "?", "☕"))


def test_no_other_deck_is_on_offer_and_none_can_be_slipped_in():
    assert list(DECKS) == ["fibonacci", "modified-fibonacci", "t-shirts", "powers-of-two", "hours"]
    with pytest.raises(TypeError):
        DECKS["free"] = DECKS["hours"]


@pytest.mark.parametrize("deck", DECKS.values(), ids=lambda deck: deck.name)
def test_every_deck_could_have_been_typed(deck):
    assert own_cards(" ".join(deck.cards)) == deck.cards


@pytest.mark.parametrize("deck", DECKS.values(), ids=lambda deck: deck.name)
def test_every_deck_is_listed_lowest_first(deck):
    assert ranked(deck.cards) == deck.cards[:-2]


@pytest.mark.parametrize(
    ("card", "value"),
    [
        ("0", 0),
        ("00", 0),
        ("08", 8),
        ("5", 5),
        ("100", 100),
        ("0.5", HALF),
        ("0.50", HALF),
        (".5", HALF),
        ("1/2", HALF),
        ("½", HALF),
        ("¼", Fraction(1, 4)),
        ("¾", Fraction(3, 4)),
        ("⅓", Fraction(1, 3)),
        ("⅔", Fraction(2, 3)),
        ("⅛", Fraction(1, 8)),
        ("1⅗", Fraction(8, 5)),
        ("2½", Fraction(5, 2)),
        ("-1", -1),
        ("-0.5", -HALF),
        ("12345678", 12345678),
    ],
)
def test_a_number_is_worth_its_value(card, value):
    assert figure(card) == value


@pytest.mark.parametrize(
    "card",
    [
        "?",
        "☕",
        "",
        "XS",
        "1h",
        "h1",
        "1e3",
        "0x10",
        "1_000",
        "1/0",
        "1/00",
        "1.",
        ".",
        "-",
        "+5",
        "--1",
        " 5",
        "5 ",
        "5\n",
        "٣",
        "五",
        "²",
        "½½",
        "½5",
        "-½",
        "1,5",
        "nan",
        "inf",
        "9" * 5000,
    ],
)
def test_anything_else_has_no_figure(card):
    assert figure(card) is None


@given(st.text())
def test_any_text_has_a_figure_or_none(card):
    value = figure(card)
    assert value is None or isinstance(value, Fraction)


@pytest.mark.parametrize(
    ("cards", "numeric"),
    [
        (("1", "2"), True),
        (("1", "2", "?", "☕"), True),
        (("0", "½"), True),
        (("1", "M"), False),
        (("1", "2", "3", "5", "too big"), True),
        (("S", "M", "L", "100"), False),
        (("S", "M", "?"), False),
        (("?", "☕"), False),
        ((), False),
    ],
)
def test_a_deck_is_numeric_when_more_of_its_cards_are_numbers_than_words(cards, numeric):
    assert is_numeric(cards) is numeric


@pytest.mark.parametrize(
    ("cards", "order"),
    [
        (("8", "1", "3", "?"), ("1", "3", "8")),
        (("10", "9", "½", "0"), ("0", "½", "9", "10")),
        (("1", "0.5", "1/4"), ("1/4", "0.5", "1")),
        (("L", "S", "M"), ("L", "S", "M")),
        (("huge", "8", "epic", "1", "3"), ("1", "3", "8", "huge", "epic")),
        (("?", "3", "☕", "2"), ("2", "3")),
        (("?", "☕"), ()),
        ((), ()),
    ],
)
def test_cards_rank_by_value_or_else_as_listed(cards, order):
    assert ranked(cards) == order


def test_words_stand_at_their_position_and_numbers_at_their_value():
    assert places(("L", "S", "?")) == {"L": 0, "S": 1}
    assert places(("8", "½", "?")) == {"½": HALF, "8": 8}
    assert places(("8", "epic", "½", "?")) == {"½": HALF, "8": 8}


@pytest.mark.parametrize(
    ("cards", "place", "card"),
    [
        (("1", "2", "3", "5", "8"), Fraction(4), "5"),
        (("1", "2", "3", "5", "8"), Fraction(39, 10), "3"),
        (("5", "3"), Fraction(4), "5"),
        (("1", "2"), Fraction(99), "2"),
        (("1", "2"), Fraction(-99), "1"),
        (("S", "M", "L"), HALF, "M"),
        (("?", "☕"), HALF, None),
    ],
)
def test_the_nearest_card_is_the_higher_one_when_halfway(cards, place, card):
    assert nearest(cards, place) == card


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("1, 2, 3", ("1", "2", "3")),
        ("1;2;3", ("1", "2", "3")),
        ("1 2\t3", ("1", "2", "3")),
        ("1\r\n2\n\n3\n", ("1", "2", "3")),
        (" ,; 1 ,;, 2 ; ", ("1", "2")),
        ("1,5", ("1", "5")),
        ("small medium large", ("small", "medium", "large")),
        ("0 ½ 1", ("0", "½", "1")),
        ("08 0.50", ("08", "0.50")),
        ("3 1 2", ("3", "1", "2")),
        ("? 1 2", ("1", "2")),
        ("1 ☕ 2 ? ☕ ?", ("1", "2")),
        ("1 ☕\ufe0f 2", ("1", "2")),
        ("🐭 🐘", ("🐭", "🐘")),
        ("👨\u200d👩\u200d👧 🐘", ("👨\u200d👩\u200d👧", "🐘")),
        ("cafe\u0301 th\u00e9", ("caf\u00e9", "th\u00e9")),
        ("12345678 abcdefgh", ("12345678", "abcdefgh")),
        ("1\u20282", ("1", "2")),
    ],
)
def test_own_cards_are_kept_as_typed_with_the_outside_cards_at_the_end(text, cards):
    assert own_cards(text) == (*cards, UNSURE, BREAK)


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "A deck needs at least 2 cards besides ? and ☕; this one has 0."),
        (" , ; \n", "A deck needs at least 2 cards besides ? and ☕; this one has 0."),
        ("5", "A deck needs at least 2 cards besides ? and ☕; this one has 1."),
        ("5 ? ☕", "A deck needs at least 2 cards besides ? and ☕; this one has 1."),
        (" ".join(map(str, range(31))), "A deck has at most 30 cards; this one has 31."),
        ("1 enormously", "A card has at most 8 characters; “enormous…” has 10."),
        ("1 123456789", "A card has at most 8 characters; “12345678…” has 9."),
        ("1 2 1", "“1” is in the deck twice; keep one of them."),
        ("epic mini epic", "“epic” is in the deck twice; keep one of them."),
        ("½ 0.5", "“½” and “0.5” are the same card; keep one of them."),
        ("1/2 0.50", "“1/2” and “0.50” are the same card; keep one of them."),
        ("08 8", "“08” and “8” are the same card; keep one of them."),
        ("0 1 -0", "“0” and “-0” are the same card; keep one of them."),
        ("m M", "“m” and “M” are the same card; keep one of them."),
        ("1 2\x003", "The deck holds a character that cannot be shown (U+0000)."),
        ("1 2 \x1b", "The deck holds a character that cannot be shown (U+001B)."),
        ("1\x1f2", "The deck holds a character that cannot be shown (U+001F)."),
        ("1 2 \u202e3", "The deck holds a character that cannot be shown (U+202E)."),
        ("1 2 \u200b", "The deck holds a character that cannot be shown (U+200B)."),
        ("1 2 \ud83d", "The deck holds a character that cannot be shown (U+D83D)."),
        ("1 2 \u200d", "The deck holds a card with nothing to see on it."),
        ("1 2 \ufe0f", "The deck holds a card with nothing to see on it."),
    ],
)
def test_an_unusable_deck_is_told_its_exact_problem(text, problem):
    with pytest.raises(Unusable) as refused:
        own_cards(text)
    assert str(refused.value) == problem


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("0,5; 1; 2; 3", ("0.5", "1", "2", "3")),
        ("1,5;2,5", ("1.5", "2.5")),
        ("0,5h; 1h; 2h", ("0.5h", "1h", "2h")),
        ("0,5, 1, 2, 3", ("0.5", "1", "2", "3")),
        ("0,5 1 2 3", ("0.5", "1", "2", "3")),
        ("0,5\n1\n2", ("0.5", "1", "2")),
        ("1,5\n2,5\n3,5", ("1.5", "2.5", "3.5")),
        ("0.5,1,2", ("0.5", "1", "2")),
        ("1,2,3; 5", ("1", "2", "3", "5")),
        ("5,1,-3", ("5", "1", "-3")),
    ],
)
def test_a_decimal_comma_is_read_as_a_point(text, cards):
    assert own_cards(text) == (*cards, UNSURE, BREAK)


@pytest.mark.parametrize("text", ["1,2, 3", "1,2 3", "1,2\n3,5", "1,2, big", "8,5, 3, 1"])
def test_a_comma_that_may_be_decimal_or_part_two_cards_is_asked_about(text):
    whole, part = text[0], text[2]
    with pytest.raises(Unusable) as refused:
        own_cards(text)
    assert str(refused.value) == (
        f"“{whole},{part}” may be one card or two. Write {whole}.{part} for one, or {whole}; {part} for two,"
        " with a semicolon after each card."
    )
    for better in (f"{whole}.{part}", f"{whole}; {part}"):
        assert own_cards(f"{better}; 99")[-3] == "99"


@pytest.mark.parametrize(
    ("text", "cards"),
    [
        ("１ ２ ３", ("1", "2", "3")),
        ("1、2、3", ("1", "2", "3")),
        ("１，２，３", ("1", "2", "3")),
        ("１．５；２", ("1.5", "2")),
        ("ＸＳ　Ｓ　？", ("XS", "S")),
        ("٠٫٥، ١، ٢", ("0.5", "1", "2")),
        ("٠,٥؛ ١؛ ٢", ("0.5", "1", "2")),
        ("१ २ ३", ("1", "2", "3")),
        ("−1 0 1", ("-1", "0", "1")),
        ("五 八", ("五", "八")),
    ],
)
def test_digits_and_marks_of_other_keyboards_are_read_as_ascii(text, cards):
    assert own_cards(text) == (*cards, UNSURE, BREAK)


@pytest.mark.parametrize("count", [MIN_CARDS, MAX_CARDS])
def test_the_outside_cards_do_not_count_towards_the_limits(count):
    typed = " ".join(["?", "☕", *map(str, range(count))])
    assert len(own_cards(typed)) == count + 2


@given(st.text(alphabet=st.sampled_from("0123456789１٣½./-?☕ ,;、٫\nabM\u00e9\u0301\x00\u200d\ud800"), max_size=60))
def test_any_typing_is_a_lasting_deck_or_unusable(text):
    try:
        cards = own_cards(text)
    except Unusable:
        return
    assert cards[-2:] == OUTSIDE
    counting = cards[:-2]
    assert MIN_CARDS <= len(counting) <= MAX_CARDS
    assert not set(counting) & set(OUTSIDE)
    assert all(1 <= len(card) <= MAX_CARD and not any(map(is_hidden, card)) for card in counting)
    assert sorted(ranked(cards)) == sorted(counting)
    assert own_cards(", ".join(cards)) == cards


def test_a_card_may_be_two_words_where_commas_part_the_cards():
    assert own_cards("1, 2,  too \t big")[:-2] == ("1", "2", "too big")
    assert own_cards("1 2 too big")[:-2] == ("1", "2", "too", "big")


@given(st.lists(st.integers(-999, 999), min_size=2, max_size=30, unique=True))
def test_numbers_rank_by_value_however_they_are_listed(numbers):
    assert ranked(own_cards(",".join(map(str, numbers)))) == tuple(map(str, sorted(numbers)))
