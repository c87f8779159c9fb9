"""Teammates and invitations of an account, for those who belong to it."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from poker_app.accounts import everybody_may
from poker_app.accounts.memberships import Acting
from poker_app.accounts.team import invitations, teammates
from poker_app.errors import Invalid, NotFound, Refusal, TooMany
from poker_app.mail import Undelivered
from poker_app.poker.reports.attendance import last_sessions
from poker_app.rules.teammates import gives
from poker_app.web.http import fragments
from poker_app.web.http.errors import again
from poker_app.web.http.login import teammate

blueprint = Blueprint("team", __name__, url_prefix="/accounts/<account_id>")

ROLE_SAYS = {
    "facilitator": "Facilitator, opens sessions",
    "admin": "Admin, also invites and sets up",
    "owner": "Owner, also looks after owners",
}


@blueprint.before_request
def only_with_accounts() -> None:
    """Where nobody signs in there are no teammates."""
    if everybody_may():
        raise NotFound("Nobody signs in here, so there are no teammates.")


@blueprint.get("/team")
@teammate
def page(acting: Acting) -> ResponseReturnValue:
    return _page(acting)


def _page(acting: Acting, refusal: Refusal | None = None) -> str:
    manages = acting.reaches("admin")
    link = invitations.link_of(acting.account) if manages else None
    secret = invitations.secret_of(link) if link else None
    search = request.args.get("q", "")[:100]
    return render_template(
        "team/team.html",
        acting=acting,
        manages=manages,
        teammates=teammates.teammates_of(acting.account, search),
        search=search,
        last=last_sessions(acting.account.id),
        waiting=invitations.waiting_for(acting.account) if manages else [],
        link=link,
        link_address=fragments.origin() + url_for("invitations.look", secret=secret) if secret else None,
        gives=gives(acting.role),
        role_says=ROLE_SAYS,
        typed=request.form,
        refusal=refusal,
    )


def _back(account_id: str) -> Response:
    return redirect(url_for("team.page", account_id=account_id), 303)


# --- teammates


@blueprint.post("/team/<user_id>/role")
@teammate
def change_role(acting: Acting, user_id: str) -> ResponseReturnValue:
    them = teammates.change_role(acting, user_id, request.form.get("role", ""))
    mine = acting.user is not None and them.user_id == acting.user.id
    flash(f"{'You are' if mine else f'{them.user.name} is'} {'an' if them.role[0] in 'ao' else 'a'} {them.role} now.")
    return _back(acting.account.id)


@blueprint.get("/team/<user_id>/removal")
@teammate
def ask_removal(acting: Acting, user_id: str) -> ResponseReturnValue:
    """Are you sure?"""
    acting.require("admin", "remove a teammate")
    return render_template("team/removal.html", acting=acting, them=teammates.find(acting, user_id))


@blueprint.post("/team/<user_id>/removal")
@teammate
def remove(acting: Acting, user_id: str) -> ResponseReturnValue:
    name = teammates.remove(acting, user_id)
    flash(f"{name} is no teammate any more.")
    return _back(acting.account.id)


@blueprint.get("/departure")
@teammate
def ask_departure(acting: Acting) -> ResponseReturnValue:
    """Are you sure?"""
    return render_template("team/departure.html", acting=acting)


@blueprint.post("/departure")
@teammate
def leave(acting: Acting) -> ResponseReturnValue:
    name = acting.account.name
    teammates.leave(acting)
    flash(f"You have left {name}.")
    return redirect(url_for("accounts.index"), 303)


# --- invitations


@blueprint.post("/invitations")
@teammate
def invite(acting: Acting) -> ResponseReturnValue:
    """Invite everybody whose address was typed."""
    try:
        outcome = invitations.invite(acting, request.form.get("emails", ""), request.form.get("role", ""))
    except (Invalid, TooMany) as refusal:
        return again(_page(acting, refusal), refusal)
    for sentence, addresses, kind in (
        ("Invited {}.", outcome.sent, "message"),
        ("{} cannot be mailed just now. The mail server may be down: send it again later.", outcome.unsent, "trouble"),
        ("Invited already, and waiting: {}.", outcome.waiting, "message"),
        ("Teammates already: {}.", outcome.teammates, "message"),
    ):
        if addresses:
            flash(sentence.format(", ".join(addresses)), kind)
    return _back(acting.account.id)


@blueprint.post("/invitations/<invitation_id>/sending")
@teammate
def send_again(acting: Acting, invitation_id: str) -> ResponseReturnValue:
    """A new mail with a new link; the one before is worth nothing from then on."""
    try:
        flash(f"Sent to {invitations.send_again(acting, invitation_id)} again. Only the new link works.")
    except (TooMany, Undelivered) as refusal:
        return again(_page(acting, refusal), refusal)
    return _back(acting.account.id)


@blueprint.post("/invitations/<invitation_id>/withdrawal")
@teammate
def withdraw(acting: Acting, invitation_id: str) -> ResponseReturnValue:
    about = invitations.withdraw(acting, invitation_id)
    flash(f"The invitation {'by link' if about == invitations.LINK else f'of {about}'} is withdrawn.")
    return _back(acting.account.id)


@blueprint.post("/invitation-link")
@teammate
def make_link(acting: Acting) -> ResponseReturnValue:
    """A link that can be passed on; while there is one, it stays the same."""
    invitations.make_link(acting)
    return _back(acting.account.id)
