"""Pages of an account's API tokens: the list, making one, ending one."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from poker_app.accounts import api_tokens, auth_is_open
from poker_app.accounts.memberships import Membership
from poker_app.errors import Conflict, Invalid, TooMany
from poker_app.rules import api_tokens as rules
from poker_app.web.http.errors import again
from poker_app.web.http.login import teammate
from poker_app.web.http.template_filters import isolated

blueprint = Blueprint("api_tokens", __name__, url_prefix="/accounts/<account_id>/api-tokens")

SERVICE_SAYS = {
    "facilitator": "A service, with the role of a facilitator",
    "admin": "A service, with the role of an admin",
}


@blueprint.get("")
@teammate
def page(membership: Membership) -> ResponseReturnValue:
    return _page(membership)


def _page(membership: Membership, refusal: Invalid | Conflict | TooMany | None = None) -> str:
    return render_template(
        "settings/api_tokens.html",
        membership=membership,
        listed=api_tokens.tokens_of(membership),
        service_says=SERVICE_SAYS,
        service_roles=rules.service_roles_for(membership.role, open_sign_in=auth_is_open()),
        scopes={scope: rules.SCOPES[scope] for scope in rules.scopes_for(membership.role, open_sign_in=auth_is_open())},
        lifetimes=api_tokens.LIFETIMES,
        longest=api_tokens.MAX_NAME,
        typed=request.form,
        refusal=refusal,
    )


@blueprint.post("")
@teammate
def make(membership: Membership) -> ResponseReturnValue:
    """Makes a token. Its text is in this response, and never shown again."""
    form = request.form
    try:
        made, text = api_tokens.make(
            membership,
            name=form.get("name", ""),
            scopes=form.getlist("scopes"),
            days=form.get("days", ""),
            service_role=form.get("service_role") or None,
        )
    except (Invalid, Conflict, TooMany) as refusal:
        return again(_page(membership, refusal), refusal)
    return render_template("settings/api_token_made.html", membership=membership, token=made, text=text)


@blueprint.get("/<token_id>/ending")
@teammate
def ask_ending(membership: Membership, token_id: str) -> ResponseReturnValue:
    """Asks for confirmation."""
    token = api_tokens.find(membership, token_id)
    return render_template("settings/api_token_ending.html", membership=membership, token=token)


@blueprint.post("/<token_id>/ending")
@teammate
def end(membership: Membership, token_id: str) -> ResponseReturnValue:
    name = api_tokens.end(membership, token_id)
    flash(Markup("The token {} has ended.").format(isolated(name)))
    return redirect(url_for("api_tokens.page", account_id=membership.account.id), 303)
