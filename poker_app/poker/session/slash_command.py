"""The slash command of Slack: checks that it is Slack's, and opens a session."""

from collections.abc import Mapping
from datetime import timedelta

from poker_app import clock, ids, rate_limits
from poker_app.accounts import account_settings, decks, derived_secret, slack_commands
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import Account
from poker_app.db import session
from poker_app.errors import Forbidden, NotFound, Refusal
from poker_app.poker.models import PokerSession
from poker_app.poker.session import lifecycle
from poker_app.poker.session.options import options_from
from poker_app.rate_limits import Limit
from poker_app.rules.slack import is_signed

COMMANDS = Limit("a slash command", 60, timedelta(minutes=10))
FORGED = Limit("a slash command that is not Slack's", 60, timedelta(minutes=10))
NAME = "Slack"


class Unsigned(Refusal):
    """The command is not signed with the secret of the account's app."""

    status = 401


def check(account_id: str, *, timestamp: str, signature: str, body: bytes, address: str) -> Account:
    """Returns the account whose command it is. ``address`` is the IP address that sent it.

    Raises:
        NotFound: (404) no command is connected here.
        Unsigned: (401) it is not signed with its secret, or was signed more than five minutes ago.
        TooMany: (429) too many wrong ones from this network.
    """
    connected = slack_commands.find(account_id)
    if connected is None:
        raise NotFound("No slash command is connected at this address.")
    secret = slack_commands.secret_of(connected)
    if not secret or not is_signed(secret, timestamp, signature, body, clock.now()):
        rate_limits.spend(FORGED.of_network(address))
        raise Unsigned("This command is not signed with the signing secret of the app, or is too old.")
    return session.get_one(Account, account_id)


def open_session(account: Account, form: Mapping[str, str]) -> PokerSession:
    """Opens a session by a checked command, once however often the command comes: named by its text, else after the
    day, with the account's defaults. The first teammate who joins facilitates.

    Raises:
        Forbidden: (403) it comes from another Slack team than the first one did.
        Invalid: (422) the name cannot be used.
        OutOfCredits: (402) the account has no credit left.
        TooMany: (429) too many commands for the account.
    """
    account_id = account.id
    if not slack_commands.belongs_to(account_id, form.get("team_id", "")):
        raise Forbidden("This command belongs to another Slack team. Its account can connect it again.")
    rate_limits.spend(COMMANDS.of(account_id))
    defaults = account_settings.defaults_of(account)
    own = decks.chosen(account_id, defaults["deck"])
    return lifecycle.open_session(
        Membership(account, "facilitator", None, program=NAME),
        name=form.get("text", ""),
        deck=lifecycle.OWN_DECK if own else defaults["deck"],
        own=decks.as_typed(own) if own else "",
        options=options_from(defaults),
        member_name=NAME,
        secret=derived_secret(f"slack {account_id}"),
        form_key=ids.digest(f"slack {account_id} {form.get('trigger_id', '')}"),
    ).session
