"""Doubles of two services that no test can reach, as strict as they are: what they refuse is refused."""

import base64
import hashlib
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlencode

from joserfc import jwt
from joserfc.jwk import KeySet, RSAKey
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

CLIENT, SECRET = "faceup", "s3cret~with.signs"
CONTOSO = "11111111-2222-3333-4444-555555555555"
PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"


@dataclass
class Given:
    """A code that was given out, for what it can be exchanged and by whom."""

    back: str
    challenge: str
    scope: str
    nonce: str = ""
    used: bool = False


def challenge_of(verifier: str) -> str:
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")


def answered(said: object, status: int = 200) -> Response:
    return Response(json.dumps(said), status, content_type="application/json")


@dataclass
class Entra:
    """Microsoft's login server. ``person`` is who comes; ``lie`` changes the claims of their token."""

    back: str
    person: dict[str, Any] = field(default_factory=dict)
    lie: dict[str, Any] = field(default_factory=dict)
    url: str = ""
    codes: dict[str, Given] = field(default_factory=dict)
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(parameters={"kid": "entra", "use": "sig"}))

    @Request.application
    def __call__(self, request: Request) -> Response:
        directory, _, rest = request.path.strip("/").partition("/")
        match rest:
            case "v2.0/.well-known/openid-configuration":
                return self._discovery(directory)
            case "discovery/v2.0/keys":
                return answered(KeySet([self.key]).as_dict(private=False))
            case "oauth2/v2.0/authorize":
                return self._authorize(request.args)
            case "oauth2/v2.0/token" if request.method == "POST":
                return self._token(request)
        return Response("AADSTS900144", 404)

    def _discovery(self, directory: str) -> Response:
        known = {"common": "{tenantid}", "organizations": "{tenantid}", "consumers": PERSONAL}
        known |= {"contoso.example": CONTOSO, CONTOSO: CONTOSO}
        if directory not in known:
            return answered({"error": "invalid_tenant", "error_description": "AADSTS90002"}, 400)
        base = f"{self.url}/{directory}"
        return answered(
            {
                "issuer": f"{self.url}/{known[directory]}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt"],
                "jwks_uri": f"{base}/discovery/v2.0/keys",
                "id_token_signing_alg_values_supported": ["RS256"],
                "subject_types_supported": ["pairwise"],
                "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            }
        )

    def _authorize(self, asked: Mapping[str, str]) -> Response:
        wrong = [
            asked.get("client_id") != CLIENT,
            asked.get("redirect_uri") != self.back,
            asked.get("response_type") != "code",
            "openid" not in asked.get("scope", "").split(),
            asked.get("code_challenge_method") != "S256",
        ]
        if any(wrong):
            return Response("AADSTS50011 or the like", 400)
        code = secrets.token_urlsafe()  # like a real provider, another each time; no test looks into it
        self.codes[code] = Given(self.back, asked["code_challenge"], asked["scope"], asked.get("nonce", ""))
        return redirect(f"{self.back}?{urlencode({'code': code, 'state': asked['state']})}")

    def _token(self, request: Request) -> Response:
        form = request.form
        given = self.codes.get(form.get("code", ""))
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            return answered({"error": "invalid_client", "error_description": f"AADSTS7000215 {form}"}, 401)
        wrong = given is None or given.used or form.get("redirect_uri") != given.back
        if wrong or form.get("grant_type") != "authorization_code":
            return answered({"error": "invalid_grant", "error_description": "AADSTS70000"}, 400)
        assert given
        if challenge_of(form.get("code_verifier", "")) != given.challenge:
            return answered({"error": "invalid_grant", "error_description": "AADSTS501481"}, 400)
        given.used = True
        now, tid = int(time.time()), self.person.get("tid", CONTOSO)
        claims = {
            "ver": "2.0",
            "iss": f"{self.url}/{tid}/v2.0",
            "aud": CLIENT,
            "tid": tid,
            "sub": "AAAAAA",
            "oid": "1",
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "nonce": given.nonce,
            "name": "Ada at Contoso",
            **self.person,
            **self.lie,
        }
        told = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode({"alg": "RS256", "kid": "entra", "typ": "JWT"}, told, self.key)
        return answered({"token_type": "Bearer", "expires_in": 3599, "access_token": "graph", "id_token": token})


@dataclass
class GitHub:
    """GitHub, as an Enterprise server: the same addresses below one host. ``user`` and ``emails`` are who comes."""

    back: str
    user: dict[str, Any] = field(default_factory=lambda: {"id": 583231, "login": "octoada", "name": "Ada"})
    emails: list[dict[str, Any]] = field(default_factory=list)
    url: str = ""
    codes: dict[str, Given] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)

    @Request.application
    def __call__(self, request: Request) -> Response:
        match request.method, request.path:
            case "GET", "/login/oauth/authorize":
                return self._authorize(request.args)
            case "POST", "/login/oauth/access_token":
                return self._token(request)
            case "GET", "/api/v3/user":
                return self._api(request, "read:user", self.user)
            case "GET", "/api/v3/user/emails":
                return self._api(request, "user:email", self.emails)
        return answered({"message": "Not Found"}, 404)

    def _authorize(self, asked: Mapping[str, str]) -> Response:
        if asked.get("client_id") != CLIENT:
            return Response("Not found", 404)
        if asked.get("redirect_uri") != self.back:
            wrong = {"error": "redirect_uri_mismatch", "state": asked.get("state", "")}
            return redirect(f"{self.back}?{urlencode(wrong)}")
        code = secrets.token_hex(10)  # as above
        self.codes[code] = Given(self.back, asked.get("code_challenge", ""), asked.get("scope", ""))
        return redirect(f"{self.back}?{urlencode({'code': code, 'state': asked['state']})}")

    def _token(self, request: Request) -> Response:
        """Refusals come with status 200, and nothing is JSON unless it is asked for."""
        form, given = request.form, self.codes.get(request.form.get("code", ""))
        if (form.get("client_id"), form.get("client_secret")) != (CLIENT, SECRET):
            said = {"error": "incorrect_client_credentials"}
        elif given is None or given.used or challenge_of(form.get("code_verifier", "")) != given.challenge:
            said = {"error": "bad_verification_code"}
        elif form.get("redirect_uri", self.back) != given.back:
            said = {"error": "redirect_uri_mismatch"}
        else:
            given.used, token = True, f"gho_{secrets.token_hex(8)}"  # as above
            self.tokens[token] = given.scope
            said = {"access_token": token, "scope": given.scope.replace(" ", ","), "token_type": "bearer"}
        if "application/json" in request.headers.get("Accept", ""):
            return answered(said)
        return Response(urlencode(said), content_type="application/x-www-form-urlencoded")

    def _api(self, request: Request, scope: str, said: object) -> Response:
        if not request.headers.get("User-Agent"):
            return Response("Request forbidden by administrative rules.", 403)
        scopes = self.tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if scopes is None:
            return answered({"message": "Bad credentials"}, 401)
        return answered(said) if scope in scopes.split() else answered({"message": "Not Found"}, 404)
