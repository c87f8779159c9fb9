"""Plans: what an account may do for what price, and which plan it has. Versioned: an account keeps the version that it
subscribed to."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from poker_app.rules import Unusable


@dataclass(frozen=True, slots=True)
class Plan:
    """An offer. ``credits`` a month, None where sessions need none; ``facilitators`` None where each one is a seat that
    is paid for; ``report_days`` None where the account chooses by itself. ``price`` is the payment provider's lookup
    key, empty for what costs nothing; ``amount`` what the pricing page says that it costs, in cents a month."""

    name: str
    label: str
    version: int = 1
    credits: int | None = 0
    members: int = 12
    facilitators: int | None = 1
    report_days: int | None = 30
    price: str = ""
    amount: int = 0
    per_seat: bool = False
    sign_on_enforced: bool = False
    audit_export: bool = False


@dataclass(frozen=True, slots=True)
class Pack:
    """Credits to buy once. They never expire."""

    credits: int
    price: str
    amount: int


@dataclass(frozen=True, slots=True)
class Offer:
    """Everything that can be had: the plans from the least to the most, the packs, and what may be tried for how many
    days. The first plan is what an account has that pays nothing."""

    plans: Sequence[Plan]
    packs: Sequence[Pack] = ()
    trial_plan: str = ""
    trial_days: int = 0
    currency: str = "eur"
    _by_name: dict[str, Plan] = field(init=False, repr=False, compare=False, default_factory=dict)

    def __post_init__(self) -> None:
        check(self)
        self._by_name.update({plan.name: plan for plan in self.plans})

    @property
    def free(self) -> Plan:
        return self.plans[0]

    def plan(self, name: str) -> Plan:
        """A plan by its name. Raises KeyError."""
        return self._by_name[name]

    def larger(self, plan: Plan) -> Plan | None:
        """The next plan; None after the last."""
        return next(iter(self.plans[self.plans.index(plan) + 1 :]), None)

    def plan_of_price(self, price: str) -> Plan | None:
        """The plan that a lookup key of the payment provider stands for."""
        return next((plan for plan in self.plans if price and plan.price == price), None)

    def pack_of_price(self, price: str) -> Pack | None:
        """The pack that a lookup key of the payment provider stands for."""
        return next((pack for pack in self.packs if price and pack.price == price), None)


def check(offer: Offer) -> None:
    """Raises Unusable, saying what is wrong, for an offer that could not be sold."""
    if not offer.plans or offer.plans[0].price:
        raise Unusable("The first plan is the one without a price.")
    names = [plan.name for plan in offer.plans]
    prices = [plan.price for plan in offer.plans[1:]] + [pack.price for pack in offer.packs]
    if len(set(names)) < len(names):
        raise Unusable("Two plans have the same name.")
    if not all(prices) or len(set(prices)) < len(prices):
        raise Unusable("Every plan after the first and every pack has a price of its own.")
    for plan in offer.plans:
        if not plan.label or plan.members < 2 or (plan.credits or 0) < 0 or plan.amount < 0:
            raise Unusable(f"The plan {plan.name} has no label, fewer than two members, or a figure below zero.")
        if (plan.facilitators is None) != plan.per_seat or (plan.facilitators or 1) < 1:
            raise Unusable(f"The plan {plan.name} either has a number of facilitators or is paid per seat.")
        if plan.report_days is not None and plan.report_days < 1:
            raise Unusable(f"The plan {plan.name} keeps reports for at least a day.")
    if any(pack.credits < 1 or pack.amount < 0 for pack in offer.packs):
        raise Unusable("A pack has at least one credit.")
    if offer.trial_plan and (offer.trial_plan not in names[1:] or offer.trial_days < 1):
        raise Unusable("What is tried is a plan with a price, for at least a day.")


# How long an account may go on after a payment has failed.
GRACE = timedelta(days=14)


def low_balance(monthly: int) -> int:
    """With how many credits left an account is told that they run out: a fifth of a month's, and at least one."""
    return max(1, monthly // 5)


@dataclass(frozen=True, slots=True)
class Standing:
    """Which plan an account has now. ``grace_ends``: a payment has failed, and from then on it is ``read_only``: what
    is there can be seen and taken along, and nothing new begins. ``trial_ends``: the plan is only tried."""

    plan: Plan
    read_only: bool = False
    grace_ends: datetime | None = None
    trial_ends: datetime | None = None


def standing(
    offer: Offer,
    now: datetime,
    *,
    plan: str = "",
    status: str = "",
    past_due_since: datetime | None = None,
    trial_ends: datetime | None = None,
) -> Standing:
    """What a subscription (by the payment provider's words) and a trial come to.

    A plan that is no longer sold in any version is served as the free one, so that nobody is locked out by an
    operator's edit.
    """
    known = next((each for each in offer.plans if each.name == plan), offer.free)
    if status in ("active", "trialing"):
        return Standing(known)
    if status in ("past_due", "unpaid"):  # "incomplete" is a first payment that never succeeded: nothing was bought
        ends = (past_due_since or now) + GRACE
        return Standing(known, read_only=now >= ends, grace_ends=ends)
    if offer.trial_plan and trial_ends and now < trial_ends:
        return Standing(offer.plan(offer.trial_plan), trial_ends=trial_ends)
    return Standing(offer.free)


FREE = Plan("free", "Free", credits=3, members=12, facilitators=1, report_days=30)
TEAM = Plan(
    "team", "Team", credits=20, members=50, facilitators=5, report_days=730, price="faceup_team_monthly_v1", amount=2900
)
BUSINESS = Plan(
    "business",
    "Business",
    credits=None,
    members=200,
    facilitators=None,
    report_days=None,
    price="faceup_business_seat_monthly_v1",
    amount=1200,
    per_seat=True,
    sign_on_enforced=True,
    audit_export=True,
)

# What is sold unless an operator's file says otherwise.
STANDARD = Offer(
    plans=(FREE, TEAM, BUSINESS),
    packs=(
        Pack(10, "faceup_pack_10_v1", 900),
        Pack(50, "faceup_pack_50_v1", 3900),
        Pack(200, "faceup_pack_200_v1", 12900),
    ),
    trial_plan="team",
    trial_days=14,
)

# What an account has where nothing is sold.
EVERYTHING = Plan(
    "everything",
    "Everything",
    credits=None,
    members=300,
    facilitators=None,
    report_days=None,
    per_seat=True,
    sign_on_enforced=True,
    audit_export=True,
)
