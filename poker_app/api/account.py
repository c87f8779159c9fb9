"""The account, and the token that asks.

A token is of one account and reaches no other, also where its person has several: a program of one client learns of no
other client. A person's token acts with the role that the person has now, a service's with its own.

Required single sign-on: a person makes a token on a page that lets in only those who signed in as the account requires,
and the persons' tokens of the account end when it begins to require another way. So a token that lives needs no further
proof, and no operation here changes how people sign in: that takes a browser.
"""

from datetime import datetime
from typing import Literal

from pydantic import Field

from poker_app.accounts import account_settings, decks
from poker_app.accounts.api_tokens import Caller
from poker_app.accounts.models import Account, ApiToken
from poker_app.accounts.signin import required_sso
from poker_app.api.models import Given, Tagged, Taken
from poker_app.api.operations import operation
from poker_app.billing import entitlements
from poker_app.db import session
from poker_app.rules.deck import DECKS
from poker_app.rules.session.value import SWITCHES


class Named(Given):
    """An account or a person."""

    id: str = Field(examples=["k7qmfd2x8hs4nrtw"])
    name: str = Field(examples=["Nordbahn"])


class TokenGiven(Given):
    """What the token is, and what it may do."""

    kind: Literal["person", "service"]
    name: str = Field(examples=["Nightly report"])
    account: Named
    person: Named | None = Field(description="Whose token it is; null for a service's.")
    role: Literal["owner", "admin", "facilitator"]
    scopes: list[str] = Field(examples=[["sessions:read", "sessions:write"]])
    made_at: datetime
    expires_at: datetime | None = Field(description="Null where it has no end.")


class AccountGiven(Given):
    """The account of the token."""

    id: str = Field(examples=["k7qmfd2x8hs4nrtw"])
    name: str = Field(examples=["Nordbahn"])
    created_at: datetime
    domain: str | None = Field(description="People with a proven address at this domain may join.")
    sign_on: str | None = Field(description="The provider that teammates have to sign in with.")
    report_days: int = Field(description="Days after its end for which a report can be opened.", examples=[365])


class NewName(Taken):
    """Another name."""

    name: str = Field(examples=["Nordbahn"])


class Retention(Taken):
    """How long reports are kept."""

    report_days: int = Field(ge=0, le=99_999, description="Days after the end of a session.", examples=[365])


class DefaultsTaken(Taken):
    """How a new session begins. A switch that is left out is off."""

    deck: str = Field("fibonacci", description=f"{', '.join(DECKS)}, or the id of an account's deck.")
    timer_length: int = Field(180, ge=0, le=86_400, description="Seconds.")
    auto_reveal: bool = False
    anyone_reveals: bool = False
    change_after_reveal: bool = False
    names_hidden: bool = False
    anyone_adds_files: bool = False
    teammates_only: bool = False


class DefaultsGiven(Tagged):
    """How a new session begins."""

    deck: str = Field(description="The name of a built-in deck, or the id of an account's.", examples=["fibonacci"])
    timer_length: int = Field(description="Seconds.", examples=[180])
    auto_reveal: bool
    anyone_reveals: bool
    change_after_reveal: bool
    names_hidden: bool
    anyone_adds_files: bool
    teammates_only: bool

    @classmethod
    def of(cls, account: Account) -> "DefaultsGiven":
        kept = account_settings.defaults_of(account)
        return cls(
            deck=kept["deck"].removeprefix(decks.OWN),
            timer_length=round(float(kept["timer_minutes"]) * 60),
            **{switch: bool(kept.get(switch)) for switch in SWITCHES},
        )


@operation("GET", "/token", "")
def read_token(caller: Caller) -> TokenGiven:
    """Ask whose token this is, and what it may do. Every token may."""
    kept, membership = session.get_one(ApiToken, caller.token_id), caller.membership
    return TokenGiven(
        kind="person" if caller.user else "service",
        name=caller.name,
        account=Named(id=membership.account.id, name=membership.account.name),
        person=Named(id=caller.user.id, name=caller.user.name) if caller.user else None,
        role=membership.role,
        scopes=sorted(caller.scopes),
        made_at=kept.made_at,
        expires_at=kept.expires_at,
    )


@operation("GET", "/account", "account:read")
def read_account(caller: Caller) -> AccountGiven:
    """Read the account of the token."""
    account = caller.membership.account
    return AccountGiven(
        id=account.id,
        name=account.name,
        created_at=account.created_at,
        domain=account.domain,
        sign_on=required_sso.required(account),
        report_days=entitlements.report_days(account),
    )


@operation("PATCH", "/account", "account:write")
def rename_account(caller: Caller, body: NewName) -> AccountGiven:
    """Rename the account. Owners and admins may."""
    account_settings.rename(caller.membership, body.name)
    return read_account(caller)


@operation("PUT", "/account/retention", "account:write")
def set_retention(caller: Caller, body: Retention) -> AccountGiven:
    """Choose how long reports are kept, on a plan that leaves it to the account. Owners and admins may."""
    account_settings.set_retention(caller.membership, str(body.report_days))
    return read_account(caller)


@operation("GET", "/account/session-defaults", "account:read")
def read_session_defaults(caller: Caller) -> DefaultsGiven:
    """Read how a new session begins."""
    return DefaultsGiven.of(caller.membership.account)


@operation("PUT", "/account/session-defaults", "account:write")
def set_session_defaults(caller: Caller, body: DefaultsTaken, if_match: str | None) -> DefaultsGiven:
    """Set how a new session begins. Owners and admins may.

    It is what the page offers; a session that is opened here begins with what its request says.
    """
    form = {switch: "1" for switch in SWITCHES if getattr(body, switch)}
    form["deck"] = body.deck if body.deck in DECKS else f"{decks.OWN}{body.deck}"
    form["timer_minutes"] = str(body.timer_length / 60)
    return DefaultsGiven.of(
        account_settings.set_defaults(
            caller.membership, form, lambda account: DefaultsGiven.of(account).check_match(if_match)
        )
    )
