"""The front page, joining by code, and opening a session."""

from flask import Blueprint, abort, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from poker_app import billing, ids, rate_limits
from poker_app.accounts.memberships import Membership
from poker_app.billing import credit_requests
from poker_app.billing.plan_view import statement_of
from poker_app.errors import Forbidden, Invalid, NotFound, NotInPlan, OutOfCredits, TooMany
from poker_app.poker.members import member_lookup
from poker_app.poker.session import join_codes, lifecycle
from poker_app.rules import links
from poker_app.rules.deck import DECKS
from poker_app.web.http import draft, login, session_form
from poker_app.web.http.errors import again
from poker_app.web.http.guest_cookie import guest_secret, store_secret
from poker_app.web.http.login import may_open

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
def front() -> ResponseReturnValue:
    running = member_lookup.running_sessions(guest_secret(), login.user())
    return render_template("home/front.html", decks=DECKS.values(), running=running)


@blueprint.get("/j")
def typed_code() -> ResponseReturnValue:
    """Redirects the code form to the code's own address, or to that of a link that was pasted whole."""
    typed = request.args.get("code", "")
    if path := links.path_in(typed):
        return redirect(path, 303)
    code = links.plain_code(typed)[: links.MAX_CODE]
    if not code.isascii() or not code:
        return render_template("home/no_table.html", sentence="Type the code of the session, such as K7Q-MFD."), 422
    return redirect(url_for("home.by_code", code=code), 303)


@blueprint.get("/j/<code>")
def by_code(code: str) -> ResponseReturnValue:
    """Redirects a join code to its session. Wrong codes are counted, right ones are not.

    What another site's page embeds, such as an image, is refused before the code is looked up: a page could use up its
    visitors' tries. A link that is followed is not.

    Raises:
        Forbidden: (403) another site's page embeds it.
        TooMany: (429) too many wrong codes came from this network.
    """
    if request.headers.get("Sec-Fetch-Site") == "cross-site" and request.headers.get("Sec-Fetch-Dest") != "document":
        raise Forbidden("This link does not work inside another site's page. Open it in a tab of its own.")
    try:
        session_id = join_codes.find(code, request.remote_addr or "").id
    except NotFound as missing:
        return render_template("home/no_table.html", sentence=missing.sentence), 404
    return redirect(url_for("sessions.room", session_id=session_id), 303)


@blueprint.get("/sessions/new")
@may_open
def new(membership: Membership) -> ResponseReturnValue:
    """Shows the form. The browser gets its secret here, so that sending the form twice opens one session."""
    starts = draft.is_to_start(membership.account.id) and "paid" in request.args
    typed = {"form_key": ids.new_secret(), **(draft.stored() or session_form.fresh(membership))}
    page = make_response(session_form.page(membership, typed, starts=starts))
    return store_secret(page, guest_secret() or ids.new_secret())


@blueprint.get("/sessions/new/payment")
@may_open
def await_payment(membership: Membership) -> ResponseReturnValue:
    """Polled by the open form every few seconds: 204 until the payment has arrived, then the fragment that lets the
    form start."""
    if not statement_of(membership.account).can_open:
        return "", 204
    return render_template("home/_starting.html", membership=membership)


@blueprint.get("/plans")
@may_open
def plans(membership: Membership) -> ResponseReturnValue:
    """Redirects from the price list to the plans of the user's current account."""
    if not billing.is_on():
        abort(404)
    return redirect(url_for("billing.page", account_id=membership.account.id, _anchor="plans"), 303)


@blueprint.get("/sessions/new/cards")
def preview_cards() -> ResponseReturnValue:
    """Previews an own deck as it is typed: its cards, or what is wrong with them."""
    typed, problem = request.args.get("own", ""), None
    cards: tuple[str, ...] = ()
    try:
        cards = lifecycle.cards_of(lifecycle.OWN_DECK, typed) if typed.strip() else ()
    except Invalid as invalid:
        problem = invalid.sentence
    return render_template("home/_own_cards.html", cards=cards, problem=problem)


@blueprint.post("/sessions")
@may_open
def open_session(membership: Membership) -> ResponseReturnValue:
    """Opens the session, with the user or browser as its facilitator."""
    form, secret = request.form, guest_secret() or ids.new_secret()
    try:
        rate_limits.spend(lifecycle.OPENED.of_network(request.remote_addr or ""))
        opened = session_form.open_session(membership, secret)
    except (Invalid, TooMany) as refusal:
        return again(session_form.page(membership, form.to_dict(), refusal), refusal)
    except NotInPlan as refusal:
        return session_form.page(membership, form.to_dict(), refusal), refusal.status
    except OutOfCredits as broke:
        draft.store(form)
        return store_secret(make_response(_out_of_credits(membership, broke), broke.status), secret)
    draft.forget()
    return opened


def _out_of_credits(membership: Membership, broke: OutOfCredits) -> str:
    return render_template(
        "billing/out_of_credits.html",
        membership=membership,
        sentence=broke.sentence,
        draft=draft.stored(),
        offer=billing.offer(),
        owners=credit_requests.owners_of(membership.account.id),
        s=statement_of(membership.account),
    )
