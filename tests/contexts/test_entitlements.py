"""What a plan allows: credits for sessions, seats at a table, months, trials and failed payments."""

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from poker_app import ids
from poker_app.accounts import account_settings
from poker_app.accounts.memberships import Membership, home_of, make_account, membership_for
from poker_app.accounts.models import Account, User
from poker_app.accounts.team import teammates
from poker_app.accounts.users import find_by_email
from poker_app.billing import current_plan, entitlements, ledger
from poker_app.billing.models import Subscription, Trial
from poker_app.db import session, transaction
from poker_app.errors import Conflict, NotInPlan, OutOfCredits
from poker_app.poker.members import members
from poker_app.poker.models import Member, PokerSession
from poker_app.poker.reports.exports import as_json
from poker_app.poker.reports.report import report_of
from poker_app.poker.reports.report_file import read_report
from poker_app.poker.reports.session_import import import_session
from poker_app.poker.round import voting
from poker_app.poker.session import archiving, lifecycle, retention
from poker_app.settings import Settings
from tests.cast import Clock, add_user
from tests.conftest import SIGNED_IN, Announced
from tests.database_rows import rows
from tests.world.actions import open_session


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return settings.model_copy(update={**SIGNED_IN, "billing": "fake"})


@pytest.fixture
def membership(context: None, clock: Clock, announced: Announced, without_pages: None, app: Flask) -> Membership:
    """Ada, owner of a new account on the free plan."""
    return home_of(add_user("Ada"))


def opens(membership: Membership, name: str = "Checkout") -> Member:
    return open_session(membership=membership, name=name)


def left(membership: Membership) -> int:
    return ledger.balance(membership.account.id)


def history(membership: Membership) -> list[tuple[str, int, str]]:
    return [(txn.kind, txn.amount, txn.why) for txn in reversed(ledger.history(membership.account.id))]


def plays_a_round(ada: Member) -> None:
    current = ada.session.current_round_id or ""
    voting.cast_vote(ada, current, "5")
    voting.reveal(ada, current)


def subscribes(membership: Membership, plan: str, status: str = "active", **more: object) -> None:
    with transaction():
        session.merge(Subscription(account_id=membership.account.id, plan=plan, status=status, **more))


# --- credits


def test_a_session_takes_a_credit(membership: Membership) -> None:
    ada = opens(membership, "Checkout")
    assert left(membership) == 2
    assert history(membership) == [("grant", 3, "Free plan, this month"), ("spend", -1, "Session “Checkout”")]
    spent = ledger.history(membership.account.id)[0]
    assert membership.user is not None
    assert (spent.ref, spent.user_id) == (ada.session_id, membership.user.id)


def test_without_a_credit_nothing_is_opened(membership: Membership) -> None:
    for _ in range(3):
        opens(membership)
    before = rows()
    with pytest.raises(OutOfCredits, match="takes a credit"):
        opens(membership)
    session.rollback()
    assert rows() == before
    assert session.query(PokerSession).count() == 3


def test_a_session_that_ends_before_its_first_reveal_cost_nothing(membership: Membership) -> None:
    ada = opens(membership)
    voting.cast_vote(ada, ada.session.current_round_id or "", "5")
    lifecycle.end_session(ada)
    lifecycle.end_session(ada)
    assert left(membership) == 3
    assert history(membership)[-1] == ("refund", 1, "Ended before its first reveal")


def test_a_session_that_was_used_is_paid(membership: Membership) -> None:
    ada = opens(membership)
    plays_a_round(ada)
    lifecycle.end_session(ada)
    assert left(membership) == 2


def test_reopening_within_a_day_costs_nothing(membership: Membership, clock: Clock) -> None:
    ada = opens(membership)
    plays_a_round(ada)
    lifecycle.end_session(ada)
    clock.forward(hours=24)
    lifecycle.reopen_session(ada)
    lifecycle.reopen_session(ada)
    assert (left(membership), ada.session.ended_at, ada.session.ended_by) == (2, None, None)


def test_what_was_given_back_is_paid_again_once(membership: Membership) -> None:
    ada = opens(membership)
    for _ in range(2):
        lifecycle.end_session(ada)
        lifecycle.reopen_session(ada)
    assert left(membership) == 2
    for _ in range(2):
        opens(membership)
    lifecycle.end_session(ada)
    lifecycle.reopen_session(ada)
    assert left(membership) == 0


def test_each_end_before_the_first_reveal_gives_back_what_was_paid_again(membership: Membership) -> None:
    ada = opens(membership)
    for _ in range(3):
        lifecycle.end_session(ada)
        lifecycle.end_session(ada)
        assert left(membership) == 3
        lifecycle.reopen_session(ada)
        lifecycle.reopen_session(ada)
        assert left(membership) == 2
    plays_a_round(ada)
    lifecycle.end_session(ada)
    lifecycle.reopen_session(ada)
    assert left(membership) == 2


def test_what_is_paid_again_comes_from_the_month_that_has_begun(membership: Membership, clock: Clock) -> None:
    clock.forward(days=29, hours=23)
    ada = opens(membership)
    lifecycle.end_session(ada)
    clock.forward(hours=2)
    lifecycle.reopen_session(ada)
    assert left(membership) == 2


def test_a_plan_without_credits_is_not_paid_again(membership: Membership) -> None:
    buys(membership)
    ada = opens(membership)
    lifecycle.end_session(ada)
    subscribes(membership, "business")
    lifecycle.reopen_session(ada)
    assert left(membership) == 53


def test_an_overdue_account_goes_on_with_what_was_paid_and_pays_nothing_again(
    membership: Membership, clock: Clock
) -> None:
    subscribes(membership, "team", "past_due", past_due_since=clock.now())
    buys(membership)
    used, unused = opens(membership, "Used"), opens(membership, "Unused")
    plays_a_round(used)
    clock.forward(days=13, hours=23)
    for ada in (used, unused):
        lifecycle.end_session(ada)
    clock.forward(hours=1)
    lifecycle.reopen_session(used)
    with pytest.raises(OutOfCredits, match="The last payment failed"):
        lifecycle.reopen_session(unused)
    session.rollback()
    subscribes(membership, "team", "active", past_due_since=None)
    lifecycle.reopen_session(unused)
    assert left(membership) == 48


def test_a_day_later_a_session_stays_ended(membership: Membership, clock: Clock) -> None:
    ada = opens(membership)
    lifecycle.end_session(ada)
    clock.forward(hours=24, seconds=1)
    assert not lifecycle.is_fresh(ada.session)
    with pytest.raises(Conflict, match="for a day after its end"):
        lifecycle.reopen_session(ada)


# --- months


def test_the_free_credits_of_a_month_come_once_and_go(membership: Membership, clock: Clock) -> None:
    for _ in range(3):
        opens(membership)
    clock.forward(days=30)  # 23 December, 10:00: the next month's first moment
    opens(membership)
    assert left(membership) == 2
    clock.forward(days=31)
    assert left(membership) == 0
    opens(membership)
    assert left(membership) == 2


@pytest.mark.parametrize("day", [*(pytest.param(day, marks=pytest.mark.any_database) for day in (1, 28, 29, 30)), 31])
def test_a_year_of_months_whatever_the_day(membership: Membership, clock: Clock, day: int) -> None:
    """Asked late, often and with a clock that runs behind: twelve months bring twelve times three credits."""
    with transaction():
        account = session.get_one(Account, membership.account.id)
        account.created_at = clock.moment = account.created_at.replace(year=2027, month=1, day=day)
    begun = clock.moment
    while clock.moment < begun.replace(year=2028):
        for hours in (0, -3, 5):
            moment = clock.moment
            clock.forward(hours=hours)
            if clock.moment < begun.replace(year=2028):
                with transaction():
                    current_plan.bring_month(session.get_one(Account, membership.account.id))
            clock.moment = moment
        clock.forward(hours=131)
    found = [txn for txn in ledger.history(membership.account.id, most=500) if txn.kind == "grant"]
    assert [txn.amount for txn in found] == [3] * 12
    assert len({txn.key for txn in found}) == 12


# --- plans


def test_business_needs_no_credits(membership: Membership) -> None:
    subscribes(membership, "business")
    for _ in range(5):
        opens(membership)
    assert history(membership) == []


def test_a_plan_has_so_many_seats_at_a_table(membership: Membership) -> None:
    ada = opens(membership)
    for number in range(11):
        members.join(ada.session, name=f"Voter {number}", votes=True, secret=ids.new_secret())
    with pytest.raises(Conflict, match=r"it is for 12 people. A larger plan"):
        members.join(ada.session, name="One more", votes=True, secret=ids.new_secret())
    session.rollback()
    subscribes(membership, "team")
    members.join(ada.session, name="One more", votes=True, secret=ids.new_secret())


def test_a_plan_has_so_many_facilitators(membership: Membership) -> None:
    def joins(name: str) -> None:
        new = add_user(name, None)
        with transaction():
            teammates.enroll(session.get_one(Account, membership.account.id), new, "facilitator")

    with pytest.raises(Conflict, match="a plan for one facilitator"):
        joins("Ben")
    session.rollback()
    subscribes(membership, "team")
    for name in ("Ben", "Cleo", "Dora", "Emil"):
        joins(name)
    with pytest.raises(Conflict, match="a plan for 5 facilitators"):
        joins("Finn")
    session.rollback()
    subscribes(membership, "business")
    joins("Finn")


def buys(membership: Membership) -> None:
    with transaction():
        ledger.grant(membership.account.id, "pack:test", 50, source="pack", why="Bought")


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
    membership: Membership, plan: str, chosen: int | None, shown: int, kept: int
) -> None:
    """The plan says what can be opened; what is deleted is only what no plan sold here, or the account, would keep."""
    if plan:
        subscribes(membership, plan)
    account = session.get_one(Account, membership.account.id)
    account.report_days = chosen
    assert (entitlements.report_days(account), entitlements.kept_days(account)) == (shown, kept)


def test_a_smaller_plan_hides_reports_and_a_larger_one_brings_them_back(membership: Membership, clock: Clock) -> None:
    subscribes(membership, "team")
    buys(membership)
    ada = opens(membership)
    lifecycle.end_session(ada)
    table = session.get_one(PokerSession, ada.session_id)
    clock.forward(days=30, seconds=-1)
    subscribes(membership, "team", "canceled")
    assert report_of(table).session_id == table.id
    clock.forward(seconds=1)
    with pytest.raises(NotInPlan, match=r"shows reports for 30 days.*Nothing is deleted"):
        report_of(table)
    clock.forward(days=600)
    assert retention.purge_sessions() == 0
    subscribes(membership, "team", "active")
    assert report_of(table).session_id == table.id
    clock.forward(days=101)
    assert retention.purge_sessions() == 1


def test_a_session_that_is_imported_takes_no_credit_and_is_as_old_as_the_plan_shows(
    membership: Membership, clock: Clock
) -> None:
    ada = opens(membership)
    plays_a_round(ada)
    lifecycle.end_session(ada)
    report = read_report(as_json(report_of(session.get_one(PokerSession, ada.session_id))).encode())
    before = history(membership)
    clock.forward(days=30, seconds=-1)
    made = import_session(membership, report, form_key="in time")
    assert report_of(session.get_one(PokerSession, made)).rounds == 1
    assert history(membership) == before
    archiving.delete(membership, None, made)
    archiving.restore(membership, None, made)
    assert history(membership) == before
    clock.forward(seconds=1)
    with pytest.raises(NotInPlan, match="shows reports for 30 days"):
        import_session(membership, report, form_key="too late")


def test_only_some_plans_let_the_account_choose(membership: Membership) -> None:
    with pytest.raises(NotInPlan):
        account_settings.set_retention(membership, "90")
    subscribes(membership, "business")
    account_settings.set_retention(membership, "90")
    assert session.get_one(Account, membership.account.id).report_days == 90


def test_after_a_downgrade_those_without_a_place_open_nothing(membership: Membership, clock: Clock) -> None:
    """Owners come first, then admins, then who was here earlier; the others see everything and take part."""
    subscribes(membership, "team")
    buys(membership)
    users = {}
    for name, role in (("Ben", "facilitator"), ("Cleo", "facilitator"), ("Dora", "admin")):
        clock.forward(days=1)
        users[name] = add_user(name)
        with transaction():
            teammates.enroll(session.get_one(Account, membership.account.id), users[name], role)

    def may_open() -> list[str]:
        found = []
        for name, user in users.items():
            theirs = membership_for(user, membership.account.id)
            assert theirs
            try:
                opens(theirs, name)
                found.append(name)
            except NotInPlan:
                session.rollback()
        return found

    assert may_open() == ["Ben", "Cleo", "Dora"]
    subscribes(membership, "team", "canceled")
    assert may_open() == []
    opens(membership)
    assert len(entitlements.surplus(membership.account.id)) == 3
    teammates.leave(membership_for(session.get_one(User, users["Dora"].id), membership.account.id))
    teammates.remove(membership, users["Ben"].id)
    assert entitlements.surplus(membership.account.id) == [users["Cleo"].id]
    subscribes(membership, "business", "active")
    del users["Ben"], users["Dora"]
    assert may_open() == ["Cleo"]


def test_a_failed_payment_stops_new_sessions_after_fourteen_days(membership: Membership, clock: Clock) -> None:
    subscribes(membership, "business", "past_due", past_due_since=clock.now())
    ada = opens(membership)
    clock.forward(days=14)
    with pytest.raises(OutOfCredits, match="The last payment failed"):
        opens(membership)
    session.rollback()
    plays_a_round(ada)  # what runs goes on
    subscribes(membership, "business", "active", past_due_since=None)
    opens(membership)


def test_a_trial_comes_once(membership: Membership, clock: Clock) -> None:
    with transaction():
        current_plan.start_trial(membership.account.id)
    assert current_plan.standing_of(membership.account.id).trial_ends == clock.now() + timedelta(days=14)
    assert (current_plan.plan_of(membership.account.id).name, left(membership)) == ("team", 20)
    clock.forward(days=14)
    assert (current_plan.plan_of(membership.account.id).name, left(membership)) == ("free", 0)
    with pytest.raises(Conflict, match="has had its 14 days"), transaction():
        current_plan.start_trial(membership.account.id)
    session.rollback()
    opens(membership)
    assert left(membership) == 2


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


def test_a_user_has_one_trial_whatever_accounts_they_make(membership: Membership) -> None:
    assert [tries("mallory@gmail.com", of=name) for name in "abcde"] == ["begun"] + ["You have"] * 4


def test_a_company_has_one_trial(membership: Membership) -> None:
    assert tries("ben@acme.example") == "begun"
    assert tries("cleo@acme.example") == "Somebody at acme.example has"
    assert tries("gus@acme.example.org") == "begun"
    # Whoever has no address there, but an account that is open to those who have.
    assert tries("dora@gmail.com", domain="acme.example") == "Somebody at acme.example has"


def test_a_mail_service_is_no_company(membership: Membership) -> None:
    assert [tries(f"{name}@{at}") for name in ("ben", "cleo") for at in ("gmail.com", "gmx.de")] == ["begun"] * 4


def test_another_address_or_a_new_user_brings_no_other_trial(membership: Membership) -> None:
    assert tries("mallory@gmail.com") == "begun"
    mallory = find_by_email("mallory@gmail.com")
    assert mallory
    with transaction():
        session.execute(update(User).where(User.id == mallory.id).values(email="mallory@gmx.de"))
    assert tries("mallory@gmx.de") == "You have"
    assert tries("mallory@gmail.com") == "You have"


def test_a_trial_is_remembered_without_whose_it_was(membership: Membership) -> None:
    tries("ben@acme.example")
    kept = "".join(session.scalars(select(Trial.key)))
    assert len(kept) == 3 * 32
    assert set(kept) <= set("0123456789abcdef")


def test_where_nothing_is_sold_nothing_is_counted(membership: Membership, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("poker_app.billing._offer", None)
    for _ in range(5):
        lifecycle.end_session(opens(membership))
    assert history(membership) == []
    assert entitlements.max_members(membership.account.id) == 300
