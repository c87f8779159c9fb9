"""Plans: what an account may do for what price, and which plan it has. Versioned: an account keeps the version that it
subscribed to."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import permutations

from poker_app.rules import Unusable
from poker_app.rules.durations import in_words

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """An offer. ``credits`` a month, None where sessions need none; ``facilitators`` None where each one is a seat that
    is paid for; ``file_megabytes``, of a million bytes, are the longest file's, ``storage_megabytes`` those of all the
    account's files, None where they are not counted; ``report_days`` None where the account chooses by itself.
    ``price`` is the payment provider's lookup key, empty for what costs nothing; ``amount`` what the pricing page says
    that it costs, in cents a month, or a seat and month, with ``min_seats`` paid at least. ``why`` stands beside the
    price: in one line, for whom it is worth it.
    """

    name: str
    label: str
    version: int = 1
    credits: int | None = 0
    members: int = 12
    facilitators: int | None = 1
    report_days: int | None = 30
    file_megabytes: int = 10
    storage_megabytes: int | None = 100
    price: str = ""
    amount: int = 0
    per_seat: bool = False
    sign_on_enforced: bool = False
    audit_export: bool = False
    min_seats: int = 1
    why: str = ""

    @property
    def file_bytes(self) -> int:
        """Bytes of the longest file."""
        return self.file_megabytes * MEGABYTE

    @property
    def storage_bytes(self) -> int | None:
        """Bytes of all the account's files; None where they are not counted."""
        return None if self.storage_megabytes is None else self.storage_megabytes * MEGABYTE

    def monthly(self, facilitators: int) -> int | None:
        """Returns what so many facilitators pay a month, in cents; None where the plan has no place for them all."""
        if self.facilitators is not None and facilitators > self.facilitators:
            return None
        return self.amount * (max(facilitators, self.min_seats) if self.per_seat else 1)

    def has_all_of(self, other: "Plan") -> bool:
        """Whether the plan has at least what another one has, for a team that has a place in both."""
        counted = (
            (self.credits, other.credits),
            (self.report_days, other.report_days),
            (self.storage_megabytes, other.storage_megabytes),
        )
        switches = ((self.sign_on_enforced, other.sign_on_enforced), (self.audit_export, other.audit_export))
        return (
            self.members >= other.members
            and self.file_megabytes >= other.file_megabytes
            and all(mine is None or (theirs is not None and mine >= theirs) for mine, theirs in counted)
            and all(mine or not theirs for mine, theirs in switches)
        )


@dataclass(frozen=True, slots=True)
class Pack:
    """Credits to buy once. They never expire."""

    credits: int
    price: str
    amount: int


@dataclass(frozen=True, slots=True)
class Offer:
    """The plans from the least to the most, the packs, and which plan may be tried for how many days. The first plan is
    that of an account that pays nothing. ``earlier`` are versions of plans that are not sold any more, and go on at
    their price for their subscribers."""

    plans: Sequence[Plan]
    packs: Sequence[Pack] = ()
    trial_plan: str = ""
    trial_days: int = 0
    currency: str = "eur"
    earlier: Sequence[Plan] = ()
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
        return next((plan for plan in (*self.plans, *self.earlier) if price and plan.price == price), None)

    def pack_of_price(self, price: str) -> Pack | None:
        """The pack that a lookup key of the payment provider stands for."""
        return next((pack for pack in self.packs if price and pack.price == price), None)


def check(offer: Offer) -> None:
    """Raises Unusable, saying what is wrong, for an offer that could not be sold."""
    if not offer.plans or offer.plans[0].price:
        raise Unusable("The first plan is the one without a price.")
    names = [plan.name for plan in offer.plans]
    prices = [plan.price for plan in (*offer.plans[1:], *offer.earlier)] + [pack.price for pack in offer.packs]
    if len(set(names)) < len(names):
        raise Unusable("Two plans have the same name.")
    if not all(prices) or len(set(prices)) < len(prices):
        raise Unusable("Every plan after the first and every pack has a price of its own.")
    if any(plan.name not in names[1:] for plan in offer.earlier):
        raise Unusable("An earlier version is one of a plan that is sold.")
    for plan in (*offer.plans, *offer.earlier):
        if not plan.label or plan.members < 2 or (plan.credits or 0) < 0 or plan.amount < 0:
            raise Unusable(f"The plan {plan.name} has no label, fewer than two members, or a figure below zero.")
        if (plan.facilitators is None) != plan.per_seat or (plan.facilitators or 1) < 1:
            raise Unusable(f"The plan {plan.name} either has a number of facilitators or is paid per seat.")
        if plan.min_seats < 1 or (plan.min_seats > 1 and not plan.per_seat):
            raise Unusable(f"The plan {plan.name} has a least number of seats only where it is paid per seat.")
        if plan.file_megabytes < 0 or (plan.storage_megabytes or 0) < 0:
            raise Unusable(f"The plan {plan.name} has files of fewer than no bytes.")
        if plan.report_days is not None and plan.report_days < 1:
            raise Unusable(f"The plan {plan.name} keeps reports for at least a day.")
    if any(pack.credits < 1 or pack.amount < 0 for pack in offer.packs):
        raise Unusable("A pack has at least one credit.")
    if offer.trial_plan and (offer.trial_plan not in names[1:] or offer.trial_days < 1):
        raise Unusable("What is tried is a plan with a price, for at least a day.")


def dearer_for_less(offer: Offer, teams: Iterable[int]) -> list[tuple[int, str, str]]:
    """Returns where a team of so many facilitators pays more for a plan than for one that has all of it: the size, the
    dearer plan, and the other."""
    pairs = [(less, more) for less, more in permutations(offer.plans, 2) if more.has_all_of(less)]
    costs = [(team, less, more, less.monthly(team), more.monthly(team)) for team in teams for less, more in pairs]
    return [
        (team, less.name, more.name)
        for team, less, more, paid, instead in costs
        if paid is not None and instead is not None and paid > instead
    ]


# How long an account may go on after a payment has failed.
GRACE = timedelta(days=14)


def low_balance(monthly: int) -> int:
    """Returns the balance at which an account is warned that its credits run out: a fifth of a month's, and at least
    one."""
    return max(1, monthly // 5)


@dataclass(frozen=True, slots=True)
class Standing:
    """The plan that an account has now. ``grace_ends``: a payment has failed, and from then on it is ``read_only``:
    what is there can be seen and downloaded, and nothing new begins. ``trial_ends``: the plan is only tried."""

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
    """Returns the standing that follows from a subscription (by the payment provider's words) and a trial.

    A plan that is no longer sold in any version is served as the free one, so that no account is locked out by an
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


FREE = Plan(
    "free",
    "Free",
    credits=3,
    members=12,
    facilitators=1,
    report_days=30,
    why="For one facilitator, now and then.",
)
TEAM = Plan(
    "team",
    "Team",
    credits=20,
    members=50,
    facilitators=5,
    report_days=730,
    file_megabytes=25,
    storage_megabytes=5_000,
    price="faceup_team_monthly_v1",
    amount=2900,
    why="One price, whether one or five people facilitate.",
)
# Without a least number of seats, one or two facilitators would pay less for Business than for Team, which has less:
# docs/decisions/business-seats.md.
BUSINESS = Plan(
    "business",
    "Business",
    version=2,
    credits=None,
    members=200,
    facilitators=None,
    report_days=None,
    file_megabytes=25,
    storage_megabytes=50_000,
    price="faceup_business_seat_monthly_v2",
    amount=1200,
    per_seat=True,
    sign_on_enforced=True,
    audit_export=True,
    min_seats=3,
    why="With one or two facilitators Team costs less.",
)
BUSINESS_V1 = replace(BUSINESS, version=1, price="faceup_business_seat_monthly_v1", min_seats=1)

# The offer that is sold unless an operator's file says otherwise.
STANDARD = Offer(
    plans=(FREE, TEAM, BUSINESS),
    earlier=(BUSINESS_V1,),
    packs=(
        Pack(10, "faceup_pack_10_v1", 900),
        Pack(50, "faceup_pack_50_v1", 3900),
        Pack(200, "faceup_pack_200_v1", 12900),
    ),
    trial_plan="team",
    trial_days=14,
)

# The plan of guests who open a session without an account, where accounts pay for theirs: the figures of
# docs/decisions/guest-sessions.md. The account has no owner, and never a teammate. Reports end with the session.
GUESTS = "guests"
GUEST = Plan("guest", "Guest", credits=None, members=5, report_days=0, file_megabytes=0, storage_megabytes=0)
MAX_GUEST_ROUNDS = 5
GUEST_DAYS_KEPT = 1
GUEST_KEPT = in_words(timedelta(days=GUEST_DAYS_KEPT))

# The plan of every account where nothing is sold.
EVERYTHING = Plan(
    "everything",
    "Everything",
    credits=None,
    members=300,
    facilitators=None,
    report_days=None,
    file_megabytes=25,
    storage_megabytes=None,
    per_seat=True,
    sign_on_enforced=True,
    audit_export=True,
)
