"""What browsers bring back signed: the session's cookie, and the token of every form.

A signature that was good is good again, and to reckon it out anew took a seventh of a vote. So what was found good is
remembered; of a cookie only the age is looked at each time.
"""

import copy
import time
from functools import lru_cache
from typing import Any

from flask import Flask, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_wtf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer

# Cookies, and tokens, that are remembered: browsers that are busy at the same time.
MOST = 5_000


def install(app: Flask) -> "Tokens":
    """Sessions, and the question for their token before every write."""
    app.session_interface = SecureWithTls(app)
    tokens = Tokens()
    tokens.init_app(app)
    return tokens


class SecureWithTls(SecureCookieSessionInterface):
    """The session cookie is for TLS only wherever the request came through it."""

    def __init__(self, app: Flask) -> None:
        made = super().get_signing_serializer(app)
        assert made is not None, "settings always have a key"
        self._serializer = _Remembering(
            made.secret_keys, salt=made.salt, serializer=made.serializer, signer_kwargs=made.signer_kwargs
        )

    def get_signing_serializer(self, app: Flask) -> URLSafeTimedSerializer | None:
        return self._serializer

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure


class _Remembering(URLSafeTimedSerializer):
    """Reads what it has read before without looking at the signature."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # What is refused raises, and is not remembered.
        self._known = lru_cache(MOST)(super().loads)

    def loads(  # type: ignore[override]  # as that of the class above is
        self, s: str | bytes, max_age: int | None = None, *args: Any, **options: Any
    ) -> Any:
        content, signed_at = self._known(s, return_timestamp=True)
        if max_age is not None and time.time() - signed_at.timestamp() > max_age:
            return super().loads(s, max_age, *args, **options)  # which says why not
        # Whoever gets it may change it.
        return copy.deepcopy(content)


class Tokens(CSRFProtect):  # type: ignore[misc]  # the library has no types
    """Asks every write for the token of its own session, which lasts as long as that does."""

    def __init__(self) -> None:
        super().__init__()
        self._good: set[tuple[object, object]] = set()

    def protect(self, apply_exemptions: bool = False) -> None:
        """Refuses with a CSRFError. A read is not looked at at all."""
        if request.method not in current_app.config["WTF_CSRF_METHODS"]:
            return
        pair = session.get("csrf_token"), self._get_csrf_token()
        if pair in self._good:
            g.csrf_valid = True
            return
        super().protect(apply_exemptions)
        if g.get("csrf_valid"):
            if len(self._good) >= MOST:
                self._good.clear()
            self._good.add(pair)
