"""Facts about each realtime engine, and the check that its settings are complete and do not contradict each other."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import parse_qs, urlsplit

from poker_app.rules.message_budget import LARGE_ABOVE, Sending


class EngineSettings(Protocol):
    """The settings of the realtime engine."""

    @property
    def realtime(self) -> str: ...
    @property
    def grip_url(self) -> str: ...


_KEYS = ("pusher_app_id", "pusher_key", "pusher_secret")

# How events are sent, by what they cost. A service bills every publish and every delivery: all tables' votes share
# events (docs/decisions/paced-messages.md). A server of one's own bills nobody, but each event is a request to it, and
# to every browser of a large table. In this process an event costs neither.
BILLED = Sending(coalesce_above=0, apart=3.5)
OWN_SERVER = Sending(coalesce_above=LARGE_ABOVE, apart=1.0)
IN_PROCESS = Sending(coalesce_above=LARGE_ABOVE, apart=0.0)


@dataclass(frozen=True, slots=True)
class Engine:
    """Facts about one realtime engine. The defaults are those of a server of one's own."""

    needs: tuple[str, ...] = (*_KEYS, "pusher_host")
    """Settings that it cannot do without."""
    no_use_for: tuple[str, ...] = ("grip_url",)
    """Settings of other engines: one that is filled in is refused at the start."""
    makes_keys: bool = False
    """Whether its keys are made from the signing key where the settings give none."""
    api_host: str = ""
    """Where the server finds it, if that is known; else ``PUSHER_HOST`` says so."""
    browser_host: str = ""
    """Where browsers find it; else ``PUSHER_CLIENT_HOST``, or the server's host, says so."""
    sending: Sending = OWN_SERVER


ENGINES = {
    "embedded": Engine(
        needs=(),
        no_use_for=(
            "pusher_cluster",
            "pusher_host",
            "pusher_port",
            "pusher_client_host",
            "pusher_client_port",
            "grip_url",
        ),
        makes_keys=True,
        sending=IN_PROCESS,
    ),
    "pusher": Engine(
        needs=(*_KEYS, "pusher_cluster"),
        api_host="api-{cluster}.pusher.com",
        browser_host="ws-{cluster}.pusher.com",
        sending=BILLED,
    ),
    "ably": Engine(needs=_KEYS, api_host="main.pusher.ably.net", browser_host="main.pusher.ably.net", sending=BILLED),
    "sockudo": Engine(),
    "reverb": Engine(),
    "soketi": Engine(),
    "fanout": Engine(needs=("grip_url",), no_use_for=("pusher_cluster", "pusher_host"), makes_keys=True),
    # Without an engine anything may stay filled in.
    "none": Engine(needs=(), no_use_for=(), sending=IN_PROCESS),
}


def check_engine(settings: EngineSettings) -> None:
    """Checks the engine's settings. Raises ValueError with what is missing or contradictory."""
    name, engine = settings.realtime, ENGINES[settings.realtime]
    if name == "none":
        return
    if strange := _given(settings, engine.no_use_for):
        raise ValueError(f"REALTIME={name} has no use for {', '.join(strange)}: leave out one or the other.")
    given = _given(settings, engine.needs)
    if missing := [needed.upper() for needed in engine.needs if needed.upper() not in given]:
        raise ValueError(f"REALTIME={name} also needs {', '.join(missing)}.")
    for host in ("pusher_host", "pusher_client_host"):
        if set(getattr(settings, host)) & set("/:@ "):
            raise ValueError(f"{host.upper()} is a host's name alone, such as realtime.example.com.")
    if name == "fanout":
        _check_grip(settings.grip_url)


def _given(settings: EngineSettings, names: Iterable[str]) -> list[str]:
    return [name.upper() for name in names if getattr(settings, name)]


def _check_grip(address: str) -> None:
    url = urlsplit(address)
    if url.scheme not in ("http", "https") or not url.netloc:
        raise ValueError("GRIP_URL is the proxy's control address, such as http://127.0.0.1:5561?iss=…&key=….")
    if not {"key", "verify-key"} & parse_qs(url.query).keys():
        raise ValueError("GRIP_URL also needs key or verify-key, or anybody could speak as the proxy.")
