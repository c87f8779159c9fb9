"""Device cookies, as OWASP describes them: recognize a browser in which a user has signed in before. Used for rate
limits only.

Tries from a known browser have a counter apart from all other tries on the user's address, so those do not lock it out.
The cookie gives no access by itself. For each user it holds a random name of the browser, and an HMAC of both with
``SECRET_KEY``.
"""

from dataclasses import dataclass
from hmac import compare_digest

from poker_app import ids
from poker_app.accounts import derived_secret
from poker_app.rate_limits import Counter, Limit

# Users who signed in last in one browser; the cookie stays under 400 bytes.
MAX_USERS = 4


def name_in(cookie: str, user_id: str | None) -> str | None:
    """Name of a browser in which the user has signed in before; None for every other browser."""
    return _names_in(cookie).get(user_id) if user_id else None


def with_user(cookie: str, user_id: str) -> str:
    """The cookie of a browser that a user has signed in with just now: their entry comes first, with the name that it
    had. Beyond MAX_USERS the one that signed in longest ago is dropped."""
    names = _names_in(cookie)
    latest = {user_id: names.pop(user_id, None) or ids.new_secret(), **names}
    entries = list(latest.items())[:MAX_USERS]
    return "~".join(f"{user}.{name}.{_seal(user, name)}" for user, name in entries)


def _names_in(cookie: str) -> dict[str, str]:
    parts = [entry.split(".", 2) for entry in cookie.split("~", MAX_USERS)[:MAX_USERS]]
    whole = [part for part in parts if len(part) == 3]
    return {user: name for user, name, seal in whole if compare_digest(seal.encode(), _seal(user, name).encode())}


def _seal(user_id: str, name: str) -> str:
    return derived_secret(f"browser {name} of {user_id}")


@dataclass(frozen=True, slots=True)
class Bounds:
    """Rate limits on tries about one user or address of mail. ``here`` counts one network; ``anywhere`` counts all
    networks together, against guessing from many. A browser known to the user counts in neither of the two."""

    here: Limit
    anywhere: Limit

    def counters(self, about: str, asked_from: str, known: str | None) -> list[Counter]:
        """Counters of one try. ``known`` is the browser's name, if the user has signed in with it before; it has a
        counter of its own, and no other."""
        if known:
            return self.here.of(about, known)
        return [*self.here.of_network(asked_from, about), *self.anywhere.of(about)]
