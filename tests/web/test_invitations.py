"""What an invitation leads to."""

import pytest

from poker_app.accounts.team import joining
from poker_app.settings import Settings
from tests.promises.replay import logged
from tests.web.route_checks import says
from tests.world.pages import Club


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


def test_looking_changes_nothing(club: Club) -> None:
    link = club.invites("ben@example.com", "admin")
    before = club.rows()
    page = club.cast.gus.get(link)
    assert (page.status_code, page.headers["Referrer-Policy"]) == (200, "strict-origin")
    assert page.headers["Cache-Control"] == "private, no-store"
    assert says(page, "Join Olga’s team")
    assert says(page, "Abe invites you to be an <b>admin</b> there")
    assert club.rows() == before


def test_the_mailed_secret_is_not_handed_on_to_the_sign_in(club: Club) -> None:
    link = club.invites("ben@example.com")
    secret = link.rsplit("/", 1)[1]
    page = club.cast.gus.get(link)
    assert f"/sign-in?next=/invitations/mine/{club.invitation()}" in page.text
    assert secret not in page.text


def test_accepting(club: Club) -> None:
    link = club.invites("ben@example.com", "admin")
    ben = club.newcomer("Ben")
    assert says(ben.get(link), "You are signed in as Ben, ben@example.com.")
    for _ in range(2):
        answer = ben.post(f"{link}/acceptance", htmx=False)
        assert (answer.status_code, answer.location) == (303, f"{club.path}/team")
    assert club.roles()["Ben"] == "admin"
    assert ben.get(link).location == f"{club.path}/team"
    assert [line for line in club.log() if "accepted" in line] == ["Ben invitation-accepted admin"]


def test_who_is_not_signed_in_accepts_nothing(club: Club) -> None:
    link = club.invites("ben@example.com")
    club.cast.gus.get("/sign-in")
    before = club.rows()
    answer = club.cast.gus.post(f"{link}/acceptance", htmx=False)
    assert (answer.status_code, says(answer, "Sign in to join")) == (200, True)
    assert club.rows() == before


def test_found_by_ones_own_address(club: Club) -> None:
    club.invites("ben@example.com")
    path = f"/invitations/mine/{club.invitation()}"
    assert club.cast.gus.get(path).location == f"/sign-in?next={path}"
    assert club.mallory.get(path).status_code == 404
    assert club.mallory.post(f"{path}/acceptance", htmx=False).status_code == 404
    ben = club.newcomer("Ben")
    assert says(ben.get(path), "Join Olga’s team")
    assert ben.post(f"{path}/acceptance", htmx=False).status_code == 303
    assert "Ben" in club.roles()
    assert ben.get(path).location == f"{club.path}/team"


def test_a_mail_for_somebody_else(club: Club) -> None:
    link = club.invites("ben@example.com")
    page = club.mallory.get(link)
    assert says(page, "This invitation is for <b>ben@example.com</b>. You are signed in as mallory@example.com.")
    assert "Join Olga’s team</button>" not in page.text
    answer = club.mallory.post(f"{link}/acceptance", htmx=False)
    assert answer.status_code == 403
    assert says(answer, "This invitation is for ben@example.com. Sign in with that address to accept it.")
    assert "Mallory" not in club.roles()


@pytest.mark.parametrize("secret", ["0" * 32, "x", "%00", "é", "a" * 3000])
def test_a_secret_that_is_none(club: Club, secret: str) -> None:
    for person in (club.cast.gus, club.mallory):
        assert person.get(f"/invitations/{secret}").status_code in (400, 404)
        assert person.post(f"/invitations/{secret}/acceptance", htmx=False).status_code in (400, 404)
    assert says(club.cast.gus.get("/invitations/x"), joining.UNKNOWN)


def test_used_up(club: Club) -> None:
    link = club.invites("ben@example.com")
    club.newcomer("Ben").post(f"{link}/acceptance", htmx=False)
    answer = club.cast.gus.get(link)
    assert (answer.status_code, says(answer, "This invitation was accepted already, and it works once.")) == (409, True)


def test_secrets_are_not_logged(club: Club) -> None:
    link = club.invites("ben@example.com")
    lines: list[str] = []
    with logged(lines.append):
        club.mallory.get(link)
        club.mallory.post(f"{link}/acceptance", htmx=False)
    assert len(lines) >= 2
    assert link.rsplit("/", 1)[1] not in str(lines)
