from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from poker_app.rules import Unusable
from poker_app.rules.plans import (
    BUSINESS,
    BUSINESS_V1,
    FREE,
    GRACE,
    STANDARD,
    TEAM,
    Offer,
    Pack,
    dearer_for_less,
    standing,
)

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


def test_what_is_sold() -> None:
    assert [
        (plan.name, plan.credits, plan.members, plan.facilitators, plan.report_days) for plan in STANDARD.plans
    ] == [
        ("free", 3, 12, 1, 30),
        ("team", 20, 50, 5, 730),
        ("business", None, 200, None, None),
    ]
    assert [pack.credits for pack in STANDARD.packs] == [10, 50, 200]
    assert (STANDARD.trial_plan, STANDARD.trial_days) == ("team", 14)


def test_no_team_pays_more_for_less() -> None:
    assert dearer_for_less(STANDARD, range(1, 21)) == []
    # As it was sold before.
    before = replace(STANDARD, plans=(FREE, TEAM, BUSINESS_V1), earlier=())
    assert dearer_for_less(before, range(1, 21)) == [(1, "team", "business"), (2, "team", "business")]


def test_what_a_team_pays() -> None:
    assert [TEAM.monthly(team) for team in (1, 5, 6)] == [2900, 2900, None]
    assert [BUSINESS.monthly(team) for team in (1, 2, 3, 4)] == [3600, 3600, 3600, 4800]
    assert [BUSINESS_V1.monthly(team) for team in (1, 2)] == [1200, 2400]
    assert [larger.has_all_of(less) for less, larger in ((FREE, TEAM), (TEAM, BUSINESS), (BUSINESS, TEAM))] == [
        True,
        True,
        False,
    ]


def test_each_price_has_its_reason_beside_it() -> None:
    assert all(0 < len(plan.why) <= 50 for plan in STANDARD.plans)


def test_a_larger_pack_never_costs_more_a_credit() -> None:
    each = [pack.amount / pack.credits for pack in STANDARD.packs]
    assert each == sorted(each, reverse=True)


def test_what_a_price_stands_for() -> None:
    assert STANDARD.plan_of_price("faceup_business_seat_monthly_v1") == BUSINESS_V1
    assert STANDARD.plan_of_price(TEAM.price) == TEAM
    assert STANDARD.pack_of_price("faceup_pack_50_v1") == Pack(50, "faceup_pack_50_v1", 3900)
    assert (STANDARD.plan_of_price(""), STANDARD.pack_of_price("")) == (None, None)


def test_the_next_larger_plan_is_the_next_one_sold_whatever_it_costs() -> None:
    assert [STANDARD.larger(plan) for plan in STANDARD.plans] == [TEAM, BUSINESS, None]


@pytest.mark.parametrize(
    ("offer", "why"),
    [
        (lambda: Offer([]), "without a price"),
        (lambda: Offer([TEAM]), "without a price"),
        (lambda: Offer([FREE, replace(TEAM, name="free")]), "same name"),
        (lambda: Offer([FREE, TEAM, replace(BUSINESS, price=TEAM.price)]), "price of its own"),
        (lambda: Offer([FREE, BUSINESS], earlier=[BUSINESS]), "price of its own"),
        (lambda: Offer([FREE, TEAM], earlier=[BUSINESS_V1]), "one of a plan that is sold"),
        (lambda: Offer([FREE, replace(TEAM, min_seats=2)]), "paid per seat"),
        (lambda: Offer([FREE], [Pack(5, "", 100)]), "price of its own"),
        (lambda: Offer([FREE], [Pack(0, "p", 100)]), "at least one credit"),
        (lambda: Offer([replace(FREE, members=1)]), "fewer than two"),
        (lambda: Offer([replace(FREE, credits=-1)]), "below zero"),
        (lambda: Offer([replace(FREE, facilitators=None)]), "paid per seat"),
        (lambda: Offer([replace(FREE, report_days=0)]), "at least a day"),
        (lambda: Offer([FREE], trial_plan="free", trial_days=14), "What is tried"),
        (lambda: Offer([FREE, TEAM], trial_plan="team"), "What is tried"),
    ],
)
def test_what_could_not_be_sold(offer, why: str) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(Unusable, match=why):
        offer()


def test_who_never_paid_has_the_free_plan() -> None:
    assert standing(STANDARD, NOW).plan == FREE
    assert standing(STANDARD, NOW, plan="team", status="canceled").plan == FREE
    assert standing(STANDARD, NOW, plan="gone", status="active").plan == FREE
    assert standing(STANDARD, NOW, plan="team", status="incomplete").plan == FREE


def test_a_subscription_is_its_plan() -> None:
    for status in ("active", "trialing"):
        assert standing(STANDARD, NOW, plan="business", status=status).plan == BUSINESS


def test_a_failed_payment_has_fourteen_days() -> None:
    def after(**time: float) -> object:
        moment = NOW + timedelta(**time)
        return standing(STANDARD, moment, plan="team", status="past_due", past_due_since=NOW)

    assert [(found.plan, found.read_only, found.grace_ends) for found in (after(days=13.99), after(days=14))] == [
        (TEAM, False, NOW + GRACE),
        (TEAM, True, NOW + GRACE),
    ]


def test_a_trial_ends() -> None:
    ends = NOW + timedelta(days=14)
    assert (standing(STANDARD, NOW, trial_ends=ends).plan, standing(STANDARD, ends, trial_ends=ends).plan) == (
        TEAM,
        FREE,
    )
    assert standing(STANDARD, NOW, plan="business", status="active", trial_ends=ends).plan == BUSINESS
