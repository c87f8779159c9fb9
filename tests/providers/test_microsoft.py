"""Microsoft, whose shared tenants publish a pattern for an issuer, and whose addresses prove nothing by themselves."""

from collections.abc import Iterator
from typing import Any

import pytest
from flask import Flask

from poker_app.accounts import users
from poker_app.accounts.models import Identity
from poker_app.db import session, transaction
from poker_app.provider_settings import ProviderSettings
from tests.providers.conftest import Rows
from tests.providers.doubles import CLIENT, CONTOSO, PERSONAL, SECRET, Entra
from tests.providers.login_browser import Traveller
from tests.providers.servers import CALLBACK, served

OTHERS = "99999999-2222-3333-4444-555555555555"


@pytest.fixture
def entra() -> Iterator[Entra]:
    double = Entra(CALLBACK.format(name="microsoft"))
    with served(double) as double.url:
        yield double


@pytest.fixture
def tenant(request: pytest.FixtureRequest) -> str:
    return getattr(request, "param", "common")


@pytest.fixture
def configured(entra: Entra, tenant: str) -> list[ProviderSettings]:
    about = {"client_id": CLIENT, "client_secret": SECRET, "issuer": entra.url, "tenant": tenant}
    return [ProviderSettings(preset="microsoft", **about)]


def in_tenants(*tenants: str) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("tenant", tenants, indirect=True)


@in_tenants("common", "organizations", "contoso.example", CONTOSO)
def test_a_directory_s_user_comes_in(ada: Traveller, entra: Entra, rows: Rows, app: Flask) -> None:
    assert ada.goes("microsoft", "").status_code == 303
    assert ada.is_signed_in
    with app.app_context():
        (identity,) = session.query(Identity)
        assert (identity.issuer, identity.subject) == (f"{entra.url}/{CONTOSO}/v2.0", "AAAAAA")


@in_tenants("common", "consumers")
def test_a_personal_account_comes_in(ada: Traveller, entra: Entra) -> None:
    entra.person = {"tid": PERSONAL}
    assert ada.goes("microsoft", "").status_code == 303


@in_tenants("organizations", "contoso.example", CONTOSO)
def test_a_personal_account_stays_out(ada: Traveller, entra: Entra, rows: Rows) -> None:
    entra.person = {"tid": PERSONAL}
    assert ada.goes("microsoft", "").status_code == 403
    assert rows.users() == {}


@in_tenants("consumers", "contoso.example", CONTOSO)
def test_another_directory_s_user_stays_out(ada: Traveller, entra: Entra, rows: Rows) -> None:
    entra.person = {"tid": OTHERS}
    assert ada.goes("microsoft", "").status_code == 403
    assert rows.users() == {}


@pytest.mark.parametrize(
    "lie",
    [
        {"tid": OTHERS},
        {"tid": None},
        {"tid": "{tenantid}", "iss": "{url}/{tenantid}/v2.0"},
        {"tid": "../evil", "iss": "{url}/../evil/v2.0"},
        {"iss": "https://evil.example/{tid}/v2.0"},
        {"iss": "{url}/{tenantid}/v2.0"},
        {"iss": None},
    ],
)
def test_an_issuer_that_does_not_fit_its_directory(
    ada: Traveller, entra: Entra, rows: Rows, lie: dict[str, Any]
) -> None:
    entra.lie = {name: value and value.replace("{url}", entra.url) for name, value in lie.items()}
    assert ada.goes("microsoft", "").status_code == 403
    assert rows.users() == {}


@in_tenants("unknown.example")
def test_a_directory_that_is_not_there(ada: Traveller) -> None:
    assert ada.post("/sign-in/with/microsoft", htmx=False).status_code == 502


@pytest.mark.parametrize("also", [{}, {"email_verified": True}, {"xms_edov": False}, {"xms_edov": "0"}])
def test_an_address_that_an_administrator_may_have_written_links_nothing(
    ada: Traveller, entra: Entra, rows: Rows, app: Flask, also: dict[str, Any]
) -> None:
    """Whoever runs a directory of their own could else sign in as anybody."""
    with app.app_context(), transaction():
        users.add_user(name="Ada here", email="ada@example.com")
    entra.person = {"tid": OTHERS, "email": "ada@example.com", **also}
    assert ada.goes("microsoft", "").status_code == 409
    assert rows.logins() == {}


@pytest.mark.parametrize("proof", [True, "1", 1, "true"])
def test_an_address_at_a_proven_domain_links(
    ada: Traveller, entra: Entra, rows: Rows, app: Flask, proof: object
) -> None:
    with app.app_context(), transaction():
        users.add_user(name="Ada here", email="ada@example.com")
    entra.person = {"email": "ada@example.com", "xms_edov": proof}
    assert ada.goes("microsoft", "").status_code == 303
    assert rows.logins() == {"AAAAAA": "Ada here"}


def test_the_same_subject_in_two_directories_is_two_people(
    traveller: Any, entra: Entra, rows: Rows, app: Flask
) -> None:
    for directory in (CONTOSO, OTHERS):
        entra.person = {"tid": directory}
        assert traveller("Ada").goes("microsoft", "").status_code == 303
    with app.app_context():
        assert session.query(Identity).count() == 2
