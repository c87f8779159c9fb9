"""The accounts of a user: to choose from, to join, and to make."""

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from poker_app import rate_limits
from poker_app.accounts import memberships
from poker_app.accounts.models import User
from poker_app.accounts.team import invitations, joining
from poker_app.accounts.team.teammates import AccountFull
from poker_app.errors import Invalid, TooMany
from poker_app.rate_limits import Limit
from poker_app.web.http.errors import again
from poker_app.web.http.full_account import ask_owners, full_page
from poker_app.web.http.login import account_here, signed_in

blueprint = Blueprint("accounts", __name__, url_prefix="/accounts")

ACCOUNTS_MADE = Limit("account", 20, timedelta(hours=1))


@blueprint.get("")
@signed_in
def index(user: User) -> ResponseReturnValue:
    """Lists the accounts that the user belongs to, those that they are invited to, and those to join by domain."""
    mine = memberships.accounts_of(user)
    known = {each.account.id for each in mine}
    invited = [each for each in invitations.waiting_for_user(user) if each.account_id not in known]
    known |= {each.account_id for each in invited}
    return render_template(
        "accounts/index.html",
        user=user,
        mine=mine,
        here=account_here(),
        invited=[(each, joining.account_of(each)) for each in invited],
        offers=[each for each in joining.offers_for(user) if each.id not in known],
    )


@blueprint.get("/new")
@signed_in
def new(user: User) -> ResponseReturnValue:
    return _form()


def _form(refusal: Invalid | TooMany | None = None) -> str:
    return render_template("accounts/new.html", typed=request.form, refusal=refusal)


@blueprint.post("")
@signed_in
def make(user: User) -> ResponseReturnValue:
    try:
        rate_limits.spend(ACCOUNTS_MADE.of(user.id))
        made = memberships.make_account(user, request.form.get("name", ""))
    except (Invalid, TooMany) as refusal:
        return again(_form(refusal), refusal)
    return _in(made.account.id)


@blueprint.post("/<account_id>/joining")
@signed_in
def join(user: User, account_id: str) -> ResponseReturnValue:
    """Join by the domain of one's own address."""
    try:
        joining.join_by_domain(user, account_id)
    except AccountFull as full:
        asking = url_for("accounts.ask_to_join", account_id=account_id)
        return full_page(joining.offer_for(user, account_id), asking=asking), full.status
    flash("Welcome to the team.")
    return _in(account_id)


@blueprint.post("/<account_id>/joining/requests")
@signed_in
def ask_to_join(user: User, account_id: str) -> ResponseReturnValue:
    """Mails the owners of a full account that the user would join by the domain of their address."""
    return ask_owners(joining.offer_for(user, account_id), user.email or user.name, url_for("accounts.index"))


def _in(account_id: str) -> Response:
    return redirect(url_for("team.page", account_id=account_id), 303)
