import pytest

from poker_app.rules.printable import first_letter, likeness, one_line

INVISIBLE = [
    "\u200d",
    "\u3164",
    "\u2800",
    "\u115f\u1160",
    "\uffa0",
    "\ufe0f",
    "\u0301",
    "\u200b",
    "\u2800 \u3164",
    " \t",
]


@pytest.mark.parametrize("typed", INVISIBLE)
def test_a_name_of_which_nothing_is_seen_is_none(typed):
    assert one_line(typed) == ""


@pytest.mark.parametrize(
    ("typed", "name"),
    [
        (" Ada \n Byron ", "Ada Byron"),
        ("Jose\u0301", "Jos\u00e9"),
        ("A\u200bda", "Ada"),
        ("👨\u200d👩\u200d👧", "👨\u200d👩\u200d👧"),
        ("김\u3164민수", "김\u3164민수"),
        ("*", "*"),
        ("e\u0301" * 5_000, "e\u0301" * 5_000),
    ],
)
def test_a_name_is_one_line_in_composed_form(typed, name):
    assert one_line(typed) == name


@pytest.mark.parametrize(
    ("one", "other"),
    [("Jose\u0301", "JOS\u00c9"), ("Ben", "B\u200den"), ("Ben", "Ben\u3164"), ("Ａda", "ada"), ("Straße", "STRASSE")],
)
def test_names_that_look_alike_have_one_likeness(one, other):
    assert likeness(one) == likeness(other)
    assert likeness(one) != likeness(f"{other} 2")


@pytest.mark.parametrize(
    ("word", "first"),
    [
        ("Ada", "A"),
        ("🇩🇪", "🇩🇪"),
        ("🇩🇪🇫🇷", "🇩🇪"),
        ("(PO)", "P"),
        ("“Ada”", "A"),
        ("👨\u200d👩\u200d👧Fam", "👨\u200d👩\u200d👧"),
        ("👍🏽x", "👍🏽"),
        ("❤\ufe0fy", "❤\ufe0f"),
        ("e\u0301a", "e\u0301"),
        ("नीना", "नी"),
        ("🏴\U000e0067\U000e0062\U000e007fz", "🏴\U000e0067\U000e0062\U000e007f"),
        ("--", "-"),
        ("7of9", "7"),
    ],
)
def test_the_first_letter_is_whole(word, first):
    assert first_letter(word) == first
