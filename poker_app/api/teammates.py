"""Teammates of the account: listed, given another role, removed; and leaving it."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from poker_app.accounts import auth_is_open
from poker_app.accounts.api_tokens import Caller
from poker_app.accounts.models import Teammate
from poker_app.accounts.team import teammates
from poker_app.api.models import Given, OneOf, Page, Paging, Taken
from poker_app.api.operations import operation
from poker_app.api.paging import oldest_first, page_of
from poker_app.errors import Conflict, NotFound
from poker_app.rules.teammates import ROLES

Role = Annotated[str, OneOf(ROLES), Field(examples=["facilitator"])]


class WhichTeammates(Paging):
    """Which teammates are listed."""

    search: str = Field("", max_length=100, description="Part of the name or the address.")


class TeammateGiven(Given):
    """A person in the account."""

    id: str = Field(examples=["k7qmfd2x8hs4nrtw"])
    name: str = Field(examples=["Olga"])
    email: str | None = Field(examples=["olga@nordbahn.example"])
    role: Literal["owner", "admin", "facilitator"]
    joined_at: datetime

    @classmethod
    def of(cls, them: Teammate) -> "TeammateGiven":
        user = them.user
        return cls(id=user.id, name=user.name, email=user.email, role=them.role, joined_at=them.joined_at)


class NewRole(Taken):
    """Another role."""

    role: Role


def refuse_without_accounts() -> None:
    """Check that users sign in here.

    Raises:
        NotFound: (404) they do not.
    """
    if auth_is_open():
        raise NotFound("Nobody signs in here, so there is one account without teammates.")


@operation("GET", "/teammates", "account:read")
def list_teammates(caller: Caller, query: WhichTeammates) -> Page[TeammateGiven]:
    """List the teammates of the account, in the order in which they joined."""
    refuse_without_accounts()
    found = teammates.teammates_of(caller.membership.account, query.search)
    page, onward = page_of(query, oldest_first(found, _place), _place)
    return Page[TeammateGiven](items=[TeammateGiven.of(each) for each in page], next_cursor=onward)


def _place(them: Teammate) -> tuple[datetime, str]:
    return them.joined_at, them.user_id


@operation("PATCH", "/teammates/{user_id}", "account:write")
def change_teammate(caller: Caller, user_id: str, body: NewRole) -> TeammateGiven:
    """Give a teammate another role. Admins may up to their own, owners every one."""
    refuse_without_accounts()
    return TeammateGiven.of(teammates.change_role(caller.membership, user_id, body.role))


@operation("DELETE", "/teammates/{user_id}", "account:write")
def remove_teammate(caller: Caller, user_id: str) -> None:
    """Remove a teammate, with their tokens and the invitations that they made."""
    refuse_without_accounts()
    teammates.remove(caller.membership, user_id)


@operation("POST", "/account/leave", "account:write")
def leave_account(caller: Caller) -> None:
    """Leave the account: the person whose token it is. The token ends with it. The last owner stays.

    Raises:
        Conflict: (409) the token is a service's.
    """
    refuse_without_accounts()
    if caller.user is None:
        raise Conflict("This token is a service’s, which is no teammate. To be rid of it, end it in the settings.")
    teammates.leave(caller.membership)
