"""Plan and credits of the account, for its owners and admins."""

from datetime import datetime

from pydantic import Field

from poker_app import billing
from poker_app.accounts.api_tokens import Caller
from poker_app.accounts.memberships import Membership
from poker_app.api.models import Given, Page, Paging
from poker_app.api.operations import operation
from poker_app.api.paging import numbered_page_of
from poker_app.billing import plan_view
from poker_app.billing.plan_view import Line
from poker_app.errors import NotFound


class Included(Given):
    """What the plan includes. Null is no limit."""

    credits: int | None = Field(description="A month.", examples=[100])
    members: int = Field(description="In one session.", examples=[50])
    facilitators: int | None = Field(description="Teammates of the account.", examples=[5])
    report_days: int | None = Field(description="Days for which reports can be opened.", examples=[365])
    file_megabytes: int = Field(description="Of the longest file.", examples=[25])
    storage_megabytes: int | None = Field(description="Of all files.", examples=[5000])
    sign_on_enforced: bool
    audit_export: bool


class PlanGiven(Given):
    """The plan of the account, and its credits."""

    name: str = Field(examples=["team"])
    label: str = Field(examples=["Team"])
    included: Included
    can_open: bool = Field(description="Whether a session can be opened now.")
    read_only: bool = Field(description="Whether a payment is overdue.")
    balance: int = Field(description="All credits that are left.", examples=[87])
    monthly: int = Field(description="Those of them that the plan gave for this month.", examples=[80])
    lasting: int = Field(description="Those of them that never expire.", examples=[7])
    seats: int = Field(description="Seats that are paid for.")
    renews_at: datetime | None = Field(description="When the next credits come.")
    ends_at: datetime | None = Field(description="When the plan ends, because it was cancelled.")
    trial_ends_at: datetime | None = Field(description="When the plan is only tried: until when.")


class LedgerEntry(Given):
    """A change of the credits."""

    at: datetime
    what: str = Field(examples=["Session “Sprint 42”"])
    who: str = Field(examples=["Olga"])
    change: int = Field(examples=[-1])
    balance: int = Field(description="After it.", examples=[87])

    @classmethod
    def of(cls, line: Line) -> "LedgerEntry":
        return cls(at=line.at, what=line.what, who=line.who, change=line.amount, balance=line.balance)


@operation("GET", "/account/plan", "account:read")
def read_plan(caller: Caller) -> PlanGiven:
    """Read the plan, what it includes, and how many credits are left. Owners and admins may.

    Where nothing is sold this answers 404: every session is free there.
    """
    _require(caller.membership)
    said = plan_view.statement_of(caller.membership.account)
    plan, standing = said.standing.plan, said.standing
    return PlanGiven(
        name=plan.name,
        label=plan.label,
        included=Included(**{name: getattr(plan, name) for name in Included.model_fields}),
        can_open=said.can_open,
        read_only=standing.read_only,
        trial_ends_at=standing.trial_ends,
        **{name: getattr(said, name) for name in ("balance", "monthly", "lasting", "seats", "renews_at", "ends_at")},
    )


@operation("GET", "/account/credits", "account:read")
def list_credits(caller: Caller, query: Paging) -> Page[LedgerEntry]:
    """List the changes of the credits, the latest first. Owners and admins may."""
    _require(caller.membership)
    lines, onward = numbered_page_of(
        query,
        lambda before, most: plan_view.history(caller.membership.account.id, before=before, most=most),
        lambda line: line.id,
    )
    return Page[LedgerEntry](items=[LedgerEntry.of(each) for each in lines], next_cursor=onward)


def _require(membership: Membership) -> None:
    if not billing.is_on():
        raise NotFound("Nothing is sold here, so there are no plans and credits.")
    membership.require("admin", "see plan and billing")
