"""The session cookie: Flask's own, only through TLS where the request came through it, and sent only when needed. In a
frame of another site it is a partitioned one of its own: ``guest_cookie.is_framed``."""

import time

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface, SessionMixin

from poker_app.web.http.guest_cookie import framed_name, is_framed

# Seconds after which the cookie of a signed-in browser is sent anew, so that it does not expire while it is used.
RENEW_AFTER = 24 * 3600


class SessionCookie(SecureCookieSessionInterface):
    """Flask's signed cookie, with fewer answers that set it."""

    def get_cookie_name(self, app: Flask) -> str:
        name = super().get_cookie_name(app)
        return framed_name(name) if is_framed() else name

    def get_cookie_secure(self, app: Flask) -> bool:
        return request.is_secure or is_framed()

    def get_cookie_partitioned(self, app: Flask) -> bool:
        return is_framed()

    def get_cookie_samesite(self, app: Flask) -> str:
        return "None" if is_framed() else "Lax"

    def save_session(self, app: Flask, session: SessionMixin, response: Response) -> None:
        """Leaves it out of answers that shared caches may store, such as static files."""
        stored = response.cache_control
        if stored.private or not stored:
            super().save_session(app, session, response)

    def should_set_cookie(self, app: Flask, session: SessionMixin) -> bool:
        """True for a session that was changed, or whose cookie is a day old. Never on every answer: one that began
        before a change and arrives after it would undo the change."""
        if session.modified or not session.permanent:
            return session.modified
        return self._age(app) > RENEW_AFTER

    def _age(self, app: Flask) -> float:
        """Seconds since the request's cookie was signed."""
        serializer = self.get_signing_serializer(app)
        assert serializer is not None, "settings always have a key"
        _content, signed_at = serializer.loads(request.cookies[self.get_cookie_name(app)], return_timestamp=True)
        return time.time() - float(signed_at.timestamp())
