"""Refuses unknown host names where anybody may open a session and no names are set.

A page elsewhere can have its own name lead to this machine after it was loaded (DNS rebinding). To the browser the
service is then that page's own site, on a laptop too that listens on no network. So a name has to be known here. A
literal address cannot be made to lead elsewhere, and is always answered.
"""

import re
import socket
from collections.abc import Iterator
from functools import lru_cache
from ipaddress import ip_address
from urllib.parse import urlsplit

from flask import Flask, request
from werkzeug.exceptions import SecurityError

from poker_app.settings import Settings

# A name has at most 253 characters; then come a dot, a colon and a port.
MAX_HOST = 260
_WITH_UNDERSCORE = re.compile(r"[\w.-]{1,253}(:\d{1,5})?", re.ASCII)


def install(app: Flask) -> None:
    """Adds the check, which answers 400 to other names. With ``TRUSTED_HOSTS`` Flask does that itself, with
    ``AUTH=accounts`` a page without a cookie is a stranger's, and a platform's functions are only reached by their
    project's own names."""
    settings: Settings = app.config["SETTINGS"]
    if settings.auth != "open" or settings.vercel:
        return
    names = set(filter(None, _names(settings)))

    @lru_cache(maxsize=256)
    def is_known(host: str) -> bool:
        name = name_in(host)
        return name in names or name.endswith(".localhost") or _is_address(name)

    @app.before_request
    def refuse_other_hosts() -> None:
        if not app.config["TRUSTED_HOSTS"] and not is_known(asked_host()):
            raise SecurityError


def _names(settings: Settings) -> Iterator[str]:
    """This machine's name, alone and as its network announces it; and those that the settings hold."""
    machine = socket.gethostname().lower()
    label = machine.partition(".")[0]
    yield from ("localhost", machine, label, f"{label}.local")
    yield from (urlsplit(settings.public_url).hostname or "", settings.pusher_client_host.lower())


def asked_host() -> str:
    """The host that a request is for, with its port unless it is the usual one; empty if it cannot be read.

    Werkzeug reads no name with an underscore, which services of containers may have: such a header is taken as it is.

    Raises:
        SecurityError: (400) it is none of ``TRUSTED_HOSTS``.
    """
    sent = request.headers.get("Host", "")
    return request.host or (sent if _WITH_UNDERSCORE.fullmatch(sent) else "")


def name_in(host: str) -> str:
    """The name in a ``Host`` header, in lower case and without the port; empty if there is none."""
    if len(host) > MAX_HOST:
        return ""
    try:
        return (urlsplit(f"//{host}").hostname or "").rstrip(".")
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
