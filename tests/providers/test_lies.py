"""Both real OpenID servers behind a relay that lies, falls silent or breaks: nobody is signed in by it."""

import base64
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qs

import pytest
from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.test import TestResponse
from werkzeug.wrappers import Response

from poker_app import logs
from poker_app.accounts.providers import client
from poker_app.settings import Settings
from tests.providers.conftest import Real, Rows
from tests.providers.login_browser import Traveller, changed, parameter
from tests.providers.servers import as_json

DISCOVERY, KEYS, TOKEN = "/.well-known/openid-configuration", "/jwks", "/token"
USERINFO = {"mock": "/userinfo", "npm": "/me"}
# Where the relay alone speaks, one server behind it is enough.
ONLY_MOCK = pytest.mark.parametrize("_running", ["mock"], indirect=True)
ONLY_NPM = pytest.mark.parametrize("_running", ["npm"], indirect=True)


@pytest.fixture(autouse=True)
def _nobody_gets_in(rows: Rows) -> Iterator[None]:
    yield
    assert rows.users() == {}


def refused(answer: TestResponse, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert "Not signed in" in answer.text
    assert "Sign in with email" in answer.text


def tries(ada: Traveller, provider: str, login: str = "nomail") -> TestResponse:
    """Set out, and come back if there is a way; the answer that ends it. Without an address the userinfo is asked."""
    page = ada.post(f"/sign-in/with/{provider}", htmx=False)
    if page.status_code != 200:
        return page
    with ada.browser.session_transaction() as cookie:
        cookie["visits"] = cookie["visits"][:-1]
    return ada.goes(provider, login)


# --- tokens that are genuine, and yet not for this visit


def test_a_token_for_another_visit(ada: Traveller, real: Real) -> None:
    """The nonce in it is not the one that this browser set out with."""
    address = changed(ada.sets_out(real.name), nonce="another")
    refused(ada.get(ada.signs_in_there(address, "ada")), 403)


def test_a_token_for_another_client(ada: Traveller, real: Real) -> None:
    """Somebody runs a service at the same provider, and passes on a code that was given to it."""

    def as_another(headers: dict[str, str], body: bytes) -> bytes:
        headers["Authorization"] = "Basic " + base64.b64encode(b"another:secret").decode()
        return body

    real.relay.asks[TOKEN] = as_another
    address = changed(ada.sets_out(real.name), client_id="another")
    refused(ada.get(ada.signs_in_there(address, "ada")), 403)


def test_a_token_of_another_issuer(ada: Traveller, real: Real) -> None:
    """The provider is asked under one name, and signs under another."""

    def under_its_name(headers: dict[str, str], body: bytes) -> bytes:
        headers["X-Forwarded-Host"] = real.url.removeprefix("http://")
        return body

    alias = real.url.replace("127.0.0.1", "localhost")
    rename = {"issuer": alias, "authorization_response_iss_parameter_supported": False}
    real.relay.lies[DISCOVERY] = as_json(lambda said: said.update(rename))
    real.relay.asks[TOKEN] = under_its_name
    way_back = ada.signs_in_there(ada.sets_out("alias"), "ada")
    refused(ada.get(changed(way_back, iss=None)), 403)


@ONLY_NPM
def test_a_code_without_its_verifier(ada: Traveller, real: Real) -> None:
    """A code that was asked for with another challenge is not exchanged. (The mock does not look.)"""
    address = changed(ada.sets_out(real.name), code_challenge="E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM")
    refused(ada.get(ada.signs_in_there(address, "ada")), 400)


def test_a_token_that_has_expired(ada: Traveller, real: Real, later: Callable[..., None]) -> None:
    later(hours=2)
    refused(ada.goes(real.name, "ada"), 403)


def test_a_token_from_the_future(ada: Traveller, real: Real, later: Callable[..., None]) -> None:
    later(hours=-2)
    refused(ada.goes(real.name, "ada"), 403)


# --- answers from somebody else


def test_an_answer_that_names_another_sender(ada: Traveller, real: Real) -> None:
    way_back = ada.signs_in_there(ada.sets_out(real.name), "ada")
    refused(ada.get(changed(way_back, iss="https://evil.example")), 403)


def test_an_answer_that_hides_its_sender(ada: Traveller, real: Real) -> None:
    real.relay.lies[DISCOVERY] = as_json(lambda said: said.update(authorization_response_iss_parameter_supported=True))
    way_back = ada.signs_in_there(ada.sets_out(real.name), "ada")
    refused(ada.get(changed(way_back, iss=None)), 403)


def test_a_refusal_that_names_another_sender(ada: Traveller, real: Real) -> None:
    way_back = ada.signs_in_there(ada.sets_out(real.name), "ada", refuses=True)
    refused(ada.get(changed(way_back, iss="https://evil.example")), 403)


def test_a_discovery_document_about_another_issuer(ada: Traveller, real: Real) -> None:
    real.relay.lies[DISCOVERY] = as_json(lambda said: said.update(issuer="https://evil.example"))
    refused(tries(ada, real.name), 502)


@ONLY_MOCK
@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "http://evil.example/", "//evil.example", "http://[", 7, ""]
)
def test_a_discovery_document_with_addresses_that_are_none(ada: Traveller, real: Real, address: object) -> None:
    real.relay.lies[DISCOVERY] = as_json(lambda said: said.update(authorization_endpoint=address))
    refused(tries(ada, real.name), 502)


def test_a_userinfo_about_somebody_else(ada: Traveller, real: Real) -> None:
    real.relay.lies[USERINFO[real.name]] = as_json(lambda said: said.update(sub="ada", email="ada@example.com"))
    refused(tries(ada, real.name), 403)


# --- signatures


def test_a_token_signed_with_a_key_that_is_not_the_provider_s(ada: Traveller, real: Real) -> None:
    real.relay.lies[KEYS] = lambda _answer: _json(KeySet([RSAKey.generate_key()]).as_dict())
    refused(tries(ada, real.name), 403)


def test_a_key_of_the_right_name_and_the_wrong_make(ada: Traveller, real: Real) -> None:
    def swap(said: dict[str, Any]) -> None:
        for key in said["keys"]:
            key.update({"n": RSAKey.generate_key().as_dict()["n"]} if key["kty"] == "RSA" else {})

    real.relay.lies[KEYS] = as_json(swap)
    refused(tries(ada, real.name), 403)


@pytest.mark.parametrize("algorithm", ["none", "HS256"])
def test_a_signature_that_anybody_could_have_made(ada: Traveller, real: Real, algorithm: str) -> None:
    def forge(said: dict[str, Any]) -> None:
        _, claims, _ = said["id_token"].split(".")
        if algorithm == "none":
            said["id_token"] = f"{_encoded({'alg': 'none'})}.{claims}."
        else:
            signed = f"{_encoded({'alg': 'HS256'})}.{claims}"
            seal = base64.urlsafe_b64encode(hmac.digest(b"secret", signed.encode(), "sha256")).decode().rstrip("=")
            said["id_token"] = f"{signed}.{seal}"

    supported = {"id_token_signing_alg_values_supported": ["RS256", "HS256", "none"]}
    real.relay.lies[DISCOVERY] = as_json(lambda said: said.update(supported))
    real.relay.lies[TOKEN] = as_json(forge)
    refused(tries(ada, real.name), 403)


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "", "..", "é.é.é", "x" * 100_000])
def test_a_token_that_is_none(ada: Traveller, real: Real, token: str) -> None:
    real.relay.lies[TOKEN] = as_json(lambda said: said.update(id_token=token))
    refused(tries(ada, real.name), 403)


@pytest.mark.parametrize("token", [None, 7, {}, []])
def test_no_token(ada: Traveller, real: Real, token: object) -> None:
    real.relay.lies[TOKEN] = as_json(lambda said: said.update(id_token=token))
    refused(tries(ada, real.name), 502)


# --- a provider that is not well


NONSENSE = {
    "text": lambda: Response("<h1>Bad gateway</h1>", 200),
    "empty": lambda: Response("", 200),
    "a fault": lambda: Response("{}", 500),
    "not there": lambda: Response("<h1>404</h1>", 404),
    "null": lambda: _json(None),
    "a list": lambda: _json([]),
    "a string": lambda: _json("well"),
    "an empty object": lambda: _json({}),
    "deep": lambda: Response("[" * 100_000, 200),
    "far too long": lambda: Response(b'"' + b"x" * (2 * client.MAX_BYTES) + b'"', 200),
    "elsewhere": lambda: Response("", 302, {"Location": "https://evil.example/"}),
    "bytes": lambda: Response(b"\xff\xfe\x00", 200),
    "zipped, it says": lambda: Response(b"{}", 200, {"Content-Encoding": "gzip"}),
}


@ONLY_MOCK
@pytest.mark.parametrize("nonsense", NONSENSE)
@pytest.mark.parametrize("place", ["discovery", "keys", "token", "userinfo"])
def test_nonsense(ada: Traveller, real: Real, place: str, nonsense: str) -> None:
    end = {"discovery": DISCOVERY, "keys": KEYS, "token": TOKEN, "userinfo": USERINFO[real.name]}[place]
    real.relay.lies[end] = lambda _answer: NONSENSE[nonsense]()
    answer = tries(ada, real.name)
    refused(answer, answer.status_code)
    assert answer.status_code in ((403, 502) if place == "userinfo" else (502,))


@ONLY_MOCK
@pytest.mark.parametrize("error", ["invalid_client", "temporarily_unavailable", "<b>"])
def test_a_token_endpoint_that_refuses_us(ada: Traveller, real: Real, error: str) -> None:
    real.relay.lies[TOKEN] = lambda _answer: _json({"error": error, "error_description": "because"}, 400)
    refused(tries(ada, real.name), 502)


def test_nobody_listens(ada: Traveller) -> None:
    refused(tries(ada, "down"), 502)


@pytest.mark.parametrize("how", ["silent", "dripping"])
@pytest.mark.parametrize("end", [DISCOVERY, TOKEN])
def test_a_provider_that_takes_for_ever(
    ada: Traveller, real: Real, monkeypatch: pytest.MonkeyPatch, end: str, how: str
) -> None:
    monkeypatch.setattr(client, "PATIENCE", 0.4)
    enough = threading.Event()

    def drip() -> Iterator[bytes]:
        while not enough.wait(0.05):
            yield b" "

    def silent(answer: Response) -> Response:
        enough.wait()
        return answer

    real.relay.lies[end] = silent if how == "silent" else lambda _answer: Response(drip(), 200)
    try:
        refused(tries(ada, real.name), 502)
        assert not enough.is_set()
    finally:
        enough.set()


@ONLY_MOCK
@pytest.mark.parametrize("subject", ["", 7, None, "x" * 256, "a\0b"])
def test_a_subject_that_is_none(ada: Traveller, real: Real, subject: object) -> None:
    key = RSAKey.generate_key(parameters={"kid": "ours"})
    real.relay.lies[KEYS] = lambda _answer: _json(KeySet([key]).as_dict())

    def forge(said: dict[str, Any]) -> None:
        told = json.loads(base64.urlsafe_b64decode(said["id_token"].split(".")[1] + "=="))
        told |= {"sub": subject, "email": "a@example.com", "name": "A"}
        said["id_token"] = jwt.encode({"alg": "RS256", "kid": "ours"}, told, key)

    real.relay.lies[TOKEN] = as_json(forge)
    answer = tries(ada, real.name)
    assert answer.status_code in (403, 502), answer.text


def _json(said: object, status: int = 200) -> Response:
    return Response(json.dumps(said), status, content_type="application/json")


def _encoded(said: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(said).encode()).decode().rstrip("=")


# --- what is written down about it


def test_nothing_secret_is_logged(
    traveller: Callable[[str], Traveller], real: Real, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    """Neither the code nor the state, the nonce, a token or our secret, however chatty the provider is."""
    logs.configure(settings.model_copy(update={"log_level": "debug"}))
    ada, heard = traveller("Ada"), []

    def repeat(headers: dict[str, str], body: bytes) -> bytes:
        heard.append(body.decode())
        return body

    real.relay.asks[TOKEN] = repeat
    real.relay.lies[TOKEN] = lambda _answer: _json({"error": f"no {heard[0]}", "error_description": heard[0]}, 400)
    address = ada.sets_out(real.name)
    way_back = ada.signs_in_there(address, "ada")
    answer = ada.get(way_back)
    refused(answer, 502)
    out = capsys.readouterr()
    said = out.out + out.err + answer.text
    assert "token endpoint" in out.out
    verifier = parse_qs(heard[0])["code_verifier"][0]
    for secret in (parameter(way_back, "code"), parameter(address, "state"), parameter(address, "nonce"), verifier):
        assert secret[:8] not in said
