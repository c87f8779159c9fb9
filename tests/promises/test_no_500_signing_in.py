"""No input causes a 500: whatever is typed or sent into the forms of signing in and of the profile."""

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from poker_app.settings import Settings
from tests.cast import Cast, Person

FORMS = {
    "/sign-in/link": ("email", "next"),
    "/sign-in/link/x": ("name",),
    "/sign-in/password": ("email", "password", "next"),
    "/sign-in/code": ("code",),
    "/sign-up": ("name", "email", "password", "next"),
    "/sign-up/link/x": ("password",),
    "/new-password": ("email", "next"),
    "/new-password/link/x": ("password",),
    "/me/name": ("name",),
    "/me/email": ("email", "current"),
    "/me/email/x": (),
    "/me/password": ("password", "current"),
    "/me/second-factor": ("secret", "code"),
    "/me/second-factor/removal": ("code",),
    "/me/second-factor/recovery-codes": ("code",),
}
PAGES = ("/sign-in", "/sign-in/password", "/sign-up")
FINE = {"name": "Ada", "email": "ada@example.com", "password": "vier kleine Igel", "code": "123456", "secret": "A" * 32}
JUNK = [
    *("", "\0", "a\0b@example.com", "\ud800", "\u202e\u200b", "🂡" * 300, "x" * 60_000, "'; DROP TABLE app_user; --"),
    *("%00", "{{ 7*7 }}", "a@b.c" * 80, "é@é.é", "=?utf-8?q?x?=@example.com", "x" * 64 + "@" + "y" * 63 + ".com"),
    *("٣" * 6, "²" * 6, "-1", "1e9", "[]", "$argon2id$v=19$m=65536,t=3,p=4$x$y", "//evil.example", "a" * 32, "A" * 32),
    *("//[", "///[::1", "/\\[", "/\\\u2100", "//\u2100", "http://["),
]


@pytest.fixture
def settings(signed_in_settings: Settings) -> Settings:
    return signed_in_settings


def sends(person: Person, path: str, form: dict[str, str]) -> TestResponse:
    encoded = {name: text.encode("utf-8", "surrogatepass") for name, text in form.items()}
    return person.post(path, encoded, htmx=False, environ_overrides={"REMOTE_ADDR": "10.0.0.1"})  # type: ignore[arg-type]


@pytest.mark.parametrize("path", FORMS)
def test_no_form_is_a_fault(app: Flask, cast: Cast, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    # Limits are tried elsewhere; here every form is to be read.
    monkeypatch.setattr("poker_app.rate_limits.spend", lambda *_, **__: None)
    if path.startswith("/me"):
        cast.ada.signs_in()
    seen = set()
    for junk in JUNK:
        for field in FORMS[path] or ("nothing",):
            cast.ada.get("/me")
            answer = sends(cast.ada, path, {**{name: FINE.get(name, "") for name in FORMS[path]}, field: junk})
            assert answer.status_code < 500, f"{path} {field}={junk[:40]!r}: {answer.text[:500]}"
            seen.add(answer.status_code)
    assert seen - {400}, f"only refused before it was read: {seen}"


@pytest.mark.parametrize("path", PAGES)
def test_no_address_to_go_on_to_is_a_fault(app: Flask, cast: Cast, path: str) -> None:
    for person in (cast.gus, cast.ada.signs_in()):
        for junk in JUNK:
            answer = person.get(path, query_string={"next": junk.encode("utf-8", "surrogatepass")})
            assert answer.status_code < 500, f"{path}?next={junk[:40]!r}: {answer.text[:500]}"


@pytest.mark.parametrize("secret", ["%00", "%ed%a0%80", "%F0%9F%82%A1", "x" * 4000, "..", "%2e%2e", "'", "{}", "😀"])
def test_no_link_is_a_fault(app: Flask, cast: Cast, secret: str) -> None:
    cast.ada.signs_in()
    for before in ("/sign-in/link/", "/sign-up/link/", "/new-password/link/", "/me/email/"):
        assert cast.ada.get(before + secret).status_code in (303, 308, 400, 404), before
    assert cast.ada.post(f"/me/sign-ins/{secret}/ending", htmx=False).status_code in (303, 308, 400, 404)
