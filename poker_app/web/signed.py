"""What browsers bring back signed: the session's cookie, and the token of every form.

A signature that was good is good again, and to reckon it out anew took a seventh of a vote. So what was found good is
remembered; of a cookie only the age is looked at each time.
"""

import copy
import time
from functools import lru_cache
from typing import Any

from flask import Flask, Response, current_app, g, request, session
from flask.sessions import SecureCookieSessionInterface, SessionMixin
from flask_wtf import CSRFProtect
from itsdangerous import URLSafeTimedSerializer

# Cookies, and tokens, that are remembered: browsers that are busy at the same time.
MOST = 5_000
# Seconds after which the cookie of whoever is signed in is sent anew, so that it lives on.
RENEW_AFTER = 24 * 3600


def install(app: Flask) -> "Tokens":
    """Sessions, and the question for their token before every write."""
    app.session_interface = SecureWithTls(app)
    tokens = Tokens()
    tokens.init_app(app)
    return tokens


class SecureWithTls(SecureCookieSessionInterface):
    """The session cookie is for TLS only wherever the request came through it, and goes with pages alone."""

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

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        kept = response.cache_control
        # What caches in between may keep, as the files are, is the same for everybody.
        if kept.private or not kept:
            super().save_session(app, session, response)

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """Only a session that was changed, or that would grow old: answers that began before a change and arrive after
        it would else undo it."""
        if session.modified or not session.permanent:
            return session.modified
        return self._serializer.age(request.cookies[self.get_cookie_name(app)]) > RENEW_AFTER


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

    def age(self, s: str) -> float:
        """How many seconds ago it was signed."""
        _content, signed_at = self._known(s, return_timestamp=True)
        return time.time() - float(signed_at.timestamp())


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
