"""Whether what is said about the realtime engine is complete, and of one mind."""

from typing import Protocol
from urllib.parse import parse_qs, urlsplit


class EngineSettings(Protocol):
    """The settings that say who carries events."""

    @property
    def realtime(self) -> str: ...
    @property
    def grip_url(self) -> str: ...


_KEYS = ["pusher_app_id", "pusher_key", "pusher_secret"]
# What an engine needs; the others also need the host where they run.
_NEEDED = {"embedded": [], "none": [], "fanout": ["grip_url"], "pusher": [*_KEYS, "pusher_cluster"], "ably": _KEYS}
# What somebody filled in for another engine: it must not be passed over in silence.
_STRANGE = {
    "embedded": [
        "pusher_cluster",
        "pusher_host",
        "pusher_port",
        "pusher_client_host",
        "pusher_client_port",
        "grip_url",
    ],
    "fanout": ["pusher_cluster", "pusher_host"],
}


def check_engine(settings: EngineSettings) -> None:
    """Raises ValueError with what is missing or contradictory. Without an engine anything may stay filled in."""
    engine = settings.realtime
    if engine == "none":
        return
    if strange := _given(settings, _STRANGE.get(engine, ["grip_url"])):
        raise ValueError(f"REALTIME={engine} has no use for {', '.join(strange)}: leave out one or the other.")
    needed = _NEEDED.get(engine, [*_KEYS, "pusher_host"])
    given = _given(settings, needed)
    if missing := [name.upper() for name in needed if name.upper() not in given]:
        raise ValueError(f"REALTIME={engine} also needs {', '.join(missing)}.")
    for name in ("pusher_host", "pusher_client_host"):
        if set(getattr(settings, name)) & set("/:@ "):
            raise ValueError(f"{name.upper()} is a host's name alone, such as realtime.example.com.")
    if engine == "fanout":
        _check_grip(settings.grip_url)


def _given(settings: EngineSettings, names: list[str]) -> list[str]:
    return [name.upper() for name in names if getattr(settings, name)]


def _check_grip(address: str) -> None:
    url = urlsplit(address)
    if url.scheme not in ("http", "https") or not url.netloc:
        raise ValueError("GRIP_URL is the proxy's control address, such as http://127.0.0.1:5561?iss=…&key=….")
    if not {"key", "verify-key"} & parse_qs(url.query).keys():
        raise ValueError("GRIP_URL also needs key or verify-key, or anybody could speak as the proxy.")
