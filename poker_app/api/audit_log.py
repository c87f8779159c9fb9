"""The audit log of the account, for its owners and admins."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from poker_app.accounts import audit_log
from poker_app.accounts.api_tokens import Caller
from poker_app.accounts.audit_log import ACTIONS
from poker_app.api.models import Given, OneOf, Page, Paging
from poker_app.api.operations import operation
from poker_app.api.paging import numbered_page_of
from poker_app.api.teammates import refuse_without_accounts


class WhichEntries(Paging):
    """Which entries are listed."""

    person: str = Field("", max_length=16, description="The id of the user who acted.")
    action: Annotated[str, OneOf(ACTIONS)] | None = None


class AuditEntryGiven(Given):
    """A line of the audit log."""

    id: int
    at: datetime
    who: str = Field(description="The name of the user or token that acted.", examples=["Olga"])
    person: str | None = Field(description="The user's id; null for a token of a service, and once they are gone.")
    action: str = Field(examples=["deck-made"])
    what: str = Field(description="The action in words.", examples=["created the deck"])
    about: str = Field(examples=["Hours"])


@operation("GET", "/account/audit-log", "account:read")
def list_audit_log(caller: Caller, query: WhichEntries) -> Page[AuditEntryGiven]:
    """List what was done in the account, the newest first. Owners and admins may."""
    refuse_without_accounts()
    caller.membership.require("admin", "read the audit log")
    entries, onward = numbered_page_of(
        query,
        lambda before, most: audit_log.entries_of(
            caller.membership.account.id, user_id=query.person, action=query.action or "", before=before, most=most
        ),
        lambda entry: entry.id,
    )
    items = [
        AuditEntryGiven(
            id=each.id,
            at=each.at,
            who=each.who,
            person=each.user_id,
            action=each.action,
            what=ACTIONS.get(each.action, ""),
            about=each.about,
        )
        for each in entries
    ]
    return Page[AuditEntryGiven](items=items, next_cursor=onward)
