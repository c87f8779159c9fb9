"""Two change who belongs to an account, or what it has, at the same moment: an owner is left, an invitation works once,
and a report is imported once."""

from io import BytesIO

import pytest
from flask import Flask

from poker_app import mail
from poker_app.accounts import memberships
from poker_app.accounts.models import AuditEntry, Teammate, User
from poker_app.accounts.team import invitations
from poker_app.db import session
from poker_app.poker.models import PokerSession
from poker_app.settings import Settings
from tests.cast import FROM_OUR_PAGE, Cast, Person
from tests.concurrency.conftest import at_once, each_at_once, same_browser
from tests.conftest import SIGNED_IN


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update=SIGNED_IN)


@pytest.fixture
def account(cast: Cast) -> str:
    """Owned by Ada and Ben."""
    account = cast.ada.signs_in().account
    cast.ben.signs_in("owner", account)
    for person in (cast.ada, cast.ben):
        person.get(f"/accounts/{account}/team")
    return account


def roles(app: Flask, account: str) -> dict[str, str]:
    with app.app_context():
        found = session.query(User.name, Teammate.role).join(Teammate).where(Teammate.account_id == account)
        return dict(map(tuple, found))


@pytest.mark.parametrize("_again", range(3))
def test_two_owners_leave_at_once(app: Flask, cast: Cast, account: str, _again: int) -> None:
    answers = each_at_once(lambda who: who.post(f"/accounts/{account}/departure", htmx=False), (cast.ada, cast.ben))
    assert sorted(answer.status_code for answer in answers) == [303, 409]
    assert list(roles(app, account).values()) == ["owner"]


@pytest.mark.parametrize("_again", range(3))
def test_two_owners_step_down_at_once(app: Flask, cast: Cast, account: str, _again: int) -> None:
    def steps_down(who: Person) -> int:
        return who.post(f"/accounts/{account}/team/{who.user}/role", {"role": "admin"}, htmx=False).status_code

    assert sorted(each_at_once(steps_down, (cast.ada, cast.ben))) == [303, 409]
    assert sorted(roles(app, account).values()) == ["admin", "owner"]


def test_two_owners_remove_each_other(app: Flask, cast: Cast, account: str) -> None:
    def removes(who: Person, whom: Person) -> int:
        return who.post(f"/accounts/{account}/team/{whom.user}/removal", htmx=False).status_code

    answers = at_once(lambda: removes(cast.ada, cast.ben), lambda: removes(cast.ben, cast.ada))
    assert sorted(answers) == [303, 404]
    assert list(roles(app, account).values()) == ["owner"]


def test_an_owner_leaves_while_the_other_steps_down(app: Flask, cast: Cast, account: str) -> None:
    step_down = f"/accounts/{account}/team/{cast.ben.user}/role"
    answers = at_once(
        lambda: cast.ada.post(f"/accounts/{account}/departure", htmx=False).status_code,
        lambda: cast.ben.post(step_down, {"role": "facilitator"}, htmx=False).status_code,
    )
    assert sorted(answers) == [303, 409]
    assert "owner" in roles(app, account).values()


def invited(app: Flask, account: str, by: Person, monkeypatch: pytest.MonkeyPatch, email: str) -> str:
    """The secret that was mailed."""
    secrets: list[str] = []
    monkeypatch.setattr(mail, "send", lambda letter, to, **about: secrets.append(about["secret"]))
    with app.app_context():
        acts = memberships.membership_for(session.get_one(User, by.user), account)
        assert acts
        invitations.invite(acts, email, "admin")
    return secrets[0]


def test_an_invitation_is_accepted_once_in_six_tabs(
    app: Flask, cast: Cast, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = invited(app, account, cast.ada, monkeypatch, "cleo@example.com")
    cast.cleo.signs_in()
    tabs = same_browser(cast.cleo, 6)
    answers = each_at_once(lambda tab: tab.post(f"/invitations/{secret}/acceptance", htmx=False), tabs)
    assert {answer.status_code for answer in answers} == {303}
    assert roles(app, account)["Cleo"] == "admin"
    with app.app_context():
        assert session.query(AuditEntry).where(AuditEntry.action == "invitation-accepted").count() == 1


def test_two_people_accept_one_mailed_invitation(
    app: Flask, cast: Cast, account: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = invited(app, account, cast.ada, monkeypatch, "cleo@example.com")
    for person in (cast.cleo, cast.mallory):
        person.signs_in()
    answers = each_at_once(
        lambda who: who.post(f"/invitations/{secret}/acceptance", htmx=False).status_code, (cast.cleo, cast.mallory)
    )
    assert answers[0] == 303
    assert answers[1] in (403, 409)
    assert "Mallory" not in roles(app, account)


def test_withdrawn_and_accepted_at_once(app: Flask, cast: Cast, account: str, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = invited(app, account, cast.ada, monkeypatch, "cleo@example.com")
    cast.cleo.signs_in()
    with app.app_context():
        invitation = invitations.waiting_for(memberships.home_of(session.get_one(User, cast.ada.user)).account)[0].id
    withdrawn, accepted = at_once(
        lambda: cast.ada.post(f"/accounts/{account}/invitations/{invitation}/withdrawal", htmx=False).status_code,
        lambda: cast.cleo.post(f"/invitations/{secret}/acceptance", htmx=False).status_code,
    )
    assert sorted((withdrawn, accepted)) == [303, 409]
    assert ("Cleo" in roles(app, account)) == (accepted == 303)


def test_twelve_join_by_one_link(app: Flask, cast: Cast, account: str) -> None:
    with app.app_context():
        acts = memberships.membership_for(session.get_one(User, cast.ada.user), account)
        assert acts
        secret = invitations.secret_of(invitations.make_link(acts))
    people = [cast.person(f"Person{number}").signs_in() for number in range(12)]
    answers = each_at_once(lambda who: who.post(f"/invitations/{secret}/acceptance", htmx=False), people)
    assert {answer.status_code for answer in answers} == {303}
    assert len(roles(app, account)) == 14


def test_one_form_imports_a_session_once(app: Flask, cast: Cast, account: str) -> None:
    table = cast.ada.opens(account=account)
    cast.ada.votes(table, "5")
    cast.ada.reveals(table)
    cast.ada.ends(table)
    report = cast.ada.get(f"{table.path}/report.json").data

    def imports(twin: Person) -> tuple[int, str]:
        form = {"form_key": "once", "file": (BytesIO(report), "report.json")}
        answer = twin.browser.post(f"/accounts/{account}/session-import", data=form, headers=FROM_OUR_PAGE)
        return answer.status_code, answer.location

    [(status, _)] = set(each_at_once(imports, same_browser(cast.ada, 6)))
    assert status == 303
    with app.app_context():
        assert session.query(PokerSession).count() == 2
