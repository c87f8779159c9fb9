"""Several accounts: making them, joining them, going from one to another."""

import pytest

from poker_app.accounts.models import Account, Teammate
from poker_app.db import session
from poker_app.settings import Settings
from tests.web.route_checks import says
from tests.world.pages import Club


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


def test_making_another_account(club: Club) -> None:
    answer = club.tim.post("/accounts", {"name": "  Side \n project "}, htmx=False)
    assert answer.status_code == 303
    page = club.tim.get(answer.location)
    assert "Side project" in page.text
    assert club.roles()["Tim"] == "facilitator"
    listed = club.tim.get("/accounts").text
    assert listed.index("Olga’s team") < listed.index("Side project")
    assert listed.index("Side project") < listed.index("Last used")


def test_nobody_makes_accounts_without_end(club: Club) -> None:
    statuses = [club.tim.post("/accounts", {"name": str(n)}, htmx=False).status_code for n in range(21)]
    assert statuses == [303] * 20 + [429]
    answer = club.tim.post("/accounts", {"name": "One more"}, htmx=False)
    assert says(answer, "Too many tries from here.")
    assert says(answer, 'value="One more"')
    assert club.mallory.post("/accounts", {"name": "Mine"}, htmx=False).status_code == 303


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        (" ", "Give the account a name, such as your team's or your company's."),
        ("x" * 81, "An account's name has at most 80 characters; this one has 81."),
    ],
)
def test_a_name_that_cannot_be_used(club: Club, name: str, sentence: str) -> None:
    before = club.rows()
    answer = club.tim.post("/accounts", {"name": name}, htmx=False)
    assert (answer.status_code, says(answer, sentence), says(answer, f'value="{name}"')) == (422, True, True)
    assert club.rows() == before


def test_the_account_that_was_last_used_opens_the_next_session(club: Club) -> None:
    other = club.tim.post("/accounts", {"name": "Side project"}, htmx=False).location
    for path, name in ((other, "Side project"), (f"{club.path}/team", "Olga’s team"), (other, "Side project")):
        club.tim.get(path)
        account = club.tim.get("/sessions/new").text.partition('name="account" value="')[2].partition('"')[0]
        with club.app.app_context():
            assert session.get_one(Account, account).name == name


def test_an_account_that_one_left_is_not_gone_on_with(club: Club) -> None:
    club.tim.get(f"{club.path}/team")
    club.tim.post(f"{club.path}/departure", htmx=False)
    assert club.tim.get(f"{club.path}/team").status_code == 404
    assert club.account not in club.tim.get("/sessions/new").text


def test_who_belongs_nowhere(club: Club) -> None:
    ben = club.newcomer("Ben")
    page = ben.get("/accounts")
    assert says(page, "You belong to no account")
    assert says(page, "ask an owner or admin to invite ben@example.com")


def test_who_is_awaited_is_asked_first(club: Club) -> None:
    club.invites("ben@example.com", "admin")
    ben = club.newcomer("Ben")
    assert ben.get("/sessions/new").location == "/accounts"
    assert says(ben.get("/accounts"), "Invited as an admin")
    with club.app.app_context():
        assert session.query(Teammate).where(Teammate.user_id == ben.user).count() == 0
    ben.post("/accounts", {"name": "Ben’s own"}, htmx=False)
    assert ben.get("/sessions/new").status_code == 200


def test_joining_by_domain(club: Club) -> None:
    ben = club.newcomer("Ben")
    assert ben.post(f"{club.path}/joining", htmx=False).status_code == 404
    club.abe.post(f"{club.path}/domain", {"open": "1"}, htmx=False)
    page = ben.get("/accounts")
    assert says(page, "Open to everybody with an address at example.com")
    answer = ben.post(f"{club.path}/joining", htmx=False)
    assert (answer.status_code, answer.location) == (303, f"{club.path}/team")
    assert says(ben.get(answer.location), "Welcome to the team.")
    assert club.roles()["Ben"] == "facilitator"
    assert "Join Olga’s team" not in ben.get("/accounts").text


def test_signing_in_comes_first(club: Club) -> None:
    gus = club.cast.gus
    assert gus.get("/accounts/new").location == "/sign-in?next=/accounts/new"
    before = club.rows()
    assert gus.post("/accounts", {"name": "Mine"}, htmx=False).status_code == 303
    assert gus.post(f"{club.path}/joining", htmx=False).status_code == 303
    assert club.rows() == before
