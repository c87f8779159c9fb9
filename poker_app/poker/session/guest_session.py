"""Claiming: a session that a guest opened without an account becomes an account's, for a credit."""

from functools import partial

from poker_app.accounts.memberships import Membership
from poker_app.billing import entitlements
from poker_app.db import session, transaction
from poker_app.poker.change import Holder, by_member, change_within
from poker_app.poker.models import PokerSession
from poker_app.rules.session import lifecycle as rules


def claim(who: Holder, membership: Membership) -> None:
    """Assigns a guest's session to an account, as if it had been opened for it, with its members, tasks and votes. It
    costs a credit, which is given back where the session ended before its first reveal. A second call changes nothing.

    Raises:
        NotFound: (404) the session is not there for ``who``.
        Forbidden: (403) for a member who does not facilitate.
        Conflict: (409) it is another account's already.
        OutOfCredits, NotInPlan: (402) the account can open no session now; nothing is changed.
    """
    account_id, user_id = membership.account.id, membership.user.id if membership.user else None
    rule = partial(rules.claim, account_id=account_id)
    with transaction():
        made = change_within(who.session_id, by_member(who, rule, after_end=True, after_leaving=True))
        if not made.happened:
            return
        value = made.value
        session.get_one(PokerSession, value.id).user_id = user_id
        entitlements.pay_for_session(account_id, value.id, name=value.name, user_id=user_id)
        if value.ended_at and not value.used:
            entitlements.give_back_session(account_id, value.id)
