"""An account that pays: Ada's, at a Stripe of the test's own, with webhooks that come back through the front door."""

from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from flask import Flask

from poker_app.accounts.memberships import Membership, home_of, membership_for
from poker_app.accounts.models import User
from poker_app.billing import checkout, current_plan, ledger, seat_sync, subscription_sync
from poker_app.billing.models import CreditEntry, CreditLot, CreditTxn, Subscription
from poker_app.db import session, transaction
from poker_app.settings import Settings
from tests.cast import Clock, add_teammate, add_user
from tests.conftest import SIGNED_IN
from tests.stripe_double import StripeDouble


def with_stripe(settings: Settings, double: StripeDouble) -> Settings:
    """A service that is paid through the double."""
    stripe = {
        "billing": "stripe",
        "stripe_secret_key": double.key,
        "stripe_webhook_secret": double.secret,
        "stripe_api_base": double.url,
    }
    return Settings(_env_file=None, **{**settings.model_dump(), **SIGNED_IN, **stripe})


class Stays(HTTPRedirectHandler):
    """Where a page leads to is looked at, not followed."""

    def redirect_request(self, *_args: Any) -> None:
        return None


def presses(address: str, **form: str) -> tuple[int, str]:
    """Press a button on one of the double's pages: the status and where it leads."""
    try:
        answer = build_opener(Stays).open(Request(address, urlencode(form).encode(), method="POST"))
    except HTTPError as error:
        return error.code, error.headers.get("Location", "")
    return answer.status, answer.headers.get("Location", "")


class Payer:
    """An owner with an account, the double's view of it, and ours."""

    def __init__(self, app: Flask, double: StripeDouble, clock: Clock, name: str = "Ada") -> None:
        self.app, self.double, self.clock = app, double, clock
        with app.app_context():
            user = add_user(name)
            self.user, self.account = user.id, home_of(user).account.id
        double.endpoint = self.hears

    def hears(self, body: bytes, signature: str) -> int:
        answer = self.app.test_client().post("/webhooks/stripe", data=body, headers={"Stripe-Signature": signature})
        return answer.status_code

    @property
    def membership(self) -> Membership:
        found = membership_for(session.get_one(User, self.user), self.account)
        assert found
        return found

    # --- verbs

    def goes_to_plan(self, plan: str) -> str:
        with self.app.app_context():
            return checkout.buy_plan(self.membership, plan, paid="/paid", back="/back")

    def goes_to_pack(self, size: int) -> str:
        with self.app.app_context():
            return checkout.buy_pack(self.membership, size, paid="/paid", back="/back")

    def posts(self, address: str, **form: str) -> tuple[int, str]:
        return presses(address, **form)

    def subscribes(self, plan: str = "team") -> None:
        assert self.posts(self.goes_to_plan(plan), card="good") == (303, "http://localhost/paid")

    def buys(self, size: int, card: str = "good") -> None:
        assert self.posts(self.goes_to_pack(size), card=card) == (303, "http://localhost/paid")

    def portal(self, verb: str, **form: str) -> None:
        with self.app.app_context():
            address = checkout.open_portal(self.membership, back="/back")
        assert self.posts(f"{address}/{verb}", **form)[0] == 303

    def waits(self, **time: int) -> None:
        """Time passes for both sides."""
        self.clock.forward(**time)
        self.double.passes(**time)

    def gets_teammates(self, *names: str) -> None:
        """New users join, and the plan's quantity follows."""
        with self.app.app_context():
            for name in names:
                add_teammate(self.account, add_user(name))
            seat_sync.follow(self.account)

    # --- at Stripe

    @property
    def at_stripe(self) -> dict[str, Any]:
        """The latest subscription there."""
        return self.double.of_kind("subscription")[0]

    def payment(self, number: int = 0) -> str:
        """A payment's id, the latest first."""
        return str(self.double.of_kind("payment_intent")[number]["id"])

    # --- here

    @property
    def row(self) -> Subscription:
        with self.app.app_context():
            return session.get_one(Subscription, self.account)

    @property
    def plan(self) -> str:
        with self.app.app_context():
            return current_plan.standing_of(self.account).plan.name

    @property
    def read_only(self) -> bool:
        with self.app.app_context():
            return current_plan.standing_of(self.account).read_only

    @property
    def credits(self) -> int:
        with self.app.app_context():
            return ledger.balance(self.account)

    def spends(self, amount: int) -> None:
        with self.app.app_context(), transaction():
            ledger.spend(self.account, f"spent:{self.credits}:{amount}", ref="", why="Sessions", amount=amount)

    @property
    def history(self) -> list[tuple[str, int]]:
        with self.app.app_context():
            return [(txn.kind, txn.amount) for txn in reversed(ledger.history(self.account, most=500))]

    def state(self) -> dict[str, object]:
        """Everything that must not depend on how the events came: the subscription, and the lots by what made them."""
        with self.app.app_context():
            row = session.get_one(Subscription, self.account)
            skipped = {"account_id", "asked", "looked"}
            kept = {
                column.name: getattr(row, column.name)
                for column in Subscription.__table__.columns
                if column.name not in skipped
            }
            return {**kept, "lots": sorted(self._lots()), "balance": ledger.balance(self.account)}

    def _lots(self) -> list[tuple[Any, ...]]:
        granted = session.query(CreditTxn.key, CreditLot).select_from(CreditTxn).join(CreditEntry).join(CreditLot)
        mine = granted.where(CreditTxn.account_id == self.account, CreditTxn.kind == "grant")
        return [(key, lot.source, lot.amount, lot.remaining, lot.returned, lot.expires_at) for key, lot in mine]

    def looks_again(self) -> None:
        with self.app.app_context():
            subscription_sync.look_again(self.account)
