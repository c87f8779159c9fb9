"""Billing: plans, credits, and the payments behind them. ``BILLING=off`` makes all of it invisible."""

from poker_app import accounts
from poker_app.billing import catalogue
from poker_app.rules.plans import Offer
from poker_app.settings import Settings

_offer: Offer | None = None


def configure(settings: Settings) -> None:
    """Loads the offer, and installs the plan rules for accounts, once a process; no offer with ``BILLING=off``. Raises
    ValueError for an invalid file of plans."""
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
    """The plans and packs that are sold. Raises RuntimeError with ``BILLING=off``."""
    if _offer is None:
        raise RuntimeError("nothing is sold: BILLING=off")
    return _offer
