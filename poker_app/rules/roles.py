"""Roles and presence: the role a member is shown with, present, away or gone, and when the session may be taken
over."""

from collections.abc import Sequence
from datetime import datetime, timedelta

ROLES = ("facilitator", "voter", "spectator")
PRESENCES = ("present", "away", "gone")

TAKEOVER_AFTER = timedelta(minutes=2)
AWAY_GONE_AFTER = timedelta(minutes=10)
# A page that is loaded anew on a slow phone, or a socket that broke, is back within these; a reveal is for good.
AWAITED_FOR = timedelta(seconds=12)


def role(*, facilitates: bool, votes: bool) -> str:
    """The one role a member is shown with: facilitating outranks voting, and the rest watch."""
    facilitator, voter, spectator = ROLES
    return facilitator if facilitates else voter if votes else spectator


def presence(*, left: bool, away_since: datetime | None, now: datetime) -> str:
    """``gone`` after leaving or ten minutes away, ``away`` before that, else ``present``."""
    present, away, gone = PRESENCES
    if left:
        return gone
    if away_since is None:
        return present
    return gone if now - away_since >= AWAY_GONE_AFTER else away


def has_left(left_at: datetime | None, away_since: datetime | None) -> bool:
    """Whether a member left by their own act. Only joining or coming back undoes that.

    A member who was silent for ten minutes is gone too, but keeps ``away_since``: any request brings them back.
    """
    return left_at is not None and away_since is None


def awaited(*, left: bool, away_since: datetime | None, now: datetime) -> bool:
    """Whether cards stay face down for a voter without one: until they leave, or are away for twelve seconds."""
    return not left and (away_since is None or now - away_since < AWAITED_FOR)


def takeover_from(facilitators_away_since: Sequence[datetime | None], now: datetime) -> datetime | None:
    """The moment from which another member may facilitate: two minutes after the last facilitator went away. Those who
    left by their own act are not among them.

    None in the sequence is a facilitator who is present, and then so is the answer. With no facilitators it is now.
    """
    away = [since for since in facilitators_away_since if since is not None]
    if len(away) < len(facilitators_away_since):
        return None
    return max(away) + TAKEOVER_AFTER if away else now


def free_to_take_over(facilitators_away_since: Sequence[datetime | None], now: datetime) -> bool:
    """Whether every facilitator (None is present) has been away for at least two minutes."""
    moment = takeover_from(facilitators_away_since, now)
    return moment is not None and moment <= now
