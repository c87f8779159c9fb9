"""Pages of an invitation: looking at it changes nothing, accepting it takes a signed-in user."""

from flask import Blueprint, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from poker_app.accounts import auth_is_open
from poker_app.accounts.models import Invitation, User
from poker_app.accounts.team import joining, teammates
from poker_app.accounts.team.teammates import AccountFull
from poker_app.errors import NotFound
from poker_app.web.http import login
from poker_app.web.http.full_account import ask_owners, full_page
from poker_app.web.http.login import signed_in

blueprint = Blueprint("invitations", __name__, url_prefix="/invitations")


@blueprint.before_request
def only_with_accounts() -> None:
    """These pages need users who sign in.

    Raises:
        NotFound: (404) where users do not sign in.
    """
    if auth_is_open():
        raise NotFound("Nobody signs in here, so nobody needs an invitation.")


@blueprint.get("/<secret>")
def look(secret: str) -> ResponseReturnValue:
    """Shows the inviter and the account. A user who is a teammate already is redirected there, however old the
    invitation."""
    user = login.user()
    if user and (account_id := joining.already_in(secret, user)):
        return _in(account_id)
    invitation = joining.look_at(secret)
    # The mailed secret goes no further than this page: after signing in, a mailed invitation is found by the address.
    own = url_for("invitations.look_at_own", invitation_id=invitation.id)
    onward = own if invitation.email else url_for("invitations.look", secret=secret)
    asking = url_for("invitations.ask", secret=secret)
    return _look(invitation, url_for("invitations.accept", secret=secret), onward, asking)


@blueprint.post("/<secret>/acceptance")
def accept(secret: str) -> ResponseReturnValue:
    """Makes the user a teammate; a second request changes nothing."""
    user = login.user()
    if user is None:
        return look(secret)
    try:
        return _welcome(user, joining.accept(user, secret))
    except AccountFull as full:
        return make_response(look(secret), full.status)


@blueprint.post("/<secret>/requests")
def ask(secret: str) -> ResponseReturnValue:
    """Mails the owners of a full account that the invited person waits for a place."""
    invitation, user = joining.look_at(secret), login.user()
    who = invitation.email or (user and (user.email or user.name)) or "Somebody who has your invitation link"
    return ask_owners(joining.account_of(invitation), who, url_for("invitations.look", secret=secret))


@blueprint.get("/mine/<invitation_id>")
@signed_in
def look_at_own(user: User, invitation_id: str) -> ResponseReturnValue:
    """The same page, found by the user's own address."""
    invitation = joining.own(user, invitation_id)
    if joining.is_in(invitation, user):
        return _in(invitation.account_id)
    asking = url_for("invitations.ask_own", invitation_id=invitation_id)
    return _look(invitation, url_for("invitations.accept_own", invitation_id=invitation_id), "/", asking)


@blueprint.post("/mine/<invitation_id>/acceptance")
@signed_in
def accept_own(user: User, invitation_id: str) -> ResponseReturnValue:
    try:
        return _welcome(user, joining.accept_own(user, invitation_id))
    except AccountFull as full:
        return make_response(look_at_own(invitation_id), full.status)


@blueprint.post("/mine/<invitation_id>/requests")
@signed_in
def ask_own(user: User, invitation_id: str) -> ResponseReturnValue:
    """The same, for an invitation found by the user's own address."""
    account = joining.account_of(joining.own(user, invitation_id))
    return ask_owners(account, user.email or user.name, url_for("invitations.look_at_own", invitation_id=invitation_id))


def _look(invitation: Invitation, action: str, onward: str, asking: str) -> str:
    user, account = login.user(), joining.account_of(invitation)
    if teammates.more_allowed(account) == 0 and (user is None or joining.is_for(invitation, user)):
        return full_page(account, asking=asking)
    return render_template(
        "invitations/invitation.html",
        invitation=invitation,
        account=account,
        inviter=joining.inviter_of(invitation),
        user=user,
        fits=user is not None and joining.is_for(invitation, user),
        action=action,
        onward=onward,
    )


def _welcome(user: User, account_id: str) -> Response:
    flash("Welcome to the team.")
    return _in(account_id)


def _in(account_id: str) -> Response:
    return redirect(url_for("team.page", account_id=account_id), 303)
