"""Settings pages of an account: its name, session defaults, own decks, retention, domain, required sign-in."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from poker_app.accounts import account_settings, decks
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Deck
from poker_app.accounts.signin import required_sso
from poker_app.billing import entitlements
from poker_app.errors import Invalid
from poker_app.rules.deck import DECKS
from poker_app.web.http import login
from poker_app.web.http.errors import again
from poker_app.web.http.login import teammate

blueprint = Blueprint("account_settings", __name__, url_prefix="/accounts/<account_id>")


@blueprint.get("/settings")
@teammate
def page(membership: Membership) -> ResponseReturnValue:
    membership.require_arranging("change the settings of the account")
    return _page(membership)


def _page(membership: Membership, refusal: Invalid | None = None, form: str = "") -> str:
    """The page, with what was typed into the one form that was refused."""
    return render_template(
        "settings/settings.html",
        membership=membership,
        defaults=request.form if form == "defaults" else account_settings.defaults_of(membership.account),
        decks=DECKS.values(),
        own_decks=decks.decks_of(membership.account.id),
        own_domain=account_settings.own_domain(membership),
        required_sign_on=required_sso.required(membership.account),
        may_require_sign_on=entitlements.may_require_sign_on(membership.account.id),
        came_by=required_sso.came_by(login.current_sign_in()),
        may_choose_days=entitlements.may_choose_days(membership.account.id),
        report_days=entitlements.report_days(membership.account),
        kept_days=entitlements.kept_days(membership.account),
        days=(account_settings.MIN_DAYS, account_settings.MAX_DAYS),
        typed=request.form if refusal else {},
        form=form,
        refusal=refusal,
    )


def _saved(membership: Membership, sentence: str = "Saved.") -> Response:
    flash(sentence)
    return redirect(url_for("account_settings.page", account_id=membership.account.id), 303)


@blueprint.post("/name")
@teammate
def rename(membership: Membership) -> ResponseReturnValue:
    try:
        account_settings.rename(membership, request.form.get("name", ""))
    except Invalid as refusal:
        return again(_page(membership, refusal, "name"), refusal)
    return _saved(membership)


@blueprint.post("/session-defaults")
@teammate
def set_defaults(membership: Membership) -> ResponseReturnValue:
    try:
        account_settings.set_defaults(membership, request.form)
    except Invalid as refusal:
        return again(_page(membership, refusal, "defaults"), refusal)
    return _saved(membership, "Saved. New sessions begin like that.")


@blueprint.post("/retention")
@teammate
def set_retention(membership: Membership) -> ResponseReturnValue:
    try:
        account_settings.set_retention(membership, request.form.get("report_days", ""))
    except Invalid as refusal:
        return again(_page(membership, refusal, "retention"), refusal)
    return _saved(membership)


@blueprint.post("/domain")
@teammate
def set_domain(membership: Membership) -> ResponseReturnValue:
    """Open the account to one's own domain, or close it."""
    if request.form.get("open"):
        account_settings.open_to_domain(membership)
    else:
        account_settings.close_to_domain(membership)
    return _saved(membership)


@blueprint.post("/sign-on")
@teammate
def require_sign_on(membership: Membership) -> ResponseReturnValue:
    """Lets teammates sign in by one provider only, or by every way."""
    required_sso.require(membership, request.form.get("provider", ""), login.current_sign_in())
    return _saved(membership)


# --- own decks


@blueprint.get("/decks/new")
@teammate
def new_deck(membership: Membership) -> ResponseReturnValue:
    membership.require_arranging("make decks")
    return _deck(membership, None)


@blueprint.post("/decks")
@teammate
def add_deck(membership: Membership) -> ResponseReturnValue:
    try:
        made = decks.add_deck(membership, **_typed())
    except Invalid as refusal:
        return again(_deck(membership, None, refusal), refusal)
    return _saved(membership, f"The deck {made.name} is there to choose.")


@blueprint.get("/decks/<deck_id>")
@teammate
def deck(membership: Membership, deck_id: str) -> ResponseReturnValue:
    membership.require_arranging("change decks")
    return _deck(membership, decks.find(membership, deck_id))


@blueprint.post("/decks/<deck_id>")
@teammate
def change_deck(membership: Membership, deck_id: str) -> ResponseReturnValue:
    try:
        decks.change_deck(membership, deck_id, **_typed())
    except Invalid as refusal:
        return again(_deck(membership, decks.find(membership, deck_id), refusal), refusal)
    return _saved(membership)


def _typed() -> dict[str, str]:
    return {"name": request.form.get("deck_name", ""), "cards": request.form.get("own", "")}


def _deck(membership: Membership, found: Deck | None, refusal: Invalid | None = None) -> str:
    kept = {"deck_name": found.name, "own": decks.as_typed(found)} if found else {}
    typed = request.form if refusal else kept
    return render_template("settings/deck.html", membership=membership, deck=found, typed=typed, refusal=refusal)


@blueprint.get("/decks/<deck_id>/deletion")
@teammate
def ask_deletion(membership: Membership, deck_id: str) -> ResponseReturnValue:
    """Asks for confirmation."""
    membership.require_arranging("delete decks")
    return render_template("settings/deck_deletion.html", membership=membership, deck=decks.find(membership, deck_id))


@blueprint.post("/decks/<deck_id>/deletion")
@teammate
def delete_deck(membership: Membership, deck_id: str) -> ResponseReturnValue:
    return _saved(membership, f"The deck {decks.delete_deck(membership, deck_id)} is deleted.")
