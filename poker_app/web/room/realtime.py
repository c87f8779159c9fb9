"""Endpoints of the realtime engine: authorizing sockets and channels, and its webhooks."""

from flask import Blueprint, Response, g, jsonify, request
from flask.typing import ResponseReturnValue

from poker_app import realtime
from poker_app.errors import Forbidden
from poker_app.poker.members import presence
from poker_app.rules.session.value import Member
from poker_app.web.http.guards import member_required

blueprint = Blueprint("realtime", __name__)


@blueprint.post("/sessions/<session_id>/socket-auth")
@member_required
def authorize_socket(member: Member) -> ResponseReturnValue:
    """Returns all that a page's socket needs, in one request: ``user`` signs it in as the member, so that removing the
    member closes it, and ``channels`` has the authorization of each of the session's two channels."""
    socket_id, info = request.form.get("socket_id", ""), {"name": member.name}
    names = (realtime.state_channel(member.session_id), realtime.presence_channel(member.session_id))
    user = realtime.authenticate_user(socket_id, member.id, info, g.asked_at)
    channels = {name: realtime.authorize(name, socket_id, member.id, info, g.asked_at) for name in names}
    return jsonify(user=user, channels=channels)


# Pages of the release before request each by itself.


@blueprint.post("/sessions/<session_id>/channel-auth")
@member_required
def authorize_channel(member: Member) -> ResponseReturnValue:
    """Authorizes a channel. Membership is checked at each authorization, and only for the session's own two channels.

    Raises:
        Forbidden: (403) any other channel.
    """
    channel, socket_id = request.form.get("channel_name", ""), request.form.get("socket_id", "")
    if channel not in (realtime.state_channel(member.session_id), realtime.presence_channel(member.session_id)):
        raise Forbidden("That channel is not this session's.")
    return jsonify(realtime.authorize(channel, socket_id, member.id, {"name": member.name}, g.asked_at))


@blueprint.post("/sessions/<session_id>/user-auth")
@member_required
def authenticate_user(member: Member) -> ResponseReturnValue:
    """Signs the socket in as the member, so that removing the member closes it."""
    socket_id = request.form.get("socket_id", "")
    return jsonify(realtime.authenticate_user(socket_id, member.id, {"name": member.name}, g.asked_at))


@blueprint.post("/realtime/webhooks")
def receive_webhook() -> ResponseReturnValue:
    """Handles the engine's webhook about members who came and went; its signature is checked."""
    presence.handle_webhook(realtime.read_webhook(request.headers, request.get_data()))
    return "", 204


@blueprint.post("/app/<key>")
def receive_socket(key: str) -> ResponseReturnValue:
    """Handles messages of a browser's socket that a proxy holds, signed by the proxy."""
    headers, body = realtime.converse(
        request.path,
        request.query_string.decode("latin-1"),
        request.headers,
        request.get_data(),
        presence.here,
        presence.may_have_left,
    )
    return Response(body, headers=headers)
