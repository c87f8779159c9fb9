"""An account's settings: its name, the defaults of new sessions, how long reports are kept, who may join by email
domain."""

from collections.abc import Callable, Mapping

from poker_app import accounts
from poker_app.accounts import decks
from poker_app.accounts.account_lock import change
from poker_app.accounts.memberships import Membership, account_name
from poker_app.accounts.models import Account
from poker_app.errors import Conflict, Invalid, NotInPlan
from poker_app.rules.deck import DECKS
from poker_app.rules.email_domains import company_of
from poker_app.rules.session.value import SWITCHES
from poker_app.rules.timer import MAX_SECONDS, MIN_SECONDS

FIRST_DEFAULTS = {"deck": "fibonacci", "timer_minutes": "3"}
MIN_DAYS, MAX_DAYS = 30, 1095
# Days that reports are kept where neither the account nor a plan sets a number.
FIRST_DAYS = 365


def rename(membership: Membership, typed: str) -> None:
    """Give the account another name. Raises Invalid."""
    membership.require_arranging("rename the account")
    name = account_name(typed)
    with change(membership) as now:
        now.require_arranging("rename the account")
        if now.account.name != name:
            now.account.name = name
            now.note("account-renamed", name)


# --- how a new session begins


def defaults_of(account: Account) -> dict[str, str]:
    """Values that the form for a new session begins with, by the names of its fields; a switch is "1" or missing.

    A default deck that was deleted gives way to the first one.
    """
    return {**FIRST_DEFAULTS, **chosen_defaults(account)}


def chosen_defaults(account: Account) -> dict[str, str]:
    """Defaults that the account itself has chosen. A default deck that was deleted is left out."""
    kept = {name: str(value) for name, value in account.session_defaults.items() if value}
    if kept.get("deck") not in DECKS and decks.chosen(account.id, kept.get("deck", "")) is None:
        kept.pop("deck", None)
    return kept


def set_defaults(
    membership: Membership, form: Mapping[str, str], expect: Callable[[Account], None] | None = None
) -> Account:
    """Stores the defaults of new sessions from a form with the fields of the form for a new session, and returns the
    account. ``expect`` may refuse the account as it is until then. Raises Invalid."""
    membership.require_arranging("change the session defaults")
    minutes = _minutes(form.get("timer_minutes", ""))
    with change(membership) as now:
        now.require_arranging("change the session defaults")
        if expect:
            expect(now.account)
        wanted = {"deck": _deck(now, form.get("deck", "")), "timer_minutes": minutes}
        wanted |= {switch: "1" for switch in SWITCHES if form.get(switch)}
        if wanted != now.account.session_defaults:
            now.account.session_defaults = wanted
            now.note("defaults-changed", _described(now, wanted))
    return now.account


def _minutes(typed: str) -> str:
    try:
        seconds = round(float(typed.strip() or FIRST_DEFAULTS["timer_minutes"]) * 60)
    except (ValueError, OverflowError) as problem:
        raise Invalid("The timer's length is a number of minutes.", "timer_length") from problem
    if not MIN_SECONDS <= seconds <= MAX_SECONDS:
        raise Invalid(f"A timer runs from {MIN_SECONDS} seconds to {MAX_SECONDS // 60} minutes.", "timer_length")
    return f"{round(seconds / 60, 4):g}"


def _deck(now: Membership, choice: str) -> str:
    if choice in DECKS or decks.chosen(now.account.id, choice):
        return choice
    raise Invalid("Choose one of the decks.", "deck")


def _described(now: Membership, wanted: Mapping[str, str]) -> str:
    own = decks.chosen(now.account.id, wanted["deck"])
    deck = own.name if own else DECKS[wanted["deck"]].label
    on = [switch.replace("_", " ") for switch in SWITCHES if switch in wanted]
    return ", ".join([deck, f"{wanted['timer_minutes']} minutes", *on])


# --- retention and joining by domain


def set_retention(membership: Membership, typed: str) -> None:
    """Keep a session and its report so many days after its end, 30 to 1095.

    Raises:
        NotInPlan: (402) the plan does not have it.
        Invalid: (422) fewer or more days.
    """
    membership.require("admin", "say how long reports are kept")
    if not accounts.may_choose_days(membership.account.id):
        raise NotInPlan("How long reports are kept is chosen on a larger plan only. See Plan and billing.")
    text = typed.strip()
    days = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else 0
    if not MIN_DAYS <= days <= MAX_DAYS:
        raise Invalid(f"Reports are kept {MIN_DAYS} to {MAX_DAYS} days, which is three years.", "report_days")
    with change(membership) as now:
        now.require("admin", "say how long reports are kept")
        if now.account.report_days != days:
            now.account.report_days = days
            now.note("retention-changed", f"{days} days")


def own_domain(membership: Membership) -> str | None:
    """Domain that the acting user may open their account to: that of their own proven address. None for a public mail
    service's domain."""
    if membership.user is None or membership.user.email is None:
        return None
    return company_of(membership.user.email)


def open_to_domain(membership: Membership) -> None:
    """Opens the account to everybody who has proven an address at the acting user's own domain.

    Raises:
        NotFound, Forbidden: (404, 403) as `change`, and for a teammate who is no owner or admin.
        Conflict: (409) the user has no proven address at a domain of their own.
    """
    membership.require("admin", "open the account to a domain")
    with change(membership) as now:
        now.require("admin", "open the account to a domain")
        domain = own_domain(now)
        if domain is None:
            raise Conflict("Your own address is at a mail service that is open to everybody, so its users are no team.")
        if now.account.domain != domain:
            now.account.domain = domain
            now.note("domain-opened", domain)


def close_to_domain(membership: Membership) -> None:
    """Closes the account to its domain. Users who have joined stay."""
    membership.require("admin", "close the account to a domain")
    with change(membership) as now:
        now.require("admin", "close the account to a domain")
        if now.account.domain:
            now.note("domain-closed", now.account.domain)
            now.account.domain = None
