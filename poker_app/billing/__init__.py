"""Billing: plans, credits, and the payments behind them. ``BILLING=off`` makes all of it invisible."""

from poker_app import accounts
from poker_app.billing import catalogue
from poker_app.rules.plans import Offer
from poker_app.settings import Settings

_offer: Offer | None = None


def configure(settings: Settings) -> None:
    """What is sold here, once a process; nothing with ``BILLING=off``. Raises ValueError for a file that sells
    nonsense."""
    from poker_app.billing import entitlements, seat_sync

    global _offer
    _offer = None if settings.billing == "off" else catalogue.load(settings.plans_file)
    accounts.use_plan_rules(
        accounts.PlanRules(
            max_teammates=entitlements.max_facilitators,
            may_choose_days=entitlements.may_choose_days,
            may_require_sign_on=entitlements.may_require_sign_on,
            teammates_changed=seat_sync.teammates_changed,
        )
    )


def is_on() -> bool:
    """Whether sessions cost credits and accounts have plans here."""
    return _offer is not None


def offer() -> Offer:
    """What is sold. To be asked only where something is."""
    if _offer is None:
        raise RuntimeError("nothing is sold: BILLING=off")
    return _offer
