from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from poker_app.rules.credits import Lot, add_months, balance, burn, expired, period, usable

NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)
SOON, LATE = NOW + timedelta(days=1), NOW + timedelta(days=300)

# Every day and second of twenty years.
moments = st.integers(0, 20 * 365 * 86_400).map(
    lambda seconds: datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)
)
lots = st.lists(
    st.builds(
        Lot,
        id=st.integers(1, 10_000),
        remaining=st.integers(0, 20),
        expires_at=st.none() | moments,
        priority=st.integers(0, 2),
    ),
    unique_by=lambda lot: lot.id,
)


def test_the_plan_s_credits_go_first_then_what_expires_first_then_the_oldest() -> None:
    pack, old_pack = Lot(4, 10, None, 2), Lot(3, 10, None, 2)
    month, trial = Lot(2, 3, LATE, 0), Lot(1, 2, SOON, 0)
    assert burn([pack, month, old_pack, trial], 18, NOW) == [(1, 2), (2, 3), (3, 10), (4, 3)]


def test_what_never_expires_is_kept_to_the_last_of_its_kind() -> None:
    assert burn([Lot(1, 1, None), Lot(2, 1, SOON)], 1, NOW) == [(2, 1)]


def test_what_has_expired_is_not_spent() -> None:
    assert burn([Lot(1, 5, NOW), Lot(2, 1, SOON)], 2, NOW) is None
    assert expired([Lot(1, 5, NOW), Lot(2, 1, SOON), Lot(3, 0, NOW), Lot(4, 9)], NOW) == [(1, 5)]


@given(lots, st.integers(1, 200), moments)
def test_burning_takes_exactly_what_is_asked_or_nothing(some: list[Lot], amount: int, now: datetime) -> None:
    taken = burn(some, amount, now)
    if taken is None:
        assert balance(some, now) < amount
        return
    assert sum(part for _, part in taken) == amount
    left = {lot.id: lot.remaining for lot in usable(some, now)}
    assert all(0 < part <= left[lot] for lot, part in taken)
    order = [lot.id for lot in usable(some, now)]
    assert [lot for lot, _ in taken] == order[: len(taken)]


def test_a_month_begins_on_the_anchor_s_day_or_on_the_month_s_last() -> None:
    anchor = datetime(2026, 1, 31, 9, 30, tzinfo=UTC)
    starts = [add_months(anchor, months) for months in range(5)]
    assert [start.strftime("%d.%m.") for start in starts] == ["31.01.", "28.02.", "31.03.", "30.04.", "31.05."]
    assert add_months(anchor, 25).strftime("%d.%m.%Y") == "29.02.2028"
    assert period(anchor, datetime(2026, 2, 28, 9, 29, tzinfo=UTC)) == (starts[0], starts[1])
    assert period(anchor, datetime(2026, 2, 28, 9, 30, tzinfo=UTC)) == (starts[1], starts[2])


@given(moments, moments)
def test_every_moment_lies_in_one_month(anchor: datetime, now: datetime) -> None:
    start, end = period(anchor, now)
    assert start < end
    if now >= anchor:
        assert start <= now < end
    else:
        assert (start, end) == period(anchor, anchor)
    assert period(anchor, start)[0] == start
    assert period(anchor, end)[0] == end
