"""Security headers of every response: content policy, referrer, permissions, caching."""

from functools import lru_cache

from flask import Flask, Response, request
from werkzeug.exceptions import SecurityError

from poker_app import files, realtime
from poker_app.web.http import framing
from poker_app.web.http.host_check import asked_host

POLICY = {
    "default-src": "'none'",
    "base-uri": "'none'",
    "connect-src": "'self'",
    "font-src": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
    "img-src": "'self' data:",
    "manifest-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
}


def install(app: Flask) -> None:
    """Adds the headers to every response; shared caches keep none with a session in it."""

    @app.after_request
    def add_headers(answer: Response) -> Response:
        answer.headers.setdefault("Content-Security-Policy", _policy())
        answer.headers["X-Content-Type-Options"] = "nosniff"
        answer.headers["Referrer-Policy"] = _referrer()
        answer.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        answer.headers["Permissions-Policy"] = "camera=(), geolocation=(), microphone=()"
        answer.headers.setdefault("Cache-Control", "private, no-store")
        if request.is_secure:
            answer.headers["Strict-Transport-Security"] = "max-age=31536000"
        return answer


def _referrer() -> str:
    """An address with a secret in it is as good as a key, so nothing on its page may pass it on, to this site either.

    Not ``no-referrer``: with it browsers say of the page's own form that it came from nowhere.
    """
    return "strict-origin" if "secret" in (request.view_args or {}) else "same-origin"


def _policy() -> str:
    try:
        host = asked_host()
    except SecurityError:
        # A request for a host that is not ours: it is being refused, under the policy like everything.
        host = ""
    return _policy_at(host, request.is_secure, tuple(realtime.connect_sources()), files.origins(), framing.ancestors())


@lru_cache(maxsize=64)
def _policy_at(host: str, secure: bool, engine: tuple[str, ...], store: tuple[str, ...], ancestors: str) -> str:
    # Browsers do not agree that 'self' covers the WebSocket scheme, so this server's own socket is named.
    own_socket = [f"{'wss' if secure else 'ws'}://{host}"] if host else []
    connect = " ".join(dict.fromkeys([POLICY["connect-src"], *own_socket, *engine, *store]))
    pictures = " ".join([POLICY["img-src"], *store])
    changed = {"connect-src": connect, "frame-ancestors": ancestors, "img-src": pictures}
    return "; ".join(f"{name} {value}" for name, value in {**POLICY, **changed}.items())
