"""What an account wants: its name, session defaults, own decks, retention, domain."""

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from werkzeug.wrappers import Response

from poker_app.accounts import account_settings, decks
from poker_app.accounts.memberships import Acting
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
def page(acting: Acting) -> ResponseReturnValue:
    acting.require_arranging("change the settings of the account")
    return _page(acting)


def _page(acting: Acting, refusal: Invalid | None = None, form: str = "") -> str:
    """The page, with what was typed into the one form that was refused."""
    return render_template(
        "settings/settings.html",
        acting=acting,
        defaults=request.form if form == "defaults" else account_settings.defaults_of(acting.account),
        decks=DECKS.values(),
        own_decks=decks.decks_of(acting.account.id),
        own_domain=account_settings.own_domain(acting),
        required_sign_on=required_sso.required(acting.account),
        may_require_sign_on=entitlements.may_require_sign_on(acting.account.id),
        came_by=required_sso.came_by(login.current_sign_in()),
        may_choose_days=entitlements.may_choose_days(acting.account.id),
        report_days=entitlements.report_days(acting.account),
        kept_days=entitlements.kept_days(acting.account),
        days=(account_settings.MIN_DAYS, account_settings.MAX_DAYS),
        typed=request.form if refusal else {},
        form=form,
        refusal=refusal,
    )


def _saved(acting: Acting, sentence: str = "Saved.") -> Response:
    flash(sentence)
    return redirect(url_for("account_settings.page", account_id=acting.account.id), 303)


@blueprint.post("/name")
@teammate
def rename(acting: Acting) -> ResponseReturnValue:
    try:
        account_settings.rename(acting, request.form.get("name", ""))
    except Invalid as refusal:
        return again(_page(acting, refusal, "name"), refusal)
    return _saved(acting)


@blueprint.post("/session-defaults")
@teammate
def set_defaults(acting: Acting) -> ResponseReturnValue:
    try:
        account_settings.set_defaults(acting, request.form)
    except Invalid as refusal:
        return again(_page(acting, refusal, "defaults"), refusal)
    return _saved(acting, "Saved. New sessions begin like that.")


@blueprint.post("/retention")
@teammate
def keep_reports(acting: Acting) -> ResponseReturnValue:
    try:
        account_settings.keep_reports(acting, request.form.get("report_days", ""))
    except Invalid as refusal:
        return again(_page(acting, refusal, "retention"), refusal)
    return _saved(acting)


@blueprint.post("/domain")
@teammate
def set_domain(acting: Acting) -> ResponseReturnValue:
    """Open the account to one's own domain, or close it."""
    if request.form.get("open"):
        account_settings.open_to_domain(acting)
    else:
        account_settings.close_to_domain(acting)
    return _saved(acting)


@blueprint.post("/sign-on")
@teammate
def require_sign_on(acting: Acting) -> ResponseReturnValue:
    """Let teammates in by one provider only, or by every way."""
    required_sso.require(acting, request.form.get("provider", ""), login.current_sign_in())
    return _saved(acting)


# --- own decks


@blueprint.get("/decks/new")
@teammate
def new_deck(acting: Acting) -> ResponseReturnValue:
    acting.require_arranging("make decks")
    return _deck(acting, None)


@blueprint.post("/decks")
@teammate
def add_deck(acting: Acting) -> ResponseReturnValue:
    try:
        made = decks.add_deck(acting, **_typed())
    except Invalid as refusal:
        return again(_deck(acting, None, refusal), refusal)
    return _saved(acting, f"The deck {made.name} is there to choose.")


@blueprint.get("/decks/<deck_id>")
@teammate
def deck(acting: Acting, deck_id: str) -> ResponseReturnValue:
    acting.require_arranging("change decks")
    return _deck(acting, decks.find(acting, deck_id))


@blueprint.post("/decks/<deck_id>")
@teammate
def change_deck(acting: Acting, deck_id: str) -> ResponseReturnValue:
    try:
        decks.change_deck(acting, deck_id, **_typed())
    except Invalid as refusal:
        return again(_deck(acting, decks.find(acting, deck_id), refusal), refusal)
    return _saved(acting)


def _typed() -> dict[str, str]:
    return {"name": request.form.get("deck_name", ""), "cards": request.form.get("own", "")}


def _deck(acting: Acting, found: Deck | None, refusal: Invalid | None = None) -> str:
    kept = {"deck_name": found.name, "own": decks.as_typed(found)} if found else {}
    typed = request.form if refusal else kept
    return render_template("settings/deck.html", acting=acting, deck=found, typed=typed, refusal=refusal)


@blueprint.get("/decks/<deck_id>/deletion")
@teammate
def ask_deletion(acting: Acting, deck_id: str) -> ResponseReturnValue:
    """Are you sure?"""
    acting.require_arranging("delete decks")
    return render_template("settings/deck_deletion.html", acting=acting, deck=decks.find(acting, deck_id))


@blueprint.post("/decks/<deck_id>/deletion")
@teammate
def delete_deck(acting: Acting, deck_id: str) -> ResponseReturnValue:
    return _saved(acting, f"The deck {decks.delete_deck(acting, deck_id)} is deleted.")
