"""Pages for claiming: a guest's session becomes an account's."""

from flask import Blueprint, g, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from poker_app.accounts import memberships
from poker_app.accounts.memberships import Membership
from poker_app.errors import NotFound, NotInPlan, OutOfCredits, Refusal
from poker_app.poker.members import member_lookup
from poker_app.poker.session import guest_session
from poker_app.poker.value.current import newest
from poker_app.rules.session.change import require_facilitator
from poker_app.rules.session.value import Member
from poker_app.web.http import login
from poker_app.web.http.guards import member_here
from poker_app.web.http.login import may_open

blueprint = Blueprint("claim", __name__, url_prefix="/sessions/<session_id>/claim")

IN_ANOTHER_BROWSER = "You are signed in, but you opened the session in another browser. Sign in there to keep it."


@blueprint.get("")
def page(session_id: str) -> ResponseReturnValue:
    """Shows what claiming the session costs; a facilitator without a login is asked to sign in first."""
    return _page(_facilitator(session_id))


@may_open
def _page(membership: Membership, member: Member) -> ResponseReturnValue:
    return _back(member) if _is_claimed(member) else _asking(membership, member)


@blueprint.post("")
def claim(session_id: str) -> ResponseReturnValue:
    """Assigns the session to the account."""
    return _claim(_facilitator(session_id))


@may_open
def _claim(membership: Membership, member: Member) -> ResponseReturnValue:
    try:
        guest_session.claim(member, membership)
    except (OutOfCredits, NotInPlan) as refusal:
        return _asking(membership, member, refusal), refusal.status
    return _back(member)


def _facilitator(session_id: str) -> Member:
    """Returns the facilitator that this browser is. Raises NotFound (404) for a stranger, Refused (403) for the other
    members."""
    member = member_here(session_id)
    if member is None:
        raise NotFound(IN_ANOTHER_BROWSER) if login.user() else member_lookup.missing(session_id)
    g.member = member
    require_facilitator(member, "keep the session")
    return member


def _is_claimed(member: Member) -> bool:
    return not newest(member.session_id).value.of_guests


def _back(member: Member) -> Response:
    return redirect(url_for("sessions.room", session_id=member.session_id), 303)


def _asking(membership: Membership, member: Member, refusal: Refusal | None = None) -> str:
    return render_template(
        "sessions/claim.html",
        membership=membership,
        accounts=memberships.accounts_of(membership.user),
        session=newest(member.session_id).value,
        refusal=refusal,
    )
