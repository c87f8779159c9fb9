"""Invitations by mail, by link and by domain: who gets in, and who does not."""

import pytest

from poker_app import ids, mail
from poker_app.accounts import account_settings, memberships
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Invitation, Teammate
from poker_app.accounts.team import invitations, joining, teammates
from poker_app.db import session
from tests.cast import Clock
from tests.world.actions import Club

WITHDRAWN = "This invitation was withdrawn. Ask whoever invited you for a new one."
USED = "This invitation was accepted already, and it works once."
EXPIRED = "This invitation has expired: it was valid for 7 days. Ask whoever invited you for a new one."


def only() -> Invitation:
    session.rollback()
    return session.query(Invitation).one()


# --- by mail


def test_an_invitation_is_mailed_and_only_its_digest_kept(club: Club, clock: Clock) -> None:
    secret = club.invites("ben@nordbahn.example", "admin")
    row = only()
    assert (row.email, row.role, row.account_id) == ("ben@nordbahn.example", "admin", club.account_id)
    assert (row.digest, row.invited_by) == (ids.digest(secret), club.named("Abe").id)
    assert (row.expires_at - clock.now()).days == 7
    assert club.log == [("Abe", "invited", "ben@nordbahn.example")]
    letter = club.letters[0]
    assert (letter["To"], letter["Subject"]) == (
        "ben@nordbahn.example",
        "Abe invites you to Nordbahn Payments on Faceup",
    )
    html = letter.get_body(("html",))
    assert html
    assert f"http://localhost/invitations/{secret}" in html.get_content()


def test_several_at_once_are_told_apart(club: Club) -> None:
    club.invites("ben@nordbahn.example")
    typed = "BEN@nordbahn.example; Cleo <cleo@nordbahn.example>\ntim@nordbahn.example, dora@nordbahn.example"
    outcome = invitations.invite(club.as_("Olga"), typed, "facilitator")
    assert outcome.sent == ["cleo@nordbahn.example", "dora@nordbahn.example"]
    assert outcome.waiting == ["ben@nordbahn.example"]
    assert outcome.teammates == ["tim@nordbahn.example"]
    assert [letter["To"] for letter in club.letters[1:]] == outcome.sent


@pytest.mark.parametrize(
    ("typed", "sentence"),
    [
        ("", "Enter at least one address, such as name@company.com."),
        (
            "ben@nordbahn.example, ben",
            "“ben” is not a full address, such as name@company.com. Nobody was invited yet.",
        ),
        ("x y", "“x” and “y” are not full addresses, such as name@company.com. Nobody was invited yet."),
        (
            " ".join(f"p{number}@nordbahn.example" for number in range(21)),
            "Invite at most 20 people at once; these are 21.",
        ),
    ],
)
def test_one_bad_address_and_nobody_is_invited(club: Club, typed: str, sentence: str) -> None:
    with club.refused(422, sentence):
        invitations.invite(club.as_("Abe"), typed, "facilitator")


@pytest.mark.parametrize(
    ("by", "role", "status"), [("Tim", "facilitator", 403), ("Abe", "owner", 403), ("Olga", "x", 422)]
)
def test_who_may_not_invite(club: Club, by: str, role: str, status: int) -> None:
    with club.refused(status):
        invitations.invite(club.as_(by), "ben@nordbahn.example", role)


def sixty(club: Club, by: Membership) -> None:
    for batch in range(3):
        typed = " ".join(f"p{batch}-{number}@nordbahn.example" for number in range(20))
        assert len(invitations.invite(by, typed, "facilitator").sent) == 20


def test_an_account_sends_sixty_an_hour(club: Club, clock: Clock) -> None:
    sixty(club, club.as_("Abe"))
    with club.refused(429):
        invitations.invite(club.as_("Olga"), "ben@nordbahn.example", "facilitator")
    clock.forward(hours=1)
    club.invites("ben@nordbahn.example")


def test_another_account_gives_nobody_more(club: Club) -> None:
    sixty(club, club.as_("Mallory"))
    another = memberships.make_account(club.named("Mallory"), "Another")
    with club.refused(429):
        invitations.invite(another, "ben@nordbahn.example", "facilitator")


def test_a_mail_server_that_is_down_loses_nobody(club: Club, monkeypatch: pytest.MonkeyPatch) -> None:
    def down(letter: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(mail, "_deliver", down)
    outcome = invitations.invite(club.as_("Abe"), "ben@nordbahn.example cleo@nordbahn.example", "facilitator")
    assert (outcome.sent, outcome.unsent) == ([], ["ben@nordbahn.example", "cleo@nordbahn.example"])
    assert {each.email for each in invitations.waiting_for(club.account)} == set(outcome.unsent)
    monkeypatch.setattr(mail, "_deliver", club.letters.append)
    invitations.send_again(club.as_("Abe"), invitations.waiting_for(club.account)[0].id)
    assert len(club.letters) == 1


def test_sent_again_the_old_link_is_dead(club: Club, clock: Clock) -> None:
    old = club.invites("ben@nordbahn.example")
    ben = club.user("Ben")
    clock.forward(days=8)
    with club.refused(409, EXPIRED):
        joining.accept(ben, old)
    assert invitations.send_again(club.as_("Abe"), only().id) == "ben@nordbahn.example"
    with club.refused(404, joining.UNKNOWN):
        joining.accept(ben, old)
    assert joining.accept(ben, club.secret()) == club.account_id
    assert [line[1] for line in club.log] == ["invited", "invitation-sent-again", "invitation-accepted"]


def test_inviting_again_after_it_expired_replaces_it(club: Club, clock: Clock) -> None:
    club.invites("ben@nordbahn.example")
    clock.forward(days=7)
    club.invites("ben@nordbahn.example", "admin")
    assert [each.role for each in invitations.waiting_for(club.account)] == ["admin"]


def test_withdrawn(club: Club) -> None:
    secret = club.invites("ben@nordbahn.example")
    invitations.withdraw(club.as_("Abe"), only().id)
    with club.nothing_happens():
        invitations.withdraw(club.as_("Abe"), only().id)
    assert invitations.waiting_for(club.account) == []
    ben = club.user("Ben")
    with club.refused(409, WITHDRAWN):
        joining.accept(ben, secret)
    with club.refused(409):
        invitations.send_again(club.as_("Abe"), only().id)


@pytest.mark.parametrize(("by", "status"), [("Tim", 403), ("Mallory", 404), ("Abe", 403)])
def test_whose_invitation_one_may_not_touch(club: Club, by: str, status: int) -> None:
    club.invites("ben@nordbahn.example", "owner", by="Olga")
    for touch in (invitations.send_again, invitations.withdraw):
        with club.refused(status):
            touch(club.as_(by), only().id)


# --- accepting


def test_accepting(club: Club) -> None:
    secret = club.invites("ben@nordbahn.example", "admin")
    ben = club.user("Ben")
    assert joining.accept(ben, secret) == club.account_id
    assert club.roles["Ben"] == "admin"
    assert club.log[-1] == ("Ben", "invitation-accepted", "admin")
    with club.nothing_happens():
        assert joining.accept(club.named("Ben"), secret) == club.account_id
    assert joining.already_in(secret, club.named("Ben")) == club.account_id


def test_a_mailed_invitation_is_for_its_address(club: Club) -> None:
    secret = club.invites("ben@nordbahn.example")
    other = "This invitation is for ben@nordbahn.example. Sign in with that address to accept it."
    with club.refused(403, other):
        joining.accept(club.named("Mallory"), secret)
    nameless = club.user("No address", None)
    with club.refused(403, other):
        joining.accept(nameless, secret)
    joining.accept(club.user("Ben"), secret)
    with club.refused(409, USED):
        joining.accept(club.named("Mallory"), secret)


def test_a_secret_that_nobody_made(club: Club) -> None:
    with club.refused(404, joining.UNKNOWN):
        joining.accept(club.named("Mallory"), "0" * 32)
    with club.refused(404, joining.UNKNOWN):
        joining.look_at("")


def test_who_is_in_already_keeps_their_role(club: Club) -> None:
    secret = club.invites("ben@nordbahn.example", "admin")
    club.joins("Ben", "facilitator")
    joining.accept(club.named("Ben"), secret)
    assert club.roles["Ben"] == "facilitator"
    assert invitations.waiting_for(club.account) == []


def test_invitations_are_found_by_ones_own_address(club: Club, clock: Clock) -> None:
    club.invites("ben@nordbahn.example")
    ben = club.user("Ben")
    assert [each.id for each in invitations.waiting_for_user(ben)] == [only().id]
    assert invitations.waiting_for_user(club.named("Mallory")) == []
    with club.refused(404):
        joining.accept_own(club.named("Mallory"), only().id)
    assert joining.accept_own(club.named("Ben"), only().id) == club.account_id
    assert "Ben" in club.roles
    assert invitations.waiting_for_user(club.named("Ben")) == []


# --- by link


def test_a_link_lets_many_in_as_facilitators(club: Club, clock: Clock) -> None:
    link = invitations.make_link(club.as_("Abe"))
    secret = invitations.secret_of(link)
    assert secret
    assert (link.email, link.role, link.digest) == (None, "facilitator", ids.digest(secret))
    for name in ("Ben", "Cleo"):
        joining.accept(club.user(name), secret)
    joining.accept(club.named("Mallory"), secret)
    assert {club.roles[name] for name in ("Ben", "Cleo", "Mallory")} == {"facilitator"}
    clock.forward(days=7)
    dora = club.user("Dora")
    with club.refused(409, EXPIRED):
        joining.accept(dora, secret)
    assert invitations.link_of(club.account) is None


def test_there_is_one_link_until_it_is_withdrawn(club: Club) -> None:
    first = invitations.make_link(club.as_("Abe")).id
    with club.nothing_happens():
        assert invitations.make_link(club.as_("Olga")).id == first
    secret = invitations.secret_of(only())
    assert secret
    assert invitations.withdraw(club.as_("Abe"), first) == "a link"
    ben = club.user("Ben")
    with club.refused(409, WITHDRAWN):
        joining.accept(ben, secret)
    assert invitations.make_link(club.as_("Abe")).id != first
    assert [line[1] for line in club.log] == ["link-made", "invitation-withdrawn", "link-made"]


def test_only_admins_make_links(club: Club) -> None:
    with club.refused(403, "Only an owner or admin may make an invitation link."):
        invitations.make_link(club.as_("Tim"))


# --- by domain


def test_everybody_at_the_domain_may_join(club: Club) -> None:
    account_settings.open_to_domain(club.as_("Abe"))
    ben = club.user("Ben")
    assert [each.name for each in joining.offers_for(ben)] == ["Nordbahn Payments"]
    joining.join_by_domain(ben, club.account_id)
    assert club.roles["Ben"] == "facilitator"
    assert joining.offers_for(club.named("Ben")) == []
    with club.nothing_happens():
        joining.join_by_domain(club.named("Ben"), club.account_id)
    assert club.log == [("Abe", "domain-opened", "nordbahn.example"), ("Ben", "domain-joined", "nordbahn.example")]


def test_nobody_else_may(club: Club) -> None:
    ben = club.user("Ben")
    with club.refused(404):
        joining.join_by_domain(ben, club.account_id)
    account_settings.open_to_domain(club.as_("Abe"))
    strangers = [club.named("Mallory"), club.user("Nobody", None), club.user("Sub", "sub@mail.nordbahn.example")]
    for stranger in strangers:
        assert joining.offers_for(stranger) == []
        with club.refused(404):
            joining.join_by_domain(stranger, club.account_id)
    with club.refused(404):
        joining.join_by_domain(club.named("Ben"), "nonsense")
    account_settings.close_to_domain(club.as_("Olga"))
    with club.refused(404):
        joining.join_by_domain(club.named("Ben"), club.account_id)
    assert session.query(Teammate).where(Teammate.account_id == club.account_id).count() == 3


def test_who_left_by_themselves_may_come_back(club: Club) -> None:
    account_settings.open_to_domain(club.as_("Abe"))
    teammates.leave(club.as_("Tim"))
    joining.join_by_domain(club.named("Tim"), club.account_id)
    assert club.roles["Tim"] == "facilitator"
