"""What a plan allows: credits for sessions, seats at a table, months, trials and failed payments."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from poker_app import ids
from poker_app.accounts import account_settings
from poker_app.accounts.memberships import Acting, acting_for, home_of, make_account
from poker_app.accounts.models import Account, User
from poker_app.accounts.team import teammates
from poker_app.accounts.users import find_by_email
from poker_app.billing import current_plan, entitlements, ledger
from poker_app.billing.models import Subscription, Trial
from poker_app.db import session, transaction
from poker_app.errors import Conflict, NotInPlan, OutOfCredits
from poker_app.poker.members import members
from poker_app.poker.models import Member, PokerSession
from poker_app.poker.publishing import events
from poker_app.poker.publishing.events import State
from poker_app.poker.reports.report import report_of
from poker_app.poker.round import voting
from poker_app.poker.session import lifecycle, retention
from poker_app.settings import Settings
from tests.cast import Clock, add_user
from tests.conftest import SIGNED_IN, Announced
from tests.database_rows import rows
from tests.world.actions import open_session


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={**SIGNED_IN, "billing": "fake"})


@pytest.fixture
def acting(context: None, clock: Clock, announced: Announced, monkeypatch: pytest.MonkeyPatch, app: Flask) -> Acting:
    """Ada, owner of a new account on the free plan."""
    monkeypatch.setattr(events._wiring, "render", lambda session_id, version: State(version, 0, "", 0))
    return home_of(add_user("Ada"))


def opens(acting: Acting, name: str = "Checkout") -> Member:
    return open_session(membership=acting, name=name)


def left(acting: Acting) -> int:
    return ledger.balance(acting.account.id)


def history(acting: Acting) -> list[tuple[str, int, str]]:
    return [(txn.kind, txn.amount, txn.why) for txn in reversed(ledger.history(acting.account.id))]


def plays_a_round(ada: Member) -> None:
    current = ada.session.current_round_id or ""
    voting.cast_vote(ada, current, "5")
    voting.reveal(ada, current)


def subscribes(acting: Acting, plan: str, status: str = "active", **more: object) -> None:
    with transaction():
        session.merge(Subscription(account_id=acting.account.id, plan=plan, status=status, **more))


# --- credits


def test_a_session_takes_a_credit(acting: Acting) -> None:
    ada = opens(acting, "Checkout")
    assert left(acting) == 2
    assert history(acting) == [("grant", 3, "Free plan, this month"), ("spend", -1, "Session “Checkout”")]
    spent = ledger.history(acting.account.id)[0]
    assert acting.user is not None
    assert (spent.ref, spent.user_id) == (ada.session_id, acting.user.id)


def test_without_a_credit_nothing_is_opened(acting: Acting) -> None:
    for _ in range(3):
        opens(acting)
    before = rows()
    with pytest.raises(OutOfCredits, match="takes a credit"):
        opens(acting)
    session.rollback()
    assert rows() == before
    assert session.query(PokerSession).count() == 3


def test_a_session_that_ends_before_its_first_reveal_cost_nothing(acting: Acting) -> None:
    ada = opens(acting)
    voting.cast_vote(ada, ada.session.current_round_id or "", "5")
    lifecycle.end_session(ada)
    lifecycle.end_session(ada)
    assert left(acting) == 3
    assert history(acting)[-1] == ("refund", 1, "Ended before its first reveal")


def test_a_session_that_was_used_is_paid(acting: Acting) -> None:
    ada = opens(acting)
    plays_a_round(ada)
    lifecycle.end_session(ada)
    assert left(acting) == 2


def test_reopening_within_a_day_costs_nothing(acting: Acting, clock: Clock) -> None:
    ada = opens(acting)
    plays_a_round(ada)
    lifecycle.end_session(ada)
    clock.forward(hours=24)
    lifecycle.reopen_session(ada)
    lifecycle.reopen_session(ada)
    assert (left(acting), ada.session.ended_at, ada.session.ended_by) == (2, None, None)


def test_what_was_given_back_is_paid_again_once(acting: Acting) -> None:
    ada = opens(acting)
    for _ in range(2):
        lifecycle.end_session(ada)
        lifecycle.reopen_session(ada)
    assert left(acting) == 2
    for _ in range(2):
        opens(acting)
    lifecycle.end_session(ada)
    lifecycle.reopen_session(ada)
    assert left(acting) == 0


def test_each_end_before_the_first_reveal_gives_back_what_was_paid_again(acting: Acting) -> None:
    ada = opens(acting)
    for _ in range(3):
        lifecycle.end_session(ada)
        lifecycle.end_session(ada)
        assert left(acting) == 3
        lifecycle.reopen_session(ada)
        lifecycle.reopen_session(ada)
        assert left(acting) == 2
    plays_a_round(ada)
    lifecycle.end_session(ada)
    lifecycle.reopen_session(ada)
    assert left(acting) == 2


def test_what_is_paid_again_comes_from_the_month_that_has_begun(acting: Acting, clock: Clock) -> None:
    clock.forward(days=29, hours=23)
    ada = opens(acting)
    lifecycle.end_session(ada)
    clock.forward(hours=2)
    lifecycle.reopen_session(ada)
    assert left(acting) == 2


def test_a_plan_without_credits_is_not_paid_again(acting: Acting) -> None:
    buys(acting)
    ada = opens(acting)
    lifecycle.end_session(ada)
    subscribes(acting, "business")
    lifecycle.reopen_session(ada)
    assert left(acting) == 53


def test_an_overdue_account_goes_on_with_what_was_paid_and_pays_nothing_again(acting: Acting, clock: Clock) -> None:
    subscribes(acting, "team", "past_due", past_due_since=clock.now())
    buys(acting)
    used, unused = opens(acting, "Used"), opens(acting, "Unused")
    plays_a_round(used)
    clock.forward(days=13, hours=23)
    for ada in (used, unused):
        lifecycle.end_session(ada)
    clock.forward(hours=1)
    lifecycle.reopen_session(used)
    with pytest.raises(OutOfCredits, match="The last payment failed"):
        lifecycle.reopen_session(unused)
    session.rollback()
    subscribes(acting, "team", "active", past_due_since=None)
    lifecycle.reopen_session(unused)
    assert left(acting) == 48


def test_a_day_later_a_session_stays_ended(acting: Acting, clock: Clock) -> None:
    ada = opens(acting)
    lifecycle.end_session(ada)
    clock.forward(hours=24, seconds=1)
    assert not lifecycle.is_fresh(ada.session)
    with pytest.raises(Conflict, match="for a day after its end"):
        lifecycle.reopen_session(ada)


# --- months


def test_the_free_credits_of_a_month_come_once_and_go(acting: Acting, clock: Clock) -> None:
    for _ in range(3):
        opens(acting)
    clock.forward(days=30)  # 23 December, 10:00: the next month's first moment
    opens(acting)
    assert left(acting) == 2
    clock.forward(days=31)
    assert left(acting) == 0
    opens(acting)
    assert left(acting) == 2


@pytest.mark.parametrize("day", [1, 28, 29, 30, 31])
def test_a_year_of_months_whatever_the_day(acting: Acting, clock: Clock, day: int) -> None:
    """Asked late, often and with a clock that runs behind: twelve months bring twelve times three credits."""
    with transaction():
        account = session.get_one(Account, acting.account.id)
        account.created_at = clock.moment = account.created_at.replace(year=2027, month=1, day=day)
    begun = clock.moment
    while clock.moment < begun.replace(year=2028):
        for hours in (0, -3, 5):
            moment = clock.moment
            clock.forward(hours=hours)
            if clock.moment < begun.replace(year=2028):
                with transaction():
                    current_plan.bring_month(session.get_one(Account, acting.account.id))
            clock.moment = moment
        clock.forward(hours=131)
    found = [txn for txn in ledger.history(acting.account.id, most=500) if txn.kind == "grant"]
    assert [txn.amount for txn in found] == [3] * 12
    assert len({txn.key for txn in found}) == 12


# --- plans


def test_business_needs_no_credits(acting: Acting) -> None:
    subscribes(acting, "business")
    for _ in range(5):
        opens(acting)
    assert history(acting) == []


def test_a_plan_has_so_many_seats_at_a_table(acting: Acting) -> None:
    ada = opens(acting)
    for number in range(11):
        members.join(ada.session, name=f"Voter {number}", votes=True, secret=ids.new_secret())
    with pytest.raises(Conflict, match=r"12 people sit here. A larger plan"):
        members.join(ada.session, name="One more", votes=True, secret=ids.new_secret())
    session.rollback()
    subscribes(acting, "team")
    members.join(ada.session, name="One more", votes=True, secret=ids.new_secret())


def test_a_plan_has_so_many_facilitators(acting: Acting) -> None:
    def joins(name: str) -> None:
        new = add_user(name, None)
        with transaction():
            teammates.seat(session.get_one(Account, acting.account.id), new, "facilitator")

    with pytest.raises(Conflict, match="a plan for one facilitator"):
        joins("Ben")
    session.rollback()
    subscribes(acting, "team")
    for name in ("Ben", "Cleo", "Dora", "Emil"):
        joins(name)
    with pytest.raises(Conflict, match="a plan for 5 facilitators"):
        joins("Finn")
    session.rollback()
    subscribes(acting, "business")
    joins("Finn")


def buys(acting: Acting) -> None:
    with transaction():
        ledger.grant(acting.account.id, "pack:test", 50, source="pack", why="Bought")


@pytest.mark.parametrize(
    ("plan", "chosen", "shown", "kept"),
    [
        ("", None, 30, 730),
        ("", 30, 30, 730),
        ("", 1000, 30, 1000),
        ("team", None, 730, 730),
        ("team", 30, 730, 730),
        ("business", None, 730, 730),
        ("business", 30, 30, 30),
        ("business", 1000, 1000, 1000),
    ],
)
def test_how_long_reports_are_shown_and_kept(
    acting: Acting, plan: str, chosen: int | None, shown: int, kept: int
) -> None:
    """The plan says what can be opened; what is deleted is only what no plan sold here, or the account, would keep."""
    if plan:
        subscribes(acting, plan)
    account = session.get_one(Account, acting.account.id)
    account.report_days = chosen
    assert (entitlements.report_days(account), entitlements.kept_days(account)) == (shown, kept)


def test_a_smaller_plan_hides_reports_and_a_larger_one_brings_them_back(acting: Acting, clock: Clock) -> None:
    subscribes(acting, "team")
    buys(acting)
    ada = opens(acting)
    lifecycle.end_session(ada)
    table = session.get_one(PokerSession, ada.session_id)
    clock.forward(days=30, seconds=-1)
    subscribes(acting, "team", "canceled")
    assert report_of(table).session_id == table.id
    clock.forward(seconds=1)
    with pytest.raises(NotInPlan, match=r"shows reports for 30 days.*Nothing is deleted"):
        report_of(table)
    clock.forward(days=600)
    assert retention.purge_sessions() == 0
    subscribes(acting, "team", "active")
    assert report_of(table).session_id == table.id
    clock.forward(days=101)
    assert retention.purge_sessions() == 1


def test_only_some_plans_let_the_account_choose(acting: Acting) -> None:
    with pytest.raises(NotInPlan):
        account_settings.keep_reports(acting, "90")
    subscribes(acting, "business")
    account_settings.keep_reports(acting, "90")
    assert session.get_one(Account, acting.account.id).report_days == 90


def test_after_a_downgrade_those_without_a_place_open_nothing(acting: Acting, clock: Clock) -> None:
    """Owners come first, then admins, then who was here earlier; the others see everything and take part."""
    subscribes(acting, "team")
    buys(acting)
    users = {}
    for name, role in (("Ben", "facilitator"), ("Cleo", "facilitator"), ("Dora", "admin")):
        clock.forward(days=1)
        users[name] = add_user(name)
        with transaction():
            teammates.seat(session.get_one(Account, acting.account.id), users[name], role)

    def may_open() -> list[str]:
        found = []
        for name, user in users.items():
            theirs = acting_for(user, acting.account.id)
            assert theirs
            try:
                opens(theirs, name)
                found.append(name)
            except NotInPlan:
                session.rollback()
        return found

    assert may_open() == ["Ben", "Cleo", "Dora"]
    subscribes(acting, "team", "canceled")
    assert may_open() == []
    opens(acting)
    assert len(entitlements.surplus(acting.account.id)) == 3
    teammates.leave(acting_for(session.get_one(User, users["Dora"].id), acting.account.id))
    teammates.remove(acting, users["Ben"].id)
    assert entitlements.surplus(acting.account.id) == [users["Cleo"].id]
    subscribes(acting, "business", "active")
    del users["Ben"], users["Dora"]
    assert may_open() == ["Cleo"]


def test_a_failed_payment_stops_new_sessions_after_fourteen_days(acting: Acting, clock: Clock) -> None:
    subscribes(acting, "business", "past_due", past_due_since=clock.now())
    ada = opens(acting)
    clock.forward(days=14)
    with pytest.raises(OutOfCredits, match="The last payment failed"):
        opens(acting)
    session.rollback()
    plays_a_round(ada)  # what runs goes on
    subscribes(acting, "business", "active", past_due_since=None)
    opens(acting)


def test_a_trial_comes_once(acting: Acting, clock: Clock) -> None:
    with transaction():
        current_plan.start_trial(acting.account.id)
    assert current_plan.standing_of(acting.account.id).trial_ends == clock.now() + timedelta(days=14)
    assert (current_plan.plan_of(acting.account.id).name, left(acting)) == ("team", 20)
    clock.forward(days=14)
    assert (current_plan.plan_of(acting.account.id).name, left(acting)) == ("free", 0)
    with pytest.raises(Conflict, match="has had its 14 days"), transaction():
        current_plan.start_trial(acting.account.id)
    session.rollback()
    opens(acting)
    assert left(acting) == 2


def tries(email: str, *, of: str = "", domain: str | None = None) -> str:
    """A user with this address begins the trial for an account of theirs: "begun", or the first words of the refusal,
    which the page must not offer either. ``of``: the name of the account, each one's own unless it is told."""
    user = find_by_email(email) or add_user(email.partition("@")[0], email)
    account = make_account(user, of or email).account
    if domain:
        with transaction():
            session.execute(update(Account).where(Account.id == account.id).values(domain=domain))
    refusal = _begins(account.id, user.id)
    if not refusal:
        return "begun"
    assert "one trial for each person and each company" in refusal
    # Nothing is left of the try.
    assert (current_plan.plan_of(account.id).name, ledger.balance(account.id)) == ("free", 0)
    return refusal.partition(" had ")[0]


def _begins(account_id: str, user_id: str) -> str:
    """The sentence of the refusal, which is refused exactly where it is not offered; "" if the trial has begun."""
    offered, sentence = current_plan.may_try(account_id, user_id), ""
    try:
        with transaction():
            current_plan.start_trial(account_id, user_id)
    except Conflict as refusal:
        sentence = refusal.sentence
    assert offered == (not sentence)
    return sentence


def test_a_user_has_one_trial_whatever_accounts_they_make(acting: Acting) -> None:
    assert [tries("mallory@gmail.com", of=name) for name in "abcde"] == ["begun"] + ["You have"] * 4


def test_a_company_has_one_trial(acting: Acting) -> None:
    assert tries("ben@acme.example") == "begun"
    assert tries("cleo@acme.example") == "Somebody at acme.example has"
    assert tries("gus@acme.example.org") == "begun"
    # Whoever has no address there, but an account that is open to those who have.
    assert tries("dora@gmail.com", domain="acme.example") == "Somebody at acme.example has"


def test_a_mail_service_is_no_company(acting: Acting) -> None:
    assert [tries(f"{name}@{at}") for name in ("ben", "cleo") for at in ("gmail.com", "gmx.de")] == ["begun"] * 4


def test_another_address_or_a_new_user_brings_no_other_trial(acting: Acting) -> None:
    assert tries("mallory@gmail.com") == "begun"
    mallory = find_by_email("mallory@gmail.com")
    assert mallory
    with transaction():
        session.execute(update(User).where(User.id == mallory.id).values(email="mallory@gmx.de"))
    assert tries("mallory@gmx.de") == "You have"
    assert tries("mallory@gmail.com") == "You have"


def test_a_trial_is_remembered_without_whose_it_was(acting: Acting) -> None:
    tries("ben@acme.example")
    kept = "".join(session.scalars(select(Trial.key)))
    assert len(kept) == 3 * 32
    assert set(kept) <= set("0123456789abcdef")


def test_where_nothing_is_sold_nothing_is_counted(acting: Acting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.billing._offer", None)
    for _ in range(5):
        lifecycle.end_session(opens(acting))
    assert history(acting) == []
    assert entitlements.most_members(acting.account.id) == 300
