"""API tokens of an account: made, listed, ended, and the caller that a token stands for."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, delete, func, or_, select, update
from sqlalchemy.orm import aliased

from poker_app import clock, ids, rate_limits
from poker_app.accounts import audit_log, auth_is_open, derived_secret
from poker_app.accounts.account_lock import change, lock
from poker_app.accounts.memberships import LOCAL, Membership, membership_for
from poker_app.accounts.models import Account, ApiToken, IdempotentAnswer, Teammate, User
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.rate_limits import Limit
from poker_app.rules import api_tokens as rules
from poker_app.rules.printable import one_line

MAX_LIVE = 50
MAX_NAME = 40
MAKING = Limit("api-token", 30, timedelta(hours=1))
# Days after which a token ends, as the form says them; "" for a token without an end.
LIFETIMES = {"30": "After 30 days", "90": "After 90 days", "365": "After a year", "": "Never"}
NOTE_EVERY = timedelta(minutes=1)
KEPT = timedelta(days=90)
ANSWERS_KEPT = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Caller:
    """The program behind a request: for which membership it acts, and what its token lets it do. ``secret`` is the one
    by which its member is found in sessions, as a browser's is."""

    token_id: str
    name: str
    membership: Membership
    scopes: frozenset[str]
    secret: str

    @property
    def member_name(self) -> str:
        """How its member is called in a session, unless it says another name: as the person, or as the service."""
        return self.user.name if self.user else self.name

    @property
    def user(self) -> User | None:
        """The person whose token it is; None for a service's."""
        return self.membership.user


def caller_of(token: str) -> Caller | None:
    """The caller that a token stands for. None for a token that is not one, has ended, or whose person has left the
    account. Stores the time of use once a minute. Not to be called inside a transaction."""
    if not rules.is_well_formed(token):
        return None
    columns = (ApiToken.id, ApiToken.account_id, ApiToken.user_id, ApiToken.name, ApiToken.scopes, ApiToken.role)
    wanted = select(*columns, ApiToken.used_at).where(ApiToken.digest == ids.digest(token), _is_live())
    found = session.execute(wanted).one_or_none()
    if found is None:
        return None
    token_id, account_id, user_id, name, scopes, role, used_at = found
    _note_use(token_id, used_at)
    if user_id is None:
        assert role
        membership, secret = _service(account_id, role, name), _service_secret(account_id, token_id)
    else:
        membership, secret = _person(account_id, user_id), derived_secret(f"api token {token_id}")
    return Caller(token_id, name, membership, frozenset(scopes), secret) if membership else None


def _is_live() -> ColumnElement[bool]:
    return ApiToken.ended_at.is_(None) & or_(ApiToken.expires_at.is_(None), ApiToken.expires_at > clock.now())


def _note_use(token_id: str, used_at: datetime | None) -> None:
    now = clock.now()
    if used_at is not None and now - used_at < NOTE_EVERY:
        return
    unnoted = or_(ApiToken.used_at.is_(None), ApiToken.used_at <= now - NOTE_EVERY)
    with transaction():
        session.execute(update(ApiToken).where(ApiToken.id == token_id, unnoted).values(used_at=now))


def _service(account_id: str, role: str, name: str) -> Membership | None:
    """The service's membership. None for an account that no page reaches, because ``AUTH`` has changed since."""
    account = session.get(Account, account_id) if (account_id == LOCAL) == auth_is_open() else None
    return Membership(account, role, None, program=name) if account else None


def _person(account_id: str, user_id: str) -> Membership | None:
    """The membership that the person has now. Without sign-in there are no persons."""
    return None if auth_is_open() else membership_for(session.get(User, user_id), account_id)


def _service_secret(account_id: str, token_id: str) -> str:
    """One secret for all services' tokens of an account, so that a new token keeps the member of the one before.
    Without sign-in everybody may make a token of the one account, so there each has a secret of its own."""
    return derived_secret(f"api token {token_id}" if auth_is_open() else f"api {account_id}")


# --- making and ending


def make(
    membership: Membership, *, name: str, scopes: Collection[str], days: str, service_role: str | None = None
) -> tuple[ApiToken, str]:
    """Makes a token: a service's that acts with ``service_role``, or else the acting user's own. Returns its row and
    its text, which is stored nowhere. ``days`` is a key of LIFETIMES.

    Raises:
        Refused: (409, 403) as ``rules.api_tokens.check_making``.
        Invalid: (422) the name or the end cannot be used; there is no scope, or one that the role may not give.
        Conflict: (409) the account has as many tokens as it may have.
        TooMany: (429) too many were made in the last hour.
    """
    scopes = [scope for scope in rules.SCOPES if scope in scopes]
    _check(membership, service_role, scopes)
    name = _name(name)
    if days not in LIFETIMES:
        raise Invalid("Choose when the token ends.", "days")
    rate_limits.spend(MAKING.of(membership.account.id, membership.user.id if membership.user else ""))
    with change(membership) as acting:
        _check(acting, service_role, scopes)
        made, text = _made(acting.account.id, acting.user, name, scopes, days, service_role)
        # A person's token is named by them: the line loses that name with the person.
        acting.note("token-made", named(made), acting.user if service_role is None else None)
    return made, text


def make_by_operator(account_id: str, *, name: str, scopes: Collection[str], days: str, service_role: str) -> str:
    """Makes a service's token for one who operates the server, and needs no membership. Returns its text.

    Raises:
        NotFound: (404) there is no such account.
        Refused: (403, 422) as ``rules.api_tokens.check_making``.
        Invalid: (422) the name or the end cannot be used.
        Conflict: (409) the account has as many tokens as it may have.
    """
    open_sign_in = auth_is_open()
    rules.check_making("owner", service_role=service_role, open_sign_in=open_sign_in)
    name = _name(name)
    known = membership_for(None, account_id) if open_sign_in else session.get(Account, account_id)
    with transaction():
        if known is None or lock(account_id) is None:
            raise NotFound("There is no such account. Its id stands in the addresses of its pages.")
        made, text = _made(account_id, None, name, scopes, days, service_role)
        audit_log.note(account_id, None, "token-made", named(made), otherwise=audit_log.BY_ITSELF)
    return text


def _made(
    account_id: str, maker: User | None, name: str, scopes: Collection[str], days: str, service_role: str | None
) -> tuple[ApiToken, str]:
    """Adds a token, under the account's lock. Returns its row and its text."""
    if _count_live(account_id) >= MAX_LIVE:
        raise Conflict(f"An account has at most {MAX_LIVE} tokens. End one that is not used any more.")
    prefix = rules.PERSON if service_role is None else rules.SERVICE
    text = rules.with_checksum(prefix + "".join(ids.source.choices(rules.ALPHABET, k=rules.RANDOM_LENGTH)))
    now, maker_id = clock.now(), maker.id if maker else None
    made = ApiToken(
        id=ids.new_id(),
        account_id=account_id,
        user_id=maker_id if service_role is None else None,
        name=name,
        digest=ids.digest(text),
        scopes=list(scopes),
        role=service_role,
        hint=text[-rules.HINT_LENGTH :],
        made_by=maker_id,
        made_at=now,
        expires_at=now + timedelta(days=int(days)) if days else None,
    )
    session.add(made)
    return made, text


def _check(membership: Membership, service_role: str | None, scopes: Collection[str]) -> None:
    rules.check_making(membership.role, service_role=service_role, open_sign_in=auth_is_open())
    if not scopes or not set(scopes) <= set(rules.scopes_for(membership.role, open_sign_in=auth_is_open())):
        raise Invalid("Choose what the token may do.", "scopes")


def _name(typed: str) -> str:
    name = one_line(typed)
    if not name:
        raise Invalid("Give the token a name, such as the program's that uses it.", "name")
    if len(name) > MAX_NAME:
        raise Invalid(f"A token's name has at most {MAX_NAME} characters; this one has {len(name)}.", "name")
    return name


def _count_live(account_id: str) -> int:
    mine = select(func.count()).select_from(ApiToken).where(ApiToken.account_id == account_id, _is_live())
    return session.scalars(mine).one()


def named(token: ApiToken) -> str:
    """A token as the audit log calls it: its name and its last characters."""
    return f"{token.name} (…{token.hint})"


@dataclass(frozen=True, slots=True)
class Listed:
    """A token in the account's list. ``person`` is None for a service's; ``maker`` where its maker has left."""

    token: ApiToken
    person: User | None
    maker: User | None

    @property
    def expired(self) -> bool:
        """Whether its end has come."""
        return self.token.expires_at is not None and self.token.expires_at <= clock.now()


def tokens_of(membership: Membership) -> Sequence[Listed]:
    """The tokens that the acting user may end, the newest first: their own, and for owners and admins all of the
    account. Expired ones are listed too, ended ones are not."""
    maker, place = aliased(User), aliased(Teammate)
    here = (place.account_id == ApiToken.account_id) & (place.user_id == ApiToken.made_by)
    wanted = select(ApiToken, User, maker).outerjoin(User, User.id == ApiToken.user_id)
    wanted = wanted.outerjoin(place, here).outerjoin(maker, maker.id == place.user_id)
    wanted = wanted.where(ApiToken.account_id == membership.account.id, ApiToken.ended_at.is_(None))
    if not membership.arranges:
        wanted = wanted.where(ApiToken.user_id == (membership.user.id if membership.user else ""))
    return [Listed(*row) for row in session.execute(wanted.order_by(ApiToken.made_at.desc(), ApiToken.id))]


def find(membership: Membership, token_id: str) -> ApiToken:
    """A token that the acting user may end.

    Raises:
        NotFound: (404) the account has no such one, it has been ended, or it is another person's.
    """
    found = session.get(ApiToken, token_id) if ids.could_be_id(token_id) else None
    mine = found is not None and membership.user is not None and found.user_id == membership.user.id
    if found is None or found.account_id != membership.account.id or not (mine or membership.arranges):
        raise NotFound("This token was not found.")
    if found.ended_at is not None:
        raise NotFound("This token has been ended already.")
    return found


def end(membership: Membership, token_id: str) -> str:
    """Ends a token: the next request with it is refused. Returns its name.

    Raises:
        NotFound: (404) as ``find``.
    """
    with change(membership) as acting:
        ended = find(acting, token_id)
        ended.ended_at = clock.now()
        acting.note("token-ended", named(ended), session.get(User, ended.user_id) if ended.user_id else None)
    return ended.name


def end_of_persons(account_id: str) -> None:
    """Ends the persons' tokens of an account, except owners', inside the caller's transaction: those whose makers may
    have signed in in a way that the account takes no longer."""
    owners = select(Teammate.user_id).where(Teammate.account_id == account_id, Teammate.role == "owner")
    theirs = (ApiToken.account_id == account_id) & ApiToken.user_id.is_not(None) & ApiToken.user_id.not_in(owners)
    session.execute(update(ApiToken).where(theirs, ApiToken.ended_at.is_(None)).values(ended_at=clock.now()))


def purge() -> int:
    """Deletes tokens that ended or expired 90 days ago. Returns how many."""
    past = clock.now() - KEPT
    with transaction():
        old = select(ApiToken.id).where(or_(ApiToken.ended_at < past, ApiToken.expires_at < past))
        found = session.scalars(old.with_for_update(skip_locked=True)).all()
        session.execute(delete(ApiToken).where(ApiToken.id.in_(found)))
        return len(found)


def purge_answers() -> int:
    """Deletes answers that were kept for a day. Returns how many."""
    with transaction():
        old = delete(IdempotentAnswer).where(IdempotentAnswer.made_at < clock.now() - ANSWERS_KEPT)
        gone = session.execute(old.returning(IdempotentAnswer.key)).all()
        return len(gone)
