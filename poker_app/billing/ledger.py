"""The ledger of credits: append-only operations, each with a unique key, so that a repeated one changes nothing.

Every function works inside the caller's transaction and locks the account's row first, so that operations on one
account follow each other: on PostgreSQL by that row's lock, on SQLite by the single writer's. Keys are unique in the
account (``session:<id>``, ``plan:<subscription>:<period>``, ``pack:<checkout>``). An operation whose key exists changes
nothing and returns the first one's result.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update

from poker_app import clock
from poker_app.billing import audit_trail
from poker_app.billing.models import CreditAccount, CreditEntry, CreditLot, CreditTxn
from poker_app.db import add_if_missing, session
from poker_app.errors import OutOfCredits
from poker_app.rules import credits as rules

# Price of opening a session, in credits.
SESSION_CREDITS = 1
# Order of spending, the lowest first: a plan's credits before those that were paid for by themselves.
PRIORITY = {"plan": 0, "trial": 0, "grant": 1, "pack": 2}


def grant(
    account_id: str,
    key: str,
    amount: int,
    *,
    source: str,
    why: str,
    expires_at: datetime | None = None,
    ref: str = "",
    user_id: str | None = None,
) -> CreditTxn:
    """Adds a lot of at least one credit, which expires at a moment or never."""
    _hold(account_id)
    if known := _known(account_id, key):
        return known
    now = clock.now()
    lot = CreditLot(
        account_id=account_id,
        source=source,
        priority=PRIORITY[source],
        amount=amount,
        remaining=0,
        expires_at=expires_at,
        created_at=now,
    )
    session.add(lot)
    session.flush()
    made = _write(account_id, key, "grant", [(lot.id, amount)], ref=ref, why=why, user_id=user_id)
    audit_trail.write_credits(made, bought=source == "pack")
    _expire(account_id, now)
    return made


def spend(
    account_id: str, key: str, *, ref: str, why: str, user_id: str | None = None, amount: int = SESSION_CREDITS
) -> CreditTxn:
    """Spends credits, those first that expire first. Raises OutOfCredits, with nothing changed, if there are too few.

    A spending that was reversed may be made again, under a key of its own.
    """
    sentence = "Opening a session takes a credit, and this account has none left."
    return _take(account_id, key, "spend", amount, sentence, ref=ref, why=why, user_id=user_id)


def withdraw(account_id: str, key: str, amount: int, *, why: str) -> CreditTxn:
    """Takes back unspent credits, those first that would be spent first. Raises OutOfCredits, with nothing changed, if
    there are fewer."""
    return _take(account_id, key, "take-back", amount, "This account has fewer credits than that.", why=why)


def _take(account_id: str, key: str, kind: str, amount: int, sentence: str, **about: Any) -> CreditTxn:
    _hold(account_id)
    if known := _known(account_id, key):
        return known
    now = clock.now()
    _expire(account_id, now)
    taken = rules.burn(_lots(account_id), amount, now)
    if taken is None:
        raise OutOfCredits(sentence)
    return _write(account_id, key, kind, [(lot, -part) for lot, part in taken], **about)


def reverse(account_id: str, key: str, *, why: str) -> CreditTxn | None:
    """Returns exactly what an operation took, to the lots that it took it from; credits that have expired meanwhile
    expire again. None where there is no such operation; a second time changes nothing."""
    _hold(account_id)
    if (spent := _known(account_id, key)) is None:
        return None
    if known := _known(account_id, f"refund:{key}"):
        return known
    entries = session.execute(select(CreditEntry.lot_id, CreditEntry.amount).where(CreditEntry.txn_id == spent.id))
    back = [(lot, -part) for lot, part in entries]
    made = _write(account_id, f"refund:{key}", "refund", back, ref=spent.ref, why=why, reverses_id=spent.id)
    _expire(account_id, clock.now())
    for lot, _part in back:
        _settle(account_id, lot, why="Its payment was returned")
    return made


def is_known(account_id: str, key: str) -> bool:
    """Whether an operation with a key exists."""
    return _known(account_id, key) is not None


def was_reversed(account_id: str, key: str) -> bool:
    """Whether the credits that an operation took were returned."""
    return is_known(account_id, f"refund:{key}")


def take_back(account_id: str, key: str, of: str, *, why: str, user_id: str | None = None) -> CreditTxn | None:
    """Takes away the unspent rest of the lot that the operation ``of`` granted, because its payment was returned. None
    where nothing was granted or nothing is left."""
    _hold(account_id)
    if known := _known(account_id, key):
        return known
    granted = _known(account_id, of)
    lots = select(CreditLot).join(CreditEntry, CreditEntry.lot_id == CreditLot.id)
    unspent = session.scalars(lots.where(CreditEntry.txn_id == granted.id)).all() if granted else []
    taken = [(lot.id, -lot.remaining) for lot in unspent if lot.remaining]
    return _write(account_id, key, "take-back", taken, ref=of, why=why, user_id=user_id) if taken else None


def unpay(account_id: str, of: str, returned: int, *, look: int, why: str) -> None:
    """Sets how many credits of the grant ``of`` are no longer paid for. Unspent ones are taken away, also those that
    come back later; if the number is lower than before, credits are given back. A query of the payment (``look``) older
    than the stored one changes nothing."""
    _hold(account_id)
    if (granted := _known(account_id, of)) is None:
        return
    for lot in session.scalars(select(CreditEntry.lot_id).where(CreditEntry.txn_id == granted.id)).all():
        newer = update(CreditLot).where(CreditLot.id == lot, CreditLot.looked < look)
        newer = newer.values(looked=look, returned=returned).execution_options(synchronize_session=False)
        if session.execute(newer).rowcount:  # type: ignore[attr-defined]
            _settle(account_id, lot, why=why)


def balance(account_id: str) -> int:
    """Number of credits that can be spent now. Writes nothing."""
    return rules.balance(_lots(account_id), clock.now())


def lots(account_id: str) -> Sequence[CreditLot]:
    """Lots that can still be spent from, in the order of spending."""
    mine = session.scalars(select(CreditLot).where(CreditLot.account_id == account_id)).all()
    order = [lot.id for lot in rules.usable(_as_lots(mine), clock.now())]
    return sorted((lot for lot in mine if lot.id in order), key=lambda lot: order.index(lot.id))


def history(account_id: str, *, before: int | None = None, most: int = 50) -> Sequence[CreditTxn]:
    """Operations on an account's credits, the latest first; ``before`` is the id of the last one seen."""
    found = select(CreditTxn).where(CreditTxn.account_id == account_id)
    if before is not None:
        found = found.where(CreditTxn.id < before)
    return session.scalars(found.order_by(CreditTxn.id.desc()).limit(most)).all()


def _hold(account_id: str) -> None:
    """Locks the account's ledger by an UPDATE, the first statement of every operation: a second transaction waits
    here."""
    held = update(CreditAccount).where(CreditAccount.account_id == account_id)
    counted = held.values(version=CreditAccount.version + 1).execution_options(synchronize_session=False)
    if session.execute(counted).rowcount == 0:  # type: ignore[attr-defined]
        add_if_missing(CreditAccount, {"account_id": account_id, "balance": 0, "version": 0})
        session.execute(counted)


def _known(account_id: str, key: str) -> CreditTxn | None:
    found = select(CreditTxn).where(CreditTxn.account_id == account_id, CreditTxn.key == key)
    return session.scalars(found).one_or_none()


def _lots(account_id: str) -> list[rules.Lot]:
    alive = select(CreditLot).where(CreditLot.account_id == account_id, CreditLot.remaining > 0)
    return _as_lots(session.scalars(alive.execution_options(populate_existing=True)))


def _as_lots(found: Iterable[CreditLot]) -> list[rules.Lot]:
    return [rules.Lot(lot.id, lot.remaining, lot.expires_at, lot.priority) for lot in found]


def _expire(account_id: str, now: datetime) -> None:
    """Writes off expired credits, one operation for each lot and time: credits that come back to a lot later expire by
    themselves."""
    for lot, left in rules.expired(_lots(account_id), now):
        earlier = select(CreditEntry.txn_id).where(CreditEntry.lot_id == lot)
        key = f"expiry:{lot}:{len(session.scalars(earlier).all())}"
        _write(account_id, key, "expiry", [(lot, -left)], why="Expired")


def _settle(account_id: str, lot_id: int, *, why: str) -> None:
    """Takes credits of a lot away, or gives them back, until they match what is paid for and left."""
    lot = session.scalars(
        select(CreditLot).where(CreditLot.id == lot_id).execution_options(populate_existing=True)
    ).one()
    before = select(CreditEntry.amount).join(CreditTxn, CreditTxn.id == CreditEntry.txn_id)
    parts = session.scalars(before.where(CreditEntry.lot_id == lot_id, CreditTxn.key.startswith(f"return:{lot_id}:")))
    moved = parts.all()
    still, key = lot.returned + sum(moved), f"return:{lot_id}:{len(moved)}"
    if still > 0 and lot.remaining:
        _write(account_id, key, "take-back", [(lot_id, -min(still, lot.remaining))], why=why)
    elif still < 0:
        _write(account_id, key, "give-back", [(lot_id, -still)], why=why)
        _expire(account_id, clock.now())


def _write(
    account_id: str,
    key: str,
    kind: str,
    entries: Sequence[tuple[int, int]],
    *,
    ref: str = "",
    why: str = "",
    reverses_id: int | None = None,
    user_id: str | None = None,
) -> CreditTxn:
    amount = sum(part for _lot, part in entries)
    changed = (
        update(CreditAccount)
        .where(CreditAccount.account_id == account_id, CreditAccount.balance + amount >= 0)
        .values(balance=CreditAccount.balance + amount)
        .returning(CreditAccount.balance)
        .execution_options(synchronize_session=False)
    )
    after = session.scalars(changed).one_or_none()
    if after is None:
        raise OutOfCredits("This account has too few credits for that.")
    made = CreditTxn(
        account_id=account_id,
        key=key,
        kind=kind,
        amount=amount,
        balance_after=after,
        ref=ref,
        why=why,
        reverses_id=reverses_id,
        user_id=user_id,
        at=clock.now(),
    )
    session.add(made)
    session.flush()
    for lot, part in entries:
        session.add(CreditEntry(txn_id=made.id, lot_id=lot, amount=part))
        moved = update(CreditLot).where(CreditLot.id == lot).values(remaining=CreditLot.remaining + part)
        session.execute(moved.execution_options(synchronize_session=False))
    session.flush()
    if kind in ("take-back", "give-back"):
        audit_trail.write_credits(made)
    return made
