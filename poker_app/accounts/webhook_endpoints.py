"""An account's webhooks: adding, changing and testing them, replacing their secrets, and sending an event again."""

import time
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import delete, func, insert, select, update

from poker_app import clock, ids, mail, rate_limits, webhooks
from poker_app.accounts import audit_log
from poker_app.accounts.account_lock import change
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Account, Teammate, User
from poker_app.accounts.webhook_addresses import public_address
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.rate_limits import Limit
from poker_app.rules.chat_messages import EVENTS as CHAT_EVENTS
from poker_app.rules.printable import one_line
from poker_app.rules.webhook_events import PUBLIC_EVENTS, TEST, PublicEvent
from poker_app.webhooks import Sealed, outbox, sending
from poker_app.webhooks.models import MAX_NAME, WebhookDelivery, WebhookEndpoint

MAX_ENDPOINTS = 10
OVERLAP = timedelta(hours=24)
"""For so long after a rotation the secret before it signs too."""
SHOWN = 50
"""Deliveries that the page lists."""
ARRANGE = "set up webhooks"
BY_HAND = Limit("webhooks sent by hand", 60, timedelta(minutes=10))
STANDARD = "standard"


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of receiver: what it is called, what its address is, and which events it may ask for."""

    label: str
    hint: str
    events: tuple[PublicEvent, ...]


KINDS = {
    STANDARD: Kind("Webhook", "Such as https://example.com/faceup.", tuple(PUBLIC_EVENTS)),
    "slack": Kind("Slack", "From your Slack app: Incoming Webhooks.", CHAT_EVENTS),
    "teams": Kind(
        "Microsoft Teams", "From Workflows in the channel: “When a Teams webhook request is received”.", CHAT_EVENTS
    ),
    "mattermost": Kind("Mattermost", "From Integrations: Incoming Webhooks.", CHAT_EVENTS),
    "discord": Kind("Discord", "From the channel’s settings: Integrations, Webhooks.", CHAT_EVENTS),
}


def configure() -> None:
    """Listens to endpoints that are switched off. Once a process is enough, and a second call changes nothing."""
    sending.switched_off.connect(_mail_switched_off)


def endpoints_of(account_id: str) -> Sequence[WebhookEndpoint]:
    """The webhooks of an account, in the order in which they were added."""
    mine = select(WebhookEndpoint).where(WebhookEndpoint.account_id == account_id)
    return session.scalars(mine.order_by(WebhookEndpoint.made_at, WebhookEndpoint.id)).all()


def find(account_id: str, endpoint_id: str) -> WebhookEndpoint:
    """A webhook of the account.

    Raises:
        NotFound: (404) the account has no such one.
    """
    found = session.get(WebhookEndpoint, endpoint_id) if ids.could_be_id(endpoint_id) else None
    if found is None or found.account_id != account_id:
        raise NotFound("This webhook was not found. It may have been deleted.")
    return found


def add(membership: Membership, *, kind: str, name: str, address: str, events: Collection[str]) -> WebhookEndpoint:
    """Adds a webhook, with a signing secret of its own.

    Raises:
        NotFound: (404) there is no such kind.
        Invalid: (422) the name, address or events cannot be used.
        Forbidden: (403) the role may not.
        Conflict: (409) the account has as many as it may have.
    """
    membership.require_arranging(ARRANGE)
    if kind not in KINDS:
        raise NotFound("There is no such kind of webhook.")
    address, host = public_address(address)
    made = WebhookEndpoint(id=ids.new_id(), kind=kind, made_at=clock.now(), address_sealed=_sealed("address", address))
    made.name, made.events = _checked(kind, name, events)
    made.host, made.secret_sealed = host, _new_secret(kind)
    with change(membership) as now:
        now.require_arranging(ARRANGE)
        made.account_id = now.account.id
        count = select(func.count()).where(WebhookEndpoint.account_id == now.account.id)
        if session.scalars(count).one() >= MAX_ENDPOINTS:
            raise Conflict(f"An account has at most {MAX_ENDPOINTS} webhooks.")
        session.add(made)
        now.note("webhook-added", _named(made))
    return made


@contextmanager
def _changed(membership: Membership, endpoint_id: str) -> Iterator[tuple[Membership, WebhookEndpoint]]:
    """The acting membership and the webhook, under the account's lock, for one who may change it."""
    membership.require_arranging(ARRANGE)
    with change(membership) as now:
        now.require_arranging(ARRANGE)
        yield now, find(now.account.id, endpoint_id)


def edit(membership: Membership, endpoint_id: str, *, name: str, address: str, events: Collection[str]) -> None:
    """Changes a webhook's name, events and, where one is typed, its address.

    Raises:
        NotFound, Forbidden, Invalid: (404, 403, 422) as ``find`` and ``add``.
    """
    membership.require_arranging(ARRANGE)
    typed, host = public_address(address) if address.strip() else ("", "")
    sealed = _sealed("address", typed) if typed else ""
    with _changed(membership, endpoint_id) as (now, found):
        found.name, found.events = _checked(found.kind, name, events)
        if typed:
            found.address_sealed, found.host = sealed, host
            found.rests_until = None
        now.note("webhook-changed", _named(found))


def show_secret(membership: Membership, endpoint_id: str) -> str:
    """The signing secret, as ``secret_of``, for a person who asks for it. The audit log says so.

    Raises:
        NotFound, Forbidden: (404, 403) as ``find``, and for a role that may not.
    """
    with _changed(membership, endpoint_id) as (now, found):
        now.note("webhook-secret-shown", _named(found))
        return secret_of(found)


def rotate(membership: Membership, endpoint_id: str) -> None:
    """Replaces the signing secret. The one before signs too for ``OVERLAP``.

    Raises:
        NotFound, Forbidden: (404, 403) as ``find``, and for a role that may not.
    """
    with _changed(membership, endpoint_id) as (now, found):
        found.previous_sealed, found.previous_until = found.secret_sealed, clock.now() + OVERLAP
        found.secret_sealed = _new_secret(found.kind)
        now.note("webhook-rotated", _named(found))


def switch(membership: Membership, endpoint_id: str, *, on: bool) -> None:
    """Switches a webhook on or off. What waits is sent once it is on again; what happens meanwhile is not.

    Raises:
        NotFound, Forbidden: (404, 403) as ``find``, and for a role that may not.
    """
    with _changed(membership, endpoint_id) as (now, found):
        if on == (found.disabled_at is None):
            return
        found.disabled_at, found.disabled_why = None if on else clock.now(), ""
        if on:
            found.failing_since = found.rests_until = None
            _make_due(endpoint_id)
            now.note("webhook-on", _named(found))
        else:
            now.note("webhook-off", _named(found))
    if on:
        outbox.written.send(membership.account.id)


def _make_due(endpoint_id: str) -> None:
    waiting = update(WebhookDelivery).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == sending.WAITING
    )
    session.execute(waiting.values(next_try_at=clock.now(), tries=0).execution_options(synchronize_session=False))


def remove(membership: Membership, endpoint_id: str) -> str:
    """Deletes a webhook with its deliveries. Returns its name.

    Raises:
        NotFound, Forbidden: (404, 403) as ``find``, and for a role that may not.
    """
    with _changed(membership, endpoint_id) as (now, found):
        name = found.name
        now.note("webhook-deleted", _named(found))
        session.execute(delete(WebhookEndpoint).where(WebhookEndpoint.id == endpoint_id))
    return name


# --- what is sent


def send_test(membership: Membership, endpoint_id: str) -> WebhookDelivery:
    """Sends an event that says nothing; now, unless one of the account is being sent. Returns the delivery as it is
    then.

    Raises:
        NotFound, Forbidden: (404, 403) as ``find``, and for a role that may not.
        Conflict: (409) the webhook is switched off.
        TooMany: (429) the account has sent very many by hand.
    """
    membership.require_arranging(ARRANGE)
    rate_limits.spend(BY_HAND.of(membership.account.id))
    with change(membership) as now:
        now.require_arranging(ARRANGE)
        found = _live(now.account.id, endpoint_id)
        body = outbox.body_of(found.kind, type_=TEST, data={"account": now.account.name}, at=clock.now())
        row = outbox.delivery(found.id, TEST, body, at=clock.now())
        session.execute(insert(WebhookDelivery), [row])
    return _sent(membership.account.id, endpoint_id, row["key"])


def send_again(membership: Membership, endpoint_id: str, key: str) -> WebhookDelivery:
    """Sends an event again, now, with the same id. Returns the delivery as it is then.

    Raises:
        NotFound, Forbidden, Conflict, TooMany: (404, 403, 409, 429) as ``send_test``; 404 also for a delivery that was
            deleted.
    """
    membership.require_arranging(ARRANGE)
    rate_limits.spend(BY_HAND.of(membership.account.id))
    with change(membership) as now:
        now.require_arranging(ARRANGE)
        _live(now.account.id, endpoint_id)
        event = delivery(endpoint_id, key)
        if not event.body:
            raise Conflict("What it sent is not kept any more, so it cannot be sent again.")
        event.state, event.next_try_at = sending.WAITING, clock.now()
    return _sent(membership.account.id, endpoint_id, key)


def _live(account_id: str, endpoint_id: str) -> WebhookEndpoint:
    """The webhook, which is not to rest any longer: a person asks for a try now."""
    found = find(account_id, endpoint_id)
    if found.disabled_at is not None:
        raise Conflict("This webhook is switched off. Switch it on first.")
    found.rests_until = None
    return found


def _sent(account_id: str, endpoint_id: str, key: str) -> WebhookDelivery:
    """Sends this event and no other, so that the page waits for one answer. While one of the account is being sent, it
    waits for its turn."""
    sent, failed = sending.send_to(endpoint_id, ends=time.monotonic() + sending.TURN, key=key)
    if sent or not failed:
        # Either its turn is to come, or others wait that a receiver which is back takes now.
        outbox.written.send(account_id)
    session.expire_all()
    return delivery(endpoint_id, key)


def deliveries_of(endpoint_id: str) -> Sequence[WebhookDelivery]:
    """The newest ``SHOWN`` deliveries of a webhook, the newest first."""
    mine = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id)
    return session.scalars(mine.order_by(WebhookDelivery.id.desc()).limit(SHOWN)).all()


def is_full(endpoint_id: str) -> bool:
    """Whether so many events wait for a webhook that further ones are left out."""
    waiting = select(func.count()).where(
        WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.state == sending.WAITING
    )
    return session.scalars(waiting).one() >= outbox.MAX_WAITING


def delivery(endpoint_id: str, key: str) -> WebhookDelivery:
    """A delivery of a webhook.

    Raises:
        NotFound: (404) there is no such one, or it was deleted since.
    """
    wanted = select(WebhookDelivery).where(WebhookDelivery.endpoint_id == endpoint_id, WebhookDelivery.key == key)
    found = session.scalars(wanted).one_or_none()
    if found is None:
        raise NotFound(f"This delivery is not here any more: they are kept for {sending.KEPT.days} days.")
    return found


# --- its secrets


def secret_of(endpoint: WebhookEndpoint) -> str:
    """The secret that a webhook is signed with, "" for none, and where it cannot be decrypted any more."""
    if not endpoint.secret_sealed:
        return ""
    try:
        return webhooks.vault().open(endpoint.secret_sealed)["secret"]
    except (Sealed, OSError):
        return ""


def rotate_keys() -> tuple[int, int]:
    """Encrypts all addresses and secrets with the newest key. Returns how many webhooks were, and how many have a key
    that is not there any more."""
    with transaction():
        rows = session.scalars(select(WebhookEndpoint).with_for_update())
        return webhooks.vault().rotate(rows, "address_sealed", "secret_sealed", "previous_sealed")


def _new_secret(kind: str) -> str:
    # Loads standardwebhooks.
    from poker_app.webhooks import signing

    return _sealed("secret", signing.new_secret()) if kind == STANDARD else ""


def _sealed(name: str, text: str) -> str:
    try:
        return webhooks.vault().seal({name: text})
    except OSError:
        raise Invalid("Nothing can be encrypted here until the setting TRACKER_KEYS is there.", name) from None


def _named(endpoint: WebhookEndpoint) -> str:
    return f"{endpoint.name} ({endpoint.host})"


# --- what is typed


def _checked(kind: str, name: str, events: Collection[str]) -> tuple[str, str]:
    name = one_line(name)
    if not name:
        raise Invalid("Give it a name, such as what receives it.", "name")
    if len(name) > MAX_NAME:
        raise Invalid(f"A name has at most {MAX_NAME} characters; this one has {len(name)}.", "name")
    asked = [str(each) for each in KINDS[kind].events if each in events]
    if not asked:
        raise Invalid("Choose at least one event.", "events")
    return name, f" {' '.join(asked)} "


# --- the mail


def _mail_switched_off(endpoint_id: str) -> None:
    """Mails owners and admins that a webhook was switched off, and writes it into the audit log."""
    with transaction():
        endpoint = session.get(WebhookEndpoint, endpoint_id)
        if endpoint is None:
            return
        account_id, name, why = endpoint.account_id, endpoint.name, endpoint.disabled_why
        audit_log.note(account_id, None, "webhook-off", _named(endpoint), otherwise=audit_log.BY_ITSELF)
        account = session.get_one(Account, account_id).name
        arranging = (
            select(User.email)
            .join(Teammate, Teammate.user_id == User.id)
            .where(Teammate.account_id == account_id, Teammate.role.in_(("owner", "admin")), User.email.is_not(None))
        )
        addresses = session.scalars(arranging.order_by(User.email)).all()
    for address in addresses:
        mail.notify(
            "webhook_off",
            address or "",
            account=account,
            account_id=account_id,
            name=name,
            why=why,
            endpoint_id=endpoint_id,
        )
