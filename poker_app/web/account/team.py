"""Pages of an account's teammates and invitations: roles, removal, leaving, inviting."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.wrappers import Response

from poker_app.accounts import auth_is_open
from poker_app.accounts.memberships import Membership
from poker_app.accounts.team import invitations, teammates
from poker_app.errors import Invalid, NotFound, NotInPlan, Refusal, TooMany
from poker_app.mail import Undelivered
from poker_app.poker.reports.dashboard import last_sessions
from poker_app.rules.durations import in_words
from poker_app.rules.teammates import gives
from poker_app.web.http import fragments
from poker_app.web.http.errors import again
from poker_app.web.http.login import teammate
from poker_app.web.http.template_filters import isolated

blueprint = Blueprint("team", __name__, url_prefix="/accounts/<account_id>")

ROLE_SAYS = {
    "facilitator": "Facilitator, opens sessions",
    "admin": "Admin, also invites and sets up",
    "owner": "Owner, also looks after owners",
}


@blueprint.before_request
def only_with_accounts() -> None:
    """These pages need users who sign in.

    Raises:
        NotFound: (404) where users do not sign in.
    """
    if auth_is_open():
        raise NotFound("Nobody signs in here, so there are no teammates.")


@blueprint.get("/team")
@teammate
def page(membership: Membership) -> ResponseReturnValue:
    return _page(membership)


def _page(membership: Membership, refusal: Refusal | None = None) -> str:
    manages = membership.reaches("admin")
    link = invitations.link_of(membership.account) if manages else None
    secret = invitations.secret_of(link) if link else None
    search = request.args.get("q", "")[:100]
    return render_template(
        "team/team.html",
        membership=membership,
        manages=manages,
        teammates=teammates.teammates_of(membership.account, search),
        search=search,
        last=last_sessions(membership.account.id),
        free=teammates.more_allowed(membership.account) if manages else None,
        facilitators=teammates.facilitators(membership.account),
        beyond_plan=isinstance(refusal, NotInPlan),
        waiting=invitations.waiting_for(membership.account) if manages else [],
        link=link,
        valid_for=in_words(invitations.GOOD_FOR),
        link_address=fragments.origin() + url_for("invitations.look", secret=secret) if secret else None,
        gives=gives(membership.role),
        role_says=ROLE_SAYS,
        typed=request.form,
        refusal=refusal,
    )


def _back(account_id: str) -> Response:
    return redirect(url_for("team.page", account_id=account_id), 303)


# --- teammates


@blueprint.post("/team/<user_id>/role")
@teammate
def change_role(membership: Membership, user_id: str) -> ResponseReturnValue:
    them = teammates.change_role(membership, user_id, request.form.get("role", ""))
    mine = membership.user is not None and them.user_id == membership.user.id
    who = "You are" if mine else Markup("{} is").format(isolated(them.user.name))
    flash(Markup("{} {} {} now.").format(who, "an" if them.role[0] in "ao" else "a", them.role))
    return _back(membership.account.id)


@blueprint.get("/team/<user_id>/removal")
@teammate
def ask_removal(membership: Membership, user_id: str) -> ResponseReturnValue:
    """Asks for confirmation."""
    membership.require("admin", "remove a teammate")
    return render_template("team/removal.html", membership=membership, them=teammates.find(membership, user_id))


@blueprint.post("/team/<user_id>/removal")
@teammate
def remove(membership: Membership, user_id: str) -> ResponseReturnValue:
    name = teammates.remove(membership, user_id)
    flash(Markup("{} is no teammate any more.").format(isolated(name)))
    return _back(membership.account.id)


@blueprint.get("/departure")
@teammate
def ask_departure(membership: Membership) -> ResponseReturnValue:
    """Asks for confirmation."""
    return render_template("team/departure.html", membership=membership)


@blueprint.post("/departure")
@teammate
def leave(membership: Membership) -> ResponseReturnValue:
    name = membership.account.name
    teammates.leave(membership)
    flash(Markup("You have left {}.").format(isolated(name)))
    return redirect(url_for("accounts.index"), 303)


# --- invitations


@blueprint.post("/invitations")
@teammate
def invite(membership: Membership) -> ResponseReturnValue:
    """Invites each typed address."""
    try:
        outcome = invitations.invite(
            membership,
            request.form.get("emails", ""),
            request.form.get("role", ""),
            anyway=bool(request.form.get("anyway")),
        )
    except (Invalid, NotInPlan, TooMany) as refusal:
        return again(_page(membership, refusal), refusal)
    for sentence, addresses, kind in (
        ("Invited {}.", outcome.sent, "message"),
        ("{} cannot be mailed just now. The mail server may be down: send it again later.", outcome.unsent, "trouble"),
        ("Invited already, and waiting: {}.", outcome.waiting, "message"),
        ("Teammates already: {}.", outcome.teammates, "message"),
    ):
        if addresses:
            flash(sentence.format(", ".join(addresses)), kind)
    return _back(membership.account.id)


@blueprint.post("/invitations/<invitation_id>/sending")
@teammate
def send_again(membership: Membership, invitation_id: str) -> ResponseReturnValue:
    """Sends a new mail with a new link; the link before stops working."""
    try:
        flash(f"Sent to {invitations.send_again(membership, invitation_id)} again. Only the new link works.")
    except (TooMany, Undelivered) as refusal:
        return again(_page(membership, refusal), refusal)
    return _back(membership.account.id)


@blueprint.post("/invitations/<invitation_id>/withdrawal")
@teammate
def withdraw(membership: Membership, invitation_id: str) -> ResponseReturnValue:
    about = invitations.withdraw(membership, invitation_id)
    flash(f"The invitation {'by link' if about == invitations.LINK else f'of {about}'} is withdrawn.")
    return _back(membership.account.id)


@blueprint.post("/invitation-link")
@teammate
def make_link(membership: Membership) -> ResponseReturnValue:
    """A link that can be passed on; while there is one, it stays the same."""
    invitations.make_link(membership)
    return _back(membership.account.id)
