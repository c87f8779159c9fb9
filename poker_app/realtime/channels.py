"""Channel names: one for a session's state, one for who is present."""

_STATE = "private-planning-poker-"
_PRESENCE = "presence-planning-poker-"


def state_channel(session_id: str) -> str:
    """Channel on which every member of the session receives its state."""
    return _STATE + session_id


def presence_channel(session_id: str) -> str:
    """Channel on which every member of the session is seen. Engines may cap it; the state channel works beyond the
    cap."""
    return _PRESENCE + session_id


def session_of(channel: str) -> str | None:
    """The session's id in a channel name, or None for any other channel."""
    for prefix in (_STATE, _PRESENCE):
        if channel.startswith(prefix):
            return channel.removeprefix(prefix) or None
    return None
