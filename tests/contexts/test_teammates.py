"""Teammates: their roles, how they go, and that an owner is always left."""

import pytest

from poker_app.accounts import memberships
from poker_app.accounts.models import Invitation, Removal
from poker_app.accounts.team import invitations, joining, teammates
from poker_app.db import session
from poker_app.rules.teammates import LAST_OWNER
from tests.world.actions import Club

EVERYBODY = {"Olga": "owner", "Abe": "admin", "Tim": "facilitator"}


def test_teammates_are_listed_by_role_and_name(club: Club) -> None:
    club.joins("Ana", "facilitator")
    assert [each.user.name for each in teammates.teammates_of(club.account)] == ["Olga", "Abe", "Ana", "Tim"]


@pytest.mark.parametrize(
    ("search", "found"), [("  TI ", ["Tim"]), ("abe@nord", ["Abe"]), ("mallory", []), ("%", []), ("", list(EVERYBODY))]
)
def test_teammates_are_found_by_name_and_address(club: Club, search: str, found: list[str]) -> None:
    assert [each.user.name for each in teammates.teammates_of(club.account, search)] == found


# --- roles


def test_a_role_is_changed(club: Club) -> None:
    teammates.change_role(club.as_("Abe"), club.named("Tim").id, "admin")
    assert club.roles == {**EVERYBODY, "Tim": "admin"}
    assert club.log == [("Abe", "role-changed", "Tim, now admin")]


def test_giving_the_role_that_they_have_changes_nothing(club: Club) -> None:
    with club.nothing_happens():
        teammates.change_role(club.as_("Olga"), club.named("Tim").id, "facilitator")


def test_ownership_is_given_and_then_one_may_step_down(club: Club) -> None:
    olga = club.named("Olga").id
    with club.refused(409, LAST_OWNER):
        teammates.change_role(club.as_("Olga"), olga, "admin")
    teammates.change_role(club.as_("Olga"), club.named("Tim").id, "owner")
    teammates.change_role(club.as_("Olga"), olga, "facilitator")
    assert club.roles == {"Olga": "facilitator", "Abe": "admin", "Tim": "owner"}
    assert [line[1] for line in club.log] == ["ownership-given", "role-changed"]


@pytest.mark.parametrize(
    ("by", "whose", "role", "status"),
    [
        ("Tim", "Abe", "facilitator", 403),
        ("Tim", "Tim", "admin", 403),
        ("Abe", "Olga", "admin", 403),
        ("Abe", "Abe", "owner", 403),
        ("Olga", "Tim", "member", 422),
        ("Mallory", "Tim", "owner", 404),
        ("Olga", "Mallory", "admin", 404),
    ],
)
def test_a_role_is_not_changed(club: Club, by: str, whose: str, role: str, status: int) -> None:
    with club.refused(status):
        teammates.change_role(club.as_(by), club.named(whose).id, role)


def test_the_role_that_counts_is_todays(club: Club) -> None:
    """Who was an admin when the page was loaded is none any more."""
    was_admin = club.as_("Abe")
    teammates.change_role(club.as_("Olga"), club.named("Abe").id, "facilitator")
    with club.refused(403):
        teammates.change_role(was_admin, club.named("Tim").id, "admin")
    teammates.remove(club.as_("Olga"), club.named("Abe").id)
    with club.refused(404):
        teammates.change_role(was_admin, club.named("Tim").id, "admin")


# --- going


def test_a_teammate_is_removed(club: Club) -> None:
    tim = club.named("Tim")
    assert teammates.remove(club.as_("Abe"), tim.id) == "Tim"
    assert club.roles == {"Olga": "owner", "Abe": "admin"}
    assert club.log == [("Abe", "teammate-removed", "Tim")]
    assert memberships.membership_for(club.named("Tim"), club.account_id) is None


@pytest.mark.parametrize(("by", "whom", "status"), [("Tim", "Abe", 403), ("Abe", "Olga", 403), ("Abe", "Abe", 409)])
def test_a_teammate_is_not_removed(club: Club, by: str, whom: str, status: int) -> None:
    with club.refused(status):
        teammates.remove(club.as_(by), club.named(whom).id)


def test_removing_twice_and_from_elsewhere(club: Club) -> None:
    tim = club.named("Tim").id
    with club.refused(404):
        teammates.remove(club.as_("Mallory"), tim)
    teammates.remove(club.as_("Olga"), tim)
    with club.refused(404):
        teammates.remove(club.as_("Olga"), tim)


def test_whoever_was_removed_comes_back_by_mail_only(club: Club) -> None:
    club.account.domain = "nordbahn.example"
    session.commit()
    link = invitations.secret_of(invitations.make_link(club.as_("Abe")))
    assert link
    teammates.remove(club.as_("Abe"), club.named("Tim").id)
    assert joining.offers_for(club.named("Tim")) == []
    with club.refused(403, joining.REMOVED):
        joining.join_by_domain(club.named("Tim"), club.account_id)
    with club.refused(403, joining.REMOVED):
        joining.accept(club.named("Tim"), link)
    joining.accept(club.named("Tim"), club.invites("tim@nordbahn.example"))
    assert club.roles == EVERYBODY
    assert session.query(Removal).count() == 0


def test_the_invitations_of_an_admin_go_with_them(club: Club) -> None:
    club.invites("friend@elsewhere.example", by="Abe")
    kept = club.invites("colleague@nordbahn.example", by="Olga")
    invitations.make_link(club.as_("Olga"))
    teammates.remove(club.as_("Olga"), club.named("Abe").id)
    assert [each.email for each in invitations.waiting_for(club.account)] == ["colleague@nordbahn.example"]
    assert invitations.link_of(club.account) is None
    assert joining.look_at(kept)


def test_the_link_stays_when_a_facilitator_goes(club: Club) -> None:
    invitations.make_link(club.as_("Olga"))
    teammates.remove(club.as_("Olga"), club.named("Tim").id)
    assert invitations.link_of(club.account)
    assert session.query(Invitation).where(Invitation.withdrawn_at.is_not(None)).count() == 0


def test_leaving(club: Club) -> None:
    teammates.leave(club.as_("Tim"))
    assert club.roles == {"Olga": "owner", "Abe": "admin"}
    assert club.log == [("Tim", "teammate-left", "")]
    with club.refused(404):
        teammates.find(club.as_("Abe"), club.named("Tim").id)


def test_the_last_owner_does_not_leave(club: Club) -> None:
    with club.refused(409, LAST_OWNER):
        teammates.leave(club.as_("Olga"))
    teammates.change_role(club.as_("Olga"), club.named("Abe").id, "owner")
    teammates.leave(club.as_("Olga"))
    assert club.roles == {"Abe": "owner", "Tim": "facilitator"}
    with club.refused(409, LAST_OWNER):
        teammates.leave(club.as_("Abe"))
