"""HTTP client for OAuth 2 and OpenID Connect, and the only module that imports Authlib. Limits the time and the bytes
of an answer."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from authlib.integrations.base_client import OAuthError
from authlib.integrations.requests_client import OAuth2Session
from authlib.oidc.core import CodeIDToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from requests import RequestException, Response

from poker_app import clock
from poker_app.accounts.providers.failures import Failed, NotBegunHere, Untrusted, named
from poker_app.accounts.providers.visits import Visit
from poker_app.provider_settings import ProviderSettings

PATIENCE = 5  # seconds for one answer, from the first byte to the last
MAX_BYTES = 1024 * 1024  # bytes of one answer
LEEWAY = 60  # seconds that a provider's clock may differ from ours

# Signatures that only the provider can have made; with HS256 everybody who knows the client's secret could.
SIGNATURES = ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA", "Ed25519")
# Errors of a token endpoint for a code that is used up, expired, or not this visit's.
_BAD_CODES = {"invalid_grant", "bad_verification_code"}


class Client(OAuth2Session):  # type: ignore[misc]  # the library has no types
    """A session with one provider. Every fault of the provider is raised as Failed, Untrusted or NotBegunHere."""

    def __init__(self, provider: ProviderSettings, *, back: str = "", authenticates: str = "client_secret_basic"):
        super().__init__(
            provider.client_id,
            provider.client_secret,
            redirect_uri=back,
            code_challenge_method="S256",
            token_endpoint_auth_method=authenticates,
        )
        self._provider = provider

    def address(self, endpoint: str, visit: Visit, scope: str, **more: str) -> str:
        """The address to redirect the browser to, with the state and the challenge to the verifier."""
        address, _ = self.create_authorization_url(
            endpoint, state=visit.state, code_verifier=visit.verifier, scope=scope, **more
        )
        return str(address)

    def exchange(self, endpoint: str, code: str, visit: Visit) -> dict[str, Any]:
        """Exchanges a code for tokens.

        Raises:
            NotBegunHere: (400) the provider does not know the code.
            Failed: (502) the token endpoint does not answer, or with an error.
        """
        try:
            return dict(
                self.fetch_token(endpoint, grant_type="authorization_code", code=code, code_verifier=visit.verifier)
            )
        except OAuthError as error:
            if error.error in _BAD_CODES:
                raise NotBegunHere(self._provider, f"token endpoint: {error.error}") from None
            # Its description is left out: some providers repeat the request in it.
            raise Failed(self._provider, f"token endpoint: {named(error.error)}") from None
        except (RequestException, ValueError, RecursionError) as problem:
            raise Failed(self._provider, f"token endpoint: {type(problem).__name__}") from None

    def fetch(self, address: str, *, bearer: str = "") -> Any:
        """Fetches a JSON document.

        Raises:
            Failed: (502) the provider does not answer with one.
        """
        headers = {"Accept": "application/json", **({"Authorization": f"Bearer {bearer}"} if bearer else {})}
        try:
            answer = self.request("GET", address, withhold_token=True, headers=headers)
            if answer.status_code != 200:
                raise Failed(self._provider, f"{_shown(address)}: status {answer.status_code}")
            return answer.json()
        except (RequestException, ValueError, RecursionError) as problem:
            raise Failed(self._provider, f"{_shown(address)}: {type(problem).__name__}") from None

    def request(self, method: str, url: str, **how: Any) -> Response:
        """Follows no redirects, and limits the time of the whole answer: the library's timeout begins anew with every
        byte."""
        until = time.monotonic() + PATIENCE
        answer: Response = super().request(method, url, timeout=PATIENCE, allow_redirects=False, stream=True, **how)
        body = b""
        with answer:
            for piece in answer.iter_content(16 * 1024):
                body += piece
                if len(body) > MAX_BYTES or time.monotonic() > until:
                    raise RequestException("too long")
        answer._content = body
        return answer


def verified(
    provider: ProviderSettings,
    token: str,
    keys: Mapping[str, Any],
    *,
    signatures: Sequence[str],
    options: Mapping[str, Any],
    visit: Visit,
    access_token: str | None,
) -> dict[str, Any] | None:
    """Verifies an id token: signed with one of the keys, for us, for this visit, and not expired. Returns its claims;
    None if it is signed with a key that is not among them.

    Raises:
        Untrusted: (403) the signature or one of the claims is wrong.
    """
    allowed = [each for each in signatures if each in SIGNATURES] or ["RS256"]
    about = {"nonce": visit.nonce, "client_id": provider.client_id, "access_token": access_token}
    try:
        decoded = jwt.decode(token, KeySet.import_key_set(dict(keys)), algorithms=allowed)  # type: ignore[arg-type]
        # Authlib takes any audience as long as `azp` is ours, unless it is told which one.
        expected = {**options, "aud": {"essential": True, "values": [provider.client_id]}, "sub": {"essential": True}}
        claims = CodeIDToken(decoded.claims, decoded.header, expected, about)
        claims.validate(now=int(clock.now().timestamp()), leeway=LEEWAY)
    except InvalidKeyIdError:
        return None
    except (JoseError, ValueError, TypeError, KeyError) as problem:
        # The library's sentence names the claim and not what was in it.
        raise Untrusted(provider, f"id token: {type(problem).__name__} {str(problem)[:80]}") from None
    return dict(claims)


def _shown(address: str) -> str:
    return address.partition("?")[0]
