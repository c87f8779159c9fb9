"""Accounts: users, memberships, teammates. This module holds the sign-in mode, the plan's limits, and the signal of
lost access."""

import hashlib
import hmac
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from blinker import Signal

from poker_app.db import after_commit
from poker_app.settings import Settings

# Sent, after the commit, with the id of a user who lost access: a sign-in of theirs ended, or (``account_id``) they
# belong to that account no longer.
access_ended = Signal()

_open = True
_key = b""


def configure(settings: Settings) -> None:
    """Stores the sign-in mode and the key of derived secrets, once a process."""
    global _open, _key
    _open, _key = settings.auth == "open", settings.signing_key.encode()


def auth_is_open() -> bool:
    """Whether ``AUTH=open``: without sign-in, every caller acts for the one local account."""
    return _open


def derived_secret(of: str) -> str:
    """HMAC of ``of`` with ``SECRET_KEY``: a secret that can be computed again whenever it is to be shown. Only its
    digest is stored, so the database without ``SECRET_KEY`` reveals nothing."""
    return hmac.new(_key, of.encode(), hashlib.sha256).hexdigest()[:32]


def end_access(user_id: str, account_id: str | None = None) -> None:
    """Send ``access_ended`` once the transaction under way is committed."""
    after_commit(partial(access_ended.send, user_id, account_id=account_id))


@dataclass(frozen=True, slots=True)
class PlanRules:
    """Limits that an account's plan sets, each a function of the account's id. The defaults apply without billing and
    allow everything.

    ``max_teammates`` is None for any number; ``teammates_changed`` is called inside the transaction in which a teammate
    comes to an account or goes.
    """

    max_teammates: Callable[[str], int | None] = lambda account_id: None
    may_choose_days: Callable[[str], bool] = lambda account_id: True
    may_require_sign_on: Callable[[str], bool] = lambda account_id: True
    teammates_changed: Callable[[str], None] = lambda account_id: None


_plan_rules = PlanRules()


def use_plan_rules(rules: PlanRules) -> None:
    """Replaces the default plan rules, once a process."""
    global _plan_rules
    _plan_rules = rules


def max_teammates(account_id: str) -> int | None:
    """How many teammates an account may have; None: any number."""
    return _plan_rules.max_teammates(account_id)


def may_choose_days(account_id: str) -> bool:
    """Whether an account chooses itself how long its reports are kept."""
    return _plan_rules.may_choose_days(account_id)


def may_require_sign_on(account_id: str) -> bool:
    """Whether an account may require its teammates to sign in by one provider."""
    return _plan_rules.may_require_sign_on(account_id)


def teammates_changed(account_id: str) -> None:
    """Calls the plan's hook inside the transaction in which a teammate comes to an account or goes."""
    _plan_rules.teammates_changed(account_id)
