"""Whoever was removed hears nothing any more: their connections end, now or once the engine answers again."""

from poker_app import realtime

# Removed members, of whatever session, whose connections the engine failed to end.
_still_listening: set[str] = set()


def shut_out(member_id: str) -> None:
    """End a removed member's connections."""
    if not realtime.end_connections(member_id) and realtime.troubled():
        _still_listening.add(member_id)


def try_again() -> None:
    """End those that the engine did not, if it is worth asking."""
    if realtime.ready():
        for member_id in list(_still_listening):
            _still_listening.discard(member_id)
            shut_out(member_id)
