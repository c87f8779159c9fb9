import pytest

from poker_app.accounts import users
from poker_app.errors import Invalid
from poker_app.poker import names
from poker_app.poker.names import initials, shortened
from poker_app.poker.session import lifecycle
from poker_app.rules.printable import first_letter
from poker_app.rules.session.members import unique_name


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ada Byron", "AB"),
        ("Ada", "A"),
        ("🇩🇪 Ada", "A"),
        ("Ada 🇩🇪", "A"),
        ("🇩🇪Ada Byron", "🇩🇪B"),
        ("Ada (PO)", "AP"),
        ("Ada (", "A"),
        ("(", "("),
        ("🐭", "🐭"),
        ("jose\u0301", "J"),
        ("\u00e9mile zola", "ÉZ"),
    ],
)
def test_initials_are_whole_letters(name, letters):
    assert initials(name) == letters


def test_the_initial_that_tells_two_apart_is_no_bracket():
    assert shortened(["Ada (PO)", "Ada (QA)"]) == {"Ada (PO)": "Ada P", "Ada (QA)": "Ada Q"}


@pytest.mark.parametrize("clean", [names.clean_name, users.user_name, lifecycle.session_name])
@pytest.mark.parametrize("typed", ["\u200d", "\u3164", "\u2800"])
def test_a_name_that_cannot_be_seen_is_asked_for_again(clean, typed):
    with pytest.raises(Invalid):
        clean(typed)


def test_one_name_in_two_forms_of_unicode_is_told_apart():
    assert unique_name(names.clean_name("Jose\u0301"), ["Jos\u00e9"]) == "Jos\u00e9 2"
    assert unique_name("B\u200den", ["Ben"]) == "B\u200den 2"


def test_an_initial_is_looked_for_once_and_only_where_two_share_the_first_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every event of a session of 200 needs all of their names: three times each took a third of its time."""
    looked_at: list[str] = []

    def noted(word: str) -> str:
        looked_at.append(word)
        return first_letter(word)

    monkeypatch.setattr(names, "first_letter", noted)
    short = shortened(["Ada Alder", "Ada Brandt", "Ben Costa", "Ada Berg", "Cleo"])
    assert list(short.values()) == ["Ada A", "Ada Brandt", "Ben", "Ada Berg", "Cleo"]
    assert looked_at == ["Alder", "Brandt", "Berg"]
