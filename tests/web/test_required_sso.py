"""An account that lets its teammates in by one provider only, where its plan has that."""

import pytest
from flask import Flask

from poker_app import clock
from poker_app.accounts import api_tokens
from poker_app.accounts.column_meanings import remember
from poker_app.accounts.memberships import make_account, membership_for
from poker_app.accounts.models import Account, AuditEntry, Identity, SignIn, User
from poker_app.billing.models import Subscription
from poker_app.db import session, transaction
from poker_app.settings import Settings
from tests.cast import Cast, Person
from tests.conftest import SIGNED_IN
from tests.database_rows import rows
from tests.web.route_checks import says

ISSUER = "https://id.example.com/realms/team"
PROVIDER = {
    "preset": "keycloak",
    "name": "acme",
    "label": "Acme SSO",
    "issuer": ISSUER,
    "client_id": "faceup",
    "client_secret": "secret",
}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    given = settings.model_dump() | SIGNED_IN | {"billing": "fake", "providers": [PROVIDER]}
    return Settings(_env_file=None, **given)


@pytest.fixture
def ada(cast: Cast, app: Flask) -> Person:
    """Owns an account on Business."""
    ada = cast.ada.signs_in()
    has_plan(app, ada, "business")
    return ada


@pytest.fixture
def ben(cast: Cast, ada: Person) -> Person:
    return cast.ben.signs_in("admin", ada.account)


def has_plan(app: Flask, person: Person, plan: str) -> None:
    with app.app_context(), transaction():
        session.merge(Subscription(account_id=person.account, plan=plan, status="active"))


def comes_by_acme(app: Flask, person: Person) -> None:
    """This browser's sign-in came by the provider."""
    with app.app_context(), transaction():
        now = clock.now()
        session.add(
            Identity(
                issuer=ISSUER, subject=person.name, user_id=person.user, provider="acme", linked_at=now, used_at=now
            )
        )
        session.query(SignIn).filter_by(user_id=person.user).update({"issuer": ISSUER})


def requires(person: Person, account: str, provider: str = "acme"):  # type: ignore[no-untyped-def]
    person.get("/accounts")
    return person.post(f"/accounts/{account}/sign-on", {"provider": provider}, htmx=False)


def test_teammates_come_by_the_provider_or_not_at_all(app: Flask, ada: Person, ben: Person) -> None:
    comes_by_acme(app, ada)
    assert requires(ada, ada.account).status_code == 303
    for path in ("", "/settings", "/billing"):
        answer = ben.get(f"/accounts/{ada.account}{path}")
        assert (answer.status_code, says(answer, "requires its teammates to sign in with Acme SSO")) == (403, True)
        # The way that is wanted is one button away, and leads back to the page.
        assert says(answer, "Continue with Acme SSO")
        assert f'name="next" value="/accounts/{ada.account}{path}"' in answer.text
    opening = {"name": "S", "deck": "hours", "member_name": "Ben", "form_key": "1", "account": ada.account}
    ben.get("/accounts")
    assert ben.post("/sessions", opening, htmx=False).status_code == 403
    comes_by_acme(app, ben)
    assert ben.get(f"/accounts/{ada.account}").status_code == 200
    assert ben.post("/sessions", opening, htmx=False).status_code == 303
    with app.app_context():
        line = session.query(AuditEntry).filter_by(action="sign-on-required").one()
        assert (line.who, line.about) == ("Ada", "Acme SSO")


def test_at_a_table_what_the_account_remembers_stays_with_it(app: Flask, ada: Person, ben: Person) -> None:
    comes_by_acme(app, ada)
    requires(ada, ada.account)
    table = ada.opens()
    ben.joins(table)
    ada.post(f"{table.path}/facilitators", {"member": ben.seat(table).id})
    with app.app_context():
        remember(ada.account, {"squad": "unused"})
    seen = []
    for person in (ada, ben):
        preview = person.post(f"{table.path}/import/file", {"tasks": "Title;Squad\nPay;Red\n"}, htmx=False)
        seen.append((preview.status_code, says(preview, "As last time")))
    assert seen == [(200, True), (200, False)]


def test_who_has_another_account_is_at_work_for_that_one(app: Flask, ada: Person, cast: Cast) -> None:
    comes_by_acme(app, ada)
    requires(ada, ada.account)
    gus = cast.gus.signs_in("facilitator", ada.account)
    assert gus.get("/dashboard").location == f"/accounts/{ada.account}"
    refused = gus.get(f"/accounts/{ada.account}")
    assert (refused.status_code, 'href="/accounts"' in refused.text) == (403, True)
    with app.app_context():
        zed = make_account(session.get_one(User, gus.user), "Zed").account.id
    assert gus.get("/dashboard").location == f"/accounts/{zed}"
    assert gus.get("/sessions/new").status_code == 200
    assert f'href="/accounts/{zed}"' in gus.get("/accounts").text
    gus.get(f"/accounts/{zed}")
    comes_by_acme(app, gus)
    assert gus.get("/dashboard").location == f"/accounts/{zed}"


def test_an_account_that_asks_for_another_way_by_now_comes_last(app: Flask, ada: Person, cast: Cast) -> None:
    gus = cast.gus.signs_in("facilitator", ada.account)
    with app.app_context():
        zed = make_account(session.get_one(User, gus.user), "Zed").account.id
    gus.get(f"/accounts/{ada.account}")
    assert gus.get("/dashboard").location == f"/accounts/{ada.account}"
    comes_by_acme(app, ada)
    requires(ada, ada.account)
    assert gus.get("/dashboard").location == f"/accounts/{zed}"


def test_a_report_is_read_by_who_came_the_right_way(app: Flask, ada: Person, ben: Person) -> None:
    table = ada.opens(account=ada.account)
    comes_by_acme(app, ada)
    requires(ada, ada.account)
    assert ben.get(f"{table.path}/report").status_code == 403
    comes_by_acme(app, ben)
    assert ben.get(f"{table.path}/report").status_code == 200


@pytest.mark.parametrize("door", [{"teammates_only": "on"}, {"password": "swordfish"}], ids=["teammates", "password"])
def test_a_guarded_door_opens_to_who_came_the_right_way(
    app: Flask, ada: Person, ben: Person, door: dict[str, str]
) -> None:
    table = ada.opens(account=ada.account, **door)
    comes_by_acme(app, ada)
    requires(ada, ada.account)
    seat = {"member_name": "Ben", "role": "voter"}
    ben.get("/accounts")
    for answer in (ben.get(f"{table.path}/join"), ben.post(f"{table.path}/members", seat, htmx=False)):
        assert (answer.status_code, says(answer, "requires its teammates to sign in with Acme SSO")) == (403, True)
    comes_by_acme(app, ben)
    assert ben.get(f"{table.path}/join").status_code == 200
    assert ben.post(f"{table.path}/members", seat, htmx=False).status_code == 303


def test_at_an_open_door_a_teammate_is_like_any_guest(app: Flask, ada: Person, ben: Person) -> None:
    table = ada.opens(account=ada.account)
    comes_by_acme(app, ada)
    requires(ada, ada.account)
    ben.get("/accounts")
    assert ben.post(f"{table.path}/members", {"member_name": "Ben", "role": "voter"}, htmx=False).status_code == 303


def test_an_owner_is_never_locked_out(app: Flask, ada: Person) -> None:
    """They show first that the way works, and are let in by every other one afterwards."""
    before = with_rows(app)
    answer = requires(ada, ada.account)
    assert (answer.status_code, says(answer, "sign in with Acme SSO yourself first")) == (409, True)
    assert with_rows(app) == before
    assert says(ada.get(f"/accounts/{ada.account}/settings"), "sign in with it yourself first")
    comes_by_acme(app, ada)
    assert says(ada.get(f"/accounts/{ada.account}/settings"), "Require Acme SSO")
    requires(ada, ada.account)
    with app.app_context(), transaction():
        session.query(SignIn).update({"issuer": None})
    assert says(ada.get(f"/accounts/{ada.account}/settings"), "Teammates have to sign in with")
    assert requires(ada, ada.account, "").status_code == 303
    with app.app_context():
        assert session.get_one(Account, ada.account).sign_on is None


def with_rows(app: Flask) -> object:
    with app.app_context():
        return rows()


def test_only_an_owner_says_so(app: Flask, ada: Person, ben: Person, cast: Cast) -> None:
    comes_by_acme(app, ben)
    assert requires(ben, ada.account).status_code == 403
    mallory = cast.mallory.signs_in()
    assert requires(mallory, ada.account).status_code == 404
    assert requires(ada, ada.account, "nowhere").status_code == 404


def test_a_plan_without_it_asks_nobody(app: Flask, ada: Person, ben: Person) -> None:
    comes_by_acme(app, ada)
    requires(ada, ada.account)
    has_plan(app, ada, "team")
    assert ben.get(f"/accounts/{ada.account}").status_code == 200
    assert says(ada.get(f"/accounts/{ada.account}/settings"), "so every way to sign in works")
    assert requires(ada, ada.account, "").status_code == 303
    assert requires(ada, ada.account).status_code == 402
    assert says(ada.get(f"/accounts/{ada.account}/settings"), "A larger plan lets you require one of them")


def test_the_audit_log_as_a_file_is_the_plan_s(app: Flask, ada: Person) -> None:
    path = f"/accounts/{ada.account}/audit"
    assert "audit.csv" in ada.get(path).text
    assert ada.get(f"{path}.csv").status_code == 200
    has_plan(app, ada, "team")
    assert "audit.csv" not in ada.get(path).text
    answer = ada.get(f"{path}.csv")
    assert (answer.status_code, says(answer, "A larger plan lets you download the audit log")) == (402, True)


def test_tokens_from_before_are_worth_nothing(app: Flask, ada: Person, ben: Person) -> None:
    """Those who made them may have signed in in another way. Owners may still do so, and keep theirs."""
    texts = []
    for person in (ada, ben):
        with app.app_context():
            membership = membership_for(session.get_one(User, person.user), ada.account)
            assert membership
            texts.append(api_tokens.make(membership, name="Shell", scopes=["sessions:read"], days="30")[1])
    comes_by_acme(app, ada)
    assert requires(ada, ada.account).status_code == 303
    with app.app_context():
        assert [bool(api_tokens.caller_of(text)) for text in texts] == [True, False]
