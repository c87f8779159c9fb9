"""OpenID Connect: discovery, keys, tokens. Discovery documents and keys are cached for ten minutes in a process."""

import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from poker_app.accounts.providers.claims import Claims, read
from poker_app.accounts.providers.client import Client, verified
from poker_app.accounts.providers.failures import Failed, Untrusted
from poker_app.accounts.providers.visits import Visit
from poker_app.provider_settings import GOOGLE, LOOPBACK, ProviderSettings

SCOPE = "openid profile email"
KEPT = 600  # seconds
_GUID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# The directory that all personal accounts at Microsoft are in.
_PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
_TEMPLATE = "{tenantid}"
_KINDS = ("RSA", "EC", "OKP")


@dataclass(slots=True)
class _Known:
    """Cached discovery document and keys of a provider."""

    since: float
    metadata: Mapping[str, Any]
    keys: Mapping[str, Any] = field(default_factory=dict)


_known: dict[str, _Known] = {}


def address(provider: ProviderSettings, visit: Visit, back: str) -> str:
    """The address to redirect the browser to."""
    endpoint = _endpoint(provider, _known_of(provider).metadata, "authorization_endpoint")
    return Client(provider, back=back).address(endpoint, visit, SCOPE, nonce=visit.nonce)


def check_sender(provider: ProviderSettings, said: str | None) -> None:
    """Checks the sender by RFC 9207: the answer in the browser names it, and it must be the provider that was visited.

    Raises:
        Untrusted: (403) the sender is another one, or is missing.
    """
    metadata = _known_of(provider).metadata
    if said is None:
        if metadata.get("authorization_response_iss_parameter_supported") is True:
            raise Untrusted(provider, "the answer does not say who sent it")
        return
    issuer = str(metadata["issuer"])
    fits = re.fullmatch(re.escape(issuer).replace(re.escape(_TEMPLATE), _GUID.pattern), said)
    if not (fits or said == issuer):
        raise Untrusted(provider, "the answer was sent by somebody else")


def claims(provider: ProviderSettings, visit: Visit, code: str, back: str) -> Claims:
    """Exchanges the code for an id token, verifies the token, and returns the user's claims.

    Raises:
        Untrusted: (403) the id token cannot be verified, or the userinfo has another subject.
    """
    known = _known_of(provider)
    metadata = known.metadata
    offered = metadata.get("token_endpoint_auth_methods_supported")
    only_post = isinstance(offered, list) and "client_secret_basic" not in offered and "client_secret_post" in offered
    with Client(
        provider, back=back, authenticates="client_secret_post" if only_post else "client_secret_basic"
    ) as client:
        tokens = client.exchange(_endpoint(provider, metadata, "token_endpoint"), code, visit)
        said = _verified(provider, known, tokens, visit)
        access = tokens.get("access_token")
        if not (said.get("email") and said.get("name")) and metadata.get("userinfo_endpoint") and access:
            more = client.fetch(_endpoint(provider, metadata, "userinfo_endpoint"), bearer=str(access))
            if not isinstance(more, dict) or more.get("sub") != said["sub"]:
                raise Untrusted(provider, "the userinfo is about somebody else")
            said = {**more, **said}
    # Google signs with and without the scheme; it is one issuer all the same.
    return read(provider, GOOGLE if provider.preset == "google" else said["iss"], said)


def _verified(provider: ProviderSettings, known: _Known, tokens: Mapping[str, Any], visit: Visit) -> dict[str, Any]:
    token, access = tokens.get("id_token"), tokens.get("access_token")
    if not isinstance(token, str):
        raise Failed(provider, "no id token")
    signatures = known.metadata.get("id_token_signing_alg_values_supported")
    for again in (False, True):
        found = verified(
            provider,
            token,
            _keys(provider, known, again=again),
            signatures=signatures if isinstance(signatures, list) else [],
            options={"iss": {"essential": True, "validate": _issuer_check(provider, str(known.metadata["issuer"]))}},
            visit=visit,
            access_token=access if isinstance(access, str) else None,
        )
        if found is not None:
            return found
    raise Untrusted(provider, "id token: signed with an unknown key")


def _issuer_check(provider: ProviderSettings, issuer: str) -> Callable[[Mapping[str, Any], object], bool]:
    """Returns the check of an id token's issuer. Microsoft's shared tenants publish a pattern that the token fills
    in."""

    def fits(claims: Mapping[str, Any], said: object) -> bool:
        if provider.preset == "google":
            return said in (issuer, issuer.removeprefix("https://"))
        if provider.preset == "microsoft" and _TEMPLATE in issuer:
            directory = str(claims.get("tid"))
            if not _GUID.fullmatch(directory) or (provider.tenant == "organizations" and directory == _PERSONAL):
                return False
            return said == issuer.replace(_TEMPLATE, directory)
        return said == issuer

    return fits


def _known_of(provider: ProviderSettings) -> _Known:
    """The provider's discovery document, from the cache or fetched. It must name the configured issuer."""
    base = provider.issuer.rstrip("/")
    if provider.preset == "microsoft":
        base = f"{base}/{provider.tenant}/v2.0"
    where = f"{base}/.well-known/openid-configuration"
    known = _known.get(where)
    if known is None or time.monotonic() - known.since > KEPT:
        with Client(provider) as client:
            found = client.fetch(where)
        if not isinstance(found, dict) or not _is_about(provider, base, found.get("issuer")):
            raise Failed(provider, "the discovery document is about another issuer")
        known = _known[where] = _Known(time.monotonic(), found)
    return known


def _is_about(provider: ProviderSettings, base: str, issuer: object) -> bool:
    if not isinstance(issuer, str):
        return False
    if provider.preset != "microsoft":
        return issuer.rstrip("/") == base
    # A directory may be configured by its domain or an alias, and then publishes its id.
    start, end = f"{provider.issuer.rstrip('/')}/", "/v2.0"
    directory = issuer.removeprefix(start).removesuffix(end)
    if issuer != f"{start}{directory}{end}":
        return False
    if directory == _TEMPLATE:
        return provider.tenant in ("common", "organizations")
    return bool(_GUID.fullmatch(directory)) and (directory == provider.tenant or not _GUID.fullmatch(provider.tenant))


def _keys(provider: ProviderSettings, known: _Known, *, again: bool) -> Mapping[str, Any]:
    """Keys that id tokens are signed with, from the cache. They are fetched ``again`` where one is missing, since they
    change."""
    if again or not known.keys:
        with Client(provider) as client:
            found = client.fetch(_endpoint(provider, known.metadata, "jwks_uri"))
        keys = found.get("keys") if isinstance(found, dict) else None
        if not isinstance(keys, list):
            raise Failed(provider, "the key set is none")
        # One key of a kind that the library does not know would spoil them all.
        known.keys = {"keys": [each for each in keys if isinstance(each, dict) and each.get("kty") in _KINDS]}
    return known.keys


def _endpoint(provider: ProviderSettings, metadata: Mapping[str, Any], name: str) -> str:
    """An address from the discovery document. Only TLS is allowed, except on this machine."""
    found = metadata.get(name)
    try:
        parts = urlsplit(found) if isinstance(found, str) else None
    except ValueError:
        parts = None
    if parts and (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        return str(found)
    raise Failed(provider, f"the discovery document has no usable {name}")
