"""PROVIDERS: what is filled in, and what stops the start with a sentence and without a secret."""

import json
from typing import Any

import pytest
from pydantic import ValidationError
from pydantic_settings import SettingsError

from poker_app.settings import Settings

OURS = {"client_id": "us", "client_secret": "hush-hush"}
KEYCLOAK = {"preset": "keycloak", "issuer": "https://id.example.com/realms/team", **OURS}


def started(monkeypatch: pytest.MonkeyPatch, providers: object, **more: str) -> Settings:
    """With the settings as they come from the environment."""
    text = providers if isinstance(providers, str) else json.dumps(providers)
    given = {"AUTH": "accounts", "PUBLIC_URL": "https://faceup.example", "PROVIDERS": text, **more}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return Settings(_env_file=None)


@pytest.mark.parametrize(
    ("given", "name", "label", "issuer"),
    [
        ({"preset": "google"}, "google", "Google", "https://accounts.google.com"),
        ({"preset": "github"}, "github", "GitHub", "https://github.com"),
        ({"preset": "microsoft"}, "microsoft", "Microsoft", "https://login.microsoftonline.com"),
        ({"preset": "clerk", "issuer": "https://clerk.x.example"}, "clerk", "Clerk", "https://clerk.x.example"),
        ({**KEYCLOAK, "name": "acme", "label": "Acme"}, "acme", "Acme", KEYCLOAK["issuer"]),
        ({"preset": "oidc", "issuer": "http://localhost:9400"}, "oidc", "single sign-on", "http://localhost:9400"),
    ],
)
def test_a_preset_fills_in_what_it_knows(
    monkeypatch: pytest.MonkeyPatch, given: dict[str, str], name: str, label: str, issuer: str
) -> None:
    (found,) = started(monkeypatch, [{**OURS, **given}]).providers
    assert (found.name, found.label, found.issuer) == (name, label, issuer)


@pytest.mark.parametrize(
    ("providers", "sentence"),
    [
        ([{**OURS, "preset": "keycloak"}], "also needs `issuer`, such as https://id.example.com/realms/team"),
        ([{**OURS, "preset": "facebook"}], "There is no preset `facebook`. The presets are clerk, google"),
        ([{"preset": "google", "client_secret": "hush-hush"}], "`google` (google) also needs `client_id`"),
        ([{"preset": "google", "client_id": "us"}], "also needs `client_secret`"),
        ([{**OURS, "preset": "google"}] * 2, "Two of PROVIDERS are called `google`"),
        ([{**KEYCLOAK, "issuer": "http://id.example.com"}], "the issuer must be an https:// address"),
        ([{**KEYCLOAK, "issuer": "https://id.example.com?x=1"}], "without `?` and `#`"),
        ([{**KEYCLOAK, "name": "A/b"}], "needs a name of a-z"),
        ([{**KEYCLOAK, "tenant": "common"}], "`tenant` is for Microsoft only"),
        ([{**OURS, "preset": "microsoft", "tenant": "../x"}], "`tenant` is for Microsoft only"),
        ([{**KEYCLOAK, "preset": "clerk", "name": name} for name in "ab"], "Only one of PROVIDERS"),
        ([{**KEYCLOAK, "isuer": "x"}], "isuer"),
        ([{**OURS, "preset": ["google"]}], "preset"),
        (["google hush-hush"], "providers"),
        ({"preset": "google", **OURS}, "providers"),
        ('[{"client_secret": "hush-hush"', "providers"),
    ],
)
def test_what_is_wrong_is_said(monkeypatch: pytest.MonkeyPatch, providers: Any, sentence: str) -> None:
    with pytest.raises((ValidationError, SettingsError)) as caught:
        started(monkeypatch, providers)
    assert sentence in str(caught.value)
    assert "hush-hush" not in str(caught.value)


def test_providers_are_for_people_who_sign_in(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ValidationError, match="set AUTH=accounts, or leave PROVIDERS out"):
        started(monkeypatch, [{**OURS, "preset": "google"}], AUTH="open")


@pytest.mark.parametrize("setting", [{"CLERK_WEBHOOK_SECRET": "whsec_eA=="}, {"CLERK_ACCOUNTS": '{"org_1": "a"}'}])
def test_clerk_s_settings_need_clerk(monkeypatch: pytest.MonkeyPatch, setting: dict[str, str]) -> None:
    with pytest.raises(ValidationError, match="need a `clerk` among PROVIDERS"):
        started(monkeypatch, [{**OURS, "preset": "google"}], **setting)


def test_secrets_are_not_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "hush-hush" not in repr(started(monkeypatch, [{**OURS, "preset": "google"}]))
