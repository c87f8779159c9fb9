"""Holds this process's hub, if it runs one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from poker_app.realtime.engines.embedded.hub import Hub

_hub: Hub | None = None


def hub() -> Hub | None:
    """The hub that in-process publishing reaches; None in a process that serves no sockets."""
    return _hub


def set_hub(hub: Hub | None) -> None:
    global _hub
    _hub = hub
