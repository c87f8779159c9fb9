"""What is missing or contradictory about an engine is said at the start."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from poker_app.realtime_settings import ENGINES
from poker_app.settings import EngineName, Settings

KEYS = {"pusher_app_id": "1", "pusher_key": "k", "pusher_secret": "s"}
GRIP = "http://127.0.0.1:5561?iss=pushpin&key=changeme"


def made(**told: Any) -> Settings:
    return Settings(_env_file=None, secret_key="x", **told)


def test_every_name_that_may_be_given_has_its_row() -> None:
    assert set(get_args(EngineName)) == ENGINES.keys()


@pytest.mark.parametrize(
    ("told", "sentence"),
    [
        ({"realtime": "pusher", **KEYS}, "REALTIME=pusher also needs PUSHER_CLUSTER."),
        ({"realtime": "pusher", "pusher_cluster": "eu"}, "also needs PUSHER_APP_ID, PUSHER_KEY, PUSHER_SECRET."),
        ({"realtime": "ably"}, "REALTIME=ably also needs PUSHER_APP_ID, PUSHER_KEY, PUSHER_SECRET."),
        ({"realtime": "soketi", **KEYS}, "REALTIME=soketi also needs PUSHER_HOST."),
        ({"realtime": "sockudo", **KEYS}, "REALTIME=sockudo also needs PUSHER_HOST."),
        ({"realtime": "reverb", **KEYS}, "REALTIME=reverb also needs PUSHER_HOST."),
        ({"realtime": "reverb", **KEYS, "pusher_host": "https://rt.example"}, "PUSHER_HOST is a host's name alone"),
        ({"realtime": "reverb", **KEYS, "pusher_host": "rt.example:6001"}, "PUSHER_HOST is a host's name alone"),
        ({"realtime": "ably", **KEYS, "pusher_client_host": "wss://x"}, "PUSHER_CLIENT_HOST is a host's name alone"),
        ({"realtime": "fanout"}, "REALTIME=fanout also needs GRIP_URL."),
        ({"realtime": "fanout", "grip_url": "localhost:5561?key=x"}, "GRIP_URL is the proxy's control address"),
        ({"realtime": "fanout", "grip_url": "http://localhost:5561"}, "GRIP_URL also needs key or verify-key"),
        ({"realtime": "fanout", "grip_url": GRIP, "pusher_host": "x"}, "REALTIME=fanout has no use for PUSHER_HOST"),
        ({"realtime": "pusher", **KEYS, "pusher_cluster": "eu", "grip_url": GRIP}, "has no use for GRIP_URL"),
        # The default must not win over what somebody filled in.
        ({**KEYS, "pusher_cluster": "eu"}, "REALTIME=embedded has no use for PUSHER_CLUSTER"),
        ({**KEYS, "pusher_host": "rt.example"}, "REALTIME=embedded has no use for PUSHER_HOST"),
        ({"pusher_client_host": "live.example"}, "REALTIME=embedded has no use for PUSHER_CLIENT_HOST"),
        ({"pusher_client_port": 443, "pusher_port": 6001}, "has no use for PUSHER_PORT, PUSHER_CLIENT_PORT"),
        # The socket's origin is made of it, and so are the links in mails.
        ({"public_url": "faceup.example"}, "PUBLIC_URL is a whole address, such as https://faceup.example."),
        ({"public_url": "https://"}, "PUBLIC_URL is a whole address"),
        # What the footer leads to is a link on every page.
        ({"help_url": "faceup.example/help"}, "HELP_URL is a whole address, such as https://faceup.example/help or"),
        ({"privacy_url": "/privacy"}, "PRIVACY_URL is a whole address"),
        ({"terms_url": "javascript:alert(1)//a@b"}, "TERMS_URL is a whole address"),
        ({"imprint_url": "mailto:nobody"}, "IMPRINT_URL is a whole address"),
        ({"status_url": "https://"}, "STATUS_URL is a whole address"),
        (
            {"vercel": True, "database_url": "postgresql://x/y", "realtime": "embedded"},
            "an engine outside (REALTIME): sockets end at one instance there",
        ),
    ],
)
def test_what_cannot_work_is_said(told: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as refused:
        made(**told)
    assert sentence in str(refused.value)
    assert "changeme" not in str(refused.value)


@pytest.mark.parametrize(
    "told",
    [
        {},
        {"help_url": "mailto:help@faceup.example", "imprint_url": "https://faceup.example/imprint?lang=de"},
        {"realtime": "none", **KEYS, "pusher_cluster": "eu", "grip_url": GRIP},
        {"realtime": "pusher", **KEYS, "pusher_cluster": "eu"},
        {"realtime": "ably", **KEYS, "pusher_app_id": "aBc-1"},
        {"realtime": "soketi", **KEYS, "pusher_host": "rt.example"},
        {"realtime": "fanout", "grip_url": GRIP},
        {"realtime": "fanout", "grip_url": "https://api.fastly.com/service/x?key=t&verify-iss=fastly:x&verify-key=y"},
        {"realtime": "fanout", "grip_url": GRIP, "vercel": True, "database_url": "postgresql://x/y"},
    ],
)
def test_what_can(told: dict[str, Any]) -> None:
    made(**told)
