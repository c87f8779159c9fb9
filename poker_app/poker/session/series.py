"""Series: a recurring meeting with one permanent link, which opens the day's session."""

from collections.abc import Sequence
from dataclasses import asdict
from functools import partial

from sqlalchemy import func, select

from poker_app import clock, ids
from poker_app.accounts.memberships import Membership
from poker_app.db import session, transaction
from poker_app.errors import Conflict, Invalid, NotFound
from poker_app.poker.change import tracked_tasks_changed
from poker_app.poker.models import PokerSession, Series
from poker_app.poker.names import clean_name
from poker_app.poker.scopes import is_live
from poker_app.poker.session.lifecycle import cards_of, end_forgotten, start_session
from poker_app.poker.session.options import Options
from poker_app.rules.printable import one_line

# A session's name is the series's with the date behind it.
MAX_NAME = 90


def find(series_id: str) -> Series:
    """The series behind a permanent link, for any holder of the link.

    Raises:
        NotFound: (404) there is none.
    """
    found = session.get(Series, series_id) if ids.could_be_id(series_id) else None
    if found is None:
        raise NotFound("No series has that link. It may be mistyped, or its account is gone.")
    return found


def find_own(membership: Membership, secret: str | None, series_id: str) -> Series:
    """A series of the acting account; where users do not sign in, of the browser or program that made it.

    Raises:
        NotFound: (404) there is none, or it belongs to another account or browser.
    """
    found = find(series_id)
    mine = not membership.known_by_secret or found.secret_digest == ids.digest(secret or "")
    if found.account_id != membership.account.id or not mine:
        raise NotFound("This series was not found in this account.")
    return found


def series_of(membership: Membership, secret: str | None) -> Sequence[Series]:
    """Returns the series that the dashboard lists, by name, closed ones last."""
    mine = select(Series).where(Series.account_id == membership.account.id)
    if membership.known_by_secret:
        mine = mine.where(Series.secret_digest == ids.digest(secret or ""))
    return session.scalars(mine.order_by(Series.closed_at.is_not(None), Series.name, Series.id)).all()


# --- making one, and what becomes of it


def make(membership: Membership, secret: str, *, name: str, deck: str, own: str, options: Options) -> Series:
    """A new series. Raises Invalid, naming the field."""
    name, cards = series_name(name), cards_of(deck, own)
    options.checked()
    with transaction():
        made = Series(
            id=ids.new_id(),
            account_id=membership.account.id,
            name=name,
            deck=deck,
            cards=list(cards),
            options=asdict(options),
            secret_digest=ids.digest(secret) if membership.known_by_secret else None,
            created_at=clock.now(),
        )
        session.add(made)
        membership.note("series-made", made.name)
    return made


def series_name(typed: str) -> str:
    """A series's name, of 1 to 90 characters.

    Raises:
        Invalid: (422) no name, or a longer one.
    """
    name = one_line(typed)
    if not name:
        raise Invalid("Give the series a name. Its sessions are named after it.", "name")
    if len(name) > MAX_NAME:
        raise Invalid(f"A series's name has at most {MAX_NAME} characters; this one has {len(name)}.", "name")
    return name


def rename(membership: Membership, secret: str | None, series_id: str, typed: str) -> None:
    """Give it another name, for the sessions from now on."""
    name = series_name(typed)
    with transaction():
        series = find_own(membership, secret, series_id)
        if series.name != name:
            series.name = name
            membership.note("series-renamed", series.name)


def close(membership: Membership, secret: str | None, series_id: str) -> None:
    """Closes the series, so that its link opens no more sessions. Those that were opened stay."""
    with transaction():
        series = find_own(membership, secret, series_id)
        if series.closed_at is None:
            series.closed_at = clock.now()
            membership.note("series-closed", series.name)


def reopen(membership: Membership, secret: str | None, series_id: str) -> None:
    """Let the link open sessions again."""
    with transaction():
        series = find_own(membership, secret, series_id)
        if series.closed_at:
            series.closed_at = None
            membership.note("series-reopened", series.name)


# --- the day's session


def running(series: Series) -> PokerSession | None:
    """Returns the live session of the series; None where there is none."""
    live = select(PokerSession).where(PokerSession.series_id == series.id, is_live(clock.now()))
    return session.scalars(live.order_by(PokerSession.created_at.desc(), PokerSession.id).limit(1)).one_or_none()


def open_today(membership: Membership, series_id: str, *, member_name: str, secret: str) -> str:
    """Opens the day's session, named after the series and the date, and returns its id. Where a session is running,
    returns that one's id, so that two requests at once lead to one session.

    A session that was not ended, and in which no member was seen for hours, is ended as of when it was left. The issues
    of the series' search are awaited in the background.

    Raises:
        NotFound: (404) there is no such series.
        Conflict: (409) the series was closed.
        Invalid: (422) the name cannot be used.
        OutOfCredits, NotInPlan: (402) as for every new session.
    """
    name = clean_name(member_name)
    with transaction() as work:
        wanted = select(Series).where(Series.id == series_id, Series.account_id == membership.account.id)
        series = session.scalars(wanted.with_for_update()).one_or_none()
        if series is None:
            raise NotFound("This series was not found in this account.")
        if there := running(series):
            return there.id
        if series.closed_at:
            raise Conflict("This series was closed. A teammate of its account can reopen it.")
        forgotten = select(PokerSession.id).where(
            PokerSession.series_id == series.id, PokerSession.ended_at.is_(None), PokerSession.deleted_at.is_(None)
        )
        for each in session.scalars(forgotten.order_by(PokerSession.id)).all():
            end_forgotten(each, by=name)
        opened = start_session(
            membership,
            name=_name_today(series),
            deck=series.deck,
            cards=series.cards,
            options=Options(**series.options),
            member_name=name,
            secret=secret,
            form_key=ids.new_secret(),
            series_id=series.id,
        ).session_id
        if series.search is not None:
            series.search_due, series.search_problem = opened, ""
            work.after_commit(partial(tracked_tasks_changed.send, opened))
        return opened


def _name_today(series: Series) -> str:
    today = clock.now()
    name = f"{series.name}, {today.day} {today:%B %Y}"
    same = PokerSession.name.startswith(name, autoescape=True)
    before = session.scalar(select(func.count(PokerSession.id)).where(PokerSession.series_id == series.id, same))
    return f"{name} ({before + 1})" if before else name
