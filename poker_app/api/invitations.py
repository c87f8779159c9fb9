"""Invitations by mail: listed, made, sent again, withdrawn. Owners and admins may."""

from datetime import datetime
from typing import Literal

from pydantic import Field

from poker_app import clock
from poker_app.accounts.api_tokens import Caller
from poker_app.accounts.models import Invitation
from poker_app.accounts.team import invitations
from poker_app.accounts.team.invitations import MAX_AT_ONCE, Outcome
from poker_app.api.models import Given, Page, Paging, Taken
from poker_app.api.operations import operation
from poker_app.api.paging import oldest_first, page_of
from poker_app.api.teammates import Role, refuse_without_accounts


class InvitationGiven(Given):
    """An invitation that was mailed and is neither accepted nor withdrawn."""

    id: str = Field(examples=["k7qmfd2x8hs4nrtw"])
    email: str | None = Field(examples=["ben@nordbahn.example"])
    role: Literal["owner", "admin", "facilitator"]
    state: Literal["waiting", "expired"]
    sent_at: datetime
    expires_at: datetime

    @classmethod
    def of(cls, invitation: Invitation) -> "InvitationGiven":
        return cls(
            state="waiting" if invitation.expires_at > clock.now() else "expired",
            **{name: getattr(invitation, name) for name in cls.model_fields if name != "state"},
        )


class Invited(Taken):
    """Whom to invite."""

    emails: list[str] = Field(min_length=1, max_length=MAX_AT_ONCE, examples=[["ben@nordbahn.example"]])
    role: Role = "facilitator"
    anyway: bool = Field(False, description="Also where fewer can join under the plan than are invited.")


class OutcomeGiven(Given):
    """What became of each address."""

    sent: list[str] = Field(examples=[["ben@nordbahn.example"]])
    unsent: list[str] = Field(description="The mail server did not take these. They can be sent again.")
    waiting: list[str] = Field(description="These were invited before.")
    teammates: list[str] = Field(description="These are teammates already.")

    @classmethod
    def of(cls, outcome: Outcome) -> "OutcomeGiven":
        return cls(**{name: getattr(outcome, name) for name in cls.model_fields})


@operation("GET", "/invitations", "account:read")
def list_invitations(caller: Caller, query: Paging) -> Page[InvitationGiven]:
    """List the invitations that wait or have expired, the oldest first."""
    refuse_without_accounts()
    caller.membership.require("admin", "see invitations")
    found = invitations.waiting_for(caller.membership.account)
    page, onward = page_of(query, oldest_first(found, _place), _place)
    return Page[InvitationGiven](items=[InvitationGiven.of(each) for each in page], next_cursor=onward)


def _place(invitation: Invitation) -> tuple[datetime, str]:
    return invitation.sent_at, invitation.id


@operation("POST", "/invitations", "account:write")
def invite(caller: Caller, body: Invited) -> OutcomeGiven:
    """Invite people by mail."""
    refuse_without_accounts()
    typed = "\n".join(body.emails)
    return OutcomeGiven.of(invitations.invite(caller.membership, typed, body.role, anyway=body.anyway))


@operation("POST", "/invitations/{invitation_id}/resend", "account:write")
def resend_invitation(caller: Caller, invitation_id: str) -> InvitationGiven:
    """Mail an invitation again, with a new link. The one before stops working."""
    refuse_without_accounts()
    invitations.send_again(caller.membership, invitation_id)
    return InvitationGiven.of(invitations.find(caller.membership, invitation_id))


@operation("DELETE", "/invitations/{invitation_id}", "account:write")
def withdraw_invitation(caller: Caller, invitation_id: str) -> None:
    """Withdraw an invitation. Again, it changes nothing."""
    refuse_without_accounts()
    invitations.withdraw(caller.membership, invitation_id)
