"""Keeping a guest's session: what it costs, what stays, and what goes with its end."""

from datetime import timedelta

import pytest

from poker_app import ids, jobs
from poker_app.accounts import memberships
from poker_app.accounts.memberships import Membership
from poker_app.accounts.models import User
from poker_app.billing import ledger
from poker_app.billing.models import CreditTxn
from poker_app.db import session
from poker_app.poker.members import member_lookup, members
from poker_app.poker.models import PokerSession, Vote
from poker_app.poker.reports.report import report_of
from poker_app.poker.round import voting
from poker_app.poker.session import guest_session, lifecycle, retention
from poker_app.poker.value import loading
from poker_app.poker.value.value_cache import values
from poker_app.rules.plans import GUEST, GUEST_DAYS_KEPT, GUESTS, MAX_GUEST_ROUNDS
from poker_app.rules.session.voting import ROUNDS_USED_UP
from poker_app.settings import Settings
from tests.cast import Clock, add_user
from tests.conftest import SIGNED_IN, Announced
from tests.world.actions import Room


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={**SIGNED_IN, "billing": "fake"})


@pytest.fixture
def table(context: None, clock: Clock, announced: Announced, without_pages: None, settings: Settings) -> Room:
    """Ada's session without an account. She has signed up since."""
    secret = ids.new_secret()
    made = Room(announced, membership=memberships.guests(), secret=secret)
    member_lookup.adopt(add_user("Ada"), secret)
    session.rollback()
    return made


def own_account(table: Room) -> Membership:
    """Ada's, made when it is first asked for."""
    return memberships.home_of(session.get_one(User, table.ada.user_id))


def spent(membership: Membership) -> list[tuple[str, int, str]]:
    found = session.query(CreditTxn).where(CreditTxn.account_id == membership.account.id, CreditTxn.kind != "grant")
    return [(txn.kind, txn.amount, txn.ref) for txn in found.order_by(CreditTxn.id)]


def test_it_becomes_the_account_s_for_a_credit(table: Room) -> None:
    table.plays(table.ben, "8")
    table.reveals()
    mine = own_account(table)
    with table.announces("options-changed"):
        guest_session.claim(table.ada, mine)
    assert (table.table.account_id, table.table.user_id) == (mine.account.id, table.ada.user_id)
    assert table.cards() == {"Ben": "8"}
    assert (spent(mine), ledger.balance(mine.account.id)) == ([("spend", -1, table.table.id)], 2)
    # A second click, and a facilitator of another account.
    with table.nothing_happens():
        guest_session.claim(table.ada, mine)
    members.share_role(table.ada, table.ben.id)
    other = memberships.home_of(add_user("Ben"))
    with table.refused(409):
        guest_session.claim(table.ben, other)
    # Loaded anew, it is what this process knows.
    known = values.get(table.table.id)
    assert known
    assert loading.load(session.connection(), table.table.id) == known.value


def test_without_a_credit_it_stays_a_guest_s(table: Room) -> None:
    mine = own_account(table)
    for number in range(3):
        with_credit = Room(table.announced, membership=mine, name=f"Sprint {number}")
        with_credit.settles()
    with table.refused(402):
        guest_session.claim(table.ada, mine)
    with table.refused(403):
        guest_session.claim(table.ben, mine)
    assert table.table.account_id == GUESTS


def test_the_sixth_person_and_the_sixth_round(table: Room) -> None:
    for name in ("Dora", "Gus"):
        table.seat(name)
    with table.refused(
        409,
        f"The session is full: without an account it is for {GUEST.members} people. A facilitator can sign up to let "
        "more in, or remove a member who left.",
    ):
        table.seat("Mallory")
    for _ in range(MAX_GUEST_ROUNDS):
        if table.revealed:
            voting.vote_again(table.ada, table.round.id)
        table.plays(table.ben, "5")
        table.reveals()
    with table.refused(402, ROUNDS_USED_UP):
        voting.vote_again(table.ada, table.round.id)
    guest_session.claim(table.ada, own_account(table))
    voting.vote_again(table.ada, table.round.id)
    table.seat("Mallory")


def test_nothing_is_claimed_after_the_end(table: Room, clock: Clock) -> None:
    table.settles("5")
    assert report_of(table.table).estimated == 1
    lifecycle.end_session(table.ada)
    with table.refused(402):
        report_of(table.table)
    until = clock.now() + timedelta(days=GUEST_DAYS_KEPT)
    assert retention.kept_until(table.table) == until
    clock.moment = until
    assert jobs.purge()["sessions"] == 0
    clock.forward(seconds=1)
    assert jobs.purge()["sessions"] == 1
    session.rollback()
    assert session.query(PokerSession).count() == session.query(Vote).count() == 0


def test_signing_up_after_the_end_brings_the_report(table: Room, clock: Clock) -> None:
    table.settles("5")
    lifecycle.end_session(table.ada)
    clock.forward(hours=20)
    mine = own_account(table)
    guest_session.claim(table.ada, mine)
    assert report_of(table.table).estimated == 1
    assert [kind for kind, *_ in spent(mine)] == ["spend"]
    clock.forward(days=2)
    assert jobs.purge()["sessions"] == 0


def test_one_that_ended_before_its_first_reveal_costs_nothing_and_is_paid_for_once_it_goes_on(table: Room) -> None:
    lifecycle.end_session(table.ada)
    mine = own_account(table)
    guest_session.claim(table.ada, mine)
    assert [kind for kind, *_ in spent(mine)] == ["spend", "refund"]
    lifecycle.reopen_session(table.ada)
    assert [kind for kind, *_ in spent(mine)] == ["spend", "refund", "spend"]


def test_a_forgotten_one_goes_as_well(table: Room, clock: Clock) -> None:
    clock.forward(days=GUEST_DAYS_KEPT, hours=4, seconds=1)
    assert jobs.purge()["sessions"] == 1


def test_the_account_of_guests_is_nobody_s(table: Room) -> None:
    assert memberships.membership_for(add_user("Mallory"), GUESTS) is None
    assert (spent(memberships.guests()), ledger.balance(GUESTS)) == ([], 0)
