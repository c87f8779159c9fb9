"""Sign-in of a browser: from the cookie to the user and the account, starting and ending it, and the guards of
pages."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Concatenate

from flask import Blueprint, Flask, after_this_request, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from werkzeug.wrappers import Response

from poker_app import clock
from poker_app.accounts import auth_is_open, memberships
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import SignIn, User
from poker_app.accounts.signin import device_cookies, login_sessions, required_sso
from poker_app.accounts.team import joining
from poker_app.accounts.users import find_user
from poker_app.errors import Conflict, NotFound, Refusal
from poker_app.poker.members import member_lookup
from poker_app.poker.session import guest_session
from poker_app.web.http.guest_cookie import device, guest_secret, renew_secret, store_device

# The page after signing in, unless another one was asked for.
HOME = "/dashboard"

HALF_IN_FOR = timedelta(minutes=10)


class Login(UserMixin):  # type: ignore[misc]  # the library has no types
    """A sign-in as Flask-Login wants it. Its id is the secret: the cookie alone does not show which user it is."""

    def __init__(self, secret: str, sign_in: SignIn) -> None:
        self._secret, self.sign_in = secret, sign_in

    def get_id(self) -> str:
        return self._secret


def install(app: Flask) -> None:
    """Installs Flask-Login; the user of a request is loaded on the first access, and not before."""
    # Not by its init_app, whose hook looks after each request (28 of 456 µs) for a cookie that is never set here.
    manager = LoginManager()
    app.login_manager = manager  # type: ignore[attr-defined]
    # Its protection trusts an address that a client can write into a header. Sign-ins are rows, which can be ended.
    manager.session_protection = None

    @manager.user_loader  # type: ignore[untyped-decorator]
    def load(secret: str) -> Login | None:
        if g.get("database_away"):
            return None  # every page asks, the one too that says that the database is away
        found = login_sessions.find(secret)
        return Login(secret, found) if found else None

    app.jinja_env.globals.update(
        auth_is_open=auth_is_open,
        signed_in_user=user,
        session_to_claim=session_to_claim,
        my_accounts=lambda: memberships.accounts_of(user()),
        account_in_bar=lambda: account_let_in() if user() else None,
    )


def user() -> User | None:
    """Returns the user who is signed in in this browser."""
    found = current_sign_in()
    return found.user if found else None


def current_sign_in() -> SignIn | None:
    """Returns the row of this browser's sign-in."""
    return current_user.sign_in if current_user.is_authenticated else None


def start(who: User, onward: str, *, issuer: str | None = None) -> Response:
    """Signs in a user who has proven who they are, or first asks for their second factor.

    ``issuer`` is the provider's that they came by, if they did. A user who is signed in in this browser stays so until
    the new one is signed in.
    """
    if who.totp_secret is None:
        return enter(who, onward, issuer=issuer)
    # Until the second factor is shown, the user is stored in the cookie alone, and not for long.
    until = (clock.now() + HALF_IN_FOR).timestamp()
    session["half_in"] = {"user": who.id, "onward": onward, "issuer": issuer, "until": until}
    return redirect(url_for("second_step.page"), 303)


@dataclass(frozen=True, slots=True)
class HalfIn:
    """A user who still has to show their second factor in this browser, and the page and provider of their sign-in."""

    user: User
    onward: str
    issuer: str | None


def half_in() -> HalfIn | None:
    """Returns the user who is half signed in, if it is not too long ago."""
    kept = session.get("half_in")
    if not kept or kept["until"] <= clock.now().timestamp():
        return None
    found = find_user(kept["user"])
    return HalfIn(found, kept["onward"], kept["issuer"]) if found and found.totp_secret else None


def enter(who: User, onward: str, *, issuer: str | None = None) -> Response:
    """Signs in a user who has shown all that is asked for. The cookie's session is cleared; the members that this
    browser was as a guest become the user's."""
    member_lookup.adopt(who, guest_secret())
    address, browser = request.remote_addr or "", request.user_agent.string
    if before := current_sign_in():
        login_sessions.end(before.user, before.id)
    secret = login_sessions.begin(who, browser=browser, address=address, issuer=issuer)
    session.clear()
    session.permanent = True
    begun = login_sessions.find(secret)
    assert begun
    login_user(Login(secret, begun))
    _claim_session(begun.user, onward)
    return store_device(redirect(onward, 303), device_cookies.with_user(device(), begun.user_id))


def session_to_claim(onward: str) -> str | None:
    """Returns the id of the guest's session that signing in claims, by the page that it leads on to: ``claim.page``."""
    match onward.split("/"):
        case ["", "sessions", session_id, "claim"]:
            return session_id
    return None


def _claim_session(who: User, onward: str) -> None:
    """Claims the guest's session where it is clear which account pays. Otherwise, and where that is refused, the page
    that signing in leads on to says so, and asks."""
    session_id = session_to_claim(onward)
    if session_id is None or len(memberships.accounts_of(who)) > 1 or is_lost(who):
        return
    member = member_lookup.find_member(session_id, guest_secret(), who)
    if member is None:
        return
    try:
        guest_session.claim(member, required_sso.check(memberships.home_of(who), current_sign_in()))
    except Refusal:
        return


def end() -> None:
    """Signs this browser out and renews its secret: it is a new guest from then on, since the members were the
    user's."""
    renew_secret()
    if found := current_sign_in():
        login_sessions.end(found.user, found.id)
    logout_user()
    session.clear()


def forget() -> None:
    """Gives this browser a new secret and clears its other cookies, after its user was deleted."""
    renew_secret()
    logout_user()
    session.clear()

    @after_this_request
    def forget_browser(answer: Response) -> Response:
        return store_device(answer, "")


def own_address(given: str | None) -> str:
    """Returns the address to go on to if it is one of this site, else the dashboard. No spelling of another site's
    address passes."""
    given = given or ""
    fine = given.startswith("/") and not given.startswith(("//", "/\\")) and given.isprintable()
    return given if fine else HOME


# --- guards


def only_with_accounts(blueprint: Blueprint) -> None:
    """Redirects the blueprint's pages to the front page where users do not sign in."""

    @blueprint.before_request
    def lead_away() -> Response | None:
        return redirect(url_for("home.front"), 303) if auth_is_open() else None


def signed_in[**P](view: Callable[Concatenate[User, P], ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Passes the user to the view; a visitor is asked to sign in first, and comes back to the page that they wanted. A
    form names the user whom its page showed, so that what was typed for one is never saved on the other.

    Raises:
        NotFound: (404) users do not sign in here.
        Conflict: (409) another user has signed in here since the form was shown.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if auth_is_open():
            raise NotFound("Nobody signs in here.")
        found = user()
        if found and request.form.get("user", found.id) != found.id:
            raise Conflict(f"{found.name} has signed in here since this page was opened, so nothing was saved.")
        return view(found, *args, **kwargs) if found else to_sign_in()

    return guarded


def teammate[**P](
    view: Callable[Concatenate[Membership, P], ResponseReturnValue],
) -> Callable[..., ResponseReturnValue]:
    """Passes the user's membership in the account of the address to the view.

    Raises:
        NotFound: (404) the user has none.
    """

    @wraps(view)
    def guarded(account_id: str, *args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        found = memberships.membership_for(user(), account_id)
        if found is None and user() is None and not auth_is_open():
            return to_sign_in()
        if found is None:
            raise NotFound("You have no account at this link.")
        required_sso.check(found, current_sign_in())
        _remember(found)
        return view(found, *args, **kwargs)

    return guarded


def _remember(membership: Membership) -> None:
    """Stores the account in the cookie's session as the one to go on with."""
    if membership.user and session.get("account") != membership.account.id:
        session["account"] = membership.account.id


def acts_for(account_id: str) -> Membership | None:
    """Returns the user's membership in an account; None if they do not belong to it. Raises CameAnotherWay for a user
    who signed in by another way than the account requires."""
    found = memberships.membership_for(user(), account_id)
    return required_sso.check(found, current_sign_in()) if found else None


def account_known(account_id: str) -> Membership | None:
    """Returns the user's membership in an account, as ``acts_for``; None, too, where the account requires another way
    to sign in than the user's."""
    found = memberships.membership_for(user(), account_id)
    return found if found and required_sso.lets_in(found, current_sign_in()) else None


def account_here() -> Membership | None:
    """Returns the membership in the account that was last used in this browser, if its user belongs to it still."""
    kept = session.get("account")
    return memberships.membership_for(user(), kept) if kept and user() else None


def account_let_in() -> Membership | None:
    """Returns the account last used in this browser, else the first; none that requires another way to sign in than the
    user's."""
    known = [*filter(None, [account_here()]), *memberships.accounts_of(user())]
    return next((each for each in known if required_sso.lets_in(each, current_sign_in())), None)


def acts_here() -> Membership:
    """Returns the membership to act with where no account is named: the one last used, else the first. An account that
    requires another way to sign in comes last."""
    return account_let_in() or account_here() or memberships.home_of(user())


def is_lost(who: User) -> bool:
    """Whether the user belongs to no account, but one has invited them or is open to their domain: they are asked
    before an account is made for them."""
    return not memberships.accounts_of(who) and joining.is_awaited(who)


def may_open[**P](view: Callable[Concatenate[Membership, P], ResponseReturnValue]) -> Callable[P, ResponseReturnValue]:
    """Passes to the view the membership for which a session is opened: in the account that the request names, or else
    the current one. A visitor is asked to sign in first; a user who ``is_lost`` is asked to choose an account.

    Raises:
        NotFound: (404) the user has no membership in the account that the request names.
    """

    @wraps(view)
    def guarded(*args: P.args, **kwargs: P.kwargs) -> ResponseReturnValue:
        if user() is None and not auth_is_open():
            return to_sign_in()
        named = request.values.get("account")
        if not named and (who := user()) and is_lost(who):
            return redirect(url_for("accounts.index"), 303)
        found = memberships.membership_for(user(), named) if named else acts_here()
        if found is None:
            raise NotFound("You have no account at this link.")
        required_sso.check(found, current_sign_in())
        return view(found, *args, **kwargs)

    return guarded


def to_sign_in() -> Response:
    """Redirects to the sign-in page, which leads back to the page that was asked for."""
    return redirect(url_for("signing_in.page", next=page_asked_for("/")), 303)


def page_asked_for(otherwise: str) -> str:
    """Returns the page to come back to: the one that the request is for, or ``otherwise`` where it is no page's."""
    return request.full_path.rstrip("?") if request.method == "GET" else otherwise
