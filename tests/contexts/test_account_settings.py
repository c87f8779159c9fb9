"""What an account wants: its name, its defaults, its retention, its domain."""

import pytest

from poker_app.accounts import account_settings, decks, memberships
from poker_app.db import session
from tests.world.actions import Club


def test_renaming(club: Club) -> None:
    account_settings.rename(club.as_("Abe"), "  Nordbahn \n Rail ")
    with club.nothing_happens():
        account_settings.rename(club.as_("Olga"), "Nordbahn Rail")
    assert club.account.name == "Nordbahn Rail"
    assert club.log == [("Abe", "account-renamed", "Nordbahn Rail")]
    with club.refused(422):
        account_settings.rename(club.as_("Olga"), " \u200b ")
    with club.refused(403, "Only an owner or admin may rename the account."):
        account_settings.rename(club.as_("Tim"), "Mine")


# --- session defaults


def test_the_first_defaults(club: Club) -> None:
    assert account_settings.defaults_of(club.account) == {"deck": "fibonacci", "timer_minutes": "3"}


def test_defaults_are_kept_in_the_words_of_the_form(club: Club) -> None:
    form = {"deck": "t-shirts", "timer_minutes": "1.50", "auto_reveal": "1", "teammates_only": "on", "other": "1"}
    account_settings.set_defaults(club.as_("Abe"), form)
    assert account_settings.defaults_of(club.account) == {
        "deck": "t-shirts",
        "timer_minutes": "1.5",
        "auto_reveal": "1",
        "teammates_only": "1",
    }
    with club.nothing_happens():
        account_settings.set_defaults(club.as_("Abe"), form)
    assert club.log == [("Abe", "defaults-changed", "T-shirts, 1.5 minutes, auto reveal, teammates only")]


def test_an_own_deck_as_the_default_until_it_is_deleted(club: Club) -> None:
    deck = decks.add_deck(club.as_("Abe"), name="Risk", cards="low high").id
    account_settings.set_defaults(club.as_("Abe"), {"deck": f"own:{deck}", "timer_minutes": ""})
    assert account_settings.defaults_of(club.account)["deck"] == f"own:{deck}"
    decks.delete_deck(club.as_("Abe"), deck)
    assert account_settings.defaults_of(club.account)["deck"] == "fibonacci"


@pytest.mark.parametrize(
    ("form", "sentence"),
    [
        ({"deck": "nonsense"}, "Choose one of the decks."),
        ({"deck": "own"}, "Choose one of the decks."),
        ({"deck": "fibonacci", "timer_minutes": "soon"}, "The timer's length is a number of minutes."),
        ({"deck": "fibonacci", "timer_minutes": "nan"}, "The timer's length is a number of minutes."),
        ({"deck": "fibonacci", "timer_minutes": "1e999"}, "The timer's length is a number of minutes."),
        ({"deck": "fibonacci", "timer_minutes": "61"}, "A timer runs from 10 seconds to 60 minutes."),
        ({"deck": "fibonacci", "timer_minutes": "0.1"}, "A timer runs from 10 seconds to 60 minutes."),
    ],
)
def test_defaults_that_cannot_be_used(club: Club, form: dict[str, str], sentence: str) -> None:
    with club.refused(422, sentence):
        account_settings.set_defaults(club.as_("Abe"), form)


def test_a_deck_of_another_account_is_no_default(club: Club) -> None:
    theirs = decks.add_deck(club.as_("Mallory"), name="Theirs", cards="1 2").id
    with club.refused(422, "Choose one of the decks."):
        account_settings.set_defaults(club.as_("Abe"), {"deck": f"own:{theirs}"})
    with club.refused(403):
        account_settings.set_defaults(club.as_("Tim"), {"deck": "fibonacci"})


# --- retention


def test_how_long_reports_are_kept(club: Club) -> None:
    account_settings.set_retention(club.as_("Abe"), " 90 ")
    assert club.account.report_days == 90
    assert club.log == [("Abe", "retention-changed", "90 days")]
    with club.nothing_happens():
        account_settings.set_retention(club.as_("Abe"), "90")


@pytest.mark.parametrize("typed", ["", "29", "1096", "-90", "9e9", "٩٠", "9" * 5000, "90.5"])
def test_days_that_cannot_be_used(club: Club, typed: str) -> None:
    with club.refused(422, "Reports are kept 30 to 1095 days, which is three years."):
        account_settings.set_retention(club.as_("Abe"), typed)


# --- domain


def test_opening_to_ones_own_domain(club: Club) -> None:
    account_settings.open_to_domain(club.as_("Abe"))
    with club.nothing_happens():
        account_settings.open_to_domain(club.as_("Olga"))
    assert club.account.domain == "nordbahn.example"
    account_settings.close_to_domain(club.as_("Abe"))
    with club.nothing_happens():
        account_settings.close_to_domain(club.as_("Abe"))
    assert club.account.domain is None
    assert [line[1] for line in club.log] == ["domain-opened", "domain-closed"]


@pytest.mark.parametrize("email", ["olga@gmail.com", None])
def test_a_mail_service_is_no_domain_of_ones_own(club: Club, email: str | None) -> None:
    club.named("Olga").email = email
    session.commit()
    assert account_settings.own_domain(club.as_("Olga")) is None
    with club.refused(409):
        account_settings.open_to_domain(club.as_("Olga"))


def test_only_admins_say_so(club: Club) -> None:
    for verb in (account_settings.open_to_domain, account_settings.close_to_domain):
        with club.refused(403):
            verb(club.as_("Tim"))
    with club.refused(403):
        account_settings.set_retention(club.as_("Tim"), "90")


def test_where_nobody_signs_in(context: None) -> None:
    """Everybody arranges the table; who is who is nobody's business."""
    account_settings.rename(memberships.home_of(None), "The table")
    account_settings.set_defaults(memberships.home_of(None), {"deck": "hours"})
    assert memberships.home_of(None).account.name == "The table"
    assert account_settings.own_domain(memberships.home_of(None)) is None
    assert account_settings.defaults_of(memberships.home_of(None).account)["deck"] == "hours"
