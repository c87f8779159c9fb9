"""The form for a new session: for an account, and for a guest without one."""

from flask import Response, render_template, request

from poker_app import ids
from poker_app.accounts import account_settings, decks
from poker_app.accounts.memberships import Membership
from poker_app.errors import Refusal
from poker_app.poker.session import join_codes, lifecycle
from poker_app.poker.session.last_opened import last_opened
from poker_app.poker.session.options import options_from
from poker_app.rules.backlog import said_of
from poker_app.rules.deck import DECKS
from poker_app.rules.plans import GUESTS
from poker_app.web.http import fragments
from poker_app.web.http.guest_cookie import guest_secret, store_secret

MAX_KEY = 64


def fresh(membership: Membership) -> dict[str, str]:
    """Returns the form's first values, by field."""
    return {
        **account_settings.defaults_of(membership.account),
        "member_name": membership.user.name if membership.user else "",
        **last_opened(membership, guest_secret()).typed,
        # The account's default deck comes before the deck that was chosen last.
        **{name: deck for name, deck in account_settings.chosen_defaults(membership.account).items() if name == "deck"},
    }


def page(membership: Membership, typed: dict[str, str], invalid: Refusal | None = None, *, starts: bool = False) -> str:
    """Renders the form for a new session of an account, or of a guest's without one, with what was typed and what is
    wrong with it."""
    of_guests = membership.account.id == GUESTS
    return render_template(
        "home/new.html",
        membership=None if of_guests else membership,
        of_guests=of_guests,
        typed=typed,
        invalid=invalid,
        starts=starts,
        names=last_opened(membership, guest_secret()).names,
        decks=DECKS.values(),
        own_decks=decks.decks_of(membership.account.id),
    )


def open_session(membership: Membership, secret: str) -> Response:
    """Opens the session that the request's form describes, and redirects to its page. Raises what
    ``lifecycle.open_session`` does."""
    form = request.form
    pasted = lifecycle.read_tasks(form.get("tasks", ""))
    own_deck = decks.chosen(membership.account.id, form.get("deck", ""))
    member = lifecycle.open_session(
        membership,
        name=form.get("name", ""),
        deck=lifecycle.OWN_DECK if own_deck else form.get("deck", ""),
        own=decks.as_typed(own_deck) if own_deck else form.get("own", ""),
        options=options_from(form),
        member_name=form.get("member_name", ""),
        secret=secret,
        form_key=key() or ids.new_secret(),
        tasks=pasted.tasks,
    )
    join_codes.note_known(member.session, request.remote_addr or "")
    if pasted.left_out:
        onward = fragments.back_with(member, said_of(pasted.left_out), alert=True)
    else:
        onward = fragments.back_to_session(member)
    return store_secret(onward, secret)


def key() -> str:
    """Returns the name of the form that was sent, so that sending it again opens no second session; "" where it has
    none."""
    return request.form.get("form_key", "")[:MAX_KEY]
