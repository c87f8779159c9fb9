"""Series: recurring meetings, each with a permanent link that leads to the day's session."""

from datetime import datetime

from flask import url_for
from pydantic import Field

from poker_app.accounts.api_tokens import Caller
from poker_app.api.account import NewName
from poker_app.api.models import Given, Page, Paging, Taken
from poker_app.api.operations import operation
from poker_app.api.origin import origin
from poker_app.api.paging import oldest_first, page_of
from poker_app.api.problems import fields_named
from poker_app.api.session_models import SessionGiven
from poker_app.api.sessions import WithDeck, read_session
from poker_app.db import session
from poker_app.poker.models import PokerSession, Series
from poker_app.poker.session import series
from poker_app.poker.session.options import Options


class SeriesGiven(Given):
    """A series."""

    id: str = Field(examples=["k7qmfd2x8hs4nrtw"])
    name: str = Field(examples=["Refinement"])
    url: str = Field(description="The permanent link; people who follow it come to the day's session.")
    cards: list[str] = Field(description="The deck of its sessions, in order.")
    closed: bool = Field(description="Whether it opens no more sessions.")
    created_at: datetime

    @classmethod
    def of(cls, found: Series) -> "SeriesGiven":
        return cls(
            id=found.id,
            name=found.name,
            url=f"{origin()}{url_for('series.link', series_id=found.id)}",
            cards=found.cards,
            closed=found.closed_at is not None,
            created_at=found.created_at,
        )


class NewSeries(WithDeck):
    """A series to make."""

    name: str = Field(description="Its sessions are named after it.", examples=["Refinement"])


class Today(Taken):
    """How the token's own member is called at the table."""

    member_name: str | None = None


@operation("GET", "/series", "sessions:read")
def list_series(caller: Caller, query: Paging) -> Page[SeriesGiven]:
    """List the series of the account, the oldest first."""
    found = series.series_of(caller.membership, caller.secret)
    page, onward = page_of(query, oldest_first(found, _place), _place)
    return Page[SeriesGiven](items=[SeriesGiven.of(each) for each in page], next_cursor=onward)


def _place(found: Series) -> tuple[datetime, str]:
    return found.created_at, found.id


@operation("POST", "/series", "sessions:write", status=201)
def make_series(caller: Caller, body: NewSeries) -> SeriesGiven:
    """Make a series."""
    options, deck = Options(**body.chosen()), body.deck_of(caller.membership.account.id)
    with fields_named(own="cards"):
        made = series.make(caller.membership, caller.secret, name=body.name, **deck, options=options)
    return SeriesGiven.of(made)


@operation("GET", "/series/{series_id}", "sessions:read")
def read_series(caller: Caller, series_id: str) -> SeriesGiven:
    """Read a series."""
    return SeriesGiven.of(series.find_own(caller.membership, caller.secret, series_id))


@operation("PATCH", "/series/{series_id}", "sessions:write")
def rename_series(caller: Caller, series_id: str, body: NewName) -> SeriesGiven:
    """Rename a series, for the sessions from now on."""
    series.rename(caller.membership, caller.secret, series_id, body.name)
    return read_series(caller, series_id)


@operation("POST", "/series/{series_id}/close", "sessions:write")
def close_series(caller: Caller, series_id: str) -> SeriesGiven:
    """Close a series, so that it opens no more sessions. Those that were opened stay."""
    series.close(caller.membership, caller.secret, series_id)
    return read_series(caller, series_id)


@operation("POST", "/series/{series_id}/reopen", "sessions:write")
def reopen_series(caller: Caller, series_id: str) -> SeriesGiven:
    """Let a series open sessions again."""
    series.reopen(caller.membership, caller.secret, series_id)
    return read_series(caller, series_id)


@operation("POST", "/series/{series_id}/sessions", "sessions:write")
def open_session_of_today(caller: Caller, series_id: str, body: Today) -> SessionGiven:
    """Open the day's session of a series, or read the one that runs. A new one costs a credit."""
    name = body.member_name or caller.member_name
    opened = series.open_today(caller.membership, series_id, member_name=name, secret=caller.secret)
    return read_session(caller, session.get_one(PokerSession, opened))
