"""A user's logins at providers (Google, GitHub, Clerk, …): signing in by one, connecting and disconnecting them."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from poker_app import clock
from poker_app.accounts.models import Identity, SignIn, User
from poker_app.accounts.providers.claims import Claims
from poker_app.accounts.signin import login_sessions
from poker_app.accounts.team import clerk_groups
from poker_app.accounts.users import add_user, find_by_email
from poker_app.db import session, transaction
from poker_app.errors import Conflict, NotFound
from poker_app.provider_settings import ProviderSettings


class NotLinked(Conflict):
    """A login at a provider was not connected to a user here. Nothing has changed."""

    def __init__(self, provider: ProviderSettings, sentence: str) -> None:
        super().__init__(sentence)
        self.provider = provider


def sign_in(provider: ProviderSettings, claims: Claims) -> User:
    """Returns the user for a provider's claims: the user of that identity, else of the same proven address, else a new
    one. Raises NotLinked rather than guess."""
    try:
        return _sign_in(provider, claims)
    except IntegrityError:
        # Two tabs came back, or the address was proven elsewhere, at the same moment: the row exists on the retry.
        return _sign_in(provider, claims)


def _sign_in(provider: ProviderSettings, claims: Claims) -> User:
    with transaction():
        identity = session.get(Identity, (claims.issuer, claims.subject))
        if identity is None:
            identity = _linked(provider, claims, _owner_of_address(provider, claims) or _new_user(claims))
        # Stored for display only: a change at the provider does not change the user's own address.
        identity.email, identity.used_at = claims.email, clock.now()
        clerk_groups.catch_up(identity)
        return session.get_one(User, identity.user_id)


def _owner_of_address(provider: ProviderSettings, claims: Claims) -> User | None:
    """User who has proven the claimed address here, or None. Raises NotLinked where the provider has not verified the
    address, or knows that user by another login: the address may be another person's by now. The user signs in another
    way and then connects the provider."""
    user = find_by_email(claims.email) if claims.email else None
    if user is None:
        return None
    another = select(Identity.subject).where(Identity.issuer == claims.issuer, Identity.user_id == user.id)
    if not claims.email_verified or session.scalars(another).first():
        raise NotLinked(
            provider,
            f"Somebody signs in here as {claims.email} already. If that is you, sign in as you did before, and then "
            f"connect {provider.label} in your profile.",
        )
    return user


def _new_user(claims: Claims) -> User:
    return add_user(name=claims.name, email=claims.email if claims.email_verified else None)


def _linked(provider: ProviderSettings, claims: Claims, user: User) -> Identity:
    identity = Identity(
        issuer=claims.issuer,
        subject=claims.subject,
        user_id=user.id,
        provider=provider.name,
        email=claims.email,
        linked_at=clock.now(),
        used_at=clock.now(),
    )
    session.add(identity)
    session.flush()
    return identity


def connect(user: User, provider: ProviderSettings, claims: Claims) -> None:
    """Connects a login at a provider to a signed-in user. A connected one stays connected.

    Raises:
        NotLinked: (409) the login belongs to another user, or another one of this provider is connected.
    """
    user_id = user.id
    with transaction():
        identity = session.get(Identity, (claims.issuer, claims.subject))
        if identity is None:
            identity = _linked(provider, claims, session.get_one(User, user_id))
        if identity.user_id != user_id:
            sentence = f"This login at {provider.label} belongs to somebody else here. Disconnect it there first."
            raise NotLinked(provider, sentence)
        identity.email = claims.email


def connected(user: User) -> Sequence[Identity]:
    """Logins at providers that are connected to a user, in the order of connecting."""
    return session.scalars(
        select(Identity).where(Identity.user_id == user.id).order_by(Identity.linked_at, Identity.subject)
    ).all()


def disconnect(user: User, provider_name: str, subject: str, *, but: str | None) -> None:
    """Disconnects a login at a provider, and ends the login sessions that came by it, except ``but``.

    Raises:
        NotFound: (404) the login is not connected.
        Conflict: (409) it is the last way in: an address, to which a link can be mailed, or another login must stay. Or
            it is Clerk that makes the user a teammate: the product would not learn that they left the group.
    """
    user_id = user.id
    with transaction():
        # Locked, so that of the last two ways in not both can go at the same moment.
        found = session.get_one(User, user_id, with_for_update=True)
        mine = connected(found)
        gone = next((each for each in mine if (each.provider, each.subject) == (provider_name, subject)), None)
        if gone is None:
            raise NotFound("That login is not connected to you.")
        if found.email is None and len(mine) == 1:
            raise Conflict("This is your only way to sign in. Add an email address or connect another service first.")
        if account := clerk_groups.seats(gone):
            raise Conflict(f"You belong to {account.name} by this login. Leave that account first.")
        forget(gone, but=but)


def forget(identity: Identity, *, but: str | None = None) -> None:
    """Deletes a login at a provider and the login sessions that came by it, inside the caller's transaction."""
    login_sessions.remove(identity.user_id, SignIn.issuer == identity.issuer, SignIn.id != (but or ""))
    session.delete(identity)
    session.flush()
