"""Credits: granted, spent, given back, taken back; and that the books agree whatever happens."""

import random
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute

from poker_app import clock as clocks
from poker_app import ids
from poker_app.accounts.models import Account
from poker_app.billing import ledger
from poker_app.billing.models import CreditAccount, CreditEntry, CreditLot, CreditTxn
from poker_app.db import session, transaction
from poker_app.errors import OutOfCredits
from tests.cast import Clock


@pytest.fixture
def account(context: None, clock: Clock) -> str:
    return an_account()


def an_account() -> str:
    with transaction():
        made = Account(id=ids.new_id(), name="Nordbahn", created_at=clocks.now())
        session.add(made)
    return made.id


def done[T](action: Callable[[], T]) -> T:
    with transaction():
        return action()


def grant(account: str, key: str, amount: int, *, source: str = "pack", days: float | None = None) -> None:
    ends = clocks.now() + timedelta(days=days) if days is not None else None
    done(lambda: ledger.grant(account, key, amount, source=source, why="A test", expires_at=ends))


def spend(account: str, key: str) -> None:
    done(lambda: ledger.spend(account, key, ref=key, why="A test"))


def lines(account: str) -> list[tuple[str, int, int]]:
    return [(txn.kind, txn.amount, txn.balance_after) for txn in reversed(ledger.history(account))]


def total(column: InstrumentedAttribute[int], account: str) -> int | None:
    return session.scalar(select(func.coalesce(func.sum(column), 0)).where(column.class_.account_id == account))


def the_books_agree(account: str) -> None:
    """Balance, lots, entries and lines all say the same, and nothing is below zero."""
    kept = session.scalars(select(CreditAccount.balance).where(CreditAccount.account_id == account)).one()
    in_lots, written = total(CreditLot.remaining, account), total(CreditTxn.amount, account)
    entries = select(func.coalesce(func.sum(CreditEntry.amount), 0)).join(CreditTxn, CreditTxn.id == CreditEntry.txn_id)
    entered = session.scalar(entries.where(CreditTxn.account_id == account))
    assert kept == in_lots == written == entered
    assert kept >= 0
    running = 0
    for _kind, amount, after in lines(account):
        running += amount
        assert running == after
    session.rollback()


def test_granted_and_spent(account: str) -> None:
    grant(account, "pack:1", 2)
    spend(account, "session:a")
    assert ledger.balance(account) == 1
    assert lines(account) == [("grant", 2, 2), ("spend", -1, 1)]
    the_books_agree(account)


def test_a_key_counts_once(account: str) -> None:
    for _ in range(3):
        grant(account, "pack:1", 5)
        spend(account, "session:a")
    assert lines(account) == [("grant", 5, 5), ("spend", -1, 4)]


def test_the_same_key_is_another_one_in_another_account(account: str) -> None:
    other = an_account()
    grant(account, "pack:1", 5)
    grant(other, "pack:1", 7)
    assert (ledger.balance(account), ledger.balance(other)) == (5, 7)


def test_nothing_is_spent_that_is_not_there(account: str) -> None:
    with pytest.raises(OutOfCredits):
        spend(account, "session:a")
    grant(account, "pack:1", 1)
    spend(account, "session:a")
    with pytest.raises(OutOfCredits):
        spend(account, "session:b")
    session.rollback()
    assert lines(account) == [("grant", 1, 1), ("spend", -1, 0)]


def test_what_came_with_the_plan_goes_first(account: str) -> None:
    grant(account, "pack:1", 5)
    grant(account, "plan:1", 2, source="plan", days=20)
    spend(account, "session:a")
    assert [(lot.source, lot.remaining) for lot in ledger.lots(account)] == [("plan", 1), ("pack", 5)]


def test_what_expires_is_written_off_once(account: str, clock: Clock) -> None:
    grant(account, "plan:1", 3, source="plan", days=30)
    grant(account, "pack:1", 1)
    clock.forward(days=30)
    assert ledger.balance(account) == 1
    spend(account, "session:a")
    with pytest.raises(OutOfCredits):
        spend(account, "session:b")
    session.rollback()
    assert lines(account) == [("grant", 3, 3), ("grant", 1, 4), ("expiry", -3, 1), ("spend", -1, 0)]
    the_books_agree(account)


def test_what_is_given_back_goes_to_where_it_came_from(account: str) -> None:
    grant(account, "plan:1", 1, source="plan", days=30)
    grant(account, "pack:1", 1)
    spend(account, "session:a")
    for _ in range(2):
        done(lambda: ledger.reverse(account, "session:a", why="Ended early"))
    assert [(lot.source, lot.remaining) for lot in ledger.lots(account)] == [("plan", 1), ("pack", 1)]
    assert lines(account)[-1] == ("refund", 1, 2)
    assert done(lambda: ledger.reverse(account, "session:b", why="Never opened")) is None
    the_books_agree(account)


def test_what_expired_meanwhile_expires_again(account: str, clock: Clock) -> None:
    grant(account, "plan:1", 2, source="plan", days=30)
    spend(account, "session:a")
    clock.forward(days=31)
    grant(account, "pack:1", 1)
    done(lambda: ledger.reverse(account, "session:a", why="Ended early"))
    assert [kind for kind, _, _ in lines(account)] == ["grant", "spend", "grant", "expiry", "refund", "expiry"]
    assert ledger.balance(account) == 1
    the_books_agree(account)


def test_only_what_is_unspent_is_taken_back(account: str) -> None:
    grant(account, "pack:1", 10)
    spend(account, "session:a")
    for _ in range(2):
        done(lambda: ledger.take_back(account, "dispute:1", "pack:1", why="Payment returned"))
    assert ledger.balance(account) == 0
    assert lines(account)[-1] == ("take-back", -9, 0)
    assert done(lambda: ledger.take_back(account, "dispute:2", "pack:1", why="Again")) is None
    assert done(lambda: ledger.take_back(account, "dispute:3", "pack:9", why="Never bought")) is None
    the_books_agree(account)


@pytest.mark.parametrize("seed", range(8))
def test_the_books_agree_whatever_happens(account: str, clock: Clock, seed: int) -> None:
    chance = random.Random(seed)
    for step in range(60):
        key = f"{chance.choice('abcdefgh')}"
        try:
            match chance.randrange(5):
                case 0:
                    grant(account, f"g{step}", chance.randint(1, 4), source="plan", days=chance.choice([1, 5, 30]))
                case 1:
                    grant(account, f"p{key}", chance.randint(1, 4))
                case 2:
                    spend(account, f"s{key}")
                case 3:
                    done(lambda key=key: ledger.reverse(account, f"s{key}", why="Back"))
                case 4:
                    done(lambda key=key, step=step: ledger.take_back(account, f"t{step}", f"p{key}", why="Returned"))
        except OutOfCredits:
            session.rollback()
        clock.forward(hours=chance.randint(0, 30))
        session.rollback()
    the_books_agree(account)
