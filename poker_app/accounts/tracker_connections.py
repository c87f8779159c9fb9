"""An account's trackers: connecting, testing and disconnecting them, and where a project's estimates are written."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import structlog
from sqlalchemy import delete, select

from poker_app import clock, ids, trackers
from poker_app.accounts.account_lock import change
from poker_app.accounts.memberships import Membership
from poker_app.db import give_connection_back, session, transaction
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.rules import Refused
from poker_app.rules.printable import one_line
from poker_app.rules.trackers import CHOICE, EstimateField, Identity, value_for
from poker_app.trackers import TRACKERS
from poker_app.trackers.engines.base import Tracker
from poker_app.trackers.failures import Sealed, TrackerFailure, Unauthorized
from poker_app.trackers.models import MAX_ADDRESS, MAX_PROBLEM, MAX_PROJECT, TrackerConnection, TrackerProject
from poker_app.trackers.webhooks import WEBHOOKS

log = structlog.get_logger(__name__)

MAX_CONNECTIONS = 20
MAX_CREDENTIAL = 2_000
MIN_SECRET, MAX_SECRET = 16, 200
_SECRET = "secret"  # noqa: S105  (the name of a field)
CONNECT, CHOOSE = "connect trackers", "choose where estimates are written"
MOMENTS = {"finalized": "When it is finalized", "ended": "When the session ends", "never": "Never"}


def connections_of(account_id: str) -> Sequence[TrackerConnection]:
    """The trackers of an account, in the order in which they were connected."""
    mine = select(TrackerConnection).where(TrackerConnection.account_id == account_id)
    return session.scalars(mine.order_by(TrackerConnection.connected_at, TrackerConnection.id)).all()


def names_of(account_id: str) -> list[tuple[str, str]]:
    """The ids and names of an account's trackers."""
    return [(each.id, named(each)) for each in connections_of(account_id)]


def find(account_id: str, connection_id: str) -> TrackerConnection:
    """A tracker of the account.

    Raises:
        NotFound: (404) the account has no such one.
    """
    found = session.get(TrackerConnection, connection_id) if ids.could_be_id(connection_id) else None
    if found is None or found.account_id != account_id:
        raise NotFound("This tracker was not found. It may have been disconnected.")
    return found


def opened(connection: TrackerConnection) -> Tracker:
    """The tracker itself, to be asked. Returns the database's connection first, since it takes its time.

    Raises:
        TrackerFailure: its token cannot be decrypted any more, or its address is not allowed any more.
    """
    kind, sealed = connection.kind, connection.sealed
    give_connection_back()
    return trackers.tracker(kind, trackers.vault().open(sealed))


def connect(membership: Membership, kind: str, typed: Mapping[str, str]) -> TrackerConnection:
    """Connects a tracker, after asking it whose token it is. The same address again replaces the token.

    Raises:
        NotFound: (404) there is no such kind.
        Invalid: (422) a field is empty or too long, or the tracker refuses it.
        Forbidden: (403) the role may not.
        Conflict: (409) the account has as many trackers as it may have.
    """
    membership.require_arranging(CONNECT)
    if kind not in TRACKERS:
        raise NotFound("There is no such tracker.")
    credentials = _credentials(kind, typed)
    give_connection_back()
    try:
        identity = trackers.tracker(kind, credentials).check()
        sealed = trackers.vault().seal(credentials)
        hook_sealed = _sealed_secret("" if WEBHOOKS[kind].gives_secret else ids.new_secret())
    except TrackerFailure as failure:
        raise Invalid(failure.sentence) from failure
    with change(membership) as now:
        now.require_arranging(CONNECT)
        mine = connections_of(now.account.id)
        address = credentials["address"]
        found = next((each for each in mine if (each.kind, each.address) == (kind, address)), None)
        if found is None:
            if len(mine) >= MAX_CONNECTIONS:
                raise Conflict(f"An account connects at most {MAX_CONNECTIONS} trackers.")
            found = TrackerConnection(id=ids.new_id(), account_id=now.account.id, kind=kind, address=address)
            found.connected_at, found.hook_sealed = clock.now(), hook_sealed
            session.add(found)
        found.sealed, found.connected_by = sealed, now.user.id if now.user else None
        _identified(found, identity)
        now.note("tracker-connected", named(found))
    log.info("tracker_connected", account=membership.account.id, kind=kind)
    return found


def _credentials(kind: str, typed: Mapping[str, str]) -> dict[str, str]:
    given = {}
    for each in TRACKERS[kind].credentials:
        text = one_line(typed.get(each.name, ""))
        if len(text) > (MAX_ADDRESS if each.name == "address" else MAX_CREDENTIAL):
            raise Invalid(f"{each.label}: this is too long.", each.name)
        if not text and not each.default:
            raise Invalid(f"{each.label}: fill it in.", each.name)
        given[each.name] = (text or each.default).rstrip("/")
    return given


def _identified(connection: TrackerConnection, identity: Identity) -> None:
    connection.identity = one_line(identity.name)[:200]
    connection.granted = [one_line(each)[:100] for each in identity.granted[:20]]
    connection.checked_at, connection.problem = clock.now(), ""


def rotate_keys() -> tuple[int, int]:
    """Encrypts all tokens and secrets with the newest key. Returns how many connections were, and how many have a key
    that is not there any more."""
    with transaction():
        rows = session.scalars(select(TrackerConnection).with_for_update())
        return trackers.vault().rotate(rows, "sealed", "hook_sealed")


def named(connection: TrackerConnection) -> str:
    """A tracker as people call it: its kind and its address."""
    return f"{TRACKERS[connection.kind].label} ({connection.address.removeprefix('https://')})"


def test(membership: Membership, connection_id: str) -> str:
    """Asks a tracker whose token it is, and keeps what it says. Returns a sentence about it.

    Raises:
        NotFound, Forbidden: (404, 403) as ``find``, and for a role that may not.
        Conflict: (409) the tracker does not take the token, or cannot be reached.
    """
    membership.require_arranging(CONNECT)
    found = find(membership.account.id, connection_id)
    try:
        identity = opened(found).check()
    except TrackerFailure as failure:
        note_failure(connection_id, failure)
        raise Conflict(failure.sentence) from failure
    with change(membership) as now:
        kept = find(now.account.id, connection_id)
        _identified(kept, identity)
        return f"{named(kept)} answers. The token is {kept.identity}’s."


def note_failure(connection_id: str, failure: TrackerFailure) -> None:
    """Keeps the sentence of a failure for the account's page, where it is the token's."""
    if isinstance(failure, Sealed | Unauthorized):
        with transaction():
            if found := session.get(TrackerConnection, connection_id):
                found.problem = failure.sentence[:MAX_PROBLEM]


def disconnect(membership: Membership, connection_id: str) -> str:
    """Deletes a tracker's token here, and revokes it there where the tracker has a way. Tasks stay; nothing is written
    back any more. Returns a sentence that says whether the token is still valid there.

    Raises:
        NotFound, Forbidden: (404, 403) as ``find``, and for a role that may not.
    """
    membership.require_arranging(CONNECT)
    found = find(membership.account.id, connection_id)
    name = named(found)
    try:
        revoked = opened(found).revoke()
    except TrackerFailure as failure:
        log.info("tracker_revoke_failed", account=membership.account.id, problem=type(failure).__name__)
        revoked = False
    with change(membership) as now:
        now.require_arranging(CONNECT)
        session.execute(delete(TrackerConnection).where(TrackerConnection.id == connection_id))
        now.note("tracker-disconnected", name)
    where = "It is revoked there, too." if revoked else "Revoke it there as well: it is still valid."
    return f"{name} is disconnected, and its token deleted here. {where}"


# --- its webhook


def webhook_secret(connection: TrackerConnection) -> str:
    """The secret that a tracker signs its webhooks with, "" for none, and where it cannot be decrypted any more."""
    if not connection.hook_sealed:
        return ""
    try:
        return trackers.vault().open(connection.hook_sealed)[_SECRET]
    except TrackerFailure:
        return ""


def _sealed_secret(secret: str) -> str:
    return trackers.vault().seal({_SECRET: secret}) if secret else ""


def change_webhook(membership: Membership, connection_id: str, typed: str) -> None:
    """Replaces the secret of a tracker's webhook by the one that the tracker has made up, or else by a new one. The one
    before is not taken any more.

    Raises:
        NotFound, Forbidden: (404, 403) as ``find``, and for a role that may not.
        Invalid: (422) it is too short or too long, or cannot be encrypted here.
    """
    membership.require_arranging(CONNECT)
    kind = find(membership.account.id, connection_id).kind
    secret = one_line(typed)
    if WEBHOOKS[kind].gives_secret and not MIN_SECRET <= len(secret) <= MAX_SECRET:
        raise Invalid(f"A signing secret has {MIN_SECRET} to {MAX_SECRET} characters.", "secret")
    try:
        sealed = _sealed_secret(secret if WEBHOOKS[kind].gives_secret else ids.new_secret())
    except TrackerFailure as failure:
        raise Invalid(failure.sentence, "secret") from failure
    with change(membership) as now:
        now.require_arranging(CONNECT)
        kept = find(now.account.id, connection_id)
        kept.hook_sealed = sealed
        now.note("tracker-webhook-changed", named(kept))


# --- where a project's estimates are written


def projects_of(connection_id: str) -> Sequence[TrackerProject]:
    """The projects of a tracker for which it was chosen where estimates are written."""
    mine = select(TrackerProject).where(TrackerProject.connection_id == connection_id)
    return session.scalars(mine.order_by(TrackerProject.name, TrackerProject.project)).all()


def field_of(kept: TrackerProject) -> EstimateField | None:
    """The field that a project's estimates are written into, None where none was chosen."""
    if kept.field is None:
        return None
    return EstimateField(kept.field["id"], kept.field["name"], kept.field["kind"], tuple(kept.field.get("choices", ())))


def choose(
    membership: Membership,
    connection_id: str,
    *,
    project: str,
    name: str,
    field_id: str,
    mapping: str,
    moment: str,
    comments: bool,
) -> None:
    """Chooses where, at which moment and how a project's estimates are written. ``mapping`` has a line for each card
    that stands for something else there, such as ``M = 5``.

    Raises:
        Invalid: (422) the project has no such field, or the mapping cannot be read.
        NotFound, Forbidden: (404, 403) as ``find``, and for a role that may not.
    """
    membership.require_arranging(CHOOSE)
    found = find(membership.account.id, connection_id)
    if moment not in MOMENTS:
        raise Invalid("Choose when estimates are written.", "moment")
    if not 0 < len(project) <= MAX_PROJECT:
        raise Invalid("Choose a project.", "project")
    pairs = _mapping(mapping)
    field: EstimateField | None = None
    if moment != "never":
        try:
            offered = opened(found).estimate_fields(project)
        except TrackerFailure as failure:
            note_failure(connection_id, failure)
            raise Invalid(failure.sentence, "field") from failure
        field = next((each for each in offered if each.id == field_id), None)
        if field is None:
            raise Invalid("Choose the field that estimates are written into.", "field")
        for card, _ in pairs:
            try:
                value_for(field, card, dict(pairs))
            except Refused as refused:
                raise Invalid(refused.sentence, "mapping") from refused
    with change(membership) as now:
        now.require_arranging(CHOOSE)
        kept = session.get(TrackerProject, (connection_id, project))
        if kept is None:
            kept = TrackerProject(connection_id=connection_id, project=project, name=one_line(name)[:200])
            session.add(kept)
        kept.field = _as_json(field) if field else None
        kept.mapping, kept.moment, kept.comments = [list(pair) for pair in pairs], moment, comments
        now.note("tracker-field-chosen", f"{kept.name}: {field.name if field else 'none'}")


def _as_json(field: EstimateField) -> dict[str, Any]:
    kept = asdict(field)
    return {**kept, "choices": list(kept["choices"])} if field.kind == CHOICE else {**kept, "choices": []}


def _mapping(typed: str) -> list[tuple[str, str]]:
    pairs = []
    for line in typed.splitlines()[:50]:
        card, sign, text = (one_line(part) for part in line.partition("="))
        if not line.strip():
            continue
        if not sign or not card or not text or len(card) > 8 or len(text) > 100:
            raise Invalid(
                f"“{line.strip()[:40]}” is not a card and what it stands for there, such as M = 5.", "mapping"
            )
        pairs.append((card, text))
    return pairs


def as_typed(kept: TrackerProject) -> str:
    """The mapping as it is typed."""
    return "\n".join(f"{card} = {text}" for card, text in kept.mapping)
