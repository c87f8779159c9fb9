"""The embedded server's HTTP API: publishing events, and queries of channels and users, as Pusher's service has it."""

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from poker_app.realtime.engines.embedded.protocol import USER_CHANNEL, Event, is_channel, is_socket_id

LARGEST = 10_240  # bytes of an event's data
MAX_CHANNELS = 100
LARGEST_BATCH = 10

Answer = tuple[int, dict[str, Any]]


class Hub(Protocol):
    """Protocol of a hub: publishes events and answers queries. Any thread may call it; a hub may refuse a query that it
    cannot answer."""

    def publish(self, events: Sequence[Event]) -> None: ...
    def terminate(self, user_id: str) -> None: ...
    def channels(self, prefix: str) -> list[str]: ...
    def sockets(self, name: str) -> int: ...
    def users(self, name: str) -> list[str]: ...


class Refused(Exception):
    """A refusal with a status and a text."""

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status


def perform(hub: Hub, method: str, path: str, params: Mapping[str, Any]) -> Answer:
    """Executes a request under ``/apps/<app id>/`` whose signature was verified. Returns status and body. Any thread
    may call it."""
    try:
        match method, path.strip("/").split("/")[2:]:
            case "POST", ["events"]:
                hub.publish([_event(params)])
                return 200, {}
            case "POST", ["batch_events"]:
                hub.publish(_batch(params.get("batch")))
                return 200, {}
            case "GET", ["channels"]:
                return 200, {"channels": _channels(hub, params)}
            case "GET", ["channels", name]:
                return 200, _channel(hub, name, _attributes(params))
            case "GET", ["channels", name, "users"]:
                return 200, {"users": _users(hub, name)}
            case "POST", ["users", user_id, "terminate_connections"]:
                hub.terminate(user_id)
                return 200, {}
            case "POST", ["users", user_id, "events"]:
                hub.publish([_event({**params, "channels": [USER_CHANNEL + user_id]})])
                return 200, {}
    except Refused as refusal:
        return refusal.status, {"error": str(refusal)}
    return 404, {"error": "Unknown path"}


def _event(params: Mapping[str, Any]) -> Event:
    name, data, exclude = params.get("name"), params.get("data"), params.get("socket_id")
    channels = params.get("channels", [params["channel"]] if "channel" in params else None)
    if not isinstance(channels, list) or not channels:
        raise Refused(400, "Missing required parameter: channels")
    if len(channels) > MAX_CHANNELS:
        raise Refused(400, f"Cannot trigger on more than {MAX_CHANNELS} channels (max: {MAX_CHANNELS})")
    for channel in channels:
        if not is_channel(channel):
            raise Refused(400, f"Invalid channel name {str(channel)[:200]!r}")
    if not isinstance(name, str) or not name:
        raise Refused(400, "Missing required parameter: name")
    if len(name) > 200:
        raise Refused(400, "Event name too long (max: 200)")
    if not isinstance(data, str):
        raise Refused(400, "Missing required parameter: data")
    if len(data.encode(errors="replace")) > LARGEST:
        raise Refused(413, f"The data content of this event exceeds the allowed maximum ({LARGEST} bytes)")
    if exclude is not None and not is_socket_id(exclude):
        raise Refused(400, f"Invalid socket id {str(exclude)[:200]!r}")
    return Event(channels, name, data, exclude)


def _batch(batch: object) -> list[Event]:
    if not isinstance(batch, list) or not all(isinstance(params, dict) for params in batch):
        raise Refused(400, "Missing required parameter: batch")
    if len(batch) > LARGEST_BATCH:
        raise Refused(400, f"Batch too large (> {LARGEST_BATCH})")
    return [_event(params) for params in batch]


def _channels(hub: Hub, params: Mapping[str, Any]) -> dict[str, Any]:
    prefix, wanted = str(params.get("filter_by_prefix", "")), _attributes(params)
    if "user_count" in wanted and not prefix.startswith("presence-"):
        raise Refused(400, "user_count may only be requested for presence channels - filter by prefix presence-")
    return {name: _info(hub, name, wanted) for name in hub.channels(prefix)}


def _channel(hub: Hub, name: str, wanted: set[str]) -> dict[str, Any]:
    _check_name(name)
    if "user_count" in wanted and not name.startswith("presence-"):
        raise Refused(400, "user_count may only be requested for presence channels")
    return {"occupied": hub.sockets(name) > 0, **_info(hub, name, wanted)}


def _info(hub: Hub, name: str, wanted: set[str]) -> dict[str, int]:
    info = {}
    if "user_count" in wanted:
        info["user_count"] = len(hub.users(name))
    if "subscription_count" in wanted:
        info["subscription_count"] = hub.sockets(name)
    return info


def _attributes(params: Mapping[str, Any]) -> set[str]:
    return set(str(params.get("info", "")).split(","))


def _users(hub: Hub, name: str) -> list[dict[str, str]]:
    _check_name(name)
    if not name.startswith("presence-"):
        raise Refused(400, "Users can only be retrieved for presence channels")
    return [{"id": user_id} for user_id in hub.users(name)]


def _check_name(name: str) -> None:
    if not is_channel(name):
        raise Refused(400, f"Invalid channel name {name[:200]!r}")
