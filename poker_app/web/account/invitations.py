"""What an invitation leads to: looking at it changes nothing, accepting it takes a signed-in user."""

from flask import Blueprint, flash, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from poker_app.accounts import auth_is_open
from poker_app.accounts.models import Invitation, User
from poker_app.accounts.team import joining
from poker_app.errors import NotFound
from poker_app.web.http import login
from poker_app.web.http.login import signed_in

blueprint = Blueprint("invitations", __name__, url_prefix="/invitations")


@blueprint.before_request
def only_with_accounts() -> None:
    """Where nobody signs in nobody is invited."""
    if auth_is_open():
        raise NotFound("Nobody signs in here, so nobody needs an invitation.")


@blueprint.get("/<secret>")
def look(secret: str) -> ResponseReturnValue:
    """Who invites to what. Whoever is in already is led there, however old the invitation."""
    user = login.user()
    if user and (account_id := joining.already_in(secret, user)):
        return _in(account_id)
    invitation = joining.look_at(secret)
    # The mailed secret goes no further than this page: who signs in finds a mailed invitation by their own address.
    own = url_for("invitations.look_at_own", invitation_id=invitation.id)
    onward = own if invitation.email else url_for("invitations.look", secret=secret)
    return _look(invitation, url_for("invitations.accept", secret=secret), onward)


@blueprint.post("/<secret>/acceptance")
def accept(secret: str) -> ResponseReturnValue:
    """Become a teammate; twice is once."""
    user = login.user()
    if user is None:
        return look(secret)
    return _welcome(user, joining.accept(user, secret))


@blueprint.get("/mine/<invitation_id>")
@signed_in
def look_at_own(user: User, invitation_id: str) -> ResponseReturnValue:
    """The same page, found by the user's own address."""
    invitation = joining.own(user, invitation_id)
    if joining.is_in(invitation, user):
        return _in(invitation.account_id)
    return _look(invitation, url_for("invitations.accept_own", invitation_id=invitation_id), "/")


@blueprint.post("/mine/<invitation_id>/acceptance")
@signed_in
def accept_own(user: User, invitation_id: str) -> ResponseReturnValue:
    return _welcome(user, joining.accept_own(user, invitation_id))


def _look(invitation: Invitation, action: str, onward: str) -> str:
    user = login.user()
    return render_template(
        "invitations/invitation.html",
        invitation=invitation,
        account=joining.account_of(invitation),
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
