"""Addresses and keys of each engine, for the server and for the browser, from the settings."""

import hashlib
import hmac
from dataclasses import dataclass
from urllib.parse import urlsplit

from poker_app.realtime_settings import ENGINES
from poker_app.settings import Settings


@dataclass(frozen=True)
class Credentials:
    """App id, key and secret that the server and the engine share. Browsers get the key alone."""

    app_id: str
    key: str
    secret: str


@dataclass(frozen=True)
class Place:
    """Host and port of an engine. ``browser_host`` is empty where browsers find it at the page's own address."""

    host: str
    port: int
    tls: bool
    cluster: str
    browser_host: str
    browser_port: int


def credentials(settings: Settings) -> Credentials:
    """The credentials in the settings; for an engine of our own they are derived from the signing key, the same at
    every restart."""
    app_id, key, secret = settings.pusher_app_id, settings.pusher_key, settings.pusher_secret
    if ENGINES[settings.realtime].makes_keys:
        app_id = app_id or str(int(_derived(settings, "app id", 8), 16))
        key = key or _derived(settings, "key", 20)
        secret = secret or _derived(settings, "secret", 40)
    return Credentials(app_id, key, secret)


def _derived(settings: Settings, purpose: str, length: int) -> str:
    message = f"embedded realtime {purpose}".encode()
    return hmac.new(settings.signing_key.encode(), message, hashlib.sha256).hexdigest()[:length]


def place(settings: Settings) -> Place:
    """Host and ports of the configured engine. Not for the engine ``none``, which has no address."""
    engine, known = settings.realtime, ENGINES[settings.realtime]
    if engine == "embedded":
        return Place(settings.host, settings.port, tls=False, cluster="embedded", browser_host="", browser_port=0)
    if engine == "fanout":
        # The proxy stands in front of the pages, unless it has an address of its own for the sockets.
        port = settings.pusher_client_port or (443 if settings.pusher_tls else 80)
        return Place("", 0, settings.pusher_tls, engine, settings.pusher_client_host, port)
    cluster = settings.pusher_cluster or engine  # pusher-js insists on a cluster even where a host is given
    tls = settings.pusher_tls or not settings.pusher_host  # the known hosts take nothing else
    host = settings.pusher_host or known.api_host.format(cluster=cluster)
    port = settings.pusher_port or (443 if tls else 80)
    browser_host = settings.pusher_client_host or settings.pusher_host or known.browser_host.format(cluster=cluster)
    return Place(host, port, tls, cluster, browser_host, settings.pusher_client_port or port)


# Milliseconds of silence after which a browser asks the engine for a sign of life, and within which it has to come: a
# socket whose network has changed is dead and stays open. Through a GRIP proxy each such question is a request to the
# site, so there the library's own times stay.
_SIGN_OF_LIFE = {"activityTimeout": 8_000, "pongTimeout": 4_000}


def browser_options(settings: Settings) -> dict[str, object] | None:
    """Options that the page hands to pusher-js, or None where there is only polling.

    Where the engine is at the page's own address, host, ports and TLS are left out: the page fills in its own
    (``location.hostname``, ``location.port``), since only the browser knows the address in front of all proxies.
    """
    if settings.realtime == "none":
        return None
    where = place(settings)
    options: dict[str, object] = {
        "key": credentials(settings).key,
        "cluster": where.cluster,
        "enabledTransports": ["ws"],  # covers wss; naming 'wss' as well makes plain pages try TLS at the plain port
    }
    if settings.realtime != "fanout":
        options |= _SIGN_OF_LIFE
    if where.browser_host:
        ports = {"wsPort": where.browser_port, "wssPort": where.browser_port}
        options |= {"wsHost": where.browser_host, **ports, "forceTLS": where.tls}
    return options


def connect_sources(settings: Settings) -> list[str]:
    """Origins for the content policy's ``connect-src``, beside ``'self'``."""
    if settings.realtime == "none":
        return []
    where = place(settings)
    if where.browser_host:
        # A page on https always takes TLS, whatever the options say.
        schemes = ["wss"] if where.tls else ["ws", "wss"]
        return [_origin(scheme, where.browser_host, where.browser_port) for scheme in schemes]
    if settings.public_url:
        # Not every browser counts the page's own socket as 'self'.
        public = urlsplit(settings.public_url)
        return [f"{'wss' if public.scheme == 'https' else 'ws'}://{public.netloc}"]
    return []


def _origin(scheme: str, host: str, port: int) -> str:
    return f"{scheme}://{host}" if port == {"ws": 80, "wss": 443}[scheme] else f"{scheme}://{host}:{port}"
