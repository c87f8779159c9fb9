"""The team page: teammates and their roles, invitations, leaving."""

import re

import pytest

from poker_app.rules.teammates import LAST_OWNER
from poker_app.settings import Settings
from tests.web.route_checks import says
from tests.world.pages import Club


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


# --- the page


def test_the_team_as_each_sees_it(club: Club) -> None:
    abe = club.abe.get(f"{club.path}/team").text
    assert re.findall(r"<b>(\w+)</b>", abe) == ["Olga", "Abe", "Tim"]
    assert abe.count(">You<") == 1
    assert f'href="{club.path}/team" aria-current="page"' in abe
    assert re.findall(r'aria-label="(Remove \w+)"', abe) == ["Remove Tim"]
    assert "Invite people" in abe
    assert "Role of Olga" not in abe
    tim = club.tim.get(f"{club.path}/team").text
    assert re.findall(r"<b>(\w+)</b>", tim) == ["Olga", "Abe", "Tim"]
    for hidden in ("Invite people", "Role of", "Remove ", "Audit log", ">Settings<"):
        assert hidden not in tim


def test_searching(club: Club) -> None:
    assert re.findall(r"<b>(\w+)</b>", club.tim.get(f"{club.path}/team?q=ABE").text) == ["Abe"]
    assert says(club.tim.get(f"{club.path}/team?q=<x>"), "Nobody here has “<x>” in their name or address.")


def test_when_they_were_last_at_a_table(club: Club) -> None:
    assert club.abe.get(f"{club.path}/team").text.count("None yet") == 3
    club.tim.opens()
    assert club.abe.get(f"{club.path}/team").text.count("None yet") == 2


def test_the_account_of_somebody_else_is_not_there(club: Club) -> None:
    before = club.rows()
    for path in ("team", "departure", f"team/{club.tim.user}/removal"):
        assert club.mallory.get(f"{club.path}/{path}").status_code == 404
    for path in ("departure", "invitations", "invitation-link", f"team/{club.tim.user}/role"):
        assert club.mallory.post(f"{club.path}/{path}", {"role": "facilitator"}, htmx=False).status_code == 404
    stranger = club.cast.gus.get(f"{club.path}/team")
    assert (stranger.status_code, stranger.location) == (303, f"/sign-in?next={club.path}/team")
    assert club.rows() == before


def test_what_belongs_to_another_account_is_not_reached_through_ones_own(club: Club) -> None:
    club.invites("ben@example.com")
    own = f"/accounts/{club.mallory.account}"
    before = club.rows()
    for path in (
        f"team/{club.tim.user}/role",
        f"team/{club.tim.user}/removal",
        f"invitations/{club.invitation()}/sending",
        f"invitations/{club.invitation()}/withdrawal",
    ):
        assert club.mallory.post(f"{own}/{path}", {"role": "admin"}, htmx=False).status_code == 404, path
    assert club.rows() == before


# --- roles


def test_changing_a_role(club: Club) -> None:
    answer = club.abe.post(f"{club.path}/team/{club.tim.user}/role", {"role": "admin"}, htmx=False)
    assert (answer.status_code, answer.location) == (303, f"{club.path}/team")
    assert says(club.abe.get(answer.location), "Tim is an admin now.")
    assert club.roles()["Tim"] == "admin"
    assert club.log()[-1] == "Abe role-changed Tim, now admin"


def test_the_last_owner_does_not_step_down(club: Club) -> None:
    assert "Role of Olga" not in club.olga.get(f"{club.path}/team").text
    role = f"{club.path}/team/{club.olga.user}/role"
    answer = club.olga.post(role, {"role": "admin"}, htmx=False)
    assert (answer.status_code, says(answer, LAST_OWNER)) == (409, True)
    club.olga.post(f"{club.path}/team/{club.abe.user}/role", {"role": "owner"}, htmx=False)
    assert "Role of Olga" in club.olga.get(f"{club.path}/team").text
    assert says(
        club.olga.get(club.olga.post(role, {"role": "facilitator"}, htmx=False).location), "You are a facilitator now."
    )


@pytest.mark.parametrize("role", ["", "member", "owner"])
def test_a_role_that_cannot_be_given(club: Club, role: str) -> None:
    answer = club.abe.post(f"{club.path}/team/{club.tim.user}/role", {"role": role}, htmx=False)
    assert answer.status_code == (403 if role == "owner" else 422)
    assert club.roles()["Tim"] == "facilitator"


# --- removing and leaving


def test_removing_asks_first(club: Club) -> None:
    page = club.abe.get(f"{club.path}/team/{club.tim.user}/removal")
    assert says(page, "Remove Tim from Olga’s team?")
    assert "Tim" in club.roles()
    answer = club.abe.post(f"{club.path}/team/{club.tim.user}/removal", htmx=False)
    assert says(club.abe.get(answer.location), "Tim is no teammate any more.")
    assert "Tim" not in club.roles()
    assert club.tim.get(f"{club.path}/team").status_code == 404
    assert club.abe.get(f"{club.path}/team/{club.tim.user}/removal").status_code == 404


def test_a_facilitator_removes_nobody(club: Club) -> None:
    for ask in (club.tim.get, club.tim.post):
        assert ask(f"{club.path}/team/{club.abe.user}/removal").status_code == 403
    assert "Abe" in club.roles()


def test_leaving_asks_first_and_leads_to_the_accounts(club: Club) -> None:
    assert says(club.tim.get(f"{club.path}/departure"), "Leave Olga’s team?")
    answer = club.tim.post(f"{club.path}/departure", htmx=False)
    assert answer.location == "/accounts"
    page = club.tim.get("/accounts")
    assert says(page, "You have left Olga’s team.")
    assert says(page, "You belong to no account")
    assert club.roles() == {"Olga": "owner", "Abe": "admin"}


def test_the_last_owner_stays(club: Club) -> None:
    answer = club.olga.post(f"{club.path}/departure", htmx=False)
    assert (answer.status_code, says(answer, LAST_OWNER)) == (409, True)


# --- inviting


def test_inviting_several(club: Club) -> None:
    club.invites("waiting@example.com")
    typed = {"emails": "ben@example.com, Cleo <cleo@example.com>\ntim@example.com waiting@example.com", "role": "admin"}
    answer = club.abe.post(f"{club.path}/invitations", typed, htmx=False)
    page = club.abe.get(answer.location)
    assert says(page, "Invited ben@example.com, cleo@example.com.")
    assert says(page, "Teammates already: tim@example.com.")
    assert says(page, "Invited already, and waiting: waiting@example.com.")
    assert len(club.post.to("ben@example.com")) == len(club.post.to("cleo@example.com")) == 1
    assert not club.post.to("tim@example.com")
    assert "cleo@example.com" in page.text.partition("Waiting to accept")[2]


def test_a_bad_address_loses_nothing(club: Club) -> None:
    typed = {"emails": "ben@example.com, nonsense", "role": "admin"}
    answer = club.abe.post(f"{club.path}/invitations", typed, htmx=False)
    assert answer.status_code == 422
    assert says(answer, "“nonsense” is not a full address")
    assert says(answer, 'aria-describedby="emails-error">ben@example.com, nonsense</textarea>')
    assert '<option value="admin" selected>' in answer.text
    assert not club.post.letters


def test_too_many_mails(club: Club) -> None:
    for batch in range(3):
        emails = ",".join(f"p{batch}x{number}@example.com" for number in range(20))
        assert club.abe.post(f"{club.path}/invitations", {"emails": emails, "role": "facilitator"}).status_code == 303
    answer = club.abe.post(f"{club.path}/invitations", {"emails": "ben@example.com", "role": "facilitator"}, htmx=False)
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 3000
    assert says(answer, "At most 60 invitations are sent in an hour.")
    assert says(answer, ">ben@example.com</textarea>")
    assert club.abe.post(f"{club.path}/invitations/{club.invitation()}/sending", htmx=False).status_code == 429


def test_a_mail_server_that_refuses(club: Club) -> None:
    club.post.refuses = "451 Not now"
    answer = club.abe.post(f"{club.path}/invitations", {"emails": "ben@example.com", "role": "facilitator"}, htmx=False)
    assert answer.status_code == 303
    assert says(club.abe.get(answer.location), "ben@example.com cannot be mailed just now.")
    again = f"{club.path}/invitations/{club.invitation()}/sending"
    assert club.abe.post(again, htmx=False).status_code == 503
    club.post.refuses = ""
    assert club.abe.post(again, htmx=False).status_code == 303
    assert club.post.to("ben@example.com")


def test_sending_again_and_withdrawing(club: Club) -> None:
    old = club.invites("ben@example.com")
    invitation = club.invitation()
    answer = club.abe.post(f"{club.path}/invitations/{invitation}/sending", htmx=False)
    assert says(club.abe.get(answer.location), "Sent to ben@example.com again. Only the new link works.")
    new = club.post.next_to("ben@example.com").link.removeprefix("http://localhost")
    assert club.cast.gus.get(old).status_code == 404
    assert club.cast.gus.get(new).status_code == 200
    answer = club.abe.post(f"{club.path}/invitations/{invitation}/withdrawal", htmx=False)
    assert says(club.abe.get(answer.location), "The invitation of ben@example.com is withdrawn.")
    assert club.cast.gus.get(new).status_code == 409


def test_the_link_is_shown_to_admins_again_and_again(club: Club) -> None:
    club.abe.post(f"{club.path}/invitation-link", htmx=False)
    links = {
        re.findall(r'value="http://localhost(/invitations/[0-9a-f]{32})"', person.get(f"{club.path}/team").text)[0]
        for person in (club.abe, club.olga)
    }
    assert len(links) == 1
    assert "/invitations/" not in club.tim.get(f"{club.path}/team").text
    ben = club.newcomer("Ben")
    assert ben.post(f"{links.pop()}/acceptance", htmx=False).status_code == 303
    assert club.roles()["Ben"] == "facilitator"
